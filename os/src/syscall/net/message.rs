//! Messages: the send and recv calls, one at a time and many.
//!
//! Who calls: the rows of `net`. Who owns and locks: the socket. Typical sequence: the socket of the descriptor, `struct msghdr`
//! as claims on user memory, the call, what was received written back.

use super::{open_socket, with_net};
use crate::{
    Result,
    file::{OpenFile, hooks},
    mm::{UserIn, UserOut, UserPtr},
    net::{
        Control, SockAddr, Socket,
        message::{Flags, Incoming, Outgoing, Received},
    },
    syscall::{
        Args, Caller,
        file::install,
        time::{ns, timespec_of},
    },
    time,
};
use abi::{Errno, general::SIGPIPE};
use alloc::vec::Vec;

/// UIO_MAXIOV, also the most messages of one sendmmsg.
const MESSAGES_MAX: u32 = 1024;

/// The longest option value or control buffer that is copied in; net.core.optmem_max.
const CONTROL_MAX: usize = 131_072;

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
pub(super) fn sendto(cx: &Caller, a: Args) -> Result<usize> {
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
pub(super) fn recvfrom(cx: &Caller, a: Args) -> Result<usize> {
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
        if name != 0 && name_len < 0 {
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
pub(super) fn sendmsg(cx: &Caller, fd: i32, message: usize, flags: u32) -> Result<usize> {
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
    if len == 0 {
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
pub(super) fn recvmsg(cx: &Caller, fd: i32, message: usize, flags: u32) -> Result<usize> {
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
    let give = |file| install(cx, file, cloexec).map(|fd| fd as i32);
    let control_len = control.deliver(header.control, give);
    seen.set(Flags::CTRUNC, control.truncated());
    seen |= flags & Flags::CMSG_CLOEXEC;
    header.finish(name_len, control_len, seen.bits())?;
    Ok(len)
}

/// `struct mmsghdr`: a msghdr and the length that was sent or received.
const MMSGHDR: usize = MsgHdr::SIZE + 8;

/// sendmmsg(2): stops at the first error, which is reported only if nothing was sent.
pub(super) fn sendmmsg(
    cx: &Caller,
    fd: i32,
    messages: usize,
    count: u32,
    flags: u32,
) -> Result<usize> {
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
pub(super) fn recvmmsg(cx: &Caller, a: Args) -> Result<usize> {
    let (fd, messages, count, flags) = (a.int(0), a.get(1), a.uint(2), a.uint(3));
    let deadline = match a.get(4) {
        0 => None,
        at => Some(time::now().0.saturating_add(ns(UserPtr::new(at).read()?)?)),
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
        UserPtr::new(at).write(&timespec_of(left))?;
    }
    Ok(done)
}
