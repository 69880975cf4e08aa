//! Level AF_VSOCK: SO_VM_SOCKETS_*. vsock(7).

use super::{Input, Row, Target, Value, row};
use crate::{
    Result,
    net::vsock::{Sizes, Vsock},
};
use abi::{
    Errno,
    vm_sockets::{
        SO_VM_SOCKETS_BUFFER_MAX_SIZE, SO_VM_SOCKETS_BUFFER_MIN_SIZE, SO_VM_SOCKETS_BUFFER_SIZE,
        SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW, SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD,
    },
};

const NANOS: u64 = 1_000_000_000;

/// Every option of the level.
pub const ROWS: &[Row] = &[
    // u64: how many bytes may wait to be read.
    row(
        SO_VM_SOCKETS_BUFFER_SIZE,
        |t| long(sizes(t)?.buffer),
        |t, _, v| set_long(t, v, |sizes, value| sizes.buffer = value),
    ),
    // u64: the least that it can be set to.
    row(
        SO_VM_SOCKETS_BUFFER_MIN_SIZE,
        |t| long(sizes(t)?.least),
        |t, _, v| set_long(t, v, |sizes, value| sizes.least = value),
    ),
    // u64: the most.
    row(
        SO_VM_SOCKETS_BUFFER_MAX_SIZE,
        |t| long(sizes(t)?.most),
        |t, _, v| set_long(t, v, |sizes, value| sizes.most = value),
    ),
    // timeval: how long connect(2) waits.
    row(SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD, timeout, set_timeout),
    // timeval: the same, in 64-bit time on any architecture.
    row(SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW, timeout, set_timeout),
];

fn vsock<'a>(t: &Target<'a>) -> Result<&'a Vsock> {
    t.protocol.as_any().downcast_ref().ok_or(Errno::ENOPROTOOPT)
}

fn sizes(t: &Target<'_>) -> Result<Sizes> {
    Ok(vsock(t)?.sizes())
}

fn long(value: u64) -> Result<Value> {
    Ok(Value::Whole(value.to_ne_bytes().into()))
}

/// `EINVAL` when the structure is shorter, `EFAULT` when it cannot be read.
fn long_at(v: &Input<'_>, at: usize) -> Result<i64> {
    let missing = match v.1 < at + size_of::<i64>() {
        true => Errno::EINVAL,
        false => Errno::EFAULT,
    };
    let bytes = v.0.get(at..).and_then(|rest| rest.first_chunk());
    Ok(i64::from_ne_bytes(*bytes.ok_or(missing)?))
}

fn set_long(t: &Target<'_>, v: &Input<'_>, set: impl FnOnce(&mut Sizes, u64)) -> Result<()> {
    let value = long_at(v, 0)? as u64;
    vsock(t)?.change_sizes(|sizes| set(sizes, value));
    Ok(())
}

/// A `struct timeval`.
fn timeout(t: &Target<'_>) -> Result<Value> {
    let nanos = sizes(t)?.connect_timeout;
    let words = [
        (nanos / NANOS).to_ne_bytes(),
        (nanos % NANOS / 1000).to_ne_bytes(),
    ];
    Ok(Value::Whole(words.as_flattened().into()))
}

/// `ERANGE`; zero is the default.
fn set_timeout(t: &Target<'_>, _: &crate::net::Caller<'_>, v: &Input<'_>) -> Result<()> {
    let (micros, seconds) = (long_at(v, 8)?, long_at(v, 0)?);
    let seconds = u64::try_from(seconds).map_err(|_| Errno::ERANGE)?;
    if !(0..1_000_000).contains(&micros) {
        return Err(Errno::ERANGE);
    }
    let nanos = match seconds
        .saturating_mul(NANOS)
        .saturating_add(micros as u64 * 1000)
    {
        0 => Sizes::default().connect_timeout,
        nanos => nanos,
    };
    vsock(t)?.change_sizes(|sizes| sizes.connect_timeout = nanos);
    Ok(())
}
