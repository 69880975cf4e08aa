//! The CPU: who runs, who is next, and the switch.
//!
//! Threads under SCHED_FIFO and SCHED_RR go before all others, by priority
//! ([`super::realtime`]); the others share what is left, by nice value
//! ([`super::fair`]). The kernel is not preempted: whoever is woken by a thread in a
//! system call gets the CPU at the earliest when that thread blocks or is about to
//! return to user mode, and there only if it has the higher priority or the slice is
//! over. Only a wake-up from an interrupt that hit user mode preempts at once, since
//! it brings news that nobody on the CPU knew.

use super::{
    fair::Fair,
    later,
    policy::{CRUMB, Policy},
    realtime::RealTime,
    thread::{State, Thread},
};
use crate::{arch, sync::SpinLock, time};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

struct Cpu {
    current: Option<Arc<Thread>>,
    /// The boot thread once it has become the idle loop. Never queued.
    idle: Option<Arc<Thread>>,
    /// The thread that ended last; its stack goes once we are off it.
    dead: Option<Arc<Thread>>,
    realtime: RealTime,
    fair: Fair,
    /// When `current` got the CPU; `None` while it idles in place.
    started: Option<u64>,
}

static CPU: SpinLock<Cpu> = SpinLock::new(Cpu {
    current: None,
    idle: None,
    dead: None,
    realtime: RealTime::new(),
    fair: Fair::new(),
    started: Some(0),
});

/// User mode is on the CPU: an interrupt handler that wakes somebody preempts it.
static IN_USER: AtomicBool = AtomicBool::new(false);
/// Give the CPU away on the way to user mode.
static NEED_RESCHED: AtomicBool = AtomicBool::new(false);
/// A timer interrupt hit the running thread since [`take_tick`].
static TICKED: AtomicBool = AtomicBool::new(false);
/// When the running thread's slice is over, in ns.
static SLICE_END: AtomicU64 = AtomicU64::new(u64::MAX);
/// Counts every moment at which something else than the current thread may have run.
static TURNS: AtomicU64 = AtomicU64::new(0);
/// ns without anything to run.
static IDLE_NS: AtomicU64 = AtomicU64::new(0);
/// Context switches, for /proc/stat.
static SWITCHES: AtomicU64 = AtomicU64::new(0);

/// The thread on the CPU.
pub fn current() -> Arc<Thread> {
    let mut cpu = CPU.lock();
    cpu.current.get_or_insert_with(Thread::boot).clone()
}

pub(super) fn is_current(thread: &Thread) -> bool {
    let cpu = CPU.lock();
    cpu.current
        .as_ref()
        .is_some_and(|current| core::ptr::eq(&**current, thread))
}

/// ns since `thread` got the CPU; 0 when it is not on it.
pub(super) fn current_stretch(thread: &Thread) -> u64 {
    if !is_current(thread) {
        return 0;
    }
    let started = CPU.lock().started;
    started.map_or(0, |started| time::now().0.saturating_sub(started))
}

/// See `TURNS`: equal values mean that nobody else has run in between.
pub(super) fn turns() -> u64 {
    TURNS.load(Relaxed)
}

/// Queues a new thread.
pub(super) fn enqueue_new(thread: Arc<Thread>) {
    if thread.policy().rank() > 0 {
        return enqueue_woken(thread);
    }
    CPU.lock().fair.push_new(thread);
}

/// Queues a thread that just became runnable.
pub(super) fn enqueue_woken(thread: Arc<Thread>) {
    let mut cpu = CPU.lock();
    let policy = thread.policy();
    // An idling thread has no priority to defend: `block` picks again anyway.
    let running = cpu.current.as_ref().map_or(0, |me| me.policy().rank());
    let ahead = match policy {
        Policy::Fifo(rank) | Policy::RoundRobin(rank) => rank > running,
        Policy::Batch | Policy::Idle => false,
        // Over a running thread with a priority only when those have used their budget.
        Policy::Normal => IN_USER.load(Relaxed) && (running == 0 || cpu.throttled()),
    };
    if ahead {
        NEED_RESCHED.store(true, Relaxed);
    }
    match policy.rank() {
        0 => cpu.fair.push_woken(thread),
        _ => cpu.realtime.push_back(thread),
    }
}

