//! Calls that change names and attributes: mkdir(2), link(2), unlink(2), rename(2),
//! chmod(2), chown(2), utimensat(2), truncate(2). Permission is decided here, the
//! change is the file system's.

use super::{
    Caller, Inode, Kind, Meta, Place,
    caller::{CAP_CHOWN, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_MKNOD},
    inode::{Change, New, Stamp},
    notify,
    walk::{Found, Last},
};
use crate::Result;
use abi::Errno;
use alloc::sync::Arc;

const S_ISUID: u32 = 0o4000;
const S_ISGID: u32 = 0o2000;
const S_ISVTX: u32 = 0o1000;

/// The group of something new in a directory: its own with S_ISGID, else the caller's. inode(7).
pub fn group_for(cx: &Caller<'_>, dir: &Meta) -> u32 {
    if dir.mode & S_ISGID != 0 {
        dir.gid
    } else {
        cx.creds.gid
    }
}

/// Makes a name in `parent`; `mode` with the umask applied. `EACCES`, `EROFS`, `EEXIST`.
pub fn make(
    cx: &Caller<'_>,
    parent: &Place,
    name: &[u8],
    kind: Kind,
    mode: u32,
    rdev: u64,
    target: &[u8],
) -> Result<Place> {
    let dir = writable_dir(cx, parent)?;
    let gid = group_for(cx, &dir);
    let inherited = if kind == Kind::Directory {
        dir.mode & S_ISGID
    } else {
        0
    };
    let mode = match kind {
        // A setgid program for a group that the creator is not in would be a gift. inode(7)
        Kind::Regular
            if mode & (S_ISGID | 0o010) == S_ISGID | 0o010
                && !cx.creds.in_group(gid)
                && !cx.creds.capable(CAP_FSETID) =>
        {
            mode & !S_ISGID
        }
        _ => mode | inherited,
    };
    let new = New {
        kind,
        mode,
        uid: cx.creds.uid,
        gid,
        rdev,
        target,
    };
    let inode = parent.inode().create(name, &new)?;
    let dentry = parent.dentry.adopt(name, inode);
    notify::created(parent, name, kind == Kind::Directory);
    Ok(Place {
        mount: parent.mount.clone(),
        dentry,
    })
}

/// mkdirat(2).
pub fn mkdir(cx: &Caller<'_>, found: Found, mode: u32) -> Result<()> {
    let (parent, name) = found.vacant()?;
    let mode = mode & 0o1777 & !cx.fs.umask();
    make(cx, &parent, &name, Kind::Directory, mode, 0, b"").map(drop)
}

/// mknodat(2). Device nodes need CAP_MKNOD, but for the whiteout 0:0.
pub fn mknod(cx: &Caller<'_>, found: Found, mode: u32, rdev: u64) -> Result<()> {
    let slash = found.slash;
    let (parent, name) = found.vacant()?;
    let kind = match mode & 0o170000 {
        0o040000 => return Err(Errno::EPERM),
        0 | 0o010000 | 0o020000 | 0o060000 | 0o100000 | 0o140000 => Kind::from_mode(mode),
        _ => return Err(Errno::EINVAL),
    };
    if slash {
        return Err(Errno::ENOENT);
    }
    let device = matches!(kind, Kind::CharDevice | Kind::BlockDevice);
    if device && !cx.creds.capable(CAP_MKNOD) {
        return Err(Errno::EPERM);
    }
    let mode = mode & 0o7777 & !cx.fs.umask();
    make(
        cx,
        &parent,
        &name,
        kind,
        mode,
        if device { rdev } else { 0 },
        b"",
    )
    .map(drop)
}

/// symlinkat(2).
pub fn symlink(cx: &Caller<'_>, found: Found, target: &[u8]) -> Result<()> {
    if target.is_empty() {
        return Err(Errno::ENOENT);
    }
    let slash = found.slash;
    let (parent, name) = found.vacant()?;
    if slash {
        return Err(Errno::ENOENT);
    }
    make(cx, &parent, &name, Kind::Symlink, 0o777, 0, target).map(drop)
}

/// linkat(2): another name for `from`.
pub fn link(cx: &Caller<'_>, from: &Place, to: Found) -> Result<()> {
    let slash = to.slash;
    let (parent, name) = to.vacant()?;
    if slash {
        return Err(Errno::ENOENT);
    }
    if !Arc::ptr_eq(&from.mount, &parent.mount) {
        return Err(Errno::EXDEV);
    }
    let meta = from.inode().meta()?;
    if meta.kind() == Kind::Directory {
        return Err(Errno::EPERM);
    }
    // linkat(2) gives a name to an O_TMPFILE file; anything else without one is gone.
    if meta.nlink == 0 && from.dentry.parent().is_some() {
        return Err(Errno::ENOENT);
    }
    writable_dir(cx, &parent)?;
    parent.inode().link(&name, from.inode())?;
    parent.dentry.adopt(&name, from.inode().clone());
    notify::created(&parent, &name, false);
    notify::attributes(from);
    Ok(())
}

