//! How much a socket may hold: SO_SNDBUF, SO_RCVBUF and what is about them. socket(7).

use super::super::{Input, Row, Target, Value, read_only, row};
use crate::{
    Result,
    net::{CAP_NET_ADMIN, Caller, sysctl},
};
use abi::{
    Errno,
    net::{
        SO_BUF_LOCK, SO_MEMINFO, SO_RCVBUF, SO_RCVBUFFORCE, SO_RCVLOWAT, SO_RESERVE_MEM, SO_SNDBUF,
        SO_SNDBUFFORCE, SO_SNDLOWAT,
    },
};

/// SOCK_MIN_RCVBUF and SOCK_MIN_SNDBUF: an skb and its overhead.
const RCVBUF_MIN: u32 = 2304;
const SNDBUF_MIN: u32 = 4608;
/// SOCK_SNDBUF_LOCK and SOCK_RCVBUF_LOCK: the program chose the size.
const SEND_BUFFER_LOCK: u32 = 1;
const RECV_BUFFER_LOCK: u32 = 2;
/// Half of what net.ipv4.tcp_rmem allows.
const STREAM_LOW_WATER_MAX: i32 = 16 << 20;
/// Sizes and what is held.
pub(super) const ROWS: &[Row] = &[
    // int: how much may wait to be sent; doubled, and bounded by net.core.wmem_max.
    row(
        SO_SNDBUF,
        |t| Ok(Value::Int(t.generic().send_buffer as i32)),
        |t, _, v| set_send_buffer(t, v, limit(sysctl::Value::WmemMax)),
    ),
    // int: the same without the bound; needs CAP_NET_ADMIN.
    row(
        SO_SNDBUFFORCE,
        |_| Err(Errno::ENOPROTOOPT),
        |t, cx, v| {
            force(cx)?;
            set_send_buffer(t, v, i32::MAX as u32 / 2)
        },
    ),
    // int: how much may wait to be read; doubled, and bounded by net.core.rmem_max.
    row(
        SO_RCVBUF,
        |t| Ok(Value::Int(t.generic().recv_buffer as i32)),
        |t, _, v| set_recv_buffer(t, v, limit(sysctl::Value::RmemMax)),
    ),
    // int: the same without the bound; needs CAP_NET_ADMIN.
    row(
        SO_RCVBUFFORCE,
        |_| Err(Errno::ENOPROTOOPT),
        |t, cx, v| {
            force(cx)?;
            set_recv_buffer(t, v, i32::MAX as u32 / 2)
        },
    ),
    // int: a stream is readable, and a read returns, from so many bytes on.
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
    // int: always 1.
    read_only(SO_SNDLOWAT, |_| Ok(Value::Int(1))),
    // int: which buffers keep their size (SOCK_SNDBUF_LOCK, SOCK_RCVBUF_LOCK).
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
    // int: memory set aside for the socket.
    // Memory is set aside out of a memory cgroup, and there are none.
    row(
        SO_RESERVE_MEM,
        |_| Ok(Value::Int(0)),
        |_, _, v| match v.int()? {
            bytes if bytes < 0 || bytes == i32::MAX => Err(Errno::EINVAL),
            _ => Err(Errno::EOPNOTSUPP),
        },
    ),
    // u32[9]: what is held and allowed (SK_MEMINFO_*).
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
