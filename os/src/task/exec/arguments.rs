//! Argument and environment strings on their way from one program to the next.

use crate::{
    Result,
    mm::{UserPtr, user::read_cstr},
};
use abi::Errno;
use alloc::vec::Vec;

/// Longest single string, with its NUL: Linux's MAX_ARG_STRLEN.
const MAX_STRING: usize = 32 * crate::mm::PAGE_SIZE;
/// Most bytes of all strings, whatever RLIMIT_STACK says: three quarters of Linux's _STK_LIM.
pub(super) const MAX_TOTAL: usize = 6 << 20;

/// NUL-terminated strings, one after the other.
#[derive(Clone, Default)]
pub struct Strings {
    bytes: Vec<u8>,
    count: usize,
}

impl Strings {
    /// Reads a NULL-terminated array of strings; a null `array` is an empty one, as on Linux.
    pub fn from_user(array: usize) -> Result<Strings> {
        let mut strings = Strings::default();
        if array == 0 {
            return Ok(strings);
        }
        let array = UserPtr::<usize>::new(array);
        loop {
            let string = array.add(strings.count).read()?;
            if string == 0 {
                return Ok(strings);
            }
            let text = read_cstr(string, MAX_STRING).map_err(|errno| match errno {
                Errno::ENAMETOOLONG => Errno::E2BIG,
                errno => errno,
            })?;
            strings.push(&text)?;
        }
    }

    /// Adds a string, given without its NUL. `E2BIG` when there are too many bytes.
    pub fn push(&mut self, string: &[u8]) -> Result<()> {
        if self.bytes.len() + string.len() + 1 > MAX_TOTAL {
            return Err(Errno::E2BIG);
        }
        self.bytes.extend_from_slice(string);
        self.bytes.push(0);
        self.count += 1;
        Ok(())
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// All of them with their NULs.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Each, without its NUL.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.split(|&b| b == 0).take(self.count)
    }
}
