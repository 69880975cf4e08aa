//! Calls that change names and attributes.

use super::{Args, Caller, find, only, path, place_at, place_of};
use crate::{
    Result,
    fs::{
        Kind,
        inode::Stamp,
        names::{self, SetTime},
        walk::How,
    },
    mm::UserPtr,
};
use abi::{Errno, general::*};

/// mkdirat(2).
pub fn mkdirat(cx: &Caller, a: Args) -> Result<usize> {
    let found = find(cx, a.int(0), &path(a.get(1))?, How::empty())?;
    cx.with_fs(|fs| names::mkdir(fs, found, a.uint(2)))?;
    Ok(0)
}

/// mknodat(2).
pub fn mknodat(cx: &Caller, a: Args) -> Result<usize> {
    let found = find(cx, a.int(0), &path(a.get(1))?, How::empty())?;
    cx.with_fs(|fs| names::mknod(fs, found, a.uint(2), a.uint(3).into()))?;
    Ok(0)
}

/// unlinkat(2): AT_REMOVEDIR.
pub fn unlinkat(cx: &Caller, a: Args) -> Result<usize> {
    only(a.uint(2), AT_REMOVEDIR)?;
    let found = find(cx, a.int(0), &path(a.get(1))?, How::empty())?;
    cx.with_fs(|fs| names::unlink(fs, found, a.uint(2) & AT_REMOVEDIR != 0))?;
    Ok(0)
}

/// symlinkat(2).
pub fn symlinkat(cx: &Caller, a: Args) -> Result<usize> {
    let target = path(a.get(0))?;
    let found = find(cx, a.int(1), &path(a.get(2))?, How::empty())?;
    cx.with_fs(|fs| names::symlink(fs, found, &target))?;
    Ok(0)
}

/// linkat(2): AT_SYMLINK_FOLLOW, AT_EMPTY_PATH.
pub fn linkat(cx: &Caller, a: Args) -> Result<usize> {
    let flags = a.uint(4);
    only(flags, AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)?;
    if flags & AT_EMPTY_PATH != 0 {
        cx.with_fs(names::may_link_descriptor)?;
    }
    let nofollow = if flags & AT_SYMLINK_FOLLOW == 0 {
        AT_SYMLINK_NOFOLLOW
    } else {
        0
    };
    let how = nofollow | flags & AT_EMPTY_PATH;
    let from = place_at(cx, a.int(0), &path(a.get(1))?, how)?;
    let found = find(cx, a.int(2), &path(a.get(3))?, How::empty())?;
    cx.with_fs(|fs| names::link(fs, &from, found))?;
    Ok(0)
}

/// renameat2(2).
pub fn renameat2(cx: &Caller, a: Args) -> Result<usize> {
    let from = find(cx, a.int(0), &path(a.get(1))?, How::empty())?;
    let to = find(cx, a.int(2), &path(a.get(3))?, How::empty())?;
    cx.with_fs(|fs| names::rename(fs, from, to, a.uint(4)))?;
    Ok(0)
}

/// fchmod(2).
pub fn fchmod(cx: &Caller, a: Args) -> Result<usize> {
    let place = place_of(cx, a.int(0))?;
    cx.with_fs(|fs| names::chmod(fs, &place, a.uint(1)))?;
    Ok(0)
}

/// fchmodat(2) as the kernel has it: without flags.
pub fn fchmodat(cx: &Caller, a: Args) -> Result<usize> {
    let place = place_at(cx, a.int(0), &path(a.get(1))?, 0)?;
    cx.with_fs(|fs| names::chmod(fs, &place, a.uint(2)))?;
    Ok(0)
}

