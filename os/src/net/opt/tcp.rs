//! IPPROTO_TCP. tcp(7).

mod fastopen;
mod info;

pub(super) use fastopen::ROWS as FAST_OPEN;
pub use info::tcp_info;

use super::{Row, Value, read_only, row};
use crate::{
    Result,
    net::{socket::generic::Ancillary, stack},
};
use abi::{
    Errno,
    net::{
        TCP_CC_INFO, TCP_CONGESTION, TCP_CORK, TCP_DEFER_ACCEPT, TCP_DELACK_MAX_US, TCP_INFO,
        TCP_INQ, TCP_IS_MPTCP, TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_LINGER2, TCP_MAXSEG,
        TCP_NODELAY, TCP_NOTSENT_LOWAT, TCP_QUEUE_SEQ, TCP_QUICKACK, TCP_REPAIR, TCP_REPAIR_QUEUE,
        TCP_REPAIR_WINDOW, TCP_RTO_MAX_MS, TCP_RTO_MIN_US, TCP_SAVE_SYN, TCP_SAVED_SYN, TCP_SYNCNT,
        TCP_THIN_DUPACK, TCP_THIN_LINEAR_TIMEOUTS, TCP_TIMESTAMP, TCP_ULP, TCP_USER_TIMEOUT,
        TCP_WINDOW_CLAMP,
    },
};
use alloc::vec::Vec;
use core::time::Duration;
use inet::{Congestion, TcpState};

/// MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT, MAX_TCP_SYNCNT.
const KEEP_SECONDS_MAX: i32 = 32_767;
const KEEP_COUNT_MAX: i32 = 127;
/// net.ipv4.tcp_fin_timeout and TCP_FIN_TIMEOUT_MAX.
const FIN_TIMEOUT: Duration = Duration::from_secs(60);
const FIN_TIMEOUT_MAX: Duration = Duration::from_secs(120);
/// Bounds of TCP_RTO_MAX_MS, in milliseconds.
const RTO_MAX_RANGE: core::ops::RangeInclusive<i32> = 1_000..=120_000;
/// A tick of Linux's clock (250 Hz), in microseconds; timeouts are whole ticks, two at least and 200 ms at most
/// (TCP_TIMEOUT_MIN, TCP_RTO_MIN, TCP_DELACK_MAX).
const TICK: u64 = 4_000;
const TICKS: core::ops::RangeInclusive<u64> = 2..=50;
/// Half of SOCK_MIN_RCVBUF.
const WINDOW_CLAMP_MIN: i32 = 1152;
/// TCP_MIN_MSS and MAX_TCP_WINDOW.
const MSS_RANGE: core::ops::RangeInclusive<i32> = 88..=32_767;
/// TCP_CA_NAME_MAX.
const CONGESTION_NAME_MAX: usize = 16;

