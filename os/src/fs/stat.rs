//! [`Meta`] as the structures of stat(2).

use super::Meta;

/// `struct stat` of the generic ABI.
pub fn stat(meta: &Meta) -> abi::general::stat {
    abi::general::stat {
        st_dev: meta.dev,
        st_ino: meta.ino,
        st_mode: meta.mode,
        st_nlink: meta.nlink,
        st_uid: meta.uid,
        st_gid: meta.gid,
        st_rdev: meta.rdev,
        __pad1: 0,
        st_size: meta.size as i64,
        st_blksize: 4096,
        __pad2: 0,
        st_blocks: meta.blocks as i64,
        st_atime: meta.atime.sec,
        st_atime_nsec: meta.atime.nsec.into(),
        st_mtime: meta.mtime.sec,
        st_mtime_nsec: meta.mtime.nsec.into(),
        st_ctime: meta.ctime.sec,
        st_ctime_nsec: meta.ctime.nsec.into(),
        __unused4: 0,
        __unused5: 0,
    }
}
