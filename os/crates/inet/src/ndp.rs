//! Neighbour discovery for IPv6 (RFC 4861): solicits, advertises, learns; takes prefixes and the default router from router
//! advertisements (RFC 4862 stateless configuration).

use core::net::{IpAddr, Ipv6Addr};

use crate::addr::{Cidr, is_link_local};
use crate::checksum::Sum;
use crate::error::Error;
use crate::iface::{AddressNote, IfaceId, solicited_node};
use crate::ip::header::{HeaderFields, IPV6_HEADER, IpHeader, protocol};
use crate::route::Route;
use crate::stack::Stack;
use crate::time::Instant;

const ROUTER_SOLICIT: u8 = 133;
const ROUTER_ADVERT: u8 = 134;
const NEIGHBOUR_SOLICIT: u8 = 135;
const NEIGHBOUR_ADVERT: u8 = 136;
const OPTION_SOURCE: u8 = 1;
const OPTION_TARGET: u8 = 2;
const OPTION_PREFIX: u8 = 3;
/// The flag of an advertisement that says so.
const IS_ROUTER: u8 = 0x80;
/// All-routers, ff02::2.
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// All-nodes, ff02::1.
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// Whether an ICMPv6 type is ours to handle.
pub(crate) fn is_ndp(kind: u8) -> bool {
    (ROUTER_SOLICIT..=NEIGHBOUR_ADVERT).contains(&kind)
}

/// The options behind the fixed part, as (type, bytes behind type and length).
fn options(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    core::iter::from_fn(move || {
        let &[kind, len] = bytes.first_chunk()?;
        let len = usize::from(len) * 8;
        // RFC 4861 section 4.6: a length of zero ends it (the packet is to be dropped; what was read so far is harmless).
        let option = bytes.get(2..len)?;
        bytes = &bytes[len..];
        Some((kind, option))
    })
}

fn option_mac(bytes: &[u8], wanted: u8) -> Option<[u8; 6]> {
    let (_, option) = options(bytes).find(|&(kind, _)| kind == wanted)?;
    option.first_chunk().copied()
}

fn addr_at(bytes: &[u8], at: usize) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = *bytes.get(at..)?.first_chunk()?;
    Some(Ipv6Addr::from(octets))
}

/// In seconds.
const TWO_HOURS: u32 = 7200;

impl Stack {
    /// Asks the solicited-node group where `addr` is.
    pub(crate) fn ndp_solicit(&mut self, now: Instant, iface: IfaceId, addr: Ipv6Addr) {
        let Ok(slot) = self.iface(iface) else { return };
        let Some(mac) = slot.mac() else { return };
        let own = slot
            .info
            .addresses
            .iter()
            .filter_map(|own| match own.cidr.addr {
                IpAddr::V6(v6) => Some((own.cidr.contains(IpAddr::V6(addr)), v6)),
                IpAddr::V4(_) => None,
            });
        let Some((_, source)) = own.max_by_key(|&(near, _)| near) else {
            return;
        };
        let mut message = [0; 32];
        message[0] = NEIGHBOUR_SOLICIT;
        message[8..24].copy_from_slice(&addr.octets());
        message[24..26].copy_from_slice(&[OPTION_SOURCE, 1]);
        message[26..].copy_from_slice(&mac);
        self.ndp_send(now, iface, source, solicited_node(addr), &mut message);
    }

    /// Asks the routers of a link to advertise themselves.
    pub(crate) fn ndp_ask_routers(&mut self, now: Instant, iface: IfaceId) {
        let Ok(slot) = self.iface(iface) else { return };
        let Some(mac) = slot.mac() else { return };
        let Some(IpAddr::V6(source)) = slot
            .info
            .addresses
            .iter()
            .map(|own| own.cidr.addr)
            .find(|&addr| is_link_local(addr))
        else {
            return;
        };
        let mut message = [0; 16];
        message[0] = ROUTER_SOLICIT;
        message[8..10].copy_from_slice(&[OPTION_SOURCE, 1]);
        message[10..].copy_from_slice(&mac);
        self.ndp_send(now, iface, source, ALL_ROUTERS, &mut message);
    }

    fn ndp_send(
        &mut self,
        now: Instant,
        iface: IfaceId,
        src: Ipv6Addr,
        dst: Ipv6Addr,
        message: &mut [u8],
    ) {
        let (src, dst) = (IpAddr::V6(src), IpAddr::V6(dst));
        let sum = Sum::pseudo(src, dst, protocol::ICMPV6, message.len())
            .bytes(message)
            .finish();
        message[2..4].copy_from_slice(&sum);
        let mut frame = self.frames.get(IPV6_HEADER + message.len());
        let fields = HeaderFields {
            src,
            dst,
            protocol: protocol::ICMPV6,
            ttl: 255,
            tos: 0,
            id: 0,
            dont_fragment: false,
        };
        fields.write(&mut frame);
        frame[IPV6_HEADER..].copy_from_slice(message);
        self.ip_transmit(now, iface, dst, frame);
    }

    /// A checked ICMPv6 message of one of our types.
    pub(crate) fn ndp_input(
        &mut self,
        now: Instant,
        iface: IfaceId,
        header: &IpHeader,
        message: &[u8],
    ) {
        // RFC 4861 section 6.1 and 7.1: a router would have lowered the hop limit.
        let (IpAddr::V6(src), true) = (header.src, header.ttl == 255) else {
            return;
        };
        match message.first() {
            Some(&NEIGHBOUR_SOLICIT) => self.neighbour_solicited(now, iface, src, message),
            Some(&NEIGHBOUR_ADVERT) => {
                let Some(target) = addr_at(message, 8) else {
                    return;
                };
                if let Some(mac) = option_mac(&message[24..], OPTION_TARGET) {
                    self.neighbour_learned(now, iface, IpAddr::V6(target), mac, false);
                }
                let router = message[4] & IS_ROUTER != 0;
                self.neighbour_routes(iface, IpAddr::V6(target), router);
            }
            Some(&ROUTER_ADVERT) => self.router_advertised(now, iface, src, message),
            _ => {}
        }
    }

