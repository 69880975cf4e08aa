//! Signals that wait for their thread or process.

use super::{Info, Set, bit};
use abi::general::*;
use alloc::collections::VecDeque;

/// A set and a queue. Signals below SIGRTMIN are pending at most once; real-time
/// signals queue, each with its details.
#[derive(Default)]
pub struct Pending {
    set: Set,
    queue: VecDeque<Info>,
}

/// Raised by the thread's own instruction: they go first, so that the handler sees the fault.
const SYNCHRONOUS: Set = bit(SIGSEGV as i32)
    | bit(SIGBUS as i32)
    | bit(SIGILL as i32)
    | bit(SIGTRAP as i32)
    | bit(SIGFPE as i32)
    | bit(SIGSYS as i32);

/// What became of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is pending now.
    New,
    /// It was pending already and does not queue.
    Merged,
    /// RLIMIT_SIGPENDING is reached.
    Full,
}

impl Pending {
    /// What is pending.
    pub fn set(&self) -> Set {
        self.set
    }

    /// How many entries are queued. RLIMIT_SIGPENDING counts them.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Adds a signal. At `limit` queued entries a real-time signal from a program is
    /// refused; any other becomes pending without its details.
    pub fn push(&mut self, info: Info, limit: usize) -> Pushed {
        let realtime = info.signal >= SIGRTMIN as i32;
        if !realtime && self.set & bit(info.signal) != 0 {
            return Pushed::Merged;
        }
        if self.queue.len() < limit {
            self.queue.push_back(info);
        } else if realtime && info.is_from_user() && info.code != SI_USER as i32 {
            return Pushed::Full;
        }
        self.set |= bit(info.signal);
        Pushed::New
    }

    /// Takes the next signal in `wanted`.
    pub fn take(&mut self, wanted: Set) -> Option<Info> {
        let mut candidates = self.set & wanted;
        if candidates == 0 {
            return None;
        }
        if candidates & SYNCHRONOUS != 0 {
            candidates &= SYNCHRONOUS;
        }
        let signal = candidates.trailing_zeros() as i32 + 1;
        let place = self.queue.iter().position(|info| info.signal == signal);
        let info = place.and_then(|place| self.queue.remove(place));
        if !self.queue.iter().any(|info| info.signal == signal) {
            self.set &= !bit(signal);
        }
        // The queue was full when it came: only the number is known.
        Some(info.unwrap_or_else(|| Info::user(signal, SI_USER as i32, 0, 0)))
    }

    /// Forgets every signal in `which`.
    pub fn remove(&mut self, which: Set) {
        if self.set & which != 0 {
            self.set &= !which;
            self.queue.retain(|info| which & bit(info.signal) == 0);
        }
    }
}
