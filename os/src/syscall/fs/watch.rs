//! inotify(7).

use super::{Args, Caller, only, path, place_at};
use crate::{
    Result,
    file::OpenFile,
    fs::{Kind, notify::Instance},
    syscall::file::install,
};
use abi::{Errno, general::*};
use alloc::sync::Arc;

/// inotify_init1(2): IN_NONBLOCK and IN_CLOEXEC are O_NONBLOCK and O_CLOEXEC.
pub fn inotify_init1(cx: &Caller, a: Args) -> Result<usize> {
    only(a.uint(0), O_NONBLOCK | O_CLOEXEC)?;
    let file = OpenFile::new(Instance::new(), O_RDONLY | a.uint(0) & O_NONBLOCK);
    install(cx, file, a.uint(0) & O_CLOEXEC != 0)
}

fn with_instance<R>(cx: &Caller, fd: i32, call: impl FnOnce(&Instance) -> Result<R>) -> Result<R> {
    let file: Arc<OpenFile> = cx.files().get(fd)?;
    call(file.file.as_any().downcast_ref().ok_or(Errno::EINVAL)?)
}

/// inotify_add_watch(2).
pub fn inotify_add_watch(cx: &Caller, a: Args) -> Result<usize> {
    let mask = a.uint(2);
    let both = IN_MASK_ADD | IN_MASK_CREATE;
    if mask & IN_ALL_EVENTS == 0 || mask & both == both {
        return Err(Errno::EINVAL);
    }
    with_instance(cx, a.int(0), |_| Ok(()))?;
    let nofollow = if mask & IN_DONT_FOLLOW != 0 {
        AT_SYMLINK_NOFOLLOW
    } else {
        0
    };
    let place = place_at(cx, AT_FDCWD, &path(a.get(1))?, nofollow)?;
    let meta = place.inode().meta()?;
    if mask & IN_ONLYDIR != 0 && meta.kind() != Kind::Directory {
        return Err(Errno::ENOTDIR);
    }
    cx.with_fs(|fs| fs.creds.may(&meta, 4))?;
    with_instance(cx, a.int(0), |instance| instance.add(&place, mask)).map(|wd| wd as usize)
}

/// inotify_rm_watch(2).
pub fn inotify_rm_watch(cx: &Caller, a: Args) -> Result<usize> {
    with_instance(cx, a.int(0), |instance| instance.remove(a.int(1)))?;
    Ok(0)
}
