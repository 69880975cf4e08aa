//! Sockets: made, named, connected, told options, shut down.
//!
//! Who calls: the rows of `net`. Who owns and locks: the socket its options, the namespace its stack.
//! Typical sequence: the socket of the descriptor, addresses copied in, the call as [`with_net`]'s caller.

use super::{open_socket, with_net};
use crate::{
    Result,
    file::OpenFile,
    mm::{UserOut, UserPtr},
    net::{self, SockAddr, Socket, message::Shutdown},
    syscall::{Caller, file},
};
use abi::{
    Errno,
    general::{O_CLOEXEC, O_NONBLOCK, O_RDWR},
};
use alloc::sync::Arc;

/// SOCK_TYPE_MASK: the bits of `type` that are the type.
const TYPE_MASK: u32 = 0xf;

/// SOCK_NONBLOCK and SOCK_CLOEXEC have the values of the open(2) flags.
const TYPE_FLAGS: u32 = O_NONBLOCK | O_CLOEXEC;

fn install(cx: &Caller, socket: Arc<Socket>, flags: u32) -> Result<i32> {
    let file = OpenFile::new(socket, O_RDWR | flags & O_NONBLOCK);
    file::install(cx, file, flags & O_CLOEXEC != 0).map(|fd| fd as i32)
}

/// socket(2).
pub(super) fn socket(cx: &Caller, domain: u32, kind: u32, protocol: i32) -> Result<usize> {
    if kind & !(TYPE_MASK | TYPE_FLAGS) != 0 {
        return Err(Errno::EINVAL);
    }
    let protocol = protocol as u32;
    let socket = with_net(cx, |net| net::open(net, domain, kind & TYPE_MASK, protocol))?;
    Ok(install(cx, socket, kind)? as usize)
}

/// socketpair(2). The pair is written before anything can be read from it.
pub(super) fn socketpair(
    cx: &Caller,
    domain: u32,
    kind: u32,
    protocol: i32,
    pair: usize,
) -> Result<usize> {
    if kind & !(TYPE_MASK | TYPE_FLAGS) != 0 {
        return Err(Errno::EINVAL);
    }
    // Linux writes the numbers first, and thus a bad address is found before a bad family.
    if UserOut::new(pair, size_of::<[i32; 2]>())?.prefault(8)? < 8 {
        return Err(Errno::EFAULT);
    }
    let protocol = protocol as u32;
    let (first, second) = with_net(cx, |net| net::pair(net, domain, kind & TYPE_MASK, protocol))?;
    let first = install(cx, first, kind)?;
    let written = install(cx, second, kind).and_then(|second| {
        let out = UserPtr::<[i32; 2]>::new(pair).write(&[first, second]);
        out.inspect_err(|_| _ = cx.files().close(second))
    });
    written.inspect_err(|_| _ = cx.files().close(first))?;
    Ok(0)
}

/// bind(2).
pub(super) fn bind(cx: &Caller, fd: i32, addr: usize, len: i32) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    let addr = SockAddr::read(addr, len)?;
    with_net(cx, |net| Socket::of(&*file.file)?.bind(net, &addr))?;
    Ok(0)
}

/// listen(2).
pub(super) fn listen(cx: &Caller, fd: i32, backlog: i32) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    with_net(cx, |net| Socket::of(&*file.file)?.listen(net, backlog))?;
    Ok(0)
}

/// accept4(2).
pub(super) fn accept4(cx: &Caller, fd: i32, addr: usize, len: usize, flags: u32) -> Result<usize> {
    // The flags are looked at between the descriptor and what it is of.
    let file = cx.files().get_io(fd)?;
    if flags & !TYPE_FLAGS != 0 {
        return Err(Errno::EINVAL);
    }
    // Nobody is taken from the queue whom no number is left for.
    if !cx.files().has_room(file::fd_limit(cx)) {
        return Err(Errno::EMFILE);
    }
    let child = Socket::of(&*file.file)?.accept(file.nonblock())?;
    if addr != 0 {
        let peer = child.accepted_from().or(Err(Errno::ECONNABORTED))?;
        peer.write(addr, UserPtr::new(len))?;
    }
    Ok(install(cx, child, flags)? as usize)
}

/// connect(2).
pub(super) fn connect(cx: &Caller, fd: i32, addr: usize, len: i32) -> Result<usize> {
    // As above: the address comes before the question whether it is a socket.
    let file = cx.files().get(fd)?;
    let addr = SockAddr::read(addr, len)?;
    with_net(cx, |net| {
        Socket::of(&*file.file)?.connect(net, &addr, file.nonblock())
    })?;
    Ok(0)
}

/// getsockname(2).
pub(super) fn getsockname(cx: &Caller, fd: i32, addr: usize, len: usize) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    Socket::of(&*file.file)?
        .local()?
        .write_required(addr, UserPtr::new(len))?;
    Ok(0)
}

/// getpeername(2).
pub(super) fn getpeername(cx: &Caller, fd: i32, addr: usize, len: usize) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    Socket::of(&*file.file)?
        .peer()?
        .write_required(addr, UserPtr::new(len))?;
    Ok(0)
}

/// shutdown(2).
pub(super) fn shutdown(cx: &Caller, fd: i32, how: i32) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    let how = match how {
        0 => Shutdown::Read,
        1 => Shutdown::Write,
        2 => Shutdown::Both,
        _ => return Err(Errno::EINVAL),
    };
    Socket::of(&*file.file)?.shutdown(how)?;
    Ok(0)
}

/// setsockopt(2).
pub(super) fn setsockopt(
    cx: &Caller,
    fd: i32,
    level: i32,
    name: i32,
    at: usize,
    len: i32,
) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    with_net(cx, |net| {
        Socket::of(&*file.file)?.set_option(net, level, name, at, len)
    })?;
    Ok(0)
}

/// getsockopt(2).
pub(super) fn getsockopt(
    cx: &Caller,
    fd: i32,
    level: i32,
    name: i32,
    at: usize,
    len: UserPtr<i32>,
) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    Socket::of(&*file.file)?.get_option(level, name, at, len)?;
    Ok(0)
}
