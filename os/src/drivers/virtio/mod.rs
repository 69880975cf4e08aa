//! virtio: one device over either transport, up to `DRIVER_OK`.
//!
//! Transports and configuration space are those of the crate `virtio-drivers`;
//! queues are [`vring`]'s. Doorbell and interrupt status are written here directly,
//! because they are the hot path: one register access each.
//!
//! [`Device::negotiate`], [`Device::queue`] and [`Device::start`] follow the order
//! of virtio 1.2, section 3.1.1. The device is hostile: no value it reports is
//! trusted for more than choosing among what the driver can do.

mod blk;
mod mmio;
mod net;
mod pci;

use alloc::string::String;
use core::{fmt, mem};

use log::{info, warn};
use virtio_drivers::transport::{DeviceStatus, DeviceType, SomeTransport, Transport};
use vring::{Buffer, Config, Layout, Queue};

pub use mmio::probe_mmio;
pub use pci::probe_pci;

use super::memory::{self, Mmio};
use crate::irq::Line;

/// `VIRTIO_F_EVENT_IDX`.
const EVENT_IDX: u64 = 1 << 29;
/// `VIRTIO_F_VERSION_1`: a modern device.
const VERSION_1: u64 = 1 << 32;

/// Queue locks in the lock tree: below the net stack's, above the heap's.
const RANK: u8 = 20;

/// Why a device could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StartError {
    /// It did not accept the features that it had offered.
    Features,
    /// A queue is missing, in use already, or has no usable size.
    Queue,
    /// The configuration space is too small.
    Configuration,
    /// No memory for queues or buffers.
    Memory,
    /// No interrupt line, or no doorbell.
    Wiring,
}

/// A virtio device that has been found and not started yet.
struct Device {
    transport: SomeTransport<'static>,
    /// Where it was found, for the log.
    place: String,
    line: Line,
    wiring: Wiring,
    features: u64,
}

/// Registers of the hot path.
enum Wiring {
    /// virtio-mmio: everything in one page (virtio 1.2, 4.2.2).
    Mmio(Mmio),
    /// virtio-pci: three structures in BARs (virtio 1.2, 4.1.4).
    Pci(pci::Structures),
}

/// Rings one queue's bell.
struct Doorbell {
    register: Mmio,
    queue: u16,
    width: Width,
}

enum Width {
    Half,
    Word,
}

impl Doorbell {
    /// Tells the device that the queue has new requests (virtio 1.2, 2.7.13.4).
    fn ring(&self) {
        match self.width {
            Width::Half => self.register.write::<u16>(0, self.queue),
            Width::Word => self.register.write::<u32>(0, self.queue as u32),
        }
    }
}

/// The device's interrupt status register.
enum Interrupt {
    /// Status at 0, acknowledge at 4.
    Mmio(Mmio),
    /// Reading clears.
    Pci(Mmio),
}

/// What an interrupt was about.
#[derive(Clone, Copy)]
struct Cause {
    /// A queue has used buffers.
    queue: bool,
    /// The configuration changed.
    configuration: bool,
}

impl Interrupt {
    /// Reads the cause and silences the line; both `false`: it was not this device.
    fn acknowledge(&self) -> Cause {
        let bits = match self {
            Interrupt::Mmio(registers) => {
                let bits: u32 = registers.read(0);
                registers.write(4, bits);
                bits
            }
            Interrupt::Pci(register) => register.read::<u8>(0) as u32,
        };
        Cause {
            queue: bits & 1 != 0,
            configuration: bits & 2 != 0,
        }
    }
}

impl Device {
    /// Steps 1 to 6: reset, acknowledge, agree on features. Returns the agreed ones.
    fn negotiate(&mut self, wanted: u64) -> Result<u64, StartError> {
        let transport = &mut self.transport;
        transport.set_status(DeviceStatus::empty());
        transport.set_status(DeviceStatus::ACKNOWLEDGE | DeviceStatus::DRIVER);
        self.features = transport.read_device_features() & (wanted | EVENT_IDX | VERSION_1);
        transport.write_driver_features(self.features);
        let ready = DeviceStatus::ACKNOWLEDGE | DeviceStatus::DRIVER | DeviceStatus::FEATURES_OK;
        // Legacy devices do not know FEATURES_OK (3.1.2).
        if self.features & VERSION_1 != 0 {
            transport.set_status(ready);
            if !transport.get_status().contains(DeviceStatus::FEATURES_OK) {
                return Err(StartError::Features);
            }
        }
        // 4.2.4: legacy virtio-mmio counts queue addresses in pages.
        transport.set_guest_page_size(4096);
        Ok(self.features)
    }

