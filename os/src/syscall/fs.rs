//! Calls on names: open, stat, directories, links, attributes, mounts, inotify.

mod mounts;
mod names;
mod open;
mod stat;
mod sync;
mod watch;
mod xattr;

use super::{
    Args, Caller,
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
};
use crate::{
    Result,
    file::Fd,
    fs::{Place, walk},
    mm::user::read_cstr,
};
use abi::{Errno, general::*};
use alloc::vec::Vec;

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(__NR_openat, "openat", open::openat, Full, ""),
    row(
        __NR_openat2,
        "openat2",
        open::openat2,
        Partial,
        "RESOLVE_CACHED always answers EAGAIN",
    ),
    row(__NR_getdents64, "getdents64", open::getdents64, Full, ""),
    row(
        __NR_memfd_create,
        "memfd_create",
        open::memfd_create,
        Partial,
        "no MFD_HUGETLB",
    ),
    row(__NR_newfstatat, "newfstatat", stat::newfstatat, Full, ""),
    row(__NR_fstat, "fstat", stat::fstat, Full, ""),
    row(__NR_statx, "statx", stat::statx, Full, ""),
    row(__NR_statfs, "statfs", stat::statfs, Full, ""),
    row(__NR_fstatfs, "fstatfs", stat::fstatfs, Full, ""),
    row(__NR_readlinkat, "readlinkat", stat::readlinkat, Full, ""),
    row(__NR_faccessat, "faccessat", stat::faccessat, Full, ""),
    row(__NR_faccessat2, "faccessat2", stat::faccessat2, Full, ""),
    row(__NR_mkdirat, "mkdirat", names::mkdirat, Full, ""),
    row(__NR_mknodat, "mknodat", names::mknodat, Full, ""),
    row(__NR_unlinkat, "unlinkat", names::unlinkat, Full, ""),
    row(__NR_symlinkat, "symlinkat", names::symlinkat, Full, ""),
    row(__NR_linkat, "linkat", names::linkat, Full, ""),
    row(
        __NR_renameat2,
        "renameat2",
        names::renameat2,
        Partial,
        "no RENAME_WHITEOUT",
    ),
    row(__NR_fchmod, "fchmod", names::fchmod, Full, ""),
    row(__NR_fchmodat, "fchmodat", names::fchmodat, Full, ""),
    row(__NR_fchmodat2, "fchmodat2", names::fchmodat2, Full, ""),
    row(__NR_fchown, "fchown", names::fchown, Full, ""),
    row(__NR_fchownat, "fchownat", names::fchownat, Full, ""),
    row(__NR_utimensat, "utimensat", names::utimensat, Full, ""),
    row(__NR_truncate, "truncate", names::truncate, Full, ""),
    row(__NR_ftruncate, "ftruncate", names::ftruncate, Full, ""),
    row(
        __NR_fallocate,
        "fallocate",
        names::fallocate,
        Partial,
        "no FALLOC_FL_COLLAPSE_RANGE, no FALLOC_FL_INSERT_RANGE, as on tmpfs",
    ),
    row(__NR_getcwd, "getcwd", mounts::getcwd, Full, ""),
    row(__NR_chdir, "chdir", mounts::chdir, Full, ""),
    row(__NR_fchdir, "fchdir", mounts::fchdir, Full, ""),
    row(__NR_chroot, "chroot", mounts::chroot, Full, ""),
    row(__NR_umask, "umask", mounts::umask, Full, ""),
    row(
        __NR_mount,
        "mount",
        mounts::mount,
        Partial,
        "no quota, no mandatory locks, no MS_STRICTATIME; a copy for another user namespace is a peer, not a slave",
    ),
    row(
        __NR_umount2,
        "umount2",
        mounts::umount2,
        Partial,
        "MNT_EXPIRE never expires",
    ),
    row(
        __NR_pivot_root,
        "pivot_root",
        mounts::pivot_root,
        Partial,
        "EINVAL, as on a root that cannot be moved",
    ),
    row(__NR_sync, "sync", sync::sync, Full, ""),
    row(__NR_syncfs, "syncfs", sync::syncfs, Full, ""),
    row(__NR_fsync, "fsync", sync::fsync, Full, ""),
    row(__NR_fdatasync, "fdatasync", sync::fsync, Full, ""),
    row(
        __NR_sync_file_range,
        "sync_file_range",
        sync::sync_file_range,
        Full,
        "",
    ),
    row(__NR_fadvise64, "fadvise64", sync::fadvise64, Full, ""),
    row(__NR_readahead, "readahead", sync::readahead, Full, ""),
    row(
        __NR_inotify_init1,
        "inotify_init1",
        watch::inotify_init1,
        Full,
        "",
    ),
    row(
        __NR_inotify_add_watch,
        "inotify_add_watch",
        watch::inotify_add_watch,
        Full,
        "",
    ),
    row(
        __NR_inotify_rm_watch,
        "inotify_rm_watch",
        watch::inotify_rm_watch,
        Full,
        "",
    ),
    row(
        __NR_setxattr,
        "setxattr",
        xattr::set_path,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_lsetxattr,
        "lsetxattr",
        xattr::set_link,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_fsetxattr,
        "fsetxattr",
        xattr::set_fd,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_getxattr,
        "getxattr",
        xattr::get_path,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_lgetxattr,
        "lgetxattr",
        xattr::get_link,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_fgetxattr,
        "fgetxattr",
        xattr::get_fd,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_listxattr,
        "listxattr",
        xattr::list_path,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_llistxattr,
        "llistxattr",
        xattr::list_link,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_flistxattr,
        "flistxattr",
        xattr::list_fd,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_removexattr,
        "removexattr",
        xattr::remove_path,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_lremovexattr,
        "lremovexattr",
        xattr::remove_link,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_fremovexattr,
        "fremovexattr",
        xattr::remove_fd,
        Partial,
        xattr::NOTE,
    ),
    row(
        __NR_name_to_handle_at,
        "name_to_handle_at",
        |_, _| Err(Errno::EOPNOTSUPP),
        Partial,
        "EOPNOTSUPP: no file system here has handles",
    ),
];

