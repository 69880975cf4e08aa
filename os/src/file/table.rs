//! Descriptor tables: the small numbers of a process and the descriptions behind them.
//!
//! What it is: [`FdTable`], an array of open file descriptions with a bitmap of the
//! numbers in use. Who calls: every system call that takes a descriptor (one
//! [`FdTable::get`]), fork, exec and exit. Who locks: one spin lock inside, held for
//! the look-up only; a description that loses its last descriptor is always dropped
//! after the lock, because dropping it closes the object. Typical sequence:
//!
//! ```text
//! let file = files.get(fd)?;      // counted: a close(2) meanwhile does not hurt
//! file.read(&mut out)
//! ```

use super::OpenFile;
use crate::{Result, sync::SpinLock};
use abi::{Errno, general::O_PATH};
use alloc::{sync::Arc, vec::Vec};

/// A descriptor number as the program gave it; may be negative or closed.
pub type Fd = i32;

/// No table grows beyond this, whatever RLIMIT_NOFILE says (/proc/sys/fs/nr_open).
const NR_OPEN: usize = 1 << 20;

/// The descriptors of a process (shared with CLONE_FILES). Locks inside.
pub struct FdTable {
    slots: SpinLock<Slots>,
}

/// The array. `used` and `cloexec` have one bit for each entry of `files`.
#[derive(Clone, Default)]
struct Slots {
    files: Vec<Option<Arc<OpenFile>>>,
    used: Vec<u64>,
    cloexec: Vec<u64>,
    /// Every number below is in use.
    first_free: usize,
}

impl FdTable {
    /// An empty table.
    pub fn new() -> Arc<FdTable> {
        Arc::new(FdTable {
            slots: SpinLock::new(Slots::default()),
        })
    }

    /// A copy for fork(2).
    pub fn fork(&self) -> Arc<FdTable> {
        let slots = self.slots.lock().clone();
        Arc::new(FdTable {
            slots: SpinLock::new(slots),
        })
    }

    /// The description behind `fd`, also one opened with O_PATH; `EBADF` when there is none.
    pub fn get(&self, fd: Fd) -> Result<Arc<OpenFile>> {
        match self.slots.lock().files.get(fd as u32 as usize) {
            Some(Some(file)) => Ok(file.clone()),
            _ => Err(Errno::EBADF),
        }
    }

    /// Like [`FdTable::get`], for the calls that O_PATH descriptors do not allow
    /// (read, ioctl, mmap, fsync, …): `EBADF` for those too. open(2).
    pub fn get_io(&self, fd: Fd) -> Result<Arc<OpenFile>> {
        let file = self.get(fd)?;
        match file.flags() & O_PATH {
            0 => Ok(file),
            _ => Err(Errno::EBADF),
        }
    }

    /// Whether there is a number below `limit` (RLIMIT_NOFILE) for one more.
    pub fn has_room(&self, limit: usize) -> bool {
        self.slots.lock().lowest_free(0) < limit.min(NR_OPEN)
    }

    /// Puts a description at the lowest free number not below `min`; `EMFILE` at `limit` (RLIMIT_NOFILE).
    pub fn insert(&self, file: Arc<OpenFile>, min: Fd, limit: usize, cloexec: bool) -> Result<Fd> {
        let mut slots = self.slots.lock();
        let fd = slots.lowest_free(min.max(0) as usize);
        if fd >= limit.min(NR_OPEN) {
            drop(slots); // `file` may be the last reference: closed after the lock
            return Err(Errno::EMFILE);
        }
        let _none = slots.set(fd, file, cloexec);
        Ok(fd as Fd)
    }

    /// dup3(2)'s replacement at an exact number; what was there is closed. `EBADF`
    /// when the number is negative or not below `limit`.
    pub fn replace(&self, fd: Fd, file: Arc<OpenFile>, limit: usize, cloexec: bool) -> Result<()> {
        if fd < 0 || fd as usize >= limit.min(NR_OPEN) {
            return Err(Errno::EBADF);
        }
        let old = self.slots.lock().set(fd as usize, file, cloexec);
        self.closed(old);
        Ok(())
    }

    /// close(2).
    pub fn close(&self, fd: Fd) -> Result<()> {
        let old = self.slots.lock().take(fd as u32 as usize);
        if old.is_none() {
            return Err(Errno::EBADF);
        }
        self.closed(old);
        Ok(())
    }

    /// exec closes what is close-on-exec.
    pub fn close_on_exec(&self) {
        self.close_where(|slots, fd| bit(&slots.cloexec, fd));
    }

