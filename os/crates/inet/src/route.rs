//! Routes: which interface and gateway a destination needs, and which source address goes with it.

use core::net::IpAddr;

use crate::addr::Cidr;
use crate::error::Result;
use crate::iface::IfaceId;
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
    /// The destination is one of our own addresses.
    pub local: bool,
    /// The destination is a broadcast address of that link.
    pub broadcast: bool,
}

impl Stack {
    /// Errors: `NoDevice`, `Exists`, `NetUnreachable` (the gateway is not on a link).
    pub fn add_route(&mut self, route: Route) -> Result<()> {
        todo!()
    }

    /// Removes the first route that equals `route` in destination, gateway and interface (SIOCDELRT). Errors: `NotFound`.
    pub fn remove_route(&mut self, route: Route) -> Result<()> {
        todo!()
    }

    /// The table, longest prefix first.
    pub fn routes(&self) -> &[Route] {
        todo!()
    }

    /// Route lookup: longest prefix, then lowest metric. `via` restricts it to one interface (SO_BINDTODEVICE, scope id).
    /// Errors: `NetUnreachable`, `NetDown`, `AddrNotAvailable` (no source address of that family).
    pub fn select_route(&self, dst: IpAddr, via: Option<IfaceId>) -> Result<Selection> {
        todo!()
    }
}
