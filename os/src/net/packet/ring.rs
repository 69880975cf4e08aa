//! A ring that a program maps (PACKET_RX_RING), and who fills it.
//!
//! The [`Collector`] is called when the tap has frames, before readers wake, and moves them into the ring. Its
//! lock is taken inside the engine's; it calls nobody while it holds it.

use super::{
    blocks::Blocks,
    layout::{ALIGN, Version},
    slots::Slots,
};
use crate::{
    Result,
    mm::{Backing, Frame, PAGE_SIZE},
    net::{registry::Observer, stack::Namespace},
    sched::{Events, WaitQueue},
    sync::SpinLock,
    time::{
        Instant,
        timer::{Expire, Timer},
    },
};
use abi::Errno;
use alloc::{
    string::{String, ToString},
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use inet::{TapId, TapPacket};

/// `struct tpacket_req`, and of `struct tpacket_req3` what acts.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Bytes.
    pub block_size: u32,
    #[allow(missing_docs)]
    pub blocks: u32,
    /// Bytes.
    pub frame_size: u32,
    #[allow(missing_docs)]
    pub frames: u32,
    /// V3: a block with frames in it is the program's after so many ms; 0 lets the kernel choose.
    pub retire_ms: u32,
    /// V3: bytes at the start of each block that are the program's own.
    pub private: u32,
}

impl Shape {
    /// Linux's checks, in its order. `EINVAL`.
    fn check(&self, version: Version, reserve: u32) -> Result<()> {
        let least = version.with_address() as u64 + u64::from(reserve);
        let (block, frame) = (u64::from(self.block_size), u64::from(self.frame_size));
        let sane = self.block_size as i32 > 0
            && self.block_size.is_multiple_of(PAGE_SIZE as u32)
            && (version != Version::V3 || block >= Blocks::overhead(self.private) + least)
            && frame >= least
            && self.frame_size.is_multiple_of(ALIGN as u32)
            && frame <= block
            && (block / frame).checked_mul(u64::from(self.blocks)) == Some(u64::from(self.frames));
        if sane { Ok(()) } else { Err(Errno::EINVAL) }
    }

    /// Bytes of the whole ring.
    fn size(&self) -> usize {
        self.block_size as usize * self.blocks as usize
    }
}

/// The memory of a ring.
pub struct Memory {
    pages: Vec<Frame>,
    mappings: AtomicUsize,
    inode: u64,
}

impl Memory {
    /// `ENOMEM`.
    fn new(size: usize) -> Result<Arc<Memory>> {
        let mut pages = Vec::new();
        for _ in 0..size / PAGE_SIZE {
            pages.push(Frame::zeroed().ok_or(Errno::ENOMEM)?);
        }
        Ok(Arc::new(Memory {
            pages,
            mappings: AtomicUsize::new(0),
            inode: crate::file::new_ino(),
        }))
    }

    /// Copies in. What would not fit is left out.
    pub fn write(&self, mut at: usize, mut bytes: &[u8]) {
        while let Some(page) = self.pages.get(at / PAGE_SIZE).filter(|_| !bytes.is_empty()) {
            let offset = at % PAGE_SIZE;
            let len = bytes.len().min(PAGE_SIZE - offset);
            page.write(offset, &bytes[..len]);
            at += len;
            bytes = &bytes[len..];
        }
    }

    /// A word of status; the program may have changed it.
    pub fn word(&self, at: usize) -> u32 {
        let mut bytes = [0; 4];
        if let Some(page) = self.pages.get(at / PAGE_SIZE) {
            page.read(at % PAGE_SIZE, &mut bytes);
        }
        u32::from_ne_bytes(bytes)
    }

    /// The same, written.
    pub fn set_word(&self, at: usize, value: u32) {
        self.write(at, &value.to_ne_bytes());
    }
}

impl Backing for Memory {
    fn page(&self, index: u64, _write: bool) -> Result<Frame> {
        let page = usize::try_from(index)
            .ok()
            .and_then(|index| self.pages.get(index));
        page.cloned().ok_or(Errno::EFAULT)
    }

    fn cached(&self, index: u64) -> Option<Frame> {
        self.pages.get(index as usize).cloned()
    }

    fn check_map(&self, offset: u64, len: usize) -> Result<()> {
        // All of it or nothing, as on Linux.
        match offset == 0 && len.div_ceil(PAGE_SIZE) == self.pages.len() {
            true => Ok(()),
            false => Err(Errno::EINVAL),
        }
    }

    fn mapped(&self) {
        self.mappings.fetch_add(1, Relaxed);
    }

    fn unmapped(&self) {
        self.mappings.fetch_sub(1, Relaxed);
    }

    fn identity(&self) -> (u64, u64, String) {
        (8, self.inode, "socket:[packet]".to_string())
    }
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the ring, and readers have nothing new to see yet.
    Kept,
    /// It is in the ring, and readers should look.
    Ready,
    /// There was no room.
    Lost,
}

