//! Address space numbers: tags that let the TLB keep what it knows of a space while
//! another one is active.
//!
//! Each space takes a number when it is made and gives it back when it goes; 0 is
//! the kernel's, and that of spaces beyond the CPU's supply. A space with a number
//! of its own is activated without a flush, unless it is *stale*: something was
//! taken from it while it was not active, or its number was somebody else's before.

use crate::{arch::paging, sync::SpinLock};
use alloc::vec::Vec;

struct Pool {
    /// The lowest number never given out.
    next: usize,
    free: Vec<usize>,
}

static POOL: SpinLock<Pool> = SpinLock::new(Pool {
    next: 1,
    free: Vec::new(),
});

/// A number, given back on drop; 0 when there are no more.
pub(super) struct Asid(usize);

impl Asid {
    /// Takes a number. It may have been in use: flush at the first activation.
    pub fn take() -> Asid {
        let mut pool = POOL.lock();
        if let Some(number) = pool.free.pop() {
            return Asid(number);
        }
        if pool.next > paging::max_asid() {
            return Asid(0);
        }
        pool.next += 1;
        Asid(pool.next - 1)
    }

    /// The number; 0 is shared, and needs a flush at each activation.
    pub fn number(&self) -> usize {
        self.0
    }
}

impl Drop for Asid {
    fn drop(&mut self) {
        if self.0 != 0 {
            POOL.lock().free.push(self.0);
        }
    }
}
