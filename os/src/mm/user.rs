//! Claims on user memory, checked when used (STYLE `claims-not-pointers`).
//!
//! [`UserIn`] is what a program gives (write, sendmsg), [`UserOut`] what it wants
//! filled (read, recvmsg): cursors over one or more segments (iovec). Both may
//! stand over kernel memory instead, so that sendfile, splice and exec use the
//! same code as read. Nobody holds a reference into user space.
//!
//! What is copied as a whole is plain data: a type without gaps where it goes out
//! (a gap would carry the kernel stack's bytes), one for which every pattern of bits
//! is good where it comes in. `zerocopy`'s derives say so; structures: `abi::general`.
//!
//! Copies fault pages in and may sleep. Under a spin lock call `prefault` first;
//! then the copy does not sleep and fails with `EFAULT` only if the program
//! unmapped the pages in between.

use super::{PAGE_SIZE, space};
use crate::{
    Result,
    arch::{self, Access, paging::USER_TOP},
};
use abi::Errno;
use alloc::vec::Vec;
use core::{
    marker::PhantomData,
    mem::{MaybeUninit, size_of},
    ptr, slice,
};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// writev(2): most segments in one call.
const IOV_MAX: usize = 1024;
/// Most bytes that one call transfers: INT_MAX rounded down to a page, as Linux.
const MAX_RW_COUNT: usize = 0x7fff_f000;

/// A user address with the type of what is there. Read where `T: FromBytes`, written where
/// `T: IntoBytes`.
pub struct UserPtr<T> {
    addr: usize,
    _type: PhantomData<T>,
}

impl<T> Clone for UserPtr<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for UserPtr<T> {}

impl<T> UserPtr<T> {
    /// A claim; nothing is checked yet.
    pub fn new(addr: usize) -> Self {
        UserPtr {
            addr,
            _type: PhantomData,
        }
    }

    /// The null pointer means "not given" in most calls.
    pub fn is_null(&self) -> bool {
        self.addr == 0
    }

    /// The claim on the `index`th element of an array.
    pub fn add(&self, index: usize) -> Self {
        Self::new(self.addr.wrapping_add(index.wrapping_mul(size_of::<T>())))
    }

    /// The claim on a field, `offset` bytes into a structure.
    pub fn field<F>(&self, offset: usize) -> UserPtr<F> {
        UserPtr::new(self.addr.wrapping_add(offset))
    }
}

impl<T: FromBytes> UserPtr<T> {
    /// Copies the value in.
    pub fn read(&self) -> Result<T> {
        check_range(self.addr, size_of::<T>())?;
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: `value` has room for the bytes; the range was checked.
        let left =
            unsafe { arch::copy_from_user(value.as_mut_ptr().cast(), self.addr, size_of::<T>()) };
        match left {
            // SAFETY: every byte was written, and any bit pattern is a `T` (`FromBytes`).
            0 => Ok(unsafe { value.assume_init() }),
            _ => Err(Errno::EFAULT),
        }
    }

    /// Copies `out.len()` elements in, starting at this one.
    pub fn read_slice(&self, out: &mut [T]) -> Result<()> {
        let len = size_of_val(out);
        check_range(self.addr, len)?;
        // SAFETY: `out` has room for the bytes, any bit pattern is a `T`; the range was checked.
        match unsafe { arch::copy_from_user(out.as_mut_ptr().cast(), self.addr, len) } {
            0 => Ok(()),
            _ => Err(Errno::EFAULT),
        }
    }
}

impl<T: IntoBytes + Immutable> UserPtr<T> {
    /// Copies the value out.
    pub fn write(&self, value: &T) -> Result<()> {
        let bytes = value.as_bytes();
        check_range(self.addr, bytes.len())?;
        // SAFETY: `bytes` are readable; the range was checked.
        match unsafe { arch::copy_to_user(self.addr, bytes.as_ptr(), bytes.len()) } {
            0 => Ok(()),
            _ => Err(Errno::EFAULT),
        }
    }
}

