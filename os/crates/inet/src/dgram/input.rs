//! Datagrams in: to the sockets they are for (Linux: udp_rcv, raw_rcv, ping_rcv), and errors about those we sent.

use core::net::IpAddr;

use super::multicast::Joined;
use super::send::UDP_HEADER;
use super::socket::{Datagram, Dgram, ERRORS, NotedError};
use super::{DgramKind, ErrorOrigin};
use crate::addr::{Endpoint, is_link_local};
use crate::checksum::Sum;
use crate::effects::Ready;
use crate::filter::{Keep, Seen};
use crate::frame::{Buf, Frame};
use crate::icmp::{self, Complaint, Extension, Report};
use crate::iface::IfaceId;
use crate::ip::header::{IpHeader, protocol};
use crate::ip::{Destination, Rx};
use crate::slab::Key;
use crate::stack::{SocketRef, Stack};
use crate::time::Instant;

/// A datagram on its way to a socket: where its payload is and whose it is.
struct Parcel<'a> {
    header: &'a IpHeader,
    from: Endpoint,
    to_port: u16,
    /// Length of the IP header in the packet; 0 where it is not written.
    ip: u32,
    /// Offsets into the packet.
    start: usize,
    end: usize,
    /// UDP over IPv6 without a checksum, which only UDP_NO_CHECK6_RX takes.
    unsummed6: bool,
}

impl Stack {
    pub(crate) fn udp_input(
        &mut self,
        rx: Rx,
        header: &IpHeader,
        destination: Destination,
        packet: Buf<'_>,
    ) {
        let v = header.version();
        let bytes = packet.bytes();
        let datagram = &bytes[header.payload..header.end];
        let Some(&[s0, s1, d0, d1, l0, l1, c0, c1]) = datagram.first_chunk() else {
            self.counters.udp[v].in_errors += 1;
            return packet.discard(&mut self.frames);
        };
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        if len < UDP_HEADER || len > datagram.len() {
            self.counters.udp[v].in_errors += 1;
            return packet.discard(&mut self.frames);
        }
        let datagram = &datagram[..len];
        // RFC 768: zero is "none" over IPv4; RFC 8200 section 8.1 forbids it over IPv6.
        let unsummed = [c0, c1] == [0, 0];
        let bad = match (rx.verify, unsummed) {
            (false, _) => false,
            // Over IPv6 the socket decides.
            (true, true) => false,
            (true, false) => !Sum::pseudo(header.src, header.dst, protocol::UDP, len)
                .bytes(datagram)
                .is_valid(),
        };
        if bad {
            self.counters.udp[v].in_errors += 1;
            self.counters.udp[v].in_checksum_errors += 1;
            return packet.discard(&mut self.frames);
        }
        let (from_port, to_port) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
        if self.dhcp_takes(rx, header, to_port, &datagram[UDP_HEADER..]) {
            return packet.discard(&mut self.frames);
        }
        let unsummed6 = header.is_v6() && (rx.tag.unsummed || (rx.verify && unsummed));
        let mut rx = rx;
        rx.tag.summed = rx.verify && !unsummed;
        let parcel = Parcel {
            header,
            unsummed6,
            from: Endpoint {
                addr: header.src,
                port: from_port,
                scope: if is_link_local(header.src) {
                    rx.iface.0
                } else {
                    0
                },
            },
            to_port,
            ip: header.payload as u32,
            start: header.payload + UDP_HEADER,
            end: header.payload + len,
        };
        if destination != Destination::Unicast {
            return self.deliver_to_all(rx, &parcel, packet);
        }
        let best = self.best_match(rx, DgramKind::Udp, &parcel);
        let bytes = packet.bytes();
        match self.reuse_choose(false, best, rx, header, parcel.start, bytes) {
            Some(key) if self.refuses(key, &parcel) => {
                self.counters.udp[v].in_errors += 1;
                self.counters.udp[v].in_checksum_errors += 1;
                packet.discard(&mut self.frames);
            }
            Some(key) => {
                if self.enqueue(rx, key, &parcel, packet) {
                    self.counters.udp[v].in_datagrams += 1;
                } else {
                    self.counters.udp[v].in_errors += 1;
                    self.counters.udp[v].recv_buffer_errors += 1;
                }
            }
            None => {
                self.counters.udp[v].no_ports += 1;
                self.complain(
                    rx,
                    header,
                    destination,
                    packet.bytes(),
                    Complaint::PortUnreachable,
                );
                packet.discard(&mut self.frames);
            }
        }
    }

