//! Threads of control, the run queue and the one way to block.
//!
//! A [`Thread`] is a kernel stack and a [`crate::arch::KernelContext`]; `task`
//! hangs a Linux task on it. A thread gives the CPU away only here: in
//! [`wait_until`], in [`yield_now`] and on its way to user mode when its slice is
//! over. Typical sequence of a blocking read:
//!
//! ```text
//! wait_until(&[queue], deadline, Interruptible::Yes, || match pipe.try_read(out) {
//!     Err(Errno::EAGAIN) => None,          // keep waiting
//!     done => Some(done),
//! })
//! ```

mod wait;

pub use wait::{Entry, Events, WaitQueue, Waiter};

use crate::{Result, time::Instant};

/// Whether a signal ends the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruptible {
    /// A pending signal ends the wait with `Errno::RESTART`; callers with a
    /// timeout turn that into `EINTR` as signal(7) says.
    Yes,
    /// Only the event or the deadline ends the wait.
    No,
    /// Only a fatal signal ends the wait.
    Killable,
}

/// Runs `try_op` until it returns `Some`, sleeping on `queues` in between.
///
/// `try_op` is called first without registering; then after registering on every
/// queue (so no wake-up is lost), then after each wake-up. Errors: `ETIMEDOUT`
/// at `deadline` (the caller maps it: `EAGAIN` for SO_RCVTIMEO), `Errno::RESTART`
/// on a signal. A `deadline` in the past makes exactly one attempt.
pub fn wait_until<T>(
    _queues: &[&WaitQueue],
    _deadline: Option<Instant>,
    _interruptible: Interruptible,
    _try_op: impl FnMut() -> Option<T>,
) -> Result<T> {
    todo!()
}

/// Lets the other runnable threads run once.
pub fn yield_now() {
    todo!()
}

/// For long loops in the kernel: gives the CPU away when the slice is over.
pub fn yield_if_needed() {
    todo!()
}

/// Starts a kernel thread that runs `body` and ends when it returns.
pub fn spawn(_name: &'static str, _body: impl FnOnce() + Send + 'static) {
    todo!()
}

/// The idle loop: switches to whatever is runnable, else waits for an interrupt.
pub fn run() -> ! {
    todo!()
}
