//! Device numbers and who answers for them, and the names in /dev.
//!
//! Who calls: `main` and the rooms above `fs` register their devices once at boot;
//! `fs::open` asks [`open`] when a device node is opened, wherever the node is.

mod disk;
mod memory;
mod rtc;

use super::{Inode, Kind, dentry::Dentry, inode::New, tmpfs::Volume};
use crate::{Result, file::File, sync::SpinLock};
use abi::Errno;
use alloc::{boxed::Box, collections::BTreeMap, format, string::String, sync::Arc, vec::Vec};

/// Makes the object behind a new descriptor of a device. `flags` are open(2)'s;
/// blocking opens may sleep.
pub type Open = dyn Fn(u32) -> Result<Arc<dyn File>> + Send + Sync;

/// A device.
#[derive(Clone)]
pub struct Device {
    /// Path below /dev: "null", "pts/ptmx".
    pub name: String,
    /// `st_rdev`.
    pub rdev: u64,
    /// Permission bits of the node.
    pub mode: u32,
    open: Arc<Open>,
}

/// (type, number) -> device.
static DEVICES: SpinLock<BTreeMap<(u32, u64), Device>> = SpinLock::new(BTreeMap::new());

/// `st_rdev` for a pair of numbers, makedev(3) in the kernel's new encoding.
pub const fn makedev(major: u32, minor: u32) -> u64 {
    (minor as u64 & 0xff) | ((major as u64) << 8) | ((minor as u64 & !0xff) << 12)
}

/// Registers a character device and makes its node in /dev.
pub fn register(name: &str, major: u32, minor: u32, mode: u32, open: Box<Open>) {
    add(Kind::CharDevice, name, makedev(major, minor), mode, open);
}

/// Registers a block device and makes its node in /dev.
pub fn register_block(name: &str, major: u32, minor: u32, mode: u32, open: Box<Open>) {
    add(Kind::BlockDevice, name, makedev(major, minor), mode, open);
}

/// Takes a character device and its node away.
pub fn unregister(major: u32, minor: u32) {
    let key = (Kind::CharDevice as u32, makedev(major, minor));
    let Some(device) = DEVICES.lock().remove(&key) else {
        return;
    };
    if let Some((parent, name)) = node_parent(&device.name)
        && parent.inode().unlink(name.as_bytes()).is_ok()
    {
        parent.dentry.forget(name.as_bytes());
    }
}

fn add(kind: Kind, name: &str, rdev: u64, mode: u32, open: Box<Open>) {
    let device = Device {
        name: name.into(),
        rdev,
        mode,
        open: Arc::from(open),
    };
    DEVICES.lock().insert((kind as u32, rdev), device.clone());
    make_node(kind, &device);
}

/// Opens the device behind a node; `ENXIO` when nobody answers for the number.
pub fn open(kind: Kind, rdev: u64, flags: u32) -> Result<Arc<dyn File>> {
    let device = DEVICES
        .lock()
        .get(&(kind as u32, rdev))
        .cloned()
        .ok_or(Errno::ENXIO)?;
    (device.open)(flags)
}

/// The file systems of /dev and of /dev/pts; one instance each, wherever they are mounted.
static DEVTMPFS: SpinLock<Option<(Arc<Volume>, Arc<Dentry>)>> = SpinLock::new(None);
static DEVPTS: SpinLock<Option<(Arc<Volume>, Arc<Dentry>)>> = SpinLock::new(None);

/// Makes the file systems of /dev and /dev/pts with a node for every device so far, and the
/// links that udev(7) would make.
pub(super) fn init() -> (Arc<Volume>, Arc<Volume>) {
    let volume = Volume::empty("devtmpfs", 0o755, 0, 0, 0);
    *DEVTMPFS.lock() = Some((volume.clone(), volume.root_dentry()));
    let pts = Volume::empty("devpts", 0o755, 0, 0, 0);
    *DEVPTS.lock() = Some((pts.clone(), pts.root_dentry()));
    let devices = DEVICES.lock().clone();
    for ((kind, _), device) in &devices {
        make_node(Kind::from_mode(*kind), device);
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("core", "/proc/kcore"),
    ] {
        make(name, Kind::Symlink, 0o777, 0, target.as_bytes());
    }
    for name in ["pts", "shm"] {
        make(name, Kind::Directory, 0o755, 0, b"");
    }
    memory::register_all();
    for disk in crate::drivers::disks() {
        disk::register(disk);
    }
    rtc::register_all();
    (volume, pts)
}

/// The directory that a device name is in, made if it is not there, and its last component.
fn node_parent(name: &str) -> Option<(NodeDir, &str)> {
    let (fs, name) = match name.strip_prefix("pts/") {
        Some(name) => (&DEVPTS, name),
        None => (&DEVTMPFS, name),
    };
    let (volume, dentry) = fs.lock().clone()?;
    let mut dir = NodeDir {
        _volume: volume,
        dentry,
    };
    let (path, last) = name.rsplit_once('/').unwrap_or(("", name));
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let new = node(Kind::Directory, 0o755, 0, b"");
        if let Ok(inode) = dir.inode().create(part.as_bytes(), &new) {
            dir.dentry.adopt(part.as_bytes(), inode);
        }
        dir.dentry = dir.dentry.child(part.as_bytes()).ok()?;
    }
    Some((dir, last))
}

struct NodeDir {
    _volume: Arc<Volume>,
    dentry: Arc<Dentry>,
}

impl NodeDir {
    fn inode(&self) -> &Arc<dyn Inode> {
        self.dentry.inode()
    }
}

fn node(kind: Kind, mode: u32, rdev: u64, target: &[u8]) -> New<'_> {
    New {
        kind,
        mode,
        uid: 0,
        gid: 0,
        rdev,
        target,
    }
}

fn make_node(kind: Kind, device: &Device) {
    make(&device.name, kind, device.mode, device.rdev, b"");
}

fn make(name: &str, kind: Kind, mode: u32, rdev: u64, target: &[u8]) {
    // Before `init` there is no file system yet; it makes the nodes later.
    let Some((parent, name)) = node_parent(name) else {
        return;
    };
    match parent
        .inode()
        .create(name.as_bytes(), &node(kind, mode, rdev, target))
    {
        Ok(inode) => drop(parent.dentry.adopt(name.as_bytes(), inode)),
        Err(Errno::EEXIST) => {}
        Err(error) => log::warn!("/dev/{name}: {error}"),
    }
}

/// The text of /proc/devices.
pub(super) fn devices_text() -> String {
    let devices = DEVICES.lock();
    let list = |kind: Kind| {
        let mut lines: Vec<(u64, &str)> = devices
            .iter()
            .filter(|((k, _), _)| *k == kind as u32)
            .map(|((_, rdev), d)| (rdev >> 8 & 0xfff, d.name.split('/').next().unwrap_or("")))
            .collect();
        lines.dedup_by_key(|(major, _)| *major);
        lines
            .iter()
            .map(|(major, name)| format!("{major:3} {name}\n"))
            .collect::<String>()
    };
    format!(
        "Character devices:\n{}\nBlock devices:\n{}",
        list(Kind::CharDevice),
        list(Kind::BlockDevice)
    )
}
