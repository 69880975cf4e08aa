//! virtio-net: one receive and one transmit queue (virtio 1.2, 5.1).
//!
//! * **Receive.** Buffers are posted in bulk at start and given back as soon as
//!   `net` has looked at the frame. While `net` polls, the queue's interrupts are
//!   masked: the handler masks, calls the event function, and is done.
//! * **Transmit.** Frames go out from where the engine wrote them, one descriptor
//!   each (QEMU copies chains of several together). Finished ones are collected at
//!   the next transmission, without interrupts, unless the ring is full.
//! * **Offloads** are not negotiated: QEMU's user network has none, and neither has
//!   any other back end that needs no privilege.
//! * **Locks.** `rx` and `tx` (spin), each alone; the interrupt handler takes both,
//!   one after the other, and cannot meet a holder (kernel code runs with interrupts off).

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use log::{error, info};
use virtio_drivers::transport::{SomeTransport, Transport};
use vring::{Chain, Dma, Kick, Lent, Pending, Queue};

use super::{Device, Doorbell, Interrupt, RANK, StartError, VERSION_1};
use crate::drivers::nic::{self, Nic, NicCounters, NicQuirks, TX_HEADROOM, Transmitted, TxFrame};
use crate::drivers::{self, memory};
use crate::irq;
use crate::sync::SpinLock;

/// `VIRTIO_NET_F_MTU`: the configuration has an MTU.
const MTU: u64 = 1 << 3;
/// `VIRTIO_NET_F_MAC`: the configuration has an address.
const MAC: u64 = 1 << 5;
/// `VIRTIO_NET_F_MRG_RXBUF`: a frame may fill several buffers.
const MRG_RXBUF: u64 = 1 << 15;
/// `VIRTIO_NET_F_STATUS`: the configuration has the link state.
const STATUS: u64 = 1 << 16;

const RECEIVE_QUEUE: u16 = 0;
const TRANSMIT_QUEUE: u16 = 1;

/// Ring entries, if the device has as many.
const RING_ENTRIES: u16 = 256;
/// Receive buffers posted. Fewer than ring entries, so that the same pages are
/// touched again soon; back ends queue what does not fit.
const RECEIVE_BUFFERS: usize = 128;
/// A receive buffer with its padding.
const BUFFER_BYTES: usize = 2048;
/// An Ethernet header.
const ETHERNET_HEADER: usize = 14;
/// The largest frame either way: 64 KiB of IP packet with its Ethernet header.
const FRAME_BYTES_MAX: usize = ETHERNET_HEADER + 65536;

/// A running card.
struct Card {
    mac: [u8; 6],
    mtu: usize,
    has_status: bool,
    /// Bytes of `virtio_net_hdr` before each frame (5.1.6): 10, or 12 with
    /// `num_buffers`.
    header_bytes: usize,
    interrupt: Interrupt,
    transport: SpinLock<SomeTransport<'static>>,
    rx: SpinLock<Receive>,
    tx: SpinLock<Transmit>,
    event: SpinLock<Option<Box<dyn Fn() + Send + Sync>>>,
    link_up: AtomicBool,
    is_slirp: AtomicBool,
    interrupts: AtomicU64,
}

/// Guarded by `Card::rx`.
struct Receive {
    queue: Queue<(), 1>,
    doorbell: Doorbell,
    /// Where a frame of several buffers is put together.
    scratch: Vec<u8>,
    counters: Counters,
}

/// Guarded by `Card::tx`.
struct Transmit {
    queue: Queue<(), 1, Lent>,
    doorbell: Doorbell,
    counters: Counters,
}

#[derive(Default)]
struct Counters {
    frames: u64,
    bytes: u64,
    errors: u64,
    kicks: u64,
}

