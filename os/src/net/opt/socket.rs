//! SOL_SOCKET. socket(7).

use super::{Input, Row, Target, Value, filter, read_only, row, write_only};
use crate::{
    Result,
    net::{
        CAP_NET_ADMIN, CAP_NET_RAW, Caller, socket::generic::Timestamp, stack, sysctl, unix::Unix,
    },
};
use abi::{
    Errno,
    net::{
        SO_ACCEPTCONN, SO_ATTACH_BPF, SO_ATTACH_FILTER, SO_BINDTODEVICE, SO_BROADCAST, SO_DEBUG,
        SO_DETACH_FILTER, SO_DOMAIN, SO_DONTROUTE, SO_ERROR, SO_KEEPALIVE, SO_LINGER,
        SO_LOCK_FILTER, SO_MARK, SO_NO_CHECK, SO_OOBINLINE, SO_PASSCRED, SO_PEERCRED, SO_PRIORITY,
        SO_PROTOCOL, SO_RCVBUF, SO_RCVBUFFORCE, SO_RCVLOWAT, SO_RCVTIMEO_OLD, SO_REUSEADDR,
        SO_REUSEPORT, SO_SNDBUF, SO_SNDBUFFORCE, SO_SNDLOWAT, SO_SNDTIMEO_OLD, SO_TIMESTAMP_OLD,
        SO_TIMESTAMPNS_OLD, SO_TYPE,
    },
};
use alloc::vec::Vec;

/// SOCK_MIN_RCVBUF and SOCK_MIN_SNDBUF: an skb and its overhead.
const RCVBUF_MIN: u32 = 2304;
const SNDBUF_MIN: u32 = 4608;
const IFNAMSIZ: usize = 16;
const NANOS: u64 = 1_000_000_000;

