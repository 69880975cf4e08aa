//! IPv6 extension headers (RFC 8200 section 4): those that a socket adds, and what those of a received packet ask for.
//!
//! [`IpHeader::parse`](super::header::IpHeader::parse) has walked the headers of a received packet and checked every length
//! before anybody here looks at them.

use alloc::vec::Vec;
use core::net::Ipv6Addr;

use super::header::{IPV6_HEADER, protocol};

/// Where the fixed header says what follows it, and where the packet goes.
const NEXT: usize = 6;
const DESTINATION_AT: usize = 24;
/// Options of one byte, and of several, that say nothing.
const PAD_ONE: u8 = 0;
const PAD: u8 = 1;
const ROUTER_ALERT: u8 = 5;
const JUMBO: u8 = 0xc2;
const HOME_ADDRESS: u8 = 0xc9;
/// More in one header are an attack (net.ipv6.max_hbh_opts_number, max_dst_opts_number).
const OPTIONS: usize = 8;
/// Bytes of padding in a row: headers are aligned to eight.
const PADDING: usize = 7;
/// Routing headers: of mobile hosts (RFC 6275), of RPL (RFC 6554), of segments (RFC 8754).
const MOBILE: u8 = 2;
const RPL: u8 = 3;
const SEGMENTS: u8 = 4;

/// Bytes of a fragment header.
pub(crate) const FRAGMENT_HEADER: usize = 8;

/// Codes of "parameter problem" (RFC 4443 section 3.4).
pub(crate) const ERRONEOUS: u8 = 0;
pub(crate) const UNKNOWN_NEXT: u8 = 1;
pub(crate) const UNKNOWN_OPTION: u8 = 2;

/// Extension headers of the packets of a socket or of one message. Each is whole, or empty where there is none; what its
/// first byte says does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtensionHeaders {
    /// IPV6_HOPOPTS.
    pub hop_by_hop: Vec<u8>,
    /// IPV6_RTHDRDSTOPTS: sent only before a routing header.
    pub before_routing: Vec<u8>,
    /// IPV6_RTHDR.
    pub routing: Vec<u8>,
    /// IPV6_DSTOPTS.
    pub destination: Vec<u8>,
}

impl ExtensionHeaders {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.each().all(|(_, header)| header.is_empty())
    }

    /// Bytes that they take.
    pub(crate) fn len(&self) -> usize {
        self.each().map(|(_, header)| header.len()).sum()
    }

    /// In the order in which they are sent.
    fn each(&self) -> impl Iterator<Item = (u8, &[u8])> {
        let before: &[u8] = match self.routing.is_empty() {
            true => &[],
            false => &self.before_routing,
        };
        [
            (protocol::HOP_BY_HOP, &self.hop_by_hop[..]),
            (protocol::DESTINATION, before),
            (protocol::ROUTING, &self.routing),
            (protocol::DESTINATION, &self.destination),
        ]
        .into_iter()
    }

    /// Where a packet with a routing header goes first.
    pub(crate) fn first_hop(&self) -> Option<Ipv6Addr> {
        let address: &[u8; 16] = self.routing.get(8..)?.first_chunk()?;
        Some(Ipv6Addr::from(*address))
    }

    /// Writes them behind the fixed header, which names the payload and where the packet ends.
    pub(crate) fn write(&self, packet: &mut [u8]) {
        let (mut link, mut at) = (NEXT, IPV6_HEADER);
        for (kind, header) in self.each().filter(|(_, header)| !header.is_empty()) {
            let Some(room) = packet.get_mut(at..at + header.len()) else {
                return;
            };
            room.copy_from_slice(header);
            packet[at] = packet[link];
            packet[link] = kind;
            if kind == protocol::ROUTING && header.len() >= 24 {
                // The last stop goes into the list, the first into the fixed header.
                let end: [u8; 16] = core::array::from_fn(|i| packet[DESTINATION_AT + i]);
                packet[DESTINATION_AT..IPV6_HEADER].copy_from_slice(&header[8..24]);
                packet[at + header.len() - 16..at + header.len()].copy_from_slice(&end);
            }
            (link, at) = (at, at + header.len());
        }
    }
}

/// Each extension header before the payload: its kind, where it begins, its bytes.
pub(crate) fn headers(packet: &[u8], payload: usize) -> impl Iterator<Item = (u8, usize, &[u8])> {
    let mut kind = packet.get(NEXT).copied();
    let mut at = IPV6_HEADER;
    core::iter::from_fn(move || {
        let this = kind?;
        let rest = packet.get(at..payload)?;
        let len = match this {
            protocol::FRAGMENT => FRAGMENT_HEADER,
            _ => (usize::from(*rest.get(1)?) + 1) * 8,
        };
        let header = rest.get(..len)?;
        let begin = at;
        kind = header.first().copied();
        at += len;
        Some((this, begin, header))
    })
}

/// Each extension header of `front`, what an IPv6 packet has before its payload: a protocol number, and its bytes.
pub fn extension_headers(front: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    headers(front, front.len()).map(|(kind, _, header)| (kind, header))
}

/// Offset of the byte that says what the payload is.
pub(crate) fn link(packet: &[u8], payload: usize) -> usize {
    headers(packet, payload)
        .last()
        .map_or(NEXT, |(_, at, _)| at)
}

