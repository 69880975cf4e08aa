//! Disks as files: /dev/vda and its kin. Not cached: the job disk is read once, and
//! the root volume has its own cache.

use super::register_block;
use crate::{
    Result,
    drivers::{Block, BlockError},
    file::{Events, File, Io, anon_stat},
    mm::{UserIn, UserOut, UserPtr},
    sched,
};
use abi::Errno;
use alloc::{boxed::Box, format, string::String, sync::Arc, vec};
use core::{
    any::Any,
    sync::atomic::{AtomicU32, Ordering},
};

const SECTOR: u64 = 512;
/// Bytes of one request to the disk.
const CHUNK: usize = 128 << 10;

/// BLKROGET, BLKGETSIZE, BLKSSZGET, BLKBSZGET, BLKGETSIZE64, BLKFLSBUF of linux/fs.h.
const BLKROGET: u32 = 0x125e;
const BLKGETSIZE: u32 = 0x1260;
const BLKFLSBUF: u32 = 0x1261;
const BLKSSZGET: u32 = 0x1268;
const BLKBSZGET: u32 = 0x8008_1270;
const BLKGETSIZE64: u32 = 0x8008_1272;

struct Disk(Arc<dyn Block>);

/// Makes the node; major 254 is what Linux usually gives virtio disks.
pub(super) fn register(disk: Arc<dyn Block>) {
    static MINOR: AtomicU32 = AtomicU32::new(0);
    let minor = MINOR.fetch_add(16, Ordering::Relaxed);
    let name = String::from(disk.name());
    let open = move |_| Ok(Arc::new(Disk(disk.clone())) as Arc<dyn File>);
    register_block(&name, 254, minor, 0o660, Box::new(open));
}

impl Disk {
    fn bytes(&self) -> u64 {
        self.0.sectors() * SECTOR
    }
}

fn errno(error: BlockError) -> Errno {
    match error {
        BlockError::ReadOnly => Errno::EROFS,
        BlockError::Unsupported => Errno::EOPNOTSUPP,
        _ => Errno::EIO,
    }
}

impl File for Disk {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        let mut at = io.offset;
        let mut done = 0;
        while out.remaining() > 0 && at < self.bytes() {
            let within = (at % SECTOR) as usize;
            let want = out.remaining().min(CHUNK).min((self.bytes() - at) as usize);
            let mut buffer = vec![0; (within + want).next_multiple_of(SECTOR as usize)];
            self.0.read(at / SECTOR, &mut buffer).map_err(errno)?;
            let n = out.write(&buffer[within..within + want])?;
            done += n;
            at += n as u64;
            if n < want {
                break;
            }
            sched::yield_if_needed();
        }
        Ok(done)
    }

    fn write(&self, io: Io, data: &mut UserIn<'_>) -> Result<usize> {
        if self.0.read_only() {
            return Err(Errno::EPERM);
        }
        let mut at = io.offset;
        let mut done = 0;
        while data.remaining() > 0 {
            if at >= self.bytes() {
                return if done > 0 {
                    Ok(done)
                } else {
                    Err(Errno::ENOSPC)
                };
            }
            let within = (at % SECTOR) as usize;
            let want = data
                .remaining()
                .min(CHUNK)
                .min((self.bytes() - at) as usize);
            let mut buffer = vec![0; (within + want).next_multiple_of(SECTOR as usize)];
            // Sectors at the edges keep the bytes that are not written.
            if within != 0 || want != buffer.len() {
                self.0.read(at / SECTOR, &mut buffer).map_err(errno)?;
            }
            let n = data.read(&mut buffer[within..within + want])?;
            self.0.write(at / SECTOR, &buffer).map_err(errno)?;
            done += n;
            at += n as u64;
            if n < want {
                break;
            }
        }
        Ok(done)
    }

    fn seekable(&self) -> bool {
        true
    }

    fn size(&self) -> Result<u64> {
        Ok(self.bytes())
    }

    fn poll(&self) -> Events {
        Events::IN | Events::OUT | Events::RDNORM | Events::WRNORM
    }

    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        match request {
            BLKROGET => UserPtr::new(arg).write(&i32::from(self.0.read_only()))?,
            BLKGETSIZE => UserPtr::new(arg).write(&self.0.sectors())?,
            BLKSSZGET => UserPtr::new(arg).write(&(SECTOR as i32))?,
            BLKBSZGET => UserPtr::new(arg).write(&4096i32)?,
            BLKGETSIZE64 => UserPtr::new(arg).write(&self.bytes())?,
            BLKFLSBUF => self.sync()?,
            _ => return Err(Errno::ENOTTY),
        }
        Ok(0)
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(anon_stat(0o060660, 0))
    }

    fn sync(&self) -> Result<()> {
        match self.0.flush() {
            // A disk without a cache has nothing to flush.
            Ok(()) | Err(BlockError::Unsupported) => Ok(()),
            Err(error) => Err(errno(error)),
        }
    }

    fn link_name(&self) -> String {
        format!("/dev/{}", self.0.name())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
