//! openat(2), openat2(2), getdents64(2), memfd_create(2).

use super::{Args, Caller, only, path, start};
use crate::{
    Result,
    fs::{self, walk::How},
    mm::{UserPtr, user::read_cstr},
    syscall::file::install,
};
use abi::{Errno, general::*};

/// openat(2): unknown flags are ignored, as ever.
pub fn openat(cx: &Caller, a: Args) -> Result<usize> {
    let path = path(a.get(1))?;
    open_with(cx, a.int(0), &path, a.uint(2), a.uint(3), How::empty())
}

fn open_with(
    cx: &Caller,
    dirfd: i32,
    path: &[u8],
    flags: u32,
    mode: u32,
    resolve: How,
) -> Result<usize> {
    let start = start(cx, dirfd, path)?;
    let file = cx.with_fs(|fs| fs::open::open(fs, start, path, flags, mode, resolve))?;
    install(cx, file, flags & O_CLOEXEC != 0)
}

/// openat2(2): everything unknown is an error.
pub fn openat2(cx: &Caller, a: Args) -> Result<usize> {
    let size = a.get(3);
    if size < size_of::<open_how>() {
        return Err(Errno::EINVAL);
    }
    if size > 4096 {
        return Err(Errno::E2BIG);
    }
    let how: open_how = a.ptr(2).read()?;
    // A later version of the structure is fine as long as its new fields are zero.
    for at in size_of::<open_how>()..size {
        if UserPtr::<u8>::new(a.get(2) + at).read()? != 0 {
            return Err(Errno::E2BIG);
        }
    }
    let known = O_ACCMODE
        | O_CREAT
        | O_EXCL
        | O_NOCTTY
        | O_TRUNC
        | O_APPEND
        | O_NONBLOCK
        | O_DSYNC
        | FASYNC
        | O_DIRECT
        | O_LARGEFILE
        | O_DIRECTORY
        | O_NOFOLLOW
        | O_NOATIME
        | O_CLOEXEC
        | O_SYNC
        | O_PATH
        | O_TMPFILE;
    let flags = u32::try_from(how.flags).map_err(|_| Errno::EINVAL)?;
    only(flags, known)?;
    if flags & O_PATH != 0 {
        only(flags, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)?;
    }
    let creates = flags & O_CREAT != 0 || flags & O_TMPFILE == O_TMPFILE;
    if how.mode & !0o7777 != 0 || (how.mode != 0 && !creates) {
        return Err(Errno::EINVAL);
    }
    let resolve = How::from_bits(how.resolve).filter(|how| !how.contains(How::FOLLOW));
    let resolve = resolve.ok_or(Errno::EINVAL)?;
    if resolve.contains(How::BENEATH | How::IN_ROOT) {
        return Err(Errno::EINVAL);
    }
    if resolve.contains(How::CACHED) {
        return Err(Errno::EAGAIN);
    }
    let path = path(a.get(1))?;
    // A scoped walk starts at the descriptor even for an absolute path.
    let scoped = resolve.contains(How::IN_ROOT);
    let start = start(cx, a.int(0), if scoped { b"." } else { &path })?;
    let file =
        cx.with_fs(|fs| fs::open::open(fs, start, &path, flags, how.mode as u32, resolve))?;
    install(cx, file, flags & O_CLOEXEC != 0)
}

/// getdents64(2).
pub fn getdents64(cx: &Caller, a: Args) -> Result<usize> {
    let file = cx.files().get(a.int(0))?;
    file.check_readable()?;
    let mut out = a.output(1)?;
    let mut position = file.offset.lock();
    let room = out.remaining();
    *position = file.file.read_dir(*position, &mut out)?;
    Ok(room - out.remaining())
}

/// memfd_create(2).
pub fn memfd_create(cx: &Caller, a: Args) -> Result<usize> {
    let name = read_cstr(a.get(0), fs::memfd::NAME_MAX + 1).map_err(|error| match error {
        Errno::ENAMETOOLONG => Errno::EINVAL,
        other => other,
    })?;
    let flags = a.uint(1);
    let file = cx.with_fs(|fs| fs::memfd::create(fs.creds, &name, flags))?;
    install(cx, file, flags & MFD_CLOEXEC != 0)
}
