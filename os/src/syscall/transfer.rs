//! Calls that move bytes between descriptors, and pipe2: sendfile, splice, tee, vmsplice, copy_file_range.

use super::{
    Args, Caller,
    file::fd_limit,
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
};
use crate::{
    Result,
    file::{
        Io, OpenFile,
        pipe::{self, PipeEnd},
        transfer::{self, Place, nonblocking},
    },
    mm::{UserIn, UserOut, UserPtr},
};
use abi::{Errno, general::*};
use alloc::sync::Arc;

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(__NR_pipe2, "pipe2", pipe2, Full, ""),
    row(__NR_sendfile, "sendfile", sendfile, Full, ""),
    row(
        __NR_splice,
        "splice",
        splice,
        Partial,
        "copies; SPLICE_F_MOVE is a hint and changes nothing",
    ),
    row(__NR_tee, "tee", tee, Partial, "copies"),
    row(
        __NR_vmsplice,
        "vmsplice",
        vmsplice,
        Partial,
        "copies; SPLICE_F_GIFT is a hint and changes nothing",
    ),
    row(
        __NR_copy_file_range,
        "copy_file_range",
        copy_file_range,
        Full,
        "",
    ),
];

const SPLICE_FLAGS: u32 = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT;
const S_IFMT: u32 = 0o170000;
const S_IFDIR: u32 = 0o040000;
const S_IFREG: u32 = 0o100000;

/// pipe2(2).
fn pipe2(cx: &Caller, a: Args) -> Result<usize> {
    let (fds, flags) = (a.ptr::<[i32; 2]>(0), a.uint(1));
    if flags & !(O_CLOEXEC | O_NONBLOCK | O_DIRECT) != 0 {
        return Err(Errno::EINVAL);
    }
    let cloexec = flags & O_CLOEXEC != 0;
    let (reader, writer) = pipe::pair(flags);
    let files = cx.task.files();
    let read_fd = files.insert(reader, 0, fd_limit(cx), cloexec)?;
    let write_fd = match files.insert(writer, 0, fd_limit(cx), cloexec) {
        Ok(fd) => fd,
        Err(error) => {
            files.close(read_fd)?;
            return Err(error);
        }
    };
    if let Err(error) = fds.write(&[read_fd, write_fd]) {
        files.close(read_fd)?;
        files.close(write_fd)?;
        return Err(error);
    }
    Ok(0)
}

/// An optional `loff_t *`: read before the transfer, stored after it.
struct Offset {
    at: UserPtr<i64>,
    value: Option<u64>,
}

impl Offset {
    /// `EFAULT`. What is wrong with the value comes later: [`Offset::check`].
    fn read(at: UserPtr<i64>) -> Result<Offset> {
        let value = match at.is_null() {
            true => None,
            false => Some(at.read()? as u64),
        };
        Ok(Offset { at, value })
    }

    /// `EINVAL` for a negative offset.
    fn check(&self) -> Result<()> {
        match self.value {
            Some(value) if value > i64::MAX as u64 => Err(Errno::EINVAL),
            _ => Ok(()),
        }
    }

    fn place(&mut self) -> Place<'_> {
        match &mut self.value {
            Some(value) => Place::At(value),
            None => Place::Own,
        }
    }

    fn store(&self) -> Result<()> {
        match self.value {
            Some(value) => self.at.write(&(value as i64)),
            None => Ok(()),
        }
    }
}

/// Both sides as open files. `EBADF`.
fn open_pair(cx: &Caller, input: i32, output: i32) -> Result<(Arc<OpenFile>, Arc<OpenFile>)> {
    let files = cx.task.files();
    Ok((files.get_io(input)?, files.get_io(output)?))
}

/// Bytes may go from one to the other: `EBADF` by access mode, `EINVAL` by kind.
fn check_pair(input: &OpenFile, output: &OpenFile) -> Result<()> {
    input.check_readable()?;
    output.check_writable()?;
    match input.file.can_splice_from() && output.file.can_splice() {
        true => Ok(()),
        false => Err(Errno::EINVAL),
    }
}

/// sendfile(2). Into a pipe also from what has no positions.
fn sendfile(cx: &Caller, a: Args) -> Result<usize> {
    let mut offset = Offset::read(a.ptr(2))?;
    let files = cx.task.files();
    let input = files.get_io(a.int(1))?;
    input.check_readable()?;
    if offset.value.is_some() && !input.seekable() {
        return Err(Errno::ESPIPE);
    }
    offset.check()?;
    let output = files.get_io(a.int(0))?;
    check_pair(&input, &output)?;
    let count = match PipeEnd::of(&output) {
        // From pipe to pipe is for splice(2).
        Some(_) if PipeEnd::of(&input).is_some() => return Err(Errno::EINVAL),
        Some(pipe) => {
            transfer::splice_in(&input, offset.place(), pipe, a.get(3), output.nonblock())?
        }
        None if output.flags() & O_APPEND != 0 => return Err(Errno::EINVAL),
        None => transfer::sendfile(&output, &input, offset.place(), a.get(3))?,
    };
    offset.store()?;
    Ok(count)
}

