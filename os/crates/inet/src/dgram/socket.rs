//! What stands behind a datagram handle, and the table of all of them.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::multicast::Joined;
use super::{Arrival, DgramKind, DgramOptions, DgramRow};
use crate::addr::Endpoint;
use crate::effects::Ready;
use crate::error::Error;
use crate::frame::{Frame, FramePool, Tag};
use crate::icmp::{Extension, Report};
use crate::iface::IfaceId;
use crate::ip::additions::Additions;
use crate::options::SocketOptions;
use crate::rng::{Map, SeededHash};
use crate::slab::{Key, Slab};
use crate::time::Instant;

/// Bookkeeping bytes that Linux charges a datagram on top of its length, about (the socket buffer's own size).
const OVERHEAD: usize = 512;
/// Entries of an error queue.
pub(crate) const ERRORS: usize = 64;

/// A received datagram.
#[derive(Debug)]
pub(crate) struct Datagram {
    pub frame: Frame,
    /// Where in the frame the caller's bytes are.
    pub start: usize,
    pub end: usize,
    /// Length of the IP header, at the beginning of the frame; 0 of one that was never written.
    pub header: u32,
    pub from: Endpoint,
    pub to: IpAddr,
    pub iface: IfaceId,
    pub ttl: u8,
    pub tos: u8,
    pub arrived: Instant,
    /// Dropped before it.
    pub drops: u32,
    /// The length of the datagrams that were put together; 0 of one alone.
    pub segment: u16,
    pub tag: Tag,
}

impl Datagram {
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// What it counts against SO_RCVBUF.
    pub fn charge(&self) -> usize {
        self.len() + OVERHEAD
    }

    /// Appends the next datagram of the same send, as a device that puts them together does: not behind a shorter one, nor to
    /// more than one packet may hold. Says whether it did.
    pub fn take_in(&mut self, pool: &mut FramePool, more: &[u8]) -> bool {
        /// UDP_MAX_SEGMENTS bytes at most, and those of an IP packet.
        const MOST: usize = 65_507;
        let segment = match self.segment {
            0 => self.len(),
            segment => usize::from(segment),
        };
        let len = self.len() + more.len();
        if segment == 0 || more.len() > segment || !self.len().is_multiple_of(segment) || len > MOST
        {
            return false;
        }
        if self.segment == 0 {
            let mut whole = pool.get(MOST);
            whole[..segment].copy_from_slice(&self.frame[self.start..self.end]);
            whole.keep(segment);
            pool.put(core::mem::replace(&mut self.frame, whole));
            (self.start, self.end) = (0, segment);
            self.segment = segment as u16;
        }
        let fits = self.frame.append(more);
        self.end = self.frame.len();
        fits
    }

    /// What stands between the fixed header, of so many bytes, and the payload.
    pub fn behind_header(&self, fixed: usize) -> &[u8] {
        match self.segment {
            0 => self
                .frame
                .get(fixed..self.header as usize)
                .unwrap_or_default(),
            // Put together from several.
            _ => &[],
        }
    }

    pub fn arrival(&self) -> Arrival<'_> {
        Arrival {
            data: &self.frame[self.start..self.end],
            from: self.from,
            to: self.to,
            iface: self.iface,
            ttl: self.ttl,
            tos: self.tos,
            arrived: self.arrived,
            drops: self.drops,
            segment: self.segment,
            tag: self.tag,
            datagram: self,
        }
    }
}

/// An entry of the error queue.
pub(crate) struct NotedError {
    pub report: Report,
    pub to: Endpoint,
    pub data: Vec<u8>,
    pub extension: Option<Extension>,
}

