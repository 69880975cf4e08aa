//! The shared memory of one queue, field by field. The only raw accesses of the crate.
//!
//! Every access is volatile (the device changes and reads this memory behind the
//! compiler's back), every offset is checked, every value is little-endian
//! (virtio 1.2, 2.7.1 for modern devices; legacy devices use the guest's order,
//! and both of our guests are little-endian).

use crate::dma::Dma;
use crate::layout::{Addresses, Layout, Offsets};

/// The device writes into this descriptor's buffer (virtio 1.2, 2.7.5).
pub(crate) const DESC_WRITE: u16 = 2;
/// The chain goes on at `next`.
pub(crate) const DESC_NEXT: u16 = 1;
/// Driver asks for no interrupts (available ring flag, without EVENT_IDX).
pub(crate) const AVAIL_NO_INTERRUPT: u16 = 1;
/// Device asks for no kicks (used ring flag, without EVENT_IDX).
pub(crate) const USED_NO_NOTIFY: u16 = 1;

/// Descriptor table, available ring and used ring of `size` entries.
pub(crate) struct Ring {
    memory: Dma,
    offsets: Offsets,
    /// A power of two, at least 1.
    size: u16,
}

impl Ring {
    /// Lays a ring over `memory` and zeroes it; `None` if it is too short or not
    /// page-aligned, or if `size` is not a power of two.
    pub fn new(mut memory: Dma, layout: Layout, size: u16) -> Option<Ring> {
        let offsets = layout.offsets(size);
        let fits = memory.len() >= offsets.end && memory.bus_addr().is_multiple_of(4096);
        // The accessors below need natural alignment of the CPU's address, too.
        let aligned = memory.start().addr().get().is_multiple_of(16);
        if !size.is_power_of_two() || !fits || !aligned {
            return None;
        }
        memory.as_mut_slice().fill(0);
        Some(Ring {
            memory,
            offsets,
            size,
        })
    }

    pub fn addresses(&self) -> Addresses {
        let base = self.memory.bus_addr();
        Addresses {
            descriptors: base,
            driver_area: base + self.offsets.available as u64,
            device_area: base + self.offsets.used as u64,
        }
    }

    pub fn write_descriptor(&mut self, index: u16, addr: u64, len: u32, flags: u16, next: u16) {
        let at = 16 * (index & (self.size - 1)) as usize;
        self.store_u64(at, addr);
        self.store_u32(at + 8, len);
        self.store_u16(at + 12, flags);
        self.store_u16(at + 14, next);
    }

    pub fn set_available_flags(&mut self, flags: u16) {
        self.store_u16(self.offsets.available, flags);
    }

    pub fn set_available_index(&mut self, index: u16) {
        self.store_u16(self.offsets.available + 2, index);
    }

    /// Puts `head` into the slot that free-running index `index` falls on.
    pub fn set_available_entry(&mut self, index: u16, head: u16) {
        let slot = (index & (self.size - 1)) as usize;
        self.store_u16(self.offsets.available + 4 + 2 * slot, head);
    }

    /// Asks for an interrupt once the used index passes `event` (EVENT_IDX).
    pub fn set_used_event(&mut self, event: u16) {
        let at = self.offsets.available + 4 + 2 * self.size as usize;
        self.store_u16(at, event);
    }

    pub fn used_flags(&self) -> u16 {
        self.load_u16(self.offsets.used)
    }

    pub fn used_index(&self) -> u16 {
        self.load_u16(self.offsets.used + 2)
    }

    /// `(id, len)` of the slot that free-running index `index` falls on.
    pub fn used_entry(&self, index: u16) -> (u32, u32) {
        let slot = (index & (self.size - 1)) as usize;
        let at = self.offsets.used + 4 + 8 * slot;
        (self.load_u32(at), self.load_u32(at + 4))
    }

    /// The device wants a kick once the available index passes this (EVENT_IDX).
    pub fn available_event(&self) -> u16 {
        self.load_u16(self.offsets.used + 4 + 8 * self.size as usize)
    }

    fn load_u16(&self, at: usize) -> u16 {
        debug_assert!(at.is_multiple_of(2) && at + 2 <= self.offsets.end);
        // SAFETY: 1. `at + 2 <= offsets.end <= memory.len()`: every caller's slot is
        // masked with `size - 1`, and `new` checked the end. 2. Aligned: base is
        // 16-aligned and `at` is even. 3. Volatile, so a racing device is harmless.
        u16::from_le(unsafe { self.at::<u16>(at).read_volatile() })
    }

    fn load_u32(&self, at: usize) -> u32 {
        debug_assert!(at.is_multiple_of(4) && at + 4 <= self.offsets.end);
        // SAFETY: as in `load_u16`; used entries start at a multiple of 4.
        u32::from_le(unsafe { self.at::<u32>(at).read_volatile() })
    }

    fn store_u16(&mut self, at: usize, value: u16) {
        debug_assert!(at.is_multiple_of(2) && at + 2 <= self.offsets.end);
        // SAFETY: as in `load_u16`, and `&mut self` keeps other writers of ours out.
        unsafe { self.at::<u16>(at).write_volatile(value.to_le()) }
    }

    fn store_u32(&mut self, at: usize, value: u32) {
        debug_assert!(at.is_multiple_of(4) && at + 4 <= self.offsets.end);
        // SAFETY: as in `store_u16`; descriptor fields are naturally aligned.
        unsafe { self.at::<u32>(at).write_volatile(value.to_le()) }
    }

    fn store_u64(&mut self, at: usize, value: u64) {
        debug_assert!(at.is_multiple_of(8) && at + 8 <= self.offsets.end);
        // SAFETY: as in `store_u16`; descriptor fields are naturally aligned.
        unsafe { self.at::<u64>(at).write_volatile(value.to_le()) }
    }

    /// # Safety
    /// `at` lies inside the region.
    unsafe fn at<U>(&self, at: usize) -> *mut U {
        // SAFETY: the caller's promise.
        unsafe { self.memory.start().as_ptr().add(at).cast() }
    }
}
