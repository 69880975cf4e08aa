//! RTM_*LINK: interfaces. rtnetlink(7), `struct ifinfomsg`.

use super::{Outcome, done, fixed, nsid, one, record_header, word_at, word_of};
use crate::net::{
    Namespace,
    device::{self, Device, Wish},
    errno::errno,
    ioctl,
    netlink::answer::{Answer, Refusal, Request},
    stack,
    tun::{self, Tun},
};
use abi::Errno;
use alloc::{sync::Arc, vec::Vec};
use inet::{IfaceId, IfaceInfo, IfaceKind};
use netlink::{Attributes, Builder, Header, flag, route, route::link};

/// `sizeof(struct ifinfomsg)`: family, type, index, flags, change.
const IFINFOMSG: usize = 16;
const IFF_UP: u32 = 0x1;
const IFF_PROMISC: u32 = 0x100;
/// What a program may set of the flags and the engine acts on.
const SETTABLE: u32 = IFF_UP | IFF_PROMISC;
const IFF_LOWER_UP: u32 = 0x1_0000;

/// A record: attributes in Linux's order.
pub fn record(header: Header, net: &Namespace, info: &IfaceInfo) -> Vec<u8> {
    let device = device::behind(net, info.id);
    let carrier = info.carrier;
    let made = device.as_ref().and_then(Device::kind);
    let mut flags = ioctl::flags(info);
    if info.up && carrier {
        flags |= IFF_LOWER_UP;
    }
    let (kind, length) = device::hardware(device.as_ref(), info.kind);
    let (mac, broadcast) = match info.kind {
        IfaceKind::Loopback | IfaceKind::Tunnel => ([0; 6], [0; 6]),
        IfaceKind::Ethernet { mac } => (mac, [0xff; 6]),
    };
    let loopback = info.kind == IfaceKind::Loopback;
    // IF_OPER_UNKNOWN, IF_OPER_DOWN, IF_OPER_UP of RFC 2863.
    let state = match &device {
        _ if !info.up => 2,
        None => 0,
        Some(Device::Dummy) => 0,
        Some(_) if carrier => 6,
        Some(_) => 2,
    };
    let qdisc = match made.is_some() || loopback {
        true if info.up || loopback => "noqueue",
        true => "noop",
        false => "pfifo_fast",
    };
    let mut head = [0; IFINFOMSG];
    head[2..4].copy_from_slice(&kind.to_ne_bytes());
    head[4..8].copy_from_slice(&info.id.0.to_ne_bytes());
    head[8..12].copy_from_slice(&flags.to_ne_bytes());
    let mut b = Builder::message(header, &head);
    b.str(link::IFNAME, &info.name)
        .u32(
            link::TXQLEN,
            device.as_ref().map_or(1000, Device::queue_length) as u32,
        )
        .u8(link::OPERSTATE, state)
        .u8(link::LINKMODE, 0)
        .u32(link::MTU, info.mtu as u32)
        .u32(link::MIN_MTU, if loopback { 0 } else { 68 })
        .u32(link::MAX_MTU, if loopback { 0 } else { 65_535 })
        .u32(link::GROUP, 0)
        .u32(
            link::PROMISCUITY,
            u32::from(info.promiscuous) + info.promiscuity,
        )
        .u32(link::ALLMULTI, 0)
        .u32(link::NUM_TX_QUEUES, 1)
        .u32(link::NUM_RX_QUEUES, 1)
        .u8(link::CARRIER, carrier.into())
        .u32(link::CARRIER_CHANGES, 0)
        .u32(link::CARRIER_UP_COUNT, 0)
        .u32(link::CARRIER_DOWN_COUNT, 0);
    if length > 0 {
        b.attr(link::ADDRESS, &mac)
            .attr(link::BROADCAST, &broadcast);
    }
    b.attr(link::STATS64, &stats(info, 8))
        .attr(link::STATS, &stats(info, 4))
        .str(link::QDISC, qdisc);
    if !loopback && made.is_none() {
        b.attr(link::PERM_ADDRESS, &mac);
    }
    // lo stays in its namespace.
    b.u8(link::NETNS_IMMUTABLE, loopback.into());
    if let Some(Device::Veth(cable, side)) = &device {
        b.u32(link::LINK, cable.peer_index(*side));
        if let Some((peer, _)) = cable.peer(*side)
            && !peer.is(net)
        {
            b.u32(link::LINK_NETNSID, nsid::of(net, &peer) as u32);
        }
    }
    if let Some(kind) = made {
        let nest = b.nest_plain(link::LINKINFO);
        b.str(link::INFO_KIND, kind);
        if let Some(Device::Tun(tun)) = &device {
            describe_tun(&mut b, tun);
        }
        b.end(nest);
    }
    let all = b.nest_plain(link::AF_SPEC);
    let v6 = b.nest_plain(abi::net::AF_INET6 as u16);
    // IF_READY; addresses are made from the hardware's (IN6_ADDR_GEN_MODE_EUI64).
    b.u32(link::INET6_FLAGS, if info.up { 0x8000_0000 } else { 0 })
        .u8(link::INET6_ADDR_GEN_MODE, 0);
    b.end(v6);
    b.end(all);
    b.finish()
}

