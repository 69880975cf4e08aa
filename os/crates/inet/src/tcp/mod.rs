//! TCP sockets as seen by a caller (tcp(7)).
//!
//! One handle lives through everything that a socket descriptor lives through: opened, bound, then listening or connecting,
//! connected, closing. [`Stack::tcp_close`] ends the handle at once; the connection goes on in the background.

mod bind;
mod connection;
mod egress;
mod input;
mod listener;
mod local;
mod machine;
mod ring;
mod rows;
pub(crate) mod segment;
mod socket;
mod stream;
mod timewait;

pub(crate) use bind::{Claim, ephemeral};
pub(crate) use socket::TcpTable;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::time::Duration;

use crate::addr::{Endpoint, unmapped, unspecified};
use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::iface::IfaceId;
use crate::options::SocketOptions;
use crate::stack::Stack;
use crate::time::Instant;
use connection::Wire;
use segment::Tuple;
use socket::{Bound, Listener, Role, Tcp};

/// Handle of a TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TcpId(pub(crate) crate::slab::Key);

/// TCP_* options and those of every socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpOptions {
    /// SOL_SOCKET and SOL_IP level.
    pub common: SocketOptions,
    /// TCP_NODELAY.
    pub nodelay: bool,
    /// TCP_CORK; also set for the time of a send with MSG_MORE by [`Stack::tcp_send_with`].
    pub cork: bool,
    /// TCP_QUICKACK. A hint that changes nothing here: an acknowledgement waits 10 ms at most (Linux: 40 ms) and leaves at once
    /// when more than a segment is unacknowledged.
    pub quick_ack: bool,
    /// TCP_MAXSEG as set, in bytes; `None` is "by the route".
    pub max_segment: Option<u16>,
    /// TCP_KEEPIDLE.
    pub keep_idle: Duration,
    /// TCP_KEEPINTVL.
    pub keep_interval: Duration,
    /// TCP_KEEPCNT.
    pub keep_count: u32,
    /// TCP_USER_TIMEOUT.
    pub user_timeout: Option<Duration>,
    /// TCP_SYNCNT.
    pub syn_retries: u8,
    /// TCP_DEFER_ACCEPT: a child is ready to accept only when it has data, or after this time.
    pub defer_accept: Option<Duration>,
    /// TCP_LINGER2: how long an orphan stays in FIN-WAIT-2.
    pub fin_wait2: Duration,
    /// TCP_NOTSENT_LOWAT in bytes: writable only while less is unsent.
    pub notsent_low_water: usize,
}

/// The states of RFC 9293, numbered as in Linux (/proc/net/tcp, TCP_INFO).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are RFC 9293's")]
pub enum TcpState {
    Established = 1,
    SynSent = 2,
    SynReceived = 3,
    FinWait1 = 4,
    FinWait2 = 5,
    TimeWait = 6,
    Closed = 7,
    CloseWait = 8,
    LastAck = 9,
    Listen = 10,
    Closing = 11,
}

/// shutdown(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// SHUT_RD.
    Read,
    /// SHUT_WR.
    Write,
    /// SHUT_RDWR.
    Both,
}

/// How close(2) ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linger {
    /// Send what is queued, then FIN, in the background. A connection with unread data is reset instead (RFC 9293 3.6.1,
    /// RFC 2525 2.17).
    Background,
    /// SO_LINGER with zero seconds: RST, queued data is lost.
    Abort,
}

/// What accept(2) returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The new socket.
    pub id: TcpId,
    /// Its own address.
    pub local: Endpoint,
    /// The peer's.
    pub peer: Endpoint,
}

/// For TCP_INFO. Times in microseconds, sizes in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of struct tcp_info")]
pub struct TcpInfo {
    pub state: u8,
    pub retransmits: u8,
    pub backoff: u8,
    pub window_scale_send: u8,
    pub window_scale_recv: u8,
    pub options: u8,
    pub rto_us: u32,
    pub snd_mss: u32,
    pub rcv_mss: u32,
    pub unacked: u32,
    pub rtt_us: u32,
    pub rtt_var_us: u32,
    pub snd_cwnd: u32,
    pub snd_wnd: u32,
    pub rcv_space: u32,
    pub pmtu: u32,
    pub total_retrans: u32,
    pub bytes_acked: u64,
    pub bytes_received: u64,
    pub bytes_sent: u64,
    pub segs_out: u64,
    pub segs_in: u64,
    pub data_segs_out: u64,
    pub data_segs_in: u64,
    pub notsent_bytes: u32,
    pub last_data_sent_ms: u32,
    pub last_data_recv_ms: u32,
    pub last_ack_recv_ms: u32,
}

