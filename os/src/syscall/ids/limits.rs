//! Resource limits: prlimit64 and the two calls before it.
//!
//! Who calls: the rows of `ids`. Who owns and locks: the process its limits, behind their own lock; an address space is told
//! of those that it keeps.

use crate::{
    Result,
    mm::UserPtr,
    syscall::{Args, Caller},
    task::{creds::cap, limits, tree},
};
use abi::{Errno, general::*};

/// setrlimit(2).
pub(super) fn setrlimit(cx: &Caller, a: Args) -> Result<usize> {
    let new = a.ptr::<[u64; 2]>(1);
    if new.is_null() {
        return Err(Errno::EFAULT);
    }
    prlimit(cx, 0, a.uint(0), new, UserPtr::new(0))
}

/// prlimit(2); each pointer may be null.
pub(super) fn prlimit(
    cx: &Caller,
    pid: i32,
    resource: u32,
    new: UserPtr<[u64; 2]>,
    old: UserPtr<[u64; 2]>,
) -> Result<usize> {
    if resource as usize >= limits::COUNT {
        return Err(Errno::EINVAL);
    }
    let process = match pid {
        0 => cx.task.process.clone(),
        pid => {
            let task = tree::task(pid).ok_or(Errno::ESRCH)?;
            let (mine, theirs) = (cx.task.creds(), task.creds());
            if !mine.is_user_of(&theirs) && !mine.capable(cap::SYS_RESOURCE) {
                return Err(Errno::EPERM);
            }
            task.process.clone()
        }
    };
    let before = process.limits.lock().get(resource);
    if !new.is_null() {
        let [soft, hard] = new.read()?;
        let privileged = cx.task.capable(cap::SYS_RESOURCE);
        let result = process.limits.lock().set(resource, soft, hard, privileged);
        result?;
        if let Some(mm) = process.leader().and_then(|leader| leader.try_mm()) {
            let limit = |resource| process.limits.lock().get(resource).0;
            mm.set_limits(limit(RLIMIT_STACK), limit(RLIMIT_AS), limit(RLIMIT_DATA));
        }
    }
    if !old.is_null() {
        old.write(&[before.0, before.1])?;
    }
    Ok(0)
}
