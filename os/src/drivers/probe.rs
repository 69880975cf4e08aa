//! What the machine consists of: the walk over the flattened device tree.
//!
//! Devices are recognised by their `compatible` strings only (Devicetree
//! Specification 0.4, 2.3.1); node names and addresses are the machine's business.
//! Called once by [`super::init`]; no locks besides the one on the RAM map.

use alloc::vec::Vec;

use fdt::Fdt;
use fdt::node::FdtNode;
use log::warn;

use super::memory::Mmio;
use super::pci::{HostBridge, Routing};
use super::{rtc, uart};
use crate::arch::{BootInfo, Regions};
use crate::irq::Line;
use crate::sync::SpinLock;

/// What the tree describes and this room has drivers for.
pub struct Machine {
    /// Serial lines, standard output first.
    pub uarts: Vec<uart::Description>,
    /// Clocks that know the date.
    pub rtcs: Vec<rtc::Rtc>,
    /// virtio-mmio slots, most of them empty, in the order of the tree.
    pub virtio_mmio: Vec<(Mmio, Line)>,
    /// PCI host bridges.
    pub bridges: Vec<HostBridge>,
}

/// RAM at boot, so that nobody takes memory for registers.
static RAM: SpinLock<Regions> = SpinLock::new(Regions::new());

/// Walks the tree.
pub fn walk(boot: &BootInfo) -> Machine {
    *RAM.lock() = boot.memory;
    let mut machine = Machine {
        uarts: Vec::new(),
        rtcs: Vec::new(),
        virtio_mmio: Vec::new(),
        bridges: Vec::new(),
    };
    let Ok(tree) = Fdt::new(boot.fdt) else {
        warn!("the device tree is not valid, no devices");
        return machine;
    };
    // The crate's `chosen` panics where there is no such node.
    let chosen = tree.find_node("/chosen").map(|_| tree.chosen());
    let stdout = chosen
        .and_then(|chosen| chosen.stdout())
        .map(|node| node.name);
    for node in tree.all_nodes().filter(is_enabled) {
        let Some(compatible) = node.compatible() else {
            continue;
        };
        for name in compatible.all() {
            let known = match name {
                "ns16550a" | "ns16550" => add_uart(&mut machine, &tree, node, stdout),
                "google,goldfish-rtc" => add_rtc(&mut machine, node, rtc::Clock::Goldfish),
                "loongson,ls7a-rtc" => add_rtc(&mut machine, node, rtc::Clock::Ls7a),
                "virtio,mmio" => registers(node).zip(line(&tree, node)).map(|slot| {
                    machine.virtio_mmio.push(slot);
                }),
                "pci-host-ecam-generic" => {
                    bridge(&tree, node).map(|bridge| machine.bridges.push(bridge))
                }
                _ => continue,
            };
            if known.is_none() {
                warn!("{}: incomplete description", node.name);
            }
            break;
        }
    }
    machine
}

/// Whether any byte of the physical range was free RAM at boot.
pub fn overlaps_ram(start: usize, end: usize) -> bool {
    let ram = RAM.lock();
    ram.iter()
        .any(|region| start < region.end && region.start < end)
}

fn is_enabled(node: &FdtNode<'_, '_>) -> bool {
    match node.property("status").and_then(|status| status.as_str()) {
        None => true,
        Some(status) => matches!(status, "okay" | "ok"),
    }
}

fn add_uart(
    machine: &mut Machine,
    tree: &Fdt<'_>,
    node: FdtNode<'_, '_>,
    stdout: Option<&str>,
) -> Option<()> {
    let shift = node
        .property("reg-shift")
        .and_then(|shift| shift.as_usize());
    let uart = uart::Description {
        registers: registers(node)?,
        shift: shift.unwrap_or(0),
        line: line(tree, node),
    };
    if stdout == Some(node.name) {
        machine.uarts.insert(0, uart);
    } else {
        machine.uarts.push(uart);
    }
    Some(())
}

fn add_rtc(
    machine: &mut Machine,
    node: FdtNode<'_, '_>,
    kind: fn(Mmio) -> rtc::Clock,
) -> Option<()> {
    machine.rtcs.push(rtc::Rtc::new(kind(registers(node)?)));
    Some(())
}

