//! How a captured frame looks in a mapped ring: `struct tpacket_hdr` and its successors, the
//! `sockaddr_ll` behind it, and the bytes. Linux's Documentation/networking/packet_mmap.rst.

use super::{address::LinkAddress, ring::Manner, status, wall_clock};
use crate::Result;
use abi::{Errno, if_packet::TP_STATUS_LOSING};
use inet::TapPacket;

/// TPACKET_ALIGNMENT.
pub const ALIGN: usize = 16;
/// What a link header may take at least; the network header behind it is aligned.
const LINK_ROOM: usize = 16;

/// PACKET_VERSION.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Version {
    #[default]
    V1,
    V2,
    V3,
}

impl Version {
    /// TPACKET_V1 and its successors. `EINVAL`.
    pub fn from_number(number: i32) -> Result<Version> {
        match number {
            0 => Ok(Version::V1),
            1 => Ok(Version::V2),
            2 => Ok(Version::V3),
            _ => Err(Errno::EINVAL),
        }
    }

    /// The other way round.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// PACKET_HDRLEN: the header's own bytes, a multiple of [`ALIGN`] in each version.
    pub fn header(self) -> usize {
        match self {
            Version::V1 | Version::V2 => 32,
            Version::V3 => 48,
        }
    }

    /// The bytes that mean something, of header and address: what lies between and behind stays as
    /// the program had it, the last two of the eight for an Ethernet address too.
    pub fn pieces(self) -> [core::ops::Range<usize>; 2] {
        let address = self.header()..self.with_address() - 2;
        match self {
            Version::V1 => [0..28, address],
            Version::V2 | Version::V3 => [0..self.header(), address],
        }
    }

    /// TPACKET_HDRLEN: with the address behind it.
    pub fn with_address(self) -> usize {
        self.header() + super::address::SOCKADDR_LL
    }
}

/// Where things are in a frame.
#[derive(Clone, Copy, Debug)]
pub struct Offsets {
    /// `tp_mac`: the first captured byte.
    pub data: usize,
    /// `tp_net`: the network header.
    pub network: usize,
}

impl Offsets {
    /// For a packet in a ring. `None` when the header has no room for the numbers (Linux drops the packet then).
    pub fn of(manner: &Manner, packet: &TapPacket<'_>) -> Option<Offsets> {
        let link = packet.network;
        let room = manner.version.with_address() + if link == 0 { 0 } else { link.max(LINK_ROOM) };
        let extra = if link == 0 { LINK_ROOM } else { manner.vnet };
        let network = room.next_multiple_of(ALIGN) + extra + manner.reserve as usize;
        u16::try_from(network).is_ok().then_some(Offsets {
            data: network - link,
            network,
        })
    }
}

/// A header in memory order, and the address behind it. The status of V1 and V2 is written last, by the ring; that of V3 belongs
/// to its block and may be written at once. `next` is V3's distance to the next frame.
pub fn header(
    version: Version,
    packet: &TapPacket<'_>,
    at: Offsets,
    captured: usize,
    next: u32,
) -> [u8; 68] {
    let (seconds, nanos) = wall_clock(packet);
    let (original, captured) = (packet.original_len as u32, captured as u32);
    let mut words = Words::default();
    match version {
        Version::V1 => {
            words.word(0).word(0).word(original).word(captured);
            words.half(at.data).half(at.network);
            words.word(seconds as u32).word(nanos / 1000);
        }
        Version::V2 => {
            words.word(0).word(original).word(captured);
            words.half(at.data).half(at.network);
            words.word(seconds as u32).word(nanos);
        }
        Version::V3 => {
            words.word(next).word(seconds as u32).word(nanos);
            words.word(captured).word(original).word(status(packet));
            words.half(at.data).half(at.network);
        }
    }
    let address = version.header();
    let mut bytes = words.bytes;
    bytes[address..address + 20].copy_from_slice(&LinkAddress::of(packet).bytes());
    bytes
}

/// TP_STATUS_* that makes a frame the program's.
pub fn final_status(packet: &TapPacket<'_>, losing: bool) -> u32 {
    match losing {
        true => status(packet) | TP_STATUS_LOSING,
        false => status(packet),
    }
}

/// Bytes that grow word by word.
struct Words {
    bytes: [u8; 68],
    len: usize,
}

impl Default for Words {
    fn default() -> Words {
        Words {
            bytes: [0; 68],
            len: 0,
        }
    }
}

impl Words {
    fn word(&mut self, value: u32) -> &mut Words {
        self.bytes[self.len..self.len + 4].copy_from_slice(&value.to_ne_bytes());
        self.len += 4;
        self
    }

    fn half(&mut self, value: usize) -> &mut Words {
        self.bytes[self.len..self.len + 2].copy_from_slice(&(value as u16).to_ne_bytes());
        self.len += 2;
        self
    }
}
