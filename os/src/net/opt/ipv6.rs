//! IPPROTO_IPV6. ipv6(7).

use super::{
    Input, Level, Manner, Row, Target, Value, addrform, extension, label, membership, read_only,
    row, shared, source, write_only,
};
use crate::{
    Result,
    net::{CAP_NET_ADMIN, CAP_NET_RAW, socket::generic::Ancillary},
};
use abi::{
    Errno,
    net::{
        AF_INET6, IPPROTO_ICMPV6, IPV6_2292HOPLIMIT, IPV6_2292PKTINFO, IPV6_ADD_MEMBERSHIP,
        IPV6_ADDRFORM, IPV6_CHECKSUM, IPV6_DONTFRAG, IPV6_DROP_MEMBERSHIP, IPV6_FREEBIND,
        IPV6_HDRINCL, IPV6_MINHOPCOUNT, IPV6_MTU, IPV6_MTU_DISCOVER, IPV6_MULTICAST_ALL,
        IPV6_MULTICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_LOOP, IPV6_PATHMTU, IPV6_RECVERR,
        IPV6_RECVERR_RFC4884, IPV6_RECVFRAGSIZE, IPV6_RECVHOPLIMIT, IPV6_RECVORIGDSTADDR,
        IPV6_RECVPATHMTU, IPV6_RECVPKTINFO, IPV6_RECVTCLASS, IPV6_ROUTER_ALERT_ISOLATE,
        IPV6_TCLASS, IPV6_TRANSPARENT, IPV6_UNICAST_HOPS, IPV6_UNICAST_IF, IPV6_V6ONLY,
        MCAST_JOIN_GROUP, MCAST_LEAVE_GROUP,
    },
};

const DEFAULT_HOPS: u8 = 64;
/// RFC 8200, section 5.
const IPV6_MIN_MTU: u32 = 1280;

/// Multicast routing: MRT6_BASE to MRT6_MAX.
const MULTICAST_ROUTING: core::ops::RangeInclusive<i32> = 200..=212;

/// The level, as a socket has it. Multicast routing is asked of raw ICMPv6 sockets only: `EOPNOTSUPP`.
pub fn level(t: &Target<'_>, name: i32, set: bool) -> Result<Level> {
    let icmp = t.is_raw() && t.common.protocol == IPPROTO_ICMPV6;
    if MULTICAST_ROUTING.contains(&name) && !icmp {
        // The value is looked at before.
        return match set {
            true => Ok(Level::of(Manner::Lax, &[]).refusing(Errno::EOPNOTSUPP)),
            false => Err(Errno::EOPNOTSUPP),
        };
    }
    // A raw socket looks at its own option itself.
    if t.is_raw() && [IPV6_CHECKSUM, IPV6_HDRINCL].contains(&(name as u32)) {
        let rows: &[&[Row]] = &[ROWS, &[extension::HEADER_INCLUDED]];
        return Ok(Level::of(Manner::IntFirstLax, rows));
    }
    Ok(Level::of(
        Manner::Lax,
        &[ROWS, extension::ROWS6, label::ROWS6, source::ROWS6],
    ))
}

