//! Device numbers and who answers for them, and the names in /dev.
//!
//! Who calls: `main` and the rooms above `fs` register their devices once at boot;
//! `fs::open` asks [`open`] when a device node is opened, wherever the node is.

use crate::{Result, file::File};
use abi::Errno;
use alloc::{boxed::Box, collections::BTreeMap, string::String, sync::Arc};

use super::Kind;
use crate::sync::SpinLock;

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
    /// Group of the node (5 is `tty` on Debian).
    pub gid: u32,
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
pub fn unregister(_major: u32, _minor: u32) {
    todo!()
}

fn add(kind: Kind, name: &str, rdev: u64, mode: u32, open: Box<Open>) {
    let device = Device {
        name: name.into(),
        rdev,
        mode,
        gid: 0,
        open: Arc::from(open),
    };
    DEVICES.lock().insert((kind as u32, rdev), device);
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
