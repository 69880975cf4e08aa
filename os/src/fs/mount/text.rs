//! /proc/mounts and /proc/<pid>/mountinfo.

use super::{MOUNTS, Mount, MountFlags};
use crate::fs::Place;
use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};

/// The text of /proc/<pid>/mounts for a process whose root is `root`: what it cannot reach is left out.
pub fn mounts_text(root: &Place) -> String {
    let mut text = String::new();
    for (mount, path) in reachable(root) {
        let options = options(&mount);
        text += &format!(
            "{} {path} {} {options} 0 0\n",
            escape(&mount.source),
            mount.fs.kind()
        );
    }
    text
}

/// The text of /proc/<pid>/mountinfo. proc_pid_mountinfo(5).
pub fn mountinfo_text(root: &Place) -> String {
    let mut text = String::new();
    for (mount, path) in reachable(root) {
        let dev = mount.fs.dev();
        let (major, minor) = (dev >> 8 & 0xfff, dev & 0xff | dev >> 12 & 0xfff00);
        let parent = mount.covered().map_or(1, |p| p.mount.id);
        let mut inner = mount.place();
        // The root of the mount within its file system.
        let mut within = Vec::new();
        while let Some(up) = inner.dentry.parent() {
            let name = inner.dentry.name();
            within.splice(0..0, core::iter::once(b'/').chain(name.iter().copied()));
            inner.dentry = up;
        }
        let within = String::from_utf8_lossy(&within);
        let within = if within.is_empty() { "/" } else { &*within };
        text += &format!(
            "{} {parent} {major}:{minor} {} {path} {} {}- {} {} rw{}\n",
            mount.id,
            escape(within),
            options(&mount).split(",lowerdir").next().unwrap_or("rw"),
            mount.optional_fields(),
            mount.fs.kind(),
            escape(&mount.source),
            mount.fs.options(),
        );
    }
    text
}

fn reachable(root: &Place) -> Vec<(Arc<Mount>, String)> {
    let all: Box<[Arc<Mount>]> = MOUNTS.lock().iter().cloned().collect();
    all.iter()
        .filter_map(|mount| {
            let path = mount.place().path_from(root);
            let path = String::from_utf8_lossy(&path).into_owned();
            path.starts_with('/')
                .then(|| (mount.clone(), escape(&path)))
        })
        .collect()
}

fn options(mount: &Mount) -> String {
    let flags = mount.flags();
    let mut text = String::from(if flags.contains(MountFlags::RDONLY) {
        "ro"
    } else {
        "rw"
    });
    for (flag, word) in [
        (MountFlags::NOSUID, ",nosuid"),
        (MountFlags::NODEV, ",nodev"),
        (MountFlags::NOEXEC, ",noexec"),
        (MountFlags::NOATIME, ",noatime"),
        (MountFlags::RELATIME, ",relatime"),
    ] {
        if flags.contains(flag) {
            text += word;
        }
    }
    text + &mount.fs.options()
}

/// Blanks and backslashes as octal, getmntent(3).
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            ' ' | '\t' | '\n' | '\\' => out += &format!("\\{:03o}", c as u32),
            _ => out.push(c),
        }
    }
    out
}
