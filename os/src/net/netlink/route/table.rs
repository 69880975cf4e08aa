//! RTM_*ROUTE: the routing tables. rtnetlink(7), `struct rtmsg`; ip-route(8).

use super::{Outcome, addr_of, family_of, fixed, local, one, record_header, word_at, word_of};
use crate::net::{
    errno::errno,
    netlink::answer::{Answer, Refusal, Request},
    stack::Namespace,
};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6},
};
use alloc::{string::String, vec::Vec};
use core::{
    cmp::Ordering,
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};
use inet::{Cidr, Flow, IfaceId, Route, RouteKind, Stack};
use netlink::{
    Attributes, Builder, Header, flag, route,
    route::{rta, rtn, scope, table},
};

/// `sizeof(struct rtmsg)`: family, two prefix lengths, TOS, table, protocol, scope, type, flags.
const RTMSG: usize = 12;
/// RTM_F_CLONED: the answer to a lookup, and RTM_F_FIB_MATCH: the row is wanted instead.
const CLONED: u32 = 0x200;
const FIB_MATCH: u32 = 0x2000;
/// RTM_F_LOOKUP_TABLE: say which table it was, else it is always main.
const LOOKUP_TABLE: u32 = 0x1000;
/// RTNH_F_LINKDOWN.
const LINKDOWN: u32 = 16;
/// RTCF_LOCAL of Linux's cached routes.
const CACHED_LOCAL: u32 = 0x8000_0000;
/// IP6_RT_PRIO_USER: the metric of an IPv6 route that came without.
const METRIC_V6: u32 = 1024;

/// A row as it is shown.
#[derive(Clone, Copy)]
pub struct Row {
    pub route: Route,
    /// RT_TABLE_*.
    pub table: u32,
    /// RTN_*.
    pub kind: u8,
    pub scope: u8,
    /// The answer to a lookup.
    pub cloned: bool,
    /// RTNH_F_LINKDOWN: its interface is up, but has no carrier. Told by dumps only.
    pub linkdown: bool,
}

impl Row {
    /// A row of the engine.
    pub fn of(row: &Route) -> Row {
        let kind = match row.kind {
            RouteKind::Unicast => rtn::UNICAST,
            RouteKind::Blackhole => rtn::BLACKHOLE,
            RouteKind::Unreachable => rtn::UNREACHABLE,
            RouteKind::Prohibit => rtn::PROHIBIT,
            RouteKind::Throw => rtn::THROW,
        };
        let direct = row.gateway.is_none() && kind == rtn::UNICAST && row.dst.addr.is_ipv4();
        Row {
            route: *row,
            table: row.table,
            kind,
            scope: if direct { scope::LINK } else { scope::UNIVERSE },
            cloned: false,
            linkdown: false,
        }
    }
}

/// The group of notifications.
pub fn group(addr: IpAddr) -> u32 {
    match addr {
        IpAddr::V4(_) => route::group::IPV4_ROUTE,
        IpAddr::V6(_) => route::group::IPV6_ROUTE,
    }
}

