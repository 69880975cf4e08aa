//! Another program: execve, execveat.
//!
//! Who calls: the rows of `task`. Who owns and locks: `task::exec`. Typical sequence: path and strings are copied in, the
//! image is replaced, the new registers take the place of the caller's.

use crate::{Result, file::Fd, mm::user::read_cstr, syscall::Caller, task::exec};
use abi::{Errno, general::*};
use alloc::format;

/// execveat(2).
pub(super) fn execveat(
    cx: &Caller,
    dir: Fd,
    path: usize,
    argv: usize,
    envp: usize,
    flags: u32,
) -> Result<usize> {
    if flags & !(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0 {
        return Err(Errno::EINVAL);
    }
    let path = read_cstr(path, 4096)?;
    if path.is_empty() && flags & AT_EMPTY_PATH == 0 {
        return Err(Errno::ENOENT);
    }
    let absolute = path.first() == Some(&b'/');
    let (start, shown) = match dir {
        _ if absolute => (None, path.clone()),
        AT_FDCWD => (None, path.clone()),
        fd => {
            // The name by which the program can find itself, as Linux builds it.
            let mut shown = format!("/dev/fd/{fd}").into_bytes();
            if !path.is_empty() {
                shown.push(b'/');
                shown.extend_from_slice(&path);
            }
            (Some(cx.files().get(fd)?), shown)
        }
    };
    let request = exec::Request {
        dir: start,
        path,
        shown,
        args: exec::Strings::from_user(argv)?,
        environment: exec::Strings::from_user(envp)?,
    };
    let regs = exec::exec(&cx.task, request)?;
    *cx.regs.borrow_mut() = regs;
    Ok(0)
}