    /// Step 7: sets up queue `index` with at most `most` entries.
    fn queue<T, const N: usize, B: Buffer>(
        &mut self,
        index: u16,
        most: u16,
    ) -> Result<(Queue<T, N, B>, Doorbell), StartError> {
        if self.transport.queue_used(index) {
            return Err(StartError::Queue);
        }
        let offered = self.transport.max_queue_size(index);
        let offered = u16::try_from(offered).unwrap_or(1 << 15).min(most);
        let size = match offered {
            0 => return Err(StartError::Queue),
            // Legacy devices do not let the driver choose: a power of two always.
            offered => 1 << offered.ilog2(),
        };
        let layout = if self.transport.requires_legacy_layout() {
            Layout::Legacy
        } else {
            Layout::Modern
        };
        let config = Config {
            size,
            layout,
            event_idx: self.features & EVENT_IDX != 0,
        };
        let memory = memory::dma_alloc(layout.bytes(size)).ok_or(StartError::Memory)?;
        let queue = Queue::new(memory, config).map_err(|_| StartError::Queue)?;
        let at = queue.addresses();
        self.transport.queue_set(
            index,
            size as u32,
            at.descriptors,
            at.driver_area,
            at.device_area,
        );
        let doorbell = self.wiring.doorbell(index).ok_or(StartError::Wiring)?;
        Ok((queue, doorbell))
    }

    /// Step 8: the device is live.
    fn start(&mut self) {
        let mut status = DeviceStatus::ACKNOWLEDGE | DeviceStatus::DRIVER | DeviceStatus::DRIVER_OK;
        if self.features & VERSION_1 != 0 {
            status |= DeviceStatus::FEATURES_OK;
        }
        self.transport.set_status(status);
    }

    /// Lets the device run on. (Dropping the crate's transport resets it.)
    fn keep(self) {
        mem::forget(self.transport);
    }

    /// Gives up on the device (3.1.1, last paragraph).
    fn fail(&mut self) {
        self.transport.set_status(DeviceStatus::FAILED);
    }

    fn has(&self, feature: u64) -> bool {
        self.features & feature != 0
    }

    fn config_u8(&self, offset: usize) -> Result<u8, StartError> {
        let value = self.transport.read_config_space(offset);
        value.map_err(|_| StartError::Configuration)
    }

    fn config_u16(&self, offset: usize) -> Result<u16, StartError> {
        let value = self.transport.read_config_space(offset);
        value.map_err(|_| StartError::Configuration)
    }

    fn config_u32(&self, offset: usize) -> Result<u32, StartError> {
        let value = self.transport.read_config_space(offset);
        value.map_err(|_| StartError::Configuration)
    }
}

impl Wiring {
    fn doorbell(&self, queue: u16) -> Option<Doorbell> {
        match self {
            Wiring::Mmio(registers) => Some(Doorbell {
                register: registers.part(mmio::QUEUE_NOTIFY, 4)?,
                queue,
                width: Width::Word,
            }),
            Wiring::Pci(structures) => Some(Doorbell {
                register: structures.doorbell(queue)?,
                queue,
                width: Width::Half,
            }),
        }
    }

    fn interrupt(&self) -> Option<Interrupt> {
        match self {
            Wiring::Mmio(registers) => {
                let status = registers.part(mmio::INTERRUPT_STATUS, 8)?;
                Some(Interrupt::Mmio(status))
            }
            Wiring::Pci(structures) => Some(Interrupt::Pci(structures.interrupt_status()?)),
        }
    }
}

/// Hands a found device to its driver.
fn start(device: Device) {
    let kind = device.transport.device_type();
    let place = device.place.clone();
    let started = match kind {
        DeviceType::Block => blk::start(device),
        DeviceType::Network => net::start(device),
        _ => {
            info!("virtio {place}: {kind:?} has no driver");
            return;
        }
    };
    if let Err(error) = started {
        warn!("virtio {place}: {kind:?} not started: {error}");
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StartError::Features => "it refuses its own features",
            StartError::Queue => "a queue is not usable",
            StartError::Configuration => "its configuration space is too small",
            StartError::Memory => "no memory for its queues",
            StartError::Wiring => "no interrupt line or doorbell",
        })
    }
}
