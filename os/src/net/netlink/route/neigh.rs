//! RTM_*NEIGH: who is where on a link. rtnetlink(7), `struct ndmsg`; ip-neighbour(8).

use super::{Outcome, addr_of, done, family_of, fixed, one, record_header, wanted, word_at};
use crate::net::netlink::answer::{Answer, Refusal, Request};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6},
};
use alloc::vec::Vec;
use core::net::IpAddr;
use inet::{IfaceId, Neighbour, NeighbourState};
use netlink::{Attributes, Builder, Header, flag, route, route::neigh};

/// `sizeof(struct ndmsg)`: family, index, state, flags, type.
const NDMSG: usize = 12;

/// NTF_ROUTER.
const NTF_ROUTER: u8 = 0x80;

/// NUD_*.
mod nud {
    pub const INCOMPLETE: u16 = 0x01;
    pub const REACHABLE: u16 = 0x02;
    pub const STALE: u16 = 0x04;
    pub const FAILED: u16 = 0x20;
    pub const PERMANENT: u16 = 0x80;
}

/// A record.
pub fn record(header: Header, entry: &Neighbour) -> Vec<u8> {
    let state = match entry.state {
        NeighbourState::Incomplete => nud::INCOMPLETE,
        NeighbourState::Reachable => nud::REACHABLE,
        NeighbourState::Stale => nud::STALE,
        NeighbourState::Failed => nud::FAILED,
        NeighbourState::Permanent => nud::PERMANENT,
    };
    /// RTN_UNICAST.
    const UNICAST: u8 = 1;
    let mut head = [0; NDMSG];
    head[0] = family_of(entry.addr);
    head[4..8].copy_from_slice(&entry.iface.0.to_ne_bytes());
    head[8..10].copy_from_slice(&state.to_ne_bytes());
    if entry.router {
        head[10] = NTF_ROUTER;
    }
    head[11] = UNICAST;
    let mut b = Builder::message(header, &head);
    b.addr(neigh::DST, entry.addr);
    if state & (nud::INCOMPLETE | nud::FAILED) == 0 {
        b.attr(neigh::LLADDR, &entry.mac);
    }
    b.u32(neigh::PROBES, 0);
    // Confirmed, used, updated: ticks ago, which nobody keeps; references.
    b.words(neigh::CACHEINFO, &[0, 0, 0, 0]);
    b.finish()
}

/// RTM_GETNEIGH: a dump, of one interface when asked; or one entry. `ENOENT`.
pub fn get(request: &Request<'_>, family: u32) -> Outcome {
    if !request.dumps() {
        let (iface, addr, _) = parse(request)?;
        let header = request.reply(route::NEWNEIGH);
        let found = request.net.look(|stack| {
            let mut all = stack.neighbours();
            all.find(|entry| entry.iface == iface && entry.addr == addr)
        });
        return one(record(header, &found.ok_or(Errno::ENOENT)?));
    }
    let only = match fixed::<NDMSG>(request) {
        Ok(head) => Attributes::after(request.body, NDMSG)
            .get(neigh::IFINDEX)
            .and_then(|index| index.u32())
            .unwrap_or(if request.strict { word_at(&head, 4) } else { 0 }),
        Err(_) => 0,
    };
    let header = record_header(request, route::NEWNEIGH, only != 0);
    let records = request.net.look(|stack| {
        let mut records = Vec::new();
        for round in [AF_INET, AF_INET6] {
            let rows = stack.neighbours().filter(|entry| {
                wanted(round, entry.addr)
                    && wanted(family, entry.addr)
                    && (only == 0 || entry.iface.0 == only)
            });
            records.extend(rows.map(|entry| record(header, &entry)));
        }
        records
    });
    Ok(Answer::Dump(records))
}

/// Interface, address and hardware address of a message. `EINVAL`, `ENODEV`.
fn parse(request: &Request<'_>) -> Result<(IfaceId, IpAddr, Option<[u8; 6]>), Refusal> {
    let head: [u8; NDMSG] = fixed(request)?;
    let family = u32::from(head[0]);
    if family != AF_INET && family != AF_INET6 {
        return Err(Errno::EAFNOSUPPORT.into());
    }
    let attributes = Attributes::after(request.body, NDMSG);
    let dst = attributes.get(neigh::DST).ok_or(Refusal::because(
        Errno::EINVAL,
        "Network address not specified",
    ))?;
    let dst = addr_of(dst, family)?;
    let iface = IfaceId(word_at(&head, 4));
    if request.net.look(|stack| stack.interface(iface).is_none()) {
        return Err(Errno::ENODEV.into());
    }
    let mac = match attributes.get(neigh::LLADDR) {
        Some(mac) => Some(
            mac.mac()
                .ok_or(Refusal::because(Errno::EINVAL, "Invalid link address"))?,
        ),
        None => None,
    };
    Ok((iface, dst, mac))
}

/// RTM_NEWNEIGH. `EEXIST`, `ENOENT`, `EINVAL` without a hardware address.
pub fn add(request: &Request<'_>) -> Outcome {
    let (iface, addr, mac) = parse(request)?;
    let head: [u8; NDMSG] = fixed(request)?;
    let state = match u16::from_ne_bytes([head[8], head[9]]) {
        nud::PERMANENT => NeighbourState::Permanent,
        nud::REACHABLE => NeighbourState::Reachable,
        nud::STALE => NeighbourState::Stale,
        _ => return Err(Errno::EOPNOTSUPP.into()),
    };
    let known = request.net.look(|stack| {
        let mut all = stack.neighbours();
        all.find(|entry| entry.iface == iface && entry.addr == addr)
    });
    match known {
        Some(_) if request.has(flag::EXCL) => return Err(Errno::EEXIST.into()),
        None if !request.has(flag::CREATE) => return Err(Errno::ENOENT.into()),
        _ => {}
    }
    let mac = mac.or(known.map(|entry| entry.mac)).ok_or(Errno::EINVAL)?;
    done(
        request
            .net
            .with(|stack, now| stack.set_neighbour(now, iface, addr, mac, state)),
    )
}

/// RTM_DELNEIGH. `ENOENT`.
pub fn del(request: &Request<'_>) -> Outcome {
    let (iface, addr, _) = parse(request)?;
    match request
        .net
        .with(|stack, _| stack.remove_neighbour(iface, addr))
    {
        Err(inet::Error::NotFound) => Err(Errno::ENOENT.into()),
        gone => done(gone),
    }
}
