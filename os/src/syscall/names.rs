//! The names of the machine: uname(2), sethostname(2), setdomainname(2), /proc/sys/kernel.

use crate::{Result, sync::SpinLock};
use abi::Errno;
use alloc::vec::Vec;

/// Bytes of a field of struct new_utsname.
pub const FIELD: usize = 65;

/// The release that programs see: they compare it with the Linux version that
/// brought a feature (glibc refuses kernels older than it was built for).
pub const RELEASE: &str = "6.12.0-sockeye";
/// uname -v.
pub const VERSION: &str = concat!("#1 Sockeye ", env!("CARGO_PKG_VERSION"));

/// The two names that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// nodename
    Host,
    /// NIS domain name
    Domain,
}

static NAMES: SpinLock<[[u8; FIELD]; 2]> = SpinLock::new([field(b"sockeye"), field(b"(none)")]);

/// `text` in a field, cut if need be.
pub const fn field(text: &[u8]) -> [u8; FIELD] {
    let mut field = [0; FIELD];
    let mut n = 0;
    while n < text.len() && n < FIELD - 1 {
        field[n] = text[n];
        n += 1;
    }
    field
}

/// The field as it is.
pub fn padded(which: Which) -> [u8; FIELD] {
    NAMES.lock()[which as usize]
}

/// The name without padding.
pub fn get(which: Which) -> Vec<u8> {
    let name = padded(which);
    let len = name.iter().position(|&b| b == 0).unwrap_or(FIELD);
    name[..len].to_vec()
}

/// Sets a name; `EINVAL` when it is too long.
pub fn set(which: Which, text: &[u8]) -> Result<()> {
    if text.len() >= FIELD {
        return Err(Errno::EINVAL);
    }
    NAMES.lock()[which as usize] = field(text);
    Ok(())
}