/// Every option of the level.
pub const ROWS: &[Row] = &[
    // flag: small segments are sent at once (no Nagle).
    row(
        TCP_NODELAY,
        |t| Ok(t.tcp(|o| o.nodelay)?.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.set_tcp(|o| o.nodelay = on)
        },
    ),
    // flag: only full segments are sent, for 200 ms at most.
    row(
        TCP_CORK,
        |t| Ok(t.tcp(|o| o.cork)?.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.set_tcp(|o| o.cork = on)
        },
    ),
    // flag: segments are acknowledged at once.
    row(
        TCP_QUICKACK,
        |t| Ok(t.tcp(|o| o.quick_ack)?.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.set_tcp(|o| o.quick_ack = on)
        },
    ),
    // int: the longest segment, in bytes.
    row(
        TCP_MAXSEG,
        |t| {
            let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
            Ok(Value::Int(
                t.common.net.look(|stack| stack.tcp_mss(id)) as i32
            ))
        },
        |t, _, v| match v.int()? {
            0 => t.set_tcp(|o| o.max_segment = None),
            mss if MSS_RANGE.contains(&mss) => t.set_tcp(|o| o.max_segment = Some(mss as u16)),
            _ => Err(Errno::EINVAL),
        },
    ),
    // int: seconds without traffic before the first probe.
    row(
        TCP_KEEPIDLE,
        |t| Ok(seconds(t.tcp(|o| o.keep_idle)?)),
        |t, _, v| {
            let time = keep_time(v.int()?)?;
            t.set_tcp(|o| o.keep_idle = time)
        },
    ),
    // int: seconds between probes.
    row(
        TCP_KEEPINTVL,
        |t| Ok(seconds(t.tcp(|o| o.keep_interval)?)),
        |t, _, v| {
            let time = keep_time(v.int()?)?;
            t.set_tcp(|o| o.keep_interval = time)
        },
    ),
    // int: probes without an answer before the connection is lost.
    row(
        TCP_KEEPCNT,
        |t| Ok(Value::Int(t.tcp(|o| o.keep_count)? as i32)),
        |t, _, v| {
            let count = v.int()?;
            if !(1..=KEEP_COUNT_MAX).contains(&count) {
                return Err(Errno::EINVAL);
            }
            t.set_tcp(|o| o.keep_count = count as u32)
        },
    ),
    // int: how often a SYN is sent again.
    row(
        TCP_SYNCNT,
        |t| Ok(Value::Int(t.tcp(|o| o.syn_retries)?.into())),
        |t, _, v| {
            let count = v.int()?;
            if !(1..=KEEP_COUNT_MAX).contains(&count) {
                return Err(Errno::EINVAL);
            }
            t.set_tcp(|o| o.syn_retries = count as u8)
        },
    ),
    // int: milliseconds that data may stay unacknowledged; 0 for the default.
    row(
        TCP_USER_TIMEOUT,
        |t| {
            let timeout = t.tcp(|o| o.user_timeout)?;
            Ok(Value::Int(
                timeout.map_or(0, |timeout| timeout.as_millis() as i32),
            ))
        },
        |t, _, v| {
            let millis = u64::try_from(v.int()?).map_err(|_| Errno::EINVAL)?;
            t.set_tcp(|o| o.user_timeout = (millis != 0).then(|| Duration::from_millis(millis)))
        },
    ),
    // int: seconds that accept(2) waits for the first data of a connection.
    row(
        TCP_DEFER_ACCEPT,
        |t| {
            let time = t.tcp(|o| o.defer_accept)?;
            Ok(Value::Int(time.map_or(0, |time| time.as_secs() as i32)))
        },
        |t, _, v| {
            let time = defer_time(v.int()?);
            t.set_tcp(|o| o.defer_accept = time)
        },
    ),
    // int: seconds in FIN_WAIT_2; negative for none, 0 for the default.
    row(
        TCP_LINGER2,
        |t| {
            let time = t.tcp(|o| o.fin_wait2)?;
            Ok(time.map_or(Value::Int(-1), seconds))
        },
        |t, _, v| {
            // Negative means no FIN-WAIT-2 at all, 0 the default; more than TCP_FIN_TIMEOUT_MAX is that.
            let time = match v.int()? {
                ..0 => None,
                0 => Some(FIN_TIMEOUT),
                time => Some(FIN_TIMEOUT_MAX.min(Duration::from_secs(time as u64))),
            };
            t.set_tcp(|o| o.fin_wait2 = time)
        },
    ),
    // int: writable only while fewer bytes than that are unsent.
    row(
        TCP_NOTSENT_LOWAT,
        |t| {
            let bytes = t.tcp(|o| o.notsent_low_water)?;
            Ok(Value::Int(if bytes == usize::MAX {
                0
            } else {
                bytes as i32
            }))
        },
        |t, _, v| {
            let bytes = v.int()? as u32 as usize;
            t.set_tcp(|o| o.notsent_low_water = if bytes == 0 { usize::MAX } else { bytes })
        },
    ),
    // int: the largest window that is offered, in bytes.
    row(
        TCP_WINDOW_CLAMP,
        |t| {
            let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
            let clamp = t.common.net.look(|stack| stack.tcp_window_clamp(id));
            Ok(Value::Int(clamp as i32))
        },
        |t, _, v| {
            // Compared unsigned only where Linux does: a negative clamp is the least.
            let clamp = match v.int()? {
                0 => {
                    let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
                    let closed = t.common.net.look(|stack| stack.tcp_state(id)) == TcpState::Closed;
                    if !closed {
                        return Err(Errno::EINVAL);
                    }
                    None
                }
                bytes => Some(bytes.max(WINDOW_CLAMP_MIN) as u32),
            };
            t.set_tcp(|o| o.window_clamp = clamp)
        },
    ),
    // int: a listener keeps the SYNs, from the network header (1) or the link header (2) on.
    row(
        TCP_SAVE_SYN,
        |t| Ok(Value::Int(t.tcp(|o| o.save_syn)?.into())),
        |t, _, v| match v.int()? {
            how @ 0..=2 => t.set_tcp(|o| o.save_syn = how as u8),
            _ => Err(Errno::EINVAL),
        },
    ),
    // bytes: the SYN of an accepted connection, once.
    read_only(TCP_SAVED_SYN, |t| {
        let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
        let room = t.ask.room;
        let length = t.common.net.look(|stack| stack.tcp_saved_syn_len(id));
        if let Some(length) = length.filter(|&length| length > room) {
            return Ok(Value::Short(length));
        }
        let taken = t.common.net.with(|stack, _| stack.tcp_take_syn(id));
        Ok(Value::Bytes(taken.map(Vec::from).unwrap_or_default()))
    }),
    // int: the longest retransmission timeout, in milliseconds.
    row(
        TCP_RTO_MAX_MS,
        |t| Ok(Value::Int(t.tcp(|o| o.rto_range.1)?.as_millis() as i32)),
        |t, _, v| match v.int()? {
            millis if RTO_MAX_RANGE.contains(&millis) => {
                // Whole ticks.
                let micros = (millis as u64 * 1_000).next_multiple_of(TICK);
                t.set_tcp(|o| o.rto_range.1 = Duration::from_micros(micros))
            }
            _ => Err(Errno::EINVAL),
        },
    ),
    // int: the least retransmission timeout, in microseconds.
    row(
        TCP_RTO_MIN_US,
        |t| Ok(Value::Int(t.tcp(|o| o.rto_range.0)?.as_micros() as i32)),
        |t, _, v| {
            let time = ticks(v.int()?)?;
            t.set_tcp(|o| o.rto_range.0 = time)
        },
    ),
    // int: how long an acknowledgement may wait, in microseconds.
    row(
        TCP_DELACK_MAX_US,
        |t| Ok(Value::Int(t.tcp(|o| o.delayed_ack)?.as_micros() as i32)),
        |t, _, v| {
            let time = ticks(v.int()?)?;
            t.set_tcp(|o| o.delayed_ack = time)
        },
    ),
    // flag: the timeout of a stream with little under way does not double at first.
    row(
        TCP_THIN_LINEAR_TIMEOUTS,
        |t| Ok(t.tcp(|o| o.thin_linear)?.into()),
        |t, _, v| {
            let on = zero_or_one(v.int()?)?;
            t.set_tcp(|o| o.thin_linear = on)
        },
    ),
    // int: reads come with the number of bytes still to read.
    row(
        TCP_INQ,
        |t| t.asked(Ancillary::UNREAD),
        |t, _, v| match v.int()? {
            on @ (0 | 1) => t.ask(Ancillary::UNREAD, on != 0),
            _ => Err(Errno::EINVAL),
        },
    ),
    // int: nothing.
    // Duplicate acknowledgements of thin streams: Linux takes the option and does nothing since 4.13.
    row(
        TCP_THIN_DUPACK,
        |_| Ok(Value::Int(0)),
        |_, _, v| match v.int()? {
            0 | 1 => Ok(()),
            _ => Err(Errno::EINVAL),
        },
    ),
    // int: a connection's state may be read and written.
    // Repair mode is not there; this is what the options around it say outside of it.
    row(
        TCP_REPAIR,
        |_| Ok(Value::Int(0)),
        |t, _, v| match v.int()? {
            _ if t.protocol.listening() => Err(Errno::EPERM),
            -1 | 0 => Ok(()),
            1 => Err(Errno::EPERM),
            _ => Err(Errno::EINVAL),
        },
    ),
    // int: the queue that repair mode is about.
    row(
        TCP_REPAIR_QUEUE,
        |_| Err(Errno::EINVAL),
        |_, _, v| v.int().and(Err(Errno::EPERM)),
    ),
    // int: that queue's sequence number.
    row(
        TCP_QUEUE_SEQ,
        |_| Err(Errno::EINVAL),
        |t, _, v| {
            v.int()?;
            let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
            match t.common.net.look(|stack| stack.tcp_state(id)) {
                TcpState::Closed => Err(Errno::EINVAL),
                _ => Err(Errno::EPERM),
            }
        },
    ),
    // tcp_repair_window: the windows.
    row(
        TCP_REPAIR_WINDOW,
        |_| Err(Errno::EINVAL),
        |_, _, v| v.int().and(Err(Errno::EPERM)),
    ),
    // int: the clock of the time stamp option, in milliseconds.
    row(
        TCP_TIMESTAMP,
        |_| Ok(Value::Int((stack::now().nanos() / 1_000_000) as i32)),
        |_, _, v| v.int().and(Err(Errno::EPERM)),
    ),
    // string: the protocol on top, such as "tls".
    // The kernel has no upper layer protocols.
    row(
        TCP_ULP,
        |_| Ok(Value::Bytes(Vec::new())),
        |_, _, v| match v.1 {
            0 => Err(Errno::EINVAL),
            _ if v.0.is_empty() => Err(Errno::EFAULT),
            _ => Err(Errno::ENOENT),
        },
    )
    .text(),
    // tcp_cc_info: what the congestion control says about itself.
    // What "reno" would say: nothing.
    read_only(TCP_CC_INFO, |_| Ok(Value::Bytes(Vec::new()))),
    // int: whether this is a subflow of MPTCP.
    // No MPTCP.
    read_only(TCP_IS_MPTCP, |_| Ok(Value::Int(0))),
    // tcp_info: state and figures of the connection.
    read_only(TCP_INFO, info::info),
    // string: the congestion control.
    row(
        TCP_CONGESTION,
        |t| {
            let mut name = Vec::from(t.tcp(|o| o.congestion)?.name());
            name.resize(CONGESTION_NAME_MAX, 0);
            Ok(Value::Bytes(name))
        },
        |t, _, v| {
            let given = v.1.min(CONGESTION_NAME_MAX - 1);
            if v.1 == 0 {
                return Err(Errno::EINVAL);
            }
            let name = v.0.get(..given).ok_or(Errno::EFAULT)?;
            let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
            let algorithm = Congestion::named(name).ok_or(Errno::ENOENT)?;
            t.set_tcp(|o| o.congestion = algorithm)
        },
    )
    .text(),
];

