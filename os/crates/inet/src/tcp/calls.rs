//! The calls of a socket's life that move no bytes: socket(2), bind(2), listen(2), accept(2), poll(2), getsockname(2), options.

use alloc::collections::VecDeque;

use super::bind::Claim;
use super::socket::{Bound, Listener, Role, Tcp};
use super::{Accepted, TcpId, TcpOptions, TcpState};
use crate::addr::{Endpoint, is_link_local, unmapped};
use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::iface::IfaceId;
use crate::reuse::Sharer;
use crate::stack::{SocketRef, Stack};

impl Stack {
    /// socket(2). `v6` sockets are dual-stack unless `v6_only`. `token` comes back in [`crate::Wake`].
    pub fn tcp_open(&mut self, v6: bool, token: u64) -> TcpId {
        let options = TcpOptions::new(&self.config);
        TcpId(self.tcp.slab.insert(Tcp {
            v6,
            orphan: false,
            token,
            options,
            local: Endpoint::unspecified(v6),
            bound: Bound::No,
            role: Role::Idle,
            error: None,
            done: false,
            shut_early: (false, false),
            filter: None,
            fast_keys: None,
            saved_syn: None,
            additions: None,
            pending: Ready::NONE,
        }))
    }

    /// The socket's options. Errors: `NoSocket`.
    pub fn tcp_options(&self, id: TcpId) -> Result<&TcpOptions> {
        self.tcp
            .slab
            .get(id.0)
            .map(|tcp| &tcp.options)
            .ok_or(Error::NoSocket)
    }

    /// Changes options and applies them to the running connection: `tcp_configure(id, |o| o.nodelay = true)`.
    /// Values are taken as they are; limits and doubling are the shell's business. Errors: `NoSocket`.
    pub fn tcp_configure(&mut self, id: TcpId, change: impl FnOnce(&mut TcpOptions)) -> Result<()> {
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let before = tcp.options.common;
        change(&mut tcp.options);
        self.tcp.keeps_syns |= tcp.options.save_syn != 0;
        let after = tcp.options.common;
        if (before.recv_buffer, before.send_buffer) != (after.recv_buffer, after.send_buffer) {
            self.local_resize(id.0, after.recv_buffer, after.send_buffer);
        }
        let Some(tcp) = self.tcp.slab.get_mut(id.0) else {
            return Ok(());
        };
        if let Role::Connection(connection) = &mut tcp.role {
            connection.apply(&tcp.options);
            connection.corked_until = None;
            self.local_uncork(id.0);
            self.tcp.mark_dirty(id.0);
        }
        Ok(())
    }

    /// bind(2). Port 0 takes an ephemeral one (unless `no_port`). Errors: `Invalid` (bound already), `Family`,
    /// `AddrNotAvailable`, `AddrInUse`, `NoDevice` (scope).
    pub fn tcp_bind(&mut self, id: TcpId, local: Endpoint) -> Result<()> {
        let tcp = self.tcp.slab.get(id.0).ok_or(Error::NoSocket)?;
        if tcp.bound != Bound::No || !matches!(tcp.role, Role::Idle) {
            return Err(Error::Invalid);
        }
        let freebind = tcp.options.common.freebind;
        let (v6, v6_only, no_port) = (
            tcp.v6,
            tcp.options.common.v6_only,
            tcp.options.common.no_port,
        );
        let local = self.check_local(v6, v6_only, freebind, local)?;
        if local.port == 0 && no_port {
            if let Some(tcp) = self.tcp.slab.get_mut(id.0) {
                tcp.local = local;
            }
            return Ok(());
        }
        self.tcp_take_port(id.0, local, false)
    }

    /// listen(2); again, changes the backlog. An unbound socket gets an ephemeral port. `backlog` + 1 connections may wait;
    /// SYNs beyond are dropped, not refused. Errors: `Invalid` (connected), `AddrInUse`.
    pub fn tcp_listen(&mut self, id: TcpId, backlog: usize) -> Result<()> {
        let most = self.config.max_backlog;
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let backlog = backlog.min(most);
        match &mut tcp.role {
            Role::Listener(listener) => {
                listener.backlog = backlog;
                return Ok(());
            }
            Role::Connection(connection) if !connection.detached => return Err(Error::Invalid),
            _ => {}
        }
        let local = tcp.local;
        if tcp.bound == Bound::No {
            self.tcp_take_port(id.0, local, true)?;
        } else {
            // SO_REUSEADDR let others bind here; only one of them may listen.
            let claim = Claim::new(local.addr, &tcp.options.common, true);
            if self.tcp_port_conflicts(id.0, local.port, &claim) {
                return Err(Error::AddrInUse);
            }
            if let Some(tcp) = self.tcp.slab.get_mut(id.0) {
                tcp.bound = Bound::Explicit;
            }
            self.tcp.put_in_bucket(local.port, id.0);
        }
        if let Some(tcp) = self.tcp.slab.get_mut(id.0) {
            tcp.done = false;
            tcp.role = Role::Listener(Listener {
                backlog,
                half_open: VecDeque::new(),
                ready: VecDeque::new(),
                embryos: 0,
                early: 0,
            });
        }
        self.reuse_join(Sharer::Stream(id));
        Ok(())
    }

