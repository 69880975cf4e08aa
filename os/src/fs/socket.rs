//! Names of AF_UNIX sockets. unix(7).
//!
//! `net` calls [`bind`] and [`find`]; the inode holds the object weakly, so a name
//! outlives its socket and then refuses connections, as on Linux.

use super::{Caller, Place};
use crate::Result;
use alloc::sync::{Arc, Weak};
use core::any::Any;

/// bind(2): creates a socket inode with mode 0777 without the umask. `EADDRINUSE` when the name exists,
/// and the errors of path resolution. Returns the place (its path and inode number).
pub fn bind(_cx: &Caller<'_>, _path: &[u8], _object: Weak<dyn Any + Send + Sync>) -> Result<Place> {
    todo!()
}

/// connect(2), sendto(2): the object bound to a name. `ECONNREFUSED` when the file
/// is no socket or its socket is closed, `EACCES` without write permission.
pub fn find(_cx: &Caller<'_>, _path: &[u8]) -> Result<Arc<dyn Any + Send + Sync>> {
    todo!()
}
