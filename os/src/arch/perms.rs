//! What user mode may do with a page: the words in which `mm` and the ports' page table entries speak.
//!
//! Who uses it: `mm::space`, and each port's `paging::Pte`. It is a value; nobody owns it.
//! Typical sequence: an area's protection becomes `Perms`, `Pte::page` makes an entry of it,
//! `Pte::perms` gives it back.

bitflags::bitflags! {
    /// What user mode may do with a page. An empty set is "present, but no access" (PROT_NONE).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Perms: u8 {
        /// Loads.
        const READ = 1;
        /// Stores.
        const WRITE = 2;
        /// Fetches of instructions.
        const EXEC = 4;
    }
}
