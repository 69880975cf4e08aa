//! Return addresses on the kernel stack, for the panic report.

/// Kernel stacks lie within blocks of this size, aligned to it (`sched::stack`).
const STACK_SIZE: usize = 32 * 1024;
/// Most addresses that are reported.
const LIMIT: usize = 24;

unsafe extern "C" {
    safe static _kernel_start: u8;
    safe static _text_end: u8;
}

/// Calls `report` for the words of the current stack that point into kernel code.
/// There are no frame pointers: old return addresses that were not overwritten
/// appear, too.
#[inline(never)]
pub fn stack_trace(report: &mut dyn FnMut(usize)) {
    let here = 0usize;
    let start = (&raw const here)
        .addr()
        .next_multiple_of(size_of::<usize>());
    let end = start.next_multiple_of(STACK_SIZE);
    let text = (&raw const _kernel_start).addr()..(&raw const _text_end).addr();
    let mut left = LIMIT;
    for at in (start..end).step_by(size_of::<usize>()) {
        // SAFETY: aligned, and between here and the end of a block of kernel
        // memory that is mapped as a whole.
        let word = unsafe { core::ptr::with_exposed_provenance::<usize>(at).read_volatile() };
        if text.contains(&word) && left > 0 {
            report(word);
            left -= 1;
        }
    }
}
