//! TCP sockets as seen by a caller (tcp(7)).
//!
//! One handle lives through everything that a socket descriptor lives through: opened, bound, then listening or connecting,
//! connected, closing. [`Stack::tcp_close`] ends the handle at once; the connection goes on in the background.

use core::time::Duration;

use crate::addr::Endpoint;
use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::options::SocketOptions;
use crate::stack::Stack;
use crate::time::Instant;

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
    /// TCP_QUICKACK.
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
        todo!()
    }

    /// The socket's options. Errors: `NoSocket`.
    pub fn tcp_options(&self, id: TcpId) -> Result<&TcpOptions> {
        Err(Error::NoSocket)
    }

    /// Changes options and applies them to the running connection: `tcp_configure(id, |o| o.nodelay = true)`.
    /// Values are taken as they are; limits and doubling are the shell's business. Errors: `NoSocket`.
    pub fn tcp_configure(&mut self, id: TcpId, change: impl FnOnce(&mut TcpOptions)) -> Result<()> {
        todo!()
    }

    /// bind(2). Port 0 takes an ephemeral one (unless `no_port`). Errors: `Invalid` (bound already), `Family`,
    /// `AddrNotAvailable`, `AddrInUse`, `NoDevice` (scope).
    pub fn tcp_bind(&mut self, id: TcpId, local: Endpoint) -> Result<()> {
        todo!()
    }

    /// listen(2); again, changes the backlog. An unbound socket gets an ephemeral port. `backlog` + 1 connections may wait;
    /// SYNs beyond are dropped, not refused. Errors: `Invalid` (connected), `AddrInUse`.
    pub fn tcp_listen(&mut self, id: TcpId, backlog: usize) -> Result<()> {
        todo!()
    }

    /// accept(2): the oldest completed connection. It inherits the listener's options and gets `token`. Errors: `WouldBlock`,
    /// `Invalid` (not listening). A connection that was reset while it waited is still returned, with its error pending.
    pub fn tcp_accept(&mut self, id: TcpId, token: u64) -> Result<Accepted> {
        todo!()
    }

    /// connect(2): starts. `Ok` means under way: the outcome is readiness WRITE and `tcp_take_error`. Errors: `Connected`,
    /// `Already`, `Invalid` (listening), `Family`, `AddrNotAvailable` (no port left, or the four-tuple is in use),
    /// `NetUnreachable`, `NetDown`; and once, the pending error of a failed attempt, after which a new attempt may start.
    pub fn tcp_connect(&mut self, now: Instant, id: TcpId, peer: Endpoint) -> Result<()> {
        todo!()
    }

    /// connect(2) with AF_UNSPEC: resets the connection (or stops listening); the socket is as new but keeps options and an
    /// explicitly bound port.
    pub fn tcp_disconnect(&mut self, now: Instant, id: TcpId) -> Result<()> {
        todo!()
    }

    /// Copies into the send buffer. Returns how much fitted, never 0 for a non-empty `data`. Errors: `WouldBlock` (no room, or
    /// still connecting), `NotConnected`, `Pipe` (shut for sending), or the pending error.
    pub fn tcp_send(&mut self, id: TcpId, data: &[u8]) -> Result<usize> {
        todo!()
    }

    /// Lets `fill` write into the largest contiguous free part of the send buffer and return how many bytes it wrote; these are
    /// queued. Call again for the rest (the ring wraps). `more` is MSG_MORE: hold back the last partial segment. Errors: as
    /// `tcp_send`; `fill` is not called then.
    pub fn tcp_send_with<R>(
        &mut self,
        id: TcpId,
        more: bool,
        fill: impl FnOnce(&mut [u8]) -> (usize, R),
    ) -> Result<R> {
        todo!()
    }

    /// Moves received bytes out. `Ok(0)` for a non-empty `buf` is end of stream. Errors: `WouldBlock`, `NotConnected`, or the
    /// pending error (once; then end of stream).
    pub fn tcp_recv(&mut self, id: TcpId, buf: &mut [u8]) -> Result<usize> {
        todo!()
    }

    /// Lets `take` look at the largest contiguous part of the received bytes and return how many it consumed. `take` gets an
    /// empty slice at end of stream. Errors: as `tcp_recv`.
    pub fn tcp_recv_with<R>(
        &mut self,
        id: TcpId,
        take: impl FnOnce(&[u8]) -> (usize, R),
    ) -> Result<R> {
        todo!()
    }

    /// MSG_PEEK: shows the contiguous received bytes that start `offset` bytes into the queue, consuming nothing; an empty slice
    /// past the end. Errors: as `tcp_recv`.
    pub fn tcp_peek_with<R>(
        &mut self,
        id: TcpId,
        offset: usize,
        look: impl FnOnce(&[u8]) -> R,
    ) -> Result<R> {
        todo!()
    }

    /// shutdown(2). On a listener, `Read` and `Both` stop listening. Errors: `NotConnected`.
    pub fn tcp_shutdown(&mut self, now: Instant, id: TcpId, how: Shutdown) -> Result<()> {
        todo!()
    }

    /// close(2): the handle is gone. Unaccepted connections of a listener are reset.
    pub fn tcp_close(&mut self, now: Instant, id: TcpId, linger: Linger) {
        todo!()
    }

    /// First half of a close that lingers: as `tcp_shutdown(Both)`, but resets when there is unread data. `true`: wait for
    /// [`Ready::DRAINED`] or the linger time, then `tcp_close`. `false`: close at once.
    pub fn tcp_linger(&mut self, now: Instant, id: TcpId) -> bool {
        todo!()
    }

    /// The state; `Closed` for a stale handle.
    pub fn tcp_state(&self, id: TcpId) -> TcpState {
        todo!()
    }

    /// Level readiness as poll(2) sees it.
    pub fn tcp_ready(&self, id: TcpId) -> Ready {
        todo!()
    }

    /// SO_ERROR: takes the pending error.
    pub fn tcp_take_error(&mut self, id: TcpId) -> Option<Error> {
        todo!()
    }

    /// getsockname(2): the wildcard and port 0 while unbound.
    pub fn tcp_local(&self, id: TcpId) -> Endpoint {
        todo!()
    }

    /// getpeername(2): `None` while not connected.
    pub fn tcp_peer(&self, id: TcpId) -> Option<Endpoint> {
        todo!()
    }

    /// SIOCINQ: unread bytes.
    pub fn tcp_unread(&self, id: TcpId) -> usize {
        todo!()
    }

    /// SIOCOUTQ: bytes not acknowledged.
    pub fn tcp_unacked(&self, id: TcpId) -> usize {
        todo!()
    }

    /// SIOCOUTQNSD: bytes not sent.
    pub fn tcp_unsent(&self, id: TcpId) -> usize {
        todo!()
    }

    /// TCP_MAXSEG as getsockopt reports it, in bytes.
    pub fn tcp_mss(&self, id: TcpId) -> usize {
        todo!()
    }

    /// TCP_INFO. Errors: `NoSocket`.
    pub fn tcp_info(&self, now: Instant, id: TcpId) -> Result<TcpInfo> {
        todo!()
    }

    /// Every TCP socket and connection, TIME-WAIT and half-open ones included.
    pub fn tcp_rows(&self, each: impl FnMut(&TcpRow)) {
        todo!()
    }
}
