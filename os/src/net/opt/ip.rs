//! IPPROTO_IP. ip(7).

use super::{
    Level, Manner, Row, Target, Value, header,
    membership::{self, address_at, interface},
    read_only, row, shared, source, write_only,
};
use crate::{
    Result,
    net::{CAP_NET_ADMIN, CAP_NET_RAW, socket::generic::Ancillary, stack::Namespace},
};
use abi::{
    Errno,
    net::{
        AF_INET, IP_ADD_MEMBERSHIP, IP_BIND_ADDRESS_NO_PORT, IP_CHECKSUM, IP_DROP_MEMBERSHIP,
        IP_FREEBIND, IP_HDRINCL, IP_LOCAL_PORT_RANGE, IP_MINTTL, IP_MTU, IP_MTU_DISCOVER,
        IP_MULTICAST_ALL, IP_MULTICAST_IF, IP_MULTICAST_LOOP, IP_MULTICAST_TTL, IP_NODEFRAG,
        IP_PKTINFO, IP_PROTOCOL, IP_RECVERR, IP_RECVERR_RFC4884, IP_RECVFRAGSIZE,
        IP_RECVORIGDSTADDR, IP_RECVTOS, IP_RECVTTL, IP_ROUTER_ALERT, IP_TOS, IP_TRANSPARENT,
        IP_TTL, IP_UNICAST_IF, IPPROTO_IGMP, IPPROTO_RAW, MCAST_JOIN_GROUP, MCAST_LEAVE_GROUP,
    },
};
use core::net::{IpAddr, Ipv4Addr};
use inet::IfaceId;

const DEFAULT_TTL: u8 = 64;
/// The longest IPv4 packet.
const IP_MAX_MTU: i32 = 65_535;

/// Multicast routing: MRT_BASE to MRT_MAX.
const MULTICAST_ROUTING: core::ops::RangeInclusive<i32> = 200..=212;

/// The level, as a socket has it. Multicast routing is asked of raw IGMP sockets only: `EOPNOTSUPP`.
pub fn level(t: &Target<'_>, name: i32) -> Result<Level> {
    let igmp = t.is_raw() && t.common.protocol == IPPROTO_IGMP as u32;
    if MULTICAST_ROUTING.contains(&name) && !igmp {
        return Err(Errno::EOPNOTSUPP);
    }
    Ok(Level::of(
        Manner::NameFirst,
        &[ROWS, header::ROWS4, source::ROWS4],
    ))
}

