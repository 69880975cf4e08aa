//! What a task stops to share: unshare, setns.
//!
//! Who calls: the rows of `task`. Who owns and locks: `task::namespace`; a thread's table of files, directories and credentials
//! are replaced whole.

use crate::{
    Result,
    file::Fd,
    fs::quota,
    syscall::{Args, Caller},
    task::{clone, namespace, pidfd},
};
use abi::{Errno, general::*};

/// unshare(2).
pub(super) fn unshare(cx: &Caller, a: Args) -> Result<usize> {
    let flags = a.get(0) as u64;
    let known = CLONE_THREAD
        | CLONE_FS
        | CLONE_SIGHAND
        | CLONE_VM
        | CLONE_FILES
        | CLONE_SYSVSEM
        | CLONE_NEWNS
        | CLONE_NEWNET
        | CLONE_NEWUSER;
    clone::refuse_namespaces(&cx.task, flags)?;
    if flags & !u64::from(known) != 0 {
        return Err(Errno::EINVAL);
    }
    let has = |flag: u32| flags & u64::from(flag) != 0;
    let threads = cx.task.process.threads.lock().len();
    let alone = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWUSER;
    if threads > 1 && has(alone) {
        return Err(Errno::EINVAL);
    }
    quota::room(flags)?;
    // A mount namespace comes with root and working directory.
    if has(CLONE_FS) || has(CLONE_NEWNS) {
        let own = cx.task.fs().fork();
        cx.task.set_fs(own);
    }
    if has(CLONE_FILES) {
        let own = cx.files().fork();
        cx.task.set_files(own);
    }
    if has(CLONE_NEWUSER) {
        let own = cx.task.creds().in_new_users();
        cx.task.set_creds(own);
    }
    namespace::unshare(&cx.task, flags);
    Ok(0)
}

/// setns(2): the descriptor is of a namespace, or of a process.
pub(super) fn setns(cx: &Caller, fd: Fd, kind: u32) -> Result<usize> {
    let file = cx.files().get(fd)?;
    match pidfd::process(&cx.task, fd) {
        Ok((process, _)) => {
            let other = process.leader().ok_or(Errno::ESRCH)?;
            namespace::enter_those_of(&cx.task, &other, kind)?;
        }
        Err(_) => namespace::enter(&cx.task, namespace::behind(&file)?, kind)?,
    }
    Ok(0)
}