/// Gives `thread` another policy, wherever it is.
pub(super) fn set_policy(thread: &Thread, policy: Policy) {
    let mut cpu = CPU.lock();
    let queued = match thread.policy().rank() {
        0 => cpu.fair.remove(thread),
        _ => cpu.realtime.remove(thread),
    };
    thread.store_policy(policy);
    // What is left of a slice of the old kind means nothing.
    thread.slice_left.store(0, Relaxed);
    thread.round.store(u32::MAX, Relaxed);
    match queued {
        Some(queued) if policy.rank() == 0 => cpu.fair.push_woken(queued),
        Some(queued) => cpu.realtime.push_back(queued),
        None => {}
    }
    // It may be the running one that fell behind, or a queued one that is ahead now.
    if thread.state() == State::Runnable {
        NEED_RESCHED.store(true, Relaxed);
    }
}

/// Gives the CPU away until somebody unblocks the current thread, whose state is
/// `Blocked` already (or `Runnable` again: then this returns soon).
pub(super) fn block() {
    debug_assert!(
        !crate::sync::spin_held(),
        "a thread sleeps with a spin lock"
    );
    let me = current();
    me.voluntary.fetch_add(1, Relaxed);
    CPU.lock().charge();
    loop {
        TURNS.fetch_add(1, Relaxed);
        let next = CPU.lock().pick();
        match next {
            Some(next) if Arc::ptr_eq(&next, &me) => return CPU.lock().begin(&me),
            Some(next) => return switch_to(next, Leave::Blocked),
            // Nobody: wait here. This spares two switches when the answer to our
            // own request is what comes next.
            None => idle(),
        }
    }
}

/// Ends the current thread. Its task has let go of everything already.
pub(super) fn exit() -> ! {
    let mut cpu = CPU.lock();
    cpu.charge();
    if let Some(me) = &cpu.current {
        me.set_state(State::Dead);
    }
    // The idle thread exists: only `run` and its boot come before it, and they do not end.
    let next = cpu
        .pick()
        .or_else(|| cpu.idle.clone())
        .expect("an idle thread");
    drop(cpu);
    switch_to(next, Leave::Dead);
    unreachable!("a dead thread was scheduled")
}

/// Lets everybody else run once.
pub fn yield_now() {
    CPU.lock().charge();
    give_way(Leave::Spent);
}

/// For long loops in the kernel: lets interrupts in, and gives the CPU away when the slice is over.
pub fn yield_if_needed() {
    time::interrupt_by(SLICE_END.load(Relaxed));
    TURNS.fetch_add(1, Relaxed);
    arch::irq_poll();
    if NEED_RESCHED.load(Relaxed) {
        preempt();
    }
}

/// On the way to user mode: gives the CPU away if the slice is over, and sees to it
/// that the rest of the slice ends with an interrupt. `true`: somebody else ran
/// meanwhile, so the caller looks at its signals again and comes back.
pub fn before_user() -> bool {
    if NEED_RESCHED.load(Relaxed) {
        preempt();
        return true;
    }
    time::interrupt_by(SLICE_END.load(Relaxed));
    IN_USER.store(true, Relaxed);
    false
}

/// [`before_user`] goes the long way round once.
pub(super) fn look_before_user() {
    NEED_RESCHED.store(true, Relaxed);
}

/// Back from user mode.
pub fn after_user() {
    IN_USER.store(false, Relaxed);
}

/// Whether the timer hit since the last call, for statistical user/system accounting.
pub fn take_tick() -> bool {
    TICKED.swap(false, Relaxed)
}

