//! sync(2) and its kin, and advice about file access. Files are in memory, so what
//! was written is as durable as it will ever be; disks opened as files are flushed.

use super::{Args, Caller};
use crate::{Result, fs::Kind};
use abi::{Errno, general::*};

/// sync(2).
pub fn sync(_: &Caller, _: Args) -> Result<usize> {
    Ok(0)
}

/// syncfs(2).
pub fn syncfs(cx: &Caller, a: Args) -> Result<usize> {
    let file = cx.files().get(a.int(0))?;
    if file.flags() & O_PATH != 0 {
        Err(Errno::EBADF)
    } else {
        Ok(0)
    }
}

/// fsync(2), fdatasync(2).
pub fn fsync(cx: &Caller, a: Args) -> Result<usize> {
    cx.files().get(a.int(0))?.file.sync()?;
    Ok(0)
}

/// sync_file_range(2).
pub fn sync_file_range(cx: &Caller, a: Args) -> Result<usize> {
    let file = cx.files().get(a.int(0))?;
    let (offset, len) = (a.get(1) as i64, a.get(2) as i64);
    if a.uint(3) & !7 != 0 || offset < 0 || len < 0 || offset.checked_add(len).is_none() {
        return Err(Errno::EINVAL);
    }
    match Kind::from_mode(file.file.stat()?.st_mode) {
        Kind::Regular | Kind::Directory | Kind::BlockDevice | Kind::Symlink => Ok(0),
        _ => Err(Errno::ESPIPE),
    }
}

/// posix_fadvise(2): POSIX_FADV_NORMAL to POSIX_FADV_NOREUSE. Advice changes nothing here.
pub fn fadvise64(cx: &Caller, a: Args) -> Result<usize> {
    let file = cx.files().get(a.int(0))?;
    if file.flags() & O_PATH != 0 {
        return Err(Errno::EBADF);
    }
    if Kind::from_mode(file.file.stat()?.st_mode) == Kind::Fifo {
        return Err(Errno::ESPIPE);
    }
    if (a.get(2) as i64) < 0 || !(0..=5).contains(&a.int(3)) {
        return Err(Errno::EINVAL);
    }
    Ok(0)
}

/// readahead(2).
pub fn readahead(cx: &Caller, a: Args) -> Result<usize> {
    let file = cx.files().get(a.int(0))?;
    file.check_readable()?;
    match Kind::from_mode(file.file.stat()?.st_mode) {
        Kind::Regular | Kind::BlockDevice => Ok(0),
        _ => Err(Errno::EINVAL),
    }
}