/// A record.
pub fn record(header: Header, row: &Row) -> Vec<u8> {
    let Row {
        route,
        table,
        kind,
        scope,
        cloned,
        linkdown,
    } = *row;
    let v4 = route.dst.addr.is_ipv4();
    let mut flags = if linkdown { LINKDOWN } else { 0 };
    if cloned {
        flags |= CLONED;
        if kind == rtn::LOCAL && v4 {
            flags |= CACHED_LOCAL;
        }
    }
    let mut head = [0; RTMSG];
    head[..8].copy_from_slice(&[
        family_of(route.dst.addr),
        route.dst.prefix,
        0,
        0,
        // RT_TABLE_COMPAT: the attribute says which.
        u8::try_from(table).unwrap_or(252),
        route.protocol,
        scope,
        kind,
    ]);
    head[8..].copy_from_slice(&flags.to_ne_bytes());
    let mut b = Builder::message(header, &head);
    b.u32(rta::TABLE, table);
    if route.dst.prefix > 0 {
        b.addr(rta::DST, route.dst.addr);
    }
    if let Some(source) = route.source {
        b.addr(rta::PREFSRC, source);
    }
    if !v4 || route.metric != 0 {
        b.u32(rta::PRIORITY, route.metric);
    }
    if let Some(gateway) = route.gateway {
        b.addr(rta::GATEWAY, gateway);
    }
    // Linux shows lo for IPv6 routes that lead nowhere, and nothing for IPv4 ones.
    if route.kind == RouteKind::Unicast {
        b.u32(rta::OIF, route.iface.0);
    } else if !v4 {
        b.u32(rta::OIF, IfaceId::LO.0);
    }
    if route.mtu != 0 {
        let metrics = b.nest_plain(rta::METRICS);
        b.u32(rta::AX_MTU, route.mtu);
        b.end(metrics);
    }
    if v4 && cloned {
        // Of the process that asks; only its presence matters to who prints it.
        b.u32(rta::UID, 0);
    }
    if cloned || !v4 {
        let errno = match (route.kind, v4) {
            (RouteKind::Unicast, _) | (_, true) => 0,
            (RouteKind::Unreachable, _) => Errno::EHOSTUNREACH.number(),
            (RouteKind::Prohibit, _) => Errno::EACCES.number(),
            (RouteKind::Blackhole, _) => Errno::EINVAL.number(),
            (RouteKind::Throw, _) => Errno::EAGAIN.number(),
        };
        // `struct rta_cacheinfo`: the fourth word is the error.
        b.words(rta::CACHEINFO, &[0, 0, 0, (-errno) as u32, 0, 0, 0, 0]);
    }
    if !v4 {
        // ICMPV6_ROUTER_PREF_MEDIUM.
        b.u8(rta::PREF, 0);
    }
    b.finish()
}

/// Linux's order: IPv4 by address, of one address the longest prefix first; IPv6 what
/// lies inside another prefix before that one. Then the metric.
fn order(a: &Row, b: &Row) -> Ordering {
    let (one, other) = (a.route.dst, b.route.dst);
    let inside = match (one.prefix, other.prefix) {
        (x, y) if one.addr.is_ipv6() && x < y && one.contains(other.addr) => Ordering::Greater,
        (x, y) if one.addr.is_ipv6() && x > y && other.contains(one.addr) => Ordering::Less,
        _ => Ordering::Equal,
    };
    let rank = |row: &Row| match row.table {
        Route::MAIN => 0,
        table => table,
    };
    rank(a)
        .cmp(&rank(b))
        .then(inside)
        .then(one.addr.cmp(&other.addr))
        .then(other.prefix.cmp(&one.prefix))
        .then(a.route.metric.cmp(&b.route.metric))
}

/// Every row, main table first.
fn rows(stack: &Stack, v6: bool) -> Vec<Row> {
    let main = stack.routes().iter();
    let main = main.filter(|row| row.dst.addr.is_ipv6() == v6).map(Row::of);
    let mut main: Vec<Row> = main.collect();
    main.sort_by(order);
    let mut local = local::rows(stack, v6);
    local.sort_by(order);
    // Two addresses may share a broadcast address or a network.
    local.dedup_by(|a, b| a.route.dst == b.route.dst && a.route.iface == b.route.iface && v6);
    main.append(&mut local);
    for row in &mut main {
        let info = stack.interface(row.route.iface);
        row.linkdown = info.is_some_and(|info| !info.carrier) && row.scope != scope::HOST;
    }
    main
}

/// RTM_GETROUTE: a dump, or which way a packet would go.
pub fn get(request: &Request<'_>, family: u32) -> Outcome {
    if !request.dumps() {
        return lookup(request, family);
    }
    let filter = match (request.strict, fixed::<RTMSG>(request)) {
        (true, Ok(head)) => Filter::of(&head, &Attributes::after(request.body, RTMSG)),
        _ => Filter::default(),
    };
    let header = record_header(request, route::NEWROUTE, filter.any());
    let records = request.net.look(|stack| {
        let mut records = Vec::new();
        for (v6, of) in [(false, AF_INET), (true, AF_INET6)] {
            if family != 0 && family != of {
                continue;
            }
            let kept = rows(stack, v6).into_iter().filter(|row| filter.takes(row));
            records.extend(kept.map(|row| record(header, &row)));
        }
        records
    });
    Ok(Answer::Dump(records))
}

/// What a strict dump is limited to; 0 is no limit.
#[derive(Default)]
struct Filter {
    table: u32,
    protocol: u8,
    kind: u8,
    iface: u32,
}

