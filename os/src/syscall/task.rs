//! Calls about tasks: beginnings, endings, waiting, futexes, namespaces.
//!
//! The rows are here, the handlers by noun in the modules. Who calls: `table`. Semantics are in the room `task`, which owns and
//! locks everything.

mod clone;
mod end;
mod exec;
mod futex;
mod memory;
mod namespace;
mod pidfd;

pub(super) use futex::restart_futex;

use super::{
    Caller,
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
};
use crate::{
    Result,
    task::{times::Times, tree},
};
use abi::{Errno, general::*};
use alloc::sync::Arc;

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_clone,
        "clone",
        clone::sys_clone,
        Partial,
        "namespaces are EINVAL, as when compiled out",
    ),
    row(
        __NR_clone3,
        "clone3",
        clone::sys_clone3,
        Partial,
        "no set_tid, no cgroups, no namespaces",
    ),
    row(
        __NR_execve,
        "execve",
        |cx, a| exec::execveat(cx, AT_FDCWD, a.get(0), a.get(1), a.get(2), 0),
        Full,
        "",
    ),
    row(
        __NR_execveat,
        "execveat",
        |cx, a| exec::execveat(cx, a.int(0), a.get(1), a.get(2), a.get(3), a.uint(4)),
        Full,
        "",
    ),
    row(__NR_exit, "exit", end::sys_exit, Full, ""),
    row(__NR_exit_group, "exit_group", end::exit_group, Full, ""),
    row(__NR_wait4, "wait4", end::wait4, Full, ""),
    row(__NR_waitid, "waitid", end::waitid, Full, ""),
    row(
        __NR_set_tid_address,
        "set_tid_address",
        futex::set_tid_address,
        Full,
        "",
    ),
    row(
        __NR_set_robust_list,
        "set_robust_list",
        futex::set_robust_list,
        Full,
        "",
    ),
    row(
        __NR_get_robust_list,
        "get_robust_list",
        futex::get_robust_list,
        Full,
        "",
    ),
    row(
        __NR_futex,
        "futex",
        futex::sys_futex,
        Partial,
        "no priority inheritance (ENOSYS)",
    ),
    row(
        __NR_pidfd_open,
        "pidfd_open",
        pidfd::pidfd_open,
        Partial,
        "no PIDFD_THREAD",
    ),
    row(
        __NR_pidfd_getfd,
        "pidfd_getfd",
        pidfd::pidfd_getfd,
        Full,
        "",
    ),
    row(
        __NR_unshare,
        "unshare",
        namespace::unshare,
        Partial,
        "FILES, FS, NEWNET, NEWNS, NEWUSER and what is not shared",
    ),
    row(
        __NR_setns,
        "setns",
        |cx, a| namespace::setns(cx, a.int(0), a.uint(1)),
        Partial,
        "NEWNET, NEWNS",
    ),
    row(
        __NR_process_vm_readv,
        "process_vm_readv",
        |cx, a| memory::process_vm(cx, a, true),
        Full,
        "",
    ),
    row(
        __NR_process_vm_writev,
        "process_vm_writev",
        |cx, a| memory::process_vm(cx, a, false),
        Full,
        "",
    ),
    // riscv64's own; loongarch64 keeps instruction and data in step with `ibar` alone.
    row(259, "riscv_flush_icache", memory::flush_icache, Full, ""),
];

/// The thread `tid`, 0 for the caller; `ESRCH`, and `EINVAL` below 0.
pub(super) fn find(cx: &Caller, tid: i32) -> Result<Arc<crate::task::Task>> {
    match tid {
        0 => Ok(cx.task.clone()),
        1.. => tree::task(tid).ok_or(Errno::ESRCH),
        _ => Err(Errno::EINVAL),
    }
}

/// getrusage(2) and times(2) share it: the caller's process, live and ended threads.
pub(super) fn own_times(cx: &Caller) -> Times {
    cx.task.process.times.lock().with_live(&cx.task.process)
}
