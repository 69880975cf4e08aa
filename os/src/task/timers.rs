//! Interval timers and POSIX timers. setitimer(2), timer_create(2).
//!
//! ITIMER_REAL and timers on wall clocks use the timer queue; those on CPU time
//! are looked at when the tick samples the thread that runs.

use super::{
    Process, Task,
    signal::{self, Info},
    times, tree,
};
use crate::{
    Result,
    sync::SpinLock,
    time::{
        self, Instant,
        timer::{Expire, Timer},
    },
};
use abi::{Errno, general::*};
use alloc::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Value and interval in ns; a value of 0 is disarmed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting {
    /// To the next expiry.
    pub value: u64,
    /// Between expiries; 0: once.
    pub interval: u64,
}

/// The timers of a process.
pub struct ProcessTimers {
    real: Arc<Real>,
    /// ITIMER_VIRTUAL and ITIMER_PROF: deadline in CPU time (0: off) and interval.
    cpu: SpinLock<[Setting; 2]>,
    posix: SpinLock<BTreeMap<i32, Arc<Posix>>>,
    /// Whether a tick has to look at CPU-time timers.
    watches_cpu: AtomicBool,
}

/// ITIMER_REAL.
struct Real {
    process: Weak<Process>,
    interval: SpinLock<u64>,
    timer: Arc<Timer>,
}

impl Expire for Real {
    fn expire(&self, now: Instant) -> Option<Instant> {
        let process = self.process.upgrade()?;
        signal::send::to_process(&process, Info::kernel(SIGALRM as i32));
        let interval = *self.interval.lock();
        (interval != 0).then(|| now.after(interval))
    }
}

impl ProcessTimers {
    /// All disarmed.
    pub fn new(process: Weak<Process>) -> ProcessTimers {
        ProcessTimers {
            real: Arc::new_cyclic(|me: &Weak<Real>| Real {
                process,
                interval: SpinLock::new(0),
                timer: Timer::new(me.clone() as Weak<dyn Expire>),
            }),
            cpu: SpinLock::new([Setting::default(); 2]),
            posix: SpinLock::new(BTreeMap::new()),
            watches_cpu: AtomicBool::new(false),
        }
    }

    /// The process has ended.
    pub fn stop(&self) {
        self.real.timer.disarm();
        let posix = core::mem::take(&mut *self.posix.lock());
        drop(posix);
    }

    /// getitimer(2) of ITIMER_REAL.
    pub fn real(&self) -> Setting {
        let value = self
            .real
            .timer
            .deadline()
            .map_or(0, |deadline| deadline.remaining().max(1));
        let interval = *self.real.interval.lock();
        Setting { value, interval }
    }

    /// setitimer(2) of ITIMER_REAL; returns the old setting.
    pub fn set_real(&self, new: Setting) -> Setting {
        let old = self.real();
        *self.real.interval.lock() = new.interval;
        match new.value {
            0 => _ = self.real.timer.disarm(),
            value => self.real.timer.arm(time::now().after(value)),
        }
        old
    }

    /// getitimer(2) of ITIMER_VIRTUAL (1) or ITIMER_PROF (2).
    pub fn cpu(&self, process: &Process, which: u32) -> Setting {
        let setting = self.cpu.lock()[which as usize - 1];
        let now = cpu_clock(process, which);
        let value = match setting.value {
            0 => 0,
            deadline => deadline.saturating_sub(now).max(1),
        };
        Setting { value, ..setting }
    }

    /// setitimer(2) of the same; returns the old setting.
    pub fn set_cpu(&self, process: &Process, which: u32, new: Setting) -> Setting {
        let old = self.cpu(process, which);
        let deadline = match new.value {
            0 => 0,
            value => cpu_clock(process, which) + value,
        };
        self.cpu.lock()[which as usize - 1] = Setting {
            value: deadline,
            interval: new.interval,
        };
        self.watches_cpu.store(true, Relaxed);
        old
    }

    /// timer_create(2): returns the id.
    pub fn create(&self, make: impl FnOnce(i32) -> Arc<Posix>) -> i32 {
        let mut posix = self.posix.lock();
        let id = (0..).find(|id| !posix.contains_key(id)).unwrap_or(0);
        let timer = make(id);
        if timer.clock.is_cpu() {
            self.watches_cpu.store(true, Relaxed);
        }
        posix.insert(id, timer);
        id
    }

    /// The timer with this id; `EINVAL`.
    pub fn get(&self, id: i32) -> Result<Arc<Posix>> {
        self.posix.lock().get(&id).cloned().ok_or(Errno::EINVAL)
    }

