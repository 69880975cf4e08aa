//! Between frames of the page cache and user memory.

use crate::{
    Result,
    mm::{Frame, UserIn, UserOut},
};

/// Copies `len` bytes of a frame out; short at a fault, `EFAULT` at the first byte.
pub(super) fn to_user(
    frame: &Frame,
    offset: usize,
    len: usize,
    out: &mut UserOut<'_>,
) -> Result<usize> {
    out.write(&frame.bytes()[offset..offset + len])
}

/// Copies up to `len` bytes into a frame.
pub(super) fn from_user(
    frame: &Frame,
    offset: usize,
    len: usize,
    data: &mut UserIn<'_>,
) -> Result<usize> {
    frame.with_bytes_mut(offset, len, |bytes| data.read(bytes))
}
