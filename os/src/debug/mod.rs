//! Log lines, counters and the panic report.

/// Installs the logger.
pub fn init() {
    todo!()
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
