//! Neighbours: who on a link has which hardware address (ARP, RFC 826; NDP, RFC 4861).

use core::net::IpAddr;

use crate::error::Result;
use crate::iface::IfaceId;
use crate::stack::Stack;
use crate::time::Instant;

/// How sure we are of a neighbour, named as in Linux's NUD_*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeighbourState {
    /// Asked, not yet answered.
    Incomplete,
    /// Answered lately.
    Reachable,
    /// Answered long ago: used, and asked again.
    Stale,
    /// Did not answer.
    Failed,
    /// Set by the administrator.
    Permanent,
}

/// A row of /proc/net/arp or `ip neigh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// On this link,
    pub iface: IfaceId,
    /// this address
    pub addr: IpAddr,
    /// is at this one (zero while unknown).
    pub mac: [u8; 6],
    /// How sure.
    pub state: NeighbourState,
}

impl Stack {
    /// Sets a permanent entry. Errors: `NoDevice`.
    pub fn add_neighbour(
        &mut self,
        now: Instant,
        iface: IfaceId,
        addr: IpAddr,
        mac: [u8; 6],
    ) -> Result<()> {
        todo!()
    }

    /// Forgets an entry. Errors: `NotFound`.
    pub fn remove_neighbour(&mut self, iface: IfaceId, addr: IpAddr) -> Result<()> {
        todo!()
    }

    /// Asks for `addr` now (an ARP request or a neighbour solicitation), whether or not it is known. For diagnostics at boot:
    /// look at `neighbours` after the answer had time to come. Errors: `NoDevice`, `AddrNotAvailable` (no own address).
    pub fn probe_neighbour(&mut self, now: Instant, iface: IfaceId, addr: IpAddr) -> Result<()> {
        todo!()
    }

    /// Every entry.
    pub fn neighbours(&self) -> impl Iterator<Item = Neighbour> {
        core::iter::empty()
    }
}
