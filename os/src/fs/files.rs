//! The files that are the same for every file system: directories, O_PATH
//! descriptors, and devices and FIFOs under the name through which they were opened.

use super::{Kind, Place, inode::DirEntry, notify, stat};
use crate::{
    Result,
    file::{Events, File, Io, VectorFlags, lock::Locks},
    mm::{Backing, UserIn, UserOut},
    sched::WaitQueue,
};
use abi::{Errno, general::O_RDONLY};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::any::Any;

/// Gives an object the name through which it was opened.
pub(super) fn named(place: &Place, inner: Arc<dyn File>) -> Arc<dyn File> {
    Arc::new(NamedFile {
        place: place.clone(),
        inner,
    })
}

/// An open directory of any file system.
pub struct DirFile {
    place: Place,
}

impl DirFile {
    /// For [`super::Inode::open`].
    pub fn new(place: Place) -> Arc<DirFile> {
        Arc::new(DirFile { place })
    }

    fn record(&self, entry: &DirEntry<'_>, out: &mut UserOut<'_>) -> Result<bool> {
        let len = (19 + entry.name.len() + 1).next_multiple_of(8);
        if out.remaining() < len {
            return Ok(false);
        }
        // struct linux_dirent64
        let mut record = Vec::with_capacity(len);
        record.extend_from_slice(&entry.ino.to_ne_bytes());
        record.extend_from_slice(&entry.next.to_ne_bytes());
        record.extend_from_slice(&(len as u16).to_ne_bytes());
        record.push(entry.kind.d_type());
        record.extend_from_slice(entry.name);
        record.push(0);
        if out.write(&record)? < record.len() {
            return Err(Errno::EFAULT);
        }
        // What is for alignment stays as the program had it.
        out.skip(len - record.len());
        Ok(true)
    }
}

impl File for DirFile {
    fn read(&self, _: Io, _: &mut UserOut<'_>) -> Result<usize> {
        Err(Errno::EISDIR)
    }

    fn seekable(&self) -> bool {
        true
    }

    fn size(&self) -> Result<u64> {
        Ok(self.place.inode().meta()?.size)
    }

    fn poll(&self) -> Events {
        Events::IN | Events::OUT | Events::RDNORM | Events::WRNORM
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(stat::stat(&self.place.inode().meta()?))
    }

    fn read_dir(&self, cookie: u64, out: &mut UserOut<'_>) -> Result<u64> {
        if self.place.dentry.is_deleted() {
            return Err(Errno::ENOENT);
        }
        let room = out.remaining();
        let mut next = cookie;
        let mut outcome = Ok(true);
        for (at, name) in [(0, &b"."[..]), (1, b"..")] {
            if next != at || !matches!(outcome, Ok(true)) {
                continue;
            }
            let place = if at == 0 {
                self.place.clone()
            } else {
                self.place.parent()
            };
            let ino = place.inode().meta()?.ino;
            let entry = DirEntry {
                name,
                ino,
                kind: Kind::Directory,
                next: at + 1,
            };
            outcome = self.record(&entry, out);
            if outcome == Ok(true) {
                next = at + 1;
            }
        }
        if next >= 2 && outcome == Ok(true) {
            self.place.inode().entries(next, &mut |entry| {
                outcome = self.record(&entry, out);
                if outcome == Ok(true) {
                    next = entry.next;
                }
                outcome == Ok(true)
            })?;
        }
        // An error or a full buffer after the first record shows at the next call.
        if out.remaining() == room {
            match outcome {
                Ok(true) => {}
                Ok(false) => return Err(Errno::EINVAL),
                Err(error) => return Err(error),
            }
        }
        notify::accessed(&self.place);
        Ok(next)
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }

    fn locks(&self) -> Option<&Locks> {
        self.place.inode().locks()
    }

    fn link_name(&self) -> String {
        self.place.display()
    }

    fn release(&self) {
        notify::closed(&self.place, O_RDONLY);
    }

    fn place(&self) -> Option<&dyn Any> {
        Some(&self.place)
    }

    fn vector_flags(&self) -> (VectorFlags, VectorFlags) {
        (VectorFlags::Plain, VectorFlags::Plain)
    }

    fn can_splice(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// O_PATH: a place and nothing else. open(2).
pub(super) struct PathFile {
    pub(super) place: Place,
}

impl File for PathFile {
    fn read(&self, _: Io, _: &mut UserOut<'_>) -> Result<usize> {
        Err(Errno::EBADF)
    }

    fn write(&self, _: Io, _: &mut UserIn<'_>) -> Result<usize> {
        Err(Errno::EBADF)
    }

    fn poll(&self) -> Events {
        Events::NVAL
    }

    fn ioctl(&self, _: u32, _: usize) -> Result<usize> {
        Err(Errno::EBADF)
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(stat::stat(&self.place.inode().meta()?))
    }

    fn truncate(&self, _: u64) -> Result<()> {
        Err(Errno::EBADF)
    }

    fn read_dir(&self, _: u64, _: &mut UserOut<'_>) -> Result<u64> {
        Err(Errno::EBADF)
    }

    fn backing(&self) -> Result<Arc<dyn Backing>> {
        Err(Errno::EBADF)
    }

    fn sync(&self) -> Result<()> {
        Err(Errno::EBADF)
    }

    fn link_name(&self) -> String {
        self.place.display()
    }

    fn place(&self) -> Option<&dyn Any> {
        Some(&self.place)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A device or a FIFO under the name through which it was opened: the object does
/// the work, the inode answers stat(2).
struct NamedFile {
    place: Place,
    inner: Arc<dyn File>,
}

impl File for NamedFile {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        self.inner.read(io, out)
    }

    fn write(&self, io: Io, data: &mut UserIn<'_>) -> Result<usize> {
        self.inner.write(io, data)
    }

    fn seekable(&self) -> bool {
        self.inner.seekable()
    }

    fn size(&self) -> Result<u64> {
        self.inner.size()
    }

    fn seek(&self, current: u64, offset: i64, whence: u32) -> Result<u64> {
        self.inner.seek(current, offset, whence)
    }

    fn can_splice_from(&self) -> bool {
        self.inner.can_splice_from()
    }

    fn vector_flags(&self) -> (VectorFlags, VectorFlags) {
        self.inner.vector_flags()
    }

    fn signals_owner(&self) -> bool {
        self.inner.signals_owner()
    }

    fn poll(&self) -> Events {
        self.inner.poll()
    }

    fn queue(&self) -> Option<&WaitQueue> {
        self.inner.queue()
    }

    fn locks(&self) -> Option<&Locks> {
        self.place.inode().locks()
    }

    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        self.inner.ioctl(request, arg)
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(stat::stat(&self.place.inode().meta()?))
    }

    fn truncate(&self, len: u64) -> Result<()> {
        self.inner.truncate(len)
    }

    fn backing(&self) -> Result<Arc<dyn Backing>> {
        self.inner.backing()
    }

    fn sync(&self) -> Result<()> {
        self.inner.sync()
    }

    fn flags_changed(&self, flags: u32) {
        self.inner.flags_changed(flags);
    }

    fn link_name(&self) -> String {
        self.place.display()
    }

    fn release(&self) {
        self.inner.release();
    }

    fn place(&self) -> Option<&dyn Any> {
        Some(&self.place)
    }

    /// The object's kind, so that those who look for a terminal or a pipe find it.
    fn as_any(&self) -> &dyn Any {
        self.inner.as_any()
    }
}
