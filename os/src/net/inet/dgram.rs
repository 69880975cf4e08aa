//! UDP, ping and raw sockets. udp(7), icmp(7), raw(7).

use super::{apply_generic, bind_address, check_port, direction, is_v6, lift, only_v6};
use crate::{
    Result,
    mm::UserPtr,
    net::{
        CAP_NET_RAW, Caller, Control, SockAddr, Socket,
        cmsg::{self, Item},
        errno::errno,
        registry,
        socket::{
            Common, Generic, Protocol,
            generic::{Ancillary, Timestamp},
            message::{Flags, Incoming, Outgoing, Received, Shutdown},
        },
        stack::{self, Namespace},
        sysctl::{self, Value},
    },
    sched::Events,
    sync::SpinLock,
    time,
};
use abi::{
    Errno,
    net::{
        AF_INET, AF_INET6, AF_UNSPEC, IP_ORIGDSTADDR, IP_PKTINFO, IP_RECVERR, IP_TOS, IP_TTL,
        IPPROTO_ICMPV6, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_RAW, IPV6_2292HOPLIMIT, IPV6_2292PKTINFO,
        IPV6_HOPLIMIT, IPV6_ORIGDSTADDR, IPV6_PKTINFO, IPV6_RECVERR, IPV6_TCLASS, SO_RXQ_OVFL,
        SOCK_RAW, SOL_SOCKET, SOL_UDP,
    },
};
use alloc::{sync::Arc, vec::Vec};
use core::{any::Any, net::IpAddr};
use inet::{Arrival, DgramId, DgramKind, Endpoint, ErrorOrigin, ErrorRecord, IfaceId, SendMeta};

/// The largest payload of a UDP datagram over IPv4: 65535 minus both headers.
const MAX_PAYLOAD: usize = 65_507;

/// One datagram socket.
pub struct Dgram {
    id: DgramId,
    net: Arc<Namespace>,
    kind: DgramKind,
    cork: SpinLock<Cork>,
}

/// UDP_CORK and MSG_MORE: a datagram that is put together from several sends. udp(7), send(2).
#[derive(Default)]
struct Cork {
    /// UDP_CORK.
    on: bool,
    /// What was given so far, and what the first send said about it.
    held: Option<(SendMeta, Vec<u8>)>,
}

/// socket(2), after the checks.
pub fn socket(
    cx: &Caller<'_>,
    domain: u32,
    kind: u32,
    protocol: u32,
    dgram: DgramKind,
) -> Arc<Socket> {
    let common = Common::new(domain, kind, protocol);
    let owner = cx.euid;
    let id = common.net.with(|stack, _| {
        let id = stack.dgram_open(dgram, is_v6(domain), common.token());
        // A fresh handle is there.
        let _ = stack.dgram_configure(id, |options| {
            options.common.owner = owner;
            options.header_included = protocol == IPPROTO_RAW as u32;
            options.common.v6_only = domain == AF_INET6 && dgram == DgramKind::Ping;
            if kind == SOCK_RAW && domain == AF_INET6 && protocol == IPPROTO_ICMPV6 {
                options.checksum_offset = Some(2);
            }
        });
        id
    });
    // Where there are no ports there is nothing to be in use.
    common.change_generic(|generic| {
        generic.reuse_addr = dgram != DgramKind::Udp;
        generic.multicast_all = domain == AF_INET;
    });
    let cork = SpinLock::default();
    let protocol = Dgram {
        id,
        net: common.net.clone(),
        kind: dgram,
        cork,
    };
    Socket::new(common, protocol)
}

/// net.ipv4.ping_group_range is empty by default ("1 0"): only CAP_NET_RAW pings. `EACCES`.
pub fn check_ping_group(cx: &Caller<'_>) -> Result<()> {
    let range = sysctl::value(Value::PingGroupFirst)..=sysctl::value(Value::PingGroupLast);
    match range.contains(&i64::from(cx.egid)) || cx.capable(CAP_NET_RAW) {
        true => Ok(()),
        false => Err(Errno::EACCES),
    }
}

impl Dgram {
    /// The engine's handle, for `opt`.
    pub fn id(&self) -> DgramId {
        self.id
    }

