//! What every file system implements: [`Inode`], an object without a name.
//!
//! `walk`, `open` and the change operations of `fs` call it after all permission
//! checks; implementations check only what they alone know (does the name exist, is
//! the directory empty). Inodes lock inside and may sleep for I/O.

use super::Place;
use crate::{
    Result,
    file::{File, lock::Locks, pipe::Pipe},
    sync::SpinLock,
};
use abi::Errno;
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};
use core::any::Any;

/// The type bits of `st_mode`. inode(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
#[repr(u32)]
pub enum Kind {
    Fifo = 0o010000,
    CharDevice = 0o020000,
    Directory = 0o040000,
    BlockDevice = 0o060000,
    Regular = 0o100000,
    Symlink = 0o120000,
    Socket = 0o140000,
}

impl Kind {
    /// The type in a mode; what is no type at all counts as regular (mknod(2)).
    pub fn from_mode(mode: u32) -> Kind {
        match mode & 0o170000 {
            0o010000 => Kind::Fifo,
            0o020000 => Kind::CharDevice,
            0o040000 => Kind::Directory,
            0o060000 => Kind::BlockDevice,
            0o120000 => Kind::Symlink,
            0o140000 => Kind::Socket,
            _ => Kind::Regular,
        }
    }

    /// `d_type` of getdents64(2): DT_*.
    pub fn d_type(self) -> u8 {
        (self as u32 >> 12) as u8
    }
}

/// A point in CLOCK_REALTIME as files store it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Seconds since 1970; may be negative.
    pub sec: i64,
    /// 0..1_000_000_000.
    pub nsec: u32,
}

impl Stamp {
    /// Now.
    pub fn now() -> Stamp {
        let ns = crate::time::realtime();
        Stamp {
            sec: (ns / 1_000_000_000) as i64,
            nsec: (ns % 1_000_000_000) as u32,
        }
    }
}

/// What stat(2) tells.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Meta {
    /// Device number of the file system, as `st_dev`.
    pub dev: u64,
    pub ino: u64,
    /// Type and permission bits.
    pub mode: u32,
    pub nlink: u32,
    pub uid: u32,
    pub gid: u32,
    /// Device number of a device node, as `st_rdev`.
    pub rdev: u64,
    pub size: u64,
    /// In units of 512 bytes.
    pub blocks: u64,
    pub atime: Stamp,
    pub mtime: Stamp,
    pub ctime: Stamp,
    pub btime: Stamp,
}

impl Meta {
    /// The type.
    pub fn kind(&self) -> Kind {
        Kind::from_mode(self.mode)
    }
}

/// What chmod(2), chown(2) and utimensat(2) change; `None` stays. `ctime` becomes now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    /// Permission bits (07777).
    pub mode: Option<u32>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Access time.
    pub atime: Option<Stamp>,
    /// Modification time.
    pub mtime: Option<Stamp>,
}

/// What a new inode shall be.
pub struct New<'a> {
    /// Type.
    pub kind: Kind,
    /// Permission bits, umask already applied.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// For device nodes.
    pub rdev: u64,
    /// For symbolic links.
    pub target: &'a [u8],
}

/// One record of a directory listing.
pub struct DirEntry<'a> {
    /// File name.
    pub name: &'a [u8],
    /// Inode number.
    pub ino: u64,
    /// Type.
    pub kind: Kind,
    /// Where to go on after this record (`d_off`).
    pub next: u64,
}

/// Where a symbolic link leads.
pub enum Target {
    /// A path to walk.
    Path(Vec<u8>),
    /// Straight to an object, whatever its text says: /proc/self/fd/N, exe, cwd, root.
    Place(Place),
    /// Straight to an open file without a name (pipe, socket); only open(2) and stat(2) can follow it.
    File(Arc<crate::file::OpenFile>),
}

/// An object of a file system. The defaults answer as Linux does for an object without the operation.
pub trait Inode: Any + Send + Sync {
    /// stat(2).
    fn meta(&self) -> Result<Meta>;

    /// chmod(2), chown(2), utimensat(2).
    fn change(&self, _change: &Change) -> Result<()> {
        Err(Errno::EPERM)
    }

    /// Directories: the entry, `ENOENT` when there is none.
    fn lookup(&self, _name: &[u8]) -> Result<Arc<dyn Inode>> {
        Err(Errno::ENOTDIR)
    }

