//! What the header in front of a packet may leave to the kernel (virtio 1.2 section 5.1.6): the rest of a checksum, and
//! cutting one large packet into several.
//!
//! [`Stack::tap_send`](crate::Stack::tap_send) calls it. A packet is checked as a whole first, so that nothing of it leaves when
//! a part would be wrong. A typical sequence: [`Offload::check`], then [`pieces`] and, where the link does not do without,
//! [`complete`] for each.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::checksum::Sum;
use crate::error::{Error, Result};
use crate::frame::LINK_HEADER;
use crate::iface::IfaceId;
use crate::ip::header::protocol;
use crate::link::ethertype;
use crate::stack::Stack;
use crate::time::Instant;

/// A checksum whose field holds the sum of the pseudo header only. In bytes from the start of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsummed {
    /// Where the sum begins: the transport header.
    pub start: u16,
    /// Where the field is, from `start` on.
    pub offset: u16,
}

/// How a large packet is to be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// TCP segments (VIRTIO_NET_HDR_GSO_TCPV4 and TCPV6).
    Tcp {
        /// Over IPv6.
        v6: bool,
    },
    /// UDP datagrams (VIRTIO_NET_HDR_GSO_UDP_L4).
    Udp,
}

/// What was left to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offload {
    /// VIRTIO_NET_HDR_F_NEEDS_CSUM.
    pub unsummed: Option<Unsummed>,
    /// How to cut, and the bytes of data in a piece; not 0.
    pub cut: Option<(Cut, u16)>,
}

/// Bytes of the shortest headers.
const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
const TCP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;
/// Where the checksum is in them.
const TCP_SUM: u16 = 16;
const UDP_SUM: u16 = 6;

/// The headers of a packet that is to be cut.
struct Shape {
    v6: bool,
    tcp: bool,
    /// Where the transport header is, and where the data begins.
    transport: usize,
    data: usize,
}

impl Offload {
    /// Linux's checks of a frame with its link header. Errors: `Invalid`.
    pub(super) fn check(&self, frame: &[u8]) -> Result<()> {
        let (least, sum) = match self.cut {
            Some((_, 0)) => return Err(Error::Invalid),
            Some((Cut::Tcp { .. }, _)) => (TCP_HEADER, Some(TCP_SUM)),
            Some((Cut::Udp, _)) => (UDP_HEADER, Some(UDP_SUM)),
            None => (0, None),
        };
        if let Some(unsummed) = self.unsummed {
            let needed = least.max(usize::from(unsummed.offset) + 2);
            if usize::from(unsummed.start) + needed > frame.len()
                || sum.is_some_and(|sum| sum != unsummed.offset)
            {
                return Err(Error::Invalid);
            }
        }
        match self.cut {
            None => Ok(()),
            // UDP is never cut without being summed.
            Some((Cut::Udp, _)) if self.unsummed.is_none() => Err(Error::Invalid),
            Some((cut, _)) => Shape::of(frame, cut).map(|_| ()).ok_or(Error::Invalid),
        }
    }
}

impl Offload {
    /// What was said of a packet without a link header, of the same with one. Errors: `Invalid`.
    pub(crate) fn behind_link_header(mut self) -> Result<Offload> {
        if let Some(unsummed) = &mut self.unsummed {
            let start = unsummed.start.checked_add(LINK_HEADER as u16);
            unsummed.start = start.ok_or(Error::Invalid)?;
        }
        Ok(self)
    }

    /// Does what was left to do of a frame with its link header, and shows what comes of it piece by piece; nothing when it
    /// is wrong. Errors: `Invalid`.
    pub(crate) fn finish(&self, frame: &[u8], mut each: impl FnMut(&[u8])) -> Result<()> {
        self.check(frame)?;
        let mut whole = |mut piece: Vec<u8>, unsummed: Option<Unsummed>| {
            if let Some(unsummed) = unsummed {
                complete(&mut piece, unsummed);
            }
            each(&piece);
        };
        match self.cut {
            None => whole(frame.to_vec(), self.unsummed),
            Some((cut, size)) => {
                for piece in pieces(frame, cut, size) {
                    let unsummed = unsummed_piece(&piece, cut);
                    whole(piece, unsummed);
                }
            }
        }
        Ok(())
    }
}

impl Stack {
    /// The same as [`Stack::ingress`] of a frame of which its sender left something to do: what remains of `offload`, whose
    /// places count from the network header where the interface is a tunnel. Errors: `Invalid`, and nothing arrives.
    pub fn ingress_unfinished(
        &mut self,
        now: Instant,
        iface: IfaceId,
        frame: &[u8],
        offload: Offload,
    ) -> Result<()> {
        let offload = match self.iface(iface)?.is_tunnel() {
            true => offload.behind_link_header()?,
            false => offload,
        };
        offload.finish(frame, |piece| self.ingress(now, iface, piece))
    }
}

