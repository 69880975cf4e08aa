//! The panic report.

use super::logger::{self, EarlyConsole};
use crate::{arch, sched, sync::CpuLocal};
use core::{cell::Cell, fmt::Write, panic::PanicInfo};

static REPORTING: CpuLocal<Cell<bool>> = CpuLocal::new(Cell::new(false));

/// Says what happened and where, then ends the machine with a failure status, so
/// that whoever started QEMU need not wait for a timeout. A panic inside the
/// report ends the machine at once.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if REPORTING.replace(true) {
        arch::crash_off();
    }
    let location = info.location();
    let (file, line) = location.map_or(("?", 0), |at| (at.file(), at.line()));
    logger::print(format_args!(
        "panic kernel: {} at {file}:{line}",
        info.message()
    ));
    // For addr2line; without frame pointers some of them may be left-overs.
    let _ = write!(EarlyConsole, "stack:");
    arch::stack_trace(&mut |address| {
        let _ = write!(EarlyConsole, " {address:x}");
    });
    let _ = writeln!(EarlyConsole, "\nthread: {}", sched::current().name);
    arch::crash_off()
}
