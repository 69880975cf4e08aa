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
//! keeps nobody out, the first two queues have the CPU for a [`TURN`] at most while there is
//! somebody in the last two, and of each pair the first goes ahead for [`PATIENCE`] at most.
//! A wake-up from an interrupt ends a turn of the last two at once: a reply is worth more.

use super::{policy::CRUMB, thread::Thread};
use alloc::{collections::VecDeque, sync::Arc};
use core::{mem, sync::atomic::Ordering::Relaxed};

/// How long the new may go ahead of the woken without a break, and the preempted of those without a slice, in ns.
const PATIENCE: u64 = 100_000_000;
/// How long the new and woken, or the others, may keep the CPU while some of both wait, in ns.
/// A shell that starts one short program after another would else keep a server that has
/// used its slice from listening again. Linux's base slice on one CPU is of this size.
const TURN: u64 = 1_000_000;

pub(super) struct Fair {
    fresh: VecDeque<Arc<Thread>>,
    woken: VecDeque<Arc<Thread>>,
    ready: VecDeque<Arc<Thread>>,
    spent: VecDeque<Arc<Thread>>,
    round: u32,
    /// Since when the new go ahead of the woken, and the preempted of those without a slice, in ns.
    fresh_ahead: Ahead,
    ready_ahead: Ahead,
    turn: Turn,
}

/// Whose turn it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The new and the woken.
    Ahead,
    /// Those that were preempted, or used their slice.
    Behind,
}

/// The side that has the CPU, and since when it kept the other waiting, in ns.
struct Turn {
    side: Side,
    since: Option<u64>,
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
            ready_ahead: Ahead(None),
            turn: Turn {
                side: Side::Behind,
                since: None,
            },
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

    /// Whoever goes before a running thread with time left.
    pub(super) fn pop_over(&mut self, now: u64) -> Option<Arc<Thread>> {
        match self.turn.side == Side::Ahead && self.turn_end(now) <= now {
            true => self.pop_behind(now),
            false => self.pop_ahead(now),
        }
    }

    /// The next one.
    pub(super) fn pop(&mut self, now: u64) -> Option<Arc<Thread>> {
        self.pop_over(now).or_else(|| self.pop_behind(now))
    }

    fn pop_ahead(&mut self, now: u64) -> Option<Arc<Thread>> {
        let next = if self.fresh.is_empty() || !self.fresh_ahead.may(!self.woken.is_empty(), now) {
            self.fresh_ahead = Ahead(None);
            let woken = self.woken.pop_front();
            woken.or_else(|| self.fresh.pop_front())?
        } else {
            self.fresh.pop_front()?
        };
        self.take_turn(Side::Ahead);
        Some(next)
    }

    fn pop_behind(&mut self, now: u64) -> Option<Arc<Thread>> {
        let spent_wait = !self.spent.is_empty();
        if self.ready.is_empty() || !self.ready_ahead.may(spent_wait, now) {
            self.ready_ahead = Ahead(None);
            if spent_wait {
                self.spent.append(&mut self.ready);
                mem::swap(&mut self.ready, &mut self.spent);
                self.next_round();
            }
        }
        let next = self.ready.pop_front()?;
        self.take_turn(Side::Behind);
        Some(next)
    }

    fn take_turn(&mut self, side: Side) {
        if self.turn.side != side {
            self.turn = Turn { side, since: None };
        }
    }

    /// When the side that has the CPU must leave it to the other, in ns; never, as long as nobody waits there.
    pub(super) fn turn_end(&mut self, now: u64) -> u64 {
        let kept_waiting = match self.turn.side {
            Side::Ahead => !(self.ready.is_empty() && self.spent.is_empty()),
            Side::Behind => !(self.fresh.is_empty() && self.woken.is_empty()),
        };
        if !kept_waiting {
            self.turn.since = None;
            return u64::MAX;
        }
        self.turn.since.get_or_insert(now).saturating_add(TURN)
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
