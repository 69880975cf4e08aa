//! The link layer: Ethernet frames in and out, and the loopback queue.

use core::net::{IpAddr, Ipv4Addr};

use crate::frame::{Buf, Frame, LINK_HEADER};
use crate::iface::{IfaceId, IfaceKind};
use crate::ip::Rx;
use crate::neighbour::Resolution;
use crate::stack::Stack;
use crate::tap::offload::transport_sum;
use crate::tap::{Origin, PacketKind, Sight, Unsummed};
use crate::time::Instant;

/// Ethertypes (IEEE 802 numbers).
pub(crate) mod ethertype {
    pub const IPV4: u16 = 0x0800;
    pub const ARP: u16 = 0x0806;
    pub const IPV6: u16 = 0x86dd;
}

pub(crate) const BROADCAST: [u8; 6] = [0xff; 6];

/// The group address of a multicast packet (RFC 1112 section 6.4, RFC 2464 section 7).
fn group_mac(addr: IpAddr) -> [u8; 6] {
    match addr {
        IpAddr::V4(addr) => {
            let [_, b, c, d] = addr.octets();
            [0x01, 0x00, 0x5e, b & 0x7f, c, d]
        }
        IpAddr::V6(addr) => {
            let [.., a, b, c, d] = addr.octets();
            [0x33, 0x33, a, b, c, d]
        }
    }
}

pub(crate) fn ip_ethertype(packet: &[u8]) -> u16 {
    match packet.first() {
        Some(first) if first >> 4 == 6 => ethertype::IPV6,
        _ => ethertype::IPV4,
    }
}

