//! The layout of the guest's root: directories, our own files, links.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::place;
use crate::target::{Arch, Libc};

use super::applets;
use super::manifest::Manifest;

/// Part of every image's key: raise it when this file changes what is written.
pub const LAYOUT: &str = "3";

/// Mount points and directories that programs expect (hier(7)).
const DIRECTORIES: &[&str] = &[
    "dev",
    "etc",
    "glibc",
    "home",
    "mnt",
    "musl/bin",
    "opt/testsuite",
    "proc",
    "root",
    "run",
    "sys",
    "tmp",
    "usr/bin",
    "usr/lib",
    "usr/local/bin",
    "usr/sbin",
    "var/lib",
    "var/log",
    "var/run",
    "var/tmp",
];

/// The empty root: directories, the merged /usr, and busybox-img/rootfs.
///
/// # Errors
/// The disk is full.
pub fn skeleton(root: &Path, arch: Arch) -> anyhow::Result<()> {
    for dir in DIRECTORIES {
        fs::create_dir_all(root.join(dir))?;
    }
    for dir in ["tmp", "var/tmp"] {
        fs::set_permissions(root.join(dir), fs::Permissions::from_mode(0o1777))?;
    }
    let mut merged = vec!["bin", "lib", "sbin"];
    if arch == Arch::Loongarch64 {
        merged.push("lib64");
        fs::create_dir_all(root.join("usr/lib64"))?;
    }
    for name in merged {
        symlink(Path::new("usr").join(name), root.join(name))?;
    }
    for (name, text) in inputs()? {
        let file = root.join(&name);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&file, text).with_context(|| format!("cannot write /{name}"))?;
    }
    Ok(())
}

/// The files of busybox-img/rootfs: path below the root, content.
///
/// # Errors
/// The repository is not complete.
pub fn inputs() -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let top = place::root().join("busybox-img/rootfs");
    let mut files = Vec::new();
    let mut dirs = vec![top.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).with_context(|| format!("cannot read {}", dir.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                let name = path.strip_prefix(&top)?.to_string_lossy().into_owned();
                files.push((name, fs::read(&path)?));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Puts the musl programs into /musl/bin, with busybox's applets as links, and
/// links beside the directory for scripts that expect them there.
///
/// # Errors
/// A program is not there, or busybox has no applets.
pub fn musl(root: &Path, programs: &[PathBuf]) -> anyhow::Result<()> {
    let bin = root.join("musl/bin");
    for program in programs {
        let name = program.file_name().context("a program without a name")?;
        fs::copy(program, bin.join(name))?;
        symlink(Path::new("bin").join(name), root.join("musl").join(name))?;
    }
    applet_links(&bin, &bin.join("busybox"), &[])
}

/// Test programs go to /opt/testsuite/<libc>/<group>/<name>.
///
/// # Errors
/// The disk is full.
pub fn testsuite(root: &Path, libc: Libc, programs: &[(String, PathBuf)]) -> anyhow::Result<()> {
    for (name, file) in programs {
        let target = root.join("opt/testsuite").join(libc.name()).join(name);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(file, target)?;
    }
    Ok(())
}

/// The manifest's links, then busybox's applets for every name that is still free.
///
/// # Errors
/// A link's name is taken.
pub fn links(root: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    for (name, target) in &manifest.links {
        symlink(target, root.join(name))
            .with_context(|| format!("[links] {name} of busybox-img/manifest.toml"))?;
    }
    let bin = root.join("usr/bin");
    applet_links(&bin, &bin.join("busybox"), &[root.join("usr/sbin")])?;
    for name in ["busybox", "iperf3", "netperf", "netserver"] {
        if bin.join(name).exists() {
            symlink(
                Path::new("../usr/bin").join(name),
                root.join("glibc").join(name),
            )?;
        }
    }
    Ok(())
}

fn applet_links(bin: &Path, busybox: &Path, taken: &[PathBuf]) -> anyhow::Result<()> {
    let names =
        applets::names(&fs::read(busybox).with_context(|| format!("no {}", busybox.display()))?);
    anyhow::ensure!(
        !names.is_empty(),
        "{} has no table of applets",
        busybox.display()
    );
    for name in names {
        let free = |dir: &Path| fs::symlink_metadata(dir.join(&name)).is_err();
        if free(bin) && taken.iter().all(|dir| free(dir)) {
            symlink("busybox", bin.join(&name))?;
        }
    }
    Ok(())
}
