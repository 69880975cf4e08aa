//! Datagram sockets: UDP (udp(7)), ping (ICMP echo, icmp(7)) and raw (raw(7)). One kind of object; the kind decides what is
//! demultiplexed by and which headers the caller sees.

use core::net::IpAddr;

use crate::addr::Endpoint;
use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::iface::IfaceId;
use crate::options::SocketOptions;
use crate::stack::Stack;
use crate::tcp::Shutdown;
use crate::time::Instant;

/// Handle of a datagram socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DgramId(pub(crate) crate::slab::Key);

/// What a datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DgramKind {
    /// Payload of UDP.
    Udp,
    /// ICMP echo messages, header included; the "port" is the identifier, which the engine writes.
    Ping,
    /// Payload of this IP protocol. Received IPv4 packets come with their IP header, IPv6 ones without.
    Raw {
        /// The protocol number. 255 (IPPROTO_RAW) sends only, with the header included.
        protocol: u8,
    },
}

/// Options of a datagram socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DgramOptions {
    /// SOL_SOCKET and SOL_IP level.
    pub common: SocketOptions,
    /// IP_MULTICAST_TTL or IPV6_MULTICAST_HOPS.
    pub multicast_ttl: u8,
    /// IP_MULTICAST_LOOP.
    pub multicast_loop: bool,
    /// IP_MULTICAST_IF.
    pub multicast_iface: Option<IfaceId>,
    /// IP_MULTICAST_ALL: receive groups that anybody here joined.
    pub multicast_all: bool,
    /// IP_RECVERR or IPV6_RECVERR: keep ICMP errors in the error queue and report all of them.
    pub recv_errors: bool,
    /// IP_HDRINCL (raw IPv4).
    pub header_included: bool,
    /// ICMP_FILTER or ICMP6_FILTER as 256 bits, 1 = block (raw ICMP).
    pub icmp_filter: [u64; 4],
    /// IPV6_CHECKSUM: offset of the checksum to fill in and verify (raw IPv6).
    pub checksum_offset: Option<u16>,
    /// IP_MTU_DISCOVER is DO or PROBE: never fragment; longer is `MessageTooBig`.
    pub dont_fragment: bool,
    /// SO_NO_CHECK.
    pub no_checksum: bool,
}

/// What may be said about one datagram to send. `Default` says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct SendMeta {
    /// Destination; `None` uses the connected one.
    pub to: Option<Endpoint>,
    /// Source address (IP_PKTINFO).
    pub from: Option<IpAddr>,
    /// Interface (IP_PKTINFO).
    pub iface: Option<IfaceId>,
    /// IP_TTL, IPV6_HOPLIMIT.
    pub ttl: Option<u8>,
    /// IP_TOS, IPV6_TCLASS.
    pub tos: Option<u8>,
    /// MSG_DONTROUTE.
    pub on_link: bool,
}

/// A received datagram, borrowed from the queue.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The bytes, all of them: MSG_TRUNC is a comparison with the caller's buffer.
    pub data: &'a [u8],
    /// Who sent it.
    pub from: Endpoint,
    /// The address it was sent to (IP_PKTINFO's ipi_addr); perhaps a broadcast or a group.
    pub to: IpAddr,
    /// The interface it came by.
    pub iface: IfaceId,
    /// IP_RECVTTL.
    pub ttl: u8,
    /// IP_RECVTOS.
    pub tos: u8,
    /// SO_TIMESTAMP (monotonic; the shell adds the epoch).
    pub arrived: Instant,
}

/// `ee_origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ErrorOrigin {
    /// SO_EE_ORIGIN_LOCAL.
    Local = 1,
    /// SO_EE_ORIGIN_ICMP.
    Icmp = 2,
    /// SO_EE_ORIGIN_ICMP6.
    Icmp6 = 3,
}

/// An entry of the error queue, borrowed (`struct sock_extended_err`).
#[derive(Clone, Copy, Debug)]
pub struct ErrorRecord<'a> {
    /// `ee_errno`.
    pub error: Error,
    /// `ee_origin`.
    pub origin: ErrorOrigin,
    /// `ee_type`.
    pub kind: u8,
    /// `ee_code`.
    pub code: u8,
    /// `ee_info`: the MTU of "fragmentation needed".
    pub info: u32,
    /// Who complained.
    pub offender: Option<IpAddr>,
    /// Where our datagram was going.
    pub to: Endpoint,
    /// The start of our datagram's payload as far as it was quoted.
    pub data: &'a [u8],
}

/// A row of /proc/net/{udp,raw,icmp} and their v6 siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DgramRow {
    /// Which file.
    pub kind: DgramKind,
    /// Listed in the file for IPv6.
    pub v6: bool,
    /// Own address.
    pub local: Endpoint,
    /// Connected peer, or the wildcard.
    pub peer: Endpoint,
    /// connect(2) was called.
    pub connected: bool,
    /// Bytes received and not read.
    pub rx_queue: usize,
    /// Datagrams dropped for want of room.
    pub drops: u64,
    /// The owner in the options.
    pub owner: u32,
    /// The shell's token.
    pub token: u64,
}

