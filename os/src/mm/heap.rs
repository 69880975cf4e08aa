//! The kernel heap: size classes over frames, whole pages above 2 KiB.
//!
//! A class is a stack of free objects, linked through the objects; an empty stack
//! is refilled with one page (the larger classes take several, so that little is
//! lost at the end). Last in, first out: the object that was just freed is the one
//! whose page is in the emulator's TLB. Pages of a class stay with the class.
//! Everything is under one spin lock that is never held across a call.

use super::{PAGE_SIZE, buddy};
use crate::{
    arch::{phys_to_virt, virt_to_phys},
    sync::SpinLock,
};
use core::{
    alloc::{GlobalAlloc, Layout},
    ptr,
};

/// Object sizes; each is a multiple of its alignment guarantee (see [`class_of`]).
const SIZES: [usize; 14] = [
    16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1360, 2048,
];
const LARGEST: usize = SIZES[SIZES.len() - 1];
/// `CLASS[(size + 15) / 16]` is the class of a size.
const CLASS: [u8; LARGEST / 16 + 1] = {
    let mut table = [0; LARGEST / 16 + 1];
    let (mut n, mut class) = (0, 0);
    while n < table.len() {
        if n * 16 > SIZES[class] {
            class += 1;
        }
        table[n] = class as u8;
        n += 1;
    }
    table
};

struct Object {
    next: *mut Object,
}

struct Classes {
    free: [*mut Object; SIZES.len()],
    /// Bytes handed out, for /proc/meminfo (Slab).
    used: usize,
    pages: usize,
}

// SAFETY: the pointers are to memory that the classes own.
unsafe impl Send for Classes {}

static CLASSES: SpinLock<Classes> = SpinLock::ranked(
    30,
    Classes {
        free: [ptr::null_mut(); SIZES.len()],
        used: 0,
        pages: 0,
    },
);

struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

// SAFETY: `alloc` returns memory of the layout's size and alignment that nobody
// else has (a class object, or whole pages), and `dealloc` puts it back by the
// same computation on the same layout.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match class_of(layout) {
            Some(class) => CLASSES.lock().take(class).cast(),
            None => alloc_large(layout),
        }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        match class_of(layout) {
            Some(class) => CLASSES.lock().give(class, ptr.cast()),
            None => buddy::free_pages(virt_to_phys(ptr), pages_of(layout)),
        }
    }
}

/// The class for a layout; `None`: whole pages. Objects start at multiples of the
/// size inside a page, so a class is aligned to the largest power of two in it.
fn class_of(layout: Layout) -> Option<usize> {
    let size = layout.size();
    if layout.align() <= 16 {
        return (size <= LARGEST).then(|| CLASS[size.div_ceil(16)] as usize);
    }
    // A power of two is aligned to itself.
    let size = size.max(layout.align()).next_power_of_two();
    (size <= LARGEST).then(|| CLASS[size / 16] as usize)
}

fn pages_of(layout: Layout) -> usize {
    // Blocks are aligned to their size rounded up to a power of two.
    layout.size().max(layout.align()).div_ceil(PAGE_SIZE)
}

fn alloc_large(layout: Layout) -> *mut u8 {
    match buddy::alloc_pages(pages_of(layout)) {
        Some(pa) => phys_to_virt(pa),
        None => ptr::null_mut(),
    }
}

impl Classes {
    fn take(&mut self, class: usize) -> *mut Object {
        let mut object = self.free[class];
        if object.is_null() {
            if !self.refill(class) {
                return ptr::null_mut();
            }
            object = self.free[class];
        }
        // SAFETY: a non-null list head is a free object of the class, whose first
        // word is the link that `give` or `refill` wrote.
        self.free[class] = unsafe { (*object).next };
        self.used += SIZES[class];
        object
    }

    fn give(&mut self, class: usize, object: *mut Object) {
        // SAFETY: the caller owned the object until now and gave it back.
        unsafe { (*object).next = self.free[class] };
        self.free[class] = object;
        self.used -= SIZES[class];
    }

    /// Cuts new pages into objects, lowest address on top of the stack.
    #[cold]
    fn refill(&mut self, class: usize) -> bool {
        let size = SIZES[class];
        let pages = if size >= 512 { 4 } else { 1 };
        let (pages, pa) = match buddy::alloc_pages(pages) {
            Some(pa) => (pages, pa),
            None => match buddy::alloc_pages(1) {
                Some(pa) => (1, pa),
                None => return false,
            },
        };
        self.pages += pages;
        let base = phys_to_virt(pa);
        for n in (0..pages * PAGE_SIZE / size).rev() {
            // SAFETY: the objects lie within the pages just taken, do not overlap
            // and are aligned to at least 16.
            unsafe {
                let object = base.add(n * size).cast::<Object>();
                (*object).next = self.free[class];
                self.free[class] = object;
            }
        }
        true
    }
}

/// (bytes in use, bytes held) by the size classes.
pub(super) fn statistics() -> (usize, usize) {
    let classes = CLASSES.lock();
    (classes.used, classes.pages * PAGE_SIZE)
}
