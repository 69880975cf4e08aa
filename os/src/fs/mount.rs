//! Mounts: which file system is seen where, mount(2), umount2(2), /proc/mounts.
//!
//! The table is one list for all mount namespaces ([`space`]): there are about ten mounts in each,
//! and a walk looks into it only at dentries that are covered by one. A mount belongs to one namespace.

mod propagation;
mod space;
mod text;

use propagation::Tie;
pub use space::MountSpace;
pub use text::{mountinfo_text, mounts_text};

use super::{Caller, Inode, Place, caller::CAP_SYS_ADMIN, dentry::Dentry, walk};
use crate::{Result, sync::SpinLock};
use abi::Errno;
use alloc::{
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

bitflags::bitflags! {
    /// Flags of a mount, with mount(2)'s values.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct MountFlags: u32 {
        #[allow(missing_docs)]
        const RDONLY = 1;
        #[allow(missing_docs)]
        const NOSUID = 2;
        #[allow(missing_docs)]
        const NODEV = 4;
        #[allow(missing_docs)]
        const NOEXEC = 8;
        #[allow(missing_docs)]
        const NOSYMFOLLOW = 256;
        #[allow(missing_docs)]
        const NOATIME = 1024;
        #[allow(missing_docs)]
        const NODIRATIME = 2048;
        #[allow(missing_docs)]
        const RELATIME = 1 << 21;
    }
}

const MS_REMOUNT: u32 = 32;
const MS_BIND: u32 = 4096;
const MS_MOVE: u32 = 8192;
const MS_REC: u32 = 16384;
const MS_UNBINDABLE: u32 = 1 << 17;
const MS_PRIVATE: u32 = 1 << 18;
const MS_SLAVE: u32 = 1 << 19;
const MS_SHARED: u32 = 1 << 20;

/// What statfs(2) tells of a file system.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Usage {
    /// `f_type`.
    pub magic: u64,
    pub block_size: u64,
    pub blocks: u64,
    pub free: u64,
    pub files: u64,
    pub files_free: u64,
}

/// An instance of a file system.
pub trait FileSystem: Send + Sync {
    /// The name in /proc/filesystems.
    fn kind(&self) -> &'static str;
    /// Its root directory.
    fn root(&self) -> Arc<dyn Inode>;
    /// The dentry of its root; the same one each time where cached names are kept.
    fn root_dentry(&self) -> Arc<Dentry> {
        Dentry::root(self.root())
    }
    /// The last mount is gone: what is not open may go.
    fn unmounted(&self) {}
    /// `st_dev` of its inodes.
    fn dev(&self) -> u64;
    /// statfs(2).
    fn usage(&self) -> Usage;
    /// What follows "rw" in /proc/mounts, with its comma.
    fn options(&self) -> String {
        String::new()
    }
}

/// A file system seen at some place.
pub struct Mount {
    id: u64,
    fs: Arc<dyn FileSystem>,
    /// What is seen: the root of `fs`, or any directory or file of it (MS_BIND).
    root: Arc<Dentry>,
    source: String,
    flags: AtomicU32,
    /// Number of its mount namespace; 0 before it is attached.
    space: AtomicU64,
    /// What it covers; `None` for the root and after a detach.
    covered: SpinLock<Option<Place>>,
    tie: SpinLock<Tie>,
}

static MOUNTS: SpinLock<Vec<Arc<Mount>>> = SpinLock::new(Vec::new());
static NEXT_ID: AtomicU64 = AtomicU64::new(21);
static NEXT_DEV: AtomicU32 = AtomicU32::new(20);

/// A device number for a file system without a device (major 0).
pub fn anonymous_dev() -> u64 {
    super::dev::makedev(0, NEXT_DEV.fetch_add(1, Ordering::Relaxed))
}

/// (all, free) page frames of the machine.
pub fn memory_pages() -> (u64, u64) {
    let (free, all) = crate::mm::frame::counts();
    (all, free)
}

/// The root of the first mount namespace.
pub fn root() -> Place {
    let mounts = MOUNTS.lock();
    // `fs::init` mounts the root before anybody can have a path.
    let mount = mounts.first().expect("the root is mounted").clone();
    drop(mounts);
    mount.place()
}

/// The root of the namespace that `mount` is in; of the first one for a mount that is in none.
pub fn root_of(mount: &Mount) -> Place {
    space::root(mount.space.load(Ordering::Relaxed)).unwrap_or_else(root)
}

impl Mount {
    fn new(
        fs: Arc<dyn FileSystem>,
        root: Arc<Dentry>,
        source: &str,
        flags: MountFlags,
    ) -> Arc<Mount> {
        Arc::new(Mount {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            fs,
            root,
            source: source.to_string(),
            flags: AtomicU32::new(flags.bits()),
            space: AtomicU64::new(0),
            covered: SpinLock::new(None),
            tie: SpinLock::new(Tie::default()),
        })
    }

    /// Number in /proc/self/mountinfo and `stx_mnt_id`.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Its file system.
    pub fn fs(&self) -> &Arc<dyn FileSystem> {
        &self.fs
    }

