//! One connection's TCP state machine: a smoltcp interface and a socket set of one.
//!
//! smoltcp walks all its sockets for every packet. With a set of one behind our own table that walk is one step long, whatever
//! the number of connections. The interface is on the IP medium: it has no neighbours, no fragments, no routes; it only carries
//! the MTU and the generator of the initial sequence number.
//!
//! Not used, because they differ from Linux: `set_timeout` (it aborts idle connections, smoltcp #1202), `set_keep_alive` (no count),
//! its checksums (slow), its TIME-WAIT (10 s). `connection.rs` does these.

use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroUsize;
use core::time::Duration;

use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::{ChecksumCapabilities, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp;
use smoltcp::wire::{HardwareAddress, IpAddress, IpListenEndpoint};

use super::segment::HEADER;
use crate::addr::Endpoint;
use crate::frame::{Frame, FramePool};
use crate::ip::header::header_len;
use crate::time::Instant;

/// More than smoltcp's `RTTE_MAX_RTO`.
const LONGEST_TIMER: Duration = Duration::from_secs(61);

/// smoltcp's `ACK_DELAY_DEFAULT`.
pub(crate) const ACK_DELAY: smoltcp::time::Duration = smoltcp::time::Duration::from_millis(10);

/// Where a machine's packets go.
pub(crate) struct Outbox<'a> {
    pub pool: &'a mut FramePool,
    pub frames: &'a mut Vec<Frame>,
    /// No more than so many.
    pub room: usize,
}

impl<'a> Outbox<'a> {
    /// As many as there are.
    pub fn new(pool: &'a mut FramePool, frames: &'a mut Vec<Frame>) -> Outbox<'a> {
        Outbox {
            pool,
            frames,
            room: usize::MAX,
        }
    }
}

/// What a machine is made for. It cannot be changed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Largest IP packet of the path.
    pub whole: usize,
    /// Largest that the machine may announce and send: [`beside`] of these.
    pub mtu: usize,
    /// Bytes that IP options or extension headers take beyond that.
    pub extra: usize,
    /// Send up to 64 KiB at once over IPv4 whatever the MTU.
    pub unsegmented: bool,
    pub recv_buffer: usize,
    pub send_buffer: usize,
}

/// What `extra` bytes of a socket's own headers leave of a path's packets. Never less than a segment of 48 bytes needs, as on Linux
/// (tcp_min_snd_mss): a machine without room would make empty segments for ever.
pub(crate) fn beside(whole: usize, extra: usize, v6: bool) -> usize {
    const LEAST: usize = 48;
    whole
        .saturating_sub(extra)
        .max(header_len(v6) + HEADER + LEAST)
}

pub(crate) struct Machine {
    iface: Interface,
    set: SocketSet<'static>,
    handle: SocketHandle,
    pub shape: Shape,
    /// How far the machine's clock is ahead.
    ahead: Duration,
    /// A copy of the received bytes, made when a look goes past the ring's wrap.
    peeked: Vec<u8>,
}

struct OneShot<'a, 'o> {
    packet: Option<&'a [u8]>,
    out: Option<&'a mut Outbox<'o>>,
    shape: Shape,
}

pub(crate) struct Packet<'a>(&'a [u8]);

pub(crate) struct Slot<'a, 'o>(Option<&'a mut Outbox<'o>>);

impl RxToken for Packet<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

impl TxToken for Slot<'_, '_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        match self.0 {
            Some(out) => {
                let mut frame = out.pool.get(len);
                let result = f(&mut frame);
                out.frames.push(frame);
                result
            }
            // Only during construction, when nothing is sent.
            None => f(&mut vec![0; len]),
        }
    }
}

impl<'p, 'o> Device for OneShot<'p, 'o> {
    type RxToken<'a>
        = Packet<'p>
    where
        Self: 'a;
    type TxToken<'a>
        = Slot<'a, 'o>
    where
        Self: 'a;

    fn receive(&mut self, _now: smoltcp::time::Instant) -> Option<(Packet<'p>, Slot<'_, 'o>)> {
        let packet = self.packet.take()?;
        Some((Packet(packet), Slot(self.out.as_deref_mut())))
    }

    fn transmit(&mut self, _now: smoltcp::time::Instant) -> Option<Slot<'_, 'o>> {
        let full = self
            .out
            .as_ref()
            .is_some_and(|out| out.frames.len() >= out.room);
        if full {
            return None;
        }
        Some(Slot(self.out.as_deref_mut()))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut caps = DeviceCapabilities::default();
        caps.medium = Medium::Ip;
        caps.max_transmission_unit = self.shape.mtu;
        caps.checksum = ChecksumCapabilities::ignored();
        if self.shape.unsegmented {
            caps.segmentation.tcpv4 = NonZeroUsize::new(65_535);
        }
        caps
    }
}

fn listen_endpoint(at: Endpoint) -> IpListenEndpoint {
    IpListenEndpoint {
        addr: Some(IpAddress::from(at.addr)),
        port: at.port,
    }
}

