//! The socket family: decode, look up, call, return. Semantics are in `net`.

use super::{
    Args, Caller,
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
};
use crate::{
    Result,
    file::{OpenFile, hooks},
    mm::{UserIn, UserOut, UserPtr},
    net::{
        self, Control, SockAddr, Socket,
        message::{Flags, Incoming, Outgoing, Received, Shutdown},
    },
    time,
};
use abi::{
    Errno,
    general::{
        __NR_accept, __NR_accept4, __NR_bind, __NR_connect, __NR_getpeername, __NR_getsockname,
        __NR_getsockopt, __NR_listen, __NR_recvfrom, __NR_recvmmsg, __NR_recvmsg, __NR_sendmmsg,
        __NR_sendmsg, __NR_sendto, __NR_setsockopt, __NR_shutdown, __NR_socket, __NR_socketpair,
        O_CLOEXEC, O_NONBLOCK, O_RDWR, RLIMIT_NOFILE, SIGPIPE,
    },
};
use alloc::{sync::Arc, vec::Vec};

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_socket,
        "socket",
        |cx, a| socket(cx, a.uint(0), a.uint(1), a.int(2)),
        Full,
        "",
    ),
    row(
        __NR_socketpair,
        "socketpair",
        |cx, a| socketpair(cx, a.uint(0), a.uint(1), a.int(2), a.get(3)),
        Full,
        "",
    ),
    row(
        __NR_bind,
        "bind",
        |cx, a| bind(cx, a.int(0), a.get(1), a.int(2)),
        Full,
        "",
    ),
    row(
        __NR_listen,
        "listen",
        |cx, a| listen(cx, a.int(0), a.int(1)),
        Full,
        "",
    ),
    row(
        __NR_accept,
        "accept",
        |cx, a| accept4(cx, a.int(0), a.get(1), a.get(2), 0),
        Full,
        "",
    ),
    row(
        __NR_accept4,
        "accept4",
        |cx, a| accept4(cx, a.int(0), a.get(1), a.get(2), a.uint(3)),
        Full,
        "",
    ),
    row(
        __NR_connect,
        "connect",
        |cx, a| connect(cx, a.int(0), a.get(1), a.int(2)),
        Full,
        "",
    ),
    row(
        __NR_getsockname,
        "getsockname",
        |cx, a| getsockname(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(
        __NR_getpeername,
        "getpeername",
        |cx, a| getpeername(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(__NR_sendto, "sendto", sendto, Full, ""),
    row(__NR_recvfrom, "recvfrom", recvfrom, Full, ""),
    row(
        __NR_sendmsg,
        "sendmsg",
        |cx, a| sendmsg(cx, a.int(0), a.get(1), a.uint(2)),
        Full,
        "",
    ),
    row(
        __NR_recvmsg,
        "recvmsg",
        |cx, a| recvmsg(cx, a.int(0), a.get(1), a.uint(2)),
        Full,
        "",
    ),
    row(
        __NR_sendmmsg,
        "sendmmsg",
        |cx, a| sendmmsg(cx, a.int(0), a.get(1), a.uint(2), a.uint(3)),
        Full,
        "",
    ),
    row(__NR_recvmmsg, "recvmmsg", recvmmsg, Full, ""),
    row(
        __NR_shutdown,
        "shutdown",
        |cx, a| shutdown(cx, a.int(0), a.int(1)),
        Full,
        "",
    ),
    row(
        __NR_setsockopt,
        "setsockopt",
        |cx, a| setsockopt(cx, a.int(0), a.int(1), a.int(2), a.get(3), a.int(4)),
        Partial,
        "see os/src/net/opt",
    ),
    row(
        __NR_getsockopt,
        "getsockopt",
        |cx, a| getsockopt(cx, a.int(0), a.int(1), a.int(2), a.get(3), a.ptr(4)),
        Partial,
        "see os/src/net/opt",
    ),
];

/// SOCK_TYPE_MASK: the bits of `type` that are the type.
const TYPE_MASK: u32 = 0xf;
/// SOCK_NONBLOCK and SOCK_CLOEXEC have the values of the open(2) flags.
const TYPE_FLAGS: u32 = O_NONBLOCK | O_CLOEXEC;
/// UIO_MAXIOV, also the most messages of one sendmmsg.
const MESSAGES_MAX: u32 = 1024;
/// The longest option value or control buffer that is copied in; net.core.optmem_max.
const CONTROL_MAX: usize = 131_072;

/// The open file and the check that it is a socket. `EBADF`, `ENOTSOCK`.
fn open_socket(cx: &Caller, fd: i32) -> Result<Arc<OpenFile>> {
    // An O_PATH descriptor is none for a call that acts on the file.
    let file = cx.files().get_io(fd)?;
    Socket::of(&*file.file)?;
    Ok(file)
}

/// Runs `call` with the caller as `net` knows it.
fn with_net<R>(cx: &Caller, call: impl FnOnce(&net::Caller<'_>) -> R) -> R {
    let creds = cx.task.creds();
    let pid = cx.task.pid();
    let files = cx.files();
    cx.with_fs(|fs| {
        call(&net::Caller {
            fs: *fs,
            pid,
            euid: creds.euid,
            egid: creds.egid,
            uid: creds.uid,
            gid: creds.gid,
            files: &files,
        })
    })
}

fn install(cx: &Caller, socket: Arc<Socket>, flags: u32) -> Result<i32> {
    let file = OpenFile::new(socket, O_RDWR | flags & O_NONBLOCK);
    let limit = cx.task.rlimit(RLIMIT_NOFILE).0 as usize;
    cx.files().insert(file, 0, limit, flags & O_CLOEXEC != 0)
}

/// socket(2).
fn socket(cx: &Caller, domain: u32, kind: u32, protocol: i32) -> Result<usize> {
    if kind & !(TYPE_MASK | TYPE_FLAGS) != 0 {
        return Err(Errno::EINVAL);
    }
    let protocol = protocol as u32;
    let socket = with_net(cx, |net| net::open(net, domain, kind & TYPE_MASK, protocol))?;
    Ok(install(cx, socket, kind)? as usize)
}

/// socketpair(2). The pair is written before anything can be read from it.
fn socketpair(cx: &Caller, domain: u32, kind: u32, protocol: i32, pair: usize) -> Result<usize> {
    if kind & !(TYPE_MASK | TYPE_FLAGS) != 0 {
        return Err(Errno::EINVAL);
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
fn bind(cx: &Caller, fd: i32, addr: usize, len: i32) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    let addr = SockAddr::read(addr, len)?;
    with_net(cx, |net| Socket::of(&*file.file)?.bind(net, &addr))?;
    Ok(0)
}

/// listen(2).
fn listen(cx: &Caller, fd: i32, backlog: i32) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    with_net(cx, |net| Socket::of(&*file.file)?.listen(net, backlog))?;
    Ok(0)
}

/// accept4(2).
fn accept4(cx: &Caller, fd: i32, addr: usize, len: usize, flags: u32) -> Result<usize> {
    // The flags are looked at between the descriptor and what it is of.
    let file = cx.files().get_io(fd)?;
    if flags & !TYPE_FLAGS != 0 {
        return Err(Errno::EINVAL);
    }
    let child = Socket::of(&*file.file)?.accept(file.nonblock())?;
    if addr != 0 {
        let peer = child.accepted_from().or(Err(Errno::ECONNABORTED))?;
        peer.write(addr, UserPtr::new(len))?;
    }
    Ok(install(cx, child, flags)? as usize)
}

/// connect(2).
fn connect(cx: &Caller, fd: i32, addr: usize, len: i32) -> Result<usize> {
    // As above: the address comes before the question whether it is a socket.
    let file = cx.files().get(fd)?;
    let addr = SockAddr::read(addr, len)?;
    with_net(cx, |net| {
        Socket::of(&*file.file)?.connect(net, &addr, file.nonblock())
    })?;
    Ok(0)
}

/// getsockname(2).
fn getsockname(cx: &Caller, fd: i32, addr: usize, len: usize) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    Socket::of(&*file.file)?
        .local()?
        .write_required(addr, UserPtr::new(len))?;
    Ok(0)
}

/// getpeername(2).
fn getpeername(cx: &Caller, fd: i32, addr: usize, len: usize) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    Socket::of(&*file.file)?
        .peer()?
        .write_required(addr, UserPtr::new(len))?;
    Ok(0)
}

/// MSG_* as given, with O_NONBLOCK folded in.
fn flags_of(file: &OpenFile, flags: u32) -> Flags {
    let mut flags = Flags::from_bits_retain(flags);
    flags.set(
        Flags::DONTWAIT,
        flags.contains(Flags::DONTWAIT) || file.nonblock(),
    );
    flags
}

/// Sends, and raises SIGPIPE where send(2) says so.
fn send(cx: &Caller, file: &OpenFile, message: &mut Outgoing<'_, '_>) -> Result<usize> {
    let socket = Socket::of(&*file.file)?;
    // Credentials are collected only for who may need them: they cost more than a small send.
    let sent = match message.to.is_some() || !message.control.is_empty() || socket.wants_caller() {
        true => with_net(cx, |net| socket.send(Some(net), message)),
        false => socket.send(None, message),
    };
    if sent == Err(Errno::EPIPE)
        && socket.raises_sigpipe()
        && !message.flags.contains(Flags::NOSIGNAL)
    {
        hooks::tasks().signal_self(SIGPIPE as i32);
    }
    sent
}

/// sendto(2).
fn sendto(cx: &Caller, a: Args) -> Result<usize> {
    let file = open_socket(cx, a.int(0))?;
    let mut data = a.input(1)?;
    let to = match a.get(4) {
        0 => None,
        addr => Some(SockAddr::read(addr, a.int(5))?),
    };
    let flags = flags_of(&file, a.uint(3));
    send(
        cx,
        &file,
        &mut Outgoing {
            data: &mut data,
            to,
            control: &[],
            flags,
        },
    )
}

/// recvfrom(2).
fn recvfrom(cx: &Caller, a: Args) -> Result<usize> {
    let file = open_socket(cx, a.int(0))?;
    let mut out = a.output(1)?;
    let flags = flags_of(&file, a.uint(3));
    let received = Socket::of(&*file.file)?.recv(&mut Incoming {
        out: &mut out,
        flags,
        control: None,
    })?;
    if a.get(4) != 0 {
        let length = UserPtr::<i32>::new(a.get(5));
        match received.from {
            Some(from) => from.write_required(a.get(4), length)?,
            // No name was received, and the room for one is looked at all the same.
            None if length.read()? < 0 => return Err(Errno::EINVAL),
            None => length.write(&0)?,
        }
    }
    Ok(received.len)
}

/// `struct msghdr` (recv(2)), in user words.
struct MsgHdr {
    at: usize,
    name: usize,
    name_len: i32,
    iov: usize,
    iov_len: usize,
    control: usize,
    control_len: usize,
}

impl MsgHdr {
    const SIZE: usize = 56;

    fn read(at: usize) -> Result<MsgHdr> {
        let words = UserPtr::<[usize; 7]>::new(at).read()?;
        let [name, name_len, iov, iov_len, control, control_len, _flags] = words;
        let name_len = name_len as i32;
        if name_len < 0 {
            return Err(Errno::EINVAL);
        }
        if iov_len > MESSAGES_MAX as usize {
            return Err(Errno::EMSGSIZE);
        }
        Ok(MsgHdr {
            at,
            name,
            name_len,
            iov,
            iov_len,
            control,
            control_len,
        })
    }

    /// Writes back `msg_namelen`, `msg_controllen` and `msg_flags`.
    fn finish(&self, name_len: Option<i32>, control_len: usize, flags: u32) -> Result<()> {
        if let Some(name_len) = name_len {
            UserPtr::<i32>::new(self.at + 8).write(&name_len)?;
        }
        UserPtr::<usize>::new(self.at + 40).write(&control_len)?;
        UserPtr::<u32>::new(self.at + 48).write(&flags)
    }
}

/// sendmsg(2).
fn sendmsg(cx: &Caller, fd: i32, message: usize, flags: u32) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    send_one(cx, &file, message, flags_of(&file, flags))
}

fn send_one(cx: &Caller, file: &OpenFile, at: usize, flags: Flags) -> Result<usize> {
    let header = MsgHdr::read(at)?;
    // Linux cuts an overlong name instead of refusing it.
    let to = match header.name {
        0 => None,
        _ if header.name_len == 0 => None,
        name => Some(SockAddr::read(name, header.name_len.min(128))?),
    };
    let mut data = UserIn::from_iovec(header.iov, header.iov_len)?;
    let control = copy_control(header.control, header.control_len)?;
    send(
        cx,
        file,
        &mut Outgoing {
            data: &mut data,
            to,
            control: &control,
            flags,
        },
    )
}

fn copy_control(at: usize, len: usize) -> Result<Vec<u8>> {
    if at == 0 || len == 0 {
        return Ok(Vec::new());
    }
    if len > CONTROL_MAX {
        return Err(Errno::ENOBUFS);
    }
    let mut control = alloc::vec![0; len];
    match UserIn::new(at, len)?.read(&mut control)? {
        copied if copied == len => Ok(control),
        _ => Err(Errno::EFAULT),
    }
}

/// recvmsg(2).
fn recvmsg(cx: &Caller, fd: i32, message: usize, flags: u32) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    recv_one(cx, &file, message, flags_of(&file, flags))
}

