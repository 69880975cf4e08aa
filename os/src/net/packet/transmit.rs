//! PACKET_TX_RING: frames that a program puts into mapped memory and send(2) takes out, slot by slot while they are ready.
//! Linux's Documentation/networking/packet_mmap.rst.

use super::{
    layout::Version,
    memory::Memory,
    ring::{Manner, Shape},
};
use crate::Result;
use abi::{
    Errno,
    if_packet::{TP_STATUS_AVAILABLE, TP_STATUS_SEND_REQUEST, TP_STATUS_WRONG_FORMAT},
};
use alloc::{sync::Arc, vec, vec::Vec};

/// A ring to send from.
pub struct TxRing {
    memory: Arc<Memory>,
    version: Version,
    block_size: usize,
    frame_size: usize,
    per_block: usize,
    count: usize,
    head: usize,
}

/// What the socket was told about its slots.
#[derive(Clone, Copy)]
pub struct Rules {
    /// Frames are no longer than this: the MTU with the link header.
    pub longest: usize,
    /// PACKET_TX_HAS_OFF: a slot says where in it the frame is.
    pub has_offset: bool,
    /// The slot says so in `tp_net`, not in `tp_mac`.
    pub cooked: bool,
}

impl TxRing {
    /// `EINVAL`, `ENOMEM`.
    pub fn new(shape: &Shape, manner: Manner) -> Result<TxRing> {
        shape.check(manner.version, manner.reserve)?;
        if shape.retire_ms != 0 || shape.private != 0 || shape.features != 0 {
            return Err(Errno::EINVAL);
        }
        let (block_size, frame_size) = (shape.block_size as usize, shape.frame_size as usize);
        Ok(TxRing {
            memory: Memory::new(shape.size())?,
            version: manner.version,
            block_size,
            frame_size,
            per_block: block_size / frame_size,
            count: shape.frames as usize,
            head: 0,
        })
    }

    /// What mmap(2) shows of it.
    pub fn memory(&self) -> Arc<Memory> {
        self.memory.clone()
    }

    /// The frame in the next slot if that is ready. `EMSGSIZE`, `EINVAL` for one that cannot be sent.
    pub fn next(&self, rules: &Rules) -> Option<Result<Vec<u8>>> {
        let slot = self.slot();
        let ready = self.memory.word(slot + self.status()) == TP_STATUS_SEND_REQUEST;
        ready.then(|| self.frame(slot, rules))
    }

    /// The frame of the next slot was sent, or passed over.
    pub fn done(&mut self) {
        self.mark(TP_STATUS_AVAILABLE);
        self.head = (self.head + 1) % self.count;
    }

    /// The next slot has a frame that cannot be sent; it stays the next one.
    pub fn refuse(&mut self) {
        self.mark(TP_STATUS_WRONG_FORMAT);
    }

    fn mark(&self, status: u32) {
        self.memory.set_word(self.slot() + self.status(), status);
    }

    fn slot(&self) -> usize {
        self.head / self.per_block * self.block_size + self.head % self.per_block * self.frame_size
    }

    /// Where `tp_status` is; in V1 a `long`, of which the low half counts.
    fn status(&self) -> usize {
        match self.version {
            Version::V1 | Version::V2 => 0,
            Version::V3 => 20,
        }
    }

    fn frame(&self, slot: usize, rules: &Rules) -> Result<Vec<u8>> {
        let (len, mac) = match self.version {
            Version::V1 => (8, 16),
            Version::V2 => (4, 12),
            Version::V3 => (16, 24),
        };
        if self.version == Version::V3 && self.memory.word(slot) != 0 {
            return Err(Errno::EINVAL);
        }
        let header = self.version.header();
        // As a signed number on Linux: a huge one is no length.
        let len = self.memory.word(slot + len) as i32;
        let len = usize::try_from(len).map_err(|_| Errno::EINVAL)?;
        if len > rules.longest.min(self.frame_size - header) {
            return Err(Errno::EMSGSIZE);
        }
        let at = match (rules.has_offset, rules.cooked) {
            (false, _) => header,
            (true, false) => usize::from(self.memory.half(slot + mac)),
            (true, true) => usize::from(self.memory.half(slot + mac + 2)),
        };
        if at < header || at > self.frame_size - len {
            return Err(Errno::EINVAL);
        }
        let mut frame = vec![0; len];
        self.memory.read(slot + at, &mut frame);
        Ok(frame)
    }
}
