//! Read-only ext2, ext3 and ext4, addressed by inode number.
//!
//! What it is: the on-disk format and nothing else: no cache, no locks, no paths.
//! The kernel's `fs` calls it with a [`Disk`] and keeps what it reads in its own
//! page cache and dentries; a host test reads images that mke2fs(8) made.
//!
//! Why not a crate from the registry: those address files by path, read a block at a
//! time and hide inode numbers, which hard links, ld.so and stat(2) need.
//!
//! Typical sequence:
//!
//! ```text
//! let fs = Ext4::open(disk)?;
//! let root = fs.inode(ROOT)?;
//! fs.entries(&root, |entry| ..)?;       // name -> number
//! let file = fs.inode(number)?;
//! fs.read(&file, 0, &mut buffer)?;
//! ```
//!
//! The device is hostile: every number from the disk is checked before use, and no
//! image can make this crate panic or loop for ever. Offsets are those of
//! "ext4 Data Structures and Algorithms" in Linux's documentation. A journal that
//! needs recovery is reported ([`Ext4::needs_recovery`]) and not replayed.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod bytes;
mod dir;
mod inode;
mod map;
mod volume;

pub use dir::Entry;
pub use inode::{Inode, Time};
pub use map::Run;
pub use volume::{Ext4, ROOT, Usage};

/// Where the image is.
pub trait Disk {
    /// Fills `buf` from byte `offset`; both are multiples of 512. File contents.
    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error>;

    /// The same for inode tables, directories' block maps and the like, which are
    /// asked for again and again: a good place for a cache.
    fn read_meta(&self, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        self.read(offset, buf)
    }
}

/// Why a volume or an inode cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The device failed.
    Io,
    /// There is no ext2/3/4 superblock.
    NotExt4,
    /// The image uses features (these `s_feature_incompat` bits) that this crate does not read.
    Unsupported(u32),
    /// The structures contradict themselves; the word says which.
    Corrupt(&'static str),
}