/// Starts a card and registers it.
pub(super) fn start(mut device: Device) -> Result<(), StartError> {
    let parts = match Parts::new(&mut device) {
        Ok(parts) => parts,
        Err(error) => {
            device.fail();
            return Err(error);
        }
    };
    device.start();
    let has_status = device.has(STATUS);
    let place = device.place;
    let card = Arc::new(Card {
        mac: parts.mac,
        mtu: parts.mtu,
        has_status,
        header_bytes: parts.header_bytes,
        interrupt: parts.interrupt,
        transport: SpinLock::new(device.transport),
        rx: SpinLock::ranked(RANK, parts.rx),
        tx: SpinLock::ranked(RANK, parts.tx),
        event: SpinLock::new(None),
        link_up: AtomicBool::new(true),
        is_slirp: AtomicBool::new(false),
        interrupts: AtomicU64::new(0),
    });
    card.read_link();
    card.rx.lock().ring_if_needed();
    let on_interrupt = card.clone();
    irq::register(device.line, Box::new(move || on_interrupt.on_interrupt()));
    let [a, b, c, d, e, f] = card.mac;
    info!(
        "nic: {a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}, mtu {}, virtio {place}",
        card.mtu
    );
    drivers::add_nic(card);
    Ok(())
}

/// What the device is asked for before it goes live.
struct Parts {
    mac: [u8; 6],
    mtu: usize,
    header_bytes: usize,
    interrupt: Interrupt,
    rx: Receive,
    tx: Transmit,
}

impl Parts {
    fn new(device: &mut Device) -> Result<Parts, StartError> {
        let features = device.negotiate(MTU | MAC | MRG_RXBUF | STATUS)?;
        let mut mac = [0; 6];
        if device.has(MAC) {
            for (i, byte) in mac.iter_mut().enumerate() {
                *byte = device.config_u8(i)?;
            }
        } else {
            // 5.1.5: the driver makes a random, locally administered address.
            mac.copy_from_slice(&drivers::seed()[..6]);
            mac[0] = mac[0] & 0xfc | 0x02;
        }
        let mtu = match device.has(MTU) {
            true => device.config_u16(10)? as usize,
            false => 1500,
        };
        // Without mergeable buffers a frame must fit into one.
        let most = match device.has(MRG_RXBUF) {
            true => 65535,
            false => BUFFER_BYTES - 2 * ETHERNET_HEADER,
        };
        // 5.1.6.1: legacy devices without mergeable buffers have a shorter header.
        let header_bytes = match features & (VERSION_1 | MRG_RXBUF) {
            0 => 10,
            _ => 12,
        };
        let (queue, doorbell) = device.queue(RECEIVE_QUEUE, RING_ENTRIES)?;
        let mut rx = Receive {
            queue,
            doorbell,
            scratch: Vec::new(),
            counters: Counters::default(),
        };
        rx.post_buffers(header_bytes)?;
        let (mut queue, doorbell) = device.queue(TRANSMIT_QUEUE, RING_ENTRIES)?;
        queue.mask_interrupts();
        let tx = Transmit {
            queue,
            doorbell,
            counters: Counters::default(),
        };
        Ok(Parts {
            mac,
            mtu: mtu.clamp(68, most),
            header_bytes,
            interrupt: device.wiring.interrupt().ok_or(StartError::Wiring)?,
            rx,
            tx,
        })
    }
}

impl Nic for Card {
    fn mac(&self) -> [u8; 6] {
        self.mac
    }

    fn mtu(&self) -> usize {
        self.mtu
    }

    fn quirks(&self) -> NicQuirks {
        NicQuirks {
            slirp: self.is_slirp.load(Relaxed),
        }
    }

    fn link_up(&self) -> bool {
        self.link_up.load(Relaxed)
    }

    fn counters(&self) -> NicCounters {
        // One lock after the other: they have the same rank.
        let (rx_kicks, mut counters) = {
            let rx = &self.rx.lock().counters;
            let counters = NicCounters {
                rx_frames: rx.frames,
                rx_bytes: rx.bytes,
                rx_errors: rx.errors,
                interrupts: self.interrupts.load(Relaxed),
                ..NicCounters::default()
            };
            (rx.kicks, counters)
        };
        let tx = &self.tx.lock().counters;
        counters.tx_frames = tx.frames;
        counters.tx_bytes = tx.bytes;
        counters.tx_errors = tx.errors;
        counters.kicks = rx_kicks + tx.kicks;
        counters
    }

    fn transmit(
        &self,
        next: &mut dyn FnMut() -> Option<TxFrame>,
        done: &mut dyn FnMut(TxFrame),
    ) -> Transmitted {
        let mut tx = self.tx.lock();
        let result = tx.send(self.header_bytes, next, done);
        match result {
            Ok(transmitted) => transmitted,
            Err(error) => {
                drop(tx);
                self.give_up(error);
                Transmitted {
                    frames: 0,
                    full: true,
                }
            }
        }
    }