/// IFLA_TUN_*: what /dev/net/tun was asked for.
fn describe_tun(b: &mut Builder, tun: &Tun) {
    let settings = tun.settings();
    let has = |bit| u8::from(settings.flags & bit != 0);
    let data = b.nest_plain(link::INFO_DATA);
    b.u8(link::TUN_TYPE, if tun.tap { 2 } else { 1 });
    if let Some(owner) = settings.owner {
        b.u32(link::TUN_OWNER, owner);
    }
    if let Some(group) = settings.group {
        b.u32(link::TUN_GROUP, group);
    }
    b.u8(link::TUN_PI, 1 - has(tun::flag::NO_PI))
        .u8(link::TUN_VNET_HDR, has(tun::flag::VNET_HDR))
        .u8(link::TUN_PERSIST, has(tun::flag::PERSIST))
        .u8(link::TUN_MULTI_QUEUE, has(tun::flag::MULTI_QUEUE));
    if settings.flags & tun::flag::MULTI_QUEUE != 0 {
        let (reading, resting) = tun.counts();
        b.u32(link::TUN_NUM_QUEUES, reading as u32)
            .u32(link::TUN_NUM_DISABLED_QUEUES, resting as u32);
    }
    b.end(data);
}

/// `struct rtnl_link_stats64` or `rtnl_link_stats`: the same words of 8 or 4 bytes.
fn stats(info: &IfaceInfo, size: usize) -> Vec<u8> {
    let c = &info.counters;
    let head = [
        c.rx_packets,
        c.tx_packets,
        c.rx_bytes,
        c.tx_bytes,
        c.rx_errors,
        c.tx_errors,
        c.rx_dropped,
        c.tx_dropped,
        c.rx_multicast,
    ];
    // Both have 24 counters; the long one also rx_otherhost_dropped.
    let words = if size == 8 { 25 } else { 24 };
    let mut bytes: Vec<u8> = head
        .iter()
        .flat_map(|word| word.to_ne_bytes().into_iter().take(size))
        .collect();
    bytes.resize(words * size, 0);
    bytes
}

/// Which interface a message means: its index, or a name. `ENODEV`, `EINVAL` with neither.
fn find(
    request: &Request<'_>,
    head: &[u8],
    attributes: &Attributes<'_>,
) -> Result<IfaceId, Refusal> {
    let index = word_at(head, 4);
    if index != 0 {
        let found = request
            .net
            .look(|stack| stack.interface(IfaceId(index)).map(|info| info.id));
        return found.ok_or(Errno::ENODEV.into());
    }
    let name = attributes
        .get(link::IFNAME)
        .or_else(|| attributes.get(link::ALT_IFNAME))
        .ok_or(Errno::EINVAL)?;
    let name = name.str().ok_or(Errno::ENODEV)?;
    request
        .net
        .look(|stack| stack.interface_named(name).map(|info| info.id))
        .ok_or(Errno::ENODEV.into())
}

/// RTM_GETLINK.
pub fn get(request: &Request<'_>) -> Outcome {
    if request.dumps() {
        // Older programs send only a family (`struct rtgenmsg`).
        let header = record_header(request, route::NEWLINK, false);
        let family = u32::from(request.body[0]);
        if family == abi::net::AF_BRIDGE {
            return Ok(Answer::Dump(Vec::new()));
        }
        let records = request.net.look(|stack| {
            let records = stack
                .interfaces()
                .map(|info| record(header, request.net, info));
            records.collect()
        });
        return Ok(Answer::Dump(records));
    }
    let head: [u8; IFINFOMSG] = fixed(request)?;
    let id = find(request, &head, &Attributes::after(request.body, IFINFOMSG))?;
    let header = request.reply(route::NEWLINK);
    let found = request.net.look(|stack| {
        stack
            .interface(id)
            .map(|info| record(header, request.net, info))
    });
    one(found.ok_or(Errno::ENODEV)?)
}

