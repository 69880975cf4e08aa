//! Page faults, and bringing pages in before they are needed.

use super::{AddressSpace, FaultError, Flush, Inner, Prot, page_floor, perms};
use crate::{
    arch::{
        self, Access, Perms,
        paging::{self, Pte},
    },
    debug::Counter,
    mm::{
        Backing, Frame, PAGE_SIZE,
        area::{Area, GUARD},
        frame,
    },
};
use abi::Errno;
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;

/// Page faults that needed no backing, and those that asked one (which may have meant I/O).
pub static MINOR_FAULTS: Counter = Counter::new();
#[allow(missing_docs)]
pub static MAJOR_FAULTS: Counter = Counter::new();

/// Most pages that one fault brings in.
const AROUND: usize = 16;

type Fault<T> = core::result::Result<T, FaultError>;

/// What is still missing.
struct Wanted {
    backing: Arc<dyn Backing>,
    index: u64,
    /// The page is going to be written in place.
    write: bool,
}

impl AddressSpace {
    /// Resolves a page fault; may sleep (file I/O).
    pub fn fault(&self, addr: usize, access: Access) -> Fault<()> {
        let va = page_floor(addr);
        loop {
            let mut flush = Flush::new(self);
            let wanted = {
                let mut inner = self.lock();
                inner.grow_stack(va, self.stack_limit.load(Relaxed));
                let wanted = inner.resolve(va, access, &mut flush)?;
                flush.finish();
                wanted
            };
            let Some(wanted) = wanted else {
                MINOR_FAULTS.add(1);
                return Ok(());
            };
            // The lock is not held here; see the module doc of `space`.
            let frame = wanted.backing.page(wanted.index, wanted.write);
            let frame = frame.map_err(|error| match error {
                Errno::ENOMEM => FaultError::OutOfMemory,
                _ => FaultError::Bus,
            })?;
            let mut flush = Flush::new(self);
            let done = self
                .lock()
                .install(va, access, &wanted, frame, &mut flush)?;
            flush.finish();
            if done {
                MAJOR_FAULTS.add(1);
                return Ok(());
            }
        }
    }

    /// Sees to it that up to `len` bytes from `addr` can be accessed; returns how
    /// many can (0: not even the first).
    pub fn ensure(&self, addr: usize, len: usize, access: Access) -> usize {
        let end = addr.saturating_add(len).min(paging::USER_TOP);
        let mut va = page_floor(addr);
        while va < end {
            if !self.allows(va, access) && self.fault(va, access).is_err() {
                break;
            }
            va += PAGE_SIZE;
        }
        va.min(end).saturating_sub(addr)
    }

    /// Whether the page is there with the permission.
    fn allows(&self, va: usize, access: Access) -> bool {
        let mut inner = self.lock();
        let pte = inner.table.find(va);
        pte.is_some_and(|pte| pte.is_page() && pte.perms().contains(needed(access)))
    }

    /// Copies memory out of any space, current or not (/proc/pid/mem, process_vm_readv);
    /// returns the bytes copied.
    pub fn read(&self, addr: usize, dst: &mut [u8]) -> usize {
        let mut done = 0;
        while done < dst.len() {
            let at = addr.wrapping_add(done);
            let offset = at % PAGE_SIZE;
            let n = (PAGE_SIZE - offset).min(dst.len() - done);
            let Some(frame) = self.frame_at(at, Access::Read) else {
                break;
            };
            frame.read(offset, &mut dst[done..done + n]);
            done += n;
        }
        done
    }

    /// Copies into any space; returns the bytes copied.
    pub fn write(&self, addr: usize, src: &[u8]) -> usize {
        let mut done = 0;
        while done < src.len() {
            let at = addr.wrapping_add(done);
            let offset = at % PAGE_SIZE;
            let n = (PAGE_SIZE - offset).min(src.len() - done);
            let Some(frame) = self.frame_at(at, Access::Write) else {
                break;
            };
            frame.write(offset, &src[done..done + n]);
            done += n;
        }
        done
    }

