//! Packet taps: what AF_PACKET sockets (packet(7)) see and send.
//!
//! A tap keeps copies of frames until the shell takes them, for a program's read or into a mapped ring. While there is no tap,
//! frames pass without a look. [`fanout`]: taps that share what they see; [`offload`]: what a sender leaves to the kernel.

mod fanout;
pub(crate) mod offload;
mod send;

pub use fanout::{Fanout, FanoutKind, FanoutRefusal, RolloverCounts};
pub use offload::{Cut, Offload, Unsummed};
pub use send::TapSend;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use bpf::{Packet, Program};

use crate::effects::Ready;
use crate::error::{Error, Result};
use crate::filter::HARDWARE;
use crate::frame::{Frame, FramePool, LINK_HEADER};
use crate::iface::IfaceId;
use crate::link::BROADCAST;
use crate::slab::Slab;
use crate::stack::{SocketRef, Stack};
use crate::time::Instant;
use fanout::{Group, Membership};

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

impl TapFilter {
    fn wants(&self, sight: &Sight) -> bool {
        let protocol = match self.protocol {
            ETH_P_ALL => true,
            wanted => wanted == sight.protocol && sight.kind != PacketKind::Outgoing,
        };
        protocol && self.iface.is_none_or(|only| only == sight.iface)
    }
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

impl PacketKind {
    /// How a destination address looks to a station with address `own`.
    pub(crate) fn of(dst: [u8; 6], own: [u8; 6]) -> PacketKind {
        match dst {
            dst if dst == own => PacketKind::Host,
            BROADCAST => PacketKind::Broadcast,
            [first, ..] if first & 1 != 0 => PacketKind::Multicast,
            _ => PacketKind::OtherHost,
        }
    }
}

/// A captured frame.
#[derive(Clone, Copy, Debug)]
pub struct TapPacket<'a> {
    /// The bytes, from the link header or, cooked, from the network header on. lo frames have a link header of zeros.
    /// The filter may have cut them.
    pub data: &'a [u8],
    /// How many there were before that.
    pub original_len: usize,
    /// Where in `data` the network header is.
    pub network: usize,
    /// Where.
    pub iface: IfaceId,
    /// Ethertype in host byte order.
    pub protocol: u16,
    /// Direction and kind of address.
    pub kind: PacketKind,
    /// Source hardware address.
    pub source: [u8; 6],
    /// The interface has neither addresses nor a link header.
    pub bare: bool,
    /// When.
    pub arrived: Instant,
    /// Its transport checksum was never written, as on lo: where it would be, from the link header on.
    pub unsummed: Option<Unsummed>,
}

/// What becomes of a frame that [`Stack::tap_collect`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collected {
    /// It was taken.
    Taken,
    /// It was taken in part, and is kept for [`Stack::tap_recv`] if there is room.
    Cut,
    /// There was no room for it.
    Lost,
}

/// How a tap is doing; a row of /proc/net/packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapStatus {
    /// As bound.
    pub filter: TapFilter,
    /// Bytes that wait, with bookkeeping.
    pub held: usize,
}

/// Bookkeeping bytes that Linux charges a frame on top of its length, about.
const OVERHEAD: usize = 512;

const ETH_P_ALL: u16 = 3;

/// Linux's hardware type of interfaces without a link header.
const ARPHRD_NONE: u16 = 65_534;

/// Link header bytes that a tap does not see.
fn hidden(cooked: bool, bare: bool) -> usize {
    if cooked || bare { LINK_HEADER } else { 0 }
}

struct Captured {
    frame: Frame,
    original_len: usize,
    iface: IfaceId,
    protocol: u16,
    kind: PacketKind,
    source: [u8; 6],
    /// Its link header is none.
    bare: bool,
    arrived: Instant,
    unsummed: Option<Unsummed>,
}

impl Captured {
    fn charge(&self) -> usize {
        self.frame.len() + OVERHEAD
    }

