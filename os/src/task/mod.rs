//! Linux tasks: the run loop, clone, exec, exit, signals, futexes, credentials.

use crate::{file::FdTable, fs::FsContext, mm::AddressSpace};
use alloc::sync::Arc;

/// Makes pid 1 from the embedded agent, or from `init=` on the kernel command line.
pub fn init() {
    todo!()
}

/// A thread as Linux counts it. CLONE_* flags say which of the `Arc`s two tasks share.
pub struct Task {}

impl Task {
    /// Thread id.
    pub fn tid(&self) -> i32 {
        todo!()
    }
    /// Process id (thread group).
    pub fn pid(&self) -> i32 {
        todo!()
    }
    /// Descriptors.
    pub fn files(&self) -> Arc<FdTable> {
        todo!()
    }
    /// Working directory and root.
    pub fn fs(&self) -> Arc<FsContext> {
        todo!()
    }
    /// Memory.
    pub fn mm(&self) -> Arc<AddressSpace> {
        todo!()
    }
    /// Effective, real, saved and file-system ids, groups, capabilities: a snapshot.
    pub fn creds(&self) -> Credentials {
        todo!()
    }
    /// The credentials as `fs` checks them.
    pub fn fs_creds(&self) -> crate::fs::Creds {
        todo!()
    }
    /// Sends a signal to this thread, as raise(3) does.
    pub fn raise(&self, _signal: i32) {
        todo!()
    }
    /// RLIMIT_* soft and hard.
    pub fn rlimit(&self, _resource: u32) -> (u64, u64) {
        todo!()
    }
}

/// Who the task acts as. credentials(7), capabilities(7).
#[derive(Clone)]
#[allow(missing_docs)]
pub struct Credentials {
    pub uid: u32,
    pub euid: u32,
    pub suid: u32,
    pub fsuid: u32,
    pub gid: u32,
    pub egid: u32,
    pub sgid: u32,
    pub fsgid: u32,
    pub groups: Arc<[u32]>,
    /// CAP_* bits of the effective set.
    pub cap_effective: u64,
    pub cap_permitted: u64,
    pub cap_inheritable: u64,
    pub cap_bounding: u64,
    pub cap_ambient: u64,
}

/// The task on the CPU. Panics in a kernel thread (a kernel bug).
pub fn current() -> Arc<Task> {
    todo!()
}

/// Sends a signal to a process group, for terminals and F_SETOWN. `ESRCH` when it is empty.
pub fn signal_group(_pgid: i32, _signal: i32) -> crate::Result<()> {
    todo!()
}
