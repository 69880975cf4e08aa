//! SO_ATTACH_FILTER and its kin: classic BPF on any socket. socket(7), Linux's
//! Documentation/networking/filter.rst. The families run the program where packets reach the socket.

use super::{Input, Target, Value};
use crate::{
    Result,
    mm::UserIn,
    net::{Caller, errno::errno},
};
use abi::Errno;
use alloc::{sync::Arc, vec, vec::Vec};
use bpf::{Instruction, MAX_INSTRUCTIONS, Program};
use inet::Sharer;

/// `sizeof(struct sock_fprog)`: a count of 16 bits and a pointer.
const SOCK_FPROG: usize = 16;

/// SO_ATTACH_FILTER: replaces the filter. `EINVAL` (the structure's size, or a program that breaks a rule), `EPERM` (locked).
pub fn attach(t: &Target<'_>, _: &Caller<'_>, v: &Input<'_>) -> Result<()> {
    if v.1 != SOCK_FPROG {
        return Err(Errno::EINVAL);
    }
    let program = Arc::new(decode(t, v)?);
    t.change(|g| g.filter = Some(program));
    Ok(())
}

/// A `struct sock_fprog`. As [`attach`], with what is locked first.
pub(super) fn decode(t: &Target<'_>, v: &Input<'_>) -> Result<Program> {
    check_unlocked(t)?;
    if v.1 != SOCK_FPROG {
        return Err(Errno::EINVAL);
    }
    if v.0.len() < SOCK_FPROG {
        return Err(Errno::EFAULT);
    }
    let count = usize::from(u16::from_ne_bytes([v.0[0], v.0[1]]));
    let at = usize::from_ne_bytes(core::array::from_fn(|i| v.0[8 + i]));
    read_program(at, count)
}

/// A program from user memory, checked. `EINVAL`, `EFAULT`.
pub fn read_program(at: usize, count: usize) -> Result<Program> {
    if at == 0 || count == 0 || count > MAX_INSTRUCTIONS {
        return Err(Errno::EINVAL);
    }
    let mut bytes = vec![0; count * Instruction::SIZE];
    if UserIn::new(at, bytes.len())?.read(&mut bytes)? < bytes.len() {
        return Err(Errno::EFAULT);
    }
    let (chunks, _) = bytes.as_chunks();
    let instructions: Vec<Instruction> = chunks
        .iter()
        .copied()
        .map(Instruction::from_bytes)
        .collect();
    Program::new(&instructions).map_err(|_| Errno::EINVAL)
}

/// SO_GET_FILTER, which has SO_ATTACH_FILTER's number: the length of the answer counts instructions.
pub fn get(t: &Target<'_>) -> Result<Value> {
    let filter = t.generic().filter.clone();
    let bytes = filter.iter().flat_map(|program| program.instructions());
    let bytes = bytes.flat_map(|instruction| instruction.to_bytes());
    Ok(Value::Items(bytes.collect(), Instruction::SIZE))
}

/// SO_DETACH_FILTER. `EPERM` (locked), `ENOENT` (there is none).
pub fn detach(t: &Target<'_>, _: &Caller<'_>, v: &Input<'_>) -> Result<()> {
    v.int()?;
    check_unlocked(t)?;
    if t.generic().filter.is_none() {
        return Err(Errno::ENOENT);
    }
    t.change(|g| g.filter = None);
    Ok(())
}

/// SO_ATTACH_REUSEPORT_CBPF. As [`attach`]; `EINVAL` for a socket that does not share its port.
pub fn attach_choice(t: &Target<'_>, _: &Caller<'_>, v: &Input<'_>) -> Result<()> {
    if v.0.len() != SOCK_FPROG {
        return Err(Errno::EINVAL);
    }
    let program = Arc::new(decode(t, v)?);
    let sharer = sharer(t)?;
    let net = &t.common.net;
    net.with(|stack, _| stack.reuse_attach(sharer, program))
        .map_err(errno)
}

/// SO_DETACH_REUSEPORT_BPF. `ENOENT` (there is none), `EINVAL` for a socket that does not share its port.
pub fn detach_choice(t: &Target<'_>, _: &Caller<'_>, v: &Input<'_>) -> Result<()> {
    v.int()?;
    let sharer = sharer(t)?;
    let net = &t.common.net;
    match net.with(|stack, _| stack.reuse_detach(sharer)) {
        Err(inet::Error::NotFound) => Err(Errno::ENOENT),
        done => done.map_err(errno),
    }
}

/// UDP and TCP sockets may share a port. `EINVAL`.
fn sharer(t: &Target<'_>) -> Result<Sharer> {
    match (t.stream(), t.dgram()) {
        (Some(stream), _) => Ok(Sharer::Stream(stream.id())),
        (_, Some(dgram)) => Ok(Sharer::Dgram(dgram.id())),
        _ => Err(Errno::EINVAL),
    }
}

/// SO_LOCK_FILTER, which cannot be undone. `EPERM`.
pub fn lock(t: &Target<'_>, _: &Caller<'_>, v: &Input<'_>) -> Result<()> {
    let on = v.flag()?;
    if !on && t.generic().filter_locked {
        return Err(Errno::EPERM);
    }
    t.change(|g| g.filter_locked = on);
    Ok(())
}

/// SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_EBPF: there is no bpf(2) to make a program with, so that what is named is something
/// else (`EINVAL`) or nothing (`EBADF`). `EPERM` (locked).
pub fn attach_extended(t: &Target<'_>, cx: &Caller<'_>, v: &Input<'_>) -> Result<()> {
    if v.0.len() != size_of::<u32>() {
        return Err(Errno::EINVAL);
    }
    check_unlocked(t)?;
    cx.files.get_io(v.int()?)?;
    Err(Errno::EINVAL)
}

fn check_unlocked(t: &Target<'_>) -> Result<()> {
    match t.generic().filter_locked {
        true => Err(Errno::EPERM),
        false => Ok(()),
    }
}