impl Shape {
    /// `None` when the frame is not what is to be cut.
    fn of(frame: &[u8], cut: Cut) -> Option<Shape> {
        let packet = frame.get(LINK_HEADER..)?;
        let v6 = u16::from_be_bytes([frame[12], frame[13]]) == ethertype::IPV6;
        let (header, inner) = match v6 {
            true => (IPV6_HEADER, *packet.get(6)?),
            false => (usize::from(*packet.first()? & 15) * 4, *packet.get(9)?),
        };
        let tcp = match cut {
            Cut::Tcp { v6: wanted } if wanted != v6 => return None,
            Cut::Tcp { .. } => true,
            Cut::Udp => false,
        };
        let wanted = if tcp { protocol::TCP } else { protocol::UDP };
        if inner != wanted || header < IPV4_HEADER {
            return None;
        }
        let transport = LINK_HEADER + header;
        let len = match tcp {
            true => usize::from(*frame.get(transport + 12)? >> 4) * 4,
            false => UDP_HEADER,
        };
        let data = transport + len;
        (frame.len() >= data && (!tcp || len >= TCP_HEADER)).then_some(Shape {
            v6,
            tcp,
            transport,
            data,
        })
    }
}

/// A frame that was checked, in pieces of `size` bytes of data. Their checksums hold the pseudo header's sum.
pub(super) fn pieces(frame: &[u8], cut: Cut, size: u16) -> Vec<Vec<u8>> {
    let Some(shape) = Shape::of(frame, cut) else {
        return Vec::new();
    };
    let (head, data) = frame.split_at(shape.data);
    if data.len() <= usize::from(size) {
        return alloc::vec![frame.to_vec()];
    }
    let count = data.len().div_ceil(usize::from(size));
    let chunks = data.chunks(usize::from(size)).enumerate();
    let cut = chunks.map(|(index, chunk)| {
        let mut piece = Vec::with_capacity(head.len() + chunk.len());
        piece.extend_from_slice(head);
        piece.extend_from_slice(chunk);
        shape.adjust(
            &mut piece,
            index,
            index * usize::from(size),
            index + 1 == count,
        );
        piece
    });
    cut.collect()
}

impl Shape {
    /// Makes the copied headers those of piece `index`, whose data was `at` bytes into the whole.
    fn adjust(&self, piece: &mut [u8], index: usize, at: usize, last: bool) {
        const FIN: u8 = 1;
        const PSH: u8 = 8;
        const CWR: u8 = 0x80;
        let network = LINK_HEADER;
        let upper = (piece.len() - self.transport) as u16;
        if self.v6 {
            piece[network + 4..network + 6].copy_from_slice(&upper.to_be_bytes());
        } else {
            let total = (piece.len() - network) as u16;
            piece[network + 2..network + 4].copy_from_slice(&total.to_be_bytes());
            let id = u16::from_be_bytes([piece[network + 4], piece[network + 5]]);
            let id = id.wrapping_add(index as u16);
            piece[network + 4..network + 6].copy_from_slice(&id.to_be_bytes());
            piece[network + 10..network + 12].fill(0);
            let sum = Sum::default()
                .bytes(&piece[network..self.transport])
                .finish();
            piece[network + 10..network + 12].copy_from_slice(&sum);
        }
        let transport = self.transport;
        let field = if self.tcp {
            let old: [u8; 4] = core::array::from_fn(|i| piece[transport + 4 + i]);
            let sequence = u32::from_be_bytes(old).wrapping_add(at as u32);
            piece[transport + 4..transport + 8].copy_from_slice(&sequence.to_be_bytes());
            if !last {
                piece[transport + 13] &= !(FIN | PSH);
            }
            if index > 0 {
                piece[transport + 13] &= !CWR;
            }
            transport + usize::from(TCP_SUM)
        } else {
            piece[transport + 4..transport + 6].copy_from_slice(&upper.to_be_bytes());
            transport + usize::from(UDP_SUM)
        };
        let [a, b] = self.pseudo(piece, upper).finish();
        piece[field..field + 2].copy_from_slice(&[!a, !b]);
    }