/// Bytes of a packet that each of its fragments has: up to the headers for the last stop only.
pub(crate) fn unfragmentable(packet: &[u8], payload: usize) -> usize {
    let per_hop = headers(packet, payload)
        .filter(|(kind, ..)| [protocol::HOP_BY_HOP, protocol::ROUTING].contains(kind))
        .last();
    per_hop.map_or(IPV6_HEADER, |(_, at, header)| at + header.len())
}

/// Whether routers are told to look at the packet because of MLD (RFC 2711 section 2.1).
pub(crate) fn has_group_alert(packet: &[u8], payload: usize) -> bool {
    const MLD: [u8; 2] = [0, 0];
    let first = headers(packet, payload).next();
    let Some((protocol::HOP_BY_HOP, _, header)) = first else {
        return false;
    };
    let mut rest = header.get(2..).unwrap_or_default();
    while let Some(&kind) = rest.first() {
        let len = match kind {
            PAD_ONE => 1,
            _ => usize::from(rest.get(1).copied().unwrap_or(0)) + 2,
        };
        if kind == ROUTER_ALERT {
            return rest.get(2..len) == Some(&MLD[..]);
        }
        rest = rest.get(len..).unwrap_or_default();
    }
    false
}

/// Why a packet is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Without a word.
    Silent,
    /// With a parameter problem: its code, and the offset of what is wrong.
    Problem(u8, usize),
}

/// Does what the extension headers from `first` on ask of this host; of those of a packet in transit only the first concerns it.
pub(crate) fn examine(
    packet: &[u8],
    payload: usize,
    first: usize,
    transit: bool,
) -> Result<(), Refusal> {
    let group = packet.get(DESTINATION_AT) == Some(&0xff);
    for (kind, at, header) in headers(packet, payload).filter(|&(_, at, _)| at >= first) {
        match kind {
            protocol::HOP_BY_HOP => options(packet, at, header, true, group)?,
            _ if transit => return Ok(()),
            protocol::DESTINATION => options(packet, at, header, false, group)?,
            protocol::ROUTING => routing(at, header, group)?,
            _ => {}
        }
    }
    Ok(())
}

/// RFC 8200 section 4.4, RFC 5095: no type makes this host a stop on the way.
fn routing(at: usize, header: &[u8], group: bool) -> Result<(), Refusal> {
    let (kind, left) = (header[2], header[3]);
    match kind {
        _ if group => Err(Refusal::Silent),
        SEGMENTS | RPL => Err(Refusal::Silent),
        // No address of a mobile host is known here.
        MOBILE => Err(Refusal::Silent),
        _ if left == 0 => Ok(()),
        _ => Err(Refusal::Problem(ERRONEOUS, at + 2)),
    }
}

/// RFC 8200 section 4.2: type, length, value.
fn options(
    packet: &[u8],
    begin: usize,
    header: &[u8],
    per_hop: bool,
    group: bool,
) -> Result<(), Refusal> {
    let mut at = 2;
    let (mut padding, mut count) = (0, 0);
    while let Some(&kind) = header.get(at) {
        if kind == PAD_ONE {
            padding += 1;
            at += 1;
            if padding > PADDING {
                return Err(Refusal::Silent);
            }
            continue;
        }
        let len = header.get(at + 1).ok_or(Refusal::Silent)?;
        let len = usize::from(*len) + 2;
        let option = header.get(at..at + len).ok_or(Refusal::Silent)?;
        if kind == PAD {
            padding += len;
            if padding > PADDING || option[2..].iter().any(|&byte| byte != 0) {
                return Err(Refusal::Silent);
            }
        } else {
            padding = 0;
            count += 1;
            if count > OPTIONS {
                return Err(Refusal::Silent);
            }
            match kind {
                ROUTER_ALERT if per_hop && len != 4 => return Err(Refusal::Silent),
                ROUTER_ALERT if per_hop => {}
                JUMBO if per_hop => return Err(jumbo(packet, begin + at, option)),
                HOME_ADDRESS if !per_hop => return Err(Refusal::Silent),
                _ => unknown(begin + at, kind, group)?,
            }
        }
        at += len;
    }
    Ok(())
}

/// No link here takes packets that are longer than their length field can say (RFC 2675).
fn jumbo(packet: &[u8], at: usize, option: &[u8]) -> Refusal {
    let long = option.get(2..).and_then(|rest| rest.first_chunk());
    match long.map(|&bytes| u32::from_be_bytes(bytes)) {
        Some(length) if option.len() == 6 && at % 4 == 2 => match (length, packet.get(4..6)) {
            (..=65_535, _) => Refusal::Problem(ERRONEOUS, at + 2),
            (_, Some(&[0, 0])) => Refusal::Silent,
            _ => Refusal::Problem(ERRONEOUS, at),
        },
        _ => Refusal::Silent,
    }
}

/// What to do about an option that is not known: its two highest bits say so.
fn unknown(at: usize, kind: u8, group: bool) -> Result<(), Refusal> {
    match kind >> 6 {
        0 => Ok(()),
        2 => Err(Refusal::Problem(UNKNOWN_OPTION, at)),
        3 if !group => Err(Refusal::Problem(UNKNOWN_OPTION, at)),
        _ => Err(Refusal::Silent),
    }
}