    fn neighbour_solicited(&mut self, now: Instant, iface: IfaceId, src: Ipv6Addr, message: &[u8]) {
        let Some(target) = addr_at(message, 8) else {
            return;
        };
        let Ok(slot) = self.iface(iface) else { return };
        let (Some(mac), true) = (slot.mac(), slot.has_address(IpAddr::V6(target))) else {
            return;
        };
        let router = match slot.conf.v6.forwarding {
            true => IS_ROUTER,
            false => 0,
        };
        if let Some(theirs) = option_mac(&message[24..], OPTION_SOURCE)
            && !src.is_unspecified()
        {
            self.neighbour_learned(now, iface, IpAddr::V6(src), theirs, true);
        }
        let mut answer = [0; 32];
        answer[0] = NEIGHBOUR_ADVERT;
        // Solicited and override; an address-detection probe (from ::) is answered to all nodes, unsolicited.
        answer[4] = router | if src.is_unspecified() { 0x20 } else { 0x60 };
        answer[8..24].copy_from_slice(&target.octets());
        answer[24..26].copy_from_slice(&[OPTION_TARGET, 1]);
        answer[26..].copy_from_slice(&mac);
        let to = if src.is_unspecified() { ALL_NODES } else { src };
        self.ndp_send(now, iface, target, to, &mut answer);
    }

    fn router_advertised(&mut self, now: Instant, iface: IfaceId, src: Ipv6Addr, message: &[u8]) {
        if message.len() < 16 || !src.is_unicast_link_local() || !self.takes_advertisements(iface) {
            return;
        }
        let lifetime = u16::from_be_bytes([message[6], message[7]]);
        let rest = &message[16..];
        if let Some(mac) = option_mac(rest, OPTION_SOURCE) {
            self.neighbour_learned(now, iface, IpAddr::V6(src), mac, true);
        }
        self.neighbour_routes(iface, IpAddr::V6(src), true);
        let default = Cidr {
            addr: IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            prefix: 0,
        };
        let route = Route {
            gateway: Some(IpAddr::V6(src)),
            metric: 1024,
            protocol: Route::ADVERTISED,
            ..Route::on_link(default, iface)
        };
        if lifetime == 0 {
            // Not a default router (any more); it is fine if it never was.
            let _ = self.remove_route(route);
        } else if let Err(error) = self.add_route(route) {
            debug_assert_eq!(error, Error::Exists);
        }
        for (kind, option) in options(rest) {
            if kind == OPTION_PREFIX {
                self.prefix_advertised(now, iface, option);
            }
        }
    }

    /// RFC 4862 section 5.5.3: an address from the prefix, valid as long as the option says.
    fn prefix_advertised(&mut self, now: Instant, iface: IfaceId, option: &[u8]) {
        let (Some(prefix), Some(&[len, flags])) = (addr_at(option, 14), option.first_chunk())
        else {
            return;
        };
        let word = |at: usize| option.get(at..).and_then(|rest| rest.first_chunk());
        let (Some(valid), Some(preferred)) = (word(2), word(6)) else {
            return;
        };
        let (valid, preferred) = (u32::from_be_bytes(*valid), u32::from_be_bytes(*preferred));
        if flags & 0x40 == 0
            || len != 64
            || preferred > valid
            || prefix.is_unicast_link_local()
            || prefix.is_multicast()
        {
            return;
        }
        let Ok(slot) = self.iface(iface) else { return };
        if !slot.conf.v6.autoconf {
            return;
        }
        let own = slot
            .info
            .addresses
            .iter()
            .find_map(|own| match own.cidr.addr {
                IpAddr::V6(v6) if v6.is_unicast_link_local() => {
                    Some(v6.to_bits() & u128::from(u64::MAX))
                }
                _ => None,
            });
        let Some(suffix) = own else { return };
        let addr = Ipv6Addr::from_bits(prefix.to_bits() >> 64 << 64 | suffix);
        let addr = IpAddr::V6(addr);
        let known = slot.info.addresses.iter().find(|own| own.cidr.addr == addr);
        let lifetime = match known.map(|own| own.note.lifetime) {
            None if valid == 0 => return,
            None => (valid, preferred, now),
            // Somebody made it for ever.
            Some(None) => return,
            Some(Some((had, _, since))) => {
                let left = had.saturating_sub(now.since(since).as_secs() as u32);
                // Step e: nobody may cut it below two hours by an advertisement that anybody can send.
                let valid = match () {
                    () if valid > TWO_HOURS || valid > left => valid,
                    () => left.min(TWO_HOURS),
                };
                (valid, preferred.min(valid), now)
            }
        };
        let note = AddressNote {
            protocol: 2,
            flags: AddressNote::MANAGES_TEMPORARY,
            // All ones is for ever (RFC 4861 section 4.6.2).
            lifetime: (lifetime.0 != u32::MAX).then_some(lifetime),
            ..AddressNote::default()
        };
        // Neither can fail: the interface is there, and whether the address is was just seen.
        let _ = match known.is_some() {
            true => self.change_address(iface, addr, note),
            false => self.add_address_as(now, iface, Cidr { addr, prefix: 64 }, note),
        };
    }
}
