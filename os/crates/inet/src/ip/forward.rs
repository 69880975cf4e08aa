//! Packets for others: a router's part (RFC 1812 section 5, RFC 8200 section 3), when net.ipv4.ip_forward or
//! net.ipv6.conf.all.forwarding says so.

use core::net::IpAddr;

use super::header::{IPV4_HEADER, IpHeader, refresh_v4_checksum};
use super::options::{self, Marks};
use super::{Destination, Rx};
use crate::addr::is_link_local;
use crate::error::Error;
use crate::frame::Buf;
use crate::icmp::Complaint;
use crate::stack::Stack;
use crate::tap::PacketKind;

/// "Don't fragment", in the byte of the flags.
const DONT_FRAGMENT: u8 = 0x40;

impl Stack {
    /// Whether a packet that is not for us is to be passed on: unicast from end to end, and not of one link only.
    pub(super) fn forwards(&self, rx: Rx, header: &IpHeader) -> bool {
        let of_group =
            |addr: IpAddr| addr.is_multicast() || addr.is_unspecified() || addr.is_loopback();
        let passes = match header.dst {
            IpAddr::V4(_) => self
                .iface(rx.iface)
                .is_ok_and(|slot| slot.conf.v4.forwarding),
            // There an interface's own value says what it is, and all's what it does.
            IpAddr::V6(_) => self.config.forward[1],
        };
        passes
            && rx.kind == PacketKind::Host
            && !of_group(header.dst)
            && !of_group(header.src)
            && !matches!(header.dst, IpAddr::V4(dst) if dst.is_broadcast())
            && !(header.is_v6() && (is_link_local(header.dst) || is_link_local(header.src)))
            && self.iface(rx.iface).is_ok_and(|slot| !slot.is_loopback())
    }

    /// Passes a packet on, one hop older, or tells its sender why not.
    pub(super) fn forward(&mut self, rx: Rx, header: &IpHeader, marks: &Marks, packet: Buf<'_>) {
        if marks.alert && self.raw_alerted(rx, header, packet.bytes()) {
            return packet.discard(&mut self.frames);
        }
        let version = header.version();
        let complaint = match self.way(rx, header, packet.bytes()) {
            Ok((iface, next_hop, mtu)) => {
                let mut frame = packet.into_frame(&mut self.frames);
                frame.shorten(header.end);
                match header.is_v6() {
                    true => frame[7] -= 1,
                    false => {
                        frame[8] -= 1;
                        if header.payload != IPV4_HEADER {
                            self.leave_by(header, marks, &mut frame);
                        }
                        refresh_v4_checksum(&mut frame);
                    }
                }
                self.counters.ip[version].forwarded += 1;
                self.ip_output(rx.now, iface, next_hop, mtu, frame);
                // Which counted it as one of ours.
                self.counters.ip[version].out_requests -= 1;
                return;
            }
            Err(complaint) => complaint,
        };
        match complaint {
            Some(Complaint::TimeExceeded) => self.counters.ip[version].in_header_errors += 1,
            Some(Complaint::TooBig(_)) => self.counters.ip[version].fragment_fails += 1,
            _ => self.counters.ip[version].out_no_routes += 1,
        }
        if let Some(complaint) = complaint {
            self.complain(rx, header, Destination::Transit, packet.bytes(), complaint);
        }
        packet.discard(&mut self.frames);
    }

    /// The recorded route says by which side the packet left.
    fn leave_by(&self, header: &IpHeader, marks: &Marks, packet: &mut [u8]) {
        let own = self.select_route(header.dst, None).map(|way| way.source);
        if let Ok(IpAddr::V4(own)) = own
            && let Some(bytes) = packet.get_mut(IPV4_HEADER..header.payload)
        {
            options::leave_by(bytes, marks, own);
        }
    }

    /// Interface, next hop and MTU; or what to tell the sender, `None` for nothing.
    fn way(
        &self,
        rx: Rx,
        header: &IpHeader,
        bytes: &[u8],
    ) -> Result<(crate::iface::IfaceId, IpAddr, usize), Option<Complaint>> {
        let from = self.iface(rx.iface).map_err(|_| None)?;
        let mode = self.rp_filter(from);
        if mode != 0 && !self.has_way_back(mode, from, header.src, header.dst) {
            return Err(None);
        }
        if header.ttl <= 1 {
            return Err(Some(Complaint::TimeExceeded));
        }
        let way = self
            .transit_route(header.src, header.dst, rx.iface)
            .map_err(|error| match error {
                Error::HostUnreachable => Some(Complaint::HostUnreachable),
                Error::Access => Some(Complaint::Prohibited),
                Error::Invalid => None,
                _ => Some(Complaint::NetUnreachable),
            })?;
        let (iface, _, mtu) = way;
        // A directed broadcast stays on its link (RFC 2644).
        if matches!(header.dst, IpAddr::V4(dst) if self.iface(iface).is_ok_and(|slot| slot.is_broadcast(dst)))
        {
            return Err(None);
        }
        let whole = header.is_v6() || bytes.get(6).is_some_and(|flags| flags & DONT_FRAGMENT != 0);
        match header.end > mtu && whole {
            true => Err(Some(Complaint::TooBig(mtu as u32))),
            false => Ok(way),
        }
    }
}
