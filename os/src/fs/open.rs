//! open(2), openat2(2), execve(2)'s open.

use super::{
    Caller, Kind, Place,
    dentry::Dentry,
    dev,
    files::{PathFile, named},
    inode::New,
    mount::MountFlags,
    names, notify,
    walk::{self, Found, How, Last},
};
use crate::{
    Result,
    file::{File, OpenFile},
};
use abi::{Errno, general::*};
use alloc::{format, string::String, sync::Arc};

/// What O_TMPFILE has beside O_DIRECTORY.
const O_TMPFILE_BIT: u32 = __O_TMPFILE;
/// Among the flags of [`super::Inode::open`]: for execve(2), nobody may write meanwhile.
/// Linux's `__FMODE_EXEC`, no flag of open(2).
pub(super) const FOR_EXEC: u32 = 0x20;
/// Flags that are about the call and not about the description.
const CREATION: u32 = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC | O_TMPFILE_BIT;

/// open(2) relative to `start`. `mode` is for what it creates, the umask not yet
/// applied. May block (FIFOs, terminals).
pub fn open(
    cx: &Caller<'_>,
    start: Place,
    path: &[u8],
    flags: u32,
    mode: u32,
    resolve: How,
) -> Result<Arc<OpenFile>> {
    let flags = if flags & O_PATH != 0 {
        flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    } else {
        flags & !FOR_EXEC
    };
    let writes = matches!(flags & O_ACCMODE, O_WRONLY | O_RDWR);
    if flags & O_TMPFILE_BIT != 0 {
        if flags & O_DIRECTORY == 0 || !writes {
            return Err(Errno::EINVAL);
        }
        return unnamed(cx, start, path, flags, mode, resolve);
    }
    if flags & O_CREAT != 0 && flags & O_DIRECTORY != 0 {
        return Err(Errno::EINVAL);
    }
    let exclusive = flags & O_CREAT != 0 && flags & O_EXCL != 0;
    let follow = flags & O_NOFOLLOW == 0 && !exclusive;
    let how = if follow {
        resolve | How::FOLLOW
    } else {
        resolve
    };
    let found = walk::walk(cx, start, path, how)?;
    if let Some(file) = found.file {
        // A pipe or a socket through /proc/self/fd.
        if flags & O_PATH != 0 {
            return Err(Errno::EOPNOTSUPP);
        }
        let again = file.file.reopen(flags)?;
        return Ok(OpenFile::new(again, status(flags)));
    }
    if found.place.is_none() && flags & O_CREAT != 0 {
        return create(cx, found, flags, mode);
    }
    let slash = found.slash;
    let place = found.place.ok_or(Errno::ENOENT)?;
    if exclusive {
        return Err(Errno::EEXIST);
    }
    if slash && flags & O_CREAT != 0 {
        return Err(Errno::EISDIR);
    }
    open_place(cx, &place, flags)
}

/// A description of the place itself: O_PATH, which is in `flags`.
pub fn open_path(place: &Place, flags: u32) -> Arc<OpenFile> {
    let place = place.clone();
    OpenFile::new(Arc::new(PathFile { place }), flags)
}

/// Opens what is there, with all checks of open(2).
pub fn open_place(cx: &Caller<'_>, place: &Place, flags: u32) -> Result<Arc<OpenFile>> {
    let meta = place.inode().meta()?;
    let kind = meta.kind();
    if flags & O_DIRECTORY != 0 && kind != Kind::Directory {
        return Err(Errno::ENOTDIR);
    }
    if flags & O_PATH != 0 {
        return Ok(open_path(place, flags & !O_CLOEXEC));
    }
    let writes = flags & O_ACCMODE != O_RDONLY;
    match kind {
        Kind::Symlink => return Err(Errno::ELOOP),
        Kind::Directory if writes || flags & (O_CREAT | O_TRUNC) != 0 => return Err(Errno::EISDIR),
        Kind::CharDevice | Kind::BlockDevice if place.mount.flags().contains(MountFlags::NODEV) => {
            return Err(Errno::EACCES);
        }
        _ => {}
    }
    let mut want = match flags & O_ACCMODE {
        O_RDONLY => 4,
        O_WRONLY => 2,
        _ => 6,
    };
    if flags & O_TRUNC != 0 {
        want |= 2;
    }
    cx.creds.may(&meta, want)?;
    if want & 2 != 0 && matches!(kind, Kind::Regular | Kind::Directory) {
        place.mount.check_writable()?;
    }
    if flags & O_NOATIME != 0 && !cx.creds.owns(&meta) {
        return Err(Errno::EPERM);
    }
    let file = open_inode(place, kind, meta.rdev, flags)?;
    if flags & O_TRUNC != 0 && kind == Kind::Regular {
        place.inode().truncate(0)?;
        notify::modified(place);
    }
    notify::opened(place);
    Ok(OpenFile::new(file, status(flags)))
}

