//! IPPROTO_IP. ip(7).

use super::{Input, Row, Target, Value, read_only, row, write_only};
use crate::{
    Result,
    net::{CAP_NET_ADMIN, CAP_NET_RAW, socket::generic::Ancillary, stack},
};
use abi::{
    Errno,
    net::{
        IP_ADD_MEMBERSHIP, IP_BIND_ADDRESS_NO_PORT, IP_DROP_MEMBERSHIP, IP_FREEBIND, IP_HDRINCL,
        IP_MTU, IP_MTU_DISCOVER, IP_MULTICAST_ALL, IP_MULTICAST_IF, IP_MULTICAST_LOOP,
        IP_MULTICAST_TTL, IP_PKTINFO, IP_PMTUDISC_DO, IP_PMTUDISC_PROBE, IP_PMTUDISC_WANT,
        IP_RECVERR, IP_RECVTOS, IP_RECVTTL, IP_TOS, IP_TRANSPARENT, IP_TTL,
    },
};
use core::net::{IpAddr, Ipv4Addr};
use inet::IfaceId;

const DEFAULT_TTL: u8 = 64;

/// Every option of the level.
pub const ROWS: &[Row] = &[
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
    row(
        IP_TTL,
        |t| {
            Ok(Value::Int(
                t.shared(|o| o.ttl)?.unwrap_or(DEFAULT_TTL).into(),
            ))
        },
        |t, _, v| match v.int_or_byte()? {
            -1 => t.set_shared(|o| o.ttl = None),
            ttl @ 1..=255 => t.set_shared(|o| o.ttl = Some(ttl as u8)),
            _ => Err(Errno::EINVAL),
        },
    ),
    row(
        IP_PKTINFO,
        |t| t.asked(Ancillary::PKTINFO),
        |t, _, v| t.ask(Ancillary::PKTINFO, v.int_or_byte()? != 0),
    ),
    row(
        IP_RECVTTL,
        |t| t.asked(Ancillary::TTL),
        |t, _, v| t.ask(Ancillary::TTL, v.int_or_byte()? != 0),
    ),
    row(
        IP_RECVTOS,
        |t| t.asked(Ancillary::TOS),
        |t, _, v| t.ask(Ancillary::TOS, v.int_or_byte()? != 0),
    ),
    row(
        IP_RECVERR,
        |t| t.asked(Ancillary::ERRORS),
        |t, _, v| t.ask(Ancillary::ERRORS, v.int_or_byte()? != 0),
    ),
    row(
        IP_MTU_DISCOVER,
        |t| {
            let fragment = t.datagram(|o| !o.dont_fragment).unwrap_or(true);
            Ok(Value::Int(if fragment {
                IP_PMTUDISC_WANT
            } else {
                IP_PMTUDISC_DO
            } as i32))
        },
        |t, _, v| {
            let mode = v.int_or_byte()? as u32;
            if mode > abi::net::IP_PMTUDISC_OMIT {
                return Err(Errno::EINVAL);
            }
            let never = [IP_PMTUDISC_DO, IP_PMTUDISC_PROBE].contains(&mode);
            // TCP never fragments whatever it is told.
            if t.stream().is_some() {
                Ok(())
            } else {
                t.set_datagram(|o| o.dont_fragment = never)
            }
        },
    ),
    read_only(IP_MTU, |t| t.peer_mtu()),
    row(
        IP_FREEBIND,
        |t| Ok(t.shared(|o| o.freebind)?.into()),
        |t, _, v| {
            let on = v.int_or_byte()? != 0;
            t.set_shared(|o| o.freebind = on)
        },
    ),
    row(
        IP_TRANSPARENT,
        |t| Ok(t.shared(|o| o.freebind)?.into()),
        |t, cx, v| {
            let on = v.int_or_byte()? != 0;
            if on && !cx.capable(CAP_NET_ADMIN) && !cx.capable(CAP_NET_RAW) {
                return Err(Errno::EPERM);
            }
            t.set_shared(|o| o.freebind = on)
        },
    ),
    row(
        IP_BIND_ADDRESS_NO_PORT,
        |t| Ok(t.shared(|o| o.no_port)?.into()),
        |t, _, v| {
            let on = v.int_or_byte()? != 0;
            t.set_shared(|o| o.no_port = on)
        },
    ),
    row(
        IP_HDRINCL,
        |t| {
            t.raw_only()?;
            Ok(t.datagram(|o| o.header_included)?.into())
        },
        |t, _, v| {
            t.raw_only()?;
            let on = v.int_or_byte()? != 0;
            t.set_datagram(|o| o.header_included = on)
        },
    ),
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
            match v.int_or_byte()? {
                -1 => t.set_datagram(|o| o.multicast_ttl = 1),
                ttl @ 0..=255 => t.set_datagram(|o| o.multicast_ttl = ttl as u8),
                _ => Err(Errno::EINVAL),
            }
        },
    ),
    row(
        IP_MULTICAST_LOOP,
        |t| Ok(t.datagram(|o| o.multicast_loop).unwrap_or(true).into()),
        |t, _, v| {
            let on = v.int_or_byte()? != 0;
            t.set_datagram(|o| o.multicast_loop = on).or(Ok(()))
        },
    ),
    row(
        IP_MULTICAST_ALL,
        |t| Ok(t.datagram(|o| o.multicast_all).unwrap_or(true).into()),
        |t, _, v| match v.int_or_byte()? {
            on @ (0 | 1) => t.set_datagram(|o| o.multicast_all = on != 0).or(Ok(())),
            _ => Err(Errno::EINVAL),
        },
    ),
    row(
        IP_MULTICAST_IF,
        |t| {
            let iface = t.datagram(|o| o.multicast_iface)?;
            let address = iface
                .and_then(first_address)
                .unwrap_or(Ipv4Addr::UNSPECIFIED);
            Ok(Value::Bytes(address.octets().to_vec()))
        },
        |t, _, v| {
            let (address, index) = match v.0.len() {
                ..4 => return Err(Errno::EINVAL),
                4..8 => (address_at(v, 0)?, 0),
                8..12 => (address_at(v, 4)?, 0),
                _ => (address_at(v, 4)?, v.u32_at(8)?),
            };
            let iface = interface(address, index)?;
            t.set_datagram(|o| o.multicast_iface = iface)
        },
    ),
    write_only(IP_ADD_MEMBERSHIP, |t, _, v| membership(t, v, true)),
    write_only(IP_DROP_MEMBERSHIP, |t, _, v| membership(t, v, false)),
];

fn address_at(v: &Input<'_>, at: usize) -> Result<Ipv4Addr> {
    Ok(Ipv4Addr::from(v.u32_at(at)?.to_ne_bytes()))
}

fn first_address(iface: IfaceId) -> Option<Ipv4Addr> {
    stack::look(|stack| {
        let addresses = &stack.interface(iface)?.addresses;
        addresses
            .iter()
            .find_map(|address| match address.cidr.addr {
                IpAddr::V4(address) => Some(address),
                IpAddr::V6(_) => None,
            })
    })
}

/// The interface with an index, or with a local address; neither: the route decides. `ENODEV`, `EADDRNOTAVAIL`.
fn interface(address: Ipv4Addr, index: u32) -> Result<Option<IfaceId>> {
    stack::look(|stack| {
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

/// `struct ip_mreq` or `ip_mreqn`.
fn membership(t: &Target<'_>, v: &Input<'_>, join: bool) -> Result<()> {
    let group = IpAddr::V4(address_at(v, 0)?);
    let index = if v.0.len() >= 12 { v.u32_at(8)? } else { 0 };
    let iface = interface(address_at(v, 4)?, index)?;
    t.membership(group, iface, join)
}