/// The timer column of /proc/net/tcp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are those of proc_net_tcp(5)")]
pub enum TcpTimer {
    Off = 0,
    Retransmit = 1,
    Keepalive = 2,
    TimeWait = 3,
    ZeroWindowProbe = 4,
}

/// A row of /proc/net/tcp and tcp6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpRow {
    /// Listed in tcp6.
    pub v6: bool,
    /// Own address; the wildcard of the family when any.
    pub local: Endpoint,
    /// Peer, or the wildcard and port 0.
    pub peer: Endpoint,
    /// State.
    pub state: TcpState,
    /// Unacknowledged bytes.
    pub tx_queue: usize,
    /// Unread bytes; on a listener, connections to accept.
    pub rx_queue: usize,
    /// Which timer runs,
    pub timer: TcpTimer,
    /// and when it expires.
    pub expires: Option<Instant>,
    /// Retransmissions under way.
    pub retransmits: u32,
    /// The owner in the options.
    pub owner: u32,
    /// The shell's token; 0 when no descriptor has the connection (TIME-WAIT, orphans, not yet accepted).
    pub token: u64,
}

impl Stack {
    /// socket(2). `v6` sockets are dual-stack unless `v6_only`. `token` comes back in [`crate::Wake`].
    pub fn tcp_open(&mut self, v6: bool, token: u64) -> TcpId {
        let options = TcpOptions::new(self.config.tcp_recv_buffer, self.config.tcp_send_buffer);
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
                ready: VecDeque::new(),
                embryos: 0,
            });
        }
        Ok(())
    }

    /// accept(2): the oldest completed connection. It inherits the listener's options and gets `token`. Errors: `WouldBlock`,
    /// `Invalid` (not listening). A connection that was reset while it waited is still returned, with its error pending.
    pub fn tcp_accept(&mut self, id: TcpId, token: u64) -> Result<Accepted> {
        self.listener_accept(id, token)
    }

    /// connect(2): starts. `Ok` means under way: the outcome is readiness WRITE and `tcp_take_error`. Errors: `Connected`,
    /// `Already`, `Invalid` (listening), `Family`, `AddrNotAvailable` (no port left, or the four-tuple is in use),
    /// `NetUnreachable`, `NetDown`; and once, the pending error of a failed attempt, after which a new attempt may start.
    pub fn tcp_connect(&mut self, now: Instant, id: TcpId, peer: Endpoint) -> Result<()> {
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
            _ => {}
        }
        if let Some(error) = tcp.error.take() {
            return Err(error);
        }
        self.tcp_clear(id);
        self.connect_to(now, id, peer)
    }

    /// connect(2) with AF_UNSPEC: resets the connection (or stops listening); the socket is as new but keeps options and an
    /// explicitly bound port.
    pub fn tcp_disconnect(&mut self, now: Instant, id: TcpId) -> Result<()> {
        self.now = now;
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        if matches!(tcp.role, Role::Listener(_)) {
            self.listener_stop(id.0);
        } else {
            self.tcp_release_connection(id, Linger::Abort);
        }
        let Some(tcp) = self.tcp.slab.get_mut(id.0) else {
            return Ok(());
        };
        tcp.error = None;
        tcp.done = false;
        if tcp.bound != Bound::Explicit {
            tcp.local = Endpoint::unspecified(tcp.v6);
            tcp.bound = Bound::No;
        }
        Ok(())
    }

    /// shutdown(2). On a listener, `Read` and `Both` stop listening. Errors: `NotConnected`.
    pub fn tcp_shutdown(&mut self, now: Instant, id: TcpId, how: Shutdown) -> Result<()> {
        self.now = now;
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        match &mut tcp.role {
            Role::Idle => Err(Error::NotConnected),
            Role::Listener(_) => {
                if how != Shutdown::Write {
                    self.listener_stop(id.0);
                    self.wake_tcp(id, Ready::READ | Ready::HUP | Ready::RDHUP);
                }
                Ok(())
            }
            Role::Connection(connection) if connection.detached => Err(Error::NotConnected),
            Role::Connection(connection) if connection.state == TcpState::SynSent => {
                self.tcp_disconnect(now, id)?;
                self.wake_tcp(id, Ready::READ | Ready::WRITE | Ready::HUP | Ready::RDHUP);
                Ok(())
            }
            Role::Connection(connection) => {
                let mut events = Ready::WRITE;
                let mut fin = false;
                if how != Shutdown::Write {
                    connection.shut_read = true;
                    events |= Ready::READ | Ready::RDHUP;
                }
                if how != Shutdown::Read && !connection.shut_write {
                    connection.shut_write = true;
                    connection.corked_until = None;
                    match &mut connection.wire {
                        Wire::Packets(machine) => machine.socket_mut().close(),
                        Wire::Local(_) => fin = true,
                    }
                }
                if connection.shut_write && (connection.shut_read || connection.fin_received) {
                    events |= Ready::HUP;
                }
                self.wake_tcp(id, events);
                if fin {
                    self.local_fin(now, id.0);
                } else {
                    self.tcp.mark_dirty(id.0);
                }
                Ok(())
            }
        }
    }

    /// close(2): the handle is gone. Unaccepted connections of a listener are reset.
    pub fn tcp_close(&mut self, now: Instant, id: TcpId, linger: Linger) {
        self.now = now;
        if self
            .tcp
            .slab
            .get(id.0)
            .is_some_and(|tcp| tcp.listener().is_some())
        {
            self.listener_stop(id.0);
        }
        self.tcp_release_connection(id, linger);
        self.tcp_forget(id.0);
    }

    /// First half of a close that lingers: as `tcp_shutdown(Both)`, but resets when there is unread data. `true`: wait for
    /// [`Ready::DRAINED`] or the linger time, then `tcp_close`. `false`: close at once.
    pub fn tcp_linger(&mut self, now: Instant, id: TcpId) -> bool {
        let Some(connection) = self.tcp.slab.get(id.0).and_then(|tcp| tcp.connection()) else {
            return false;
        };
        let ends =
            connection.detached || connection.unread() > 0 || connection.state == TcpState::SynSent;
        if ends || self.tcp_shutdown(now, id, Shutdown::Both).is_err() {
            return false;
        }
        let state = self.tcp.slab.get(id.0).and_then(|tcp| tcp.connection());
        state.is_some_and(|connection| connection.state != TcpState::FinWait2)
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
        if crate::addr::is_link_local(addr) {
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

    fn connect_to(&mut self, now: Instant, id: TcpId, peer: Endpoint) -> Result<()> {
        let tcp = self.tcp.slab.get(id.0).ok_or(Error::NoSocket)?;
        let options = tcp.options;
        let (v6, bound, own) = (tcp.v6, tcp.bound, tcp.local);
        let addr = Self::effective_destination(unmapped(peer.addr));
        match (v6, addr.is_ipv6()) {
            (false, true) => return Err(Error::Family),
            (true, false) if options.common.v6_only => return Err(Error::NetUnreachable),
            _ => {}
        }
        let limited = matches!(addr, core::net::IpAddr::V4(v4) if v4.is_broadcast());
        if addr.is_multicast() || limited {
            return Err(Error::NetUnreachable);
        }
        let mut via = options.common.bound_iface;
        if crate::addr::is_link_local(addr) {
            via = via.or((peer.scope != 0).then_some(IfaceId(peer.scope)));
            if via.is_none() {
                return Err(Error::Invalid);
            }
        }
        let (path, source) = self.find_path(addr, via)?;
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
        let scope = if crate::addr::is_link_local(addr) {
            path.iface.0
        } else {
            0
        };
        let peer = Endpoint {
            addr,
            scope,
            ..peer
        };
        let port = if own.port != 0 {
            own.port
        } else {
            self.tcp_connect_port(source, peer, path.local)?
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
        let packets = !path.local || !self.config.local_fast_path || self.taps.is_watched();
        let mut connection = if packets {
            self.new_connection(now, tuple, local, peer, path, &options)
        } else {
            self.new_local_connection(now, tuple, local, peer, path, &options)
        };
        if let Wire::Packets(machine) = &mut connection.wire
            && !machine.connect(local, peer)
        {
            self.release(connection);
            return Err(Error::AddrNotAvailable);
        }
        connection.state = TcpState::SynSent;
        self.tcp.demux.insert(tuple, id.0);
        self.tcp.port_used(port);
        self.counters.tcp.active_opens += 1;
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        tcp.role = Role::Connection(Box::new(connection));
        tcp.local = local;
        if bound == Bound::No {
            tcp.bound = Bound::Auto;
        }
        self.tcp.mark_dirty(id.0);
        Ok(())
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

    /// Cuts the connection loose from its handle: it ends in the background, under a key of its own.
    fn tcp_release_connection(&mut self, id: TcpId, linger: Linger) {
        let Some(tcp) = self.tcp.slab.get_mut(id.0) else {
            return;
        };
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        let gone = connection.detached;
        let silent = connection.state == TcpState::SynSent;
        let unread = connection.unread() > 0;
        if gone || silent {
            if !gone {
                let tuple = connection.tuple;
                self.tcp.demux.remove(&tuple);
                self.tcp.port_unused(tuple.local_port());
            }
            if let Some(tcp) = self.tcp.slab.get_mut(id.0)
                && let Role::Connection(connection) = core::mem::replace(&mut tcp.role, Role::Idle)
            {
                self.release(*connection);
            }
            return;
        }
        match (linger, unread) {
            (Linger::Abort, _) => self.counters.tcp.abort_on_linger += 1,
            (Linger::Background, true) => self.counters.tcp.abort_on_close += 1,
            (Linger::Background, false) => {}
        }
        let abort = linger == Linger::Abort || unread || connection.state == TcpState::SynReceived;
        let is_local = match &mut connection.wire {
            Wire::Local(_) => true,
            Wire::Packets(machine) => {
                if abort {
                    machine.socket_mut().abort();
                } else {
                    machine.socket_mut().close();
                }
                false
            }
        };
        let fin = !connection.shut_write;
        connection.shut_read = true;
        connection.shut_write = true;
        connection.corked_until = None;
        if connection.state == TcpState::FinWait2 {
            connection.fin_wait_until = Some(self.now + tcp.options.fin_wait2);
        }
        // A bucket entry stays with the connection: the port is taken as long as it lives.
        let orphan = Tcp {
            v6: tcp.v6,
            orphan: true,
            token: 0,
            options: tcp.options,
            local: tcp.local,
            bound: tcp.bound,
            role: core::mem::replace(&mut tcp.role, Role::Idle),
            error: None,
            done: true,
            pending: Ready::NONE,
        };
        let (tuple, port, bound) = match orphan.connection() {
            Some(connection) => (connection.tuple, orphan.local.port, orphan.bound),
            None => return,
        };
        let key = self.tcp.slab.insert(orphan);
        self.tcp.demux.insert(tuple, key);
        if bound == Bound::Explicit {
            self.tcp.put_in_bucket(port, key);
        }
        if let Some(connection) = self
            .tcp
            .slab
            .get_mut(key)
            .and_then(|tcp| tcp.connection_mut())
        {
            connection.dirty = false;
            // Its entries in the deadline index carry the old key.
            connection.armed = None;
        }
        if is_local {
            self.local_moved(id.0, key);
            if abort {
                self.local_abort(key);
            } else if fin {
                self.local_fin(self.now, key);
            }
            return self.connection_arm(self.now, key);
        }
        self.tcp.mark_dirty(key);
    }

    pub(crate) fn wake_tcp(&mut self, id: TcpId, events: Ready) {
        if let Some(tcp) = self.tcp.slab.get_mut(id.0) {
            self.woken
                .note(crate::stack::SocketRef::Tcp(id.0), &mut tcp.pending, events);
        }
    }
}
