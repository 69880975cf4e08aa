//! Open file descriptions: a [`File`] with its position, status flags and owner.
//!
//! What it is: [`OpenFile`], what open(2) makes and dup(2) and fork(2) share. Who
//! calls: descriptor tables hold it, `syscall` reads and writes through it. Who
//! locks: the position has a sleeping lock that is held over a transfer of a file
//! that has a position, as Linux does; other files are read and written without any
//! lock of the description. Dropping the last reference is the close of the object:
//! epoll items go, then [`File::release`] runs.

use super::{Events, Fd, File, Io, async_io::AsyncIo, epoll::WatchList};
use crate::{
    Result,
    mm::{UserIn, UserOut},
    sync::{Mutex, SpinLock},
};
use abi::{
    Errno,
    general::{
        FASYNC, O_ACCMODE, O_APPEND, O_NONBLOCK, O_PATH, O_RDONLY, O_WRONLY, SEEK_CUR, SEEK_END,
        SEEK_SET,
    },
};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

/// An open file description: a [`File`], its position and its status flags. open(2).
pub struct OpenFile {
    /// The object.
    pub file: Arc<dyn File>,
    /// O_ACCMODE | O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME | O_PATH …
    flags: AtomicU32,
    /// [`File::seekable`], asked once: reads and writes branch on it.
    seekable: bool,
    /// The position; held while a read or write of a seekable file runs, as Linux's f_pos lock.
    pub offset: Mutex<u64>,
    /// F_SETOWN and friends.
    pub owner: SpinLock<Option<Owner>>,
    /// Sends SIGIO while O_ASYNC is set, and SIGURG.
    async_io: SpinLock<Option<AsyncIo>>,
    /// The epoll items that watch this description; they go with it.
    pub(super) watchers: WatchList,
}

/// Who gets SIGIO and SIGURG. fcntl(2) F_SETOWN_EX.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// F_OWNER_TID, F_OWNER_PID, F_OWNER_PGRP.
    pub kind: i32,
    /// Thread, process or group id; 0 is nobody.
    pub id: i32,
    /// F_SETSIG; 0 is SIGIO.
    pub signal: i32,
    /// Real and effective user of who set it, who must be allowed to signal: F_GETOWNER_UIDS.
    pub uids: [u32; 2],
}

impl OpenFile {
    /// A description at position 0. `flags` are open(2)'s access mode and status flags.
    pub fn new(file: Arc<dyn File>, flags: u32) -> Arc<OpenFile> {
        Arc::new(OpenFile {
            seekable: file.seekable(),
            file,
            flags: AtomicU32::new(flags),
            offset: Mutex::new(0),
            owner: SpinLock::new(None),
            async_io: SpinLock::new(None),
            watchers: WatchList::new(),
        })
    }

    /// The access mode and status flags now.
    pub fn flags(&self) -> u32 {
        self.flags.load(Ordering::Relaxed)
    }

    /// Replaces the status flags in `mask` and tells the object. F_SETFL, FIONBIO.
    pub fn set_flags(&self, flags: u32, mask: u32) {
        let new = self.flags() & !mask | flags & mask;
        self.flags.store(new, Ordering::Relaxed);
        self.file.flags_changed(new);
    }

    /// O_NONBLOCK.
    pub fn nonblock(&self) -> bool {
        self.flags() & O_NONBLOCK != 0
    }

    /// Whether the access mode allows reading.
    pub fn readable(&self) -> bool {
        self.flags() & (O_ACCMODE | O_PATH) & !2 == O_RDONLY
    }

    /// Whether the access mode allows writing.
    pub fn writable(&self) -> bool {
        let flags = self.flags();
        flags & O_PATH == 0 && (flags + 1) & (O_WRONLY + 1) != 0
    }

    /// Whether the file has a position.
    pub fn seekable(&self) -> bool {
        self.seekable
    }

    /// `EBADF` unless opened for reading.
    pub fn check_readable(&self) -> Result<()> {
        if self.readable() {
            Ok(())
        } else {
            Err(Errno::EBADF)
        }
    }

    /// `EBADF` unless opened for writing.
    pub fn check_writable(&self) -> Result<()> {
        if self.writable() {
            Ok(())
        } else {
            Err(Errno::EBADF)
        }
    }

    /// read(2) at the position, after the access check. May block unless `io` says no.
    pub fn read(&self, out: &mut UserOut<'_>) -> Result<usize> {
        self.read_with(self.io(), out)
    }

    /// write(2) at the position, after the access check.
    pub fn write(&self, data: &mut UserIn<'_>) -> Result<usize> {
        self.write_with(self.io(), data)
    }

    /// [`OpenFile::read`] with explicit transfer flags (preadv2(2)); `io.offset` is ignored.
    pub fn read_with(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        if !self.seekable {
            return self.file.read(io, out);
        }
        let mut offset = self.offset.lock();
        let count = self.file.read(
            Io {
                offset: *offset,
                ..io
            },
            out,
        )?;
        *offset += count as u64;
        Ok(count)
    }

