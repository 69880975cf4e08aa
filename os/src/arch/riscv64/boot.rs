//! From OpenSBI to `kernel_main`. The first instructions are in `boot.S`.

use super::{OneHart, cpu, paging, sbi, timer, trap};
use crate::arch::{BootInfo, Region, virt_to_phys};
use core::{cell::Cell, ptr};

core::arch::global_asm!(include_str!("boot.S"));

static BOOT_HART: OneHart<Cell<usize>> = OneHart(Cell::new(0));

/// The hart that runs; the PLIC context is looked up by it.
pub(super) fn boot_hart() -> usize {
    BOOT_HART.0.get()
}

/// Called by `boot.S` on the boot stack with the linear map on and BSS clear.
#[unsafe(no_mangle)]
extern "C" fn start_kernel(hart: usize, fdt_pa: usize) -> ! {
    unsafe extern "C" {
        static _kernel_start: u8;
        static _kernel_end: u8;
    }
    BOOT_HART.0.set(hart);
    paging::drop_identity();
    trap::init();
    paging::protect_kernel();
    let kernel = Region {
        start: virt_to_phys(ptr::addr_of!(_kernel_start)),
        end: virt_to_phys(ptr::addr_of!(_kernel_end)),
    };
    // SAFETY: a1 is the FDT by the SBI boot protocol, in RAM, mapped, and nothing
    // has been allocated yet.
    let Some(boot) = (unsafe { BootInfo::from_fdt(fdt_pa, kernel) }) else {
        b"sockeye: no device tree in a1; cannot go on\r\n"
            .iter()
            .for_each(|&byte| sbi::early_putc(byte));
        sbi::crash_off();
    };
    sbi::init(&boot);
    cpu::init(&boot);
    timer::init(&boot);
    crate::kernel_main(boot)
}
