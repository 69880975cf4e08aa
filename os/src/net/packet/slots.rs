//! TPACKET_V1 and V2: a ring of slots of one size. A slot is the kernel's while its status is 0.

use super::{
    layout::{self, Offsets},
    memory::Memory,
    ring::{Fate, Manner, Shape},
    vnet,
};
use abi::if_packet::TP_STATUS_COPY;
use inet::TapPacket;

/// Where the next frame goes.
pub struct Slots {
    manner: Manner,
    block_size: usize,
    frame_size: usize,
    per_block: usize,
    count: usize,
    head: usize,
}

impl Slots {
    /// `shape` has been checked.
    pub fn new(shape: &Shape, manner: Manner) -> Slots {
        let (block_size, frame_size) = (shape.block_size as usize, shape.frame_size as usize);
        Slots {
            manner,
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

    /// Puts a frame into the next slot, cut to its size; `may_copy` where what is cut will be kept beside the ring.
    pub fn fill(
        &mut self,
        memory: &Memory,
        packet: &TapPacket<'_>,
        losing: bool,
        may_copy: bool,
    ) -> Fate {
        let slot = self.offset(self.head);
        let Some(at) = Offsets::of(&self.manner, packet) else {
            return Fate::Lost;
        };
        if memory.word(slot) != 0 {
            return Fate::Lost;
        }
        let room = self.frame_size.saturating_sub(at.data);
        let captured = packet.data.len().min(room);
        let copied = may_copy && captured < packet.data.len();
        let header = layout::header(self.manner.version, packet, at, captured, 0);
        for piece in self.manner.version.pieces() {
            memory.write(slot + piece.start, &header[piece]);
        }
        if self.manner.vnet > 0 && self.frame_size >= at.data {
            let bytes = &vnet::header(packet)[..self.manner.vnet];
            memory.write(slot + at.data - bytes.len(), bytes);
        }
        memory.write(slot + at.data, &packet.data[..captured]);
        let copy = if copied { TP_STATUS_COPY } else { 0 };
        memory.set_word(slot, layout::final_status(packet, losing) | copy);
        self.head = (self.head + 1) % self.count;
        if copied { Fate::Cut } else { Fate::Ready }
    }

    /// As Linux's poll: whether the slot behind the next one is still the program's.
    pub fn has_filled(&self, memory: &Memory) -> bool {
        let last = (self.head + self.count - 1) % self.count;
        memory.word(self.offset(last)) != 0
    }
}
