//! TPACKET_V3: a ring of blocks, each with frames of any length one behind the other. The kernel fills one block;
//! when it is full, or some time after, it gives the block to the program and opens the next.
//! Linux's Documentation/networking/packet_mmap.rst.

use super::{
    layout::{self, Offsets, Version},
    memory::Memory,
    ring::{Fate, Manner, Shape},
    vnet,
};
use crate::time;
use abi::if_packet::{TP_STATUS_BLK_TMO, TP_STATUS_KERNEL, TP_STATUS_LOSING, TP_STATUS_USER};
use inet::TapPacket;

/// `sizeof(struct tpacket_block_desc)`, and where its fields are.
const HEADER: usize = 48;
const VERSION: usize = 0;
const PRIVATE: usize = 4;
const STATUS: usize = 8;
const PACKETS: usize = 12;
const FIRST: usize = 16;
const LENGTH: usize = 20;
const SEQUENCE: usize = 24;
const FIRST_TIME: usize = 32;
const LAST_TIME: usize = 40;
/// Frames and private areas begin at multiples of this.
const ALIGN: usize = 8;
/// What the kernel chooses when the program leaves it the time, in ms.
const DEFAULT_RETIRE_MS: u32 = 8;

/// The block being filled.
pub struct Blocks {
    block_size: usize,
    count: usize,
    manner: Manner,
    private: u32,
    interval: u64,
    current: usize,
    /// The next block was not free when the last one was given away.
    frozen: bool,
    freezes: u32,
    sequence: u64,
    packets: u32,
    /// Where the next frame goes, and where the last one is, from the start of the block.
    next: usize,
    last: usize,
    /// When the last frame was put in: seconds and nanoseconds of the epoch.
    stamp: (u32, u32),
    losing: bool,
    /// When the current block was opened, or was last found empty: monotonic ns.
    opened: u64,
}

impl Blocks {
    /// Bytes of a block that no frame can have.
    pub fn overhead(private: u32) -> u64 {
        HEADER as u64 + u64::from(private).next_multiple_of(ALIGN as u64)
    }

    /// `shape` has been checked.
    pub fn new(memory: &Memory, shape: &Shape, manner: Manner) -> Blocks {
        let ms = match shape.retire_ms {
            0 => DEFAULT_RETIRE_MS,
            ms => ms,
        };
        let mut blocks = Blocks {
            block_size: shape.block_size as usize,
            count: shape.blocks as usize,
            manner,
            private: shape.private,
            interval: u64::from(ms) * 1_000_000,
            current: 0,
            frozen: false,
            freezes: 0,
            sequence: 1,
            packets: 0,
            next: 0,
            last: 0,
            stamp: (0, 0),
            losing: false,
            opened: 0,
        };
        blocks.open(memory);
        blocks
    }

    /// When [`Blocks::retire`] is due: monotonic ns.
    pub fn deadline(&self) -> u64 {
        self.opened + self.interval
    }

    #[allow(missing_docs)]
    pub fn take_freezes(&mut self) -> u32 {
        core::mem::take(&mut self.freezes)
    }

    /// Appends a frame, in the next block if this one is full.
    pub fn fill(&mut self, memory: &Memory, packet: &TapPacket<'_>, losing: bool) -> Fate {
        self.losing = losing;
        if self.frozen && !self.thaw(memory) {
            return Fate::Lost;
        }
        let Some(at) = Offsets::of(&self.manner, packet) else {
            return Fate::Lost;
        };
        let most = self.block_size - Blocks::overhead(self.private) as usize;
        let captured = packet.data.len().min(most.saturating_sub(at.data));
        let len = (at.data.min(most) + captured).next_multiple_of(ALIGN);
        let mut fate = Fate::Kept;
        if self.next + len > self.block_size && self.packets > 0 {
            fate = Fate::Ready;
            self.give(memory, 0);
            if self.frozen {
                return Fate::Lost;
            }
        }
        let (base, start) = (self.base(), self.next);
        let header = layout::header(Version::V3, packet, at, captured, len as u32);
        for piece in Version::V3.pieces() {
            memory.write(base + start + piece.start, &header[piece]);
        }
        if self.manner.vnet > 0 && at.data <= most {
            let bytes = &vnet::header(packet)[..self.manner.vnet];
            memory.write(base + start + at.data - bytes.len(), bytes);
        }
        memory.write(base + start + at.data, &packet.data[..captured]);
        let (seconds, nanos) = super::wall_clock(packet);
        self.stamp = (seconds as u32, nanos);
        self.last = start;
        self.next += len;
        self.packets += 1;
        memory.set_word(base + PACKETS, self.packets);
        memory.set_word(base + LENGTH, self.next as u32);
        fate
    }

    /// Gives the block away if its time is over and it has frames. Says whether it did.
    pub fn retire(&mut self, memory: &Memory, now: u64) -> bool {
        if now < self.deadline() {
            return false;
        }
        if self.frozen && !self.thaw(memory) || self.packets == 0 {
            self.opened = now;
            return false;
        }
        self.give(memory, TP_STATUS_BLK_TMO);
        if self.frozen {
            self.opened = now;
        }
        true
    }

    /// As Linux's poll: whether the block before the current one is still the program's.
    pub fn has_filled(&self, memory: &Memory) -> bool {
        let last = (self.current + self.count - 1) % self.count;
        // While frozen the current block is the oldest, and full.
        memory.word(last * self.block_size + STATUS) != TP_STATUS_KERNEL
            || self.frozen && memory.word(self.base() + STATUS) != TP_STATUS_KERNEL
    }

    fn base(&self) -> usize {
        self.current * self.block_size
    }

    fn open(&mut self, memory: &Memory) {
        let base = self.base();
        let first = Blocks::overhead(self.private) as usize;
        let now = time::realtime();
        memory.set_word(base + VERSION, Version::V3.number() as u32);
        memory.set_word(base + PRIVATE, HEADER as u32);
        memory.set_word(base + PACKETS, 0);
        memory.set_word(base + FIRST, first as u32);
        memory.set_word(base + LENGTH, first as u32);
        memory.write(base + SEQUENCE, &self.sequence.to_ne_bytes());
        memory.set_word(base + FIRST_TIME, (now / 1_000_000_000) as u32);
        memory.set_word(base + FIRST_TIME + 4, (now % 1_000_000_000) as u32);
        self.sequence += 1;
        self.packets = 0;
        self.next = first;
        self.last = first;
        self.frozen = false;
        self.opened = time::now().0;
    }

    /// Closes the current block and opens the next one, or freezes.
    fn give(&mut self, memory: &Memory, why: u32) {
        let base = self.base();
        memory.set_word(base + self.last, 0);
        memory.set_word(base + LAST_TIME, self.stamp.0);
        memory.set_word(base + LAST_TIME + 4, self.stamp.1);
        let losing = if self.losing { TP_STATUS_LOSING } else { 0 };
        memory.set_word(base + STATUS, TP_STATUS_USER | why | losing);
        self.current = (self.current + 1) % self.count;
        if memory.word(self.base() + STATUS) == TP_STATUS_KERNEL {
            self.open(memory);
        } else {
            self.frozen = true;
            self.freezes += 1;
        }
    }

    /// Goes on if the program has given the next block back.
    fn thaw(&mut self, memory: &Memory) -> bool {
        let free = memory.word(self.base() + STATUS) == TP_STATUS_KERNEL;
        if free {
            self.open(memory);
        }
        free
    }
}