    /// The place of its root.
    pub fn place(self: &Arc<Self>) -> Place {
        Place {
            mount: self.clone(),
            dentry: self.root.clone(),
        }
    }

    /// The place that it covers.
    pub fn covered(&self) -> Option<Place> {
        self.covered.lock().clone()
    }

    /// Flags now.
    pub fn flags(&self) -> MountFlags {
        MountFlags::from_bits_truncate(self.flags.load(Ordering::Relaxed))
    }

    /// `EROFS` on a read-only mount.
    pub fn check_writable(&self) -> Result<()> {
        if self.flags().contains(MountFlags::RDONLY) {
            Err(Errno::EROFS)
        } else {
            Ok(())
        }
    }
}

/// What is seen at `place`: the root of the topmost mount on it, or the place itself.
pub fn seen_at(mut place: Place) -> Place {
    while place.dentry.is_mountpoint() {
        let mounts = MOUNTS.lock();
        let top = mounts
            .iter()
            .rev()
            .find(|m| m.covered.lock().as_ref() == Some(&place));
        let Some(top) = top.cloned() else { break };
        drop(mounts);
        place = top.place();
    }
    place
}

/// A mount that no path leads to, for inodes without names (memfd_create(2)).
pub(super) fn hidden(fs: Arc<dyn FileSystem>) -> Arc<Mount> {
    let root = fs.root_dentry();
    Mount::new(fs, root, "none", MountFlags::NOSUID | MountFlags::NODEV)
}

/// Mounts the first root.
pub(super) fn set_root(fs: Arc<dyn FileSystem>, source: &str) {
    let dentry = fs.root_dentry();
    let mount = Mount::new(fs, dentry, source, MountFlags::RELATIME);
    mount.space.store(MountSpace::FIRST, Ordering::Relaxed);
    MOUNTS.lock().insert(0, mount);
}

/// Puts a file system at a place. No checks: those are [`mount`]'s.
pub(super) fn attach(fs: Arc<dyn FileSystem>, source: &str, at: Place, flags: MountFlags) {
    let dentry = fs.root_dentry();
    propagation::graft(Mount::new(fs, dentry, source, flags), at);
}

fn attach_mount(mount: Arc<Mount>, at: Place) {
    at.dentry.count_mount(1);
    let space = at.mount.space.load(Ordering::Relaxed);
    mount.space.store(space, Ordering::Relaxed);
    *mount.covered.lock() = Some(at);
    MOUNTS.lock().push(mount);
}

/// Takes a mount out of its place.
fn lift(mount: &Arc<Mount>) {
    MOUNTS.lock().retain(|m| !Arc::ptr_eq(m, mount));
    let covered = mount.covered.lock().take();
    if let Some(place) = covered {
        place.dentry.count_mount(-1);
    }
}

/// The same for good.
fn detach(mount: &Arc<Mount>) {
    lift(mount);
    propagation::release(mount);
    let last = !MOUNTS.lock().iter().any(|m| Arc::ptr_eq(&m.fs, &mount.fs));
    if last {
        mount.root.clear();
        mount.fs.unmounted();
    }
}

/// Makes an instance of a file system: (source, data) of mount(2).
type Maker = dyn Fn(&str, &str) -> Result<Arc<dyn FileSystem>> + Send + Sync;

/// Name, whether it needs no device (`nodev` in /proc/filesystems), and its maker.
static KINDS: SpinLock<Vec<(&str, bool, Arc<Maker>)>> = SpinLock::new(Vec::new());

/// Makes a kind of file system known to mount(2).
pub(super) fn register_kind(
    name: &'static str,
    nodev: bool,
    maker: impl Fn(&str, &str) -> Result<Arc<dyn FileSystem>> + Send + Sync + 'static,
) {
    KINDS.lock().push((name, nodev, Arc::new(maker)));
}

/// The text of /proc/filesystems.
pub(super) fn kinds_text() -> String {
    let kinds = KINDS.lock();
    kinds
        .iter()
        .map(|(name, nodev, _)| format!("{}\t{name}\n", if *nodev { "nodev" } else { "" }))
        .collect()
}

/// What mount(2) is asked to do; strings already copied in.
pub struct Request<'a> {
    #[allow(missing_docs)]
    pub source: &'a [u8],
    #[allow(missing_docs)]
    pub target: &'a [u8],
    #[allow(missing_docs)]
    pub kind: &'a str,
    /// MS_*.
    pub flags: u32,
    #[allow(missing_docs)]
    pub data: &'a str,
}