pub(crate) struct Dgram {
    pub kind: DgramKind,
    pub v6: bool,
    pub token: u64,
    pub options: DgramOptions,
    pub local: Endpoint,
    /// In the table under its port.
    pub bound: bool,
    /// The port and the address were given to bind, not chosen by connect.
    pub port_bound: bool,
    pub address_bound: bool,
    pub peer: Option<Endpoint>,
    pub queue: VecDeque<Datagram>,
    /// What the queue counts against SO_RCVBUF.
    pub held: usize,
    pub drops: u64,
    pub error: Option<Error>,
    pub errors: VecDeque<NotedError>,
    /// IPV6_RECVPATHMTU: where a datagram was too long for, and how long it may be.
    pub path_mtu: Option<(Endpoint, u32)>,
    pub shut_read: bool,
    pub shut_write: bool,
    pub groups: Vec<Joined>,
    /// A send met this device's full queue.
    pub waits_for: Option<IfaceId>,
    /// The label of its packets where the program gives none: RFC 6437 section 3.
    pub label: u32,
    /// What its packets' headers get.
    pub additions: Option<Arc<Additions>>,
    /// SO_ATTACH_FILTER.
    pub filter: Option<Arc<bpf::Program>>,
    pub pending: Ready,
}

impl Dgram {
    pub fn new(
        kind: DgramKind,
        v6: bool,
        token: u64,
        recv_buffer: usize,
        send_buffer: usize,
    ) -> Self {
        Dgram {
            kind,
            v6,
            token,
            options: DgramOptions {
                common: SocketOptions::new(recv_buffer, send_buffer),
                multicast_ttl: 1,
                multicast_loop: true,
                multicast_iface: None,
                multicast_all: true,
                recv_errors: false,
                router_alert: false,
                header_included: false,
                icmp_filter: [0; 4],
                checksum_offset: None,
                dont_fragment: false,
                report_path_mtu: false,
                no_checksum: false,
                no_check6_tx: false,
                no_check6_rx: false,
                coalesce: false,
                auto_label: true,
                shows_label: false,
            },
            local: Endpoint::unspecified(v6),
            bound: matches!(kind, DgramKind::Raw { .. }),
            port_bound: false,
            address_bound: false,
            peer: None,
            queue: VecDeque::new(),
            held: 0,
            drops: 0,
            error: None,
            errors: VecDeque::new(),
            path_mtu: None,
            shut_read: false,
            shut_write: false,
            groups: Vec::new(),
            waits_for: None,
            label: 0,
            additions: None,
            filter: None,
            pending: Ready::NONE,
        }
    }

    pub fn row(&self) -> DgramRow {
        DgramRow {
            kind: self.kind,
            v6: self.v6,
            local: self.local,
            peer: self.peer.unwrap_or(Endpoint::unspecified(self.v6)),
            connected: self.peer.is_some(),
            rx_queue: self.held,
            drops: self.drops,
            owner: self.options.common.owner,
            token: self.token,
            shut: u8::from(self.shut_read) | u8::from(self.shut_write) << 1,
            options: self.options.common,
        }
    }
}

pub(crate) struct DgramTable {
    pub slab: Slab<Dgram>,
    /// Sockets that wait for their device.
    pub waiting: Vec<Key>,
    /// A receive buffer is full; see [`crate::Effects::crowded`].
    pub crowded: bool,
    /// UDP by port, ping by identifier, raw by protocol.
    buckets: [Map<u16, Vec<Key>>; 3],
}

fn table(kind: DgramKind) -> usize {
    match kind {
        DgramKind::Udp => 0,
        DgramKind::Ping => 1,
        DgramKind::Raw { .. } => 2,
    }
}

impl DgramTable {
    pub fn new(secret: u64) -> Self {
        DgramTable {
            slab: Slab::new(),
            waiting: Vec::new(),
            crowded: false,
            buckets: [(); 3].map(|()| Map::with_hasher(SeededHash(secret))),
        }
    }

    /// Who is bound there, in the order in which they came.
    pub fn bucket(&self, kind: DgramKind, port: u16) -> &[Key] {
        self.buckets[table(kind)]
            .get(&port)
            .map_or(&[], |bucket| bucket)
    }

    pub fn put_in_bucket(&mut self, kind: DgramKind, port: u16, key: Key) {
        self.buckets[table(kind)].entry(port).or_default().push(key);
    }

    pub fn take_from_bucket(&mut self, kind: DgramKind, port: u16, key: Key) {
        let table = &mut self.buckets[table(kind)];
        if let Some(bucket) = table.get_mut(&port) {
            bucket.retain(|&other| other != key);
            if bucket.is_empty() {
                table.remove(&port);
            }
        }
    }
}
