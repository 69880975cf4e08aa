//! [`Queue`]: add, publish, pop, mask. virtio 1.2, 2.7.13 (driver) and 2.7.14 (used).

use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{Ordering, fence};

use crate::buffer::Buffer;
use crate::chain::Chain;
use crate::dma::Dma;
use crate::layout::{Addresses, Layout, MAX_QUEUE_SIZE};
use crate::ring::{AVAIL_NO_INTERRUPT, DESC_NEXT, DESC_WRITE, Ring, USED_NO_NOTIFY};

/// What a queue looks like; agreed with the device before it is created.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Entries: a power of two, at most [`MAX_QUEUE_SIZE`] and what the device offers.
    pub size: u16,
    /// [`Layout::Legacy`] unless `VIRTIO_F_VERSION_1` was negotiated.
    pub layout: Layout,
    /// Whether `VIRTIO_F_EVENT_IDX` was negotiated.
    pub event_idx: bool,
}

/// Whether the device has to be notified. See [`Queue::publish`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kick {
    /// Write the queue's number to the doorbell.
    Needed,
    /// The device looks on its own.
    NotNeeded,
}

/// Whether the device finished something before interrupts came back on.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// Poll again: no interrupt will announce what is already there.
    Yes,
    /// The next completion interrupts.
    No,
}

/// Why a queue could not be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupError {
    /// Zero, no power of two, or above [`MAX_QUEUE_SIZE`].
    Size,
    /// Shorter than [`Layout::bytes`], or not page-aligned.
    Memory,
}

/// Why a chain was not added. The chain comes back with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddError {
    /// Too few free descriptors: pop first.
    Full,
    /// Nothing but empty segments, or a readable one behind a writable one.
    BadChain,
    /// The device broke the rules earlier; see [`RingError`].
    Broken,
}

/// How the device broke the rules. The queue stays broken afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingError {
    /// The used index went further than requests are outstanding.
    UsedIndex {
        /// What the device wrote.
        index: u16,
        /// What had been taken so far.
        taken: u16,
    },
    /// The id of a used entry is no head of an outstanding chain (out of range,
    /// completed twice, or a descriptor in the middle of a chain).
    UsedId(u32),
    /// More bytes reported written than the chain offered.
    UsedLength {
        /// What the device reported.
        reported: u32,
        /// What it was offered.
        offered: u32,
    },
    /// An earlier error.
    AlreadyBroken,
}

/// A finished request.
pub struct Used<T, const N: usize, B: Buffer = Dma> {
    /// The buffers, owned by the driver again.
    pub chain: Chain<T, N, B>,
    /// Bytes that the device wrote into the writable segments, in order.
    /// Never more than those offer.
    pub written: usize,
}

/// The driver's end of one split virtqueue, with requests of up to `N` buffers each.
pub struct Queue<T, const N: usize, B: Buffer = Dma> {
    ring: Ring,
    config: Config,
    /// The shadow: what is outstanding, by head descriptor.
    outstanding: Vec<Option<Outstanding<T, N, B>>>,
    /// How many of them are `Some`.
    in_flight: usize,
    /// Free descriptors, last in first out, so that the hot ones stay hot.
    free: Vec<u16>,
    /// Free-running index of the next available entry.
    next_available: u16,
    /// The value of the available index that the device has seen.
    published: u16,
    /// Free-running index of the next used entry to take.
    next_used: u16,
    /// The device's used index when it was last read.
    seen_used: u16,
    /// Where the used event was parked by `mask_interrupts`, if masked.
    masked_at: Option<u16>,
    broken: bool,
}

struct Outstanding<T, const N: usize, B: Buffer> {
    chain: Chain<T, N, B>,
    /// Descriptors of the chain, head first; the first `used` count.
    descriptors: [u16; N],
    used: usize,
    /// Sum of the writable segments.
    offered: u32,
}

impl<T, const N: usize, B: Buffer> Queue<T, N, B> {
    /// Lays a queue over `memory`, which must be page-aligned and have at least
    /// [`Layout::bytes`] bytes. No interrupt is asked for or masked yet: interrupts
    /// are on, as the specification's reset state has it.
    pub fn new(memory: Dma, config: Config) -> Result<Self, SetupError> {
        let size = config.size;
        if !size.is_power_of_two() || size > MAX_QUEUE_SIZE {
            return Err(SetupError::Size);
        }
        let ring = Ring::new(memory, config.layout, size).ok_or(SetupError::Memory)?;
        let mut outstanding = Vec::new();
        outstanding.resize_with(size as usize, || None);
        Ok(Queue {
            ring,
            config,
            outstanding,
            in_flight: 0,
            free: (0..size).rev().collect(),
            next_available: 0,
            published: 0,
            next_used: 0,
            seen_used: 0,
            masked_at: None,
            broken: false,
        })
    }

