//! Control and status registers, IOCSR and the few instructions that Rust has no name for.
//!
//! Numbers are from the LoongArch Reference Manual, volume 1, chapter 7 ("Control
//! and Status Registers"); only registers that this port uses are listed.

/// Which extension units (FPU, LSX, LASX) are on.
pub const EUEN: u32 = 0x2;
/// Which interrupts are enabled, and vector spacing.
pub const ECFG: u32 = 0x4;
/// Exception code and pending interrupts.
pub const ESTAT: u32 = 0x5;
/// The address that faulted.
pub const BADV: u32 = 0x7;
/// Entry of all exceptions but TLB refill and machine error.
pub const EENTRY: u32 = 0xc;
/// TLB index, page size and the "no entry" bit.
pub const TLBIDX: u32 = 0x10;
/// The virtual page pair that TLB instructions work on.
pub const TLBEHI: u32 = 0x11;
/// Address space number.
pub const ASID: u32 = 0x18;
/// Root of the lower half.
pub const PGDL: u32 = 0x19;
/// Root of the upper half.
pub const PGDH: u32 = 0x1a;
/// Page walk: leaf table, directories 1 and 2.
pub const PWCL: u32 = 0x1c;
/// Page walk: directories 3 and 4.
pub const PWCH: u32 = 0x1d;
/// Page size of the set-associative TLB.
pub const STLBPS: u32 = 0x1e;
/// Timer: enable, period, initial value.
pub const TCFG: u32 = 0x41;
/// Writing 1 acknowledges the timer interrupt.
pub const TICLR: u32 = 0x44;
/// Entry of the TLB refill exception (a physical address).
pub const TLBRENTRY: u32 = 0x88;
/// TLB refill: page size of the entry to fill.
pub const TLBREHI: u32 = 0x8e;

/// `CRMD`/`PRMD`: interrupts enabled.
pub const IE: usize = 1 << 2;

/// Reads a CSR.
macro_rules! csrrd {
    ($csr:expr) => {{
        let value: usize;
        // SAFETY: reading a CSR that the manual defines has no side effect on memory.
        unsafe {
            core::arch::asm!("csrrd {}, {}", out(reg) value, const $csr, options(nomem, nostack));
        }
        value
    }};
}

/// Writes a CSR. The caller states why the new value is sound.
macro_rules! csrwr {
    ($csr:expr, $value:expr) => {{
        let value: usize = $value;
        core::arch::asm!("csrwr {}, {}", inout(reg) value => _, const $csr, options(nostack));
    }};
}

pub(super) use {csrrd, csrwr};

/// Word `n` of the CPU's description (`cpucfg`).
pub fn cpucfg(n: usize) -> u32 {
    let value: usize;
    // SAFETY: `cpucfg` reads a constant; undefined words read as zero.
    unsafe {
        core::arch::asm!("cpucfg {}, {}", out(reg) value, in(reg) n, options(nomem, nostack, pure));
    }
    value as u32
}

/// Reads a 32-bit IOCSR register.
pub fn iocsr_read_u32(addr: usize) -> u32 {
    let value: usize;
    // SAFETY: IOCSR space is device registers; this port reads only the interrupt controller's.
    unsafe {
        core::arch::asm!("iocsrrd.w {}, {}", out(reg) value, in(reg) addr, options(nostack));
    }
    value as u32
}

/// Writes a 32-bit IOCSR register.
pub fn iocsr_write_u32(addr: usize, value: u32) {
    // SAFETY: as above; the interrupt controller's registers do not touch memory.
    unsafe {
        core::arch::asm!("iocsrwr.w {}, {}", in(reg) value as usize, in(reg) addr, options(nostack));
    }
}

/// Reads a 64-bit IOCSR register.
pub fn iocsr_read_u64(addr: usize) -> u64 {
    let value: u64;
    // SAFETY: as in `iocsr_read_u32`.
    unsafe {
        core::arch::asm!("iocsrrd.d {}, {}", out(reg) value, in(reg) addr, options(nostack));
    }
    value
}

/// Writes a 64-bit IOCSR register.
pub fn iocsr_write_u64(addr: usize, value: u64) {
    // SAFETY: as in `iocsr_write_u32`.
    unsafe {
        core::arch::asm!("iocsrwr.d {}, {}", in(reg) value, in(reg) addr, options(nostack));
    }
}
