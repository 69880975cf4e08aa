//! Kernel stacks: 32 KiB each, reused last-in-first-out so that they stay in the emulator's TLB.

use crate::sync::SpinLock;
use alloc::{
    alloc::{alloc, dealloc},
    vec::Vec,
};
use core::{alloc::Layout, ptr::NonNull};

/// Bytes in a stack.
const SIZE: usize = 32 * 1024;
/// Idle stacks kept for the next thread.
const CACHE: usize = 32;
/// What the lowest word holds until an overflow writes over it.
const CANARY: usize = 0x0ddb_a11c_0ffe_e000;
const LAYOUT: Layout = match Layout::from_size_align(SIZE, 4096) {
    Ok(layout) => layout,
    Err(_) => unreachable!(),
};

/// A kernel stack. Dropped by another thread than the one that ran on it.
pub(super) struct Stack {
    base: NonNull<u8>,
}

// SAFETY: a stack is plain memory that this object owns alone.
unsafe impl Send for Stack {}
// SAFETY: through `&Stack` only the canary is read, which nobody writes on purpose.
unsafe impl Sync for Stack {}

static IDLE: SpinLock<Vec<Stack>> = SpinLock::new(Vec::new());

impl Stack {
    /// A stack, from the cache or the heap; `None` when memory is exhausted.
    pub fn new() -> Option<Stack> {
        let cached = IDLE.lock().pop();
        if cached.is_some() {
            return cached;
        }
        // SAFETY: LAYOUT has a size above zero.
        let base = NonNull::new(unsafe { alloc(LAYOUT) })?;
        // SAFETY: the block is ours, SIZE bytes long and page-aligned.
        unsafe { base.cast::<usize>().write(CANARY) };
        Some(Stack { base })
    }

    /// One past the highest byte; 16-byte aligned.
    pub fn top(&self) -> usize {
        self.base.as_ptr() as usize + SIZE
    }

    /// Whether the lowest word is as it was.
    pub fn intact(&self) -> bool {
        // SAFETY: the block is ours and was initialised in `new`.
        unsafe { self.base.cast::<usize>().read_volatile() == CANARY }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let mut idle = IDLE.lock();
        if idle.len() < CACHE {
            idle.push(Stack { base: self.base });
            return;
        }
        drop(idle);
        // SAFETY: allocated in `new` with the same layout; `self` is its only owner.
        unsafe { dealloc(self.base.as_ptr(), LAYOUT) }
    }
}
