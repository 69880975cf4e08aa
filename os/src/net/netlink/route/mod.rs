//! NETLINK_ROUTE: interfaces, addresses, routes, neighbours, rules. rtnetlink(7).
//!
//! A file per object: what a record of it looks like, GET, and what NEW, SET and DEL
//! do to the engine. [`notify`] turns the engine's changes, whoever made them, into
//! messages for the groups.

mod addr;
mod link;
mod local;
mod neigh;
mod netconf;
mod nsid;
mod rule;
mod table;

pub use table::ipv6_route;

use super::{
    Protocol,
    answer::{Answer, Outcome, Refusal, Request},
    port::{self, Datagram},
};
use crate::{net::stack::Namespace, sync::SpinLock};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6},
};
use alloc::vec::Vec;
use core::net::IpAddr;
use inet::Change;
use netlink::{Attribute, Header, flag, route};

/// Who asked for the change that is being made, so that the notification names them: port and sequence number.
static ASKER: SpinLock<(u32, u32)> = SpinLock::new((0, 0));

/// `kind % 4`: what a message type wants.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    New,
    Del,
    Get,
    Set,
}

/// Answers one message. `EPERM` for changes without CAP_NET_ADMIN, `EOPNOTSUPP` for what is not there.
pub fn answer(request: &Request<'_>) -> Outcome {
    let kind = request.header.kind;
    if kind > route::MAX {
        return Err(Errno::EOPNOTSUPP.into());
    }
    // Every message begins with the family, in four bytes.
    let Some(&family) = request.body.first().filter(|_| request.body.len() >= 4) else {
        return Ok(Answer::Done);
    };
    let verb = match kind % 4 {
        0 => Verb::New,
        1 => Verb::Del,
        2 => Verb::Get,
        _ => Verb::Set,
    };
    if verb != Verb::Get && !request.admin {
        return Err(Errno::EPERM.into());
    }
    let family = u32::from(family);
    *ASKER.lock() = (request.header.port, request.header.sequence);
    let outcome = match (kind - kind % 4, verb) {
        (route::NEWLINK, Verb::Get) => link::get(request),
        (route::NEWLINK, Verb::New | Verb::Set) => link::set(request, verb == Verb::New),
        (route::NEWLINK, Verb::Del) => link::del(request),
        (route::NEWADDR, Verb::Get) => addr::get(request, family),
        (route::NEWADDR, Verb::New) => addr::add(request, family),
        (route::NEWADDR, Verb::Del) => addr::del(request, family),
        (route::NEWROUTE, Verb::Get) => table::get(request, family),
        (route::NEWROUTE, Verb::New) => table::add(request, family),
        (route::NEWROUTE, Verb::Del) => table::del(request, family),
        (route::NEWNEIGH, Verb::Get) => neigh::get(request, family),
        (route::NEWNEIGH, Verb::New) => neigh::add(request),
        (route::NEWNEIGH, Verb::Del) => neigh::del(request),
        (route::NEWRULE, Verb::Get) => rule::get(request, family),
        (route::NEWRULE, Verb::New) => rule::add(request, family),
        (route::NEWRULE, Verb::Del) => rule::del(request, family),
        (route::NEWNETCONF, Verb::Get) => netconf::get(request, family),
        (route::NEWNSID, Verb::New) => nsid::add(request),
        (route::NEWNSID, Verb::Get) => nsid::get(request),
        _ => Err(Errno::EOPNOTSUPP.into()),
    };
    *ASKER.lock() = (0, 0);
    outcome
}