    /// The sum of the pseudo header.
    fn pseudo(&self, piece: &[u8], len: u16) -> Sum {
        let protocol = if self.tcp {
            protocol::TCP
        } else {
            protocol::UDP
        };
        let (src, dst) = match self.v6 {
            true => {
                let addr = |at: usize| {
                    let octets: [u8; 16] = core::array::from_fn(|i| piece[LINK_HEADER + at + i]);
                    IpAddr::from(octets)
                };
                (addr(8), addr(24))
            }
            false => {
                let addr = |at: usize| {
                    let octets: [u8; 4] = core::array::from_fn(|i| piece[LINK_HEADER + at + i]);
                    IpAddr::from(octets)
                };
                (addr(12), addr(16))
            }
        };
        Sum::pseudo(src, dst, protocol, usize::from(len))
    }

    fn unsummed(&self) -> Unsummed {
        Unsummed {
            start: self.transport as u16,
            offset: if self.tcp { TCP_SUM } else { UDP_SUM },
        }
    }
}

/// Where the checksum of a piece is.
pub(super) fn unsummed_piece(piece: &[u8], cut: Cut) -> Option<Unsummed> {
    Shape::of(piece, cut).map(|shape| shape.unsummed())
}

/// Writes a checksum that was left open. A UDP checksum of 0 becomes 0xffff (RFC 768).
pub(super) fn complete(frame: &mut [u8], unsummed: Unsummed) {
    let start = usize::from(unsummed.start);
    let field = start + usize::from(unsummed.offset);
    let Some(covered) = frame.get(start..) else {
        return;
    };
    let sum = match Sum::default().bytes(covered).finish() {
        [0, 0] => [0xff, 0xff],
        sum => sum,
    };
    if let Some(bytes) = frame.get_mut(field..field + 2) {
        bytes.copy_from_slice(&sum);
    }
}

/// Where the checksum of a TCP or UDP packet of this host is that was never written; `None` for what carries none.
pub(crate) fn transport_sum(packet: &[u8]) -> Option<Unsummed> {
    let (header, inner) = match packet.first()? >> 4 {
        6 => (IPV6_HEADER, *packet.get(6)?),
        _ => (usize::from(packet.first()? & 15) * 4, *packet.get(9)?),
    };
    let offset = match inner {
        protocol::TCP => TCP_SUM,
        protocol::UDP => UDP_SUM,
        _ => return None,
    };
    Some(Unsummed {
        start: (LINK_HEADER + header) as u16,
        offset,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udp4(data: &[u8]) -> Vec<u8> {
        let mut frame = alloc::vec![0; LINK_HEADER + 28];
        frame[12..14].copy_from_slice(&ethertype::IPV4.to_be_bytes());
        frame[14] = 0x45;
        frame[23] = protocol::UDP;
        frame[26..34].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
        frame.extend_from_slice(data);
        frame
    }

    #[test]
    fn udp_pieces_have_their_own_lengths_and_sums() {
        let frame = udp4(b"aaaabbbbcc");
        let offload = Offload {
            unsummed: Some(Unsummed {
                start: 34,
                offset: 6,
            }),
            cut: Some((Cut::Udp, 4)),
        };
        offload.check(&frame).unwrap();
        let pieces = pieces(&frame, Cut::Udp, 4);
        assert_eq!(pieces.len(), 3);
        for (index, mut piece) in pieces.into_iter().enumerate() {
            let len = if index == 2 { 2 } else { 4 };
            assert_eq!(piece.len(), 42 + len);
            assert_eq!(piece[17], 28 + len as u8);
            assert_eq!(piece[19], index as u8);
            assert_eq!(piece[39], 8 + len as u8);
            assert!(Sum::default().bytes(&piece[14..34]).is_valid());
            let unsummed = unsummed_piece(&piece, Cut::Udp).unwrap();
            complete(&mut piece, unsummed);
            let (src, dst) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
            let sum = Sum::pseudo(src, dst, protocol::UDP, piece.len() - 34);
            assert!(sum.bytes(&piece[34..]).is_valid());
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let frame = udp4(b"aaaa");
        let unsummed = Some(Unsummed {
            start: 34,
            offset: 6,
        });
        let refused = [
            (unsummed, Some((Cut::Udp, 0))),
            (None, Some((Cut::Udp, 4))),
            (unsummed, Some((Cut::Tcp { v6: false }, 4))),
            (
                Some(Unsummed {
                    start: 900,
                    offset: 6,
                }),
                None,
            ),
        ];
        for (unsummed, cut) in refused {
            let offload = Offload { unsummed, cut };
            assert_eq!(offload.check(&frame), Err(Error::Invalid), "{offload:?}");
        }
        let cut = (Cut::Tcp { v6: false }, 4);
        assert!(Shape::of(&frame[..20], cut.0).is_none());
    }
}