/// PATH_MAX with its NUL.
const PATH_MAX: usize = 4096;

/// A path argument.
fn path(addr: usize) -> Result<Vec<u8>> {
    read_cstr(addr, PATH_MAX)
}

/// Where a relative path starts: the working directory for AT_FDCWD (and for
/// absolute paths, whose start does not matter), else what the descriptor names.
/// `ENOTDIR` for a descriptor without a name, `EBADF`.
fn start(cx: &Caller, dirfd: Fd, path: &[u8]) -> Result<Place> {
    if dirfd == AT_FDCWD || path.first() == Some(&b'/') {
        return Ok(cx.task.fs().cwd());
    }
    let file = cx.files().get(dirfd)?;
    Place::of(&file).cloned().ok_or(Errno::ENOTDIR)
}

/// Walks to the last component of a path argument.
fn find(cx: &Caller, dirfd: Fd, path: &[u8], how: walk::How) -> Result<walk::Found> {
    let start = start(cx, dirfd, path)?;
    cx.with_fs(|fs| walk::walk(fs, start, path, how))
}

/// The place that a `*at` call means: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH.
fn place_at(cx: &Caller, dirfd: Fd, path: &[u8], flags: u32) -> Result<Place> {
    if path.is_empty() && flags & AT_EMPTY_PATH != 0 {
        return match dirfd {
            AT_FDCWD => Ok(cx.task.fs().cwd()),
            fd => Place::of(&*cx.files().get(fd)?)
                .cloned()
                .ok_or(Errno::EINVAL),
        };
    }
    let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
    let how = if follow {
        walk::How::FOLLOW
    } else {
        walk::How::empty()
    };
    find(cx, dirfd, path, how)?.existing()
}

/// The place of an open file for fchmod(2) and its kin: `EBADF` for O_PATH.
fn place_of(cx: &Caller, fd: Fd) -> Result<Place> {
    let file = cx.files().get(fd)?;
    if file.flags() & O_PATH != 0 {
        return Err(Errno::EBADF);
    }
    Place::of(&file).cloned().ok_or(Errno::EINVAL)
}

/// `EINVAL` for flags that a call does not know.
fn only(flags: u32, known: u32) -> Result<()> {
    if flags & !known == 0 {
        Ok(())
    } else {
        Err(Errno::EINVAL)
    }
}
