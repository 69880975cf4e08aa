//! AF_PACKET: frames as they pass an interface. packet(7).
//!
//! What it is: [`Packet`], the [`Protocol`] of the family, around a tap of the engine, which copies
//! frames and runs the socket filter. Who calls: [`crate::net::open`], then the socket layer; `opt::packet`
//! for SOL_PACKET. Who owns and locks: the tap belongs to the engine; what the socket was told has a
//! spin lock, its mapped ring another one, taken inside the engine's. Typical sequence of a capture:
//!
//! ```text
//! engine: a frame passes -> copied into the tap -> wake -> Collector::arrived: taps's frames into the ring,
//!                                                          if there is one -> readers wake
//! recv   -> out of the tap;  or the program reads the ring's status words and calls poll(2)
//! ```

mod address;
mod blocks;
mod layout;
mod member;
mod proc;
mod ring;
mod slots;

pub use layout::Version;
pub use member::Request as Membership;
pub use proc::init;
pub use ring::Shape;

use super::{
    CAP_NET_RAW, Caller, SockAddr, Socket,
    cmsg::Control,
    errno::errno,
    registry,
    socket::{
        Common, Generic, Protocol,
        message::{Flags, Incoming, Outgoing, Received},
    },
    stack::Namespace,
};
use crate::{
    Result,
    mm::{Backing, UserPtr},
    sched::Events,
    sync::SpinLock,
    time,
};
use abi::{
    Errno,
    if_packet::{PACKET_AUXDATA, TP_STATUS_CSUMNOTREADY, TP_STATUS_USER},
    net::{AF_PACKET, SOCK_DGRAM, SOCK_RAW, SOL_PACKET, SOL_SOCKET},
};
use address::{LinkAddress, SOCKADDR_LL};
use alloc::{sync::Arc, vec, vec::Vec};
use core::any::Any;
use inet::{IfaceId, TapFilter, TapId, TapPacket};
use member::Members;
use ring::Collector;

/// The longest frame with its link header: what recv(2) faults in.
const LONGEST: usize = 65_536 + 14;

/// One packet socket.
pub struct Packet {
    net: Arc<Namespace>,
    tap: TapId,
    cooked: bool,
    state: SpinLock<State>,
    members: Members,
    collector: Arc<Collector>,
}

/// What the socket was told.
#[derive(Clone, Copy, Default)]
pub struct State {
    /// Ethertype in host byte order.
    protocol: u16,
    /// 0 is every interface.
    iface: u32,
    /// SO_ERROR: bound to an interface that is down.
    error: Option<Errno>,
    /// PACKET_VERSION.
    pub version: Version,
    /// PACKET_RESERVE in bytes.
    pub reserve: u32,
    /// PACKET_AUXDATA.
    pub auxdata: bool,
    /// PACKET_ORIGDEV. No device here is another one's slave, so both answers are the same.
    pub original_device: bool,
    /// PACKET_LOSS.
    pub loss: bool,
    /// PACKET_TIMESTAMP: SOF_TIMESTAMPING_*; what there is, are software time stamps.
    pub timestamp: i32,
    /// PACKET_IGNORE_OUTGOING.
    pub ignore_outgoing: bool,
}

/// socket(2). `protocol` is an ethertype in network byte order. `EPERM` without CAP_NET_RAW, `ESOCKTNOSUPPORT`.
pub fn open(cx: &Caller<'_>, kind: u32, protocol: u32) -> Result<Arc<Socket>> {
    let cooked = is_cooked(cx, kind)?;
    let common = Common::new(AF_PACKET, kind, 0);
    let protocol = u16::from_be(protocol as u16);
    let filter = TapFilter {
        iface: None,
        protocol,
        cooked,
    };
    let limit = common.generic().recv_buffer as usize;
    let token = common.token();
    let tap = common
        .net
        .with(|stack, _| stack.tap_open(filter, limit, token));
    let collector = Collector::new(&common.net, tap, common.queue_handle());
    common.observe(collector.clone());
    proc::known(&common.net, common.inode, kind, cx.euid, tap);
    let net = common.net.clone();
    Ok(Socket::new(
        common,
        Packet {
            net,
            tap,
            cooked,
            state: SpinLock::new(State {
                protocol,
                ..State::default()
            }),
            members: Members::default(),
            collector,
        },
    ))
}

/// socketpair(2): there are none, and socket(2)'s errors come first. `EOPNOTSUPP`.
pub fn pair<T>(cx: &Caller<'_>, kind: u32) -> Result<T> {
    is_cooked(cx, kind)?;
    Err(Errno::EOPNOTSUPP)
}

/// Whether a socket of this type is without link headers. `EPERM`, `ESOCKTNOSUPPORT`.
fn is_cooked(cx: &Caller<'_>, kind: u32) -> Result<bool> {
    if !cx.capable(CAP_NET_RAW) {
        return Err(Errno::EPERM);
    }
    match kind {
        SOCK_RAW => Ok(false),
        SOCK_DGRAM => Ok(true),
        _ => Err(Errno::ESOCKTNOSUPPORT),
    }
}

