//! Calls about who the task is: ids, credentials, groups, capabilities, sessions, limits.
//!
//! The rows are here, the handlers by noun in the modules; [`change`] is how all of them replace credentials. Who calls: `table`.
//! Semantics are in `task`, which owns and locks everything.

mod capabilities;
mod credentials;
mod groups;
mod limits;

pub(super) use capabilities::prctl;

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
    task::{Credentials, job, tree, users::Ids},
};
use abi::{Errno, general::*};

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_getpid,
        "getpid",
        |cx, _| Ok(cx.task.pid() as usize),
        Full,
        "",
    ),
    row(
        __NR_gettid,
        "gettid",
        |cx, _| Ok(cx.task.tid() as usize),
        Full,
        "",
    ),
    row(
        __NR_getppid,
        "getppid",
        |cx, _| Ok(tree::parent(cx.task.pid()) as usize),
        Full,
        "",
    ),
    row(
        __NR_getuid,
        "getuid",
        |cx, _| Ok(shown(cx, Ids::Users, |creds| creds.uid)),
        Full,
        "",
    ),
    row(
        __NR_geteuid,
        "geteuid",
        |cx, _| Ok(shown(cx, Ids::Users, |creds| creds.euid)),
        Full,
        "",
    ),
    row(
        __NR_getgid,
        "getgid",
        |cx, _| Ok(shown(cx, Ids::Groups, |creds| creds.gid)),
        Full,
        "",
    ),
    row(
        __NR_getegid,
        "getegid",
        |cx, _| Ok(shown(cx, Ids::Groups, |creds| creds.egid)),
        Full,
        "",
    ),
    row(
        __NR_getresuid,
        "getresuid",
        credentials::getresuid,
        Full,
        "",
    ),
    row(
        __NR_getresgid,
        "getresgid",
        credentials::getresgid,
        Full,
        "",
    ),
    row(__NR_setuid, "setuid", credentials::setuid, Full, ""),
    row(__NR_setgid, "setgid", credentials::setgid, Full, ""),
    row(__NR_setreuid, "setreuid", credentials::setreuid, Full, ""),
    row(__NR_setregid, "setregid", credentials::setregid, Full, ""),
    row(
        __NR_setresuid,
        "setresuid",
        credentials::setresuid,
        Full,
        "",
    ),
    row(
        __NR_setresgid,
        "setresgid",
        credentials::setresgid,
        Full,
        "",
    ),
    row(__NR_setfsuid, "setfsuid", credentials::setfsuid, Full, ""),
    row(__NR_setfsgid, "setfsgid", credentials::setfsgid, Full, ""),
    row(__NR_getgroups, "getgroups", groups::getgroups, Full, ""),
    row(__NR_setgroups, "setgroups", groups::setgroups, Full, ""),
    row(__NR_capget, "capget", capabilities::capget, Full, ""),
    row(__NR_capset, "capset", capabilities::capset, Full, ""),
    row(__NR_getpgid, "getpgid", getpgid, Full, ""),
    row(
        __NR_setpgid,
        "setpgid",
        |cx, a| job::set_group(&cx.task, a.int(0), a.int(1)).map(|()| 0),
        Full,
        "",
    ),
    row(__NR_getsid, "getsid", getsid, Full, ""),
    row(
        __NR_setsid,
        "setsid",
        |cx, _| job::new_session(&cx.task).map(|sid| sid as usize),
        Full,
        "",
    ),
    row(
        163, // Linux has these two on riscv64 only; prlimit64 is what libraries call.
        "getrlimit",
        |cx, a| limits::prlimit(cx, 0, a.uint(0), a.ptr(9), a.ptr(1)),
        Full,
        "",
    ),
    row(164, "setrlimit", limits::setrlimit, Full, ""),
    row(
        __NR_prlimit64,
        "prlimit64",
        |cx, a| limits::prlimit(cx, a.int(0), a.uint(1), a.ptr(2), a.ptr(3)),
        Partial,
        "limits on CPU time, files, stack, processes and signals are enforced; others are kept",
    ),
];

/// An id of the caller as its user namespace names it.
fn shown(cx: &Caller, ids: Ids, id: impl FnOnce(&Credentials) -> u32) -> usize {
    let creds = cx.task.creds();
    creds.shown(ids, id(&creds)) as usize
}

/// Changes the caller's credentials; `change` may refuse.
fn change(
    cx: &Caller,
    change: impl FnOnce(&Credentials, &mut Credentials) -> Result<()>,
) -> Result<usize> {
    let old = cx.task.creds();
    let mut new = (*old).clone();
    change(&old, &mut new)?;
    // An id that the user namespace has no name for cannot be taken.
    let taken = [
        (Ids::Users, old.uid, new.uid),
        (Ids::Users, old.euid, new.euid),
        (Ids::Users, old.suid, new.suid),
        (Ids::Groups, old.gid, new.gid),
        (Ids::Groups, old.egid, new.egid),
        (Ids::Groups, old.sgid, new.sgid),
    ];
    let unknown = |&(ids, old_id, id): &(Ids, u32, u32)| id != old_id && !old.knows(ids, id);
    if old.users.is_some() && taken.iter().any(unknown) {
        return Err(Errno::EINVAL);
    }
    if (old.euid, old.egid, old.fsuid, old.fsgid) != (new.euid, new.egid, new.fsuid, new.fsgid) {
        use core::sync::atomic::Ordering::Relaxed;
        cx.task.process.dumpable.store(0, Relaxed);
        cx.task.death_signal.store(0, Relaxed);
    }
    cx.task.set_creds(new);
    Ok(0)
}

/// (group, session) of a process, 0 for the caller.
fn relations(cx: &Caller, pid: i32) -> Result<(i32, i32)> {
    match pid {
        0 => tree::ids(cx.task.pid()),
        pid => tree::ids(pid).or_else(|| tree::ids(tree::task(pid)?.pid())),
    }
    .ok_or(Errno::ESRCH)
}

fn getpgid(cx: &Caller, a: Args) -> Result<usize> {
    relations(cx, a.int(0)).map(|(group, _)| group as usize)
}

fn getsid(cx: &Caller, a: Args) -> Result<usize> {
    relations(cx, a.int(0)).map(|(_, session)| session as usize)
}