    /// A datagram of this host for itself, `header` being that of the packet it would have been. Gives it back when no socket
    /// wants it.
    pub(crate) fn udp_enqueue_local(
        &mut self,
        now: Instant,
        header: &IpHeader,
        (from, to): (u16, u16),
        frame: Frame,
    ) -> Option<Frame> {
        let rx = Rx::local(now, frame.tag);
        let parcel = Parcel {
            header,
            unsummed6: frame.tag.unsummed && header.is_v6(),
            from: Endpoint::new(header.src, from),
            to_port: to,
            ip: 0,
            start: header.payload + UDP_HEADER,
            end: header.end,
        };
        if !self.choices.is_empty() {
            // A program wants to see headers.
            return Some(frame);
        }
        let Some(key) = self.best_match(rx, DgramKind::Udp, &parcel) else {
            return Some(frame);
        };
        let refused = self.refuses(key, &parcel);
        if self
            .dgram
            .slab
            .get(key)
            .is_some_and(|dgram| dgram.filter.is_some() || refused || dgram.options.shows_label)
        {
            // A filter, or the program, wants to see headers.
            return Some(frame);
        }
        let queued = self.enqueue(rx, key, &parcel, Buf::Owned(frame));
        let counters = &mut self.counters.udp[header.version()];
        if queued {
            counters.in_datagrams += 1;
        } else {
            counters.in_errors += 1;
            counters.recv_buffer_errors += 1;
        }
        None
    }

    /// Broadcast and multicast: every socket that matches gets a copy.
    fn deliver_to_all(&mut self, rx: Rx, parcel: &Parcel<'_>, packet: Buf<'_>) {
        let v = parcel.header.version();
        let mut at = 0;
        let mut any = false;
        while let Some(&key) = self.dgram.bucket(DgramKind::Udp, parcel.to_port).get(at) {
            at += 1;
            let Some(dgram) = self.dgram.slab.get(key) else {
                continue;
            };
            let refused = parcel.unsummed6 && !dgram.options.no_check6_rx;
            if refused || dgram.score(rx, parcel).is_none() || !dgram.wants_group(rx, parcel.header)
            {
                continue;
            }
            any = true;
            if self.enqueue(rx, key, parcel, Buf::Borrowed(packet.bytes())) {
                self.counters.udp[v].in_datagrams += 1;
            } else {
                self.counters.udp[v].recv_buffer_errors += 1;
            }
        }
        if !any {
            self.counters.udp[v].ignored_multi += 1;
        }
        packet.discard(&mut self.frames);
    }

    /// The socket that fits best; of equals the newest, or by hash among those that share the port.
    fn best_match(&self, rx: Rx, kind: DgramKind, parcel: &Parcel<'_>) -> Option<Key> {
        let (mut best, mut score, mut sharers) = (None, 0, 0u32);
        for &key in self.dgram.bucket(kind, parcel.to_port) {
            let Some(dgram) = self.dgram.slab.get(key) else {
                continue;
            };
            let Some(this) = dgram.score(rx, parcel) else {
                continue;
            };
            let shares = dgram.options.common.reuse_port;
            if this > score || (this == score && !shares) {
                (best, score, sharers) = (Some(key), this, 1);
            } else if this == score {
                sharers += 1;
                let mixed =
                    u32::from(parcel.from.port).wrapping_mul(0x9e37_79b1) ^ fold(parcel.from.addr);
                if (mixed >> 16).is_multiple_of(sharers) {
                    best = Some(key);
                }
            }
        }
        best
    }

