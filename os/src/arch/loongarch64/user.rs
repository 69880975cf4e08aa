//! A user thread's registers.

use super::fpu::FpState;
use alloc::boxed::Box;
use core::{fmt, mem::offset_of};

/// Register numbers of the procedure call standard (LoongArch ABI, "Registers").
mod reg {
    pub const RA: usize = 1;
    pub const TP: usize = 2;
    pub const SP: usize = 3;
    pub const A0: usize = 4;
    pub const A7: usize = 11;
}

/// Bytes of every instruction.
const INSTRUCTION: usize = 4;

/// Everything that user mode can see of the CPU. `__enter_user` and `__trap_entry`
/// know the offsets.
#[repr(C)]
pub struct UserContext {
    pub(super) regs: [usize; 32],
    pub(super) pc: usize,
    /// Where `__trap_entry` finds the kernel stack again; valid inside `enter_user`.
    kernel_sp: usize,
    /// `a0` as it was at the last system call, for restarts.
    first_arg: usize,
    pub(super) fp: Box<FpState>,
}

const _: () = {
    assert!(offset_of!(UserContext, regs) == 0);
    assert!(offset_of!(UserContext, pc) == 256);
    assert!(offset_of!(UserContext, kernel_sp) == 264);
};

impl Clone for UserContext {
    /// For fork: the copy has the same floating-point registers.
    fn clone(&self) -> UserContext {
        UserContext {
            regs: self.regs,
            pc: self.pc,
            kernel_sp: 0,
            first_arg: self.first_arg,
            fp: self.fp.duplicate(),
        }
    }
}

impl UserContext {
    /// A thread about to run its first instruction: all registers but `sp` zero.
    pub fn new(entry: usize, sp: usize) -> UserContext {
        let mut cx = UserContext {
            regs: [0; 32],
            pc: entry,
            kernel_sp: 0,
            first_arg: 0,
            fp: FpState::new(),
        };
        cx.set_sp(sp);
        cx
    }

    /// `a7`.
    pub fn syscall_number(&self) -> usize {
        self.regs[reg::A7]
    }

    /// For restart_syscall(2).
    pub fn set_syscall_number(&mut self, number: usize) {
        self.regs[reg::A7] = number;
    }

    /// `a0` to `a5`.
    pub fn syscall_args(&self) -> [usize; 6] {
        core::array::from_fn(|i| self.regs[reg::A0 + i])
    }

    /// `a0` after the call.
    pub fn syscall_result(&self) -> isize {
        self.regs[reg::A0] as isize
    }

    /// Puts the result where the program looks for it.
    pub fn set_syscall_result(&mut self, value: isize) {
        self.regs[reg::A0] = value as usize;
    }

    /// Makes the call again with its first argument restored.
    pub fn restart_syscall(&mut self) {
        self.regs[reg::A0] = self.first_arg;
        self.pc -= INSTRUCTION;
    }

    /// Called at each system call: the kernel resumes behind the instruction.
    pub(super) fn skip_syscall_instruction(&mut self) {
        self.first_arg = self.regs[reg::A0];
        self.pc = self.pc.wrapping_add(INSTRUCTION);
    }

    /// Next instruction.
    pub fn pc(&self) -> usize {
        self.pc
    }

    /// Stack pointer.
    pub fn sp(&self) -> usize {
        self.regs[reg::SP]
    }

    /// Moves the stack pointer.
    pub fn set_sp(&mut self, sp: usize) {
        self.regs[reg::SP] = sp;
    }

    /// Sets the thread pointer (CLONE_SETTLS).
    pub fn set_tls(&mut self, tls: usize) {
        self.regs[reg::TP] = tls;
    }

    /// Continues in a signal handler with up to three arguments.
    pub fn call(&mut self, handler: usize, args: [usize; 3], return_to: usize, sp: usize) {
        self.regs[reg::A0..reg::A0 + 3].copy_from_slice(&args);
        self.regs[reg::RA] = return_to;
        self.regs[reg::SP] = sp;
        self.pc = handler;
    }
}

/// Prints the registers for a panic or a fatal signal.
pub fn user_registers(cx: &UserContext, out: &mut dyn fmt::Write) -> fmt::Result {
    write!(out, "pc {:016x}", cx.pc)?;
    for (n, value) in cx.regs.iter().enumerate().skip(1) {
        let separator = if n % 4 == 1 { '\n' } else { ' ' };
        write!(out, "{separator}r{n:<2} {value:016x}")?;
    }
    writeln!(out)
}
