//! Address spaces: areas, faults, and the calls of mmap(2), munmap(2), mprotect(2), mremap(2), madvise(2), brk(2).

use super::Backing;
use crate::{Result, arch::Access};
use alloc::sync::Arc;

bitflags::bitflags! {
    /// Protection, with mmap(2)'s values.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Prot: u32 {
        #[allow(missing_docs)]
        const READ = 1;
        #[allow(missing_docs)]
        const WRITE = 2;
        #[allow(missing_docs)]
        const EXEC = 4;
    }
}

/// What mmap(2) and exec ask for.
pub struct MapRequest {
    /// Hint, or the exact address with `fixed`.
    pub addr: usize,
    /// Bytes; rounded up to pages.
    pub len: usize,
    #[allow(missing_docs)]
    pub prot: Prot,
    /// MAP_SHARED; private (copy on write) otherwise.
    pub shared: bool,
    /// MAP_FIXED or MAP_FIXED_NOREPLACE.
    pub fixed: Fixed,
    /// What the pages show, and the byte offset (page-aligned) of the first; `None` is anonymous.
    pub backing: Option<(Arc<dyn Backing>, u64)>,
    /// MAP_POPULATE.
    pub populate: bool,
    /// MAP_GROWSDOWN and stacks: the area grows down to the stack limit.
    pub grows_down: bool,
    /// What mprotect(2) may give later: everything, except that a shared mapping of a
    /// file that was opened read-only never becomes writable (`EACCES`).
    pub max_prot: Prot,
    /// Name in /proc/self/maps for special areas: "[stack]", "[heap]", "[vdso]".
    pub name: &'static str,
}

/// MAP_FIXED and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixed {
    /// The address is a hint.
    No,
    /// MAP_FIXED: what was there goes.
    Replace,
    /// MAP_FIXED_NOREPLACE: `EEXIST` if something is there.
    NoReplace,
}

/// Why a fault could not be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultError {
    /// SIGSEGV, SEGV_MAPERR.
    NotMapped,
    /// SIGSEGV, SEGV_ACCERR.
    NotAllowed,
    /// SIGBUS, BUS_ADRERR: past the end of the file, or I/O error.
    Bus,
    /// No memory: the process is killed.
    OutOfMemory,
}

/// A process's memory. Shared by its threads (CLONE_VM). Methods lock inside (sleeping).
pub struct AddressSpace {}

impl AddressSpace {
    /// An empty space with its page table.
    pub fn new() -> Result<Arc<AddressSpace>> {
        todo!()
    }

    /// A copy for fork(2): private pages become copy-on-write on both sides, shared ones stay shared.
    pub fn fork(&self) -> Result<Arc<AddressSpace>> {
        todo!()
    }

    /// Makes it the CPU's current space (no-op when it is already).
    pub fn activate(self: &Arc<Self>) {
        todo!()
    }

    /// Maps; returns the address. mmap(2)'s errors.
    pub fn map(&self, _request: MapRequest) -> Result<usize> {
        todo!()
    }

    /// munmap(2).
    pub fn unmap(&self, _addr: usize, _len: usize) -> Result<()> {
        todo!()
    }

    /// mprotect(2).
    pub fn protect(&self, _addr: usize, _len: usize, _prot: Prot) -> Result<()> {
        todo!()
    }

    /// mremap(2); `flags` as the call's.
    pub fn remap(
        &self,
        _old: usize,
        _old_len: usize,
        _new_len: usize,
        _flags: u32,
        _new: usize,
    ) -> Result<usize> {
        todo!()
    }

    /// madvise(2): MADV_DONTNEED and MADV_FREE drop pages; hints are accepted; the rest `EINVAL`.
    pub fn advise(&self, _addr: usize, _len: usize, _advice: i32) -> Result<()> {
        todo!()
    }

    /// Sets where the heap starts (exec).
    pub fn set_brk_base(&self, _addr: usize) {
        todo!()
    }

    /// brk(2): returns the new break, or the old one when it cannot move.
    pub fn brk(&self, _addr: usize) -> usize {
        todo!()
    }

    /// Resolves a page fault; may sleep (file I/O).
    pub fn fault(&self, _addr: usize, _access: Access) -> core::result::Result<(), FaultError> {
        todo!()
    }

    /// The text of /proc/self/maps.
    pub fn maps(&self, _out: &mut dyn core::fmt::Write) -> core::fmt::Result {
        todo!()
    }

    /// (virtual, resident) size in pages, for /proc/self/stat and getrusage.
    pub fn sizes(&self) -> (usize, usize) {
        todo!()
    }
}

/// The space that user addresses refer to right now; `None` in kernel threads.
pub fn current() -> Option<Arc<AddressSpace>> {
    todo!()
}
