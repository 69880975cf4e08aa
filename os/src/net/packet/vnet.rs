//! PACKET_VNET_HDR: the `struct virtio_net_hdr` before each packet (virtio 1.2 section 5.1.6, in this machine's byte order,
//! which is little-endian). What a sender leaves to the kernel, and what a receiver finds undone.

use crate::Result;
use abi::Errno;
use inet::{Cut, Offload, TapPacket, Unsummed};

/// `sizeof(struct virtio_net_hdr)`, and with the number of buffers behind it.
pub const HEADER: usize = 10;
#[allow(missing_docs)]
pub const LONG: usize = 12;

/// VIRTIO_NET_HDR_F_NEEDS_CSUM.
const NEEDS_CSUM: u8 = 1;
/// VIRTIO_NET_HDR_GSO_*.
const GSO_NONE: u8 = 0;
const GSO_TCPV4: u8 = 1;
const GSO_TCPV6: u8 = 4;
const GSO_UDP_L4: u8 = 5;
const GSO_ECN: u8 = 0x80;

/// PACKET_VNET_HDR_SZ. `EINVAL`.
pub fn size(value: i32) -> Result<usize> {
    match usize::try_from(value) {
        Ok(size @ (0 | HEADER | LONG)) => Ok(size),
        _ => Err(Errno::EINVAL),
    }
}

/// The header of a captured packet; packets are never larger than what was sent.
pub fn header(packet: &TapPacket<'_>) -> [u8; LONG] {
    let mut bytes = [0; LONG];
    if let Some(Unsummed { start, offset }) = packet.unsummed {
        bytes[0] = NEEDS_CSUM;
        bytes[6..8].copy_from_slice(&start.to_le_bytes());
        bytes[8..10].copy_from_slice(&offset.to_le_bytes());
    }
    bytes
}

/// What the header of a packet of `len` bytes asks for. `EINVAL`.
pub fn parse(header: &[u8; HEADER], len: usize) -> Result<Offload> {
    let &[flags, kind, h0, h1, g0, g1, s0, s1, o0, o1] = header;
    let (start, offset) = (u16::from_le_bytes([s0, s1]), u16::from_le_bytes([o0, o1]));
    let unsummed = (flags & NEEDS_CSUM != 0).then_some(Unsummed { start, offset });
    // As on Linux: the length of the headers is at least where the checksum ends, and wraps.
    let summed = start.wrapping_add(offset).wrapping_add(2);
    let headers = match unsummed {
        Some(_) => u16::from_le_bytes([h0, h1]).max(summed),
        None => u16::from_le_bytes([h0, h1]),
    };
    if usize::from(headers) > len {
        return Err(Errno::EINVAL);
    }
    let cut = match kind & !GSO_ECN {
        GSO_NONE if kind == GSO_NONE => {
            return Ok(Offload {
                unsummed,
                cut: None,
            });
        }
        GSO_TCPV4 => Cut::Tcp { v6: false },
        GSO_TCPV6 => Cut::Tcp { v6: true },
        GSO_UDP_L4 => Cut::Udp,
        // UFO, which cuts into fragments, is not among them.
        _ => return Err(Errno::EINVAL),
    };
    match u16::from_le_bytes([g0, g1]) {
        0 => Err(Errno::EINVAL),
        size => Ok(Offload {
            unsummed,
            cut: Some((cut, size)),
        }),
    }
}