    /// Whether the socket does not take it for want of a checksum (RFC 6935).
    fn refuses(&self, key: Key, parcel: &Parcel<'_>) -> bool {
        parcel.unsummed6
            && self
                .dgram
                .slab
                .get(key)
                .is_some_and(|dgram| !dgram.options.no_check6_rx)
    }

    /// Puts a datagram into a socket's queue. `false`: no room.
    fn enqueue(&mut self, rx: Rx, key: Key, parcel: &Parcel<'_>, packet: Buf<'_>) -> bool {
        let Some(dgram) = self.dgram.slab.get_mut(key) else {
            packet.discard(&mut self.frames);
            return false;
        };
        // As Linux: the datagram that exceeds the budget is the last to get in only if there was nothing to exceed.
        if dgram.held >= dgram.options.common.recv_buffer || dgram.shut_read {
            dgram.drops += 1;
            self.dgram.crowded = true;
            packet.discard(&mut self.frames);
            return false;
        }
        let end = match &dgram.filter {
            None => parcel.end,
            Some(filter) => {
                let (data, least) = match dgram.kind {
                    DgramKind::Udp => (parcel.header.payload, UDP_HEADER),
                    _ => (parcel.start, 1),
                };
                let seen = Seen {
                    rx,
                    header: parcel.header,
                    data,
                    end: parcel.end,
                    loopback: rx.iface == IfaceId::LO,
                    seed: self.rng.u64(),
                };
                match seen.judge(filter, packet.bytes(), least) {
                    Keep::All => parcel.end,
                    Keep::Start(keep) => data + keep,
                    Keep::Nothing => {
                        dgram.drops += 1;
                        packet.discard(&mut self.frames);
                        return false;
                    }
                }
            }
        };
        if dgram.peer.is_some() {
            // One that is not connected hears from every processor (Linux: __udp_queue_rcv_skb).
            dgram.options.common.incoming_cpu = 0;
        }
        if rx.tag.train != 0
            && dgram.options.coalesce
            && let Some(last) = dgram.queue.back_mut()
            && last.tag.train == rx.tag.train
        {
            let more = packet.bytes().get(parcel.start..end).unwrap_or_default();
            if last.take_in(&mut self.frames, more) {
                dgram.held += more.len();
                packet.discard(&mut self.frames);
                return true;
            }
        }
        let frame = packet.into_frame(&mut self.frames);
        let datagram = Datagram {
            frame,
            start: parcel.start,
            end,
            header: parcel.ip,
            from: parcel.from,
            to: parcel.header.dst,
            iface: rx.iface,
            ttl: parcel.header.ttl,
            tos: parcel.header.tos,
            arrived: rx.now,
            drops: dgram.drops as u32,
            segment: 0,
            tag: rx.tag,
        };
        dgram.held += datagram.charge();
        dgram.queue.push_back(datagram);
        self.dgram.crowded |= dgram.held >= dgram.options.common.recv_buffer;
        self.woken
            .note(SocketRef::Dgram(key), &mut dgram.pending, Ready::READ);
        true
    }

    /// Gives a copy to every raw socket of the packet's protocol. `true` when there was one.
    pub(crate) fn raw_input(&mut self, rx: Rx, header: &IpHeader, bytes: &[u8]) -> bool {
        let kind = DgramKind::Raw {
            protocol: header.protocol,
        };
        let mut at = 0;
        let mut any = false;
        while let Some(&key) = self.dgram.bucket(kind, u16::from(header.protocol)).get(at) {
            at += 1;
            let Some(dgram) = self.dgram.slab.get(key) else {
                continue;
            };
            let parcel = Parcel {
                header,
                from: Endpoint {
                    addr: header.src,
                    port: 0,
                    scope: if is_link_local(header.src) {
                        rx.iface.0
                    } else {
                        0
                    },
                },
                unsummed6: false,
                to_port: u16::from(header.protocol),
                // raw(7): IPv4 with its header; raw IPv6 without (RFC 3542 section 3).
                ip: header.payload as u32,
                start: if header.is_v6() { header.payload } else { 0 },
                end: header.end,
            };
            if dgram.v6 != header.is_v6() || dgram.score(rx, &parcel).is_none() {
                continue;
            }
            any = true;
            if dgram.filters_out(header, bytes) {
                continue;
            }
            self.enqueue(rx, key, &parcel, Buf::Borrowed(bytes));
        }
        any
    }