    /// UDP, ping or raw.
    pub fn kind(&self) -> DgramKind {
        self.kind
    }

    /// UDP_CORK.
    pub fn corked(&self) -> bool {
        self.cork.lock().on
    }

    /// Sets UDP_CORK; unsetting sends what was held back, without waiting. The errors of a send.
    pub fn cork(&self, common: &Common, on: bool) -> Result<()> {
        let held = {
            let mut cork = self.cork.lock();
            cork.on = on;
            if on { None } else { cork.held.take() }
        };
        match held {
            Some((meta, data)) => self.send_whole(common, true, &meta, &data),
            None => Ok(()),
        }
    }

    /// Adds to the datagram that is held back; sends it unless there is `more` to come.
    fn send_corked(
        &self,
        common: &Common,
        message: &mut Outgoing<'_, '_>,
        meta: SendMeta,
    ) -> Result<usize> {
        let mut more = alloc::vec![0; message.data.remaining()];
        let len = message.data.read(&mut more)?;
        if len < more.len() {
            return Err(Errno::EFAULT);
        }
        let whole = {
            let mut cork = self.cork.lock();
            let (meta, mut data) = cork.held.take().unwrap_or((meta, Vec::new()));
            if data.len() + len > MAX_PAYLOAD {
                cork.held = Some((meta, data));
                return Err(Errno::EMSGSIZE);
            }
            data.extend_from_slice(&more);
            if cork.on || message.flags.contains(Flags::MORE) {
                cork.held = Some((meta, data));
                return Ok(len);
            }
            (meta, data)
        };
        self.send_whole(common, message.flags.nonblock(), &whole.0, &whole.1)?;
        Ok(len)
    }

    /// One datagram out of kernel memory.
    fn send_whole(
        &self,
        common: &Common,
        nonblock: bool,
        meta: &SendMeta,
        data: &[u8],
    ) -> Result<()> {
        let timeout = common.generic().send_timeout;
        common.wait(nonblock, timeout, || {
            lift(self.net.with(|stack, now| {
                stack.dgram_send_with(now, self.id, meta, data.len(), |payload| {
                    payload.copy_from_slice(data);
                    true
                })
            }))
        })?;
        stack::let_readers_run();
        Ok(())
    }

    /// UDP_SEGMENT: one send is many datagrams of `segment` bytes, the last perhaps shorter. `EINVAL` for more than 128.
    fn send_segments(
        &self,
        common: &Common,
        message: &mut Outgoing<'_, '_>,
        meta: &SendMeta,
        segment: usize,
    ) -> Result<usize> {
        /// UDP_MAX_SEGMENTS.
        const SEGMENTS_MAX: usize = 128;
        let len = message.data.remaining();
        if len > segment * SEGMENTS_MAX {
            return Err(Errno::EINVAL);
        }
        let mut data = alloc::vec![0; len];
        if message.data.read(&mut data)? < len {
            return Err(Errno::EFAULT);
        }
        for (at, piece) in data.chunks(segment).enumerate() {
            match self.send_whole(common, message.flags.nonblock(), meta, piece) {
                // What has left has left: the rest is lost, as on a full device queue.
                Err(Errno::EAGAIN) if at > 0 => break,
                done => done?,
            }
        }
        Ok(len)
    }

    /// What the program says about one datagram.
    fn meta(&self, common: &Common, message: &Outgoing<'_, '_>) -> Result<SendMeta> {
        let mut meta = SendMeta {
            on_link: message.flags.contains(Flags::DONTROUTE),
            ..SendMeta::default()
        };
        if let Some(to) = message.to.as_ref().filter(|to| !to.bytes().is_empty()) {
            meta.to = Some(destination(to, common.domain)?);
        }
        if !meta.to.is_some_and(|to| to.addr.is_multicast()) {
            meta.iface = iface_of(common.generic().unicast_iface as i32);
        }
        for item in cmsg::items(message.control) {
            apply_item(&mut meta, &item?)?;
        }
        Ok(meta)
    }