/// The first `reg` range. Buses between the device and the root must be
/// transparent (empty `ranges`), as they are on these machines.
fn registers(node: FdtNode<'_, '_>) -> Option<Mmio> {
    let region = node.reg()?.next()?;
    Mmio::new(region.starting_address as u64, region.size?)
}

/// The first cell of `interrupts`: the line number on both machines' controllers
/// (PLIC: one cell; PCH-PIC: line and trigger).
fn line(tree: &Fdt<'_>, node: FdtNode<'_, '_>) -> Option<Line> {
    match node.property("interrupts") {
        Some(property) => cells(property.value).next(),
        None => undescribed_line(tree, node),
    }
}

/// QEMU's loongarch64 machine before 8.2 has an interrupt controller node without
/// any reference to it. There the first UART is input 2 of the PCH-PIC.
fn undescribed_line(tree: &Fdt<'_>, node: FdtNode<'_, '_>) -> Option<Line> {
    let is_uart = node
        .compatible()?
        .all()
        .any(|name| name.starts_with("ns16550"));
    (is_old_loongson(tree) && is_uart).then_some(2)
}

fn is_old_loongson(tree: &Fdt<'_>) -> bool {
    tree.find_compatible(&["loongarch,ls7a"]).is_some()
}

/// A generic ECAM host bridge: IEEE 1275 PCI binding, and `pci-host-ecam-generic`.
fn bridge(tree: &Fdt<'_>, node: FdtNode<'_, '_>) -> Option<HostBridge> {
    let config_space = registers(node)?;
    // Three cells of PCI address, two of CPU address, two of size. The first cell
    // says in bits 25:24 which space it is; 2 is 32-bit memory.
    let ranges: Vec<u32> = cells(node.property("ranges")?.value).collect();
    let window = ranges.chunks_exact(7).find(|range| {
        let identity = range[1..3] == range[3..5];
        range[0] >> 24 & 3 == 2 && identity && range[1] == 0 && range[5] == 0
    })?;
    let routing = match node.property("interrupt-map") {
        Some(map) => {
            let mask = node.property("interrupt-map-mask")?;
            mapped_routing(tree, map.value, mask.value)?
        }
        // The same old machine: INTx of a slot goes to PCH-PIC input
        // 16 + (slot + pin - 1) mod 4.
        None if is_old_loongson(tree) => Routing::Swizzle { first: 16 },
        None => return None,
    };
    Some(HostBridge {
        config_space,
        window: window[2] as u64..window[2] as u64 + window[6] as u64,
        routing,
    })
}

/// Entries of `interrupt-map` (Devicetree Specification 2.4.3): PCI address (3
/// cells), pin, parent, the parent's unit address, the parent's specifier.
fn mapped_routing(tree: &Fdt<'_>, map: &[u8], mask: &[u8]) -> Option<Routing> {
    let mask: Vec<u32> = cells(mask).collect();
    let map: Vec<u32> = cells(map).collect();
    let parent = tree.find_phandle(*map.get(4)?)?;
    let cell_count = |name| parent.property(name).and_then(|count| count.as_usize());
    // A controller without the property takes no unit address.
    let address_cells = cell_count("#address-cells").unwrap_or(0);
    let specifier_cells = cell_count("#interrupt-cells")?;
    let full = 5 + address_cells + specifier_cells;
    // QEMU's loongarch64 machine gives one specifier cell to a two-cell controller.
    let is_layout = |len: &usize| {
        map.len().is_multiple_of(*len) && map.chunks_exact(*len).all(|entry| entry[4] == map[4])
    };
    let len = [full, 5 + address_cells + 1].into_iter().find(is_layout)?;
    let entries = map
        .chunks_exact(len)
        .map(|entry| (entry[0], entry[3], entry[5 + address_cells]));
    Some(Routing::Map {
        mask: (*mask.first()?, *mask.get(3)?),
        entries: entries.collect(),
    })
}

/// Big-endian 32-bit cells of a property.
fn cells(value: &[u8]) -> impl Iterator<Item = u32> + '_ {
    value
        .as_chunks::<4>()
        .0
        .iter()
        .map(|cell| u32::from_be_bytes(*cell))
}
