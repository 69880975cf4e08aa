//! IP headers (RFC 791, RFC 8200): parsed with every length checked, and written.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::checksum::Sum;

/// Protocol numbers (IANA).
pub(crate) mod protocol {
    pub const HOP_BY_HOP: u8 = 0;
    pub const ICMP: u8 = 1;
    pub const IGMP: u8 = 2;
    pub const TCP: u8 = 6;
    pub const UDP: u8 = 17;
    pub const ROUTING: u8 = 43;
    pub const FRAGMENT: u8 = 44;
    pub const ICMPV6: u8 = 58;
    pub const NONE: u8 = 59;
    pub const DESTINATION: u8 = 60;
    pub const RAW: u8 = 255;
}

pub(crate) const IPV4_HEADER: usize = 20;
pub(crate) const IPV6_HEADER: usize = 40;
const FRAGMENT_HEADER: usize = 8;

/// Where a fragment belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub id: u32,
    /// In bytes.
    pub offset: usize,
    pub more: bool,
}

/// A parsed header; offsets are into the packet's bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IpHeader {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// Of the payload, behind IPv6 extension headers.
    pub protocol: u8,
    pub ttl: u8,
    pub tos: u8,
    /// First byte of the payload.
    pub payload: usize,
    /// One past the last byte of the payload.
    pub end: usize,
    pub fragment: Option<Fragment>,
}

impl IpHeader {
    pub fn is_v6(&self) -> bool {
        self.dst.is_ipv6()
    }

    /// Makes the length field of this header, in `packet`, say that the packet ends where `packet` does. The header checksum is
    /// left as it is: the packet has been verified.
    pub fn set_end(&self, packet: &mut [u8]) {
        let (at, len) = match self.is_v6() {
            true => (4, packet.len().saturating_sub(IPV6_HEADER)),
            false => (2, packet.len()),
        };
        if let Some(field) = packet.get_mut(at..at + 2) {
            field.copy_from_slice(&(len as u16).to_be_bytes());
        }
    }

    /// 0 or 1: index into counter pairs.
    pub fn version(&self) -> usize {
        usize::from(self.is_v6())
    }

    /// `verify` checks the IPv4 header checksum. `None` is a malformed packet.
    pub fn parse(bytes: &[u8], verify: bool) -> Option<IpHeader> {
        match bytes.first()? >> 4 {
            4 => parse_v4(bytes, verify),
            6 => parse_v6(bytes),
            _ => None,
        }
    }
}

fn parse_v4(bytes: &[u8], verify: bool) -> Option<IpHeader> {
    let fixed: &[u8; IPV4_HEADER] = bytes.first_chunk()?;
    let header_len = usize::from(fixed[0] & 15) * 4;
    let total = usize::from(u16::from_be_bytes([fixed[2], fixed[3]]));
    // A loopback or slirp packet of exactly 64 KiB cannot say its length; lo's MTU keeps packets below.
    if header_len < IPV4_HEADER || total < header_len || bytes.len() < total {
        return None;
    }
    if verify && !Sum::default().bytes(&bytes[..header_len]).is_valid() {
        return None;
    }
    let flags = u16::from_be_bytes([fixed[6], fixed[7]]);
    let offset = usize::from(flags & 0x1fff) * 8;
    let more = flags & 0x2000 != 0;
    Some(IpHeader {
        src: IpAddr::V4(Ipv4Addr::new(fixed[12], fixed[13], fixed[14], fixed[15])),
        dst: IpAddr::V4(Ipv4Addr::new(fixed[16], fixed[17], fixed[18], fixed[19])),
        protocol: fixed[9],
        ttl: fixed[8],
        tos: fixed[1],
        payload: header_len,
        end: total,
        fragment: (more || offset != 0).then(|| Fragment {
            id: u32::from(u16::from_be_bytes([fixed[4], fixed[5]])),
            offset,
            more,
        }),
    })
}

