//! mremap(2).

use super::{AddressSpace, Flush, Inner, LOWEST, STACK_ROOM, page_range};
use crate::{
    Result,
    arch::paging::{Pte, USER_TOP},
    mm::{PAGE_SIZE, area::Area},
};
use abi::Errno;
use core::{mem, sync::atomic::Ordering::Relaxed};

const MAYMOVE: u32 = 1;
const FIXED: u32 = 2;
const DONTUNMAP: u32 = 4;

impl AddressSpace {
    /// mremap(2); `flags` as the call's.
    pub fn remap(
        &self,
        old: usize,
        old_len: usize,
        new_len: usize,
        flags: u32,
        new: usize,
    ) -> Result<usize> {
        let fixed = flags & FIXED != 0;
        let keep = flags & DONTUNMAP != 0;
        let known = flags & !(MAYMOVE | FIXED | DONTUNMAP) == 0;
        let moves = flags & MAYMOVE != 0 || !(fixed || keep);
        if !known || !moves || !old.is_multiple_of(PAGE_SIZE) || new_len == 0 {
            return Err(Errno::EINVAL);
        }
        if new_len > USER_TOP {
            return Err(Errno::ENOMEM);
        }
        let (start, old_end) = page_range(old, old_len, Errno::EFAULT)?;
        let old_len = old_end - start;
        let new_len = new_len.next_multiple_of(PAGE_SIZE);
        if keep && old_len != new_len {
            return Err(Errno::EINVAL);
        }
        if fixed {
            let aligned = new.is_multiple_of(PAGE_SIZE);
            let fits = new >= LOWEST && new <= USER_TOP - new_len;
            let disjoint = new + new_len <= start || old_end <= new;
            if !aligned || !fits || !disjoint {
                return Err(Errno::EINVAL);
            }
        }

        if fixed {
            // What is in the way goes even when the rest fails, as on Linux.
            self.unmap(new, new_len)?;
        }
        let mut flush = Flush::new(self);
        let mut inner = self.lock();
        let area = inner.areas.at(start).ok_or(Errno::EFAULT)?.clone();
        if old_len == 0 {
            // A second mapping of the same pages; only sharing makes sense of it.
            if !area.shared || flags & MAYMOVE == 0 {
                return Err(Errno::EINVAL);
            }
        } else if old_end > area.end {
            return Err(Errno::EFAULT);
        }
        if keep && (area.backing.is_some() || area.shared) {
            return Err(Errno::EINVAL);
        }

        // Shrinking needs no place.
        if !fixed && !keep && old_len >= new_len && old_len > 0 {
            drop(inner);
            if old_len > new_len {
                self.unmap(start + new_len, old_len - new_len)?;
            }
            return Ok(start);
        }
        let more = if keep {
            new_len
        } else {
            new_len.saturating_sub(old_len)
        };
        if inner.areas.bytes + more > self.as_limit.load(Relaxed) {
            return Err(Errno::ENOMEM);
        }
        // Growing in place.
        let new_end = start.saturating_add(new_len);
        let room = old_len > 0
            && old_end == area.end
            && new_end <= USER_TOP
            && inner.areas.is_free(old_end, new_end);
        if !fixed && !keep && room {
            let mut tail = area.clone();
            let index = area.index(old_end);
            tail.start = old_end;
            tail.end = new_end;
            if let Some(shown) = &mut tail.backing {
                shown.first = index;
            }
            tail.grows_down = false;
            inner.areas.insert(tail);
            drop(inner);
            if area.locked {
                self.populate(old_end, new_end);
            }
            return Ok(start);
        }
        if flags & MAYMOVE == 0 {
            return Err(Errno::ENOMEM);
        }

        let target = if fixed {
            new
        } else {
            let top = USER_TOP - STACK_ROOM;
            let gap = inner.areas.find_gap(new_len, LOWEST, top);
            gap.ok_or(Errno::ENOMEM)?
        };
        let mut moved = area.clone();
        moved.start = target;
        moved.end = target + new_len;
        if let Some(shown) = &mut moved.backing {
            shown.first = area.index(start);
        }
        let carried = old_len.min(new_len);
        inner.move_pages(start, target, carried, &mut flush)?;
        let removed = match keep || old_len == 0 {
            true => Default::default(),
            false => {
                inner.drop_pages(start + carried, old_end, &mut flush);
                inner.areas.remove(start, old_end)
            }
        };
        let locked = moved.locked;
        inner.areas.insert(Area {
            grows_down: false,
            ..moved
        });
        flush.finish();
        drop(inner);
        drop(removed);
        if locked {
            self.populate(target, target + new_len);
        }
        Ok(target)
    }
}

impl Inner {
    /// Moves the entries of a range. On `ENOMEM` (no table) nothing has moved.
    fn move_pages(&mut self, from: usize, to: usize, len: usize, flush: &mut Flush) -> Result<()> {
        // Tables first, so that the move itself cannot fail half-way.
        let mut at = 0;
        while at < len {
            let mut present = false;
            let stop = len.min(at + (PAGE_SIZE << 9));
            self.table
                .for_each(from + at, from + stop, |_, _| present = true);
            if present {
                for page in (at..stop).step_by(PAGE_SIZE) {
                    self.table.make(to + page).ok_or(Errno::ENOMEM)?;
                }
            }
            at = stop;
        }
        for page in (0..len).step_by(PAGE_SIZE) {
            let Some(pte) = self.table.find(from + page).filter(|pte| pte.is_page()) else {
                continue;
            };
            let entry = mem::replace(pte, Pte::EMPTY);
            flush.page(from + page);
            if let Some(pte) = self.table.find(to + page) {
                *pte = entry;
            }
        }
        Ok(())
    }
}
