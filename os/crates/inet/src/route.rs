//! Routes: which interface and gateway a destination needs, and which source address goes with it.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::addr::{Cidr, is_link_local};
use crate::changes::Change;
use crate::error::{Error, Result};
use crate::iface::{Iface, IfaceId};
use crate::rule::Flow;
use crate::stack::Stack;

/// A row of the routing table. Local addresses are not rows: they always go to lo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Destination; prefix 0 is the default route.
    pub dst: Cidr,
    /// Next hop, or `None` when the destination is on the link.
    pub gateway: Option<IpAddr>,
    /// Leaves by this interface.
    pub iface: IfaceId,
    /// Preferred source address.
    pub source: Option<IpAddr>,
    /// Lower wins among equal prefixes.
    pub metric: u32,
    /// What becomes of packets.
    pub kind: RouteKind,
    /// Who made it: RTPROT_* of Linux's rtnetlink. The engine only keeps it.
    pub protocol: u8,
    /// In which table: RT_TABLE_*, or any other number.
    pub table: u32,
    /// RTAX_MTU: the largest IP packet that goes this way, in bytes; 0 for the link's.
    pub mtu: u32,
}

impl Route {
    /// RT_TABLE_MAIN.
    pub const MAIN: u32 = 254;
    /// RT_TABLE_DEFAULT.
    pub const DEFAULT: u32 = 253;
    /// RTPROT_KERNEL: follows from an address.
    pub const KERNEL: u8 = 2;
    /// RTPROT_BOOT: an administrator who did not say.
    pub const BOOT: u8 = 3;
    /// RTPROT_RA: a router advertisement.
    pub const ADVERTISED: u8 = 9;
    /// RTPROT_DHCP.
    pub const DHCP: u8 = 16;

    /// A route to `dst` on the link of `iface`, as somebody makes it by hand.
    pub const fn on_link(dst: Cidr, iface: IfaceId) -> Route {
        Route {
            dst,
            gateway: None,
            iface,
            source: None,
            metric: 0,
            kind: RouteKind::Unicast,
            protocol: Route::BOOT,
            table: Route::MAIN,
            mtu: 0,
        }
    }
}

impl Route {
    /// The largest packet this way, on a link that takes `link` bytes.
    pub(crate) fn mtu_on(&self, link: usize) -> usize {
        match self.mtu {
            0 => link,
            mtu => link.min(mtu as usize),
        }
    }
}

/// What a route does with packets. ip-route(8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RouteKind {
    /// Sends them.
    #[default]
    Unicast,
    /// `HostUnreachable`.
    Unreachable,
    /// `Access`.
    Prohibit,
    /// `Invalid`, as Linux says to a local sender.
    Blackhole,
    /// Ends the search in this table: the next rule is looked at.
    Throw,
}

/// The answer to "how do I reach this address".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// By this interface (lo for a local address)
    pub iface: IfaceId,
    /// to this hop (the destination itself when on the link)
    pub next_hop: IpAddr,
    /// from this address.
    pub source: IpAddr,
    /// Largest IP packet in bytes on that interface.
    pub mtu: usize,
    /// The table that the way was found in; main where none says it.
    pub table: u32,
    /// The destination is one of our own addresses.
    pub local: bool,
    /// The destination is a broadcast address of that link.
    pub broadcast: bool,
}

impl Stack {
    /// Errors: `NoDevice`, `Exists`, `NetUnreachable` (the gateway is not on a link).
    pub fn add_route(&mut self, route: Route) -> Result<()> {
        self.iface(route.iface)?;
        let route = Route {
            dst: route.dst.network(),
            ..route
        };
        if let Some(gateway) = route.gateway {
            let on_link = is_link_local(gateway)
                || self.routes.iter().any(|known| {
                    known.gateway.is_none()
                        && known.iface == route.iface
                        && known.dst.contains(gateway)
                });
            if !on_link {
                return Err(Error::NetUnreachable);
            }
        }
        let same = |known: &Route| {
            known.dst == route.dst
                && known.table == route.table
                && known.metric == route.metric
                && known.iface == route.iface
                && known.gateway == route.gateway
                && known.kind == route.kind
        };
        if self.routes.iter().any(same) {
            return Err(Error::Exists);
        }
        let at = self.routes.partition_point(|known| {
            (known.dst.prefix, u32::MAX - known.metric)
                >= (route.dst.prefix, u32::MAX - route.metric)
        });
        self.routes.insert(at, route);
        self.routes_changed();
        self.note(Change::RouteAdded(route));
        Ok(())
    }