impl Packet {
    /// What the socket was told, copied.
    pub fn state(&self) -> State {
        *self.state.lock()
    }

    /// Changes it.
    pub fn change(&self, change: impl FnOnce(&mut State)) {
        let ignore = {
            let mut state = self.state.lock();
            change(&mut state);
            state.ignore_outgoing
        };
        self.net
            .with(|stack, _| stack.tap_ignore_outgoing(self.tap, ignore));
    }

    /// PACKET_ADD_MEMBERSHIP and PACKET_DROP_MEMBERSHIP.
    pub fn membership(&self, request: &Membership, join: bool) -> Result<()> {
        match join {
            true => self.members.join(&self.net, request),
            false => self.members.leave(&self.net, request),
        }
    }

    /// PACKET_STATISTICS: packets, drops, and how often a ring froze, since the last call.
    pub fn statistics(&self) -> [u32; 3] {
        let (packets, drops) = self.net.with(|stack, _| stack.tap_statistics(self.tap));
        [packets, drops, self.collector.take_freezes()]
    }

    /// PACKET_RX_RING: makes a ring, or with `None` takes it away. `EBUSY`, `EINVAL`, `ENOMEM`.
    pub fn set_ring(&self, common: &Common, shape: Option<&Shape>) -> Result<()> {
        let state = self.state();
        self.collector
            .set_ring(shape, state.version, state.reserve)?;
        let limit = match self.collector.size() {
            0 => common.generic().recv_buffer as usize,
            size => size,
        };
        self.net
            .with(|stack, _| stack.tap_set_buffer(self.tap, limit));
        Ok(())
    }

    /// Whether there is a ring: what shapes it cannot be changed then.
    pub fn has_ring(&self) -> bool {
        self.collector.size() > 0
    }

    fn recv_one(
        &self,
        generic: &Generic,
        state: &State,
        message: &mut Incoming<'_, '_>,
    ) -> Result<Received> {
        if let Some(errno) = self.state.lock().error.take() {
            return Err(errno);
        }
        let peek = message.flags.contains(Flags::PEEK);
        let whole = message.flags.contains(Flags::TRUNC);
        let outcome = self.net.with(|stack, _| {
            stack.tap_recv(self.tap, peek, |packet| {
                let copied = match message.out.remaining() {
                    0 => 0,
                    _ => message.out.write(packet.data)?,
                };
                let cut = copied < packet.data.len();
                if let Some(control) = message.control.as_deref_mut() {
                    push_ancillary(control, packet, generic, state);
                }
                Ok(Received {
                    len: if whole { packet.data.len() } else { copied },
                    flags: if cut { Flags::TRUNC } else { Flags::empty() },
                    from: Some(LinkAddress::of(packet).encode(SOCKADDR_LL)),
                })
            })
        });
        outcome.map_err(errno)?
    }

    /// Where a message goes: interface, ethertype, hardware address. `EINVAL`, `ENXIO`.
    fn destination(&self, message: &Outgoing<'_, '_>) -> Result<(IfaceId, u16, [u8; 6])> {
        let (iface, protocol, addr) = match &message.to {
            None => {
                let state = self.state.lock();
                (state.iface, state.protocol, [0; 6])
            }
            Some(to) => {
                let to = LinkAddress::decode(to)?;
                if self.cooked && usize::from(to.len) < 6 {
                    return Err(Errno::EINVAL);
                }
                (to.iface, to.protocol, to.mac())
            }
        };
        let iface = IfaceId(iface);
        match self.net.look(|stack| stack.interface(iface).is_some()) {
            true => Ok((iface, protocol, addr)),
            false => Err(Errno::ENXIO),
        }
    }
}

impl Protocol for Packet {
    fn bind(&self, _common: &Common, _cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
        if addr.bytes().len() < SOCKADDR_LL || addr.family() != AF_PACKET {
            return Err(Errno::EINVAL);
        }
        let addr = LinkAddress::decode(addr)?;
        let mut state = self.state();
        if addr.protocol != 0 {
            state.protocol = addr.protocol;
        }
        state.iface = addr.iface;
        let filter = TapFilter {
            iface: (state.iface != 0).then_some(IfaceId(state.iface)),
            protocol: state.protocol,
            cooked: self.cooked,
        };
        match self.net.with(|stack, _| stack.tap_bind(self.tap, filter)) {
            Ok(()) => {}
            // Bound all the same; the next receive says so.
            Err(inet::Error::NetDown) => state.error = Some(Errno::ENETDOWN),
            Err(error) => return Err(errno(error)),
        }
        *self.state.lock() = state;
        Ok(())
    }

