//! Socket options: one flat table of level, name, and what get and set do.
//!
//! `syscall` copies the bytes; everything else is here. To add an option, add a row
//! to the file of its level: `socket` (SOL_SOCKET), `tcp`, `ip`, `ipv6`, `udp`. A row
//! without `set` is read-only, one without `get` write-only; both answer
//! `ENOPROTOOPT`, as Linux does.

mod filter;
mod ip;
mod ipv6;
mod netlink;
mod packet;
mod socket;
mod tcp;
mod udp;

pub use tcp::{CONGESTION_NAME, tcp_info};

use super::{
    Caller, Socket,
    inet::{Dgram, Stream},
    socket::{Common, Generic, Protocol, generic::Ancillary},
    stack,
};
use crate::Result;
use abi::{
    Errno,
    net::{
        AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, IPPROTO_TCP, IPPROTO_UDP, SOL_IP, SOL_IPV6,
        SOL_NETLINK, SOL_PACKET, SOL_SOCKET, SOL_TCP, SOL_UDP,
    },
};
use alloc::vec::Vec;
use core::net::IpAddr;
use inet::{DgramKind, DgramOptions, IfaceId, TcpOptions};

/// What getsockopt(2) returns before it is cut to the program's length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An `int`.
    Int(i32),
    /// A structure or a string.
    Bytes(Vec<u8>),
    /// An array whose length, there and back, counts items of so many bytes and not bytes.
    Items(Vec<u8>, usize),
}

impl Value {
    /// The bytes for a buffer of `room`, and the length to report. SOL_IP squeezes a small int into one byte
    /// when there is no room for four. `EINVAL` when items do not fit; no room at all asks for their number.
    pub fn answer(&self, room: usize, level: i32) -> Result<(Vec<u8>, usize)> {
        if let Value::Items(bytes, size) = self {
            let count = bytes.len() / size;
            return match room {
                0 => Ok((Vec::new(), count)),
                room if room < count => Err(Errno::EINVAL),
                _ => Ok((bytes.clone(), count)),
            };
        }
        let bytes = self.bytes(room, level);
        let len = bytes.len();
        Ok((bytes, len))
    }

    fn bytes(&self, room: usize, level: i32) -> Vec<u8> {
        match self {
            Value::Int(value)
                if level == SOL_IP as i32
                    && (1..4).contains(&room)
                    && (0..=255).contains(value) =>
            {
                alloc::vec![*value as u8]
            }
            Value::Int(value) => value.to_ne_bytes()[..room.min(4)].to_vec(),
            Value::Bytes(bytes) | Value::Items(bytes, _) => bytes[..room.min(bytes.len())].to_vec(),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Int(value.into())
    }
}

/// The program's buffer in getsockopt(2), for the options whose answer depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask {
    /// User address.
    pub at: usize,
    /// Bytes.
    pub room: usize,
}