    /// timer_delete(2).
    pub fn delete(&self, id: i32) -> Result<()> {
        let timer = self.posix.lock().remove(&id);
        timer.map(drop).ok_or(Errno::EINVAL)
    }
}

/// User time for ITIMER_VIRTUAL, user and system for ITIMER_PROF.
fn cpu_clock(process: &Process, which: u32) -> u64 {
    match which {
        ITIMER_VIRTUAL => process.times.lock().with_live(process).user,
        _ => times::of_process(process),
    }
}

/// What a POSIX timer counts.
#[derive(Clone)]
pub enum Clock {
    /// CLOCK_MONOTONIC, CLOCK_BOOTTIME (the machine never sleeps).
    Monotonic,
    /// CLOCK_REALTIME, CLOCK_TAI.
    Real,
    /// CLOCK_PROCESS_CPUTIME_ID.
    Process(Weak<Process>),
    /// CLOCK_THREAD_CPUTIME_ID.
    Thread(Weak<Task>),
}

impl Clock {
    fn is_cpu(&self) -> bool {
        matches!(self, Clock::Process(_) | Clock::Thread(_))
    }

    /// The clock's value in ns; `None`: what it measured is gone.
    pub fn now(&self) -> Option<u64> {
        match self {
            Clock::Monotonic => Some(time::now().0),
            Clock::Real => Some(time::realtime()),
            Clock::Process(process) => process.upgrade().map(|process| times::of_process(&process)),
            Clock::Thread(task) => task.upgrade().map(|task| task.thread.cpu_time()),
        }
    }
}

/// What happens at expiry. sigevent(3type).
#[derive(Clone)]
pub enum Notify {
    /// SIGEV_NONE.
    Nothing,
    /// SIGEV_SIGNAL.
    Process,
    /// SIGEV_THREAD_ID.
    Thread(Weak<Task>),
}

/// A POSIX timer.
pub struct Posix {
    id: i32,
    clock: Clock,
    notify: Notify,
    signal: i32,
    value: u64,
    process: Weak<Process>,
    state: SpinLock<PosixState>,
    timer: Arc<Timer>,
}

#[derive(Default)]
struct PosixState {
    /// On the timer's clock; 0: disarmed.
    deadline: u64,
    interval: u64,
    /// Expiries beyond the one that the pending signal tells.
    overrun: i32,
}

impl Posix {
    /// A disarmed timer. `value` is sigev_value; `None`: the id.
    pub fn new(
        id: i32,
        process: &Arc<Process>,
        clock: Clock,
        notify: Notify,
        signal: i32,
        value: Option<u64>,
    ) -> Arc<Posix> {
        Arc::new_cyclic(|me: &Weak<Posix>| Posix {
            id,
            clock,
            notify,
            signal,
            value: value.unwrap_or(id as u64),
            process: Arc::downgrade(process),
            state: SpinLock::new(PosixState::default()),
            timer: Timer::new(me.clone() as Weak<dyn Expire>),
        })
    }

    /// timer_settime(2); `absolute` is TIMER_ABSTIME. Returns the old setting.
    pub fn set(&self, new: Setting, absolute: bool) -> Setting {
        let old = self.setting();
        let now = self.clock.now().unwrap_or(0);
        let deadline = match (new.value, absolute) {
            (0, _) => 0,
            (value, true) => value,
            (value, false) => now.saturating_add(value),
        };
        *self.state.lock() = PosixState {
            deadline,
            interval: new.interval,
            overrun: 0,
        };
        match deadline {
            0 => _ = self.timer.disarm(),
            deadline => self.arm(deadline),
        }
        old
    }

    /// timer_gettime(2).
    pub fn setting(&self) -> Setting {
        let state = self.state.lock();
        let (deadline, interval) = (state.deadline, state.interval);
        drop(state);
        let value = match (deadline, self.clock.now()) {
            (0, _) | (_, None) => 0,
            (deadline, Some(now)) => deadline.saturating_sub(now).max(1),
        };
        Setting { value, interval }
    }

    /// timer_getoverrun(2).
    pub fn overrun(&self) -> i32 {
        self.state.lock().overrun
    }

    fn arm(&self, deadline: u64) {
        match self.clock {
            Clock::Monotonic => self.timer.arm(Instant(deadline)),
            Clock::Real => {
                let monotonic = deadline.saturating_sub(time::realtime_offset());
                self.timer.arm(Instant(monotonic));
            }
            // Looked at by `tick`.
            Clock::Process(_) | Clock::Thread(_) => {}
        }
    }

