//! Locks on files: fcntl's F_SETLK and F_OFD_SETLK with their kin, flock.
//!
//! Who calls: `control` for fcntl, the row of flock. Who owns and locks: the inode its `Locks`; a wait is theirs, too.
//! Typical sequence: `struct flock` to owner, range and mode, then the list of the file.

use crate::{
    Result,
    file::{
        Fd, OpenFile,
        lock::{LockOwner, Locks, Mode, Range, Wait},
    },
    mm::UserPtr,
    syscall::Caller,
};
use abi::{Errno, general::*};

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
pub(super) fn get_lock(
    cx: &Caller,
    file: &OpenFile,
    command: u32,
    arg: UserPtr<flock>,
) -> Result<usize> {
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
pub(super) fn set_lock(
    cx: &Caller,
    file: &OpenFile,
    command: u32,
    arg: UserPtr<flock>,
) -> Result<usize> {
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
pub(super) fn flock(cx: &Caller, fd: Fd, operation: u32) -> Result<usize> {
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
