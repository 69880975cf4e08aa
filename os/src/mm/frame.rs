//! Physical frames, counted.

use super::PhysAddr;

/// One page of physical memory. Clones share it; the last one to go frees it.
/// Freed frames are reused last-in-first-out to keep the working set hot.
pub struct Frame {
    pa: PhysAddr,
}

impl Frame {
    /// A zeroed frame; `None` when memory is exhausted.
    pub fn zeroed() -> Option<Frame> {
        todo!()
    }

    /// A frame with unspecified (old) contents, for callers that overwrite it whole.
    pub fn uninit() -> Option<Frame> {
        todo!()
    }

    /// Its physical address.
    pub fn addr(&self) -> PhysAddr {
        self.pa
    }

    /// How many owners it has; 1 means that a copy-on-write fault may keep it.
    pub fn owners(&self) -> usize {
        todo!()
    }

    /// Copies bytes out of the frame. `offset + dst.len()` must be within the page.
    pub fn read(&self, _offset: usize, _dst: &mut [u8]) {
        todo!()
    }

    /// Copies bytes into the frame.
    pub fn write(&self, _offset: usize, _src: &[u8]) {
        todo!()
    }

    /// Kernel virtual address of the frame, for `mm` and DMA.
    pub fn as_ptr(&self) -> *mut u8 {
        todo!()
    }
}

/// Physically contiguous, zeroed, page-aligned memory for devices.
pub struct DmaRegion {}

impl DmaRegion {
    /// `pages` contiguous pages; `None` when there are none.
    pub fn new(_pages: usize) -> Option<DmaRegion> {
        todo!()
    }

    /// Where the device sees it.
    pub fn addr(&self) -> PhysAddr {
        todo!()
    }

    /// Where the kernel sees it.
    pub fn as_ptr(&self) -> *mut u8 {
        todo!()
    }

    /// Bytes.
    pub fn len(&self) -> usize {
        todo!()
    }
}
