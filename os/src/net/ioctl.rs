//! Interface ioctls, the same on a socket of any family. netdevice(7).

use super::{device, errno::errno, ethtool, stack::Namespace};
use crate::{
    Result,
    mm::{UserOut, UserPtr},
};
use abi::{Errno, net::AF_INET};
use core::net::{IpAddr, Ipv4Addr};
use inet::{Cidr, IfaceInfo, IfaceKind, Route, Stack};

/// Interface flags, Linux uapi `linux/if.h`.
const IFF_UP: u32 = 0x1;
const IFF_BROADCAST: u32 = 0x2;
const IFF_LOOPBACK: u32 = 0x8;
const IFF_POINTOPOINT: u32 = 0x10;
const IFF_RUNNING: u32 = 0x40;
const IFF_NOARP: u32 = 0x80;
const IFF_PROMISC: u32 = 0x100;
const IFF_MULTICAST: u32 = 0x1000;

/// Linux uapi `linux/sockios.h`.
mod request {
    pub const ADDRT: u32 = 0x890b;
    pub const DELRT: u32 = 0x890c;
    pub const GIFNAME: u32 = 0x8910;
    pub const GIFCONF: u32 = 0x8912;
    pub const GIFFLAGS: u32 = 0x8913;
    pub const SIFFLAGS: u32 = 0x8914;
    pub const GIFADDR: u32 = 0x8915;
    pub const SIFADDR: u32 = 0x8916;
    pub const GIFDSTADDR: u32 = 0x8917;
    pub const GIFBRDADDR: u32 = 0x8919;
    pub const GIFNETMASK: u32 = 0x891b;
    pub const SIFNETMASK: u32 = 0x891c;
    pub const GIFMETRIC: u32 = 0x891d;
    pub const GIFMTU: u32 = 0x8921;
    pub const SIFMTU: u32 = 0x8922;
    pub const GIFHWADDR: u32 = 0x8927;
    pub const GIFINDEX: u32 = 0x8933;
    pub const GIFTXQLEN: u32 = 0x8942;
    pub const ETHTOOL: u32 = 0x8946;
    pub const GIFMAP: u32 = 0x8970;
}

/// `struct ifreq`: a name and 24 bytes whose meaning depends on the request.
struct IfReq {
    name: [u8; 16],
    data: [u8; 24],
}

impl IfReq {
    fn read(at: usize) -> Result<IfReq> {
        let bytes = UserPtr::<[u8; 40]>::new(at).read()?;
        Ok(IfReq {
            name: core::array::from_fn(|i| bytes[i]),
            data: core::array::from_fn(|i| bytes[16 + i]),
        })
    }

    fn write(&self, at: usize) -> Result<()> {
        let mut bytes = [0; 40];
        bytes[..16].copy_from_slice(&self.name);
        bytes[16..].copy_from_slice(&self.data);
        UserPtr::<[u8; 40]>::new(at).write(&bytes)
    }
}

/// SIOC[GS]IF*, SIOCADDRT, SIOCDELRT. `ENOTTY` for requests that are not interface requests,
/// `ENODEV`, `EPERM` without CAP_NET_ADMIN (asked through `file::hooks`, which knows the caller).
pub fn interface(net: &Namespace, request: u32, arg: usize) -> Result<usize> {
    match request {
        request::GIFCONF => return list(net, arg),
        request::ADDRT | request::DELRT => return route(net, request == request::ADDRT, arg),
        request::GIFNAME => return name_of(net, arg),
        request::ETHTOOL => {
            let ifreq = IfReq::read(arg)?;
            let at = usize::from_ne_bytes(core::array::from_fn(|i| ifreq.data[i]));
            ethtool::ioctl(net, &name(&ifreq.name)?, at)?;
            return Ok(0);
        }
        request::GIFFLAGS..=request::GIFTXQLEN | request::GIFMAP => {}
        _ => return Err(Errno::ENOTTY),
    }
    let mut ifreq = IfReq::read(arg)?;
    let name = name(&ifreq.name)?;
    let set = matches!(
        request,
        request::SIFFLAGS | request::SIFADDR | request::SIFNETMASK | request::SIFMTU
    );
    if set {
        if !crate::file::hooks::tasks().capable(super::CAP_NET_ADMIN) {
            return Err(Errno::EPERM);
        }
        change(net, request, &name, &ifreq)?;
        return Ok(0);
    }
    net.look(|stack| {
        let iface = stack.interface_named(&name).ok_or(Errno::ENODEV)?;
        answer(net, request, iface, &mut ifreq.data)
    })?;
    ifreq.write(arg)?;
    Ok(0)
}