    /// Tells an expiry if one is due; sets the next deadline.
    fn check(&self) -> Option<u64> {
        let now = self.clock.now()?;
        let mut state = self.state.lock();
        if state.deadline == 0 || state.deadline > now {
            return (state.deadline != 0).then_some(state.deadline);
        }
        let missed = match state.interval {
            0 => 0,
            interval => (now - state.deadline) / interval,
        };
        state.deadline = match state.interval {
            0 => 0,
            interval => state.deadline + (missed + 1) * interval,
        };
        let next = state.deadline;
        let missed = i32::try_from(missed).unwrap_or(i32::MAX);
        state.overrun = missed;
        drop(state);
        self.tell(missed);
        (next != 0).then_some(next)
    }

    fn tell(&self, overrun: i32) {
        let info = Info::timer(self.signal, self.id, overrun, self.value);
        match &self.notify {
            Notify::Nothing => {}
            Notify::Process => {
                if let Some(process) = self.process.upgrade() {
                    // A full queue loses the expiry, as the limit wants.
                    let _ = signal::send::post(&process, None, info);
                }
            }
            Notify::Thread(task) => {
                if let Some(task) = task.upgrade() {
                    let _ = signal::send::post(&task.process, Some(&task), info);
                }
            }
        }
    }
}

impl Expire for Posix {
    fn expire(&self, _now: Instant) -> Option<Instant> {
        let next = self.check()?;
        Some(match self.clock {
            Clock::Real => Instant(next.saturating_sub(time::realtime_offset())),
            _ => Instant(next),
        })
    }
}

/// The tick sampled `task`: looks at its process's CPU-time timers and RLIMIT_CPU.
pub fn tick(task: &Arc<Task>) {
    let process = &task.process;
    let (soft, hard) = process.limits.lock().get(RLIMIT_CPU);
    if soft != super::limits::INFINITY {
        cpu_limit(process, soft, hard);
    }
    if !process.timers.watches_cpu.load(Relaxed) {
        return;
    }
    for (which, signal) in [(ITIMER_VIRTUAL, SIGVTALRM), (ITIMER_PROF, SIGPROF)] {
        let now = cpu_clock(process, which);
        let mut settings = process.timers.cpu.lock();
        let setting = &mut settings[which as usize - 1];
        if setting.value == 0 || setting.value > now {
            continue;
        }
        setting.value = if setting.interval == 0 {
            0
        } else {
            now + setting.interval
        };
        drop(settings);
        signal::send::to_process(process, Info::kernel(signal as i32));
    }
    let posix: alloc::vec::Vec<_> = process.timers.posix.lock().values().cloned().collect();
    for timer in posix.iter().filter(|timer| timer.clock.is_cpu()) {
        timer.check();
    }
}

/// RLIMIT_CPU in seconds: SIGXCPU each second beyond the soft limit, SIGKILL at the hard one.
fn cpu_limit(process: &Arc<Process>, soft: u64, hard: u64) {
    let used = times::of_process(process) / time::NSEC_PER_SEC;
    if used >= hard {
        process.exit_group(SIGKILL as i32);
    } else if used >= soft {
        signal::send::to_process(process, Info::kernel(SIGXCPU as i32));
        process.limits.lock().raise_cpu(used + 1);
    }
}

/// execve(2) deletes POSIX timers; interval timers stay.
pub fn exec(process: &Process) {
    let posix = core::mem::take(&mut *process.timers.posix.lock());
    drop(posix);
}

/// A process or thread CPU clock of somebody else, by the id in a clockid. clock_getcpuclockid(3).
pub fn foreign_clock(clock: i32) -> Result<Clock> {
    // clockid = !id << 3 | per-thread << 2 | which (0 PROF, 1 VIRT, 2 SCHED).
    let id = !(clock >> 3);
    if clock & 3 == 3 {
        return Err(Errno::EINVAL);
    }
    let gone = Errno::EINVAL;
    match (clock & 4 != 0, id) {
        (true, 0) => Ok(Clock::Thread(Arc::downgrade(&super::current()))),
        (true, id) => {
            let task = tree::task(id).ok_or(gone)?;
            match Arc::ptr_eq(&task.process, &super::current().process) {
                true => Ok(Clock::Thread(Arc::downgrade(&task))),
                false => Err(gone),
            }
        }
        (false, 0) => Ok(Clock::Process(Arc::downgrade(&super::current().process))),
        (false, id) => Ok(Clock::Process(Arc::downgrade(
            &tree::process(id).ok_or(gone)?,
        ))),
    }
}