/// TCP_DEFER_ACCEPT waits for whole SYN-ACK timeouts of 1, 2, 4, ... seconds, at most 120 each: the sum of as many as are
/// needed, 255 of them at most (`secs_to_retrans`). `None` for 0 and less.
fn defer_time(seconds: i32) -> Option<Duration> {
    let wanted = u64::try_from(seconds).ok().filter(|&wanted| wanted != 0)?;
    let (mut sum, mut timeout) = (1, 1);
    for _ in 1..255 {
        if sum >= wanted {
            break;
        }
        timeout = (timeout * 2).min(120);
        sum += timeout;
    }
    Some(Duration::from_secs(sum))
}

fn zero_or_one(value: i32) -> Result<bool> {
    match value {
        0 | 1 => Ok(value == 1),
        _ => Err(Errno::EINVAL),
    }
}

/// Microseconds as whole ticks. `EINVAL` for too few or too many.
fn ticks(micros: i32) -> Result<Duration> {
    let ticks = u64::try_from(micros)
        .map_err(|_| Errno::EINVAL)?
        .div_ceil(TICK);
    match TICKS.contains(&ticks) {
        true => Ok(Duration::from_micros(ticks * TICK)),
        false => Err(Errno::EINVAL),
    }
}

fn seconds(time: Duration) -> Value {
    Value::Int(time.as_secs() as i32)
}

fn keep_time(seconds: i32) -> Result<Duration> {
    match seconds {
        1..=KEEP_SECONDS_MAX => Ok(Duration::from_secs(seconds as u64)),
        _ => Err(Errno::EINVAL),
    }
}
