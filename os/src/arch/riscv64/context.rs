//! User registers and kernel threads' registers.

use super::fp::FpState;
use alloc::boxed::Box;
use core::{
    fmt,
    mem::{offset_of, size_of},
};

/// sstatus.SPIE: interrupts on in user mode. SPP (bit 8) clear: it is user mode.
const SPIE: usize = 1 << 5;
/// sstatus.SUM: see `copy`.
pub(super) const SUM: usize = 1 << 18;
/// sstatus.UXL = 64 bits.
const UXL: usize = 2 << 32;

/// The registers of a user thread. `trap.S` knows the offsets.
#[repr(C)]
pub struct UserContext {
    /// pc, then x1..x31: the order of `user_regs_struct` and of the signal frame.
    pub(super) gregs: [usize; 32],
    kernel_sp: usize,
    pub(super) sstatus: usize,
    pub(super) scause: usize,
    /// a0 as it was at the system call, for a restart.
    first_arg: usize,
    pub(super) fp: Box<FpState>,
}

const _: () = assert!(offset_of!(UserContext, kernel_sp) == 256);
const _: () = assert!(offset_of!(UserContext, sstatus) == 264);

// The ABI's register numbers.
const RA: usize = 1;
const SP: usize = 2;
const TP: usize = 4;
const A0: usize = 10;
const A7: usize = 17;

impl UserContext {
    /// All registers zero but pc and sp.
    pub fn new(entry: usize, sp: usize) -> UserContext {
        let mut gregs = [0; 32];
        gregs[0] = entry;
        gregs[SP] = sp;
        UserContext {
            gregs,
            kernel_sp: 0,
            sstatus: SPIE | SUM | UXL,
            scause: 0,
            first_arg: 0,
            fp: FpState::new(),
        }
    }

    /// What a7 holds.
    pub fn syscall_number(&self) -> usize {
        self.gregs[A7]
    }

    /// For restart_syscall(2).
    pub fn set_syscall_number(&mut self, number: usize) {
        self.gregs[A7] = number;
    }

    /// a0 to a5.
    pub fn syscall_args(&self) -> [usize; 6] {
        let a = &self.gregs[A0..A0 + 6];
        [a[0], a[1], a[2], a[3], a[4], a[5]]
    }

    /// The result register.
    pub fn syscall_result(&self) -> isize {
        self.gregs[A0] as isize
    }

    /// Sets the result register.
    pub fn set_syscall_result(&mut self, value: isize) {
        self.gregs[A0] = value as usize;
    }

    /// Goes back to the `ecall` with the first argument restored.
    pub fn restart_syscall(&mut self) {
        self.gregs[0] = self.gregs[0].wrapping_sub(4);
        self.gregs[A0] = self.first_arg;
    }

    /// At a system call: remembers the first argument, moves past the `ecall`.
    pub(super) fn note_syscall(&mut self) {
        self.first_arg = self.gregs[A0];
        self.gregs[0] = self.gregs[0].wrapping_add(4);
    }

    /// Program counter.
    pub fn pc(&self) -> usize {
        self.gregs[0]
    }

    /// Stack pointer.
    pub fn sp(&self) -> usize {
        self.gregs[SP]
    }

    /// Sets the stack pointer.
    pub fn set_sp(&mut self, sp: usize) {
        self.gregs[SP] = sp;
    }

    /// Sets the thread pointer (CLONE_SETTLS).
    pub fn set_tls(&mut self, tls: usize) {
        self.gregs[TP] = tls;
    }

    /// Calls a signal handler: `handler(args…)` on the stack `sp`, returning to `return_to`.
    pub fn call(&mut self, handler: usize, args: [usize; 3], return_to: usize, sp: usize) {
        self.gregs[0] = handler;
        self.gregs[RA] = return_to;
        self.gregs[SP] = sp;
        self.gregs[A0..A0 + 3].copy_from_slice(&args);
    }
}

impl Clone for UserContext {
    /// fork(2): the copy has the same registers, floating point included.
    fn clone(&self) -> UserContext {
        UserContext {
            gregs: self.gregs,
            kernel_sp: 0,
            // FS is decided at the next entry.
            sstatus: SPIE | SUM | UXL,
            scause: self.scause,
            first_arg: self.first_arg,
            fp: self.fp.duplicate(),
        }
    }
}

const NAMES: [&str; 32] = [
    "pc", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
    "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5",
    "t6",
];

/// All registers, four to a line.
pub fn user_registers(context: &UserContext, out: &mut dyn fmt::Write) -> fmt::Result {
    write_registers(&context.gregs, out)
}

pub(super) fn write_registers(gregs: &[usize; 32], out: &mut dyn fmt::Write) -> fmt::Result {
    for (n, (name, value)) in NAMES.iter().zip(gregs).enumerate() {
        let end = if n % 4 == 3 { "\n" } else { " " };
        write!(out, "{name:>3} {value:016x}{end}")?;
    }
    Ok(())
}

/// The callee-saved registers of a kernel thread that is not running.
#[repr(C)]
pub struct KernelContext {
    ra: usize,
    sp: usize,
    s: [usize; 12],
}

const _: () = assert!(size_of::<KernelContext>() == 14 * 8);

unsafe extern "C" {
    fn switch_asm(prev: *mut KernelContext, next: *const KernelContext);
    fn thread_start();
}

impl KernelContext {
    /// For a thread that is running now; the first switch away fills it.
    pub const fn empty() -> KernelContext {
        KernelContext {
            ra: 0,
            sp: 0,
            s: [0; 12],
        }
    }

    /// A thread that will run `entry(arg)` on the stack that ends at `stack_top`.
    pub fn new(stack_top: usize, entry: extern "C" fn(usize) -> !, arg: usize) -> KernelContext {
        let mut s = [0; 12];
        s[0] = entry as usize;
        s[1] = arg;
        KernelContext {
            ra: thread_start as *const () as usize,
            sp: stack_top & !15,
            s,
        }
    }
}

/// Leaves the running thread in `prev` and continues `next`; returns when somebody
/// switches back to `prev`.
///
/// # Safety
/// `prev` must be the running thread's, `next` one that was left by `switch` or
/// made by [`KernelContext::new`] with a live stack; both must stay valid.
pub unsafe fn switch(prev: *mut KernelContext, next: *const KernelContext) {
    // SAFETY: the caller's contract.
    unsafe { switch_asm(prev, next) };
}
