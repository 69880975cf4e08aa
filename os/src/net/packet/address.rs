//! `struct sockaddr_ll`. packet(7).

use crate::{Result, net::SockAddr};
use abi::{
    Errno,
    if_arp::{ARPHRD_ETHER, ARPHRD_LOOPBACK, ARPHRD_NONE},
    net::AF_PACKET,
};
use inet::{IfaceId, IfaceKind, TapPacket};

/// `sizeof(struct sockaddr_ll)`, and what stands before its address.
pub const SOCKADDR_LL: usize = 20;
#[allow(missing_docs)]
pub const HEADER: usize = 12;

/// The structure, in host byte order.
pub struct LinkAddress {
    /// Ethertype.
    pub protocol: u16,
    #[allow(missing_docs)]
    pub iface: u32,
    /// ARPHRD_*.
    hardware: u16,
    /// PACKET_*.
    kind: u8,
    /// Bytes of `addr`.
    pub len: u8,
    addr: [u8; 8],
}

impl LinkAddress {
    /// What a program gave. `EINVAL` when it is shorter than the structure or its own length says.
    pub fn decode(addr: &SockAddr) -> Result<LinkAddress> {
        let bytes = addr.bytes();
        let Some(
            &[
                _,
                _,
                p0,
                p1,
                i0,
                i1,
                i2,
                i3,
                h0,
                h1,
                kind,
                len,
                ref rest @ ..,
            ],
        ) = bytes.first_chunk::<SOCKADDR_LL>()
        else {
            return Err(Errno::EINVAL);
        };
        if bytes.len() < HEADER + usize::from(len) {
            return Err(Errno::EINVAL);
        }
        Ok(LinkAddress {
            protocol: u16::from_be_bytes([p0, p1]),
            iface: u32::from_ne_bytes([i0, i1, i2, i3]),
            hardware: u16::from_ne_bytes([h0, h1]),
            kind,
            len,
            addr: *rest,
        })
    }

    /// Who sent a frame.
    pub fn of(packet: &TapPacket<'_>) -> LinkAddress {
        let mut addr = [0; 8];
        addr[..6].copy_from_slice(&packet.source);
        LinkAddress {
            protocol: packet.protocol,
            iface: packet.iface.0,
            hardware: match packet.iface {
                _ if packet.bare => ARPHRD_NONE as u16,
                IfaceId::LO => ARPHRD_LOOPBACK as u16,
                _ => ARPHRD_ETHER as u16,
            },
            kind: packet.kind as u8,
            len: if packet.bare { 0 } else { 6 },
            addr,
        }
    }

    /// getsockname(2): `kind` of the interface, if the socket is bound to one.
    pub fn local(iface: u32, protocol: u16, kind: Option<IfaceKind>) -> LinkAddress {
        let mut addr = [0; 8];
        let (hardware, len) = match kind {
            None => (0, 0),
            Some(IfaceKind::Loopback) => (ARPHRD_LOOPBACK as u16, 6),
            Some(IfaceKind::Tunnel) => (ARPHRD_NONE as u16, 0),
            Some(IfaceKind::Ethernet { mac }) => {
                addr[..6].copy_from_slice(&mac);
                (ARPHRD_ETHER as u16, 6)
            }
        };
        LinkAddress {
            protocol,
            iface,
            hardware,
            kind: 0,
            len,
            addr,
        }
    }

    /// The first six bytes of the address.
    pub fn mac(&self) -> [u8; 6] {
        core::array::from_fn(|i| self.addr[i])
    }

    /// As a program reads it, `len` bytes of it.
    pub fn encode(&self, len: usize) -> SockAddr {
        SockAddr::new(&self.bytes()[..len.min(SOCKADDR_LL)])
    }

    /// All of the structure.
    pub fn bytes(&self) -> [u8; SOCKADDR_LL] {
        let LinkAddress {
            protocol,
            iface,
            hardware,
            kind,
            len,
            addr,
        } = self;
        let mut bytes = [0; SOCKADDR_LL];
        bytes[..2].copy_from_slice(&(AF_PACKET as u16).to_ne_bytes());
        bytes[2..4].copy_from_slice(&protocol.to_be_bytes());
        bytes[4..8].copy_from_slice(&iface.to_ne_bytes());
        bytes[8..10].copy_from_slice(&hardware.to_ne_bytes());
        bytes[10] = *kind;
        bytes[11] = *len;
        bytes[HEADER..].copy_from_slice(addr);
        bytes
    }
}
