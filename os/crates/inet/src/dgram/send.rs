//! Datagrams out: destination, source, headers, checksum.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::socket::{ERRORS, NotedError};
use super::{DgramId, DgramKind, ErrorOrigin, SendMeta};
use crate::addr::Endpoint;
use crate::checksum::Sum;
use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::frame::{Frame, LINK_HEADER, Tag};
use crate::icmp::{self, Report, protocol_of};
use crate::iface::IfaceId;
use crate::ip::additions::Additions;
use crate::ip::header::{
    HeaderFields, IPV4_HEADER, IPV6_HEADER, IpHeader, header_len, protocol, refresh_v4_checksum,
};
use crate::ip::label;
use crate::route::Selection;
use crate::rule::Flow;
use crate::stack::{SocketRef, Stack};
use crate::time::Instant;

/// Bytes of a UDP header (RFC 768).
pub(crate) const UDP_HEADER: usize = 8;
const LARGEST: usize = 65_535;
/// Raw sockets that receive UDP.
const UDP_AS_RAW: DgramKind = DgramKind::Raw {
    protocol: protocol::UDP,
};
/// Raw sockets that write all headers.
const UNSPECIFIED: DgramKind = DgramKind::Raw {
    protocol: protocol::RAW,
};

/// Everything about one datagram except its bytes.
struct Plan {
    kind: DgramKind,
    route: Selection,
    from: IpAddr,
    from_port: u16,
    to: IpAddr,
    to_port: u16,
    ttl: u8,
    tos: u8,
    dont_fragment: bool,
    header_included: bool,
    checksum: bool,
    checksum_offset: Option<u32>,
    tag: Tag,
    /// The copy of a multicast datagram that this host gets.
    loops: bool,
    /// IPv6's.
    label: u32,
    /// What the header gets, and where a packet with a source route ends.
    additions: Option<(Arc<Additions>, IpAddr)>,
}

impl Stack {
    /// Sends one datagram. Binds an ephemeral port first if need be. Errors: `NoDestination`, `MessageTooBig`, `Access`,
    /// `NetUnreachable`, `NetDown`, `Pipe`, `WouldBlock` (the device's queue is full), `Family`, or the pending error.
    pub fn dgram_send(
        &mut self,
        now: Instant,
        id: DgramId,
        meta: &SendMeta,
        data: &[u8],
    ) -> Result<()> {
        self.dgram_send_with(now, id, meta, data.len(), |room| {
            room.copy_from_slice(data);
            true
        })
    }