impl Filter {
    fn of(head: &[u8; RTMSG], attributes: &Attributes<'_>) -> Filter {
        let word = |kind| attributes.get(kind).and_then(|a| a.u32());
        Filter {
            table: word(rta::TABLE).unwrap_or(u32::from(head[4])),
            protocol: head[5],
            kind: head[7],
            iface: word(rta::OIF).unwrap_or(0),
        }
    }

    fn any(&self) -> bool {
        self.table != 0 || self.protocol != 0 || self.kind != 0 || self.iface != 0
    }

    fn takes(&self, row: &Row) -> bool {
        (self.table == 0 || self.table == row.table)
            && (self.protocol == 0 || self.protocol == row.route.protocol)
            && (self.kind == 0 || self.kind == row.kind)
            && (self.iface == 0
                || self.iface == row.route.iface.0 && row.route.kind == RouteKind::Unicast)
    }
}

/// `ip route get`. `ENETUNREACH` and what a route says instead.
fn lookup(request: &Request<'_>, family: u32) -> Outcome {
    let head: [u8; RTMSG] = fixed(request)?;
    if family != AF_INET && family != AF_INET6 {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let attributes = Attributes::after(request.body, RTMSG);
    let dst = match attributes.get(rta::DST) {
        Some(dst) => addr_of(dst, family)?,
        None => unspecified(family),
    };
    let via = match attributes.get(rta::OIF) {
        Some(oif) => Some(IfaceId(word_of(oif)?)).filter(|id| id.0 != 0),
        None => None,
    };
    let source = match attributes.get(rta::SRC) {
        Some(source) => Some(addr_of(source, family)?),
        None => None,
    };
    let mark = attributes.get(rta::MARK).map_or(Ok(0), word_of)?;
    let header = request.reply(route::NEWROUTE);
    let fib = word_at(&head, 8) & FIB_MATCH != 0;
    let table_wanted = word_at(&head, 8) & LOOKUP_TABLE != 0;
    request.net.look(|stack| {
        if via.is_some_and(|id| stack.interface(id).is_none()) {
            return Err(Errno::ENODEV.into());
        }
        let flow = Flow {
            via,
            source,
            mark,
            tos: head[3],
            ..Flow::to(dst)
        };
        let way = stack.select_route_for(&flow).map_err(|error| match error {
            inet::Error::AddrNotAvailable => Errno::ENETUNREACH,
            error => errno(error),
        })?;
        let matching = rows(stack, dst.is_ipv6())
            .into_iter()
            .filter(|row| {
                row.route.dst.contains(dst) && (way.local == (row.table == table::LOCAL.into()))
            })
            .filter(|row| way.local || row.route.iface == way.iface && row.table == way.table)
            .max_by_key(|row| (row.route.dst.prefix, u32::MAX - row.route.metric));
        if fib {
            return one(record(header, &matching.ok_or(Errno::EHOSTUNREACH)?));
        }
        let most = if dst.is_ipv4() { 32 } else { 128 };
        let found = Row {
            route: Route {
                mtu: matching.map_or(0, |row| row.route.mtu),
                source: Some(way.source),
                gateway: Some(way.next_hop).filter(|hop| *hop != dst),
                metric: matching
                    .filter(|_| dst.is_ipv6())
                    .map_or(0, |row| row.route.metric),
                protocol: matching
                    .filter(|_| dst.is_ipv6())
                    .map_or(0, |row| row.route.protocol),
                ..Route::on_link(
                    Cidr {
                        addr: dst,
                        prefix: most,
                    },
                    way.iface,
                )
            },
            table: match way.local && (table_wanted || dst.is_ipv6()) {
                true => table::LOCAL.into(),
                // IPv4 says which only when it was asked.
                false => matching
                    .filter(|_| table_wanted || dst.is_ipv6())
                    .map_or(Route::MAIN, |row| row.table),
            },
            kind: match () {
                () if way.local => rtn::LOCAL,
                () if way.broadcast => rtn::BROADCAST,
                () if dst.is_multicast() => rtn::MULTICAST,
                () => rtn::UNICAST,
            },
            scope: scope::UNIVERSE,
            cloned: true,
            linkdown: false,
        };
        one(record(header, &found))
    })
}

fn unspecified(family: u32) -> IpAddr {
    match family {
        AF_INET => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        _ => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

/// What RTM_NEWROUTE and RTM_DELROUTE say.
struct Wish {
    dst: Cidr,
    kind: u8,
    protocol: u8,
    scope: u8,
    gateway: Option<IpAddr>,
    iface: Option<IfaceId>,
    source: Option<IpAddr>,
    metric: Option<u32>,
    table: u32,
    mtu: u32,
}

impl Wish {
    /// `EOPNOTSUPP` for what routes here do not have: metrics but the MTU, several hops, encapsulation.
    fn of(request: &Request<'_>, family: u32) -> Result<Wish, Refusal> {
        let head: [u8; RTMSG] = fixed(request)?;
        if family != AF_INET && family != AF_INET6 {
            return Err(Errno::EOPNOTSUPP.into());
        }
        let mut table = u32::from(head[4]);
        let mut wish = Wish {
            dst: Cidr::new(unspecified(family), head[1])
                .ok_or(Refusal::because(Errno::EINVAL, "Invalid prefix length"))?,
            kind: head[7],
            protocol: head[5],
            scope: head[6],
            gateway: None,
            iface: None,
            source: None,
            metric: None,
            table: 0,
            mtu: 0,
        };
        if head[2] != 0 || head[3] != 0 {
            return Err(Errno::EOPNOTSUPP.into());
        }
        for attribute in Attributes::after(request.body, RTMSG) {
            match attribute.kind {
                rta::DST => wish.dst.addr = addr_of(attribute, family)?,
                rta::OIF => wish.iface = Some(IfaceId(word_of(attribute)?)).filter(|id| id.0 != 0),
                rta::GATEWAY => wish.gateway = Some(addr_of(attribute, family)?),
                rta::PREFSRC => wish.source = Some(addr_of(attribute, family)?),
                rta::PRIORITY => wish.metric = Some(word_of(attribute)?),
                rta::TABLE => table = word_of(attribute)?,
                rta::PREF => {}
                rta::METRICS => {
                    for metric in attribute.nested() {
                        match metric.kind {
                            rta::AX_MTU => wish.mtu = word_of(metric)?,
                            _ => return Err(Errno::EOPNOTSUPP.into()),
                        }
                    }
                }
                _ => return Err(Errno::EOPNOTSUPP.into()),
            }
        }
        // The local table follows from the addresses.
        wish.table = match table {
            0 => Route::MAIN,
            table if table == u32::from(table::LOCAL) => return Err(Errno::EOPNOTSUPP.into()),
            table => table,
        };
        if wish.dst.network() != wish.dst {
            return Err(Refusal::because(
                Errno::EINVAL,
                "Invalid prefix for given prefix length",
            ));
        }
        wish.gateway = wish.gateway.filter(|gateway| !gateway.is_unspecified());
        Ok(wish)
    }

    fn metric(&self) -> u32 {
        match self.metric {
            None | Some(0) if self.dst.addr.is_ipv6() => METRIC_V6,
            metric => metric.unwrap_or(0),
        }
    }

    /// The row that it describes. `ENODEV`, `ENETDOWN`, `ENETUNREACH`, `EINVAL`.
    fn row(&self, stack: &Stack) -> Result<Route, Refusal> {
        let kind = match self.kind {
            rtn::UNICAST => RouteKind::Unicast,
            rtn::BLACKHOLE => RouteKind::Blackhole,
            rtn::UNREACHABLE => RouteKind::Unreachable,
            rtn::PROHIBIT => RouteKind::Prohibit,
            rtn::THROW => RouteKind::Throw,
            _ => return Err(Errno::EINVAL.into()),
        };
        let route = Route {
            gateway: self.gateway,
            source: self.source,
            metric: self.metric(),
            kind,
            protocol: self.protocol,
            table: self.table,
            mtu: self.mtu,
            ..Route::on_link(self.dst, IfaceId::LO)
        };
        if kind != RouteKind::Unicast {
            return Ok(route);
        }
        if let Some(source) = self.source
            && !stack.is_local(source)
        {
            return Err(Refusal::because(Errno::EINVAL, "Invalid prefsrc address"));
        }
        let bad_gateway = || Refusal::because(Errno::ENETUNREACH, "Nexthop has invalid gateway");
        let iface = match (self.iface, self.gateway) {
            (Some(iface), _) => iface,
            (None, None) => return Err(Errno::ENODEV.into()),
            (None, Some(gateway)) => {
                if stack.is_local(gateway) {
                    return Err(Refusal::because(
                        Errno::EINVAL,
                        "Nexthop has invalid gateway",
                    ));
                }
                let way = stack
                    .select_route(gateway, None)
                    .map_err(|_| bad_gateway())?;
                // A gateway behind another one is no gateway.
                if way.next_hop != gateway {
                    return Err(bad_gateway());
                }
                way.iface
            }
        };
        let info = stack.interface(iface).ok_or(Errno::ENODEV)?;
        if !info.up {
            return Err(Refusal::because(
                Errno::ENETDOWN,
                "Device for nexthop is not up",
            ));
        }
        Ok(Route { iface, ..route })
    }

    /// Whether RTM_DELROUTE means this row.
    fn means(&self, row: &Route) -> bool {
        let shown = Row::of(row);
        row.dst == self.dst
            && row.table == self.table
            && self
                .metric
                .is_none_or(|metric| metric == 0 || metric == row.metric)
            && (self.kind == 0 || self.kind == shown.kind)
            && (self.protocol == 0 || self.protocol == row.protocol)
            && (self.dst.addr.is_ipv6()
                || self.scope == scope::NOWHERE
                || self.scope == shown.scope)
            && self
                .gateway
                .is_none_or(|gateway| row.gateway == Some(gateway))
            && self.iface.is_none_or(|iface| row.iface == iface)
            && self.source.is_none_or(|source| row.source == Some(source))
    }
}

/// RTM_NEWROUTE. `EEXIST`, `ENOENT` (without NLM_F_CREATE), and those of the row.
pub fn add(request: &Request<'_>, family: u32) -> Outcome {
    let wish = Wish::of(request, family)?;
    request.net.with(|stack, _| {
        let row = wish.row(stack)?;
        let same = |known: &Route| {
            known.dst == row.dst && known.metric == row.metric && known.table == row.table
        };
        let exists = stack.routes().iter().any(same);
        match exists {
            true if request.has(flag::EXCL) => return Err(Errno::EEXIST.into()),
            true if request.has(flag::REPLACE) => {
                // Found just now, under the same lock.
                let _ = stack.take_route(same);
            }
            false if !request.has(flag::CREATE) => return Err(Errno::ENOENT.into()),
            _ => {}
        }
        match stack.add_route(row) {
            Ok(()) => Ok(Answer::Done),
            Err(inet::Error::NetUnreachable) => Err(Refusal::because(
                Errno::ENETUNREACH,
                "Nexthop has invalid gateway",
            )),
            Err(error) => Err(errno(error).into()),
        }
    })
}

/// RTM_DELROUTE. `ESRCH`.
pub fn del(request: &Request<'_>, family: u32) -> Outcome {
    let wish = Wish::of(request, family)?;
    request
        .net
        .with(|stack, _| match stack.take_route(|row| wish.means(row)) {
            Ok(_) => Ok(Answer::Done),
            Err(error) => Err(errno(error).into()),
        })
}

/// /proc/net/ipv6_route: destination, source, next hop, metric, references, uses, flags. proc_net(5).
pub fn ipv6_route(net: &Namespace) -> String {
    const RTF_UP: u32 = 0x1;
    const RTF_GATEWAY: u32 = 0x2;
    const RTF_REJECT: u32 = 0x200;
    const RTF_LOCAL: u32 = 0x8000_0000;
    let mut text = String::new();
    net.look(|stack| {
        for row in rows(stack, true) {
            let bits = |addr: Option<IpAddr>| match addr {
                Some(IpAddr::V6(addr)) => addr.to_bits(),
                _ => 0,
            };
            let mut flags = RTF_UP;
            if row.route.gateway.is_some() {
                flags |= RTF_GATEWAY;
            }
            if row.kind == rtn::LOCAL {
                flags |= RTF_LOCAL;
            }
            if row.route.kind != RouteKind::Unicast {
                flags |= RTF_REJECT;
            }
            let name = stack.interface(row.route.iface);
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{:032x} {:02x} {:032x} 00 {:032x} {:08x} 00000001 00000000 {flags:08x} {:>8}",
                bits(Some(row.route.dst.addr)),
                row.route.dst.prefix,
                0,
                bits(row.route.gateway),
                row.route.metric,
                name.map_or("", |info| &info.name),
            );
        }
    });
    text
}
