//! Clocks and the timer queue.
//!
//! [`now`] is CLOCK_MONOTONIC in ns since boot; [`realtime`] adds the offset that
//! the RTC gave at boot and clock_settime(2) moves. A [`timer::Timer`] calls its
//! `Expire` object from the timer interrupt (or from the run loop), never early.
//!
//! There is no periodic tick. The CPU's one-shot timer is set to the earliest of
//! the timer queue and of the running thread's slice ([`interrupt_by`]), and only
//! ever moved closer: cancelling a timer costs nothing, an interrupt that finds
//! nothing due sets the next one.

pub mod page;
pub mod timer;

use crate::{arch, sched};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Nanoseconds in a second.
pub const NSEC_PER_SEC: u64 = 1_000_000_000;

/// Nanoseconds of CLOCK_MONOTONIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub u64);

impl Instant {
    /// `ns` later; the far future when that overflows.
    pub fn after(self, ns: u64) -> Instant {
        Instant(self.0.saturating_add(ns))
    }

    /// Nanoseconds from now to `self`, 0 when it has passed.
    pub fn remaining(self) -> u64 {
        self.0.saturating_sub(now().0)
    }
}

/// CLOCK_REALTIME minus CLOCK_MONOTONIC.
static REALTIME_OFFSET: AtomicU64 = AtomicU64::new(0);

/// When the CPU's timer is set to fire; `u64::MAX` when it is off.
static PROGRAMMED: AtomicU64 = AtomicU64::new(u64::MAX);

/// Sets the clocks up: the timer is silent until somebody asks.
pub fn init() {
    arch::set_timer(None);
}

/// CLOCK_MONOTONIC.
pub fn now() -> Instant {
    Instant(arch::counter_ns())
}

/// CLOCK_REALTIME in ns since 1970.
pub fn realtime() -> u64 {
    now().0.wrapping_add(REALTIME_OFFSET.load(Relaxed))
}

/// CLOCK_REALTIME minus CLOCK_MONOTONIC, in ns.
pub fn realtime_offset() -> u64 {
    REALTIME_OFFSET.load(Relaxed)
}

/// Sets CLOCK_REALTIME, in ns since 1970: the RTC driver at boot, clock_settime(2) later.
pub fn set_realtime(ns: u64) {
    REALTIME_OFFSET.store(ns.wrapping_sub(now().0), Relaxed);
    page::update();
}

/// Asks for a timer interrupt at `deadline` (ns) or earlier.
pub fn interrupt_by(deadline: u64) {
    if deadline < PROGRAMMED.load(Relaxed) {
        PROGRAMMED.store(deadline, Relaxed);
        arch::set_timer(Some(deadline));
    }
}

/// The timer interrupt; `main` hands this to arch's hooks. The timer is silent when it is called.
pub fn timer_interrupt() {
    PROGRAMMED.store(u64::MAX, Relaxed);
    let now = now();
    timer::run_due(now);
    sched::tick(now.0);
    interrupt_by(timer::next_deadline());
}
