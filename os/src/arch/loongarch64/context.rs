//! Kernel threads: callee-saved registers and the switch.

use core::arch::global_asm;

/// What a thread that is not running needs to go on.
#[repr(C)]
pub struct KernelContext {
    ra: usize,
    sp: usize,
    /// `fp`, `s0` to `s8`.
    saved: [usize; 10],
}

global_asm!(
    r#"
    .section .text.switch, "ax"
    .globl __switch
__switch:
    st.d    $ra, $a0, 0
    st.d    $sp, $a0, 8
    st.d    $fp, $a0, 16
    st.d    $s0, $a0, 24
    st.d    $s1, $a0, 32
    st.d    $s2, $a0, 40
    st.d    $s3, $a0, 48
    st.d    $s4, $a0, 56
    st.d    $s5, $a0, 64
    st.d    $s6, $a0, 72
    st.d    $s7, $a0, 80
    st.d    $s8, $a0, 88
    ld.d    $ra, $a1, 0
    ld.d    $sp, $a1, 8
    ld.d    $fp, $a1, 16
    ld.d    $s0, $a1, 24
    ld.d    $s1, $a1, 32
    ld.d    $s2, $a1, 40
    ld.d    $s3, $a1, 48
    ld.d    $s4, $a1, 56
    ld.d    $s5, $a1, 64
    ld.d    $s6, $a1, 72
    ld.d    $s7, $a1, 80
    ld.d    $s8, $a1, 88
    ret

    .globl __thread_start
__thread_start:
    move    $a0, $s1
    move    $ra, $zero
    jirl    $zero, $s0, 0
"#
);

unsafe extern "C" {
    fn __switch(prev: *mut KernelContext, next: *const KernelContext);
    fn __thread_start();
}

impl KernelContext {
    /// For the boot thread; filled by its first switch.
    pub const fn empty() -> KernelContext {
        KernelContext {
            ra: 0,
            sp: 0,
            saved: [0; 10],
        }
    }

    /// A thread whose first switch calls `entry(arg)` on an empty stack.
    pub fn new(stack_top: usize, entry: extern "C" fn(usize) -> !, arg: usize) -> KernelContext {
        let mut saved = [0; 10];
        saved[1] = entry as usize;
        saved[2] = arg;
        KernelContext {
            ra: __thread_start as *const () as usize,
            sp: stack_top & !0xf,
            saved,
        }
    }
}

/// Stops the running thread in `prev` and continues `next`.
///
/// # Safety
/// `prev` is the running thread's; `next` was made by [`KernelContext::new`] or by an
/// earlier switch, and its stack is alive and used by nobody else.
pub unsafe fn switch(prev: *mut KernelContext, next: *const KernelContext) {
    // SAFETY: by the caller.
    unsafe { __switch(prev, next) }
}
