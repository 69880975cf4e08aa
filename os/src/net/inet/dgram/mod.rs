//! UDP, ping and raw sockets. udp(7), icmp(7), raw(7).

pub(in crate::net) mod headers;
mod incoming;
mod outgoing;

use super::{apply_generic, bind_address, check_port, direction, is_v6, lift, only_v6};
use crate::{
    Result,
    mm::UserPtr,
    net::{
        Caller, SockAddr, Socket,
        errno::errno,
        registry,
        socket::{
            Common, Generic, Protocol,
            generic::Ancillary,
            message::{Flags, Incoming, Outgoing, Received, Shutdown},
        },
        stack::{self, Namespace},
        sysctl::Value,
    },
    sched::Events,
    sync::SpinLock,
};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6, AF_UNSPEC, IPPROTO_ICMPV6, IPPROTO_RAW, SOCK_RAW},
};
use alloc::sync::Arc;
use core::any::Any;
use inet::{DgramId, DgramKind, Endpoint};
use outgoing::{Cork, segment_of};

/// No datagram is longer; the engine knows each kind's own limit.
const MAX_PAYLOAD: usize = 65_535;

/// One datagram socket.
pub struct Dgram {
    id: DgramId,
    net: Arc<Namespace>,
    kind: DgramKind,
    cork: SpinLock<Cork>,
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

/// net.ipv4.ping_group_range is empty by default ("1 0"): nobody pings without a raw socket. `EACCES`.
pub fn check_ping_group(cx: &Caller<'_>) -> Result<()> {
    let net = stack::current();
    let value = |which| net.values.get(which);
    let range = value(Value::PingGroupFirst)..=value(Value::PingGroupLast);
    match range.contains(&i64::from(cx.egid)) {
        true => Ok(()),
        false => Err(Errno::EACCES),
    }
}

impl Dgram {
    /// Whether MSG_MORE holds a datagram back; not where the program writes the header, nor for echo requests.
    fn corks(&self) -> bool {
        let writes_header = |options: &inet::DgramOptions| options.header_included;
        match self.kind {
            DgramKind::Udp => true,
            DgramKind::Raw { protocol } => {
                u32::from(protocol) != IPPROTO_RAW as u32
                    && !self
                        .net
                        .look(|stack| stack.dgram_options(self.id).is_ok_and(writes_header))
            }
            DgramKind::Ping => false,
        }
    }

    /// The engine's handle, for `opt`.
    pub fn id(&self) -> DgramId {
        self.id
    }

    /// UDP, ping or raw.
    pub fn kind(&self) -> DgramKind {
        self.kind
    }
}

impl Protocol for Dgram {
    fn bind(&self, common: &Common, cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
        let local = bind_address(addr, common.domain())?;
        if self.kind == DgramKind::Udp {
            check_port(&self.net, cx, local.port)?;
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
        let peer = addr.endpoint(common.domain())?;
        let label = headers::label_to(common, addr)?;
        lift(self.net.with(|stack, _| {
            stack.dgram_connect(self.id, peer)?;
            match stack.dgram_additions(self.id).map_or(0, |it| it.label) == label {
                true => Ok(()),
                false => stack.dgram_add(self.id, |additions| additions.label = label),
            }
        }))
    }

    fn local(&self, common: &Common) -> Result<SockAddr> {
        let local = self.net.look(|stack| stack.dgram_local(self.id));
        Ok(SockAddr::from_endpoint(local, common.domain()))
    }

    fn peer(&self, common: &Common) -> Result<SockAddr> {
        let peer: Option<Endpoint> = self.net.look(|stack| stack.dgram_peer(self.id));
        // Without a port there is no name to give (inet_getname).
        let peer = peer.filter(|peer| peer.port != 0);
        let peer = peer.ok_or(Errno::ENOTCONN)?;
        Ok(SockAddr::from_endpoint(peer, common.domain()))
    }

    fn send(
        &self,
        common: &Common,
        cx: Option<&Caller<'_>>,
        message: &mut Outgoing<'_, '_>,
    ) -> Result<usize> {
        // UDP over IPv6 never looks at this flag, nor does it refuse it when receiving.
        if message.flags.contains(Flags::OOB)
            && !(self.kind == DgramKind::Udp && common.domain() == AF_INET6)
        {
            return Err(Errno::EOPNOTSUPP);
        }
        let len = message.data.remaining();
        if len > MAX_PAYLOAD && common.domain() == AF_INET {
            return Err(Errno::EMSGSIZE);
        }
        let generic = common.generic();
        let meta = self.meta(common, &generic, cx, message)?;
        if len > MAX_PAYLOAD {
            // Over IPv6 the path is looked at before the length is, and its MTU noted (ipv6_local_error).
            return lift(
                self.net
                    .with(|stack, now| stack.dgram_send_with(now, self.id, &meta, len, |_| false)),
            )
            .and(Err(Errno::EMSGSIZE));
        }
        if message.flags.contains(Flags::PROBE) && self.kind != DgramKind::Ping {
            // Where to was found; what to send is not sent. MSG_PROBE
            message.data.skip(len);
            return Ok(len);
        }
        if self.corks() {
            let holding = {
                let cork = self.cork.lock();
                cork.on || cork.held.is_some()
            };
            if holding || message.flags.contains(Flags::MORE) {
                return self.send_corked(common, message, meta);
            }
            let segment = match self.kind {
                DgramKind::Udp => usize::from(segment_of(message.control, &generic)?),
                _ => 0,
            };
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
        let data = &mut *message.data;
        common.wait(message.flags.nonblock(), generic.send_timeout, || {
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
        if message.out.remaining() > 0 {
            // A buffer that is not there shows when there is something to put into it.
            let _ = message.out.prefault(MAX_PAYLOAD);
        }
        if message.flags.contains(Flags::ERRQUEUE) {
            return self.recv_error(common, &common.generic(), message);
        }
        if message.flags.contains(Flags::OOB) && self.kind != DgramKind::Udp {
            return Err(Errno::EOPNOTSUPP);
        }
        let generic = common.generic();
        if generic.ancillary.contains(Ancillary::PATH_MTU)
            && let Some(told) = self.recv_path_mtu(message)
        {
            return Ok(told);
        }
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
                options.shows_label = generic.ancillary.contains(Ancillary::FLOW);
                options.report_path_mtu =
                    generic.no_fragments && generic.ancillary.contains(Ancillary::PATH_MTU);
                options.coalesce = generic.ancillary.contains(Ancillary::SEGMENT);
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
