//! Clocks and the timer queue.
//!
//! [`now`] is CLOCK_MONOTONIC in ns since boot; [`realtime`] adds the offset that
//! the RTC gave at boot and clock_settime(2) moves. A [`timer::Timer`] calls its
//! `Expire` object from the timer interrupt (or from the run loop), never early.

pub mod timer;

/// Nanoseconds of CLOCK_MONOTONIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub u64);

/// Sets the clocks up.
pub fn init() {
    todo!()
}

/// CLOCK_MONOTONIC.
pub fn now() -> Instant {
    todo!()
}

/// CLOCK_REALTIME in ns since 1970.
pub fn realtime() -> u64 {
    todo!()
}
