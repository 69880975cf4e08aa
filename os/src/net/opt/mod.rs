//! Socket options: one flat table of level, name, and what get and set do.
//!
//! `syscall` passes the user's pointers on, because what is looked at first (the
//! length, the bytes or the name) differs from level to level: see [`Manner`]. To add
//! an option, add a row to the file of its level: `socket` (SOL_SOCKET), `tcp`, `ip`,
//! `ipv6`, `udp`, `raw`. A row without `set` is read-only, one without `get`
//! write-only; both answer `ENOPROTOOPT`, as Linux does. What is compared with Linux,
//! and what differs and why: docs/process/option-matrix.md.

mod alg;
mod filter;
mod ip;
mod ipv6;
mod membership;
mod netlink;
mod packet;
mod raw;
mod socket;
mod tcp;
mod udp;
mod vsock;

pub use tcp::{CONGESTION_NAME, tcp_info};

use super::{
    Caller, Socket,
    inet::{Dgram, Stream},
    socket::{Common, Generic, Protocol, generic::Ancillary},
};
use crate::{
    Result,
    mm::{UserIn, UserOut, UserPtr},
};
use abi::{
    Errno,
    net::{
        AF_ALG, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK, IFNAMSIZ, IP_PMTUDISC_DO,
        IP_PMTUDISC_OMIT, IP_PMTUDISC_PROBE, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP,
        IPPROTO_UDP, SOCK_RAW, SOL_ALG, SOL_IP, SOL_IPV6, SOL_NETLINK, SOL_PACKET, SOL_RAW,
        SOL_SOCKET, SOL_TCP, SOL_UDP,
    },
};
use alloc::vec::Vec;
use inet::{DgramKind, DgramOptions, Endpoint, IfaceId, TcpOptions};

/// What getsockopt(2) returns before it is cut to the program's length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An `int`.
    Int(i32),
    /// A structure or a string.
    Bytes(Vec<u8>),
    /// An array whose length, there and back, counts items of so many bytes and not bytes.
    Items(Vec<u8>, usize),
    /// A structure that is not cut: too little room is `EINVAL`.
    Whole(Vec<u8>),
    /// A socket address: more room than it needs is `EINVAL` (SO_PEERNAME is odd).
    Name(Vec<u8>),
    /// An interface's name: nothing when there is none, else room for any name is needed (`EINVAL`).
    Device(Vec<u8>),
}