/// Every option of the level.
pub const ROWS: &[Row] = &[
    row(
        SO_DEBUG,
        |t| Ok(t.generic().debug.into()),
        |t, cx, v| {
            let on = v.flag()?;
            if on && !cx.capable(CAP_NET_ADMIN) {
                return Err(Errno::EACCES);
            }
            t.change(|g| g.debug = on);
            Ok(())
        },
    ),
    row(
        SO_REUSEADDR,
        |t| Ok(t.generic().reuse_addr.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.reuse_addr = on);
            Ok(())
        },
    ),
    row(
        SO_REUSEPORT,
        |t| Ok(t.generic().reuse_port.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.reuse_port = on);
            Ok(())
        },
    ),
    read_only(SO_TYPE, |t| Ok(Value::Int(t.common.kind as i32))),
    read_only(SO_DOMAIN, |t| Ok(Value::Int(t.common.domain as i32))),
    read_only(SO_PROTOCOL, |t| Ok(Value::Int(t.common.protocol as i32))),
    read_only(SO_ACCEPTCONN, |t| Ok(t.protocol.listening().into())),
    read_only(SO_ERROR, |t| {
        Ok(Value::Int(
            t.protocol.take_error(t.common).map_or(0, Errno::number),
        ))
    }),
    row(
        SO_DONTROUTE,
        |t| Ok(t.generic().dont_route.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.dont_route = on);
            Ok(())
        },
    ),
    row(
        SO_BROADCAST,
        |t| Ok(t.generic().broadcast.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.broadcast = on);
            Ok(())
        },
    ),
    row(
        SO_KEEPALIVE,
        |t| Ok(t.generic().keepalive.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.keepalive = on);
            Ok(())
        },
    ),
    row(
        SO_OOBINLINE,
        |t| Ok(t.generic().oob_inline.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.oob_inline = on);
            Ok(())
        },
    ),
    row(
        SO_NO_CHECK,
        |t| Ok(t.generic().no_checksum.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.no_checksum = on);
            Ok(())
        },
    ),
    row(
        SO_PASSCRED,
        |t| Ok(t.generic().pass_cred.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.pass_cred = on);
            Ok(())
        },
    ),
    read_only(SO_PEERCRED, |t| {
        let unix = t.protocol.as_any().downcast_ref::<Unix>();
        let ucred = unix.map_or([0, u32::MAX, u32::MAX], Unix::peer_credentials);
        Ok(Value::Bytes(
            ucred.iter().flat_map(|word| word.to_ne_bytes()).collect(),
        ))
    }),
    row(
        SO_PRIORITY,
        |t| Ok(Value::Int(t.generic().priority as i32)),
        |t, cx, v| {
            let priority = v.int()?;
            // 0 to 6 are free; the rest needs CAP_NET_ADMIN or CAP_NET_RAW.
            if !(0..=6).contains(&priority)
                && !cx.capable(CAP_NET_ADMIN)
                && !cx.capable(CAP_NET_RAW)
            {
                return Err(Errno::EPERM);
            }
            t.change(|g| g.priority = priority as u32);
            Ok(())
        },
    ),
    row(
        SO_MARK,
        |t| Ok(Value::Int(t.generic().mark as i32)),
        |t, cx, v| {
            let mark = v.int()?;
            if !cx.capable(CAP_NET_ADMIN) && !cx.capable(CAP_NET_RAW) {
                return Err(Errno::EPERM);
            }
            t.change(|g| g.mark = mark as u32);
            Ok(())
        },
    ),
    row(
        SO_SNDBUF,
        |t| Ok(Value::Int(t.generic().send_buffer as i32)),
        |t, _, v| set_send_buffer(t, v, limit(sysctl::Value::WmemMax)),
    ),
    row(
        SO_SNDBUFFORCE,
        |_| Err(Errno::ENOPROTOOPT),
        |t, cx, v| {
            force(cx)?;
            set_send_buffer(t, v, i32::MAX as u32 / 2)
        },
    ),
    row(
        SO_RCVBUF,
        |t| Ok(Value::Int(t.generic().recv_buffer as i32)),
        |t, _, v| set_recv_buffer(t, v, limit(sysctl::Value::RmemMax)),
    ),
    row(
        SO_RCVBUFFORCE,
        |_| Err(Errno::ENOPROTOOPT),
        |t, cx, v| {
            force(cx)?;
            set_recv_buffer(t, v, i32::MAX as u32 / 2)
        },
    ),
    row(
        SO_RCVLOWAT,
        |t| Ok(Value::Int(t.generic().recv_low_water)),
        |t, _, v| {
            // 0 is 1 and a negative value is "as much as there can be".
            let bytes = match v.int()? {
                0 => 1,
                bytes if bytes < 0 => i32::MAX,
                bytes => bytes,
            };
            t.change(|g| g.recv_low_water = bytes);
            Ok(())
        },
    ),
    read_only(SO_SNDLOWAT, |_| Ok(Value::Int(1))),
    row(
        SO_LINGER,
        |t| {
            let linger = t.generic().linger;
            let mut bytes = Vec::from(i32::from(linger.is_some()).to_ne_bytes());
            bytes.extend_from_slice(&linger.unwrap_or(0).to_ne_bytes());
            Ok(Value::Bytes(bytes))
        },
        |t, _, v| {
            let (on, seconds) = (v.u32_at(0)?, v.u32_at(4)?);
            t.change(|g| g.linger = (on != 0).then_some(seconds));
            Ok(())
        },
    ),
    row(
        SO_RCVTIMEO_OLD,
        |t| Ok(timeval(t.generic().recv_timeout)),
        |t, _, v| {
            let timeout = timeout(v)?;
            t.change(|g| g.recv_timeout = timeout);
            Ok(())
        },
    ),
    row(
        SO_SNDTIMEO_OLD,
        |t| Ok(timeval(t.generic().send_timeout)),
        |t, _, v| {
            let timeout = timeout(v)?;
            t.change(|g| g.send_timeout = timeout);
            Ok(())
        },
    ),
    row(
        SO_TIMESTAMP_OLD,
        |t| Ok((t.generic().timestamp == Timestamp::Micros).into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| {
                g.timestamp = if on {
                    Timestamp::Micros
                } else {
                    Timestamp::None
                }
            });
            Ok(())
        },
    ),
    row(
        SO_TIMESTAMPNS_OLD,
        |t| Ok((t.generic().timestamp == Timestamp::Nanos).into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| {
                g.timestamp = if on {
                    Timestamp::Nanos
                } else {
                    Timestamp::None
                }
            });
            Ok(())
        },
    ),
    row(
        SO_BINDTODEVICE,
        |t| {
            let index = t.generic().bound_iface;
            let name = stack::look(|stack| {
                stack
                    .interface(inet::IfaceId(index))
                    .map(|iface| iface.name.clone())
            });
            let mut bytes = name.unwrap_or_default().into_bytes();
            if !bytes.is_empty() {
                bytes.push(0);
            }
            Ok(Value::Bytes(bytes))
        },
        bind_to_device,
    ),
    row(SO_ATTACH_FILTER, filter::get, filter::attach),
    write_only(SO_DETACH_FILTER, filter::detach),
    row(
        SO_LOCK_FILTER,
        |t| Ok(t.generic().filter_locked.into()),
        filter::lock,
    ),
    write_only(SO_ATTACH_BPF, filter::attach_extended),
];

