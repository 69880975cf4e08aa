//! What a segment may consist of: [`Buffer`] and the borrowed-from-the-heap [`Lent`].

use alloc::vec::Vec;
use core::ops::Range;

use crate::dma::Dma;

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Dma {}
    impl Sealed for super::Lent {}
}

/// Memory that can be put into a queue. Its bytes keep their place while it moves.
pub trait Buffer: sealed::Sealed {
    /// What the device is told.
    fn bus_addr(&self) -> u64;
    /// Bytes from there.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Buffer for Dma {
    fn bus_addr(&self) -> u64 {
        Dma::bus_addr(self)
    }

    fn len(&self) -> usize {
        Dma::len(self)
    }
}

/// A heap buffer lent to the device for reading, so that a frame is sent from
/// where it was written.
///
/// The device can only be told to read it ([`crate::Segment::to_device`]): a
/// wrong `bus` address would send the wrong bytes, but not damage memory.
pub struct Lent {
    bytes: Vec<u8>,
    range: Range<usize>,
    bus: u64,
}

impl Lent {
    /// Lends `bytes[range]`, of which the device sees the first byte at `bus`.
    /// The bytes must be contiguous on the bus, as a linear-mapped heap is. A range
    /// outside the buffer is cut to it.
    pub fn new(bytes: Vec<u8>, range: Range<usize>, bus: u64) -> Lent {
        let end = range.end.min(bytes.len());
        let range = range.start.min(end)..end;
        Lent { bytes, range, bus }
    }

    /// The buffer, whole, and what was lent of it.
    pub fn into_parts(self) -> (Vec<u8>, Range<usize>) {
        (self.bytes, self.range)
    }
}

impl Buffer for Lent {
    fn bus_addr(&self) -> u64 {
        self.bus
    }

    fn len(&self) -> usize {
        self.range.len()
    }
}
