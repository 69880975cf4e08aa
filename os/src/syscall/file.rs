//! Calls on descriptors: read, write and their kin, close, dup, fcntl, ioctl, lseek, flock.

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
    file::{
        Fd, OpenFile, Owner, VectorFlags, hooks,
        lock::{LockOwner, Locks, Mode, Range, Wait},
        pipe::PipeEnd,
    },
    mm::{UserIn, UserOut, UserPtr},
};
use abi::{Errno, general::*, ioctl};
use alloc::sync::Arc;

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_read,
        "read",
        |cx, a| read(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(
        __NR_write,
        "write",
        |cx, a| write(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(
        __NR_readv,
        "readv",
        |cx, a| readv(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(
        __NR_writev,
        "writev",
        |cx, a| writev(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(__NR_pread64, "pread64", pread64, Full, ""),
    row(__NR_pwrite64, "pwrite64", pwrite64, Full, ""),
    row(
        __NR_preadv,
        "preadv",
        |cx, a| preadv2(cx, a, None),
        Full,
        "",
    ),
    row(
        __NR_pwritev,
        "pwritev",
        |cx, a| pwritev2(cx, a, None),
        Full,
        "",
    ),
    row(
        __NR_preadv2,
        "preadv2",
        |cx, a| preadv2(cx, a, Some(a.uint(5))),
        Partial,
        "RWF_HIPRI, RWF_DSYNC and RWF_SYNC change nothing: files are in memory",
    ),
    row(
        __NR_pwritev2,
        "pwritev2",
        |cx, a| pwritev2(cx, a, Some(a.uint(5))),
        Partial,
        "RWF_HIPRI, RWF_DSYNC and RWF_SYNC change nothing: files are in memory",
    ),
    row(
        __NR_lseek,
        "lseek",
        |cx, a| lseek(cx, a.int(0), a.get(1) as i64, a.uint(2)),
        Full,
        "",
    ),
    row(
        __NR_close,
        "close",
        |cx, a| cx.task.files().close(a.int(0)).map(|()| 0),
        Full,
        "",
    ),
    row(
        __NR_close_range,
        "close_range",
        |cx, a| close_range(cx, a.uint(0), a.uint(1), a.uint(2)),
        Full,
        "",
    ),
    row(__NR_dup, "dup", |cx, a| dup(cx, a.int(0)), Full, ""),
    row(
        __NR_dup3,
        "dup3",
        |cx, a| dup3(cx, a.int(0), a.int(1), a.uint(2)),
        Full,
        "",
    ),
    row(
        __NR_fcntl,
        "fcntl",
        |cx, a| fcntl(cx, a.int(0), a.uint(1), a.get(2)),
        Partial,
        "no leases, no dnotify, no write-life hints",
    ),
    row(
        __NR_ioctl,
        "ioctl",
        |cx, a| ioctl(cx, a.int(0), a.uint(1), a.get(2)),
        Full,
        "",
    ),
    row(
        __NR_flock,
        "flock",
        |cx, a| flock(cx, a.int(0), a.uint(1)),
        Full,
        "",
    ),
];

/// read(2).
pub fn read(cx: &Caller, fd: Fd, buf: usize, len: usize) -> Result<usize> {
    let file = cx.task.files().get(fd)?;
    file.check_readable()?;
    file.read(&mut UserOut::new(buf, len)?)
}

/// write(2).
pub fn write(cx: &Caller, fd: Fd, buf: usize, len: usize) -> Result<usize> {
    let file = cx.task.files().get(fd)?;
    file.check_writable()?;
    file.write(&mut UserIn::new(buf, len)?)
}

/// readv(2).
pub fn readv(cx: &Caller, fd: Fd, iov: usize, count: usize) -> Result<usize> {
    let file = cx.task.files().get(fd)?;
    file.check_readable()?;
    file.read(&mut UserOut::from_iovec(iov, count)?)
}

/// writev(2).
pub fn writev(cx: &Caller, fd: Fd, iov: usize, count: usize) -> Result<usize> {
    let file = cx.task.files().get(fd)?;
    file.check_writable()?;
    file.write(&mut UserIn::from_iovec(iov, count)?)
}

fn pread64(cx: &Caller, a: Args) -> Result<usize> {
    let offset = a.get(3) as i64;
    if offset < 0 {
        return Err(Errno::EINVAL);
    }
    let file = cx.task.files().get_io(a.int(0))?;
    file.position(offset)?;
    file.check_readable()?;
    file.read_at(offset, &mut a.output(1)?)
}

fn pwrite64(cx: &Caller, a: Args) -> Result<usize> {
    let offset = a.get(3) as i64;
    if offset < 0 {
        return Err(Errno::EINVAL);
    }
    let file = cx.task.files().get_io(a.int(0))?;
    file.position(offset)?;
    file.check_writable()?;
    file.write_at(offset, &mut a.input(1)?)
}

/// preadv(2), preadv2(2): offset -1 means the position (preadv2 only).
fn preadv2(cx: &Caller, a: Args, flags: Option<u32>) -> Result<usize> {
    let offset = transfer_offset(a, flags)?;
    let file = cx.task.files().get_io(a.int(0))?;
    if let Some(offset) = offset {
        file.position(offset)?;
    }
    file.check_readable()?;
    let mut out = UserOut::from_iovec(a.get(1), a.get(2))?;
    let io = transfer_flags(&file, flags.unwrap_or(0), file.file.vector_flags().0)?;
    match offset {
        None => file.read_with(io, &mut out),
        Some(offset) => file.file.read(
            crate::file::Io {
                offset: offset as u64,
                ..io
            },
            &mut out,
        ),
    }
}

/// pwritev(2), pwritev2(2).
fn pwritev2(cx: &Caller, a: Args, flags: Option<u32>) -> Result<usize> {
    let offset = transfer_offset(a, flags)?;
    let file = cx.task.files().get_io(a.int(0))?;
    if let Some(offset) = offset {
        file.position(offset)?;
    }
    file.check_writable()?;
    let mut data = UserIn::from_iovec(a.get(1), a.get(2))?;
    let io = transfer_flags(&file, flags.unwrap_or(0), file.file.vector_flags().1)?;
    match offset {
        None => file.write_with(io, &mut data),
        Some(offset) => file.file.write(
            crate::file::Io {
                offset: offset as u64,
                ..io
            },
            &mut data,
        ),
    }
}

/// The offset of preadv and pwritev; -1 with the version-2 calls is the position.
/// Registers 3 and 4 are the low and high half; on 64 bits the high half is shifted out.
fn transfer_offset(a: Args, flags: Option<u32>) -> Result<Option<i64>> {
    match a.get(3) as i64 {
        -1 if flags.is_some() => Ok(None),
        offset if offset < 0 => Err(Errno::EINVAL),
        offset => Ok(Some(offset)),
    }
}

/// RWF_* of preadv2(2): `EOPNOTSUPP` for those unknown, and for what the file does not take.
fn transfer_flags(file: &OpenFile, flags: u32, takes: VectorFlags) -> Result<crate::file::Io> {
    const RWF_NOAPPEND: u32 = 0x20;
    const KNOWN: u32 = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND;
    if takes == VectorFlags::Absent {
        return Err(Errno::EINVAL);
    }
    let mut refused = !KNOWN;
    if takes < VectorFlags::All {
        refused |= RWF_NOWAIT;
    }
    if takes == VectorFlags::Plain {
        refused |= !RWF_HIPRI;
    }
    if flags & refused != 0 {
        return Err(Errno::EOPNOTSUPP);
    }
    if flags & RWF_APPEND != 0 && flags & RWF_NOAPPEND != 0 {
        return Err(Errno::EINVAL);
    }
    let mut io = file.io();
    io.nonblock |= flags & RWF_NOWAIT != 0;
    io.append = (io.append || flags & RWF_APPEND != 0) && flags & RWF_NOAPPEND == 0;
    Ok(io)
}

/// lseek(2).
pub fn lseek(cx: &Caller, fd: Fd, offset: i64, whence: u32) -> Result<usize> {
    let file = cx.task.files().get_io(fd)?;
    if whence > SEEK_MAX {
        return Err(Errno::EINVAL);
    }
    file.seek(offset, whence).map(|position| position as usize)
}

/// close_range(2).
fn close_range(cx: &Caller, first: u32, last: u32, flags: u32) -> Result<usize> {
    const UNSHARE: u32 = 2;
    const CLOEXEC: u32 = 4;
    if flags & !(UNSHARE | CLOEXEC) != 0 || first > last {
        return Err(Errno::EINVAL);
    }
    if flags & UNSHARE != 0 {
        let own = cx.task.files().fork();
        cx.task.set_files(own);
    }
    let files = cx.task.files();
    match flags & CLOEXEC {
        0 => files.close_range(first as usize, last as usize),
        _ => files.set_cloexec_range(first as usize, last as usize),
    }
    Ok(0)
}

/// The first number that descriptors may not have.
pub(super) fn fd_limit(cx: &Caller) -> usize {
    cx.task
        .rlimit(RLIMIT_NOFILE)
        .0
        .try_into()
        .unwrap_or(usize::MAX)
}

/// Gives a new description a descriptor: the end of every call that opens something.
pub(super) fn install(cx: &Caller, file: Arc<OpenFile>, cloexec: bool) -> Result<usize> {
    cx.task
        .files()
        .insert(file, 0, fd_limit(cx), cloexec)
        .map(|fd| fd as usize)
}

/// dup(2).
fn dup(cx: &Caller, fd: Fd) -> Result<usize> {
    install(cx, cx.task.files().get(fd)?, false)
}

/// dup3(2).
fn dup3(cx: &Caller, old: Fd, new: Fd, flags: u32) -> Result<usize> {
    if flags & !O_CLOEXEC != 0 || old == new {
        return Err(Errno::EINVAL);
    }
    let files = cx.task.files();
    if new < 0 || new as usize >= fd_limit(cx) {
        return Err(Errno::EBADF);
    }
    let file = files.get(old)?;
    files.replace(new, file, fd_limit(cx), flags & O_CLOEXEC != 0)?;
    Ok(new as usize)
}

/// fcntl(2).
pub fn fcntl(cx: &Caller, fd: Fd, command: u32, arg: usize) -> Result<usize> {
    let files = cx.task.files();
    let file = files.get(fd)?;
    // What a descriptor opened with O_PATH allows; all else needs a real one. open(2)
    match command {
        F_DUPFD | F_DUPFD_CLOEXEC => {
            let limit = fd_limit(cx);
            // The argument is an int.
            let min = arg as u32 as usize;
            if min >= limit {
                return Err(Errno::EINVAL);
            }
            let cloexec = command == F_DUPFD_CLOEXEC;
            return files
                .insert(file, min as Fd, limit, cloexec)
                .map(|fd| fd as usize);
        }
        F_GETFD => return Ok(usize::from(files.cloexec(fd)?)),
        F_SETFD => {
            return files
                .set_cloexec(fd, arg & FD_CLOEXEC as usize != 0)
                .map(|()| 0);
        }
        F_GETFL => return Ok(file.flags() as usize),
        F_DUPFD_QUERY => {
            let other = files.get(arg as Fd)?;
            return Ok(usize::from(Arc::ptr_eq(&file, &other)));
        }
        _ if file.flags() & O_PATH != 0 => return Err(Errno::EBADF),
        _ => {}
    }
    match command {
        F_SETFL => set_status(&file, fd, arg as u32),
        F_GETLK | F_OFD_GETLK => get_lock(cx, &file, command, UserPtr::new(arg)),
        F_SETLK | F_SETLKW | F_OFD_SETLK | F_OFD_SETLKW => {
            set_lock(cx, &file, command, UserPtr::new(arg))
        }
        F_SETOWN | F_GETOWN | F_SETOWN_EX | F_GETOWN_EX | F_SETSIG | F_GETSIG | F_GETOWNER_UIDS => {
            ownership(cx, &file, command, arg)
        }
        F_SETPIPE_SZ => pipe_end(&file)?.resize(arg as u32),
        F_GETPIPE_SZ => pipe_end(&file).map(PipeEnd::capacity),
        F_GET_SEALS => file.file.seals(None).map(|seals| seals as usize),
        F_ADD_SEALS => {
            if !file.writable() {
                return Err(Errno::EPERM);
            }
            file.file.seals(Some(arg as u32)).map(|_| 0)
        }
        F_GETLEASE => Ok(F_UNLCK as usize),
        _ => Err(Errno::EINVAL),
    }
}

fn pipe_end(file: &OpenFile) -> Result<&PipeEnd> {
    PipeEnd::of(file).ok_or(Errno::EBADF)
}

/// F_SETFL: the access mode and the creation flags in `flags` are ignored.
fn set_status(file: &Arc<OpenFile>, fd: Fd, flags: u32) -> Result<usize> {
    const MASK: u32 = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;
    let packets_or_blocks = file.seekable() || PipeEnd::of(file).is_some();
    if flags & O_DIRECT != 0 && !packets_or_blocks {
        return Err(Errno::EINVAL);
    }
    if (flags ^ file.flags()) & FASYNC != 0 {
        match file.set_async(flags & FASYNC != 0, fd) {
            // An object that never waits takes the flag and sends nothing.
            Err(Errno::ENOTTY) => file.set_flags(flags, FASYNC),
            done => done?,
        }
    }
    file.set_flags(flags, MASK);
    Ok(0)
}

/// F_SETOWN, F_SETOWN_EX, F_SETSIG and the calls that ask.
fn ownership(cx: &Caller, file: &Arc<OpenFile>, command: u32, arg: usize) -> Result<usize> {
    let current = *file.owner.lock();
    let mut owner = current.unwrap_or(Owner {
        kind: F_OWNER_PID as i32,
        id: 0,
        signal: 0,
        uids: [0; 2],
    });
    match command {
        F_GETOWNER_UIDS => {
            UserPtr::new(arg).write(&owner.uids)?;
            return Ok(0);
        }
        F_GETOWN => {
            let id = if owner.kind == F_OWNER_PGRP as i32 {
                -owner.id
            } else {
                owner.id
            };
            return Ok(id as isize as usize);
        }
        F_GETOWN_EX => {
            let answer = f_owner_ex {
                type_: owner.kind,
                pid: owner.id,
            };
            UserPtr::new(arg).write(&answer)?;
            return Ok(0);
        }
        F_GETSIG => return Ok(owner.signal as usize),
        F_SETSIG if arg > 64 => return Err(Errno::EINVAL),
        F_SETSIG => owner.signal = arg as i32,
        F_SETOWN => {
            let id = arg as i32;
            owner.kind = if id < 0 { F_OWNER_PGRP } else { F_OWNER_PID } as i32;
            owner.id = id.checked_abs().ok_or(Errno::EINVAL)?;
        }
        _ => {
            let new: f_owner_ex = UserPtr::new(arg).read()?;
            if !(0..=F_OWNER_PGRP as i32).contains(&new.type_) {
                return Err(Errno::EINVAL);
            }
            (owner.kind, owner.id) = (new.type_, new.pid);
        }
    }
    let names_somebody = command != F_SETSIG && owner.id != 0;
    if names_somebody && !hooks::tasks().exists(owner.kind, owner.id) {
        return Err(Errno::ESRCH);
    }
    if command != F_SETSIG {
        let creds = cx.task.creds();
        owner.uids = [creds.uid, creds.euid];
    }
    file.set_owner(owner);
    Ok(0)
}

/// The lock list, the owner, the requested range and mode of a `struct flock`.
fn lock_request<'a>(
    cx: &Caller,
    file: &'a OpenFile,
    command: u32,
    request: &flock,
) -> Result<(&'a Locks, LockOwner, Range, Option<Mode>)> {
    let locks = file.file.locks().ok_or(Errno::EINVAL)?;
    let base = match request.l_whence as u32 {
        SEEK_SET => 0,
        SEEK_CUR => *file.offset.lock(),
        SEEK_END => file.file.size()?,
        _ => return Err(Errno::EINVAL),
    };
    let range = Range::from_flock(base, request.l_start, request.l_len)?;
    let mode = match request.l_type as u32 {
        F_RDLCK => Some(Mode::Read),
        F_WRLCK => Some(Mode::Write),
        F_UNLCK => None,
        _ => return Err(Errno::EINVAL),
    };
    let owner = match command {
        F_OFD_GETLK | F_OFD_SETLK | F_OFD_SETLKW if request.l_pid != 0 => {
            return Err(Errno::EINVAL);
        }
        F_OFD_GETLK | F_OFD_SETLK | F_OFD_SETLKW => LockOwner::Description(description(file)),
        _ => LockOwner::Process(cx.task.files().lock_owner()),
    };
    Ok((locks, owner, range, mode))
}

/// F_GETLK, F_OFD_GETLK.
fn get_lock(cx: &Caller, file: &OpenFile, command: u32, arg: UserPtr<flock>) -> Result<usize> {
    let mut answer = arg.read()?;
    let (locks, owner, range, mode) = lock_request(cx, file, command, &answer)?;
    let mode = mode.ok_or(Errno::EINVAL)?;
    match locks.conflict(owner, range, mode) {
        None => answer.l_type = F_UNLCK as i16,
        Some(held) => {
            answer.l_type = if held.mode == Mode::Read {
                F_RDLCK
            } else {
                F_WRLCK
            } as i16;
            answer.l_whence = SEEK_SET as i16;
            answer.l_start = held.range.start as i64;
            answer.l_len = held.range.flock_len();
            answer.l_pid = held.pid;
        }
    }
    arg.write(&answer)?;
    Ok(0)
}

/// F_SETLK, F_SETLKW and their F_OFD_ forms.
fn set_lock(cx: &Caller, file: &OpenFile, command: u32, arg: UserPtr<flock>) -> Result<usize> {
    let request = arg.read()?;
    let (locks, owner, range, mode) = lock_request(cx, file, command, &request)?;
    match mode {
        Some(Mode::Read) => file.check_readable()?,
        Some(Mode::Write) => file.check_writable()?,
        None => {}
    }
    let wait = match command {
        F_SETLKW | F_OFD_SETLKW => Wait::Yes,
        _ => Wait::No,
    };
    let pid = match owner {
        LockOwner::Process(_) => cx.task.pid(),
        LockOwner::Description(_) => -1,
    };
    locks.set(owner, pid, range, mode, wait)?;
    Ok(0)
}

fn description(file: &OpenFile) -> usize {
    core::ptr::from_ref(file) as usize
}

/// flock(2).
fn flock(cx: &Caller, fd: Fd, operation: u32) -> Result<usize> {
    let mode = match operation & !LOCK_NB {
        LOCK_SH => Some(Mode::Read),
        LOCK_EX => Some(Mode::Write),
        LOCK_UN => None,
        _ => return Err(Errno::EINVAL),
    };
    let file = cx.task.files().get_io(fd)?;
    let locks = file.file.locks().ok_or(Errno::EBADF)?;
    let wait = if operation & LOCK_NB != 0 {
        Wait::No
    } else {
        Wait::Yes
    };
    locks.set_whole(description(&file), mode, wait)?;
    Ok(0)
}

/// The older way to F_SETOWN and F_GETOWN, on sockets. socket(7).
const FIOSETOWN: u32 = 0x8901;
const SIOCSPGRP: u32 = 0x8902;
const FIOGETOWN: u32 = 0x8903;
const SIOCGPGRP: u32 = 0x8904;

/// ioctl(2): what belongs to the descriptor and the description is done here, the rest by the object.
fn ioctl(cx: &Caller, fd: Fd, request: u32, arg: usize) -> Result<usize> {
    let files = cx.task.files();
    let file = files.get_io(fd)?;
    let flag = || UserPtr::<i32>::new(arg).read().map(|on| on != 0);
    match request {
        ioctl::FIOCLEX => files.set_cloexec(fd, true)?,
        ioctl::FIONCLEX => files.set_cloexec(fd, false)?,
        ioctl::FIONBIO => file.set_flags(if flag()? { O_NONBLOCK } else { 0 }, O_NONBLOCK),
        ioctl::FIOASYNC => {
            let on = flag()?;
            if on != (file.flags() & FASYNC != 0) {
                file.set_async(on, fd)?;
            }
        }
        FIOSETOWN | SIOCSPGRP if is_socket(&file) => {
            let owner: i32 = UserPtr::new(arg).read()?;
            ownership(cx, &file, F_SETOWN, owner as usize)?;
        }
        FIOGETOWN | SIOCGPGRP if is_socket(&file) => {
            let owner = ownership(cx, &file, F_GETOWN, 0)?;
            UserPtr::new(arg).write(&(owner as i32))?;
        }
        ioctl::FIONREAD if is_regular(&file) => {
            let left = file.file.size()?.saturating_sub(*file.offset.lock());
            UserPtr::new(arg).write(&(left as i32))?;
        }
        _ => return file.file.ioctl(request, arg),
    }
    Ok(0)
}

fn is_regular(file: &OpenFile) -> bool {
    const S_IFREG: u32 = 0o100000;
    file.seekable() && is_kind(file, S_IFREG)
}

fn is_socket(file: &OpenFile) -> bool {
    const S_IFSOCK: u32 = 0o140000;
    is_kind(file, S_IFSOCK)
}

fn is_kind(file: &OpenFile, kind: u32) -> bool {
    let stat = file.file.stat();
    stat.is_ok_and(|stat| stat.st_mode & 0o170000 == kind)
}
