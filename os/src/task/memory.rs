//! Whole transfers to and from user memory: all of it, or `EFAULT`.

use crate::{
    Result,
    mm::{UserIn, UserOut},
};
use abi::Errno;

/// Fills `bytes` from the current space.
pub fn read(addr: usize, bytes: &mut [u8]) -> Result<()> {
    let got = UserIn::new(addr, bytes.len())?.read(bytes)?;
    if got == bytes.len() {
        Ok(())
    } else {
        Err(Errno::EFAULT)
    }
}

/// Writes `bytes` into the current space.
pub fn write(addr: usize, bytes: &[u8]) -> Result<()> {
    let put = UserOut::new(addr, bytes.len())?.write(bytes)?;
    if put == bytes.len() {
        Ok(())
    } else {
        Err(Errno::EFAULT)
    }
}
