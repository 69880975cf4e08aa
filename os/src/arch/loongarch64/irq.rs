//! Interrupts: CPU timer, EIOINTC (through IOCSR) and PCH-PIC.
//!
//! A device line is a PCH-PIC input (Loongson 7A1000 user manual, chapter 5). Each
//! input is routed to the EIOINTC vector of the same number, and every vector to
//! CPU 0's hardware interrupt 1 (Loongson 3A5000 manual, chapter 11), so one
//! pending bit in ESTAT leads to all devices.

use super::csr::{
    self, csrrd, csrwr, iocsr_read_u32, iocsr_read_u64, iocsr_write_u32, iocsr_write_u64,
};
use crate::arch::{BootInfo, hooks::hooks};

/// ESTAT/ECFG bit of hardware interrupt 1: the EIOINTC.
const HWI1: usize = 1 << 3;
/// ESTAT/ECFG bit of the CPU's timer.
const TIMER: usize = 1 << 11;

/// "Other functions" register; bit 48 turns the extended controller on.
const IOCSR_MISC: usize = 0x420;
const EXTENDED_ON: u64 = 1 << 48;
const EIOINTC_NODEMAP: usize = 0x14a0;
const EIOINTC_IPMAP: usize = 0x14c0;
const EIOINTC_ENABLE: usize = 0x1600;
const EIOINTC_BOUNCE: usize = 0x1680;
const EIOINTC_CORE_ISR: usize = 0x1800;
const EIOINTC_ROUTE: usize = 0x1c00;
/// Vectors that can be pending: PCH-PIC has 64 inputs.
const VECTOR_WORDS: usize = 2;

const PCH_PIC: usize = 0x1000_0000;
const PCH_PIC_MASK: usize = 0x20;
const PCH_PIC_HTMSI_ENABLE: usize = 0x40;
const PCH_PIC_EDGE: usize = 0x60;
const PCH_PIC_CLEAR: usize = 0x80;
const PCH_PIC_ROUTE: usize = 0x100;
const PCH_PIC_VECTOR: usize = 0x200;
const PCH_PIC_POLARITY: usize = 0x3e0;
const PCH_PIC_INPUTS: usize = 64;

/// Sets both controllers up, everything masked, and enables the CPU's two lines.
pub fn init(_boot: &BootInfo) {
    // Only whole 64-bit accesses work here.
    iocsr_write_u64(IOCSR_MISC, iocsr_read_u64(IOCSR_MISC) | EXTENDED_ON);
    // Node 0 only: each 32-bit word holds two node entries.
    for i in 0..4 {
        iocsr_write_u32(EIOINTC_NODEMAP + i * 4, 0x0002_0001);
    }
    // Each byte routes a group of 32 vectors to a CPU pin, one bit per pin: pin 1.
    for i in 0..2 {
        iocsr_write_u32(EIOINTC_IPMAP + i * 4, 0x0202_0202);
    }
    // Each byte is a vector's target: node 0, core 0.
    for i in 0..64 {
        iocsr_write_u32(EIOINTC_ROUTE + i * 4, 0x0101_0101);
    }
    for i in 0..8 {
        iocsr_write_u32(EIOINTC_BOUNCE + i * 4, u32::MAX);
        iocsr_write_u32(EIOINTC_ENABLE + i * 4, u32::MAX);
    }
    for half in [0, 4] {
        pic_write(PCH_PIC_MASK + half, u32::MAX);
        pic_write(PCH_PIC_HTMSI_ENABLE + half, u32::MAX);
        pic_write(PCH_PIC_EDGE + half, 0);
        pic_write(PCH_PIC_CLEAR + half, u32::MAX);
        pic_write(PCH_PIC_POLARITY + half, 0);
    }
    for input in 0..PCH_PIC_INPUTS {
        pic_write_u8(PCH_PIC_ROUTE + input, 1);
        pic_write_u8(PCH_PIC_VECTOR + input, input as u8);
    }
    // SAFETY: the handlers are installed (`trap::init`) and CRMD.IE is still off.
    unsafe { csrwr!(csr::ECFG, HWI1 | TIMER) };
}

/// Unmasks a line.
pub fn enable_line(line: u32) {
    set_masked(line, false);
}

/// Masks a line.
pub fn disable_line(line: u32) {
    set_masked(line, true);
}

fn set_masked(line: u32, masked: bool) {
    let Some(register) = mask_register(line) else {
        return;
    };
    let bit = 1 << (line % 32);
    let old = pic_read(register);
    pic_write(register, if masked { old | bit } else { old & !bit });
}

fn mask_register(line: u32) -> Option<usize> {
    ((line as usize) < PCH_PIC_INPUTS).then_some(PCH_PIC_MASK + line as usize / 32 * 4)
}

/// Serves everything that ESTAT shows pending.
pub fn handle(estat: usize) {
    let pending = estat & csrrd!(csr::ECFG);
    if pending & TIMER != 0 {
        // Acknowledge before dispatch: the handler arms the next shot.
        // SAFETY: TICLR only clears the pending bit.
        unsafe { csrwr!(csr::TICLR, 1) };
        (hooks().timer)();
    }
    if pending & HWI1 != 0 {
        for word in 0..VECTOR_WORDS {
            let mut vectors = iocsr_read_u32(EIOINTC_CORE_ISR + word * 4);
            // Cleared first: an edge that comes while a handler runs must stay pending.
            iocsr_write_u32(EIOINTC_CORE_ISR + word * 4, vectors);
            while vectors != 0 {
                (hooks().device)(word as u32 * 32 + vectors.trailing_zeros());
                vectors &= vectors - 1;
            }
        }
    }
}

/// Serves what is pending now; for the run loop's way back to user mode.
pub fn poll() {
    handle(csrrd!(csr::ESTAT));
}

/// Sleeps until an interrupt, serves it, returns with interrupts off again.
///
/// An interrupt between the enable and `idle` would be lost for the sleep, so the
/// idle instruction runs with interrupts off: it wakes for a pending enabled line
/// whatever CRMD.IE says, and the window after it takes the exception.
pub fn wait_for_interrupt() {
    // SAFETY: `__trap_entry` preserves every register for exceptions in kernel mode.
    unsafe {
        core::arch::asm!(
            "idle 0",
            "csrxchg {on}, {mask}, 0x0",
            "nop",
            "csrxchg {off}, {mask}, 0x0",
            on = inout(reg) csr::IE => _,
            off = inout(reg) 0usize => _,
            mask = in(reg) csr::IE,
            options(nostack),
        );
    }
}

fn pic_read(offset: usize) -> u32 {
    // SAFETY: PCH-PIC's registers, mapped uncached by the 0x8000… window.
    unsafe {
        super::mmio_to_virt(PCH_PIC + offset)
            .cast::<u32>()
            .read_volatile()
    }
}

fn pic_write(offset: usize, value: u32) {
    // SAFETY: as in `pic_read`.
    unsafe {
        super::mmio_to_virt(PCH_PIC + offset)
            .cast::<u32>()
            .write_volatile(value)
    }
}

fn pic_write_u8(offset: usize, value: u8) {
    // SAFETY: as in `pic_read`; ROUTE and VECTOR are byte registers.
    unsafe { super::mmio_to_virt(PCH_PIC + offset).write_volatile(value) }
}
