//! Claims on user memory, checked when used (STYLE `claims-not-pointers`).
//!
//! [`UserIn`] is what a program gives (write, sendmsg), [`UserOut`] what it wants
//! filled (read, recvmsg): cursors over one or more segments (iovec). Both may
//! stand over kernel memory instead, so that sendfile, splice and exec use the
//! same code as read. Nobody holds a reference into user space.
//!
//! Copies fault pages in and may sleep. Under a spin lock call `prefault` first;
//! then the copy does not sleep and fails with `EFAULT` only if the program
//! unmapped the pages in between.

use crate::Result;
use core::marker::PhantomData;

/// A user address with the type of what is there.
pub struct UserPtr<T> {
    addr: usize,
    _type: PhantomData<T>,
}

impl<T: Copy> UserPtr<T> {
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

    /// The address as a number.
    pub fn addr(&self) -> usize {
        self.addr
    }

    /// Copies the value in. `T` must be plain old data (any bit pattern valid).
    pub fn read(&self) -> Result<T> {
        todo!()
    }

    /// Copies the value out.
    pub fn write(&self, _value: &T) -> Result<()> {
        todo!()
    }

    /// The claim on the `index`th element of an array.
    pub fn add(&self, _index: usize) -> Self {
        todo!()
    }
}

/// A NUL-terminated string of at most `max` bytes; `ENAMETOOLONG` beyond, `EFAULT`.
pub fn read_cstr(_addr: usize, _max: usize) -> Result<alloc::vec::Vec<u8>> {
    todo!()
}

/// Bytes that a program hands to the kernel.
pub struct UserIn<'a> {
    _kernel: PhantomData<&'a [u8]>,
}

impl<'a> UserIn<'a> {
    /// One user buffer.
    pub fn new(_addr: usize, _len: usize) -> Result<UserIn<'static>> {
        todo!()
    }

    /// An iovec array of `count` entries: `EINVAL` above IOV_MAX (1024) or when
    /// the lengths overflow `isize`; totals are cut at MAX_RW_COUNT as Linux does.
    pub fn from_iovec(_iov: usize, _count: usize) -> Result<UserIn<'static>> {
        todo!()
    }

    /// Kernel memory in the same clothes.
    pub fn from_kernel(_bytes: &'a [u8]) -> UserIn<'a> {
        todo!()
    }

    /// Bytes left.
    pub fn remaining(&self) -> usize {
        todo!()
    }

    /// Keeps at most `len` of what is left.
    pub fn truncate(&mut self, _len: usize) {
        todo!()
    }

    /// Faults in (for reading) up to `len` bytes; `EFAULT` if not even one byte is there.
    /// Returns how many bytes from the cursor are resident.
    pub fn prefault(&self, _len: usize) -> Result<usize> {
        todo!()
    }

    /// Copies `dst.len().min(remaining)` bytes and moves on. A fault after the
    /// first byte ends the copy short; at the first byte it is `EFAULT`.
    pub fn read(&mut self, _dst: &mut [u8]) -> Result<usize> {
        todo!()
    }

    /// Like [`UserIn::read`], without moving the cursor.
    pub fn peek(&self, _dst: &mut [u8]) -> Result<usize> {
        todo!()
    }

    /// Moves on without copying.
    pub fn skip(&mut self, _len: usize) {
        todo!()
    }
}

/// Memory that the kernel fills for a program.
pub struct UserOut<'a> {
    _kernel: PhantomData<&'a mut [u8]>,
}

impl<'a> UserOut<'a> {
    /// One user buffer.
    pub fn new(_addr: usize, _len: usize) -> Result<UserOut<'static>> {
        todo!()
    }

    /// See [`UserIn::from_iovec`].
    pub fn from_iovec(_iov: usize, _count: usize) -> Result<UserOut<'static>> {
        todo!()
    }

    /// Kernel memory in the same clothes.
    pub fn from_kernel(_bytes: &'a mut [u8]) -> UserOut<'a> {
        todo!()
    }

    /// Bytes of room left.
    pub fn remaining(&self) -> usize {
        todo!()
    }

    /// Keeps at most `len` of the room.
    pub fn truncate(&mut self, _len: usize) {
        todo!()
    }

    /// Faults in (for writing, breaking copy-on-write) up to `len` bytes.
    pub fn prefault(&self, _len: usize) -> Result<usize> {
        todo!()
    }

    /// Copies `src.len().min(remaining)` bytes and moves on; errors as [`UserIn::read`].
    pub fn write(&mut self, _src: &[u8]) -> Result<usize> {
        todo!()
    }

    /// Writes zeroes.
    pub fn zero(&mut self, _len: usize) -> Result<usize> {
        todo!()
    }
}
