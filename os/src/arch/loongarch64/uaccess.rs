//! Copies to and from user memory that survive a fault.
//!
//! The routines keep destination, source and count in `a0`, `a1`, `a2` and move
//! them after each whole block, so a fault in the block loop continues in the byte
//! loop, and a fault there returns the bytes that are left. What is left after the
//! blocks is copied as 8 bytes that overlap the last ones, if there were as many.
//! [`fixup`] is the map from the first kind of place to the second. `a2` is exact at
//! every instruction.

use core::arch::global_asm;

global_asm!(
    r#"
    .section .text.uaccess, "ax"
    .globl __copy_user
__copy_user:
    ori     $t0, $zero, 8
    bltu    $a2, $t0, __copy_user_bytes
    ori     $t0, $zero, 64
    .globl __copy_user_blocks
__copy_user_blocks:
1:  bltu    $a2, $t0, 2f
    ld.d    $t1, $a1, 0
    ld.d    $t2, $a1, 8
    ld.d    $t3, $a1, 16
    ld.d    $t4, $a1, 24
    ld.d    $t5, $a1, 32
    ld.d    $t6, $a1, 40
    ld.d    $t7, $a1, 48
    ld.d    $t8, $a1, 56
    st.d    $t1, $a0, 0
    st.d    $t2, $a0, 8
    st.d    $t3, $a0, 16
    st.d    $t4, $a0, 24
    st.d    $t5, $a0, 32
    st.d    $t6, $a0, 40
    st.d    $t7, $a0, 48
    st.d    $t8, $a0, 56
    addi.d  $a0, $a0, 64
    addi.d  $a1, $a1, 64
    addi.d  $a2, $a2, -64
    b       1b
2:  ori     $t0, $zero, 8
3:  bltu    $a2, $t0, 4f
    ld.d    $t1, $a1, 0
    st.d    $t1, $a0, 0
    addi.d  $a0, $a0, 8
    addi.d  $a1, $a1, 8
    addi.d  $a2, $a2, -8
    b       3b
4:  beqz    $a2, 5f
    add.d   $t0, $a1, $a2
    ld.d    $t1, $t0, -8
    add.d   $t0, $a0, $a2
    st.d    $t1, $t0, -8
5:  move    $a0, $zero
    ret
    .globl __copy_user_bytes
__copy_user_bytes:
    beqz    $a2, __copy_user_end
    ld.b    $t1, $a1, 0
    st.b    $t1, $a0, 0
    addi.d  $a0, $a0, 1
    addi.d  $a1, $a1, 1
    addi.d  $a2, $a2, -1
    b       __copy_user_bytes
    .globl __copy_user_end
__copy_user_end:
    move    $a0, $a2
    ret

    .globl __zero_user
__zero_user:
    move    $a2, $a1
    ori     $t0, $zero, 8
    bltu    $a2, $t0, __zero_user_bytes
    .globl __zero_user_words
__zero_user_words:
    bltu    $a2, $t0, 1f
    st.d    $zero, $a0, 0
    addi.d  $a0, $a0, 8
    addi.d  $a2, $a2, -8
    b       __zero_user_words
1:  beqz    $a2, 2f
    add.d   $t1, $a0, $a2
    st.d    $zero, $t1, -8
2:  move    $a0, $zero
    ret
    .globl __zero_user_bytes
__zero_user_bytes:
    beqz    $a2, __zero_user_end
    st.b    $zero, $a0, 0
    addi.d  $a0, $a0, 1
    addi.d  $a2, $a2, -1
    b       __zero_user_bytes
    .globl __zero_user_end
__zero_user_end:
    move    $a0, $a2
    ret

    # What the compiler calls; compiler_builtins' own (weak) takes twice the instructions.
    .globl memcpy
memcpy:
    move    $a3, $a0
    move    $a4, $ra
    bl      __copy_user
    move    $a0, $a3
    jr      $a4
"#
);

unsafe extern "C" {
    fn __copy_user(dst: *mut u8, src: *const u8, len: usize) -> usize;
    fn __copy_user_blocks();
    fn __copy_user_bytes();
    fn __copy_user_end();
    fn __zero_user(dst: *mut u8, len: usize) -> usize;
    fn __zero_user_words();
    fn __zero_user_bytes();
    fn __zero_user_end();
}

/// Copies in; returns the bytes NOT copied.
///
/// # Safety
/// `dst..dst + len` is kernel memory; `src..src + len` lies below `paging::USER_TOP`.
pub unsafe fn copy_from_user(dst: *mut u8, src: usize, len: usize) -> usize {
    // SAFETY: by the caller; faults on the user side are fixed up.
    unsafe { __copy_user(dst, src as *const u8, len) }
}

/// Copies out; returns the bytes NOT copied.
///
/// # Safety
/// `src..src + len` is kernel memory; `dst..dst + len` lies below `paging::USER_TOP`.
pub unsafe fn copy_to_user(dst: usize, src: *const u8, len: usize) -> usize {
    // SAFETY: by the caller; faults on the user side are fixed up.
    unsafe { __copy_user(dst as *mut u8, src, len) }
}

/// Writes zeroes; returns the bytes NOT written.
///
/// # Safety
/// `dst..dst + len` lies below `paging::USER_TOP`.
pub unsafe fn zero_user(dst: usize, len: usize) -> usize {
    // SAFETY: by the caller; faults on the user side are fixed up.
    unsafe { __zero_user(dst as *mut u8, len) }
}

/// Where to continue when the access at `pc` cannot be done; `None`: `pc` is not in a user copy.
pub(super) fn fixup(pc: usize) -> Option<usize> {
    let address = |symbol: unsafe extern "C" fn()| symbol as *const () as usize;
    let ranges = [
        (
            address(__copy_user_blocks),
            address(__copy_user_bytes),
            address(__copy_user_bytes),
        ),
        (
            address(__copy_user_bytes),
            address(__copy_user_end),
            address(__copy_user_end),
        ),
        (
            address(__zero_user_words),
            address(__zero_user_bytes),
            address(__zero_user_bytes),
        ),
        (
            address(__zero_user_bytes),
            address(__zero_user_end),
            address(__zero_user_end),
        ),
    ];
    let (_, _, resume) = ranges
        .into_iter()
        .find(|&(start, end, _)| (start..end).contains(&pc))?;
    Some(resume)
}
