//! Programs the host needs, as Debian packages: installed where they are missing and
//! this process may, named in one command where it may not.

use std::process::Command;

use anyhow::{Context, bail};

use super::{Options, say, shell};

/// A need, how to see that it is met, and the package that meets it.
struct Need {
    package: &'static str,
    what_for: &'static str,
    met: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need {
        package: "qemu-system-misc",
        what_for: "runs the guests",
        met: || program("qemu-system-riscv64") && program("qemu-system-loongarch64"),
    },
    Need {
        package: "opensbi",
        what_for: "riscv64 firmware",
        met: || file("/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin"),
    },
    Need {
        package: "ipxe-qemu",
        what_for: "option ROM of QEMU's PCI network card",
        met: || file("/usr/lib/ipxe/qemu/efi-virtio.rom"),
    },
    Need {
        package: "mmdebstrap",
        what_for: "unpacks Debian packages of other architectures",
        met: || program("mmdebstrap"),
    },
    Need {
        package: "debian-archive-keyring",
        what_for: "verifies packages",
        met: || file("/usr/share/keyrings/debian-archive-keyring.gpg"),
    },
    Need {
        package: "e2fsprogs",
        what_for: "makes the ext4 images",
        met: || program("mke2fs"),
    },
    Need {
        package: "python3-venv",
        what_for: "holds the zig C compiler",
        met: has_venv,
    },
    Need {
        package: "make",
        what_for: "builds busybox",
        met: || program("make"),
    },
    Need {
        package: "gcc",
        what_for: "builds busybox's configuration tool",
        met: || program("gcc"),
    },
    Need {
        package: "libc6-dev",
        what_for: "builds busybox's configuration tool",
        met: || file("/usr/include/stdlib.h"),
    },
    Need {
        package: "bzip2",
        what_for: "unpacks source archives",
        met: || program("bzip2"),
    },
    Need {
        package: "xz-utils",
        what_for: "unpacks source archives",
        met: || program("xz"),
    },
];

/// Each package of Debian that a run needs: its name, what for, and whether what it brings
/// is there.
pub fn needs() -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    NEEDS
        .iter()
        .map(|need| (need.package, need.what_for, (need.met)()))
}

/// Installs what is missing with apt-get; says so first. Does nothing, and fetches
/// nothing, where all is there.
///
/// # Errors
/// Something is missing and this is not root, or a machine without apt-get, or
/// `--offline`: the message has the command to run.
pub fn ensure(options: &Options) -> anyhow::Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.met)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let command = format!(
        "apt-get install --no-install-recommends {}",
        packages.join(" ")
    );
    if shell::find("apt-get").is_none() {
        bail!(
            "this machine has no apt-get; install what these Debian packages hold: {}",
            packages.join(" ")
        );
    }
    if options.offline || !shell::is_root() {
        let why = if options.offline {
            "--offline"
        } else {
            "not root"
        };
        bail!(
            "{} packages are missing ({why}). Run, as root:\n  apt-get update && {command}",
            packages.len()
        );
    }
    say("installing Debian packages:");
    for need in &missing {
        say(format!("  {:24} {}", need.package, need.what_for));
    }
    apt_get(&["update"]).context("apt-get update")?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(&packages);
    apt_get(&install).with_context(|| command.clone())?;
    match missing.iter().find(|need| !(need.met)()) {
        Some(need) => bail!(
            "package {} is installed, but what it should bring is not there",
            need.package
        ),
        None => Ok(()),
    }
}

fn apt_get(arguments: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("LC_ALL", "C")
        .arg("-q")
        .args(arguments);
    shell::run(&mut command)
}

fn program(name: &str) -> bool {
    shell::find(name).is_some()
}

fn file(path: &str) -> bool {
    std::path::Path::new(path).exists()
}

/// Debian's python3 has module venv and lacks ensurepip until python3-venv comes.
fn has_venv() -> bool {
    shell::run(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_ok()
}
