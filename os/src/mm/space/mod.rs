//! Address spaces: areas, faults, and the calls of mmap(2), munmap(2), mprotect(2), mremap(2), madvise(2), brk(2).
//!
//! `task` owns one per process and shares it between threads; `sched` activates
//! it. Areas ([`super::area`]) say what lies where; pages come when they are
//! touched ([`fault`]), by the program or by a user copy of the kernel.
//!
//! One sleeping lock guards areas and page table. It is not held while a
//! [`Backing`] brings a page in or is dropped: `fs` may sleep there, and its own
//! locks may be held by somebody who copies to user memory and faults. After
//! `Backing::page` the area is looked up again.
//!
//! ```text
//! let space = AddressSpace::new()?;               // exec
//! space.map(MapRequest { .. })?;
//! thread.set_space(Some(space));                  // activates it
//! Trap::PageFault { addr, access } => space.fault(addr, access)
//! ```

mod advise;
mod brk;
mod fault;
mod map;
mod remap;
mod share;
mod show;

pub use fault::{MAJOR_FAULTS, MINOR_FAULTS};

use super::{
    Backing, Frame, PAGE_SIZE,
    area::{Area, Areas},
    buddy,
    page_table::PageTable,
};
use crate::{
    Result,
    arch::{
        Perms,
        paging::{self, Pte},
    },
    sync::{CpuLocal, Mutex, MutexGuard},
};
use abi::Errno;
use alloc::sync::Arc;
use core::{
    cell::Cell,
    ptr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

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

/// The lowest address that a program may map without MAP_FIXED… and with it, too:
/// vm.mmap_min_addr. Keeps null pointers from pointing at something.
const LOWEST: usize = 0x1_0000;
/// Default distance of mmap's ceiling from the top: room for the stack.
const STACK_ROOM: usize = 136 << 20;

/// A process's memory. Shared by its threads (CLONE_VM). Methods lock inside (sleeping).
pub struct AddressSpace {
    /// Physical address of the root table, for activation.
    root: usize,
    /// RLIMIT_STACK, RLIMIT_AS and RLIMIT_DATA in bytes, as `task` last told.
    stack_limit: AtomicUsize,
    as_limit: AtomicUsize,
    data_limit: AtomicUsize,
    inner: Mutex<Inner>,
}

/// What the lock guards.
struct Inner {
    areas: Areas,
    table: PageTable,
    /// Pages in the table.
    resident: usize,
    /// Largest `resident` so far.
    peak: usize,
    brk_base: usize,
    brk: usize,
    /// mlockall(MCL_FUTURE).
    lock_future: bool,
}

/// The active space, kept alive by the thread that runs in it; its drop clears this.
static CURRENT: CpuLocal<Cell<*const AddressSpace>> = CpuLocal::new(Cell::new(ptr::null()));

impl AddressSpace {
    /// An empty space with its page table.
    pub fn new() -> Result<Arc<AddressSpace>> {
        buddy::check_reserve()?;
        let table = PageTable::new().ok_or(Errno::ENOMEM)?;
        Ok(Arc::new(AddressSpace {
            root: table.root(),
            stack_limit: AtomicUsize::new(8 << 20),
            as_limit: AtomicUsize::new(usize::MAX),
            data_limit: AtomicUsize::new(usize::MAX),
            inner: Mutex::new(Inner {
                areas: Areas::default(),
                table,
                resident: 0,
                peak: 0,
                brk_base: 0,
                brk: 0,
                lock_future: false,
            }),
        }))
    }

    /// Tells RLIMIT_STACK, RLIMIT_AS and RLIMIT_DATA in bytes (RLIM_INFINITY is `u64::MAX`).
    pub fn set_limits(&self, stack: u64, address_space: u64, data: u64) {
        self.stack_limit.store(stack as usize, Relaxed);
        self.as_limit.store(address_space as usize, Relaxed);
        self.data_limit.store(data as usize, Relaxed);
    }

    /// A copy for fork(2): private pages become copy-on-write on both sides, shared ones stay shared.
    pub fn fork(&self) -> Result<Arc<AddressSpace>> {
        let child = AddressSpace::new()?;
        child.set_limits(
            self.stack_limit.load(Relaxed) as u64,
            self.as_limit.load(Relaxed) as u64,
            self.data_limit.load(Relaxed) as u64,
        );
        let mut flush = Flush::new(self);
        let mut mine = self.inner.lock();
        let mut theirs = child.inner.lock();
        theirs.brk_base = mine.brk_base;
        theirs.brk = mine.brk;
        let Inner { areas, table, .. } = &mut *mine;
        for area in areas.iter().filter(|area| !area.dont_fork) {
            // Memory locks are not inherited, mlock(2).
            theirs.areas.insert(Area {
                locked: false,
                ..area.clone()
            });
            // What is shared is found again in its backing; a child that execs
            // never pays for it.
            if area.shared || area.wipe_on_fork {
                continue;
            }
            let mut copied = Ok(());
            table.for_each(area.start, area.end, |va, pte| {
                if copied.is_ok() {
                    copied = theirs.share(va, pte, &mut flush);
                }
            });
            copied?;
        }
        flush.finish();
        drop(theirs);
        drop(mine);
        Ok(child)
    }

    /// Makes it the CPU's current space (no-op when it is already).
    pub fn activate(self: &Arc<Self>) {
        let me = Arc::as_ptr(self);
        if CURRENT.get() != me {
            CURRENT.set(me);
            paging::activate(self.root);
        }
    }

    fn is_active(&self) -> bool {
        ptr::eq(CURRENT.get(), self)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }
}

impl Drop for AddressSpace {
    fn drop(&mut self) {
        if self.is_active() {
            CURRENT.set(ptr::null());
            paging::activate_kernel();
        }
    }
}

/// The space that user addresses refer to right now; `None` in kernel threads.
pub fn current() -> Option<Arc<AddressSpace>> {
    let space = CURRENT.get();
    if space.is_null() {
        return None;
    }
    // SAFETY: CURRENT holds a pointer that came from an Arc, and a space that is
    // dropped clears it; this is the one CPU, so it is alive now.
    unsafe {
        Arc::increment_strong_count(space);
        Some(Arc::from_raw(space))
    }
}

impl Inner {
    /// fork: enters the page at `va` here, too, write-protected on both sides.
    fn share(&mut self, va: usize, pte: &mut Pte, flush: &mut Flush) -> Result<()> {
        let mine = self.table.make(va).ok_or(Errno::ENOMEM)?;
        let perms = pte.perms();
        let read_only = perms - Perms::WRITE;
        if perms != read_only {
            *pte = Pte::page(pte.addr(), read_only);
            flush.page(va);
        }
        // SAFETY: the parent's entry owns the frame, under its lock.
        let frame = unsafe { Frame::share_raw(pte.addr()) };
        *mine = Pte::page(frame.into_raw(), read_only);
        self.grow(1);
        Ok(())
    }

    fn grow(&mut self, pages: usize) {
        self.resident += pages;
        self.peak = self.peak.max(self.resident);
    }

    /// Gives the pages of a range back; they are brought again when touched.
    fn drop_pages(&mut self, start: usize, end: usize, flush: &mut Flush) {
        let mut dropped = 0;
        self.table.for_each(start, end, |va, pte| {
            let old = core::mem::replace(pte, Pte::EMPTY);
            // SAFETY: the entry owned the frame and is empty now.
            drop(unsafe { Frame::from_raw(old.addr()) });
            flush.page(va);
            dropped += 1;
        });
        self.resident -= dropped;
    }
}

/// Collects the pages whose entries lost something, and tells the TLB: page by
/// page for a few, everything at once for many. A space that is not active needs
/// nothing: activation starts with an empty TLB.
struct Flush {
    active: bool,
    pages: usize,
    few: [usize; Flush::FEW],
}

impl Flush {
    const FEW: usize = 8;

    fn new(space: &AddressSpace) -> Flush {
        Flush {
            active: space.is_active(),
            pages: 0,
            few: [0; Flush::FEW],
        }
    }

    fn page(&mut self, va: usize) {
        if let Some(slot) = self.few.get_mut(self.pages) {
            *slot = va;
        }
        self.pages += 1;
    }

    /// The page came, or may do more than before.
    fn gained(&self, va: usize) {
        if self.active {
            paging::page_gained(va);
        }
    }

    fn finish(self) {
        if !self.active || self.pages == 0 {
            return;
        }
        let limit = Flush::FEW.min(paging::MAX_PAGE_FLUSHES);
        match self.few.get(..self.pages).filter(|few| few.len() <= limit) {
            Some(few) => few.iter().for_each(|&va| paging::flush_page(va)),
            None => paging::flush_all(),
        }
    }
}

/// What a page of an area may do once everything it needs is in place.
fn perms(prot: Prot) -> Perms {
    let mut perms = Perms::empty();
    perms.set(Perms::READ, prot.intersects(Prot::READ | Prot::WRITE));
    perms.set(Perms::WRITE, prot.contains(Prot::WRITE));
    perms.set(Perms::EXEC, prot.contains(Prot::EXEC));
    perms
}

fn page_floor(addr: usize) -> usize {
    addr & !(PAGE_SIZE - 1)
}

/// `addr..addr + len`, rounded out to pages. `error` when it leaves user space.
fn page_range(addr: usize, len: usize, error: Errno) -> Result<(usize, usize)> {
    let end = addr.checked_add(len).ok_or(error)?;
    if end > paging::USER_TOP {
        return Err(error);
    }
    Ok((page_floor(addr), end.next_multiple_of(PAGE_SIZE)))
}
