//! Which frames are free: a buddy allocator with a stack of single pages in front.
//!
//! Every frame has an entry in one table: the number of owners while it is used,
//! list links and order while it is free. Blocks of 2^order pages are split and
//! merged in constant time per order. Single pages, by far the most frequent
//! request, come from a last-in-first-out stack; that keeps the working set in the
//! emulator's TLB. When a larger block is asked for and there is none, the stack
//! is given back first. Locked by a spin lock that is never held across a call.

use super::{PAGE_SIZE, PhysAddr};
use crate::{
    Result,
    arch::{BootInfo, Region, phys_to_virt},
    sync::SpinLock,
};
use abi::Errno;
use core::mem;

/// Largest block: 2^15 pages are 128 MiB.
const MAX_ORDER: usize = 15;
const NONE: u32 = u32::MAX;
/// `order` of a frame that is not the head of a free block.
const IN_USE: u8 = u8::MAX;
/// Pages that stay in the stack before half of them is merged again.
const STACK_LIMIT: usize = 8192;

/// Whether a request may use the last pages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reserve {
    /// User pages: fail while the kernel still has some.
    Keep,
    /// Kernel objects.
    Use,
}

#[derive(Clone, Copy)]
struct Entry {
    /// Owners while used.
    owners: u32,
    /// Links while free: in a block list (both), in the page stack (`next`).
    next: u32,
    prev: u32,
    /// Order of the free block that starts here, or [`IN_USE`].
    order: u8,
}

struct Buddy {
    /// Frame number of `entries[0]`.
    base: usize,
    entries: &'static mut [Entry],
    free: [u32; MAX_ORDER + 1],
    stack: u32,
    stacked: usize,
    free_pages: usize,
    total_pages: usize,
    reserve: usize,
}

static BUDDY: SpinLock<Buddy> = SpinLock::ranked(
    31,
    Buddy {
        base: 0,
        entries: &mut [],
        free: [NONE; MAX_ORDER + 1],
        stack: NONE,
        stacked: 0,
        free_pages: 0,
        total_pages: 0,
        reserve: 0,
    },
);

/// Takes the free regions of the memory map.
pub(super) fn init(boot: &BootInfo) {
    let start = boot.memory.iter().map(|r| r.start).min();
    let end = boot.memory.iter().map(|r| r.end).max();
    let (Some(start), Some(end)) = (start, end) else {
        panic!("the device tree names no usable memory");
    };
    let base = start / PAGE_SIZE;
    let frames = end / PAGE_SIZE - base;
    // The table itself comes out of the largest region.
    let bytes = (frames * size_of::<Entry>()).next_multiple_of(PAGE_SIZE);
    let Some(home) = boot.memory.iter().max_by_key(|r| r.end - r.start) else {
        return;
    };
    assert!(home.end - home.start > bytes, "no room for the frame table");
    let table = Region {
        start: home.end - bytes,
        end: home.end,
    };
    let entries = phys_to_virt(table.start).cast::<Entry>();
    let blank = Entry {
        owners: 1,
        next: NONE,
        prev: NONE,
        order: IN_USE,
    };
    // SAFETY: `frames` entries fit into `table`, which is free RAM that is taken
    // out of the map below; every entry is written before the slice is made.
    let entries = unsafe {
        for n in 0..frames {
            entries.add(n).write(blank);
        }
        core::slice::from_raw_parts_mut(entries, frames)
    };

    let mut memory = boot.memory;
    memory.remove(table);
    let mut buddy = BUDDY.lock();
    buddy.base = base;
    buddy.entries = entries;
    for region in memory.iter() {
        let first = (region.start / PAGE_SIZE - base) as u32;
        let pages = (region.end - region.start) / PAGE_SIZE;
        buddy.give_range(first, pages);
        buddy.total_pages += pages;
    }
    buddy.reserve = (buddy.total_pages / 64).clamp(128, 2048);
}

/// One page, one owner; contents unspecified.
pub(super) fn alloc_page(reserve: Reserve) -> Option<PhysAddr> {
    let mut buddy = BUDDY.lock();
    if reserve == Reserve::Keep && buddy.free_pages <= buddy.reserve {
        return None;
    }
    let frame = buddy.take_page()?;
    buddy.free_pages -= 1;
    buddy.entries[frame as usize].owners = 1;
    Some(buddy.address(frame))
}

/// `pages` contiguous pages, contents unspecified. Freed by [`free_pages`].
pub(super) fn alloc_pages(pages: usize) -> Option<PhysAddr> {
    if pages == 1 {
        return alloc_page(Reserve::Use);
    }
    let order = pages.next_power_of_two().trailing_zeros() as usize;
    if pages == 0 || order > MAX_ORDER {
        return None;
    }
    let mut buddy = BUDDY.lock();
    let first = match buddy.take(order) {
        Some(first) => first,
        None => {
            buddy.spill(0);
            buddy.take(order)?
        }
    };
    buddy.free_pages -= pages;
    buddy.give_back(first + pages as u32, (1 << order) - pages);
    Some(buddy.address(first))
}

