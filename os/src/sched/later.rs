//! A wake-up from where nobody may be woken: with any lock held, the run queue's included.
//!
//! What it is: one queue, [`queue`], and a flag. Who calls: `debug::messages` says [`wake_later`];
//! the scheduler calls [`wake`] on the way to user mode and before it idles, when no lock is held.
//! Nothing costs anything while nobody listens.

use super::{Events, WaitQueue, cpu};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

static QUEUE: WaitQueue = WaitQueue::new();
/// Who waits on it.
static LISTENERS: AtomicUsize = AtomicUsize::new(0);
static DUE: AtomicBool = AtomicBool::new(false);

/// Somebody waits as long as this lives.
pub struct Listener;

impl Listener {
    /// From now on [`wake_later`] does something.
    pub fn new() -> Listener {
        LISTENERS.fetch_add(1, Relaxed);
        Listener
    }

    /// Where to wait.
    pub fn queue(&self) -> &'static WaitQueue {
        &QUEUE
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        LISTENERS.fetch_sub(1, Relaxed);
    }
}

/// Wakes the listeners soon. May be called from anywhere.
pub fn wake_later() {
    if LISTENERS.load(Relaxed) > 0 {
        DUE.store(true, Relaxed);
        cpu::look_before_user();
    }
}

/// Does what [`wake_later`] asked for; `true` if somebody was to be woken.
pub(super) fn wake() -> bool {
    let due = DUE.load(Relaxed) && DUE.swap(false, Relaxed);
    if due {
        QUEUE.wake(Events::IN);
    }
    due
}
