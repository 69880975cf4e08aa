//! The panic report.

use super::logger::{self, EarlyConsole};
use crate::{arch, sched};
use core::{cell::Cell, fmt::Write, panic::PanicInfo};

struct Once(Cell<bool>);
// SAFETY: kernel code runs on one CPU and is not preempted.
unsafe impl Sync for Once {}

static REPORTING: Once = Once(Cell::new(false));

/// Says what happened and where, then ends the machine with a failure status, so
/// that whoever started QEMU need not wait for a timeout. A panic inside the
/// report ends the machine at once.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if REPORTING.0.replace(true) {
        arch::crash_off();
    }
    let location = info.location();
    let (file, line) = location.map_or(("?", 0), |at| (at.file(), at.line()));
    logger::print(format_args!(
        "panic kernel: {} at {file}:{line}",
        info.message()
    ));
    let _ = writeln!(EarlyConsole, "thread: {}", sched::current().name);
    arch::crash_off()
}
