//! What files need to know about tasks, asked through one object because `task` is
//! the room above: signals to owners and to terminals' groups, sessions, and the
//! pending signals behind signalfd(2).
//!
//! `task` implements [`Tasks`] and calls [`register`] once at start. Before that the
//! answers are those of a machine without processes.

use super::{Fd, OpenFile, Owner, async_io::News};
use crate::{Result, sync::SpinLock};
use abi::Errno;
use alloc::sync::Arc;
use core::any::Any;

/// What job control asks about the calling process. credentials(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Process id.
    pub pid: i32,
    /// Process group.
    pub group: i32,
    /// Session; equal to `pid` for its leader.
    pub session: i32,
}

/// A process that a room below holds on to without looking into it.
pub type ProcessHandle = Arc<dyn Any + Send + Sync>;

/// One pending signal as signalfd(2) reports it.
pub type SignalInfo = [u8; 128];

/// Implemented by `task`.
pub trait Tasks: Sync {
    /// Tells the owner of a description, if who set it may signal it. Runs with
    /// interrupts off, must not sleep.
    fn signal_owner(&self, owner: &Owner, news: News);

    /// Whether F_SETOWN's target exists: `kind` is F_OWNER_TID, F_OWNER_PID or F_OWNER_PGRP.
    fn exists(&self, kind: i32, id: i32) -> bool;

    /// A signal from the kernel to every process of a group. Must not sleep. `ESRCH` when it is empty.
    fn signal_group(&self, group: i32, signal: i32) -> Result<()>;

    /// A signal from the kernel to a process, if it exists. Must not sleep.
    fn signal_process(&self, pid: i32, signal: i32);

    /// A signal from the kernel to the calling thread (SIGPIPE).
    fn signal_self(&self, signal: i32);

    /// The calling process; `None` in kernel threads.
    fn job(&self) -> Option<Job>;

    /// The session of a process group; `None` when the group does not exist.
    fn session_of(&self, group: i32) -> Option<i32>;

    /// Whether no member has a parent in another group of the same session. setpgid(2).
    fn orphaned(&self, group: i32) -> bool;

    /// Whether the calling thread ignores or blocks `signal`.
    fn ignores(&self, signal: i32) -> bool;

    /// Whether the caller has this effective capability. capabilities(7).
    fn capable(&self, capability: u32) -> bool;

    /// The process with this number as long as somebody holds on to it, also when it is gone.
    fn process(&self, pid: i32) -> Option<ProcessHandle>;

    /// A description of the process, as pidfd_open(2) makes one.
    fn open_process(&self, process: &ProcessHandle) -> Option<Arc<OpenFile>>;

    /// Gives the caller a descriptor, close-on-exec. `EMFILE`.
    fn install(&self, file: Arc<OpenFile>) -> Result<Fd>;

    /// RLIMIT_NOFILE of the caller.
    fn open_files_limit(&self) -> u64;

    /// RLIMIT_FSIZE of the caller in bytes; `u64::MAX` is no limit. setrlimit(2).
    fn file_size_limit(&self) -> u64;

    /// The signals pending for the calling thread or its process, bit `n - 1` for signal `n`.
    fn pending(&self) -> u64;

    /// Takes the next pending signal in `mask` off the caller, as `signalfd_siginfo`.
    fn dequeue(&self, mask: u64) -> Option<SignalInfo>;
}

static TASKS: SpinLock<&'static dyn Tasks> = SpinLock::new(&Nobody);

/// Called once by `task::init`.
pub fn register(tasks: &'static dyn Tasks) {
    *TASKS.lock() = tasks;
}

/// Whom to ask.
pub fn tasks() -> &'static dyn Tasks {
    *TASKS.lock()
}

/// How many of `len` bytes from `start` on a regular file the caller may write or make
/// room for. None, though it wants some: SIGXFSZ and `EFBIG`. setrlimit(2), RLIMIT_FSIZE.
pub fn within_size_limit(start: u64, len: u64) -> Result<u64> {
    let limit = tasks().file_size_limit();
    match limit.saturating_sub(start).min(len) {
        0 if len > 0 => {
            tasks().signal_self(abi::general::SIGXFSZ as i32);
            Err(Errno::EFBIG)
        }
        allowed => Ok(allowed),
    }
}

/// Before `task` is up.
struct Nobody;

impl Tasks for Nobody {
    fn signal_owner(&self, _: &Owner, _: News) {}
    fn signal_process(&self, _: i32, _: i32) {}
    fn exists(&self, _: i32, _: i32) -> bool {
        false
    }
    fn signal_group(&self, _: i32, _: i32) -> Result<()> {
        Err(Errno::ESRCH)
    }
    fn signal_self(&self, _: i32) {}
    fn job(&self) -> Option<Job> {
        None
    }
    fn session_of(&self, _: i32) -> Option<i32> {
        None
    }
    fn orphaned(&self, _: i32) -> bool {
        false
    }
    fn ignores(&self, _: i32) -> bool {
        false
    }
    fn capable(&self, _: u32) -> bool {
        true
    }
    fn process(&self, _: i32) -> Option<ProcessHandle> {
        None
    }
    fn open_process(&self, _: &ProcessHandle) -> Option<Arc<OpenFile>> {
        None
    }
    fn install(&self, _: Arc<OpenFile>) -> Result<Fd> {
        Err(Errno::EMFILE)
    }
    fn open_files_limit(&self) -> u64 {
        u64::MAX
    }
    fn file_size_limit(&self) -> u64 {
        u64::MAX
    }
    fn pending(&self) -> u64 {
        0
    }
    fn dequeue(&self, _: u64) -> Option<SignalInfo> {
        None
    }
}