/// The object behind a new descriptor, whatever its type; all checks are done.
fn open_inode(place: &Place, kind: Kind, rdev: u64, flags: u32) -> Result<Arc<dyn File>> {
    let inner = match kind {
        Kind::Regular | Kind::Directory => return place.inode().clone().open(place, flags),
        Kind::CharDevice | Kind::BlockDevice => dev::open(kind, rdev, flags)?,
        Kind::Fifo => {
            let attachment = place.inode().attachment().ok_or(Errno::ENXIO)?;
            attachment.pipe().open(flags)?
        }
        Kind::Socket | Kind::Symlink => return Err(Errno::ENXIO),
    };
    Ok(named(place, inner))
}

/// What F_GETFL shows. The kernel sets O_LARGEFILE on 64-bit machines.
fn status(flags: u32) -> u32 {
    flags & !CREATION | O_LARGEFILE
}

/// O_CREAT where nothing is.
fn create(cx: &Caller<'_>, found: Found, flags: u32, mode: u32) -> Result<Arc<OpenFile>> {
    let Last::Name(name) = &found.last else {
        return Err(Errno::EISDIR);
    };
    if found.slash {
        return Err(Errno::EISDIR);
    }
    let mode = mode & 0o7777 & !cx.fs.umask();
    let place = names::make(cx, &found.parent, name, Kind::Regular, mode, 0, b"")?;
    // The creator may use the access mode that was asked for, whatever the mode says.
    let file = open_inode(&place, Kind::Regular, 0, flags)?;
    notify::opened(&place);
    Ok(OpenFile::new(file, status(flags)))
}

/// O_TMPFILE.
fn unnamed(
    cx: &Caller<'_>,
    start: Place,
    path: &[u8],
    flags: u32,
    mode: u32,
    resolve: How,
) -> Result<Arc<OpenFile>> {
    let dir = walk::walk(cx, start, path, resolve | How::FOLLOW)?.existing()?;
    let meta = dir.inode().meta()?;
    if meta.kind() != Kind::Directory {
        return Err(Errno::ENOTDIR);
    }
    cx.creds.may(&meta, 3)?;
    dir.mount.check_writable()?;
    let new = New {
        kind: Kind::Regular,
        mode: mode & 0o7777 & !cx.fs.umask(),
        uid: cx.creds.uid,
        gid: names::group_for(cx, &meta),
        rdev: 0,
        target: b"",
    };
    let inode = dir.inode().create_unnamed(&new)?;
    let name = format!(
        "{}/#{}",
        String::from_utf8_lossy(&dir.path_from_root()),
        inode.meta()?.ino
    );
    let dentry = Dentry::unnamed(inode, name.trim_start_matches('/').as_bytes());
    let place = Place {
        mount: dir.mount,
        dentry,
    };
    let file = open_inode(&place, Kind::Regular, 0, flags)?;
    Ok(OpenFile::new(file, status(flags)))
}

/// Opens a program for exec: follows links, checks that it is a regular file with
/// execute permission for the caller (`EACCES`), not on a noexec mount. `dir` is the
/// starting point of a relative path (execveat(2)), the working directory otherwise;
/// an empty path means `dir` itself (AT_EMPTY_PATH). The path of what was opened is
/// `file.file.link_name()`.
pub fn open_exec(cx: &Caller<'_>, dir: Option<&OpenFile>, path: &[u8]) -> Result<Arc<OpenFile>> {
    let start = match dir {
        Some(file) => Place::of(file).ok_or(Errno::EACCES)?.clone(),
        None => cx.fs.cwd(),
    };
    let place = match path {
        b"" if dir.is_some() => start,
        _ => walk::existing(cx, start, path, true)?,
    };
    let meta = place.inode().meta()?;
    if meta.kind() != Kind::Regular || place.mount.flags().contains(MountFlags::NOEXEC) {
        return Err(Errno::EACCES);
    }
    cx.creds.may(&meta, 1)?;
    let file = place.inode().clone().open(&place, O_RDONLY | FOR_EXEC)?;
    notify::opened(&place);
    Ok(OpenFile::new(file, O_RDONLY | O_LARGEFILE))
}