    /// What the device has to be told.
    pub fn addresses(&self) -> Addresses {
        self.ring.addresses()
    }

    /// Entries of the queue.
    pub fn size(&self) -> u16 {
        self.config.size
    }

    /// How many more requests of `N` buffers [`Queue::add`] takes now.
    pub fn room(&self) -> usize {
        self.free.len().checked_div(N).unwrap_or(0)
    }

    /// Requests given to the device and not popped yet.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether the device broke the rules; such a queue takes and yields nothing.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Queues a request. The device sees it after the next [`Queue::publish`].
    pub fn add(&mut self, chain: Chain<T, N, B>) -> Result<(), (AddError, Chain<T, N, B>)> {
        if self.broken {
            return Err((AddError::Broken, chain));
        }
        let Some(Shape { used, offered }) = shape(&chain) else {
            return Err((AddError::BadChain, chain));
        };
        if self.free.len() < used {
            return Err((AddError::Full, chain));
        }
        let mut descriptors = [0u16; N];
        for slot in &mut descriptors[..used] {
            // `free.len() >= used` was checked above; the default is never used.
            *slot = self.free.pop().unwrap_or_default();
        }
        let shown = chain.segments.iter().filter(|segment| segment.len > 0);
        for (i, segment) in shown.enumerate() {
            let write = if segment.device_writes { DESC_WRITE } else { 0 };
            let (more, next) = match descriptors[..used].get(i + 1) {
                Some(&next) => (DESC_NEXT, next),
                None => (0, 0),
            };
            self.ring.write_descriptor(
                descriptors[i],
                segment.memory.bus_addr(),
                segment.len,
                write | more,
                next,
            );
        }
        let head = descriptors[0];
        self.outstanding[head as usize] = Some(Outstanding {
            chain,
            descriptors,
            used,
            offered,
        });
        self.in_flight += 1;
        self.ring.set_available_entry(self.next_available, head);
        self.next_available = self.next_available.wrapping_add(1);
        Ok(())
    }

    /// Shows everything added so far to the device, and decides once for the
    /// whole batch whether it wants to be notified.
    pub fn publish(&mut self) -> Kick {
        let (new, old) = (self.next_available, self.published);
        if new == old || self.broken {
            return Kick::NotNeeded;
        }
        // Descriptors and entries must be visible before the index (2.7.13.3.1).
        fence(Ordering::Release);
        self.ring.set_available_index(new);
        self.published = new;
        // The index must be visible before the suppression is read (2.7.13.4.1);
        // otherwise both sides could go to sleep.
        fence(Ordering::SeqCst);
        let wanted = if self.config.event_idx {
            event_passed(self.ring.available_event(), new, old)
        } else {
            self.ring.used_flags() & USED_NO_NOTIFY == 0
        };
        if wanted {
            Kick::Needed
        } else {
            Kick::NotNeeded
        }
    }

    /// Takes the next finished request, if there is one.
    pub fn pop(&mut self) -> Result<Option<Used<T, N, B>>, RingError> {
        if self.broken {
            return Err(RingError::AlreadyBroken);
        }
        if self.next_used == self.seen_used && !self.look()? {
            return Ok(None);
        }
        let (id, reported) = self.ring.used_entry(self.next_used);
        let done = u16::try_from(id)
            .ok()
            .and_then(|head| self.outstanding.get_mut(head as usize))
            .and_then(Option::take);
        let Some(done) = done else {
            return self.fail(RingError::UsedId(id));
        };
        let Outstanding {
            chain,
            descriptors,
            used,
            offered,
        } = done;
        let written = if reported <= offered {
            reported
        } else if self.config.layout == Layout::Legacy && offered == 0 {
            // 2.7.8.1: legacy devices often report nonsense where it does not matter.
            0
        } else {
            // The device may still be writing: the chain goes down with the queue.
            self.outstanding[id as usize] = Some(Outstanding {
                chain,
                descriptors,
                used,
                offered,
            });
            return self.fail(RingError::UsedLength { reported, offered });
        };
        // Head last, so that the next request starts with the same descriptor.
        self.free.extend(descriptors[..used].iter().rev());
        self.in_flight -= 1;
        self.next_used = self.next_used.wrapping_add(1);
        self.keep_masked();
        Ok(Some(Used {
            chain,
            written: written as usize,
        }))
    }