/// fchmodat2(2).
pub fn fchmodat2(cx: &Caller, a: Args) -> Result<usize> {
    only(a.uint(3), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let place = place_at(cx, a.int(0), &path(a.get(1))?, a.uint(3))?;
    cx.with_fs(|fs| names::chmod(fs, &place, a.uint(2)))?;
    Ok(0)
}

/// -1 keeps the id.
fn id(arg: u32) -> Option<u32> {
    (arg != u32::MAX).then_some(arg)
}

/// fchown(2).
pub fn fchown(cx: &Caller, a: Args) -> Result<usize> {
    let place = place_of(cx, a.int(0))?;
    cx.with_fs(|fs| names::chown(fs, &place, id(a.uint(1)), id(a.uint(2))))?;
    Ok(0)
}

/// fchownat(2).
pub fn fchownat(cx: &Caller, a: Args) -> Result<usize> {
    only(a.uint(4), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let place = place_at(cx, a.int(0), &path(a.get(1))?, a.uint(4))?;
    cx.with_fs(|fs| names::chown(fs, &place, id(a.uint(2)), id(a.uint(3))))?;
    Ok(0)
}

/// utimensat(2); a null path means the descriptor (futimens(3)).
pub fn utimensat(cx: &Caller, a: Args) -> Result<usize> {
    only(a.uint(3), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let times = a.ptr::<__kernel_timespec>(2);
    let (atime, mtime) = if times.is_null() {
        (SetTime::Now, SetTime::Now)
    } else {
        (set_time(&times)?, set_time(&times.add(1))?)
    };
    let place = if a.get(1) == 0 && a.int(0) != AT_FDCWD {
        place_of(cx, a.int(0))?
    } else {
        place_at(cx, a.int(0), &path(a.get(1))?, a.uint(3))?
    };
    cx.with_fs(|fs| names::set_times(fs, &place, atime, mtime))?;
    Ok(0)
}

fn set_time(from: &UserPtr<__kernel_timespec>) -> Result<SetTime> {
    let time = from.read()?;
    match time.tv_nsec {
        nsec if nsec == UTIME_NOW.into() => Ok(SetTime::Now),
        nsec if nsec == UTIME_OMIT.into() => Ok(SetTime::Keep),
        nsec @ 0..1_000_000_000 => Ok(SetTime::To(Stamp {
            sec: time.tv_sec,
            nsec: nsec as u32,
        })),
        _ => Err(Errno::EINVAL),
    }
}

/// truncate(2).
pub fn truncate(cx: &Caller, a: Args) -> Result<usize> {
    let len = u64::try_from(a.get(1) as i64).map_err(|_| Errno::EINVAL)?;
    let place = place_at(cx, AT_FDCWD, &path(a.get(0))?, 0)?;
    cx.with_fs(|fs| names::truncate(fs, &place, len))?;
    Ok(0)
}

/// ftruncate(2): `EINVAL` for a descriptor that is not open for writing.
pub fn ftruncate(cx: &Caller, a: Args) -> Result<usize> {
    let len = u64::try_from(a.get(1) as i64).map_err(|_| Errno::EINVAL)?;
    let file = cx.files().get(a.int(0))?;
    if file.flags() & O_PATH != 0 {
        return Err(Errno::EBADF);
    }
    if !file.writable() {
        return Err(Errno::EINVAL);
    }
    file.file.truncate(len)?;
    Ok(0)
}

/// fallocate(2).
pub fn fallocate(cx: &Caller, a: Args) -> Result<usize> {
    let (mode, offset, len) = (a.uint(1), a.get(2) as i64, a.get(3) as i64);
    let file = cx.files().get(a.int(0))?;
    if offset < 0 || len <= 0 {
        return Err(Errno::EINVAL);
    }
    const PUNCH_HOLE: u32 = 2;
    const KEEP_SIZE: u32 = 1;
    if mode & PUNCH_HOLE != 0 && mode & KEEP_SIZE == 0 {
        return Err(Errno::EOPNOTSUPP);
    }
    file.check_writable()?;
    match Kind::from_mode(file.file.stat()?.st_mode) {
        Kind::Regular => {}
        Kind::Fifo => return Err(Errno::ESPIPE),
        Kind::Directory => return Err(Errno::EISDIR),
        _ => return Err(Errno::ENODEV),
    }
    let place = place_of(cx, a.int(0)).map_err(|_| Errno::ENODEV)?;
    place.inode().allocate(mode, offset as u64, len as u64)?;
    crate::fs::notify::modified(&place);
    Ok(0)
}
