//! mmap(2), munmap(2), mprotect(2).

use super::{AddressSpace, Fixed, Flush, LOWEST, MapRequest, Prot, STACK_ROOM, page_range, perms};
use crate::{
    Result,
    arch::{
        Access, Perms,
        paging::{Pte, USER_TOP},
    },
    mm::{
        Backing, PAGE_SIZE,
        anon::Anonymous,
        area::{Area, Shown},
        buddy,
    },
};
use abi::Errno;
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::Ordering::Relaxed;

impl AddressSpace {
    /// Maps; returns the address. mmap(2)'s errors.
    pub fn map(&self, request: MapRequest) -> Result<usize> {
        if request.len == 0 {
            return Err(Errno::EINVAL);
        }
        if request.len > USER_TOP {
            return Err(Errno::ENOMEM);
        }
        let len = request.len.next_multiple_of(PAGE_SIZE);
        let fixed = request.fixed != Fixed::No;
        if fixed && !request.addr.is_multiple_of(PAGE_SIZE) {
            return Err(Errno::EINVAL);
        }
        let backing = match request.backing {
            Some((_, offset)) if !offset.is_multiple_of(PAGE_SIZE as u64) => {
                return Err(Errno::EINVAL);
            }
            Some((_, offset)) if offset.checked_add(len as u64).is_none() => {
                return Err(Errno::EOVERFLOW);
            }
            Some((backing, offset)) => Some(Shown::new(backing, offset / PAGE_SIZE as u64)),
            None if request.shared => {
                let object: Arc<dyn Backing> = Anonymous::new(len, "/dev/zero (deleted)");
                Some(Shown::new(object, 0))
            }
            None => None,
        };
        buddy::check_reserve()?;
        // Linux's heuristic overcommit: only what can never be there is refused.
        let private = backing.is_none() && request.prot.contains(Prot::WRITE);
        if private && len > buddy::statistics().1 * PAGE_SIZE {
            return Err(Errno::ENOMEM);
        }

        let mut flush = Flush::new(self);
        let mut inner = self.lock();
        let addr = match request.fixed {
            Fixed::No => {
                let hint = request.addr.next_multiple_of(PAGE_SIZE);
                let fits = hint >= LOWEST && hint <= USER_TOP - len;
                if fits && inner.areas.is_free(hint, hint + len) {
                    hint
                } else {
                    let top = USER_TOP - STACK_ROOM.max(self.stack_limit_room());
                    let gap = inner.areas.find_gap(len, LOWEST, top);
                    gap.or_else(|| inner.areas.find_gap(len, LOWEST, USER_TOP))
                        .ok_or(Errno::ENOMEM)?
                }
            }
            Fixed::Replace | Fixed::NoReplace => {
                if request.addr > USER_TOP - len {
                    return Err(Errno::ENOMEM);
                }
                if request.addr < LOWEST {
                    return Err(Errno::EPERM);
                }
                request.addr
            }
        };
        let end = addr + len;
        if request.fixed == Fixed::NoReplace && !inner.areas.is_free(addr, end) {
            return Err(Errno::EEXIST);
        }
        let replaced: usize = match request.fixed {
            Fixed::Replace => inner
                .areas
                .overlapping(addr, end)
                .map(|area| area.end.min(end) - area.start.max(addr))
                .sum(),
            _ => 0,
        };
        if inner.areas.bytes - replaced + len > self.as_limit.load(Relaxed) {
            return Err(Errno::ENOMEM);
        }
        let old = inner.areas.remove(addr, end);
        if !old.is_empty() {
            inner.drop_pages(addr, end, &mut flush);
        }
        let locked = inner.lock_future;
        inner.areas.insert(Area {
            start: addr,
            end,
            prot: request.prot,
            max_prot: request.max_prot,
            shared: request.shared,
            backing,
            grows_down: request.grows_down,
            name: request.name,
            locked,
            dont_fork: false,
            wipe_on_fork: false,
            ahead: (0, 1),
        });
        flush.finish();
        drop(inner);
        drop(old);
        if request.populate || locked {
            self.populate(addr, end);
        }
        Ok(addr)
    }

    /// munmap(2).
    pub fn unmap(&self, addr: usize, len: usize) -> Result<()> {
        if len == 0 || !addr.is_multiple_of(PAGE_SIZE) {
            return Err(Errno::EINVAL);
        }
        let (start, end) = page_range(addr, len, Errno::EINVAL)?;
        let mut flush = Flush::new(self);
        let mut inner = self.lock();
        let removed = inner.areas.remove(start, end);
        if !removed.is_empty() {
            inner.drop_pages(start, end, &mut flush);
        }
        flush.finish();
        drop(inner);
        // Backings go without the lock: `fs` may sleep there.
        drop(removed);
        Ok(())
    }