    /// accept(2): the oldest completed connection. It inherits the listener's options and gets `token`. Errors: `WouldBlock`,
    /// `Invalid` (not listening). A connection that was reset while it waited is still returned, with its error pending.
    pub fn tcp_accept(&mut self, id: TcpId, token: u64) -> Result<Accepted> {
        self.listener_accept(id, token)
    }

    /// TCP_SAVED_SYN: the SYN of an accepted connection, for a listener with TCP_SAVE_SYN. Given away once.
    pub fn tcp_take_syn(&mut self, id: TcpId) -> Option<alloc::boxed::Box<[u8]>> {
        self.tcp.slab.get_mut(id.0)?.saved_syn.take()
    }

    /// How long what `tcp_take_syn` would give is, in bytes.
    pub fn tcp_saved_syn_len(&self, id: TcpId) -> Option<usize> {
        Some(self.tcp.slab.get(id.0)?.saved_syn.as_ref()?.len())
    }

    /// The state; `Closed` for a stale handle.
    pub fn tcp_state(&self, id: TcpId) -> TcpState {
        match self.tcp.slab.get(id.0) {
            Some(tcp) => tcp.state(),
            None => TcpState::Closed,
        }
    }

    /// Level readiness as poll(2) sees it.
    pub fn tcp_ready(&self, id: TcpId) -> Ready {
        let Some(tcp) = self.tcp.slab.get(id.0) else {
            return Ready::NONE;
        };
        let ready = match &tcp.role {
            Role::Idle if tcp.shut_early.0 => {
                Ready::READ | Ready::WRITE | Ready::HUP | Ready::RDHUP
            }
            Role::Idle => Ready::WRITE | Ready::HUP,
            Role::Listener(listener) if listener.ready.is_empty() => Ready::NONE,
            Role::Listener(_) => Ready::READ,
            Role::Connection(connection) => connection.ready(&tcp.options),
        };
        if tcp.error.is_some() {
            ready | Ready::ERR
        } else {
            ready
        }
    }

    /// SO_ERROR: takes the pending error.
    pub fn tcp_take_error(&mut self, id: TcpId) -> Option<Error> {
        self.tcp.slab.get_mut(id.0)?.error.take()
    }

    /// getsockname(2): the wildcard and port 0 while unbound.
    pub fn tcp_local(&self, id: TcpId) -> Endpoint {
        match self.tcp.slab.get(id.0) {
            Some(tcp) => tcp.local,
            None => Endpoint::unspecified(false),
        }
    }

    /// getpeername(2): `None` while not connected.
    pub fn tcp_peer(&self, id: TcpId) -> Option<Endpoint> {
        let connection = self.tcp.slab.get(id.0)?.connection()?;
        let there = !connection.detached && connection.state != TcpState::SynSent;
        there.then_some(connection.peer)
    }

    /// The peer, whether the connection still is or not.
    pub fn tcp_last_peer(&self, id: TcpId) -> Option<Endpoint> {
        Some(self.tcp.slab.get(id.0)?.connection()?.peer)
    }

    /// What bind checks before it looks at ports: family, scope, and that the address is ours.
    pub(crate) fn check_local(
        &self,
        v6: bool,
        v6_only: bool,
        freebind: bool,
        local: Endpoint,
    ) -> Result<Endpoint> {
        let addr = unmapped(local.addr);
        match (v6, addr.is_ipv6()) {
            (false, true) => return Err(Error::Family),
            (true, false) if local.addr.is_ipv6() && v6_only => {
                return Err(Error::AddrNotAvailable);
            }
            (true, false) if local.addr.is_ipv4() => return Err(Error::Invalid),
            _ => {}
        }
        if is_link_local(addr) {
            let slot = self
                .iface(IfaceId(local.scope))
                .map_err(|_| Error::Invalid)?;
            if !slot.has_address(addr) && !freebind {
                return Err(Error::AddrNotAvailable);
            }
        } else if !addr.is_unspecified() && !freebind && !self.is_local(addr) {
            return Err(Error::AddrNotAvailable);
        }
        Ok(Endpoint { addr, ..local })
    }

    pub(crate) fn wake_tcp(&mut self, id: TcpId, events: Ready) {
        if let Some(tcp) = self.tcp.slab.get_mut(id.0) {
            self.woken
                .note(SocketRef::Tcp(id.0), &mut tcp.pending, events);
        }
    }
}