    /// As `dgram_send`, with `fill` writing the `len` bytes of payload in place. `fill` returns `false` to give up: `Fault`.
    pub fn dgram_send_with(
        &mut self,
        now: Instant,
        id: DgramId,
        meta: &SendMeta,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> bool,
    ) -> Result<()> {
        self.now = now;
        let plan = self.plan(id, meta, len)?;
        let v6 = plan.to.is_ipv6();
        let front = match (plan.header_included, &plan.additions) {
            (true, _) => 0,
            (false, None) => header_len(v6),
            (false, Some((additions, _))) => header_len(v6) + additions.len(v6),
        };
        let udp = if plan.kind == DgramKind::Udp {
            UDP_HEADER
        } else {
            0
        };
        if plan.header_included && len < header_len(v6) {
            return Err(Error::Invalid);
        }
        let total = front + udp + len;
        // The 16-bit length fields: of the whole packet (IPv4), of the payload (IPv6).
        let longest = if v6 { LARGEST + IPV6_HEADER } else { LARGEST };
        let whole = plan.dont_fragment || plan.header_included;
        if total > longest || (whole && total > plan.route.mtu) {
            // udp_sendmsg() of IPv4 refuses what no length field can say before it looks at a path.
            if v6 || plan.kind != DgramKind::Udp || len <= LARGEST {
                self.note_too_long(id, &plan);
            }
            return Err(Error::MessageTooBig);
        }
        if v6
            && !plan.header_included
            && matches!(plan.kind, DgramKind::Raw { .. })
            && plan.checksum_offset.is_some_and(|at| at as usize + 2 > len)
        {
            // There is no such place for the checksum (RFC 3542 section 3.1).
            return Err(Error::Invalid);
        }
        if self.is_tx_full(plan.route.iface) {
            self.dgram_wait_for(id, plan.route.iface);
            return Err(Error::WouldBlock);
        }
        let mut frame = self.frames.get(total);
        if !fill(&mut frame[front + udp..]) {
            self.frames.put(frame);
            return Err(Error::Fault);
        }
        if plan.kind == DgramKind::Ping && !icmp::may_be_asked(v6, frame[front], frame[front + 1]) {
            self.frames.put(frame);
            return Err(Error::Invalid);
        }
        frame.tag = plan.tag;
        // Straight into the queue of a socket of this host, if there is one and nobody watches lo.
        let Some(mut frame) = self.udp_deliver_local(now, &plan, frame) else {
            return Ok(());
        };
        if plan.header_included && v6 {
            // It is sent as it is.
        } else if plan.header_included {
            complete_included(&mut frame, &plan, self.rng.u16());
        } else {
            plan.write_payload(&mut frame[front..]);
            let number = match plan.kind {
                DgramKind::Udp => protocol::UDP,
                DgramKind::Ping => protocol_of(v6),
                DgramKind::Raw { protocol } => protocol,
            };
            let fields = HeaderFields {
                src: plan.from,
                dst: plan.to,
                protocol: number,
                ttl: plan.ttl,
                tos: plan.tos,
                id: if plan.dont_fragment {
                    0
                } else {
                    self.rng.u16()
                },
                dont_fragment: plan.dont_fragment,
            };
            fields.write(&mut frame);
            if v6 {
                label::write(&mut frame, plan.label);
            }
            if let Some((additions, to)) = &plan.additions {
                additions.write(&mut frame, self.hop(plan.from), *to);
            }
        }
        self.count_sent(&plan);
        // On lo a group without a member on lo reaches nobody.
        let group = plan.to.is_multicast();
        if group && plan.route.iface == IfaceId::LO && !self.is_joined(IfaceId::LO, plan.to) {
            self.frames.put(frame);
            return Ok(());
        }
        if plan.loops {
            let mut copy = self.frames.copy(&frame);
            copy.tag = frame.tag;
            self.ip_transmit(now, IfaceId::LO, plan.to, copy);
        }
        self.ip_output(
            now,
            plan.route.iface,
            plan.route.next_hop,
            plan.route.mtu,
            frame,
        );
        Ok(())
    }

    /// What ip_local_error() notes for IP_RECVERR: the path's MTU, and no data.
    fn note_too_long(&mut self, id: DgramId, plan: &Plan) {
        let Some(dgram) = self.dgram.slab.get_mut(id.0) else {
            return;
        };
        if dgram.options.report_path_mtu && plan.to.is_ipv6() {
            let to = Endpoint::new(plan.to, plan.to_port);
            dgram.path_mtu = Some((to, plan.route.mtu as u32));
        }
        if !dgram.options.recv_errors || dgram.errors.len() >= ERRORS {
            return;
        }
        dgram.errors.push_back(NotedError {
            report: Report {
                error: Error::MessageTooBig,
                hard: false,
                origin: ErrorOrigin::Local,
                kind: 0,
                code: 0,
                info: plan.route.mtu as u32,
                offender: plan.to,
                ttl: 0,
                quoted: 0,
                len: 0,
            },
            to: Endpoint::new(plan.to, plan.to_port),
            data: Vec::new(),
            extension: None,
        });
        self.woken
            .note(SocketRef::Dgram(id.0), &mut dgram.pending, Ready::ERR);
    }