    /// Whether names found here stay valid until they are changed through `fs`
    /// (so that dentries may be kept); false for generated trees.
    fn stable(&self) -> bool {
        true
    }

    /// Directories: a new entry; `EEXIST`.
    fn create(&self, _name: &[u8], _new: &New<'_>) -> Result<Arc<dyn Inode>> {
        Err(Errno::EPERM)
    }

    /// Directories: a new inode without a name (O_TMPFILE).
    fn create_unnamed(&self, _new: &New<'_>) -> Result<Arc<dyn Inode>> {
        Err(Errno::EOPNOTSUPP)
    }

    /// Directories: another name for `target`, an inode of the same file system.
    fn link(&self, _name: &[u8], _target: &Arc<dyn Inode>) -> Result<()> {
        Err(Errno::EPERM)
    }

    /// Directories: removes an entry; `ENOTEMPTY` for a directory with entries.
    fn unlink(&self, _name: &[u8]) -> Result<()> {
        Err(Errno::EPERM)
    }

    /// Directories: moves an entry to `to` (same file system). What `to_name` was is
    /// replaced, or swapped with `exchange`.
    fn rename(
        &self,
        _name: &[u8],
        _to: &dyn Inode,
        _to_name: &[u8],
        _exchange: bool,
    ) -> Result<()> {
        Err(Errno::EPERM)
    }

    /// Directories: calls `emit` for the entries from `cookie` on until it returns
    /// false. "." and ".." are not among them; cookies 0, 1 and 2 stand for ".", ".."
    /// and the first entry.
    fn entries(&self, _cookie: u64, _emit: &mut dyn FnMut(DirEntry<'_>) -> bool) -> Result<()> {
        Err(Errno::ENOTDIR)
    }

    /// Symbolic links.
    fn read_link(&self) -> Result<Target> {
        Err(Errno::EINVAL)
    }

    /// Symbolic links: the text for readlink(2), where it is not a path to walk.
    fn link_text(&self) -> Result<Vec<u8>> {
        match self.read_link()? {
            Target::Path(text) => Ok(text),
            Target::Place(place) => Ok(place.label()),
            Target::File(file) => Ok(file.file.link_name().into_bytes()),
        }
    }

    /// What is shown instead of a path, for objects that need none: `net:[4026531840]`.
    fn label(&self) -> Option<Vec<u8>> {
        None
    }

    /// Regular files and directories: the object behind a new descriptor. Device
    /// nodes, FIFOs and sockets are opened by `fs::open` without asking.
    fn open(self: Arc<Self>, place: &Place, flags: u32) -> Result<Arc<dyn File>>;

    /// Regular files: truncate(2).
    fn truncate(&self, _len: u64) -> Result<()> {
        Err(Errno::EINVAL)
    }

    /// Regular files: fallocate(2), `mode` as the call's.
    fn allocate(&self, _mode: u32, _offset: u64, _len: u64) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }

    /// What other rooms hang on FIFOs and sockets; `None` for the other types.
    fn attachment(&self) -> Option<&Attachment> {
        None
    }

    /// The advisory locks of the object.
    fn locks(&self) -> Option<&Locks> {
        None
    }

    /// For a file system that needs its own kind back.
    fn as_any(&self) -> &dyn Any;
}

/// The object behind the name of a FIFO or a socket. A FIFO's pipe belongs to the
/// inode; a socket does not: a name whose socket is closed answers `ECONNREFUSED`.
pub struct Attachment {
    pipe: SpinLock<Option<Arc<Pipe>>>,
    socket: SpinLock<Option<Weak<dyn Any + Send + Sync>>>,
}

impl Attachment {
    /// Nothing attached yet.
    pub const fn new() -> Attachment {
        Attachment {
            pipe: SpinLock::new(None),
            socket: SpinLock::new(None),
        }
    }

    /// The pipe of a FIFO, made at first use.
    pub fn pipe(&self) -> Arc<Pipe> {
        self.pipe.lock().get_or_insert_with(Pipe::new).clone()
    }

    /// bind(2).
    pub fn set_socket(&self, socket: Weak<dyn Any + Send + Sync>) {
        *self.socket.lock() = Some(socket);
    }

    /// The socket that is bound here, if it is still open.
    pub fn socket(&self) -> Option<Arc<dyn Any + Send + Sync>> {
        self.socket.lock().as_ref()?.upgrade()
    }
}
