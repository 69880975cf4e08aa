//! Ports: who may bind to what (Linux: inet_csk_bind_conflict), and ephemeral ones.

use core::net::IpAddr;

use super::segment::Tuple;
use super::socket::{Bound, Role, Tcp};
use crate::addr::Endpoint;
use crate::error::{Error, Result};
use crate::iface::IfaceId;
use crate::options::SocketOptions;
use crate::rng::Rng;
use crate::slab::Key;
use crate::stack::Stack;

/// An owner of a port, as far as conflicts are concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub addr: IpAddr,
    pub v6_only: bool,
    pub iface: Option<IfaceId>,
    pub reuse_addr: bool,
    pub reuse_port: bool,
    pub owner: u32,
    pub listens: bool,
}

impl Claim {
    pub fn new(addr: IpAddr, options: &SocketOptions, listens: bool) -> Claim {
        Claim {
            addr,
            v6_only: options.v6_only,
            iface: options.bound_iface,
            reuse_addr: options.reuse_addr,
            reuse_port: options.reuse_port,
            owner: options.owner,
            listens,
        }
    }

    /// Whether packets could be for either.
    pub fn overlaps(&self, other: &Claim) -> bool {
        if let (Some(a), Some(b)) = (self.iface, other.iface)
            && a != b
        {
            return false;
        }
        match (self.addr, other.addr) {
            (IpAddr::V4(a), IpAddr::V4(b)) => a == b || a.is_unspecified() || b.is_unspecified(),
            (IpAddr::V6(a), IpAddr::V6(b)) => a == b || a.is_unspecified() || b.is_unspecified(),
            (IpAddr::V6(a), IpAddr::V4(_)) => a.is_unspecified() && !self.v6_only,
            (IpAddr::V4(_), IpAddr::V6(b)) => b.is_unspecified() && !other.v6_only,
        }
    }

    /// Linux's rule for TCP: both must allow sharing, and SO_REUSEADDR does not share with a listener.
    pub fn conflicts(&self, other: &Claim) -> bool {
        let by_addr = self.reuse_addr && other.reuse_addr && !other.listens;
        let by_port = self.reuse_port && other.reuse_port && self.owner == other.owner;
        !by_addr && !by_port && self.overlaps(other)
    }
}

/// Ports looked at for one that nobody remembers.
const FRESH_TRIES: usize = 64;

/// Ports of the ephemeral range, each once, from a random start.
pub(crate) fn ephemeral(range: (u16, u16), rng: &mut Rng) -> impl Iterator<Item = u16> + use<> {
    let (low, high) = range;
    let count = u32::from(high.saturating_sub(low)) + 1;
    let start = rng.below(count);
    (0..count).map(move |step| low + ((start + step) % count) as u16)
}

impl Stack {
    /// Whether a socket may have `port` as `claim` says.
    pub(crate) fn tcp_port_conflicts(&self, me: Key, port: u16, claim: &Claim) -> bool {
        let bound = self.tcp.ports.get(&port);
        let bound = bound
            .into_iter()
            .flatten()
            .filter(|&&key| key != me)
            .filter_map(|&key| self.tcp.slab.get(key));
        if bound.map(Tcp::claim).any(|other| claim.conflicts(&other)) {
            return true;
        }
        if !self.tcp.in_use.contains_key(&port) {
            return false;
        }
        let connections = self.tcp.slab.iter().filter(|&(key, tcp)| {
            key != me
                && tcp.bound != Bound::Explicit
                && tcp.local.port == port
                && tcp.connection().is_some_and(|c| !c.detached)
        });
        if connections
            .map(|(_, tcp)| tcp.claim())
            .any(|other| claim.conflicts(&other))
        {
            return true;
        }
        self.tcp.time_wait.entries.iter().any(|(tuple, wait)| {
            let other = Claim {
                addr: tuple.local().addr,
                v6_only: false,
                iface: None,
                reuse_addr: wait.reuse_addr,
                reuse_port: claim.reuse_port,
                owner: wait.owner,
                listens: false,
            };
            tuple.local_port() == port && claim.conflicts(&other)
        })
    }

    /// Binds `key` to `local`, port 0 meaning any free one.
    pub(crate) fn tcp_take_port(&mut self, key: Key, local: Endpoint, listens: bool) -> Result<()> {
        let tcp = self.tcp.slab.get(key).ok_or(Error::NoSocket)?;
        let claim = Claim::new(local.addr, &tcp.options.common, listens);
        let port = if local.port != 0 {
            if self.tcp_port_conflicts(key, local.port, &claim) {
                return Err(Error::AddrInUse);
            }
            local.port
        } else {
            let range = tcp.options.common.ports(self.config.ephemeral_ports);
            let mut ports = ephemeral(range, &mut self.rng);
            ports
                .find(|port| {
                    !self.tcp.ports.contains_key(port) && !self.tcp.in_use.contains_key(port)
                })
                .ok_or(Error::AddrInUse)?
        };
        let tcp = self.tcp.slab.get_mut(key).ok_or(Error::NoSocket)?;
        tcp.local = Endpoint { port, ..local };
        tcp.bound = Bound::Explicit;
        self.tcp.put_in_bucket(port, key);
        Ok(())
    }

    /// A port of `range` with which the connection from `addr` to `peer` is unique.
    pub(crate) fn tcp_connect_port(
        &mut self,
        range: (u16, u16),
        addr: IpAddr,
        peer: Endpoint,
        local: bool,
    ) -> Result<u16> {
        let tuple = |port: u16| Tuple::new(addr, port, peer.addr, peer.port);
        let unbound = |port: &u16| !self.tcp.ports.contains_key(port);
        // A tuple in TIME-WAIT is the second choice: its peer may remember it.
        let fresh = |port: &u16| {
            let tuple = tuple(*port);
            let known = self.tcp.demux.contains_key(&tuple)
                || self.tcp.time_wait.entries.contains_key(&tuple);
            unbound(port) && !known
        };
        let free = |port: &u16| unbound(port) && self.tcp_tuple_is_free(&tuple(*port), local);
        let first = ephemeral(range, &mut self.rng.clone())
            .take(FRESH_TRIES)
            .find(fresh);
        let found = first.or_else(|| ephemeral(range, &mut self.rng.clone()).find(free));
        // Move on, so that the next search starts elsewhere.
        self.rng.u64();
        found.ok_or(Error::AddrNotAvailable)
    }

    pub(crate) fn tcp_tuple_is_free(&self, tuple: &Tuple, local: bool) -> bool {
        !self.tcp.demux.contains_key(tuple) && self.tcp.time_wait.is_free(tuple, self.now, local)
    }
}

impl Tcp {
    pub(crate) fn claim(&self) -> Claim {
        Claim::new(
            self.local.addr,
            &self.options.common,
            matches!(self.role, Role::Listener(_)),
        )
    }
}