    /// A packet for another host that asks routers to look: to the raw sockets that asked for such. `true` when there was one;
    /// then it goes no further (Linux: ip_call_ra_chain).
    pub(crate) fn raw_alerted(&mut self, rx: Rx, header: &IpHeader, bytes: &[u8]) -> bool {
        let kind = DgramKind::Raw {
            protocol: header.protocol,
        };
        let parcel = Parcel {
            header,
            from: Endpoint::new(header.src, 0),
            unsummed6: false,
            to_port: u16::from(header.protocol),
            ip: header.payload as u32,
            start: 0,
            end: header.end,
        };
        let (mut at, mut any) = (0, false);
        while let Some(&key) = self.dgram.bucket(kind, parcel.to_port).get(at) {
            at += 1;
            let wants = self.dgram.slab.get(key).is_some_and(|dgram| {
                let only = dgram.options.common.bound_iface;
                dgram.options.router_alert && !dgram.v6 && only.is_none_or(|it| it == rx.iface)
            });
            if wants {
                any = true;
                self.enqueue(rx, key, &parcel, Buf::Borrowed(bytes));
            }
        }
        any
    }

    /// An echo reply: to the ping socket with its identifier.
    pub(crate) fn ping_input(&mut self, rx: Rx, header: &IpHeader, packet: Buf<'_>) {
        let message = &packet.bytes()[header.payload..header.end];
        let id = u16::from_be_bytes([message[4], message[5]]);
        let parcel = Parcel {
            header,
            from: Endpoint {
                addr: header.src,
                port: 0,
                scope: if is_link_local(header.src) {
                    rx.iface.0
                } else {
                    0
                },
            },
            unsummed6: false,
            to_port: id,
            ip: header.payload as u32,
            start: header.payload,
            end: header.end,
        };
        match self.best_match(rx, DgramKind::Ping, &parcel) {
            Some(key)
                if self
                    .dgram
                    .slab
                    .get(key)
                    .is_some_and(|dgram| dgram.v6 == header.is_v6()) =>
            {
                self.enqueue(rx, key, &parcel, packet);
            }
            _ => packet.discard(&mut self.frames),
        }
    }

    /// An error about a UDP datagram of ours.
    pub(crate) fn udp_error(&mut self, original: &IpHeader, report: &Report, payload: &[u8]) {
        let Some(&[s0, s1, d0, d1]) = payload.first_chunk() else {
            return;
        };
        let local = Endpoint::new(original.src, u16::from_be_bytes([s0, s1]));
        let to = Endpoint::new(original.dst, u16::from_be_bytes([d0, d1]));
        let data = payload.get(UDP_HEADER..).unwrap_or_default();
        self.dgram_error(DgramKind::Udp, local, to, report, data);
    }

    /// An error about an echo request of ours.
    pub(crate) fn ping_error(&mut self, original: &IpHeader, report: &Report, payload: &[u8]) {
        let Some(&[.., i0, i1, _, _]) = payload.first_chunk::<{ icmp::HEADER }>() else {
            return;
        };
        let local = Endpoint::new(original.src, u16::from_be_bytes([i0, i1]));
        let to = Endpoint::new(original.dst, 0);
        self.dgram_error(DgramKind::Ping, local, to, report, payload);
    }

    /// An error about a packet that a raw socket may have sent.
    pub(crate) fn raw_error(&mut self, original: &IpHeader, report: &Report, payload: &[u8]) {
        let kind = DgramKind::Raw {
            protocol: original.protocol,
        };
        let local = Endpoint::new(original.src, u16::from(original.protocol));
        self.dgram_error(kind, local, Endpoint::new(original.dst, 0), report, payload);
    }