/// RTM_SETLINK, and RTM_NEWLINK, which may make one.
pub fn set(request: &Request<'_>, new: bool) -> Outcome {
    let head: [u8; IFINFOMSG] = fixed(request)?;
    let attributes = Attributes::after(request.body, IFINFOMSG);
    let id = match find(request, &head, &attributes) {
        Ok(_) if new && request.has(flag::EXCL) => return Err(Errno::EEXIST.into()),
        Ok(id) => id,
        Err(_) if new && request.has(flag::CREATE) => return make(request, &head, &attributes),
        Err(refusal) => return Err(refusal),
    };
    // All that there is to change, known before anything changes.
    for attribute in attributes {
        match attribute.kind {
            link::IFNAME | link::ADDRESS | link::MTU | link::EXT_MASK | link::ALT_IFNAME => {}
            link::NET_NS_FD | link::NET_NS_PID | link::NEW_INDEX => {}
            link::TXQLEN | link::GROUP if attribute.u32() == Some(unchanged(attribute.kind)) => {}
            _ => return Err(Errno::EOPNOTSUPP.into()),
        }
    }
    let mac = mac_of(&attributes)?;
    let mtu = attributes.get(link::MTU).map(word_of).transpose()?;
    let name = match (attributes.get(link::IFNAME), word_at(&head, 4)) {
        (Some(name), index) if index != 0 => Some(name.str().ok_or(Errno::EINVAL)?),
        _ => None,
    };
    if let Some(to) = target(&attributes)? {
        if device::behind(request.net, id).is_none() && !to.is(request.net) {
            return Err(Refusal::because(
                Errno::EINVAL,
                "The interface netns is immutable",
            ));
        }
        let moved = device::relocate(request.net, id, &to, name)?;
        return change(&to, moved, &head, (mac, mtu, None));
    }
    change(request.net, id, &head, (mac, mtu, name))
}

/// Hardware address, MTU, name and flags of an interface.
fn change(
    net: &Namespace,
    id: IfaceId,
    head: &[u8; IFINFOMSG],
    (mac, mtu, name): (Option<[u8; 6]>, Option<u32>, Option<&str>),
) -> Outcome {
    let (flags, change) = (word_at(head, 8), word_at(head, 12));
    let changed = net.with(|stack, now| {
        if let Some(mac) = mac {
            stack.set_mac(id, mac)?;
        }
        if let Some(mtu) = mtu {
            stack.set_mtu(id, mtu as usize)?;
        }
        if let Some(name) = name {
            stack.rename(id, name)?;
        }
        // Without a mask all flags are meant, and without either none.
        let mask = match (flags, change) {
            (0, 0) => 0,
            (_, 0) => SETTABLE,
            (_, change) => change & SETTABLE,
        };
        if mask & IFF_PROMISC != 0 {
            stack.set_promiscuous(id, flags & IFF_PROMISC != 0)?;
        }
        let up = stack.interface(id).is_some_and(|info| info.up);
        let wanted = flags & IFF_UP != 0;
        if mask & IFF_UP != 0 && up != wanted {
            stack.set_up(now, id, wanted)?;
        }
        Ok(())
    });
    match changed {
        Err(inet::Error::Invalid) if mtu.is_some_and(|mtu| mtu < 68) => Err(Refusal::because(
            Errno::EINVAL,
            "mtu less than device minimum",
        )),
        Err(inet::Error::Invalid) if mtu.is_some_and(|mtu| mtu > 65_535) => Err(Refusal::because(
            Errno::EINVAL,
            "mtu greater than device maximum",
        )),
        Err(inet::Error::Invalid) if mac.is_some() => {
            Err(errno(inet::Error::AddrNotAvailable).into())
        }
        changed => done(changed),
    }
}