    /// The frame at an address, brought in for `access`.
    pub(super) fn frame_at(&self, addr: usize, access: Access) -> Option<Frame> {
        if addr >= paging::USER_TOP || self.ensure(addr, 1, access) == 0 {
            return None;
        }
        let mut inner = self.lock();
        let pte = inner.table.find(addr).filter(|pte| pte.is_page())?;
        // SAFETY: the entry owns the frame, under the lock.
        Some(unsafe { Frame::share_raw(pte.addr()) })
    }
}

fn needed(access: Access) -> Perms {
    match access {
        Access::Read => Perms::READ,
        Access::Write => Perms::WRITE,
        Access::Execute => Perms::EXEC,
    }
}

impl Inner {
    /// A touch below a stack makes it grow, down to its limit and not into the
    /// guard above its neighbour.
    fn grow_stack(&mut self, va: usize, limit: usize) {
        if self.areas.at(va).is_some() {
            return;
        }
        let Some(stack) = self.areas.after(va).filter(|area| area.grows_down) else {
            return;
        };
        let (start, end) = (stack.start, stack.end);
        let neighbour = self.areas.before(start).map_or(0, |area| {
            let accessible = !area.prot.is_empty() && !area.grows_down;
            area.end + if accessible { GUARD } else { 0 }
        });
        if end - va <= limit && va >= neighbour {
            self.areas.grow_down(start, va);
        }
    }

    /// Resolves what needs no backing; `Some` says what does.
    fn resolve(&mut self, va: usize, access: Access, flush: &mut Flush) -> Fault<Option<Wanted>> {
        let Inner { areas, table, .. } = self;
        let area = areas.at_mut(va).ok_or(FaultError::NotMapped)?;
        if !perms(area.prot).contains(needed(access)) {
            return Err(FaultError::NotAllowed);
        }
        let pte = table.make(va).ok_or(FaultError::OutOfMemory)?;
        if pte.is_page() {
            if pte.perms().contains(needed(access)) {
                // Somebody else brought it in, or the TLB remembers an older entry.
                flush.page(va);
                return Ok(None);
            }
            // Present, and the area allows what the entry does not: a write to a
            // page that was write-protected.
            if !area.shared {
                copy_on_write(pte, va, area, flush)?;
                return Ok(None);
            }
        }
        match &area.backing {
            Some(shown) => Ok(Some(Wanted {
                backing: shown.object.clone(),
                index: area.index(va),
                write: area.shared && access == Access::Write,
            })),
            None => {
                let pages = self.bring_zeroes(va)?;
                self.grow(pages);
                // Each of them: a neighbour's TLB entry may say that a page is not there (LoongArch keeps pages
                // in pairs), and a copy under a lock cannot take the fault that would put it right.
                for page in 0..pages {
                    flush.gained(va + page * PAGE_SIZE);
                }
                Ok(None)
            }
        }
    }

    /// Anonymous memory: zeroed pages, several at once where a program walks upwards.
    fn bring_zeroes(&mut self, va: usize) -> Fault<usize> {
        let Inner { areas, table, .. } = self;
        let area = areas.at_mut(va).ok_or(FaultError::NotMapped)?;
        let batch = match area.ahead {
            (expected, batch) if expected == va => (batch as usize * 2).min(AROUND),
            _ => 1,
        };
        let end = area.end.min(va + batch * PAGE_SIZE);
        let perms = perms(area.prot);
        let mut at = va;
        while at < end {
            let pte = table.make(at).ok_or(FaultError::OutOfMemory)?;
            if pte.is_page() {
                break;
            }
            match Frame::zeroed() {
                Some(frame) => *pte = Pte::page(frame.into_raw(), perms),
                None if at == va => return Err(FaultError::OutOfMemory),
                None => break,
            }
            at += PAGE_SIZE;
        }
        area.ahead = (at, batch as u8);
        Ok((at - va) / PAGE_SIZE)
    }

