//! open(2), openat2(2), and the files that are the same for every file system:
//! directories, O_PATH descriptors, devices.

use super::{
    Caller, Kind, Place,
    dentry::Dentry,
    dev,
    inode::{DirEntry, New},
    mount::MountFlags,
    names, notify, stat,
    walk::{self, Found, How, Last},
};
use crate::{
    Result,
    file::{Events, File, Io, OpenFile, lock::Locks},
    mm::{Backing, UserIn, UserOut},
    sched::WaitQueue,
};
use abi::{Errno, general::*};
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::any::Any;

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

/// Opens what is there, with all checks of open(2).
pub fn open_place(cx: &Caller<'_>, place: &Place, flags: u32) -> Result<Arc<OpenFile>> {
    let meta = place.inode().meta()?;
    let kind = meta.kind();
    if flags & O_DIRECTORY != 0 && kind != Kind::Directory {
        return Err(Errno::ENOTDIR);
    }
    if flags & O_PATH != 0 {
        return Ok(OpenFile::new(
            Arc::new(PathFile {
                place: place.clone(),
            }),
            flags & !O_CLOEXEC,
        ));
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

/// Gives an object the name through which it was opened.
pub(super) fn named(place: &Place, inner: Arc<dyn File>) -> Arc<dyn File> {
    Arc::new(NamedFile {
        place: place.clone(),
        inner,
    })
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

/// An open directory of any file system.
pub struct DirFile {
    place: Place,
}

impl DirFile {
    /// For [`super::Inode::open`].
    pub fn new(place: Place) -> Arc<DirFile> {
        Arc::new(DirFile { place })
    }

    fn record(&self, entry: &DirEntry<'_>, out: &mut UserOut<'_>) -> Result<bool> {
        let len = (19 + entry.name.len() + 1).next_multiple_of(8);
        if out.remaining() < len {
            return Ok(false);
        }
        // struct linux_dirent64
        let mut record = Vec::with_capacity(len);
        record.extend_from_slice(&entry.ino.to_ne_bytes());
        record.extend_from_slice(&entry.next.to_ne_bytes());
        record.extend_from_slice(&(len as u16).to_ne_bytes());
        record.push(entry.kind.d_type());
        record.extend_from_slice(entry.name);
        record.resize(len, 0);
        if out.write(&record)? < len {
            Err(Errno::EFAULT)
        } else {
            Ok(true)
        }
    }
}

impl File for DirFile {
    fn read(&self, _: Io, _: &mut UserOut<'_>) -> Result<usize> {
        Err(Errno::EISDIR)
    }

    fn seekable(&self) -> bool {
        true
    }

    fn size(&self) -> Result<u64> {
        Ok(self.place.inode().meta()?.size)
    }

    fn poll(&self) -> Events {
        Events::IN | Events::OUT | Events::RDNORM | Events::WRNORM
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(stat::stat(&self.place.inode().meta()?))
    }

    fn read_dir(&self, cookie: u64, out: &mut UserOut<'_>) -> Result<u64> {
        if self.place.dentry.is_deleted() {
            return Err(Errno::ENOENT);
        }
        let room = out.remaining();
        let mut next = cookie;
        let mut outcome = Ok(true);
        for (at, name) in [(0, &b"."[..]), (1, b"..")] {
            if next != at || !matches!(outcome, Ok(true)) {
                continue;
            }
            let place = if at == 0 {
                self.place.clone()
            } else {
                self.place.parent()
            };
            let ino = place.inode().meta()?.ino;
            let entry = DirEntry {
                name,
                ino,
                kind: Kind::Directory,
                next: at + 1,
            };
            outcome = self.record(&entry, out);
            if outcome == Ok(true) {
                next = at + 1;
            }
        }
        if next >= 2 && outcome == Ok(true) {
            self.place.inode().entries(next, &mut |entry| {
                outcome = self.record(&entry, out);
                if outcome == Ok(true) {
                    next = entry.next;
                }
                outcome == Ok(true)
            })?;
        }
        // An error or a full buffer after the first record shows at the next call.
        if out.remaining() == room {
            match outcome {
                Ok(true) => {}
                Ok(false) => return Err(Errno::EINVAL),
                Err(error) => return Err(error),
            }
        }
        notify::accessed(&self.place);
        Ok(next)
    }

    fn sync(&self) -> Result<()> {
        Ok(())
    }

    fn locks(&self) -> Option<&Locks> {
        self.place.inode().locks()
    }

    fn link_name(&self) -> String {
        self.place.display()
    }

    fn release(&self) {
        notify::closed(&self.place, O_RDONLY);
    }

    fn place(&self) -> Option<&dyn Any> {
        Some(&self.place)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// O_PATH: a place and nothing else. open(2).
struct PathFile {
    place: Place,
}

impl File for PathFile {
    fn read(&self, _: Io, _: &mut UserOut<'_>) -> Result<usize> {
        Err(Errno::EBADF)
    }

    fn write(&self, _: Io, _: &mut UserIn<'_>) -> Result<usize> {
        Err(Errno::EBADF)
    }

    fn poll(&self) -> Events {
        Events::NVAL
    }

    fn ioctl(&self, _: u32, _: usize) -> Result<usize> {
        Err(Errno::EBADF)
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(stat::stat(&self.place.inode().meta()?))
    }

    fn truncate(&self, _: u64) -> Result<()> {
        Err(Errno::EBADF)
    }

    fn read_dir(&self, _: u64, _: &mut UserOut<'_>) -> Result<u64> {
        Err(Errno::EBADF)
    }

    fn backing(&self) -> Result<Arc<dyn Backing>> {
        Err(Errno::EBADF)
    }

    fn sync(&self) -> Result<()> {
        Err(Errno::EBADF)
    }

    fn link_name(&self) -> String {
        self.place.display()
    }

    fn place(&self) -> Option<&dyn Any> {
        Some(&self.place)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A device or a FIFO under the name through which it was opened: the object does
/// the work, the inode answers stat(2).
struct NamedFile {
    place: Place,
    inner: Arc<dyn File>,
}

impl File for NamedFile {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        self.inner.read(io, out)
    }

    fn write(&self, io: Io, data: &mut UserIn<'_>) -> Result<usize> {
        self.inner.write(io, data)
    }

    fn seekable(&self) -> bool {
        self.inner.seekable()
    }

    fn size(&self) -> Result<u64> {
        self.inner.size()
    }

    fn seek(&self, current: u64, offset: i64, whence: u32) -> Result<u64> {
        self.inner.seek(current, offset, whence)
    }

    fn poll(&self) -> Events {
        self.inner.poll()
    }

    fn queue(&self) -> Option<&WaitQueue> {
        self.inner.queue()
    }

    fn locks(&self) -> Option<&Locks> {
        self.place.inode().locks()
    }

    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        self.inner.ioctl(request, arg)
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(stat::stat(&self.place.inode().meta()?))
    }

    fn truncate(&self, len: u64) -> Result<()> {
        self.inner.truncate(len)
    }

    fn backing(&self) -> Result<Arc<dyn Backing>> {
        self.inner.backing()
    }

    fn sync(&self) -> Result<()> {
        self.inner.sync()
    }

    fn flags_changed(&self, flags: u32) {
        self.inner.flags_changed(flags);
    }

    fn link_name(&self) -> String {
        self.place.display()
    }

    fn release(&self) {
        self.inner.release();
    }

    fn place(&self) -> Option<&dyn Any> {
        Some(&self.place)
    }

    /// The object's kind, so that those who look for a terminal or a pipe find it.
    fn as_any(&self) -> &dyn Any {
        self.inner.as_any()
    }
}
