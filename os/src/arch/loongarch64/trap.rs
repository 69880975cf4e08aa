//! Exceptions: the refill handler, the way in and out of user mode, kernel faults.
//!
//! [`enter_user`] is a function that returns: it keeps its callee-saved registers
//! on the kernel stack, loads the user's, and `ertn`s. The next exception in user
//! mode stores the user's registers into the same [`UserContext`] and returns from
//! that call. Interrupts are on in user mode and in the idle instruction only, so
//! an exception in kernel mode is an interrupt from idle, a fault in one of the
//! user copy routines, or a bug.

use super::{
    csr::{self, csrrd, csrwr},
    fpu, irq,
    user::UserContext,
};
use crate::arch::{Access, Trap, hooks::hooks};
use core::{arch::global_asm, ptr};

/// Exception codes (manual 7.4.6, ESTAT.Ecode).
mod ecode {
    pub const INTERRUPT: usize = 0x0;
    pub const LOAD_INVALID: usize = 0x1;
    pub const STORE_INVALID: usize = 0x2;
    pub const FETCH_INVALID: usize = 0x3;
    pub const MODIFIED: usize = 0x4;
    pub const NOT_READABLE: usize = 0x5;
    pub const NOT_EXECUTABLE: usize = 0x6;
    pub const PRIVILEGE: usize = 0x7;
    pub const ADDRESS: usize = 0x8;
    pub const ALIGNMENT: usize = 0x9;
    pub const SYSCALL: usize = 0xb;
    pub const BREAKPOINT: usize = 0xc;
    pub const INSTRUCTION: usize = 0xd;
    pub const PRIVILEGED_INSTRUCTION: usize = 0xe;
    pub const FPU_OFF: usize = 0xf;
    pub const LSX_OFF: usize = 0x10;
    pub const LASX_OFF: usize = 0x11;
    pub const FLOATING_POINT: usize = 0x12;
}