/// The timer interrupt.
pub fn tick(now: u64) {
    TICKED.store(true, Relaxed);
    if now < SLICE_END.load(Relaxed) {
        return;
    }
    let mut cpu = CPU.lock();
    if cpu.started.is_none() {
        return;
    }
    if cpu.others_wait() {
        NEED_RESCHED.store(true, Relaxed);
        SLICE_END.store(u64::MAX, Relaxed);
    } else {
        // Alone: the next slice begins at once.
        let thread = cpu.charge();
        cpu.renew(&thread);
        cpu.begin(&thread);
    }
}

/// The boot thread from now on: runs whatever is runnable, else waits for an interrupt.
pub(super) fn run() -> ! {
    let me = current();
    CPU.lock().idle = Some(me);
    loop {
        let next = CPU.lock().pick();
        match next {
            Some(next) => switch_to(next, Leave::Blocked),
            None => idle(),
        }
    }
}

/// (ns idle since boot, context switches, runnable threads).
pub fn statistics() -> (u64, u64, usize) {
    let cpu = CPU.lock();
    let runnable = cpu.realtime.len() + cpu.fair.len();
    (IDLE_NS.load(Relaxed), SWITCHES.load(Relaxed), runnable)
}

fn idle() {
    if later::wake() {
        return;
    }
    let begin = time::now().0;
    CPU.lock().started = None;
    arch::wait_for_interrupt();
    IDLE_NS.fetch_add(time::now().0 - begin, Relaxed);
}

fn preempt() {
    NEED_RESCHED.store(false, Relaxed);
    later::wake();
    let me = CPU.lock().charge();
    me.involuntary.fetch_add(1, Relaxed);
    match me.slice_left.load(Relaxed) > CRUMB {
        true => give_way(Leave::Ready),
        false => give_way(Leave::Spent),
    }
}

/// Runs somebody else if there is somebody. The caller has charged the current thread.
fn give_way(leave: Leave) {
    TURNS.fetch_add(1, Relaxed);
    let mut cpu = CPU.lock();
    let Some(me) = cpu.current.clone() else {
        return;
    };
    let next = cpu.pick_over(me.policy().rank(), leave);
    match next {
        Some(next) => {
            drop((cpu, me));
            switch_to(next, leave);
        }
        None => {
            if leave == Leave::Spent {
                cpu.renew(&me);
            }
            cpu.begin(&me);
        }
    }
}

/// Where the thread that gives the CPU away goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    /// Nowhere: wait lists know it.
    Blocked,
    /// To the front of those with time left, or of its priority.
    Ready,
    /// To the next round, or behind its equals.
    Spent,
    /// Away.
    Dead,
}

fn switch_to(next: Arc<Thread>, leave: Leave) {
    let mut cpu = CPU.lock();
    cpu.begin(&next);
    let to = next.context();
    // `begin` is called after `current` has run at least once, so it is there.
    let prev = cpu.current.replace(next).expect("a current thread");
    prev.check_stack();
    let from = prev.context();
    // Nothing with a destructor may stay on this stack: a dead thread never comes back.
    match leave {
        Leave::Blocked => drop(prev),
        Leave::Ready if prev.policy().rank() > 0 => cpu.realtime.push_front(prev),
        Leave::Spent if prev.policy().rank() > 0 => {
            cpu.renew(&prev);
            cpu.realtime.push_back(prev);
        }
        Leave::Ready => {
            cpu.fair.push_ready(prev);
            cpu.limit_turn();
        }
        Leave::Spent => {
            cpu.fair.push_spent(prev);
            cpu.limit_turn();
        }
        Leave::Dead => cpu.dead = Some(prev),
    }
    drop(cpu);
    SWITCHES.fetch_add(1, Relaxed);
    // SAFETY: `to` belongs to a thread that was taken off the run queue (or idle)
    // and is not running; `cpu.current` keeps it alive. `from` is the running
    // thread's, kept alive by a queue, by `dead`, or, when blocked, by the
    // `Arc` in its own `block` or `run` frame.
    unsafe { arch::switch(from, to) }
    finish_switch();
}

