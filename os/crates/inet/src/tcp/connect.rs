//! connect(2): addresses, port, the first step of the handshake.

use alloc::boxed::Box;
use core::net::IpAddr;

use super::connection::Wire;
use super::segment::Tuple;
use super::socket::{Bound, Role};
use super::{TcpId, TcpState};
use crate::addr::{Endpoint, is_link_local, unmapped, unspecified};
use crate::error::{Error, Result};
use crate::frame::Tag;
use crate::iface::IfaceId;
use crate::ip::Rx;
use crate::rule::Flow;
use crate::stack::Stack;
use crate::time::Instant;

impl Stack {
    /// connect(2): starts. `Ok` means under way: the outcome is readiness WRITE and `tcp_take_error`. Errors: `Connected`,
    /// `Already`, `Invalid` (listening), `Family`, `AddrNotAvailable` (no port left, or the four-tuple is in use),
    /// `NetUnreachable`, `NetDown`; and once, the pending error of a failed attempt, after which a new attempt may start.
    pub fn tcp_connect(&mut self, now: Instant, id: TcpId, peer: Endpoint) -> Result<()> {
        self.tcp_begin(now, id, peer, false)
    }

    /// The same; `packets`: not over a shared ring.
    pub(crate) fn tcp_begin(
        &mut self,
        now: Instant,
        id: TcpId,
        peer: Endpoint,
        packets: bool,
    ) -> Result<()> {
        self.now = now;
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        match &tcp.role {
            Role::Listener(_) => return Err(Error::Connected),
            Role::Connection(connection) if !connection.detached => {
                let opening = matches!(connection.state, TcpState::SynSent | TcpState::SynReceived);
                return Err(if opening {
                    Error::Already
                } else {
                    Error::Connected
                });
            }
            Role::Connection(_) if tcp.done => return Err(Error::Connected),
            Role::Connection(_) => {}
            // What dissolving the last connection left is nothing to a new one.
            Role::Idle => tcp.error = None,
        }
        if let Some(error) = tcp.error.take() {
            return Err(error);
        }
        self.tcp_clear(id);
        self.connect_to(now, id, peer, packets)
    }

    fn connect_to(&mut self, now: Instant, id: TcpId, peer: Endpoint, packets: bool) -> Result<()> {
        let tcp = self.tcp.slab.get(id.0).ok_or(Error::NoSocket)?;
        let mut options = tcp.options;
        let additions = tcp.additions.clone();
        let (v6, bound, own) = (tcp.v6, tcp.bound, tcp.local);
        let shut_early = tcp.shut_early;
        let addr = Self::effective_destination(unmapped(peer.addr));
        match (v6, addr.is_ipv6()) {
            (false, true) => return Err(Error::Family),
            (true, false) if options.common.v6_only => return Err(Error::NetUnreachable),
            _ => {}
        }
        let limited = matches!(addr, IpAddr::V4(v4) if v4.is_broadcast());
        if addr.is_multicast() || limited {
            return Err(Error::NetUnreachable);
        }
        let mut via = options.common.bound_iface;
        if is_link_local(addr) {
            via = via.or((peer.scope != 0).then_some(IfaceId(peer.scope)));
            if via.is_none() {
                return Err(Error::Invalid);
            }
        }
        let mut toward = addr;
        options.extra_header = 0;
        if let Some(additions) = &additions {
            let v6 = addr.is_ipv6();
            toward = additions.first_hop(v6).unwrap_or(addr);
            options.extra_header = additions.len(v6) as u16;
        }
        let (path, source) = self.find_path(&Flow {
            via,
            source: Some(own.addr).filter(|addr| !addr.is_unspecified()),
            mark: options.common.mark,
            tos: options.common.tos,
            ..Flow::to(toward)
        })?;
        if path.next_hop != toward && additions.as_ref().is_some_and(|it| it.v4.is_strict()) {
            return Err(Error::NetUnreachable);
        }
        let source = if own.addr.is_unspecified() {
            source
        } else {
            own.addr
        };
        if source.is_ipv6() != addr.is_ipv6() {
            return Err(Error::NetUnreachable);
        }
        if peer.port == 0 {
            return Err(Error::Refused);
        }
        let scope = if is_link_local(addr) { path.iface.0 } else { 0 };
        let peer = Endpoint {
            addr,
            scope,
            ..peer
        };
        let range = options.common.ports(self.config.ephemeral_ports);
        let port = if own.port != 0 {
            own.port
        } else {
            self.tcp_connect_port(range, source, peer, path.local)?
        };
        let local = Endpoint {
            addr: source,
            port,
            scope: if source.is_ipv6() { scope } else { 0 },
        };
        let tuple = Tuple::new(source, port, addr, peer.port);
        if !self.tcp_tuple_is_free(&tuple, path.local) {
            return Err(Error::AddrNotAvailable);
        }
        self.time_wait_remove(&tuple);
        let packets = packets
            || !path.local
            || !self.config.local_fast_path
            || self.taps.is_watched()
            || self.tcp.filtered > 0
            || !self.choices.is_empty()
            || self.config.syn_cookies > 1
            || additions.is_some()
            || (self.tcp.keeps_syns || self.tcp.adds) && self.sees_packets(now, peer, local);
        let mut connection = if packets {
            self.new_connection(now, tuple, local, peer, path, &options)
        } else {
            self.new_local_connection(now, tuple, local, peer, path, &options)
        };
        let stamps = connection.offers.stamps;
        if let Wire::Packets(machine) = &mut connection.wire {
            if !machine.connect(local, peer) {
                self.release(connection);
                return Err(Error::AddrNotAvailable);
            }
            machine.set_stamps(stamps);
        }
        connection.state = TcpState::SynSent;
        (connection.shut_read, connection.shut_write) = shut_early;
        self.tcp.demux.insert(tuple, id.0);
        self.tcp.port_used(port);
        self.counters.tcp.active_opens += 1;
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        tcp.role = Role::Connection(Box::new(connection));
        tcp.options.extra_header = options.extra_header;
        tcp.local = local;
        if bound == Bound::No {
            tcp.bound = Bound::Auto;
        }
        self.tcp.mark_dirty(id.0);
        Ok(())
    }

    /// Whether the listener at `to` keeps the SYN (TCP_SAVE_SYN), or gives what it accepts headers of its own.
    fn sees_packets(&self, now: Instant, to: Endpoint, from: Endpoint) -> bool {
        let rx = Rx::local(now, Tag::default());
        let listener = self.listener_at(rx, to, from);
        let listener = listener.and_then(|key| self.tcp.slab.get(key));
        listener.is_some_and(|tcp| tcp.options.save_syn != 0 || tcp.additions.is_some())
    }

    /// Forgets a failed attempt, so that another may start from the address that was bound.
    fn tcp_clear(&mut self, id: TcpId) {
        let Some(tcp) = self.tcp.slab.get_mut(id.0) else {
            return;
        };
        let Role::Connection(_) = tcp.role else {
            return;
        };
        if let Role::Connection(connection) = core::mem::replace(&mut tcp.role, Role::Idle) {
            if tcp.bound == Bound::Auto {
                tcp.local = Endpoint::new(unspecified(tcp.v6), 0);
                tcp.bound = Bound::No;
            }
            self.release(*connection);
        }
    }
}