global_asm!(
    r#"
    # TLB refill (manual 5.4.3): runs in direct-address mode, walks the three
    # levels and fills a pair. A missing directory fills an invalid pair, so that
    # the retried access raises a page-invalid exception and `mm` decides.
    .section .text.refill, "ax"
    .balign 4096
    .globl __tlb_refill
__tlb_refill:
    csrwr   $t0, 0x8b
    csrrd   $t0, 0x1b
    lddir   $t0, $t0, 3
    beqz    $t0, 1f
    lddir   $t0, $t0, 1
    beqz    $t0, 1f
    ldpte   $t0, 0
    ldpte   $t0, 1
    tlbfill
    csrrd   $t0, 0x8b
    ertn
1:  csrwr   $zero, 0x8c
    csrwr   $zero, 0x8d
    tlbfill
    csrrd   $t0, 0x8b
    ertn

    .section .text.trap, "ax"
    .balign 4096
    .globl __trap_entry
__trap_entry:
    csrwr   $t0, 0x30
    csrrd   $t0, 0x1
    andi    $t0, $t0, 3
    beqz    $t0, __kernel_trap

    # From user mode: SAVE1 is the UserContext, registers at n * 8.
    csrrd   $t0, 0x31
    st.d    $ra, $t0, 8
    st.d    $tp, $t0, 16
    st.d    $sp, $t0, 24
    st.d    $a0, $t0, 32
    st.d    $a1, $t0, 40
    st.d    $a2, $t0, 48
    st.d    $a3, $t0, 56
    st.d    $a4, $t0, 64
    st.d    $a5, $t0, 72
    st.d    $a6, $t0, 80
    st.d    $a7, $t0, 88
    st.d    $t1, $t0, 104
    st.d    $t2, $t0, 112
    st.d    $t3, $t0, 120
    st.d    $t4, $t0, 128
    st.d    $t5, $t0, 136
    st.d    $t6, $t0, 144
    st.d    $t7, $t0, 152
    st.d    $t8, $t0, 160
    st.d    $r21, $t0, 168
    st.d    $fp, $t0, 176
    st.d    $s0, $t0, 184
    st.d    $s1, $t0, 192
    st.d    $s2, $t0, 200
    st.d    $s3, $t0, 208
    st.d    $s4, $t0, 216
    st.d    $s5, $t0, 224
    st.d    $s6, $t0, 232
    st.d    $s7, $t0, 240
    st.d    $s8, $t0, 248
    csrrd   $t1, 0x30
    st.d    $t1, $t0, 96
    csrrd   $t1, 0x6
    st.d    $t1, $t0, 256
    # Back to whoever called __enter_user.
    ld.d    $sp, $t0, 264
    ld.d    $ra, $sp, 0
    ld.d    $fp, $sp, 8
    ld.d    $s0, $sp, 16
    ld.d    $s1, $sp, 24
    ld.d    $s2, $sp, 32
    ld.d    $s3, $sp, 40
    ld.d    $s4, $sp, 48
    ld.d    $s5, $sp, 56
    ld.d    $s6, $sp, 64
    ld.d    $s7, $sp, 72
    ld.d    $s8, $sp, 80
    addi.d  $sp, $sp, 96
    ret

    .globl __enter_user
__enter_user:
    addi.d  $sp, $sp, -96
    st.d    $ra, $sp, 0
    st.d    $fp, $sp, 8
    st.d    $s0, $sp, 16
    st.d    $s1, $sp, 24
    st.d    $s2, $sp, 32
    st.d    $s3, $sp, 40
    st.d    $s4, $sp, 48
    st.d    $s5, $sp, 56
    st.d    $s6, $sp, 64
    st.d    $s7, $sp, 72
    st.d    $s8, $sp, 80
    st.d    $sp, $a0, 264
    move    $t0, $a0
    csrwr   $a0, 0x31
    ori     $t1, $zero, 7
    csrwr   $t1, 0x1
    ld.d    $t1, $t0, 256
    csrwr   $t1, 0x6
    ld.d    $ra, $t0, 8
    ld.d    $tp, $t0, 16
    ld.d    $sp, $t0, 24
    ld.d    $a0, $t0, 32
    ld.d    $a1, $t0, 40
    ld.d    $a2, $t0, 48
    ld.d    $a3, $t0, 56
    ld.d    $a4, $t0, 64
    ld.d    $a5, $t0, 72
    ld.d    $a6, $t0, 80
    ld.d    $a7, $t0, 88
    ld.d    $t1, $t0, 104
    ld.d    $t2, $t0, 112
    ld.d    $t3, $t0, 120
    ld.d    $t4, $t0, 128
    ld.d    $t5, $t0, 136
    ld.d    $t6, $t0, 144
    ld.d    $t7, $t0, 152
    ld.d    $t8, $t0, 160
    ld.d    $r21, $t0, 168
    ld.d    $fp, $t0, 176
    ld.d    $s0, $t0, 184
    ld.d    $s1, $t0, 192
    ld.d    $s2, $t0, 200
    ld.d    $s3, $t0, 208
    ld.d    $s4, $t0, 216
    ld.d    $s5, $t0, 224
    ld.d    $s6, $t0, 232
    ld.d    $s7, $t0, 240
    ld.d    $s8, $t0, 248
    ld.d    $t0, $t0, 96
    ertn

    # In kernel mode: a frame of the caller-saved registers, ERA and PRMD, which
    # lets the handler be ordinary Rust.
__kernel_trap:
    addi.d  $sp, $sp, -176
    st.d    $ra, $sp, 0
    st.d    $a0, $sp, 8
    st.d    $a1, $sp, 16
    st.d    $a2, $sp, 24
    st.d    $a3, $sp, 32
    st.d    $a4, $sp, 40
    st.d    $a5, $sp, 48
    st.d    $a6, $sp, 56
    st.d    $a7, $sp, 64
    st.d    $t1, $sp, 72
    st.d    $t2, $sp, 80
    st.d    $t3, $sp, 88
    st.d    $t4, $sp, 96
    st.d    $t5, $sp, 104
    st.d    $t6, $sp, 112
    st.d    $t7, $sp, 120
    st.d    $t8, $sp, 128
    csrrd   $t0, 0x30
    st.d    $t0, $sp, 136
    csrrd   $t0, 0x6
    st.d    $t0, $sp, 144
    csrrd   $t0, 0x1
    st.d    $t0, $sp, 152
    move    $a0, $sp
    bl      {kernel_trap}
    ld.d    $t0, $sp, 144
    csrwr   $t0, 0x6
    ld.d    $t0, $sp, 152
    csrwr   $t0, 0x1
    ld.d    $ra, $sp, 0
    ld.d    $a0, $sp, 8
    ld.d    $a1, $sp, 16
    ld.d    $a2, $sp, 24
    ld.d    $a3, $sp, 32
    ld.d    $a4, $sp, 40
    ld.d    $a5, $sp, 48
    ld.d    $a6, $sp, 56
    ld.d    $a7, $sp, 64
    ld.d    $t1, $sp, 72
    ld.d    $t2, $sp, 80
    ld.d    $t3, $sp, 88
    ld.d    $t4, $sp, 96
    ld.d    $t5, $sp, 104
    ld.d    $t6, $sp, 112
    ld.d    $t7, $sp, 120
    ld.d    $t8, $sp, 128
    ld.d    $t0, $sp, 136
    addi.d  $sp, $sp, 176
    ertn
"#,
    kernel_trap = sym kernel_trap,
);

