//! Time outs, and time stamps that come with messages. socket(7).

use super::super::{Input, Row, Target, Value, row};
use crate::{
    Result,
    net::socket::{generic::Timestamp, notice},
};
use abi::{
    Errno,
    net::{
        SO_RCVTIMEO_NEW, SO_RCVTIMEO_OLD, SO_SNDTIMEO_NEW, SO_SNDTIMEO_OLD, SO_TIMESTAMP_NEW,
        SO_TIMESTAMP_OLD, SO_TIMESTAMPING_NEW, SO_TIMESTAMPING_OLD, SO_TIMESTAMPNS_NEW,
        SO_TIMESTAMPNS_OLD, SO_ZEROCOPY,
    },
};
use alloc::vec::Vec;
use inet::{DgramKind, TcpState};

const NANOS: u64 = 1_000_000_000;

/// Time outs and stamps.
pub(super) const ROWS: &[Row] = &[
    RECV_TIMEOUT,
    Row {
        name: SO_RCVTIMEO_NEW,
        ..RECV_TIMEOUT
    },
    SEND_TIMEOUT,
    Row {
        name: SO_SNDTIMEO_NEW,
        ..SEND_TIMEOUT
    },
    // int or so_timestamping: which stamps are made, and which reported.
    row(
        SO_TIMESTAMPING_OLD,
        |t| Ok(stamping(t)),
        |t, _, v| set_stamping(t, v, false),
    ),
    // int or so_timestamping: the same, reported in 64-bit time on any architecture.
    row(
        SO_TIMESTAMPING_NEW,
        |t| match t.common.notices.settings().new_layout {
            true => Ok(stamping(t)),
            false => Ok(Value::Bytes(alloc::vec![0; 8])),
        },
        |t, _, v| set_stamping(t, v, true),
    ),
    // int: MSG_ZEROCOPY is allowed.
    row(
        SO_ZEROCOPY,
        |t| Ok(t.common.notices.settings().zerocopy.into()),
        |t, _, v| {
            let on = v.int()?;
            let udp = t.dgram().is_some_and(|d| d.kind() == DgramKind::Udp);
            match on {
                _ if !udp && t.stream().is_none() => Err(Errno::EOPNOTSUPP),
                0 | 1 => {
                    t.common.notices.change(|s| s.zerocopy = on == 1);
                    Ok(())
                }
                _ => Err(Errno::EINVAL),
            }
        },
    ),
    // flag: messages come with the time of their arrival, in microseconds.
    row(
        SO_TIMESTAMP_OLD,
        |t| Ok((t.generic().timestamp == Timestamp::Micros).into()),
        |t, _, v| stamp(t, v, Timestamp::Micros),
    ),
    // flag: the same in nanoseconds.
    row(
        SO_TIMESTAMPNS_OLD,
        |t| Ok((t.generic().timestamp == Timestamp::Nanos).into()),
        |t, _, v| stamp(t, v, Timestamp::Nanos),
    ),
    // flag: in microseconds, 64-bit time on any architecture.
    row(
        SO_TIMESTAMP_NEW,
        |t| Ok((t.generic().timestamp == Timestamp::MicrosNew).into()),
        |t, _, v| stamp(t, v, Timestamp::MicrosNew),
    ),
    // flag: in nanoseconds, 64-bit time on any architecture.
    row(
        SO_TIMESTAMPNS_NEW,
        |t| Ok((t.generic().timestamp == Timestamp::NanosNew).into()),
        |t, _, v| stamp(t, v, Timestamp::NanosNew),
    ),
];

/// timeval: how long a call waits for something to read; 0 for ever.
const RECV_TIMEOUT: Row = row(
    SO_RCVTIMEO_OLD,
    |t| Ok(timeval(t.generic().recv_timeout)),
    |t, _, v| {
        let timeout = timeout(v)?;
        t.change(|g| g.recv_timeout = timeout);
        Ok(())
    },
);

/// timeval: how long a call waits for room, or for a connection; 0 for ever.
const SEND_TIMEOUT: Row = row(
    SO_SNDTIMEO_OLD,
    |t| Ok(timeval(t.generic().send_timeout)),
    |t, _, v| {
        let timeout = timeout(v)?;
        t.change(|g| g.send_timeout = timeout);
        Ok(())
    },
);

/// One kind of stamp at a time: setting one unsets the others, as does unsetting any.
fn stamp(t: &Target<'_>, v: &Input<'_>, kind: Timestamp) -> Result<()> {
    let kind = if v.flag()? { kind } else { Timestamp::None };
    t.change(|g| g.timestamp = kind);
    Ok(())
}

/// A `struct timeval` in ns. `EINVAL` when shorter, `EDOM` for odd microseconds; negative seconds mean "do not wait".
fn timeout(v: &Input<'_>) -> Result<u64> {
    let bytes: &[u8; 16] = v.bytes()?;
    let word = |at: usize| i64::from_ne_bytes(core::array::from_fn(|i| bytes[at + i]));
    let (seconds, micros) = (word(0), word(8));
    if !(0..1_000_000).contains(&micros) {
        return Err(Errno::EDOM);
    }
    if seconds < 0 {
        // Shown as zero and never waits: the shortest there is.
        return Ok(1);
    }
    Ok((seconds as u64)
        .saturating_mul(NANOS)
        .saturating_add(micros as u64 * 1000))
}

fn timeval(nanos: u64) -> Value {
    let mut bytes = Vec::from((nanos / NANOS).to_ne_bytes());
    bytes.extend_from_slice(&(nanos % NANOS / 1000).to_ne_bytes());
    Value::Bytes(bytes)
}

/// `struct so_timestamping`.
fn stamping(t: &Target<'_>) -> Value {
    let settings = t.common.notices.settings();
    let mut bytes = Vec::from(settings.stamping.to_ne_bytes());
    bytes.extend_from_slice(&settings.clock.to_ne_bytes());
    Value::Bytes(bytes)
}

/// SO_TIMESTAMPING: flags, or `struct so_timestamping`. `EINVAL` for flags that are unknown or need others, and for numbers on
/// a stream that is not connected. No clock of a card can be bound to.
fn set_stamping(t: &Target<'_>, v: &Input<'_>, new_layout: bool) -> Result<()> {
    /// SOF_TIMESTAMPING_BIND_PHC.
    const BIND_CLOCK: u32 = 1 << 15;
    let flags = v.int()? as u32;
    let has = |flag: u32| flags & flag != 0;
    if flags & !notice::ALL != 0
        || has(BIND_CLOCK)
        || has(notice::OPT_ID_TCP) && !has(notice::OPT_ID)
        || has(notice::OPT_STATS) && !has(notice::OPT_TSONLY)
    {
        return Err(Errno::EINVAL);
    }
    let before = t.common.notices.settings().stamping;
    if has(notice::OPT_ID)
        && before & notice::OPT_ID == 0
        && let Some(stream) = t.stream()
    {
        let state = t.common.net.look(|stack| stack.tcp_state(stream.id()));
        if matches!(state, TcpState::Closed | TcpState::Listen) {
            return Err(Errno::EINVAL);
        }
    }
    t.common.notices.change(|settings| {
        settings.stamping = flags;
        settings.new_layout = new_layout;
    });
    Ok(())
}
