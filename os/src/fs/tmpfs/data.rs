//! The bytes of a regular file: its page cache, which is the file.
//!
//! read(2), write(2) and every mapping use the same frames. A page that is missing
//! is below `lower_size` still in the lower layer, else a hole. `io` serialises
//! writers and truncation (as Linux's inode lock) and is the only lock that is held
//! over user copies; the page table's spin lock is taken for each page.

mod shape;

use super::volume::Volume;
use crate::{
    Result,
    file::Io,
    fs::copy,
    mm::{Frame, PAGE_SIZE, UserIn, UserOut},
    sched,
    sync::{Mutex, SpinLock},
};
use abi::Errno;
use alloc::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
    vec,
};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const PAGE: u64 = PAGE_SIZE as u64;
/// Linux's `MAX_LFS_FILESIZE`: offsets are signed.
const MAX_SIZE: u64 = i64::MAX as u64;
/// Pages that one miss reads from the lower layer: 128 KiB, as Linux's read-ahead.
const READ_AHEAD: u64 = (128 << 10) / PAGE;

/// F_SEAL_SHRINK and its kin, fcntl(2).
pub mod seal {
    #![allow(missing_docs)]
    pub const SEAL: u32 = 1;
    pub const SHRINK: u32 = 2;
    pub const GROW: u32 = 4;
    pub const WRITE: u32 = 8;
    pub const FUTURE_WRITE: u32 = 16;
    pub const EXEC: u32 = 32;
}

/// Pages of all files.
static CACHED: AtomicUsize = AtomicUsize::new(0);

/// How many pages all files have in memory, for /proc/meminfo.
pub fn cached_pages() -> usize {
    CACHED.load(Relaxed)
}

/// Counts a page as long as it is in some file.
struct Counted;

impl Counted {
    fn new() -> Counted {
        CACHED.fetch_add(1, Relaxed);
        Counted
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        CACHED.fetch_sub(1, Relaxed);
    }
}

/// See the module.
pub struct Data {
    volume: Arc<Volume>,
    io: Mutex<()>,
    pages: SpinLock<Pages>,
    lower: Option<ext4::Inode>,
}

struct Pages {
    size: u64,
    /// Bytes that the lower layer still answers for.
    lower_size: u64,
    map: BTreeMap<u64, Page>,
    /// How many of them are dirty.
    dirty: u64,
    seals: u32,
}

struct Page {
    frame: Frame,
    _counted: Counted,
    /// Differs from the lower layer, or has none: must be kept.
    dirty: bool,
}

impl Data {
    pub(super) fn empty(volume: &Arc<Volume>) -> Data {
        Data::new(volume, None)
    }

    pub(super) fn from_lower(volume: &Arc<Volume>, inode: ext4::Inode) -> Data {
        Data::new(volume, Some(inode))
    }

    fn new(volume: &Arc<Volume>, lower: Option<ext4::Inode>) -> Data {
        let size = lower.as_ref().map_or(0, |inode| inode.size);
        Data {
            volume: volume.clone(),
            io: Mutex::new(()),
            pages: SpinLock::new(Pages {
                size,
                lower_size: size,
                map: BTreeMap::new(),
                dirty: 0,
                seals: seal::SEAL,
            }),
            lower,
        }
    }

    /// `st_size`.
    pub fn size(&self) -> u64 {
        self.pages.lock().size
    }

    /// `st_size` and `st_blocks`.
    pub(super) fn size_and_blocks(&self) -> (u64, u64) {
        let pages = self.pages.lock();
        let below = self.lower.as_ref().map_or(0, |inode| inode.blocks);
        (pages.size, (pages.dirty * PAGE / 512).max(below))
    }

