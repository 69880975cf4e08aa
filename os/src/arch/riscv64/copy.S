# Memory copies. One body serves memcpy and the user copies; faults are told apart
# by the address of the instruction (see `trap::kernel_trap`):
#
#   [copy_words_start, copy_words_end)  ->  copy_words_fix: goes on byte by byte
#   [copy_bytes_start, copy_bytes_end)  ->  copy_bytes_fix: returns what is left
#   the same pair for zero_*.
#
# a0 = dst, a1 = src, a2 = bytes left; the pointers move only after a whole group
# was stored, so the byte loop finds the exact byte that faults. What is not a
# multiple of 8 at either end is copied as 8 bytes that overlap the rest: the
# first store, the last one and perhaps all loads are then misaligned, which
# QEMU's CPUs and those with Zicclsm do directly, others through the firmware.

    .section .text
    .balign 4

# fn copy_user_asm(dst, src, len) -> bytes not copied
    .globl copy_user_asm
    .globl copy_words_start
    .globl copy_words_end
    .globl copy_words_fix
    .globl copy_bytes_start
    .globl copy_bytes_end
    .globl copy_bytes_fix
copy_user_asm:
    li      t0, 8
    bltu    a2, t0, copy_words_fix
copy_words_start:
    andi    t0, a0, 7
    beqz    t0, 2f
    ld      t1, 0(a1)
    sd      t1, 0(a0)
    addi    t0, t0, -8                  # minus the bytes to alignment
    sub     a0, a0, t0
    sub     a1, a1, t0
    add     a2, a2, t0
2:  li      t0, 64
    bltu    a2, t0, 4f
3:  ld      a3, 0(a1)
    ld      a4, 8(a1)
    ld      a5, 16(a1)
    ld      a6, 24(a1)
    ld      a7, 32(a1)
    ld      t1, 40(a1)
    ld      t2, 48(a1)
    ld      t3, 56(a1)
    sd      a3, 0(a0)
    sd      a4, 8(a0)
    sd      a5, 16(a0)
    sd      a6, 24(a0)
    sd      a7, 32(a0)
    sd      t1, 40(a0)
    sd      t2, 48(a0)
    sd      t3, 56(a0)
    addi    a2, a2, -64
    addi    a1, a1, 64
    addi    a0, a0, 64
    bgeu    a2, t0, 3b
4:  li      t0, 8
    bltu    a2, t0, 6f
5:  ld      a3, 0(a1)
    sd      a3, 0(a0)
    addi    a2, a2, -8
    addi    a1, a1, 8
    addi    a0, a0, 8
    bgeu    a2, t0, 5b
6:  beqz    a2, 7f
    add     t1, a1, a2
    ld      a3, -8(t1)
    add     t1, a0, a2
    sd      a3, -8(t1)
7:  li      a0, 0
    ret
copy_words_end:
copy_words_fix:
    beqz    a2, 8f
copy_bytes_start:
7:  lbu     t1, 0(a1)
    sb      t1, 0(a0)
    addi    a1, a1, 1
    addi    a0, a0, 1
    addi    a2, a2, -1
    bnez    a2, 7b
copy_bytes_end:
copy_bytes_fix:
8:  mv      a0, a2
    ret

# fn zero_user_asm(dst, len) -> bytes not zeroed
    .globl zero_user_asm
    .globl zero_words_start
    .globl zero_words_end
    .globl zero_words_fix
    .globl zero_bytes_start
    .globl zero_bytes_end
    .globl zero_bytes_fix
zero_user_asm:
    li      t0, 8
    bltu    a1, t0, zero_words_fix
zero_words_start:
    andi    t0, a0, 7
    beqz    t0, 2f
    sd      zero, 0(a0)
    addi    t0, t0, -8
    sub     a0, a0, t0
    add     a1, a1, t0
2:  li      t0, 64
    bltu    a1, t0, 4f
3:  sd      zero, 0(a0)
    sd      zero, 8(a0)
    sd      zero, 16(a0)
    sd      zero, 24(a0)
    sd      zero, 32(a0)
    sd      zero, 40(a0)
    sd      zero, 48(a0)
    sd      zero, 56(a0)
    addi    a1, a1, -64
    addi    a0, a0, 64
    bgeu    a1, t0, 3b
4:  li      t0, 8
    bltu    a1, t0, 6f
5:  sd      zero, 0(a0)
    addi    a1, a1, -8
    addi    a0, a0, 8
    bgeu    a1, t0, 5b
6:  beqz    a1, 7f
    add     t1, a0, a1
    sd      zero, -8(t1)
7:  li      a0, 0
    ret
zero_words_end:
zero_words_fix:
    beqz    a1, 8f
zero_bytes_start:
7:  sb      zero, 0(a0)
    addi    a0, a0, 1
    addi    a1, a1, -1
    bnez    a1, 7b
zero_bytes_end:
zero_bytes_fix:
8:  mv      a0, a1
    ret

# void *memcpy(void *dst, const void *src, size_t len): what the compiler calls.
# compiler_builtins' version (weak) takes twice the instructions.
    .globl memcpy
memcpy:
    mv      t6, a0
    mv      t5, ra
    call    copy_user_asm
    mv      a0, t6
    jr      t5

# void *memset(void *dst, int byte, size_t len)
    .globl memset
memset:
    mv      t6, a0
    andi    a1, a1, 0xff
    slli    t0, a1, 8
    or      a1, a1, t0
    slli    t0, a1, 16
    or      a1, a1, t0
    slli    t0, a1, 32
    or      a1, a1, t0
    li      t0, 8
    bltu    a2, t0, 6f
    andi    t0, a0, 7
    beqz    t0, 2f
    sd      a1, 0(a0)
    addi    t0, t0, -8
    sub     a0, a0, t0
    add     a2, a2, t0
2:  li      t0, 64
    bltu    a2, t0, 4f
3:  sd      a1, 0(a0)
    sd      a1, 8(a0)
    sd      a1, 16(a0)
    sd      a1, 24(a0)
    sd      a1, 32(a0)
    sd      a1, 40(a0)
    sd      a1, 48(a0)
    sd      a1, 56(a0)
    addi    a2, a2, -64
    addi    a0, a0, 64
    bgeu    a2, t0, 3b
4:  li      t0, 8
    bltu    a2, t0, 9f
5:  sd      a1, 0(a0)
    addi    a2, a2, -8
    addi    a0, a0, 8
    bgeu    a2, t0, 5b
9:  beqz    a2, 8f
    add     t1, a0, a2
    sd      a1, -8(t1)
    j       8f
6:  beqz    a2, 8f
7:  sb      a1, 0(a0)
    addi    a0, a0, 1
    addi    a2, a2, -1
    bnez    a2, 7b
8:  mv      a0, t6
    ret
