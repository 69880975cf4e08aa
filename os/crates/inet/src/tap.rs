//! Packet taps: what AF_PACKET sockets (packet(7)) see and send.

use alloc::collections::VecDeque;

use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::frame::{Frame, LINK_HEADER};
use crate::iface::IfaceId;
use crate::slab::Slab;
use crate::stack::{SocketRef, Stack};
use crate::time::Instant;

/// Handle of a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TapId(pub(crate) crate::slab::Key);

/// What a tap wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapFilter {
    /// One interface, or all.
    pub iface: Option<IfaceId>,
    /// Ethertype in host byte order; 3 (ETH_P_ALL) is all, outgoing frames included; 0 is none.
    pub protocol: u16,
    /// SOCK_DGRAM: without the link header.
    pub cooked: bool,
}

/// `sll_pkttype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PacketKind {
    /// To us.
    Host = 0,
    /// To everybody.
    Broadcast = 1,
    /// To a group.
    Multicast = 2,
    /// To somebody else (promiscuous).
    OtherHost = 3,
    /// From us.
    Outgoing = 4,
}

/// A captured frame.
#[derive(Clone, Copy, Debug)]
pub struct TapPacket<'a> {
    /// The bytes, from the link header or, cooked, from the network header on. lo frames have a link header of zeros.
    pub data: &'a [u8],
    /// Where.
    pub iface: IfaceId,
    /// Ethertype in host byte order.
    pub protocol: u16,
    /// Direction and kind of address.
    pub kind: PacketKind,
    /// Source hardware address.
    pub source: [u8; 6],
    /// When.
    pub arrived: Instant,
}

/// Bookkeeping bytes that Linux charges a frame on top of its length, about.
const OVERHEAD: usize = 512;

const ETH_P_ALL: u16 = 3;

struct Captured {
    frame: Frame,
    iface: IfaceId,
    protocol: u16,
    kind: PacketKind,
    source: [u8; 6],
    arrived: Instant,
}

pub(crate) struct Tap {
    filter: TapFilter,
    token: u64,
    limit: usize,
    held: usize,
    queue: VecDeque<Captured>,
    received: u32,
    dropped: u32,
    pub pending: Ready,
}

impl Tap {
    pub fn token(&self) -> u64 {
        self.token
    }
}

/// Every tap. While there is none, frames pass without a look.
pub(crate) struct Taps {
    pub slab: Slab<Tap>,
}

impl Taps {
    pub const fn new() -> Self {
        Taps { slab: Slab::new() }
    }

    pub fn is_watched(&self) -> bool {
        self.slab.len() != 0
    }
}

impl Stack {
    /// Opens a tap. `recv_buffer` bytes of frames are kept, then frames are dropped and counted.
    pub fn tap_open(&mut self, filter: TapFilter, recv_buffer: usize, token: u64) -> TapId {
        TapId(self.taps.slab.insert(Tap {
            filter,
            token,
            limit: recv_buffer,
            held: 0,
            queue: VecDeque::new(),
            received: 0,
            dropped: 0,
            pending: Ready::NONE,
        }))
    }

    /// bind(2) of a packet socket: replaces the filter. Errors: `NoDevice`, `NetDown`.
    pub fn tap_bind(&mut self, id: TapId, filter: TapFilter) -> Result<()> {
        if let Some(iface) = filter.iface
            && !self.iface(iface)?.info.up
        {
            return Err(Error::NetDown);
        }
        self.taps.slab.get_mut(id.0).ok_or(Error::NoSocket)?.filter = filter;
        Ok(())
    }

    /// SO_RCVBUF.
    pub fn tap_set_buffer(&mut self, id: TapId, recv_buffer: usize) {
        if let Some(tap) = self.taps.slab.get_mut(id.0) {
            tap.limit = recv_buffer;
        }
    }

