//! The machine part of `ucontext_t`, as Linux's `struct sigcontext` lays it out.
//!
//! After the general registers comes a list of extended contexts, each with a
//! header (magic, size); a zero header ends it. A CPU with LSX saves one LSX
//! context, another one FPU context. Layout: Linux uapi `asm/sigcontext.h` and
//! `asm/ucontext.h`.

use super::{boot, user::UserContext};

/// Bytes of `uc_mcontext` with the extended contexts.
pub const SIZE: usize = EXTENDED + HEADER + LSX_BYTES + HEADER;
/// Of `uc_mcontext` inside `ucontext_t`.
pub const OFFSET: usize = 176;

/// Where the list of extended contexts starts: pc, 32 registers, flags, alignment to 16.
const EXTENDED: usize = 272;
const FLAGS: usize = 264;
/// `sc_flags`: the FPU context is valid.
const SC_USED_FP: u32 = 1;
/// `struct sctx_info`: magic, size, padding to 16.
const HEADER: usize = 16;
const FPU_MAGIC: u32 = 0x4650_5501;
const LSX_MAGIC: u32 = 0x5358_0001;
/// 32 registers, condition flags, control word; each rounded to its alignment.
const FPU_BYTES: usize = 32 * 8 + 16;
const LSX_BYTES: usize = 32 * 16 + 16;
/// What a program may set in `fcsr0`: enables, rounding mode, flags and causes.
const FCSR_WRITABLE: u32 = 0x1f1f_031f;

/// Writes the registers into a frame.
pub fn save(cx: &mut UserContext, out: &mut [u8; SIZE]) {
    cx.fp.flush();
    out.fill(0);
    put_u64(out, 0, cx.pc as u64);
    for (n, &value) in cx.regs.iter().enumerate() {
        put_u64(out, 8 + n * 8, value as u64);
    }
    put_u32(out, FLAGS, SC_USED_FP);

    let (magic, lanes) = if boot::features().lsx {
        (LSX_MAGIC, 2)
    } else {
        (FPU_MAGIC, 1)
    };
    let registers = EXTENDED + HEADER;
    let flags = registers + 32 * 8 * lanes;
    put_u32(out, EXTENDED, magic);
    put_u32(out, EXTENDED + 4, (flags + 16 - EXTENDED) as u32);
    for (n, vr) in cx.fp.vr.iter().enumerate() {
        for (lane, &value) in vr.iter().take(lanes).enumerate() {
            put_u64(out, registers + (n * lanes + lane) * 8, value);
        }
    }
    put_u64(out, flags, cx.fp.fcc);
    put_u32(out, flags + 8, cx.fp.fcsr);
}

/// Takes the registers out of a frame, which the program may have changed;
/// `false`: malformed, nothing changed.
pub fn restore(cx: &mut UserContext, saved: &[u8; SIZE]) -> bool {
    let mut fp = (*cx.fp).clone();
    let mut at = EXTENDED;
    loop {
        let Some(header) = saved.get(at..at + HEADER) else {
            return false;
        };
        let (magic, size) = (get_u32(header, 0), get_u32(header, 4) as usize);
        let lanes = match (magic, size) {
            (0, 0) => break,
            (FPU_MAGIC, size) if size == HEADER + FPU_BYTES => 1,
            (LSX_MAGIC, size) if size == HEADER + LSX_BYTES => 2,
            _ => return false,
        };
        let Some(body) = saved.get(at + HEADER..at + size) else {
            return false;
        };
        for n in 0..32 {
            for lane in 0..lanes {
                fp.vr[n][lane] = get_u64(body, (n * lanes + lane) * 8);
            }
        }
        fp.fcc = get_u64(body, 32 * 8 * lanes);
        fp.fcsr = get_u32(body, 32 * 8 * lanes + 8) & FCSR_WRITABLE;
        at += size;
    }
    cx.fp.disown();
    *cx.fp = fp;
    cx.pc = get_u64(saved, 0) as usize;
    for n in 1..32 {
        cx.regs[n] = get_u64(saved, 8 + n * 8) as usize;
    }
    true
}

fn put_u64(out: &mut [u8], at: usize, value: u64) {
    out[at..at + 8].copy_from_slice(&value.to_ne_bytes());
}

fn put_u32(out: &mut [u8], at: usize, value: u32) {
    out[at..at + 4].copy_from_slice(&value.to_ne_bytes());
}

fn get_u64(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(core::array::from_fn(|i| bytes[at + i]))
}

fn get_u32(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(core::array::from_fn(|i| bytes[at + i]))
}