    /// [`OpenFile::write`] with explicit transfer flags (pwritev2(2)); `io.offset` is ignored.
    pub fn write_with(&self, io: Io, data: &mut UserIn<'_>) -> Result<usize> {
        if !self.seekable {
            return self.file.write(io, data);
        }
        let mut offset = self.offset.lock();
        let count = self.file.write(
            Io {
                offset: *offset,
                ..io
            },
            data,
        )?;
        // O_APPEND leaves the position at the end of what was written. open(2)
        *offset = match io.append {
            true => self.file.size()?,
            false => *offset + count as u64,
        };
        Ok(count)
    }

    /// pread(2): `ESPIPE` without a position, `EINVAL` for a negative one.
    pub fn read_at(&self, offset: i64, out: &mut UserOut<'_>) -> Result<usize> {
        let offset = self.position(offset)?;
        self.check_readable()?;
        self.file.read(
            Io {
                offset,
                ..self.io()
            },
            out,
        )
    }

    /// pwrite(2). With O_APPEND Linux appends whatever the offset says. pwrite(2), BUGS.
    pub fn write_at(&self, offset: i64, data: &mut UserIn<'_>) -> Result<usize> {
        let offset = self.position(offset)?;
        self.check_writable()?;
        self.file.write(
            Io {
                offset,
                ..self.io()
            },
            data,
        )
    }

    /// Checks the explicit position of a positioned transfer.
    pub fn position(&self, offset: i64) -> Result<u64> {
        if offset < 0 {
            return Err(Errno::EINVAL);
        }
        if !self.seekable {
            return Err(Errno::ESPIPE);
        }
        Ok(offset as u64)
    }

    /// How a plain read or write of this description is done.
    pub fn io(&self) -> Io {
        let flags = self.flags();
        Io {
            offset: 0,
            nonblock: flags & O_NONBLOCK != 0,
            append: flags & O_APPEND != 0,
            more: false,
        }
    }

    /// lseek(2).
    pub fn seek(&self, offset: i64, whence: u32) -> Result<u64> {
        if !self.seekable {
            return match self.file.ignores_seek() {
                true => Ok(0),
                false => Err(Errno::ESPIPE),
            };
        }
        let mut position = self.offset.lock();
        *position = self.file.seek(*position, offset, whence)?;
        Ok(*position)
    }

    /// Starts or stops SIGIO at readiness changes (O_ASYNC); `fd` is what `si_fd` will
    /// say. `ENOTTY` for objects that never wait, as FIOASYNC answers.
    pub fn set_async(self: &Arc<Self>, on: bool, fd: Fd) -> Result<()> {
        let new = match on {
            true => Some(AsyncIo::start(self, fd, Events::all())?),
            false => self.watch_urgent_data(),
        };
        let _old = core::mem::replace(&mut *self.async_io.lock(), new);
        self.set_flags(if on { FASYNC } else { 0 }, FASYNC);
        Ok(())
    }

    /// F_SETOWN and its kin.
    pub fn set_owner(self: &Arc<Self>, owner: Owner) {
        *self.owner.lock() = Some(owner);
        if self.flags() & FASYNC == 0 {
            let new = self.watch_urgent_data();
            let _old = core::mem::replace(&mut *self.async_io.lock(), new);
        }
    }

    /// SIGURG comes without O_ASYNC, too, where there is an owner.
    fn watch_urgent_data(self: &Arc<Self>) -> Option<AsyncIo> {
        let owned = self.owner.lock().is_some_and(|owner| owner.id != 0);
        match owned && self.file.has_urgent_data() {
            true => AsyncIo::start(self, -1, Events::PRI).ok(),
            false => None,
        }
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.async_io.lock().take();
        self.watchers.leave();
        if let Some(locks) = self.file.locks() {
            locks.release_description(core::ptr::from_ref(self) as usize);
        }
        if self.flags() & O_PATH == 0 {
            self.file.release();
        }
    }
}

/// The arithmetic of lseek(2) for a file with `size` bytes and no holes. `EINVAL` for
/// a position that would be negative or overflow, `ENXIO` for SEEK_DATA and SEEK_HOLE past the end.
pub fn seek_in(
    size: impl FnOnce() -> Result<u64>,
    current: u64,
    offset: i64,
    whence: u32,
) -> Result<u64> {
    use abi::general::{SEEK_DATA, SEEK_HOLE};
    let base = match whence {
        SEEK_SET => 0,
        SEEK_CUR => current,
        SEEK_END => size()?,
        SEEK_DATA | SEEK_HOLE => {
            let size = size()?;
            return match u64::try_from(offset) {
                Ok(offset) if offset < size && whence == SEEK_DATA => Ok(offset),
                Ok(offset) if offset < size => Ok(size),
                _ => Err(Errno::ENXIO),
            };
        }
        _ => return Err(Errno::EINVAL),
    };
    match base.checked_add_signed(offset) {
        Some(position) if position <= i64::MAX as u64 => Ok(position),
        _ => Err(Errno::EINVAL),
    }
}
