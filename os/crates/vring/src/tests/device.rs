//! A fake device: the other end of the ring, over the same bytes.
//!
//! It works on bus addresses only and translates them itself, so a driver side
//! that gave out CPU addresses would be found. It can be asked to misbehave.

extern crate std;

use std::alloc::{Layout as Alloc, alloc_zeroed};
use std::ptr::NonNull;
use std::vec::Vec;

use crate::layout::{Addresses, Layout};
use crate::queue::{Config, event_passed};
use crate::{Dma, Queue};

/// Where the arena appears on the fake bus.
const BUS: u64 = 0x4000_0000;

/// Memory that driver and device share. Leaked: `Dma` lives for ever.
#[derive(Clone, Copy)]
pub struct Arena {
    base: NonNull<u8>,
    len: usize,
}

impl Arena {
    pub fn new(len: usize) -> (Arena, Dma) {
        let layout = Alloc::from_size_align(len, 4096).unwrap();
        // SAFETY: `len` is not zero in these tests.
        let base = NonNull::new(unsafe { alloc_zeroed(layout) }).unwrap();
        // SAFETY: fresh, zeroed, never freed; the fake device translates BUS.
        let dma = unsafe { Dma::from_raw(base, BUS, len) };
        (Arena { base, len }, dma)
    }

    fn at(&self, bus: u64, len: usize) -> *mut u8 {
        let offset = (bus - BUS) as usize;
        assert!(
            offset + len <= self.len,
            "the device was sent outside its memory"
        );
        // SAFETY: checked to lie in the arena.
        unsafe { self.base.as_ptr().add(offset) }
    }

    pub fn u16(&self, bus: u64) -> u16 {
        // SAFETY: in the arena; rings are aligned.
        unsafe { self.at(bus, 2).cast::<u16>().read_volatile() }
    }

    pub fn set_u16(&self, bus: u64, value: u16) {
        // SAFETY: as above.
        unsafe { self.at(bus, 2).cast::<u16>().write_volatile(value) }
    }

    fn u32(&self, bus: u64) -> u32 {
        // SAFETY: as above.
        unsafe { self.at(bus, 4).cast::<u32>().read_volatile() }
    }

    pub fn set_u32(&self, bus: u64, value: u32) {
        // SAFETY: as above.
        unsafe { self.at(bus, 4).cast::<u32>().write_volatile(value) }
    }

    fn u64(&self, bus: u64) -> u64 {
        // SAFETY: as above.
        unsafe { self.at(bus, 8).cast::<u64>().read_volatile() }
    }

    pub fn read(&self, bus: u64, len: usize) -> Vec<u8> {
        let start = self.at(bus, len);
        // SAFETY: as above; byte by byte, no reference is made.
        (0..len)
            .map(|i| unsafe { start.add(i).read_volatile() })
            .collect()
    }

    pub fn write(&self, bus: u64, bytes: &[u8]) {
        let start = self.at(bus, bytes.len());
        for (i, byte) in bytes.iter().enumerate() {
            // SAFETY: as above.
            unsafe { start.add(i).write_volatile(*byte) }
        }
    }
}

/// One buffer as the device sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    pub bus: u64,
    pub len: u32,
    pub writable: bool,
}

/// One request as the device sees it.
pub struct Request {
    pub head: u16,
    pub buffers: Vec<Buffer>,
}

pub struct Device {
    pub arena: Arena,
    pub at: Addresses,
    size: u16,
    event_idx: bool,
    seen_available: u16,
    pub used: u16,
    signalled: u16,
    pub interrupts: usize,
}

impl Device {
    pub fn new(arena: Arena, at: Addresses, config: Config) -> Device {
        Device {
            arena,
            at,
            size: config.size,
            event_idx: config.event_idx,
            seen_available: 0,
            used: 0,
            signalled: 0,
            interrupts: 0,
        }
    }

    /// The next request that the driver published.
    pub fn take(&mut self) -> Option<Request> {
        let published = self.arena.u16(self.at.driver_area + 2);
        if published == self.seen_available {
            return None;
        }
        let slot = self.seen_available % self.size;
        let head = self.arena.u16(self.at.driver_area + 4 + 2 * slot as u64);
        self.seen_available = self.seen_available.wrapping_add(1);
        let mut buffers = Vec::new();
        let mut index = head;
        loop {
            assert!(index < self.size, "descriptor index out of range");
            assert!(buffers.len() <= self.size as usize, "descriptor loop");
            let descriptor = self.at.descriptors + 16 * index as u64;
            let flags = self.arena.u16(descriptor + 12);
            buffers.push(Buffer {
                bus: self.arena.u64(descriptor),
                len: self.arena.u32(descriptor + 8),
                writable: flags & 2 != 0,
            });
            if flags & 1 == 0 {
                break;
            }
            index = self.arena.u16(descriptor + 14);
        }
        Some(Request { head, buffers })
    }

    /// Asks for a kick from here on (EVENT_IDX), as QEMU does when it ran dry.
    pub fn arm_kick(&mut self) {
        let at = self.at.device_area + 4 + 8 * self.size as u64;
        self.arena.set_u16(at, self.seen_available);
    }

    /// Puts a used entry and moves the index.
    pub fn complete(&mut self, id: u32, len: u32) {
        let slot = self.used % self.size;
        let entry = self.at.device_area + 4 + 8 * slot as u64;
        self.arena.set_u32(entry, id);
        self.arena.set_u32(entry + 4, len);
        self.used = self.used.wrapping_add(1);
        self.arena.set_u16(self.at.device_area + 2, self.used);
    }

    /// Interrupts if the driver wants it, by the rules of 2.7.7.2.
    pub fn signal(&mut self) {
        let (new, old) = (self.used, self.signalled);
        if new == old {
            return;
        }
        self.signalled = new;
        let wanted = if self.event_idx {
            let at = self.at.driver_area + 4 + 2 * self.size as u64;
            event_passed(self.arena.u16(at), new, old)
        } else {
            self.arena.u16(self.at.driver_area) & 1 == 0
        };
        self.interrupts += wanted as usize;
    }
}

/// A queue, its device, and `buffers` pieces of `size` bytes.
pub fn pair<T, const N: usize>(
    config: Config,
    buffers: usize,
    size: usize,
) -> (Queue<T, N>, Device, Vec<Dma>) {
    let ring_bytes = config.layout.bytes(config.size).next_multiple_of(4096);
    let (arena, dma) = Arena::new(ring_bytes + buffers * size + 4096);
    let (ring, rest) = dma.split_at(ring_bytes).unwrap();
    let queue = Queue::new(ring, config).unwrap();
    let device = Device::new(arena, queue.addresses(), config);
    (queue, device, rest.chunks(size).take(buffers).collect())
}

/// The four kinds of queue.
pub fn kinds(size: u16) -> [Config; 4] {
    [
        (Layout::Modern, true),
        (Layout::Modern, false),
        (Layout::Legacy, true),
        (Layout::Legacy, false),
    ]
    .map(|(layout, event_idx)| Config {
        size,
        layout,
        event_idx,
    })
}
