//! Floating-point registers: owned by one user context at a time, saved late.
//!
//! The kernel uses no floating point, so the registers keep the state of the
//! context that used them last, the *owner*, while the kernel and other threads
//! run. [`prepare`] decides at each entry to user mode: the owner goes on as it is;
//! another context runs with FS = Off and takes the registers over at its first
//! use ([`take`], from the illegal-instruction trap), or at once if it used them in
//! its last turn, which saves the trap. `sstatus.FS` says whether the registers
//! changed since they were loaded, so what did not change is never stored.
//!
//! The state lives in a box of its own so that its address stays when the
//! `UserContext` moves; dropping it ends the ownership.

use super::{OneHart, context::UserContext, trap};
use alloc::boxed::Box;
use core::{
    arch::asm,
    cell::{Cell, UnsafeCell},
    ptr,
};

/// sstatus.FS.
const FS: usize = 3 << 13;
const FS_CLEAN: usize = 2 << 13;

unsafe extern "C" {
    fn fp_save(registers: *mut Registers);
    fn fp_load(registers: *const Registers);
}

/// f0..f31 and fcsr; `trap.S` knows the layout.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Registers {
    pub(super) f: [u64; 32],
    pub(super) fcsr: u64,
}

/// One context's registers, current unless it is the owner and dirty.
pub(super) struct FpState {
    registers: UnsafeCell<Registers>,
    /// The CPU holds newer values than `registers`. Only while owner.
    dirty: Cell<bool>,
    /// Used in its last turn: load at entry instead of waiting for the trap.
    eager: Cell<bool>,
}

/// Whose values the CPU's registers are; null: nobody's.
static OWNER: OneHart<Cell<*const FpState>> = OneHart(Cell::new(ptr::null()));

impl FpState {
    /// All zero, round to nearest: what a new program sees.
    pub(super) fn new() -> Box<FpState> {
        Self::with(
            Registers {
                f: [0; 32],
                fcsr: 0,
            },
            false,
        )
    }

    fn with(registers: Registers, eager: bool) -> Box<FpState> {
        Box::new(FpState {
            registers: UnsafeCell::new(registers),
            dirty: Cell::new(false),
            eager: Cell::new(eager),
        })
    }

    /// A copy with the current values, for fork(2).
    pub(super) fn duplicate(&self) -> Box<FpState> {
        Self::with(self.current(), self.eager.get())
    }

    /// The current values, wherever they are.
    pub(super) fn current(&self) -> Registers {
        if self.dirty.get() {
            self.save();
        }
        // SAFETY: nobody else holds a reference; see `save`.
        unsafe { *self.registers.get() }
    }

    /// Replaces the values (sigreturn).
    pub(super) fn replace(&mut self, registers: Registers) {
        self.disown();
        *self.registers.get_mut() = registers;
        self.eager.set(true);
    }

    fn is_owner(&self) -> bool {
        ptr::eq(OWNER.0.get(), self)
    }

    fn disown(&self) {
        if self.is_owner() {
            OWNER.0.set(ptr::null());
            self.dirty.set(false);
        }
    }

    /// Stores the CPU's registers; they stay loaded, and `prepare` makes them Clean.
    fn save(&self) {
        turn_on();
        // SAFETY: FS is on; the cell is only accessed here and in `current`,
        // `replace` and `take`, none of which keeps a reference.
        unsafe { fp_save(self.registers.get()) };
        self.dirty.set(false);
    }
}

impl Drop for FpState {
    fn drop(&mut self) {
        self.disown();
    }
}

// SAFETY: the cells are touched by kernel code on one hart, with interrupts off.
unsafe impl Send for FpState {}
// SAFETY: as above.
unsafe impl Sync for FpState {}

/// Sets FS in the context for the coming entry to user mode.
pub(super) fn prepare(context: &mut UserContext) {
    if context.fp.is_owner() {
        if !context.fp.dirty.get() {
            // Saved in between, for a fork or a signal frame.
            context.sstatus = context.sstatus & !FS | FS_CLEAN;
        }
        return;
    }
    if context.fp.eager.get() {
        take(context);
    } else {
        context.sstatus &= !FS;
    }
}

/// After user mode with FS = Clean: FS says whether the registers changed.
pub(super) fn note(context: &UserContext) {
    if context.sstatus & FS == FS {
        context.fp.dirty.set(true);
    }
}

/// Whether a use of the unit in user mode would go unnoticed.
pub(super) fn is_clean(context: &UserContext) -> bool {
    context.sstatus & FS == FS_CLEAN
}

/// Whether the context ran with the unit off, so that an illegal instruction may
/// have been its first use.
pub(super) fn is_off(context: &UserContext) -> bool {
    context.sstatus & FS == 0
}

/// Makes the context the owner.
pub(super) fn take(context: &mut UserContext) {
    let old = OWNER.0.get();
    turn_on();
    // SAFETY: an owner is alive: its drop clears OWNER.
    if let Some(old) = unsafe { old.as_ref() } {
        // Unchanged registers mean that loading them ahead was no gain.
        old.eager.set(old.dirty.get());
        if old.dirty.get() {
            old.save();
        }
    }
    // SAFETY: FS is on; see `save` for the cell.
    unsafe { fp_load(context.fp.registers.get()) };
    OWNER.0.set(&raw const *context.fp);
    context.sstatus = context.sstatus & !FS | FS_CLEAN;
}

fn turn_on() {
    trap::LIVE_SSTATUS.0.set(0);
    // SAFETY: sets FS; the kernel uses no floating point, and the next entry to
    // user mode writes the whole field.
    unsafe { asm!("csrs sstatus, {}", in(reg) FS, options(nomem, nostack)) };
}
