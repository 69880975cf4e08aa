//! What the boot code learned, from the flattened device tree that both firmwares give.
//!
//! A port's entry code calls [`BootInfo::from_fdt`] once, on the boot hart, with
//! the linear map on, and hands the result to `kernel_main`. The blob stays where
//! it is: its pages are kept out of [`BootInfo::memory`].

use super::{PAGE_SIZE, PhysAddr, phys_to_virt, virt_to_phys};
use fdt::Fdt;

/// What the machine is made of.
pub struct BootInfo {
    /// The flattened device tree; valid for the life of the kernel.
    pub fdt: &'static [u8],
    /// `/chosen/bootargs`, empty when there are none.
    pub cmdline: &'static str,
    /// RAM that nothing uses yet: page-aligned, without firmware, kernel image and FDT.
    pub memory: Regions,
    /// Bytes of RAM in the machine, for /proc/meminfo.
    pub total_memory: usize,
}

/// A range of physical addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First byte.
    pub start: PhysAddr,
    /// One past the last byte.
    pub end: PhysAddr,
}

/// A short list of regions; what does not fit is dropped (memory left unused).
#[derive(Clone, Copy)]
pub struct Regions {
    items: [Region; Regions::CAPACITY],
    len: usize,
}

impl Regions {
    /// QEMU's machines have one or two banks and a handful of holes.
    const CAPACITY: usize = 32;

    /// No regions.
    pub const fn new() -> Regions {
        Regions {
            items: [Region { start: 0, end: 0 }; Regions::CAPACITY],
            len: 0,
        }
    }

    /// The regions, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = Region> + '_ {
        self.items[..self.len].iter().copied()
    }

    /// Adds a region; empty ones are ignored.
    pub fn push(&mut self, region: Region) {
        if region.start < region.end && self.len < Self::CAPACITY {
            self.items[self.len] = region;
            self.len += 1;
        }
    }

    /// Cuts `hole`, widened to whole pages, out of every region.
    pub fn remove(&mut self, hole: Region) {
        let hole = Region {
            start: hole.start & !(PAGE_SIZE - 1),
            end: hole.end.next_multiple_of(PAGE_SIZE),
        };
        let old = *self;
        self.len = 0;
        for region in old.iter() {
            self.push(Region {
                start: region.start,
                end: region.end.min(hole.start),
            });
            self.push(Region {
                start: region.start.max(hole.end),
                end: region.end,
            });
        }
    }
}

impl BootInfo {
    /// Reads the tree at `fdt_pa`; `kernel` is the physical range of the loaded
    /// image with its BSS. `None` when there is no valid tree there.
    ///
    /// # Safety
    /// `fdt_pa` must be 0 or the address of mapped memory that nobody writes to.
    pub unsafe fn from_fdt(fdt_pa: PhysAddr, kernel: Region) -> Option<BootInfo> {
        let pointer = phys_to_virt(fdt_pa).cast_const();
        if fdt_pa == 0 {
            return None;
        }
        // SAFETY: the caller vouches for the address; `from_ptr` checks the magic
        // before it trusts the size in the header.
        let tree = unsafe { Fdt::from_ptr(pointer) }.ok()?;
        // SAFETY: as above; `total_size` bytes were announced by the header, and
        // the pages are kept out of `memory`, so nobody will write to them.
        let fdt = unsafe { core::slice::from_raw_parts(pointer, tree.total_size()) };
        let tree = Fdt::new(fdt).ok()?;

        let mut memory = Regions::new();
        let mut total_memory = 0;
        // QEMU's loongarch64 machine has one node per bank, so not `Fdt::memory`.
        let banks = tree
            .all_nodes()
            .filter(|node| node.property("device_type").and_then(|p| p.as_str()) == Some("memory"))
            .filter_map(|node| node.reg());
        for bank in banks.flatten() {
            let Some(size) = bank.size else { continue };
            let start = bank.starting_address as usize;
            total_memory += size;
            memory.push(Region {
                start: start.next_multiple_of(PAGE_SIZE),
                end: start.saturating_add(size) & !(PAGE_SIZE - 1),
            });
        }
        for hole in tree.memory_reservations() {
            let start = hole.address() as usize;
            memory.remove(Region {
                start,
                end: start.saturating_add(hole.size()),
            });
        }
        let reserved = tree.find_node("/reserved-memory");
        for hole in reserved.iter().flat_map(|node| node.children()) {
            for range in hole.reg().into_iter().flatten() {
                let start = range.starting_address as usize;
                memory.remove(Region {
                    start,
                    end: start.saturating_add(range.size.unwrap_or(0)),
                });
            }
        }
        memory.remove(kernel);
        let fdt_start = virt_to_phys(pointer);
        memory.remove(Region {
            start: fdt_start,
            end: fdt_start + fdt.len(),
        });

        Some(BootInfo {
            fdt,
            cmdline: tree.chosen().bootargs().unwrap_or(""),
            memory,
            total_memory,
        })
    }
}
