//! Interrupt lines and who handles them.
//!
//! `arch` claims a line and calls [`dispatch`] (through the hooks that `main`
//! registers); drivers call [`register`] once at probe time. Handlers run with
//! interrupts off, never block and never allocate: they mask their device and
//! wake somebody. The table grows at probe time only and is read by reference
//! afterwards, so it is not locked while a handler runs.

use crate::{arch, debug::Counter, sync::SpinLock};
use alloc::{boxed::Box, vec::Vec};

/// A line number of the platform's interrupt controller (PLIC source, PCH-PIC input).
pub type Line = u32;

type Handler = &'static (dyn Fn() + Send + Sync);

static HANDLERS: SpinLock<Vec<(Line, Handler)>> = SpinLock::new(Vec::new());
/// Device interrupts since boot, for /proc/stat.
pub static DEVICE_INTERRUPTS: Counter = Counter::new();
/// Interrupts of lines that nobody registered: a driver bug or a broken device.
pub static STRAY_INTERRUPTS: Counter = Counter::new();

/// Sets up the controller and the timer interrupt.
pub fn init(boot: &arch::BootInfo) {
    arch::irq_init(boot);
}

/// Runs `handler` at every interrupt of `line` and enables the line. Lines may be
/// shared: every handler of the line runs. Handlers stay for good.
pub fn register(line: Line, handler: Box<dyn Fn() + Send + Sync>) {
    HANDLERS.lock().push((line, Box::leak(handler)));
    arch::irq_enable_line(line);
}

/// Called by `arch` for each claimed line.
pub fn dispatch(line: Line) {
    DEVICE_INTERRUPTS.add(1);
    let mut found = false;
    let mut next = 0;
    // The guard is dropped before the handler runs, which may wake and so lock.
    while let Some((position, handler)) = handler_from(line, next) {
        handler();
        found = true;
        next = position + 1;
    }
    if !found {
        STRAY_INTERRUPTS.add(1);
        arch::irq_disable_line(line);
        log::warn!("interrupt on line {line}, which no driver has; line disabled");
    }
}

fn handler_from(line: Line, start: usize) -> Option<(usize, Handler)> {
    let handlers = HANDLERS.lock();
    let found = handlers[start..].iter().position(|&(l, _)| l == line)?;
    Some((start + found, handlers[start + found].1))
}
