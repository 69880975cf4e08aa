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
//! send   -> destination -> to the engine; with a ring to send from, each slot that is ready (`transmit`)
//! recv   -> out of the tap;  or the program reads the ring's status words and calls poll(2)
//! ```

mod address;
mod blocks;
mod fanout;
mod layout;
mod member;
mod memory;
mod outgoing;
mod proc;
mod ring;
mod slots;
mod transmit;
pub mod vnet;

pub use layout::Version;
pub use member::Request as Membership;
pub use proc::{Row, init, rows};
pub use ring::Shape;
pub use vnet::size as vnet_size;

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
use alloc::{sync::Arc, vec::Vec};
use bpf::Program;
use core::{
    any::Any,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};
use inet::{FanoutKind, IfaceId, RolloverCounts, TapFilter, TapId, TapPacket};
use member::Members;
use memory::Window;
use ring::{Collector, Manner};
use transmit::TxRing;

/// The longest frame with its link header: what recv(2) faults in.
const LONGEST: usize = 65_536 + LINK;
/// Bytes of a link header, and of a VLAN's.
const LINK: usize = 14;
const VLAN: usize = 4;

/// One packet socket.
pub struct Packet {
    net: Arc<Namespace>,
    tap: TapId,
    cooked: bool,
    state: SpinLock<State>,
    members: Members,
    collector: Arc<Collector>,
    /// PACKET_TX_RING.
    sender: SpinLock<Option<TxRing>>,
    /// How many areas show a ring.
    mappings: Arc<AtomicUsize>,
    /// What a mapped ring is known by.
    inode: u64,
}

/// What the socket was told.
#[derive(Clone, Copy, Default)]
pub struct State {
    /// Ethertype in host byte order.
    pub protocol: u16,
    /// 0 is every interface.
    pub iface: u32,
    /// The shapes of its rings: to receive into, to send from.
    pub rings: [Option<Shape>; 2],
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
    /// PACKET_VNET_HDR_SZ: bytes of the header before each packet; 0 for none.
    pub vnet: usize,
    /// PACKET_COPY_THRESH; any value but 0 acts.
    pub copies: i32,
    /// PACKET_QDISC_BYPASS: other packet sockets do not see what this one sends.
    pub unseen: bool,
    /// PACKET_TX_HAS_OFF.
    pub has_offset: bool,
}

