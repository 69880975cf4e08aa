//! Which memory two spaces have in common: what futex(2) compares.

use super::AddressSpace;
use crate::{Result, arch::Access, mm::PhysAddr};
use abi::Errno;

impl AddressSpace {
    /// The physical address of a byte in a shared mapping, the same in every space
    /// that maps it and for as long as one does; `None` for private memory, whose
    /// address says enough. Brings the page in, so it may sleep. `EFAULT`.
    pub fn shared_address(&self, addr: usize) -> Result<Option<PhysAddr>> {
        let shared = self.lock().areas.at(addr).map(|area| area.shared);
        if !shared.ok_or(Errno::EFAULT)? {
            return Ok(None);
        }
        let frame = self.frame_at(addr, Access::Read).ok_or(Errno::EFAULT)?;
        Ok(Some(frame.addr() + addr % crate::mm::PAGE_SIZE))
    }
}