    fn receive(&self, budget: usize, frame: &mut dyn FnMut(&[u8])) -> usize {
        let mut rx = self.rx.lock();
        let mut seen = 0;
        while seen < budget {
            let is_slirp = &self.is_slirp;
            let mut look = |bytes: &[u8]| {
                if !is_slirp.load(Relaxed) && nic::is_slirp_arp(bytes) {
                    is_slirp.store(true, Relaxed);
                }
                frame(bytes);
            };
            match rx.take_frame(self.header_bytes, &mut look) {
                Ok(true) => seen += 1,
                Ok(false) => break,
                Err(error) => {
                    drop(rx);
                    self.give_up(error);
                    return seen;
                }
            }
        }
        rx.ring_if_needed();
        seen
    }

    fn unmask_rx(&self) -> bool {
        let queue = &mut self.rx.lock().queue;
        if queue.is_broken() || queue.unmask_interrupts() == Pending::No {
            return false;
        }
        queue.mask_interrupts();
        true
    }

    fn on_event(&self, event: Box<dyn Fn() + Send + Sync>) {
        event();
        *self.event.lock() = Some(event);
    }
}

impl Card {
    /// Masks what interrupted and tells `net`. Both queues stay masked until `net`
    /// has drained them.
    fn on_interrupt(&self) {
        let cause = self.interrupt.acknowledge();
        if cause.queue {
            self.rx.lock().queue.mask_interrupts();
            self.tx.lock().queue.mask_interrupts();
        }
        if cause.configuration {
            self.read_link();
        }
        if cause.queue || cause.configuration {
            self.interrupts.fetch_add(1, Relaxed);
            if let Some(event) = self.event.lock().as_ref() {
                event();
            }
        }
    }

    /// 5.1.4: bit 0 of `status`; without the field the link is always up.
    fn read_link(&self) {
        if self.has_status {
            let status = self.transport.lock().read_config_space::<u16>(6);
            self.link_up
                .store(status.is_ok_and(|bits| bits & 1 != 0), Relaxed);
        }
    }

    fn give_up(&self, error: vring::RingError) {
        if error != vring::RingError::AlreadyBroken {
            error!("nic: {error}, card given up");
        }
        self.link_up.store(false, Relaxed);
    }
}

impl Receive {
    /// Fills the queue, not published yet.
    fn post_buffers(&mut self, header_bytes: usize) -> Result<(), StartError> {
        let count = self.queue.room().min(RECEIVE_BUFFERS);
        let memory = memory::dma_alloc(count * BUFFER_BYTES).ok_or(StartError::Memory)?;
        // The IP header, behind both others, on a multiple of 8: cheaper copies.
        let padding = (ETHERNET_HEADER + header_bytes).wrapping_neg() % 8;
        for buffer in memory.chunks(BUFFER_BYTES).take(count) {
            let (_, buffer) = buffer.split_at(padding).map_err(|_| StartError::Memory)?;
            let added = self.queue.add(Chain::from_device(buffer, ()));
            added.map_err(|_| StartError::Queue)?;
        }
        Ok(())
    }

