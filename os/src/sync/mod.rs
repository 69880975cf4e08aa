//! Locks. Ranks are the lock tree of `os/README.md`; debug builds check them.
//!
//! The kernel is not preempted and runs with interrupts off, so a [`SpinLock`]
//! never spins on the reference configuration: a second entry is a bug and panics.
//! A [`Mutex`] sleeps, and may be held across blocking calls and user copies.

mod mutex;
mod spin;

pub use mutex::{Mutex, MutexGuard};
pub use spin::{SpinLock, SpinLockGuard};
