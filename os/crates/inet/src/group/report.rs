//! Reports on the wire: RFC 3376 section 4.2, RFC 2236, RFC 3810 section 5.2, RFC 2710.

use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Record;
use crate::addr::is_link_local;
use crate::checksum::Sum;
use crate::iface::IfaceId;
use crate::ip::header::{HeaderFields, IPV4_HEADER, IPV6_HEADER, protocol, refresh_v4_checksum};
use crate::stack::Stack;
use crate::time::Instant;

const IGMP_V1_REPORT: u8 = 0x12;
const IGMP_V2_REPORT: u8 = 0x16;
const IGMP_LEAVE: u8 = 0x17;
const IGMP_V3_REPORT: u8 = 0x22;
const MLD_REPORT: u8 = 131;
const MLD_DONE: u8 = 132;
const MLD_V2_REPORT: u8 = 143;
const ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 2);
const V3_ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 22);
const ROUTERS6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const V2_ROUTERS6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);
/// The router alert option (RFC 2113) behind a 20-byte header.
const ROUTER_ALERT: [u8; 4] = [0x94, 4, 0, 0];
/// A hop-by-hop header with the MLD router alert (RFC 2711): ICMPv6 follows.
const HOP_BY_HOP: [u8; 8] = [protocol::ICMPV6, 0, 5, 2, 0, 0, 1, 0];
/// Type, checksum, number of records.
const HEADER: usize = 8;

/// A record of a report of the newest version.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub record: Record,
    pub group: IpAddr,
    pub sources: Vec<IpAddr>,
}

/// A message of an older version, about one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Short {
    /// In this version of the protocol.
    Report(u8),
    Leave,
}

impl Stack {
    /// Sends records, in as many packets as they need.
    pub(super) fn long_report(
        &mut self,
        now: Instant,
        iface: IfaceId,
        v6: bool,
        entries: &[Entry],
    ) {
        let (to, kind) = match v6 {
            false => (IpAddr::V4(V3_ROUTERS), IGMP_V3_REPORT),
            true => (IpAddr::V6(V2_ROUTERS6), MLD_V2_REPORT),
        };
        let Ok(slot) = self.iface(iface) else { return };
        let front = match v6 {
            false => IPV4_HEADER + ROUTER_ALERT.len(),
            true => IPV6_HEADER + HOP_BY_HOP.len(),
        };
        let width = if v6 { 16 } else { 4 };
        // A link that is too narrow for one source gets it all the same.
        let room = slot.mtu_for(to).saturating_sub(front);
        let room = room.max(HEADER + 4 + 2 * width);
        let (mut body, mut count) = (vec![0; HEADER], 0u16);
        let mut bodies = Vec::new();
        for entry in entries {
            let mut rest = &entry.sources[..];
            loop {
                let fixed = 4 + width;
                let needed = fixed + width * usize::from(!rest.is_empty());
                if body.len() + needed > room {
                    bodies.push((core::mem::replace(&mut body, vec![0; HEADER]), count));
                    count = 0;
                }
                let fit = (room - body.len() - fixed) / width;
                let (now, later) = rest.split_at(fit.min(rest.len()));
                body.extend_from_slice(&[entry.record as u8, 0]);
                body.extend_from_slice(&(now.len() as u16).to_be_bytes());
                core::iter::once(&entry.group)
                    .chain(now)
                    .for_each(|addr| write_address(&mut body, *addr));
                count += 1;
                rest = later;
                if rest.is_empty() || entry.record.may_be_cut() {
                    break;
                }
            }
        }
        if count > 0 {
            bodies.push((body, count));
        }
        for (mut body, count) in bodies {
            body[0] = kind;
            body[6..8].copy_from_slice(&count.to_be_bytes());
            self.group_send(now, iface, to, &mut body);
        }
    }

    /// Sends a message of an older version.
    pub(super) fn short_report(
        &mut self,
        now: Instant,
        iface: IfaceId,
        group: IpAddr,
        short: Short,
    ) {
        let (kind, to) = match (group, short) {
            (IpAddr::V4(_), Short::Report(1)) => (IGMP_V1_REPORT, group),
            (IpAddr::V4(_), Short::Report(_)) => (IGMP_V2_REPORT, group),
            (IpAddr::V4(_), Short::Leave) => (IGMP_LEAVE, IpAddr::V4(ROUTERS)),
            (IpAddr::V6(_), Short::Report(_)) => (MLD_REPORT, group),
            (IpAddr::V6(_), Short::Leave) => (MLD_DONE, IpAddr::V6(ROUTERS6)),
        };
        let mut body = match group {
            IpAddr::V4(_) => vec![kind, 0, 0, 0],
            IpAddr::V6(_) => vec![kind, 0, 0, 0, 0, 0, 0, 0],
        };
        write_address(&mut body, group);
        self.group_send(now, iface, to, &mut body);
    }

    /// Puts a message on the link of an interface that is up, checksum filled in.
    fn group_send(&mut self, now: Instant, iface: IfaceId, dst: IpAddr, message: &mut [u8]) {
        let Ok(slot) = self.iface(iface) else { return };
        if slot.is_loopback() || !slot.info.up {
            return;
        }
        let v6 = dst.is_ipv6();
        let mut own = slot.info.addresses.iter().map(|own| own.cidr.addr);
        // RFC 3810 section 5.2.13: without an address of the link the message comes from nobody.
        let src = match v6 {
            false => own
                .find(IpAddr::is_ipv4)
                .unwrap_or(Ipv4Addr::UNSPECIFIED.into()),
            true => own
                .find(|own| own.is_ipv6() && is_link_local(*own))
                .unwrap_or(Ipv6Addr::UNSPECIFIED.into()),
        };
        let front = match v6 {
            false => IPV4_HEADER + ROUTER_ALERT.len(),
            true => IPV6_HEADER + HOP_BY_HOP.len(),
        };
        let mut frame = self.frames.get(front + message.len());
        let fields = HeaderFields {
            src,
            dst,
            protocol: match v6 {
                false => protocol::IGMP,
                true => protocol::HOP_BY_HOP,
            },
            ttl: 1,
            tos: if v6 { 0 } else { 0xc0 },
            id: 0,
            dont_fragment: !v6,
        };
        fields.write(&mut frame);
        if v6 {
            frame[IPV6_HEADER..front].copy_from_slice(&HOP_BY_HOP);
        } else {
            frame[0] = 0x46;
            frame[IPV4_HEADER..front].copy_from_slice(&ROUTER_ALERT);
            refresh_v4_checksum(&mut frame);
        }
        let sum = match v6 {
            false => Sum::default(),
            true => Sum::pseudo(src, dst, protocol::ICMPV6, message.len()),
        };
        let sum = sum.bytes(message).finish();
        message[2..4].copy_from_slice(&sum);
        frame[front..].copy_from_slice(message);
        self.ip_transmit(now, iface, dst, frame);
    }
}

fn write_address(body: &mut Vec<u8>, addr: IpAddr) {
    match addr {
        IpAddr::V4(addr) => body.extend_from_slice(&addr.octets()),
        IpAddr::V6(addr) => body.extend_from_slice(&addr.octets()),
    }
}
