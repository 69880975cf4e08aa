//! Floating point and LSX: who owns the registers, and when they are saved.
//!
//! The kernel uses neither. The registers belong to one [`FpState`], the owner;
//! every other thread runs with the units off, and its first instruction that
//! needs them traps, saves the owner's registers and loads its own ([`grant`]).
//! LSX registers overlay the FPU's, so a CPU with LSX always moves all 128 bits.
//! LASX is neither enabled nor advertised.

use super::{
    boot,
    csr::{self, csrrd, csrwr},
    user::UserContext,
};
use alloc::boxed::Box;
use core::{
    arch::asm,
    cell::Cell,
    ptr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// EUEN: the FPU.
const FPE: usize = 1 << 0;
/// EUEN: LSX.
const SXE: usize = 1 << 1;

/// Saved registers. Boxed, so that its address is the owner's identity.
#[derive(Clone)]
#[repr(C, align(16))]
pub struct FpState {
    /// Vector registers; the low half is the FPU register.
    pub vr: [[u64; 2]; 32],
    /// Condition flags, one byte each (`fcc0` in the lowest).
    pub fcc: u64,
    /// Rounding mode, enables, flags.
    pub fcsr: u32,
}

struct Owner(Cell<*mut FpState>);

// SAFETY: one CPU runs kernel code and is never preempted, so accesses do not overlap.
unsafe impl Sync for Owner {}

/// Whose values are in the registers; null: nobody's.
static OWNER: Owner = Owner(Cell::new(ptr::null_mut()));

/// [`units`], read once: `cpucfg` is slow where it is emulated.
static UNITS: AtomicUsize = AtomicUsize::new(0);

/// Finds out what the CPU has.
pub fn init() {
    let has = boot::features();
    let units = if has.fpu { FPE } else { 0 } | if has.lsx { SXE } else { 0 };
    UNITS.store(units, Relaxed);
}

impl FpState {
    /// The state of a new program: all zero.
    pub fn new() -> Box<FpState> {
        Box::new(FpState {
            vr: [[0; 2]; 32],
            fcc: 0,
            fcsr: 0,
        })
    }

    /// A copy of the current values, wherever they are.
    pub fn duplicate(&self) -> Box<FpState> {
        self.flush();
        Box::new(self.clone())
    }

    /// Brings the memory up to date; the registers stay valid and owned.
    pub fn flush(&self) {
        if self.is_owner() {
            enable_units();
            // SAFETY: `self` is the owner, so the registers hold its values and the
            // pointer recorded at `grant` is the box that `self` borrows.
            unsafe { save(OWNER.0.get()) };
        }
    }

    /// Forgets the registers: the memory has newer values, or goes away.
    pub fn disown(&self) {
        if self.is_owner() {
            OWNER.0.set(ptr::null_mut());
        }
    }

    fn is_owner(&self) -> bool {
        ptr::eq(OWNER.0.get(), self)
    }
}

impl Drop for FpState {
    fn drop(&mut self) {
        self.disown();
    }
}

/// Turns the units on or off for a thread that is about to run.
pub fn prepare(cx: &UserContext) {
    let wanted = if cx.fp.is_owner() { units() } else { 0 };
    if csrrd!(csr::EUEN) != wanted {
        // SAFETY: with the units on the registers hold `cx`'s own values.
        unsafe { csrwr!(csr::EUEN, wanted) };
    }
}

/// Gives the registers to `cx` after its first use trapped; `false` when the CPU has no such unit.
pub fn grant(cx: &mut UserContext) -> bool {
    if units() == 0 || cx.fp.is_owner() {
        return false;
    }
    enable_units();
    let owner = OWNER.0.get();
    if !owner.is_null() {
        // SAFETY: the owner's box is alive, because dropping it clears `OWNER`.
        unsafe { save(owner) };
    }
    // SAFETY: the units are on, and the old values are saved.
    unsafe { restore(&cx.fp) };
    OWNER.0.set(&raw mut *cx.fp);
    true
}

/// `si_code` of SIGFPE from the cause field of `fcsr0` (bits 28:24, V Z O U I).
pub fn exception_code(cx: &mut UserContext) -> i32 {
    use abi::general::{FPE_FLTDIV, FPE_FLTINV, FPE_FLTOVF, FPE_FLTRES, FPE_FLTUND};
    cx.fp.flush();
    let cause = cx.fp.fcsr >> 24;
    let code = match () {
        _ if cause & 0x10 != 0 => FPE_FLTINV,
        _ if cause & 0x08 != 0 => FPE_FLTDIV,
        _ if cause & 0x04 != 0 => FPE_FLTOVF,
        _ if cause & 0x02 != 0 => FPE_FLTUND,
        _ => FPE_FLTRES,
    };
    code as i32
}

/// EUEN bits of what the CPU has.
fn units() -> usize {
    UNITS.load(Relaxed)
}

fn has_lsx() -> bool {
    units() & SXE != 0
}

fn enable_units() {
    // SAFETY: the kernel itself uses no floating-point register.
    unsafe { csrwr!(csr::EUEN, units()) };
}

/// # Safety
/// The units must be on and `state` writable.
unsafe fn save(state: *mut FpState) {
    // SAFETY: by the caller; the LSX variant runs only where `cpucfg` shows LSX.
    unsafe {
        if has_lsx() {
            save_lsx(state.cast());
        } else {
            save_fpu(state.cast());
        }
        save_flags(state);
    }
}

/// # Safety
/// The units must be on.
unsafe fn restore(state: &FpState) {
    // SAFETY: as in `save`.
    unsafe {
        if has_lsx() {
            restore_lsx(ptr::from_ref(state).cast());
        } else {
            restore_fpu(ptr::from_ref(state).cast());
        }
        restore_flags(state);
    }
}

/// One instruction per register, each 16 bytes further.
macro_rules! each_register {
    ($base:expr, $instruction:literal, $prefix:literal) => {
        each_register!(@ $base, $instruction, $prefix,
            0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
            16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31)
    };
    (@ $base:expr, $instruction:literal, $prefix:literal, $($n:literal)*) => {
        asm!(
            $(concat!($instruction, " $", $prefix, stringify!($n), ", {base}, ", stringify!($n), " * 16"),)*
            base = in(reg) $base,
            options(nostack),
        )
    };
}

/// # Safety
/// LSX is on; `regs` points to 32 aligned 16-byte slots.
#[target_feature(enable = "lsx")]
unsafe fn save_lsx(regs: *mut u8) {
    // SAFETY: by the caller.
    unsafe { each_register!(regs, "vst", "vr") }
}

/// # Safety
/// LSX is on; `regs` points to 32 aligned 16-byte slots.
#[target_feature(enable = "lsx")]
unsafe fn restore_lsx(regs: *const u8) {
    // SAFETY: by the caller; the registers belong to user mode only.
    unsafe { each_register!(regs, "vld", "vr") }
}

/// # Safety
/// The FPU is on; `regs` points to 32 aligned 16-byte slots.
#[target_feature(enable = "d")]
unsafe fn save_fpu(regs: *mut u8) {
    // SAFETY: by the caller.
    unsafe { each_register!(regs, "fst.d", "f") }
}

/// # Safety
/// The FPU is on; `regs` points to 32 aligned 16-byte slots.
#[target_feature(enable = "d")]
unsafe fn restore_fpu(regs: *const u8) {
    // SAFETY: by the caller; the registers belong to user mode only.
    unsafe { each_register!(regs, "fld.d", "f") }
}

/// # Safety
/// The FPU is on and `state` writable.
#[target_feature(enable = "d")]
unsafe fn save_flags(state: *mut FpState) {
    let (mut fcc, fcsr): (u64, u64);
    // SAFETY: by the caller; reads flags only.
    unsafe {
        asm!(
            "movcf2gr {t}, $fcc0", "move {v}, {t}",
            "movcf2gr {t}, $fcc1", "bstrins.d {v}, {t}, 15, 8",
            "movcf2gr {t}, $fcc2", "bstrins.d {v}, {t}, 23, 16",
            "movcf2gr {t}, $fcc3", "bstrins.d {v}, {t}, 31, 24",
            "movcf2gr {t}, $fcc4", "bstrins.d {v}, {t}, 39, 32",
            "movcf2gr {t}, $fcc5", "bstrins.d {v}, {t}, 47, 40",
            "movcf2gr {t}, $fcc6", "bstrins.d {v}, {t}, 55, 48",
            "movcf2gr {t}, $fcc7", "bstrins.d {v}, {t}, 63, 56",
            "movfcsr2gr {t}, $fcsr0",
            v = out(reg) fcc,
            t = out(reg) fcsr,
            options(nostack),
        );
        fcc &= 0x0101_0101_0101_0101;
        (*state).fcc = fcc;
        (*state).fcsr = fcsr as u32;
    }
}

/// # Safety
/// The FPU is on.
#[target_feature(enable = "d")]
unsafe fn restore_flags(state: &FpState) {
    // SAFETY: by the caller; `fcsr` was read from the CPU or masked by `mcontext`.
    unsafe {
        asm!(
            "movgr2cf $fcc0, {v}", "srli.d {v}, {v}, 8",
            "movgr2cf $fcc1, {v}", "srli.d {v}, {v}, 8",
            "movgr2cf $fcc2, {v}", "srli.d {v}, {v}, 8",
            "movgr2cf $fcc3, {v}", "srli.d {v}, {v}, 8",
            "movgr2cf $fcc4, {v}", "srli.d {v}, {v}, 8",
            "movgr2cf $fcc5, {v}", "srli.d {v}, {v}, 8",
            "movgr2cf $fcc6, {v}", "srli.d {v}, {v}, 8",
            "movgr2cf $fcc7, {v}",
            "movgr2fcsr $fcsr0, {c}",
            v = inout(reg) state.fcc => _,
            c = in(reg) state.fcsr as u64,
            options(nostack),
        );
    }
}
