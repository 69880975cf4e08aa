//! Threads under SCHED_FIFO and SCHED_RR that wait for the CPU, and how much of it they had.
//!
//! Strict priority, first in first out within one. A thread that never sleeps
//! must not lock everybody else out for ever: while others wait, all of them
//! together get [`BUDGET`] of every [`PERIOD`], as Linux's defaults of
//! kernel.sched_rt_runtime_us and kernel.sched_rt_period_us have it.

use super::thread::Thread;
use alloc::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// ns.
const PERIOD: u64 = 1_000_000_000;
/// ns of every period.
const BUDGET: u64 = 950_000_000;

pub(super) struct RealTime {
    /// By priority; no level is empty.
    levels: BTreeMap<u8, VecDeque<Arc<Thread>>>,
    /// When the present period began, in ns, and what of it was used.
    began: u64,
    used: u64,
}

impl RealTime {
    pub(super) const fn new() -> RealTime {
        RealTime {
            levels: BTreeMap::new(),
            began: 0,
            used: 0,
        }
    }

    /// The highest priority that waits; 0: nobody does.
    pub(super) fn rank(&self) -> u8 {
        self.levels.last_key_value().map_or(0, |(&rank, _)| rank)
    }

    pub(super) fn len(&self) -> usize {
        self.levels.values().map(VecDeque::len).sum()
    }

    /// Behind its equals: woken, or its turn is over.
    pub(super) fn push_back(&mut self, thread: Arc<Thread>) {
        let level = self.levels.entry(thread.policy().rank()).or_default();
        level.push_back(thread);
    }

    /// Before its equals: somebody of more priority took the CPU from it.
    pub(super) fn push_front(&mut self, thread: Arc<Thread>) {
        let level = self.levels.entry(thread.policy().rank()).or_default();
        level.push_front(thread);
    }

    /// The next one, if it has at least `rank`.
    pub(super) fn pop(&mut self, rank: u8) -> Option<Arc<Thread>> {
        let mut level = self.levels.last_entry()?;
        if *level.key() < rank {
            return None;
        }
        let thread = level.get_mut().pop_front();
        if level.get().is_empty() {
            level.remove();
        }
        thread
    }

    /// Takes a thread out, wherever it is.
    pub(super) fn remove(&mut self, thread: &Thread) -> Option<Arc<Thread>> {
        let mut found = None;
        self.levels.retain(|_, level| {
            let place = level
                .iter()
                .position(|other| core::ptr::eq(&**other, thread));
            if let Some(place) = place {
                found = level.remove(place);
            }
            !level.is_empty()
        });
        found
    }

    /// A thread of this class had the CPU for `ns` until `now`.
    pub(super) fn charge(&mut self, ns: u64, now: u64) {
        self.roll(now);
        self.used = self.used.saturating_add(ns).min(PERIOD);
    }

    /// ns that the class has left at `now`; 0: its budget is used up.
    pub(super) fn left(&mut self, now: u64) -> u64 {
        self.roll(now);
        BUDGET.saturating_sub(self.used)
    }

    /// When the present period ends, in ns.
    pub(super) fn period_end(&self) -> u64 {
        self.began + PERIOD
    }

    fn roll(&mut self, now: u64) {
        if now >= self.period_end() {
            self.began = now;
            self.used = 0;
        }
    }
}
