//! SOL_SOCKET. socket(7).

use super::{Input, Row, Target, Value, filter, read_only, row, write_only};
use crate::{
    Result,
    net::{CAP_NET_ADMIN, CAP_NET_RAW, Caller, socket::generic::Timestamp, sysctl, unix::Unix},
};
use abi::{
    Errno,
    net::{
        AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, SO_ACCEPTCONN, SO_ATTACH_BPF, SO_ATTACH_FILTER,
        SO_BINDTODEVICE, SO_BINDTOIFINDEX, SO_BROADCAST, SO_BSDCOMPAT, SO_BUF_LOCK, SO_COOKIE,
        SO_DEBUG, SO_DETACH_FILTER, SO_DOMAIN, SO_DONTROUTE, SO_ERROR, SO_KEEPALIVE, SO_LINGER,
        SO_LOCK_FILTER, SO_MARK, SO_MEMINFO, SO_NO_CHECK, SO_OOBINLINE, SO_PASSCRED, SO_PEERCRED,
        SO_PEERNAME, SO_PRIORITY, SO_PROTOCOL, SO_RCVBUF, SO_RCVBUFFORCE, SO_RCVLOWAT,
        SO_RCVTIMEO_NEW, SO_RCVTIMEO_OLD, SO_RESERVE_MEM, SO_REUSEADDR, SO_REUSEPORT, SO_RXQ_OVFL,
        SO_SELECT_ERR_QUEUE, SO_SNDBUF, SO_SNDBUFFORCE, SO_SNDLOWAT, SO_SNDTIMEO_NEW,
        SO_SNDTIMEO_OLD, SO_TIMESTAMP_NEW, SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_NEW,
        SO_TIMESTAMPNS_OLD, SO_TYPE,
    },
};
use alloc::vec::Vec;

/// SOCK_MIN_RCVBUF and SOCK_MIN_SNDBUF: an skb and its overhead.
const RCVBUF_MIN: u32 = 2304;
const SNDBUF_MIN: u32 = 4608;
/// SOCK_SNDBUF_LOCK and SOCK_RCVBUF_LOCK: the program chose the size.
const SEND_BUFFER_LOCK: u32 = 1;
const RECV_BUFFER_LOCK: u32 = 2;
/// Half of what net.ipv4.tcp_rmem allows.
const STREAM_LOW_WATER_MAX: i32 = 16 << 20;
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
            if on && ![AF_INET, AF_INET6].contains(&t.common.domain) {
                return Err(Errno::EOPNOTSUPP);
            }
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
        |t| {
            has_credentials(t)?;
            Ok(t.generic().pass_cred.into())
        },
        |t, _, v| {
            has_credentials(t)?;
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
            // A stream never waits for more than half of its buffer (tcp_set_rcvlowat).
            let bytes = match t.stream() {
                Some(_) if t.generic().buffer_lock & RECV_BUFFER_LOCK != 0 => {
                    bytes.min(t.generic().recv_buffer as i32 / 2).max(1)
                }
                Some(_) => bytes.min(STREAM_LOW_WATER_MAX),
                None => bytes,
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
    row(
        SO_TIMESTAMP_OLD,
        |t| Ok((t.generic().timestamp == Timestamp::Micros).into()),
        |t, _, v| stamp(t, v, Timestamp::Micros),
    ),
    row(
        SO_TIMESTAMPNS_OLD,
        |t| Ok((t.generic().timestamp == Timestamp::Nanos).into()),
        |t, _, v| stamp(t, v, Timestamp::Nanos),
    ),
    row(
        SO_TIMESTAMP_NEW,
        |t| Ok((t.generic().timestamp == Timestamp::MicrosNew).into()),
        |t, _, v| stamp(t, v, Timestamp::MicrosNew),
    ),
    row(
        SO_TIMESTAMPNS_NEW,
        |t| Ok((t.generic().timestamp == Timestamp::NanosNew).into()),
        |t, _, v| stamp(t, v, Timestamp::NanosNew),
    ),
    // Compatibility with BSD, of which nothing is left: as on Linux, it does nothing and reads 0.
    row(
        SO_BSDCOMPAT,
        |_| Ok(Value::Int(0)),
        |_, _, v| v.int().map(drop),
    ),
    row(
        SO_SELECT_ERR_QUEUE,
        |t| Ok(t.generic().error_queue_priority.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.error_queue_priority = on);
            Ok(())
        },
    ),
    row(
        SO_RXQ_OVFL,
        |t| Ok(t.generic().drop_count.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.drop_count = on);
            Ok(())
        },
    ),
    row(
        SO_BUF_LOCK,
        |t| Ok(Value::Int(t.generic().buffer_lock as i32)),
        |t, _, v| {
            let lock = v.int()? as u32;
            if lock & !(SEND_BUFFER_LOCK | RECV_BUFFER_LOCK) != 0 {
                return Err(Errno::EINVAL);
            }
            t.change(|g| g.buffer_lock = lock);
            Ok(())
        },
    ),
    // Memory is set aside out of a memory cgroup, and there are none.
    row(
        SO_RESERVE_MEM,
        |_| Ok(Value::Int(0)),
        |_, _, v| match v.int()? {
            bytes if bytes < 0 || bytes == i32::MAX => Err(Errno::EINVAL),
            _ => Err(Errno::EOPNOTSUPP),
        },
    ),
    read_only(SO_COOKIE, |t| {
        Ok(Value::Whole(t.common.inode.to_ne_bytes().to_vec()))
    }),
    read_only(SO_MEMINFO, |t| {
        // SK_MEMINFO_*: held and allowed for reading, then for writing, forward allocation, queued, options, backlog, drops.
        let generic = t.generic();
        let (unread, unsent, drops) = t.queued();
        let words = [
            unread as u32,
            generic.recv_buffer,
            unsent as u32,
            generic.send_buffer,
            0,
            unsent as u32,
            0,
            0,
            drops as u32,
        ];
        let bytes = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        Ok(Value::Bytes(bytes))
    }),
    read_only(SO_PEERNAME, |t| {
        let peer = t.protocol.peer(t.common)?;
        Ok(Value::Name(peer.bytes().to_vec()))
    }),
    row(
        SO_BINDTOIFINDEX,
        |t| Ok(Value::Int(t.generic().bound_iface as i32)),
        |t, cx, v| {
            let index = v.int()?;
            let index = u32::try_from(index).map_err(|_| Errno::EINVAL)?;
            bind_to_index(t, cx, index)
        },
    ),
    row(
        SO_BINDTODEVICE,
        |t| {
            let index = t.generic().bound_iface;
            let name = t.common.net.look(|stack| {
                stack
                    .interface(inet::IfaceId(index))
                    .map(|iface| iface.name.clone())
            });
            let mut bytes = name.unwrap_or_default().into_bytes();
            if !bytes.is_empty() {
                bytes.push(0);
            }
            Ok(Value::Device(bytes))
        },
        bind_to_device,
    )
    .text(),
    row(SO_ATTACH_FILTER, filter::get, filter::attach),
    write_only(SO_DETACH_FILTER, filter::detach),
    row(
        SO_LOCK_FILTER,
        |t| Ok(t.generic().filter_locked.into()),
        filter::lock,
    ),
    write_only(SO_ATTACH_BPF, filter::attach_extended),
];

