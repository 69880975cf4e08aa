//! Linux tasks: the run loop, clone, exec, exit, signals, futexes, credentials.
//!
//! A [`Task`] is a thread as Linux counts it; a [`Process`] is a thread group. Who
//! is whose parent, which ids exist and who is a zombie stands in the one
//! [`tree`]. `syscall` decodes and calls here; `sched` knows only [`Thread`]s, on
//! which a task hangs as the owner.
//!
//! Locks, outermost first, all spin and held briefly: tree, a process's fields, a
//! task's fields, a handler table, the run queue. Typical life:
//!
//! ```text
//! clone::clone -> Task + Thread -> tree -> run::main { enter user, trap, signals } -> exit::task -> wait::wait
//! ```

pub mod clone;
pub mod creds;
pub mod exec;
pub mod exit;
pub mod futex;
pub mod job;
pub mod limits;
pub mod memory;
pub mod name;
pub mod namespace;
pub mod oom;
pub mod pidfd;
mod proc;
pub mod process;
pub mod run;
pub mod semaphores;
pub mod signal;
mod start;
pub mod timers;
pub mod times;
pub mod tree;
pub mod users;
mod vdso;
pub mod wait;

pub use creds::Credentials;
pub use process::Process;
pub use start::init;

use crate::{
    Result,
    file::FdTable,
    fs::FsContext,
    mm::AddressSpace,
    net::Namespace,
    sched::{self, Thread, WaitQueue},
    sync::SpinLock,
};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::Relaxed};

/// A thread as Linux counts it. CLONE_* flags say which of the `Arc`s two tasks share.
pub struct Task {
    /// Changes once at most: execve(2) in a thread takes the leader's id.
    pub(super) tid: AtomicI32,
    /// The thread group.
    pub process: Arc<Process>,
    /// What `sched` runs.
    pub thread: Arc<Thread>,
    files: SpinLock<Arc<FdTable>>,
    fs: SpinLock<Arc<FsContext>>,
    mm: SpinLock<Option<Arc<AddressSpace>>>,
    /// Another process uses this memory (vfork, CLONE_VM without CLONE_THREAD).
    pub(super) shares_vm: AtomicBool,
    creds: SpinLock<Arc<Credentials>>,
    /// Network namespace.
    net: SpinLock<Arc<Namespace>>,
    /// Blocked and pending signals, the alternate stack.
    pub signals: SpinLock<signal::ThreadSignals>,
    /// set_tid_address(2), CLONE_CHILD_CLEARTID: zeroed and woken at exit; 0: none.
    pub clear_tid: AtomicUsize,
    /// set_robust_list(2); 0: none.
    pub robust_list: AtomicUsize,
    /// PR_SET_NAME, /proc/pid/comm.
    pub name: SpinLock<name::Name>,
    /// PR_SET_PDEATHSIG; 0: none.
    pub death_signal: AtomicI32,
    /// PR_SET_NO_NEW_PRIVS.
    pub no_new_privs: AtomicBool,
    /// execve(2) or exit(2) of somebody else ends this thread.
    pub(super) killed: AtomicBool,
    /// Set by exit(2): the status with which the run loop ends the thread.
    pub exiting: SpinLock<Option<i32>>,
    /// Woken when the address space was let go (execve, exit): the parent of a vfork waits.
    pub(super) released: WaitQueue,
    pub(super) has_released: AtomicBool,
    /// A call that restart_syscall(2) goes on with.
    pub restart: SpinLock<Option<signal::Restart>>,
    /// CPU time samples and fault counts.
    pub usage: times::Usage,
    /// PR_SET_TIMERSLACK in ns; kept for PR_GET_TIMERSLACK, timers are exact.
    pub timer_slack: AtomicUsize,
    /// SCHED_RESET_ON_FORK: children start under SCHED_OTHER. sched(7).
    pub reset_on_fork: AtomicBool,
}

