//! [`Mmio`] and DMA memory: the only unsafe code of this room.
//!
//! Probe code makes an [`Mmio`] from an address that the device tree or a PCI BAR
//! gave; drivers only ever see the safe accessors. DMA memory is [`vring::Dma`].
//! The adapters for the crate `virtio-drivers` are here for the same reason.

use core::mem;
use core::ptr::NonNull;

use virtio_drivers::transport::mmio::{MmioError, MmioTransport, VirtIOHeader};
use virtio_drivers::transport::pci::bus::{ConfigurationAccess, DeviceFunction};
use virtio_drivers::{BufferDirection, Hal};
use vring::Dma;

use crate::arch;
use crate::mm::{DmaRegion, PAGE_SIZE};

/// The registers of one device. Accesses are volatile, checked against the length,
/// and in program order (both ports map registers uncached or run under an
/// emulator which keeps the order).
pub struct Mmio {
    start: NonNull<u8>,
    physical: u64,
    len: usize,
}

// SAFETY: device registers are not tied to a thread; every access is one
// instruction, and what a device makes of concurrent accesses is not memory safety.
unsafe impl Send for Mmio {}
// SAFETY: as above.
unsafe impl Sync for Mmio {}

/// A value that a register can hold.
pub trait Register: Copy + private::Sealed {
    /// What a bus answers where nobody is at home.
    const ONES: Self;
}

mod private {
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for u16 {}
    impl Sealed for u32 {}
    impl Sealed for u64 {}
}

impl Register for u8 {
    const ONES: Self = Self::MAX;
}
impl Register for u16 {
    const ONES: Self = Self::MAX;
}
impl Register for u32 {
    const ONES: Self = Self::MAX;
}
impl Register for u64 {
    const ONES: Self = Self::MAX;
}

impl Mmio {
    /// The registers at `physical..physical + len`, which the machine description
    /// says are a device's. `None` for a null or wrapping range, or one in RAM.
    pub fn new(physical: u64, len: usize) -> Option<Mmio> {
        let end = physical.checked_add(len as u64)?;
        let start = usize::try_from(physical).ok()?;
        let end = usize::try_from(end).ok()?;
        if physical == 0 || len == 0 || super::probe::overlaps_ram(start, end) {
            return None;
        }
        let start = NonNull::new(arch::mmio_to_virt(start))?;
        Some(Mmio {
            start,
            physical,
            len,
        })
    }

    /// Bytes of registers.
    pub fn len(&self) -> usize {
        self.len
    }

    /// A part of the registers as a device of its own.
    pub fn part(&self, offset: usize, len: usize) -> Option<Mmio> {
        if offset.checked_add(len)? > self.len {
            return None;
        }
        Mmio::new(self.physical + offset as u64, len)
    }

    /// Reads the register at `offset`; all ones outside the range, as a bus answers.
    pub fn read<T: Register>(&self, offset: usize) -> T {
        if !self.allows::<T>(offset) {
            debug_assert!(false, "register {offset:#x} is outside the device");
            return T::ONES;
        }
        // SAFETY: 1. in range and aligned (`allows`). 2. `new` mapped a range which is
        // no RAM, so no Rust object lives there. 3. `T` is a plain integer.
        unsafe { self.start.as_ptr().add(offset).cast::<T>().read_volatile() }
    }

    /// Writes the register at `offset`; nothing happens outside the range.
    pub fn write<T: Register>(&self, offset: usize, value: T) {
        if !self.allows::<T>(offset) {
            debug_assert!(false, "register {offset:#x} is outside the device");
            return;
        }
        // SAFETY: as in `read`.
        unsafe {
            let register = self.start.as_ptr().add(offset).cast::<T>();
            register.write_volatile(value);
        }
    }

    fn allows<T>(&self, offset: usize) -> bool {
        let size = size_of::<T>();
        offset.is_multiple_of(size) && offset <= self.len && self.len - offset >= size
    }

