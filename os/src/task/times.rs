//! CPU time and other usage, per thread, process and waited-for children. getrusage(2), times(2).
//!
//! The total of a thread is exact (`sched` measures it at each switch). How it
//! divides into user and system time is sampled by the timer, as Linux does
//! without CONFIG_VIRT_CPU_ACCOUNTING: two counter reads per system call would
//! cost more than the call.

use super::{Process, Task};
use crate::mm::PAGE_SIZE;
use abi::general::rusage;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A live thread's samples and counts.
#[derive(Default)]
pub struct Usage {
    user_samples: AtomicU64,
    system_samples: AtomicU64,
    /// The most that was ever reported, in ns: a later sample never takes any of it back.
    user_reported: AtomicU64,
    system_reported: AtomicU64,
    /// Page faults that needed no I/O, and those that did.
    pub minor_faults: AtomicU64,
    #[allow(missing_docs)]
    pub major_faults: AtomicU64,
}

impl Usage {
    /// The timer hit the thread in user mode or in the kernel.
    pub fn sample(&self, user: bool) {
        let samples = if user {
            &self.user_samples
        } else {
            &self.system_samples
        };
        samples.fetch_add(1, Relaxed);
    }

    /// Divides `total` ns by the samples, so that neither part is ever smaller than it was.
    fn divide(&self, total: u64) -> (u64, u64) {
        let user = self.user_samples.load(Relaxed);
        let system = self.system_samples.load(Relaxed);
        // Never hit: as Linux, all of it is user time.
        let by_samples = match system {
            0 => 0,
            _ => (u128::from(total) * u128::from(system) / u128::from(user + system)) as u64,
        };
        let user_before = self.user_reported.load(Relaxed);
        let system_before = self.system_reported.load(Relaxed);
        // The total only grows, so both bounds can be kept.
        let most = total.saturating_sub(user_before).max(system_before);
        let system_ns = by_samples.clamp(system_before, most);
        let user_ns = total.saturating_sub(system_ns).max(user_before);
        self.user_reported.store(user_ns, Relaxed);
        self.system_reported.store(system_ns, Relaxed);
        (user_ns, system_ns)
    }
}

/// (user, system) time of a live thread in ns.
pub fn of_thread(task: &Task) -> (u64, u64) {
    task.usage.divide(task.thread.cpu_time())
}

/// Sums in ns, counts and KiB.
#[derive(Clone, Default)]
#[allow(missing_docs)]
pub struct Times {
    pub user: u64,
    pub system: u64,
    pub minor_faults: u64,
    pub major_faults: u64,
    pub voluntary: u64,
    pub involuntary: u64,
    /// Largest resident set, in KiB.
    pub max_rss: u64,
    /// The real user id of the last thread, for the siginfo of a zombie.
    pub uid: u32,
    /// Of children that were waited for, with theirs.
    pub children: Children,
}

/// The part of [`Times`] that is kept for children.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Children {
    pub user: u64,
    pub system: u64,
    pub minor_faults: u64,
    pub major_faults: u64,
    pub voluntary: u64,
    pub involuntary: u64,
    pub max_rss: u64,
}

impl Times {
    /// Adds a thread.
    pub fn add_thread(&mut self, task: &Task) {
        let (user, system) = of_thread(task);
        let (voluntary, involuntary) = task.thread.switches();
        self.user += user;
        self.system += system;
        self.minor_faults += task.usage.minor_faults.load(Relaxed);
        self.major_faults += task.usage.major_faults.load(Relaxed);
        self.voluntary += voluntary;
        self.involuntary += involuntary;
        let resident = task
            .try_mm()
            .map_or(0, |mm| (mm.sizes().1 * PAGE_SIZE / 1024) as u64);
        self.max_rss = self.max_rss.max(resident);
        self.uid = task.creds().uid;
    }

    /// With the threads that still live.
    pub fn with_live(&self, process: &Process) -> Times {
        let mut sum = self.clone();
        for task in process.threads.lock().iter() {
            sum.add_thread(task);
        }
        sum
    }

    /// Adds a child that was waited for.
    pub fn add_child(&mut self, child: &Times) {
        let (own, theirs) = (&mut self.children, &child.children);
        own.user += child.user + theirs.user;
        own.system += child.system + theirs.system;
        own.minor_faults += child.minor_faults + theirs.minor_faults;
        own.major_faults += child.major_faults + theirs.major_faults;
        own.voluntary += child.voluntary + theirs.voluntary;
        own.involuntary += child.involuntary + theirs.involuntary;
        own.max_rss = own.max_rss.max(child.max_rss).max(theirs.max_rss);
    }

    /// As getrusage(2) gives it; with the children's sums for RUSAGE_CHILDREN and wait4(2).
    pub fn rusage(&self) -> rusage {
        make(&Children {
            user: self.user,
            system: self.system,
            minor_faults: self.minor_faults,
            major_faults: self.major_faults,
            voluntary: self.voluntary,
            involuntary: self.involuntary,
            max_rss: self.max_rss,
        })
    }

    /// RUSAGE_CHILDREN.
    pub fn children_rusage(&self) -> rusage {
        make(&self.children)
    }

    /// What wait4(2) gives: the child with its waited-for children.
    pub fn rusage_both(&self) -> rusage {
        let mut both = Times::default();
        both.add_child(self);
        make(&both.children)
    }
}

fn make(sums: &Children) -> rusage {
    let timeval = |ns: u64| abi::general::__kernel_old_timeval {
        tv_sec: (ns / 1_000_000_000) as i64,
        tv_usec: (ns % 1_000_000_000 / 1000) as i64,
    };
    rusage {
        ru_utime: timeval(sums.user),
        ru_stime: timeval(sums.system),
        ru_maxrss: sums.max_rss as i64,
        ru_ixrss: 0,
        ru_idrss: 0,
        ru_isrss: 0,
        ru_minflt: sums.minor_faults as i64,
        ru_majflt: sums.major_faults as i64,
        ru_nswap: 0,
        ru_inblock: 0,
        ru_oublock: 0,
        ru_msgsnd: 0,
        ru_msgrcv: 0,
        ru_nsignals: 0,
        ru_nvcsw: sums.voluntary as i64,
        ru_nivcsw: sums.involuntary as i64,
    }
}

/// CPU time of a whole process in ns, live and ended threads. CLOCK_PROCESS_CPUTIME_ID.
pub fn of_process(process: &Process) -> u64 {
    let threads = process.threads.lock();
    let live: u64 = threads.iter().map(|task| task.thread.cpu_time()).sum();
    drop(threads);
    let ended = process.times.lock();
    live + ended.user + ended.system
}