    /// mprotect(2).
    pub fn protect(&self, addr: usize, len: usize, prot: Prot) -> Result<()> {
        if !addr.is_multiple_of(PAGE_SIZE) {
            return Err(Errno::EINVAL);
        }
        let (start, end) = page_range(addr, len, Errno::ENOMEM)?;
        if start == end {
            return Ok(());
        }
        let mut flush = Flush::new(self);
        let mut inner = self.lock();
        // Linux changes what comes before the first hole and then says ENOMEM.
        let mut covered = start;
        let mut denied = None;
        for area in inner.areas.overlapping(start, end) {
            if area.start > covered {
                break;
            }
            if !area.max_prot.contains(prot) {
                denied = Some(Errno::EACCES);
                break;
            }
            covered = area.end;
        }
        let stop = covered.min(end);
        if start < stop {
            let table = &mut inner.table;
            // Entries first: `change` merges areas afterwards.
            table.for_each(start, stop, |va, pte| {
                let old = pte.perms();
                // Write permission comes back with the next fault, which knows
                // whether the page is shared.
                let new = perms(prot) & (old | Perms::READ | Perms::EXEC);
                if new != old {
                    *pte = Pte::page(pte.addr(), new);
                    match new.contains(old) {
                        true => flush.gained(va),
                        false => flush.page(va),
                    }
                }
            });
            if prot.contains(Prot::EXEC) {
                crate::arch::sync_icache();
            }
            inner.areas.change(start, stop, |area| area.prot = prot);
        }
        flush.finish();
        match denied {
            Some(errno) => Err(errno),
            None if stop < end => Err(Errno::ENOMEM),
            None => Ok(()),
        }
    }

    /// The start of the area that grows down and contains `addr`, for PROT_GROWSDOWN.
    pub fn stack_start(&self, addr: usize) -> Option<usize> {
        let inner = self.lock();
        let area = inner.areas.at(addr)?;
        area.grows_down.then_some(area.start)
    }

    /// What the area that starts at `addr` shows, if it shows its beginning, and the area's length.
    pub(in crate::mm) fn shown_at(&self, addr: usize) -> Option<(Arc<dyn Backing>, usize)> {
        let inner = self.lock();
        let area = inner.areas.at(addr).filter(|area| area.start == addr)?;
        let shown = area.backing.as_ref().filter(|shown| shown.first == 0)?;
        Some((shown.object.clone(), area.len()))
    }

    /// Unmaps those areas in `addr..addr + len` that show `object` as if it began at `addr`.
    pub(in crate::mm) fn unmap_shown(&self, addr: usize, len: usize, object: &Arc<dyn Backing>) {
        let parts: Vec<_> = {
            let inner = self.lock();
            let of_object = |area: &&Area| {
                let index = (area.start.wrapping_sub(addr) / PAGE_SIZE) as u64;
                area.backing
                    .as_ref()
                    .is_some_and(|shown| Arc::ptr_eq(&shown.object, object) && shown.first == index)
            };
            let areas = inner.areas.overlapping(addr, addr.saturating_add(len));
            areas
                .filter(of_object)
                .map(|area| (area.start, area.len()))
                .collect()
        };
        for (start, len) in parts {
            // Whole areas that were mapped a moment ago: a valid range.
            let _ = self.unmap(start, len);
        }
    }

    /// Brings the pages of a range in; what cannot come (out of memory, end of
    /// file) is left to the fault that will report it.
    pub(super) fn populate(&self, start: usize, end: usize) {
        let mut at = start;
        while at < end {
            let (stop, prot) = match self.lock().areas.at(at) {
                Some(area) => (area.end.min(end), area.prot),
                None => return,
            };
            let access = match prot {
                prot if prot.contains(Prot::WRITE) => Access::Write,
                prot if prot.contains(Prot::READ) => Access::Read,
                _ => Access::Execute,
            };
            if super::fault::accessible(prot) && self.ensure(at, stop - at, access) < stop - at {
                return;
            }
            at = stop;
        }
    }

    /// How far mmap's ceiling stays below the top for the stack, at most 5/6 of it all.
    fn stack_limit_room(&self) -> usize {
        self.stack_limit.load(Relaxed).min(USER_TOP / 6 * 5)
    }
}