/// The name up to its NUL. An alias (`eth0:1`) names the interface in front of the colon.
fn name(bytes: &[u8; 16]) -> Result<alloc::string::String> {
    let end = bytes
        .iter()
        .position(|&byte| byte == 0 || byte == b':')
        .unwrap_or(15);
    core::str::from_utf8(&bytes[..end])
        .map(Into::into)
        .map_err(|_| Errno::ENODEV)
}

fn answer(net: &Namespace, request: u32, iface: &IfaceInfo, data: &mut [u8; 24]) -> Result<()> {
    let first = iface
        .addresses
        .iter()
        .find(|address| address.cidr.addr.is_ipv4());
    let int = |data: &mut [u8; 24], value: u32| data[..4].copy_from_slice(&value.to_ne_bytes());
    match request {
        request::GIFFLAGS => data[..2].copy_from_slice(&(flags(iface) as u16).to_ne_bytes()),
        request::GIFINDEX => int(data, iface.id.0),
        request::GIFMTU => int(data, iface.mtu as u32),
        request::GIFMETRIC => int(data, 0),
        request::GIFTXQLEN => {
            let device = device::behind(net, iface.id);
            let length = device.map_or(1000, |device| device.queue_length());
            int(data, length as u32);
        }
        // struct ifmap: addresses, interrupt and port of a card of the ISA bus.
        request::GIFMAP => data[..21].fill(0),
        request::GIFHWADDR => {
            let device = device::behind(net, iface.id);
            let (kind, _) = device::hardware(device.as_ref(), iface.kind);
            let mac = match iface.kind {
                IfaceKind::Loopback | IfaceKind::Tunnel => [0; 6],
                IfaceKind::Ethernet { mac } => mac,
            };
            // As many bytes as the address has, or the whole where there is none.
            if iface.kind == IfaceKind::Tunnel {
                data[..16].fill(0);
            }
            data[..2].copy_from_slice(&kind.to_ne_bytes());
            data[2..8].copy_from_slice(&mac);
        }
        _ => {
            let first = first.ok_or(Errno::EADDRNOTAVAIL)?;
            let IpAddr::V4(addr) = first.cidr.addr else {
                return Err(Errno::EADDRNOTAVAIL);
            };
            let value = match request {
                request::GIFADDR | request::GIFDSTADDR => addr,
                request::GIFBRDADDR => first.broadcast.unwrap_or(Ipv4Addr::UNSPECIFIED),
                request::GIFNETMASK => Ipv4Addr::from_bits(mask(first.cidr.prefix)),
                _ => return Err(Errno::EINVAL),
            };
            put_sockaddr(data, value);
        }
    }
    Ok(())
}

/// IFF_* of an interface.
pub fn flags(iface: &IfaceInfo) -> u32 {
    let mut flags = match iface.kind {
        IfaceKind::Loopback => IFF_LOOPBACK,
        IfaceKind::Ethernet { .. } if !iface.asks => IFF_BROADCAST | IFF_NOARP,
        IfaceKind::Ethernet { .. } => IFF_BROADCAST | IFF_MULTICAST,
        IfaceKind::Tunnel => IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST,
    };
    if iface.up {
        flags |= IFF_UP;
        if iface.carrier {
            flags |= IFF_RUNNING;
        }
    }
    if iface.promiscuous {
        flags |= IFF_PROMISC;
    }
    flags
}

