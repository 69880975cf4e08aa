//! TPACKET_V1 and V2: a ring of slots of one size. A slot is the kernel's while its status is 0.

use super::{
    layout::{self, Offsets, Version},
    ring::{Fate, Memory, Shape},
};
use inet::TapPacket;

/// Where the next frame goes.
pub struct Slots {
    version: Version,
    reserve: usize,
    block_size: usize,
    frame_size: usize,
    per_block: usize,
    count: usize,
    head: usize,
}

impl Slots {
    /// `shape` has been checked.
    pub fn new(version: Version, shape: &Shape, reserve: usize) -> Slots {
        let (block_size, frame_size) = (shape.block_size as usize, shape.frame_size as usize);
        Slots {
            version,
            reserve,
            block_size,
            frame_size,
            per_block: block_size / frame_size,
            count: shape.frames as usize,
            head: 0,
        }
    }

    fn offset(&self, slot: usize) -> usize {
        slot / self.per_block * self.block_size + slot % self.per_block * self.frame_size
    }

    /// Puts a frame into the next slot, cut to its size.
    pub fn fill(&mut self, memory: &Memory, packet: &TapPacket<'_>, losing: bool) -> Fate {
        let slot = self.offset(self.head);
        if memory.word(slot) != 0 {
            return Fate::Lost;
        }
        let at = Offsets::of(self.version, self.reserve, packet);
        let captured = packet
            .data
            .len()
            .min(self.frame_size.saturating_sub(at.data));
        let header = layout::header(self.version, packet, at, captured, 0);
        memory.write(slot, &header[..self.version.with_address()]);
        memory.write(slot + at.data, &packet.data[..captured]);
        memory.set_word(slot, layout::final_status(packet, losing));
        self.head = (self.head + 1) % self.count;
        Fate::Ready
    }

    /// As Linux's poll: whether the slot behind the next one is still the program's.
    pub fn has_filled(&self, memory: &Memory) -> bool {
        let last = (self.head + self.count - 1) % self.count;
        memory.word(self.offset(last)) != 0
    }
}
