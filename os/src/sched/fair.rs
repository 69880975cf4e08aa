//! Threads that share the CPU by nice value and wait for it.
//!
//! Four queues make one round. Whoever gives the CPU away leaves it to
//!
//! 1. new threads: a fork is most often waited for, and a daemon that forks itself
//!    off, once or twice, should have bound its port before the shell that saw the
//!    first parent end has started a client;
//! 2. threads that were just woken, in the order of their wake-ups: a reply should
//!    not wait behind a computation;
//! 3. those that were preempted with time left;
//! 4. those that used their slice. They wait for the next round, which begins when
//!    the other queues are empty.
//!
//! A slice is given once per round, so waking often earns no more CPU than computing
//! does. New threads come with a whole slice of their own; so that a chain of forks
//! keeps nobody out, no queue goes ahead of waiting ones for longer than [`PATIENCE`].

use super::{policy::CRUMB, thread::Thread};
use alloc::{collections::VecDeque, sync::Arc};
use core::{mem, sync::atomic::Ordering::Relaxed};

/// How long the first queues may go ahead of the others without a break, in ns.
const PATIENCE: u64 = 100_000_000;

pub(super) struct Fair {
    fresh: VecDeque<Arc<Thread>>,
    woken: VecDeque<Arc<Thread>>,
    ready: VecDeque<Arc<Thread>>,
    spent: VecDeque<Arc<Thread>>,
    round: u32,
    /// Since when the new go ahead of the woken, and both ahead of the others, in ns.
    fresh_ahead: Ahead,
    woken_ahead: Ahead,
}

impl Fair {
    pub(super) const fn new() -> Fair {
        Fair {
            fresh: VecDeque::new(),
            woken: VecDeque::new(),
            ready: VecDeque::new(),
            spent: VecDeque::new(),
            round: 0,
            fresh_ahead: Ahead(None),
            woken_ahead: Ahead(None),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.fresh.len() + self.woken.len() + self.ready.len() + self.spent.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Just made.
    pub(super) fn push_new(&mut self, thread: Arc<Thread>) {
        self.refill(&thread);
        self.fresh.push_back(thread);
    }

    /// Just woken.
    pub(super) fn push_woken(&mut self, thread: Arc<Thread>) {
        self.refill(&thread);
        match thread.slice_left.load(Relaxed) > CRUMB {
            true => self.woken.push_back(thread),
            false => self.spent.push_back(thread),
        }
    }

    /// Preempted with time left.
    pub(super) fn push_ready(&mut self, thread: Arc<Thread>) {
        self.ready.push_front(thread);
    }

    /// Its slice is over, or it gave the rest away.
    pub(super) fn push_spent(&mut self, thread: Arc<Thread>) {
        self.spent.push_back(thread);
    }

    /// The next of those who may go ahead of a thread with time left.
    pub(super) fn pop_ahead(&mut self, now: u64) -> Option<Arc<Thread>> {
        let others = !(self.ready.is_empty() && self.spent.is_empty());
        if !self.woken_ahead.may(others, now) {
            return None;
        }
        if self.fresh_ahead.may(!self.woken.is_empty(), now)
            && let Some(next) = self.fresh.pop_front()
        {
            return Some(next);
        }
        self.fresh_ahead = Ahead(None);
        self.woken.pop_front().or_else(|| self.fresh.pop_front())
    }

    /// The next one.
    pub(super) fn pop(&mut self, now: u64) -> Option<Arc<Thread>> {
        if let Some(next) = self.pop_ahead(now) {
            return Some(next);
        }
        self.woken_ahead = Ahead(None);
        if self.ready.is_empty() && !self.spent.is_empty() {
            mem::swap(&mut self.ready, &mut self.spent);
            self.next_round();
        }
        self.ready.pop_front()
    }

    /// A new slice for everybody.
    pub(super) fn next_round(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// A new slice, if the thread has not had this round's yet.
    pub(super) fn refill(&self, thread: &Thread) {
        if thread.round.swap(self.round, Relaxed) != self.round {
            let slice = thread.policy().slice(thread.nice());
            thread.slice_left.store(slice.unwrap_or(u64::MAX), Relaxed);
        }
    }

    /// Takes a thread out, wherever it is.
    pub(super) fn remove(&mut self, thread: &Thread) -> Option<Arc<Thread>> {
        [
            &mut self.fresh,
            &mut self.woken,
            &mut self.ready,
            &mut self.spent,
        ]
        .into_iter()
        .find_map(|queue| {
            let place = queue
                .iter()
                .position(|other| core::ptr::eq(&**other, thread))?;
            queue.remove(place)
        })
    }
}

/// Since when a queue goes ahead of another, in ns.
struct Ahead(Option<u64>);

impl Ahead {
    /// Whether it still may; `waiting`: there is somebody to be patient.
    fn may(&mut self, waiting: bool, now: u64) -> bool {
        if !waiting {
            self.0 = None;
            return true;
        }
        now.saturating_sub(*self.0.get_or_insert(now)) <= PATIENCE
    }
}