/// Every option of the level.
const ROWS: &[Row] = &[
    // int or byte: the type-of-service byte of what is sent.
    row(
        IP_TOS,
        |t| Ok(Value::Int(t.shared(|o| o.tos)?.into())),
        |t, _, v| {
            // The two ECN bits of a stream belong to TCP.
            let tos = v.int_or_byte()? as u8;
            let tos = if t.stream().is_some() { tos & !3 } else { tos };
            t.set_shared(|o| o.tos = tos)
        },
    ),
    // int or byte: the time to live of what is sent to one host; -1 is the default, 64.
    row(
        IP_TTL,
        |t| {
            Ok(Value::Int(
                t.shared(|o| o.ttl)?.unwrap_or(DEFAULT_TTL).into(),
            ))
        },
        |t, _, v| match v.given_int_or_byte()? {
            -1 => t.set_shared(|o| o.ttl = None),
            ttl @ 1..=255 => t.set_shared(|o| o.ttl = Some(ttl as u8)),
            _ => Err(Errno::EINVAL),
        },
    ),
    // flag: messages come with their interface and local addresses (struct in_pktinfo).
    row(
        IP_PKTINFO,
        |t| t.asked(Ancillary::PKTINFO),
        |t, _, v| t.ask(Ancillary::PKTINFO, v.int_or_byte()? != 0),
    ),
    // flag: messages come with the time to live that they had left.
    row(
        IP_RECVTTL,
        |t| t.asked(Ancillary::TTL),
        |t, _, v| t.ask(Ancillary::TTL, v.int_or_byte()? != 0),
    ),
    // flag: messages come with their type-of-service byte.
    row(
        IP_RECVTOS,
        |t| t.asked(Ancillary::TOS),
        |t, _, v| t.ask(Ancillary::TOS, v.int_or_byte()? != 0),
    ),
    // flag: ICMP errors are kept in the error queue, and told by the next call.
    row(
        IP_RECVERR,
        |t| t.asked(Ancillary::ERRORS),
        |t, _, v| t.ask(Ancillary::ERRORS, v.int_or_byte()? != 0),
    ),
    // flag: entries of the error queue say where the extensions of an ICMP error are.
    row(
        IP_RECVERR_RFC4884,
        |t| t.asked(Ancillary::EXTENSIONS),
        |t, _, v| match v.int_or_byte()? {
            on @ (0 | 1) => t.ask(Ancillary::EXTENSIONS, on != 0),
            _ => Err(Errno::EINVAL),
        },
    ),
    // flag: messages come with the sum of their bytes.
    row(
        IP_CHECKSUM,
        |t| t.asked(Ancillary::CHECKSUM),
        |t, _, v| t.ask(Ancillary::CHECKSUM, v.int_or_byte()? != 0),
    ),
    // flag: reassembled messages come with the length of their longest fragment.
    row(
        IP_RECVFRAGSIZE,
        |t| t.asked(Ancillary::FRAGMENT),
        |t, _, v| {
            let on = v.int_or_byte()? != 0;
            // A stream has no fragments.
            match t.stream() {
                Some(_) => Err(Errno::EINVAL),
                None => t.ask(Ancillary::FRAGMENT, on),
            }
        },
    ),
    // int: lowest and (high half) highest port that bind(2) to port 0 chooses; 0 is the system's.
    row(
        IP_LOCAL_PORT_RANGE,
        |t| {
            let (low, high) = t.shared(|o| o.port_range)?;
            Ok(Value::Int((u32::from(high) << 16 | u32::from(low)) as i32))
        },
        |t, _, v| {
            if v.1 != size_of::<i32>() {
                return Err(Errno::EINVAL);
            }
            let range = v.int()? as u32;
            let (low, high) = (range as u16, (range >> 16) as u16);
            match low != 0 && high != 0 && low > high {
                true => Err(Errno::EINVAL),
                false => t.set_shared(|o| o.port_range = (low, high)),
            }
        },
    ),
    // int: whether packets may be fragmented, on the way or here (IP_PMTUDISC_*).
    row(
        IP_MTU_DISCOVER,
        |t| Ok(Value::Int(t.generic().mtu_discover.into())),
        |t, _, v| shared::set_mtu_discover(t, v.int_or_byte()?, false),
    ),
    // int: the path MTU to the connected peer, in bytes.
    read_only(IP_MTU, |t| match t.peer_mtu()? {
        // No IPv4 packet is longer.
        Value::Int(mtu) if t.common.domain() == AF_INET => Ok(Value::Int(mtu.min(IP_MAX_MTU))),
        other => Ok(other),
    }),
    // int: packets with the router alert option are handed to this raw socket.
    row(
        IP_ROUTER_ALERT,
        |t| Ok(t.datagram(|o| o.router_alert).unwrap_or(false).into()),
        |t, _, v| {
            let on = v.int_or_byte()? != 0;
            if !t.is_raw() || t.common.protocol == IPPROTO_RAW as u32 {
                return Err(Errno::EINVAL);
            }
            match (on, t.datagram(|o| o.router_alert)?) {
                (true, true) => Err(Errno::EADDRINUSE),
                (false, false) => Err(Errno::ENOBUFS),
                _ => t.set_datagram(|o| o.router_alert = on),
            }
        },
    ),
    // flag: bind(2) takes an address that no interface has.
    row(
        IP_FREEBIND,
        |t| Ok(t.shared(|o| o.freebind)?.into()),
        |t, _, v| {
            let on = v.given_int_or_byte()? != 0;
            t.set_shared(|o| o.freebind = on)
        },
    ),
    // flag: the same, for proxies; needs CAP_NET_ADMIN or CAP_NET_RAW.
    row(
        IP_TRANSPARENT,
        |t| Ok(t.shared(|o| o.freebind)?.into()),
        |t, cx, v| {
            let on = v.given_int_or_byte()? != 0;
            if on && !cx.capable(CAP_NET_ADMIN) && !cx.capable(CAP_NET_RAW) {
                return Err(Errno::EPERM);
            }
            t.set_shared(|o| o.freebind = on)
        },
    ),
    // flag: bind(2) to port 0 leaves the port to connect(2).
    row(
        IP_BIND_ADDRESS_NO_PORT,
        |t| Ok(t.shared(|o| o.no_port)?.into()),
        |t, _, v| {
            let on = v.int_or_byte()? != 0;
            t.set_shared(|o| o.no_port = on)
        },
    ),
    // flag: a raw socket's messages begin with an IPv4 header of the program's.
    row(
        IP_HDRINCL,
        |t| Ok(t.datagram(|o| o.header_included).unwrap_or(false).into()),
        |t, _, v| {
            t.raw_only()?;
            let on = v.int_or_byte()? != 0;
            t.set_datagram(|o| o.header_included = on)
        },
    ),
    // flag: kept for connection tracking, which would otherwise reassemble what a raw socket sends.
    row(
        IP_NODEFRAG,
        |t| Ok(t.generic().no_defrag.into()),
        |t, _, v| {
            // About connection tracking, of which there is none: nothing to keep from reassembling.
            t.raw_only()?;
            let on = v.int_or_byte()? != 0;
            t.change(|g| g.no_defrag = on);
            Ok(())
        },
    ),
    // int or byte: packets that have less time to live left are dropped.
    row(
        IP_MINTTL,
        |t| Ok(Value::Int(t.shared(|o| o.min_ttl)?.into())),
        |t, _, v| match v.given_int_or_byte()? {
            ttl @ 0..=255 => t.set_shared(|o| o.min_ttl = ttl as u8),
            _ => Err(Errno::EINVAL),
        },
    ),
    // flag: messages come with the address and port that they were sent to.
    row(
        IP_RECVORIGDSTADDR,
        |t| t.asked(Ancillary::ORIGINAL),
        |t, _, v| t.ask(Ancillary::ORIGINAL, v.int_or_byte()? != 0),
    ),
    // int, network order: the interface that packets to one host leave by.
    row(
        IP_UNICAST_IF,
        |t| Ok(Value::Int((t.generic().unicast_iface.to_be()) as i32)),
        |t, _, v| shared::set_unicast_iface(t, v),
    )
    .text(),
    // int: the port, or a raw socket's protocol.
    // The port, or a raw socket's protocol.
    read_only(IP_PROTOCOL, |t| Ok(Value::Int(t.number().into()))),
    // int or byte: the time to live of what is sent to groups; -1 is the default, 1.
    row(
        IP_MULTICAST_TTL,
        |t| {
            Ok(Value::Int(
                t.datagram(|o| o.multicast_ttl).unwrap_or(1).into(),
            ))
        },
        |t, _, v| {
            if t.stream().is_some() {
                return Err(Errno::EINVAL);
            }
            match v.given_int_or_byte()? {
                -1 => t.set_datagram(|o| o.multicast_ttl = 1),
                ttl @ 0..=255 => t.set_datagram(|o| o.multicast_ttl = ttl as u8),
                _ => Err(Errno::EINVAL),
            }
        },
    ),
    // int or byte: members on this host hear what is sent to groups.
    row(
        IP_MULTICAST_LOOP,
        |t| Ok(t.generic().multicast_loop.into()),
        |t, _, v| {
            let on = v.given_int_or_byte()? != 0;
            shared::set_multicast_loop(t, on)
        },
    ),
    // int or byte: groups that others on this host joined are heard too.
    row(
        IP_MULTICAST_ALL,
        |t| Ok(t.generic().multicast_all.into()),
        |t, _, v| match v.given_int_or_byte()? {
            on @ (0 | 1) => {
                t.change(|g| g.multicast_all = on != 0);
                // An IPv6 socket's own groups are IPV6_MULTICAST_ALL's.
                match t.common.domain() {
                    AF_INET => t.set_datagram(|o| o.multicast_all = on != 0).or(Ok(())),
                    _ => Ok(()),
                }
            }
            _ => Err(Errno::EINVAL),
        },
    ),
    // in_addr, ip_mreq or ip_mreqn: the interface that packets to groups leave by.
    row(
        IP_MULTICAST_IF,
        |t| {
            let iface = t.datagram(|o| o.multicast_iface).unwrap_or(None);
            let address = iface
                .and_then(|iface| first_address(&t.common.net, iface))
                .unwrap_or(Ipv4Addr::UNSPECIFIED);
            Ok(Value::Bytes(address.octets().to_vec()))
        },
        |t, _, v| {
            if t.stream().is_some() {
                return Err(Errno::EINVAL);
            }
            let (address, index) = match v.1 {
                ..4 => return Err(Errno::EINVAL),
                4..8 => (address_at(v, 0)?, 0),
                8..12 => (address_at(v, 4)?, 0),
                _ => (address_at(v, 4)?, v.u32_at(8)?),
            };
            let iface =
                interface(&t.common.net, address, index).map_err(|_| Errno::EADDRNOTAVAIL)?;
            t.set_datagram(|o| o.multicast_iface = iface)
        },
    )
    .text(),
    // ip_mreq or ip_mreqn: joins a group on an interface.
    write_only(IP_ADD_MEMBERSHIP, |t, _, v| membership::of_v4(t, v, true)).text(),
    // ip_mreq or ip_mreqn: leaves a group.
    write_only(IP_DROP_MEMBERSHIP, |t, _, v| membership::of_v4(t, v, false)).text(),
    // group_req: joins a group on an interface.
    write_only(MCAST_JOIN_GROUP, |t, _, v| {
        membership::of_either(t, v, true, AF_INET)
    })
    .text(),
    // group_req: leaves a group.
    write_only(MCAST_LEAVE_GROUP, |t, _, v| {
        membership::of_either(t, v, false, AF_INET)
    })
    .text(),
];

fn first_address(net: &Namespace, iface: IfaceId) -> Option<Ipv4Addr> {
    net.look(|stack| {
        let addresses = &stack.interface(iface)?.addresses;
        addresses
            .iter()
            .find_map(|address| match address.cidr.addr {
                IpAddr::V4(address) => Some(address),
                IpAddr::V6(_) => None,
            })
    })
}