impl State {
    fn manner(&self) -> Manner {
        Manner {
            version: self.version,
            reserve: self.reserve,
            vnet: self.vnet,
        }
    }
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
    let net = common.net.clone();
    let socket = Socket::new(
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
            sender: SpinLock::new(None),
            mappings: Arc::new(AtomicUsize::new(0)),
            inode: crate::file::new_ino(),
        },
    );
    proc::known(&socket, cx.euid, tap);
    Ok(socket)
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

    /// PACKET_RX_RING, or PACKET_TX_RING where `sends`: makes a ring, or with `None` takes it away. `EBUSY` while one is
    /// mapped or, for a second one, there; `EINVAL`, `ENOMEM`.
    pub fn set_ring(&self, common: &Common, shape: Option<&Shape>, sends: bool) -> Result<()> {
        if self.mappings.load(Relaxed) > 0 {
            return Err(Errno::EBUSY);
        }
        let manner = self.state().manner();
        if sends {
            let ring = match shape {
                None => None,
                Some(_) if self.sender.lock().is_some() => return Err(Errno::EBUSY),
                Some(shape) => Some(TxRing::new(shape, manner)?),
            };
            let old = core::mem::replace(&mut *self.sender.lock(), ring);
            drop(old);
            self.state.lock().rings[1] = shape.copied();
            return Ok(());
        }
        self.collector.set_ring(shape, manner)?;
        self.state.lock().rings[0] = shape.copied();
        self.set_limits(&common.generic());
        Ok(())
    }

    /// Whether there is a ring: what shapes it cannot be changed then.
    pub fn has_ring(&self) -> bool {
        self.collector.size() > 0 || self.sender.lock().is_some()
    }

    /// Tells the tap how much it may keep.
    pub fn set_limits(&self, generic: &Generic) {
        let buffer = generic.recv_buffer as usize;
        let limit = match self.collector.size() {
            0 => buffer,
            size => size,
        };
        let copies = if self.state().copies != 0 { buffer } else { 0 };
        self.net.with(|stack, _| {
            stack.tap_set_buffer(self.tap, limit);
            stack.tap_set_copies(self.tap, copies);
        });
    }

    /// PACKET_FANOUT: joins a group. `EINVAL`, `EALREADY`, `ENOSPC`, `ENOMEM`.
    pub fn join(&self, word: u32, most: u32) -> Result<()> {
        let asked = fanout::decode(word, most)?;
        let joined = self.net.with(|stack, _| stack.tap_join(self.tap, asked));
        joined.map_err(fanout::errno)
    }

    /// The group, as PACKET_FANOUT answers it.
    pub fn fanout(&self) -> i32 {
        fanout::encode(self.net.look(|stack| stack.tap_fanout(self.tap)))
    }

    /// PACKET_FANOUT_DATA: `program` is read only where the group is chosen by one. `EINVAL`.
    pub fn set_fanout_program(&self, program: impl FnOnce(u8) -> Result<Program>) -> Result<()> {
        let group = self.net.look(|stack| stack.tap_fanout(self.tap));
        let number = match group {
            Some(group) if group.kind == FanoutKind::Program => group.number,
            _ => return Err(Errno::EINVAL),
        };
        let program = Arc::new(program(number)?);
        self.net
            .with(|stack, _| stack.tap_fanout_program(self.tap, program))
            .map_err(errno)
    }

    /// PACKET_ROLLOVER_STATS. `EINVAL` where nothing rolls over.
    pub fn rollover(&self) -> Result<RolloverCounts> {
        let counts = self.net.look(|stack| stack.tap_rollover(self.tap));
        counts.ok_or(Errno::EINVAL)
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
                let room = message.out.remaining();
                if room < state.vnet {
                    return Err(Errno::EINVAL);
                }
                if state.vnet > 0 {
                    message.out.write(&vnet::header(packet)[..state.vnet])?;
                }
                let copied = match room - state.vnet {
                    0 => 0,
                    _ => message.out.write_whole(packet.data)?,
                };
                let cut = copied < packet.data.len();
                if let Some(control) = message.control.as_deref_mut() {
                    push_ancillary(control, packet, generic, state);
                }
                Ok(Received {
                    len: state.vnet + if whole { packet.data.len() } else { copied },
                    flags: if cut { Flags::TRUNC } else { Flags::empty() },
                    from: Some(LinkAddress::of(packet).encode(SOCKADDR_LL)),
                })
            })
        });
        outcome.map_err(errno)?
    }
}

impl Protocol for Packet {
    fn bind(&self, _common: &Common, _cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
        if addr.bytes().len() < SOCKADDR_LL || addr.family() != AF_PACKET {
            return Err(Errno::EINVAL);
        }
        let addr = LinkAddress::decode(addr)?;
        if self.net.look(|stack| stack.tap_fanout(self.tap).is_some()) {
            return Err(Errno::EINVAL);
        }
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
        self.transmit(message)
    }

    fn recv(&self, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
        let known = Flags::PEEK | Flags::DONTWAIT | Flags::TRUNC | Flags::ERRQUEUE;
        if !known.contains(message.flags) {
            return Err(Errno::EINVAL);
        }
        if message.flags.contains(Flags::ERRQUEUE) {
            return Err(Errno::EAGAIN);
        }
        if message.out.remaining() > 0 {
            message.out.prefault(LONGEST + vnet::LONG)?;
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
        self.net
            .with(|stack, _| stack.tap_set_filter(self.tap, generic.filter.clone()));
        self.set_limits(generic);
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
        let sender = self.sender.lock().as_ref().map(TxRing::memory);
        let rings = self.collector.memory().into_iter().chain(sender);
        Window::new(rings.collect(), self.mappings.clone(), self.inode).map(|window| window as _)
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
        Some(_) => TP_STATUS_USER | TP_STATUS_CSUMNOTREADY,
        None => TP_STATUS_USER,
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
