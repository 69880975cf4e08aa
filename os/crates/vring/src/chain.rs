//! [`Chain`]: the buffers of one request, with what the driver wants to find again.

use crate::buffer::Buffer;
use crate::dma::Dma;

/// One buffer of a chain: the memory, how much of it the device may touch, and
/// in which direction. One of length zero is left out of what the device sees.
pub struct Segment<B: Buffer = Dma> {
    pub(crate) memory: B,
    pub(crate) len: u32,
    pub(crate) device_writes: bool,
}

impl<B: Buffer> Segment<B> {
    /// A buffer of which the device reads the first `len` bytes (at most all of them).
    pub fn to_device(memory: B, len: usize) -> Self {
        Segment::new(memory, len, false)
    }

    /// Takes the memory out.
    pub fn into_inner(self) -> B {
        self.memory
    }

    fn new(memory: B, len: usize, device_writes: bool) -> Self {
        // A descriptor's length field is 32 bits (virtio 1.2, 2.7.5).
        let len = len.min(memory.len()).min(u32::MAX as usize) as u32;
        Segment {
            memory,
            len,
            device_writes,
        }
    }
}

impl Segment<Dma> {
    /// A buffer of which the device may write the first `len` bytes (at most all of them).
    pub fn from_device(memory: Dma, len: usize) -> Self {
        Segment::new(memory, len, true)
    }

    /// The memory, for reading what the device left.
    pub fn dma(&self) -> &Dma {
        &self.memory
    }

    /// The memory, for preparing a request.
    pub fn dma_mut(&mut self) -> &mut Dma {
        &mut self.memory
    }
}

/// A request of up to `N` buffers and the driver's `cookie`.
///
/// The queue keeps it while the device works and gives it back with the answer.
pub struct Chain<T, const N: usize, B: Buffer = Dma> {
    /// Buffers, in order. Those the device reads come first (virtio 1.2, 2.7.4.2).
    pub segments: [Segment<B>; N],
    /// Whatever the driver wants to recognise the request by.
    pub cookie: T,
}

impl<T, B: Buffer> Chain<T, 1, B> {
    /// One buffer that the device reads.
    pub fn to_device(memory: B, len: usize, cookie: T) -> Self {
        Chain {
            segments: [Segment::to_device(memory, len)],
            cookie,
        }
    }

    /// The only buffer, taken out.
    pub fn into_inner(self) -> B {
        let [segment] = self.segments;
        segment.memory
    }
}

impl<T> Chain<T, 1, Dma> {
    /// One buffer that the device fills.
    pub fn from_device(memory: Dma, cookie: T) -> Self {
        let len = memory.len();
        Chain {
            segments: [Segment::from_device(memory, len)],
            cookie,
        }
    }
}
