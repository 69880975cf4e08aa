//! What changes a file's length and its holes: truncation, allocation, SEEK_DATA.

use super::{Data, MAX_SIZE, PAGE, ZEROES, seal};
use crate::{Result, sched};
use abi::Errno;

impl Data {
    /// ftruncate(2).
    pub(in crate::fs::tmpfs) fn truncate(&self, len: u64) -> Result<()> {
        if len > MAX_SIZE {
            return Err(Errno::EFBIG);
        }
        let _writing = self.io.lock();
        let (size, seals) = {
            let pages = self.pages.lock();
            (pages.size, pages.seals)
        };
        if (len < size && seals & seal::SHRINK != 0) || (len > size && seals & seal::GROW != 0) {
            return Err(Errno::EPERM);
        }
        // Bytes behind the end must be zero when the file grows over them again.
        let edge = len.min(size);
        if edge % PAGE != 0 && self.find(edge / PAGE)?.is_some() {
            let frame = self.claim(edge / PAGE, true)?;
            let within = (edge % PAGE) as usize;
            frame.write(within, &ZEROES[within..]);
        }
        let mut pages = self.pages.lock();
        pages.size = len;
        pages.lower_size = pages.lower_size.min(len);
        let gone = pages.map.split_off(&len.div_ceil(PAGE));
        let dirty = gone.values().filter(|page| page.dirty).count();
        pages.dirty -= dirty as u64;
        drop(pages);
        self.volume.uncharge(dirty);
        Ok(())
    }

    /// fallocate(2): plain, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE.
    pub(in crate::fs::tmpfs) fn allocate(&self, mode: u32, offset: u64, len: u64) -> Result<()> {
        const KEEP_SIZE: u32 = 1;
        const PUNCH_HOLE: u32 = 2;
        const ZERO_RANGE: u32 = 16;
        let end = offset
            .checked_add(len)
            .filter(|&end| end <= MAX_SIZE)
            .ok_or(Errno::EFBIG)?;
        let _writing = self.io.lock();
        let seals = self.pages.lock().seals;
        match mode & !KEEP_SIZE {
            PUNCH_HOLE | ZERO_RANGE => {
                if seals & (seal::WRITE | seal::FUTURE_WRITE) != 0 {
                    return Err(Errno::EPERM);
                }
                self.clear(offset, end)?;
            }
            0 => self.volume.room_for(len.div_ceil(PAGE))?,
            _ => return Err(Errno::EOPNOTSUPP),
        }
        if mode & KEEP_SIZE == 0 {
            let mut pages = self.pages.lock();
            if end > pages.size && seals & seal::GROW != 0 {
                return Err(Errno::EPERM);
            }
            pages.size = pages.size.max(end);
        }
        Ok(())
    }

    /// Makes a range read as zeroes; gives whole pages back where the lower layer does not shine through.
    fn clear(&self, offset: u64, end: u64) -> Result<()> {
        let stop = end.min(self.size());
        let mut at = offset;
        while at < stop {
            let (index, within) = (at / PAGE, at % PAGE);
            let len = (PAGE - within).min(stop - at);
            let below = index * PAGE < self.pages.lock().lower_size;
            if len == PAGE && !below {
                let mut pages = self.pages.lock();
                if pages.map.remove(&index).is_some_and(|page| page.dirty) {
                    pages.dirty -= 1;
                    self.volume.uncharge(1);
                }
            } else if below || self.find(index)?.is_some() {
                let frame = self.claim(index, true)?;
                frame.write(within as usize, &ZEROES[..len as usize]);
            }
            at += len;
            sched::yield_if_needed();
        }
        Ok(())
    }

    /// lseek(2) with SEEK_DATA or SEEK_HOLE, in whole pages. What the lower layer
    /// answers for counts as data.
    pub(in crate::fs::tmpfs) fn seek(&self, offset: i64, data: bool) -> Result<u64> {
        let pages = self.pages.lock();
        let offset = u64::try_from(offset).map_err(|_| Errno::ENXIO)?;
        if offset >= pages.size {
            return Err(Errno::ENXIO);
        }
        let is_data =
            |index: u64| index * PAGE < pages.lower_size || pages.map.contains_key(&index);
        let first = offset / PAGE;
        let end = pages.size.div_ceil(PAGE);
        let found = if data && !is_data(first) {
            // Below the lower size everything is data, so only the map can have the next.
            pages
                .map
                .range(first..)
                .next()
                .map(|(&index, _)| index)
                .filter(|&index| index < end)
        } else if data {
            Some(first)
        } else {
            (first..end).find(|&index| !is_data(index))
        };
        match found {
            Some(index) => Ok(offset.max(index * PAGE)),
            None if data => Err(Errno::ENXIO),
            None => Ok(pages.size),
        }
    }
}