/// Whether AT_EMPTY_PATH of linkat(2) is allowed. capabilities(7).
pub fn may_link_descriptor(cx: &Caller<'_>) -> Result<()> {
    if cx.creds.capable(CAP_DAC_READ_SEARCH) {
        Ok(())
    } else {
        Err(Errno::ENOENT)
    }
}

/// unlinkat(2); `dir` is AT_REMOVEDIR.
pub fn unlink(cx: &Caller<'_>, found: Found, dir: bool) -> Result<()> {
    let name = match (&found.last, dir) {
        (Last::Name(name), _) => name.clone(),
        (Last::Dot, true) if found.place.as_ref().is_some_and(|p| *p == cx.fs.root()) => {
            return Err(Errno::EBUSY);
        }
        (Last::Dot, true) => return Err(Errno::EINVAL),
        (Last::DotDot, true) => return Err(Errno::ENOTEMPTY),
        (_, false) => return Err(Errno::EISDIR),
    };
    let place = found.place.ok_or(Errno::ENOENT)?;
    let meta = place.inode().meta()?;
    let is_dir = meta.kind() == Kind::Directory;
    check_removable(cx, &found.parent, &place, &meta)?;
    match (is_dir, dir) {
        (true, false) => return Err(Errno::EISDIR),
        (false, true) => return Err(Errno::ENOTDIR),
        (false, false) if found.slash => return Err(Errno::ENOTDIR),
        _ => {}
    }
    found.parent.inode().unlink(&name)?;
    found.parent.dentry.forget(&name);
    if !is_dir {
        notify::unlinked(&place);
    }
    // The last holder of the inode, if it is the last one, leaves before the directory tells.
    drop(place);
    notify::deleted(&found.parent, &name, is_dir);
    Ok(())
}

/// The sticky bit and the write permission on the directory; `EBUSY` for a mount point.
fn check_removable(cx: &Caller<'_>, parent: &Place, place: &Place, meta: &Meta) -> Result<()> {
    let dir = writable_dir(cx, parent)?;
    let sticky = dir.mode & S_ISVTX != 0;
    if sticky
        && cx.creds.uid != meta.uid
        && cx.creds.uid != dir.uid
        && !cx.creds.capable(CAP_FOWNER)
    {
        return Err(Errno::EPERM);
    }
    // A mount hides what is below: the walk ended on another mount.
    if !Arc::ptr_eq(&parent.mount, &place.mount) || place.dentry.is_mountpoint() {
        return Err(Errno::EBUSY);
    }
    Ok(())
}

const RENAME_NOREPLACE: u32 = 1;
const RENAME_EXCHANGE: u32 = 2;

/// renameat2(2).
pub fn rename(cx: &Caller<'_>, from: Found, to: Found, flags: u32) -> Result<()> {
    let exchange = flags & RENAME_EXCHANGE != 0;
    if flags & !(RENAME_NOREPLACE | RENAME_EXCHANGE) != 0
        || flags == RENAME_NOREPLACE | RENAME_EXCHANGE
    {
        return Err(Errno::EINVAL);
    }
    if !Arc::ptr_eq(&from.parent.mount, &to.parent.mount) {
        return Err(Errno::EXDEV);
    }
    let (Last::Name(name), Last::Name(to_name)) = (&from.last, &to.last) else {
        return Err(Errno::EBUSY);
    };
    let source = from.place.ok_or(Errno::ENOENT)?;
    let meta = source.inode().meta()?;
    let is_dir = meta.kind() == Kind::Directory;
    if flags & RENAME_NOREPLACE != 0 && to.place.is_some() {
        return Err(Errno::EEXIST);
    }
    if exchange && to.place.is_none() {
        return Err(Errno::ENOENT);
    }
    if !is_dir && (from.slash || (to.slash && !exchange)) {
        return Err(Errno::ENOTDIR);
    }
    // Neither into itself, nor onto a directory that it is in.
    if to.parent.dentry.is_below(&source.dentry) {
        return Err(Errno::EINVAL);
    }
    if let Some(target) = &to.place
        && from.parent.dentry.is_below(&target.dentry)
    {
        return Err(if exchange {
            Errno::EINVAL
        } else {
            Errno::ENOTEMPTY
        });
    }
    check_removable(cx, &from.parent, &source, &meta)?;
    writable_dir(cx, &to.parent)?;
    if let Some(target) = &to.place {
        let old = target.inode().meta()?;
        // Two names of one file: nothing happens. rename(2)
        if old.ino == meta.ino && old.dev == meta.dev {
            return Ok(());
        }
        check_removable(cx, &to.parent, target, &old)?;
        let onto_dir = old.kind() == Kind::Directory;
        match (is_dir, onto_dir) {
            _ if exchange => {}
            (true, false) => return Err(Errno::ENOTDIR),
            (false, true) => return Err(Errno::EISDIR),
            _ => {}
        }
    }
    // Moving a directory elsewhere changes its "..".
    if is_dir && !Arc::ptr_eq(&from.parent.dentry, &to.parent.dentry) {
        cx.creds.may(&meta, 2)?;
    }
    let target_inode: &dyn Inode = &**to.parent.inode();
    from.parent
        .inode()
        .rename(name, target_inode, to_name, exchange)?;
    from.parent
        .dentry
        .moved(name, &to.parent.dentry, to_name, exchange);
    let replaced = to.place.as_ref().filter(|_| !exchange);
    notify::moved(
        (&from.parent, name),
        (&to.parent, to_name),
        &source,
        replaced,
        is_dir,
    );
    Ok(())
}

