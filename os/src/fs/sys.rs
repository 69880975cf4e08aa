//! The files of /sys that belong to no room above: CPUs, disks, empty directories
//! where Linux has mount points. `net` adds class/net. sysfs(5).

use super::pseudo::sys;
use crate::drivers;
use alloc::format;

/// Registers them.
pub(super) fn register() {
    let sys = sys();
    for name in ["online", "possible", "present"] {
        sys.file(&format!("devices/system/cpu/{name}"), || "0\n".into());
    }
    sys.directory("devices/system/cpu/cpu0");
    for path in [
        "fs/cgroup",
        "kernel/debug",
        "kernel/security",
        "kernel/tracing",
        "class",
        "bus",
        "firmware",
    ] {
        sys.directory(path);
    }
    for disk in drivers::disks() {
        let name = disk.name();
        let (sectors, read_only) = (disk.sectors(), u8::from(disk.read_only()));
        sys.file(&format!("block/{name}/size"), move || {
            format!("{sectors}\n")
        });
        sys.file(&format!("block/{name}/ro"), move || {
            format!("{read_only}\n")
        });
    }
}
