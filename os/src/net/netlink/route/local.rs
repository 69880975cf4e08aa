//! The local table: what follows from the addresses, as Linux lists it. The engine has
//! no rows for it, it looks at the addresses themselves.

use super::table::Row;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use inet::{Cidr, IfaceInfo, IfaceKind, Route, Stack};
use netlink::route::{rtn, scope, table};

/// The rows of one family.
pub fn rows(stack: &Stack, v6: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for info in stack.interfaces().filter(|info| info.up) {
        for own in &info.addresses {
            match own.cidr.addr {
                IpAddr::V4(addr) if !v6 => v4(&mut rows, info, own.cidr, addr),
                IpAddr::V6(addr) if v6 => rows.push(row(info, host(addr.into()), rtn::LOCAL, None)),
                _ => {}
            }
        }
        let groups = info.addresses.iter().any(|own| own.cidr.addr.is_ipv6());
        if v6 && groups && info.kind != IfaceKind::Loopback {
            let all = Cidr {
                addr: IpAddr::V6(Ipv6Addr::from_bits(0xff << 120)),
                prefix: 8,
            };
            let mut groups = row(info, all, rtn::MULTICAST, None);
            groups.route.metric = 256;
            rows.push(groups);
        }
    }
    rows
}

/// Linux's fib_add_ifaddr: the address, its loopback network, its broadcast address.
fn v4(rows: &mut Vec<Row>, info: &IfaceInfo, cidr: Cidr, addr: Ipv4Addr) {
    let source = Some(IpAddr::V4(addr));
    rows.push(row(info, host(addr.into()), rtn::LOCAL, source));
    if addr.is_loopback() {
        rows.push(row(info, cidr.network(), rtn::LOCAL, source));
    }
    if let Some(broadcast) = cidr.broadcast() {
        rows.push(row(info, host(broadcast.into()), rtn::BROADCAST, source));
    }
}

fn host(addr: IpAddr) -> Cidr {
    let prefix = if addr.is_ipv4() { 32 } else { 128 };
    Cidr { addr, prefix }
}

fn row(info: &IfaceInfo, dst: Cidr, kind: u8, source: Option<IpAddr>) -> Row {
    let scope = match kind {
        _ if dst.addr.is_ipv6() => scope::UNIVERSE,
        rtn::LOCAL => scope::HOST,
        _ => scope::LINK,
    };
    Row {
        route: Route {
            source,
            protocol: Route::KERNEL,
            ..Route::on_link(dst, info.id)
        },
        table: table::LOCAL.into(),
        kind,
        scope,
        cloned: false,
        linkdown: false,
    }
}
