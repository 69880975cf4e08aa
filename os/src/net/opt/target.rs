//! The socket whose option it is, and the levels that it has.

use super::{
    alg, ip, ipv6, netlink, packet, raw,
    row::{Ask, Level, Manner, Value},
    socket, tcp, udp, vsock,
};
use crate::{
    Result,
    net::{
        Socket,
        errno::errno,
        inet::{Dgram, Stream},
        socket::{Common, Generic, Protocol, generic::Ancillary},
    },
};
use abi::{
    Errno,
    net::{
        AF_ALG, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK, IPPROTO_ICMP, IPPROTO_ICMPV6,
        IPPROTO_TCP, IPPROTO_UDP, SOCK_RAW, SOL_ALG, SOL_IP, SOL_IPV6, SOL_NETLINK, SOL_PACKET,
        SOL_RAW, SOL_SOCKET, SOL_TCP, SOL_UDP,
    },
};
use alloc::sync::Arc;
use inet::{Additions, DgramKind, DgramOptions, Endpoint, TcpOptions};

/// The socket whose option it is.
pub(super) struct Target<'a> {
    pub(super) common: &'a Common,
    pub(super) protocol: &'a dyn Protocol,
    pub(super) ask: Ask,
}

impl<'a> Target<'a> {
    pub(super) fn of(socket: &'a Socket) -> Target<'a> {
        Target {
            common: socket.common(),
            protocol: socket.protocol(),
            ask: Ask::default(),
        }
    }

    /// The level, if this kind of socket has it. `EOPNOTSUPP` from families without levels of their own; an Internet
    /// socket's answer for a level that is not its own depends on the direction on IPv4: `foreign`.
    pub(super) fn level(&self, level: i32, name: i32, foreign: Errno) -> Result<Level> {
        let common = self.common;
        let raw = common.kind == SOCK_RAW;
        let protocol = common.protocol;
        let int_first = |rows| Ok(Level::of(Manner::IntFirst, rows));
        match (level as u32, common.domain()) {
            (SOL_SOCKET, _) => int_first(socket::ROWS),
            (SOL_TCP, AF_INET | AF_INET6) if protocol == IPPROTO_TCP as u32 => {
                int_first(&[tcp::ROWS, tcp::FAST_OPEN])
            }
            (SOL_UDP, AF_INET | AF_INET6) if protocol == IPPROTO_UDP as u32 => {
                int_first(&[udp::ROWS])
            }
            // A raw IPv6 socket is the only one that has no IPv4 side.
            (SOL_IP, AF_INET) => ip::level(self, name),
            (SOL_IP, AF_INET6) if !raw => ip::level(self, name),
            (SOL_IPV6, AF_INET6) => ipv6::level(self, name, foreign == Errno::ENOPROTOOPT),
            (SOL_RAW, AF_INET) if raw => match name as u32 == raw::ICMP_FILTER {
                true if protocol == IPPROTO_ICMP as u32 => Ok(raw::LEVEL4),
                true => Err(Errno::EOPNOTSUPP),
                false => Err(Errno::ENOPROTOOPT),
            },
            (SOL_RAW, AF_INET6) if raw => Ok(raw::LEVEL6),
            (IPPROTO_ICMPV6, AF_INET6) if raw => match name as u32 == raw::ICMPV6_FILTER {
                _ if protocol != IPPROTO_ICMPV6 => Err(Errno::EOPNOTSUPP),
                true => Ok(raw::LEVEL_ICMP6),
                false => Err(Errno::ENOPROTOOPT),
            },
            (SOL_NETLINK, AF_NETLINK) => Ok(Level::of(Manner::IntIfRoom, &[netlink::ROWS])),
            (SOL_PACKET, AF_PACKET) => Ok(Level::of(Manner::NameFirst, &[packet::ROWS])),
            // Sockets of this family have no getsockopt(2) of their own.
            (SOL_ALG, AF_ALG) if foreign == Errno::ENOPROTOOPT => {
                Ok(Level::of(Manner::NameFirst, &[alg::ROWS]))
            }
            (_, AF_ALG) => Err(foreign),
            (AF_VSOCK, AF_VSOCK) => Ok(Level::of(Manner::NameFirst, &[vsock::ROWS])),
            (_, AF_VSOCK) => Err(Errno::ENOPROTOOPT),
            // The length is looked at before the level.
            (_, AF_NETLINK | AF_PACKET) => Ok(Level::of(Manner::NameFirst, &[])),
            (_, AF_INET) => Err(foreign),
            (_, AF_INET6) => Err(Errno::ENOPROTOOPT),
            _ => Err(Errno::EOPNOTSUPP),
        }
    }

    pub(super) fn generic(&self) -> Arc<Generic> {
        self.common.generic()
    }

    /// Changes SOL_SOCKET values and lets the family act on them.
    pub(super) fn change(&self, change: impl FnOnce(&mut Generic)) {
        let generic = self.common.change_generic(|generic| {
            change(generic);
            generic.clone()
        });
        self.protocol.generic_changed(self.common, &generic);
    }

    /// Whether ancillary data was asked for.
    pub(super) fn asked(&self, what: Ancillary) -> Result<Value> {
        Ok(self.generic().ancillary.contains(what).into())
    }

    pub(super) fn ask(&self, what: Ancillary, on: bool) -> Result<()> {
        self.change(|generic| generic.ancillary.set(what, on));
        Ok(())
    }

    /// `ENOPROTOOPT` on sockets that are not raw.
    pub(super) fn raw_only(&self) -> Result<()> {
        match self.is_raw() {
            true => Ok(()),
            false => Err(Errno::ENOPROTOOPT),
        }
    }

    /// IP_MTU and IPV6_MTU: of the route to the peer. `ENOTCONN`.
    pub(super) fn peer_mtu(&self) -> Result<Value> {
        let peer = self.peer().ok_or(Errno::ENOTCONN)?;
        let route = self
            .common
            .net
            .look(|stack| stack.select_route(peer.addr, None));
        Ok(Value::Int(route.map_err(errno)?.mtu as i32))
    }

    /// The connected address.
    pub(super) fn peer(&self) -> Option<Endpoint> {
        match (self.stream(), self.dgram()) {
            (Some(stream), _) => self.common.net.look(|stack| stack.tcp_peer(stream.id())),
            (_, Some(dgram)) => self.common.net.look(|stack| stack.dgram_peer(dgram.id())),
            _ => None,
        }
    }

    /// The local port; of a raw socket the protocol (`inet_num`).
    pub(super) fn number(&self) -> u16 {
        match (self.stream(), self.dgram()) {
            (Some(stream), _) => {
                self.common
                    .net
                    .look(|stack| stack.tcp_local(stream.id()))
                    .port
            }
            (_, Some(dgram)) => match dgram.kind() {
                DgramKind::Raw { protocol } => protocol.into(),
                _ => {
                    self.common
                        .net
                        .look(|stack| stack.dgram_local(dgram.id()))
                        .port
                }
            },
            _ => 0,
        }
    }

    /// Bytes to read, bytes not yet taken over by the peer, and datagrams dropped for want of room.
    pub(super) fn queued(&self) -> (usize, usize, u64) {
        match (self.stream(), self.dgram()) {
            (Some(stream), _) => self.common.net.look(|stack| {
                let id = stream.id();
                (stack.tcp_unread(id), stack.tcp_unacked(id), 0)
            }),
            (_, Some(dgram)) => self.common.net.look(|stack| {
                (
                    stack.dgram_held(dgram.id()),
                    0,
                    stack.dgram_drops(dgram.id()),
                )
            }),
            _ => (0, 0, 0),
        }
    }

    /// Whether it is a raw socket.
    pub(super) fn is_raw(&self) -> bool {
        self.dgram()
            .is_some_and(|dgram| matches!(dgram.kind(), DgramKind::Raw { .. }))
    }

    pub(super) fn stream(&self) -> Option<&'a Stream> {
        self.protocol.as_any().downcast_ref()
    }

