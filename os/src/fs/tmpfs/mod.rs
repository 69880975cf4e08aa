//! The file system in memory, with an optional read-only volume below it.
//!
//! What it is: tmpfs, and by the same code the root: an overlay whose upper layer is
//! memory and whose lower layer is an ext4 volume. A directory takes its lower names
//! over when it is first looked at; a file takes its lower bytes over page by page.
//! From then on the memory is the truth, so a removed name needs no whiteout, a
//! write copies one page up and not the file, and rename(2) and hard links are those
//! of one file system. Nothing is ever written back.
//!
//! Who calls: `fs` through [`Inode`] and [`FileSystem`]; `mm` asks a regular file's
//! [`data::Data`] for pages.
//!
//! Who owns and locks: a directory owns its children, a [`Volume`] the nodes that
//! came from the lower layer (so that two names of one inode are one node). Spin
//! locks are per node and never held over I/O: what may read the disk is loaded
//! first, then changed in one step that does not sleep.

mod data;
mod dir;
mod file;
mod node;
mod volume;

pub use data::{cached_pages, seal};
pub use node::Node;
pub use volume::{Volume, reclaim};