impl Stack {
    /// socket(2). `token` comes back in [`crate::Wake`].
    pub fn dgram_open(&mut self, kind: DgramKind, v6: bool, token: u64) -> DgramId {
        todo!()
    }

    /// The socket's options. Errors: `NoSocket`.
    pub fn dgram_options(&self, id: DgramId) -> Result<&DgramOptions> {
        todo!()
    }

    /// Changes options. Values are taken as they are. Errors: `NoSocket`.
    pub fn dgram_configure(
        &mut self,
        id: DgramId,
        change: impl FnOnce(&mut DgramOptions),
    ) -> Result<()> {
        todo!()
    }

    /// bind(2). Errors: `Invalid` (bound already), `Family`, `AddrNotAvailable`, `AddrInUse`, `NoDevice` (scope).
    pub fn dgram_bind(&mut self, id: DgramId, local: Endpoint) -> Result<()> {
        todo!()
    }

    /// connect(2): fixes the peer and the source address. Errors: `Family`, `NetUnreachable`, `NetDown`, `Access` (broadcast),
    /// `AddrNotAvailable`.
    pub fn dgram_connect(&mut self, id: DgramId, peer: Endpoint) -> Result<()> {
        todo!()
    }

    /// connect(2) with AF_UNSPEC.
    pub fn dgram_disconnect(&mut self, id: DgramId) -> Result<()> {
        todo!()
    }

    /// Sends one datagram. Binds an ephemeral port first if need be. Errors: `NoDestination`, `MessageTooBig`, `Access`,
    /// `NetUnreachable`, `NetDown`, `Pipe`, `WouldBlock` (the device's queue is full), `Family`, or the pending error.
    pub fn dgram_send(
        &mut self,
        now: Instant,
        id: DgramId,
        meta: &SendMeta,
        data: &[u8],
    ) -> Result<()> {
        todo!()
    }

    /// As `dgram_send`, with `fill` writing the `len` bytes of payload in place. `fill` returns `false` to give up: `Fault`.
    pub fn dgram_send_with(
        &mut self,
        now: Instant,
        id: DgramId,
        meta: &SendMeta,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> bool,
    ) -> Result<()> {
        todo!()
    }

    /// Shows the oldest datagram to `read` and, unless `peek`, drops it. Errors: `WouldBlock`, or the pending error. After
    /// `shutdown(Read)` an empty queue gives `NotConnected`, which the shell reports as end of file.
    pub fn dgram_recv<R>(
        &mut self,
        id: DgramId,
        peek: bool,
        read: impl FnOnce(&Arrival<'_>) -> R,
    ) -> Result<R> {
        todo!()
    }

    /// MSG_ERRQUEUE: takes the oldest entry of the error queue. Errors: `WouldBlock`.
    pub fn dgram_recv_error<R>(
        &mut self,
        id: DgramId,
        read: impl FnOnce(&ErrorRecord<'_>) -> R,
    ) -> Result<R> {
        todo!()
    }

    /// IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP. Without `iface`, the one that routes to the group. Errors: `AddrInUse` (joined already),
    /// `Invalid` (not a group), `NoDevice`.
    pub fn dgram_join(
        &mut self,
        now: Instant,
        id: DgramId,
        group: IpAddr,
        iface: Option<IfaceId>,
    ) -> Result<()> {
        todo!()
    }

    /// IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP. Errors: `AddrNotAvailable`.
    pub fn dgram_leave(
        &mut self,
        now: Instant,
        id: DgramId,
        group: IpAddr,
        iface: Option<IfaceId>,
    ) -> Result<()> {
        todo!()
    }

    /// shutdown(2). Errors: `NotConnected`; it takes effect all the same, as in Linux.
    pub fn dgram_shutdown(&mut self, id: DgramId, how: Shutdown) -> Result<()> {
        todo!()
    }

    /// close(2).
    pub fn dgram_close(&mut self, now: Instant, id: DgramId) {
        todo!()
    }

    /// Level readiness as poll(2) sees it.
    pub fn dgram_ready(&self, id: DgramId) -> Ready {
        todo!()
    }

    /// SO_ERROR: takes the pending error.
    pub fn dgram_take_error(&mut self, id: DgramId) -> Option<Error> {
        todo!()
    }

    /// getsockname(2).
    pub fn dgram_local(&self, id: DgramId) -> Endpoint {
        todo!()
    }

    /// getpeername(2).
    pub fn dgram_peer(&self, id: DgramId) -> Option<Endpoint> {
        todo!()
    }

    /// FIONREAD: length of the oldest datagram, 0 when there is none.
    pub fn dgram_next_len(&self, id: DgramId) -> usize {
        todo!()
    }

    /// Bytes of payload received and not read.
    pub fn dgram_unread(&self, id: DgramId) -> usize {
        todo!()
    }

    /// Every datagram socket.
    pub fn dgram_rows(&self, each: impl FnMut(&DgramRow)) {
        todo!()
    }
}
