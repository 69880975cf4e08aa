//! What the peer has although it cannot acknowledge it yet (RFC 2018), and what to send again because of it (RFC 6675).
//!
//! The machine knows only "everything again" and "the first segment again". The scoreboard takes from that what the peer has
//! already, what is still on its way, and what was repeated in this recovery before.

use alloc::vec::Vec;

use super::connection::Connection;
use super::options::{SACK, option};
use super::segment::{HEADER, Segment, after};
use super::socket::Role;
use crate::slab::Key;
use crate::stack::Stack;
use crate::time::Instant;

/// More pieces are not remembered: a peer that reports so many only makes us send more than needed.
const PIECES: usize = 64;
/// Segments reported behind a hole that make it a loss (DupThresh).
const THRESHOLD: u32 = 3;

#[derive(Default)]
pub(crate) struct Scoreboard {
    /// In order, apart from each other, all after what is acknowledged.
    pieces: Vec<(u32, u32)>,
    recovery: Option<Recovery>,
}

#[derive(Clone, Copy)]
struct Recovery {
    /// It ends when this is acknowledged.
    until: u32,
    /// Repeated up to here.
    repeated: u32,
}

impl Scoreboard {
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Bytes that the peer reported.
    pub fn bytes(&self) -> u32 {
        let of = |&(start, end): &(u32, u32)| end.wrapping_sub(start);
        self.pieces.iter().map(of).sum()
    }

    fn insert(&mut self, mut start: u32, mut end: u32) {
        let touching = |&(from, to): &(u32, u32)| !after(start, to) && !after(from, end);
        if !self.pieces.iter().any(touching) && self.pieces.len() >= PIECES {
            return;
        }
        self.pieces.retain(|&(from, to)| {
            let apart = after(start, to) || after(from, end);
            if !apart {
                start = if after(start, from) { from } else { start };
                end = if after(to, end) { to } else { end };
            }
            apart
        });
        let at = self.pieces.partition_point(|&(from, _)| after(start, from));
        self.pieces.insert(at, (start, end));
    }

    /// Everything up to `una` is acknowledged. A piece that begins there should have been, too: the peer threw it away.
    fn advance(&mut self, una: u32) {
        self.pieces.retain(|&(_, end)| after(end, una));
        if self
            .pieces
            .first()
            .is_some_and(|&(start, _)| !after(start, una))
        {
            self.pieces.clear();
        }
        if self
            .recovery
            .is_some_and(|recovery| !after(recovery.until, una))
        {
            self.recovery = None;
        }
    }

    fn covers(&self, start: u32, end: u32) -> bool {
        let of = |&(from, to): &(u32, u32)| !after(from, start) && !after(end, to);
        self.pieces.iter().any(of)
    }

    fn last(&self) -> Option<u32> {
        self.pieces.last().map(|&(_, end)| end)
    }

    /// A timeout: what was repeated may be lost as well.
    pub fn timed_out(&mut self) {
        self.recovery = None;
    }
}

impl Connection {
    /// Notes the blocks of an acknowledgement. How many bytes the peer says it got twice (RFC 2883).
    pub(crate) fn hear_sack(&mut self, segment: &Segment, bytes: &[u8]) -> u32 {
        let board = &mut self.sacked;
        if !board.is_empty() {
            board.advance(self.record.una);
        }
        let Some(blocks) = option(bytes, SACK) else {
            return 0;
        };
        let mut twice = 0;
        let (una, next) = (self.record.una, self.record.next);
        for (index, block) in blocks.as_chunks::<8>().0.iter().enumerate() {
            let [a, b, c, d, e, f, g, h] = *block;
            let start = u32::from_be_bytes([a, b, c, d]);
            let end = u32::from_be_bytes([e, f, g, h]);
            if !after(end, start) || after(end, next) {
                continue;
            }
            if index == 0 && !after(end, segment.ack) {
                twice = end.wrapping_sub(start);
            } else if after(start, una) {
                board.insert(start, end);
            }
        }
        twice
    }

