//! Copies that may touch user memory. The bodies are in `copy.S`.
//!
//! SUM stays set in the kernel for good: on QEMU 7.2 each change of SUM throws the
//! whole software TLB away. What keeps stray accesses out is that user addresses
//! are plain numbers everywhere else, and that page 0 cannot be mapped.

use core::arch::asm;

core::arch::global_asm!(include_str!("copy.S"));

unsafe extern "C" {
    fn copy_user_asm(dst: usize, src: usize, len: usize) -> usize;
    fn zero_user_asm(dst: usize, len: usize) -> usize;
    safe static copy_words_start: u8;
    safe static copy_words_end: u8;
    safe static copy_words_fix: u8;
    safe static copy_bytes_start: u8;
    safe static copy_bytes_end: u8;
    safe static copy_bytes_fix: u8;
    safe static zero_words_start: u8;
    safe static zero_words_end: u8;
    safe static zero_words_fix: u8;
    safe static zero_bytes_start: u8;
    safe static zero_bytes_end: u8;
    safe static zero_bytes_fix: u8;
}

/// Copies in; returns the number of bytes not copied.
///
/// # Safety
/// `dst..dst + len` must be writable kernel memory; `src..src + len` must lie
/// below `paging::USER_TOP`.
pub unsafe fn copy_from_user(dst: *mut u8, src: usize, len: usize) -> usize {
    // SAFETY: the caller's contract; faults on the user side are fixed up.
    unsafe { copy_user_asm(dst.expose_provenance(), src, len) }
}

/// Copies out; returns the number of bytes not copied.
///
/// # Safety
/// `src..src + len` must be readable kernel memory; `dst..dst + len` must lie
/// below `paging::USER_TOP`.
pub unsafe fn copy_to_user(dst: usize, src: *const u8, len: usize) -> usize {
    // SAFETY: the caller's contract; faults on the user side are fixed up.
    unsafe { copy_user_asm(dst, src.expose_provenance(), len) }
}

/// Writes zeroes; returns the number of bytes not written.
///
/// # Safety
/// `dst..dst + len` must lie below `paging::USER_TOP`.
pub unsafe fn zero_user(dst: usize, len: usize) -> usize {
    // SAFETY: the caller's contract; faults are fixed up.
    unsafe { zero_user_asm(dst, len) }
}

/// Where to go on after a user access at `pc` failed for good; `None`: `pc` is not
/// in a copy routine.
pub(super) fn fixup(pc: usize) -> Option<usize> {
    let table = [
        (&copy_words_start, &copy_words_end, &copy_words_fix),
        (&copy_bytes_start, &copy_bytes_end, &copy_bytes_fix),
        (&zero_words_start, &zero_words_end, &zero_words_fix),
        (&zero_bytes_start, &zero_bytes_end, &zero_bytes_fix),
    ];
    let address = |symbol: &u8| core::ptr::from_ref(symbol).addr();
    table
        .iter()
        .find(|(start, end, _)| (address(start)..address(end)).contains(&pc))
        .map(|(_, _, fix)| address(fix))
}

/// Makes freshly written instructions visible to instruction fetch.
pub fn sync_icache() {
    // SAFETY: a fence.
    unsafe { asm!("fence.i", options(nostack)) };
}