impl Value {
    /// The bytes for a buffer of `room`, and the length to report. SOL_IP squeezes a small int into one byte
    /// when there is no room for four. `EINVAL` when items do not fit; no room at all asks for their number.
    fn answer(&self, room: usize, level: i32) -> Result<(Vec<u8>, usize)> {
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
            Value::Bytes(bytes)
            | Value::Items(bytes, _)
            | Value::Whole(bytes)
            | Value::Name(bytes)
            | Value::Device(bytes) => bytes[..room.min(bytes.len())].to_vec(),
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
struct Ask {
    /// User address.
    at: usize,
    /// Bytes.
    room: usize,
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
    /// The value is a name or a structure that is looked at before an `int` is asked for.
    text: bool,
}

impl Row {
    /// The same, for a value that is no `int`, on a level that asks for an `int` first.
    const fn text(mut self) -> Row {
        self.text = true;
        self
    }
}

/// A readable and writable option.
const fn row(name: u32, get: Get, set: Set) -> Row {
    Row {
        name,
        get: Some(get),
        set: Some(set),
        text: false,
    }
}

/// A read-only option.
const fn read_only(name: u32, get: Get) -> Row {
    Row {
        name,
        get: Some(get),
        set: None,
        text: false,
    }
}

/// A write-only option.
const fn write_only(name: u32, set: Set) -> Row {
    Row {
        name,
        get: None,
        set: Some(set),
        text: false,
    }
}

/// What a level looks at first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// SOL_SOCKET, TCP, UDP: setting needs room for an `int` (`EINVAL`) that can be read (`EFAULT`) before the name counts.
    IntFirst,
    /// SOL_IP: the name first.
    NameFirst,
    /// SOL_RAW of IPv6: to set, as the first; lengths are unsigned.
    IntFirstLax,
    /// SOL_IPV6: an `int` is read if there is room for one, no pointer stands for a zero, and lengths are unsigned.
    Lax,
}

/// The options of one level.
struct Level {
    manner: Manner,
    rows: &'static [Row],
}

/// The longest option value that is copied in; net.core.optmem_max.
const VALUE_MAX: usize = 131_072;

/// getsockopt(2): `len` points to the room at `at`, and is given the length of what was written there.
pub fn get(socket: &Socket, level: i32, name: i32, at: usize, len: UserPtr<i32>) -> Result<()> {
    let mut target = Target::of(socket);
    let level_of = target.level(level, name, Errno::EOPNOTSUPP)?;
    let room = len.read()?;
    // Lengths of SOL_IPV6 are unsigned, so that -1 is a large room.
    let room = match level_of.manner {
        Manner::Lax | Manner::IntFirstLax => room as u32 as usize,
        _ => usize::try_from(room).map_err(|_| Errno::EINVAL)?,
    };
    let row = level_of.rows.iter().find(|row| row.name as i32 == name);
    let get = row.and_then(|row| row.get).ok_or(Errno::ENOPROTOOPT)?;
    target.ask = Ask { at, room };
    let value = get(&target)?;
    let odd_room = match &value {
        Value::Whole(bytes) => room < bytes.len(),
        Value::Name(bytes) => room > bytes.len(),
        Value::Device(bytes) => !bytes.is_empty() && room < IFNAMSIZ as usize,
        Value::Int(_) | Value::Bytes(_) | Value::Items(..) => false,
    };
    if odd_room {
        return Err(Errno::EINVAL);
    }
    let (bytes, answered) = value.answer(room, level)?;
    if !bytes.is_empty() && UserOut::new(at, bytes.len())?.write(&bytes)? < bytes.len() {
        return Err(Errno::EFAULT);
    }
    len.write(&(answered as i32))
}

/// setsockopt(2): `len` bytes at `at`, already known not to be negative.
pub fn set(
    socket: &Socket,
    cx: &Caller<'_>,
    level: i32,
    name: i32,
    at: usize,
    len: usize,
) -> Result<()> {
    let target = Target::of(socket);
    let level = target.level(level, name, Errno::ENOPROTOOPT)?;
    let row = level.rows.iter().find(|row| row.name as i32 == name);
    let int_first = match level.manner {
        Manner::IntFirst => !row.is_some_and(|row| row.text),
        Manner::IntFirstLax => true,
        Manner::NameFirst | Manner::Lax => false,
    };
    if int_first && len < size_of::<i32>() {
        return Err(Errno::EINVAL);
    }
    let bytes = match level.manner {
        Manner::NameFirst if row.is_none_or(|row| row.set.is_none()) => Vec::new(),
        Manner::Lax if at == 0 => alloc::vec![0; len.min(size_of::<i32>())],
        _ => copy_in(at, len)?,
    };
    let int_missing = bytes.len() < len.min(size_of::<i32>());
    if (int_first || level.manner == Manner::Lax) && int_missing {
        return Err(Errno::EFAULT);
    }
    let set = row.and_then(|row| row.set).ok_or(Errno::ENOPROTOOPT)?;
    let input = Input(&bytes, len);
    if int_missing && !row.is_some_and(|row| row.text) {
        return Err(Errno::EFAULT);
    }
    set(&target, cx, &input)
}

/// As much of the value as can be read: options look at their first bytes only.
fn copy_in(at: usize, len: usize) -> Result<Vec<u8>> {
    let mut bytes = alloc::vec![0; len.min(VALUE_MAX)];
    if !bytes.is_empty() {
        // A pointer that is no user address at all gives nothing, and so EFAULT where something is needed.
        let copied = match UserIn::new(at, bytes.len()) {
            Ok(mut value) => value.read(&mut bytes).unwrap_or(0),
            Err(_) => 0,
        };
        bytes.truncate(copied);
    }
    Ok(bytes)
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

    /// The level, if this kind of socket has it. `EOPNOTSUPP` from families without levels of their own; an Internet
    /// socket's answer for a level that is not its own depends on the direction on IPv4: `foreign`.
    fn level(&self, level: i32, name: i32, foreign: Errno) -> Result<Level> {
        let common = self.common;
        let raw = common.kind == SOCK_RAW;
        let protocol = common.protocol;
        let int_first = |rows| {
            Ok(Level {
                manner: Manner::IntFirst,
                rows,
            })
        };
        match (level as u32, common.domain) {
            (SOL_SOCKET, _) => int_first(socket::ROWS),
            (SOL_TCP, AF_INET | AF_INET6) if protocol == IPPROTO_TCP as u32 => int_first(tcp::ROWS),
            (SOL_UDP, AF_INET | AF_INET6) if protocol == IPPROTO_UDP as u32 => int_first(udp::ROWS),
            // A raw IPv6 socket is the only one that has no IPv4 side.
            (SOL_IP, AF_INET) => ip::level(self, name),
            (SOL_IP, AF_INET6) if !raw => ip::level(self, name),
            (SOL_IPV6, AF_INET6) => ipv6::level(self, name),
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
            (SOL_NETLINK, AF_NETLINK) => Ok(Level {
                manner: Manner::NameFirst,
                rows: netlink::ROWS,
            }),
            (SOL_PACKET, AF_PACKET) => Ok(Level {
                manner: Manner::NameFirst,
                rows: packet::ROWS,
            }),
            // Sockets of this family have no getsockopt(2) of their own.
            (SOL_ALG, AF_ALG) if foreign == Errno::ENOPROTOOPT => Ok(Level {
                manner: Manner::NameFirst,
                rows: alg::ROWS,
            }),
            (_, AF_ALG) => Err(foreign),
            (AF_VSOCK, AF_VSOCK) => Ok(Level {
                manner: Manner::NameFirst,
                rows: vsock::ROWS,
            }),
            (_, AF_VSOCK) => Err(Errno::ENOPROTOOPT),
            (_, AF_NETLINK | AF_PACKET) => Err(Errno::ENOPROTOOPT),
            (_, AF_INET) => Err(foreign),
            (_, AF_INET6) => Err(Errno::ENOPROTOOPT),
            _ => Err(Errno::EOPNOTSUPP),
        }
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
        match self.is_raw() {
            true => Ok(()),
            false => Err(Errno::ENOPROTOOPT),
        }
    }

    /// IP_MTU and IPV6_MTU: of the route to the peer. `ENOTCONN`.
    fn peer_mtu(&self) -> Result<Value> {
        let peer = self.peer().ok_or(Errno::ENOTCONN)?;
        let route = self
            .common
            .net
            .look(|stack| stack.select_route(peer.addr, None));
        Ok(Value::Int(route.map_err(super::errno::errno)?.mtu as i32))
    }

    /// The connected address.
    fn peer(&self) -> Option<Endpoint> {
        match (self.stream(), self.dgram()) {
            (Some(stream), _) => self.common.net.look(|stack| stack.tcp_peer(stream.id())),
            (_, Some(dgram)) => self.common.net.look(|stack| stack.dgram_peer(dgram.id())),
            _ => None,
        }
    }

    /// The local port; of a raw socket the protocol (`inet_num`).
    fn number(&self) -> u16 {
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
    fn queued(&self) -> (usize, usize, u64) {
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
    fn is_raw(&self) -> bool {
        self.dgram()
            .is_some_and(|dgram| matches!(dgram.kind(), DgramKind::Raw { .. }))
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
        self.common
            .net
            .look(|stack| stack.tcp_options(id).map(read))
            .map_err(super::errno::errno)
    }

    fn set_tcp(&self, change: impl FnOnce(&mut TcpOptions)) -> Result<()> {
        let id = self.stream().ok_or(Errno::ENOPROTOOPT)?.id();
        self.common
            .net
            .with(|stack, _| stack.tcp_configure(id, change))
            .map_err(super::errno::errno)
    }

    /// A datagram socket's options in the engine. `ENOPROTOOPT` on other sockets.
    fn datagram<R>(&self, read: impl FnOnce(&DgramOptions) -> R) -> Result<R> {
        let id = self.dgram().ok_or(Errno::ENOPROTOOPT)?.id();
        self.common
            .net
            .look(|stack| stack.dgram_options(id).map(read))
            .map_err(super::errno::errno)
    }

    fn set_datagram(&self, change: impl FnOnce(&mut DgramOptions)) -> Result<()> {
        let id = self.dgram().ok_or(Errno::ENOPROTOOPT)?.id();
        self.common
            .net
            .with(|stack, _| stack.dgram_configure(id, change))
            .map_err(super::errno::errno)
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

/// IP_MULTICAST_LOOP and IPV6_MULTICAST_LOOP; a stream only keeps the value.
fn set_multicast_loop(t: &Target<'_>, on: bool) -> Result<()> {
    t.change(|g| g.multicast_loop = on);
    t.set_datagram(|o| o.multicast_loop = on).or(Ok(()))
}

/// IP_MTU_DISCOVER and IPV6_MTU_DISCOVER: DO and PROBE never fragment. `EINVAL`.
fn set_mtu_discover(t: &Target<'_>, mode: i32, v6: bool) -> Result<()> {
    match u8::try_from(mode) {
        Ok(mode) if u32::from(mode) <= IP_PMTUDISC_OMIT => {
            t.change(|g| match v6 {
                true => g.mtu_discover6 = mode,
                false => g.mtu_discover = mode,
            });
            apply_fragmentation(t)
        }
        _ => Err(Errno::EINVAL),
    }
}

/// Tells the engine whether datagrams may be fragmented. TCP never fragments whatever it is told.
fn apply_fragmentation(t: &Target<'_>) -> Result<()> {
    let generic = t.generic();
    let v6 = t.common.domain == AF_INET6;
    let mode = match v6 {
        true => generic.mtu_discover6,
        false => generic.mtu_discover,
    };
    let never = [IP_PMTUDISC_DO, IP_PMTUDISC_PROBE].contains(&u32::from(mode))
        || v6 && generic.no_fragments;
    match t.dgram() {
        Some(_) => t.set_datagram(|o| o.dont_fragment = never),
        None => Ok(()),
    }
}

/// IP_UNICAST_IF and IPV6_UNICAST_IF: an interface's index in network byte order, exactly an `int`. `EINVAL`,
/// `EADDRNOTAVAIL`.
fn set_unicast_iface(t: &Target<'_>, v: &Input<'_>) -> Result<()> {
    if v.1 != size_of::<i32>() {
        return Err(Errno::EINVAL);
    }
    let index = u32::from_be_bytes(*v.bytes()?);
    if index != 0
        && t.common
            .net
            .look(|stack| stack.interface(IfaceId(index)).is_none())
    {
        return Err(Errno::EADDRNOTAVAIL);
    }
    t.change(|g| g.unicast_iface = index);
    Ok(())
}

/// What setsockopt(2) was given: the bytes that could be read, and the length that the program said.
struct Input<'a>(&'a [u8], usize);

impl Input<'_> {
    /// The first bytes. `EINVAL` when the program gave fewer, `EFAULT` when they cannot be read.
    fn bytes<const N: usize>(&self) -> Result<&[u8; N]> {
        if self.1 < N {
            return Err(Errno::EINVAL);
        }
        self.0.first_chunk().ok_or(Errno::EFAULT)
    }

    /// An `int`; `EINVAL` when shorter.
    fn int(&self) -> Result<i32> {
        Ok(i32::from_ne_bytes(*self.bytes()?))
    }

    /// An `int` that may come as one byte, as SOL_IP allows, or not at all: 0.
    fn int_or_byte(&self) -> Result<i32> {
        match self.0 {
            [] if self.1 == 0 => Ok(0),
            [] => Err(Errno::EFAULT),
            [byte, ..] if self.1 < 4 => Ok(i32::from(*byte)),
            _ => self.int(),
        }
    }

    /// The same, with something given. `EINVAL`.
    fn given_int_or_byte(&self) -> Result<i32> {
        match self.1 {
            0 => Err(Errno::EINVAL),
            _ => self.int_or_byte(),
        }
    }

    fn flag(&self) -> Result<bool> {
        Ok(self.int()? != 0)
    }

    /// The word at an offset. `EINVAL`, `EFAULT`.
    fn u32_at(&self, at: usize) -> Result<u32> {
        if self.1 < at + size_of::<u32>() {
            return Err(Errno::EINVAL);
        }
        let bytes = self.0.get(at..).and_then(|rest| rest.first_chunk());
        Ok(u32::from_ne_bytes(*bytes.ok_or(Errno::EFAULT)?))
    }
}
