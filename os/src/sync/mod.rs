//! Locks. Ranks are the lock tree of `os/README.md`; debug builds check them.
//!
//! The kernel is not preempted and runs with interrupts off (ADR 1), so a
//! [`SpinLock`] never spins on the reference configuration: a second entry is a
//! bug and panics. A [`Mutex`] sleeps, and may be held across blocking calls and
//! user copies; a spin lock may not ([`spin_held`] is what `sched` and `mm` ask).
//!
//! ```text
//! static TABLE: SpinLock<Table> = SpinLock::ranked(rank, Table::new());
//! let found = TABLE.lock().find(key);      // the guard ends with the statement
//! ```

mod cpu_local;
mod mutex;
mod spin;

pub use cpu_local::CpuLocal;
pub use mutex::{Mutex, MutexGuard};
pub use spin::{SpinLock, spin_held};