    /// As a tap sees it.
    fn shown(&self, cooked: bool) -> TapPacket<'_> {
        let skip = hidden(cooked, self.bare);
        TapPacket {
            data: self.frame.get(skip..).unwrap_or_default(),
            original_len: self.original_len.saturating_sub(skip),
            network: LINK_HEADER - skip,
            iface: self.iface,
            protocol: self.protocol,
            kind: self.kind,
            source: self.source,
            bare: self.bare,
            arrived: self.arrived,
            unsummed: self.unsummed,
        }
    }
}

pub(crate) struct Tap {
    filter: TapFilter,
    program: Option<Arc<Program>>,
    ignore_outgoing: bool,
    token: u64,
    limit: usize,
    held: usize,
    queue: VecDeque<Captured>,
    /// Frames that a ring had no room for as a whole (PACKET_COPY_THRESH), the bytes of them, and how many may be kept.
    copies: VecDeque<Captured>,
    copied: usize,
    copy_limit: usize,
    group: Option<Membership>,
    received: u32,
    dropped: u32,
    pub pending: Ready,
}

impl Tap {
    pub fn token(&self) -> u64 {
        self.token
    }

    fn wants(&self, sight: &Sight) -> bool {
        !(self.ignore_outgoing && sight.kind == PacketKind::Outgoing) && self.filter.wants(sight)
    }

    /// How many bytes of the frame, from the link header on, the program leaves.
    fn judge(&self, sight: &Sight, frame: &[u8], seed: u64) -> Option<usize> {
        let Some(program) = &self.program else {
            return Some(frame.len());
        };
        let skip = hidden(self.filter.cooked, sight.bare);
        match program.run(&sight.packet(frame, skip, seed)) as usize {
            0 => None,
            keep => Some(keep.saturating_add(skip).min(frame.len())),
        }
    }

    /// Keeps a copy of a frame if the program wants it and there is room. Says whether there is something to read.
    fn take(&mut self, sight: &Sight, frame: &[u8], seed: u64, frames: &mut FramePool) -> bool {
        let Some(keep) = self.judge(sight, frame, seed) else {
            return false;
        };
        self.received = self.received.wrapping_add(1);
        if self.held >= self.limit {
            self.dropped = self.dropped.wrapping_add(1);
            return false;
        }
        self.held += keep + OVERHEAD;
        self.queue.push_back(Captured {
            frame: frames.copy(&frame[..keep]),
            original_len: frame.len(),
            iface: sight.iface,
            protocol: sight.protocol,
            kind: sight.kind,
            source: sight.source,
            bare: sight.bare,
            arrived: sight.now,
            unsummed: sight.unsummed,
        });
        true
    }

    /// The oldest frame for a reader: what a ring left, else what waits.
    fn oldest(&self) -> Option<&Captured> {
        self.copies.front().or(self.queue.front())
    }
}

/// A frame that passes, and what is known about it.
#[derive(Clone, Copy)]
pub(crate) struct Sight {
    pub now: Instant,
    pub iface: IfaceId,
    pub protocol: u16,
    pub kind: PacketKind,
    pub source: [u8; 6],
    /// The link header is none: the interface is a tunnel.
    pub bare: bool,
    pub unsummed: Option<Unsummed>,
    /// Who sent it, and does not see it.
    pub origin: Option<Origin>,
}

impl Sight {
    /// The frame as a program sees it, its data beginning `data` bytes into it.
    fn packet<'a>(&self, frame: &'a [u8], data: usize, seed: u64) -> Packet<'a> {
        Packet {
            bytes: frame,
            data,
            network: Some(LINK_HEADER),
            link: Some(hidden(false, self.bare)),
            protocol: self.protocol,
            kind: self.kind as u8,
            interface: self.iface.0,
            hardware: match self.bare {
                true => ARPHRD_NONE,
                false => HARDWARE[usize::from(self.iface != IfaceId::LO)],
            },
            mark: 0,
            seed,
        }
    }
}