fn recv_one(cx: &Caller, file: &OpenFile, at: usize, flags: Flags) -> Result<usize> {
    let header = MsgHdr::read(at)?;
    let mut out = UserOut::from_iovec(header.iov, header.iov_len)?;
    let room = if header.control == 0 {
        0
    } else {
        header.control_len
    };
    let mut control = Control::with_room(room);
    let mut incoming = Incoming {
        out: &mut out,
        flags,
        control: Some(&mut control),
    };
    let Received {
        len,
        flags: mut seen,
        from,
    } = Socket::of(&*file.file)?.recv(&mut incoming)?;

    let mut name_len = None;
    if header.name != 0 {
        name_len = Some(from.as_ref().map_or(0, |from| from.bytes().len() as i32));
        if let Some(from) = &from {
            from.write_bytes(header.name, header.name_len as usize)?;
        }
    }
    let cloexec = flags.contains(Flags::CMSG_CLOEXEC);
    control.install(|file| {
        let limit = cx.task.rlimit(RLIMIT_NOFILE).0 as usize;
        cx.files().insert(file, 0, limit, cloexec)
    });
    let bytes = control.bytes();
    if !bytes.is_empty() && UserOut::new(header.control, bytes.len())?.write(bytes)? < bytes.len() {
        return Err(Errno::EFAULT);
    }
    seen.set(Flags::CTRUNC, control.truncated());
    seen |= flags & Flags::CMSG_CLOEXEC;
    header.finish(name_len, bytes.len(), seen.bits())?;
    Ok(len)
}

