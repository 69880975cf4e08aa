//! Bytes of an open file and its position: read, write, their vector and positioned forms, lseek.
//!
//! Who calls: the rows of `file`. Who owns and locks: the description its position, `file` below the bytes; nothing here.
//! Typical sequence: the file of the descriptor, whether it was opened for that, user memory as a claim, the call.

use crate::{
    Result,
    file::{Fd, OpenFile, VectorFlags},
    mm::{UserIn, UserOut},
    syscall::{Args, Caller},
};
use abi::{Errno, general::*};

/// read(2).
pub(super) fn read(cx: &Caller, fd: Fd, buf: usize, len: usize) -> Result<usize> {
    let file = cx.task.files().get(fd)?;
    file.check_readable()?;
    file.read(&mut UserOut::new(buf, len)?)
}

/// write(2).
pub(super) fn write(cx: &Caller, fd: Fd, buf: usize, len: usize) -> Result<usize> {
    let file = cx.task.files().get(fd)?;
    file.check_writable()?;
    file.write(&mut UserIn::new(buf, len)?)
}

/// readv(2).
pub(super) fn readv(cx: &Caller, fd: Fd, iov: usize, count: usize) -> Result<usize> {
    let file = cx.task.files().get(fd)?;
    file.check_readable()?;
    file.read(&mut UserOut::from_iovec(iov, count)?)
}

/// writev(2).
pub(super) fn writev(cx: &Caller, fd: Fd, iov: usize, count: usize) -> Result<usize> {
    let file = cx.task.files().get(fd)?;
    file.check_writable()?;
    file.write(&mut UserIn::from_iovec(iov, count)?)
}

/// pread64(2).
pub(super) fn pread64(cx: &Caller, a: Args) -> Result<usize> {
    let offset = a.get(3) as i64;
    if offset < 0 {
        return Err(Errno::EINVAL);
    }
    let file = cx.task.files().get_io(a.int(0))?;
    file.position(offset)?;
    file.check_readable()?;
    file.read_at(offset, &mut a.output(1)?)
}

/// pwrite64(2).
pub(super) fn pwrite64(cx: &Caller, a: Args) -> Result<usize> {
    let offset = a.get(3) as i64;
    if offset < 0 {
        return Err(Errno::EINVAL);
    }
    let file = cx.task.files().get_io(a.int(0))?;
    file.position(offset)?;
    file.check_writable()?;
    file.write_at(offset, &mut a.input(1)?)
}

/// preadv(2), preadv2(2): offset -1 means the position (preadv2 only).
pub(super) fn preadv2(cx: &Caller, a: Args, flags: Option<u32>) -> Result<usize> {
    let offset = transfer_offset(a, flags)?;
    let file = cx.task.files().get_io(a.int(0))?;
    if let Some(offset) = offset {
        file.position(offset)?;
    }
    file.check_readable()?;
    let mut out = UserOut::from_iovec(a.get(1), a.get(2))?;
    let io = transfer_flags(&file, flags.unwrap_or(0), file.file.vector_flags().0)?;
    match offset {
        None => file.read_with(io, &mut out),
        Some(offset) => file.file.read(
            crate::file::Io {
                offset: offset as u64,
                ..io
            },
            &mut out,
        ),
    }
}

/// pwritev(2), pwritev2(2).
pub(super) fn pwritev2(cx: &Caller, a: Args, flags: Option<u32>) -> Result<usize> {
    let offset = transfer_offset(a, flags)?;
    let file = cx.task.files().get_io(a.int(0))?;
    if let Some(offset) = offset {
        file.position(offset)?;
    }
    file.check_writable()?;
    let mut data = UserIn::from_iovec(a.get(1), a.get(2))?;
    let io = transfer_flags(&file, flags.unwrap_or(0), file.file.vector_flags().1)?;
    match offset {
        None => file.write_with(io, &mut data),
        Some(offset) => file.file.write(
            crate::file::Io {
                offset: offset as u64,
                ..io
            },
            &mut data,
        ),
    }
}

/// The offset of preadv and pwritev; -1 with the version-2 calls is the position.
/// Registers 3 and 4 are the low and high half; on 64 bits the high half is shifted out.
fn transfer_offset(a: Args, flags: Option<u32>) -> Result<Option<i64>> {
    match a.get(3) as i64 {
        -1 if flags.is_some() => Ok(None),
        offset if offset < 0 => Err(Errno::EINVAL),
        offset => Ok(Some(offset)),
    }
}

/// RWF_* of preadv2(2): `EOPNOTSUPP` for those unknown, and for what the file does not take.
fn transfer_flags(file: &OpenFile, flags: u32, takes: VectorFlags) -> Result<crate::file::Io> {
    const RWF_NOAPPEND: u32 = 0x20;
    const KNOWN: u32 = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND;
    if takes == VectorFlags::Absent {
        return Err(Errno::EINVAL);
    }
    let mut refused = !KNOWN;
    if takes < VectorFlags::All {
        refused |= RWF_NOWAIT;
    }
    if takes == VectorFlags::Plain {
        refused |= !RWF_HIPRI;
    }
    if flags & refused != 0 {
        return Err(Errno::EOPNOTSUPP);
    }
    if flags & RWF_APPEND != 0 && flags & RWF_NOAPPEND != 0 {
        return Err(Errno::EINVAL);
    }
    let mut io = file.io();
    io.nonblock |= flags & RWF_NOWAIT != 0;
    io.append = (io.append || flags & RWF_APPEND != 0) && flags & RWF_NOAPPEND == 0;
    Ok(io)
}

/// lseek(2).
pub(super) fn lseek(cx: &Caller, fd: Fd, offset: i64, whence: u32) -> Result<usize> {
    let file = cx.task.files().get_io(fd)?;
    if whence > SEEK_MAX {
        return Err(Errno::EINVAL);
    }
    file.seek(offset, whence).map(|position| position as usize)
}
