//! What a segment may consist of: [`Buffer`] and the borrowed-from-the-heap [`Lent`].

use alloc::vec::Vec;

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
    skip: usize,
    bus: u64,
}

impl Lent {
    /// Lends `bytes[skip..]`, of which the device sees the first byte at `bus`.
    /// The bytes must be contiguous on the bus, as a linear-mapped heap is.
    pub fn new(bytes: Vec<u8>, skip: usize, bus: u64) -> Lent {
        let skip = skip.min(bytes.len());
        Lent { bytes, skip, bus }
    }

    /// The buffer, whole.
    pub fn into_vec(self) -> Vec<u8> {
        self.bytes
    }
}

impl Buffer for Lent {
    fn bus_addr(&self) -> u64 {
        self.bus
    }

    fn len(&self) -> usize {
        self.bytes.len() - self.skip
    }
}
