//! virtio-blk (virtio 1.2, 5.2).
//!
//! * **Requests** carry up to [`SLOT_BYTES`] and have three buffers: header, data,
//!   status. Their memory is a [`Slot`], made at start and used again, last in
//!   first out. Data is copied between slot and caller, so that no caller's memory
//!   is ever lent to the device.
//! * **Batches.** As many slots as are idle are filled before the device is
//!   notified once; answers may come in any order.
//! * **Waiting.** Threads sleep on `done`, which the interrupt wakes, as long as it
//!   takes: under `-icount sleep=off` guest time jumps ahead of the host's disk, so
//!   a deadline would blame honest devices. Before threads run the used ring is
//!   polled, for [`PATIENCE_NS`] at most.
//! * **Locks.** `requests` (spin), never held across a wait or by the interrupt.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use log::{error, info};
use vring::{Chain, Dma, Kick, Pending, Queue, Segment, Used};

use super::{Device, Doorbell, Interrupt, RANK, StartError};
use crate::drivers::block::{Block, BlockError, ReadPiece, SECTOR_SIZE};
use crate::drivers::{self, memory};
use crate::sched::{self, Events, Interruptible, WaitQueue};
use crate::sync::SpinLock;
use crate::{irq, time};

/// `VIRTIO_BLK_F_SIZE_MAX`: a limit on segments is in the configuration.
const SIZE_MAX: u64 = 1 << 1;
/// `VIRTIO_BLK_F_RO`.
const READ_ONLY: u64 = 1 << 5;
/// `VIRTIO_BLK_F_FLUSH`.
const FLUSH: u64 = 1 << 9;

/// Request types (5.2.6).
const TYPE_IN: u32 = 0;
const TYPE_OUT: u32 = 1;
const TYPE_FLUSH: u32 = 4;
/// Request status.
const STATUS_OK: u8 = 0;
const STATUS_UNSUPPORTED: u8 = 2;

/// Requests in flight at most.
const SLOTS: usize = 16;
/// Data bytes of one request.
const SLOT_BYTES: usize = 64 * 1024;
/// Header bytes (5.2.6).
const HEADER_BYTES: usize = 16;
/// When a device that does not answer while polled is given up.
const PATIENCE_NS: u64 = 30_000_000_000;

/// The memory of one request.
struct Slot {
    header: Dma,
    data: Dma,
    status: Dma,
}

/// Names a request in flight: an index into [`Requests::finished`].
#[derive(Clone, Copy)]
struct Ticket(usize);

/// A running disk.
struct Disk {
    name: String,
    sectors: u64,
    read_only: bool,
    can_flush: bool,
    /// Data bytes of one request; whole sectors, at least one.
    slot_bytes: usize,
    doorbell: Doorbell,
    interrupt: Interrupt,
    /// Woken by the interrupt, and when slots become idle.
    done: WaitQueue,
    requests: SpinLock<Requests>,
}

/// Guarded by `Disk::requests`.
struct Requests {
    queue: Queue<Ticket, 3>,
    idle: Vec<(Ticket, Slot)>,
    /// Answers that nobody has taken yet, by ticket.
    finished: [Option<Slot>; SLOTS],
}

/// One request, as the batch code sees it.
struct Job {
    kind: u32,
    sector: u64,
    len: usize,
    /// Which piece of the batch, and where in it.
    piece: usize,
    offset: usize,
}

/// Starts a disk and registers it.
pub(super) fn start(mut device: Device) -> Result<(), StartError> {
    let disk = match build(&mut device) {
        Ok(disk) => Arc::new(disk),
        Err(error) => {
            device.fail();
            return Err(error);
        }
    };
    device.start();
    let on_interrupt = disk.clone();
    irq::register(device.line, Box::new(move || on_interrupt.on_interrupt()));
    info!(
        "{}: {} sectors{}, virtio {}",
        disk.name,
        disk.sectors,
        if disk.read_only { ", read-only" } else { "" },
        device.place,
    );
    device.keep();
    drivers::add_disk(disk);
    Ok(())
}

