//! virtio-mmio slots, legacy and modern (virtio 1.2, 4.2).

use alloc::format;

use log::warn;
use virtio_drivers::transport::SomeTransport;

use super::{Device, Wiring};
use crate::drivers::memory::Mmio;
use crate::irq::Line;

/// "virt" in little-endian.
const MAGIC: u32 = 0x7472_6976;

/// Device type; 0 in an empty slot.
const DEVICE_ID: usize = 0x08;
/// The doorbell of all queues.
pub(super) const QUEUE_NOTIFY: usize = 0x50;
/// Interrupt status, followed by its acknowledge register.
pub(super) const INTERRUPT_STATUS: usize = 0x60;

/// Starts the device in a slot, if there is one with a driver.
pub fn probe_mmio(registers: Mmio, line: Line) {
    if registers.len() < 0x100 || registers.read::<u32>(0) != MAGIC {
        return;
    }
    if registers.read::<u32>(DEVICE_ID) == 0 {
        return;
    }
    match registers.virtio_transport() {
        Ok(transport) => super::start(Device {
            place: format!("mmio line {line} ({:?})", transport.version()),
            transport: SomeTransport::Mmio(transport),
            line,
            wiring: Wiring::Mmio(registers),
            features: 0,
        }),
        Err(error) => warn!("virtio mmio line {line}: {error}"),
    }
}
