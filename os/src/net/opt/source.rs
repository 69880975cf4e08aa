//! Source filters of multicast groups, for SOL_IP and SOL_IPV6. RFC 3678, ip(7).
//!
//! The structures: `ip_mreq_source` (group, interface, source), `ip_msfilter` (group, interface, mode, count, sources),
//! `group_source_req` (interface, group, source as `sockaddr_storage`) and `group_filter`.

use super::{
    Input, Row, Target, Value,
    membership::{address_at, interface, interface_v6},
    row, write_only,
};
use crate::{
    Result,
    mm::UserIn,
    net::{SockAddr, errno::errno},
};
use abi::{
    Errno,
    net::{
        AF_INET, AF_INET6, IP_ADD_SOURCE_MEMBERSHIP, IP_BLOCK_SOURCE, IP_DROP_SOURCE_MEMBERSHIP,
        IP_MSFILTER, IP_UNBLOCK_SOURCE, MCAST_BLOCK_SOURCE, MCAST_JOIN_SOURCE_GROUP,
        MCAST_LEAVE_SOURCE_GROUP, MCAST_MSFILTER, MCAST_UNBLOCK_SOURCE,
    },
};
use alloc::vec::Vec;
use core::net::IpAddr;
use inet::{IfaceId, SourceChange, SourceFilter};

/// net.ipv4.igmp_max_msf, net.ipv6.mld_max_msf: the most sources of one membership.
const MOST_V4: usize = 10;
const MOST_V6: usize = 64;
const MCAST_EXCLUDE: u32 = 0;
const MCAST_INCLUDE: u32 = 1;
/// `IP_MSFILTER_SIZE(0)`, `GROUP_FILTER_SIZE(0)`, and where things are.
const MSFILTER: usize = 16;
const GROUP_FILTER: usize = 144;
const STORAGE: usize = 128;
const GROUP_AT: usize = 8;
const SOURCE_AT: usize = GROUP_AT + STORAGE;
const GROUP_SOURCE_REQ: usize = SOURCE_AT + STORAGE;

/// The options of SOL_IP.
pub(super) const ROWS4: &[Row] = &[
    // ip_mreq_source: a source is heard again.
    write_only(IP_UNBLOCK_SOURCE, |t, _, v| {
        old(t, v, SourceChange::Unblock)
    })
    .text(),
    // ip_mreq_source: a source is not heard.
    write_only(IP_BLOCK_SOURCE, |t, _, v| old(t, v, SourceChange::Block)).text(),
    // ip_mreq_source: joins a group for one source more.
    write_only(IP_ADD_SOURCE_MEMBERSHIP, |t, _, v| {
        old(t, v, SourceChange::Join)
    })
    .text(),
    // ip_mreq_source: for one source less.
    write_only(IP_DROP_SOURCE_MEMBERSHIP, |t, _, v| {
        old(t, v, SourceChange::Leave)
    })
    .text(),
    // ip_msfilter: the whole list of sources to hear, or not to hear.
    row(IP_MSFILTER, get_old_filter, set_old_filter).text(),
    // group_source_req: a source is not heard.
    write_only(MCAST_BLOCK_SOURCE, |t, _, v| {
        new(t, v, SourceChange::Block, AF_INET)
    })
    .text(),
    // group_source_req: a source is heard again.
    write_only(MCAST_UNBLOCK_SOURCE, |t, _, v| {
        new(t, v, SourceChange::Unblock, AF_INET)
    })
    .text(),
    // group_source_req: joins a group for one source more.
    write_only(MCAST_JOIN_SOURCE_GROUP, |t, _, v| {
        new(t, v, SourceChange::Join, AF_INET)
    })
    .text(),
    // group_source_req: for one source less.
    write_only(MCAST_LEAVE_SOURCE_GROUP, |t, _, v| {
        new(t, v, SourceChange::Leave, AF_INET)
    })
    .text(),
    // group_filter: the whole list of sources to hear, or not to hear.
    row(
        MCAST_MSFILTER,
        |t| get_filter(t, AF_INET),
        |t, _, v| set_filter(t, v, AF_INET),
    )
    .text(),
];

/// The options of SOL_IPV6.
pub(super) const ROWS6: &[Row] = &[
    // group_source_req: a source is not heard.
    write_only(MCAST_BLOCK_SOURCE, |t, _, v| {
        new(t, v, SourceChange::Block, AF_INET6)
    }),
    // group_source_req: a source is heard again.
    write_only(MCAST_UNBLOCK_SOURCE, |t, _, v| {
        new(t, v, SourceChange::Unblock, AF_INET6)
    }),
    // group_source_req: joins a group for one source more.
    write_only(MCAST_JOIN_SOURCE_GROUP, |t, _, v| {
        new(t, v, SourceChange::Join, AF_INET6)
    }),
    // group_source_req: for one source less.
    write_only(MCAST_LEAVE_SOURCE_GROUP, |t, _, v| {
        new(t, v, SourceChange::Leave, AF_INET6)
    }),
    // group_filter: the whole list of sources to hear, or not to hear.
    row(
        MCAST_MSFILTER,
        |t| get_filter(t, AF_INET6),
        |t, _, v| set_filter(t, v, AF_INET6),
    ),
];

