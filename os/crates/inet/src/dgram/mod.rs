//! Datagram sockets: UDP (udp(7)), ping (ICMP echo, icmp(7)) and raw (raw(7)). One kind of object; the kind decides what is
//! demultiplexed by and which headers the caller sees.

mod input;
mod multicast;
mod send;
mod socket;

pub use multicast::{SourceChange, SourceFilter};
pub(crate) use socket::DgramTable;

use alloc::sync::Arc;
use core::net::IpAddr;

use crate::addr::{Endpoint, unmapped};
use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::frame::Tag;
use crate::icmp::Extension;
use crate::iface::IfaceId;
use crate::ip::additions::Additions;
use crate::ip::extension;
use crate::ip::header::IPV4_HEADER;
use crate::ip::label;
use crate::ip::options::Ipv4Options;
use crate::options::SocketOptions;
use crate::reuse::Sharer;
use crate::rule::Flow;
use crate::stack::Stack;
use crate::tcp::Claim;
use crate::tcp::Shutdown;
use crate::time::Instant;
use socket::{Datagram, Dgram, NotedError};

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
    /// IP_ROUTER_ALERT (raw): have the packets for others that routers are to look into, whoever they are for.
    pub router_alert: bool,
    /// IP_HDRINCL, IPV6_HDRINCL (raw).
    pub header_included: bool,
    /// ICMP_FILTER or ICMP6_FILTER as 256 bits, 1 = block (raw ICMP).
    pub icmp_filter: [u64; 4],
    /// IPV6_CHECKSUM: offset of the checksum to fill in and verify (raw IPv6).
    pub checksum_offset: Option<u32>,
    /// IP_MTU_DISCOVER is DO or PROBE: never fragment; longer is `MessageTooBig`.
    pub dont_fragment: bool,
    /// IPV6_RECVPATHMTU and IPV6_DONTFRAG: note the path's MTU when something was too long.
    pub report_path_mtu: bool,
    /// SO_NO_CHECK.
    pub no_checksum: bool,
    /// UDP_NO_CHECK6_TX: no checksum over IPv6 either.
    pub no_check6_tx: bool,
    /// UDP_NO_CHECK6_RX: take datagrams without one.
    pub no_check6_rx: bool,
    /// UDP_GRO: the datagrams of one UDP_SEGMENT send arrive in one piece.
    pub coalesce: bool,
    /// IPV6_AUTOFLOWLABEL: packets have a label of the kernel's.
    pub auto_label: bool,
    /// IPV6_FLOWINFO: received datagrams show theirs.
    pub shows_label: bool,
}

/// What may be said about one datagram to send. `Default` says nothing.
#[derive(Clone, Debug, Default)]
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
    /// SO_MARK, SO_PRIORITY and which UDP_SEGMENT send it belongs to.
    pub tag: Tag,
    /// What its headers get instead of what the socket adds.
    pub additions: Option<Arc<Additions>>,
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
    /// SO_RXQ_OVFL: how many the socket had dropped when this one came.
    pub drops: u32,
    /// UDP_GRO: the length of the datagrams of which this is several; 0 for one.
    pub segment: u16,
    /// What else came with it.
    pub tag: Tag,
    /// Where the IP header is.
    pub(crate) datagram: &'a Datagram,
}

