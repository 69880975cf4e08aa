//! Memory: frames, the kernel heap, page tables, address spaces, user copies.
//!
//! `task` owns an [`AddressSpace`] per process (shared between threads); `fs`
//! implements [`Backing`] for files; everybody copies through [`user`].

mod anon;
mod area;
mod buddy;
pub mod frame;
mod heap;
mod page_table;
pub mod shm;
pub mod space;
pub mod sysv;
pub mod user;

pub use frame::{DmaRegion, Frame};
pub use space::{AddressSpace, FaultError, Fixed, MapRequest, Prot, current};
pub use user::{UserIn, UserOut, UserPtr};

use crate::{Result, sync::CpuLocal};
use core::cell::Cell;

pub use crate::arch::{PAGE_SIZE, PhysAddr};

/// Frames from the memory map; the heap works from here on.
pub fn init(boot: &crate::arch::BootInfo) {
    buddy::init(boot);
}

/// What /proc/meminfo shows, in bytes.
pub struct Statistics {
    /// RAM that the kernel manages.
    pub total: usize,
    #[allow(missing_docs)]
    pub free: usize,
    /// Small kernel objects: in use, and held for them.
    pub slab: (usize, usize),
}

/// How much memory there is.
pub fn statistics() -> Statistics {
    let (free, total) = buddy::statistics();
    Statistics {
        total: total * PAGE_SIZE,
        free: free * PAGE_SIZE,
        slab: heap::statistics(),
    }
}

/// What a mapping shows: the page cache of a file, a shared anonymous object, a
/// device. `fs` implements it; `mm` asks it for pages when they are touched.
pub trait Backing: Send + Sync {
    /// The page at `index` (in pages from the start), the same [`Frame`] for every
    /// caller, so that MAP_SHARED mappings and read(2)/write(2) agree. `write`
    /// says that it will be dirtied. May sleep. Errors: past the end of the object
    /// `EFAULT` (becomes SIGBUS), `EIO`, `ENOMEM`.
    fn page(&self, index: u64, write: bool) -> Result<Frame>;

    /// The page if it can be had without sleeping and without I/O; faults bring such
    /// neighbours in along the way. Called under the address space's lock: may take
    /// spin locks only.
    fn cached(&self, _index: u64) -> Option<Frame> {
        None
    }

    /// msync(2) with MS_SYNC: writes dirty pages back. In-memory objects have nothing to do.
    fn sync(&self) -> Result<()> {
        Ok(())
    }

    /// Whether mmap(2) may show `len` bytes from `offset` on; most objects do not care. `EINVAL`.
    fn check_map(&self, _offset: u64, _len: usize) -> Result<()> {
        Ok(())
    }

    /// One more area shows the object. Called under the space's lock: spin locks only.
    fn mapped(&self) {}

    /// One area less shows it. As [`Backing::mapped`].
    fn unmapped(&self) {}

    /// (device, inode, path) as /proc/self/maps shows them.
    fn identity(&self) -> (u64, u64, alloc::string::String);
}

/// Who makes room when a user copy finds no frame; see [`when_exhausted`].
static EXHAUSTED: CpuLocal<Cell<fn() -> bool>> = CpuLocal::new(Cell::new(|| false));

/// Registers what ends some process when a user copy of the current task finds no
/// frame, and says whether the copy is worth another try. `main` does this.
pub fn when_exhausted(kill: fn() -> bool) {
    EXHAUSTED.set(kill);
}

/// A user copy touched a page that is not there: resolves it, unless somebody
/// holds a spin lock and so must not sleep. `false`: the copy ends with `EFAULT`.
pub fn resolve_copy_fault(addr: usize, access: crate::arch::Access) -> bool {
    if crate::sync::spin_held() {
        return false;
    }
    let Some(space) = current() else { return false };
    loop {
        match space.fault(addr, access) {
            Ok(()) => return true,
            Err(FaultError::OutOfMemory) if (EXHAUSTED.get())() => {}
            Err(_) => return false,
        }
    }
}
