//! virtio over PCI, modern interface only (virtio 1.2, 4.1).
//!
//! The crate's transport sets the device up. It keeps its registers to itself, so
//! the capabilities are read a second time here for the doorbells and the
//! interrupt status.

use alloc::format;

use log::warn;
use virtio_drivers::transport::SomeTransport;
use virtio_drivers::transport::pci::bus::{ConfigurationAccess, PCI_CAP_ID_VNDR};
use virtio_drivers::transport::pci::{
    PciTransport, VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_PCI_CAP_ISR_CFG, VIRTIO_PCI_CAP_NOTIFY_CFG,
};

use super::{Device, Wiring};
use crate::drivers::memory::{Ecam, Mmio, PciHal};
use crate::drivers::pci::Function;

/// Selects the queue that the queue registers are about (4.1.4.3).
const QUEUE_SELECT: usize = 0x16;
/// The selected queue's place in the notification structure.
const QUEUE_NOTIFY_OFF: usize = 0x1e;

/// The structures of a device that the hot path needs.
pub(super) struct Structures {
    common: Mmio,
    notify: Mmio,
    notify_multiplier: u32,
    interrupt_status: Mmio,
}

impl Structures {
    /// Finds them in the device's capabilities (4.1.4).
    fn find(function: &Function) -> Option<Structures> {
        let (mut common, mut notify, mut interrupt_status) = (None, None, None);
        let mut notify_multiplier = 0;
        for capability in function.root.capabilities(function.device) {
            if capability.id != PCI_CAP_ID_VNDR {
                continue;
            }
            let word = |offset: u8| {
                let register = capability.offset.checked_add(offset)?;
                Some(function.config.read_word(function.device, register))
            };
            let bar = word(4)? as u8;
            let registers = function.registers(bar, word(8)?, word(12)?);
            // The first of each kind that the driver can use counts.
            match (capability.private_header >> 8) as u8 {
                VIRTIO_PCI_CAP_COMMON_CFG if common.is_none() => common = registers,
                VIRTIO_PCI_CAP_NOTIFY_CFG if notify.is_none() => {
                    notify = registers;
                    notify_multiplier = word(16)?;
                }
                VIRTIO_PCI_CAP_ISR_CFG if interrupt_status.is_none() => {
                    interrupt_status = registers;
                }
                _ => {}
            }
        }
        Some(Structures {
            common: common?,
            notify: notify?,
            notify_multiplier,
            interrupt_status: interrupt_status?,
        })
    }

    /// The doorbell of a queue: offset times multiplier (4.1.4.4).
    pub fn doorbell(&self, queue: u16) -> Option<Mmio> {
        self.common.write::<u16>(QUEUE_SELECT, queue);
        let index = self.common.read::<u16>(QUEUE_NOTIFY_OFF) as usize;
        let offset = index.checked_mul(self.notify_multiplier as usize)?;
        self.notify.part(offset, 2)
    }

    /// The register that tells and clears the cause of an interrupt (4.1.4.5).
    pub fn interrupt_status(&self) -> Option<Mmio> {
        self.interrupt_status.part(0, 1)
    }
}

/// Starts a virtio function, if there is a driver for it.
pub fn probe_pci(mut function: Function) {
    let at = function.device;
    let Some(line) = function.line else {
        warn!("virtio pci {at}: no interrupt");
        return;
    };
    let Some(structures) = Structures::find(&function) else {
        warn!("virtio pci {at}: no modern interface");
        return;
    };
    match PciTransport::new::<PciHal, Ecam>(&mut function.root, at) {
        Ok(transport) => super::start(Device {
            place: format!("pci {at}"),
            transport: SomeTransport::Pci(transport),
            line,
            wiring: Wiring::Pci(structures),
            features: 0,
        }),
        Err(error) => warn!("virtio pci {at}: {error}"),
    }
}
