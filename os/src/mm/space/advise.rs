//! madvise(2), mlock(2) and kin, mincore(2), msync(2).

use super::{AddressSpace, Flush, page_range};
use crate::{
    Result,
    arch::Access,
    mm::{Backing, PAGE_SIZE},
};
use abi::{Errno, general as g};
use alloc::{sync::Arc, vec::Vec};

impl AddressSpace {
    /// madvise(2): MADV_DONTNEED and MADV_FREE drop pages; hints are accepted; the rest `EINVAL`.
    pub fn advise(&self, addr: usize, len: usize, advice: i32) -> Result<()> {
        if !addr.is_multiple_of(PAGE_SIZE) {
            return Err(Errno::EINVAL);
        }
        let (start, end) = page_range(addr, len, Errno::EINVAL)?;
        match advice as u32 {
            g::MADV_NORMAL
            | g::MADV_RANDOM
            | g::MADV_SEQUENTIAL
            | g::MADV_WILLNEED
            | g::MADV_DONTDUMP
            | g::MADV_DODUMP
            | g::MADV_COLD
            | g::MADV_PAGEOUT => self.check_covered(start, end),
            g::MADV_DONTNEED => self.discard(start, end, false),
            g::MADV_FREE => self.discard(start, end, true),
            g::MADV_DONTFORK => self.mark(start, end, |area| area.dont_fork = true),
            g::MADV_DOFORK => self.mark(start, end, |area| area.dont_fork = false),
            g::MADV_WIPEONFORK => {
                let inner = self.lock();
                let private = inner
                    .areas
                    .overlapping(start, end)
                    .all(|area| area.backing.is_none());
                drop(inner);
                match private {
                    true => self.mark(start, end, |area| area.wipe_on_fork = true),
                    false => Err(Errno::EINVAL),
                }
            }
            g::MADV_KEEPONFORK => self.mark(start, end, |area| area.wipe_on_fork = false),
            g::MADV_POPULATE_READ => self.populate_as(start, end, Access::Read),
            g::MADV_POPULATE_WRITE => self.populate_as(start, end, Access::Write),
            // MERGEABLE, HUGEPAGE and their opposites: as without KSM and THP.
            _ => Err(Errno::EINVAL),
        }
    }

    /// mlock(2), mlock2(2) (`populate` is false for MLOCK_ONFAULT), munlock(2).
    /// The caller checks RLIMIT_MEMLOCK against [`AddressSpace::locked`].
    pub fn set_locked(&self, addr: usize, len: usize, locked: bool, populate: bool) -> Result<()> {
        let (start, end) = page_range(addr, len, Errno::EINVAL)?;
        self.mark(start, end, |area| area.locked = locked)?;
        if locked && populate {
            self.populate(start, end);
        }
        Ok(())
    }

    /// mlockall(2) and munlockall(2): everything there is, and (`future`) everything to come.
    pub fn set_all_locked(&self, current: bool, future: bool) {
        let mut inner = self.lock();
        inner.lock_future = future;
        let ranges: Vec<_> = inner
            .areas
            .iter()
            .map(|area| (area.start, area.end))
            .collect();
        for &(start, end) in &ranges {
            if current || !future {
                inner.areas.change(start, end, |area| area.locked = current);
            }
        }
        drop(inner);
        if current {
            ranges
                .iter()
                .for_each(|&(start, end)| self.populate(start, end));
        }
    }

    /// Bytes under a memory lock, for RLIMIT_MEMLOCK and VmLck.
    pub fn locked(&self) -> usize {
        let inner = self.lock();
        let locked = inner.areas.iter().filter(|area| area.locked);
        locked.map(|area| area.len()).sum()
    }

    /// mincore(2): calls `report` for each page. `ENOMEM` where nothing is mapped.
    pub fn residency(&self, addr: usize, len: usize, report: &mut dyn FnMut(bool)) -> Result<()> {
        if !addr.is_multiple_of(PAGE_SIZE) {
            return Err(Errno::EINVAL);
        }
        let (start, end) = page_range(addr, len, Errno::ENOMEM)?;
        let mut inner = self.lock();
        if !inner.areas.covers(start, end) {
            return Err(Errno::ENOMEM);
        }
        for va in (start..end).step_by(PAGE_SIZE) {
            let present = inner.table.find(va).is_some_and(|pte| pte.is_page());
            let cached = || {
                let area = inner.areas.at(va)?;
                let shown = area.backing.as_ref()?;
                shown.object.cached(area.index(va))
            };
            report(present || cached().is_some());
        }
        Ok(())
    }

    /// msync(2) with MS_SYNC: has every file in the range write back. `ENOMEM`
    /// where nothing is mapped. `invalidate` (MS_INVALIDATE) fails with `EBUSY` on locked pages.
    pub fn sync(&self, addr: usize, len: usize, write: bool, invalidate: bool) -> Result<()> {
        if !addr.is_multiple_of(PAGE_SIZE) {
            return Err(Errno::EINVAL);
        }
        let (start, end) = page_range(addr, len, Errno::ENOMEM)?;
        let inner = self.lock();
        let hole = !inner.areas.covers(start, end);
        let mut files: Vec<Arc<dyn Backing>> = Vec::new();
        for area in inner.areas.overlapping(start, end) {
            if invalidate && area.locked {
                return Err(Errno::EBUSY);
            }
            if let Some(shown) = area.backing.as_ref().filter(|_| write && area.shared) {
                files.push(shown.object.clone());
            }
        }
        drop(inner);
        files.iter().try_for_each(|file| file.sync())?;
        if hole { Err(Errno::ENOMEM) } else { Ok(()) }
    }

    /// Drops pages. Private anonymous memory is zero afterwards; what has a
    /// backing is found there again.
    fn discard(&self, start: usize, end: usize, lazily: bool) -> Result<()> {
        let mut flush = Flush::new(self);
        let mut inner = self.lock();
        for area in inner.areas.overlapping(start, end) {
            if area.locked || lazily && area.backing.is_some() {
                return Err(Errno::EINVAL);
            }
        }
        let hole = !inner.areas.covers(start, end);
        inner.drop_pages(start, end, &mut flush);
        flush.finish();
        if hole { Err(Errno::ENOMEM) } else { Ok(()) }
    }

    /// Changes the areas of a range; `ENOMEM` (after changing the rest) at a hole.
    fn mark(
        &self,
        start: usize,
        end: usize,
        change: impl FnMut(&mut crate::mm::area::Area),
    ) -> Result<()> {
        let mut inner = self.lock();
        let hole = !inner.areas.covers(start, end);
        inner.areas.change(start, end, change);
        if hole { Err(Errno::ENOMEM) } else { Ok(()) }
    }

    fn check_covered(&self, start: usize, end: usize) -> Result<()> {
        match self.lock().areas.covers(start, end) {
            true => Ok(()),
            false => Err(Errno::ENOMEM),
        }
    }

    /// MADV_POPULATE_*: errors as madvise(2) lists them.
    fn populate_as(&self, start: usize, end: usize, access: Access) -> Result<()> {
        self.check_covered(start, end)?;
        for va in (start..end).step_by(PAGE_SIZE) {
            if self.ensure(va, 1, access) == 0 {
                return match self.fault(va, access) {
                    Ok(()) => continue,
                    Err(super::FaultError::NotMapped) => Err(Errno::ENOMEM),
                    Err(super::FaultError::NotAllowed) => Err(Errno::EINVAL),
                    Err(super::FaultError::Bus) => Err(Errno::EFAULT),
                    Err(super::FaultError::OutOfMemory) => Err(Errno::ENOMEM),
                };
            }
        }
        Ok(())
    }
}
