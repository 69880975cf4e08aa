//! IPPROTO_IPV6. ipv6(7).

use super::{Input, Row, Target, Value, read_only, row, write_only};
use crate::{
    Result,
    net::{socket::generic::Ancillary, stack},
};
use abi::{
    Errno,
    net::{
        IPV6_ADD_MEMBERSHIP, IPV6_CHECKSUM, IPV6_DROP_MEMBERSHIP, IPV6_MTU, IPV6_MTU_DISCOVER,
        IPV6_MULTICAST_HOPS, IPV6_MULTICAST_IF, IPV6_MULTICAST_LOOP, IPV6_PMTUDISC_DO,
        IPV6_PMTUDISC_PROBE, IPV6_PMTUDISC_WANT, IPV6_RECVERR, IPV6_RECVHOPLIMIT, IPV6_RECVPKTINFO,
        IPV6_RECVTCLASS, IPV6_TCLASS, IPV6_UNICAST_HOPS, IPV6_V6ONLY,
    },
};
use core::net::{IpAddr, Ipv6Addr};
use inet::IfaceId;

const DEFAULT_HOPS: u8 = 64;

/// Every option of the level.
pub const ROWS: &[Row] = &[
    row(
        IPV6_V6ONLY,
        |t| Ok(t.shared(|o| o.v6_only)?.into()),
        |t, _, v| {
            let on = v.flag()?;
            // Too late once it has a port.
            if bound_port(t) != 0 {
                return Err(Errno::EINVAL);
            }
            t.set_shared(|o| o.v6_only = on)
        },
    ),
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
    row(
        IPV6_TCLASS,
        |t| Ok(Value::Int(t.shared(|o| o.tos)?.into())),
        |t, _, v| match v.int()? {
            -1 => t.set_shared(|o| o.tos = 0),
            class @ 0..=255 => t.set_shared(|o| o.tos = class as u8),
            _ => Err(Errno::EINVAL),
        },
    ),
    row(
        IPV6_RECVPKTINFO,
        |t| t.asked(Ancillary::PKTINFO6),
        |t, _, v| t.ask(Ancillary::PKTINFO6, v.flag()?),
    ),
    row(
        IPV6_RECVHOPLIMIT,
        |t| t.asked(Ancillary::HOPLIMIT),
        |t, _, v| t.ask(Ancillary::HOPLIMIT, v.flag()?),
    ),
    row(
        IPV6_RECVTCLASS,
        |t| t.asked(Ancillary::TCLASS),
        |t, _, v| t.ask(Ancillary::TCLASS, v.flag()?),
    ),
    row(
        IPV6_RECVERR,
        |t| t.asked(Ancillary::ERRORS6),
        |t, _, v| t.ask(Ancillary::ERRORS6, v.flag()?),
    ),
    row(
        IPV6_MTU_DISCOVER,
        |t| {
            let fragment = t.datagram(|o| !o.dont_fragment).unwrap_or(true);
            Ok(Value::Int(if fragment {
                IPV6_PMTUDISC_WANT
            } else {
                IPV6_PMTUDISC_DO
            } as i32))
        },
        |t, _, v| {
            let mode = v.int()? as u32;
            if mode > abi::net::IPV6_PMTUDISC_OMIT {
                return Err(Errno::EINVAL);
            }
            let never = [IPV6_PMTUDISC_DO, IPV6_PMTUDISC_PROBE].contains(&mode);
            if t.stream().is_some() {
                Ok(())
            } else {
                t.set_datagram(|o| o.dont_fragment = never)
            }
        },
    ),
    read_only(IPV6_MTU, |t| t.peer_mtu()),
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
    row(
        IPV6_MULTICAST_LOOP,
        |t| Ok(t.datagram(|o| o.multicast_loop).unwrap_or(true).into()),
        |t, _, v| {
            let on = v.flag()?;
            t.set_datagram(|o| o.multicast_loop = on).or(Ok(()))
        },
    ),
    row(
        IPV6_MULTICAST_IF,
        |t| {
            Ok(Value::Int(
                t.datagram(|o| o.multicast_iface)?
                    .map_or(0, |iface| iface.0 as i32),
            ))
        },
        |t, _, v| {
            let index = v.int()?;
            let iface = interface(index)?;
            t.set_datagram(|o| o.multicast_iface = iface)
        },
    ),
    row(
        IPV6_CHECKSUM,
        |t| {
            t.raw_only()?;
            Ok(Value::Int(
                t.datagram(|o| o.checksum_offset)?.map_or(-1, i32::from),
            ))
        },
        |t, _, v| {
            t.raw_only()?;
            let offset = v.int()?;
            if offset > 0 && offset & 1 != 0 {
                return Err(Errno::EINVAL);
            }
            t.set_datagram(|o| o.checksum_offset = u16::try_from(offset).ok())
        },
    ),
    write_only(IPV6_ADD_MEMBERSHIP, |t, _, v| membership(t, v, true)),
    write_only(IPV6_DROP_MEMBERSHIP, |t, _, v| membership(t, v, false)),
];

fn bound_port(t: &Target<'_>) -> u16 {
    match (t.stream(), t.dgram()) {
        (Some(stream), _) => stack::look(|stack| stack.tcp_local(stream.id())).port,
        (_, Some(dgram)) => stack::look(|stack| stack.dgram_local(dgram.id())).port,
        _ => 0,
    }
}

/// -1 is the default.
fn hops(v: &Input<'_>) -> Result<Option<u8>> {
    match v.int()? {
        -1 => Ok(None),
        hops @ 0..=255 => Ok(Some(hops as u8)),
        _ => Err(Errno::EINVAL),
    }
}

fn interface(index: i32) -> Result<Option<IfaceId>> {
    match index {
        0 => Ok(None),
        index => {
            let index = u32::try_from(index).map_err(|_| Errno::ENODEV)?;
            let found = stack::look(|stack| stack.interface(IfaceId(index)).map(|iface| iface.id));
            found.map(Some).ok_or(Errno::ENODEV)
        }
    }
}

/// `struct ipv6_mreq`.
fn membership(t: &Target<'_>, v: &Input<'_>, join: bool) -> Result<()> {
    let group: &[u8; 16] = v.0.first_chunk().ok_or(Errno::EINVAL)?;
    let group = IpAddr::V6(Ipv6Addr::from(*group));
    let iface = interface(v.u32_at(16)? as i32)?;
    t.membership(group, iface, join)
}