impl<'a> Arrival<'a> {
    /// The IPv4 options that it came with, filled in by the hops on its way and by this host.
    pub fn ipv4_options(&self) -> &'a [u8] {
        match self.from.addr {
            IpAddr::V4(_) => self.datagram.behind_header(IPV4_HEADER),
            IpAddr::V6(_) => &[],
        }
    }

    /// Its IPv6 extension headers, each with its kind (a protocol number), as they came.
    pub fn extension_headers(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let length = match self.from.addr {
            IpAddr::V6(_) if self.segment == 0 => self.datagram.header as usize,
            _ => 0,
        };
        extension::headers(&self.datagram.frame, length).map(|(kind, _, header)| (kind, header))
    }

    /// The traffic class and the flow label of its IPv6 header, 28 bits, where `shows_label` was set when it came.
    pub fn flow_info(&self) -> u32 {
        let words = self.datagram.frame.first_chunk();
        match self.from.addr {
            IpAddr::V6(_) if self.datagram.header != 0 && self.segment == 0 => {
                words.map_or(0, |&word| u32::from_be_bytes(word) & 0x0fff_ffff)
            }
            _ => 0,
        }
    }

    /// Options to answer with (IP_RETOPTS). `None` where nothing can be answered.
    pub fn ipv4_answer(&self) -> Option<Ipv4Options> {
        let own = self.to;
        Ipv4Options::answer(self.ipv4_options(), |addr| IpAddr::V4(addr) != own)
    }
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
    /// Time to live (hop limit) of the complaint; 0 where no packet brought it.
    pub ttl: u8,
    /// Where our datagram was going.
    pub to: Endpoint,
    /// The start of our datagram's payload as far as it was quoted, and what came behind.
    pub data: &'a [u8],
    /// Where in it RFC 4884's extensions are.
    pub extension: Option<Extension>,
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
    /// Which sides are shut: 1 receiving, 2 sending.
    pub shut: u8,
    /// The options.
    pub options: SocketOptions,
}

impl Stack {
    /// socket(2). `token` comes back in [`crate::Wake`].
    pub fn dgram_open(&mut self, kind: DgramKind, v6: bool, token: u64) -> DgramId {
        let label = self.rng.u32() & label::MASK | label::STATELESS;
        let mut dgram = Dgram::new(
            kind,
            v6,
            token,
            self.config.dgram_recv_buffer,
            self.config.dgram_send_buffer,
        );
        dgram.label = label;
        if let DgramKind::Raw { protocol } = kind {
            // A raw socket has no bind in the way of ports: it receives its protocol from the start.
            dgram.local.port = u16::from(protocol);
            let key = self.dgram.slab.insert(dgram);
            self.dgram.put_in_bucket(kind, u16::from(protocol), key);
            return DgramId(key);
        }
        DgramId(self.dgram.slab.insert(dgram))
    }

    /// The socket's options. Errors: `NoSocket`.
    pub fn dgram_options(&self, id: DgramId) -> Result<&DgramOptions> {
        self.dgram
            .slab
            .get(id.0)
            .map(|dgram| &dgram.options)
            .ok_or(Error::NoSocket)
    }

    /// Changes options. Values are taken as they are. Errors: `NoSocket`.
    pub fn dgram_configure(
        &mut self,
        id: DgramId,
        change: impl FnOnce(&mut DgramOptions),
    ) -> Result<()> {
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        change(&mut dgram.options);
        Ok(())
    }

    /// What the socket adds to the headers of its packets.
    pub fn dgram_additions(&self, id: DgramId) -> Option<Arc<Additions>> {
        self.dgram.slab.get(id.0)?.additions.clone()
    }

    /// Changes that. Errors: `NoSocket`.
    pub fn dgram_add(&mut self, id: DgramId, change: impl FnOnce(&mut Additions)) -> Result<()> {
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let mut additions = dgram.additions.as_deref().cloned().unwrap_or_default();
        change(&mut additions);
        dgram.additions = (!additions.is_empty()).then(|| Arc::new(additions));
        Ok(())
    }

    /// bind(2). Errors: `Invalid` (bound already), `Family`, `AddrNotAvailable`, `AddrInUse`, `NoDevice` (scope).
    pub fn dgram_bind(&mut self, id: DgramId, local: Endpoint) -> Result<()> {
        let dgram = self.dgram.slab.get(id.0).ok_or(Error::NoSocket)?;
        let options = dgram.options.common;
        let (v6, kind) = (dgram.v6, dgram.kind);
        let raw = matches!(kind, DgramKind::Raw { .. });
        if dgram.bound && !raw {
            return Err(Error::Invalid);
        }
        // A datagram socket may bind to a group or a broadcast address: it then receives only these.
        let addr = unmapped(local.addr);
        let group = addr.is_multicast()
            || matches!(addr, IpAddr::V4(v4) if self.ifaces.iter().any(|iface| iface.is_broadcast(v4)));
        let local = self.check_local(v6, options.v6_only, options.freebind || group, local)?;
        if raw {
            let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
            dgram.local = Endpoint {
                port: dgram.local.port,
                ..local
            };
            dgram.address_bound = !local.addr.is_unspecified();
            return Ok(());
        }
        self.dgram_take_port(id, local)?;
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        dgram.address_bound = !local.addr.is_unspecified();
        dgram.port_bound = local.port != 0;
        Ok(())
    }

