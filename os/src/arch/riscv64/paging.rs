//! Sv39 (privileged spec, "Sv39: Page-Based 39-bit Virtual-Memory System").
//!
//! The names here are what `mm::page_table` needs of every port:
//!
//! - [`PAGE_SIZE`], [`LEVELS`], [`INDEX_BITS`], [`USER_TOP`]: the shape of the tree; the root is level `LEVELS - 1`.
//! - [`Pte`]: an entry, with [`Pte::EMPTY`], [`Pte::table`], [`Pte::page`] and the questions.
//! - [`Pte::page`] takes what a user page allows as [`Perms`].
//! - [`init_root`]: prepares a zeroed root table (here: copies the kernel half).
//! - [`activate`], [`activate_kernel`], [`flush_page`], [`flush_all`],
//!   [`page_gained`].

use super::{OneHart, phys_to_virt, trap, virt_to_phys};
use crate::arch::{Perms, PhysAddr};
use core::{arch::asm, cell::Cell};

/// Bytes in a page.
pub const PAGE_SIZE: usize = 4096;
/// Depth of the tree.
pub const LEVELS: usize = 3;
/// Address bits that each level decodes.
pub const INDEX_BITS: usize = 9;
/// User addresses are below this (256 GiB, as on Linux with Sv39).
pub const USER_TOP: usize = 1 << 38;
/// How many pages are flushed one by one: QEMU answers `sfence.vma` with an address by
/// dropping the whole TLB, so one flush of everything is never worse than two.
pub const MAX_PAGE_FLUSHES: usize = 1;

const V: usize = 1 << 0;
const R: usize = 1 << 1;
const W: usize = 1 << 2;
const X: usize = 1 << 3;
const U: usize = 1 << 4;
const G: usize = 1 << 5;
const A: usize = 1 << 6;
const D: usize = 1 << 7;
/// Software bit: the entry names a page although `V` may be clear (PROT_NONE).
const PRESENT: usize = 1 << 8;

/// An entry of a table at any level.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Pte(usize);

impl Pte {
    /// Nothing here.
    pub const EMPTY: Pte = Pte(0);

    /// A pointer to the next lower table.
    pub fn table(pa: PhysAddr) -> Pte {
        Pte((pa >> 12) << 10 | V)
    }

    /// A user page. Accessed and dirty are set at once: nobody reads them back,
    /// and a CPU that traps to set them would cost a fault per page.
    pub fn page(pa: PhysAddr, perms: Perms) -> Pte {
        let mut bits = PRESENT | U | A | D;
        if !perms.is_empty() {
            // W without R is reserved; Linux, too, gives R with W. Sv39 has
            // execute-only pages.
            bits |= V;
        }
        if perms.intersects(Perms::READ | Perms::WRITE) {
            bits |= R;
        }
        if perms.contains(Perms::WRITE) {
            bits |= W;
        }
        if perms.contains(Perms::EXEC) {
            bits |= X;
        }
        Pte((pa >> 12) << 10 | bits)
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
        (self.0 >> 10 & ((1 << 44) - 1)) << 12
    }

    /// The permissions that [`Pte::page`] was given.
    pub fn perms(self) -> Perms {
        let mut perms = Perms::empty();
        if self.0 & V == 0 {
            return perms;
        }
        perms.set(Perms::READ, self.0 & R != 0);
        perms.set(Perms::WRITE, self.0 & W != 0);
        perms.set(Perms::EXEC, self.0 & X != 0);
        perms
    }
}

unsafe extern "C" {
    /// The kernel's root table, built by `boot.S`: leaves of 1 GiB in the upper half.
    static KERNEL_ROOT: [Pte; ENTRIES];
}

const ENTRIES: usize = 1 << INDEX_BITS;
const SATP_SV39: usize = 8 << 60;

fn kernel_root() -> *mut Pte {
    core::ptr::addr_of!(KERNEL_ROOT).cast::<Pte>().cast_mut()
}

/// Removes the identity leaf that `boot.S` needed.
pub(super) fn drop_identity() {
    for index in 0..ENTRIES / 2 {
        // SAFETY: within the table; nobody else touches it at boot, and we run in
        // the upper half.
        unsafe { kernel_root().add(index).write_volatile(Pte::EMPTY) };
    }
    flush_all();
}

/// Leaves of 2 MiB for the 1 GiB that the kernel image lies in.
#[repr(C, align(4096))]
struct Blocks([Cell<Pte>; ENTRIES]);

static BLOCKS: OneHart<Blocks> = OneHart(Blocks([const { Cell::new(Pte::EMPTY) }; ENTRIES]));

/// From here on kernel text can be executed and not written, everything else in the linear map written and not
/// executed. The linker script begins and ends text at a block. Panics when text still takes a write.
pub(super) fn protect_kernel() {
    const BLOCK: usize = 2 << 20;
    unsafe extern "C" {
        safe static _kernel_start: u8;
        safe static _text_end: u8;
    }
    let text = (&raw const _kernel_start).addr()..(&raw const _text_end).addr();
    let first = virt_to_phys(&raw const _kernel_start) & !(BLOCK * ENTRIES - 1);
    for (index, block) in BLOCKS.0.0.iter().enumerate() {
        let pa = first + index * BLOCK;
        let may = match text.contains(&phys_to_virt(pa).addr()) {
            true => X,
            false => W,
        };
        block.set(Pte((pa >> 12) << 10 | D | A | G | R | V | may));
    }
    for index in ENTRIES / 2..ENTRIES {
        // SAFETY: within the table; nobody else touches it at boot. Whatever runs or is read now keeps its
        // translation: text stays executable in its blocks, all other memory readable and writable.
        unsafe {
            let entry = kernel_root().add(index);
            let leaf = entry.read_volatile();
            entry.write_volatile(match leaf.addr() == first {
                true => Pte::table(virt_to_phys((&raw const BLOCKS).cast())),
                false => Pte(leaf.0 & !X),
            });
        }
    }
    flush_all();
    assert!(
        trap::refuses_write(&_kernel_start),
        "kernel text can be written"
    );
}

/// Prepares a root table, zeroed by the caller: the kernel half is shared by every space.
///
/// # Safety
/// `root` must be an otherwise unused, writable page.
pub unsafe fn init_root(root: *mut Pte) {
    let half = ENTRIES / 2;
    // SAFETY: both are whole tables, and distinct.
    unsafe { core::ptr::copy_nonoverlapping(kernel_root().add(half), root.add(half), half) };
}

/// Makes the tree at `root` the CPU's. Costs the whole TLB: callers skip it when
/// nothing changes.
pub fn activate(root: PhysAddr) {
    let satp = SATP_SV39 | root >> 12;
    // SAFETY: every root has the kernel half, so the kernel goes on running.
    unsafe { asm!("csrw satp, {}", "sfence.vma", in(reg) satp, options(nostack)) };
}

/// Back to the kernel's own tree, before the current one is freed.
pub fn activate_kernel() {
    activate(virt_to_phys(kernel_root().cast()));
}

/// Forgets what the TLB holds for one page of the current space.
pub fn flush_page(va: usize) {
    // SAFETY: a fence.
    unsafe { asm!("sfence.vma {}, zero", in(reg) va, options(nostack)) };
}

/// The page can do more than before. Nothing to do: what the TLB may remember
/// allows less, and the fault that it then causes ends in [`flush_page`].
pub fn page_gained(_va: usize) {}

/// Forgets all user translations.
pub fn flush_all() {
    // SAFETY: a fence.
    unsafe { asm!("sfence.vma", options(nostack)) };
}
