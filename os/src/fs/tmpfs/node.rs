//! A node: one object of the file system, whatever its type.

use super::{
    data::Data,
    dir::Dir,
    file::{DataFile, Writers, check_length},
    volume::{Volume, birth},
};
use crate::{
    Result,
    file::{File, lock::Locks},
    fs::{
        Inode, Kind, Meta, Place,
        files::DirFile,
        inode::{Attachment, Change, DirEntry, New, Stamp, Target},
        notify,
    },
    sync::SpinLock,
};
use abi::{Errno, general::FALLOC_FL_KEEP_SIZE};
use alloc::{boxed::Box, sync::Arc};
use core::any::Any;

/// An inode in memory, perhaps with its bytes or names still in the lower layer.
pub struct Node {
    pub(super) volume: Arc<Volume>,
    pub(super) ino: u64,
    pub(super) attr: SpinLock<Attr>,
    pub(super) body: Body,
    locks: Locks,
    writers: Writers,
}

/// What chmod(2) and its kin change.
pub(super) struct Attr {
    mode: u32,
    pub(super) nlink: u32,
    uid: u32,
    gid: u32,
    rdev: u64,
    pub(super) atime: Stamp,
    pub(super) mtime: Stamp,
    pub(super) ctime: Stamp,
    btime: Stamp,
}

/// What depends on the type.
pub(super) enum Body {
    Directory(Dir),
    Regular(Data),
    Symlink(Box<[u8]>),
    /// FIFOs and sockets.
    Endpoint(Attachment),
    Device,
}

impl Node {
    /// A new node without a name.
    pub(super) fn create(volume: &Arc<Volume>, new: &New<'_>) -> Arc<Node> {
        let [atime, mtime, ctime, btime] = birth();
        let body = match new.kind {
            Kind::Directory => Body::Directory(Dir::empty()),
            Kind::Regular => Body::Regular(Data::empty(volume)),
            Kind::Symlink => Body::Symlink(new.target.into()),
            Kind::Fifo | Kind::Socket => Body::Endpoint(Attachment::new()),
            Kind::CharDevice | Kind::BlockDevice => Body::Device,
        };
        Arc::new(Node {
            volume: volume.clone(),
            ino: volume.next_ino(),
            attr: SpinLock::new(Attr {
                mode: new.kind as u32 | new.mode & 0o7777,
                nlink: if new.kind == Kind::Directory { 2 } else { 1 },
                uid: new.uid,
                gid: new.gid,
                rdev: new.rdev,
                atime,
                mtime,
                ctime,
                btime,
            }),
            body,
            locks: Locks::new(),
            writers: Writers::new(),
        })
    }

    /// The node of an inode of the lower layer. May sleep (long links are in a block).
    pub(super) fn from_lower(volume: &Arc<Volume>, inode: ext4::Inode) -> Result<Arc<Node>> {
        let stamp = |t: ext4::Time| Stamp {
            sec: t.sec,
            nsec: t.nsec,
        };
        let attr = Attr {
            mode: inode.mode,
            nlink: inode.nlink,
            uid: inode.uid,
            gid: inode.gid,
            rdev: inode.rdev,
            atime: stamp(inode.atime),
            mtime: stamp(inode.mtime),
            ctime: stamp(inode.ctime),
            btime: stamp(inode.crtime),
        };
        let ino = inode.number.into();
        let body = match Kind::from_mode(inode.mode) {
            Kind::Directory => Body::Directory(Dir::from_lower(inode)),
            Kind::Regular => Body::Regular(Data::from_lower(volume, inode)),
            Kind::Symlink => {
                let lower = volume.lower.as_ref().ok_or(Errno::EIO)?;
                Body::Symlink(lower.link_target(&inode)?.into())
            }
            Kind::Fifo | Kind::Socket => Body::Endpoint(Attachment::new()),
            Kind::CharDevice | Kind::BlockDevice => Body::Device,
        };
        Ok(Arc::new(Node {
            volume: volume.clone(),
            ino,
            attr: SpinLock::new(attr),
            body,
            locks: Locks::new(),
            writers: Writers::new(),
        }))
    }

    /// The contents of a regular file.
    pub fn data(&self) -> Option<&Data> {
        match &self.body {
            Body::Regular(data) => Some(data),
            _ => None,
        }
    }

    pub(super) fn dir(&self) -> Result<&Dir> {
        match &self.body {
            Body::Directory(dir) => Ok(dir),
            _ => Err(Errno::ENOTDIR),
        }
    }

    pub(super) fn is_dir(&self) -> bool {
        matches!(self.body, Body::Directory(_))
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::from_mode(self.attr.lock().mode)
    }

    /// Contents or names changed.
    pub(super) fn touch_modified(&self) {
        let now = Stamp::now();
        let mut attr = self.attr.lock();
        (attr.mtime, attr.ctime) = (now, now);
    }

    pub(super) fn touch_changed(&self) {
        self.attr.lock().ctime = Stamp::now();
    }

    /// Reading updates the access time when it is not newer than the last change
    /// (relatime, mount(8)), so that reading costs no clock reading each time.
    pub(super) fn touch_accessed(&self) {
        let mut attr = self.attr.lock();
        if attr.atime <= attr.mtime || attr.atime <= attr.ctime {
            attr.atime = Stamp::now();
        }
    }

    /// One name less. At zero the volume lets go of it.
    pub(super) fn drop_name(&self) {
        let mut attr = self.attr.lock();
        attr.ctime = Stamp::now();
        attr.nlink = if self.is_dir() {
            0
        } else {
            attr.nlink.saturating_sub(1)
        };
        let last = attr.nlink == 0;
        drop(attr);
        if last {
            self.volume.forget(self.ino);
        }
    }