    fn dgram_error(
        &mut self,
        kind: DgramKind,
        local: Endpoint,
        to: Endpoint,
        report: &Report,
        data: &[u8],
    ) {
        let mut at = 0;
        while let Some(&key) = self.dgram.bucket(kind, local.port).get(at) {
            at += 1;
            let Some(dgram) = self.dgram.slab.get_mut(key) else {
                continue;
            };
            let mine = dgram.local.addr.is_unspecified() || dgram.local.addr == local.addr;
            let peer = dgram.peer.is_none_or(|peer| {
                peer.addr == to.addr && (kind != DgramKind::Udp || peer.port == to.port)
            });
            if !mine || !peer {
                continue;
            }
            let queue = dgram.options.recv_errors;
            // Linux's udp_err: without IP_RECVERR only a connected socket learns, and only of hard errors.
            if !queue && (!report.hard || dgram.peer.is_none()) {
                continue;
            }
            dgram.error = Some(report.error);
            if queue && dgram.errors.len() < ERRORS {
                dgram.errors.push_back(NotedError {
                    report: *report,
                    to,
                    data: data.into(),
                    extension: Extension::find(
                        report.quoted,
                        report.len - data.len().min(report.len),
                        data,
                    ),
                });
            }
            debug_assert!(report.origin != ErrorOrigin::Local);
            self.woken.note(
                SocketRef::Dgram(key),
                &mut dgram.pending,
                Ready::ERR | Ready::READ | Ready::WRITE,
            );
        }
    }
}

fn fold(addr: IpAddr) -> u32 {
    match addr {
        IpAddr::V4(addr) => addr.to_bits(),
        IpAddr::V6(addr) => addr
            .segments()
            .iter()
            .fold(0, |sum: u32, &part| sum.rotate_left(5) ^ u32::from(part)),
    }
}

impl Dgram {
    /// How well the socket fits (Linux: compute_score); `None` when it does not.
    fn score(&self, rx: Rx, parcel: &Parcel<'_>) -> Option<u32> {
        let dst = parcel.header.dst;
        let mut score = 1;
        if self.local.addr.is_unspecified() {
            let dual = self.v6 && !self.options.common.v6_only;
            if self.v6 != dst.is_ipv6() && !dual {
                return None;
            }
        } else if self.local.addr == dst {
            score += 4;
        } else if !(dst.is_multicast() && self.peer.is_some()) {
            // (A connected socket's own address says nothing about the groups it joined.)
            return None;
        }
        if let Some(peer) = self.peer {
            if peer.addr != parcel.from.addr && !peer.addr.is_multicast() {
                return None;
            }
            if self.kind == DgramKind::Udp && peer.port != parcel.from.port {
                return None;
            }
            score += 8;
        }
        if self.options.common.incoming_cpu == 0 {
            score += 1;
        }
        if let Some(only) = self.options.common.bound_iface {
            // A local destination is looked at as coming from lo.
            if only != rx.iface {
                return None;
            }
            score += 4;
        }
        if self.v6 == dst.is_ipv6() {
            score += 1;
        }
        Some(score)
    }

    /// Whether a datagram to this group or broadcast address is wanted (Linux: ip_mc_sf_allow).
    fn wants_group(&self, rx: Rx, header: &IpHeader) -> bool {
        let group = header.dst;
        if !group.is_multicast() {
            return true;
        }
        // Our own copy of what we sent comes by lo, whatever interface was joined.
        let on_lo = rx.iface == IfaceId::LO;
        let mine = |joined: &&Joined| joined.group == group && (joined.iface == rx.iface || on_lo);
        match self.groups.iter().find(mine) {
            Some(joined) => joined.wants(header.src),
            None => {
                self.options.multicast_all && self.groups.iter().all(|joined| joined.group != group)
            }
        }
    }

    /// ICMP_FILTER, ICMP6_FILTER.
    fn filters_out(&self, header: &IpHeader, bytes: &[u8]) -> bool {
        if !matches!(header.protocol, protocol::ICMP | protocol::ICMPV6) {
            return false;
        }
        let Some(&kind) = bytes.get(header.payload) else {
            return true;
        };
        self.options.icmp_filter[usize::from(kind >> 6)] >> (kind & 63) & 1 != 0
    }
}
