//! stat(2) and its kin, statfs(2), readlinkat(2), faccessat(2).

use super::{Args, Caller, find, only, path, place_at};
use crate::{
    Result,
    fs::{self, Creds, Kind, Place, walk::How},
};
use abi::{Errno, general::*};
use alloc::vec::Vec;

/// What a stat call is about.
enum Subject {
    Place(Place),
    /// A file without a name answers for itself.
    Stat(abi::general::stat),
}

fn subject(cx: &Caller, dirfd: i32, addr: usize, flags: u32) -> Result<Subject> {
    // A null path means the empty one since Linux 6.11.
    let path = if addr == 0 && flags & AT_EMPTY_PATH != 0 {
        Vec::new()
    } else {
        path(addr)?
    };
    if path.is_empty() && flags & AT_EMPTY_PATH != 0 && dirfd != AT_FDCWD {
        let file = cx.files().get(dirfd)?;
        return match Place::of(&file) {
            Some(place) => Ok(Subject::Place(place.clone())),
            None => Ok(Subject::Stat(file.file.stat()?)),
        };
    }
    if path.is_empty() {
        return place_at(cx, dirfd, &path, flags).map(Subject::Place);
    }
    let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
    let found = find(
        cx,
        dirfd,
        &path,
        if follow { How::FOLLOW } else { How::empty() },
    )?;
    match (found.place, found.file) {
        (Some(place), _) => Ok(Subject::Place(place)),
        (None, Some(file)) => Ok(Subject::Stat(file.file.stat()?)),
        (None, None) => Err(Errno::ENOENT),
    }
}

/// newfstatat(2).
pub fn newfstatat(cx: &Caller, a: Args) -> Result<usize> {
    only(
        a.uint(3),
        AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH,
    )?;
    let stat = match subject(cx, a.int(0), a.get(1), a.uint(3))? {
        Subject::Place(place) => fs::stat::stat(&place.inode().meta()?),
        Subject::Stat(stat) => stat,
    };
    a.ptr(2).write(&stat)?;
    Ok(0)
}

/// fstat(2).
pub fn fstat(cx: &Caller, a: Args) -> Result<usize> {
    let stat = cx.files().get(a.int(0))?.file.stat()?;
    a.ptr(1).write(&stat)?;
    Ok(0)
}

/// statx(2).
pub fn statx(cx: &Caller, a: Args) -> Result<usize> {
    let (flags, mask) = (a.uint(2), a.uint(3));
    let sync = AT_STATX_SYNC_TYPE;
    only(
        flags,
        AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | sync,
    )?;
    if mask & STATX__RESERVED != 0 || flags & sync == sync {
        return Err(Errno::EINVAL);
    }
    let statx = match subject(cx, a.int(0), a.get(1), flags)? {
        Subject::Place(place) => fs::stat::statx(&place)?,
        Subject::Stat(stat) => fs::stat::statx_of(&stat),
    };
    a.ptr(4).write(&statx)?;
    Ok(0)
}

/// statfs(2).
pub fn statfs(cx: &Caller, a: Args) -> Result<usize> {
    let place = place_at(cx, AT_FDCWD, &path(a.get(0))?, 0)?;
    a.ptr(1).write(&fs::stat::statfs(&place))?;
    Ok(0)
}

/// fstatfs(2); pipes, sockets and the like have the numbers of Linux's internal file systems.
pub fn fstatfs(cx: &Caller, a: Args) -> Result<usize> {
    const PIPEFS_MAGIC: u64 = 0x5049_5045;
    const SOCKFS_MAGIC: u64 = 0x534f_434b;
    const ANON_INODE_FS_MAGIC: u64 = 0x0904_1934;
    let file = cx.files().get(a.int(0))?;
    let statfs = match Place::of(&file) {
        Some(place) => fs::stat::statfs(place),
        None => fs::stat::statfs_internal(match Kind::from_mode(file.file.stat()?.st_mode) {
            Kind::Fifo => PIPEFS_MAGIC,
            Kind::Socket => SOCKFS_MAGIC,
            _ => ANON_INODE_FS_MAGIC,
        }),
    };
    a.ptr(1).write(&statfs)?;
    Ok(0)
}

/// readlinkat(2); an empty path means a descriptor of a link, opened with O_PATH.
pub fn readlinkat(cx: &Caller, a: Args) -> Result<usize> {
    if a.int(3) <= 0 {
        return Err(Errno::EINVAL);
    }
    let path = path(a.get(1))?;
    let empty = path.is_empty();
    let place = place_at(cx, a.int(0), &path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let text = place.inode().link_text().map_err(|error| match error {
        Errno::EINVAL if empty => Errno::ENOENT,
        other => other,
    })?;
    let mut out = crate::mm::UserOut::new(a.get(2), a.int(3) as usize)?;
    out.write(&text[..text.len().min(a.int(3) as usize)])
}

/// faccessat(2) as the kernel has it: without flags.
pub fn faccessat(cx: &Caller, a: Args) -> Result<usize> {
    access(cx, a.int(0), a.get(1), a.uint(2), 0)
}

/// faccessat2(2).
pub fn faccessat2(cx: &Caller, a: Args) -> Result<usize> {
    access(cx, a.int(0), a.get(1), a.uint(2), a.uint(3))
}

fn access(cx: &Caller, dirfd: i32, addr: usize, want: u32, flags: u32) -> Result<usize> {
    only(want, R_OK | W_OK | X_OK)?;
    only(flags, AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let creds = if flags & AT_EACCESS != 0 {
        cx.task.fs_creds()
    } else {
        real_creds(cx)
    };
    let context = cx.task.fs();
    let caller = fs::Caller {
        fs: &context,
        creds: &creds,
    };
    let path = path(addr)?;
    let place = if path.is_empty() && flags & AT_EMPTY_PATH != 0 {
        place_at(cx, dirfd, &path, flags)?
    } else {
        let start = super::start(cx, dirfd, &path)?;
        let found = fs::walk::walk(
            &caller,
            start,
            &path,
            if flags & AT_SYMLINK_NOFOLLOW == 0 {
                How::FOLLOW
            } else {
                How::empty()
            },
        )?;
        if found.file.is_some() {
            return Ok(0); // a pipe's or a socket's owner may do everything with it
        }
        found.existing()?
    };
    fs::names::access(&caller, &place, want)?;
    Ok(0)
}

/// access(2) asks for the real ids; root's capabilities count only if root is real.
fn real_creds(cx: &Caller) -> Creds {
    let creds = cx.task.creds();
    Creds {
        uid: creds.uid,
        gid: creds.gid,
        groups: creds.groups.clone(),
        caps: if creds.uid == 0 {
            creds.cap_permitted
        } else {
            0
        },
    }
}

/// R_OK, W_OK, X_OK of access(2).
const R_OK: u32 = 4;
const W_OK: u32 = 2;
const X_OK: u32 = 1;