fn change(net: &Namespace, request: u32, name: &str, ifreq: &IfReq) -> Result<()> {
    let data = &ifreq.data;
    let int = u32::from_ne_bytes(core::array::from_fn(|i| data[i]));
    net.with(|stack, now| {
        let iface = stack.interface_named(name).ok_or(Errno::ENODEV)?;
        let id = iface.id;
        let tunnel = iface.kind == IfaceKind::Tunnel;
        let old = iface
            .addresses
            .iter()
            .find(|address| address.cidr.addr.is_ipv4())
            .map(|address| address.cidr);
        match request {
            request::SIFFLAGS => {
                let flags = u32::from(int as u16);
                stack
                    .set_promiscuous(id, flags & IFF_PROMISC != 0)
                    .map_err(errno)?;
                let up = flags & IFF_UP != 0;
                if up == stack.interface(id).is_some_and(|iface| iface.up) {
                    return Ok(());
                }
                stack.set_up(now, id, up).map_err(errno)
            }
            request::SIFMTU => stack.set_mtu(id, int as usize).map_err(errno),
            request::SIFADDR => {
                let addr = get_sockaddr(data)?;
                let same = old.is_some_and(|old| old.addr == IpAddr::V4(addr));
                if same {
                    return Ok(());
                }
                // A point-to-point link has no network.
                let prefix = if tunnel { 32 } else { class_prefix(addr) };
                replace(stack, now, id, old, addr, prefix)
            }
            request::SIFNETMASK => {
                let mask = get_sockaddr(data)?.to_bits();
                if mask.leading_ones() + mask.trailing_zeros() < 32 {
                    return Err(Errno::EINVAL);
                }
                let old = old.ok_or(Errno::EADDRNOTAVAIL)?;
                let IpAddr::V4(addr) = old.addr else {
                    return Err(Errno::EADDRNOTAVAIL);
                };
                match u32::from(old.prefix) == mask.leading_ones() {
                    true => Ok(()),
                    false => replace(stack, now, id, Some(old), addr, mask.leading_ones() as u8),
                }
            }
            _ => Err(Errno::EINVAL),
        }
    })
}

fn replace(
    stack: &mut Stack,
    now: inet::Instant,
    id: inet::IfaceId,
    old: Option<Cidr>,
    addr: Ipv4Addr,
    prefix: u8,
) -> Result<()> {
    if let Some(old) = old {
        stack.remove_address(id, old.addr).map_err(errno)?;
    }
    if addr.is_unspecified() {
        return Ok(());
    }
    let cidr = Cidr::new(IpAddr::V4(addr), prefix).ok_or(Errno::EINVAL)?;
    stack.add_address(now, id, cidr).map_err(errno)?;
    // SIOCSIFADDR brings the interface up. netdevice(7)
    stack.set_up(now, id, true).map_err(errno)
}

