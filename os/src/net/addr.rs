//! Socket addresses as user space writes them: `struct sockaddr` of any family.

use crate::{
    Result,
    mm::{UserOut, UserPtr},
};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6, AF_UNSPEC},
};
use alloc::{boxed::Box, vec};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use inet::Endpoint;

/// `sizeof(struct sockaddr_storage)`: the longest address there is.
const MAX: usize = 128;
/// `sizeof(struct sockaddr_in)`.
const SOCKADDR_IN: usize = 16;
/// `SIN6_LEN_RFC2133`: the shortest acceptable `sockaddr_in6`, without the scope.
const SOCKADDR_IN6_MIN: usize = 24;
/// `sizeof(struct sockaddr_in6)`.
const SOCKADDR_IN6: usize = 28;

/// What fits an address that is carried by value: every family's but AF_UNIX's longer paths and AF_ALG's.
const SHORT: usize = 30;

/// The bytes of one address and how many there are. Its family decides what they mean.
#[derive(Clone)]
pub struct SockAddr(Bytes);

/// Addresses go with every datagram, and are moved a few times on its way: most are kept short.
#[derive(Clone)]
enum Bytes {
    Short(u8, [u8; SHORT]),
    Long(Box<[u8]>),
}

impl SockAddr {
    /// From kernel bytes; cut at the size of `sockaddr_storage`.
    pub fn new(bytes: &[u8]) -> SockAddr {
        let bytes = &bytes[..bytes.len().min(MAX)];
        let mut short = [0; SHORT];
        SockAddr(match short.get_mut(..bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                Bytes::Short(bytes.len() as u8, short)
            }
            None => Bytes::Long(bytes.into()),
        })
    }

    /// From user memory. `EINVAL` when longer than `sockaddr_storage` or negative, `EFAULT`.
    pub fn read(at: usize, len: i32) -> Result<SockAddr> {
        let len = usize::try_from(len).map_err(|_| Errno::EINVAL)?;
        if len > MAX {
            return Err(Errno::EINVAL);
        }
        let mut addr = match len {
            ..=SHORT => SockAddr(Bytes::Short(len as u8, [0; SHORT])),
            _ => SockAddr(Bytes::Long(vec![0; len].into())),
        };
        if len > 0 {
            let copied = crate::mm::UserIn::new(at, len)?.read(addr.bytes_mut())?;
            if copied < len {
                return Err(Errno::EFAULT);
            }
        }
        Ok(addr)
    }

    /// accept(2), recvfrom(2): writes as much as fits and the full length. Null `at`: nothing.
    pub fn write(&self, at: usize, len_at: UserPtr<i32>) -> Result<()> {
        if at == 0 {
            return Ok(());
        }
        self.write_required(at, len_at)
    }

    /// getsockname(2): the same, where a null `at` is `EFAULT`.
    pub fn write_required(&self, at: usize, len_at: UserPtr<i32>) -> Result<()> {
        let room = usize::try_from(len_at.read()?).map_err(|_| Errno::EINVAL)?;
        // The length goes first: it is said also where the address cannot be written.
        len_at.write(&(self.bytes().len() as i32))?;
        self.write_bytes(at, room)
    }

    /// Writes as much as fits into `room` bytes at `at`.
    pub fn write_bytes(&self, at: usize, room: usize) -> Result<()> {
        let bytes = self.bytes();
        let bytes = &bytes[..bytes.len().min(room)];
        if bytes.is_empty() {
            return Ok(());
        }
        match UserOut::new(at, bytes.len())?.write(bytes)? {
            copied if copied == bytes.len() => Ok(()),
            _ => Err(Errno::EFAULT),
        }
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Short(len, bytes) => &bytes[..usize::from(*len)],
            Bytes::Long(bytes) => bytes,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Bytes::Short(len, bytes) => &mut bytes[..usize::from(*len)],
            Bytes::Long(bytes) => bytes,
        }
    }

    /// `sa_family`; AF_UNSPEC when there is not even that.
    pub fn family(&self) -> u32 {
        match self.bytes() {
            &[low, high, ..] => u32::from(u16::from_ne_bytes([low, high])),
            _ => AF_UNSPEC,
        }
    }

    /// An Internet end point in the clothes of a socket of `domain`: an IPv6 socket
    /// sees IPv4 peers as v4-mapped addresses. ipv6(7).
    pub fn from_endpoint(endpoint: Endpoint, domain: u32) -> SockAddr {
        let mut bytes = [0; SHORT];
        bytes[..2].copy_from_slice(&(domain as u16).to_ne_bytes());
        bytes[2..4].copy_from_slice(&endpoint.port.to_be_bytes());
        let ip = match endpoint.addr {
            IpAddr::V4(ip) if domain == AF_INET => {
                bytes[4..8].copy_from_slice(&ip.octets());
                return SockAddr(Bytes::Short(SOCKADDR_IN as u8, bytes));
            }
            // The wildcard of an IPv6 socket is `::`, not a mapped 0.0.0.0.
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv6Addr::UNSPECIFIED,
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        bytes[8..24].copy_from_slice(&ip.octets());
        bytes[24..28].copy_from_slice(&endpoint.scope.to_ne_bytes());
        SockAddr(Bytes::Short(SOCKADDR_IN6 as u8, bytes))
    }

    /// The Internet end point for a socket of `domain`. `EINVAL` when too short,
    /// `EAFNOSUPPORT` when it is of another family (IPv6 sockets take IPv4 through mapped addresses only).
    pub fn endpoint(&self, domain: u32) -> Result<Endpoint> {
        let minimum = if domain == AF_INET {
            SOCKADDR_IN
        } else {
            SOCKADDR_IN6_MIN
        };
        let bytes = self.bytes();
        if bytes.len() < minimum {
            return Err(Errno::EINVAL);
        }
        if self.family() != domain {
            return Err(Errno::EAFNOSUPPORT);
        }
        let port = u16::from_be_bytes([bytes[2], bytes[3]]);
        if domain == AF_INET {
            let octets: [u8; 4] = core::array::from_fn(|i| bytes[4 + i]);
            return Ok(Endpoint::new(IpAddr::V4(Ipv4Addr::from(octets)), port));
        }
        debug_assert_eq!(domain, AF_INET6);
        let octets: [u8; 16] = core::array::from_fn(|i| bytes[8 + i]);
        let mut endpoint = Endpoint::new(IpAddr::V6(Ipv6Addr::from(octets)), port);
        if bytes.len() >= SOCKADDR_IN6 {
            endpoint.scope = u32::from_ne_bytes(core::array::from_fn(|i| bytes[24 + i]));
        }
        Ok(endpoint)
    }
}