    /// The crate's transport over these registers, which it then shares with us:
    /// the doorbell and the interrupt status stay ours.
    pub fn virtio_transport(&self) -> Result<MmioTransport<'static>, MmioError> {
        if self.len < size_of::<VirtIOHeader>() {
            return Err(MmioError::MmioRegionTooSmall);
        }
        // SAFETY: 1. mapped device registers (`new`), valid for ever. 2. At least as
        // long as the header (checked above); the configuration space is the rest.
        // 3. Page-aligned by the bus; checked by the volatile accesses' alignment.
        unsafe { MmioTransport::new(self.start.cast(), self.len) }
    }
}

/// At least `len` zeroed bytes for a device, page-aligned; `None` when memory is short.
/// Never freed: a device keeps its memory.
pub fn dma_alloc(len: usize) -> Option<Dma> {
    let region = DmaRegion::new(len.div_ceil(PAGE_SIZE))?;
    let start = NonNull::new(region.as_ptr())?;
    let (bus, len) = (region.addr() as u64, region.len());
    mem::forget(region);
    // SAFETY: 1. mapped and zeroed by `DmaRegion::new`; forgotten, so never freed.
    // 2. Ours alone. 3. Contiguous, and devices see physical addresses. 4. Both
    // machines' devices are cache-coherent ("dma-coherent" in their trees).
    Some(unsafe { Dma::from_raw(start, bus, len) })
}

/// Where a device sees a kernel heap buffer. The heap lies in the linear map, so
/// the buffer is contiguous there.
pub fn bus_addr(bytes: &[u8]) -> u64 {
    arch::virt_to_phys(bytes.as_ptr()) as u64
}

/// The PCI configuration space of one host bridge (PCIe 5.0, 7.2.2: ECAM).
#[derive(Clone, Copy)]
pub struct Ecam {
    registers: &'static Mmio,
}

impl Ecam {
    /// Over the mapped configuration space.
    pub fn new(registers: &'static Mmio) -> Ecam {
        Ecam { registers }
    }

    fn offset(device: DeviceFunction, register: u8) -> usize {
        let function = (device.bus as usize) << 8 | (device.device as usize) << 3;
        (function | device.function as usize) << 12 | (register & !3) as usize
    }
}

impl ConfigurationAccess for Ecam {
    fn read_word(&self, device: DeviceFunction, register: u8) -> u32 {
        self.registers.read(Ecam::offset(device, register))
    }

    fn write_word(&mut self, device: DeviceFunction, register: u8, data: u32) {
        self.registers.write(Ecam::offset(device, register), data);
    }

    // SAFETY: nothing to promise: each access stands alone.
    unsafe fn unsafe_clone(&self) -> Self {
        *self
    }
}

/// What `virtio-drivers` needs from the kernel to set a PCI transport up.
/// Queues are ours, so it never allocates or shares memory.
pub struct PciHal;

// SAFETY: 1. `mmio_phys_to_virt` returns the register view of an address which the
// crate took from a BAR that `pci` placed in the bridge's window. 2. The other
// functions are not reached: only transports are used from the crate.
unsafe impl Hal for PciHal {
    fn dma_alloc(_pages: usize, _direction: BufferDirection) -> (u64, NonNull<u8>) {
        // Zero is how the trait spells "out of memory".
        (0, NonNull::dangling())
    }

    // SAFETY: frees nothing.
    unsafe fn dma_dealloc(_paddr: u64, _vaddr: NonNull<u8>, _pages: usize) -> i32 {
        0
    }

    // SAFETY: the caller promises a range of registers.
    unsafe fn mmio_phys_to_virt(paddr: u64, _size: usize) -> NonNull<u8> {
        // A null view is impossible: the map's addresses lie in the upper half.
        NonNull::new(arch::mmio_to_virt(paddr as usize)).unwrap_or(NonNull::dangling())
    }

    // SAFETY: shares nothing.
    unsafe fn share(_buffer: NonNull<[u8]>, _direction: BufferDirection) -> u64 {
        0
    }

    // SAFETY: undoes nothing.
    unsafe fn unshare(_paddr: u64, _buffer: NonNull<[u8]>, _direction: BufferDirection) {}
}
