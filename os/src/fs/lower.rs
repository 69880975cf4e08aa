//! The read-only volume under the root: ext4 on a block device, with a cache for
//! its metadata. File contents are not cached here: [`super::tmpfs`] keeps the pages.

use super::Kind;
use crate::{
    Result,
    drivers::Block,
    mm::{Frame, PAGE_SIZE},
    sync::SpinLock,
};
use abi::Errno;
use alloc::{sync::Arc, vec, vec::Vec};
use ext4::{Disk, Entry, Ext4, Inode, Usage};
use hashbrown::HashMap;

/// Metadata pages kept at most (16 MiB); beyond it the cache starts afresh.
const CACHE_PAGES: usize = (16 << 20) / PAGE_SIZE;
const PAGE: u64 = PAGE_SIZE as u64;
const SECTOR: u64 = 512;

/// An ext2, ext3 or ext4 volume. All methods may sleep.
pub struct Lower {
    volume: Ext4<Device>,
}

impl Lower {
    /// Reads the superblock; `EINVAL` when there is none that can be read.
    pub fn open(device: Arc<dyn Block>) -> Result<Lower> {
        let name = alloc::string::String::from(device.name());
        let device = Device {
            device,
            meta: SpinLock::new(HashMap::new()),
        };
        let volume = Ext4::open(device).map_err(|error| match error {
            ext4::Error::Io => Errno::EIO,
            other => {
                log::debug!("{name}: {other:?}");
                Errno::EINVAL
            }
        })?;
        if volume.needs_recovery() {
            log::warn!("{name}: not cleanly unmounted; its journal is not replayed");
        }
        Ok(Lower { volume })
    }

    /// The inode with this number.
    pub fn inode(&self, number: u32) -> Result<Inode> {
        self.volume.inode(number).map_err(errno)
    }

    /// Every name of a directory but "." and "..", with its inode number and type.
    pub fn entries(&self, dir: &Inode, mut each: impl FnMut(&[u8], u32, Kind)) -> Result<()> {
        let mut untyped = Vec::new();
        let take = |entry: Entry<'_>| match entry.d_type {
            0 => untyped.push((Vec::from(entry.name), entry.inode)),
            d_type => each(
                entry.name,
                entry.inode,
                Kind::from_mode(u32::from(d_type) << 12),
            ),
        };
        self.volume.entries(dir, take).map_err(errno)?;
        // Old volumes do not store types beside the names.
        for (name, number) in untyped {
            each(&name, number, Kind::from_mode(self.inode(number)?.mode));
        }
        Ok(())
    }

    /// See [`Ext4::read`].
    pub fn read(&self, inode: &Inode, offset: u64, buf: &mut [u8]) -> Result<usize> {
        self.volume.read(inode, offset, buf).map_err(errno)
    }

    /// The text of a symbolic link.
    pub fn link_target(&self, inode: &Inode) -> Result<Vec<u8>> {
        self.volume.link_target(inode).map_err(errno)
    }

    /// Sizes for statfs(2).
    pub fn usage(&self) -> Usage {
        self.volume.usage()
    }
}

/// `EUCLEAN` is what Linux answers for a corrupted volume.
fn errno(error: ext4::Error) -> Errno {
    log::warn!("root volume: {error:?}");
    match error {
        ext4::Error::Io => Errno::EIO,
        ext4::Error::Unsupported(_) | ext4::Error::NotExt4 => Errno::EOPNOTSUPP,
        ext4::Error::Corrupt(_) => Errno::EUCLEAN,
    }
}

struct Device {
    device: Arc<dyn Block>,
    meta: SpinLock<HashMap<u64, Frame>>,
}

impl Disk for Device {
    fn read(&self, offset: u64, buf: &mut [u8]) -> core::result::Result<(), ext4::Error> {
        self.device
            .read(offset / SECTOR, buf)
            .map_err(|_| ext4::Error::Io)
    }

    fn read_meta(&self, offset: u64, buf: &mut [u8]) -> core::result::Result<(), ext4::Error> {
        let mut done = 0;
        while done < buf.len() {
            let at = offset + done as u64;
            let within = (at % PAGE) as usize;
            let len = (PAGE_SIZE - within).min(buf.len() - done);
            let frame = self.page(at / PAGE)?;
            frame.read(within, &mut buf[done..done + len]);
            done += len;
        }
        Ok(())
    }
}

impl Device {
    fn page(&self, index: u64) -> core::result::Result<Frame, ext4::Error> {
        if let Some(frame) = self.meta.lock().get(&index) {
            return Ok(frame.clone());
        }
        let mut bytes = vec![0; PAGE_SIZE];
        // The last page of the device may be a part only.
        let sectors = self
            .device
            .sectors()
            .saturating_sub(index * (PAGE / SECTOR));
        let len = (sectors.min(PAGE / SECTOR) * SECTOR) as usize;
        if len == 0 {
            return Err(ext4::Error::Io);
        }
        self.read(index * PAGE, &mut bytes[..len])?;
        let frame = Frame::uninit().ok_or(ext4::Error::Io)?;
        frame.write(0, &bytes);
        let mut meta = self.meta.lock();
        if meta.len() >= CACHE_PAGES {
            meta.clear();
        }
        meta.insert(index, frame.clone());
        Ok(frame)
    }
}
