//! Calls into the firmware (SBI specification 1.0), and the way out of the machine.

use super::OneHart;
use crate::arch::{BootInfo, mmio_to_virt};
use core::{arch::asm, cell::Cell};
use fdt::Fdt;

const EXT_CONSOLE_PUTCHAR: usize = 0x01; // chapter 5.2, legacy
const EXT_TIME: usize = 0x5449_4d45; // chapter 6
const EXT_SRST: usize = 0x5352_5354; // chapter 10
const SRST_SHUTDOWN: usize = 0;
const SRST_COLD_REBOOT: usize = 1;

/// Physical address of QEMU's test device, 0 when there is none.
static TEST_DEVICE: OneHart<Cell<usize>> = OneHart(Cell::new(0));

/// Finds the device that ends QEMU with an exit status.
pub(super) fn init(boot: &BootInfo) {
    let Ok(tree) = Fdt::new(boot.fdt) else { return };
    let address = tree
        .find_compatible(&["sifive,test1", "sifive,test0"])
        .and_then(|node| node.reg()?.next())
        .map(|reg| reg.starting_address as usize);
    TEST_DEVICE.0.set(address.unwrap_or(0));
}

fn call(extension: usize, function: usize, arg0: usize, arg1: usize) -> isize {
    let error: isize;
    // SAFETY: an SBI call clobbers a0 and a1 only (chapter 3) and none of the
    // calls made here touches memory.
    unsafe {
        asm!("ecall", inlateout("a0") arg0 => error, inlateout("a1") arg1 => _,
             in("a6") function, in("a7") extension, options(nostack));
    }
    error
}

/// One byte to the firmware's console, polled.
pub fn early_putc(byte: u8) {
    call(EXT_CONSOLE_PUTCHAR, 0, byte as usize, 0);
}

/// Arms the timer at an absolute tick and clears a pending timer interrupt.
pub(super) fn set_timer(tick: u64) {
    call(EXT_TIME, 0, tick as usize, 0);
}

/// Powers the machine off.
pub fn power_off() -> ! {
    call(EXT_SRST, 0, SRST_SHUTDOWN, 0);
    stop()
}

/// Restarts the machine.
pub fn reboot() -> ! {
    call(EXT_SRST, 0, SRST_COLD_REBOOT, 0);
    stop()
}

/// Ends the machine after a panic: QEMU exits with status 1 where it has the
/// test device (`FINISHER_FAIL` with a code in the upper half).
pub fn crash_off() -> ! {
    let device = TEST_DEVICE.0.get();
    if device != 0 {
        // SAFETY: the FDT names this register; a 32-bit store ends the machine.
        unsafe { mmio_to_virt(device).cast::<u32>().write_volatile(0x1_3333) };
    }
    call(EXT_SRST, 0, SRST_SHUTDOWN, 1);
    stop()
}

fn stop() -> ! {
    loop {
        // SAFETY: waits; interrupts are off.
        unsafe { asm!("wfi", options(nomem, nostack)) };
    }
}
