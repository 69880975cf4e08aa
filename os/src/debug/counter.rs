//! Counters that cost one addition.

use crate::sync::CpuLocal;
use core::cell::Cell;

/// A number that only grows; read by /proc files and the panic report.
pub struct Counter(CpuLocal<Cell<u64>>);

impl Counter {
    /// Zero.
    pub const fn new() -> Counter {
        Counter(CpuLocal::new(Cell::new(0)))
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
