//! Physical frames, counted.
//!
//! A [`Frame`] is one page; clones share it and the last one to go frees it. The
//! page cache of `fs`, address spaces and the kernel heap take frames; drivers take
//! [`DmaRegion`]s. [`super::buddy`] knows which frames are free. User pages stop
//! short of a reserve, so that the kernel itself still has memory when programs
//! have used up theirs.

use super::{PAGE_SIZE, PhysAddr, buddy};
use crate::arch::phys_to_virt;
use core::{mem, ptr, slice};

/// One page of physical memory. Clones share it; the last one to go frees it.
/// Freed frames are reused last-in-first-out to keep the working set hot.
pub struct Frame {
    pa: PhysAddr,
}

impl Frame {
    /// A zeroed frame; `None` when memory is exhausted.
    pub fn zeroed() -> Option<Frame> {
        let frame = Self::uninit()?;
        // SAFETY: a whole page that we alone own.
        unsafe { ptr::write_bytes(frame.as_ptr(), 0, PAGE_SIZE) };
        Some(frame)
    }

    /// A frame with unspecified (old) contents, for callers that overwrite it whole.
    pub fn uninit() -> Option<Frame> {
        let pa = buddy::alloc_page(buddy::Reserve::Keep)?;
        Some(Frame { pa })
    }

    /// A zeroed frame for the kernel's own needs (page tables), which may use the reserve.
    pub(super) fn kernel_zeroed() -> Option<Frame> {
        let pa = buddy::alloc_page(buddy::Reserve::Use)?;
        let frame = Frame { pa };
        // SAFETY: a whole page that we alone own.
        unsafe { ptr::write_bytes(frame.as_ptr(), 0, PAGE_SIZE) };
        Some(frame)
    }

    /// Its physical address.
    pub fn addr(&self) -> PhysAddr {
        self.pa
    }

    /// How many owners it has; 1 means that a copy-on-write fault may keep it.
    pub fn owners(&self) -> usize {
        buddy::owners(self.pa) as usize
    }

    /// Copies bytes out of the frame. `offset + dst.len()` must be within the page.
    pub fn read(&self, offset: usize, dst: &mut [u8]) {
        assert!(offset <= PAGE_SIZE && dst.len() <= PAGE_SIZE - offset);
        // SAFETY: within the page (just checked), which this Frame keeps alive;
        // kernel slices never alias frames.
        unsafe {
            ptr::copy_nonoverlapping(self.as_ptr().add(offset), dst.as_mut_ptr(), dst.len());
        }
    }

    /// Copies bytes into the frame.
    pub fn write(&self, offset: usize, src: &[u8]) {
        assert!(offset <= PAGE_SIZE && src.len() <= PAGE_SIZE - offset);
        // SAFETY: as in `read`.
        unsafe { ptr::copy_nonoverlapping(src.as_ptr(), self.as_ptr().add(offset), src.len()) };
    }

    /// The bytes, for copying to a user buffer without a detour. They may change
    /// under the reader when a program has the page mapped: treat them as data only.
    pub fn bytes(&self) -> &[u8; PAGE_SIZE] {
        // SAFETY: the page lives as long as `self`. Kernel code does not write it
        // while the borrow lasts: writes go through `write`, which callers order
        // (one CPU, not preempted); user writes happen only while user mode runs.
        unsafe { &*self.as_ptr().cast() }
    }

    /// Fills `offset..offset + len` from `fill`, which gets the bytes of the page to write.
    pub fn with_bytes_mut<R>(
        &self,
        offset: usize,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> R,
    ) -> R {
        assert!(offset <= PAGE_SIZE && len <= PAGE_SIZE - offset);
        // SAFETY: within the page; nobody else looks at it while kernel code runs
        // in `fill`, which is not preempted.
        fill(unsafe { slice::from_raw_parts_mut(self.as_ptr().add(offset), len) })
    }

    /// Kernel virtual address of the frame, for `mm` and DMA.
    pub fn as_ptr(&self) -> *mut u8 {
        phys_to_virt(self.pa)
    }

    /// Gives the ownership to a page table entry.
    pub(super) fn into_raw(self) -> PhysAddr {
        let pa = self.pa;
        mem::forget(self);
        pa
    }

    /// Takes the ownership back from a page table entry.
    ///
    /// # Safety
    /// `pa` must come from [`Frame::into_raw`], once.
    pub(super) unsafe fn from_raw(pa: PhysAddr) -> Frame {
        Frame { pa }
    }

    /// Another owner of the frame that a page table entry owns.
    ///
    /// # Safety
    /// `pa` must be owned by somebody who keeps it during the call.
    pub(super) unsafe fn share_raw(pa: PhysAddr) -> Frame {
        buddy::add_owner(pa);
        Frame { pa }
    }
}

impl Clone for Frame {
    fn clone(&self) -> Frame {
        buddy::add_owner(self.pa);
        Frame { pa: self.pa }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        buddy::drop_owner(self.pa);
    }
}

/// Copies a whole page.
pub(super) fn copy(from: &Frame, to: &Frame) {
    // SAFETY: two whole pages; `to` is not shared yet, so they are distinct.
    unsafe { ptr::copy_nonoverlapping(from.as_ptr(), to.as_ptr(), PAGE_SIZE) };
}

/// All frames that the kernel manages.
pub fn total() -> usize {
    buddy::statistics().1
}

/// (free, all) frames, for statfs(2) of in-memory file systems and sysinfo(2).
pub fn counts() -> (u64, u64) {
    let (free, total) = buddy::statistics();
    (free as u64, total as u64)
}

/// Physically contiguous, zeroed, page-aligned memory for devices.
pub struct DmaRegion {
    pa: PhysAddr,
    pages: usize,
}

impl DmaRegion {
    /// `pages` contiguous pages; `None` when there are none.
    pub fn new(pages: usize) -> Option<DmaRegion> {
        let pa = buddy::alloc_pages(pages)?;
        // SAFETY: `pages` whole pages that we alone own.
        unsafe { ptr::write_bytes(phys_to_virt(pa), 0, pages * PAGE_SIZE) };
        Some(DmaRegion { pa, pages })
    }

    /// Where the device sees it.
    pub fn addr(&self) -> PhysAddr {
        self.pa
    }

    /// Where the kernel sees it.
    pub fn as_ptr(&self) -> *mut u8 {
        phys_to_virt(self.pa)
    }

    /// Bytes.
    pub fn len(&self) -> usize {
        self.pages * PAGE_SIZE
    }
}

impl Drop for DmaRegion {
    fn drop(&mut self) {
        buddy::free_pages(self.pa, self.pages);
    }
}