/// The tap that sends a frame.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub tap: TapId,
    /// Nobody else sees it go either.
    pub unseen: bool,
}

/// Every tap.
pub(crate) struct Taps {
    pub slab: Slab<Tap>,
    pub groups: Vec<Group>,
}

impl Taps {
    pub const fn new() -> Self {
        Taps {
            slab: Slab::new(),
            groups: Vec::new(),
        }
    }

    pub fn is_watched(&self) -> bool {
        self.slab.len() != 0
    }
}

impl Stack {
    /// Opens a tap. `recv_buffer` bytes of frames are kept, then frames are dropped and counted.
    pub fn tap_open(&mut self, filter: TapFilter, recv_buffer: usize, token: u64) -> TapId {
        self.local_convert_all();
        TapId(self.taps.slab.insert(Tap {
            filter,
            program: None,
            ignore_outgoing: false,
            token,
            limit: recv_buffer,
            held: 0,
            queue: VecDeque::new(),
            copies: VecDeque::new(),
            copied: 0,
            copy_limit: 0,
            group: None,
            received: 0,
            dropped: 0,
            pending: Ready::NONE,
        }))
    }

    /// bind(2) of a packet socket: replaces the filter. Frames that wait stay. Errors: `NoDevice`; `NetDown`, after binding.
    pub fn tap_bind(&mut self, id: TapId, filter: TapFilter) -> Result<()> {
        let up = match filter.iface {
            Some(iface) => self.iface(iface)?.info.up,
            None => true,
        };
        self.taps.slab.get_mut(id.0).ok_or(Error::NoSocket)?.filter = filter;
        if up { Ok(()) } else { Err(Error::NetDown) }
    }

    /// SO_RCVBUF, or the size of a mapped ring.
    pub fn tap_set_buffer(&mut self, id: TapId, recv_buffer: usize) {
        if let Some(tap) = self.taps.slab.get_mut(id.0) {
            tap.limit = recv_buffer;
        }
    }

    /// PACKET_COPY_THRESH: bytes of frames that a ring cut which are kept whole beside it; 0 for none.
    pub fn tap_set_copies(&mut self, id: TapId, limit: usize) {
        if let Some(tap) = self.taps.slab.get_mut(id.0) {
            tap.copy_limit = limit;
        }
    }

    /// SO_ATTACH_FILTER and SO_DETACH_FILTER. Offset 0 is the link header, the network header where the tap is cooked.
    pub fn tap_set_filter(&mut self, id: TapId, program: Option<Arc<Program>>) {
        if let Some(tap) = self.taps.slab.get_mut(id.0) {
            tap.program = program;
        }
    }

