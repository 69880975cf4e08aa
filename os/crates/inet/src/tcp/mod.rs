//! TCP sockets as seen by a caller (tcp(7)).
//!
//! One handle lives through everything that a socket descriptor lives through: opened, bound, then listening or connecting,
//! connected, closing. [`Stack::tcp_close`] ends the handle at once; the connection goes on in the background.

mod bind;
mod calls;
mod close;
mod congestion;
mod connect;
mod connection;
mod conversion;
mod egress;
mod fastopen;
mod headers;
mod input;
mod listener;
mod local;
mod machine;
mod options;
mod retransmit;
mod ring;
mod rows;
mod sack;
pub(crate) mod segment;
mod socket;
mod stamps;
mod stream;
mod syncookie;
mod timewait;
mod urgent;

pub(crate) use bind::{Claim, ephemeral};
pub use congestion::Congestion;
pub(crate) use fastopen::CLIENT as FAST_OPEN_DEFAULT;
pub use fastopen::FastOpenKeys;
pub use headers::Heard;
pub(crate) use socket::TcpTable;

use core::time::Duration;

use crate::addr::Endpoint;
use crate::options::SocketOptions;
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
    /// TCP_QUICKACK: the first segments of a burst are acknowledged at once. Later an acknowledgement waits 10 ms at most
    /// (Linux: 40 ms), and not when more than a segment is unacknowledged.
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
    /// TCP_LINGER2: how long an orphan stays in FIN-WAIT-2; `None` is not at all.
    pub fin_wait2: Option<Duration>,
    /// TCP_WINDOW_CLAMP in bytes: no larger window is announced by connections that begin from now on.
    pub window_clamp: Option<u32>,
    /// TCP_CONGESTION.
    pub congestion: Congestion,
    /// TCP_NOTSENT_LOWAT in bytes: writable only while less is unsent.
    pub notsent_low_water: usize,
    /// TCP_FASTOPEN of a listener: so many connections may be in use before their handshake is over. See
    /// [`Stack::tcp_fast_listen`].
    pub fast_open_queue: u32,
    /// TCP_FASTOPEN_CONNECT; the shell puts the connect off until there is data.
    pub fast_open_connect: bool,
    /// TCP_FASTOPEN_NO_COOKIE.
    pub fast_open_no_cookie: bool,
    /// TCP_SAVE_SYN of a listener: 1 keeps the SYN from the network header on, 2 with a link header.
    pub save_syn: u8,
    /// TCP_RTO_MIN_US and TCP_RTO_MAX_MS: bounds of the retransmission timeout.
    pub rto_range: (Duration, Duration),
    /// TCP_DELACK_MAX_US: no acknowledgement waits longer.
    pub delayed_ack: Duration,
    /// IPV6_AUTOFLOWLABEL: segments have a label of the kernel's.
    pub auto_label: bool,
    /// IPV6_RECV*: what the headers of the latest segment said is kept.
    pub shows_headers: bool,
    /// Bytes that IP options or extension headers take in every segment. Kept by [`Stack::tcp_add`].
    pub(crate) extra_header: u16,
    /// TCP_THIN_LINEAR_TIMEOUTS: the timeout of a stream with little under way does not double at once.
    pub thin_linear: bool,
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
    pub sacked: u32,
    pub rtt_us: u32,
    pub rtt_var_us: u32,
    pub snd_cwnd: u32,
    pub snd_ssthresh: u32,
    pub snd_wnd: u32,
    pub rcv_space: u32,
    pub pmtu: u32,
    pub total_retrans: u32,
    pub lost: u32,
    pub retrans: u32,
    pub min_rtt_us: u32,
    pub delivered: u32,
    pub bytes_retrans: u64,
    pub ca_state: u8,
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
    pub dsack_dups: u32,
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
    /// To ask for more; none in TIME-WAIT.
    pub id: Option<TcpId>,
    /// What listen was given; 0 on others.
    pub backlog: usize,
    /// Which sides are shut: 1 receiving, 2 sending.
    pub shut: u8,
    /// The options; the defaults in TIME-WAIT.
    pub options: SocketOptions,
}
