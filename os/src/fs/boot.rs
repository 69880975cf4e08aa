//! What is mounted before the first process: the root, /dev, /proc, /sys.

use super::{
    Caller, Creds, FsContext, dev,
    lower::Lower,
    mount::{self, FileSystem, MountFlags},
    names, proc,
    pseudo::{self, PseudoFs},
    sys,
    tmpfs::Volume,
    walk,
};
use crate::{Result, drivers};
use abi::Errno;
use alloc::{format, string::String, sync::Arc};

/// Mounts the root and the standard trees. The root is the disk that `root=` of the
/// kernel's command line names, else the first one with an ext2/3/4 volume; without
/// one it is empty memory. Memory lies over it: the disk is never written.
pub fn init(cmdline: &'static str) {
    let wanted = cmdline
        .split_whitespace()
        .rev()
        .find_map(|word| word.strip_prefix("root="));
    let (root, source) = root_volume(wanted);
    mount::set_root(root, &source);
    proc::register(cmdline);
    sys::register();
    let cx = FsContext::new();
    let creds = Creds::root();
    let cx = Caller {
        fs: &cx,
        creds: &creds,
    };
    let (devtmpfs, devpts) = dev::init();
    register_kinds(devtmpfs, devpts);
    let secure = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    for (kind, source, target, flags) in [
        ("devtmpfs", "devtmpfs", "/dev", MountFlags::NOSUID),
        (
            "devpts",
            "devpts",
            "/dev/pts",
            MountFlags::NOSUID | MountFlags::NOEXEC,
        ),
        (
            "tmpfs",
            "tmpfs",
            "/dev/shm",
            MountFlags::NOSUID | MountFlags::NODEV,
        ),
        ("proc", "proc", "/proc", secure),
        ("sysfs", "sysfs", "/sys", secure),
    ] {
        let data = if target == "/dev/shm" {
            "mode=1777"
        } else {
            ""
        };
        if let Err(error) = mount_at(&cx, kind, source, target, flags, data) {
            log::error!("cannot mount {target}: {error}");
        }
    }
}

fn root_volume(wanted: Option<&str>) -> (Arc<dyn FileSystem>, String) {
    let disks = drivers::disks();
    let named = |name: &str| wanted.is_none_or(|wanted| wanted == format!("/dev/{name}"));
    for disk in disks.iter().filter(|disk| named(disk.name())) {
        match Lower::open(disk.clone()).and_then(Volume::over) {
            Ok(volume) => {
                log::info!("root on {}", disk.name());
                return (volume, "overlay".into());
            }
            Err(error) => log::debug!("{} has no root volume: {error}", disk.name()),
        }
    }
    log::warn!("no root volume on any disk, the root is empty");
    (Volume::empty("tmpfs", 0o755, 0, 0, 0), "none".into())
}

/// Mounts, and makes the mount point where the image has none.
fn mount_at(
    cx: &Caller<'_>,
    kind: &str,
    source: &str,
    target: &str,
    flags: MountFlags,
    data: &str,
) -> Result<()> {
    let found = walk::walk(cx, cx.fs.root(), target.as_bytes(), walk::How::FOLLOW)?;
    if found.place.is_none() {
        names::mkdir(cx, found, 0o755)?;
    }
    let request = mount::Request {
        source: source.as_bytes(),
        target: target.as_bytes(),
        kind,
        flags: flags.bits(),
        data,
    };
    mount::mount(cx, &request)
}

const PAGE: u64 = crate::mm::PAGE_SIZE as u64;
/// PROC_SUPER_MAGIC and SYSFS_MAGIC, statfs(2).
const PROC_MAGIC: u64 = 0x9fa0;
const SYSFS_MAGIC: u64 = 0x6265_6572;

/// The types that mount(2) knows. /proc, /sys, /dev and /dev/pts are one instance each, as on Linux.
fn register_kinds(devtmpfs: Arc<Volume>, devpts: Arc<Volume>) {
    let procfs = PseudoFs::new("proc", PROC_MAGIC, pseudo::proc(), 0);
    let sysfs = PseudoFs::new("sysfs", SYSFS_MAGIC, pseudo::sys(), PAGE);
    mount::register_kind("sysfs", true, move |_, _| Ok(sysfs.clone()));
    mount::register_kind("tmpfs", true, tmpfs);
    mount::register_kind("ramfs", true, tmpfs);
    mount::register_kind("proc", true, move |_, _| Ok(procfs.clone()));
    mount::register_kind("devtmpfs", true, move |_, _| Ok(devtmpfs.clone()));
    mount::register_kind("devpts", true, move |_, _| Ok(devpts.clone()));
    for kind in ["ext4", "ext3", "ext2"] {
        mount::register_kind(kind, false, ext4);
    }
}

/// tmpfs(5): size=, nr_inodes= (not enforced), mode=, uid=, gid=. Unknown options: `EINVAL`.
fn tmpfs(_: &str, data: &str) -> Result<Arc<dyn FileSystem>> {
    let (total, _) = mount::memory_pages();
    let (mut mode, mut uid, mut gid, mut size) = (0o1777, 0, 0, total / 2 * PAGE);
    for option in data.split(',').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        match key {
            "mode" => mode = u32::from_str_radix(value, 8).map_err(|_| Errno::EINVAL)? & 0o7777,
            "uid" => uid = value.parse().map_err(|_| Errno::EINVAL)?,
            "gid" => gid = value.parse().map_err(|_| Errno::EINVAL)?,
            "size" => size = bytes(value, total).ok_or(Errno::EINVAL)?,
            "nr_inodes" | "nr_blocks" | "huge" | "inode64" | "inode32" => {}
            _ => return Err(Errno::EINVAL),
        }
    }
    Ok(Volume::empty("tmpfs", mode, uid, gid, size))
}

/// "64m", "10%", "4096".
fn bytes(text: &str, total_pages: u64) -> Option<u64> {
    if let Some(percent) = text.strip_suffix('%') {
        return Some(total_pages * PAGE / 100 * percent.parse::<u64>().ok()?);
    }
    let (digits, shift) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 10),
        b'm' | b'M' => (&text[..text.len() - 1], 20),
        b'g' | b'G' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// A disk by its name in /dev; memory lies over it as over the root.
fn ext4(source: &str, _: &str) -> Result<Arc<dyn FileSystem>> {
    let name = source.strip_prefix("/dev/").ok_or(Errno::ENOENT)?;
    let disk = drivers::disks()
        .into_iter()
        .find(|disk| disk.name() == name);
    Ok(Volume::over(Lower::open(disk.ok_or(Errno::ENOTBLK)?)?)?)
}