enum Order {
    Slots(Slots),
    Blocks(Blocks),
}

struct Ring {
    memory: Arc<Memory>,
    order: Order,
}

impl Ring {
    fn fill(&mut self, packet: &TapPacket<'_>, losing: bool) -> Fate {
        match &mut self.order {
            Order::Slots(slots) => slots.fill(&self.memory, packet, losing),
            Order::Blocks(blocks) => blocks.fill(&self.memory, packet, losing),
        }
    }
}

/// Moves frames from a tap into its ring.
pub struct Collector {
    net: Arc<Namespace>,
    tap: TapId,
    queue: Arc<WaitQueue>,
    ring: SpinLock<Option<Ring>>,
    /// Bytes of the ring; 0 for none.
    size: AtomicUsize,
    /// Gives blocks that are not full to the program.
    retire: Arc<Timer>,
}

impl Collector {
    /// Without a ring.
    pub fn new(net: &Arc<Namespace>, tap: TapId, queue: Arc<WaitQueue>) -> Arc<Collector> {
        Arc::new_cyclic(|this: &Weak<Collector>| Collector {
            net: net.clone(),
            tap,
            queue,
            ring: SpinLock::new(None),
            size: AtomicUsize::new(0),
            retire: Timer::new(this.clone()),
        })
    }

    /// Bytes of the ring; 0 for none.
    pub fn size(&self) -> usize {
        self.size.load(Relaxed)
    }

    /// A ring of `shape`, or none. `EBUSY` while one is mapped or, for a second one, there; `EINVAL`, `ENOMEM`.
    pub fn set_ring(&self, shape: Option<&Shape>, version: Version, reserve: u32) -> Result<()> {
        if let Some(ring) = &*self.ring.lock()
            && (ring.memory.mappings.load(Relaxed) > 0 || shape.is_some())
        {
            return Err(Errno::EBUSY);
        }
        let ring = match shape {
            None => None,
            Some(shape) => {
                shape.check(version, reserve)?;
                let memory = Memory::new(shape.size())?;
                let order = match version {
                    Version::V3 => Order::Blocks(Blocks::new(&memory, shape, reserve as usize)),
                    _ => Order::Slots(Slots::new(version, shape, reserve as usize)),
                };
                Some(Ring { memory, order })
            }
        };
        self.size.store(shape.map_or(0, Shape::size), Relaxed);
        self.retire.disarm();
        let deadline = match &ring {
            Some(Ring {
                order: Order::Blocks(blocks),
                ..
            }) => Some(blocks.deadline()),
            _ => None,
        };
        let old = core::mem::replace(&mut *self.ring.lock(), ring);
        drop(old);
        if let Some(deadline) = deadline {
            self.retire.arm(Instant(deadline));
        }
        Ok(())
    }

    /// mmap(2). `EINVAL` without a ring.
    pub fn mapping(&self) -> Result<Arc<dyn Backing>> {
        let ring = self.ring.lock();
        let ring = ring.as_ref().ok_or(Errno::EINVAL)?;
        Ok(ring.memory.clone())
    }

    /// Whether the ring holds something that the program has not given back.
    pub fn has_filled(&self) -> bool {
        match &*self.ring.lock() {
            None => false,
            Some(ring) => match &ring.order {
                Order::Slots(slots) => slots.has_filled(&ring.memory),
                Order::Blocks(blocks) => blocks.has_filled(&ring.memory),
            },
        }
    }

    /// How often all blocks were full, since the last call.
    pub fn take_freezes(&self) -> u32 {
        match &mut *self.ring.lock() {
            Some(Ring {
                order: Order::Blocks(blocks),
                ..
            }) => blocks.take_freezes(),
            _ => 0,
        }
    }
}

impl Observer for Collector {
    fn arrived(&self) -> bool {
        if self.size() == 0 {
            return true;
        }
        let mut wake = false;
        self.net.take(|stack| {
            let mut guard = self.ring.lock();
            let Some(ring) = guard.as_mut() else {
                wake = true;
                return;
            };
            loop {
                let losing = stack.tap_is_losing(self.tap);
                match stack.tap_recv(self.tap, false, |packet| ring.fill(packet, losing)) {
                    Ok(Fate::Kept) => {}
                    Ok(Fate::Ready) => wake = true,
                    Ok(Fate::Lost) => stack.tap_lost(self.tap),
                    Err(_) => break,
                }
            }
        });
        wake
    }
}

impl Expire for Collector {
    fn expire(&self, now: Instant) -> Option<Instant> {
        let mut guard = self.ring.lock();
        let Some(Ring {
            memory,
            order: Order::Blocks(blocks),
        }) = guard.as_mut()
        else {
            return None;
        };
        let retired = blocks.retire(memory, now.0);
        let next = Instant(blocks.deadline());
        drop(guard);
        if retired {
            self.queue.wake(Events::IN | Events::RDNORM);
        }
        Some(next)
    }
}