/// The first thing that a thread does when it gets the CPU.
pub(super) fn finish_switch() {
    let (dead, me) = {
        let mut cpu = CPU.lock();
        (cpu.dead.take(), cpu.current.clone())
    };
    drop(dead);
    if let Some(me) = me {
        me.activate_space();
    }
}

impl Cpu {
    /// Ends the stretch of the current thread: adds it to its time and takes it from its slice.
    fn charge(&mut self) -> Arc<Thread> {
        let thread = self.current.get_or_insert_with(Thread::boot).clone();
        let now = time::now().0;
        let used = self.started.map_or(0, |started| now - started);
        self.started = Some(now);
        thread.runtime.fetch_add(used, Relaxed);
        if thread.policy().rank() > 0 {
            self.realtime.charge(used, now);
        }
        let left = thread.slice_left.load(Relaxed).saturating_sub(used);
        thread.slice_left.store(left, Relaxed);
        thread
    }

    /// Begins a stretch.
    fn begin(&mut self, thread: &Arc<Thread>) {
        self.fair.refill(thread);
        // After `charge`, `started` is the present; after idling it is not known.
        let now = *self.started.get_or_insert_with(|| time::now().0);
        let left = thread.slice_left.load(Relaxed).max(CRUMB);
        let mut end = now.saturating_add(left);
        if thread.policy().rank() > 0 {
            // At the end of the budget others get their part, or a new period begins.
            end = end.min(match self.realtime.left(now) {
                0 => self.realtime.period_end(),
                left => now + left,
            });
        } else {
            end = end.min(self.fair.turn_end(now));
            if self.realtime.rank() > 0 {
                end = end.min(self.realtime.period_end());
            }
        }
        SLICE_END.store(end, Relaxed);
    }

    /// The thread that just left waits for its turn, too.
    fn limit_turn(&mut self) {
        let end = self.fair.turn_end(self.present());
        SLICE_END.fetch_min(end, Relaxed);
    }

    /// A new slice for a thread whose own is over: nobody is before it.
    fn renew(&mut self, thread: &Thread) {
        match thread.policy().rank() {
            0 => self.fair.next_round(),
            _ => thread.round.store(u32::MAX, Relaxed),
        }
        self.fair.refill(thread);
    }

    /// Whoever is next.
    fn pick(&mut self) -> Option<Arc<Thread>> {
        if self.realtime.rank() > 0 && !self.throttled() {
            return self.realtime.pop(1);
        }
        let now = self.present();
        self.fair.pop(now).or_else(|| self.realtime.pop(1))
    }

    /// Whoever goes before the running thread, which has priority `rank` and leaves as `leave` says.
    fn pick_over(&mut self, rank: u8, leave: Leave) -> Option<Arc<Thread>> {
        let waiting = self.realtime.rank();
        let equal = waiting == rank && leave != Leave::Ready;
        if waiting > 0 && (waiting > rank || equal) && !self.throttled() {
            return self.realtime.pop(rank);
        }
        if rank > 0 {
            return match self.throttled() {
                true => self.fair.pop(self.present()),
                false => None,
            };
        }
        let now = self.present();
        match leave {
            // With time left, only those who were woken or made go ahead, and whoever has waited for a turn.
            Leave::Ready => self.fair.pop_over(now),
            _ => self.fair.pop(now),
        }
    }

    /// Whether threads with a priority have to let others run until the period is over.
    fn throttled(&mut self) -> bool {
        let now = self.present();
        !self.fair.is_empty() && self.realtime.left(now) == 0
    }

    /// The present, once the current thread was charged; while it runs, when it began to.
    fn present(&self) -> u64 {
        self.started.unwrap_or_else(|| time::now().0)
    }

    fn others_wait(&self) -> bool {
        !self.fair.is_empty() || self.realtime.rank() > 0
    }
}
