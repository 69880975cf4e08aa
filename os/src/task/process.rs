//! A process: what its threads have in common beside memory and descriptors.

use super::{
    Task,
    limits::Limits,
    name::Name,
    signal::{Handlers, Pending},
    timers::ProcessTimers,
    times::Times,
};
use crate::{
    file::OpenFile,
    sched::WaitQueue,
    sync::SpinLock,
    time::{self, Instant},
};
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering::Relaxed};

/// A thread group. Its place among other processes is in [`super::tree`].
pub struct Process {
    /// Process id.
    pub pid: i32,
    /// Its live threads, the oldest first.
    pub threads: SpinLock<Vec<Arc<Task>>>,
    /// Signal dispositions (shared with CLONE_SIGHAND).
    pub handlers: SpinLock<Arc<Handlers>>,
    /// Signals sent to the process as a whole.
    pub pending: SpinLock<Pending>,
    /// RLIMIT_*.
    pub limits: SpinLock<Limits>,
    /// The status with which every thread is to end, once exit_group(2) or a fatal signal said so.
    pub group_exit: SpinLock<Option<i32>>,
    /// Stopped by a signal: threads wait in `continued` before they return to user mode.
    pub stopped: AtomicBool,
    /// Woken by SIGCONT.
    pub continued: WaitQueue,
    /// Woken when a child changes state: wait4(2).
    pub children: WaitQueue,
    /// Woken when the process or one of its threads ends: pidfds, execve(2).
    pub exited: WaitQueue,
    /// Woken at each signal: sigtimedwait(2), signalfd(2).
    pub signalled: WaitQueue,
    /// Time of threads that ended, and of children that were waited for.
    pub times: SpinLock<Times>,
    /// setitimer(2), timer_create(2).
    pub timers: ProcessTimers,
    /// The program.
    pub exe: SpinLock<Option<Arc<OpenFile>>>,
    /// Where argv and envp are in user memory, for /proc/pid/{cmdline,environ}.
    pub strings: SpinLock<Strings>,
    /// The name of the thread that ended last, for a zombie.
    pub last_name: SpinLock<Name>,
    /// When it began.
    pub started: Instant,
    /// PR_SET_DUMPABLE.
    pub dumpable: AtomicI32,
    /// /proc/pid/oom_score_adj.
    pub oom_score_adj: AtomicI32,
    /// PR_SET_CHILD_SUBREAPER.
    pub subreaper: AtomicBool,
    /// Whether execve(2) has happened since fork: setpgid(2) of a parent then fails.
    pub has_execed: AtomicBool,
    /// Commands of membarrier(2) that were registered; a new program has none.
    pub barriers: AtomicU32,
    /// personality(2).
    pub personality: AtomicI32,
}

/// Address ranges of the argument and environment strings.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Strings {
    pub args: (usize, usize),
    pub environment: (usize, usize),
    pub auxv: [[usize; 2]; 24],
    /// Where the signal trampoline is.
    pub vdso: usize,
    /// The stack pointer at the start.
    pub stack: usize,
}

impl Process {
    /// A process without threads, like `parent` where a fork would be.
    pub fn new(pid: i32, handlers: Arc<Handlers>, parent: Option<&Process>) -> Arc<Process> {
        let limits = parent.map_or_else(Limits::initial, |parent| *parent.limits.lock());
        Arc::new_cyclic(|me| Process {
            pid,
            threads: SpinLock::new(Vec::new()),
            handlers: SpinLock::new(handlers),
            pending: SpinLock::new(Pending::default()),
            limits: SpinLock::new(limits),
            group_exit: SpinLock::new(None),
            stopped: AtomicBool::new(false),
            continued: WaitQueue::new(),
            children: WaitQueue::new(),
            exited: WaitQueue::new(),
            signalled: WaitQueue::new(),
            times: SpinLock::new(Times::default()),
            timers: ProcessTimers::new(me.clone()),
            exe: SpinLock::new(parent.and_then(|parent| parent.exe.lock().clone())),
            strings: SpinLock::new(parent.map(|p| *p.strings.lock()).unwrap_or_default()),
            last_name: SpinLock::new(Name::new(b"")),
            started: time::now(),
            dumpable: AtomicI32::new(parent.map_or(1, |p| p.dumpable.load(Relaxed))),
            oom_score_adj: AtomicI32::new(parent.map_or(0, |p| p.oom_score_adj.load(Relaxed))),
            subreaper: AtomicBool::new(false),
            has_execed: AtomicBool::new(false),
            barriers: AtomicU32::new(parent.map_or(0, |p| p.barriers.load(Relaxed))),
            personality: AtomicI32::new(parent.map_or(0, |p| p.personality.load(Relaxed))),
        })
    }

    /// The thread whose id is the process id, while it lives; else any.
    pub fn leader(&self) -> Option<Arc<Task>> {
        let threads = self.threads.lock();
        let leader = threads.iter().find(|task| task.tid() == self.pid);
        leader.or_else(|| threads.first()).cloned()
    }

    /// The threads now.
    pub fn tasks(&self) -> Vec<Arc<Task>> {
        self.threads.lock().clone()
    }

    /// The dispositions.
    pub fn handlers(&self) -> Arc<Handlers> {
        self.handlers.lock().clone()
    }

    /// Makes every thread end with `status` (a wait(2) status), unless they already have to.
    pub fn exit_group(&self, status: i32) {
        self.group_exit.lock().get_or_insert(status);
        self.stopped.store(false, Relaxed);
        for task in self.threads.lock().iter() {
            task.thread.interrupt(true);
        }
    }
}
