//! An open regular file and its mappings.

use super::node::Node;
use crate::{
    Result,
    file::{Events, File, Io, VectorFlags, hooks, lock::Locks, seek_in},
    fs::{Inode, Place, caller::CAP_FSETID, notify, open::FOR_EXEC, stat},
    mm::{Backing, Frame, PAGE_SIZE, UserIn, UserOut},
};
use abi::{
    Errno,
    general::{O_ACCMODE, O_NOATIME, O_RDONLY, SEEK_DATA, SEEK_HOLE, SIGXFSZ},
};
use alloc::{string::String, sync::Arc};
use core::{
    any::Any,
    sync::atomic::{AtomicI32, Ordering::Relaxed},
};

/// How many descriptions can write a file, or (negative) how many keep others from
/// it because it runs. execve(2), open(2): `ETXTBSY`.
pub(super) struct Writers(AtomicI32);

impl Writers {
    pub(super) const fn new() -> Writers {
        Writers(AtomicI32::new(0))
    }

    /// One more of a kind; `ETXTBSY` while there is one of the other.
    fn enter(&self, step: i32) -> Result<()> {
        let count = self.0.load(Relaxed);
        if step != 0 && count.signum() == -step {
            return Err(Errno::ETXTBSY);
        }
        self.0.store(count + step, Relaxed);
        Ok(())
    }

    fn leave(&self, step: i32) {
        self.0.fetch_sub(step, Relaxed);
    }
}

/// See the module.
pub(super) struct DataFile {
    node: Arc<Node>,
    place: Place,
    flags: u32,
    /// What it counts for in the node's [`Writers`].
    step: i32,
}

impl DataFile {
    /// `flags` as open(2)'s, or [`FOR_EXEC`].
    pub(super) fn new(node: Arc<Node>, place: Place, flags: u32) -> Result<Arc<DataFile>> {
        let step = match flags & (O_ACCMODE | FOR_EXEC) {
            FOR_EXEC => -1,
            O_RDONLY => 0,
            _ => 1,
        };
        node.writers().enter(step)?;
        Ok(Arc::new(DataFile {
            node,
            place,
            flags,
            step,
        }))
    }
}

impl Drop for DataFile {
    fn drop(&mut self) {
        self.node.writers().leave(self.step);
    }
}

impl File for DataFile {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        let data = self.node.data().ok_or(Errno::EINVAL)?;
        let done = data.read(io, out)?;
        if done > 0 && self.flags & O_NOATIME == 0 {
            self.node.touch_accessed();
        }
        notify::accessed(&self.place);
        Ok(done)
    }

    fn write(&self, io: Io, input: &mut UserIn<'_>) -> Result<usize> {
        let data = self.node.data().ok_or(Errno::EINVAL)?;
        let start = if io.append { data.size() } else { io.offset };
        let allowed = hooks::within_size_limit(start, input.remaining() as u64)?;
        input.truncate(allowed as usize);
        let done = data.write(io, input)?;
        if done > 0 {
            self.node.touch_modified();
            if self.node.has_set_id() && !hooks::tasks().capable(CAP_FSETID) {
                self.node.drop_set_id();
            }
            notify::modified(&self.place);
        }
        Ok(done)
    }

    fn vector_flags(&self) -> (VectorFlags, VectorFlags) {
        (VectorFlags::Waits, VectorFlags::Waits)
    }

    fn seekable(&self) -> bool {
        true
    }

    fn size(&self) -> Result<u64> {
        Ok(self.node.data().ok_or(Errno::EINVAL)?.size())
    }

    fn poll(&self) -> Events {
        Events::IN | Events::OUT | Events::RDNORM | Events::WRNORM
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(stat::stat(&self.node.meta()?))
    }

    fn truncate(&self, len: u64) -> Result<()> {
        Inode::truncate(&*self.node, len)?;
        notify::modified(&self.place);
        Ok(())
    }

    fn backing(&self) -> Result<Arc<dyn Backing>> {
        Ok(Arc::new(Mapping {
            node: self.node.clone(),
            place: self.place.clone(),
        }))
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }

    fn link_name(&self) -> String {
        self.place.display()
    }

    fn release(&self) {
        notify::closed(&self.place, self.flags);
    }

    fn locks(&self) -> Option<&Locks> {
        self.node.locks()
    }

    fn seals(&self, add: Option<u32>) -> Result<u32> {
        // Only a file system that is all memory can promise to stay sealed. fcntl(2)
        if self.node.volume.lower.is_some() {
            return Err(Errno::EINVAL);
        }
        let data = self.node.data().ok_or(Errno::EINVAL)?;
        if let Some(seals) = add {
            data.add_seals(seals)?;
        }
        Ok(data.seals())
    }

    fn seek(&self, current: u64, offset: i64, whence: u32) -> Result<u64> {
        let data = self.node.data().ok_or(Errno::EINVAL)?;
        match whence {
            SEEK_DATA | SEEK_HOLE => data.seek(offset, whence == SEEK_DATA),
            _ => seek_in(|| self.size(), current, offset, whence),
        }
    }

    fn place(&self) -> Option<&dyn Any> {
        Some(&self.place)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A file may not grow beyond RLIMIT_FSIZE, ftruncate(2).
pub(super) fn check_length(now: u64, len: u64) -> Result<()> {
    if len > now && hooks::within_size_limit(0, len)? < len {
        hooks::tasks().signal_self(SIGXFSZ as i32);
        return Err(Errno::EFBIG);
    }
    Ok(())
}

/// A file seen through mmap(2).
struct Mapping {
    node: Arc<Node>,
    place: Place,
}

impl Backing for Mapping {
    fn page(&self, index: u64, write: bool) -> Result<Frame> {
        let data = self.node.data().ok_or(Errno::EIO)?;
        if index >= data.size().div_ceil(PAGE_SIZE as u64) {
            return Err(Errno::EFAULT);
        }
        if write {
            self.node.touch_modified();
        }
        data.claim(index, write)
    }

    fn identity(&self) -> (u64, u64, String) {
        (self.node.volume.dev, self.node.ino, self.place.display())
    }
}