    /// Enters the page that the backing gave, unless the area changed meanwhile.
    fn install(
        &mut self,
        va: usize,
        access: Access,
        wanted: &Wanted,
        frame: Frame,
        flush: &mut Flush,
    ) -> Fault<bool> {
        let Inner { areas, table, .. } = self;
        let Some(area) = areas.at(va) else {
            return Ok(false);
        };
        let same = area
            .backing
            .as_ref()
            .is_some_and(|shown| Arc::ptr_eq(&shown.object, &wanted.backing));
        if !same || area.index(va) != wanted.index || !perms(area.prot).contains(needed(access)) {
            return Ok(false);
        }
        let pte = table.make(va).ok_or(FaultError::OutOfMemory)?;
        let present = pte.is_page();
        if present && !wanted.write {
            return Ok(false);
        }
        let mut allowed = perms(area.prot);
        let frame = if area.shared {
            if !wanted.write {
                // So that the backing hears of the first write.
                allowed -= Perms::WRITE;
            }
            frame
        } else if access == Access::Write {
            duplicate(&frame)?
        } else {
            allowed -= Perms::WRITE;
            frame
        };
        let old = core::mem::replace(pte, Pte::page(frame.into_raw(), allowed));
        if present {
            match old.addr() == pte.addr() {
                true => flush.gained(va),
                false => flush.page(va),
            }
            // SAFETY: the entry owned this frame (or this count of it).
            drop(unsafe { Frame::from_raw(old.addr()) });
        } else {
            flush.gained(va);
            self.grow(1);
            if access != Access::Write {
                self.around(va, wanted, flush);
            }
        }
        if allowed.contains(Perms::EXEC) {
            arch::sync_icache();
        }
        Ok(true)
    }

    /// Enters pages of the same backing around `va` that are in memory already.
    fn around(&mut self, va: usize, wanted: &Wanted, flush: &Flush) {
        let Inner { areas, table, .. } = self;
        let Some(area) = areas.at(va) else { return };
        let allowed = perms(area.prot) - Perms::WRITE;
        let block = va & !(AROUND * PAGE_SIZE - 1);
        let start = block.max(area.start);
        let end = (block + AROUND * PAGE_SIZE).min(area.end);
        let mut brought = 0;
        for at in (start..end).step_by(PAGE_SIZE) {
            // The block lies within one table, which `install` made.
            let Some(pte) = table.find(at).filter(|pte| !pte.is_page()) else {
                continue;
            };
            if let Some(frame) = wanted.backing.cached(area.index(at)) {
                *pte = Pte::page(frame.into_raw(), allowed);
                flush.gained(at);
                brought += 1;
            }
        }
        self.grow(brought);
    }
}

/// A write to a private page that others may share.
fn copy_on_write(pte: &mut Pte, va: usize, area: &Area, flush: &mut Flush) -> Fault<()> {
    // SAFETY: the entry owns a count of this frame and is replaced below.
    let frame = unsafe { Frame::from_raw(pte.addr()) };
    if frame.owners() == 1 {
        // The same page, now writable: a stale entry only causes a second fault.
        *pte = Pte::page(frame.into_raw(), perms(area.prot));
        flush.gained(va);
        return Ok(());
    }
    match duplicate(&frame) {
        Ok(copy) => {
            *pte = Pte::page(copy.into_raw(), perms(area.prot));
            flush.page(va);
            Ok(())
        }
        Err(error) => {
            // The entry stays as it was, and so does its count.
            let _ = frame.into_raw();
            Err(error)
        }
    }
}

fn duplicate(frame: &Frame) -> Fault<Frame> {
    let copy = Frame::uninit().ok_or(FaultError::OutOfMemory)?;
    frame::copy(frame, &copy);
    Ok(copy)
}

/// Whether `prot` allows anything at all; PROT_NONE areas hold no new pages.
pub(super) fn accessible(prot: Prot) -> bool {
    !prot.is_empty()
}