    /// Who may write the file, and whether it runs.
    pub(super) fn writers(&self) -> &Writers {
        &self.writers
    }

    /// Whether a write must take set-id bits away, write(2).
    pub(super) fn has_set_id(&self) -> bool {
        let mode = self.attr.lock().mode;
        mode & 0o4000 != 0 || mode & 0o2010 == 0o2010
    }

    /// A writer without CAP_FSETID takes the set-id bits away. write(2), chown(2).
    pub(super) fn drop_set_id(&self) {
        let mut attr = self.attr.lock();
        attr.mode &= !0o4000;
        if attr.mode & 0o010 != 0 {
            attr.mode &= !0o2000;
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let deleted = self.attr.lock().nlink == 0;
        notify::inode_gone(self.volume.dev, self.ino, deleted);
        if u32::try_from(self.ino).is_err() || self.volume.lower.is_none() {
            self.volume.node_gone();
        }
    }
}

/// The concrete node behind an inode that is known to be of this file system.
pub(super) fn node_of(inode: &dyn Inode) -> Result<&Node> {
    inode.as_any().downcast_ref::<Node>().ok_or(Errno::EXDEV)
}

impl Inode for Node {
    fn meta(&self) -> Result<Meta> {
        let (size, blocks) = match &self.body {
            Body::Regular(data) => data.size_and_blocks(),
            Body::Symlink(target) => (target.len() as u64, 0),
            Body::Directory(dir) => (dir.size(), 0),
            Body::Endpoint(_) | Body::Device => (0, 0),
        };
        let attr = self.attr.lock();
        Ok(Meta {
            dev: self.volume.dev,
            ino: self.ino,
            mode: attr.mode,
            nlink: attr.nlink,
            uid: attr.uid,
            gid: attr.gid,
            rdev: attr.rdev,
            size,
            blocks,
            atime: attr.atime,
            mtime: attr.mtime,
            ctime: attr.ctime,
            btime: attr.btime,
        })
    }

    fn change(&self, change: &Change) -> Result<()> {
        let Change {
            mode,
            uid,
            gid,
            atime,
            mtime,
        } = *change;
        let mut attr = self.attr.lock();
        if let Some(mode) = mode {
            attr.mode = attr.mode & !0o7777 | mode & 0o7777;
        }
        attr.uid = uid.unwrap_or(attr.uid);
        attr.gid = gid.unwrap_or(attr.gid);
        attr.atime = atime.unwrap_or(attr.atime);
        attr.mtime = mtime.unwrap_or(attr.mtime);
        attr.ctime = Stamp::now();
        Ok(())
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        Ok(self.dir_lookup(name)?)
    }

    fn create(&self, name: &[u8], new: &New<'_>) -> Result<Arc<dyn Inode>> {
        self.dir()?.load(self)?;
        let node = Node::create(&self.volume, new);
        self.dir_insert(name, node.clone())?;
        Ok(node)
    }

    fn create_unnamed(&self, new: &New<'_>) -> Result<Arc<dyn Inode>> {
        let node = Node::create(&self.volume, new);
        node.attr.lock().nlink = 0;
        Ok(node)
    }

    fn link(&self, name: &[u8], target: &Arc<dyn Inode>) -> Result<()> {
        let target: Arc<dyn Any + Send + Sync> = target.clone();
        let node = target.downcast::<Node>().map_err(|_| Errno::EXDEV)?;
        self.dir()?.load(self)?;
        self.dir_insert(name, node.clone())?;
        let mut attr = node.attr.lock();
        attr.nlink += 1;
        attr.ctime = Stamp::now();
        Ok(())
    }

    fn unlink(&self, name: &[u8]) -> Result<()> {
        self.dir_remove(name)
    }

    fn rename(&self, name: &[u8], to: &dyn Inode, to_name: &[u8], exchange: bool) -> Result<()> {
        self.dir_rename(name, node_of(to)?, to_name, exchange)
    }

    fn entries(&self, cookie: u64, emit: &mut dyn FnMut(DirEntry<'_>) -> bool) -> Result<()> {
        let dir = self.dir()?;
        dir.load(self)?;
        self.touch_accessed();
        dir.list(cookie, emit);
        Ok(())
    }

    fn read_link(&self) -> Result<Target> {
        match &self.body {
            Body::Symlink(target) => Ok(Target::Path(target.to_vec())),
            _ => Err(Errno::EINVAL),
        }
    }

    fn open(self: Arc<Self>, place: &Place, flags: u32) -> Result<Arc<dyn File>> {
        match &self.body {
            Body::Directory(_) => Ok(DirFile::new(place.clone())),
            Body::Regular(_) => Ok(DataFile::new(self, place.clone(), flags)?),
            _ => Err(Errno::ENXIO),
        }
    }

    fn truncate(&self, len: u64) -> Result<()> {
        let data = self.data().ok_or(Errno::EINVAL)?;
        check_length(data.size(), len)?;
        data.truncate(len)?;
        self.touch_modified();
        Ok(())
    }

    fn allocate(&self, mode: u32, offset: u64, len: u64) -> Result<()> {
        let data = self.data().ok_or(Errno::ENODEV)?;
        if mode & FALLOC_FL_KEEP_SIZE == 0 {
            check_length(data.size(), offset.saturating_add(len))?;
        }
        data.allocate(mode, offset, len)?;
        self.touch_modified();
        Ok(())
    }

    fn attachment(&self) -> Option<&Attachment> {
        match &self.body {
            Body::Endpoint(attachment) => Some(attachment),
            _ => None,
        }
    }

    fn locks(&self) -> Option<&Locks> {
        Some(&self.locks)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
