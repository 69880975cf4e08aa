//! Numbers of open files: close_range, dup, dup3, and the end of every call that opens something.
//!
//! Who calls: the rows of `file`; [`install`] and [`fd_limit`] the other families. Who owns and locks: the descriptor table.
//! Typical sequence: make or find an `OpenFile`, then [`install`] it below the limit.

use crate::{
    Result,
    file::{Fd, OpenFile},
    syscall::Caller,
};
use abi::{Errno, general::*};
use alloc::sync::Arc;

/// close_range(2).
pub(super) fn close_range(cx: &Caller, first: u32, last: u32, flags: u32) -> Result<usize> {
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
pub fn fd_limit(cx: &Caller) -> usize {
    cx.task
        .rlimit(RLIMIT_NOFILE)
        .0
        .try_into()
        .unwrap_or(usize::MAX)
}

/// Gives a new description a descriptor: the end of every call that opens something.
pub fn install(cx: &Caller, file: Arc<OpenFile>, cloexec: bool) -> Result<usize> {
    cx.task
        .files()
        .insert(file, 0, fd_limit(cx), cloexec)
        .map(|fd| fd as usize)
}

/// dup(2).
pub(super) fn dup(cx: &Caller, fd: Fd) -> Result<usize> {
    install(cx, cx.task.files().get(fd)?, false)
}

/// dup3(2).
pub(super) fn dup3(cx: &Caller, old: Fd, new: Fd, flags: u32) -> Result<usize> {
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
