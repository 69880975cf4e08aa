//! Inodes of generated trees, made at each look-up.

use super::{Body, Directory, Node, Tree, file::TextFile};
use crate::{
    Result,
    file::File,
    fs::{
        Inode, Kind, Meta, Place,
        files::{DirFile, named},
        inode::{DirEntry, Stamp, Target},
        mount::{FileSystem, Usage, anonymous_dev},
    },
};
use abi::Errno;
use alloc::{sync::Arc, vec::Vec};
use core::any::Any;

/// A generated tree as a file system.
pub struct PseudoFs {
    kind: &'static str,
    magic: u64,
    dev: u64,
    top: &'static Tree,
    /// What stat(2) says about files whose text is not made yet: 0 in /proc, a page in /sys.
    file_size: u64,
}

impl PseudoFs {
    /// `kind` is "proc" or "sysfs"; `magic` is statfs(2)'s.
    pub fn new(
        kind: &'static str,
        magic: u64,
        top: &'static Tree,
        file_size: u64,
    ) -> Arc<PseudoFs> {
        Arc::new(PseudoFs {
            kind,
            magic,
            dev: anonymous_dev(),
            top,
            file_size,
        })
    }
}

impl FileSystem for PseudoFs {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn root(&self) -> Arc<dyn Inode> {
        let directory: Arc<dyn Directory> = Arc::new(Top(self.top));
        Arc::new(PseudoInode {
            node: Node::directory(directory),
            dev: self.dev,
            ino: 1,
            file_size: self.file_size,
        })
    }

    fn dev(&self) -> u64 {
        self.dev
    }

    fn usage(&self) -> Usage {
        Usage {
            magic: self.magic,
            block_size: crate::mm::PAGE_SIZE as u64,
            blocks: 0,
            free: 0,
            files: 0,
            files_free: 0,
        }
    }
}

struct Top(&'static Tree);

impl Directory for Top {
    fn get(&self, name: &str) -> Option<Node> {
        self.0.top.get(name)
    }

    fn names(&self) -> Vec<(alloc::string::String, Kind)> {
        self.0.top.names()
    }
}

struct PseudoInode {
    node: Node,
    dev: u64,
    ino: u64,
    file_size: u64,
}

impl Node {
    pub(super) fn kind(&self) -> Kind {
        match self.body {
            Body::Text { .. } | Body::Open(_) => Kind::Regular,
            Body::Link(_) => Kind::Symlink,
            Body::Directory(_) => Kind::Directory,
        }
    }
}

/// The same path has the same number each time: FNV-1a over parent and name, kept
/// clear of small numbers and of the sign bit.
fn number(parent: u64, name: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ parent;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    hash >> 16 | 1 << 32
}

impl Inode for PseudoInode {
    fn meta(&self) -> Result<Meta> {
        let now = Stamp::now();
        let kind = self.node.kind();
        Ok(Meta {
            dev: self.dev,
            ino: self.ino,
            mode: kind as u32 | self.node.mode,
            nlink: if kind == Kind::Directory { 2 } else { 1 },
            uid: self.node.uid,
            gid: self.node.gid,
            rdev: 0,
            size: if kind == Kind::Regular {
                self.file_size
            } else {
                0
            },
            blocks: 0,
            atime: now,
            mtime: now,
            ctime: now,
            btime: now,
        })
    }

    fn stable(&self) -> bool {
        false
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>> {
        let Body::Directory(directory) = &self.node.body else {
            return Err(Errno::ENOTDIR);
        };
        let name = core::str::from_utf8(name).map_err(|_| Errno::ENOENT)?;
        let node = directory.get(name).ok_or(Errno::ENOENT)?;
        let ino = number(self.ino, name);
        Ok(Arc::new(PseudoInode {
            node,
            dev: self.dev,
            ino,
            file_size: self.file_size,
        }))
    }

    fn entries(&self, cookie: u64, emit: &mut dyn FnMut(DirEntry<'_>) -> bool) -> Result<()> {
        let Body::Directory(directory) = &self.node.body else {
            return Err(Errno::ENOTDIR);
        };
        for (index, (name, kind)) in directory.names().iter().enumerate() {
            let at = index as u64 + 2;
            let ino = number(self.ino, name);
            let entry = DirEntry {
                name: name.as_bytes(),
                ino,
                kind: *kind,
                next: at + 1,
            };
            if at >= cookie && !emit(entry) {
                break;
            }
        }
        Ok(())
    }

    fn read_link(&self) -> Result<Target> {
        match &self.node.body {
            Body::Link(follow) => follow(),
            _ => Err(Errno::EINVAL),
        }
    }

    fn open(self: Arc<Self>, place: &Place, flags: u32) -> Result<Arc<dyn File>> {
        match &self.node.body {
            Body::Directory(_) => Ok(DirFile::new(place.clone())),
            Body::Open(open) => Ok(named(place, open(flags)?)),
            Body::Text { read, write } => Ok(TextFile::new(
                place.clone(),
                read.clone(),
                write.clone(),
                flags,
            )),
            Body::Link(_) => Err(Errno::ELOOP),
        }
    }

    /// O_TRUNC of a shell's `>`: there is nothing to cut.
    fn truncate(&self, _: u64) -> Result<()> {
        match self.node.body {
            Body::Text { .. } | Body::Open(_) => Ok(()),
            _ => Err(Errno::EINVAL),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