    /// connect(2): fixes the peer and the source address. Errors: `Family`, `NetUnreachable`, `NetDown`, `Access` (broadcast),
    /// `AddrNotAvailable`.
    pub fn dgram_connect(&mut self, id: DgramId, peer: Endpoint) -> Result<()> {
        let dgram = self.dgram.slab.get(id.0).ok_or(Error::NoSocket)?;
        let (v6, options, local) = (dgram.v6, dgram.options.common, dgram.local);
        let (peer, via) = self.check_peer(v6, &options, peer)?;
        let outgoing = dgram.options.multicast_iface;
        let route = self.select_route_for(&Flow {
            via: via.or(outgoing.filter(|_| peer.addr.is_multicast())),
            source: Some(local.addr).filter(|addr| !addr.is_unspecified()),
            mark: options.mark,
            tos: options.tos,
            ..Flow::to(peer.addr)
        })?;
        if route.broadcast && !options.broadcast {
            return Err(Error::Access);
        }
        let raw = matches!(dgram.kind, DgramKind::Raw { .. });
        if !dgram.bound && !raw {
            self.dgram_take_port(id, local)?;
        }
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        if dgram.local.addr.is_unspecified() {
            dgram.local.addr = route.source;
        }
        dgram.peer = Some(peer);
        Ok(())
    }

    /// connect(2) with AF_UNSPEC.
    pub fn dgram_disconnect(&mut self, id: DgramId) -> Result<()> {
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        dgram.peer = None;
        dgram.error = None;
        if !dgram.address_bound {
            dgram.local.addr = Endpoint::unspecified(dgram.v6).addr;
        }
        if !dgram.port_bound && dgram.bound {
            // Linux gives a port back that connect chose.
            let (kind, port) = (dgram.kind, dgram.local.port);
            dgram.bound = false;
            dgram.local.port = 0;
            self.dgram.take_from_bucket(kind, port, id.0);
            self.reuse_part(false, id.0);
        }
        Ok(())
    }