    /// Removes the first route that equals `route` in destination, gateway and interface (SIOCDELRT). Errors: `NotFound`.
    pub fn remove_route(&mut self, route: Route) -> Result<()> {
        let dst = route.dst.network();
        let at = self
            .routes
            .iter()
            .position(|known| {
                known.dst == dst
                    && known.iface == route.iface
                    && (route.gateway.is_none() || known.gateway == route.gateway)
            })
            .ok_or(Error::NotFound)?;
        let gone = self.routes.remove(at);
        self.routes_changed();
        self.note(Change::RouteRemoved(gone));
        Ok(())
    }

    /// Removes the first row that `which` accepts, and returns it. Errors: `NotFound`.
    pub fn take_route(&mut self, which: impl FnMut(&Route) -> bool) -> Result<Route> {
        let at = self.routes.iter().position(which).ok_or(Error::NotFound)?;
        let gone = self.routes.remove(at);
        self.routes_changed();
        self.note(Change::RouteRemoved(gone));
        Ok(gone)
    }

    /// The table, longest prefix first.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Route lookup: longest prefix, then lowest metric. `via` restricts it to one interface (SO_BINDTODEVICE, scope id).
    /// Errors: `NetUnreachable`, `NetDown`, `AddrNotAvailable` (no source address of that family).
    pub fn select_route(&self, dst: IpAddr, via: Option<IfaceId>) -> Result<Selection> {
        self.select_route_for(&Flow {
            via,
            ..Flow::to(dst)
        })
    }

    /// The same by everything that rules look at.
    pub fn select_route_for(&self, flow: &Flow) -> Result<Selection> {
        let (dst, via) = (flow.dst, flow.via);
        if self.is_local(dst) {
            return self.select_local(dst);
        }
        let broadcast = matches!(dst, IpAddr::V4(v4) if v4.is_broadcast());
        let route = self.look_up(flow)?;
        let (iface, next_hop, source) = match (route, via) {
            (Some(route), _) => (route.iface, route.gateway.unwrap_or(dst), route.source),
            // An interface that was asked for is believed: the destination is on its link.
            (None, Some(via)) => (via, dst, None),
            (None, None) if broadcast || dst.is_multicast() => {
                let any = self.ifaces.iter().find(|iface| {
                    iface.info.up
                        && !iface.is_loopback()
                        && self.source_on(iface, dst, dst).is_some()
                });
                (any.ok_or(Error::NetUnreachable)?.info.id, dst, None)
            }
            (None, None) => return Err(Error::NetUnreachable),
        };
        let slot = self.iface(iface)?;
        if !slot.info.up {
            return Err(Error::NetDown);
        }
        let next_hop = if broadcast || dst.is_multicast() {
            dst
        } else {
            next_hop
        };
        let source = source
            .or_else(|| self.source_on(slot, dst, next_hop))
            .or_else(|| {
                self.ifaces
                    .iter()
                    .find_map(|other| self.source_on(other, dst, dst))
            });
        Ok(Selection {
            iface,
            next_hop,
            source: source.ok_or(Error::AddrNotAvailable)?,
            mtu: route.map_or(slot.mtu_for(dst), |route| route.mtu_on(slot.mtu_for(dst))),
            table: route.map_or(Route::MAIN, |route| route.table),
            local: false,
            broadcast: matches!(dst, IpAddr::V4(v4) if slot.is_broadcast(v4)),
        })
    }