/// RTM_NEWLINK of an interface that is not there: a dummy, or a veth with its other end. `EOPNOTSUPP` for other kinds.
fn make(request: &Request<'_>, head: &[u8; IFINFOMSG], attributes: &Attributes<'_>) -> Outcome {
    let unknown = || Refusal::because(Errno::EOPNOTSUPP, "Unknown device type");
    let info = attributes.get(link::LINKINFO).ok_or_else(unknown)?.nested();
    let kind = info.get(link::INFO_KIND).and_then(|kind| kind.str());
    let own = wish(request, head, attributes)?;
    let (net, made, peer) = match kind.ok_or_else(unknown)? {
        "dummy" => (own.net.clone(), device::make_dummy(&own)?, None),
        "veth" => {
            let data = info.get(link::INFO_DATA).map(|data| data.nested());
            let peer = data.and_then(|data| data.get(link::VETH_PEER));
            let peer = match &peer {
                Some(peer) => {
                    let head = peer.value.first_chunk().ok_or(Errno::EINVAL)?;
                    wish(request, head, &Attributes::after(peer.value, IFINFOMSG))?
                }
                None => Wish {
                    net: request.net.clone(),
                    name: None,
                    index: 0,
                    mac: None,
                    mtu: None,
                },
            };
            if own.name.is_some() && own.name == peer.name && own.net.is(&peer.net) {
                return Err(Errno::EEXIST.into());
            }
            let made = device::make_veth(&own, &peer)?;
            (own.net.clone(), made, Some(peer))
        }
        _ => return Err(unknown()),
    };
    drop(peer);
    change(&net, made, head, (None, None, None))
}

/// What a message says of the interface that it wants.
fn wish(
    request: &Request<'_>,
    head: &[u8; IFINFOMSG],
    attributes: &Attributes<'_>,
) -> Result<Wish, Refusal> {
    let name = attributes.get(link::IFNAME);
    let mtu = attributes.get(link::MTU).map(word_of).transpose()?;
    Ok(Wish {
        net: target(attributes)?.unwrap_or_else(|| request.net.clone()),
        name: match name {
            Some(name) => Some(name.str().ok_or(Errno::EINVAL)?.into()),
            None => None,
        },
        index: word_at(head, 4),
        mac: mac_of(attributes)?,
        mtu: mtu.map(|mtu| mtu as usize),
    })
}

fn mac_of(attributes: &Attributes<'_>) -> Result<Option<[u8; 6]>, Refusal> {
    match attributes.get(link::ADDRESS) {
        Some(address) => Ok(Some(address.mac().ok_or(Errno::EINVAL)?)),
        None => Ok(None),
    }
}

/// The namespace that a message names by process or descriptor. `ESRCH`, `EINVAL`.
fn target(attributes: &Attributes<'_>) -> Result<Option<Arc<Namespace>>, Refusal> {
    let tasks = stack::tasks().ok_or(Errno::EINVAL)?;
    if let Some(pid) = attributes.get(link::NET_NS_PID) {
        return Ok(Some(tasks.of(word_of(pid)? as i32).ok_or(Errno::ESRCH)?));
    }
    match attributes.get(link::NET_NS_FD) {
        Some(fd) => {
            let net = tasks.behind(word_of(fd)? as i32);
            Ok(Some(net.ok_or(Errno::EINVAL)?))
        }
        None => Ok(None),
    }
}

/// What cannot be changed may be set to what it is.
fn unchanged(kind: u16) -> u32 {
    if kind == link::TXQLEN { 1000 } else { 0 }
}

/// The record of an interface that is gone: its name, and what its kind says.
pub fn farewell(header: Header, id: IfaceId, name: &[u8; 16], kind: IfaceKind) -> Vec<u8> {
    let (hardware, length) = device::hardware(None, kind);
    let mac = match kind {
        IfaceKind::Loopback | IfaceKind::Tunnel => [0; 6],
        IfaceKind::Ethernet { mac } => mac,
    };
    let mut head = [0; IFINFOMSG];
    head[2..4].copy_from_slice(&hardware.to_ne_bytes());
    head[4..8].copy_from_slice(&id.0.to_ne_bytes());
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(15) + 1;
    let mut b = Builder::message(header, &head);
    b.attr(link::IFNAME, &name[..end])
        .attr(link::ADDRESS, &mac[..length]);
    b.finish()
}

/// RTM_DELLINK: cards and `lo` stay. `EOPNOTSUPP`, `ENODEV`.
pub fn del(request: &Request<'_>) -> Outcome {
    let head: [u8; IFINFOMSG] = fixed(request)?;
    let id = find(request, &head, &Attributes::after(request.body, IFINFOMSG))?;
    device::remove(request.net, id)?;
    Ok(Answer::Done)
}
