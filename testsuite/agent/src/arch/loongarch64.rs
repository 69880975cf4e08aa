//! loongarch64: `syscall 0` with the number in a7 (Linux's LoongArch calling
//! convention); the kernel may change t0 to t8.

use core::arch::{asm, global_asm};
use core::ffi::CStr;

/// Names of dynamic loaders as programs carry them, and where a contest image has them.
pub const LOADERS: &[(&CStr, &CStr)] = &[
    (c"/lib64/ld-musl-loongarch-lp64d.so.1", c"/musl/lib/libc.so"),
    (c"/lib/ld-musl-loongarch64.so.1", c"/musl/lib/libc.so"),
    (
        c"/lib64/ld-linux-loongarch-lp64d.so.1",
        c"/glibc/lib/ld-linux-loongarch-lp64d.so.1",
    ),
];

// The kernel leaves argc at sp; nothing of it is used. The frame pointer is zeroed so
// that a backtrace ends here.
global_asm!(
    ".globl _start",
    "_start:",
    "    move      $fp, $zero",
    "    move      $ra, $zero",
    "    bstrins.d $sp, $zero, 3, 0",
    "    bl        {main}",
    main = sym crate::main,
);

/// One system call. The answer is the kernel's: negative is an errno.
///
/// # Safety
/// The arguments are what system call `number` asks for: pointers among them are
/// valid for what it reads and writes.
pub unsafe fn syscall(number: usize, args: [usize; 6]) -> isize {
    let answer;
    // SAFETY: the caller vouches for the arguments; every register that the kernel may change is named.
    unsafe {
        asm!("syscall 0",
            in("$a7") number,
            inlateout("$a0") args[0] => answer,
            in("$a1") args[1], in("$a2") args[2], in("$a3") args[3], in("$a4") args[4], in("$a5") args[5],
            lateout("$t0") _, lateout("$t1") _, lateout("$t2") _, lateout("$t3") _, lateout("$t4") _,
            lateout("$t5") _, lateout("$t6") _, lateout("$t7") _, lateout("$t8") _,
            options(nostack),
        );
    }
    answer
}
