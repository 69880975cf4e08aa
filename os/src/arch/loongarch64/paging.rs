//! Three levels of 2048 entries, 47-bit addresses, 16 KiB pages, refilled by software
//! (manual 5.4).
//!
//! 16 KiB, as Linux has it: QEMU before 8.2 translates in units of 16 KiB whatever the
//! guest's page size (TARGET_PAGE_BITS is 14 in its target/loongarch/cpu-param.h), so that
//! smaller pages hit the wrong memory.
//!
//! The names are those that `mm::page_table` needs of every port. User space is the
//! lower half (PGDL). The kernel runs in the direct map windows, so the upper half
//! (PGDH) is an empty tree and a root needs no kernel entries.
//!
//! Address space numbers stay 0: QEMU drops its own TLB at every change of ASID, so
//! tags would save the refills only, and a page flush could not reach a space that
//! is not current.

use super::{
    PhysAddr,
    csr::{self, csrrd, csrwr},
    virt_to_phys,
};
use crate::arch::Perms;

/// Depth of the tree.
pub const LEVELS: usize = 3;
/// Address bits that each level decodes.
pub const INDEX_BITS: usize = 11;
/// User addresses are below this (128 TiB, as on Linux with 48-bit addresses).
pub const USER_TOP: usize = 1 << 47;
/// How many pages are flushed one by one: each flush costs QEMU's whole TLB, so one
/// flush of everything is never worse than two.
pub const MAX_PAGE_FLUSHES: usize = 1;

const V: usize = 1 << 0;
const D: usize = 1 << 1;
const PLV_USER: usize = 3 << 2;
const MAT_CACHED: usize = 1 << 4;
/// Software bit: the entry names a page although `V` may be clear (PROT_NONE).
const PRESENT: usize = 1 << 7;
const NOT_READABLE: usize = 1 << 61;
const NOT_EXECUTABLE: usize = 1 << 62;
const ADDR_MASK: usize = ((1 << 48) - 1) & !(PAGE_SIZE - 1);

/// Page size exponent of every TLB entry.
const PAGE_BITS: usize = 14;
/// Bytes in a page.
pub const PAGE_SIZE: usize = 1 << PAGE_BITS;
/// TLBIDX: set by `tlbsrch` when nothing matched; makes `tlbwr` write an empty entry.
const TLBIDX_NE: usize = 1 << 31;

/// An entry of a table at any level.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Pte(usize);

impl Pte {
    /// Nothing here.
    pub const EMPTY: Pte = Pte(0);

    /// A pointer to the next lower table: its bare address, as `lddir` wants it.
    pub fn table(pa: PhysAddr) -> Pte {
        Pte(pa)
    }

    /// A user page. Writable pages are dirty at once: nobody reads the bit back,
    /// and a CPU that traps to set it would cost a fault per page.
    pub fn page(pa: PhysAddr, perms: Perms) -> Pte {
        let mut bits = PRESENT | PLV_USER | MAT_CACHED;
        if !perms.is_empty() {
            bits |= V;
        }
        if perms.contains(Perms::WRITE) {
            bits |= D;
        }
        if !perms.intersects(Perms::READ | Perms::WRITE) {
            bits |= NOT_READABLE;
        }
        if !perms.contains(Perms::EXEC) {
            bits |= NOT_EXECUTABLE;
        }
        Pte(pa & ADDR_MASK | bits)
    }

    /// Whether the entry is [`Pte::EMPTY`].
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it names a page (not a table). Only asked of level 0.
    pub fn is_page(self) -> bool {
        self.0 & PRESENT != 0
    }

    /// The page's or table's physical address.
    pub fn addr(self) -> PhysAddr {
        self.0 & ADDR_MASK
    }

    /// The permissions that [`Pte::page`] was given.
    pub fn perms(self) -> Perms {
        let mut perms = Perms::empty();
        if self.0 & V == 0 {
            return perms;
        }
        perms.set(Perms::READ, self.0 & NOT_READABLE == 0);
        perms.set(Perms::WRITE, self.0 & D != 0);
        perms.set(Perms::EXEC, self.0 & NOT_EXECUTABLE == 0);
        perms
    }
}

