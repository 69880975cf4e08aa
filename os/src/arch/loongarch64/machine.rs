//! The `virt` machine's console and the ways out.

use super::mmio_to_virt;

const UART: usize = 0x1fe0_01e0;
const UART_LINE_STATUS: usize = UART + 5;
/// Line status: the transmitter takes a byte.
const TRANSMIT_EMPTY: u8 = 1 << 5;

/// ACPI generic event device, as the machine's tables describe it: sleep control and reset.
const GED_SLEEP: usize = 0x100e_001c;
const GED_SLEEP_S5: u8 = 0x34;
const GED_RESET: usize = 0x100e_001e;
const GED_RESET_VALUE: u8 = 0x42;

/// The UART, polled; works before any init.
pub fn early_putc(byte: u8) {
    // SAFETY: NS16550 registers in the uncached window; reading the line status and
    // writing the transmit register touch no memory.
    unsafe {
        while mmio_to_virt(UART_LINE_STATUS).read_volatile() & TRANSMIT_EMPTY == 0 {}
        mmio_to_virt(UART).write_volatile(byte);
    }
}

/// Orderly power-off.
pub fn power_off() -> ! {
    write_and_stop(GED_SLEEP, GED_SLEEP_S5)
}

/// After a panic. The machine has no register that gives QEMU an exit code, so the
/// report on the console is the only sign.
pub fn crash_off() -> ! {
    power_off()
}

/// Machine reset (QEMU's `-no-reboot` turns it into an exit).
pub fn reboot() -> ! {
    write_and_stop(GED_RESET, GED_RESET_VALUE)
}

fn write_and_stop(register: usize, value: u8) -> ! {
    // SAFETY: the machine stops here; nothing runs after it.
    unsafe { mmio_to_virt(register).write_volatile(value) };
    loop {
        // SAFETY: interrupts are off, so this sleeps for good if the write did nothing.
        unsafe { core::arch::asm!("idle 0", options(nomem, nostack)) };
    }
}