    /// The row for a packet that is passed on. Errors: as of [`Stack::select_route`], `NetUnreachable`.
    pub(crate) fn transit_route(
        &self,
        src: IpAddr,
        dst: IpAddr,
        from: IfaceId,
    ) -> Result<(IfaceId, IpAddr, usize)> {
        let flow = Flow {
            source: Some(src),
            from: Some(from),
            ..Flow::to(dst)
        };
        let route = self.look_up(&flow)?.ok_or(Error::NetUnreachable)?;
        let link = self.iface(route.iface)?.mtu_for(dst);
        let next_hop = route.gateway.unwrap_or(dst);
        Ok((route.iface, next_hop, route.mtu_on(link)))
    }

    /// Asks the tables that the rules name, in their order. Errors: what a route or a rule says instead of a way.
    fn look_up(&self, flow: &Flow) -> Result<Option<&Route>> {
        let found = match self.rules.is_empty() {
            // What everybody has: main, then the table for what is left over.
            true => [Route::MAIN, Route::DEFAULT]
                .into_iter()
                .find_map(|table| self.in_table(table, flow)),
            false => self.by_rules(flow)?,
        };
        match found.map(|route| route.kind) {
            Some(RouteKind::Unreachable) => Err(Error::HostUnreachable),
            Some(RouteKind::Prohibit) => Err(Error::Access),
            Some(RouteKind::Blackhole) => Err(Error::Invalid),
            Some(RouteKind::Unicast | RouteKind::Throw) | None => Ok(found),
        }
    }

    /// The best row of a table; `None` also where it says that others should be asked.
    pub(crate) fn in_table(&self, table: u32, flow: &Flow) -> Option<&Route> {
        let found = self.routes.iter().find(|route| {
            let usable = route.kind != RouteKind::Unicast
                || self.iface(route.iface).is_ok_and(|iface| iface.info.up);
            usable
                && route.table == table
                && flow.via.is_none_or(|via| via == route.iface)
                && route.dst.contains(flow.dst)
        });
        found.filter(|route| route.kind != RouteKind::Throw)
    }

    fn select_local(&self, dst: IpAddr) -> Result<Selection> {
        let lo = self
            .ifaces
            .iter()
            .find(|iface| iface.is_loopback())
            .ok_or(Error::NetUnreachable)?;
        if !lo.info.up {
            return Err(Error::NetUnreachable);
        }
        // Linux's local table says "local 127.0.0.0/8 dev lo src 127.0.0.1"; any other local address is its own source.
        let source = match dst {
            IpAddr::V4(v4) if v4.is_loopback() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            _ => dst,
        };
        Ok(Selection {
            iface: lo.info.id,
            next_hop: dst,
            source,
            mtu: lo.info.mtu,
            table: Route::MAIN,
            local: true,
            // The local table has lo's network's broadcast address, too.
            broadcast: matches!(dst, IpAddr::V4(v4) if v4 == Ipv4Addr::new(127, 255, 255, 255)),
        })
    }

    /// The address of `iface` that suits `towards`: of its scope, and of the subnet of the next `hop` (RFC 6724 rules 1, 2 and 8 in short).
    fn source_on(&self, iface: &Iface, towards: IpAddr, hop: IpAddr) -> Option<IpAddr> {
        if !iface.info.up || iface.is_loopback() {
            return None;
        }
        let link_scope = match towards {
            IpAddr::V4(_) => false,
            IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.segments()[0] & 0xff0f == 0xff02,
        };
        let family = || {
            iface
                .info
                .addresses
                .iter()
                .filter(|own| own.cidr.addr.is_ipv4() == towards.is_ipv4())
        };
        let best = family()
            .filter(|own| is_link_local(own.cidr.addr) == link_scope)
            .max_by_key(|own| own.cidr.contains(hop));
        best.or_else(|| family().next()).map(|own| own.cidr.addr)
    }

    /// Connections look their route up again.
    pub(crate) fn routes_changed(&mut self) {
        self.route_generation = self.route_generation.wrapping_add(1);
    }

    /// connect(2) and sendto(2) to the wildcard mean this host.
    pub(crate) fn effective_destination(dst: IpAddr) -> IpAddr {
        match dst {
            IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            other => other,
        }
    }
}