/// Entries of a table.
const ENTRIES: usize = 1 << INDEX_BITS;

/// The tree of a CPU without a user space, and of the upper half.
#[repr(C, align(16384))]
struct EmptyRoot([Pte; ENTRIES]);

static EMPTY_ROOT: EmptyRoot = EmptyRoot([Pte::EMPTY; ENTRIES]);

/// Sets the walk up: three levels of eleven bits, both halves empty.
pub fn init() {
    /// A level's field pair: first address bit, number of bits.
    const fn level(base: usize, shift: usize) -> usize {
        base << shift | INDEX_BITS << (shift + 5)
    }
    // SAFETY: the walk registers describe the trees that this file and
    // `mm::page_table` build; no user address has been touched yet.
    unsafe {
        const FIRST: usize = PAGE_BITS + INDEX_BITS;
        csrwr!(csr::PWCL, level(PAGE_BITS, 0) | level(FIRST, 10));
        // The root is directory 3, whose field holds numbers beyond 31; 2 and 4 are unused.
        csrwr!(csr::PWCH, (FIRST + INDEX_BITS) | INDEX_BITS << 6);
        csrwr!(csr::STLBPS, PAGE_BITS);
        csrwr!(csr::TLBIDX, PAGE_BITS << 24);
        csrwr!(csr::TLBREHI, PAGE_BITS);
        csrwr!(csr::ASID, 0);
        csrwr!(csr::PGDH, empty_root());
    }
    activate_kernel();
}

/// Prepares a root table, zeroed by the caller. The kernel needs no entries in it.
///
/// # Safety
/// `root` must be an otherwise unused, writable page.
pub unsafe fn init_root(_root: *mut Pte) {}

/// Makes the tree at `root` the CPU's. Costs the whole TLB: callers skip it when
/// nothing changes.
pub fn activate(root: PhysAddr) {
    // SAFETY: `root` is a zeroed or well-formed table that lives while it is active.
    unsafe { csrwr!(csr::PGDL, root) };
    flush_all();
}

/// Back to the kernel's own tree, before the current one is freed.
pub fn activate_kernel() {
    activate(empty_root());
}

/// Forgets what the TLB holds for one page of the current space.
///
/// `invtlb`, although QEMU answers it by dropping all of its own TLB: overwriting
/// the entry with `tlbwr` from kernel mode leaves the translations that QEMU made
/// for user mode in place (`invalidate_tlb_entry` in its tlb_helper.c flushes by
/// the present privilege level).
pub fn flush_page(va: usize) {
    // SAFETY: `invtlb 5` drops the entries of one page pair that are not global.
    unsafe { core::arch::asm!("invtlb 0x5, $zero, {}", in(reg) va, options(nostack)) };
}

/// The page can do more than before: drops the entry that says less, so that the
/// next access finds the new one by a refill. QEMU keeps nothing for what is not
/// allowed, so overwriting the architectural entry is enough, and cheap.
pub fn page_gained(va: usize) {
    // SAFETY: a search, which changes TLBIDX only.
    unsafe {
        csrwr!(csr::TLBEHI, va & !(2 * PAGE_SIZE - 1));
        core::arch::asm!("tlbsrch", options(nostack));
    }
    let index = csrrd!(csr::TLBIDX);
    if index & TLBIDX_NE == 0 {
        // SAFETY: only removes a translation; it is refilled from the tree when used.
        unsafe {
            csrwr!(csr::TLBIDX, index | TLBIDX_NE);
            core::arch::asm!("tlbwr", options(nostack));
        }
    }
}

/// Forgets all user translations.
pub fn flush_all() {
    // SAFETY: `invtlb 3` drops every entry that is not global; the kernel uses none.
    unsafe { core::arch::asm!("invtlb 0x3, $zero, $zero", options(nostack)) };
}

fn empty_root() -> PhysAddr {
    virt_to_phys((&raw const EMPTY_ROOT).cast())
}