unsafe extern "C" {
    fn __trap_entry();
    fn __tlb_refill();
    /// Takes a `UserContext`; a thin pointer, because its box has no C layout.
    fn __enter_user(cx: *mut u8);
}

/// Registers of an exception in kernel mode, as `__kernel_trap` lays them out.
#[repr(C)]
pub struct KernelFrame {
    caller_saved: [usize; 18],
    era: usize,
    prmd: usize,
}

/// Points the CPU at the handlers. Once, on the boot CPU, before anything can fault.
pub fn init() {
    // SAFETY: both symbols are 4 KiB-aligned handlers of this file; the refill entry
    // is fetched in direct-address mode, so it is given its physical address. ECFG's
    // VS = 0 sends every exception to the one entry; no interrupt is enabled yet.
    unsafe {
        csrwr!(csr::EENTRY, __trap_entry as *const () as usize);
        csrwr!(
            csr::TLBRENTRY,
            super::virt_to_phys(__tlb_refill as *const u8)
        );
        csrwr!(csr::ECFG, 0);
        csrwr!(csr::EUEN, 0);
    }
}

/// Runs user code until it needs the kernel. Called with interrupts off by `task::run`.
///
/// First use of the FPU after a switch is resolved in here and does not return.
pub fn enter_user(cx: &mut UserContext) -> Trap {
    loop {
        fpu::prepare(cx);
        // SAFETY: `cx` is exclusively borrowed until the call returns and laid out as
        // the assembly expects (`user::offsets` asserts it); the kernel half of the
        // address map is the same in every address space, so the stack stays valid.
        unsafe { __enter_user(ptr::from_mut(cx).cast()) };
        let estat = csrrd!(csr::ESTAT);
        let code = (estat >> 16) & 0x3f;
        let addr = csrrd!(csr::BADV);
        let fault = |access| Trap::PageFault { addr, access };
        return match code {
            ecode::INTERRUPT => {
                irq::handle(estat);
                Trap::Interrupt
            }
            ecode::SYSCALL => {
                cx.skip_syscall_instruction();
                Trap::Syscall
            }
            ecode::LOAD_INVALID | ecode::NOT_READABLE => fault(Access::Read),
            ecode::STORE_INVALID | ecode::MODIFIED => fault(Access::Write),
            ecode::FETCH_INVALID | ecode::NOT_EXECUTABLE => fault(Access::Execute),
            // Kernel addresses and non-canonical ones are not in any area: `mm` says SIGSEGV.
            ecode::PRIVILEGE | ecode::ADDRESS => fault(Access::Read),
            ecode::ALIGNMENT => Trap::Misaligned { addr },
            ecode::BREAKPOINT => Trap::Breakpoint,
            ecode::FPU_OFF | ecode::LSX_OFF if fpu::grant(cx) => continue,
            ecode::INSTRUCTION
            | ecode::PRIVILEGED_INSTRUCTION
            | ecode::FPU_OFF
            | ecode::LSX_OFF
            | ecode::LASX_OFF => Trap::IllegalInstruction,
            ecode::FLOATING_POINT => Trap::FloatingPoint {
                code: fpu::exception_code(cx),
            },
            cause => Trap::Unknown { cause },
        };
    }
}

/// An exception in kernel mode.
extern "C" fn kernel_trap(frame: &mut KernelFrame) {
    let estat = csrrd!(csr::ESTAT);
    match (estat >> 16) & 0x3f {
        ecode::INTERRUPT => irq::handle(estat),
        code @ (ecode::LOAD_INVALID..=ecode::ALIGNMENT) => {
            let addr = csrrd!(csr::BADV);
            let Some(resume) = super::uaccess::fixup(frame.era) else {
                panic!(
                    "kernel fault: code {code:#x} at {:#x}, address {addr:#x}",
                    frame.era
                );
            };
            let access = match code {
                ecode::STORE_INVALID | ecode::MODIFIED => Access::Write,
                _ => Access::Read,
            };
            // May sleep: everything that the exception left in registers is in `frame`.
            if !(hooks().fault)(addr, access) {
                frame.era = resume;
            }
        }
        code => panic!(
            "unexpected exception {code:#x} in the kernel at {:#x}",
            frame.era
        ),
    }
}
