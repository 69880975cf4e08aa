//! The network layer on the way in: checks addresses, puts fragments together, hands payloads to their protocols.

pub(crate) mod additions;
pub(crate) mod extension;
mod forward;
pub(crate) mod header;
pub(crate) mod label;
pub(crate) mod options;
pub(crate) mod output;
pub(crate) mod reassembly;

use core::net::IpAddr;

use crate::frame::{Buf, Tag};
use crate::icmp::Complaint;
use crate::iface::IfaceId;
use crate::stack::Stack;
use crate::tap::PacketKind;
use crate::time::Instant;
use extension::Refusal;
use header::{IPV4_HEADER, IPV6_HEADER, IpHeader, protocol};
use options::Marks;

/// What is known about a packet besides its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rx {
    pub now: Instant,
    pub iface: IfaceId,
    /// How the link layer addressed it.
    pub kind: PacketKind,
    /// Checksums are to be verified.
    pub verify: bool,
    /// What else goes with it.
    pub tag: Tag,
}

impl Rx {
    /// Of what this host sends itself: over lo, with nothing to verify.
    pub fn local(now: Instant, tag: Tag) -> Rx {
        Rx {
            now,
            iface: IfaceId::LO,
            kind: PacketKind::Host,
            verify: false,
            tag,
        }
    }
}

/// Why we accept a destination address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    Unicast,
    Broadcast,
    Multicast,
    /// Somebody else: we are a router for it.
    Transit,
}

impl Stack {
    /// An IP packet, from a link or from reassembly.
    pub(crate) fn ip_input(&mut self, rx: Rx, packet: Buf<'_>) {
        let bytes = packet.bytes();
        let Some(header) = IpHeader::parse(bytes, rx.verify) else {
            let version = usize::from(bytes.first().is_some_and(|first| first >> 4 == 6));
            self.counters.ip[version].in_receives += 1;
            self.counters.ip[version].in_header_errors += 1;
            return packet.discard(&mut self.frames);
        };
        let counters = &mut self.counters.ip[header.version()];
        counters.in_receives += 1;
        counters.in_octets += header.end as u64;
        let destination = match self.accept(rx, &header) {
            Some(destination) => destination,
            None if self.forwards(rx, &header) => Destination::Transit,
            None => {
                self.counters.ip[header.version()].in_addr_errors += 1;
                return packet.discard(&mut self.frames);
            }
        };
        let mut packet = packet;
        let mut marks = Marks::default();
        if header.is_v6() {
            if header.payload != IPV6_HEADER
                && !self.examine_extensions(rx, &header, destination, &packet, IPV6_HEADER)
            {
                return packet.discard(&mut self.frames);
            }
        } else if header.payload != IPV4_HEADER {
            match self.take_options(rx, &header, destination, packet) {
                Some(taken) => (packet, marks) = taken,
                None => return,
            }
        }
        if destination == Destination::Transit {
            return self.forward(rx, &header, &marks, packet);
        }
        if header.fragment.is_some() {
            let whole = self.reassemble(rx, &header, packet.bytes());
            packet.discard(&mut self.frames);
            let Some((whole, frame)) = whole else { return };
            let rx = Rx {
                tag: frame.tag,
                ..rx
            };
            let packet = Buf::Owned(frame);
            // What was cut as well has not been looked at.
            let seen = header.payload - extension::FRAGMENT_HEADER;
            if header.is_v6()
                && whole.payload != seen
                && !self.examine_extensions(rx, &whole, destination, &packet, seen)
            {
                return packet.discard(&mut self.frames);
            }
            return self.deliver(rx, whole, destination, packet);
        }
        self.deliver(rx, header, destination, packet);
    }

    /// Whether the packet is for us, and as what.
    fn accept(&self, rx: Rx, header: &IpHeader) -> Option<Destination> {
        let slot = self.iface(rx.iface).ok()?;
        let on_lo = slot.is_loopback();
        // RFC 1122 section 3.2.1.3: loopback addresses never come from outside, a group is never a source.
        if header.src.is_multicast()
            || (!on_lo
                && (header.src.is_loopback() || header.dst.is_loopback())
                && !(header.src.is_ipv4() && self.routes_localnet(slot)))
            || (header.is_v6() && slot.conf.v6.disable)
        {
            return None;
        }
        if matches!(header.src, IpAddr::V4(src) if slot.is_broadcast(src)) {
            return None;
        }
        let mode = self.rp_filter(slot);
        if mode != 0 && !self.has_way_back(mode, slot, header.src, header.dst) {
            return None;
        }
        if header.dst.is_multicast() {
            let everywhere = on_lo || slot.in_group(header.dst);
            return everywhere.then_some(Destination::Multicast);
        }
        match header.dst {
            IpAddr::V4(dst) if slot.is_broadcast(dst) => Some(Destination::Broadcast),
            // A DHCP server may send to the address it is about to lease to us.
            IpAddr::V4(_) if slot.dhcp.is_some() && header.protocol == protocol::UDP => {
                Some(Destination::Unicast)
            }
            dst => self.is_local(dst).then_some(Destination::Unicast),
        }
    }