/// Gives `pages` pages back that [`alloc_pages`] gave.
pub(super) fn free_pages(pa: PhysAddr, pages: usize) {
    let mut buddy = BUDDY.lock();
    let first = buddy.frame(pa);
    if pages == 1 {
        buddy.push(first);
        buddy.free_pages += 1;
    } else {
        buddy.give_range(first, pages);
    }
}

/// One more owner.
pub(super) fn add_owner(pa: PhysAddr) {
    let mut buddy = BUDDY.lock();
    let frame = buddy.frame(pa) as usize;
    buddy.entries[frame].owners += 1;
}

/// One owner less; the last one frees the page.
pub(super) fn drop_owner(pa: PhysAddr) {
    let mut buddy = BUDDY.lock();
    let frame = buddy.frame(pa);
    let entry = &mut buddy.entries[frame as usize];
    debug_assert!(entry.owners > 0 && entry.order == IN_USE);
    entry.owners -= 1;
    if entry.owners == 0 {
        buddy.push(frame);
        buddy.free_pages += 1;
        if buddy.stacked > STACK_LIMIT {
            buddy.spill(STACK_LIMIT / 2);
        }
    }
}

/// Number of owners.
pub(super) fn owners(pa: PhysAddr) -> u32 {
    let buddy = BUDDY.lock();
    buddy.entries[buddy.frame(pa) as usize].owners
}

/// `ENOMEM` when the kernel needs the rest for what is under way: asked before
/// something big begins (a process, a mapping).
pub(super) fn check_reserve() -> Result<()> {
    let buddy = BUDDY.lock();
    match buddy.free_pages > buddy.reserve / 2 {
        true => Ok(()),
        false => Err(Errno::ENOMEM),
    }
}

/// (free, total) pages.
pub(super) fn statistics() -> (usize, usize) {
    let buddy = BUDDY.lock();
    (buddy.free_pages, buddy.total_pages)
}

impl Buddy {
    fn frame(&self, pa: PhysAddr) -> u32 {
        (pa / PAGE_SIZE - self.base) as u32
    }

    fn address(&self, frame: u32) -> PhysAddr {
        (self.base + frame as usize) * PAGE_SIZE
    }

    /// A single page: from the stack, else the smallest block.
    fn take_page(&mut self) -> Option<u32> {
        if self.stack == NONE {
            return self.take(0);
        }
        let frame = self.stack;
        self.stack = self.entries[frame as usize].next;
        self.stacked -= 1;
        Some(frame)
    }

    fn push(&mut self, frame: u32) {
        let head = mem::replace(&mut self.stack, frame);
        self.entries[frame as usize].next = head;
        self.stacked += 1;
    }

    /// Merges the stack's pages back until `keep` are left.
    fn spill(&mut self, keep: usize) {
        while self.stacked > keep {
            let frame = self.stack;
            self.stack = self.entries[frame as usize].next;
            self.stacked -= 1;
            self.give(frame, 0);
        }
    }

    /// A block of 2^order pages. Does not count.
    fn take(&mut self, order: usize) -> Option<u32> {
        let found = (order..=MAX_ORDER).find(|&o| self.free[o] != NONE)?;
        let block = self.free[found];
        self.unlink(block, found);
        for half in (order..found).rev() {
            self.link(block + (1 << half), half);
        }
        Some(block)
    }

    /// Merges a block with its free buddies. Does not count.
    fn give(&mut self, mut block: u32, mut order: usize) {
        while order < MAX_ORDER {
            // Buddies are computed on frame numbers, so that blocks are aligned in
            // physical memory, not relative to `base`.
            let number = self.base + block as usize;
            let Some(buddy) = (number ^ (1 << order)).checked_sub(self.base) else {
                break;
            };
            let free = self.entries.get(buddy).map(|entry| entry.order);
            if free != Some(order as u8) {
                break;
            }
            self.unlink(buddy as u32, order);
            block = block.min(buddy as u32);
            order += 1;
        }
        self.link(block, order);
    }

    /// Gives any range, in aligned blocks, and counts it.
    fn give_range(&mut self, first: u32, pages: usize) {
        self.free_pages += pages;
        self.give_back(first, pages);
    }

    fn give_back(&mut self, mut first: u32, mut pages: usize) {
        while pages > 0 {
            let aligned = (self.base + first as usize).trailing_zeros() as usize;
            let order = aligned.min(pages.ilog2() as usize).min(MAX_ORDER);
            self.give(first, order);
            first += 1 << order;
            pages -= 1 << order;
        }
    }

    fn link(&mut self, block: u32, order: usize) {
        let head = mem::replace(&mut self.free[order], block);
        let entry = &mut self.entries[block as usize];
        entry.order = order as u8;
        entry.prev = NONE;
        entry.next = head;
        if head != NONE {
            self.entries[head as usize].prev = block;
        }
    }

    fn unlink(&mut self, block: u32, order: usize) {
        let Entry { next, prev, .. } = self.entries[block as usize];
        self.entries[block as usize].order = IN_USE;
        match prev {
            NONE => self.free[order] = next,
            prev => self.entries[prev as usize].next = next,
        }
        if next != NONE {
            self.entries[next as usize].prev = prev;
        }
    }
}