impl Machine {
    /// A closed machine. `seed` decides the initial sequence number.
    pub fn new(now: Instant, seed: u64, shape: Shape) -> Machine {
        let mut set = SocketSet::new(Vec::with_capacity(1));
        let rx = tcp::SocketBuffer::new(vec![0; shape.recv_buffer]);
        let tx = tcp::SocketBuffer::new(vec![0; shape.send_buffer]);
        let handle = set.add(tcp::Socket::new(rx, tx));
        Machine {
            iface: Self::interface(now, seed, shape),
            set,
            handle,
            shape,
            ahead: Duration::ZERO,
            peeked: Vec::new(),
        }
    }

    /// A used machine made as new. Its buffers must have the sizes that `shape` says.
    pub fn renew(mut self, now: Instant, seed: u64, shape: Shape) -> Machine {
        self.iface = Self::interface(now, seed, shape);
        self.shape = shape;
        self.ahead = Duration::ZERO;
        self.socket_mut().abort();
        self
    }

    fn interface(now: Instant, seed: u64, shape: Shape) -> Interface {
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let mut device = OneShot {
            packet: None,
            out: None,
            shape,
        };
        let mut iface = Interface::new(config, &mut device, now.to_smol());
        // The demultiplexer decided that the packet is for us.
        iface.set_any_ip(true);
        iface
    }

    /// The path takes only packets of `whole` bytes (RFC 1191), of which `extra` are the socket's own headers. What is in flight is
    /// sent again by the retransmission timer.
    pub fn set_mtu(&mut self, now: Instant, seed: u64, v6: bool, whole: usize, extra: usize) {
        self.shape.whole = whole;
        self.shape.extra = extra;
        self.shape.mtu = beside(whole, extra, v6);
        self.shape.unsegmented = false;
        self.iface = Self::interface(now, seed, self.shape);
    }

    pub fn socket(&self) -> &tcp::Socket<'static> {
        self.set.get(self.handle)
    }

    pub fn socket_mut(&mut self) -> &mut tcp::Socket<'static> {
        self.set.get_mut(self.handle)
    }

    /// Becomes SYN-SENT. `false` when the addresses make no sense.
    pub fn connect(&mut self, local: Endpoint, peer: Endpoint) -> bool {
        let remote = (IpAddress::from(peer.addr), peer.port);
        let socket = self.set.get_mut::<tcp::Socket>(self.handle);
        socket
            .connect(self.iface.context(), remote, listen_endpoint(local))
            .is_ok()
    }

    /// Becomes LISTEN, for the one SYN that follows.
    pub fn listen(&mut self, local: Endpoint) -> bool {
        self.socket_mut().listen(listen_endpoint(local)).is_ok()
    }

    /// Whether segments carry time stamps, if the peer agrees. To be said after [`Machine::connect`] or [`Machine::listen`]; the
    /// words themselves are written later.
    pub fn set_stamps(&mut self, on: bool) {
        self.socket_mut()
            .set_tsval_generator(if on { Some(|| 0) } else { None });
    }

    /// The contiguous received bytes from `offset` on, of `unread` in all.
    pub fn peek(&mut self, offset: usize, unread: usize) -> &[u8] {
        let socket = self.set.get_mut::<tcp::Socket>(self.handle);
        let front = socket.peek(unread).map_or(0, |front| front.len());
        if offset < front {
            return socket.peek(unread).map_or(&[], |front| &front[offset..]);
        }
        if offset >= unread {
            return &[];
        }
        // smoltcp shows only the front of its ring as a slice.
        self.peeked.resize(unread, 0);
        let len = socket.peek_slice(&mut self.peeked).unwrap_or(0);
        self.peeked.get(offset..len).unwrap_or_default()
    }

    /// One IP packet in; at most one answer out.
    pub fn input(&mut self, now: Instant, packet: &[u8], out: &mut Outbox<'_>) {
        let mut device = OneShot {
            packet: Some(packet),
            out: Some(out),
            shape: self.shape,
        };
        self.iface
            .poll_ingress_single((now + self.ahead).to_smol(), &mut device, &mut self.set);
    }

    /// Everything that is due out.
    pub fn output(&mut self, now: Instant, out: &mut Outbox<'_>) {
        let mut device = OneShot {
            packet: None,
            out: Some(out),
            shape: self.shape,
        };
        while self
            .iface
            .poll_egress((now + self.ahead).to_smol(), &mut device, &mut self.set)
            == PollResult::SocketStateChanged
        {}
    }

    /// When `output` is due again.
    pub fn poll_at(&mut self, now: Instant) -> Option<Instant> {
        self.iface
            .poll_at((now + self.ahead).to_smol(), &self.set)
            .map(|at| {
                let ahead = self.ahead.as_nanos() as u64;
                Instant::from_nanos(Instant::from_smol(at).nanos().saturating_sub(ahead))
            })
    }

    /// As `output`, with every timer of the machine expired: what is unacknowledged is sent again, a closed window is probed.
    pub fn expire(&mut self, now: Instant, out: &mut Outbox<'_>) {
        self.ahead += LONGEST_TIMER;
        self.output(now, out);
    }
}
