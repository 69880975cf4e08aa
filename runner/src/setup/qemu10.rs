//! QEMU 10 beside the machine's own: Debian's backports for stable, unpacked in the
//! cache. Nothing is installed and the machine's apt does not learn of backports.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::apt::{Apt, Source};
use super::{Cache, Options, say, shell};

const SUITE: &str = "bookworm-backports";

/// The emulators, their firmware, and the modules that the machine's own QEMU would
/// otherwise lend (QEMU refuses modules of another build). libpipewire is there
/// because one of those modules names it.
const PACKAGES: &[&str] = &[
    "qemu-system-misc",
    "qemu-system-riscv",
    "qemu-system-common",
    "qemu-system-data",
    "qemu-system-gui",
    "qemu-system-modules-opengl",
    "qemu-system-modules-spice",
    "qemu-block-extra",
    "opensbi",
    "libpipewire-0.3-0",
];

/// A directory with `qemu-system-riscv64` and `qemu-system-loongarch64` of QEMU 10,
/// fetched where it is not there: fit for `--qemu DIR`.
///
/// # Errors
/// A host other than Debian 12 on amd64, no network and nothing cached.
pub fn ensure(options: &Options) -> anyhow::Result<PathBuf> {
    let cache = Cache::open(options)?;
    let home = cache.dir("qemu10")?;
    let bin = home.join("bin");
    let there = || works(&bin).then(|| bin.clone());
    cache.make("qemu10", there, |debs| fetch(&cache, debs, &home, options))
}

/// Unpacks the packages below `home`, by way of `debs`; answers the directory of programs.
fn fetch(cache: &Cache, debs: &Path, home: &Path, options: &Options) -> anyhow::Result<PathBuf> {
    if options.offline {
        bail!("--offline, and the cache has no QEMU 10");
    }
    say(format!(
        "fetching QEMU 10 from {SUITE} (unpacked in {}, nothing is installed)",
        home.display()
    ));
    let apt = Apt::new(cache, SUITE, &[Source::binaries(SUITE)], options)?;
    let names: Vec<String> = PACKAGES
        .iter()
        .map(|name| format!("{name}/{SUITE}"))
        .collect();
    apt.download(&names, debs)?;
    let (root, bin) = (home.join("root"), home.join("bin"));
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    for deb in fs::read_dir(debs)? {
        super::deb::unpack(&deb?.path(), &root)?;
    }
    fs::create_dir_all(&bin)?;
    for name in ["qemu-system-riscv64", "qemu-system-loongarch64"] {
        write_wrapper(&root, &bin, name)?;
    }
    if !works(&bin) {
        let error = shell::run(Command::new(bin.join("qemu-system-riscv64")).arg("--version"));
        return Err(error
            .err()
            .context("QEMU 10 from backports does not start")?);
    }
    Ok(bin)
}

fn works(bin: &Path) -> bool {
    ["qemu-system-riscv64", "qemu-system-loongarch64"]
        .iter()
        .all(|name| shell::run(Command::new(bin.join(name)).arg("--version")).is_ok())
}

/// A script that starts the unpacked emulator with its own modules and firmware; the
/// option ROMs are the machine's.
fn write_wrapper(root: &Path, bin: &Path, name: &str) -> anyhow::Result<()> {
    let file = bin.join(name);
    let text = format!(
        "#!/bin/sh\n\
         export QEMU_MODULE_DIR='{root}/usr/lib/x86_64-linux-gnu/qemu'\n\
         export LD_LIBRARY_PATH='{root}/usr/lib/x86_64-linux-gnu'\n\
         exec '{root}/usr/bin/{name}' -L '{root}/usr/share/qemu' -L /usr/share/qemu -L /usr/lib/ipxe/qemu \"$@\"\n",
        root = root.display(),
    );
    fs::write(&file, text)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
