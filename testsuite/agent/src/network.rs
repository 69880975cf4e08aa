//! Brings the interfaces up, with the ioctls of netdevice(7): the oldest way, which
//! every kernel has. All of it may be done already.

use crate::sys::{self, EEXIST, Fd, Result};

const AF_INET: u8 = 2;
const SOCK_STREAM: usize = 1;
const SOCK_DGRAM: usize = 2;

const SIOCADDRT: usize = 0x890b;
const SIOCGIFFLAGS: usize = 0x8913;
const SIOCSIFFLAGS: usize = 0x8914;
const SIOCSIFADDR: usize = 0x8916;
const SIOCSIFNETMASK: usize = 0x891c;

const IFF_UP: u8 = 1;
const RTF_UP: u8 = 1;
const RTF_GATEWAY: u8 = 2;

/// Bytes of `struct ifreq`: a name, then a union whose first member matters here.
const IFREQ: usize = 40;
/// Bytes of `struct rtentry` on 64-bit machines.
const RTENTRY: usize = 120;

/// An address of the first Ethernet interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    own: [u8; 4],
    prefix: u8,
    gateway: [u8; 4],
}

impl Address {
    /// Reads `10.0.2.15/24 10.0.2.2`.
    pub fn parse(text: &[u8]) -> Option<Address> {
        let text = core::str::from_utf8(text).ok()?;
        let (own, gateway) = text.split_once(' ')?;
        let (own, prefix) = own.split_once('/')?;
        let prefix = prefix.parse().ok().filter(|prefix| *prefix <= 32)?;
        Some(Address {
            own: quad(own)?,
            prefix,
            gateway: quad(gateway)?,
        })
    }
}

fn quad(text: &str) -> Option<[u8; 4]> {
    let mut parts = text.split('.');
    let mut quad = [0; 4];
    for byte in &mut quad {
        *byte = parts.next()?.parse().ok()?;
    }
    parts.next().is_none().then_some(quad)
}

/// lo up.
pub fn loopback() -> Result<()> {
    up(&sys::socket(AF_INET.into(), SOCK_DGRAM)?, b"lo")
}

/// eth0 up, with `address` and a default route.
pub fn ethernet(address: &Address) -> Result<()> {
    let socket = sys::socket(AF_INET.into(), SOCK_DGRAM)?;
    let mask = u32::MAX
        .checked_shl(32 - u32::from(address.prefix))
        .unwrap_or(0)
        .to_be_bytes();
    for (request, value) in [(SIOCSIFADDR, address.own), (SIOCSIFNETMASK, mask)] {
        let mut ifreq = named(b"eth0");
        ifreq[16..32].copy_from_slice(&socket_address(value, 0));
        sys::ioctl_bytes(&socket, request, &mut ifreq)?;
    }
    up(&socket, b"eth0")?;
    let mut route = [0; RTENTRY];
    route[8..24].copy_from_slice(&socket_address([0; 4], 0));
    route[24..40].copy_from_slice(&socket_address(address.gateway, 0));
    route[40..56].copy_from_slice(&socket_address([0; 4], 0));
    route[56] = RTF_UP | RTF_GATEWAY;
    match sys::ioctl_bytes(&socket, SIOCADDRT, &mut route) {
        Err(EEXIST) => Ok(()),
        result => result,
    }
}

/// A TCP socket that listens on `port` of every address, not blocking.
pub fn listener(port: u16) -> Result<Fd> {
    const SOL_SOCKET: usize = 1;
    const SO_REUSEADDR: usize = 2;
    let socket = sys::socket(
        AF_INET.into(),
        SOCK_STREAM | sys::open::CLOEXEC | sys::open::NONBLOCK,
    )?;
    sys::set_option(&socket, SOL_SOCKET, SO_REUSEADDR, 1)?;
    sys::bind(&socket, &socket_address([0; 4], port))?;
    sys::listen(&socket)?;
    Ok(socket)
}

fn up(socket: &Fd, name: &[u8]) -> Result<()> {
    let mut ifreq = named(name);
    sys::ioctl_bytes(socket, SIOCGIFFLAGS, &mut ifreq)?;
    // The flags are a little-endian short behind the name; IFF_UP is in its first byte.
    if ifreq[16] & IFF_UP != 0 {
        return Ok(());
    }
    ifreq[16] |= IFF_UP;
    sys::ioctl_bytes(socket, SIOCSIFFLAGS, &mut ifreq)
}

fn named(name: &[u8]) -> [u8; IFREQ] {
    let mut ifreq = [0; IFREQ];
    ifreq[..name.len()].copy_from_slice(name);
    ifreq
}

/// `struct sockaddr_in`.
fn socket_address(address: [u8; 4], port: u16) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[0] = AF_INET;
    bytes[2..4].copy_from_slice(&port.to_be_bytes());
    bytes[4..8].copy_from_slice(&address);
    bytes
}