    fn recv_error(&self, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
        let domain = common.domain;
        let outcome = self.net.with(|stack, _| {
            stack.dgram_recv_error(self.id, |record| {
                let copied = message.out.write(record.data)?;
                let mut flags = Flags::ERRQUEUE;
                flags.set(Flags::TRUNC, copied < record.data.len());
                if let Some(control) = message.control.as_deref_mut() {
                    push_error(control, record, domain);
                }
                let from = Some(SockAddr::from_endpoint(record.to, domain));
                Ok(Received {
                    len: copied,
                    flags,
                    from,
                })
            })
        });
        lift(outcome)?
    }

    fn recv_one(
        &self,
        common: &Common,
        generic: &Generic,
        message: &mut Incoming<'_, '_>,
    ) -> Result<Received> {
        let peek = message.flags.contains(Flags::PEEK);
        let whole = message.flags.contains(Flags::TRUNC);
        let original = Ancillary::ORIGINAL | Ancillary::ORIGINAL6;
        let port = match generic.ancillary.intersects(original) {
            true => self.net.look(|stack| stack.dgram_local(self.id)).port,
            false => 0,
        };
        let outcome = self.net.with(|stack, _| {
            stack.dgram_recv(self.id, peek, |arrival| {
                let copied = match message.out.remaining() {
                    0 => 0,
                    _ => message.out.write(arrival.data)?,
                };
                let cut = copied < arrival.data.len();
                if let Some(control) = message.control.as_deref_mut() {
                    push_ancillary(control, arrival, generic, port);
                }
                Ok(Received {
                    len: if whole { arrival.data.len() } else { copied },
                    flags: if cut { Flags::TRUNC } else { Flags::empty() },
                    from: Some(SockAddr::from_endpoint(arrival.from, common.domain)),
                })
            })
        });
        match outcome {
            // After shutdown(SHUT_RD) an empty queue is end of file.
            Err(inet::Error::NotConnected) => Ok(Received::default()),
            outcome => lift(outcome)?,
        }
    }
}

impl Protocol for Dgram {
    fn bind(&self, common: &Common, cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
        let local = bind_address(addr, common.domain)?;
        if self.kind == DgramKind::Udp {
            check_port(cx, local.port)?;
        }
        lift(self.net.with(|stack, _| {
            stack.dgram_bind(self.id, local)?;
            // As on Linux, an IPv6 address of its own makes it an IPv6 socket only.
            match self.kind != DgramKind::Udp || !only_v6(&local) {
                true => Ok(()),
                false => stack.dgram_configure(self.id, |options| options.common.v6_only = true),
            }
        }))
    }

    fn connect(
        &self,
        common: &Common,
        _cx: &Caller<'_>,
        addr: &SockAddr,
        _nonblock: bool,
    ) -> Result<()> {
        if addr.bytes().len() < 2 {
            return Err(Errno::EINVAL);
        }
        if addr.family() == AF_UNSPEC {
            return lift(self.net.with(|stack, _| stack.dgram_disconnect(self.id)));
        }
        let peer = addr.endpoint(common.domain)?;
        lift(self.net.with(|stack, _| stack.dgram_connect(self.id, peer)))
    }

    fn local(&self, common: &Common) -> Result<SockAddr> {
        let local = self.net.look(|stack| stack.dgram_local(self.id));
        Ok(SockAddr::from_endpoint(local, common.domain))
    }

    fn peer(&self, common: &Common) -> Result<SockAddr> {
        let peer: Option<Endpoint> = self.net.look(|stack| stack.dgram_peer(self.id));
        // Without a port there is no name to give (inet_getname).
        let peer = peer.filter(|peer| peer.port != 0);
        let peer = peer.ok_or(Errno::ENOTCONN)?;
        Ok(SockAddr::from_endpoint(peer, common.domain))
    }