    /// Shows the oldest frame to `read` and, unless `peek`, drops it. Errors: `WouldBlock`, `NoSocket`.
    pub fn tap_recv<R>(
        &mut self,
        id: TapId,
        peek: bool,
        read: impl FnOnce(&TapPacket<'_>) -> R,
    ) -> Result<R> {
        let tap = self.taps.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let captured = tap.queue.front().ok_or(Error::WouldBlock)?;
        let skip = if tap.filter.cooked { LINK_HEADER } else { 0 };
        let result = read(&TapPacket {
            data: captured.frame.get(skip..).unwrap_or_default(),
            iface: captured.iface,
            protocol: captured.protocol,
            kind: captured.kind,
            source: captured.source,
            arrived: captured.arrived,
        });
        if !peek && let Some(captured) = tap.queue.pop_front() {
            tap.held -= captured.frame.len() + OVERHEAD;
            self.frames.put(captured.frame);
        }
        Ok(result)
    }

    /// Sends a frame. Raw: `frame` starts with the link header. Cooked: the header is made from `dst` and `protocol`.
    /// Errors: `NoDevice`, `NetDown`, `MessageTooBig`, `Invalid` (shorter than a link header), `NoBuffers`.
    pub fn tap_send(
        &mut self,
        now: Instant,
        id: TapId,
        iface: IfaceId,
        protocol: u16,
        dst: [u8; 6],
        frame: &[u8],
    ) -> Result<()> {
        self.now = now;
        let tap = self.taps.slab.get(id.0).ok_or(Error::NoSocket)?;
        let cooked = tap.filter.cooked;
        let slot = self.iface(iface)?;
        if !slot.info.up {
            return Err(Error::NetDown);
        }
        if !cooked && frame.len() < LINK_HEADER {
            return Err(Error::Invalid);
        }
        let payload = if cooked { frame } else { &frame[LINK_HEADER..] };
        if payload.len() > slot.info.mtu {
            return Err(Error::MessageTooBig);
        }
        let loopback = slot.is_loopback();
        if self.is_tx_full(iface) {
            return Err(Error::NoBuffers);
        }
        let copy = self.frames.copy(payload);
        if loopback {
            self.ip_transmit(now, iface, core::net::Ipv4Addr::LOCALHOST.into(), copy);
        } else if cooked {
            self.ethernet_emit(iface, dst, protocol, copy);
        } else {
            let mut copy = copy;
            copy.widen(LINK_HEADER);
            copy[..LINK_HEADER].copy_from_slice(&frame[..LINK_HEADER]);
            let protocol = u16::from_be_bytes([frame[12], frame[13]]);
            self.device_send(iface, protocol, copy);
        }
        Ok(())
    }

    /// PACKET_STATISTICS: (received, dropped) since the last call.
    pub fn tap_statistics(&mut self, id: TapId) -> (u32, u32) {
        let Some(tap) = self.taps.slab.get_mut(id.0) else {
            return (0, 0);
        };
        let counts = (tap.received, tap.dropped);
        tap.received = 0;
        tap.dropped = 0;
        counts
    }

    /// Level readiness.
    pub fn tap_ready(&self, id: TapId) -> Ready {
        match self.taps.slab.get(id.0) {
            Some(tap) if !tap.queue.is_empty() => Ready::READ | Ready::WRITE,
            Some(_) => Ready::WRITE,
            None => Ready::NONE,
        }
    }

    /// FIONREAD: bytes of the oldest frame, 0 when there is none.
    pub fn tap_next_len(&self, id: TapId) -> usize {
        let Some(tap) = self.taps.slab.get(id.0) else {
            return 0;
        };
        let skip = if tap.filter.cooked { LINK_HEADER } else { 0 };
        tap.queue
            .front()
            .map_or(0, |captured| captured.frame.len().saturating_sub(skip))
    }

    /// Closes it.
    pub fn tap_close(&mut self, id: TapId) {
        if let Some(tap) = self.taps.slab.remove(id.0) {
            for captured in tap.queue {
                self.frames.put(captured.frame);
            }
        }
    }

    /// Shows a frame, link header included, to every tap that wants it.
    pub(crate) fn tap_frame(
        &mut self,
        now: Instant,
        iface: IfaceId,
        protocol: u16,
        kind: PacketKind,
        source: [u8; 6],
        bytes: &[u8],
    ) {
        let promiscuous = self.iface(iface).is_ok_and(|iface| iface.info.promiscuous);
        if kind == PacketKind::OtherHost && !promiscuous {
            return;
        }
        for (key, tap) in self.taps.slab.iter_mut() {
            let wanted = match tap.filter.protocol {
                ETH_P_ALL => true,
                wanted => wanted == protocol && kind != PacketKind::Outgoing,
            };
            if !wanted || tap.filter.iface.is_some_and(|only| only != iface) {
                continue;
            }
            tap.received = tap.received.wrapping_add(1);
            if tap.held + bytes.len() + OVERHEAD > tap.limit {
                tap.dropped = tap.dropped.wrapping_add(1);
                continue;
            }
            tap.held += bytes.len() + OVERHEAD;
            tap.queue.push_back(Captured {
                frame: self.frames.copy(bytes),
                iface,
                protocol,
                kind,
                source,
                arrived: now,
            });
            self.woken
                .note(SocketRef::Tap(key), &mut tap.pending, Ready::READ);
        }
    }
}
