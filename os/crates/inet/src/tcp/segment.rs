//! TCP segments as the engine itself looks at them: to find the connection, to keep count, to answer what has no connection.
//! (The connections' own segments are parsed and made by smoltcp.)

use core::hash::{Hash, Hasher};
use core::net::{IpAddr, Ipv6Addr};

use crate::addr::Endpoint;
use crate::checksum::Sum;
use crate::frame::{Frame, FramePool};
use crate::ip::header::{HeaderFields, IpHeader, header_len, protocol};

pub(crate) const HEADER: usize = 20;

pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 16;
pub(crate) const URG: u8 = 32;

/// Whether sequence number `a` comes after `b` (RFC 9293 section 3.4).
pub(crate) fn after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

/// A connection's name. IPv4 addresses are v4-mapped, so that one table serves both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tuple {
    local: u128,
    peer: u128,
    ports: u32,
}

fn bits(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(addr) => 0xffff << 32 | u128::from(addr.to_bits()),
        IpAddr::V6(addr) => addr.to_bits(),
    }
}

impl Tuple {
    pub fn new(local: IpAddr, local_port: u16, peer: IpAddr, peer_port: u16) -> Tuple {
        Tuple {
            local: bits(local),
            peer: bits(peer),
            ports: u32::from(local_port) << 16 | u32::from(peer_port),
        }
    }

    pub fn local_port(&self) -> u16 {
        (self.ports >> 16) as u16
    }

    pub fn local(&self) -> Endpoint {
        Endpoint::new(
            IpAddr::V6(Ipv6Addr::from_bits(self.local)).to_canonical(),
            self.local_port(),
        )
    }

    pub fn peer(&self) -> Endpoint {
        Endpoint::new(
            IpAddr::V6(Ipv6Addr::from_bits(self.peer)).to_canonical(),
            self.ports as u16,
        )
    }
}

impl Hash for Tuple {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64((self.local >> 64) as u64 ^ (self.peer >> 64) as u64);
        state.write_u64(self.local as u64);
        state.write_u64(self.peer as u64 ^ u64::from(self.ports) << 32);
    }
}

/// The fixed header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub src_port: u16,
    pub dst_port: u16,
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    pub window: u16,
    pub payload_len: usize,
}

impl Segment {
    pub fn parse(bytes: &[u8]) -> Option<Segment> {
        let fixed: &[u8; HEADER] = bytes.first_chunk()?;
        let header_len = usize::from(fixed[12] >> 4) * 4;
        if header_len < HEADER || bytes.len() < header_len {
            return None;
        }
        Some(Segment {
            src_port: u16::from_be_bytes([fixed[0], fixed[1]]),
            dst_port: u16::from_be_bytes([fixed[2], fixed[3]]),
            seq: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ack: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            flags: fixed[13],
            window: u16::from_be_bytes([fixed[14], fixed[15]]),
            payload_len: bytes.len() - header_len,
        })
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Octets of sequence space.
    pub fn len(&self) -> u32 {
        self.payload_len as u32 + u32::from(self.has(SYN)) + u32::from(self.has(FIN))
    }

    /// The sequence number behind the segment.
    pub fn end(&self) -> u32 {
        self.seq.wrapping_add(self.len())
    }
}

/// What to write into a segment without payload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bare {
    pub local: Endpoint,
    pub peer: Endpoint,
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    pub window: u16,
    pub tos: u8,
    pub ttl: u8,
}

impl Bare {
    /// The RST that answers a segment which has no connection (RFC 9293 section 3.10.7.1).
    pub fn reset(header: &IpHeader, segment: &Segment) -> Bare {
        let (seq, ack, flags) = if segment.has(ACK) {
            (segment.ack, 0, RST)
        } else {
            (0, segment.end(), RST | ACK)
        };
        Bare {
            local: Endpoint::new(header.dst, segment.dst_port),
            peer: Endpoint::new(header.src, segment.src_port),
            seq,
            ack,
            flags,
            window: 0,
            tos: 0,
            ttl: 64,
        }
    }

    /// The IP packet, with `options` that fill whole words.
    pub fn packet(&self, pool: &mut FramePool, options: &[u8]) -> Frame {
        let front = header_len(self.peer.addr.is_ipv6());
        let len = HEADER + options.len();
        debug_assert!(len.is_multiple_of(4) && len <= 60);
        let mut frame = pool.get(front + len);
        let mut header = [0; HEADER];
        header[..2].copy_from_slice(&self.local.port.to_be_bytes());
        header[2..4].copy_from_slice(&self.peer.port.to_be_bytes());
        header[4..8].copy_from_slice(&self.seq.to_be_bytes());
        header[8..12].copy_from_slice(&self.ack.to_be_bytes());
        header[12] = ((len / 4) << 4) as u8;
        header[13] = self.flags;
        header[14..16].copy_from_slice(&self.window.to_be_bytes());
        let sum = Sum::pseudo(self.local.addr, self.peer.addr, protocol::TCP, len)
            .bytes(&header)
            .bytes(options)
            .finish();
        header[16..18].copy_from_slice(&sum);
        frame[front..front + HEADER].copy_from_slice(&header);
        frame[front + HEADER..].copy_from_slice(options);
        let fields = HeaderFields {
            src: self.local.addr,
            dst: self.peer.addr,
            protocol: protocol::TCP,
            ttl: self.ttl,
            tos: self.tos,
            id: 0,
            dont_fragment: true,
        };
        fields.write(&mut frame);
        frame
    }
}