/// A NUL-terminated string of at most `max` bytes; `ENAMETOOLONG` beyond, `EFAULT`.
pub fn read_cstr(addr: usize, max: usize) -> Result<Vec<u8>> {
    let mut string = Vec::new();
    let mut chunk = [0u8; 256];
    loop {
        let at = addr.checked_add(string.len()).ok_or(Errno::EFAULT)?;
        if at >= USER_TOP {
            return Err(Errno::EFAULT);
        }
        // Not beyond the page: the next one need not be there.
        let page = PAGE_SIZE - at % PAGE_SIZE;
        let want = chunk.len().min(page).min(max + 1 - string.len());
        // SAFETY: `chunk` has room for `want` bytes, and they lie below USER_TOP.
        let got = want - unsafe { arch::copy_from_user(chunk.as_mut_ptr(), at, want) };
        if let Some(end) = chunk[..got].iter().position(|&byte| byte == 0) {
            string.extend_from_slice(&chunk[..end]);
            return Ok(string);
        }
        if got < want {
            return Err(Errno::EFAULT);
        }
        string.extend_from_slice(&chunk[..got]);
        if string.len() > max {
            return Err(Errno::ENAMETOOLONG);
        }
    }
}

/// `EFAULT` unless the whole range is in user space; nothing else is looked at.
fn check_range(addr: usize, len: usize) -> Result<()> {
    match addr.checked_add(len) {
        Some(end) if end <= USER_TOP => Ok(()),
        _ => Err(Errno::EFAULT),
    }
}

/// Bytes from `addr` on.
#[derive(Clone, Copy)]
struct Segment {
    addr: usize,
    len: usize,
}

/// A cursor over segments; most have just one, and then nothing is allocated.
#[derive(Clone)]
struct Cursor {
    now: Segment,
    /// Segments after `now`, the next one last.
    later: Vec<Segment>,
    remaining: usize,
    kernel: bool,
}

impl Cursor {
    fn user(addr: usize, len: usize) -> Result<Cursor> {
        check_range(addr, len)?;
        let len = len.min(MAX_RW_COUNT);
        Ok(Cursor::single(addr, len, false))
    }

    fn single(addr: usize, len: usize, kernel: bool) -> Cursor {
        Cursor {
            now: Segment { addr, len },
            later: Vec::new(),
            remaining: len,
            kernel,
        }
    }

    fn from_iovec(iov: usize, count: usize) -> Result<Cursor> {
        if count > IOV_MAX {
            return Err(Errno::EINVAL);
        }
        if count == 1 {
            let [addr, len] = UserPtr::<[usize; 2]>::new(iov).read()?;
            if len > isize::MAX as usize {
                return Err(Errno::EINVAL);
            }
            return Cursor::user(addr, len);
        }
        let mut raw = alloc::vec![[0usize; 2]; count];
        UserPtr::<[usize; 2]>::new(iov).read_slice(&mut raw)?;
        let mut remaining = 0;
        let mut segments = Vec::with_capacity(count);
        for &[addr, len] in &raw {
            if len > isize::MAX as usize {
                return Err(Errno::EINVAL);
            }
            let len = len.min(MAX_RW_COUNT - remaining);
            check_range(addr, len)?;
            remaining += len;
            if len > 0 {
                segments.push(Segment { addr, len });
            }
        }
        segments.reverse();
        let now = segments.pop().unwrap_or(Segment { addr: 0, len: 0 });
        Ok(Cursor {
            now,
            later: segments,
            remaining,
            kernel: false,
        })
    }

    fn truncate(&mut self, len: usize) {
        self.remaining = self.remaining.min(len);
    }

    /// The current piece, never empty unless nothing remains.
    fn piece(&self) -> Segment {
        Segment {
            addr: self.now.addr,
            len: self.now.len.min(self.remaining),
        }
    }

