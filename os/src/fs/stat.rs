//! [`Meta`] as the structures of stat(2).

use super::{Meta, Place};
use crate::{Result, mm::PAGE_SIZE};
use abi::general::{
    __kernel_fsid_t, STATX_ATTR_MOUNT_ROOT, STATX_BASIC_STATS, STATX_BTIME, STATX_MNT_ID,
    statx_timestamp,
};

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
        st_blksize: PAGE_SIZE as i32,
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

/// `struct statx`.
pub fn statx(place: &Place) -> Result<abi::general::statx> {
    let meta = place.inode().meta()?;
    let mut out = statx_of(&stat(&meta));
    out.stx_mask |= STATX_BTIME | STATX_MNT_ID;
    out.stx_btime = statx_timestamp {
        tv_sec: meta.btime.sec,
        tv_nsec: meta.btime.nsec,
        __reserved: 0,
    };
    out.stx_mnt_id = place.mount().id();
    out.stx_attributes_mask = STATX_ATTR_MOUNT_ROOT.into();
    if *place == place.mount().place() {
        out.stx_attributes = STATX_ATTR_MOUNT_ROOT.into();
    }
    Ok(out)
}

/// `struct statx` of a file without a name.
pub fn statx_of(stat: &abi::general::stat) -> abi::general::statx {
    let stamp = |sec, nsec| statx_timestamp {
        tv_sec: sec,
        tv_nsec: nsec,
        __reserved: 0,
    };
    let major = |dev: u64| (dev >> 8 & 0xfff) as u32;
    let minor = |dev: u64| (dev & 0xff | dev >> 12 & 0xf_ff00) as u32;
    abi::general::statx {
        stx_mask: STATX_BASIC_STATS,
        stx_blksize: stat.st_blksize as u32,
        stx_attributes: 0,
        stx_nlink: stat.st_nlink,
        stx_uid: stat.st_uid,
        stx_gid: stat.st_gid,
        stx_mode: stat.st_mode as u16,
        __spare0: [0],
        stx_ino: stat.st_ino,
        stx_size: stat.st_size as u64,
        stx_blocks: stat.st_blocks as u64,
        stx_attributes_mask: 0,
        stx_atime: stamp(stat.st_atime, stat.st_atime_nsec as u32),
        stx_btime: stamp(0, 0),
        stx_ctime: stamp(stat.st_ctime, stat.st_ctime_nsec as u32),
        stx_mtime: stamp(stat.st_mtime, stat.st_mtime_nsec as u32),
        stx_rdev_major: major(stat.st_rdev),
        stx_rdev_minor: minor(stat.st_rdev),
        stx_dev_major: major(stat.st_dev),
        stx_dev_minor: minor(stat.st_dev),
        stx_mnt_id: 0,
        stx_dio_mem_align: 0,
        stx_dio_offset_align: 0,
        stx_subvol: 0,
        stx_atomic_write_unit_min: 0,
        stx_atomic_write_unit_max: 0,
        stx_atomic_write_segments_max: 0,
        stx_dio_read_offset_align: 0,
        stx_atomic_write_unit_max_opt: 0,
        __spare2: [0],
        __spare3: [0; 8],
    }
}

/// `struct statfs` of the file system that a place is on.
pub fn statfs(place: &Place) -> abi::general::statfs {
    /// Says that `f_flags` is valid, and relatime. linux/statfs.h
    const ST_VALID: u32 = 0x20;
    const ST_RELATIME: u32 = 0x1000;
    let usage = place.mount().fs().usage();
    let mut out = statfs_internal(usage.magic);
    out.f_bsize = usage.block_size as i64;
    out.f_frsize = usage.block_size as i64;
    out.f_blocks = usage.blocks as i64;
    out.f_bfree = usage.free as i64;
    out.f_bavail = usage.free as i64;
    out.f_files = usage.files as i64;
    out.f_ffree = usage.files_free as i64;
    out.f_fsid.val[0] = place.mount().fs().dev() as i32;
    let low = place.mount().flags().bits() & 0xf;
    out.f_flags = (low | ST_VALID | ST_RELATIME).into();
    out
}

/// `struct statfs` of pipes, sockets and the like.
pub fn statfs_internal(magic: u64) -> abi::general::statfs {
    abi::general::statfs {
        f_type: magic as i64,
        f_bsize: PAGE_SIZE as i64,
        f_blocks: 0,
        f_bfree: 0,
        f_bavail: 0,
        f_files: 0,
        f_ffree: 0,
        f_fsid: __kernel_fsid_t { val: [0; 2] },
        f_namelen: super::walk::NAME_MAX as i64,
        f_frsize: PAGE_SIZE as i64,
        f_flags: 0x20,
        f_spare: [0; 4],
    }
}