const RECV_TIMEOUT: Row = row(
    SO_RCVTIMEO_OLD,
    |t| Ok(timeval(t.generic().recv_timeout)),
    |t, _, v| {
        let timeout = timeout(v)?;
        t.change(|g| g.recv_timeout = timeout);
        Ok(())
    },
);

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

/// Credentials come with messages of AF_UNIX and AF_NETLINK only. `EOPNOTSUPP`.
fn has_credentials(t: &Target<'_>) -> Result<()> {
    match t.common.domain {
        AF_UNIX | AF_NETLINK => Ok(()),
        _ => Err(Errno::EOPNOTSUPP),
    }
}

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
    t.change(|g| {
        g.send_buffer = (bytes * 2).max(SNDBUF_MIN);
        g.buffer_lock |= SEND_BUFFER_LOCK;
    });
    Ok(())
}

fn set_recv_buffer(t: &Target<'_>, v: &Input<'_>, max: u32) -> Result<()> {
    let bytes = (v.int()? as u32).min(max);
    t.change(|g| {
        g.recv_buffer = (bytes * 2).max(RCVBUF_MIN);
        g.buffer_lock |= RECV_BUFFER_LOCK;
    });
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

/// SO_BINDTODEVICE: a name, empty to undo. `ENODEV`; changing a binding needs CAP_NET_RAW (`EPERM`).
fn bind_to_device(t: &Target<'_>, cx: &Caller<'_>, v: &Input<'_>) -> Result<()> {
    if v.0.len() < v.1.min(IFNAMSIZ - 1) {
        return Err(Errno::EFAULT);
    }
    let name = &v.0[..v.0.len().min(IFNAMSIZ - 1)];
    let name = name.split(|&byte| byte == 0).next().unwrap_or(&[]);
    let index = match name {
        [] => 0,
        name => {
            let name = core::str::from_utf8(name).map_err(|_| Errno::ENODEV)?;
            let found = t
                .common
                .net
                .look(|stack| stack.interface_named(name).map(|iface| iface.id.0));
            found.ok_or(Errno::ENODEV)?
        }
    };
    bind_to_index(t, cx, index)
}

/// Changing a binding needs CAP_NET_RAW (`EPERM`). `ENODEV`.
fn bind_to_index(t: &Target<'_>, cx: &Caller<'_>, index: u32) -> Result<()> {
    if t.generic().bound_iface != 0 && !cx.capable(CAP_NET_RAW) {
        return Err(Errno::EPERM);
    }
    t.change(|g| g.bound_iface = index);
    Ok(())
}