    fn advance(&mut self, mut n: usize) {
        n = n.min(self.remaining);
        self.remaining -= n;
        while n >= self.now.len {
            n -= self.now.len;
            match self.later.pop() {
                Some(next) => self.now = next,
                None => {
                    self.now.addr += self.now.len;
                    self.now.len = 0;
                    return;
                }
            }
        }
        self.now.addr += n;
        self.now.len -= n;
    }

    /// Moves `len.min(remaining)` bytes with `copy(user or kernel segment, bytes
    /// done so far) -> bytes not copied`.
    fn transfer(
        &mut self,
        len: usize,
        mut copy: impl FnMut(Segment, usize, bool) -> usize,
    ) -> Result<usize> {
        let len = len.min(self.remaining);
        let mut done = 0;
        while done < len {
            let mut piece = self.piece();
            piece.len = piece.len.min(len - done);
            let left = copy(piece, done, self.kernel);
            let copied = piece.len - left;
            done += copied;
            self.advance(copied);
            if left > 0 {
                break;
            }
        }
        if done == 0 && len > 0 {
            return Err(Errno::EFAULT);
        }
        Ok(done)
    }

    /// Makes up to `len` bytes resident.
    fn prefault(&self, len: usize, access: Access) -> Result<usize> {
        let len = len.min(self.remaining);
        if self.kernel || len == 0 {
            return Ok(len);
        }
        let space = space::current().ok_or(Errno::EFAULT)?;
        let mut done = 0;
        for segment in core::iter::once(&self.now).chain(self.later.iter().rev()) {
            let want = segment.len.min(len - done);
            let there = space.ensure(segment.addr, want, access);
            done += there;
            if there < want || done == len {
                break;
            }
        }
        if done == 0 {
            Err(Errno::EFAULT)
        } else {
            Ok(done)
        }
    }
}

/// Bytes that a program hands to the kernel.
#[derive(Clone)]
pub struct UserIn<'a> {
    cursor: Cursor,
    _kernel: PhantomData<&'a [u8]>,
}

impl<'a> UserIn<'a> {
    fn with(cursor: Cursor) -> UserIn<'a> {
        UserIn {
            cursor,
            _kernel: PhantomData,
        }
    }

    /// One user buffer.
    pub fn new(addr: usize, len: usize) -> Result<UserIn<'static>> {
        Ok(UserIn::with(Cursor::user(addr, len)?))
    }

    /// An iovec array of `count` entries: `EINVAL` above IOV_MAX (1024) or when
    /// the lengths overflow `isize`; totals are cut at MAX_RW_COUNT as Linux does.
    pub fn from_iovec(iov: usize, count: usize) -> Result<UserIn<'static>> {
        Ok(UserIn::with(Cursor::from_iovec(iov, count)?))
    }

    /// Kernel memory in the same clothes.
    pub fn from_kernel(bytes: &'a [u8]) -> UserIn<'a> {
        let addr = bytes.as_ptr().expose_provenance();
        UserIn::with(Cursor::single(addr, bytes.len(), true))
    }

    /// Bytes left.
    pub fn remaining(&self) -> usize {
        self.cursor.remaining
    }

    /// Keeps at most `len` of what is left.
    pub fn truncate(&mut self, len: usize) {
        self.cursor.truncate(len);
    }

    /// Faults in (for reading) up to `len` bytes; `EFAULT` if not even one byte is there.
    /// Returns how many bytes from the cursor are resident.
    pub fn prefault(&self, len: usize) -> Result<usize> {
        self.cursor.prefault(len, Access::Read)
    }

    /// Copies `dst.len().min(remaining)` bytes and moves on. A fault after the
    /// first byte ends the copy short; at the first byte it is `EFAULT`.
    pub fn read(&mut self, dst: &mut [u8]) -> Result<usize> {
        let to = dst.as_mut_ptr();
        self.cursor.transfer(dst.len(), |from, done, kernel| {
            // SAFETY: `done + from.len <= dst.len()`. The source is user memory
            // below USER_TOP (checked when the claim was made), or the kernel
            // slice that the claim borrows.
            unsafe {
                let to = to.add(done);
                if kernel {
                    ptr::copy_nonoverlapping(kernel_ptr(from.addr), to, from.len);
                    0
                } else {
                    arch::copy_from_user(to, from.addr, from.len)
                }
            }
        })
    }

    /// Like [`UserIn::read`], without moving the cursor.
    pub fn peek(&self, dst: &mut [u8]) -> Result<usize> {
        self.clone().read(dst)
    }

    /// Moves on without copying.
    pub fn skip(&mut self, len: usize) {
        self.cursor.advance(len);
    }
}