    /// Shows the oldest datagram to `read` and, unless `peek`, drops it. Errors: `WouldBlock`, or the pending error. After
    /// `shutdown(Read)` an empty queue gives `NotConnected`, which the shell reports as end of file.
    pub fn dgram_recv<R>(
        &mut self,
        id: DgramId,
        peek: bool,
        read: impl FnOnce(&Arrival<'_>) -> R,
    ) -> Result<R> {
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        if let Some(error) = dgram.error.take() {
            return Err(error);
        }
        let Some(datagram) = dgram.queue.front() else {
            return Err(if dgram.shut_read {
                Error::NotConnected
            } else {
                Error::WouldBlock
            });
        };
        let result = read(&datagram.arrival());
        if !peek && let Some(datagram) = dgram.queue.pop_front() {
            dgram.held -= datagram.charge();
            self.frames.put(datagram.frame);
        }
        Ok(result)
    }

    /// MSG_PEEK with SO_PEEK_OFF: as `dgram_recv`, `skip` bytes into what is queued. Datagrams that lie before are passed over;
    /// `read` is also told how far into the datagram to begin. Errors: as `dgram_recv`.
    pub fn dgram_peek<R>(
        &mut self,
        id: DgramId,
        skip: usize,
        read: impl FnOnce(&Arrival<'_>, usize) -> R,
    ) -> Result<R> {
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        if let Some(error) = dgram.error.take() {
            return Err(error);
        }
        let mut left = skip;
        for datagram in &dgram.queue {
            // An empty datagram lies before whatever was passed over.
            if left >= datagram.len() && left > 0 {
                left -= datagram.len();
                continue;
            }
            return Ok(read(&datagram.arrival(), left));
        }
        Err(match dgram.shut_read {
            true => Error::NotConnected,
            false => Error::WouldBlock,
        })
    }

    /// MSG_ERRQUEUE: takes the oldest entry of the error queue. As in Linux the pending error becomes that of the next entry which
    /// came from the network, and goes with the last one. Errors: `WouldBlock`.
    pub fn dgram_recv_error<R>(
        &mut self,
        id: DgramId,
        read: impl FnOnce(&ErrorRecord<'_>) -> R,
    ) -> Result<R> {
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let noted = dgram.errors.pop_front().ok_or(Error::WouldBlock)?;
        let remote = |noted: &&NotedError| noted.report.origin != ErrorOrigin::Local;
        let next = dgram.errors.front().filter(remote);
        if next.is_some() || remote(&&noted) {
            dgram.error = next.map(|next| next.report.error);
        }
        Ok(read(&ErrorRecord {
            error: noted.report.error,
            origin: noted.report.origin,
            kind: noted.report.kind,
            code: noted.report.code,
            info: noted.report.info,
            offender: (noted.report.origin != ErrorOrigin::Local).then_some(noted.report.offender),
            ttl: noted.report.ttl,
            to: noted.to,
            data: &noted.data,
            extension: noted.extension,
        }))
    }

    /// IPV6_RECVPATHMTU: takes the note that a datagram was too long for a path, and how long it may be.
    pub fn dgram_take_path_mtu(&mut self, id: DgramId) -> Option<(Endpoint, u32)> {
        self.dgram.slab.get_mut(id.0)?.path_mtu.take()
    }

    /// shutdown(2). Errors: `NotConnected`; it takes effect all the same, as in Linux.
    pub fn dgram_shutdown(&mut self, id: DgramId, how: Shutdown) -> Result<()> {
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let mut events = Ready::NONE;
        if how != Shutdown::Write {
            dgram.shut_read = true;
            events |= Ready::READ | Ready::RDHUP;
        }
        if how != Shutdown::Read {
            dgram.shut_write = true;
            events |= Ready::WRITE;
        }
        if dgram.shut_read && dgram.shut_write {
            events |= Ready::HUP;
        }
        let connected = dgram.peer.is_some();
        self.woken.note(
            crate::stack::SocketRef::Dgram(id.0),
            &mut dgram.pending,
            events,
        );
        if connected {
            Ok(())
        } else {
            Err(Error::NotConnected)
        }
    }

    /// close(2).
    pub fn dgram_close(&mut self, now: Instant, id: DgramId) {
        self.now = now;
        let Some(dgram) = self.dgram.slab.remove(id.0) else {
            return;
        };
        if dgram.bound {
            self.dgram
                .take_from_bucket(dgram.kind, dgram.local.port, id.0);
        }
        self.reuse_part(false, id.0);
        self.labels_drop(now, dgram.token);
        self.leave_all(now, dgram.groups);
        for datagram in dgram.queue {
            self.frames.put(datagram.frame);
        }
    }

    /// Level readiness as poll(2) sees it.
    pub fn dgram_ready(&self, id: DgramId) -> Ready {
        let Some(dgram) = self.dgram.slab.get(id.0) else {
            return Ready::NONE;
        };
        let mut ready = match dgram.waits_for {
            Some(_) => Ready::NONE,
            None => Ready::WRITE,
        };
        if !dgram.queue.is_empty() || dgram.shut_read {
            ready |= Ready::READ;
        }
        if dgram.shut_read {
            ready |= Ready::RDHUP;
        }
        if dgram.shut_read && dgram.shut_write {
            ready |= Ready::HUP;
        }
        if dgram.error.is_some() || !dgram.errors.is_empty() {
            ready |= Ready::ERR;
        }
        ready
    }

    /// SO_ERROR: takes the pending error.
    pub fn dgram_take_error(&mut self, id: DgramId) -> Option<Error> {
        self.dgram.slab.get_mut(id.0)?.error.take()
    }

    /// getsockname(2).
    pub fn dgram_local(&self, id: DgramId) -> Endpoint {
        match self.dgram.slab.get(id.0) {
            Some(dgram) => dgram.local,
            None => Endpoint::unspecified(false),
        }
    }

    /// getpeername(2).
    pub fn dgram_peer(&self, id: DgramId) -> Option<Endpoint> {
        self.dgram.slab.get(id.0)?.peer
    }

    /// FIONREAD: length of the oldest datagram, 0 when there is none.
    pub fn dgram_next_len(&self, id: DgramId) -> usize {
        let first = self
            .dgram
            .slab
            .get(id.0)
            .and_then(|dgram| dgram.queue.front());
        first.map_or(0, |datagram| datagram.len())
    }

    /// What the received datagrams count against SO_RCVBUF, in bytes.
    pub fn dgram_held(&self, id: DgramId) -> usize {
        self.dgram.slab.get(id.0).map_or(0, |dgram| dgram.held)
    }

    /// Datagrams dropped for want of room.
    pub fn dgram_drops(&self, id: DgramId) -> u64 {
        self.dgram.slab.get(id.0).map_or(0, |dgram| dgram.drops)
    }

    /// Bytes of payload received and not read.
    pub fn dgram_unread(&self, id: DgramId) -> usize {
        self.dgram.slab.get(id.0).map_or(0, |dgram| {
            dgram.queue.iter().map(|datagram| datagram.len()).sum()
        })
    }

    /// Every datagram socket.
    pub fn dgram_rows(&self, each: impl FnMut(&DgramRow)) {
        let mut each = each;
        for (_, dgram) in self.dgram.slab.iter() {
            if dgram.bound {
                each(&dgram.row());
            }
        }
    }

    /// A destination made canonical, and the interface that its scope or SO_BINDTODEVICE asks for.
    pub(crate) fn check_peer(
        &self,
        v6: bool,
        options: &SocketOptions,
        peer: Endpoint,
    ) -> Result<(Endpoint, Option<IfaceId>)> {
        let addr = Self::effective_destination(unmapped(peer.addr));
        match (v6, addr.is_ipv6()) {
            (false, true) => return Err(Error::Family),
            (true, false) if options.v6_only => return Err(Error::NetUnreachable),
            _ => {}
        }
        let mut via = options.bound_iface;
        let scoped = match addr {
            IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.segments()[0] & 0xff0f == 0xff02,
            IpAddr::V4(_) => false,
        };
        if scoped {
            via = via.or((peer.scope != 0).then_some(IfaceId(peer.scope)));
            if via.is_none() && !addr.is_multicast() {
                return Err(Error::Invalid);
            }
        }
        let scope = if scoped {
            via.map_or(0, |via| via.0)
        } else {
            0
        };
        Ok((
            Endpoint {
                addr,
                scope,
                ..peer
            },
            via,
        ))
    }

    /// Puts the socket into the table under `local`'s port, or an ephemeral one.
    pub(crate) fn dgram_take_port(&mut self, id: DgramId, local: Endpoint) -> Result<()> {
        let dgram = self.dgram.slab.get(id.0).ok_or(Error::NoSocket)?;
        let kind = dgram.kind;
        let claim = Claim::new(local.addr, &dgram.options.common, false);
        let port = if local.port != 0 {
            if self.dgram_port_conflicts(id, kind, local.port, &claim) {
                return Err(Error::AddrInUse);
            }
            local.port
        } else {
            let range = dgram.options.common.ports(self.config.ephemeral_ports);
            let mut ports = crate::tcp::ephemeral(range, &mut self.rng);
            ports
                .find(|&port| self.dgram.bucket(kind, port).is_empty())
                .ok_or(Error::AddrInUse)?
        };
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        dgram.local = Endpoint { port, ..local };
        dgram.bound = true;
        self.dgram.put_in_bucket(kind, port, id.0);
        self.reuse_join(Sharer::Dgram(id));
        Ok(())
    }

    /// Linux's inet_rcv_saddr_equal with udp_lib_lport_inuse: SO_REUSEADDR or SO_REUSEPORT on both sides shares a port.
    fn dgram_port_conflicts(&self, me: DgramId, kind: DgramKind, port: u16, claim: &Claim) -> bool {
        let others = self
            .dgram
            .bucket(kind, port)
            .iter()
            .filter(|&&key| key != me.0);
        others
            .filter_map(|&key| self.dgram.slab.get(key))
            .any(|other| {
                claim.conflicts(&Claim::new(other.local.addr, &other.options.common, false))
            })
    }
}
