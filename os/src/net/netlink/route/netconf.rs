//! RTM_GETNETCONF: the values of /proc/sys/net/ipv4/conf and ipv6/conf that routing programs ask for. Linux's netconf.h,
//! ip-netconf(8).

use super::{Outcome, one};
use crate::net::netlink::answer::{Answer, Request};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6},
};
use alloc::vec::Vec;
use inet::{Conf, ConfOf, IfaceId};
use netlink::{Attributes, Builder, Header, route, route::netconf};

/// `sizeof(struct netconfmsg)`, aligned: the family.
const NETCONFMSG: usize = 4;

/// A record: switches are words, 0 or 1.
fn record(header: Header, v6: bool, index: u32, conf: &Conf) -> Vec<u8> {
    let family = if v6 { AF_INET6 } else { AF_INET };
    let mut b = Builder::message(header, &[family as u8, 0, 0, 0]);
    b.u32(netconf::IFINDEX, index);
    // Groups and broadcasts are never passed on, and a route counts whether its link has a carrier or not.
    match v6 {
        false => b
            .u32(netconf::FORWARDING, conf.v4.forwarding.into())
            .u32(netconf::RP_FILTER, conf.v4.rp_filter.into())
            .u32(netconf::MC_FORWARDING, 0)
            .u32(netconf::BC_FORWARDING, 0)
            .u32(netconf::PROXY_NEIGH, conf.v4.proxy_arp.into()),
        true => b
            .u32(netconf::FORWARDING, conf.v6.forwarding.into())
            .u32(netconf::MC_FORWARDING, 0)
            .u32(netconf::PROXY_NEIGH, 0),
    };
    b.u32(netconf::IGNORE_ROUTES_WITH_LINKDOWN, 0);
    b.finish()
}

/// RTM_GETNETCONF: a dump, interfaces first; or one. `EINVAL` (no index), `ENODEV`, `EOPNOTSUPP` (one of no family).
pub fn get(request: &Request<'_>, family: u32) -> Outcome {
    let only = match family {
        AF_INET => Some(false),
        AF_INET6 => Some(true),
        _ => None,
    };
    if request.dumps() {
        let header = request.record(route::NEWNETCONF);
        let records = request.net.look(|stack| {
            let ids: Vec<IfaceId> = stack.interfaces().map(|info| info.id).collect();
            let ifaces = ids.iter().map(|id| (id.0, ConfOf::Iface(*id)));
            let owners: Vec<(u32, ConfOf)> = ifaces
                .chain([
                    (netconf::ALL, ConfOf::All),
                    (netconf::DEFAULT, ConfOf::Default),
                ])
                .collect();
            let mut records = Vec::new();
            for v6 in [false, true] {
                if only.is_some_and(|only| only != v6) {
                    continue;
                }
                let confs = owners.iter().filter_map(|(index, of)| {
                    let conf = stack.conf(*of).ok()?;
                    Some(record(header, v6, *index, &conf))
                });
                records.extend(confs);
            }
            records
        });
        return Ok(Answer::Dump(records));
    }
    let v6 = only.ok_or(Errno::EOPNOTSUPP)?;
    let index = Attributes::after(request.body, NETCONFMSG)
        .get(netconf::IFINDEX)
        .and_then(|index| index.u32())
        .ok_or(Errno::EINVAL)?;
    let of = match index {
        netconf::ALL => ConfOf::All,
        netconf::DEFAULT => ConfOf::Default,
        index => ConfOf::Iface(IfaceId(index)),
    };
    // The two families disagree about what there is not.
    let missing = if v6 { Errno::EINVAL } else { Errno::ENODEV };
    let conf = request.net.look(|stack| stack.conf(of));
    let conf = conf.map_err(|_| missing)?;
    one(record(request.reply(route::NEWNETCONF), v6, index, &conf))
}