/// The prefix that an address without a netmask gets, by its historic class.
fn class_prefix(addr: Ipv4Addr) -> u8 {
    match addr.octets()[0] {
        ..128 => 8,
        128..192 => 16,
        192..224 => 24,
        _ => 32,
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

fn put_sockaddr(data: &mut [u8; 24], addr: Ipv4Addr) {
    data[..16].fill(0);
    data[..2].copy_from_slice(&(AF_INET as u16).to_ne_bytes());
    data[4..8].copy_from_slice(&addr.octets());
}

fn get_sockaddr(data: &[u8]) -> Result<Ipv4Addr> {
    if u32::from(u16::from_ne_bytes([data[0], data[1]])) != AF_INET {
        return Err(Errno::EINVAL);
    }
    Ok(Ipv4Addr::new(data[4], data[5], data[6], data[7]))
}

/// SIOCGIFNAME: from the index in the data to the name.
fn name_of(net: &Namespace, arg: usize) -> Result<usize> {
    let mut ifreq = IfReq::read(arg)?;
    let index = u32::from_ne_bytes(core::array::from_fn(|i| ifreq.data[i]));
    let found = net.look(|stack| {
        stack
            .interface(inet::IfaceId(index))
            .map(|iface| iface.name.clone())
    });
    let found = found.ok_or(Errno::ENODEV)?;
    // With its NUL; what follows stays, but for the last byte.
    ifreq.name[found.len().min(15)] = 0;
    ifreq.name[15] = 0;
    ifreq.name[..found.len().min(15)].copy_from_slice(&found.as_bytes()[..found.len().min(15)]);
    ifreq.write(arg)?;
    Ok(0)
}

/// SIOCGIFCONF: `struct ifconf` is a length and a pointer to ifreqs; a null pointer asks for the length.
fn list(net: &Namespace, arg: usize) -> Result<usize> {
    const IFREQ: usize = 40;
    let length = UserPtr::<i32>::new(arg);
    let buffer = UserPtr::<usize>::new(arg + 8).read()?;
    let room = usize::try_from(length.read()?).map_err(|_| Errno::EINVAL)?;
    let entries: alloc::vec::Vec<[u8; IFREQ]> = net.look(|stack| {
        let with_address = stack.interfaces().filter_map(|iface| {
            let address = iface
                .addresses
                .iter()
                .find_map(|address| match address.cidr.addr {
                    IpAddr::V4(addr) => Some(addr),
                    IpAddr::V6(_) => None,
                })?;
            let mut data = [0; 24];
            put_sockaddr(&mut data, address);
            let mut entry = [0; IFREQ];
            entry[..iface.name.len().min(15)]
                .copy_from_slice(&iface.name.as_bytes()[..iface.name.len().min(15)]);
            entry[16..].copy_from_slice(&data);
            Some(entry)
        });
        with_address.collect()
    });
    let written = match buffer {
        0 => entries.len() * IFREQ,
        buffer => {
            let fitting = &entries.as_flattened()[..(room / IFREQ).min(entries.len()) * IFREQ];
            if !fitting.is_empty()
                && UserOut::new(buffer, fitting.len())?.write(fitting)? < fitting.len()
            {
                return Err(Errno::EFAULT);
            }
            fitting.len()
        }
    };
    length.write(&(written as i32))?;
    Ok(0)
}

/// SIOCADDRT and SIOCDELRT: `struct rtentry`.
fn route(net: &Namespace, add: bool, arg: usize) -> Result<usize> {
    const RTF_GATEWAY: u16 = 2;
    const RTF_HOST: u16 = 4;
    const RTENTRY: usize = 120;
    if !crate::file::hooks::tasks().capable(super::CAP_NET_ADMIN) {
        return Err(Errno::EPERM);
    }
    let mut entry = [0; RTENTRY];
    if crate::mm::UserIn::new(arg, RTENTRY)?.read(&mut entry)? < RTENTRY {
        return Err(Errno::EFAULT);
    }
    let dst = get_sockaddr(&entry[8..24])?;
    let flags = u16::from_ne_bytes([entry[56], entry[57]]);
    let metric = i16::from_ne_bytes([entry[82], entry[83]]);
    let device = usize::from_ne_bytes(core::array::from_fn(|i| entry[88 + i]));
    let prefix = match flags & RTF_HOST != 0 {
        true => 32,
        false => Ipv4Addr::new(entry[44], entry[45], entry[46], entry[47])
            .to_bits()
            .leading_ones() as u8,
    };
    let gateway = match flags & RTF_GATEWAY != 0 {
        true => Some(get_sockaddr(&entry[24..40])?),
        false => None,
    };
    let device = match device {
        0 => None,
        at => Some(crate::mm::user::read_cstr(at, 16)?),
    };
    net.with(|stack, _| {
        let iface = match &device {
            Some(bytes) => {
                let name = core::str::from_utf8(bytes).map_err(|_| Errno::ENODEV)?;
                stack.interface_named(name).ok_or(Errno::ENODEV)?.id
            }
            None => {
                let next_hop = IpAddr::V4(gateway.unwrap_or(dst));
                stack
                    .select_route(next_hop, None)
                    .map_err(|_| Errno::ENETUNREACH)?
                    .iface
            }
        };
        let dst = Cidr::new(IpAddr::V4(dst), prefix).ok_or(Errno::EINVAL)?;
        let route = Route {
            gateway: gateway.map(IpAddr::V4),
            // The ioctl counts from 1, 0 is unset.
            metric: u32::try_from(metric - 1).unwrap_or(0),
            ..Route::on_link(dst, iface)
        };
        let done = if add {
            stack.add_route(route)
        } else {
            stack.remove_route(route)
        };
        done.map_err(errno)
    })?;
    Ok(0)
}