/// `struct ip_mreq_source`, exactly. `EINVAL`.
fn old(t: &Target<'_>, v: &Input<'_>, change: SourceChange) -> Result<()> {
    if v.1 != 12 {
        return Err(Errno::EINVAL);
    }
    let (group, source) = (address_at(v, 0)?, address_at(v, 8)?);
    if !group.is_multicast() {
        return Err(Errno::EINVAL);
    }
    let iface = interface(&t.common.net, address_at(v, 4)?, 0).or(Err(Errno::ENODEV))?;
    apply(t, (group.into(), source.into()), iface, change)
}

/// `struct group_source_req`. Of SOL_IP it is exactly that long. `EINVAL`, `EADDRNOTAVAIL` for another family.
fn new(t: &Target<'_>, v: &Input<'_>, change: SourceChange, domain: u32) -> Result<()> {
    let bytes: &[u8; GROUP_SOURCE_REQ] = v.bytes()?;
    if domain == AF_INET && v.1 != GROUP_SOURCE_REQ {
        return Err(Errno::EINVAL);
    }
    let group = storage(&bytes[GROUP_AT..], domain, Errno::EADDRNOTAVAIL)?;
    let source = storage(&bytes[SOURCE_AT..], domain, Errno::EADDRNOTAVAIL)?;
    let iface = interface_v6(&t.common.net, v.u32_at(0)? as i32)?;
    apply(t, (group, source), iface, change)
}

fn apply(
    t: &Target<'_>,
    pair: (IpAddr, IpAddr),
    iface: Option<IfaceId>,
    change: SourceChange,
) -> Result<()> {
    let id = t.dgram().ok_or(Errno::EINVAL)?.id();
    let most = most(pair.0.is_ipv4());
    let done = t
        .common
        .net
        .with(|stack, now| stack.dgram_source(now, id, pair, iface, change, most));
    done.map_err(errno)
}

/// IP_MSFILTER, written. `EINVAL`, `ENOBUFS`.
fn set_old_filter(t: &Target<'_>, _: &crate::net::Caller<'_>, v: &Input<'_>) -> Result<()> {
    if v.1 < MSFILTER {
        return Err(Errno::EINVAL);
    }
    let (mode, count) = (v.u32_at(8)?, v.u32_at(12)? as usize);
    if count > MOST_V4 {
        return Err(Errno::ENOBUFS);
    }
    if MSFILTER + count * 4 > v.1 {
        return Err(Errno::EINVAL);
    }
    let sources: Result<Vec<IpAddr>> = (0..count)
        .map(|i| Ok(address_at(v, MSFILTER + i * 4)?.into()))
        .collect();
    let group = address_at(v, 0)?;
    if !group.is_multicast() {
        return Err(Errno::EINVAL);
    }
    let iface = interface(&t.common.net, address_at(v, 4)?, 0).or(Err(Errno::ENODEV))?;
    replace(t, group.into(), iface, mode, sources?)
}

/// MCAST_MSFILTER, written. `EINVAL`, `ENOBUFS`, `EADDRNOTAVAIL`.
fn set_filter(t: &Target<'_>, v: &Input<'_>, domain: u32) -> Result<()> {
    if v.1 < GROUP_FILTER {
        return Err(Errno::EINVAL);
    }
    let (mode, count) = (v.u32_at(SOURCE_AT)?, v.u32_at(SOURCE_AT + 4)? as usize);
    if count > most(domain == AF_INET) {
        return Err(Errno::ENOBUFS);
    }
    if GROUP_FILTER + count * STORAGE > v.1 {
        return Err(Errno::EINVAL);
    }
    let foreign = match domain {
        AF_INET => Errno::EADDRNOTAVAIL,
        _ => Errno::EINVAL,
    };
    let at = |at: usize| v.0.get(at..at + STORAGE).ok_or(Errno::EFAULT);
    let group = storage(at(GROUP_AT)?, domain, foreign)?;
    let sources: Result<Vec<IpAddr>> = (0..count)
        .map(|i| storage(at(GROUP_FILTER + i * STORAGE)?, domain, foreign))
        .collect();
    let iface = interface_v6(&t.common.net, v.u32_at(0)? as i32)?;
    replace(t, group, iface, mode, sources?)
}

