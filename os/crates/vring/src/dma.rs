//! [`Dma`]: an owned piece of memory that a device can reach.
//!
//! Created by the kernel's memory room only (the one unsafe call), split and
//! passed around safely from there. Ownership is the protection: while a device
//! may write a piece, the piece is inside a [`crate::Queue`], and nobody can make
//! a reference to its bytes.

use core::ptr::NonNull;

/// Memory which is physically contiguous, never freed, and owned by one holder.
///
/// There is no `Drop`: a device may have been told the address, so a piece that
/// goes out of scope is lost on purpose rather than reused under the device.
pub struct Dma {
    start: NonNull<u8>,
    bus: u64,
    len: usize,
}

/// A split point lies outside the piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DmaError;

// SAFETY: 1. a Dma owns its bytes exclusively (from_raw's contract; splitting
// yields disjoint parts). 2. It refers to no thread-local state.
unsafe impl Send for Dma {}
// SAFETY: `&Dma` only allows reading the bytes; nobody writes them meanwhile,
// because writing needs `&mut Dma` or ownership by a queue.
unsafe impl Sync for Dma {}

impl Dma {
    /// Claims `len` bytes at `start`, which the device sees at `bus`.
    ///
    /// # Safety
    /// 1. `start..start+len` is mapped, readable and writable, initialised, and
    ///    stays so for ever.
    /// 2. Nothing else refers to these bytes.
    /// 3. The device sees the same bytes, contiguous, at `bus..bus+len`.
    /// 4. The mapping is coherent with the device's view.
    pub unsafe fn from_raw(start: NonNull<u8>, bus: u64, len: usize) -> Dma {
        Dma { start, bus, len }
    }

    /// The address to give to the device.
    pub fn bus_addr(&self) -> u64 {
        self.bus
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the piece has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: 1. from_raw: mapped, initialised, owned by `self`. 2. The device
        // does not write them, because `self` is not inside a queue.
        unsafe { core::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    /// The bytes, to be filled.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as in `as_slice`, and `&mut self` excludes every other reference.
        unsafe { core::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }

    /// Two disjoint pieces: the first `at` bytes, and the rest.
    pub fn split_at(self, at: usize) -> Result<(Dma, Dma), DmaError> {
        if at > self.len {
            return Err(DmaError);
        }
        let first = Dma {
            start: self.start,
            bus: self.bus,
            len: at,
        };
        let rest = Dma {
            // SAFETY: `at <= len`, so the result lies inside the region (or one past it).
            start: unsafe { self.start.add(at) },
            bus: self.bus + at as u64,
            len: self.len - at,
        };
        Ok((first, rest))
    }

    /// As many pieces of `size` bytes as fit; a shorter remainder is dropped.
    pub fn chunks(self, size: usize) -> impl Iterator<Item = Dma> {
        let mut rest = Some(self);
        core::iter::from_fn(move || {
            if size == 0 {
                return None;
            }
            let (piece, remainder) = rest.take()?.split_at(size).ok()?;
            rest = Some(remainder);
            Some(piece)
        })
    }

    /// Where the bytes start; for the ring accessors of this crate only.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }
}
