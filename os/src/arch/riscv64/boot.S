# Entry. OpenSBI starts one hart here, in S-mode, at the physical address of the
# image, translation off: a0 = hart id, a1 = physical address of the FDT. The
# other harts stay stopped inside the firmware (SBI HSM) until asked for.
#
# We build the kernel's root table: 256 leaves of 1 GiB in the upper half (linear
# map, devices included), and one identity leaf for the few instructions between
# "translation on" and the jump up; `start_kernel` clears it.

    .section .text.entry, "ax"
    .globl _start
_start:
    csrw    sie, zero
    mv      s0, a0
    mv      s1, a1

    lla     t0, KERNEL_ROOT
    li      t1, 256
1:  sd      zero, (t0)                  # lower half
    addi    t0, t0, 8
    addi    t1, t1, -1
    bnez    t1, 1b
    li      t1, 256
    li      t2, 0xef                    # D A G X W R V
    li      t3, 1 << 28                 # 1 GiB as a PPN difference
2:  sd      t2, (t0)                    # upper half
    add     t2, t2, t3
    addi    t0, t0, 8
    addi    t1, t1, -1
    bnez    t1, 2b

    lla     t0, KERNEL_ROOT
    lla     t1, _start
    srli    t1, t1, 30                  # which GiB are we in
    slli    t2, t1, 28
    ori     t2, t2, 0xef
    slli    t1, t1, 3
    add     t1, t1, t0
    sd      t2, (t1)                    # identity
    srli    t0, t0, 12
    li      t1, 8 << 60                 # Sv39
    or      t0, t0, t1
    sfence.vma
    csrw    satp, t0
    sfence.vma

    li      t1, 0xffffffc000000000
    lla     t0, 3f
    add     t0, t0, t1
    jr      t0
3:  lla     sp, BOOT_STACK
    li      t0, 32768
    add     sp, sp, t0
    lla     t0, _bss_start
    lla     t1, _bss_end
4:  bgeu    t0, t1, 5f
    sd      zero, (t0)
    addi    t0, t0, 8
    j       4b
5:  lla     t0, trap_entry
    csrw    stvec, t0
    csrw    sscratch, zero
    mv      a0, s0
    mv      a1, s1
    mv      s0, zero
    call    start_kernel
6:  wfi
    j       6b

    .section .bss.boot, "aw", @nobits
    .balign 4096
    .globl KERNEL_ROOT
KERNEL_ROOT:
    .skip 4096
    .globl BOOT_STACK
BOOT_STACK:
    .skip 32768
