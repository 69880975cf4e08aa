//! `uc_mcontext` of riscv64: `struct sigcontext` of the Linux ABI, that is
//! `user_regs_struct` (pc, x1..x31) and a union of FP states of which we write the
//! double-precision one.

use super::{UserContext, fp::Registers};

/// 256 bytes of general registers, 528 of FP state (the size of the quad variant).
pub const SIZE: usize = 256 + 528;
/// After uc_flags, uc_link, uc_stack and a 1024-bit signal mask, aligned to 16.
pub const OFFSET: usize = 176;

const FP: usize = 256;
const FCSR: usize = FP + 256;
/// Three reserved words after the quad state's fcsr; they must be zero, or a
/// kernel with more state (vector) wrote the frame.
const RESERVED: usize = FP + 516;

/// Writes the registers into a signal frame.
pub fn save(context: &mut UserContext, out: &mut [u8; SIZE]) {
    out.fill(0);
    for (chunk, value) in out.chunks_exact_mut(8).zip(context.gregs) {
        chunk.copy_from_slice(&value.to_le_bytes());
    }
    let registers = context.fp.current();
    for (chunk, value) in out[FP..FCSR].chunks_exact_mut(8).zip(registers.f) {
        chunk.copy_from_slice(&value.to_le_bytes());
    }
    out[FCSR..FCSR + 4].copy_from_slice(&(registers.fcsr as u32).to_le_bytes());
}

/// Takes the registers from a signal frame; `false` and no change when it is malformed.
pub fn restore(context: &mut UserContext, saved: &[u8; SIZE]) -> bool {
    if saved[RESERVED..].iter().any(|&byte| byte != 0) {
        return false;
    }
    let word = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&saved[at..at + 8]);
        u64::from_le_bytes(bytes)
    };
    for n in 0..32 {
        context.gregs[n] = word(8 * n) as usize;
    }
    let mut registers = Registers {
        f: [0; 32],
        fcsr: 0,
    };
    for n in 0..32 {
        registers.f[n] = word(FP + 8 * n);
    }
    registers.fcsr = word(FCSR) & 0xff;
    context.fp.replace(registers);
    true
}