fn parse_v6(bytes: &[u8]) -> Option<IpHeader> {
    let fixed: &[u8; IPV6_HEADER] = bytes.first_chunk()?;
    let end = IPV6_HEADER + usize::from(u16::from_be_bytes([fixed[4], fixed[5]]));
    if bytes.len() < end {
        return None;
    }
    let octets = |at: usize| -> [u8; 16] {
        let mut addr = [0; 16];
        addr.copy_from_slice(&fixed[at..at + 16]);
        addr
    };
    let mut header = IpHeader {
        src: IpAddr::V6(Ipv6Addr::from(octets(8))),
        dst: IpAddr::V6(Ipv6Addr::from(octets(24))),
        protocol: fixed[6],
        ttl: fixed[7],
        tos: fixed[0] << 4 | fixed[1] >> 4,
        payload: IPV6_HEADER,
        end,
        fragment: None,
    };
    // RFC 8200 section 4: walk the extension headers. Each consumes at least eight bytes, so this ends.
    loop {
        let rest = &bytes[header.payload..end];
        match header.protocol {
            // The first of these comes first only.
            protocol::HOP_BY_HOP if header.payload != IPV6_HEADER => return Some(header),
            protocol::HOP_BY_HOP | protocol::ROUTING | protocol::DESTINATION => {
                let [next, len] = *rest.first_chunk()?;
                let len = (usize::from(len) + 1) * 8;
                if rest.len() < len {
                    return None;
                }
                header.protocol = next;
                header.payload += len;
            }
            protocol::FRAGMENT => {
                let part: &[u8; FRAGMENT_HEADER] = rest.first_chunk()?;
                let field = u16::from_be_bytes([part[2], part[3]]);
                header.protocol = part[0];
                header.payload += FRAGMENT_HEADER;
                let (offset, more) = (usize::from(field & 0xfff8), field & 1 != 0);
                // RFC 6946: an atomic fragment is a whole packet.
                if more || offset != 0 {
                    header.fragment = Some(Fragment {
                        id: u32::from_be_bytes([part[4], part[5], part[6], part[7]]),
                        offset,
                        more,
                    });
                    return Some(header);
                }
            }
            _ => return Some(header),
        }
    }
}

/// What to write into a header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderFields {
    pub src: IpAddr,
    pub dst: IpAddr,
    pub protocol: u8,
    pub ttl: u8,
    pub tos: u8,
    pub id: u16,
    pub dont_fragment: bool,
}

/// Bytes of the header that [`HeaderFields::write`] writes.
pub(crate) fn header_len(v6: bool) -> usize {
    if v6 { IPV6_HEADER } else { IPV4_HEADER }
}

impl HeaderFields {
    /// Writes the header into the front of `packet`, whose length is that of the whole packet.
    pub fn write(&self, packet: &mut [u8]) {
        let total = packet.len();
        match (self.src, self.dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                let mut header = [0; IPV4_HEADER];
                header[0] = 0x45;
                header[1] = self.tos;
                header[2..4].copy_from_slice(&(total as u16).to_be_bytes());
                header[4..6].copy_from_slice(&self.id.to_be_bytes());
                header[6] = if self.dont_fragment { 0x40 } else { 0 };
                header[8] = self.ttl;
                header[9] = self.protocol;
                header[12..16].copy_from_slice(&src.octets());
                header[16..20].copy_from_slice(&dst.octets());
                let sum = Sum::default().bytes(&header).finish();
                header[10..12].copy_from_slice(&sum);
                packet[..IPV4_HEADER].copy_from_slice(&header);
            }
            (src, dst) => {
                let octets = |addr: IpAddr| match addr {
                    IpAddr::V6(addr) => addr.octets(),
                    IpAddr::V4(addr) => addr.to_ipv6_mapped().octets(),
                };
                let mut header = [0; IPV6_HEADER];
                header[0] = 0x60 | self.tos >> 4;
                header[1] = self.tos << 4;
                header[4..6].copy_from_slice(&((total - IPV6_HEADER) as u16).to_be_bytes());
                header[6] = self.protocol;
                header[7] = self.ttl;
                header[8..24].copy_from_slice(&octets(src));
                header[24..40].copy_from_slice(&octets(dst));
                packet[..IPV6_HEADER].copy_from_slice(&header);
            }
        }
    }
}

/// Recomputes the header checksum of an IPv4 packet after a field was changed.
pub(crate) fn refresh_v4_checksum(packet: &mut [u8]) {
    let len = packet.first().map_or(0, |b| usize::from(b & 15) * 4);
    if let Some(header) = packet.get_mut(..len)
        && len >= IPV4_HEADER
    {
        header[10..12].fill(0);
        let sum = Sum::default().bytes(header).finish();
        header[10..12].copy_from_slice(&sum);
    }
}
