//! Bytes from file to file without the program in between: sendfile(2), splice(2),
//! tee(2), copy_file_range(2).
//!
//! What it is: loops over a kernel buffer that call the two files' own read and
//! write. Who calls: `syscall/transfer.rs`, after the descriptor checks. No lock is
//! held between the read and the write, except a pipe's ring while it drains.
//! A position is a [`Place`]: the description's own, or one that the caller gave.

use super::{Io, OpenFile, pipe::PipeEnd};
use crate::{
    Result,
    mm::{UserIn, UserOut},
};
use abi::{Errno, general::O_NONBLOCK};
use alloc::{vec, vec::Vec};

/// The most that one call moves, as read(2).
const MAX_COUNT: usize = 0x7fff_f000;
/// The buffer in between.
const BUFFER: usize = 64 * 1024;

/// Where a transfer reads or writes.
pub enum Place<'a> {
    /// At the description's position, which moves; or the file has none.
    Own,
    /// At this offset, which moves instead.
    At(&'a mut u64),
}

/// sendfile(2): `input` must have positions.
pub fn sendfile(
    output: &OpenFile,
    input: &OpenFile,
    mut from: Place<'_>,
    count: usize,
) -> Result<usize> {
    if !input.seekable() {
        return Err(Errno::EINVAL);
    }
    let count = count.min(MAX_COUNT);
    copy(input, &mut from, output, &mut Place::Own, count)
}

/// copy_file_range(2) after its checks.
pub fn copy_range(
    input: &OpenFile,
    mut from: Place<'_>,
    output: &OpenFile,
    mut to: Place<'_>,
    count: usize,
) -> Result<usize> {
    copy(input, &mut from, output, &mut to, count.min(MAX_COUNT))
}

/// splice(2) from a file or socket into a pipe.
pub fn splice_in(
    input: &OpenFile,
    mut from: Place<'_>,
    pipe: &PipeEnd,
    count: usize,
    nonblock: bool,
) -> Result<usize> {
    let room = pipe.wait_room(nonblock)?;
    let mut buffer = buffer(count.min(room));
    let nonblock = nonblock && input.file.heeds_splice_nonblock();
    let got = read_some(input, &mut from, nonblock, &mut buffer)?;
    let put = pipe.fill(&buffer[..got])?;
    // Another writer may have been faster; what did not fit stays unread in a file with positions.
    give_back(input, &mut from, got - put);
    Ok(put)
}

/// splice(2) from a pipe into a file or socket. `more`: SPLICE_F_MORE.
pub fn splice_out(
    pipe: &PipeEnd,
    output: &OpenFile,
    mut to: Place<'_>,
    count: usize,
    nonblock: bool,
    more: bool,
) -> Result<usize> {
    pipe.drain(count.min(MAX_COUNT), nonblock, &mut |bytes, last| {
        write_some(output, &mut to, bytes, more || !last)
    })
}

/// splice(2) between two pipes.
pub fn splice_pipes(from: &PipeEnd, to: &PipeEnd, count: usize, nonblock: bool) -> Result<usize> {
    let room = to.wait_room(nonblock)?;
    from.drain(count.min(room), nonblock, &mut |bytes, _| to.fill(bytes))
}

/// tee(2): copies without taking.
pub fn tee(from: &PipeEnd, to: &PipeEnd, count: usize, nonblock: bool) -> Result<usize> {
    let room = to.wait_room(nonblock)?;
    let bytes = from.peek(count.min(room), nonblock)?;
    if bytes.is_empty() {
        return Ok(0);
    }
    to.fill(&bytes)
}

/// Moves up to `count` bytes; an error after the first byte ends the copy short.
fn copy(
    input: &OpenFile,
    from: &mut Place<'_>,
    output: &OpenFile,
    to: &mut Place<'_>,
    count: usize,
) -> Result<usize> {
    let mut buffer = buffer(count);
    let mut total = 0;
    while total < count {
        let want = buffer.len().min(count - total);
        let step = read_some(input, from, false, &mut buffer[..want]).and_then(|got| {
            let more = total + got < count && from.position(input) < input.file.size()?;
            let put = write_some(output, to, &buffer[..got], more);
            give_back(input, from, got - *put.as_ref().unwrap_or(&0));
            put.map(|put| (got, put))
        });
        match step {
            Ok((got, put)) => {
                total += put;
                if got == 0 || put < got {
                    break;
                }
            }
            Err(error) if total == 0 => return Err(error),
            Err(_) => break,
        }
        crate::sched::yield_if_needed();
    }
    Ok(total)
}

impl Place<'_> {
    fn position(&self, file: &OpenFile) -> u64 {
        match self {
            Place::Own => *file.offset.lock(),
            Place::At(offset) => **offset,
        }
    }
}

fn buffer(count: usize) -> Vec<u8> {
    vec![0; count.min(BUFFER)]
}

fn read_some(
    file: &OpenFile,
    place: &mut Place<'_>,
    nonblock: bool,
    buffer: &mut [u8],
) -> Result<usize> {
    let mut out = UserOut::from_kernel(buffer);
    let mut io = file.io();
    io.nonblock |= nonblock;
    match place {
        Place::Own => file.read_with(io, &mut out),
        Place::At(offset) => {
            let got = file.file.read(
                Io {
                    offset: **offset,
                    ..io
                },
                &mut out,
            )?;
            **offset += got as u64;
            Ok(got)
        }
    }
}

/// Steps back over bytes that were read and could not be written.
fn give_back(file: &OpenFile, place: &mut Place<'_>, count: usize) {
    match place {
        Place::Own if file.seekable() => *file.offset.lock() -= count as u64,
        Place::Own => {}
        Place::At(offset) => **offset -= count as u64,
    }
}

/// Writes all of `bytes` unless the file takes fewer; an error after the first byte is a short count.
fn write_some(file: &OpenFile, place: &mut Place<'_>, bytes: &[u8], more: bool) -> Result<usize> {
    let mut data = UserIn::from_kernel(bytes);
    let io = Io { more, ..file.io() };
    while data.remaining() > 0 {
        let done = match place {
            Place::Own => file.write_with(io, &mut data),
            Place::At(offset) => file
                .file
                .write(
                    Io {
                        offset: **offset,
                        ..io
                    },
                    &mut data,
                )
                .inspect(|&put| **offset += put as u64),
        };
        match done {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if data.remaining() == bytes.len() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(bytes.len() - data.remaining())
}

/// Whether splice(2) may wait on this pipe end: SPLICE_F_NONBLOCK, or O_NONBLOCK of the end.
pub fn nonblocking(file: &OpenFile, flags: u32) -> bool {
    flags & abi::general::SPLICE_F_NONBLOCK != 0 || file.flags() & O_NONBLOCK != 0
}