impl Task {
    /// Thread id.
    pub fn tid(&self) -> i32 {
        self.tid.load(Relaxed)
    }
    /// Process id (thread group).
    pub fn pid(&self) -> i32 {
        self.process.pid
    }
    /// Descriptors.
    pub fn files(&self) -> Arc<FdTable> {
        self.files.lock().clone()
    }
    /// Replaces the descriptors (exit, unshare, exec with a shared table).
    pub fn set_files(&self, files: Arc<FdTable>) {
        let old = core::mem::replace(&mut *self.files.lock(), files);
        // The last reference closes files, which may sleep.
        drop(old);
    }
    /// Working directory and root.
    pub fn fs(&self) -> Arc<FsContext> {
        self.fs.lock().clone()
    }
    /// Replaces the file-system context (unshare, exec).
    pub fn set_fs(&self, fs: Arc<FsContext>) {
        let old = core::mem::replace(&mut *self.fs.lock(), fs);
        drop(old);
    }
    /// Network namespace.
    pub fn net(&self) -> Arc<Namespace> {
        self.net.lock().clone()
    }
    /// Replaces the network namespace (unshare, setns, exit).
    pub fn set_net(&self, net: Arc<Namespace>) {
        let old = core::mem::replace(&mut *self.net.lock(), net);
        // The last reference takes interfaces apart.
        drop(old);
    }
    /// Memory. Panics for a task that has ended: only the task itself may be sure; see [`Task::try_mm`].
    pub fn mm(&self) -> Arc<AddressSpace> {
        self.try_mm().expect("memory of a live task")
    }
    /// Memory; `None` once the task has let go of it.
    pub fn try_mm(&self) -> Option<Arc<AddressSpace>> {
        self.mm.lock().clone()
    }
    /// Replaces the memory (exec, exit), also on the CPU if this is the current task.
    pub(super) fn set_mm(&self, mm: Option<Arc<AddressSpace>>) {
        self.thread.set_space(mm.clone());
        let old = core::mem::replace(&mut *self.mm.lock(), mm);
        drop(old);
        self.release();
    }
    /// The address space is not needed any more: a vfork parent goes on.
    pub(super) fn release(&self) {
        if !self.has_released.swap(true, Relaxed) {
            self.released.wake_all();
        }
    }
    /// Effective, real, saved and file-system ids, groups, capabilities: a snapshot.
    pub fn creds(&self) -> Arc<Credentials> {
        self.creds.lock().clone()
    }
    /// Replaces the credentials.
    pub fn set_creds(&self, creds: Credentials) {
        let old = core::mem::replace(&mut *self.creds.lock(), Arc::new(creds));
        drop(old);
    }
    /// The credentials as `fs` checks them.
    pub fn fs_creds(&self) -> crate::fs::Creds {
        self.creds.lock().for_fs()
    }
    /// Whether the effective set has this capability. capabilities(7).
    pub fn capable(&self, capability: u32) -> bool {
        self.creds.lock().capable(capability)
    }
    /// PTRACE_MODE_ATTACH_REALCREDS: the same user throughout and nothing to hide, or
    /// CAP_SYS_PTRACE. ptrace(2).
    pub fn may_trace(&self, other: &Task) -> bool {
        let (mine, theirs) = (self.creds(), other.creds());
        let dumpable = other.process.dumpable.load(Relaxed) == 1;
        (mine.is_user_of(&theirs) && dumpable) || mine.capable(creds::cap::SYS_PTRACE)
    }
    /// Sends a signal to this thread, as raise(3) does.
    pub fn raise(self: &Arc<Self>, signal: i32) {
        signal::send::to_task(self, signal::Info::kernel(signal));
    }
    /// RLIMIT_* soft and hard.
    pub fn rlimit(&self, resource: u32) -> (u64, u64) {
        self.process.limits.lock().get(resource)
    }
}

/// The task on the CPU. Panics in a kernel thread (a kernel bug).
pub fn current() -> Arc<Task> {
    try_current().expect("a task on the CPU")
}

/// The task on the CPU; `None` in a kernel thread.
pub fn try_current() -> Option<Arc<Task>> {
    let owner = sched::current().owner()?;
    owner.downcast::<Task>().ok()
}

/// Sends a signal to a process group, for terminals and F_SETOWN. `ESRCH` when it is empty.
pub fn signal_group(pgid: i32, signal: i32) -> Result<()> {
    signal::send::to_group(pgid, signal::Info::kernel(signal))
}
