//! Descriptor tables.

use super::OpenFile;
use crate::Result;
use alloc::sync::Arc;

/// A descriptor number as the program gave it; may be negative or closed.
pub type Fd = i32;

/// The descriptors of a process (shared with CLONE_FILES). Locks inside.
pub struct FdTable {}

impl FdTable {
    /// An empty table.
    pub fn new() -> Arc<FdTable> {
        todo!()
    }

    /// A copy for fork(2).
    pub fn fork(&self) -> Arc<FdTable> {
        todo!()
    }

    /// The description behind `fd`; `EBADF` when there is none.
    pub fn get(&self, _fd: Fd) -> Result<Arc<OpenFile>> {
        todo!()
    }

    /// Puts a description at the lowest free number not below `min`; `EMFILE` at `limit` (RLIMIT_NOFILE).
    pub fn insert(
        &self,
        _file: Arc<OpenFile>,
        _min: Fd,
        _limit: usize,
        _cloexec: bool,
    ) -> Result<Fd> {
        todo!()
    }

    /// dup3(2)'s replacement at an exact number; what was there is closed.
    pub fn replace(
        &self,
        _fd: Fd,
        _file: Arc<OpenFile>,
        _limit: usize,
        _cloexec: bool,
    ) -> Result<()> {
        todo!()
    }

    /// close(2).
    pub fn close(&self, _fd: Fd) -> Result<()> {
        todo!()
    }

    /// exec closes what is close-on-exec.
    pub fn close_on_exec(&self) {
        todo!()
    }

    /// F_GETFD.
    pub fn cloexec(&self, _fd: Fd) -> Result<bool> {
        todo!()
    }

    /// F_SETFD.
    pub fn set_cloexec(&self, _fd: Fd, _cloexec: bool) -> Result<()> {
        todo!()
    }

    /// Every open number, ascending, for /proc/self/fd and close_range(2).
    pub fn numbers(&self) -> alloc::vec::Vec<Fd> {
        todo!()
    }
}
