//! User code of the vDSO: clock_gettime, gettimeofday, getcpu, flush_icache and
//! the return from signal handlers.
//!
//! The distance to the clock page is `VDSO_CODE_OFFSET + PAGE_SIZE` from the start
//! of the code. Clocks other than the simple six, and time zones, go to the kernel.

use crate::arch::{ClockPage, PAGE_SIZE, VDSO_CODE_OFFSET, VdsoCode};

core::arch::global_asm!(
    r#"
    .section .rodata.vdso, "a"
    .option push
    .option norelax
    .option arch, +m
    .balign 64
    .globl vdso_code_start
    .globl vdso_code_end
vdso_code_start:
    li      a7, 139                     # rt_sigreturn
    ecall

    .balign 64                          # offset 64: clock_gettime(a0 = clock, a1 = out)
    li      t0, 7
    bgtu    a0, t0, 9f
    li      t0, 0xf3                    # REALTIME MONOTONIC RAW COARSE*2 BOOTTIME
    srl     t0, t0, a0
    andi    t0, t0, 1
    beqz    t0, 9f
    lla     t0, vdso_code_start - 0x1800
    ld      t2, 0(t0)
    ld      t3, 8(t0)
    ld      t4, 16(t0)
    rdtime  t5
    sub     t5, t5, t2
    mulhu   a3, t5, t3
    mul     a2, t5, t3
    srli    a2, a2, 32
    slli    a3, a3, 32
    or      a2, a2, a3
    beqz    a0, 2f
    li      t0, 5
    bne     a0, t0, 3f
2:  add     a2, a2, t4
3:  li      t0, 1000000000
    divu    t1, a2, t0
    mul     t2, t1, t0
    sub     a2, a2, t2
    sd      t1, 0(a1)
    sd      a2, 8(a1)
    li      a0, 0
    ret
9:  li      a7, 113
    ecall
    ret

    .balign 256                         # offset 256: gettimeofday(a0 = out, a1 = zone)
    bnez    a1, 9f
    beqz    a0, 9f
    lla     t0, vdso_code_start - 0x1800
    ld      t2, 0(t0)
    ld      t3, 8(t0)
    ld      t4, 16(t0)
    rdtime  t5
    sub     t5, t5, t2
    mulhu   a3, t5, t3
    mul     a2, t5, t3
    srli    a2, a2, 32
    slli    a3, a3, 32
    or      a2, a2, a3
    add     a2, a2, t4
    li      t0, 1000000000
    divu    t1, a2, t0
    mul     t2, t1, t0
    sub     a2, a2, t2
    li      t0, 1000
    divu    a2, a2, t0
    sd      t1, 0(a0)
    sd      a2, 8(a0)
    li      a0, 0
    ret
9:  li      a7, 169
    ecall
    ret

    .balign 128                         # offset 384: getcpu(a0 = cpu, a1 = node)
    beqz    a0, 1f
    sw      zero, 0(a0)
1:  beqz    a1, 2f
    sw      zero, 0(a1)
2:  li      a0, 0
    ret

    .balign 64                          # offset 448: flush_icache
    fence.i
    li      a0, 0
    ret
vdso_code_end:
    .option pop
"#
);

const _: () = assert!(VDSO_CODE_OFFSET + PAGE_SIZE == 0x1800);

unsafe extern "C" {
    safe static vdso_code_start: u8;
    safe static vdso_code_end: u8;
}

/// The code and its symbols.
pub fn vdso_code() -> VdsoCode {
    let start = &raw const vdso_code_start;
    let len = (&raw const vdso_code_end).addr() - start.addr();
    VdsoCode {
        version: "LINUX_4.15",
        // SAFETY: the bytes between the two labels, in read-only data.
        code: unsafe { core::slice::from_raw_parts(start, len) },
        symbols: &[
            ("__vdso_rt_sigreturn", 0),
            ("__vdso_clock_gettime", 64),
            ("__vdso_gettimeofday", 256),
            ("__vdso_getcpu", 384),
            ("__vdso_flush_icache", 448),
        ],
    }
}

/// What the code needs to know of the counter; the offset is `time`'s.
pub fn clock_page(realtime_offset: u64) -> ClockPage {
    let (start, ns_per_tick) = super::timer::parameters();
    ClockPage {
        start,
        ns_per_tick,
        realtime_offset,
    }
}
