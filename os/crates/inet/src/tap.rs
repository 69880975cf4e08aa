//! Packet taps: what AF_PACKET sockets (packet(7)) see and send.

use crate::effects::Ready;
use crate::error::Result;
use crate::iface::IfaceId;
use crate::stack::Stack;
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

impl Stack {
    /// Opens a tap. `recv_buffer` bytes of frames are kept, then frames are dropped and counted.
    pub fn tap_open(&mut self, filter: TapFilter, recv_buffer: usize, token: u64) -> TapId {
        todo!()
    }

    /// bind(2) of a packet socket: replaces the filter. Errors: `NoDevice`, `NetDown`.
    pub fn tap_bind(&mut self, id: TapId, filter: TapFilter) -> Result<()> {
        todo!()
    }

    /// SO_RCVBUF.
    pub fn tap_set_buffer(&mut self, id: TapId, recv_buffer: usize) {
        todo!()
    }

    /// Shows the oldest frame to `read` and, unless `peek`, drops it. Errors: `WouldBlock`, `NoSocket`.
    pub fn tap_recv<R>(
        &mut self,
        id: TapId,
        peek: bool,
        read: impl FnOnce(&TapPacket<'_>) -> R,
    ) -> Result<R> {
        todo!()
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
        todo!()
    }

    /// PACKET_STATISTICS: (received, dropped) since the last call.
    pub fn tap_statistics(&mut self, id: TapId) -> (u32, u32) {
        todo!()
    }

    /// Level readiness.
    pub fn tap_ready(&self, id: TapId) -> Ready {
        todo!()
    }

    /// FIONREAD: bytes of the oldest frame, 0 when there is none.
    pub fn tap_next_len(&self, id: TapId) -> usize {
        todo!()
    }

    /// Closes it.
    pub fn tap_close(&mut self, id: TapId) {
        todo!()
    }
}
