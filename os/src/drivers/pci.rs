//! PCI: the walk over a host bridge's first bus, BARs, and INTx routing.
//!
//! Without firmware nobody has placed the BARs (QEMU with `-kernel`), so they are
//! placed here, one after another in the bridge's 32-bit memory window. Where
//! firmware has placed some, those stay. Bridges behind the first bus are not
//! entered: both machines put devices on the root bus unless told otherwise.
//!
//! Called once by [`super::init`]; owns the configuration space from then on.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use log::{info, warn};
use virtio_drivers::transport::pci::bus::{
    BarInfo, Command, ConfigurationAccess, DeviceFunction, MemoryBarType, PciRoot,
};
use virtio_drivers::transport::pci::virtio_device_type;

use super::memory::{Ecam, Mmio};
use super::virtio;
use crate::irq::Line;

/// A host bridge as the machine describes it.
pub struct HostBridge {
    /// Configuration space (ECAM).
    pub config_space: Mmio,
    /// 32-bit memory window; the same addresses on both sides.
    pub window: Range<u64>,
    /// Where the legacy interrupt pins go.
    pub routing: Routing,
}

/// INTx pins to interrupt lines.
pub enum Routing {
    /// The tree's `interrupt-map`.
    Map {
        /// Which bits of the device address and of the pin count.
        mask: (u32, u32),
        /// (device address, pin, line).
        entries: Vec<(u32, u32, Line)>,
    },
    /// Four consecutive lines, rotated by the slot number.
    Swizzle {
        /// The line of pin A in slot 0.
        first: Line,
    },
}

impl Routing {
    /// The line of `pin` (1 is INTA) of a device.
    fn line(&self, device: DeviceFunction, pin: u8) -> Option<Line> {
        if !(1..=4).contains(&pin) {
            return None;
        }
        match self {
            Routing::Map { mask, entries } => {
                // IEEE 1275 PCI binding, 2.2.1.1: bus, device, function in bits 23:8.
                let address = (device.bus as u32) << 16
                    | (device.device as u32) << 11
                    | (device.function as u32) << 8;
                let wanted = (address & mask.0, pin as u32 & mask.1);
                entries
                    .iter()
                    .find(|(address, pin, _)| (*address, *pin) == wanted)
                    .map(|(_, _, line)| *line)
            }
            Routing::Swizzle { first } => Some(first + (device.device as u32 + pin as u32 - 1) % 4),
        }
    }
}

/// One function of a device, with its memory BARs placed and decoding on.
pub struct Function {
    /// Configuration space of its bus.
    pub root: PciRoot<Ecam>,
    /// A second handle on it, for registers that `PciRoot` does not read.
    pub config: Ecam,
    /// Where it sits.
    pub device: DeviceFunction,
    /// Its interrupt.
    pub line: Option<Line>,
    /// Placed memory BARs.
    bars: [Option<Range<u64>>; 6],
}

impl Function {
    /// Registers inside a BAR.
    pub fn registers(&self, bar: u8, offset: u32, len: u32) -> Option<Mmio> {
        let bar = self.bars.get(bar as usize)?.clone()?;
        let start = bar.start.checked_add(offset as u64)?;
        let end = start.checked_add(len as u64)?;
        (end <= bar.end).then(|| Mmio::new(start, len as usize))?
    }
}

/// Starts every virtio device on the bridge's first bus.
pub fn walk(bridge: HostBridge) {
    // Leaked: configuration space is there for as long as the machine.
    let registers: &'static Mmio = Box::leak(Box::new(bridge.config_space));
    let config = Ecam::new(registers);
    let mut root = PciRoot::new(config);
    let found: Vec<_> = root.enumerate_bus(0).collect();
    let mut space = Space::new(bridge.window);
    for (device, _) in &found {
        space.reserve_placed(&mut root, *device);
    }
    for (device, info) in found {
        if virtio_device_type(&info).is_none() {
            continue;
        }
        let Some(bars) = space.place(&mut root, device) else {
            warn!("pci {device}: no room for its registers");
            continue;
        };
        // Memory decoding and bus mastering on, INTx not disabled (PCI 3.0, 6.2.2).
        root.set_command(device, Command::MEMORY_SPACE | Command::BUS_MASTER);
        // PCI 3.0, 6.2.4: interrupt pin, at 0x3d.
        let pin = (config.read_word(device, 0x3c) >> 8) as u8;
        let line = bridge.routing.line(device, pin);
        info!("pci {device}: {info}, line {line:?}");
        virtio::probe_pci(Function {
            root: PciRoot::new(config),
            config,
            device,
            line,
            bars,
        });
    }
}

/// Free addresses of the window, given out upwards.
struct Space {
    window: Range<u64>,
    next: u64,
}

impl Space {
    fn new(window: Range<u64>) -> Space {
        let next = window.start;
        Space { window, next }
    }

    /// Moves past what firmware has placed.
    fn reserve_placed(&mut self, root: &mut PciRoot<Ecam>, device: DeviceFunction) {
        let Ok(bars) = root.bars(device) else {
            return;
        };
        for (address, size) in bars
            .iter()
            .flatten()
            .filter_map(BarInfo::memory_address_size)
        {
            let end = address.saturating_add(size);
            if self.window.contains(&address) && end <= self.window.end {
                self.next = self.next.max(end);
            }
        }
    }

    /// Places the memory BARs of `device` that have no place yet.
    fn place(
        &mut self,
        root: &mut PciRoot<Ecam>,
        device: DeviceFunction,
    ) -> Option<[Option<Range<u64>>; 6]> {
        let mut placed = [const { None }; 6];
        for (index, bar) in root.bars(device).ok()?.into_iter().enumerate() {
            let Some(BarInfo::Memory {
                address_type,
                address,
                size,
                ..
            }) = bar
            else {
                continue;
            };
            // Sizes are powers of two of at least 16 (PCI 3.0, 6.2.5.1).
            if !size.is_power_of_two() {
                continue;
            }
            let address = if self.window.contains(&address) {
                address
            } else {
                let address = self.next.next_multiple_of(size.max(4096));
                let end = address.checked_add(size)?;
                if end > self.window.end {
                    return None;
                }
                self.next = end;
                match address_type {
                    MemoryBarType::Width32 => root.set_bar_32(device, index as u8, address as u32),
                    MemoryBarType::Width64 => root.set_bar_64(device, index as u8, address),
                    MemoryBarType::Below1MiB => return None,
                }
                address
            };
            placed[index] = Some(address..address + size);
        }
        Some(placed)
    }
}