/// Every option of the level.
const ROWS: &[Row] = &[
    // flag: IPv4 is not taken by mapped addresses; not to be changed once there is a port.
    row(
        IPV6_V6ONLY,
        |t| Ok(t.shared(|o| o.v6_only)?.into()),
        |t, _, v| {
            let on = v.flag()?;
            // Too late once it has a port.
            if t.number() != 0 {
                return Err(Errno::EINVAL);
            }
            t.set_shared(|o| o.v6_only = on)
        },
    ),
    // int: the hop limit of what is sent to one host; -1 is the default, 64.
    row(
        IPV6_UNICAST_HOPS,
        |t| {
            Ok(Value::Int(
                t.shared(|o| o.ttl)?.unwrap_or(DEFAULT_HOPS).into(),
            ))
        },
        |t, _, v| {
            let hops = hops(v)?;
            t.set_shared(|o| o.ttl = hops)
        },
    ),
    // int: the traffic class of what is sent; -1 is the default, 0.
    row(
        IPV6_TCLASS,
        |t| Ok(Value::Int(t.shared(|o| o.tos)?.into())),
        |t, _, v| {
            let class = match v.int()? {
                -1 => 0,
                class @ 0..=255 => class as u8,
                _ => return Err(Errno::EINVAL),
            };
            // The two ECN bits of a stream belong to TCP.
            let class = if t.stream().is_some() {
                class & !3
            } else {
                class
            };
            t.set_shared(|o| o.tos = class)
        },
    ),
    // flag: messages come with their interface and local address (struct in6_pktinfo).
    row(
        IPV6_RECVPKTINFO,
        |t| t.asked(Ancillary::PKTINFO6),
        |t, _, v| t.ask(Ancillary::PKTINFO6, v.flag()?),
    ),
    // flag: messages come with the hop limit that they had left.
    row(
        IPV6_RECVHOPLIMIT,
        |t| t.asked(Ancillary::HOPLIMIT),
        |t, _, v| t.ask(Ancillary::HOPLIMIT, v.flag()?),
    ),
    // flag: messages come with their traffic class.
    row(
        IPV6_RECVTCLASS,
        |t| t.asked(Ancillary::TCLASS),
        |t, _, v| t.ask(Ancillary::TCLASS, v.flag()?),
    ),
    // flag: ICMPv6 errors are kept in the error queue, and told by the next call.
    row(
        IPV6_RECVERR,
        |t| t.asked(Ancillary::ERRORS6),
        |t, _, v| t.ask(Ancillary::ERRORS6, v.flag()?),
    ),
    // flag: entries of the error queue say where the extensions of an ICMPv6 error are.
    row(
        IPV6_RECVERR_RFC4884,
        |t| t.asked(Ancillary::EXTENSIONS6),
        |t, _, v| match v.int()? {
            on @ (0 | 1) => t.ask(Ancillary::EXTENSIONS6, on != 0),
            _ => Err(Errno::EINVAL),
        },
    ),
    // flag: a datagram that IPV6_DONTFRAG refused leaves a message with the path's MTU.
    row(
        IPV6_RECVPATHMTU,
        |t| t.asked(Ancillary::PATH_MTU),
        |t, _, v| t.ask(Ancillary::PATH_MTU, v.flag()?),
    ),
    // flag: reassembled messages come with the length of their longest fragment.
    row(
        IPV6_RECVFRAGSIZE,
        |t| t.asked(Ancillary::FRAGMENT6),
        |t, _, v| t.ask(Ancillary::FRAGMENT6, v.1 >= 4 && v.flag()?),
    ),
    // int: whether packets may be fragmented here (IPV6_PMTUDISC_*).
    row(
        IPV6_MTU_DISCOVER,
        |t| Ok(Value::Int(t.generic().mtu_discover6.into())),
        |t, _, v| shared::set_mtu_discover(t, v.int()?, true),
    ),
    // flag: what does not fit the MTU is refused with EMSGSIZE.
    row(
        IPV6_DONTFRAG,
        |t| Ok(t.generic().no_fragments.into()),
        |t, _, v| {
            // Too short is off.
            let on = v.1 >= 4 && v.flag()?;
            t.change(|g| g.no_fragments = on);
            shared::apply_fragmentation(t)
        },
    ),
    // ip6_mtuinfo: the path MTU to the connected peer, in bytes.
    read_only(IPV6_PATHMTU, |t| {
        if t.ask.room < size_of::<[u32; 8]>() {
            return Err(Errno::EINVAL);
        }
        // struct ip6_mtuinfo: an address that stays zero, and the MTU.
        let Value::Int(mtu) = t.peer_mtu()? else {
            return Err(Errno::ENOTCONN);
        };
        let mut bytes = alloc::vec![0; 32];
        bytes[28..].copy_from_slice(&mtu.to_ne_bytes());
        Ok(Value::Whole(bytes))
    }),
    // int: the family of a socket whose peer is an IPv4 host.
    row(IPV6_ADDRFORM, addrform::get, addrform::set),
    // int: packets that have a lower hop limit left are dropped.
    row(
        IPV6_MINHOPCOUNT,
        |t| Ok(Value::Int(t.shared(|o| o.min_ttl)?.into())),
        |t, _, v| match v.int()? {
            hops @ 0..=255 => t.set_shared(|o| o.min_ttl = hops as u8),
            _ => Err(Errno::EINVAL),
        },
    ),
    // flag: messages come with the address and port that they were sent to.
    row(
        IPV6_RECVORIGDSTADDR,
        |t| t.asked(Ancillary::ORIGINAL6),
        |t, _, v| t.ask(Ancillary::ORIGINAL6, v.flag()?),
    ),
    // flag: as IPV6_RECVPKTINFO, with the numbers of RFC 2292.
    row(
        IPV6_2292PKTINFO,
        |t| t.asked(Ancillary::PKTINFO_2292),
        |t, _, v| t.ask(Ancillary::PKTINFO_2292, v.flag()?),
    ),
    // flag: as IPV6_RECVHOPLIMIT, with the numbers of RFC 2292.
    row(
        IPV6_2292HOPLIMIT,
        |t| t.asked(Ancillary::HOPLIMIT_2292),
        |t, _, v| t.ask(Ancillary::HOPLIMIT_2292, v.flag()?),
    ),
    // flag: bind(2) takes an address that no interface has.
    row(
        IPV6_FREEBIND,
        |t| Ok(t.shared(|o| o.freebind)?.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.set_shared(|o| o.freebind = on)
        },
    ),
    // flag: the same, for proxies; needs CAP_NET_ADMIN or CAP_NET_RAW.
    row(
        IPV6_TRANSPARENT,
        |t| Ok(t.shared(|o| o.freebind)?.into()),
        |t, cx, v| {
            let on = v.flag()?;
            if on && !cx.capable(CAP_NET_ADMIN) && !cx.capable(CAP_NET_RAW) {
                return Err(Errno::EPERM);
            }
            t.set_shared(|o| o.freebind = on)
        },
    ),
    // int, network order: the interface that packets to one host leave by.
    row(
        IPV6_UNICAST_IF,
        |t| Ok(Value::Int((t.generic().unicast_iface.to_be()) as i32)),
        |t, _, v| shared::set_unicast_iface(t, v),
    ),
    // flag: groups that others on this host joined are heard too.
    row(
        IPV6_MULTICAST_ALL,
        |t| Ok(t.generic().multicast_all6.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.multicast_all6 = on);
            t.set_datagram(|o| o.multicast_all = on).or(Ok(()))
        },
    ),
    // flag: packets with a router alert come from this socket's namespace only.
    // They never come from another one.
    row(
        IPV6_ROUTER_ALERT_ISOLATE,
        |t| Ok(t.generic().alert_isolated.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.alert_isolated = on);
            Ok(())
        },
    ),
    // int: the largest packet that is sent, in bytes; 0 is the path's.
    row(
        IPV6_MTU,
        |t| t.peer_mtu(),
        |t, _, v| match v.int()? {
            0 => t.set_shared(|o| o.mtu = None),
            mtu if mtu >= IPV6_MIN_MTU as i32 => t.set_shared(|o| o.mtu = Some(mtu as u32)),
            _ => Err(Errno::EINVAL),
        },
    ),
    // int: the hop limit of what is sent to groups; -1 is the default, 1.
    row(
        IPV6_MULTICAST_HOPS,
        |t| {
            Ok(Value::Int(
                t.datagram(|o| o.multicast_ttl).unwrap_or(1).into(),
            ))
        },
        |t, _, v| {
            if t.stream().is_some() {
                return Err(Errno::ENOPROTOOPT);
            }
            let hops = hops(v)?.unwrap_or(1);
            t.set_datagram(|o| o.multicast_ttl = hops)
        },
    ),
    // int: members on this host hear what is sent to groups.
    row(
        IPV6_MULTICAST_LOOP,
        |t| Ok(t.generic().multicast_loop.into()),
        |t, _, v| {
            let on = match v.int()? {
                on @ (0 | 1) => on != 0,
                _ => return Err(Errno::EINVAL),
            };
            shared::set_multicast_loop(t, on)
        },
    ),
    // int: the interface that packets to groups leave by, 0 for the route's.
    row(
        IPV6_MULTICAST_IF,
        |t| {
            let iface = t.datagram(|o| o.multicast_iface).unwrap_or(None);
            Ok(Value::Int(iface.map_or(0, |iface| iface.0 as i32)))
        },
        |t, _, v| {
            if t.stream().is_some() {
                return Err(Errno::ENOPROTOOPT);
            }
            let iface = membership::interface_v6(&t.common.net, v.int()?)?;
            t.set_datagram(|o| o.multicast_iface = iface)
        },
    ),
    CHECKSUM,
    // ipv6_mreq: joins a group on an interface.
    write_only(IPV6_ADD_MEMBERSHIP, |t, _, v| membership::of_v6(t, v, true)),
    // ipv6_mreq: leaves a group.
    write_only(IPV6_DROP_MEMBERSHIP, |t, _, v| {
        membership::of_v6(t, v, false)
    }),
    // group_req: joins a group on an interface.
    write_only(MCAST_JOIN_GROUP, |t, _, v| {
        membership::of_either(t, v, true, AF_INET6)
    }),
    // group_req: leaves a group.
    write_only(MCAST_LEAVE_GROUP, |t, _, v| {
        membership::of_either(t, v, false, AF_INET6)
    }),
];