    /// Whether a packet says again what need not be said.
    pub(crate) fn is_needless(&mut self, packet: &[u8]) -> bool {
        let front = crate::ip::header::header_len(self.peer.addr.is_ipv6());
        let Some(segment) = packet.get(front..).and_then(Segment::parse) else {
            return false;
        };
        let (start, end) = (segment.seq, segment.end());
        if segment.payload_len == 0 || after(end, self.record.next) {
            return false;
        }
        if self.sacked.covers(start, end) {
            return true;
        }
        let last = self.sacked.last();
        let Some(recovery) = &mut self.sacked.recovery else {
            return false;
        };
        let in_flight = last.is_some_and(|last| !after(last, start));
        if in_flight || !after(end, recovery.repeated) {
            return true;
        }
        recovery.repeated = end;
        false
    }

    /// Whether a hole is a loss that was not repaired yet. Begins a recovery.
    fn has_hole(&mut self) -> bool {
        let (una, next) = (self.record.una, self.record.next);
        let mss = self.record.mss.max(1);
        let board = &mut self.sacked;
        let Some(last) = board.last() else {
            return false;
        };
        match board.recovery {
            None if board.bytes() < THRESHOLD.saturating_mul(mss.min(1460)) => return false,
            None => {
                board.recovery = Some(Recovery {
                    until: next,
                    repeated: una,
                });
            }
            Some(_) => {}
        }
        let from = board.recovery.map_or(una, |recovery| recovery.repeated);
        let from = if after(una, from) { una } else { from };
        after(last, from) && !board.covers(from, last)
    }
}

impl Stack {
    /// Sends again what is missing before what the peer reported, each once in a recovery.
    pub(crate) fn sack_repair(&mut self, now: Instant, key: Key) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        if connection.detached || !connection.state.is_synchronized() || !connection.has_hole() {
            return;
        }
        self.connection_expire(now, key);
    }
}

/// The D-SACK option for bytes that came again (RFC 2883 section 4).
pub(crate) fn duplicate_option((start, end): (u32, u32)) -> [u8; 10] {
    let mut bytes = [SACK, 10, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes[2..6].copy_from_slice(&start.to_be_bytes());
    bytes[6..].copy_from_slice(&end.to_be_bytes());
    bytes
}

/// The segment's blocks behind another one; what the machine's own option becomes when there is a duplicate to tell.
pub(crate) fn with_duplicate(segment: &[u8], duplicate: (u32, u32)) -> Vec<u8> {
    let mut bytes = Vec::from(duplicate_option(duplicate));
    let own = option(segment, SACK).unwrap_or_default();
    // Three blocks fit beside a time stamp.
    let own = &own[..own.len().min(16)];
    bytes.extend_from_slice(own);
    bytes[1] += own.len() as u8;
    debug_assert!(bytes.len() <= 40 && HEADER > 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use std::collections::BTreeSet;

    #[test]
    fn pieces_join_and_go() {
        let mut board = Scoreboard::default();
        board.insert(30, 40);
        board.insert(10, 20);
        board.insert(20, 25);
        assert_eq!(board.pieces, [(10, 25), (30, 40)]);
        assert!(board.covers(11, 25) && !board.covers(24, 31));
        board.insert(24, 31);
        assert_eq!(board.pieces, [(10, 40)]);
        assert_eq!(board.bytes(), 30);
        board.advance(5);
        assert_eq!(board.pieces, [(10, 40)]);
        // It begins where it should have been acknowledged: the peer has it no longer.
        board.advance(12);
        assert!(board.is_empty());
    }

    #[test]
    fn agrees_with_a_set() {
        let mut rng = Rng::new(3);
        for base in [0u32, u32::MAX - 300] {
            let (mut board, mut model) = (Scoreboard::default(), BTreeSet::new());
            for _ in 0..300 {
                let start = rng.below(500);
                let len = 1 + rng.below(12);
                board.insert(base.wrapping_add(start), base.wrapping_add(start + len));
                model.extend(start..start + len);
                assert_eq!(board.bytes() as usize, model.len());
                let at = rng.below(500);
                let covered = model.contains(&at);
                let at = base.wrapping_add(at);
                assert_eq!(board.covers(at, at.wrapping_add(1)), covered);
            }
        }
    }
}
