//! Addresses: an IP address with its prefix, and an IP address with its port.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A transport end point as a socket address names it.
///
/// IPv4 is always `IpAddr::V4` in what the engine returns, also on an IPv6 (dual-stack) socket; the shell maps it to
/// `::ffff:a.b.c.d` there. A v4-mapped address given to the engine is accepted and unmapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The address; unspecified (`0.0.0.0`, `::`) means any local one.
    pub addr: IpAddr,
    /// The port in host byte order (an echo identifier on a ping socket, 0 on a raw one).
    pub port: u16,
    /// `sin6_scope_id`: the interface index of a link-local address, otherwise 0.
    pub scope: u32,
}

impl Endpoint {
    /// An end point without a scope.
    pub const fn new(addr: IpAddr, port: u16) -> Self {
        Endpoint {
            addr,
            port,
            scope: 0,
        }
    }

    /// `a.b.c.d:port`.
    pub const fn v4(addr: [u8; 4], port: u16) -> Self {
        Endpoint::new(
            IpAddr::V4(Ipv4Addr::new(addr[0], addr[1], addr[2], addr[3])),
            port,
        )
    }

    /// The wildcard of the family of `like`, port 0.
    pub const fn unspecified(v6: bool) -> Self {
        Endpoint::new(unspecified(v6), 0)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.addr {
            IpAddr::V4(addr) => write!(f, "{addr}:{}", self.port),
            IpAddr::V6(addr) => write!(f, "[{addr}]:{}", self.port),
        }
    }
}

/// An address and the length of its network prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    /// The address, host bits included where they matter (interface addresses).
    pub addr: IpAddr,
    /// 0 to 32 or 128.
    pub prefix: u8,
}

impl Cidr {
    /// `None` when `prefix` is longer than the address.
    pub fn new(addr: IpAddr, prefix: u8) -> Option<Self> {
        let most = if addr.is_ipv4() { 32 } else { 128 };
        (prefix <= most).then_some(Cidr { addr, prefix })
    }

    /// Whether `addr` is of the same family and inside.
    pub fn contains(&self, addr: IpAddr) -> bool {
        match (self.addr, addr) {
            (IpAddr::V4(net), IpAddr::V4(addr)) => {
                let mask = mask4(self.prefix);
                net.to_bits() & mask == addr.to_bits() & mask
            }
            (IpAddr::V6(net), IpAddr::V6(addr)) => {
                let mask = mask6(self.prefix);
                net.to_bits() & mask == addr.to_bits() & mask
            }
            _ => false,
        }
    }

    /// The same prefix with the host bits cleared.
    pub fn network(&self) -> Cidr {
        let addr = match self.addr {
            IpAddr::V4(addr) => {
                IpAddr::V4(Ipv4Addr::from_bits(addr.to_bits() & mask4(self.prefix)))
            }
            IpAddr::V6(addr) => {
                IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits() & mask6(self.prefix)))
            }
        };
        Cidr { addr, ..*self }
    }

    /// The directed broadcast address; `None` for IPv6 and for prefixes of 31 and 32 bits.
    pub fn broadcast(&self) -> Option<Ipv4Addr> {
        match self.addr {
            IpAddr::V4(addr) if self.prefix < 31 => {
                Some(Ipv4Addr::from_bits(addr.to_bits() | !mask4(self.prefix)))
            }
            _ => None,
        }
    }
}

fn mask4(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

fn mask6(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0)
}

pub(crate) const fn unspecified(v6: bool) -> IpAddr {
    if v6 {
        IpAddr::V6(Ipv6Addr::UNSPECIFIED)
    } else {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED)
    }
}

/// A v4-mapped address is the IPv4 address that it maps.
pub(crate) fn unmapped(addr: IpAddr) -> IpAddr {
    addr.to_canonical()
}

/// fe80::/10.
pub(crate) fn is_link_local(addr: IpAddr) -> bool {
    matches!(addr, IpAddr::V6(addr) if addr.is_unicast_link_local())
}
