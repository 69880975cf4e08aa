//! Time as the engine sees it: nanoseconds since boot, given by the caller of every entry point.

use core::ops::{Add, Sub};
use core::time::Duration;

/// A point in monotonic time, in nanoseconds since boot (CLOCK_MONOTONIC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// Boot.
    pub const ZERO: Instant = Instant(0);

    /// The point `nanos` nanoseconds after boot.
    pub const fn from_nanos(nanos: u64) -> Self {
        Instant(nanos)
    }

    /// The point `millis` milliseconds after boot.
    pub const fn from_millis(millis: u64) -> Self {
        Instant(millis * 1_000_000)
    }

    /// Nanoseconds since boot.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since boot.
    pub const fn millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// How long after `earlier` this is; zero when it is not later.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// smoltcp counts microseconds.
    pub(crate) const fn to_smol(self) -> smoltcp::time::Instant {
        smoltcp::time::Instant::from_micros_const((self.0 / 1_000) as i64)
    }

    /// Rounded up, so that a timer asked for is due when its deadline has come.
    pub(crate) const fn from_smol(at: smoltcp::time::Instant) -> Self {
        let micros = at.total_micros();
        Instant(if micros < 0 { 0 } else { micros as u64 * 1_000 })
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, by: Duration) -> Instant {
        Instant(self.0.saturating_add(by.as_nanos() as u64))
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.since(earlier)
    }
}
