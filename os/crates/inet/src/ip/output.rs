//! The network layer on the way out: fragments what is too long for its link.

use core::net::IpAddr;

use super::extension::{self, FRAGMENT_HEADER};
use super::header::{IPV4_HEADER, IPV6_HEADER, IpHeader, protocol, refresh_v4_checksum};
use super::options;
use crate::frame::Frame;
use crate::iface::IfaceId;
use crate::stack::Stack;
use crate::time::Instant;

impl Stack {
    /// Sends a whole IP packet out of `iface`, in fragments when it is longer than `mtu`.
    pub(crate) fn ip_output(
        &mut self,
        now: Instant,
        iface: IfaceId,
        next_hop: IpAddr,
        mtu: usize,
        packet: Frame,
    ) {
        let v6 = packet.first().is_some_and(|first| first >> 4 == 6);
        let counters = &mut self.counters.ip[usize::from(v6)];
        counters.out_requests += 1;
        counters.out_octets += packet.len() as u64;
        if packet.len() <= mtu {
            return self.ip_transmit(now, iface, next_hop, packet);
        }
        if v6 {
            self.fragment_v6(now, iface, next_hop, mtu, &packet);
        } else {
            self.fragment_v4(now, iface, next_hop, mtu, &packet);
        }
        self.counters.ip[usize::from(v6)].fragment_oks += 1;
        self.frames.put(packet);
    }

    /// RFC 791 section 3.2.
    fn fragment_v4(
        &mut self,
        now: Instant,
        iface: IfaceId,
        next_hop: IpAddr,
        mtu: usize,
        packet: &[u8],
    ) {
        let id = self.rng.u16();
        let header_len = usize::from(packet[0] & 15) * 4;
        let (header, payload) = packet.split_at(header_len);
        let step = (mtu.max(header_len + 8) - header_len) & !7;
        let mut offset = 0;
        while offset < payload.len() {
            let part = &payload[offset..payload.len().min(offset + step)];
            let more = offset + part.len() < payload.len();
            let mut frame = self.frames.get(header_len + part.len());
            frame[..header_len].copy_from_slice(header);
            if offset != 0 && header_len != IPV4_HEADER {
                options::keep_copied(&mut frame[IPV4_HEADER..header_len]);
            }
            frame[header_len..].copy_from_slice(part);
            let total = frame.len() as u16;
            frame[2..4].copy_from_slice(&total.to_be_bytes());
            frame[4..6].copy_from_slice(&id.to_be_bytes());
            let field = (offset / 8) as u16 | if more { 0x2000 } else { 0 };
            frame[6..8].copy_from_slice(&field.to_be_bytes());
            refresh_v4_checksum(&mut frame);
            debug_assert!(header_len >= IPV4_HEADER);
            self.counters.ip[0].fragment_creates += 1;
            self.ip_transmit(now, iface, next_hop, frame);
            offset += part.len();
        }
    }

    /// RFC 8200 section 4.5: headers that hops on the way look at are in every fragment.
    fn fragment_v6(
        &mut self,
        now: Instant,
        iface: IfaceId,
        next_hop: IpAddr,
        mtu: usize,
        packet: &[u8],
    ) {
        let id = self.rng.u32();
        let own = IpHeader::parse(packet, false).map_or(IPV6_HEADER, |header| header.payload);
        let cut = extension::unfragmentable(packet, own).min(packet.len());
        let link = extension::link(packet, cut);
        let (header, payload) = packet.split_at(cut);
        let front = cut + FRAGMENT_HEADER;
        let step = (mtu.max(front + 8) - front) & !7;
        let mut offset = 0;
        while offset < payload.len() {
            let part = &payload[offset..payload.len().min(offset + step)];
            let more = offset + part.len() < payload.len();
            let mut frame = self.frames.get(front + part.len());
            frame[..cut].copy_from_slice(header);
            let payload_len = (front - IPV6_HEADER + part.len()) as u16;
            frame[4..6].copy_from_slice(&payload_len.to_be_bytes());
            frame[link] = protocol::FRAGMENT;
            frame[cut] = header[link];
            frame[cut + 1] = 0;
            let field = offset as u16 | u16::from(more);
            frame[cut + 2..cut + 4].copy_from_slice(&field.to_be_bytes());
            frame[cut + 4..front].copy_from_slice(&id.to_be_bytes());
            frame[front..].copy_from_slice(part);
            self.counters.ip[1].fragment_creates += 1;
            self.ip_transmit(now, iface, next_hop, frame);
            offset += part.len();
        }
    }
}