    /// Whether [`Queue::pop`] would yield something (or an error) right now.
    pub fn has_used(&self) -> bool {
        self.next_used != self.seen_used || self.ring.used_index() != self.next_used
    }

    /// Asks the device for no interrupts. It is a request: one may still be on its way.
    pub fn mask_interrupts(&mut self) {
        if self.masked_at.is_some() {
            return;
        }
        if self.config.event_idx {
            self.park_used_event();
        } else {
            self.ring.set_available_flags(AVAIL_NO_INTERRUPT);
            self.masked_at = Some(self.next_used);
        }
    }

    /// Asks for an interrupt at the next completion, and says whether one
    /// happened before the device could know.
    pub fn unmask_interrupts(&mut self) -> Pending {
        self.unmask_after(1)
    }

    /// Asks for an interrupt once `completions` more requests (at least one, at
    /// most what is in flight) are finished, and says whether they are already.
    /// Devices without EVENT_IDX interrupt at the first one.
    pub fn unmask_after(&mut self, completions: usize) -> Pending {
        self.masked_at = None;
        let completions = if self.config.event_idx {
            let in_flight = self.published.wrapping_sub(self.next_used);
            let most = in_flight.max(1);
            let completions = u16::try_from(completions).map_or(most, |n| n.clamp(1, most));
            let event = self.next_used.wrapping_add(completions - 1);
            self.ring.set_used_event(event);
            completions
        } else {
            self.ring.set_available_flags(0);
            1
        };
        // 2.7.7.1: the request must be visible before the used index is read again.
        fence(Ordering::SeqCst);
        if self.ring.used_index().wrapping_sub(self.next_used) >= completions {
            Pending::Yes
        } else {
            Pending::No
        }
    }

    /// Reads the used index; true if it moved.
    fn look(&mut self) -> Result<bool, RingError> {
        let index = self.ring.used_index();
        if index == self.next_used {
            return Ok(false);
        }
        // Not more than what was shown to the device and not taken back yet.
        let ahead = index.wrapping_sub(self.next_used);
        if ahead > self.published.wrapping_sub(self.next_used) {
            let taken = self.next_used;
            self.broken = true;
            return Err(RingError::UsedIndex { index, taken });
        }
        // Entries must be read after the index that announced them.
        fence(Ordering::Acquire);
        self.seen_used = index;
        Ok(true)
    }

    /// Parks the used event just behind us: the device signals when its index
    /// passes the event, and that is a whole lap of 65536 away.
    fn park_used_event(&mut self) {
        self.ring.set_used_event(self.next_used.wrapping_sub(1));
        self.masked_at = Some(self.next_used);
    }

    /// While masked with EVENT_IDX, moves the parked event along, so that a long
    /// poll does not lap it.
    fn keep_masked(&mut self) {
        if let (true, Some(at)) = (self.config.event_idx, self.masked_at)
            && self.next_used.wrapping_sub(at) >= 0x4000
        {
            self.park_used_event();
        }
    }

    fn fail<R>(&mut self, error: RingError) -> Result<R, RingError> {
        self.broken = true;
        Err(error)
    }
}

/// Whether the index, going from `old` to `new`, passed `event` (2.7.7.2, 2.7.10).
/// All three run freely modulo 65536.
pub(crate) fn event_passed(event: u16, new: u16, old: u16) -> bool {
    new.wrapping_sub(event).wrapping_sub(1) < new.wrapping_sub(old)
}

/// What a well-formed chain needs.
struct Shape {
    /// Descriptors: segments that are not empty.
    used: usize,
    /// Bytes that the device may write.
    offered: u32,
}

/// `None` if the chain breaks a rule: nothing in it, or a readable buffer behind
/// a writable one (2.7.4.2).
fn shape<T, const N: usize, B: Buffer>(chain: &Chain<T, N, B>) -> Option<Shape> {
    let (mut used, mut offered) = (0, 0u32);
    let mut writable_seen = false;
    for segment in chain.segments.iter().filter(|segment| segment.len > 0) {
        if writable_seen && !segment.device_writes {
            return None;
        }
        if segment.device_writes {
            writable_seen = true;
            offered = offered.checked_add(segment.len)?;
        }
        used += 1;
    }
    (used > 0).then_some(Shape { used, offered })
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RingError::UsedIndex { index, taken } => {
                write!(
                    f,
                    "used index {index} is past what is outstanding at {taken}"
                )
            }
            RingError::UsedId(id) => write!(f, "used id {id} is not outstanding"),
            RingError::UsedLength { reported, offered } => {
                write!(f, "{reported} bytes reported, {offered} offered")
            }
            RingError::AlreadyBroken => f.write_str("queue is broken"),
        }
    }
}