impl Stack {
    /// A frame from a device.
    pub(crate) fn link_input(&mut self, now: Instant, iface: IfaceId, frame: &[u8]) {
        let Some(slot) = self.ifaces.get_mut(iface) else {
            return;
        };
        // A tunnel's packets have zeros for addresses: they are for us.
        let (mac, bare) = match slot.info.kind {
            IfaceKind::Ethernet { mac } => (mac, false),
            IfaceKind::Tunnel => ([0; 6], true),
            IfaceKind::Loopback => return,
        };
        if !slot.info.up {
            return;
        }
        slot.info.counters.rx_packets += 1;
        slot.info.counters.rx_bytes += slot.link_len(frame.len());
        let Some(&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1]) = frame.first_chunk()
        else {
            slot.info.counters.rx_errors += 1;
            return;
        };
        let dst = [d0, d1, d2, d3, d4, d5];
        let kind = PacketKind::of(dst, mac);
        slot.info.counters.rx_multicast += u64::from(kind == PacketKind::Multicast);
        let verify = !slot.info.quirks.trusted;
        let protocol = u16::from_be_bytes([t0, t1]);
        if self.taps.is_watched() {
            let sight = Sight {
                now,
                iface,
                protocol,
                kind,
                source: [s0, s1, s2, s3, s4, s5],
                bare,
                unsummed: None,
                origin: None,
            };
            self.tap_frame(sight, frame);
        }
        if kind == PacketKind::OtherHost {
            return;
        }
        let packet = &frame[LINK_HEADER..];
        match protocol {
            ethertype::ARP => self.arp_input(now, iface, packet),
            ethertype::IPV4 | ethertype::IPV6 => self.ip_input(
                Rx {
                    now,
                    iface,
                    kind,
                    verify,
                    tag: Default::default(),
                },
                Buf::Borrowed(packet),
            ),
            _ => {}
        }
    }

    /// Delivers what the loopback queue holds; packets sent meanwhile are appended and delivered too, up to `budget`.
    pub(crate) fn loopback_input(&mut self, now: Instant, budget: usize) -> usize {
        let mut done = 0;
        while done < budget {
            let Some(frame) = self.loopback.pop_front() else {
                break;
            };
            done += 1;
            let rx = Rx {
                verify: frame.tag.verify,
                ..Rx::local(now, frame.tag)
            };
            self.ip_input(rx, Buf::Owned(frame));
        }
        done
    }

    /// Sends an IP packet out of `iface` to `next_hop` on its link.
    pub(crate) fn ip_transmit(
        &mut self,
        now: Instant,
        iface: IfaceId,
        next_hop: IpAddr,
        frame: Frame,
    ) {
        let Some(slot) = self.ifaces.get_mut(iface) else {
            self.frames.put(frame);
            return;
        };
        if !slot.info.up {
            self.frames.put(frame);
            return;
        }
        if slot.is_loopback() {
            return self.loopback_send(now, iface, frame);
        }
        let mac = match next_hop {
            IpAddr::V4(v4) if slot.is_broadcast(v4) => BROADCAST,
            _ if next_hop.is_multicast() => group_mac(next_hop),
            _ if !slot.info.asks => slot.mac().unwrap_or_default(),
            _ => {
                let mut waiting = Some(frame);
                match slot
                    .neighbours
                    .resolve(now, next_hop, &mut waiting, &mut self.frames)
                {
                    Resolution::Ask => return self.ask_neighbour(now, iface, next_hop),
                    Resolution::Wait => return,
                    Resolution::Confirm(mac) => {
                        if let Some(frame) = waiting {
                            self.ethernet_send(now, iface, mac, frame);
                        }
                        return self.ask_neighbour(now, iface, next_hop);
                    }
                    Resolution::Known(mac) => {
                        if let Some(frame) = waiting {
                            self.ethernet_send(now, iface, mac, frame);
                        }
                        return;
                    }
                }
            }
        };
        self.ethernet_send(now, iface, mac, frame);
    }

    fn loopback_send(&mut self, now: Instant, iface: IfaceId, frame: Frame) {
        let mut frame = frame;
        if self.taps.is_watched() {
            let protocol = ip_ethertype(&frame);
            frame.widen(LINK_HEADER);
            frame[..12].fill(0);
            frame[12..LINK_HEADER].copy_from_slice(&protocol.to_be_bytes());
            let unsummed = transport_sum(&frame[LINK_HEADER..]);
            return self.loopback_frame(now, iface, frame, None, unsummed);
        }
        self.count_loopback(iface, frame.len() + LINK_HEADER);
        self.loopback.push_back(frame);
    }

    /// A frame with its link header over lo: taps see it go and come. What is not IP, or not for us, ends there.
    pub(crate) fn loopback_frame(
        &mut self,
        now: Instant,
        iface: IfaceId,
        mut frame: Frame,
        origin: Option<Origin>,
        unsummed: Option<Unsummed>,
    ) {
        self.count_loopback(iface, frame.len());
        let Some(&[d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1]) = frame.first_chunk()
        else {
            return self.frames.put(frame);
        };
        let protocol = u16::from_be_bytes([t0, t1]);
        let sight = Sight {
            now,
            iface,
            protocol,
            kind: PacketKind::Outgoing,
            source: [s0, s1, s2, s3, s4, s5],
            bare: false,
            unsummed,
            origin,
        };
        let kind = PacketKind::of([d0, d1, d2, d3, d4, d5], [0; 6]);
        self.tap_frame(sight, &frame);
        self.tap_frame(
            Sight {
                kind,
                origin: None,
                ..sight
            },
            &frame,
        );
        frame.narrow(LINK_HEADER);
        let ours = kind != PacketKind::OtherHost
            && matches!(protocol, ethertype::IPV4 | ethertype::IPV6)
            && protocol == ip_ethertype(&frame)
            && !(origin.is_some() && self.is_martian(&frame));
        match ours {
            true => self.loopback.push_back(frame),
            false => self.frames.put(frame),
        }
    }

    /// Whether an IPv4 packet that was not routed here claims to come from this host, or to go to 127/8 (RFC 1812 section 5.3.7).
    fn is_martian(&self, packet: &[u8]) -> bool {
        let addr = |at: usize| {
            let octets: Option<[u8; 4]> = packet.get(at..at + 4)?.try_into().ok();
            octets.map(Ipv4Addr::from)
        };
        match (packet.first(), addr(12), addr(16)) {
            (Some(first), Some(src), Some(dst)) if first >> 4 == 4 => {
                self.is_local(src.into()) || dst.is_loopback()
            }
            _ => false,
        }
    }

    /// As Linux counts: lo's bytes include the link header of zeros.
    fn count_loopback(&mut self, iface: IfaceId, len: usize) {
        let Some(slot) = self.ifaces.get_mut(iface) else {
            return;
        };
        let counters = &mut slot.info.counters;
        counters.tx_packets += 1;
        counters.tx_bytes += len as u64;
        counters.rx_packets += 1;
        counters.rx_bytes += len as u64;
    }

    /// Sends an IP packet to a station whose address is known.
    pub(crate) fn ethernet_send(
        &mut self,
        now: Instant,
        iface: IfaceId,
        mac: [u8; 6],
        frame: Frame,
    ) {
        let _ = now;
        let protocol = ip_ethertype(&frame);
        self.ethernet_emit(iface, mac, protocol, frame);
    }

    /// Prefixes the Ethernet header and queues the frame for the device.
    pub(crate) fn ethernet_emit(
        &mut self,
        iface: IfaceId,
        dst: [u8; 6],
        protocol: u16,
        mut frame: Frame,
    ) {
        let slot = self.ifaces.get(iface).filter(|slot| !slot.is_loopback());
        let (dst, mac) = match slot.map(|slot| slot.mac()) {
            Some(Some(mac)) => (dst, mac),
            Some(None) => ([0; 6], [0; 6]),
            None => {
                self.frames.put(frame);
                return;
            }
        };
        frame.widen(LINK_HEADER);
        frame[..6].copy_from_slice(&dst);
        frame[6..12].copy_from_slice(&mac);
        frame[12..LINK_HEADER].copy_from_slice(&protocol.to_be_bytes());
        self.device_send(iface, frame, None);
    }

    /// Queues a whole frame for the device.
    pub(crate) fn device_send(&mut self, iface: IfaceId, frame: Frame, origin: Option<Origin>) {
        if self.taps.is_watched()
            && let Some(&[_, _, _, _, _, _, s0, s1, s2, s3, s4, s5, t0, t1]) = frame.first_chunk()
        {
            let sight = Sight {
                now: self.now,
                iface,
                protocol: u16::from_be_bytes([t0, t1]),
                kind: PacketKind::Outgoing,
                source: [s0, s1, s2, s3, s4, s5],
                bare: self.iface(iface).is_ok_and(|slot| slot.is_tunnel()),
                unsummed: None,
                origin,
            };
            self.tap_frame(sight, &frame);
        }
        let limit = self.config.tx_queue_len * 2;
        let Some(slot) = self.ifaces.get_mut(iface) else {
            return self.frames.put(frame);
        };
        if slot.tx.len() >= limit {
            slot.info.counters.tx_dropped += 1;
            self.frames.put(frame);
            return;
        }
        slot.info.counters.tx_packets += 1;
        slot.info.counters.tx_bytes += slot.link_len(frame.len());
        slot.tx.push_back(frame);
    }

    /// A frame that [`Stack::pop_frame`] gave was not taken after all: it counts as dropped and not as sent.
    pub fn drop_frame(&mut self, iface: IfaceId, frame: Frame) {
        let len = frame.len().saturating_sub(self.config.tx_headroom);
        if let Some(slot) = self.ifaces.get_mut(iface) {
            let len = slot.link_len(len);
            let counters = &mut slot.info.counters;
            counters.tx_packets = counters.tx_packets.saturating_sub(1);
            counters.tx_bytes = counters.tx_bytes.saturating_sub(len);
            counters.tx_dropped += 1;
        }
        self.recycle_frame(frame);
    }

    /// Whether senders should wait for the device to take frames.
    pub(crate) fn is_tx_full(&self, iface: IfaceId) -> bool {
        self.ifaces
            .get(iface)
            .is_some_and(|slot| slot.tx.len() >= self.config.tx_queue_len)
    }
}
