//! riscv64: `ecall` with the number in a7 (Linux's riscv calling convention).

use core::arch::{asm, global_asm};
use core::ffi::CStr;

/// Names of dynamic loaders as programs carry them, and where a contest image has them.
pub const LOADERS: &[(&CStr, &CStr)] = &[
    (c"/lib/ld-musl-riscv64.so.1", c"/musl/lib/libc.so"),
    (c"/lib/ld-musl-riscv64-sf.so.1", c"/musl/lib/libc.so"),
    (
        c"/lib/ld-linux-riscv64-lp64d.so.1",
        c"/glibc/lib/ld-linux-riscv64-lp64d.so.1",
    ),
];

// The kernel leaves argc at sp; nothing of it is used. The frame pointer is zeroed so
// that a backtrace ends here.
global_asm!(
    ".globl _start",
    "_start:",
    "    mv   s0, zero",
    "    mv   ra, zero",
    "    andi sp, sp, -16",
    "    call {main}",
    main = sym crate::main,
);

/// One system call. The answer is the kernel's: negative is an errno.
///
/// # Safety
/// The arguments are what system call `number` asks for: pointers among them are
/// valid for what it reads and writes.
pub unsafe fn syscall(number: usize, args: [usize; 6]) -> isize {
    let answer;
    // SAFETY: the caller vouches for the arguments; the kernel keeps every register but a0.
    unsafe {
        asm!("ecall",
            in("a7") number,
            inlateout("a0") args[0] => answer,
            in("a1") args[1], in("a2") args[2], in("a3") args[3], in("a4") args[4], in("a5") args[5],
            options(nostack),
        );
    }
    answer
}
