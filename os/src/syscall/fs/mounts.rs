//! Where a process is in the tree, and what is mounted there.

use super::{Args, Caller, path, place_at};
use crate::{
    Result,
    fs::{
        Kind, Place,
        caller::{CAP_SYS_ADMIN, CAP_SYS_CHROOT},
        mount,
    },
    mm::{UserOut, user::read_cstr},
};
use abi::{Errno, general::*};
use alloc::{string::String, vec::Vec};

/// getcwd(2): the length with its NUL.
pub fn getcwd(cx: &Caller, a: Args) -> Result<usize> {
    let context = cx.task.fs();
    let cwd = context.cwd();
    if cwd.dentry().is_deleted() {
        return Err(Errno::ENOENT);
    }
    let mut text = cwd.path_from(&context.root());
    text.push(0);
    if text.len() > a.get(1) {
        return Err(Errno::ERANGE);
    }
    UserOut::new(a.get(0), text.len())?.write(&text)
}

/// A directory that the caller may search.
fn enter(cx: &Caller, place: &Place) -> Result<()> {
    let meta = place.inode().meta()?;
    if meta.kind() != Kind::Directory {
        return Err(Errno::ENOTDIR);
    }
    cx.with_fs(|fs| fs.creds.may(&meta, 1))
}

/// chdir(2).
pub fn chdir(cx: &Caller, a: Args) -> Result<usize> {
    let place = place_at(cx, AT_FDCWD, &path(a.get(0))?, 0)?;
    enter(cx, &place)?;
    cx.task.fs().set_cwd(place);
    Ok(0)
}

/// fchdir(2).
pub fn fchdir(cx: &Caller, a: Args) -> Result<usize> {
    let file = cx.files().get(a.int(0))?;
    let place = Place::of(&file).cloned().ok_or(Errno::ENOTDIR)?;
    enter(cx, &place)?;
    cx.task.fs().set_cwd(place);
    Ok(0)
}

/// chroot(2).
pub fn chroot(cx: &Caller, a: Args) -> Result<usize> {
    let place = place_at(cx, AT_FDCWD, &path(a.get(0))?, 0)?;
    enter(cx, &place)?;
    cx.with_fs(|fs| {
        if fs.creds.capable(CAP_SYS_CHROOT) {
            Ok(())
        } else {
            Err(Errno::EPERM)
        }
    })?;
    cx.task.fs().set_root(place);
    Ok(0)
}

/// umask(2).
pub fn umask(cx: &Caller, a: Args) -> Result<usize> {
    Ok(cx.task.fs().set_umask(a.uint(0)) as usize)
}

/// mount(2). The type and the data may be null where the flags do not need them.
pub fn mount(cx: &Caller, a: Args) -> Result<usize> {
    /// Old programs mark the flags with this; it means nothing since Linux 2.4.
    const MS_MGC_VAL: usize = 0xc0ed_0000;
    let mut flags = a.get(3);
    if flags & 0xffff_0000 == MS_MGC_VAL {
        flags &= 0xffff;
    }
    let source = optional(a.get(0))?;
    let target = path(a.get(1))?;
    let kind = String::from_utf8(optional(a.get(2))?).map_err(|_| Errno::ENODEV)?;
    let data = String::from_utf8(optional(a.get(4))?).map_err(|_| Errno::EINVAL)?;
    let request = mount::Request {
        source: &source,
        target: &target,
        kind: &kind,
        flags: flags as u32,
        data: &data,
    };
    cx.with_fs(|fs| mount::mount(fs, &request))?;
    Ok(0)
}

fn optional(addr: usize) -> Result<Vec<u8>> {
    if addr == 0 {
        Ok(Vec::new())
    } else {
        read_cstr(addr, 4096)
    }
}

/// umount2(2).
pub fn umount2(cx: &Caller, a: Args) -> Result<usize> {
    let target = path(a.get(0))?;
    cx.with_fs(|fs| mount::unmount(fs, &target, a.uint(1)))?;
    Ok(0)
}

/// pivot_root(2): the root here is like Linux's rootfs, which cannot be moved.
pub fn pivot_root(cx: &Caller, a: Args) -> Result<usize> {
    cx.with_fs(|fs| {
        if fs.creds.capable(CAP_SYS_ADMIN) {
            Ok(())
        } else {
            Err(Errno::EPERM)
        }
    })?;
    place_at(cx, AT_FDCWD, &path(a.get(0))?, 0)?;
    place_at(cx, AT_FDCWD, &path(a.get(1))?, 0)?;
    Err(Errno::EINVAL)
}
