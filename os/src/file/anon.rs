//! What fstat(2) says about objects without a file system.

use abi::general::stat;
use core::sync::atomic::{AtomicU64, Ordering};

/// `st_dev` of the objects here; a number that no mounted file system has.
const DEVICE: u64 = 0xe;

/// A fresh inode number, for `pipe:[N]` and `socket:[N]`.
pub fn new_ino() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(4096);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// `struct stat` of an object with this type, mode and inode number, owned by root.
pub fn anon_stat(mode: u32, ino: u64) -> stat {
    stat {
        st_dev: DEVICE,
        st_ino: ino,
        st_mode: mode,
        st_nlink: 1,
        st_uid: 0,
        st_gid: 0,
        st_rdev: 0,
        __pad1: 0,
        st_size: 0,
        st_blksize: 4096,
        __pad2: 0,
        st_blocks: 0,
        st_atime: 0,
        st_atime_nsec: 0,
        st_mtime: 0,
        st_mtime_nsec: 0,
        st_ctime: 0,
        st_ctime_nsec: 0,
        __unused4: 0,
        __unused5: 0,
    }
}
