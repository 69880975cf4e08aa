//! Beginnings: clone, clone3.
//!
//! Who calls: the rows of `task`. Who owns and locks: `task::clone`. Typical sequence: registers or `struct clone_args`
//! become a request, and that a task with a copy of the caller's registers.

use crate::{
    Result,
    syscall::{Args, Caller},
    task::{clone, memory},
};
use abi::{Errno, general::*};

/// Where signal number and flags share a word.
const CSIGNAL: usize = 0xff;

/// clone(2).
pub(super) fn sys_clone(cx: &Caller, a: Args) -> Result<usize> {
    // clone(2): flags, stack, parent_tid, then tls and child_tid in the port's order.
    const TLS: usize = crate::arch::CLONE_TLS;
    const CHILD_TID: usize = 3 + 4 - TLS;
    let flags = a.get(0) as u32;
    let both = CLONE_PIDFD | CLONE_PARENT_SETTID;
    if flags & both == both {
        return Err(Errno::EINVAL);
    }
    let request = clone::Request {
        flags: u64::from(flags) & !(CSIGNAL as u64),
        exit_signal: (flags as usize & CSIGNAL) as i32,
        stack: a.get(1),
        parent_tid: a.get(2),
        tls: a.get(TLS),
        child_tid: a.get(CHILD_TID),
        pidfd: a.get(2),
    };
    start(cx, request)
}

/// clone3(2).
pub(super) fn sys_clone3(cx: &Caller, a: Args) -> Result<usize> {
    const FIRST: usize = 64; // CLONE_ARGS_SIZE_VER0
    const KNOWN: usize = 88; // CLONE_ARGS_SIZE_VER2
    let size = a.get(1);
    if size > 4096 {
        return Err(Errno::E2BIG);
    }
    if size < FIRST {
        return Err(Errno::EINVAL);
    }
    let mut bytes = alloc::vec![0; size.max(KNOWN)];
    memory::read(a.get(0), &mut bytes[..size])?;
    if bytes[KNOWN..].iter().any(|&b| b != 0) {
        return Err(Errno::E2BIG);
    }
    let word = |n: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[8 * n..8 * n + 8]);
        u64::from_le_bytes(word)
    };
    let [
        flags,
        pidfd,
        child_tid,
        parent_tid,
        exit_signal,
        stack,
        stack_size,
        tls,
        set_tid,
        set_tid_size,
    ] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(word);
    let known = u64::from(u32::MAX) | clone::CLEAR_SIGHAND | clone::INTO_CGROUP;
    let has = |flag: u32| flags & u64::from(flag) != 0;
    let signal_allowed = !has(CLONE_THREAD) && !has(CLONE_PARENT);
    if flags & !known != 0
        || has(CLONE_DETACHED)
        || flags & CSIGNAL as u64 & !u64::from(CLONE_NEWTIME) != 0
        || (stack == 0) != (stack_size == 0)
        || exit_signal > CSIGNAL as u64
        || (exit_signal != 0 && !signal_allowed)
        || (set_tid == 0) != (set_tid_size == 0)
    {
        return Err(Errno::EINVAL);
    }
    if set_tid_size != 0 {
        // Choosing ids needs CAP_CHECKPOINT_RESTORE over the PID namespace.
        return Err(Errno::EPERM);
    }
    let request = clone::Request {
        flags,
        exit_signal: exit_signal as i32,
        stack: (stack + stack_size) as usize,
        tls: tls as usize,
        parent_tid: parent_tid as usize,
        child_tid: child_tid as usize,
        pidfd: pidfd as usize,
    };
    start(cx, request)
}

fn start(cx: &Caller, request: clone::Request) -> Result<usize> {
    let regs = cx.regs.borrow().clone();
    clone::clone(&cx.task, &regs, request).map(|tid| tid as usize)
}
