//! Sv39 (privileged spec, "Sv39: Page-Based 39-bit Virtual-Memory System").
//!
//! The names here are what `mm::page_table` needs of every port:
//!
//! - [`LEVELS`], [`INDEX_BITS`], [`USER_TOP`]: the shape of the tree; the root is level `LEVELS - 1`.
//! - [`Pte`]: an entry, with [`Pte::EMPTY`], [`Pte::table`], [`Pte::page`] and the questions.
//! - [`Perms`]: what a user page allows.
//! - [`init_root`]: prepares a zeroed root table (here: copies the kernel half).
//! - [`activate`], [`activate_kernel`], [`flush_page`], [`flush_all`].

use super::super::PhysAddr;

/// Depth of the tree.
pub const LEVELS: usize = 3;
/// Address bits that each level decodes.
pub const INDEX_BITS: usize = 9;
/// User addresses are below this (256 GiB, as on Linux with Sv39).
pub const USER_TOP: usize = 1 << 38;

bitflags::bitflags! {
    /// What user mode may do with a page. An empty set is "present, but no access" (PROT_NONE).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Perms: u8 {
        #[allow(missing_docs)]
        const READ = 1;
        #[allow(missing_docs)]
        const WRITE = 2;
        #[allow(missing_docs)]
        const EXEC = 4;
    }
}

const V: usize = 1 << 0;
const R: usize = 1 << 1;
const W: usize = 1 << 2;
const X: usize = 1 << 3;
const U: usize = 1 << 4;
pub(super) const G: usize = 1 << 5;
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

/// Prepares a root table, zeroed by the caller: the kernel half is shared by every space.
///
/// # Safety
/// `root` must be an otherwise unused, writable page.
pub unsafe fn init_root(root: *mut Pte) {
    todo!()
}

/// Makes the tree at `root` the CPU's. Costs the whole TLB: callers skip it when
/// nothing changes.
pub fn activate(root: PhysAddr) {
    todo!()
}

/// Back to the kernel's own tree, before the current one is freed.
pub fn activate_kernel() {
    todo!()
}

/// Forgets what the TLB holds for one page of the current space.
pub fn flush_page(va: usize) {
    todo!()
}

/// Forgets all user translations.
pub fn flush_all() {
    todo!()
}
