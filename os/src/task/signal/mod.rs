//! Signals: what is pending, what is blocked, what happens. signal(7).
//!
//! [`send`] queues and wakes; [`deliver`] runs in the target thread on its way to
//! user mode and stops, ends, or calls a handler through [`frame`]. A signal that
//! will be ignored is dropped when it is sent, as on Linux.

pub mod action;
pub mod deliver;
pub mod frame;
pub mod info;
pub mod pending;
pub mod send;

pub use action::{Action, Handlers};
pub use deliver::{Next, Restart};
pub use info::Info;
pub use pending::Pending;

use super::Task;
use abi::general::*;
use core::sync::atomic::Ordering::Relaxed;

/// Signals by number: bit `n - 1`, as the kernel's sigset_t.
pub type Set = u64;

/// How many there are; valid numbers are 1..=COUNT.
pub const COUNT: i32 = 64;
/// SIGKILL and SIGSTOP: never blocked, never caught.
pub const UNBLOCKABLE: Set = bit(SIGKILL as i32) | bit(SIGSTOP as i32);
/// Signals that stop a process by default.
pub const STOPS: Set =
    bit(SIGSTOP as i32) | bit(SIGTSTP as i32) | bit(SIGTTIN as i32) | bit(SIGTTOU as i32);

/// The set of one signal.
pub const fn bit(signal: i32) -> Set {
    1 << (signal - 1)
}

/// A signal number, or `EINVAL`. 0 is not one.
pub fn check(signal: i32) -> crate::Result<i32> {
    match (1..=COUNT).contains(&signal) {
        true => Ok(signal),
        false => Err(abi::Errno::EINVAL),
    }
}

/// A thread's own signal state.
#[derive(Default)]
pub struct ThreadSignals {
    /// Blocked signals.
    pub mask: Set,
    /// The mask to go back to after a call that replaced it for its duration
    /// (rt_sigsuspend, ppoll); a handler that runs first returns to it instead.
    pub saved_mask: Option<Set>,
    /// Sent to this thread.
    pub pending: Pending,
    /// sigaltstack(2): base and size; size 0: none.
    pub stack: AltStack,
}

/// sigaltstack(2).
#[derive(Clone, Copy, Default)]
pub struct AltStack {
    /// Lowest address.
    pub base: usize,
    /// Bytes; 0 is SS_DISABLE.
    pub size: usize,
    /// SS_AUTODISARM.
    pub autodisarm: bool,
}

impl AltStack {
    /// Whether `sp` is on it.
    pub fn contains(&self, sp: usize) -> bool {
        // A stack grows down: one past the end is still on it, the base is not.
        !self.autodisarm && self.size != 0 && sp > self.base && sp - self.base <= self.size
    }
}

/// Replaces the current thread's mask and says what that makes deliverable.
pub fn set_mask(task: &Task, mask: Set) {
    task.signals.lock().mask = mask & !UNBLOCKABLE;
    refresh(task);
}

/// Replaces the mask until the thread next returns to user mode (ppoll, pselect,
/// epoll_pwait, rt_sigsuspend).
pub fn set_temporary_mask(task: &Task, mask: Set) {
    let mut signals = task.signals.lock();
    let old = core::mem::replace(&mut signals.mask, mask & !UNBLOCKABLE);
    signals.saved_mask.get_or_insert(old);
    drop(signals);
    refresh(task);
    // On the way back the run loop must look, if only to restore the mask.
    if !task.thread.interrupted() {
        task.thread.set_attention();
    }
}

/// Takes a temporary mask back before a call that succeeded returns.
pub fn restore_mask(task: &Task) {
    let mut signals = task.signals.lock();
    if let Some(mask) = signals.saved_mask.take() {
        signals.mask = mask;
        drop(signals);
        refresh(task);
    }
}

/// Deliverable signals: pending, for the thread or its process, and not blocked.
pub fn deliverable(task: &Task) -> Set {
    let shared = task.process.pending.lock().set();
    let signals = task.signals.lock();
    (shared | signals.pending.set()) & !signals.mask
}

/// Pending signals, blocked or not. rt_sigpending(2).
pub fn pending(task: &Task) -> Set {
    task.process.pending.lock().set() | task.signals.lock().pending.set()
}

/// Sets the thread's interrupt flag to what is true now.
pub fn refresh(task: &Task) {
    let dying = task.killed.load(Relaxed)
        || task.exiting.lock().is_some()
        || task.process.group_exit.lock().is_some();
    let signal = dying || task.process.stopped.load(Relaxed) || deliverable(task) != 0;
    task.thread.set_interrupted(signal, dying);
}

/// Takes the next pending signal in `wanted` off the thread or its process:
/// synchronous ones first, then the lowest number; private before shared.
pub fn take(task: &Task, wanted: Set) -> Option<Info> {
    let private = task.signals.lock().pending.take(wanted);
    private.or_else(|| task.process.pending.lock().take(wanted))
}