/// Tells the groups what changed. Called without the engine's lock.
pub fn notify(net: &Namespace, changes: &[Change]) {
    if changes.is_empty() {
        return;
    }
    for change in changes {
        let (kind, group) = match change {
            Change::Link(_) => (route::NEWLINK, route::group::LINK),
            Change::LinkRemoved(..) => (route::DELLINK, route::group::LINK),
            Change::AddressAdded(_, own) => (route::NEWADDR, addr::group(own.cidr.addr)),
            Change::AddressRemoved(_, own) => (route::DELADDR, addr::group(own.cidr.addr)),
            Change::RouteAdded(row) => (route::NEWROUTE, table::group(row.dst.addr)),
            Change::RouteRemoved(row) => (route::DELROUTE, table::group(row.dst.addr)),
            Change::RuleAdded(rule) => (route::NEWRULE, rule::group(rule)),
            Change::RuleRemoved(rule) => (route::DELRULE, rule::group(rule)),
            Change::Neighbour(_) => (route::NEWNEIGH, route::group::NEIGH),
            Change::NeighbourRemoved(_) => (route::DELNEIGH, route::group::NEIGH),
        };
        if !port::anybody(net, Protocol::Route, group) {
            continue;
        }
        let (port, sequence) = *ASKER.lock();
        let header = Header {
            kind,
            flags: 0,
            sequence,
            port,
        };
        let record = net.look(|stack| match change {
            Change::Link(id) => stack
                .interface(*id)
                .map(|info| link::record(header, net, info)),
            Change::LinkRemoved(id, name, kind) => Some(link::farewell(header, *id, name, *kind)),
            Change::AddressAdded(id, own) | Change::AddressRemoved(id, own) => {
                let info = stack.interface(*id)?;
                Some(addr::record(header, info, own, stack.now()))
            }
            Change::RouteAdded(row) | Change::RouteRemoved(row) => {
                Some(table::record(header, &table::Row::of(row)))
            }
            Change::RuleAdded(rule) | Change::RuleRemoved(rule) => Some(rule::record(header, rule)),
            Change::Neighbour(entry) | Change::NeighbourRemoved(entry) => {
                Some(neigh::record(header, entry))
            }
        });
        let Some(record) = record else { continue };
        let datagram = Datagram {
            bytes: record.into(),
            from: 0,
            group,
            creds: [0; 3],
        };
        port::multicast(net, Protocol::Route, group, &datagram, 0);
    }
}

/// The AF_* of an address.
fn family_of(addr: IpAddr) -> u8 {
    match addr {
        IpAddr::V4(_) => AF_INET as u8,
        IpAddr::V6(_) => AF_INET6 as u8,
    }
}

/// Whether a record of this address belongs into a dump of `family`, where 0 is all.
fn wanted(family: u32, addr: IpAddr) -> bool {
    family == 0 || family == u32::from(family_of(addr))
}

/// An address attribute of the message's family. `EINVAL`.
fn addr_of(attribute: Attribute<'_>, family: u32) -> Result<IpAddr, Refusal> {
    attribute
        .addr()
        .filter(|addr| u32::from(family_of(*addr)) == family)
        .ok_or(Errno::EINVAL.into())
}

/// A 32-bit attribute. `ERANGE`, as Linux says of one that is too short.
fn word_of(attribute: Attribute<'_>) -> Result<u32, Refusal> {
    attribute.u32().ok_or(Errno::ERANGE.into())
}

/// The fixed part of a message, its first `N` bytes. `EINVAL`.
fn fixed<const N: usize>(request: &Request<'_>) -> Result<[u8; N], Refusal> {
    request
        .body
        .first_chunk()
        .copied()
        .ok_or(Errno::EINVAL.into())
}

/// The word at `at` of a fixed part.
fn word_at(fixed: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(core::array::from_fn(|i| fixed[at + i]))
}

/// The header of a dump's records; who asked strictly is told that the dump is filtered.
fn record_header(request: &Request<'_>, kind: u16, filtered: bool) -> Header {
    let mut header = request.record(kind);
    if filtered && request.strict {
        header.flags |= flag::DUMP_FILTERED;
    }
    header
}

/// Done, or the engine's error.
fn done(result: inet::Result<()>) -> Outcome {
    match result {
        Ok(()) => Ok(Answer::Done),
        Err(error) => Err(crate::net::errno::errno(error).into()),
    }
}

/// One record as the answer to a question that is no dump.
fn one(record: Vec<u8>) -> Outcome {
    Ok(Answer::Messages(alloc::vec![record]))
}