    /// close_range(2) without flags: closes every open number in `first..=last`.
    pub fn close_range(&self, first: usize, last: usize) {
        self.close_where(|_, fd| (first..=last).contains(&fd));
    }

    /// close_range(2) with CLOSE_RANGE_CLOEXEC.
    pub fn set_cloexec_range(&self, first: usize, last: usize) {
        let mut slots = self.slots.lock();
        let end = slots.files.len().min(last.saturating_add(1));
        for fd in first..end {
            if bit(&slots.used, fd) {
                set_bit(&mut slots.cloexec, fd, true);
            }
        }
    }

    /// F_GETFD.
    pub fn cloexec(&self, fd: Fd) -> Result<bool> {
        let slots = self.slots.lock();
        slots.check(fd).map(|fd| bit(&slots.cloexec, fd))
    }

    /// F_SETFD.
    pub fn set_cloexec(&self, fd: Fd, cloexec: bool) -> Result<()> {
        let mut slots = self.slots.lock();
        let fd = slots.check(fd)?;
        set_bit(&mut slots.cloexec, fd, cloexec);
        Ok(())
    }

    /// Every open number, ascending, for /proc/self/fd.
    pub fn numbers(&self) -> Vec<Fd> {
        let slots = self.slots.lock();
        (0..slots.files.len())
            .filter(|&fd| bit(&slots.used, fd))
            .map(|fd| fd as Fd)
            .collect()
    }

    /// Numbers that the table has room for; every open one is below. select(2) looks no further.
    pub fn capacity(&self) -> usize {
        self.slots.lock().files.len()
    }

    /// Who owns POSIX record locks that are taken through this table: fcntl(2)
    /// ties them to the process, Linux to its table.
    pub fn lock_owner(&self) -> usize {
        core::ptr::from_ref(self) as usize
    }

    /// Closes what `doomed` names, one after the other, each outside the lock.
    fn close_where(&self, doomed: impl Fn(&Slots, usize) -> bool) {
        let mut fd = 0;
        loop {
            let mut slots = self.slots.lock();
            let end = slots.files.len();
            while fd < end && !(bit(&slots.used, fd) && doomed(&slots, fd)) {
                fd += 1;
            }
            if fd == end {
                return;
            }
            let old = slots.take(fd);
            drop(slots);
            self.closed(old);
        }
    }

    /// One descriptor of `file` is gone from this table: the process loses its record
    /// locks on the file (fcntl(2)), and with the last descriptor the object closes.
    fn closed(&self, file: Option<Arc<OpenFile>>) {
        if let Some(locks) = file.as_ref().and_then(|file| file.file.locks()) {
            locks.release_posix(self.lock_owner());
        }
    }
}

impl Drop for FdTable {
    fn drop(&mut self) {
        self.close_where(|_, _| true);
    }
}

impl Slots {
    fn lowest_free(&self, min: usize) -> usize {
        let from = min.max(self.first_free);
        let mut word = from / 64;
        let mut skip = !0u64 << (from % 64);
        while let Some(&used) = self.used.get(word) {
            let free = !used & skip;
            if free != 0 {
                return word * 64 + free.trailing_zeros() as usize;
            }
            word += 1;
            skip = !0;
        }
        from.max(word * 64)
    }

    fn set(&mut self, fd: usize, file: Arc<OpenFile>, cloexec: bool) -> Option<Arc<OpenFile>> {
        if fd >= self.files.len() {
            let words = fd / 64 + 1;
            self.files.resize(words * 64, None);
            self.used.resize(words, 0);
            self.cloexec.resize(words, 0);
        }
        set_bit(&mut self.used, fd, true);
        set_bit(&mut self.cloexec, fd, cloexec);
        if fd == self.first_free {
            self.first_free = fd + 1;
        }
        self.files[fd].replace(file)
    }

    fn take(&mut self, fd: usize) -> Option<Arc<OpenFile>> {
        let old = self.files.get_mut(fd)?.take()?;
        set_bit(&mut self.used, fd, false);
        self.first_free = self.first_free.min(fd);
        Some(old)
    }

    fn check(&self, fd: Fd) -> Result<usize> {
        match self.files.get(fd as u32 as usize) {
            Some(Some(_)) => Ok(fd as usize),
            _ => Err(Errno::EBADF),
        }
    }
}

fn bit(words: &[u64], n: usize) -> bool {
    words[n / 64] >> (n % 64) & 1 != 0
}

fn set_bit(words: &mut [u64], n: usize, on: bool) {
    let mask = 1 << (n % 64);
    match on {
        true => words[n / 64] |= mask,
        false => words[n / 64] &= !mask,
    }
}
