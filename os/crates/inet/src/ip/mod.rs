//! The network layer on the way in: checks addresses, puts fragments together, hands payloads to their protocols.

mod forward;
pub(crate) mod header;
pub(crate) mod output;
pub(crate) mod reassembly;

use core::net::IpAddr;

use crate::frame::{Buf, Tag};
use crate::icmp::Complaint;
use crate::iface::IfaceId;
use crate::stack::Stack;
use crate::tap::PacketKind;
use crate::time::Instant;
use header::{IpHeader, protocol};

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
        let Some(destination) = self.accept(rx, &header) else {
            if self.forwards(rx, &header) {
                return self.forward(rx, &header, packet);
            }
            self.counters.ip[header.version()].in_addr_errors += 1;
            return packet.discard(&mut self.frames);
        };
        if header.fragment.is_some() {
            let whole = self.reassemble(rx, &header, packet.bytes());
            packet.discard(&mut self.frames);
            let Some((header, frame)) = whole else { return };
            let rx = Rx {
                tag: frame.tag,
                ..rx
            };
            return self.deliver(rx, header, destination, Buf::Owned(frame));
        }
        self.deliver(rx, header, destination, packet);
    }

    /// Whether the packet is for us, and as what.
    fn accept(&self, rx: Rx, header: &IpHeader) -> Option<Destination> {
        let slot = self.iface(rx.iface).ok()?;
        let on_lo = slot.is_loopback();
        // RFC 1122 section 3.2.1.3: loopback addresses never come from outside, a group is never a source.
        if header.src.is_multicast()
            || (!on_lo && (header.src.is_loopback() || header.dst.is_loopback()))
        {
            return None;
        }
        if matches!(header.src, IpAddr::V4(src) if slot.is_broadcast(src)) {
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
            protocol::TCP | protocol::IGMP | protocol::NONE => packet.discard(&mut self.frames),
            _ => {
                if !raw {
                    let counters = &mut self.counters.ip[header.version()];
                    counters.in_delivers -= 1;
                    counters.in_unknown_protocols += 1;
                    self.complain(
                        rx,
                        &header,
                        destination,
                        packet.bytes(),
                        Complaint::ProtocolUnreachable,
                    );
                }
                packet.discard(&mut self.frames);
            }
        }
    }
}
