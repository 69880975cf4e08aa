//! What the port calls upwards, registered once by `main`.
//!
//! Three plain function pointers instead of `use` lines that would point up:
//! device interrupts and the timer go to `irq` and `time`, a fault inside a user
//! copy goes to `mm`. Read on the interrupt path, so the cell is not locked: it is
//! written once, at boot, on the only CPU, before interrupts are on.

use super::Access;
use core::cell::Cell;

/// The functions that a port calls.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// A device interrupt line was claimed. Interrupts off; must not block.
    pub device: fn(line: u32),
    /// The one-shot timer fired. Interrupts off; must not block.
    pub timer: fn(),
    /// A user copy touched this user address; `true`: resolved, repeat the access. May sleep.
    pub fault: fn(addr: usize, access: Access) -> bool,
}

struct Slot(Cell<Hooks>);

// SAFETY: one CPU runs kernel code; `set` runs at boot before any reader can.
unsafe impl Sync for Slot {}

static HOOKS: Slot = Slot(Cell::new(Hooks {
    device: |_| {},
    timer: || {},
    fault: |_, _| false,
}));

/// Registers the hooks; called once by `main` before interrupts are first enabled.
pub fn set_hooks(hooks: Hooks) {
    HOOKS.0.set(hooks);
}

/// The registered hooks, for the ports.
pub(super) fn hooks() -> Hooks {
    HOOKS.0.get()
}