    /// PACKET_IGNORE_OUTGOING.
    pub fn tap_ignore_outgoing(&mut self, id: TapId, on: bool) {
        if let Some(tap) = self.taps.slab.get_mut(id.0) {
            tap.ignore_outgoing = on;
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
        let captured = tap.oldest().ok_or(Error::WouldBlock)?;
        let result = read(&captured.shown(tap.filter.cooked));
        if !peek {
            let taken = match tap.copies.pop_front() {
                Some(captured) => {
                    tap.copied -= captured.charge();
                    Some(captured)
                }
                None => {
                    let captured = tap.queue.pop_front();
                    tap.held -= captured.as_ref().map_or(0, Captured::charge);
                    captured
                }
            };
            if let Some(captured) = taken {
                self.frames.put(captured.frame);
            }
        }
        Ok(result)
    }

    /// Shows the oldest frame to a ring, which says what became of it; `may_copy` tells it whether a frame that is cut
    /// will be kept. Errors: `WouldBlock`, `NoSocket`.
    pub fn tap_collect(
        &mut self,
        id: TapId,
        read: impl FnOnce(&TapPacket<'_>, bool) -> Collected,
    ) -> Result<()> {
        let tap = self.taps.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        let captured = tap.queue.pop_front().ok_or(Error::WouldBlock)?;
        tap.held -= captured.charge();
        let may_copy = tap.copied < tap.copy_limit;
        match read(&captured.shown(tap.filter.cooked), may_copy) {
            Collected::Cut if may_copy => {
                tap.copied += captured.charge();
                tap.copies.push_back(captured);
                return Ok(());
            }
            Collected::Lost => tap.dropped = tap.dropped.wrapping_add(1),
            Collected::Taken | Collected::Cut => {}
        }
        self.frames.put(captured.frame);
        Ok(())
    }

    /// PACKET_STATISTICS: (received, dropped) since the last call; the dropped are among the received.
    pub fn tap_statistics(&mut self, id: TapId) -> (u32, u32) {
        let Some(tap) = self.taps.slab.get_mut(id.0) else {
            return (0, 0);
        };
        let counts = (tap.received, tap.dropped);
        tap.received = 0;
        tap.dropped = 0;
        counts
    }

    /// Whether frames were dropped since the last [`Stack::tap_statistics`].
    pub fn tap_is_losing(&self, id: TapId) -> bool {
        self.taps.slab.get(id.0).is_some_and(|tap| tap.dropped > 0)
    }

    /// For /proc/net/packet.
    pub fn tap_status(&self, id: TapId) -> Option<TapStatus> {
        self.taps.slab.get(id.0).map(|tap| TapStatus {
            filter: tap.filter,
            held: tap.held + tap.copied,
        })
    }

    /// Level readiness.
    pub fn tap_ready(&self, id: TapId) -> Ready {
        match self.taps.slab.get(id.0) {
            Some(tap) if tap.oldest().is_some() => Ready::READ | Ready::WRITE,
            Some(_) => Ready::WRITE,
            None => Ready::NONE,
        }
    }

    /// FIONREAD: bytes of the oldest frame, 0 when there is none.
    pub fn tap_next_len(&self, id: TapId) -> usize {
        let Some(tap) = self.taps.slab.get(id.0) else {
            return 0;
        };
        tap.oldest().map_or(0, |captured| {
            let hidden = hidden(tap.filter.cooked, captured.bare);
            captured.frame.len().saturating_sub(hidden)
        })
    }

    /// Closes it.
    pub fn tap_close(&mut self, id: TapId) {
        self.tap_part(id);
        if let Some(tap) = self.taps.slab.remove(id.0) {
            for captured in tap.queue.into_iter().chain(tap.copies) {
                self.frames.put(captured.frame);
            }
        }
    }

    /// Shows a frame, link header included, to every tap that wants it.
    pub(crate) fn tap_frame(&mut self, sight: Sight, bytes: &[u8]) {
        let promiscuous = self.iface(sight.iface).is_ok_and(|iface| {
            iface.info.promiscuous || iface.info.promiscuity > 0 || iface.is_loopback()
        });
        if sight.kind == PacketKind::OtherHost && !promiscuous {
            return;
        }
        if sight.kind == PacketKind::Outgoing && sight.origin.is_some_and(|origin| origin.unseen) {
            return;
        }
        for (key, tap) in self.taps.slab.iter_mut() {
            let own = sight.origin.is_some_and(|origin| origin.tap == TapId(key));
            if own || tap.group.is_some() || !tap.wants(&sight) {
                continue;
            }
            if tap.take(&sight, bytes, self.rng.u64(), &mut self.frames) {
                self.woken
                    .note(SocketRef::Tap(key), &mut tap.pending, Ready::READ);
            }
        }
        let Taps { slab, groups } = &mut self.taps;
        for group in groups {
            if !group.wants(&sight, slab) {
                continue;
            }
            let seed = self.rng.u64();
            let chosen = group.choose(&sight, bytes, seed, slab);
            if let Some(key) = chosen
                && let Some(tap) = slab.get_mut(key)
                && tap.take(&sight, bytes, seed, &mut self.frames)
            {
                self.woken
                    .note(SocketRef::Tap(key), &mut tap.pending, Ready::READ);
            }
        }
    }
}
