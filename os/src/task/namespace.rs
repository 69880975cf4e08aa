//! Which namespaces a task is in: unshare(2), setns(2), /proc/<pid>/ns. namespaces(7).
//!
//! A task has a network namespace beside its credentials and a mount namespace in its file-system context; both are
//! shared by clone(2) without CLONE_NEWNET and CLONE_NEWNS. Who calls: `syscall::task`, and `net` through [`Tasks`].

use super::{Task, creds::cap, tree, users};
use crate::{
    Result,
    file::OpenFile,
    fs::{
        mount::MountSpace,
        nsfs::{self, Space},
    },
    net::{
        Namespace,
        stack::{self, Tasks},
    },
};
use abi::{
    Errno,
    general::{CLONE_NEWNET, CLONE_NEWNS, RLIMIT_NOFILE},
};
use alloc::sync::Arc;
use core::any::Any;

/// The names in /proc/<pid>/ns.
pub const KINDS: [&str; 3] = ["mnt", "net", "user"];

/// The task's namespace of that kind.
pub fn of(task: &Task, kind: &str) -> Option<Arc<dyn Space>> {
    match kind {
        "mnt" => Some(task.fs().space()),
        "net" => Some(task.net()),
        "user" => Some(users::shown(&task.creds())),
        _ => None,
    }
}

/// unshare(2) of namespaces, after the checks.
pub fn unshare(task: &Task, flags: u64) {
    if flags & u64::from(CLONE_NEWNS) != 0 {
        task.fs().unshare_mounts();
    }
    if flags & u64::from(CLONE_NEWNET) != 0 {
        task.set_net(Namespace::new());
    }
}

/// setns(2) into one namespace; `wanted` is its CLONE_NEW* or 0. `EINVAL`, `EPERM`.
pub fn enter(task: &Task, space: Arc<dyn Space>, wanted: u32) -> Result<()> {
    if wanted != 0 && wanted != space.flag() {
        return Err(Errno::EINVAL);
    }
    if !task.capable(cap::SYS_ADMIN) {
        return Err(Errno::EPERM);
    }
    let any: Arc<dyn Any + Send + Sync> = space;
    let any = match any.downcast::<Namespace>() {
        Ok(net) => {
            task.set_net(net);
            return Ok(());
        }
        Err(any) => any,
    };
    let mounts = any.downcast::<MountSpace>().map_err(|_| Errno::EINVAL)?;
    if !task.capable(crate::fs::caller::CAP_SYS_CHROOT) {
        return Err(Errno::EPERM);
    }
    let fs = task.fs();
    // Two: the task's own and the one just taken. More: shared with CLONE_FS.
    if Arc::strong_count(&fs) > 2 {
        return Err(Errno::EINVAL);
    }
    fs.enter(mounts)
}

/// setns(2) into those of another process, all or none. `EINVAL`, `EPERM`, `ESRCH`.
pub fn enter_those_of(task: &Task, other: &Task, flags: u32) -> Result<()> {
    if flags == 0 || flags & !(CLONE_NEWNET | CLONE_NEWNS) != 0 {
        return Err(Errno::EINVAL);
    }
    if !task.may_trace(other) {
        return Err(Errno::EPERM);
    }
    if flags & CLONE_NEWNS != 0 {
        enter(task, other.fs().space(), CLONE_NEWNS)?;
    }
    if flags & CLONE_NEWNET != 0 {
        enter(task, other.net(), CLONE_NEWNET)?;
    }
    Ok(())
}

/// The namespace behind a descriptor of `task`. `EBADF`, `EINVAL`.
pub fn behind(file: &OpenFile) -> Result<Arc<dyn Space>> {
    nsfs::of(&*file.file)
}

struct Finder;

/// At start.
pub fn register() {
    stack::register(&Finder);
}

impl Tasks for Finder {
    fn current(&self) -> Option<Arc<Namespace>> {
        Some(super::try_current()?.net())
    }

    fn of(&self, pid: i32) -> Option<Arc<Namespace>> {
        Some(tree::task(pid)?.net())
    }

    fn behind(&self, fd: i32) -> Option<Arc<Namespace>> {
        let file = super::try_current()?.files().get(fd).ok()?;
        let any: Arc<dyn Any + Send + Sync> = behind(&file).ok()?;
        any.downcast().ok()
    }

    fn credentials(&self) -> Option<crate::fs::Creds> {
        Some(super::try_current()?.fs_creds())
    }

    fn install(&self, file: Arc<OpenFile>) -> Result<usize> {
        let task = super::try_current().ok_or(Errno::EBADF)?;
        let limit = task.rlimit(RLIMIT_NOFILE).0 as usize;
        let fd = task.files().insert(file, 0, limit, true)?;
        Ok(fd as usize)
    }
}
