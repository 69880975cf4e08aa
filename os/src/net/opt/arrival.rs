//! What a stream tells of the packets that it got, by getsockopt(2) because there are no messages to tell it with: IP_PKTOPTIONS,
//! IPV6_2292PKTOPTIONS. RFC 2292 section 2.1, RFC 3542 section 4.1.
//!
//! Both answer control messages, those that the socket's IP_RECV* and IPV6_RECV* ask for, cut to the program's room.

use super::{Target, Value};
use crate::{
    Result,
    net::{
        Control,
        inet::dgram::headers::{NAMES, NAMES_2292, push_extensions},
        socket::generic::Ancillary,
    },
};
use abi::{
    Errno,
    net::{
        IP_PKTINFO, IP_TOS, IP_TTL, IPV6_2292HOPLIMIT, IPV6_2292PKTINFO, IPV6_FLOWINFO,
        IPV6_HOPLIMIT, IPV6_PKTINFO, IPV6_TCLASS, SOL_IP, SOL_IPV6,
    },
};
use alloc::vec::Vec;
use core::net::IpAddr;
use inet::{Heard, extension_headers};

/// What is told as long as nothing was heard: the defaults for groups.
const NOTHING: Heard = Heard {
    iface: 0,
    ttl: 1,
    tos: 0,
    flow: 0,
};

/// What was heard, and the network headers of the packet where they were more than the fixed one. `ENOPROTOOPT` on other sockets.
fn heard(t: &Target<'_>) -> Result<(Heard, Vec<u8>)> {
    let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
    Ok(t.common.net.look(|stack| {
        let heard = stack.tcp_heard(id);
        heard.map_or((NOTHING, Vec::new()), |(heard, front)| {
            (heard, front.to_vec())
        })
    }))
}

/// IP_PKTOPTIONS: of an accepted stream's first packet.
pub(super) fn of_v4(t: &Target<'_>) -> Result<Value> {
    let (heard, _) = heard(t)?;
    let mut control = Control::with_room(t.ask.room);
    let asked = |what| t.generic().ancillary.contains(what);
    let ip = SOL_IP as i32;
    if asked(Ancillary::PKTINFO) {
        let stream = t.stream().ok_or(Errno::ENOPROTOOPT)?;
        let local = t.common.net.look(|stack| stack.tcp_local(stream.id()));
        let local = match local.addr.to_canonical() {
            IpAddr::V4(local) => local.octets(),
            IpAddr::V6(_) => [0; 4],
        };
        let info = [heard.iface.to_ne_bytes(), local, local].concat();
        control.push(ip, IP_PKTINFO as i32, &info);
    }
    if asked(Ancillary::TTL) {
        let ttl = i32::from(heard.ttl).to_ne_bytes();
        control.push(ip, IP_TTL as i32, &ttl);
    }
    if asked(Ancillary::TOS) {
        let tos = i32::from(heard.tos).to_ne_bytes();
        control.push(ip, IP_TOS as i32, &tos);
    }
    Ok(Value::Bytes(control.bytes().to_vec()))
}

/// IPV6_2292PKTOPTIONS: of the latest packet, or of an accepted stream's first.
pub(super) fn of_v6(t: &Target<'_>) -> Result<Value> {
    let (heard, front) = heard(t)?;
    let generic = t.generic();
    let mut control = Control::with_room(t.ask.room);
    let info = packet_info(t, &heard, !front.is_empty())?;
    let hops = i32::from(heard.ttl).to_ne_bytes();
    let class = i32::from(heard.tos).to_ne_bytes();
    let flow = heard.flow.to_be_bytes();
    for (what, kind, data) in [
        (Ancillary::PKTINFO6, IPV6_PKTINFO, &info[..]),
        (Ancillary::HOPLIMIT, IPV6_HOPLIMIT, &hops),
        (Ancillary::TCLASS, IPV6_TCLASS, &class),
        (Ancillary::PKTINFO_2292, IPV6_2292PKTINFO, &info),
        (Ancillary::HOPLIMIT_2292, IPV6_2292HOPLIMIT, &hops),
        (Ancillary::FLOW, IPV6_FLOWINFO, &flow),
    ] {
        if generic.ancillary.contains(what) {
            control.push(SOL_IPV6 as i32, kind as i32, data);
        }
    }
    for names in [NAMES, NAMES_2292] {
        push_extensions(&mut control, extension_headers(&front), &names, &generic);
    }
    Ok(Value::Bytes(control.bytes().to_vec()))
}

/// `struct in6_pktinfo`: where a packet came from, or what IPV6_PKTINFO said.
fn packet_info(t: &Target<'_>, heard: &Heard, whole: bool) -> Result<[u8; 20]> {
    if heard.iface == 0 {
        return Ok(t.generic().packet_info);
    }
    let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
    // Without a packet at hand, Linux says the peer's address.
    let addr = t.common.net.look(|stack| match whole {
        true => Some(stack.tcp_local(id)),
        false => stack.tcp_last_peer(id),
    });
    let addr = match addr.map(|at| at.addr) {
        Some(IpAddr::V6(addr)) => addr,
        Some(IpAddr::V4(addr)) => addr.to_ipv6_mapped(),
        None => core::net::Ipv6Addr::UNSPECIFIED,
    };
    let mut info = [0; 20];
    info[..16].copy_from_slice(&addr.octets());
    info[16..].copy_from_slice(&heard.iface.to_ne_bytes());
    Ok(info)
}
