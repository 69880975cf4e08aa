//! From the engine's tokens back to who waits.
//!
//! The engine names sockets by a number that the shell chose. [`Registration`] owns
//! such a number and the wait queue behind it; dropping it gives the number back, so
//! a late wake-up for a closed socket finds nothing, or wakes a successor once too often, which is harmless.

use crate::{
    sched::{Events, WaitQueue},
    sync::SpinLock,
};
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicU64, Ordering};
use inet::Ready;

/// Who is told of a wake-up before those who wait.
pub trait Observer: Send + Sync {
    /// Something happened to the socket. Says whether those who wait should look. Must not sleep.
    fn arrived(&self) -> bool;
}

#[derive(Clone)]
struct Slot {
    queue: Arc<WaitQueue>,
    inode: u64,
    observer: Option<Arc<dyn Observer>>,
}

struct Table {
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
}

static TABLE: SpinLock<Table> = SpinLock::new(Table {
    slots: Vec::new(),
    free: Vec::new(),
});

/// A token and its wait queue.
pub struct Registration {
    slot: usize,
    inode: u64,
    queue: Arc<WaitQueue>,
}

impl Registration {
    /// A fresh token.
    pub fn new() -> Registration {
        static NEXT_INODE: AtomicU64 = AtomicU64::new(1000);
        let inode = NEXT_INODE.fetch_add(1, Ordering::Relaxed);
        let queue = Arc::new(WaitQueue::new());
        let mut table = TABLE.lock();
        let slot = table.free.pop().unwrap_or_else(|| {
            table.slots.push(None);
            table.slots.len() - 1
        });
        table.slots[slot] = Some(Slot {
            queue: queue.clone(),
            inode,
            observer: None,
        });
        Registration { slot, inode, queue }
    }

    /// What the engine is told. Never 0, which means "nobody".
    pub fn token(&self) -> u64 {
        self.slot as u64 + 1
    }

    /// Inode number in sockfs, never used twice.
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// From now on `observer` hears of each wake-up first.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        if let Some(slot) = &mut TABLE.lock().slots[self.slot] {
            slot.observer = Some(observer);
        }
    }

    /// Who waits.
    pub fn queue(&self) -> &WaitQueue {
        &self.queue
    }

    /// The same, counted.
    pub fn queue_handle(&self) -> Arc<WaitQueue> {
        self.queue.clone()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut table = TABLE.lock();
        let slot = table.slots[self.slot].take();
        table.free.push(self.slot);
        drop(table);
        // The observer may be the last owner of much memory.
        drop(slot);
    }
}

/// How many sockets there are.
pub fn count() -> usize {
    let table = TABLE.lock();
    table.slots.len() - table.free.len()
}

/// Wakes who waits behind `token`. Called without the stack's lock.
pub fn wake(token: u64, ready: Ready) {
    let Some(slot) = (token as usize).checked_sub(1) else {
        return;
    };
    let slot = TABLE.lock().slots.get(slot).cloned().flatten();
    if let Some(Slot {
        queue, observer, ..
    }) = slot
        && observer.is_none_or(|observer| observer.arrived())
    {
        queue.wake(events(ready));
    }
}

/// The inode number of the socket behind `token`, as the tables show it; 0 when no descriptor has it.
pub fn inode(token: u64) -> u64 {
    let slot = (token as usize).wrapping_sub(1);
    let entry = TABLE.lock().slots.get(slot).cloned().flatten();
    entry.map_or(0, |slot| slot.inode)
}

/// Room to send. Wake-ups name the band for every kind of socket; level readiness of a stream does not have it.
const WRITABLE: Events = Events::OUT.union(Events::WRNORM).union(Events::WRBAND);

/// The engine's readiness as poll(2) events, as a datagram socket tells it.
pub fn events(ready: Ready) -> Events {
    const MAP: [(Ready, Events); 6] = [
        (Ready::READ, Events::IN.union(Events::RDNORM)),
        (Ready::WRITE, WRITABLE),
        (Ready::HUP, Events::HUP),
        (Ready::RDHUP, Events::RDHUP),
        (Ready::ERR, Events::ERR),
        (Ready::PRIORITY, Events::PRI),
    ];
    let mut events = Events::empty();
    for (bit, event) in MAP {
        if ready.has(bit) {
            events |= event;
        }
    }
    // A close that lingers waits for the last acknowledgement as for room to write.
    if ready.has(Ready::DRAINED) {
        events |= Events::OUT;
    }
    events
}