/// int: where in a raw socket's messages the checksum is, -1 for none. RFC 3542, section 3.1.
const CHECKSUM: Row = row(IPV6_CHECKSUM, checksum_offset, |t, _, v| {
    t.raw_only()?;
    // ICMPv6 always has its checksum.
    if t.common.protocol == IPPROTO_ICMPV6 {
        return Err(Errno::EINVAL);
    }
    set_checksum_offset(t, v)
});

/// int: the same at SOL_RAW, where Linux lets ICMPv6 change it.
pub const RAW_CHECKSUM: Row = row(IPV6_CHECKSUM, checksum_offset, |t, _, v| {
    set_checksum_offset(t, v)
});

fn checksum_offset(t: &Target<'_>) -> Result<Value> {
    t.raw_only()?;
    let offset = t.datagram(|o| o.checksum_offset)?;
    Ok(Value::Int(offset.map_or(-1, |offset| offset as i32)))
}

fn set_checksum_offset(t: &Target<'_>, v: &Input<'_>) -> Result<()> {
    t.raw_only()?;
    let offset = v.int()?;
    if offset > 0 && offset & 1 != 0 {
        return Err(Errno::EINVAL);
    }
    t.set_datagram(|o| o.checksum_offset = u32::try_from(offset).ok())
}

/// -1 is the default.
fn hops(v: &Input<'_>) -> Result<Option<u8>> {
    match v.int()? {
        -1 => Ok(None),
        hops @ 0..=255 => Ok(Some(hops as u8)),
        _ => Err(Errno::EINVAL),
    }
}
