//! Multicast groups: who joined what, and telling the routers (IGMPv2, RFC 2236; MLD, RFC 2710).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::DgramId;
use crate::checksum::Sum;
use crate::error::{Error, Result};
use crate::iface::{IfaceId, Membership};
use crate::ip::header::{HeaderFields, IPV4_HEADER, IPV6_HEADER, protocol, refresh_v4_checksum};
use crate::stack::Stack;
use crate::time::Instant;

const IGMP_REPORT: u8 = 0x16;
const IGMP_LEAVE: u8 = 0x17;
const MLD_REPORT: u8 = 131;
const MLD_DONE: u8 = 132;
const ALL_ROUTERS_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 2);
const ALL_ROUTERS_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// The router alert option (RFC 2113) behind a 20-byte header.
const ROUTER_ALERT: [u8; 4] = [0x94, 4, 0, 0];
/// A hop-by-hop header with the MLD router alert (RFC 2711): ICMPv6 follows.
const HOP_BY_HOP: [u8; 8] = [protocol::ICMPV6, 0, 5, 2, 0, 0, 1, 0];

impl Stack {
    /// IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP. Without `iface`, the one that routes to the group. Errors: `AddrInUse` (joined already),
    /// `Invalid` (not a group), `NoDevice`.
    pub fn dgram_join(
        &mut self,
        now: Instant,
        id: DgramId,
        group: IpAddr,
        iface: Option<IfaceId>,
    ) -> Result<()> {
        self.now = now;
        let group = group.to_canonical();
        if !group.is_multicast() {
            return Err(Error::Invalid);
        }
        let iface = self.group_iface(group, iface)?;
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        if dgram.groups.contains(&(group, iface)) {
            return Err(Error::AddrInUse);
        }
        dgram.groups.push((group, iface));
        self.group_join(now, iface, group);
        Ok(())
    }

    /// IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP. Errors: `AddrNotAvailable`.
    pub fn dgram_leave(
        &mut self,
        now: Instant,
        id: DgramId,
        group: IpAddr,
        iface: Option<IfaceId>,
    ) -> Result<()> {
        self.now = now;
        let group = group.to_canonical();
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let joined = |&(have, on): &(IpAddr, IfaceId)| {
            have == group && iface.is_none_or(|iface| iface == on)
        };
        let at = dgram
            .groups
            .iter()
            .position(joined)
            .ok_or(Error::AddrNotAvailable)?;
        let (_, iface) = dgram.groups.remove(at);
        self.group_leave(now, iface, group);
        Ok(())
    }

    fn group_iface(&self, group: IpAddr, iface: Option<IfaceId>) -> Result<IfaceId> {
        if let Some(iface) = iface {
            self.iface(iface)?;
            return Ok(iface);
        }
        match self.select_route(group, None) {
            Ok(route) => Ok(route.iface),
            Err(_) => {
                let up = self.ifaces.iter().find(|iface| iface.info.up);
                up.map(|iface| iface.info.id).ok_or(Error::NoDevice)
            }
        }
    }

    pub(crate) fn is_joined(&self, iface: IfaceId, group: IpAddr) -> bool {
        self.iface(iface).is_ok_and(|iface| iface.in_group(group))
    }

    fn group_join(&mut self, now: Instant, iface: IfaceId, group: IpAddr) {
        let Ok(slot) = self.iface_mut(iface) else {
            return;
        };
        if let Some(joined) = slot.groups.iter_mut().find(|joined| joined.group == group) {
            joined.users += 1;
            return;
        }
        slot.groups.push(Membership { group, users: 1 });
        self.group_report(now, iface, group, true);
    }

    pub(crate) fn group_leave(&mut self, now: Instant, iface: IfaceId, group: IpAddr) {
        let Ok(slot) = self.iface_mut(iface) else {
            return;
        };
        let Some(at) = slot.groups.iter().position(|joined| joined.group == group) else {
            return;
        };
        slot.groups[at].users -= 1;
        if slot.groups[at].users == 0 {
            slot.groups.remove(at);
            self.group_report(now, iface, group, false);
        }
    }

    /// Tells the routers of the link that we are, or are no longer, in a group.
    fn group_report(&mut self, now: Instant, iface: IfaceId, group: IpAddr, joined: bool) {
        let Ok(slot) = self.iface(iface) else { return };
        if slot.is_loopback() || !slot.info.up {
            return;
        }
        let own = slot
            .info
            .addresses
            .iter()
            .map(|own| own.cidr.addr)
            .find(|own| own.is_ipv4() == group.is_ipv4());
        match (group, own) {
            // RFC 2236 section 6: the all-hosts group is never reported.
            (IpAddr::V4(group), Some(IpAddr::V4(own))) if group != Ipv4Addr::new(224, 0, 0, 1) => {
                self.igmp_send(now, iface, own, group, joined);
            }
            (IpAddr::V6(group), Some(IpAddr::V6(own))) => {
                self.mld_send(now, iface, own, group, joined)
            }
            _ => {}
        }
    }

    fn igmp_send(
        &mut self,
        now: Instant,
        iface: IfaceId,
        own: Ipv4Addr,
        group: Ipv4Addr,
        joined: bool,
    ) {
        let dst = IpAddr::V4(if joined { group } else { ALL_ROUTERS_V4 });
        let front = IPV4_HEADER + ROUTER_ALERT.len();
        let mut frame = self.frames.get(front + 8);
        let fields = HeaderFields {
            src: IpAddr::V4(own),
            dst,
            protocol: protocol::IGMP,
            ttl: 1,
            tos: 0xc0,
            id: 0,
            dont_fragment: true,
        };
        fields.write(&mut frame);
        frame[0] = 0x46;
        frame[IPV4_HEADER..front].copy_from_slice(&ROUTER_ALERT);
        refresh_v4_checksum(&mut frame);
        let message = &mut frame[front..];
        message[..4].copy_from_slice(&[if joined { IGMP_REPORT } else { IGMP_LEAVE }, 0, 0, 0]);
        message[4..].copy_from_slice(&group.octets());
        let sum = Sum::default().bytes(message).finish();
        message[2..4].copy_from_slice(&sum);
        self.ip_transmit(now, iface, dst, frame);
    }

    fn mld_send(
        &mut self,
        now: Instant,
        iface: IfaceId,
        own: Ipv6Addr,
        group: Ipv6Addr,
        joined: bool,
    ) {
        let src = IpAddr::V6(own);
        let dst = IpAddr::V6(if joined { group } else { ALL_ROUTERS_V6 });
        let front = IPV6_HEADER + HOP_BY_HOP.len();
        let mut frame = self.frames.get(front + 24);
        let fields = HeaderFields {
            src,
            dst,
            protocol: protocol::HOP_BY_HOP,
            ttl: 1,
            tos: 0,
            id: 0,
            dont_fragment: false,
        };
        fields.write(&mut frame);
        frame[IPV6_HEADER..front].copy_from_slice(&HOP_BY_HOP);
        let message = &mut frame[front..];
        message[..8].copy_from_slice(&[
            if joined { MLD_REPORT } else { MLD_DONE },
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ]);
        message[8..].copy_from_slice(&group.octets());
        let sum = Sum::pseudo(src, dst, protocol::ICMPV6, message.len())
            .bytes(message)
            .finish();
        message[2..4].copy_from_slice(&sum);
        self.ip_transmit(now, iface, dst, frame);
    }
}
