//! fcntl and ioctl: what belongs to the descriptor and the description is done here, the rest by the object.
//!
//! Who calls: the rows of `file`. Who owns and locks: flags and owner are the description's, behind its locks.
//! Typical sequence: what works with O_PATH, then the command by its group.

use super::{
    descriptor::fd_limit,
    lock::{get_lock, set_lock},
};
use crate::{
    Result,
    file::{Fd, OpenFile, Owner, hooks, pipe::PipeEnd},
    mm::UserPtr,
    syscall::Caller,
};
use abi::{Errno, general::*, ioctl};
use alloc::sync::Arc;

/// fcntl(2).
pub(super) fn fcntl(cx: &Caller, fd: Fd, command: u32, arg: usize) -> Result<usize> {
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

/// The older way to F_SETOWN and F_GETOWN, on sockets. socket(7).
const FIOSETOWN: u32 = 0x8901;
const SIOCSPGRP: u32 = 0x8902;
const FIOGETOWN: u32 = 0x8903;
const SIOCGPGRP: u32 = 0x8904;

/// ioctl(2): what belongs to the descriptor and the description is done here, the rest by the object.
pub(super) fn ioctl(cx: &Caller, fd: Fd, request: u32, arg: usize) -> Result<usize> {
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