fn build(device: &mut Device) -> Result<Disk, StartError> {
    let features = device.negotiate(SIZE_MAX | READ_ONLY | FLUSH)?;
    let capacity = device.config_u32(0)? as u64 | (device.config_u32(4)? as u64) << 32;
    let longest = match features & SIZE_MAX {
        0 => SLOT_BYTES,
        _ => device.config_u32(8)? as usize,
    };
    let slot_bytes = longest.min(SLOT_BYTES) / SECTOR_SIZE * SECTOR_SIZE;
    let (queue, doorbell) = device.queue(0, 64)?;
    // Three descriptors each.
    let slots = (queue.size() as usize / 3).min(SLOTS);
    if slots == 0 || slot_bytes == 0 {
        return Err(StartError::Queue);
    }
    Ok(Disk {
        name: drivers::next_disk_name(),
        // What cannot be addressed in bytes cannot be used.
        sectors: capacity.min(u64::MAX / SECTOR_SIZE as u64),
        read_only: features & READ_ONLY != 0,
        can_flush: features & FLUSH != 0,
        slot_bytes,
        doorbell,
        interrupt: device.wiring.interrupt().ok_or(StartError::Wiring)?,
        done: WaitQueue::new(),
        requests: SpinLock::ranked(
            RANK,
            Requests {
                queue,
                idle: make_slots(slots, slot_bytes).ok_or(StartError::Memory)?,
                finished: [const { None }; SLOTS],
            },
        ),
    })
}

fn make_slots(count: usize, bytes: usize) -> Option<Vec<(Ticket, Slot)>> {
    let small = memory::dma_alloc(count * 2 * HEADER_BYTES)?;
    let data = memory::dma_alloc(count * bytes)?;
    let slots = small.chunks(2 * HEADER_BYTES).zip(data.chunks(bytes));
    let mut idle = Vec::with_capacity(count);
    for (ticket, (small, data)) in slots.take(count).enumerate() {
        let (header, status) = small.split_at(HEADER_BYTES).ok()?;
        let slot = Slot {
            header,
            data,
            status,
        };
        idle.push((Ticket(ticket), slot));
    }
    Some(idle)
}

impl Block for Disk {
    fn name(&self) -> &str {
        &self.name
    }

    fn sectors(&self) -> u64 {
        self.sectors
    }

    fn read_only(&self) -> bool {
        self.read_only
    }

    fn read_batch(&self, pieces: &mut [ReadPiece<'_>]) -> Result<(), BlockError> {
        for piece in pieces.iter() {
            self.check(piece.sector, piece.buf.len())?;
        }
        let mut jobs = VecDeque::new();
        for (index, piece) in pieces.iter().enumerate() {
            self.cut(TYPE_IN, index, piece.sector, piece.buf.len(), &mut jobs);
        }
        let mut copy = |job: &Job, slot: &mut Slot| {
            let out = &mut pieces[job.piece].buf[job.offset..job.offset + job.len];
            out.copy_from_slice(&slot.data.as_slice()[..job.len]);
        };
        self.run(jobs, &mut |_, _| {}, &mut copy)
    }

    fn write(&self, sector: u64, buf: &[u8]) -> Result<(), BlockError> {
        if self.read_only {
            return Err(BlockError::ReadOnly);
        }
        self.check(sector, buf.len())?;
        let mut jobs = VecDeque::new();
        self.cut(TYPE_OUT, 0, sector, buf.len(), &mut jobs);
        let mut fill = |job: &Job, slot: &mut Slot| {
            let bytes = &buf[job.offset..job.offset + job.len];
            slot.data.as_mut_slice()[..job.len].copy_from_slice(bytes);
        };
        self.run(jobs, &mut fill, &mut |_, _| {})
    }

    fn flush(&self) -> Result<(), BlockError> {
        if !self.can_flush {
            // 5.2.6.2: without the feature every write is durable when it completes.
            return Ok(());
        }
        let job = Job {
            kind: TYPE_FLUSH,
            sector: 0,
            len: 0,
            piece: 0,
            offset: 0,
        };
        self.run(VecDeque::from([job]), &mut |_, _| {}, &mut |_, _| {})
    }
}

/// Moves bytes between a slot and the caller.
type Copy<'a> = &'a mut dyn FnMut(&Job, &mut Slot);

impl Disk {
    /// Cuts a transfer into requests of one slot each.
    fn cut(&self, kind: u32, piece: usize, sector: u64, len: usize, jobs: &mut VecDeque<Job>) {
        let most = self.slot_bytes;
        for offset in (0..len).step_by(most) {
            jobs.push_back(Job {
                kind,
                sector: sector + (offset / SECTOR_SIZE) as u64,
                len: most.min(len - offset),
                piece,
                offset,
            });
        }
    }

