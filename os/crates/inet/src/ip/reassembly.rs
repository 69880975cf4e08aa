//! Reassembly of fragments (RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722 on overlaps).

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::Rx;
use super::extension::{self, FRAGMENT_HEADER};
use super::header::{Fragment, IPV6_HEADER, IpHeader, refresh_v4_checksum};
use crate::frame::{Frame, FramePool};
use crate::stack::Stack;
use crate::time::Instant;

/// Packets being put together at a time; the oldest gives way. Each holds a 64 KiB buffer (Linux: 4 MiB in all).
const PACKETS: usize = 64;
/// net.ipv4.ipfrag_time.
const PATIENCE: Duration = Duration::from_secs(30);
/// Payload of the largest packet.
const LARGEST: usize = 65_535;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Flow {
    src: IpAddr,
    dst: IpAddr,
    protocol: u8,
    id: u32,
}

struct Partial {
    flow: Flow,
    header: IpHeader,
    payload: Frame,
    /// The headers of the first fragment, without that which says it is one.
    front: Vec<u8>,
    /// Received byte ranges, sorted, merged.
    have: Vec<(usize, usize)>,
    total: Option<usize>,
    /// Length of the longest fragment, headers included.
    longest: usize,
    deadline: Instant,
}

#[derive(Default)]
pub(crate) struct Reassembly {
    partial: Vec<Partial>,
}

enum Add {
    Incomplete,
    Complete,
    /// Overlap or contradiction: the whole packet is dropped (RFC 5722 section 4).
    Bad,
}

impl Partial {
    fn add(&mut self, part: &[u8], at: Fragment) -> Add {
        let (start, end) = (at.offset, at.offset + part.len());
        let known_end = self.have.last().map_or(0, |&(_, end)| end);
        if end > LARGEST || part.is_empty() || (at.more && !part.len().is_multiple_of(8)) {
            return Add::Bad;
        }
        match self.total {
            Some(total) if end > total || (!at.more && end != total) => return Add::Bad,
            None if !at.more && end < known_end => return Add::Bad,
            _ => {}
        }
        if !at.more {
            self.total = Some(end);
        }
        let place = self.have.partition_point(|&(from, _)| from < start);
        if self
            .have
            .iter()
            .any(|&(from, to)| from <= start && end <= to)
        {
            // A retransmitted fragment: nothing new.
            return Add::Incomplete;
        }
        let before = place.checked_sub(1).map_or(0, |before| self.have[before].1);
        let after = self.have.get(place).map_or(usize::MAX, |&(from, _)| from);
        if before > start || after < end {
            return Add::Bad;
        }
        self.payload[start..end].copy_from_slice(part);
        self.have.insert(place, (start, end));
        self.have.dedup_by(|next, prev| {
            let touch = prev.1 == next.0;
            if touch {
                prev.1 = next.1;
            }
            touch
        });
        match (self.total, self.have.as_slice()) {
            (Some(total), &[(0, end)]) if end == total => Add::Complete,
            _ => Add::Incomplete,
        }
    }

    /// The packet as if it had never been cut, with the options and extension headers of its first part.
    fn finish(self, pool: &mut FramePool) -> Option<(IpHeader, Frame)> {
        let total = self.total?;
        let v6 = self.header.is_v6();
        let front = self.front.len();
        // IPv6's length field does not count the header.
        let counted = if v6 { front - IPV6_HEADER } else { front };
        if counted + total > LARGEST {
            pool.put(self.payload);
            return None;
        }
        let mut frame = pool.get(front + total);
        frame[..front].copy_from_slice(&self.front);
        frame[front..].copy_from_slice(&self.payload[..total]);
        pool.put(self.payload);
        self.header.set_end(&mut frame);
        if !v6 {
            frame[6..8].fill(0);
            refresh_v4_checksum(&mut frame);
        }
        frame.tag.fragment = self.longest as u32;
        // What was cut may begin with more headers.
        match IpHeader::parse(&frame, false).filter(|header| header.fragment.is_none()) {
            Some(header) => Some((header, frame)),
            None => {
                pool.put(frame);
                None
            }
        }
    }
}

/// The headers before what was cut, with the next of them named where a fragment header was.
fn front_of(header: &IpHeader, bytes: &[u8]) -> Vec<u8> {
    if !header.is_v6() {
        return bytes[..header.payload].into();
    }
    let end = header.payload - FRAGMENT_HEADER;
    let link = extension::link(bytes, end);
    let mut front: Vec<u8> = bytes[..end].into();
    front[link] = bytes[end];
    front
}

impl Stack {
    /// Takes a fragment; returns the packet that it completes.
    pub(crate) fn reassemble(
        &mut self,
        rx: Rx,
        header: &IpHeader,
        bytes: &[u8],
    ) -> Option<(IpHeader, Frame)> {
        let fragment = header.fragment?;
        let version = header.version();
        self.counters.ip[version].reassembly_requests += 1;
        let flow = Flow {
            src: header.src,
            dst: header.dst,
            protocol: header.protocol,
            id: fragment.id,
        };
        let partial = &mut self.reassembly.partial;
        let at = match partial.iter().position(|partial| partial.flow == flow) {
            Some(at) => at,
            None => {
                if partial.len() >= PACKETS {
                    let oldest = partial.remove(0);
                    self.frames.put(oldest.payload);
                    self.counters.ip[version].reassembly_fails += 1;
                }
                partial.push(Partial {
                    flow,
                    header: *header,
                    payload: self.frames.get(LARGEST),
                    front: Vec::new(),
                    have: Vec::new(),
                    total: None,
                    longest: 0,
                    deadline: rx.now + PATIENCE,
                });
                partial.len() - 1
            }
        };
        let longest = &mut self.reassembly.partial[at].longest;
        *longest = header.end.max(*longest);
        if fragment.offset == 0 {
            self.reassembly.partial[at].front = front_of(header, bytes);
        }
        let whole =
            match self.reassembly.partial[at].add(&bytes[header.payload..header.end], fragment) {
                Add::Incomplete => {
                    let deadline = self.reassembly.partial[at].deadline;
                    self.arm_housekeeping(deadline);
                    return None;
                }
                Add::Bad => {
                    let bad = self.reassembly.partial.remove(at);
                    self.frames.put(bad.payload);
                    None
                }
                Add::Complete => self.reassembly.partial.remove(at).finish(&mut self.frames),
            };
        let counters = &mut self.counters.ip[version];
        match whole {
            Some(_) => counters.reassembly_oks += 1,
            None => counters.reassembly_fails += 1,
        }
        whole
    }

    pub(crate) fn reassembly_expire(&mut self, now: Instant) -> Option<Instant> {
        // Entries are in order of age.
        while let Some(oldest) = self.reassembly.partial.first() {
            if oldest.deadline > now {
                return Some(oldest.deadline);
            }
            let oldest = self.reassembly.partial.remove(0);
            let counters = &mut self.counters.ip[oldest.header.version()];
            counters.reassembly_timeouts += 1;
            counters.reassembly_fails += 1;
            self.frames.put(oldest.payload);
        }
        None
    }
}