fn replace(
    t: &Target<'_>,
    group: IpAddr,
    iface: Option<IfaceId>,
    mode: u32,
    sources: Vec<IpAddr>,
) -> Result<()> {
    if mode != MCAST_EXCLUDE && mode != MCAST_INCLUDE {
        return Err(Errno::EINVAL);
    }
    let id = t.dgram().ok_or(Errno::EINVAL)?.id();
    let filter = SourceFilter {
        exclude: mode == MCAST_EXCLUDE,
        sources,
    };
    let done = t
        .common
        .net
        .with(|stack, now| stack.dgram_set_filter_sources(now, id, group, iface, filter));
    done.map_err(errno)
}

/// IP_MSFILTER, read: group, interface and room for sources are in the program's buffer. `EINVAL`, `EADDRNOTAVAIL`.
fn get_old_filter(t: &Target<'_>) -> Result<Value> {
    let mut bytes = asked(t, MSFILTER)?;
    let v = Input(&bytes, bytes.len());
    let group = address_at(&v, 0)?;
    if !group.is_multicast() {
        return Err(Errno::EINVAL);
    }
    let iface = interface(&t.common.net, address_at(&v, 4)?, 0).or(Err(Errno::ENODEV))?;
    let room = v.u32_at(12)? as usize;
    let filter = filter_of(t, group.into(), iface)?;
    bytes[8..12].copy_from_slice(&mode_of(&filter).to_ne_bytes());
    bytes[12..16].copy_from_slice(&(filter.sources.len() as u32).to_ne_bytes());
    for source in filter.sources.iter().take(room) {
        if let IpAddr::V4(source) = source {
            bytes.extend_from_slice(&source.octets());
        }
    }
    Ok(Value::Bytes(bytes))
}

/// MCAST_MSFILTER, read. `EINVAL`, `EADDRNOTAVAIL`.
fn get_filter(t: &Target<'_>, domain: u32) -> Result<Value> {
    let mut bytes = asked(t, GROUP_FILTER)?;
    let v = Input(&bytes, bytes.len());
    let foreign = match domain {
        AF_INET => Errno::EINVAL,
        _ => Errno::EADDRNOTAVAIL,
    };
    let group = storage(&bytes[GROUP_AT..SOURCE_AT], domain, foreign)?;
    if !group.is_multicast() {
        return Err(Errno::EINVAL);
    }
    let iface = interface_v6(&t.common.net, v.u32_at(0)? as i32)?;
    let room = v.u32_at(SOURCE_AT + 4)? as usize;
    let filter = filter_of(t, group, iface)?;
    bytes[SOURCE_AT..SOURCE_AT + 4].copy_from_slice(&mode_of(&filter).to_ne_bytes());
    bytes[SOURCE_AT + 4..GROUP_FILTER]
        .copy_from_slice(&(filter.sources.len() as u32).to_ne_bytes());
    for source in filter.sources.iter().take(room) {
        let address = SockAddr::from_endpoint(inet::Endpoint::new(*source, 0), domain);
        let mut storage = [0; STORAGE];
        storage[..address.bytes().len()].copy_from_slice(address.bytes());
        bytes.extend_from_slice(&storage);
    }
    Ok(Value::Bytes(bytes))
}

fn filter_of(t: &Target<'_>, group: IpAddr, iface: Option<IfaceId>) -> Result<SourceFilter> {
    let id = t.dgram().ok_or(Errno::EADDRNOTAVAIL)?.id();
    let filter = t
        .common
        .net
        .look(|stack| stack.dgram_filter_sources(id, group, iface));
    filter.map_err(errno)
}

fn mode_of(filter: &SourceFilter) -> u32 {
    match filter.exclude {
        true => MCAST_EXCLUDE,
        false => MCAST_INCLUDE,
    }
}

/// The start of the program's buffer, which is part of the question. `EINVAL`, `EFAULT`.
fn asked(t: &Target<'_>, len: usize) -> Result<Vec<u8>> {
    if t.ask.room < len || i32::try_from(t.ask.room).is_err() {
        return Err(Errno::EINVAL);
    }
    let mut bytes = alloc::vec![0; len];
    match UserIn::new(t.ask.at, len)?.read(&mut bytes)? {
        read if read == len => Ok(bytes),
        _ => Err(Errno::EFAULT),
    }
}

/// The address in a `sockaddr_storage`; `foreign` when it is of another family.
fn storage(bytes: &[u8], domain: u32, foreign: Errno) -> Result<IpAddr> {
    let address = SockAddr::new(bytes);
    match address.family() == domain {
        true => Ok(address.endpoint(domain)?.addr),
        false => Err(foreign),
    }
}

fn most(v4: bool) -> usize {
    if v4 { MOST_V4 } else { MOST_V6 }
}
