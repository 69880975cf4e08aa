//! Interrupt lines and who handles them.
//!
//! `arch` claims a line and calls [`dispatch`]; drivers call [`register`] once at
//! probe time. Handlers run with interrupts off, never block and never allocate:
//! they mask their device and wake somebody.

use alloc::boxed::Box;

/// A line number of the platform's interrupt controller (PLIC source, PCH-PIC input).
pub type Line = u32;

/// Sets up the controller and the timer interrupt.
pub fn init(_boot: &crate::arch::BootInfo) {
    todo!()
}

/// Runs `handler` at every interrupt of `line` and enables the line. Lines may be shared.
pub fn register(_line: Line, _handler: Box<dyn Fn() + Send + Sync>) {
    todo!()
}

/// Called by `arch` for each claimed line.
pub fn dispatch(_line: Line) {
    todo!()
}
