//! Telling the routers of a link what this host listens to: state changes of IGMPv3 (RFC 3376) and MLDv2 (RFC 3810).

use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::checksum::Sum;
use crate::iface::IfaceId;
use crate::ip::header::{HeaderFields, IPV4_HEADER, IPV6_HEADER, protocol, refresh_v4_checksum};
use crate::stack::Stack;
use crate::time::Instant;

const IGMP_V3_REPORT: u8 = 0x22;
const MLD_V2_REPORT: u8 = 143;
const V3_ROUTERS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 22);
const V2_ROUTERS6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);
/// The router alert option (RFC 2113) behind a 20-byte header.
const ROUTER_ALERT: [u8; 4] = [0x94, 4, 0, 0];
/// A hop-by-hop header with the MLD router alert (RFC 2711): ICMPv6 follows.
const HOP_BY_HOP: [u8; 8] = [protocol::ICMPV6, 0, 5, 2, 0, 0, 1, 0];

/// Kinds of group record (RFC 3376 section 4.2.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Record {
    ToInclude = 3,
    ToExclude = 4,
    Allow = 5,
    Block = 6,
}

/// What a host wants to hear of a group: RFC 3376 section 3.2. Begins as "nobody".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    exclude: bool,
    sources: Vec<IpAddr>,
}

impl Filter {
    /// Adds what one socket wants.
    pub fn add(&mut self, exclude: bool, sources: &[IpAddr]) {
        let has = |list: &[IpAddr], one: &IpAddr| list.contains(one);
        match (self.exclude, exclude) {
            (false, false) => {
                for source in sources {
                    if !has(&self.sources, source) {
                        self.sources.push(*source);
                    }
                }
            }
            (false, true) => {
                let wanted = core::mem::take(&mut self.sources);
                self.exclude = true;
                self.sources = difference(sources, &wanted);
            }
            (true, false) => self.sources.retain(|source| !has(sources, source)),
            (true, true) => self.sources.retain(|source| has(sources, source)),
        }
    }

    /// The records that tell of a change to `after`: RFC 3376 section 5.1.
    pub fn records(&self, after: &Filter) -> Vec<(Record, Vec<IpAddr>)> {
        let (a, b) = (&self.sources, &after.sources);
        let mut records = match (self.exclude, after.exclude) {
            (false, false) => {
                vec![
                    (Record::Allow, difference(b, a)),
                    (Record::Block, difference(a, b)),
                ]
            }
            (true, true) => {
                vec![
                    (Record::Allow, difference(a, b)),
                    (Record::Block, difference(b, a)),
                ]
            }
            (false, true) => return vec![(Record::ToExclude, b.clone())],
            (true, false) => return vec![(Record::ToInclude, b.clone())],
        };
        records.retain(|(_, sources)| !sources.is_empty());
        records
    }
}

/// What is in `a` and not in `b`.
fn difference(a: &[IpAddr], b: &[IpAddr]) -> Vec<IpAddr> {
    a.iter().copied().filter(|one| !b.contains(one)).collect()
}

impl Stack {
    /// Sends one record.
    pub(crate) fn group_report(
        &mut self,
        now: Instant,
        iface: IfaceId,
        group: IpAddr,
        record: Record,
        sources: &[IpAddr],
    ) {
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
            // RFC 3376 section 5: the all-hosts group is never reported.
            (IpAddr::V4(to), Some(own)) if to != Ipv4Addr::new(224, 0, 0, 1) => {
                self.igmp_send(now, iface, own, &body(record, group, sources));
            }
            (IpAddr::V6(_), Some(own)) => {
                self.mld_send(now, iface, own, &body(record, group, sources));
            }
            _ => {}
        }
    }

    fn igmp_send(&mut self, now: Instant, iface: IfaceId, own: IpAddr, body: &[u8]) {
        let dst = IpAddr::V4(V3_ROUTERS);
        let front = IPV4_HEADER + ROUTER_ALERT.len();
        let mut frame = self.frames.get(front + body.len());
        let fields = HeaderFields {
            src: own,
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
        message.copy_from_slice(body);
        message[0] = IGMP_V3_REPORT;
        let sum = Sum::default().bytes(message).finish();
        message[2..4].copy_from_slice(&sum);
        self.ip_transmit(now, iface, dst, frame);
    }

    fn mld_send(&mut self, now: Instant, iface: IfaceId, own: IpAddr, body: &[u8]) {
        let dst = IpAddr::V6(V2_ROUTERS6);
        let front = IPV6_HEADER + HOP_BY_HOP.len();
        let mut frame = self.frames.get(front + body.len());
        let fields = HeaderFields {
            src: own,
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
        message.copy_from_slice(body);
        message[0] = MLD_V2_REPORT;
        let sum = Sum::pseudo(own, dst, protocol::ICMPV6, message.len())
            .bytes(message)
            .finish();
        message[2..4].copy_from_slice(&sum);
        self.ip_transmit(now, iface, dst, frame);
    }
}

/// A report of one record, type and checksum left 0: both versions of IP lay it out alike.
fn body(record: Record, group: IpAddr, sources: &[IpAddr]) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 0, 0, 0, 0, 1, record as u8, 0];
    body.extend_from_slice(&(sources.len() as u16).to_be_bytes());
    for addr in core::iter::once(&group).chain(sources) {
        match addr {
            IpAddr::V4(addr) => body.extend_from_slice(&addr.octets()),
            IpAddr::V6(addr) => body.extend_from_slice(&addr.octets()),
        }
    }
    body
}