    fn send(
        &self,
        common: &Common,
        _cx: Option<&Caller<'_>>,
        message: &mut Outgoing<'_, '_>,
    ) -> Result<usize> {
        if message.flags.contains(Flags::OOB) {
            return Err(Errno::EOPNOTSUPP);
        }
        let len = message.data.remaining();
        if len > MAX_PAYLOAD {
            return Err(Errno::EMSGSIZE);
        }
        let meta = self.meta(common, message)?;
        if self.kind == DgramKind::Udp {
            let holding = {
                let cork = self.cork.lock();
                cork.on || cork.held.is_some()
            };
            if holding || message.flags.contains(Flags::MORE) {
                return self.send_corked(common, message, meta);
            }
            let segment = usize::from(segment_of(message.control, common)?);
            if segment != 0 && len > segment {
                return self.send_segments(common, message, &meta, segment);
            }
        }
        if len > 0 && message.data.prefault(len) != Ok(len) {
            // Where to is asked before what.
            let peer = self.net.look(|stack| stack.dgram_peer(self.id));
            return Err(match meta.to.or(peer) {
                None => Errno::EDESTADDRREQ,
                Some(_) => Errno::EFAULT,
            });
        }
        let timeout = common.generic().send_timeout;
        let data = &mut *message.data;
        common.wait(message.flags.nonblock(), timeout, || {
            lift(self.net.with(|stack, now| {
                stack.dgram_send_with(now, self.id, &meta, len, |payload| {
                    data.read(payload) == Ok(len)
                })
            }))
        })?;
        stack::let_readers_run();
        Ok(len)
    }

    fn recv(&self, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
        if message.flags.contains(Flags::ERRQUEUE) {
            return self.recv_error(common, message);
        }
        if message.flags.contains(Flags::OOB) {
            return Err(Errno::EOPNOTSUPP);
        }
        if message.out.remaining() > 0 {
            // A buffer that is not there shows when there is something to put into it.
            let _ = message.out.prefault(MAX_PAYLOAD);
        }
        let generic = common.generic();
        let nonblock = message.flags.nonblock();
        common.wait(nonblock, generic.recv_timeout, || {
            self.recv_one(common, &generic, message)
        })
    }

    fn shutdown(&self, _common: &Common, how: Shutdown) -> Result<()> {
        let how = direction(how);
        lift(self.net.with(|stack, _| stack.dgram_shutdown(self.id, how)))
    }

    fn ready(&self, common: &Common) -> Events {
        let mut events = registry::events(self.net.look(|stack| stack.dgram_ready(self.id)));
        if events.contains(Events::ERR) && common.generic().error_queue_priority {
            events |= Events::PRI;
        }
        events
    }

    fn take_error(&self, _common: &Common) -> Option<Errno> {
        self.net
            .with(|stack, _| stack.dgram_take_error(self.id))
            .map(errno)
    }

    fn generic_changed(&self, _common: &Common, generic: &Generic) {
        // The handle lives as long as the socket.
        let _ = self.net.with(|stack, _| {
            stack.dgram_set_filter(self.id, generic.filter.clone())?;
            stack.dgram_configure(self.id, |options| {
                let owner = options.common.owner;
                apply_generic(&mut options.common, generic);
                options.common.owner = owner;
                options.no_checksum = generic.no_checksum;
                options.recv_errors = generic
                    .ancillary
                    .intersects(Ancillary::ERRORS | Ancillary::ERRORS6);
            })
        });
    }

    fn ioctl(&self, _common: &Common, request: u32, arg: usize) -> Result<usize> {
        use abi::ioctl::{FIONREAD, TIOCOUTQ};
        let value = match request {
            FIONREAD => self.net.look(|stack| stack.dgram_next_len(self.id)),
            // Datagrams leave at once: nothing of ours waits in the socket.
            TIOCOUTQ => 0,
            _ => return Err(Errno::ENOTTY),
        };
        UserPtr::<i32>::new(arg).write(&(value as i32))?;
        Ok(0)
    }