    /// read(2) from `io.offset`; holes read as zeroes.
    pub(super) fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        let mut at = io.offset;
        let mut done = 0;
        while out.remaining() > 0 {
            let size = self.size();
            if at >= size {
                break;
            }
            let within = at % PAGE;
            let chunk = (PAGE - within).min(size - at).min(out.remaining() as u64) as usize;
            let copied = self.find(at / PAGE).and_then(|frame| match frame {
                Some(frame) => copy::to_user(&frame, within as usize, chunk, out),
                None => out.zero(chunk),
            });
            match copied {
                Ok(n) => {
                    done += n;
                    at += n as u64;
                    if n < chunk {
                        break;
                    }
                }
                Err(_) if done > 0 => break,
                Err(error) => return Err(error),
            }
            sched::yield_if_needed();
        }
        Ok(done)
    }

    /// write(2) at `io.offset`, or at the end with `io.append`. Returns how many
    /// bytes are written; short only when memory, the limit or the source ends.
    pub(super) fn write(&self, io: Io, data: &mut UserIn<'_>) -> Result<usize> {
        let _writing = self.io.lock();
        let mut at = if io.append { self.size() } else { io.offset };
        if data.remaining() == 0 {
            return Ok(0);
        }
        let end = at.saturating_add(data.remaining() as u64);
        self.check_seals(end)?;
        if at >= MAX_SIZE {
            return Err(Errno::EFBIG);
        }
        data.truncate((MAX_SIZE - at).min(usize::MAX as u64) as usize);
        let mut done = 0;
        while data.remaining() > 0 {
            let within = at % PAGE;
            let chunk = (PAGE - within).min(data.remaining() as u64) as usize;
            match self.write_page(at / PAGE, within as usize, chunk, data) {
                Ok(0) => break,
                Ok(n) => {
                    done += n;
                    at += n as u64;
                    let mut pages = self.pages.lock();
                    pages.size = pages.size.max(at);
                }
                Err(_) if done > 0 => break,
                Err(error) => return Err(error),
            }
            sched::yield_if_needed();
        }
        Ok(done)
    }

    fn write_page(
        &self,
        index: u64,
        within: usize,
        len: usize,
        data: &mut UserIn<'_>,
    ) -> Result<usize> {
        // Resident before the page is looked up: a fault may sleep, and may even be on this file.
        data.prefault(len)?;
        if len == PAGE_SIZE && !self.pages.lock().map.contains_key(&index) {
            return self.write_whole(index, data);
        }
        // A full memory is a full file system to a writer.
        let frame = self.claim(index, true).map_err(|error| match error {
            Errno::ENOMEM => Errno::ENOSPC,
            other => other,
        })?;
        copy::from_user(&frame, within, len, data)
    }

    /// A page that is not there is overwritten: neither zeroed nor read from the lower
    /// layer first.
    fn write_whole(&self, index: u64, data: &mut UserIn<'_>) -> Result<usize> {
        let frame = Frame::uninit().ok_or(Errno::ENOSPC)?;
        let got = copy::from_user(&frame, 0, PAGE_SIZE, data)?;
        if got == PAGE_SIZE {
            self.volume.charge()?;
            let mut pages = self.pages.lock();
            if let Entry::Vacant(place) = pages.map.entry(index) {
                place.insert(Page {
                    _counted: Counted::new(),
                    frame,
                    dirty: true,
                });
                pages.dirty += 1;
                return Ok(got);
            }
            self.volume.uncharge(1);
        }
        // The source ended early, or a mapping made the page while the copy slept.
        let page = self.claim(index, true)?;
        page.write(0, &frame.bytes()[..got]);
        Ok(got)
    }

    fn check_seals(&self, end: u64) -> Result<()> {
        let pages = self.pages.lock();
        let sealed = pages.seals & (seal::WRITE | seal::FUTURE_WRITE) != 0
            || (pages.seals & seal::GROW != 0 && end > pages.size);
        if sealed { Err(Errno::EPERM) } else { Ok(()) }
    }

    /// The page for reading; `None` is a hole. May sleep.
    fn find(&self, index: u64) -> Result<Option<Frame>> {
        loop {
            let pages = self.pages.lock();
            if let Some(page) = pages.map.get(&index) {
                return Ok(Some(page.frame.clone()));
            }
            if index.saturating_mul(PAGE) >= pages.lower_size {
                return Ok(None);
            }
            drop(pages);
            self.load(index)?;
        }
    }

    /// The page itself, made if it is a hole; `dirty` says that it will be written. May sleep.
    pub(super) fn claim(&self, index: u64, dirty: bool) -> Result<Frame> {
        loop {
            let found = self.find(index)?;
            let mut pages = self.pages.lock();
            // Looked up again, because reading the lower layer slept.
            match (pages.map.get_mut(&index), found) {
                (Some(page), _) => {
                    if dirty && !page.dirty {
                        self.volume.charge()?;
                        page.dirty = true;
                        let frame = page.frame.clone();
                        pages.dirty += 1;
                        return Ok(frame);
                    }
                    return Ok(page.frame.clone());
                }
                // Truncated meanwhile.
                (None, Some(_)) => continue,
                (None, None) => {
                    self.volume.charge()?;
                    let Some(frame) = Frame::zeroed() else {
                        self.volume.uncharge(1);
                        return Err(Errno::ENOMEM);
                    };
                    let page = Page {
                        _counted: Counted::new(),
                        frame: frame.clone(),
                        dirty: true,
                    };
                    pages.map.insert(index, page);
                    pages.dirty += 1;
                    return Ok(frame);
                }
            }
        }
    }

    /// Reads pages from the lower layer, `index` and what follows. Sleeps.
    fn load(&self, index: u64) -> Result<()> {
        let (Some(inode), Some(lower)) = (&self.lower, &self.volume.lower) else {
            return Err(Errno::EIO);
        };
        let last = self.pages.lock().lower_size.div_ceil(PAGE);
        let count = {
            let pages = self.pages.lock();
            let next = pages
                .map
                .range(index..)
                .next()
                .map_or(last, |(&next, _)| next);
            READ_AHEAD.min(next.min(last).saturating_sub(index)) as usize
        };
        let mut buffer = vec![0; count.max(1) * PAGE_SIZE];
        self.volume.make_room();
        lower.read(inode, index * PAGE, &mut buffer)?;
        for (i, bytes) in buffer.chunks_exact(PAGE_SIZE).enumerate() {
            let Some(frame) = Frame::uninit() else {
                // What was read ahead may be missing, the page itself may not.
                return if i > 0 { Ok(()) } else { Err(Errno::ENOMEM) };
            };
            frame.write(0, bytes);
            let mut pages = self.pages.lock();
            let index = index + i as u64;
            if index * PAGE < pages.lower_size {
                pages.map.entry(index).or_insert_with(|| Page {
                    _counted: Counted::new(),
                    frame,
                    dirty: false,
                });
            }
        }
        Ok(())
    }

    /// fcntl(F_GET_SEALS).
    pub fn seals(&self) -> u32 {
        self.pages.lock().seals
    }

    /// memfd_create(2) with MFD_ALLOW_SEALING starts without F_SEAL_SEAL.
    pub fn allow_sealing(&self) {
        self.pages.lock().seals &= !seal::SEAL;
    }

    /// fcntl(F_ADD_SEALS); `EPERM` when sealed against it. F_SEAL_WRITE with shared
    /// writable mappings is not refused (`mm` does not count them).
    pub fn add_seals(&self, seals: u32) -> Result<()> {
        let mut pages = self.pages.lock();
        if pages.seals & seal::SEAL != 0 {
            return Err(Errno::EPERM);
        }
        pages.seals |= seals;
        Ok(())
    }

    /// Gives back clean pages that nobody maps; says how many. For memory pressure.
    pub fn shrink(&self) -> usize {
        let mut pages = self.pages.lock();
        let before = pages.map.len();
        pages
            .map
            .retain(|_, page| page.dirty || page.frame.owners() > 1);
        before - pages.map.len()
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        self.volume.uncharge(self.pages.lock().dirty as usize);
    }
}

static ZEROES: [u8; PAGE_SIZE] = [0; PAGE_SIZE];
