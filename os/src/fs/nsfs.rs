//! Namespaces as files: what the links of /proc/<pid>/ns lead to. namespaces(7), ioctl_nsfs(2).
//!
//! **What.** A [`Space`] is a namespace of any kind, numbered like an inode; [`place`] names it, so that it can be opened, and
//! bound over another file by mount(2), which keeps it alive as an open descriptor does. **Who calls.** `task` for
//! /proc/<pid>/ns and setns(2). **Who owns and locks.** Who opened or mounted the file owns the namespace; nothing is locked.

use super::{
    Inode, Meta, Place,
    dentry::Dentry,
    inode::Stamp,
    mount::{self, FileSystem, Mount, Usage},
};
use crate::{
    Result,
    file::{Events, File},
    sync::SpinLock,
};
use abi::{Errno, general::stat};
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::{
    any::Any,
    sync::atomic::{AtomicU64, Ordering},
};

/// NSFS_MAGIC.
const MAGIC: u64 = 0x6e73_6673;
/// NS_GET_PARENT, NS_GET_NSTYPE, NS_GET_OWNER_UID.
const GET_PARENT: u32 = 0xb702;
const GET_TYPE: u32 = 0xb703;
const GET_OWNER: u32 = 0xb704;

/// A namespace.
pub trait Space: Any + Send + Sync {
    /// `net`, `mnt`: the name in /proc/<pid>/ns.
    fn kind(&self) -> &'static str;
    /// CLONE_NEW*.
    fn flag(&self) -> u32;
    /// Inode number.
    fn number(&self) -> u64;
}

/// A number that no namespace had before.
pub fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(4_026_531_840);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The place of a namespace, on a mount that no path leads to.
pub fn place(space: Arc<dyn Space>) -> Place {
    static MOUNT: SpinLock<Option<Arc<Mount>>> = SpinLock::new(None);
    let hidden = || {
        let dev = mount::anonymous_dev();
        mount::hidden(Arc::new(NsFs { dev }))
    };
    let mount = MOUNT.lock().get_or_insert_with(hidden).clone();
    let node = SpaceNode {
        dev: mount.fs().dev(),
        space: Some(space),
    };
    let shown = node.label().unwrap_or_default();
    Place {
        mount,
        dentry: Dentry::unnamed(Arc::new(node), &shown),
    }
}

/// The namespace behind an open file. `EINVAL` when it is none.
pub fn of(file: &dyn File) -> Result<Arc<dyn Space>> {
    let file = file.as_any().downcast_ref::<SpaceFile>();
    file.map(|file| file.space.clone()).ok_or(Errno::EINVAL)
}

struct NsFs {
    dev: u64,
}

impl FileSystem for NsFs {
    fn kind(&self) -> &'static str {
        "nsfs"
    }

    fn root(&self) -> Arc<dyn Inode> {
        Arc::new(SpaceNode {
            dev: self.dev,
            space: None,
        })
    }

    fn dev(&self) -> u64 {
        self.dev
    }

    fn usage(&self) -> Usage {
        Usage {
            magic: MAGIC,
            block_size: crate::mm::PAGE_SIZE as u64,
            blocks: 0,
            free: 0,
            files: 0,
            files_free: 0,
        }
    }
}

/// A namespace; the root of the file system, which nobody sees, has none.
struct SpaceNode {
    dev: u64,
    space: Option<Arc<dyn Space>>,
}

impl Inode for SpaceNode {
    fn meta(&self) -> Result<Meta> {
        let now = Stamp::now();
        Ok(Meta {
            dev: self.dev,
            ino: self.space.as_ref().map_or(1, |space| space.number()),
            mode: 0o100_444,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            size: 0,
            blocks: 0,
            atime: now,
            mtime: now,
            ctime: now,
            btime: now,
        })
    }

    fn label(&self) -> Option<Vec<u8>> {
        let space = self.space.as_ref()?;
        Some(format!("{}:[{}]", space.kind(), space.number()).into_bytes())
    }

    fn open(self: Arc<Self>, place: &Place, _flags: u32) -> Result<Arc<dyn File>> {
        Ok(Arc::new(SpaceFile {
            place: place.clone(),
            space: self.space.clone().ok_or(Errno::ENXIO)?,
        }))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// An open namespace.
struct SpaceFile {
    place: Place,
    space: Arc<dyn Space>,
}

impl File for SpaceFile {
    fn poll(&self) -> Events {
        Events::IN | Events::OUT | Events::RDNORM | Events::WRNORM
    }

    /// Network and mount namespaces have no parent and no owner of their own.
    fn ioctl(&self, request: u32, _arg: usize) -> Result<usize> {
        match request {
            GET_TYPE => Ok(self.space.flag() as usize),
            GET_PARENT | GET_OWNER => Err(Errno::EINVAL),
            _ => Err(Errno::ENOTTY),
        }
    }

    fn stat(&self) -> Result<stat> {
        Ok(super::stat::stat(&self.place.inode().meta()?))
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
