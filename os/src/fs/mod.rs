//! Files with names: path walk, mounts, the overlay root, tmpfs, /dev, /proc and /sys.
//!
//! What it is: everything between a path and an open [`crate::file::File`]. A
//! [`Place`] is a [`dentry::Dentry`] (a name in a directory) seen through a
//! [`mount::Mount`]; behind the dentry is an [`Inode`], the object of a file system.
//!
//! Who calls: `syscall/fs.rs` (decodes and calls one function here), `task` (exec,
//! fork, /proc/<pid> through [`pseudo::Directory`]), `net` (names of AF_UNIX sockets,
//! /proc/net through [`pseudo::proc`]), `main` (publishes device files in [`dev`]).
//! Nothing here knows tasks: who acts and from where comes in as a [`Caller`].
//!
//! Who owns and locks: the mount tree owns the root dentry of each file system; a
//! dentry owns its cached children; names and metadata are under spin locks that are
//! never held over I/O or a user copy. A regular file's [`page cache`](tmpfs) is the
//! one copy of its bytes for read, write and mmap.
//!
//! Typical sequence of `open("/etc/hosts")`:
//!
//! ```text
//! open::open            flags, permission, O_CREAT, O_TRUNC
//!   walk::walk          one step per component: dentry cache, mount, symlink
//!     Inode::lookup     a miss asks the file system
//!   Inode::open         gives the File that read(2) will call
//! ```

pub mod caller;
pub mod dentry;
pub mod dev;
pub mod inode;
pub mod memfd;
pub mod mount;
pub mod names;
pub mod notify;
pub mod nsfs;
pub mod open;
pub mod pseudo;
pub mod quota;
pub mod random;
pub mod socket;
pub mod stat;
pub mod terminals;
pub mod tmpfs;
pub mod walk;

mod boot;
mod config;
mod copy;
mod files;
mod lower;
mod proc;
mod sys;

pub use boot::init;
pub use caller::{Caller, Creds, FsContext};
pub use dentry::Place;
pub use inode::{Inode, Kind, Meta};
pub use open::open_exec;
