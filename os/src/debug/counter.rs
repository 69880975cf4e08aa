//! Counters that cost one addition.

use core::cell::Cell;

/// A number that only grows; read by /proc files and the panic report.
pub struct Counter(Cell<u64>);

// SAFETY: kernel code runs on one CPU and is not preempted; a count lost in a
// panic does not matter.
unsafe impl Sync for Counter {}

impl Counter {
    /// Zero.
    pub const fn new() -> Counter {
        Counter(Cell::new(0))
    }

    /// Adds.
    pub fn add(&self, n: u64) {
        self.0.set(self.0.get().wrapping_add(n));
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.get()
    }
}