    pub(super) fn dgram(&self) -> Option<&'a Dgram> {
        self.protocol.as_any().downcast_ref()
    }

    /// TCP's options in the engine. `ENOPROTOOPT` on other sockets.
    pub(super) fn tcp<R>(&self, read: impl FnOnce(&TcpOptions) -> R) -> Result<R> {
        let id = self.stream().ok_or(Errno::ENOPROTOOPT)?.id();
        self.common
            .net
            .look(|stack| stack.tcp_options(id).map(read))
            .map_err(errno)
    }

    pub(super) fn set_tcp(&self, change: impl FnOnce(&mut TcpOptions)) -> Result<()> {
        let id = self.stream().ok_or(Errno::ENOPROTOOPT)?.id();
        self.common
            .net
            .with(|stack, _| stack.tcp_configure(id, change))
            .map_err(errno)
    }

    /// A datagram socket's options in the engine. `ENOPROTOOPT` on other sockets.
    pub(super) fn datagram<R>(&self, read: impl FnOnce(&DgramOptions) -> R) -> Result<R> {
        let id = self.dgram().ok_or(Errno::ENOPROTOOPT)?.id();
        self.common
            .net
            .look(|stack| stack.dgram_options(id).map(read))
            .map_err(errno)
    }

    pub(super) fn set_datagram(&self, change: impl FnOnce(&mut DgramOptions)) -> Result<()> {
        let id = self.dgram().ok_or(Errno::ENOPROTOOPT)?.id();
        self.common
            .net
            .with(|stack, _| stack.dgram_configure(id, change))
            .map_err(errno)
    }

    /// What the socket adds to the headers of its packets. `ENOPROTOOPT` on other families.
    pub(super) fn additions(&self) -> Result<Option<Arc<Additions>>> {
        let net = &self.common.net;
        match (self.stream(), self.dgram()) {
            (Some(stream), _) => Ok(net.look(|stack| stack.tcp_additions(stream.id()))),
            (_, Some(dgram)) => Ok(net.look(|stack| stack.dgram_additions(dgram.id()))),
            _ => Err(Errno::ENOPROTOOPT),
        }
    }

    /// Changes that.
    pub(super) fn add(&self, change: impl FnOnce(&mut Additions)) -> Result<()> {
        let net = &self.common.net;
        match (self.stream(), self.dgram()) {
            (Some(stream), _) => net.with(|stack, _| stack.tcp_add(stream.id(), change)),
            (_, Some(dgram)) => net.with(|stack, _| stack.dgram_add(dgram.id(), change)),
            _ => return Err(Errno::ENOPROTOOPT),
        }
        .map_err(errno)
    }

    /// Reads an option that TCP and datagram sockets share.
    pub(super) fn shared<R>(&self, read: impl FnOnce(&inet::SocketOptions) -> R) -> Result<R> {
        match self.stream() {
            Some(_) => self.tcp(|options| read(&options.common)),
            None => self.datagram(|options| read(&options.common)),
        }
    }

    pub(super) fn set_shared(&self, change: impl FnOnce(&mut inet::SocketOptions)) -> Result<()> {
        match self.stream() {
            Some(_) => self.set_tcp(|options| change(&mut options.common)),
            None => self.set_datagram(|options| change(&mut options.common)),
        }
    }
}