/// What getsockopt(2) does for one option.
type Get = fn(&Target<'_>) -> Result<Value>;
/// What setsockopt(2) does.
type Set = fn(&Target<'_>, &Caller<'_>, &Input<'_>) -> Result<()>;

/// One option.
struct Row {
    name: u32,
    get: Option<Get>,
    set: Option<Set>,
}

/// A readable and writable option.
const fn row(name: u32, get: Get, set: Set) -> Row {
    Row {
        name,
        get: Some(get),
        set: Some(set),
    }
}

/// A read-only option.
const fn read_only(name: u32, get: Get) -> Row {
    Row {
        name,
        get: Some(get),
        set: None,
    }
}

/// A write-only option.
const fn write_only(name: u32, set: Set) -> Row {
    Row {
        name,
        get: None,
        set: Some(set),
    }
}

/// getsockopt(2).
pub fn get(socket: &Socket, level: i32, name: i32, ask: Ask) -> Result<Value> {
    let target = Target {
        ask,
        ..Target::of(socket)
    };
    let get = target.find(level, name)?.get.ok_or(Errno::ENOPROTOOPT)?;
    get(&target)
}

/// setsockopt(2).
pub fn set(socket: &Socket, cx: &Caller<'_>, level: i32, name: i32, value: &[u8]) -> Result<()> {
    let target = Target::of(socket);
    let set = target.find(level, name)?.set.ok_or(Errno::ENOPROTOOPT)?;
    set(&target, cx, &Input(value))
}

/// The socket whose option it is.
struct Target<'a> {
    common: &'a Common,
    protocol: &'a dyn Protocol,
    ask: Ask,
}

impl<'a> Target<'a> {
    fn of(socket: &'a Socket) -> Target<'a> {
        Target {
            common: socket.common(),
            protocol: socket.protocol(),
            ask: Ask::default(),
        }
    }

    /// The row, if this kind of socket has the level. Families without levels of
    /// their own answer `EOPNOTSUPP`; an unknown option `ENOPROTOOPT`.
    fn find(&self, level: i32, name: i32) -> Result<&'static Row> {
        let common = self.common;
        let internet = [AF_INET, AF_INET6].contains(&common.domain);
        let rows: &'static [Row] = match level as u32 {
            SOL_SOCKET => socket::ROWS,
            _ if common.domain == AF_NETLINK => match level as u32 {
                SOL_NETLINK => netlink::ROWS,
                _ => &[],
            },
            SOL_PACKET if common.domain == AF_PACKET => packet::ROWS,
            _ if common.domain == AF_PACKET => return Err(Errno::ENOPROTOOPT),
            _ if !internet => return Err(Errno::EOPNOTSUPP),
            SOL_TCP if common.protocol == IPPROTO_TCP as u32 => tcp::ROWS,
            SOL_UDP if common.protocol == IPPROTO_UDP as u32 => udp::ROWS,
            SOL_IP => ip::ROWS,
            SOL_IPV6 if common.domain == AF_INET6 => ipv6::ROWS,
            _ => &[],
        };
        rows.iter()
            .find(|row| row.name as i32 == name)
            .ok_or(Errno::ENOPROTOOPT)
    }

    fn generic(&self) -> Generic {
        self.common.generic()
    }

    /// Changes SOL_SOCKET values and lets the family act on them.
    fn change(&self, change: impl FnOnce(&mut Generic)) {
        let generic = self.common.change_generic(|generic| {
            change(generic);
            generic.clone()
        });
        self.protocol.generic_changed(self.common, &generic);
    }

    /// Whether ancillary data was asked for.
    fn asked(&self, what: Ancillary) -> Result<Value> {
        Ok(self.generic().ancillary.contains(what).into())
    }

    fn ask(&self, what: Ancillary, on: bool) -> Result<()> {
        self.change(|generic| generic.ancillary.set(what, on));
        Ok(())
    }

    /// `ENOPROTOOPT` on sockets that are not raw.
    fn raw_only(&self) -> Result<()> {
        match self.dgram().map(|dgram| dgram.kind()) {
            Some(DgramKind::Raw { .. }) => Ok(()),
            _ => Err(Errno::ENOPROTOOPT),
        }
    }

    /// IP_MTU and IPV6_MTU: of the route to the peer. `ENOTCONN`.
    fn peer_mtu(&self) -> Result<Value> {
        let peer = match (self.stream(), self.dgram()) {
            (Some(stream), _) => stack::look(|stack| stack.tcp_peer(stream.id())),
            (_, Some(dgram)) => stack::look(|stack| stack.dgram_peer(dgram.id())),
            _ => None,
        };
        let peer = peer.ok_or(Errno::ENOTCONN)?;
        let route = stack::look(|stack| stack.select_route(peer.addr, None));
        Ok(Value::Int(route.map_err(super::errno::errno)?.mtu as i32))
    }

    /// Joins or leaves a group. `EPROTO` on sockets without datagrams.
    fn membership(&self, group: IpAddr, iface: Option<IfaceId>, join: bool) -> Result<()> {
        let id = self.dgram().ok_or(Errno::EPROTO)?.id();
        let done = stack::with(|stack, now| match join {
            true => stack.dgram_join(now, id, group, iface),
            false => stack.dgram_leave(now, id, group, iface),
        });
        done.map_err(super::errno::errno)
    }

    fn stream(&self) -> Option<&'a Stream> {
        self.protocol.as_any().downcast_ref()
    }

    fn dgram(&self) -> Option<&'a Dgram> {
        self.protocol.as_any().downcast_ref()
    }

    /// TCP's options in the engine. `ENOPROTOOPT` on other sockets.
    fn tcp<R>(&self, read: impl FnOnce(&TcpOptions) -> R) -> Result<R> {
        let id = self.stream().ok_or(Errno::ENOPROTOOPT)?.id();
        stack::look(|stack| stack.tcp_options(id).map(read)).map_err(super::errno::errno)
    }

    fn set_tcp(&self, change: impl FnOnce(&mut TcpOptions)) -> Result<()> {
        let id = self.stream().ok_or(Errno::ENOPROTOOPT)?.id();
        stack::with(|stack, _| stack.tcp_configure(id, change)).map_err(super::errno::errno)
    }

    /// A datagram socket's options in the engine. `ENOPROTOOPT` on other sockets.
    fn datagram<R>(&self, read: impl FnOnce(&DgramOptions) -> R) -> Result<R> {
        let id = self.dgram().ok_or(Errno::ENOPROTOOPT)?.id();
        stack::look(|stack| stack.dgram_options(id).map(read)).map_err(super::errno::errno)
    }

    fn set_datagram(&self, change: impl FnOnce(&mut DgramOptions)) -> Result<()> {
        let id = self.dgram().ok_or(Errno::ENOPROTOOPT)?.id();
        stack::with(|stack, _| stack.dgram_configure(id, change)).map_err(super::errno::errno)
    }

    /// Reads an option that TCP and datagram sockets share.
    fn shared<R>(&self, read: impl FnOnce(&inet::SocketOptions) -> R) -> Result<R> {
        match self.stream() {
            Some(_) => self.tcp(|options| read(&options.common)),
            None => self.datagram(|options| read(&options.common)),
        }
    }

    fn set_shared(&self, change: impl FnOnce(&mut inet::SocketOptions)) -> Result<()> {
        match self.stream() {
            Some(_) => self.set_tcp(|options| change(&mut options.common)),
            None => self.set_datagram(|options| change(&mut options.common)),
        }
    }
}

/// What setsockopt(2) was given.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    /// An `int`; `EINVAL` when shorter.
    fn int(&self) -> Result<i32> {
        let bytes = self.0.first_chunk().ok_or(Errno::EINVAL)?;
        Ok(i32::from_ne_bytes(*bytes))
    }

    /// An `int` that may come as one byte, as SOL_IP allows. `EINVAL` when empty.
    fn int_or_byte(&self) -> Result<i32> {
        match self.0 {
            [] => Err(Errno::EINVAL),
            [byte, ..] if self.0.len() < 4 => Ok(i32::from(*byte)),
            _ => self.int(),
        }
    }

    fn flag(&self) -> Result<bool> {
        Ok(self.int()? != 0)
    }

    fn u32_at(&self, at: usize) -> Result<u32> {
        let bytes = self
            .0
            .get(at..)
            .and_then(|rest| rest.first_chunk())
            .ok_or(Errno::EINVAL)?;
        Ok(u32::from_ne_bytes(*bytes))
    }
}
