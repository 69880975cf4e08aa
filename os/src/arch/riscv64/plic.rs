//! The platform-level interrupt controller (RISC-V PLIC specification 1.0.0).
//!
//! The S-mode context of the boot hart is the position, in the node's
//! `interrupts-extended`, of the entry that names this hart's interrupt
//! controller with interrupt 9 (supervisor external).

use super::{OneHart, cpu};
use crate::arch::{BootInfo, hooks::hooks, mmio_to_virt};
use core::cell::Cell;
use fdt::Fdt;

const PRIORITY: usize = 0x00_0000; // + 4 * source
const ENABLE: usize = 0x00_2000; // + 0x80 * context
const THRESHOLD: usize = 0x20_0000; // + 0x1000 * context
const CLAIM: usize = 0x20_0004; // + 0x1000 * context
const SUPERVISOR_EXTERNAL: u32 = 9;
/// Sources are numbered below this (chapter 1).
const SOURCES: u32 = 1024;

struct Plic {
    /// Virtual address, 0 before `init`.
    base: Cell<usize>,
    context: Cell<usize>,
}

static PLIC: OneHart<Plic> = OneHart(Plic {
    base: Cell::new(0),
    context: Cell::new(0),
});

/// Finds the controller and our context; every line starts disabled.
pub(super) fn init(boot: &BootInfo) {
    let Some((base, size, context)) = find(boot) else {
        log::error!("plic: no controller with a context for this hart in the device tree");
        return;
    };
    let end = CLAIM + 0x1000 * context + 4;
    if end > size {
        log::error!("plic: context {context} lies outside the registers");
        return;
    }
    PLIC.0.context.set(context);
    PLIC.0.base.set(mmio_to_virt(base).expose_provenance());
    for word in 0..SOURCES as usize / 32 {
        write(ENABLE + 0x80 * context + 4 * word, 0);
    }
    write(THRESHOLD + 0x1000 * context, 0);
}

/// (physical base, size, context number)
fn find(boot: &BootInfo) -> Option<(usize, usize, usize)> {
    let tree = Fdt::new(boot.fdt).ok()?;
    let plic = tree.find_compatible(&["riscv,plic0", "sifive,plic-1.0.0"])?;
    let reg = plic.reg()?.next()?;
    let intc = cpu::boot_cpu(&tree)?
        .children()
        .find(|node| node.property("interrupt-controller").is_some())?;
    let phandle = intc.property("phandle")?.as_usize()? as u32;
    let entries = plic.property("interrupts-extended")?.value;
    let context = entries.chunks_exact(8).position(|entry| {
        let cell = |at: usize| {
            u32::from_be_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]])
        };
        cell(0) == phandle && cell(4) == SUPERVISOR_EXTERNAL
    })?;
    Some((reg.starting_address as usize, reg.size?, context))
}

fn write(offset: usize, value: u32) {
    let register = core::ptr::with_exposed_provenance_mut::<u32>(PLIC.0.base.get() + offset);
    // SAFETY: base is the mapped controller and every offset used here lies
    // within the size that `init` checked.
    unsafe { register.write_volatile(value) };
}

fn read(offset: usize) -> u32 {
    let register = core::ptr::with_exposed_provenance::<u32>(PLIC.0.base.get() + offset);
    // SAFETY: as in `write`.
    unsafe { register.read_volatile() }
}

fn ready(line: u32) -> bool {
    PLIC.0.base.get() != 0 && line > 0 && line < SOURCES
}

/// Lets a line interrupt us, at the one priority that we use.
pub fn irq_enable_line(line: u32) {
    if !ready(line) {
        return;
    }
    write(PRIORITY + 4 * line as usize, 1);
    let word = ENABLE + 0x80 * PLIC.0.context.get() + 4 * (line as usize / 32);
    write(word, read(word) | 1 << (line % 32));
}

/// Stops a line.
pub fn irq_disable_line(line: u32) {
    if !ready(line) {
        return;
    }
    let word = ENABLE + 0x80 * PLIC.0.context.get() + 4 * (line as usize / 32);
    write(word, read(word) & !(1 << (line % 32)));
}

/// Claims one line, runs its handler, completes it.
pub(super) fn handle_one() {
    if PLIC.0.base.get() == 0 {
        return;
    }
    let claim = CLAIM + 0x1000 * PLIC.0.context.get();
    let line = read(claim);
    if line != 0 {
        (hooks().device)(line);
        write(claim, line);
    }
}