/// mount(2): new mounts, MS_REMOUNT, MS_BIND, MS_MOVE, and the propagation types.
pub fn mount(cx: &Caller<'_>, request: &Request<'_>) -> Result<()> {
    let at = walk::existing(cx, cx.fs.cwd(), request.target, true)?;
    if !cx.creds.capable(CAP_SYS_ADMIN) {
        return Err(Errno::EPERM);
    }
    let flags = MountFlags::from_bits_truncate(request.flags);
    let at_root = Arc::ptr_eq(&at.dentry, &at.mount.root);
    if request.flags & MS_REMOUNT != 0 {
        if !at_root {
            return Err(Errno::EINVAL);
        }
        at.mount.flags.store(flags.bits(), Ordering::Relaxed);
        return Ok(());
    }
    if request.flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE) != 0 {
        return propagation::change(request.flags, &at);
    }
    let source = core::str::from_utf8(request.source).map_err(|_| Errno::EINVAL)?;
    if request.flags & MS_BIND != 0 {
        let from = walk::existing(cx, cx.fs.cwd(), request.source, true)?;
        check_types(&from, &at)?;
        let mount = Mount::new(
            from.mount.fs.clone(),
            from.dentry.clone(),
            &from.mount.source,
            from.mount.flags(),
        );
        mount.tie_bound(&from.mount)?;
        if request.flags & MS_REC != 0 {
            propagation::bind_below(&mount, &from);
        }
        propagation::graft(mount, at);
        return Ok(());
    }
    if request.flags & MS_MOVE != 0 {
        return relocate(cx, request, at);
    }
    if at.inode().meta()?.kind() != super::Kind::Directory {
        return Err(Errno::ENOTDIR);
    }
    let maker = {
        let kinds = KINDS.lock();
        let found = kinds.iter().find(|(name, ..)| *name == request.kind);
        found.ok_or(Errno::ENODEV)?.2.clone()
    };
    let fs = maker(source, request.data)?;
    // The same instance (proc, sysfs, devpts) on its own root again.
    if at_root && Arc::ptr_eq(&at.mount.fs, &fs) && at.mount.source == source {
        return Err(Errno::EBUSY);
    }
    attach(fs, source, at, flags | MountFlags::RELATIME);
    Ok(())
}

fn relocate(cx: &Caller<'_>, request: &Request<'_>, at: Place) -> Result<()> {
    let from = walk::existing(cx, cx.fs.cwd(), request.source, true)?;
    if !Arc::ptr_eq(&from.dentry, &from.mount.root) || from.mount.covered().is_none() {
        return Err(Errno::EINVAL);
    }
    check_types(&from, &at)?;
    // Who heard it come would not hear it go; and what may not be bound has no copies.
    let leaves_group = from.mount.covered().is_some_and(|on| on.mount.is_shared());
    let whole = propagation::tree(&from.mount);
    let stays = at.mount.is_shared() && whole.iter().any(|mount| mount.is_unbindable());
    drop(whole);
    if leaves_group || stays {
        return Err(Errno::EINVAL);
    }
    // Not into itself.
    let mut up = at.clone();
    while let Some(below) = up.mount.covered() {
        if Arc::ptr_eq(&up.mount, &from.mount) {
            return Err(Errno::ELOOP);
        }
        up = below;
    }
    lift(&from.mount);
    propagation::graft(from.mount.clone(), at);
    Ok(())
}

/// A directory on a directory, or a file on a file.
fn check_types(from: &Place, at: &Place) -> Result<()> {
    let directory = |p: &Place| p.inode().meta().map(|m| m.kind() == super::Kind::Directory);
    if directory(from)? == directory(at)? {
        Ok(())
    } else {
        Err(Errno::ENOTDIR)
    }
}

/// umount2(2): MNT_FORCE, MNT_DETACH, MNT_EXPIRE (which Linux answers with `EAGAIN` at first) and UMOUNT_NOFOLLOW.
pub fn unmount(cx: &Caller<'_>, target: &[u8], flags: u32) -> Result<()> {
    const FORCE: u32 = 1;
    const DETACH: u32 = 2;
    const EXPIRE: u32 = 4;
    const NOFOLLOW: u32 = 8;
    if flags & !(FORCE | DETACH | EXPIRE | NOFOLLOW) != 0
        || (flags & EXPIRE != 0 && flags & (FORCE | DETACH) != 0)
    {
        return Err(Errno::EINVAL);
    }
    let at = walk::existing(cx, cx.fs.cwd(), target, flags & NOFOLLOW == 0)?;
    if !cx.creds.capable(CAP_SYS_ADMIN) {
        return Err(Errno::EPERM);
    }
    if !Arc::ptr_eq(&at.dentry, &at.mount.root) {
        return Err(Errno::EINVAL);
    }
    let mount = at.mount.clone();
    drop(at);
    if mount.covered().is_none() {
        return Err(Errno::EBUSY); // the root
    }
    let has_child = MOUNTS.lock().iter().any(|m| {
        m.covered
            .lock()
            .as_ref()
            .is_some_and(|p| Arc::ptr_eq(&p.mount, &mount))
    });
    // Open files, working directories and mounts below each hold the mount; so do we and the table.
    let heirs = propagation::heirs(&mount);
    let in_use = |mount: &Arc<Mount>| Arc::strong_count(mount) > 2;
    let busy = has_child || in_use(&mount) || heirs.iter().any(in_use);
    if busy && flags & DETACH == 0 {
        return Err(Errno::EBUSY);
    }
    if flags & EXPIRE != 0 {
        return Err(Errno::EAGAIN);
    }
    detach(&mount);
    heirs.iter().for_each(detach);
    Ok(())
}
