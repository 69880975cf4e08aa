//! Shared anonymous memory: MAP_SHARED|MAP_ANONYMOUS, and the segments of `shm`.
//!
//! Every address space that has it mapped finds the same frames here, in
//! particular a parent and its children. Made by `space` and `shm`.

use super::{Backing, Frame, PAGE_SIZE};
use crate::{Result, sync::SpinLock};
use abi::Errno;
use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    sync::Arc,
};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// An object in memory without a name in the file system.
pub(super) struct Anonymous {
    pages: SpinLock<BTreeMap<u64, Frame>>,
    /// In pages.
    len: u64,
    inode: u64,
    name: &'static str,
}

static NEXT_INODE: AtomicU64 = AtomicU64::new(1024);

impl Anonymous {
    /// `len` bytes of zeroes; `name` as /proc/self/maps shows it.
    pub fn new(len: usize, name: &'static str) -> Arc<Anonymous> {
        Arc::new(Anonymous {
            pages: SpinLock::new(BTreeMap::new()),
            len: len.div_ceil(PAGE_SIZE) as u64,
            inode: NEXT_INODE.fetch_add(1, Relaxed),
            name,
        })
    }

    /// Pages in memory.
    pub fn resident(&self) -> usize {
        self.pages.lock().len()
    }
}

impl Backing for Anonymous {
    fn page(&self, index: u64, _write: bool) -> Result<Frame> {
        if index >= self.len {
            return Err(Errno::EFAULT);
        }
        let mut pages = self.pages.lock();
        if let Some(frame) = pages.get(&index) {
            return Ok(frame.clone());
        }
        let frame = Frame::zeroed().ok_or(Errno::ENOMEM)?;
        pages.insert(index, frame.clone());
        Ok(frame)
    }

    fn cached(&self, index: u64) -> Option<Frame> {
        self.pages.lock().get(&index).cloned()
    }

    fn identity(&self) -> (u64, u64, String) {
        // Linux keeps such objects on an internal tmpfs; (0, 1) is its device.
        (1, self.inode, self.name.to_string())
    }
}