/// splice(2): at least one side is a pipe.
fn splice(cx: &Caller, a: Args) -> Result<usize> {
    let (len, flags) = (a.get(4), a.uint(5));
    if len == 0 {
        return Ok(0);
    }
    if flags & !SPLICE_FLAGS != 0 {
        return Err(Errno::EINVAL);
    }
    let (input, output) = open_pair(cx, a.int(0), a.int(2))?;
    let (from, to) = (PipeEnd::of(&input), PipeEnd::of(&output));
    let (from_offset, to_offset) = (a.ptr(1), a.ptr(3));
    if from.is_some() && !from_offset.is_null() || to.is_some() && !to_offset.is_null() {
        return Err(Errno::ESPIPE);
    }
    [from, to].iter().flatten().for_each(|end| end.splices());
    let (mut from_offset, mut to_offset) = (Offset::read(from_offset)?, Offset::read(to_offset)?);
    check_pair(&input, &output)?;
    let positioned = |offset: &Offset, file: &OpenFile| offset.value.is_none() || file.seekable();
    if !positioned(&from_offset, &input) || !positioned(&to_offset, &output) {
        return Err(Errno::EINVAL);
    }
    from_offset.check()?;
    to_offset.check()?;
    let count = match (from, to) {
        (Some(from), Some(to)) => {
            if from.same_pipe(to) {
                return Err(Errno::EINVAL);
            }
            let nonblock = nonblocking(&input, flags) || nonblocking(&output, flags);
            transfer::splice_pipes(from, to, len, nonblock)?
        }
        (Some(from), None) => {
            if output.flags() & O_APPEND != 0 {
                return Err(Errno::EINVAL);
            }
            let nonblock = nonblocking(&input, flags);
            let more = flags & SPLICE_F_MORE != 0;
            transfer::splice_out(from, &output, to_offset.place(), len, nonblock, more)?
        }
        (None, Some(to)) => {
            let nonblock = nonblocking(&output, flags);
            transfer::splice_in(&input, from_offset.place(), to, len, nonblock)?
        }
        (None, None) => return Err(Errno::EINVAL),
    };
    from_offset.store()?;
    to_offset.store()?;
    Ok(count)
}

/// tee(2).
fn tee(cx: &Caller, a: Args) -> Result<usize> {
    let (len, flags) = (a.get(2), a.uint(3));
    if flags & !SPLICE_FLAGS != 0 {
        return Err(Errno::EINVAL);
    }
    if len == 0 {
        return Ok(0);
    }
    let (input, output) = open_pair(cx, a.int(0), a.int(1))?;
    check_pair(&input, &output)?;
    match (PipeEnd::of(&input), PipeEnd::of(&output)) {
        (Some(from), Some(to)) if !from.same_pipe(to) => {
            from.splices();
            to.splices();
            let nonblock = nonblocking(&input, flags) || nonblocking(&output, flags);
            transfer::tee(from, to, len, nonblock)
        }
        _ => Err(Errno::EINVAL),
    }
}

/// vmsplice(2): memory into the writing end, or the reading end into memory.
fn vmsplice(cx: &Caller, a: Args) -> Result<usize> {
    let (iov, count, flags) = (a.get(1), a.get(2), a.uint(3));
    if flags & !SPLICE_FLAGS != 0 {
        return Err(Errno::EINVAL);
    }
    let file = cx.task.files().get_io(a.int(0))?;
    let end = PipeEnd::of(&file).ok_or(Errno::EBADF)?;
    end.splices();
    let nonblock = nonblocking(&file, flags);
    use crate::file::File;
    if !file.writable() {
        let io = Io {
            nonblock,
            ..Io::default()
        };
        return end.read(io, &mut UserOut::from_iovec(iov, count)?);
    }
    let mut data = UserIn::from_iovec(iov, count)?;
    if data.remaining() == 0 {
        return Ok(0);
    }
    // Waits for some room, not for room for all: what does not fit is for the next call.
    end.wait_room(nonblock)?;
    let io = Io {
        nonblock: true,
        ..Io::default()
    };
    end.write(io, &mut data)
}

/// copy_file_range(2): between regular files.
fn copy_file_range(cx: &Caller, a: Args) -> Result<usize> {
    let files = cx.task.files();
    let (input, output) = (files.get_io(a.int(0))?, files.get_io(a.int(2))?);
    let (mut from, mut to) = (Offset::read(a.ptr(1))?, Offset::read(a.ptr(3))?);
    from.check()?;
    to.check()?;
    let (len, flags) = (a.get(4), a.uint(5));
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let (source, target) = (input.file.stat()?, output.file.stat()?);
    let kinds = [source.st_mode & S_IFMT, target.st_mode & S_IFMT];
    if kinds.contains(&S_IFDIR) {
        return Err(Errno::EISDIR);
    }
    if kinds != [S_IFREG; 2] {
        return Err(Errno::EINVAL);
    }
    input.check_readable()?;
    output.check_writable()?;
    if output.flags() & O_APPEND != 0 {
        return Err(Errno::EBADF);
    }
    let start =
        |offset: &Offset, file: &OpenFile| offset.value.unwrap_or_else(|| *file.offset.lock());
    let (first, second) = (start(&from, &input), start(&to, &output));
    let end = |start: u64| {
        start
            .checked_add(len as u64)
            .filter(|&end| end <= i64::MAX as u64)
    };
    let first_end = end(first).ok_or(Errno::EOVERFLOW)?;
    let second_end = end(second).ok_or(Errno::EFBIG)?;
    let same = (source.st_dev, source.st_ino) == (target.st_dev, target.st_ino);
    let first_end = first_end.min(input.file.size()?.max(first));
    if same && first < second_end.min(second + (first_end - first)) && second < first_end {
        return Err(Errno::EINVAL);
    }
    let count = transfer::copy_range(&input, from.place(), &output, to.place(), len)?;
    from.store()?;
    to.store()?;
    Ok(count)
}
