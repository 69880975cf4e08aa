//! The memory of mapped rings, and how mmap(2) shows it: the one to receive into first, the one to send from behind it.

use crate::{
    Result,
    mm::{Backing, Frame, PAGE_SIZE},
};
use abi::Errno;
use alloc::{
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The memory of one ring.
pub struct Memory {
    pages: Vec<Frame>,
}

impl Memory {
    /// `size` bytes of zeros, whole pages. `ENOMEM`.
    pub fn new(size: usize) -> Result<Arc<Memory>> {
        let mut pages = Vec::new();
        for _ in 0..size / PAGE_SIZE {
            pages.push(Frame::zeroed().ok_or(Errno::ENOMEM)?);
        }
        Ok(Arc::new(Memory { pages }))
    }

    /// Copies in. What would not fit is left out.
    pub fn write(&self, mut at: usize, mut bytes: &[u8]) {
        while let Some(page) = self.pages.get(at / PAGE_SIZE).filter(|_| !bytes.is_empty()) {
            let offset = at % PAGE_SIZE;
            let len = bytes.len().min(PAGE_SIZE - offset);
            page.write(offset, &bytes[..len]);
            at += len;
            bytes = &bytes[len..];
        }
    }

    /// Copies out. What is not there is left as it is.
    pub fn read(&self, mut at: usize, mut bytes: &mut [u8]) {
        while let Some(page) = self.pages.get(at / PAGE_SIZE).filter(|_| !bytes.is_empty()) {
            let offset = at % PAGE_SIZE;
            let len = bytes.len().min(PAGE_SIZE - offset);
            let (now, rest) = bytes.split_at_mut(len);
            page.read(offset, now);
            at += len;
            bytes = rest;
        }
    }

    /// A word of a header; the program may have changed it.
    pub fn word(&self, at: usize) -> u32 {
        let mut bytes = [0; 4];
        self.read(at, &mut bytes);
        u32::from_ne_bytes(bytes)
    }

    /// Half a word.
    pub fn half(&self, at: usize) -> u16 {
        let mut bytes = [0; 2];
        self.read(at, &mut bytes);
        u16::from_ne_bytes(bytes)
    }

    /// A word, written.
    pub fn set_word(&self, at: usize, value: u32) {
        self.write(at, &value.to_ne_bytes());
    }
}

/// A socket's rings as mmap(2) shows them.
pub struct Window {
    rings: Vec<Arc<Memory>>,
    /// How many areas show a ring of the socket.
    mappings: Arc<AtomicUsize>,
    inode: u64,
}

impl Window {
    /// Of the rings that there are. `EINVAL` where there is none.
    pub fn new(
        rings: Vec<Arc<Memory>>,
        mappings: Arc<AtomicUsize>,
        inode: u64,
    ) -> Result<Arc<Window>> {
        match rings.is_empty() {
            true => Err(Errno::EINVAL),
            false => Ok(Arc::new(Window {
                rings,
                mappings,
                inode,
            })),
        }
    }
}

impl Backing for Window {
    fn page(&self, index: u64, _write: bool) -> Result<Frame> {
        self.cached(index).ok_or(Errno::EFAULT)
    }

    fn cached(&self, index: u64) -> Option<Frame> {
        let mut index = usize::try_from(index).ok()?;
        for ring in &self.rings {
            match ring.pages.get(index) {
                Some(page) => return Some(page.clone()),
                None => index -= ring.pages.len(),
            }
        }
        None
    }

    fn check_map(&self, offset: u64, len: usize) -> Result<()> {
        // All of it or nothing, as on Linux.
        let pages: usize = self.rings.iter().map(|ring| ring.pages.len()).sum();
        match offset == 0 && len.div_ceil(PAGE_SIZE) == pages {
            true => Ok(()),
            false => Err(Errno::EINVAL),
        }
    }

    fn mapped(&self) {
        self.mappings.fetch_add(1, Relaxed);
    }

    fn unmapped(&self) {
        self.mappings.fetch_sub(1, Relaxed);
    }

    fn identity(&self) -> (u64, u64, String) {
        (8, self.inode, "socket:[packet]".to_string())
    }
}
