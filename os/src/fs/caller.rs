//! Who asks, and from where: credentials as files see them, and the process's
//! working directory, root and umask.
//!
//! `task` builds a [`Caller`] for each call; [`FsContext`] is shared between tasks
//! with CLONE_FS and locks inside.

use super::{
    Place,
    inode::{Kind, Meta},
    mount::MountSpace,
};
use crate::{Result, sync::SpinLock};
use abi::Errno;
use alloc::sync::Arc;

/// CAP_CHOWN, capabilities(7).
pub const CAP_CHOWN: u32 = 0;
/// CAP_DAC_OVERRIDE.
pub const CAP_DAC_OVERRIDE: u32 = 1;
/// CAP_DAC_READ_SEARCH.
pub const CAP_DAC_READ_SEARCH: u32 = 2;
/// CAP_FOWNER.
pub const CAP_FOWNER: u32 = 3;
/// CAP_FSETID.
pub const CAP_FSETID: u32 = 4;
/// CAP_SYS_CHROOT.
pub const CAP_SYS_CHROOT: u32 = 18;
/// CAP_SYS_ADMIN.
pub const CAP_SYS_ADMIN: u32 = 21;
/// CAP_SYS_TIME.
pub const CAP_SYS_TIME: u32 = 25;
/// CAP_MKNOD.
pub const CAP_MKNOD: u32 = 27;

/// The ids and capabilities that permission checks use. credentials(7): for most
/// calls the file-system ids; access(2) uses the real ones.
#[derive(Clone)]
pub struct Creds {
    /// fsuid.
    pub uid: u32,
    /// fsgid.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Arc<[u32]>,
    /// Effective CAP_* bits.
    pub caps: u64,
}

impl Creds {
    /// The superuser with every capability.
    pub fn root() -> Creds {
        Creds {
            uid: 0,
            gid: 0,
            groups: Arc::from([]),
            caps: u64::MAX,
        }
    }

    /// Whether the capability is effective.
    pub fn capable(&self, cap: u32) -> bool {
        self.caps & (1 << cap) != 0
    }

    /// Whether `gid` is the group or one of the supplementary groups.
    pub fn in_group(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }

    /// Owner of the file, or CAP_FOWNER.
    pub fn owns(&self, meta: &Meta) -> bool {
        self.uid == meta.uid || self.capable(CAP_FOWNER)
    }

    /// The check of path_resolution(7): `EACCES` unless every bit of `want`
    /// (4 read, 2 write, 1 execute or search) is granted.
    pub fn may(&self, meta: &Meta, want: u32) -> Result<()> {
        let bits = if self.uid == meta.uid {
            meta.mode >> 6
        } else if self.in_group(meta.gid) {
            meta.mode >> 3
        } else {
            meta.mode
        };
        if want & !bits & 7 == 0 {
            return Ok(());
        }
        let directory = meta.kind() == Kind::Directory;
        // Execute needs at least one x bit, even for the superuser.
        let executable = directory || want & 1 == 0 || meta.mode & 0o111 != 0;
        if executable && self.capable(CAP_DAC_OVERRIDE) {
            return Ok(());
        }
        let reading = want == 4 || (directory && want & 2 == 0);
        if reading && self.capable(CAP_DAC_READ_SEARCH) {
            return Ok(());
        }
        Err(Errno::EACCES)
    }
}

/// Who makes a call into `fs`.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// Where relative and absolute paths start.
    pub fs: &'a FsContext,
    /// Who acts.
    pub creds: &'a Creds,
}

/// Working directory, root, umask and mount namespace of a process (shared with CLONE_FS). Locks inside.
pub struct FsContext {
    state: SpinLock<State>,
}

#[derive(Clone)]
struct State {
    root: Place,
    cwd: Place,
    umask: u32,
    space: Arc<MountSpace>,
}

impl FsContext {
    /// At the root, umask 022: pid 1.
    pub fn new() -> Arc<FsContext> {
        let root = super::mount::root();
        Arc::new(FsContext {
            state: SpinLock::new(State {
                cwd: root.clone(),
                root,
                umask: 0o022,
                space: MountSpace::first(),
            }),
        })
    }

    /// A copy for fork(2).
    pub fn fork(&self) -> Arc<FsContext> {
        Arc::new(FsContext {
            state: SpinLock::new(self.state.lock().clone()),
        })
    }

    /// The mount namespace.
    pub fn space(&self) -> Arc<MountSpace> {
        self.state.lock().space.clone()
    }

    /// CLONE_NEWNS: from now on mounts made here are seen here only, and those made elsewhere are not seen here.
    pub fn unshare_mounts(&self) {
        let mut state = self.state.lock().clone();
        state.space = state.space.copy(&mut [&mut state.root, &mut state.cwd]);
        let _old = core::mem::replace(&mut *self.state.lock(), state);
    }

    /// setns(2): root and working directory become the root of the namespace.
    pub fn enter(&self, space: Arc<MountSpace>) -> Result<()> {
        let root = space.root().ok_or(Errno::EINVAL)?;
        let mut state = self.state.lock().clone();
        (state.root, state.cwd, state.space) = (root.clone(), root, space);
        let _old = core::mem::replace(&mut *self.state.lock(), state);
        Ok(())
    }

    /// The root directory of the process.
    pub fn root(&self) -> Place {
        self.state.lock().root.clone()
    }

    /// The working directory.
    pub fn cwd(&self) -> Place {
        self.state.lock().cwd.clone()
    }

    /// umask(2) without setting it.
    pub fn umask(&self) -> u32 {
        self.state.lock().umask
    }

    /// umask(2): sets, returns the old one.
    pub fn set_umask(&self, umask: u32) -> u32 {
        core::mem::replace(&mut self.state.lock().umask, umask & 0o777)
    }

    /// chroot(2), after the checks.
    pub fn set_root(&self, root: Place) {
        let _old = core::mem::replace(&mut self.state.lock().root, root);
    }

    /// chdir(2), after the checks.
    pub fn set_cwd(&self, cwd: Place) {
        let _old = core::mem::replace(&mut self.state.lock().cwd, cwd);
    }
}