/// fchmodat(2).
pub fn chmod(cx: &Caller<'_>, place: &Place, mode: u32) -> Result<()> {
    let meta = place.inode().meta()?;
    place.mount.check_writable()?;
    if !cx.creds.owns(&meta) {
        return Err(Errno::EPERM);
    }
    if meta.kind() == Kind::Symlink {
        return Err(Errno::EOPNOTSUPP);
    }
    let mut mode = mode & 0o7777;
    if !cx.creds.in_group(meta.gid) && !cx.creds.capable(CAP_FSETID) {
        mode &= !S_ISGID;
    }
    place.inode().change(&Change {
        mode: Some(mode),
        ..Change::default()
    })?;
    notify::attributes(place);
    Ok(())
}

/// fchownat(2); `None` keeps the id. Set-id bits of programs go away.
pub fn chown(cx: &Caller<'_>, place: &Place, uid: Option<u32>, gid: Option<u32>) -> Result<()> {
    let meta = place.inode().meta()?;
    place.mount.check_writable()?;
    if !cx.creds.capable(CAP_CHOWN) {
        let mine = meta.uid == cx.creds.uid;
        let uid_ok = uid.is_none_or(|uid| mine && uid == meta.uid);
        let gid_ok = gid.is_none_or(|gid| mine && (gid == meta.gid || cx.creds.in_group(gid)));
        if !uid_ok || !gid_ok {
            return Err(Errno::EPERM);
        }
    }
    let mut mode = None;
    if meta.kind() != Kind::Directory && (uid.is_some() || gid.is_some()) {
        let mut kept = meta.mode & !S_ISUID;
        if kept & 0o010 != 0 {
            kept &= !S_ISGID;
        }
        mode = Some(kept);
    }
    place.inode().change(&Change {
        mode,
        uid,
        gid,
        ..Change::default()
    })?;
    notify::attributes(place);
    Ok(())
}

/// A time for utimensat(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetTime {
    /// UTIME_OMIT.
    Keep,
    /// UTIME_NOW.
    Now,
    #[allow(missing_docs)]
    To(Stamp),
}

/// utimensat(2).
pub fn set_times(cx: &Caller<'_>, place: &Place, atime: SetTime, mtime: SetTime) -> Result<()> {
    if atime == SetTime::Keep && mtime == SetTime::Keep {
        return Ok(());
    }
    let meta = place.inode().meta()?;
    place.mount.check_writable()?;
    if !cx.creds.owns(&meta) {
        if atime != SetTime::Now || mtime != SetTime::Now {
            return Err(Errno::EPERM);
        }
        cx.creds.may(&meta, 2)?;
    }
    let stamp = |time| match time {
        SetTime::Keep => None,
        SetTime::Now => Some(Stamp::now()),
        SetTime::To(stamp) => Some(stamp),
    };
    let change = Change {
        atime: stamp(atime),
        mtime: stamp(mtime),
        ..Change::default()
    };
    place.inode().change(&change)?;
    notify::attributes(place);
    Ok(())
}

/// truncate(2) by place; descriptors use `File::truncate`.
pub fn truncate(cx: &Caller<'_>, place: &Place, len: u64) -> Result<()> {
    let meta = place.inode().meta()?;
    match meta.kind() {
        Kind::Directory => return Err(Errno::EISDIR),
        Kind::Regular => {}
        _ => return Err(Errno::EINVAL),
    }
    cx.creds.may(&meta, 2)?;
    place.mount.check_writable()?;
    place.inode().truncate(len)?;
    notify::modified(place);
    Ok(())
}

/// faccessat(2) with the credentials in `cx`: `want` is R_OK | W_OK | X_OK.
pub fn access(cx: &Caller<'_>, place: &Place, want: u32) -> Result<()> {
    let meta = place.inode().meta()?;
    if want & 2 != 0 && matches!(meta.kind(), Kind::Regular | Kind::Directory | Kind::Symlink) {
        place.mount.check_writable()?;
    }
    cx.creds.may(&meta, want)
}

/// A directory in which the caller may change names.
fn writable_dir(cx: &Caller<'_>, parent: &Place) -> Result<Meta> {
    parent.mount.check_writable()?;
    let meta = parent.inode().meta()?;
    if parent.dentry.is_deleted() {
        return Err(Errno::ENOENT);
    }
    cx.creds.may(&meta, 3)?;
    Ok(meta)
}
