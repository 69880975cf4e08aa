//! brk(2).

use super::{AddressSpace, Flush, Prot};
use crate::{
    arch::paging::USER_TOP,
    mm::{PAGE_SIZE, area::Area, buddy},
};
use core::sync::atomic::Ordering::Relaxed;

impl AddressSpace {
    /// Sets where the heap starts (exec).
    pub fn set_brk_base(&self, addr: usize) {
        let mut inner = self.lock();
        inner.brk_base = addr.next_multiple_of(PAGE_SIZE);
        inner.brk = inner.brk_base;
    }

    /// brk(2): returns the new break, or the old one when it cannot move.
    pub fn brk(&self, addr: usize) -> usize {
        let mut flush = Flush::new(self);
        let mut inner = self.lock();
        let old = inner.brk;
        let limit = self.data_limit.load(Relaxed);
        if addr < inner.brk_base || addr > USER_TOP || addr - inner.brk_base > limit {
            return old;
        }
        let old_end = old.next_multiple_of(PAGE_SIZE);
        let end = addr.next_multiple_of(PAGE_SIZE);
        if end > old_end {
            let as_limit = self.as_limit.load(Relaxed);
            let blocked = !inner.areas.is_free(old_end, end)
                || inner.areas.bytes + (end - old_end) > as_limit
                || end - old_end > buddy::statistics().1 * PAGE_SIZE
                || buddy::check_reserve().is_err();
            if blocked {
                return old;
            }
            let locked = inner.lock_future;
            inner.areas.insert(Area {
                start: old_end,
                end,
                prot: Prot::READ | Prot::WRITE,
                max_prot: Prot::all(),
                shared: false,
                backing: None,
                grows_down: false,
                name: "[heap]",
                locked,
                dont_fork: false,
                wipe_on_fork: false,
                ahead: (0, 1),
            });
        } else if end < old_end {
            inner.areas.remove(end, old_end);
            inner.drop_pages(end, old_end, &mut flush);
            flush.finish();
        }
        inner.brk = addr;
        addr
    }
}
