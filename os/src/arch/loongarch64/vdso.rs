//! User code of the vDSO: clock_gettime, gettimeofday, getcpu and the return from
//! signal handlers.
//!
//! The clock page is `VDSO_CODE_OFFSET + PAGE_SIZE` = 0x4800 below the start of the
//! code; each function begins with `pcaddi` of that plus its own offset. Clocks
//! other than the simple six, and time zones, go to the kernel.

use crate::arch::{ClockPage, PAGE_SIZE, VDSO_CODE_OFFSET, VdsoCode};

core::arch::global_asm!(
    r#"
    .section .rodata.vdso, "a"
    .balign 64
    .globl vdso_code_start
    .globl vdso_code_end
vdso_code_start:
    ori     $a7, $zero, 139             # rt_sigreturn
    syscall 0

    .balign 64                          # offset 64: clock_gettime(a0 = clock, a1 = out)
    pcaddi  $t0, -0x1210                # (0x4800 + 64) / 4
    ori     $t1, $zero, 7
    bltu    $t1, $a0, 9f
    ori     $t1, $zero, 0xf3            # REALTIME MONOTONIC RAW COARSE*2 BOOTTIME
    srl.w   $t1, $t1, $a0
    andi    $t1, $t1, 1
    beqz    $t1, 9f
    ld.d    $t2, $t0, 0
    ld.d    $t3, $t0, 8
    ld.d    $t4, $t0, 16
    rdtime.d $t5, $zero
    sub.d   $t5, $t5, $t2
    mulh.du $a3, $t5, $t3
    mul.d   $a2, $t5, $t3
    srli.d  $a2, $a2, 32
    slli.d  $a3, $a3, 32
    or      $a2, $a2, $a3
    beqz    $a0, 2f
    ori     $t1, $zero, 5
    bne     $a0, $t1, 3f
2:  add.d   $a2, $a2, $t4
3:  lu12i.w $t0, 0x3b9ac                # 1000000000 = 0x3b9aca00
    ori     $t0, $t0, 0xa00
    div.du  $t1, $a2, $t0
    mul.d   $t2, $t1, $t0
    sub.d   $a2, $a2, $t2
    st.d    $t1, $a1, 0
    st.d    $a2, $a1, 8
    or      $a0, $zero, $zero
    jr      $ra
9:  ori     $a7, $zero, 113
    syscall 0
    jr      $ra

    .balign 256                         # offset 256: gettimeofday(a0 = out, a1 = zone)
    pcaddi  $t0, -0x1240                # (0x4800 + 256) / 4
    bnez    $a1, 9f
    beqz    $a0, 9f
    ld.d    $t2, $t0, 0
    ld.d    $t3, $t0, 8
    ld.d    $t4, $t0, 16
    rdtime.d $t5, $zero
    sub.d   $t5, $t5, $t2
    mulh.du $a3, $t5, $t3
    mul.d   $a2, $t5, $t3
    srli.d  $a2, $a2, 32
    slli.d  $a3, $a3, 32
    or      $a2, $a2, $a3
    add.d   $a2, $a2, $t4
    lu12i.w $t0, 0x3b9ac
    ori     $t0, $t0, 0xa00
    div.du  $t1, $a2, $t0
    mul.d   $t2, $t1, $t0
    sub.d   $a2, $a2, $t2
    ori     $t0, $zero, 1000
    div.du  $a2, $a2, $t0
    st.d    $t1, $a0, 0
    st.d    $a2, $a0, 8
    or      $a0, $zero, $zero
    jr      $ra
9:  ori     $a7, $zero, 169
    syscall 0
    jr      $ra

    .balign 128                         # offset 384: getcpu(a0 = cpu, a1 = node)
    beqz    $a0, 1f
    st.w    $zero, $a0, 0
1:  beqz    $a1, 2f
    st.w    $zero, $a1, 0
2:  or      $a0, $zero, $zero
    jr      $ra
vdso_code_end:
"#
);

const _: () = assert!(VDSO_CODE_OFFSET + PAGE_SIZE == 0x4800);

unsafe extern "C" {
    safe static vdso_code_start: u8;
    safe static vdso_code_end: u8;
}

/// The code and its symbols.
pub fn vdso_code() -> VdsoCode {
    let start = &raw const vdso_code_start;
    let len = (&raw const vdso_code_end).addr() - start.addr();
    VdsoCode {
        version: "LINUX_5.10",
        // SAFETY: the bytes between the two labels, in read-only data.
        code: unsafe { core::slice::from_raw_parts(start, len) },
        symbols: &[
            ("__vdso_rt_sigreturn", 0),
            ("__vdso_clock_gettime", 64),
            ("__vdso_gettimeofday", 256),
            ("__vdso_getcpu", 384),
        ],
    }
}

/// What the code needs to know of the counter; the offset is `time`'s.
pub fn clock_page(realtime_offset: u64) -> ClockPage {
    let (start, ns_per_tick) = super::time::parameters();
    ClockPage {
        start,
        ns_per_tick,
        realtime_offset,
    }
}
