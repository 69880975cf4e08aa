//! Wait queues: who wants to know when something becomes ready.

use alloc::sync::{Arc, Weak};

bitflags::bitflags! {
    /// Readiness, with the values of poll(2) and epoll(7).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct Events: u32 {
        #[allow(missing_docs)]
        const IN = 0x001;
        #[allow(missing_docs)]
        const PRI = 0x002;
        #[allow(missing_docs)]
        const OUT = 0x004;
        #[allow(missing_docs)]
        const ERR = 0x008;
        #[allow(missing_docs)]
        const HUP = 0x010;
        #[allow(missing_docs)]
        const NVAL = 0x020;
        #[allow(missing_docs)]
        const RDNORM = 0x040;
        #[allow(missing_docs)]
        const RDBAND = 0x080;
        #[allow(missing_docs)]
        const WRNORM = 0x100;
        #[allow(missing_docs)]
        const WRBAND = 0x200;
        #[allow(missing_docs)]
        const RDHUP = 0x2000;
    }
}

/// Somebody who waits: a blocked thread, an epoll item, an O_ASYNC owner.
pub trait Waiter: Send + Sync {
    /// Something happened that concerns `events`. Must not block, and must not
    /// call back into the object that woke it.
    fn wake(&self, events: Events);
}

/// A list of waiters. Objects with readiness own one and call [`WaitQueue::wake`]
/// at each arrival (EPOLLET reports every arrival, epoll(7)), once per batch.
pub struct WaitQueue {}

impl WaitQueue {
    /// An empty queue.
    pub const fn new() -> Self {
        WaitQueue {}
    }

    /// Wakes every non-exclusive waiter interested in `events` and one exclusive waiter.
    pub fn wake(&self, _events: Events) {
        todo!()
    }

    /// Wakes everybody, whatever they wait for (the object is going away).
    pub fn wake_all(&self) {
        todo!()
    }

    /// Adds a waiter until the returned entry is dropped. `exclusive`: see EPOLLEXCLUSIVE.
    pub fn register(
        self: &WaitQueue,
        _waiter: Weak<dyn Waiter>,
        _interest: Events,
        _exclusive: bool,
    ) -> Entry {
        todo!()
    }
}

/// Membership in a [`WaitQueue`]; dropping it leaves the queue.
pub struct Entry {
    _waiter: Option<Arc<()>>,
}