    /// Decides where a datagram goes and what its headers say; binds the socket if it is not.
    #[inline(always)] // A plan is long, and would be moved on its way back.
    fn plan(&mut self, id: DgramId, meta: &SendMeta, len: usize) -> Result<Plan> {
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        if dgram.shut_write {
            return Err(Error::Pipe);
        }
        if let Some(error) = dgram.error.take() {
            return Err(error);
        }
        let (kind, v6, local) = (dgram.kind, dgram.v6, dgram.local);
        let to = meta.to.or(dgram.peer).ok_or(Error::NoDestination)?;
        let raw = matches!(kind, DgramKind::Raw { .. });
        let additions = meta.additions.as_ref().or(dgram.additions.as_ref());
        let additions = additions.cloned();
        if to.port == 0 && kind == DgramKind::Udp {
            return Err(Error::Invalid);
        }
        if kind == DgramKind::Ping && len < icmp::HEADER {
            return Err(Error::Invalid);
        }
        if !dgram.bound && !raw {
            self.dgram_take_port(id, local)?;
        }
        let dgram = self.dgram.slab.get(id.0).ok_or(Error::NoSocket)?;
        let (options, bound) = (&dgram.options, dgram.local);
        let (mut to, via) = self.check_peer(v6, &options.common, to)?;
        let end = to.addr;
        let (mut toward, mut strict, mut dont_fragment) = (end, false, options.dont_fragment);
        let mut label = 0;
        if let Some(additions) = &additions {
            let first = additions.first_hop(end.is_ipv6());
            toward = first.unwrap_or(end);
            if end.is_ipv4() {
                to.addr = toward;
                strict = additions.v4.is_strict();
            } else {
                dont_fragment = additions.dont_fragment.unwrap_or(dont_fragment);
                // That of the socket is for its peer.
                let given = meta.additions.is_some() || meta.to.is_none();
                if given {
                    label = additions.label;
                }
            }
        }
        let group = to.addr.is_multicast();
        if let Some(iface) = meta.iface {
            self.iface(iface)?;
        }
        let sticky = additions.as_ref().and_then(|additions| additions.iface);
        let via = meta
            .iface
            .or(via)
            .or(sticky)
            .or(options.multicast_iface.filter(|_| group));
        let source = meta.from.unwrap_or(local.addr);
        let mut route = self.select_route_for(&Flow {
            via,
            source: Some(source).filter(|addr| !addr.is_unspecified()),
            mark: options.common.mark,
            tos: options.common.tos,
            ..Flow::to(toward)
        })?;
        if strict && route.next_hop != to.addr {
            return Err(Error::NetUnreachable);
        }
        if let Some(most) = options.common.mtu.filter(|_| to.addr.is_ipv6()) {
            route.mtu = route.mtu.min(most as usize);
        }
        if route.broadcast && !options.common.broadcast {
            return Err(Error::Access);
        }
        let from = match meta.from {
            Some(from) if !from.is_unspecified() => from.to_canonical(),
            _ if bound.addr.is_unspecified() || bound.addr.is_multicast() => route.source,
            _ => bound.addr,
        };
        if from.is_ipv6() != to.addr.is_ipv6() {
            return Err(Error::NetUnreachable);
        }
        if meta.from.is_some() && !options.common.freebind && !self.is_local(from) {
            return Err(Error::Invalid);
        }
        let ttl = meta.ttl.unwrap_or(if group {
            options.multicast_ttl
        } else {
            options.common.ttl.filter(|&ttl| ttl != 0).unwrap_or(64)
        });
        let unsummed = options.no_check6_tx && kind == DgramKind::Udp && to.addr.is_ipv6();
        Ok(Plan {
            kind,
            from,
            from_port: bound.port,
            to: to.addr,
            to_port: to.port,
            ttl,
            tos: meta.tos.unwrap_or(options.common.tos),
            label: match label {
                0 if options.auto_label => dgram.label,
                label => label,
            },
            dont_fragment,
            header_included: raw && (options.header_included || !v6 && kind == UNSPECIFIED),
            // Nobody looks at it on lo, where nothing is damaged.
            checksum: (!route.local || self.taps.is_watched())
                && (!options.no_checksum || to.addr.is_ipv6())
                && !unsummed,
            tag: Tag {
                unsummed,
                ..meta.tag
            },
            checksum_offset: options.checksum_offset,
            loops: group
                && options.multicast_loop
                && route.iface != IfaceId::LO
                && self.is_joined(route.iface, to.addr),
            route,
            additions: additions.map(|additions| (additions, end)),
        })
    }

    /// The socket is not writable until the device takes frames.
    fn dgram_wait_for(&mut self, id: DgramId, iface: IfaceId) {
        if let Some(dgram) = self.dgram.slab.get_mut(id.0)
            && dgram.waits_for.replace(iface).is_none()
        {
            self.dgram.waiting.push(id.0);
        }
    }

    /// Wakes sockets whose device has room again.
    pub(crate) fn dgram_unstall(&mut self) {
        let mut at = 0;
        while let Some(&key) = self.dgram.waiting.get(at) {
            let iface = self.dgram.slab.get(key).and_then(|dgram| dgram.waits_for);
            if iface.is_some_and(|iface| self.is_tx_full(iface)) {
                at += 1;
                continue;
            }
            self.dgram.waiting.swap_remove(at);
            if let Some(dgram) = self.dgram.slab.get_mut(key) {
                dgram.waits_for = None;
                self.woken
                    .note(SocketRef::Dgram(key), &mut dgram.pending, Ready::WRITE);
            }
        }
    }