    fn local(&self, _common: &Common) -> Result<SockAddr> {
        let state = self.state();
        let iface = IfaceId(state.iface);
        let kind = self
            .net
            .look(|stack| stack.interface(iface).map(|info| info.kind));
        let addr = LinkAddress::local(state.iface, state.protocol, kind);
        Ok(addr.encode(address::HEADER + usize::from(addr.len)))
    }

    fn send(
        &self,
        _common: &Common,
        _cx: Option<&Caller<'_>>,
        message: &mut Outgoing<'_, '_>,
    ) -> Result<usize> {
        let (iface, protocol, addr) = self.destination(message)?;
        let len = message.data.remaining();
        if len > LONGEST {
            return Err(Errno::EMSGSIZE);
        }
        let mut frame = vec![0; len];
        if len > 0 && message.data.read(&mut frame)? < len {
            return Err(Errno::EFAULT);
        }
        let sent = self
            .net
            .with(|stack, now| stack.tap_send(now, self.tap, iface, protocol, addr, &frame));
        sent.map_err(errno)?;
        Ok(len)
    }

    fn recv(&self, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
        let known = Flags::PEEK | Flags::DONTWAIT | Flags::TRUNC | Flags::ERRQUEUE;
        if !known.contains(message.flags & !Flags::CMSG_CLOEXEC) {
            return Err(Errno::EINVAL);
        }
        if message.flags.contains(Flags::ERRQUEUE) {
            return Err(Errno::EAGAIN);
        }
        if message.out.remaining() > 0 {
            message.out.prefault(LONGEST)?;
        }
        let (generic, state) = (common.generic(), self.state());
        common.wait(message.flags.nonblock(), generic.recv_timeout, || {
            self.recv_one(&generic, &state, message)
        })
    }

    fn ready(&self, _common: &Common) -> Events {
        let mut events = registry::events(self.net.look(|stack| stack.tap_ready(self.tap)));
        if self.collector.has_filled() {
            events |= Events::IN | Events::RDNORM;
        }
        if self.state.lock().error.is_some() {
            events |= Events::ERR;
        }
        events
    }

    fn take_error(&self, _common: &Common) -> Option<Errno> {
        self.state.lock().error.take()
    }

    fn generic_changed(&self, _common: &Common, generic: &Generic) {
        let limit = match self.collector.size() {
            0 => generic.recv_buffer as usize,
            size => size,
        };
        self.net.with(|stack, _| {
            stack.tap_set_filter(self.tap, generic.filter.clone());
            stack.tap_set_buffer(self.tap, limit);
        });
    }

    fn ioctl(&self, _common: &Common, request: u32, arg: usize) -> Result<usize> {
        let value = match request {
            abi::ioctl::FIONREAD => self.net.look(|stack| stack.tap_next_len(self.tap)),
            // Frames leave at once.
            abi::ioctl::TIOCOUTQ => 0,
            _ => return Err(Errno::ENOTTY),
        };
        UserPtr::<i32>::new(arg).write(&(value as i32))?;
        Ok(0)
    }

    fn mapping(&self) -> Result<Arc<dyn Backing>> {
        self.collector.mapping()
    }

    fn close(&self, common: &Common) {
        self.members.leave_all(&self.net);
        self.net.with(|stack, _| stack.tap_close(self.tap));
        proc::forget(common.inode);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// TP_STATUS_* of a frame that a program may read.
fn status(packet: &TapPacket<'_>) -> u32 {
    match packet.unsummed {
        true => TP_STATUS_USER | TP_STATUS_CSUMNOTREADY,
        false => TP_STATUS_USER,
    }
}

/// When a frame passed: seconds and nanoseconds of the epoch.
fn wall_clock(packet: &TapPacket<'_>) -> (u64, u32) {
    let nanos = packet.arrived.nanos().wrapping_add(time::realtime_offset());
    (nanos / 1_000_000_000, (nanos % 1_000_000_000) as u32)
}

fn push_ancillary(control: &mut Control, packet: &TapPacket<'_>, generic: &Generic, state: &State) {
    let (seconds, nanos) = wall_clock(packet);
    if let Some((kind, fraction)) = generic.timestamp.item(u64::from(nanos)) {
        let data = [seconds.to_ne_bytes(), fraction.to_ne_bytes()];
        control.push(SOL_SOCKET as i32, kind as i32, data.as_flattened());
    }
    if state.auxdata {
        // struct tpacket_auxdata: status, lengths, where headers are, VLAN.
        let mut data: Vec<u8> = Vec::with_capacity(20);
        for word in [
            status(packet),
            packet.original_len as u32,
            packet.data.len() as u32,
        ] {
            data.extend_from_slice(&word.to_ne_bytes());
        }
        for half in [0, packet.network as u16, 0, 0] {
            data.extend_from_slice(&half.to_ne_bytes());
        }
        control.push(SOL_PACKET as i32, PACKET_AUXDATA as i32, &data);
    }
}
