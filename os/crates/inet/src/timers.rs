//! The deadline index: which connection wants to be looked at when.
//!
//! A connection's deadline mostly moves later (each acknowledgement restarts its timer). Moving it in the index each time would
//! cost more than the packet. So an entry stays where it is until it is due; then the connection says what it really wants. An
//! entry is added only when a deadline comes earlier than the one that is armed.

use alloc::collections::BinaryHeap;
use core::cmp::Reverse;

use crate::slab::Key;
use crate::time::Instant;

#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Key)>>,
}

impl Timers {
    /// Makes sure that `key` comes up at `at` or earlier. `armed` is the connection's own note of its earliest entry.
    pub fn arm(&mut self, armed: &mut Option<Instant>, key: Key, at: Instant) {
        if armed.is_none_or(|armed| at < armed) {
            *armed = Some(at);
            self.heap.push(Reverse((at, key)));
        }
    }

    /// The next entry that is due, with its deadline. It may be stale: compare with the connection's note.
    pub fn pop_due(&mut self, now: Instant) -> Option<(Instant, Key)> {
        let &Reverse((at, _)) = self.heap.peek()?;
        if at > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|&Reverse((at, _))| at)
    }
}
