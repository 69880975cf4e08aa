//! Joining and leaving multicast groups: the options of SOL_IP and SOL_IPV6 that do. ip(7), ipv6(7), RFC 3678.

use super::{Input, Target};
use crate::{
    Result,
    net::{SockAddr, errno::errno, stack::Namespace},
};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6},
};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use inet::IfaceId;

/// `struct group_req`: an interface index, padding, a `sockaddr_storage`.
const GROUP_REQ: usize = 136;
const GROUP_REQ_ADDRESS: usize = 8;

/// IP_ADD_MEMBERSHIP and IP_DROP_MEMBERSHIP: `struct ip_mreq` or `ip_mreqn`. `EPROTO` on streams.
pub fn of_v4(t: &Target<'_>, v: &Input<'_>, join: bool) -> Result<()> {
    not_stream(t)?;
    if v.1 < 8 {
        return Err(Errno::EINVAL);
    }
    let group = address_at(v, 0)?;
    let address = address_at(v, 4)?;
    let index = if v.1 >= 12 { v.u32_at(8)? } else { 0 };
    change(
        t,
        IpAddr::V4(group),
        interface(&t.common.net, address, index)?,
        join,
    )
}

/// IPV6_JOIN_GROUP and IPV6_LEAVE_GROUP: `struct ipv6_mreq`.
pub fn of_v6(t: &Target<'_>, v: &Input<'_>, join: bool) -> Result<()> {
    let bytes: &[u8; 20] = v.bytes()?;
    not_stream(t)?;
    let group: [u8; 16] = core::array::from_fn(|i| bytes[i]);
    let iface = interface_v6(&t.common.net, v.u32_at(16)? as i32)?;
    change(t, IpAddr::V6(Ipv6Addr::from(group)), iface, join)
}

/// MCAST_JOIN_GROUP and MCAST_LEAVE_GROUP of either level. A group of the other family: `EINVAL` for SOL_IP,
/// `EADDRNOTAVAIL` for SOL_IPV6.
pub fn of_either(t: &Target<'_>, v: &Input<'_>, join: bool, domain: u32) -> Result<()> {
    let bytes: &[u8; GROUP_REQ] = v.bytes()?;
    let group = SockAddr::new(&bytes[GROUP_REQ_ADDRESS..]);
    if group.family() != domain {
        return Err(match domain {
            AF_INET => Errno::EINVAL,
            _ => Errno::EADDRNOTAVAIL,
        });
    }
    let iface = interface_v6(&t.common.net, v.u32_at(0)? as i32)?;
    let group = group.endpoint(if domain == AF_INET { AF_INET } else { AF_INET6 })?;
    change(t, group.addr, iface, join)
}

fn not_stream(t: &Target<'_>) -> Result<()> {
    match t.stream() {
        Some(_) => Err(Errno::EPROTO),
        None => Ok(()),
    }
}

fn change(t: &Target<'_>, group: IpAddr, iface: Option<IfaceId>, join: bool) -> Result<()> {
    if !group.is_multicast() && (join || group.is_ipv6()) {
        return Err(Errno::EINVAL);
    }
    let id = match (t.dgram(), t.stream()) {
        (Some(dgram), _) => dgram.id(),
        (_, Some(stream)) => stream.members(),
        _ => return Err(Errno::EPROTO),
    };
    let done = t.common.net.with(|stack, now| {
        // Without an interface it is the one that routes to the group.
        if !join && iface.is_none() && group.is_ipv4() && stack.select_route(group, None).is_err() {
            return Err(inet::Error::NoDevice);
        }
        match join {
            true => stack.dgram_join(now, id, group, iface),
            false => stack.dgram_leave(now, id, group, iface),
        }
    });
    done.map_err(errno)
}

/// The IPv4 address at an offset.
pub fn address_at(v: &Input<'_>, at: usize) -> Result<Ipv4Addr> {
    Ok(Ipv4Addr::from(v.u32_at(at)?.to_ne_bytes()))
}

/// The interface with an index, or with a local address; neither: the route decides. `ENODEV`, `EADDRNOTAVAIL`.
pub fn interface(net: &Namespace, address: Ipv4Addr, index: u32) -> Result<Option<IfaceId>> {
    net.look(|stack| {
        if index != 0 {
            let found = stack.interface(IfaceId(index)).map(|iface| iface.id);
            return found.map(Some).ok_or(Errno::ENODEV);
        }
        if address.is_unspecified() {
            return Ok(None);
        }
        let has = |iface: &&inet::IfaceInfo| {
            iface
                .addresses
                .iter()
                .any(|a| a.cidr.addr == IpAddr::V4(address))
        };
        let found = stack.interfaces().find(has).map(|iface| iface.id);
        found.map(Some).ok_or(Errno::EADDRNOTAVAIL)
    })
}

/// The interface with an index, 0 for none. `ENODEV`.
pub fn interface_v6(net: &Namespace, index: i32) -> Result<Option<IfaceId>> {
    match index {
        0 => Ok(None),
        index => {
            let index = u32::try_from(index).map_err(|_| Errno::ENODEV)?;
            let found = net.look(|stack| stack.interface(IfaceId(index)).map(|iface| iface.id));
            found.map(Some).ok_or(Errno::ENODEV)
        }
    }
}