/// The *FORCE variants need CAP_NET_ADMIN. `EPERM`.
fn force(cx: &Caller<'_>) -> Result<()> {
    if cx.capable(CAP_NET_ADMIN) {
        Ok(())
    } else {
        Err(Errno::EPERM)
    }
}

/// net.core.rmem_max, wmem_max.
fn limit(which: sysctl::Value) -> u32 {
    sysctl::value(which) as u32
}

/// Linux doubles the value for its bookkeeping and keeps a minimum. Compared unsigned.
fn set_send_buffer(t: &Target<'_>, v: &Input<'_>, max: u32) -> Result<()> {
    let bytes = (v.int()? as u32).min(max);
    t.change(|g| g.send_buffer = (bytes * 2).max(SNDBUF_MIN));
    Ok(())
}

fn set_recv_buffer(t: &Target<'_>, v: &Input<'_>, max: u32) -> Result<()> {
    let bytes = (v.int()? as u32).min(max);
    t.change(|g| g.recv_buffer = (bytes * 2).max(RCVBUF_MIN));
    Ok(())
}

/// A `struct timeval` in ns. `EINVAL` when shorter, `EDOM` for odd microseconds; negative seconds mean "do not wait".
fn timeout(v: &Input<'_>) -> Result<u64> {
    let word = |at: usize| {
        let bytes =
            v.0.get(at..)
                .and_then(|rest| rest.first_chunk())
                .ok_or(Errno::EINVAL)?;
        Ok(i64::from_ne_bytes(*bytes))
    };
    let (seconds, micros) = (word(0)?, word(8)?);
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

/// SO_BINDTODEVICE: a name, empty to undo. `ENODEV`; changing a binding needs CAP_NET_RAW (`EPERM`).
fn bind_to_device(t: &Target<'_>, cx: &Caller<'_>, v: &Input<'_>) -> Result<()> {
    if t.generic().bound_iface != 0 && !cx.capable(CAP_NET_RAW) {
        return Err(Errno::EPERM);
    }
    let name = &v.0[..v.0.len().min(IFNAMSIZ - 1)];
    let name = name.split(|&byte| byte == 0).next().unwrap_or(&[]);
    let index = match name {
        [] => 0,
        name => {
            let name = core::str::from_utf8(name).map_err(|_| Errno::ENODEV)?;
            let found = stack::look(|stack| stack.interface_named(name).map(|iface| iface.id.0));
            found.ok_or(Errno::ENODEV)?
        }
    };
    t.change(|g| g.bound_iface = index);
    Ok(())
}
