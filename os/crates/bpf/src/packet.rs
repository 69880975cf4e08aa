//! What a program looks at.

/// A packet and what is known about it.
///
/// Offset 0 of a program is `data`; where that is depends on the socket: the transport header for UDP and TCP, the
/// IPv4 header for raw sockets, the link header for packet sockets, the message itself for AF_UNIX.
#[derive(Clone, Copy, Debug, Default)]
pub struct Packet<'a> {
    /// The packet from the outermost header that there is, to its end.
    pub bytes: &'a [u8],
    /// Where offset 0 of a program is in `bytes`.
    pub data: usize,
    /// Where SKF_NET_OFF is, if there is a network header.
    pub network: Option<usize>,
    /// Where SKF_LL_OFF is, if there is a link header.
    pub link: Option<usize>,
    /// Ethertype in host byte order.
    pub protocol: u16,
    /// `sll_pkttype`.
    pub kind: u8,
    /// Interface index; 0 where the packet has none.
    pub interface: u32,
    /// ARPHRD_* of that interface.
    pub hardware: u16,
    /// SO_MARK.
    pub mark: u32,
    /// Where SKF_AD_RANDOM begins; differs from packet to packet.
    pub seed: u64,
}

impl<'a> Packet<'a> {
    /// The bytes from offset 0 on.
    pub(crate) fn payload(&self) -> &'a [u8] {
        self.bytes.get(self.data..).unwrap_or_default()
    }

    /// SKF_AD_PAY_OFFSET: where, counted from offset 0, the innermost header that is known ends. 0 when it is not.
    pub(crate) fn payload_offset(&self) -> u32 {
        let Some(network) = self.network else {
            return 0;
        };
        let packet = self.bytes.get(network..).unwrap_or_default();
        let end = match self.protocol {
            0x0800 => ipv4_payload(packet),
            0x86dd => ipv6_payload(packet),
            _ => None,
        };
        let end = end.map_or(0, |end| (network + end).saturating_sub(self.data));
        u32::try_from(end).unwrap_or(0)
    }
}

fn ipv4_payload(packet: &[u8]) -> Option<usize> {
    let header = usize::from(packet.first()? & 15) * 4;
    let fragment = u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]) & 0x3fff;
    let protocol = *packet.get(9)?;
    if fragment != 0 {
        return Some(header);
    }
    transport_payload(packet, protocol, header)
}

fn ipv6_payload(packet: &[u8]) -> Option<usize> {
    transport_payload(packet, *packet.get(6)?, 40)
}

/// `at` plus the length of the transport header.
fn transport_payload(packet: &[u8], protocol: u8, at: usize) -> Option<usize> {
    let header = match protocol {
        6 => usize::from(packet.get(at + 12)? >> 4).max(5) * 4,
        // UDP and UDP-Lite, ICMP, IGMP and ICMPv6.
        17 | 136 | 1 | 2 | 58 => 8,
        33 => 12,
        132 => 12,
        _ => 0,
    };
    Some(at + header)
}
