//! Extended attributes: no file system here has any, and the calls answer as Linux
//! does for such a one. xattr(7).

use super::{Args, Caller, path, place_at, place_of};
use crate::{Result, fs::Place, mm::user::read_cstr};
use abi::{Errno, general::*};

/// For the table.
pub const NOTE: &str = "no file system has attributes: EOPNOTSUPP, an empty list";

/// XATTR_NAME_MAX and XATTR_SIZE_MAX, linux/limits.h.
const NAME_MAX: usize = 255;
const SIZE_MAX: usize = 65536;

/// Checks a name: not empty, not too long.
fn name(addr: usize) -> Result<()> {
    match read_cstr(addr, NAME_MAX + 1) {
        Ok(name) if name.is_empty() => Err(Errno::ERANGE),
        Ok(_) => Ok(()),
        Err(Errno::ENAMETOOLONG) => Err(Errno::ERANGE),
        Err(error) => Err(error),
    }
}

fn set(place: Result<Place>, a: Args) -> Result<usize> {
    if a.uint(4) & !3 != 0 {
        return Err(Errno::EINVAL);
    }
    name(a.get(1))?;
    if a.get(3) > SIZE_MAX {
        return Err(Errno::E2BIG);
    }
    place?;
    Err(Errno::EOPNOTSUPP)
}

fn get(place: Result<Place>, a: Args) -> Result<usize> {
    name(a.get(1))?;
    place?;
    Err(Errno::EOPNOTSUPP)
}

fn by_path(cx: &Caller, a: Args, flags: u32) -> Result<Place> {
    place_at(cx, AT_FDCWD, &path(a.get(0))?, flags)
}

fn by_fd(cx: &Caller, a: Args) -> Result<Place> {
    match place_of(cx, a.int(0)) {
        // A socket or a pipe: it has no attributes either.
        Err(Errno::EINVAL) => Err(Errno::EOPNOTSUPP),
        other => other,
    }
}

/// setxattr(2).
pub fn set_path(cx: &Caller, a: Args) -> Result<usize> {
    set(by_path(cx, a, 0), a)
}
/// lsetxattr(2).
pub fn set_link(cx: &Caller, a: Args) -> Result<usize> {
    set(by_path(cx, a, AT_SYMLINK_NOFOLLOW), a)
}
/// fsetxattr(2).
pub fn set_fd(cx: &Caller, a: Args) -> Result<usize> {
    set(by_fd(cx, a), a)
}
/// getxattr(2).
pub fn get_path(cx: &Caller, a: Args) -> Result<usize> {
    get(by_path(cx, a, 0), a)
}
/// lgetxattr(2).
pub fn get_link(cx: &Caller, a: Args) -> Result<usize> {
    get(by_path(cx, a, AT_SYMLINK_NOFOLLOW), a)
}
/// fgetxattr(2).
pub fn get_fd(cx: &Caller, a: Args) -> Result<usize> {
    get(by_fd(cx, a), a)
}
/// listxattr(2).
pub fn list_path(cx: &Caller, a: Args) -> Result<usize> {
    by_path(cx, a, 0).map(|_| 0)
}
/// llistxattr(2).
pub fn list_link(cx: &Caller, a: Args) -> Result<usize> {
    by_path(cx, a, AT_SYMLINK_NOFOLLOW).map(|_| 0)
}
/// flistxattr(2).
pub fn list_fd(cx: &Caller, a: Args) -> Result<usize> {
    by_fd(cx, a).map(|_| 0)
}
/// removexattr(2).
pub fn remove_path(cx: &Caller, a: Args) -> Result<usize> {
    get(by_path(cx, a, 0), a)
}
/// lremovexattr(2).
pub fn remove_link(cx: &Caller, a: Args) -> Result<usize> {
    get(by_path(cx, a, AT_SYMLINK_NOFOLLOW), a)
}
/// fremovexattr(2).
pub fn remove_fd(cx: &Caller, a: Args) -> Result<usize> {
    get(by_fd(cx, a), a)
}
