//! What is said of files: stat(2), statfs(2), fcntl(2), openat2(2).
#![allow(non_camel_case_types)]

use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct stat` of the generic ABI. stat(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct stat {
    /// Device of the file system.
    pub st_dev: u64,
    /// Number of the inode.
    pub st_ino: u64,
    /// Kind and permissions.
    pub st_mode: u32,
    /// Names.
    pub st_nlink: u32,
    /// Owner.
    pub st_uid: u32,
    /// Group.
    pub st_gid: u32,
    /// The device that it is.
    pub st_rdev: u64,
    /// Zero.
    pub __pad1: u64,
    /// Bytes.
    pub st_size: i64,
    /// Good size of a transfer.
    pub st_blksize: i32,
    /// Zero.
    pub __pad2: i32,
    /// Blocks of 512 bytes.
    pub st_blocks: i64,
    /// Last read, seconds since 1970.
    pub st_atime: i64,
    /// Its nanoseconds.
    pub st_atime_nsec: u64,
    /// Last written.
    pub st_mtime: i64,
    /// Its nanoseconds.
    pub st_mtime_nsec: u64,
    /// Last changed in any way.
    pub st_ctime: i64,
    /// Its nanoseconds.
    pub st_ctime_nsec: u64,
    /// Zero.
    pub __unused4: u32,
    /// Zero.
    pub __unused5: u32,
}

/// `struct statx`. statx(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct statx {
    /// Which fields are filled.
    pub stx_mask: u32,
    /// Good size of a transfer.
    pub stx_blksize: u32,
    /// STATX_ATTR_*.
    pub stx_attributes: u64,
    /// Names.
    pub stx_nlink: u32,
    /// Owner.
    pub stx_uid: u32,
    /// Group.
    pub stx_gid: u32,
    /// Kind and permissions.
    pub stx_mode: u16,
    /// Zero.
    pub __spare0: [u16; 1],
    /// Number of the inode.
    pub stx_ino: u64,
    /// Bytes.
    pub stx_size: u64,
    /// Blocks of 512 bytes.
    pub stx_blocks: u64,
    /// Which attributes are known.
    pub stx_attributes_mask: u64,
    /// Last read.
    pub stx_atime: statx_timestamp,
    /// Made.
    pub stx_btime: statx_timestamp,
    /// Last changed in any way.
    pub stx_ctime: statx_timestamp,
    /// Last written.
    pub stx_mtime: statx_timestamp,
    /// The device that it is.
    pub stx_rdev_major: u32,
    /// Its minor number.
    pub stx_rdev_minor: u32,
    /// Device of the file system.
    pub stx_dev_major: u32,
    /// Its minor number.
    pub stx_dev_minor: u32,
    /// Number of the mount.
    pub stx_mnt_id: u64,
    /// Alignment of memory for O_DIRECT.
    pub stx_dio_mem_align: u32,
    /// Alignment in the file for O_DIRECT.
    pub stx_dio_offset_align: u32,
    /// Number of the subvolume.
    pub stx_subvol: u64,
    /// Least atomic write.
    pub stx_atomic_write_unit_min: u32,
    /// Greatest atomic write.
    pub stx_atomic_write_unit_max: u32,
    /// Most segments in one.
    pub stx_atomic_write_segments_max: u32,
    /// Alignment in the file for reads with O_DIRECT.
    pub stx_dio_read_offset_align: u32,
    /// Greatest atomic write that is fast.
    pub stx_atomic_write_unit_max_opt: u32,
    /// Zero.
    pub __spare2: [u32; 1],
    /// Zero.
    pub __spare3: [u64; 8],
}

/// `struct statx_timestamp`. statx(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct statx_timestamp {
    /// Seconds since 1970.
    pub tv_sec: i64,
    /// Nanoseconds.
    pub tv_nsec: u32,
    /// Zero.
    pub __reserved: i32,
}

/// `struct statfs`. statfs(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct statfs {
    /// Kind: a magic number.
    pub f_type: i64,
    /// Good size of a transfer.
    pub f_bsize: i64,
    /// Blocks in all.
    pub f_blocks: i64,
    /// Free ones.
    pub f_bfree: i64,
    /// Free ones for users.
    pub f_bavail: i64,
    /// Inodes in all.
    pub f_files: i64,
    /// Free ones.
    pub f_ffree: i64,
    /// Which file system.
    pub f_fsid: __kernel_fsid_t,
    /// Longest name.
    pub f_namelen: i64,
    /// Bytes of a block.
    pub f_frsize: i64,
    /// ST_*.
    pub f_flags: i64,
    /// Zero.
    pub f_spare: [i64; 4],
}

/// The number of a file system. statfs(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct __kernel_fsid_t {
    /// Two halves.
    pub val: [i32; 2],
}

/// `struct flock`. F_SETLK and F_GETLK of fcntl(2). What a program has in the gaps, F_GETLK gives
/// back.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct flock {
    /// F_RDLCK, F_WRLCK, F_UNLCK.
    pub l_type: i16,
    /// SEEK_*.
    pub l_whence: i16,
    /// Between, for alignment.
    pub gap: u32,
    /// First byte.
    pub l_start: i64,
    /// Bytes; 0 is all that follow.
    pub l_len: i64,
    /// Who holds the lock.
    pub l_pid: i32,
    /// Behind, for alignment.
    pub tail: u32,
}

/// `struct f_owner_ex`. F_SETOWN_EX of fcntl(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct f_owner_ex {
    /// F_OWNER_*.
    pub type_: i32,
    /// Thread, process or group.
    pub pid: i32,
}

/// `struct open_how`. openat2(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct open_how {
    /// O_*.
    pub flags: u64,
    /// Permissions of a new file.
    pub mode: u64,
    /// RESOLVE_*.
    pub resolve: u64,
}

as_in_c! {
    stat { st_dev, st_ino, st_mode, st_nlink, st_uid, st_gid, st_rdev, __pad1, st_size, st_blksize, __pad2, st_blocks, st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec, __unused4, __unused5 }
    statx { stx_mask, stx_blksize, stx_attributes, stx_nlink, stx_uid, stx_gid, stx_mode, __spare0, stx_ino, stx_size, stx_blocks, stx_attributes_mask, stx_atime, stx_btime, stx_ctime, stx_mtime, stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor, stx_mnt_id, stx_dio_mem_align, stx_dio_offset_align, stx_subvol, stx_atomic_write_unit_min, stx_atomic_write_unit_max, stx_atomic_write_segments_max, stx_dio_read_offset_align, stx_atomic_write_unit_max_opt, __spare2, __spare3 }
    statx_timestamp { tv_sec, tv_nsec, __reserved }
    statfs { f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_fsid, f_namelen, f_frsize, f_flags, f_spare }
    __kernel_fsid_t { val }
    flock { l_type, l_whence, l_start, l_len, l_pid }
    f_owner_ex { type_, pid }
    open_how { flags, mode, resolve }
}