    /// Runs all jobs: `fill` before each is sent, `copy` after it was answered. The
    /// first error is returned, but only when nothing is in flight any more.
    fn run(
        &self,
        mut jobs: VecDeque<Job>,
        fill: Copy<'_>,
        copy: Copy<'_>,
    ) -> Result<(), BlockError> {
        let mut waiting: VecDeque<(Ticket, Job)> = VecDeque::new();
        let mut result = Ok(());
        loop {
            if result.is_ok() {
                self.send(&mut jobs, &mut waiting, fill)?;
            }
            let Some((ticket, job)) = waiting.pop_front() else {
                if jobs.is_empty() || result.is_err() {
                    return result;
                }
                // Others have all the slots.
                self.wait(|requests| (!requests.idle.is_empty()).then_some(()))?;
                continue;
            };
            let mut slot = self.wait(|requests| requests.finished[ticket.0].take())?;
            match slot.status.as_slice()[0] {
                STATUS_OK => copy(&job, &mut slot),
                STATUS_UNSUPPORTED => result = result.and(Err(BlockError::Unsupported)),
                _ => result = result.and(Err(BlockError::Io)),
            }
            self.requests.lock().idle.push((ticket, slot));
            self.done.wake(Events::OUT);
        }
    }

    /// Sends jobs while there are idle slots, with one notification.
    fn send(
        &self,
        jobs: &mut VecDeque<Job>,
        waiting: &mut VecDeque<(Ticket, Job)>,
        fill: Copy<'_>,
    ) -> Result<(), BlockError> {
        let mut requests = self.requests.lock();
        while !jobs.is_empty() {
            let Some((ticket, mut slot)) = requests.idle.pop() else {
                break;
            };
            let Some(job) = jobs.pop_front() else {
                break;
            };
            fill(&job, &mut slot);
            let chain = slot.into_chain(ticket, &job);
            if let Err((error, chain)) = requests.queue.add(chain) {
                error!("{}: request not queued: {error:?}", self.name);
                requests.idle.push((ticket, Slot::from_chain(chain)));
                return Err(BlockError::Dead);
            }
            waiting.push_back((ticket, job));
        }
        if requests.queue.publish() == Kick::Needed {
            self.doorbell.ring();
        }
        Ok(())
    }

    /// Takes answers until `ready` yields something.
    fn wait<T>(&self, mut ready: impl FnMut(&mut Requests) -> Option<T>) -> Result<T, BlockError> {
        let mut attempt = || {
            let mut requests = self.requests.lock();
            if let Err(error) = requests.take_answers() {
                error!("{}: {error}, disk given up", self.name);
                return Some(Err(BlockError::Dead));
            }
            ready(&mut requests).map(Ok)
        };
        if drivers::may_sleep() {
            let queues = &[&self.done];
            return sched::wait_until(queues, None, Interruptible::No, attempt)
                .unwrap_or(Err(BlockError::Dead));
        }
        let deadline = time::Instant(time::now().0.saturating_add(PATIENCE_NS));
        loop {
            if let Some(result) = attempt() {
                return result;
            }
            if time::now() >= deadline {
                error!("{}: no answer, disk given up", self.name);
                return Err(BlockError::Dead);
            }
            core::hint::spin_loop();
        }
    }

    fn on_interrupt(&self) {
        if self.interrupt.acknowledge().queue {
            self.done.wake_all();
        }
    }

    fn check(&self, sector: u64, len: usize) -> Result<(), BlockError> {
        let end = sector.checked_add((len / SECTOR_SIZE) as u64);
        match end {
            Some(end) if len.is_multiple_of(SECTOR_SIZE) && end <= self.sectors => Ok(()),
            _ => Err(BlockError::BadRequest),
        }
    }
}

impl Requests {
    /// Moves what the device has finished to `finished`, and asks for an interrupt
    /// at the next one.
    fn take_answers(&mut self) -> Result<(), vring::RingError> {
        loop {
            while let Some(Used { chain, .. }) = self.queue.pop()? {
                let ticket = chain.cookie;
                self.finished[ticket.0] = Some(Slot::from_chain(chain));
            }
            if self.queue.unmask_interrupts() == Pending::No {
                return Ok(());
            }
        }
    }
}

impl Slot {
    /// Fills the header in and makes the three buffers (5.2.6).
    fn into_chain(mut self, ticket: Ticket, job: &Job) -> Chain<Ticket, 3> {
        let header = self.header.as_mut_slice();
        header[0..4].copy_from_slice(&job.kind.to_le_bytes());
        header[4..8].copy_from_slice(&0u32.to_le_bytes());
        header[8..16].copy_from_slice(&job.sector.to_le_bytes());
        // What is read if the device writes nothing: an error.
        self.status.as_mut_slice()[0] = 0xff;
        let data = match job.kind {
            TYPE_IN => Segment::from_device(self.data, job.len),
            _ => Segment::to_device(self.data, job.len),
        };
        Chain {
            segments: [
                Segment::to_device(self.header, HEADER_BYTES),
                data,
                Segment::from_device(self.status, 1),
            ],
            cookie: ticket,
        }
    }

    fn from_chain(chain: Chain<Ticket, 3>) -> Slot {
        let [header, data, status] = chain.segments.map(Segment::into_inner);
        Slot {
            header,
            data,
            status,
        }
    }
}
