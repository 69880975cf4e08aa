//! Threads of control, the run queue and the one way to block.
//!
//! A [`Thread`] is a kernel stack and a [`crate::arch::KernelContext`]; `task`
//! hangs a Linux task on it. A thread gives the CPU away only here: in
//! [`wait_until`], in [`yield_now`] and on its way to user mode when its slice is
//! over. Wait lists and the run queue are spin-locked, in this order; nothing is
//! called with the run queue locked. Typical sequence of a blocking read:
//!
//! ```text
//! wait_until(&[queue], deadline, Interruptible::Yes, || match pipe.try_read(out) {
//!     Err(Errno::EAGAIN) => None,          // keep waiting
//!     done => Some(done),
//! })
//! ```

mod cpu;
mod fair;
mod later;
mod policy;
mod realtime;
mod stack;
mod thread;
mod wait;

pub use cpu::{
    after_user, before_user, current, statistics, take_tick, tick, yield_if_needed, yield_now,
};
pub use later::{Listener, wake_later};
pub use policy::Policy;
pub use thread::{State, Thread};
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
/// queue if anybody ran meanwhile (so no wake-up is lost), then after each
/// wake-up. Errors: `ETIMEDOUT` at `deadline` (the caller maps it: `EAGAIN` for
/// SO_RCVTIMEO), `Errno::RESTART` on a signal. A `deadline` in the past makes
/// exactly one attempt.
pub fn wait_until<T>(
    queues: &[&WaitQueue],
    deadline: Option<Instant>,
    interruptible: Interruptible,
    try_op: impl FnMut() -> Option<T>,
) -> Result<T> {
    let queues = queues.iter().map(|&queue| (queue, Events::all()));
    wait::wait_on(queues, deadline, interruptible, try_op)
}

/// Like [`wait_until`], woken only for the events named with each queue (and ERR, HUP).
pub fn wait_for<T>(
    queues: &[(&WaitQueue, Events)],
    deadline: Option<Instant>,
    interruptible: Interruptible,
    try_op: impl FnMut() -> Option<T>,
) -> Result<T> {
    wait::wait_on(queues.iter().copied(), deadline, interruptible, try_op)
}

/// Starts a kernel thread that runs `body` and ends when it returns. Panics
/// without memory for a stack: kernel threads are started at boot.
pub fn spawn(name: &'static str, body: impl FnOnce() + Send + 'static) {
    let thread = Thread::new(name, body).expect("memory for a kernel thread");
    thread.start();
}

/// Ends the current thread.
pub fn exit() -> ! {
    let me = current();
    me.set_owner(None);
    me.set_space(None);
    drop(me);
    cpu::exit()
}

/// The idle loop: switches to whatever is runnable, else waits for an interrupt.
pub fn run() -> ! {
    cpu::run()
}