    /// Whether a packet with such IPv6 extension headers, those before `first` not looked at, is taken; tells its sender if not.
    fn examine_extensions(
        &mut self,
        rx: Rx,
        header: &IpHeader,
        destination: Destination,
        packet: &Buf<'_>,
        first: usize,
    ) -> bool {
        let bytes = packet.bytes();
        let transit = destination == Destination::Transit;
        let Err(refusal) = extension::examine(bytes, header.payload, first, transit) else {
            return true;
        };
        self.counters.ip[1].in_header_errors += 1;
        if let Refusal::Problem(code, at) = refusal {
            let at = at as u32;
            self.complain(
                rx,
                header,
                destination,
                bytes,
                Complaint::Malformed { code, at },
            );
        }
        false
    }

    /// Acts on the IPv4 options of a packet: what hops write down is written, once on this host. A packet that is malformed or
    /// wants to choose its route is dropped, the former with a word to the sender (Linux: ip_rcv_options).
    fn take_options<'a>(
        &mut self,
        rx: Rx,
        header: &IpHeader,
        destination: Destination,
        packet: Buf<'a>,
    ) -> Option<(Buf<'a>, Marks)> {
        let address = match destination {
            Destination::Unicast => Some(header.dst),
            // As whom we would answer.
            _ => self
                .select_route(header.src, None)
                .ok()
                .map(|way| way.source),
        };
        let hop = self.hop(address.unwrap_or(header.dst));
        let mut frame = packet.into_frame(&mut self.frames);
        let outcome = match frame.get_mut(IPV4_HEADER..header.payload) {
            Some(bytes) => options::receive(bytes, hop, |addr| self.is_foreign(addr)),
            None => Err(0),
        };
        match outcome {
            // net.ipv4.conf.*.accept_source_route.
            Ok(marks) if marks.route.is_some() => {}
            Ok(marks) => {
                header::refresh_v4_checksum(&mut frame);
                return Some((Buf::Owned(frame), marks));
            }
            Err(at) => {
                self.counters.ip[0].in_header_errors += 1;
                let at = (IPV4_HEADER + at) as u32;
                let wrong = Complaint::Malformed { code: 0, at };
                self.complain(rx, header, destination, &frame, wrong);
            }
        }
        self.frames.put(frame);
        None
    }

    fn deliver(&mut self, rx: Rx, header: IpHeader, destination: Destination, packet: Buf<'_>) {
        let raw = self.raw_input(rx, &header, packet.bytes());
        let counters = &mut self.counters.ip[header.version()];
        counters.in_delivers += 1;
        match header.protocol {
            protocol::TCP if destination == Destination::Unicast => {
                self.tcp_input(rx, &header, packet.bytes());
                packet.discard(&mut self.frames);
            }
            protocol::UDP => self.udp_input(rx, &header, destination, packet),
            protocol::ICMP if !header.is_v6() => self.icmp_input(rx, &header, destination, packet),
            protocol::ICMPV6 if header.is_v6() => self.icmp_input(rx, &header, destination, packet),
            protocol::IGMP if !header.is_v6() => {
                self.igmp_input(rx, &packet.bytes()[header.payload..header.end]);
                packet.discard(&mut self.frames);
            }
            protocol::TCP | protocol::IGMP | protocol::NONE => packet.discard(&mut self.frames),
            _ => {
                if !raw {
                    let counters = &mut self.counters.ip[header.version()];
                    counters.in_delivers -= 1;
                    counters.in_unknown_protocols += 1;
                    let complaint = match header.is_v6() {
                        true => Complaint::Malformed {
                            code: extension::UNKNOWN_NEXT,
                            at: extension::link(packet.bytes(), header.payload) as u32,
                        },
                        false => Complaint::ProtocolUnreachable,
                    };
                    self.complain(rx, &header, destination, packet.bytes(), complaint);
                }
                packet.discard(&mut self.frames);
            }
        }
    }
}