/// `struct mmsghdr`: a msghdr and the length that was sent or received.
const MMSGHDR: usize = MsgHdr::SIZE + 8;

/// sendmmsg(2): stops at the first error, which is reported only if nothing was sent.
fn sendmmsg(cx: &Caller, fd: i32, messages: usize, count: u32, flags: u32) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    let flags = flags_of(&file, flags);
    let mut done = 0;
    for n in 0..count.min(MESSAGES_MAX) as usize {
        let at = messages.wrapping_add(n * MMSGHDR);
        let sent = send_one(cx, &file, at, flags).and_then(|len| {
            UserPtr::<u32>::new(at.wrapping_add(MsgHdr::SIZE)).write(&(len as u32))
        });
        match sent {
            Ok(()) => done += 1,
            Err(errno) if done == 0 => return Err(errno),
            Err(_) => break,
        }
    }
    Ok(done)
}

/// recvmmsg(2). The timeout is looked at between messages only, as the man page's BUGS section says of Linux.
fn recvmmsg(cx: &Caller, a: Args) -> Result<usize> {
    let (fd, messages, count, flags) = (a.int(0), a.get(1), a.uint(2), a.uint(3));
    let deadline = match a.get(4) {
        0 => None,
        at => Some(
            time::now()
                .0
                .saturating_add(timeout_ns(UserPtr::new(at).read()?)?),
        ),
    };
    let file = open_socket(cx, fd)?;
    if let Some(errno) = Socket::of(&*file.file)?.protocol_error() {
        return Err(errno);
    }
    let mut flags = flags_of(&file, flags);
    let one = flags.contains(Flags::WAITFORONE);
    flags.remove(Flags::WAITFORONE);
    let mut done = 0;
    for n in 0..count.min(MESSAGES_MAX) as usize {
        let at = messages.wrapping_add(n * MMSGHDR);
        let received = recv_one(cx, &file, at, flags).and_then(|len| {
            UserPtr::<u32>::new(at.wrapping_add(MsgHdr::SIZE)).write(&(len as u32))
        });
        match received {
            Ok(()) => done += 1,
            Err(errno) if done == 0 => return Err(errno),
            Err(_) => break,
        }
        if one {
            flags |= Flags::DONTWAIT;
        }
        if deadline.is_some_and(|deadline| time::now().0 >= deadline) {
            break;
        }
    }
    if let (Some(deadline), at) = (deadline, a.get(4)) {
        let left = deadline.saturating_sub(time::now().0);
        UserPtr::<[i64; 2]>::new(at)
            .write(&[(left / 1_000_000_000) as i64, (left % 1_000_000_000) as i64])?;
    }
    Ok(done)
}

/// A `struct timespec` in ns. `EINVAL`.
fn timeout_ns([seconds, nanos]: [i64; 2]) -> Result<u64> {
    if seconds < 0 || !(0..1_000_000_000).contains(&nanos) {
        return Err(Errno::EINVAL);
    }
    Ok((seconds as u64)
        .saturating_mul(1_000_000_000)
        .saturating_add(nanos as u64))
}

/// shutdown(2).
fn shutdown(cx: &Caller, fd: i32, how: i32) -> Result<usize> {
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
fn setsockopt(cx: &Caller, fd: i32, level: i32, name: i32, at: usize, len: i32) -> Result<usize> {
    let file = open_socket(cx, fd)?;
    with_net(cx, |net| {
        Socket::of(&*file.file)?.set_option(net, level, name, at, len)
    })?;
    Ok(0)
}

/// getsockopt(2).
fn getsockopt(
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
