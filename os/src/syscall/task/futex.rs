//! futex, and what a thread leaves behind for others to find at its end: the word to clear, the robust list.
//!
//! Who calls: the rows of `task`; `signal` for [`restart_futex`]. Who owns and locks: `task::futex` its queues.
//! Typical sequence: operation and flags apart, a timeout as a deadline, the call.

use super::find;
use crate::{
    Result,
    syscall::{Args, Caller},
    task::{futex, signal::Restart},
    time::Instant,
};
use abi::{Errno, general::*};
use core::sync::atomic::Ordering::Relaxed;

/// set_tid_address(2).
pub(super) fn set_tid_address(cx: &Caller, a: Args) -> Result<usize> {
    cx.task.clear_tid.store(a.get(0), Relaxed);
    Ok(cx.task.tid() as usize)
}

/// sizeof(struct robust_list_head).
const ROBUST_HEAD: usize = 24;

/// set_robust_list(2).
pub(super) fn set_robust_list(cx: &Caller, a: Args) -> Result<usize> {
    if a.get(1) != ROBUST_HEAD {
        return Err(Errno::EINVAL);
    }
    cx.task.robust_list.store(a.get(0), Relaxed);
    Ok(0)
}

/// get_robust_list(2).
pub(super) fn get_robust_list(cx: &Caller, a: Args) -> Result<usize> {
    let task = find(cx, a.int(0))?;
    a.ptr::<usize>(2).write(&ROBUST_HEAD)?;
    a.ptr::<usize>(1).write(&task.robust_list.load(Relaxed))?;
    Ok(0)
}

/// futex(2).
pub(super) fn sys_futex(cx: &Caller, a: Args) -> Result<usize> {
    let (addr, op, value) = (a.get(0), a.uint(1), a.uint(2));
    let shared = op & FUTEX_PRIVATE_FLAG == 0;
    let realtime = op & FUTEX_CLOCK_REALTIME != 0;
    let command = op & !(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
    if realtime && command != FUTEX_WAIT_BITSET && command != FUTEX_WAIT {
        return Err(Errno::ENOSYS);
    }
    let (task, second) = (&cx.task, a.get(4));
    match command {
        FUTEX_WAIT | FUTEX_WAIT_BITSET => {
            let timeout = a.ptr::<timespec>(3);
            let absolute = command == FUTEX_WAIT_BITSET;
            let deadline = match timeout.is_null() {
                true => None,
                false => Some(futex_deadline(
                    crate::syscall::time::ns(timeout.read()?)?,
                    absolute,
                    realtime,
                )),
            };
            let bitset = if absolute { a.uint(5) } else { u32::MAX };
            futex::wait(task, addr, shared, value, deadline, bitset, !absolute).map(|()| 0)
        }
        FUTEX_WAKE => futex::wake(task, addr, shared, value, u32::MAX),
        FUTEX_WAKE_BITSET => futex::wake(task, addr, shared, value, a.uint(5)),
        FUTEX_REQUEUE => {
            let (woken, moved) =
                futex::requeue(task, addr, second, shared, value, a.uint(3), None)?;
            Ok(woken + moved)
        }
        FUTEX_CMP_REQUEUE => {
            let expected = Some(a.uint(5));
            let (woken, moved) =
                futex::requeue(task, addr, second, shared, value, a.uint(3), expected)?;
            Ok(woken + moved)
        }
        FUTEX_WAKE_OP => futex::wake_op(task, addr, second, shared, value, a.uint(3), a.uint(5)),
        // Priority inheritance is not there, as with CONFIG_FUTEX_PI=n.
        _ => Err(Errno::ENOSYS),
    }
}

fn futex_deadline(ns: u64, absolute: bool, realtime: bool) -> Instant {
    match (absolute, realtime) {
        (false, _) => crate::time::now().after(ns),
        (true, false) => Instant(ns),
        (true, true) => Instant(ns.saturating_sub(crate::time::realtime_offset())),
    }
}

/// restart_syscall(2) of a FUTEX_WAIT with a timeout.
pub fn restart_futex(cx: &Caller, restart: Restart) -> Result<usize> {
    let Restart::Futex {
        args: [addr, shared, value, bitset],
        deadline,
    } = restart
    else {
        return Err(Errno::EINTR);
    };
    let deadline = Some(Instant(deadline));
    futex::wait(
        &cx.task,
        addr,
        shared != 0,
        value as u32,
        deadline,
        bitset as u32,
        true,
    )
    .map(|()| 0)
}
