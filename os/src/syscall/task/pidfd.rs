//! Processes as descriptors: pidfd_open, pidfd_getfd.
//!
//! Who calls: the rows of `task`. Who owns and locks: the task tree, and the tables of both processes.

use crate::{
    Result,
    syscall::{Args, Caller, file::install},
    task::{pidfd, tree},
};
use abi::{Errno, general::*};

/// pidfd_open(2).
pub(super) fn pidfd_open(cx: &Caller, a: Args) -> Result<usize> {
    let (pid, flags) = (a.int(0), a.uint(1));
    if flags & !O_NONBLOCK != 0 || pid <= 0 {
        return Err(Errno::EINVAL);
    }
    let process = match tree::process(pid) {
        Some(process) => process,
        // A thread that is no leader.
        None if tree::task(pid).is_some() => return Err(Errno::EINVAL),
        None => return Err(Errno::ESRCH),
    };
    pidfd::install(&cx.task, &process, flags).map(|fd| fd as usize)
}

/// pidfd_getfd(2).
pub(super) fn pidfd_getfd(cx: &Caller, a: Args) -> Result<usize> {
    if a.uint(2) != 0 {
        return Err(Errno::EINVAL);
    }
    let (process, _) = pidfd::process(&cx.task, a.int(0))?;
    let target = process.leader().ok_or(Errno::ESRCH)?;
    if !cx.task.may_trace(&target) {
        return Err(Errno::EPERM);
    }
    let file = target.files().get(a.int(1))?;
    install(cx, file, true)
}
