//! The radix tree over `arch::paging`: any depth, one walk for both ports.
//!
//! An [`AddressSpace`](super::AddressSpace) owns one [`PageTable`] and changes it
//! under its lock. Each present level-0 entry owns one count of its frame
//! ([`super::Frame::into_raw`]); whoever empties an entry takes the count back.
//! Tables are frames, too, and are freed with the tree.

use super::{Frame, PAGE_SIZE, PhysAddr};
use crate::arch::{
    paging::{self, INDEX_BITS, LEVELS, Pte},
    phys_to_virt,
};

const ENTRIES: usize = 1 << INDEX_BITS;

/// A tree of page tables.
pub(super) struct PageTable {
    root: Frame,
}

/// Address bits below the part that `level` decodes.
const fn shift(level: usize) -> usize {
    PAGE_SIZE.trailing_zeros() as usize + level * INDEX_BITS
}

fn entry(table: PhysAddr, va: usize, level: usize) -> *mut Pte {
    let index = va >> shift(level) & (ENTRIES - 1);
    phys_to_virt(table).cast::<Pte>().wrapping_add(index)
}

impl PageTable {
    /// An empty user half; `None` when memory is exhausted.
    pub fn new() -> Option<PageTable> {
        let root = Frame::kernel_zeroed()?;
        // SAFETY: a zeroed page that nobody else has.
        unsafe { paging::init_root(root.as_ptr().cast()) };
        Some(PageTable { root })
    }

    /// What [`paging::activate`] takes.
    pub fn root(&self) -> PhysAddr {
        self.root.addr()
    }

    /// The level-0 entry for `va`, if its table exists.
    pub fn find(&mut self, va: usize) -> Option<&mut Pte> {
        let mut table = self.root.addr();
        for level in (1..LEVELS).rev() {
            // SAFETY: `table` is a table of this tree, which `self` owns.
            let pte = unsafe { *entry(table, va, level) };
            if pte.is_empty() {
                return None;
            }
            table = pte.addr();
        }
        // SAFETY: as above; `&mut self` makes the reference the only one.
        Some(unsafe { &mut *entry(table, va, 0) })
    }

    /// The level-0 entry for `va`, making tables on the way; `None` when memory is exhausted.
    pub fn make(&mut self, va: usize) -> Option<&mut Pte> {
        let mut table = self.root.addr();
        for level in (1..LEVELS).rev() {
            let at = entry(table, va, level);
            // SAFETY: `table` is a table of this tree, which `self` owns.
            let pte = unsafe { *at };
            table = if pte.is_empty() {
                let new = Frame::kernel_zeroed()?.into_raw();
                // SAFETY: as above.
                unsafe { *at = Pte::table(new) };
                new
            } else {
                pte.addr()
            };
        }
        // SAFETY: as in `find`.
        Some(unsafe { &mut *entry(table, va, 0) })
    }

    /// Calls `visit` for every entry in `start..end` that names a page.
    pub fn for_each(&mut self, start: usize, end: usize, mut visit: impl FnMut(usize, &mut Pte)) {
        let mut va = start;
        while va < end {
            let table_end = (va | ((1 << shift(1)) - 1)) + 1;
            match self.find(va) {
                Some(first) => {
                    let first: *mut Pte = first;
                    let stop = end.min(table_end);
                    for n in 0..(stop - va) / PAGE_SIZE {
                        // SAFETY: `stop` lies within the table that `first` is in.
                        let pte = unsafe { &mut *first.add(n) };
                        if pte.is_page() {
                            visit(va + n * PAGE_SIZE, pte);
                        }
                    }
                    va = stop;
                }
                None => va = self.skip(va),
            }
        }
    }

    /// The first address after the empty entry that ended the walk for `va`.
    fn skip(&self, va: usize) -> usize {
        let mut table = self.root.addr();
        for level in (1..LEVELS).rev() {
            // SAFETY: `table` is a table of this tree, which `self` owns.
            let pte = unsafe { *entry(table, va, level) };
            if pte.is_empty() {
                return (va | ((1 << shift(level)) - 1)) + 1;
            }
            table = pte.addr();
        }
        va
    }

    /// Empties the user half: gives the frames and the tables back.
    pub fn clear(&mut self) {
        let users = paging::USER_TOP >> shift(LEVELS - 1);
        clear_table(self.root.addr(), LEVELS - 1, users.min(ENTRIES));
    }
}

fn clear_table(table: PhysAddr, level: usize, entries: usize) {
    let first = phys_to_virt(table).cast::<Pte>();
    for index in 0..entries {
        // SAFETY: within the table, which belongs to the tree that is being cleared.
        let pte = unsafe { first.add(index).replace(Pte::EMPTY) };
        if pte.is_empty() {
            continue;
        }
        if level > 0 {
            clear_table(pte.addr(), level - 1, ENTRIES);
        }
        // SAFETY: the entry owned its table or its page and is empty now.
        drop(unsafe { Frame::from_raw(pte.addr()) });
    }
}

impl Drop for PageTable {
    fn drop(&mut self) {
        self.clear();
    }
}
