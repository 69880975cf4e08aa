//! Files with names: path walk, mounts, the overlay root, ext4, tmpfs, /dev, pseudo file systems.

use crate::{Result, file::OpenFile};
use alloc::sync::Arc;

/// Mounts the root and the standard trees.
pub fn init() {
    todo!()
}

/// Working directory, root and umask of a process (shared with CLONE_FS). Locks inside.
pub struct FsContext {}

impl FsContext {
    /// At the root, umask 022: pid 1.
    pub fn new() -> Arc<FsContext> {
        todo!()
    }

    /// A copy for fork(2).
    pub fn fork(&self) -> Arc<FsContext> {
        todo!()
    }
}

/// Opens a program for exec: follows links, checks that it is a regular file with
/// execute permission for `creds` (`EACCES`), not on a noexec mount.
pub fn open_exec(_cx: &FsContext, _path: &[u8]) -> Result<Arc<OpenFile>> {
    todo!()
}
