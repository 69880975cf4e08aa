//! Time stamps of segments (RFC 7323): ours are sent, the peer's are echoed, and a segment older than what was seen is refused.
//!
//! The machine makes room for the option and this writes the words. A connection over a shared ring has no segments and so none
//! of this.

use super::connection::{Connection, Record};
use super::options::{self, STAMPS, option_mut};
use super::segment::{ACK, Bare, RST, SYN, Segment, after};
use crate::slab::Key;
use crate::stack::Stack;
use crate::time::Instant;
use core::time::Duration;

/// A stamp is no longer compared when the last one is as old as this (RFC 7323 section 5.5).
const OUTDATED: Duration = Duration::from_secs(24 * 24 * 3600);

impl Record {
    /// Our clock: milliseconds, begun somewhere else by every connection.
    pub fn stamp(&self, now: Instant) -> u32 {
        ((now.nanos() / 1_000_000) as u32).wrapping_add(self.stamp_offset)
    }

    /// What an outgoing segment carries.
    pub fn stamps(&self, now: Instant) -> (u32, u32) {
        (self.stamp(now), self.stamp_seen.unwrap_or(0))
    }

    /// The option for a segment that no machine makes; nothing where none was agreed to.
    pub fn stamp_bytes(&self, now: Instant) -> ([u8; 12], usize) {
        let bytes = options::stamp_option(self.stamps(now));
        (bytes, if self.stamped { bytes.len() } else { 0 })
    }
}

impl Connection {
    /// Writes both words into what the machine made.
    pub(crate) fn write_stamps(&self, now: Instant, segment: &mut [u8]) {
        let (value, echo) = self.record.stamps(now);
        if let Some(body) = option_mut(segment, STAMPS).filter(|body| body.len() == 8) {
            body[..4].copy_from_slice(&value.to_be_bytes());
            body[4..].copy_from_slice(&echo.to_be_bytes());
        }
    }

    /// Whether a segment is older than another that came before it (PAWS, RFC 7323 section 5). Keeps the stamp of one that is not.
    pub(crate) fn is_outdated(&mut self, now: Instant, segment: &Segment, bytes: &[u8]) -> bool {
        if !self.record.stamped || segment.has(RST) || segment.has(SYN) {
            return false;
        }
        let Some((value, _)) = options::stamps(bytes) else {
            return false;
        };
        let record = &mut self.record;
        if let Some(seen) = record.stamp_seen
            && after(seen, value)
            && now.since(record.stamp_at) < OUTDATED
        {
            // An acknowledgement without data that was overtaken harms nobody.
            return segment.len() > 0;
        }
        // RFC 7323 section 4.3: the segment that the next acknowledgement is due for.
        if !after(segment.seq, record.ack_sent) {
            record.stamp_seen = Some(value);
            record.stamp_at = now;
        }
        false
    }

    /// The round trip that an echoed stamp tells, for what was sent twice (RFC 7323 section 4).
    pub(crate) fn sample_echo(&mut self, now: Instant, bytes: &[u8]) {
        if let Some((_, echo)) = options::stamps(bytes).filter(|&(_, echo)| echo != 0) {
            let millis = self.record.stamp(now).wrapping_sub(echo);
            if millis < 120_000 {
                self.record
                    .sample_rtt(Duration::from_millis(millis.max(1).into()));
            }
        }
    }
}

impl Stack {
    /// The answer to an outdated segment (RFC 7323 section 5.3, R1): what was expected.
    pub(crate) fn refuse_outdated(&mut self, now: Instant, key: Key) {
        self.counters.tcp.paws_refused += 1;
        let Some(connection) = self.tcp.slab.get(key).and_then(|tcp| tcp.connection()) else {
            return;
        };
        let next = connection.record.next;
        self.connection_say(now, key, next, ACK);
    }

    /// Sends a connection's segment without data that its machine does not make, with its time stamps.
    pub(crate) fn connection_say(&mut self, now: Instant, key: Key, seq: u32, flags: u8) {
        let Some(tcp) = self.tcp.slab.get(key) else {
            return;
        };
        let Some(connection) = tcp.connection() else {
            return;
        };
        let record = &connection.record;
        let bare = Bare {
            local: connection.local,
            peer: connection.peer,
            seq,
            ack: record.ack_sent,
            flags,
            window: record.window_sent,
            tos: tcp.options.common.tos,
            ttl: 64,
        };
        let (stamps, len) = record.stamp_bytes(now);
        let via = connection.path.iface;
        let additions = tcp.additions.clone();
        self.tcp_send_bare_as(now, &bare, Some(via), &stamps[..len], additions);
    }
}