    fn close(&self, _common: &Common) {
        self.net.with(|stack, now| stack.dgram_close(now, self.id));
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// sendto(2)'s address. An IPv6 socket takes an AF_INET address as its mapped form; AF_UNSPEC stands for
/// AF_INET on an IPv4 socket (ip(7)).
fn destination(to: &SockAddr, domain: u32) -> Result<Endpoint> {
    match to.family() {
        AF_INET if domain == AF_INET6 => to.endpoint(AF_INET),
        AF_UNSPEC if domain == AF_INET && to.bytes().len() >= 16 => {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&to.bytes()[..16]);
            bytes[..2].copy_from_slice(&(AF_INET as u16).to_ne_bytes());
            SockAddr::new(&bytes).endpoint(AF_INET)
        }
        _ => to.endpoint(domain),
    }
}

/// Ancillary data of sendmsg(2): IP_PKTINFO, IP_TTL, IP_TOS and their IPv6 kin. `EINVAL`.
fn apply_item(meta: &mut SendMeta, item: &Item<'_>) -> Result<()> {
    const IP: i32 = IPPROTO_IP as i32;
    const IPV6: i32 = IPPROTO_IPV6 as i32;
    let int = || match item.data {
        [value] => Ok(i32::from(*value)),
        data if data.len() >= 4 => Ok(i32::from_ne_bytes(core::array::from_fn(|i| data[i]))),
        _ => Err(Errno::EINVAL),
    };
    let byte = || u8::try_from(int()?).map_err(|_| Errno::EINVAL);
    match (item.level, item.kind as u32) {
        (IP, IP_TTL) => meta.ttl = Some(byte()?),
        (IP, IP_TOS) => meta.tos = Some(byte()?),
        (IPV6, IPV6_HOPLIMIT) => meta.ttl = u8::try_from(int()?).ok(),
        (IPV6, IPV6_TCLASS) => meta.tos = u8::try_from(int()?).ok(),
        (IP, IP_PKTINFO) => {
            // struct in_pktinfo: index, address to send from, header destination.
            let data: &[u8; 12] = item.data.try_into().map_err(|_| Errno::EINVAL)?;
            meta.iface = iface_of(i32::from_ne_bytes(core::array::from_fn(|i| data[i])));
            let from: [u8; 4] = core::array::from_fn(|i| data[4 + i]);
            meta.from = Some(IpAddr::from(from)).filter(|from| !from.is_unspecified());
        }
        (IPV6, IPV6_PKTINFO) => {
            // struct in6_pktinfo: address, index.
            let data: &[u8; 20] = item.data.try_into().map_err(|_| Errno::EINVAL)?;
            let from: [u8; 16] = core::array::from_fn(|i| data[i]);
            meta.from = Some(IpAddr::from(from)).filter(|from| !from.is_unspecified());
            meta.iface = iface_of(i32::from_ne_bytes(core::array::from_fn(|i| data[16 + i])));
        }
        (IP | IPV6, _) => return Err(Errno::EINVAL),
        // Other levels belong to others: ignored, as Linux does for SOL_SOCKET items it does not know here.
        _ => {}
    }
    Ok(())
}

/// The size to cut a send into: UDP_SEGMENT as ancillary data (a `u16`), else as set. 0 is not at all. `EINVAL`.
fn segment_of(control: &[u8], common: &Common) -> Result<u16> {
    const UDP_SEGMENT: i32 = 103;
    for item in cmsg::items(control) {
        let item = item?;
        if item.level == SOL_UDP as i32 && item.kind == UDP_SEGMENT {
            let bytes: [u8; 2] = item.data.try_into().map_err(|_| Errno::EINVAL)?;
            return Ok(u16::from_ne_bytes(bytes));
        }
    }
    Ok(common.generic().udp_segment)
}

fn iface_of(index: i32) -> Option<IfaceId> {
    (index > 0).then_some(IfaceId(index as u32))
}

/// What the program asked to be told about a datagram; `port` is the socket's own.
fn push_ancillary(control: &mut Control, arrival: &Arrival<'_>, generic: &Generic, port: u16) {
    let sol_socket = SOL_SOCKET as i32;
    let ip = IPPROTO_IP as i32;
    let ipv6 = IPPROTO_IPV6 as i32;
    let asked = |what| generic.ancillary.contains(what);
    if generic.timestamp != Timestamp::None {
        // Arrival is monotonic; the program wants the wall clock.
        let age = time::now().0.saturating_sub(arrival.arrived.nanos());
        let at = time::realtime().saturating_sub(age);
        let (seconds, nanos) = (at / 1_000_000_000, at % 1_000_000_000);
        if let Some((kind, fraction)) = generic.timestamp.item(nanos) {
            control.push(sol_socket, kind as i32, &pair_bytes(seconds, fraction));
        }
    }
    if generic.drop_count && arrival.drops != 0 {
        control.push(sol_socket, SO_RXQ_OVFL as i32, &arrival.drops.to_ne_bytes());
    }
    if asked(Ancillary::PKTINFO)
        && let IpAddr::V4(to) = arrival.to
    {
        let mut data = [0; 12];
        data[..4].copy_from_slice(&arrival.iface.0.to_ne_bytes());
        data[4..8].copy_from_slice(&to.octets());
        data[8..].copy_from_slice(&to.octets());
        control.push(ip, IP_PKTINFO as i32, &data);
    }
    if asked(Ancillary::TTL) && arrival.from.addr.is_ipv4() {
        control.push(ip, IP_TTL as i32, &i32::from(arrival.ttl).to_ne_bytes());
    }
    if asked(Ancillary::TOS) && arrival.from.addr.is_ipv4() {
        control.push(ip, IP_TOS as i32, &[arrival.tos]);
    }
    if asked(Ancillary::ORIGINAL) && arrival.to.is_ipv4() {
        let to = SockAddr::from_endpoint(Endpoint::new(arrival.to, port), AF_INET);
        control.push(ip, IP_ORIGDSTADDR as i32, to.bytes());
    }
    for (what, kind) in [
        (Ancillary::PKTINFO6, IPV6_PKTINFO),
        (Ancillary::PKTINFO_2292, IPV6_2292PKTINFO),
    ] {
        if asked(what) {
            let to = match arrival.to {
                IpAddr::V4(to) => to.to_ipv6_mapped(),
                IpAddr::V6(to) => to,
            };
            let mut data = [0; 20];
            data[..16].copy_from_slice(&to.octets());
            data[16..].copy_from_slice(&arrival.iface.0.to_ne_bytes());
            control.push(ipv6, kind as i32, &data);
        }
    }
    for (what, kind) in [
        (Ancillary::HOPLIMIT, IPV6_HOPLIMIT),
        (Ancillary::HOPLIMIT_2292, IPV6_2292HOPLIMIT),
    ] {
        if asked(what) && arrival.from.addr.is_ipv6() {
            let hops = i32::from(arrival.ttl).to_ne_bytes();
            control.push(ipv6, kind as i32, &hops);
        }
    }
    if asked(Ancillary::ORIGINAL6) && arrival.to.is_ipv6() {
        let to = SockAddr::from_endpoint(Endpoint::new(arrival.to, port), AF_INET6);
        control.push(ipv6, IPV6_ORIGDSTADDR as i32, to.bytes());
    }
    if asked(Ancillary::TCLASS) && arrival.from.addr.is_ipv6() {
        control.push(
            ipv6,
            IPV6_TCLASS as i32,
            &i32::from(arrival.tos).to_ne_bytes(),
        );
    }
}

fn pair_bytes(seconds: u64, fraction: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&seconds.to_ne_bytes());
    bytes[8..].copy_from_slice(&fraction.to_ne_bytes());
    bytes
}

/// `struct sock_extended_err` and the offender's address behind it.
fn push_error(control: &mut Control, record: &ErrorRecord<'_>, domain: u32) {
    let mut data = [0; 16 + 28];
    data[..4].copy_from_slice(&errno(record.error).number().to_ne_bytes());
    data[4] = record.origin as u8;
    data[5] = record.kind;
    data[6] = record.code;
    data[8..12].copy_from_slice(&record.info.to_ne_bytes());
    let offender_domain = if domain == AF_INET { AF_INET } else { AF_INET6 };
    let icmp = record.origin != ErrorOrigin::Local;
    if let Some(offender) = record.offender.filter(|_| icmp) {
        let addr = SockAddr::from_endpoint(Endpoint::new(offender, 0), offender_domain);
        data[16..16 + addr.bytes().len()].copy_from_slice(addr.bytes());
    }
    let (level, kind, len) = match domain {
        AF_INET => (IPPROTO_IP as i32, IP_RECVERR, 16 + 16),
        _ => (IPPROTO_IPV6 as i32, IPV6_RECVERR, 16 + 28),
    };
    control.push(level, kind as i32, &data[..len]);
}
