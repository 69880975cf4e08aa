//! One-shot timers in a heap ordered by deadline.
//!
//! Arming, moving and disarming are O(log n) and allocate nothing once the heap
//! has grown: every timer knows its slot. TCP moves its timers at every ACK.

use super::Instant;
use crate::sync::SpinLock;
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a timer calls when it is due. Runs with interrupts off; must not block.
pub trait Expire: Send + Sync {
    /// The deadline has passed. Return the next deadline to stay armed.
    fn expire(&self, now: Instant) -> Option<Instant>;
}

/// A timer that can be armed again and again; dropping it disarms.
pub struct Timer {
    node: Arc<Node>,
}

impl Timer {
    /// A disarmed timer. The target is held weakly, so that it may own its timer.
    pub fn new(target: Weak<dyn Expire>) -> Arc<Timer> {
        let slot = AtomicUsize::new(IDLE);
        Arc::new(Timer {
            node: Arc::new(Node { target, slot }),
        })
    }

    /// Arms, or moves an armed timer.
    pub fn arm(&self, deadline: Instant) {
        HEAP.lock().set(&self.node, deadline.0);
        super::interrupt_by(deadline.0);
    }

    /// Disarms; says whether it was armed.
    pub fn disarm(&self) -> bool {
        let taken = HEAP.lock().remove(&self.node);
        taken.is_some()
    }

    /// When it is due, if it is armed.
    pub fn deadline(&self) -> Option<Instant> {
        let heap = HEAP.lock();
        let slot = self.node.slot.load(Relaxed);
        heap.items.get(slot).map(|item| Instant(item.deadline))
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.disarm();
    }
}

/// Calls every timer that is due at `now`. From the timer interrupt, and from
/// `sched` when a thread stayed in the kernel for long.
pub fn run_due(now: Instant) {
    loop {
        let mut heap = HEAP.lock();
        if heap.items.first().is_none_or(|item| item.deadline > now.0) {
            return;
        }
        let node = heap.items[0].node.clone();
        let taken = heap.remove(&node);
        drop(heap);
        drop(taken);
        // The target may arm its own timer or any other: the heap is unlocked here.
        let again = node.target.upgrade().and_then(|target| target.expire(now));
        if let Some(deadline) = again {
            HEAP.lock().set(&node, deadline.0);
        }
    }
}

/// The earliest deadline in ns; `u64::MAX` when no timer is armed.
pub fn next_deadline() -> u64 {
    HEAP.lock()
        .items
        .first()
        .map_or(u64::MAX, |item| item.deadline)
}

/// Not in the heap.
const IDLE: usize = usize::MAX;

struct Node {
    target: Weak<dyn Expire>,
    /// Index in `Heap::items`, or `IDLE`. Written under the heap's lock.
    slot: AtomicUsize,
}

struct Item {
    deadline: u64,
    node: Arc<Node>,
}

static HEAP: SpinLock<Heap> = SpinLock::new(Heap { items: Vec::new() });

/// A binary min-heap. Invariant: `items[i].node.slot == i`.
struct Heap {
    items: Vec<Item>,
}

impl Heap {
    fn set(&mut self, node: &Arc<Node>, deadline: u64) {
        let mut slot = node.slot.load(Relaxed);
        if slot == IDLE {
            slot = self.items.len();
            let node = node.clone();
            node.slot.store(slot, Relaxed);
            self.items.push(Item { deadline, node });
        } else {
            self.items[slot].deadline = deadline;
        }
        self.sift(slot);
    }

    fn remove(&mut self, node: &Arc<Node>) -> Option<Item> {
        let slot = node.slot.load(Relaxed);
        if slot == IDLE {
            return None;
        }
        let item = self.items.swap_remove(slot);
        item.node.slot.store(IDLE, Relaxed);
        if slot < self.items.len() {
            self.items[slot].node.slot.store(slot, Relaxed);
            self.sift(slot);
        }
        Some(item)
    }

    /// Restores the order around one slot whose deadline changed.
    fn sift(&mut self, mut slot: usize) {
        while slot > 0 && self.earlier(slot, (slot - 1) / 2) {
            slot = self.swap(slot, (slot - 1) / 2);
        }
        loop {
            let left = 2 * slot + 1;
            if left >= self.items.len() {
                return;
            }
            let right = left + 1;
            let child = match right < self.items.len() && self.earlier(right, left) {
                true => right,
                false => left,
            };
            if !self.earlier(child, slot) {
                return;
            }
            slot = self.swap(slot, child);
        }
    }

    fn earlier(&self, a: usize, b: usize) -> bool {
        self.items[a].deadline < self.items[b].deadline
    }

    /// Swaps two slots and returns the second: where the first item went.
    fn swap(&mut self, a: usize, b: usize) -> usize {
        self.items.swap(a, b);
        self.items[a].node.slot.store(a, Relaxed);
        self.items[b].node.slot.store(b, Relaxed);
        b
    }
}