    /// Hands a datagram whose headers are not even written to the local socket it is for. Gives it back when the long way has to
    /// deal with it.
    fn udp_deliver_local(&mut self, now: Instant, plan: &Plan, frame: Frame) -> Option<Frame> {
        let direct = plan.kind == DgramKind::Udp && plan.route.local && self.config.local_fast_path;
        if !direct
            || plan.additions.is_some()
            || self.taps.is_watched()
            || !self
                .dgram
                .bucket(UDP_AS_RAW, u16::from(protocol::UDP))
                .is_empty()
        {
            return Some(frame);
        }
        let v = usize::from(plan.to.is_ipv6());
        let header = IpHeader {
            src: plan.from,
            dst: plan.to,
            protocol: protocol::UDP,
            ttl: plan.ttl,
            tos: plan.tos,
            payload: header_len(plan.to.is_ipv6()),
            end: frame.len(),
            fragment: None,
        };
        let bytes = (frame.len() + LINK_HEADER) as u64;
        let ports = (plan.from_port, plan.to_port);
        if let Some(frame) = self.udp_enqueue_local(now, &header, ports, frame) {
            return Some(frame);
        }
        self.count_sent(plan);
        for counter in [
            &mut self.counters.ip[v].out_requests,
            &mut self.counters.ip[v].in_receives,
            &mut self.counters.ip[v].in_delivers,
        ] {
            *counter += 1;
        }
        if let Some(slot) = self.ifaces.get_mut(IfaceId::LO) {
            slot.info.counters.tx_packets += 1;
            slot.info.counters.tx_bytes += bytes;
            slot.info.counters.rx_packets += 1;
            slot.info.counters.rx_bytes += bytes;
        }
        None
    }

    fn count_sent(&mut self, plan: &Plan) {
        let v = usize::from(plan.to.is_ipv6());
        match plan.kind {
            DgramKind::Udp => self.counters.udp[v].out_datagrams += 1,
            DgramKind::Ping => {
                self.counters.icmp[v].out_messages += 1;
                self.counters.icmp[v].out_echos += 1;
            }
            DgramKind::Raw { .. } => {}
        }
    }
}

impl Plan {
    /// Writes what stands between the IP header and the caller's bytes, and the checksum over both.
    fn write_payload(&self, payload: &mut [u8]) {
        match self.kind {
            DgramKind::Udp => {
                let len = payload.len();
                payload[..2].copy_from_slice(&self.from_port.to_be_bytes());
                payload[2..4].copy_from_slice(&self.to_port.to_be_bytes());
                payload[4..6].copy_from_slice(&(len as u16).to_be_bytes());
                payload[6..8].fill(0);
                if self.checksum {
                    let sum = Sum::pseudo(self.from, self.to, protocol::UDP, len)
                        .bytes(payload)
                        .finish();
                    // RFC 768: zero means "none"; a sum of zero is sent as its complement.
                    payload[6..8].copy_from_slice(&if sum == [0, 0] { [0xff; 2] } else { sum });
                }
            }
            DgramKind::Ping => {
                payload[4..6].copy_from_slice(&self.from_port.to_be_bytes());
                icmp::seal(self.from, self.to, payload);
            }
            DgramKind::Raw { protocol } => {
                // RFC 3542 section 3.1: ICMPv6 always, others where IPV6_CHECKSUM says.
                let at = match (self.to.is_ipv6(), protocol, self.checksum_offset) {
                    (true, protocol::ICMPV6, _) => 2,
                    (true, _, Some(at)) => at as usize,
                    _ => return,
                };
                if at + 2 <= payload.len() {
                    payload[at..at + 2].fill(0);
                    let sum = Sum::pseudo(self.from, self.to, protocol, payload.len())
                        .bytes(payload)
                        .finish();
                    payload[at..at + 2].copy_from_slice(&sum);
                }
            }
        }
    }
}

/// What the kernel fills in of a caller's own IPv4 header (raw(7), IP_HDRINCL).
fn complete_included(packet: &mut [u8], plan: &Plan, id: u16) {
    if packet.len() < IPV4_HEADER {
        return;
    }
    let total = packet.len() as u16;
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    if packet[4..6] == [0, 0] {
        packet[4..6].copy_from_slice(&id.to_be_bytes());
    }
    if packet[12..16] == [0; 4]
        && let IpAddr::V4(from) = plan.from
    {
        packet[12..16].copy_from_slice(&from.octets());
    }
    refresh_v4_checksum(packet);
}
