//! ARP for IPv4 over Ethernet (RFC 826): asks, answers, learns.

use core::net::{IpAddr, Ipv4Addr};

use crate::iface::{Iface, IfaceId};
use crate::link::{BROADCAST, ethertype};
use crate::stack::Stack;
use crate::time::Instant;

const LEN: usize = 28;
const REQUEST: u16 = 1;
const REPLY: u16 = 2;
/// Ethernet, IPv4, 6-byte and 4-byte addresses.
const PREFIX: [u8; 6] = [0, 1, 8, 0, 6, 4];

fn write(packet: &mut [u8], operation: u16, from: ([u8; 6], Ipv4Addr), to: ([u8; 6], Ipv4Addr)) {
    packet[..6].copy_from_slice(&PREFIX);
    packet[6..8].copy_from_slice(&operation.to_be_bytes());
    packet[8..14].copy_from_slice(&from.0);
    packet[14..18].copy_from_slice(&from.1.octets());
    packet[18..24].copy_from_slice(&to.0);
    packet[24..28].copy_from_slice(&to.1.octets());
}

impl Stack {
    /// Broadcasts "who has `addr`" from the address of `iface` in the same subnet.
    pub(crate) fn arp_request(&mut self, iface: IfaceId, addr: Ipv4Addr) {
        let Ok(slot) = self.iface(iface) else { return };
        let Some(mac) = slot.mac() else { return };
        let own = slot
            .info
            .addresses
            .iter()
            .filter(|own| own.cidr.addr.is_ipv4());
        let own = own.max_by_key(|own| own.cidr.contains(IpAddr::V4(addr)));
        let source = match own.map(|own| own.cidr.addr) {
            Some(IpAddr::V4(source)) => source,
            _ => Ipv4Addr::UNSPECIFIED,
        };
        let mut frame = self.frames.get(LEN);
        write(&mut frame, REQUEST, (mac, source), ([0; 6], addr));
        self.ethernet_emit(iface, BROADCAST, ethertype::ARP, frame);
    }

    pub(crate) fn arp_input(&mut self, now: Instant, iface: IfaceId, packet: &[u8]) {
        let Some(packet) = packet.first_chunk::<LEN>() else {
            return;
        };
        if packet[..6] != PREFIX {
            return;
        }
        let operation = u16::from_be_bytes([packet[6], packet[7]]);
        let v4 =
            |at: usize| Ipv4Addr::new(packet[at], packet[at + 1], packet[at + 2], packet[at + 3]);
        let mut sender_mac = [0; 6];
        sender_mac.copy_from_slice(&packet[8..14]);
        let (sender, target) = (v4(14), v4(24));
        if sender_mac[0] & 1 != 0 || sender.is_multicast() || sender.is_broadcast() {
            return;
        }
        let Ok(slot) = self.iface(iface) else { return };
        let Some(mac) = slot.mac() else { return };
        // Weak host model: any own address except loopback ones is ours here.
        let for_us = !target.is_loopback() && self.is_local(IpAddr::V4(target));
        let answers = match for_us {
            true => self.arp_answers(slot, sender, target),
            false => self.arp_proxies(iface, slot, target),
        };
        if !sender.is_unspecified() {
            self.neighbour_learned(now, iface, IpAddr::V4(sender), sender_mac, for_us);
        }
        if operation == REQUEST && answers {
            let mut frame = self.frames.get(LEN);
            write(&mut frame, REPLY, (mac, target), (sender_mac, sender));
            self.ethernet_emit(iface, sender_mac, ethertype::ARP, frame);
        }
    }

    /// Whether a question for one of our addresses is answered on this link (arp_ignore).
    fn arp_answers(&self, slot: &Iface, sender: Ipv4Addr, target: Ipv4Addr) -> bool {
        let own = || {
            let addresses = slot.info.addresses.iter();
            addresses.filter(|own| own.cidr.addr == IpAddr::V4(target))
        };
        match slot.conf.v4.arp_ignore.max(self.conf_all.v4.arp_ignore) {
            0 => true,
            1 => own().next().is_some(),
            2 => own().any(|own| own.cidr.contains(IpAddr::V4(sender))),
            8 => false,
            _ => true,
        }
    }

    /// Whether we answer for a host that we pass packets to by another interface (proxy_arp, RFC 1027).
    fn arp_proxies(&self, iface: IfaceId, slot: &Iface, target: Ipv4Addr) -> bool {
        let asked = slot.conf.v4.proxy_arp || self.conf_all.v4.proxy_arp;
        let target = IpAddr::V4(target);
        asked
            && slot.conf.v4.forwarding
            && !target.is_loopback()
            && !target.is_multicast()
            && self
                .select_route(target, None)
                .is_ok_and(|way| way.iface != iface && !way.local && !way.broadcast)
    }
}
