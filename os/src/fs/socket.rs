//! Names of AF_UNIX sockets. unix(7).
//!
//! `net` calls [`bind`] and [`find`]; the inode holds the object weakly, so a name
//! outlives its socket and then refuses connections, as on Linux.

use super::{Caller, Kind, Place, names, walk};
use crate::Result;
use abi::Errno;
use alloc::sync::{Arc, Weak};
use core::any::Any;

/// bind(2): creates a socket inode with mode 0777 without the umask. `EADDRINUSE`
/// when the name exists, and the errors of path resolution. Returns the place (its
/// path and inode number).
pub fn bind(cx: &Caller<'_>, path: &[u8], object: Weak<dyn Any + Send + Sync>) -> Result<Place> {
    let found = walk::walk(cx, cx.fs.cwd(), path, walk::How::empty())?;
    let slash = found.slash;
    let (parent, name) = found.vacant().map_err(|_| Errno::EADDRINUSE)?;
    if slash {
        return Err(Errno::ENOENT);
    }
    let mode = 0o777 & !cx.fs.umask();
    let place = names::make(cx, &parent, &name, Kind::Socket, mode, 0, b"").map_err(|error| {
        if error == Errno::EEXIST {
            Errno::EADDRINUSE
        } else {
            error
        }
    })?;
    place
        .inode()
        .attachment()
        .ok_or(Errno::EPERM)?
        .set_socket(object);
    Ok(place)
}

/// connect(2), sendto(2): the object bound to a name. `ECONNREFUSED` when the file
/// is no socket or its socket is closed, `EACCES` without write permission.
pub fn find(cx: &Caller<'_>, path: &[u8]) -> Result<Arc<dyn Any + Send + Sync>> {
    let place = walk::existing(cx, cx.fs.cwd(), path, true)?;
    let meta = place.inode().meta()?;
    cx.creds.may(&meta, 2)?;
    if meta.kind() != Kind::Socket {
        return Err(Errno::ECONNREFUSED);
    }
    let attachment = place.inode().attachment().ok_or(Errno::ECONNREFUSED)?;
    attachment.socket().ok_or(Errno::ECONNREFUSED)
}
