//! A ring that a program maps (PACKET_RX_RING), and who fills it.
//!
//! The [`Collector`] is called when the tap has frames, before readers wake, and moves them into the ring. Its
//! lock is taken inside the engine's; it calls nobody while it holds it.

use super::{
    blocks::Blocks,
    layout::{ALIGN, Version},
    memory::Memory,
    slots::Slots,
};
use crate::{
    Result,
    mm::PAGE_SIZE,
    net::{registry::Observer, stack::Namespace},
    sched::{Events, WaitQueue},
    sync::SpinLock,
    time::{
        Instant,
        timer::{Expire, Timer},
    },
};
use abi::Errno;
use alloc::sync::{Arc, Weak};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use inet::{Collected, TapId, TapPacket};

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
    /// V3: TP_FT_REQ_*.
    pub features: u32,
}

/// What shapes the frames of a ring besides.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    #[allow(missing_docs)]
    pub version: Version,
    /// PACKET_RESERVE in bytes.
    pub reserve: u32,
    /// PACKET_VNET_HDR_SZ: bytes of the header in front of each packet.
    pub vnet: usize,
}

impl Shape {
    /// Linux's checks, in its order. `EINVAL`.
    pub fn check(&self, version: Version, reserve: u32) -> Result<()> {
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
    pub fn size(&self) -> usize {
        self.block_size as usize * self.blocks as usize
    }
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the ring, and readers have nothing new to see yet.
    Kept,
    /// It is in the ring, and readers should look.
    Ready,
    /// The same, and only its start is there.
    Cut,
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
    fn fill(&mut self, packet: &TapPacket<'_>, losing: bool, may_copy: bool) -> Fate {
        match &mut self.order {
            Order::Slots(slots) => slots.fill(&self.memory, packet, losing, may_copy),
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

    /// A ring of `shape`, or none. `EBUSY` for a second one, `EINVAL`, `ENOMEM`.
    pub fn set_ring(&self, shape: Option<&Shape>, manner: Manner) -> Result<()> {
        let ring = match shape {
            None => None,
            Some(_) if self.size() > 0 => return Err(Errno::EBUSY),
            Some(shape) => {
                shape.check(manner.version, manner.reserve)?;
                let memory = Memory::new(shape.size())?;
                let order = match manner.version {
                    Version::V3 => Order::Blocks(Blocks::new(&memory, shape, manner)),
                    _ => Order::Slots(Slots::new(shape, manner)),
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

    /// What mmap(2) shows of it.
    pub fn memory(&self) -> Option<Arc<Memory>> {
        self.ring.lock().as_ref().map(|ring| ring.memory.clone())
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
                let more = stack.tap_collect(self.tap, |packet, may_copy| {
                    let fate = ring.fill(packet, losing, may_copy);
                    wake |= matches!(fate, Fate::Ready | Fate::Cut);
                    match fate {
                        Fate::Kept | Fate::Ready => Collected::Taken,
                        Fate::Cut => Collected::Cut,
                        Fate::Lost => Collected::Lost,
                    }
                });
                if more.is_err() {
                    break;
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