    /// Shows one frame to `frame`; `false` when there is none. A frame that makes
    /// no sense is counted and skipped.
    fn take_frame(
        &mut self,
        header_bytes: usize,
        frame: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, vring::RingError> {
        let Some(used) = self.queue.pop()? else {
            return Ok(false);
        };
        let buffer = used.chain.into_inner();
        let bytes = &buffer.as_slice()[..used.written];
        let Some((header, body)) = bytes.split_at_checked(header_bytes) else {
            self.counters.errors += 1;
            self.give_back(buffer);
            return Ok(true);
        };
        // 5.1.6.4: `num_buffers`, where the header has it.
        let buffers = match header.get(10..12) {
            Some(count) => u16::from_le_bytes([count[0], count[1]]),
            None => 1,
        };
        if buffers <= 1 {
            if body.len() >= ETHERNET_HEADER {
                self.counters.frames += 1;
                self.counters.bytes += body.len() as u64;
                frame(body);
            } else {
                self.counters.errors += 1;
            }
            self.give_back(buffer);
            return Ok(true);
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(body);
        self.give_back(buffer);
        let mut complete = true;
        for _ in 1..buffers {
            // The device shows all buffers of a frame at once (5.1.6.3.2).
            let Some(used) = self.queue.pop()? else {
                complete = false;
                break;
            };
            let buffer = used.chain.into_inner();
            self.scratch
                .extend_from_slice(&buffer.as_slice()[..used.written]);
            self.give_back(buffer);
        }
        if complete && (ETHERNET_HEADER..=FRAME_BYTES_MAX).contains(&self.scratch.len()) {
            self.counters.frames += 1;
            self.counters.bytes += self.scratch.len() as u64;
            frame(&self.scratch);
        } else {
            self.counters.errors += 1;
        }
        Ok(true)
    }

    fn give_back(&mut self, buffer: Dma) {
        // There is room for what was just taken out; a broken queue needs no buffers.
        let _ = self.queue.add(Chain::from_device(buffer, ()));
    }

    fn ring_if_needed(&mut self) {
        if self.queue.publish() == Kick::Needed {
            self.counters.kicks += 1;
            self.doorbell.ring();
        }
    }
}

/// What was lent, with the headroom that the device did not see.
fn given_back(lent: Lent, header_bytes: usize) -> TxFrame {
    let (bytes, seen) = lent.into_parts();
    let start = seen.start + header_bytes - TX_HEADROOM;
    TxFrame {
        bytes,
        range: start..seen.end,
    }
}

impl Transmit {
    fn send(
        &mut self,
        header_bytes: usize,
        next: &mut dyn FnMut() -> Option<TxFrame>,
        done: &mut dyn FnMut(TxFrame),
    ) -> Result<Transmitted, vring::RingError> {
        let mut result = Transmitted {
            frames: 0,
            full: false,
        };
        self.collect(header_bytes, done)?;
        loop {
            if self.queue.room() == 0 && !self.make_room(header_bytes, done)? {
                result.full = true;
                break;
            }
            let Some(frame) = next() else {
                break;
            };
            // A range outside the buffer has no length at all.
            let bytes = frame.bytes.get(frame.range.clone());
            let len = bytes.map_or(0, |bytes| bytes.len().saturating_sub(TX_HEADROOM));
            if !(ETHERNET_HEADER..=FRAME_BYTES_MAX).contains(&len) {
                self.counters.errors += 1;
                done(frame);
                continue;
            }
            // All zeroes in `virtio_net_hdr`: nothing to offload (5.1.6.2).
            let TxFrame { bytes, range } = frame;
            let seen = range.start + TX_HEADROOM - header_bytes..range.end;
            let bus = memory::bus_addr(&bytes[seen.clone()]);
            let lent = Lent::new(bytes, seen, bus);
            match self.queue.add(Chain::to_device(lent, usize::MAX, ())) {
                Ok(()) => {
                    result.frames += 1;
                    self.counters.frames += 1;
                    self.counters.bytes += len as u64;
                }
                Err((_, chain)) => {
                    self.counters.errors += 1;
                    done(given_back(chain.into_inner(), header_bytes));
                }
            }
        }
        self.ring_if_needed();
        Ok(result)
    }

    /// Gives finished buffers back.
    fn collect(
        &mut self,
        header_bytes: usize,
        done: &mut dyn FnMut(TxFrame),
    ) -> Result<(), vring::RingError> {
        while let Some(used) = self.queue.pop()? {
            done(given_back(used.chain.into_inner(), header_bytes));
        }
        Ok(())
    }

    /// The ring is full: shows the device what is new, and either finds room or
    /// asks for an interrupt.
    fn make_room(
        &mut self,
        header_bytes: usize,
        done: &mut dyn FnMut(TxFrame),
    ) -> Result<bool, vring::RingError> {
        self.ring_if_needed();
        self.collect(header_bytes, done)?;
        if self.queue.room() > 0 {
            return Ok(true);
        }
        // Room for a batch, not for one frame: three quarters must be done.
        let enough = self.queue.in_flight() * 3 / 4;
        if self.queue.unmask_after(enough) == Pending::No {
            return Ok(false);
        }
        self.queue.mask_interrupts();
        self.collect(header_bytes, done)?;
        Ok(self.queue.room() > 0)
    }

    fn ring_if_needed(&mut self) {
        if self.queue.publish() == Kick::Needed {
            self.counters.kicks += 1;
            self.doorbell.ring();
        }
    }
}