/// Memory that the kernel fills for a program.
pub struct UserOut<'a> {
    cursor: Cursor,
    _kernel: PhantomData<&'a mut [u8]>,
}

impl<'a> UserOut<'a> {
    fn with(cursor: Cursor) -> UserOut<'a> {
        UserOut {
            cursor,
            _kernel: PhantomData,
        }
    }

    /// One user buffer.
    pub fn new(addr: usize, len: usize) -> Result<UserOut<'static>> {
        Ok(UserOut::with(Cursor::user(addr, len)?))
    }

    /// See [`UserIn::from_iovec`].
    pub fn from_iovec(iov: usize, count: usize) -> Result<UserOut<'static>> {
        Ok(UserOut::with(Cursor::from_iovec(iov, count)?))
    }

    /// Kernel memory in the same clothes.
    pub fn from_kernel(bytes: &'a mut [u8]) -> UserOut<'a> {
        let addr = bytes.as_mut_ptr().expose_provenance();
        UserOut::with(Cursor::single(addr, bytes.len(), true))
    }

    /// Bytes of room left.
    pub fn remaining(&self) -> usize {
        self.cursor.remaining
    }

    /// Faults in (for writing, breaking copy-on-write) up to `len` bytes.
    pub fn prefault(&self, len: usize) -> Result<usize> {
        self.cursor.prefault(len, Access::Write)
    }

    /// Copies `src.len().min(remaining)` bytes and moves on; errors as [`UserIn::read`].
    pub fn write(&mut self, src: &[u8]) -> Result<usize> {
        let from = src.as_ptr();
        self.cursor.transfer(src.len(), |to, done, kernel| {
            // SAFETY: `done + to.len <= src.len()`. The target is user memory
            // below USER_TOP (checked when the claim was made), or the kernel
            // slice that the claim borrows mutably.
            unsafe {
                let from = from.add(done);
                if kernel {
                    ptr::copy_nonoverlapping(from, kernel_mut(to.addr), to.len);
                    0
                } else {
                    arch::copy_to_user(to.addr, from, to.len)
                }
            }
        })
    }

    /// Like [`UserOut::write`], where less than what there is room for is of no use: `EFAULT` then.
    pub fn write_whole(&mut self, src: &[u8]) -> Result<usize> {
        let want = src.len().min(self.remaining());
        match self.write(src)? {
            copied if copied == want => Ok(copied),
            _ => Err(Errno::EFAULT),
        }
    }

    /// Moves on without writing.
    pub fn skip(&mut self, len: usize) {
        self.cursor.advance(len);
    }

    /// Writes zeroes.
    pub fn zero(&mut self, len: usize) -> Result<usize> {
        self.cursor.transfer(len, |to, _, kernel| {
            // SAFETY: as in `write`.
            unsafe {
                if kernel {
                    slice::from_raw_parts_mut(kernel_mut(to.addr), to.len).fill(0);
                    0
                } else {
                    arch::zero_user(to.addr, to.len)
                }
            }
        })
    }
}

/// The pointer whose provenance `from_kernel` exposed.
fn kernel_ptr(addr: usize) -> *const u8 {
    ptr::with_exposed_provenance(addr)
}

fn kernel_mut(addr: usize) -> *mut u8 {
    ptr::with_exposed_provenance_mut(addr)
}
