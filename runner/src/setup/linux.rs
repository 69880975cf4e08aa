//! Debian's Linux for a guest: the image package and what it is made of, unpacked in
//! the cache; for loongarch64 also the firmware that starts it.
//!
//! The kernel package of an architecture is a name that depends on the packages of one
//! version: binary, modules and base files. Those are followed; the programs that would
//! install a kernel on a machine are not.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::apt::{Apt, Source};
use super::{Cache, Options, cache, deb, say};
use crate::target::Arch;

/// The suite of the images' programs, too.
const SUITE: &str = "forky";

/// UEFI for loongarch64's virt machine.
const FIRMWARE: &str = "qemu-efi-loongarch64";

/// Written last: says that the directory is whole.
const RECORD: &str = "record.json";

/// An unpacked Linux.
#[derive(Clone, Debug)]
pub struct Linux {
    /// Of the kernel packages: `7.2.12-1`.
    pub version: String,
    /// `usr/lib/modules/<release>`: `vmlinuz`, `modules.order`, `kernel/...`.
    pub modules: PathBuf,
    /// Code and variables for the two flash chips, where the machine needs them to start
    /// Linux.
    pub firmware: Option<Firmware>,
    /// File name of each package and its SHA-256.
    pub packages: Vec<(String, String)>,
}

/// What the flash chips of a machine hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// Never written.
    pub code: PathBuf,
    /// A template: each guest writes to a copy of its own.
    pub variables: PathBuf,
}

/// Debian's Linux for `arch`, fetched where it is not cached. The cached one stays in use
/// until it is removed.
///
/// # Errors
/// `--offline` with nothing cached, no mirror, a stale index, a package that the suite lacks.
pub fn ensure(cache: &Cache, arch: Arch, options: &Options) -> anyhow::Result<Linux> {
    let home = cache
        .dir("linux")?
        .join(format!("{SUITE}-{}", arch.debian()));
    let there = || home.join(RECORD).exists().then_some(());
    let name = format!("linux-{}", arch.debian());
    cache.make(&name, there, |scratch| {
        if options.offline {
            bail!(
                "--offline, and the cache has no Linux for {}; run once without, or give --kernel PATH",
                arch.name()
            );
        }
        fetch(cache, arch, scratch, &home, options)
            .with_context(|| format!("cannot get Debian's Linux for {}", arch.name()))
    })?;
    open(arch, &home)
        .with_context(|| format!("{} is damaged: remove it and try again", home.display()))
}

fn fetch(
    cache: &Cache,
    arch: Arch,
    scratch: &Path,
    home: &Path,
    options: &Options,
) -> anyhow::Result<()> {
    say(format!(
        "fetching Debian {SUITE}'s Linux for {} (about 130 MB; unpacked in {}, nothing is installed)",
        arch.debian(),
        home.display()
    ));
    let name = format!("linux-{}", arch.debian());
    let apt = Apt::foreign(
        cache,
        &name,
        &[Source::binaries(SUITE)],
        arch.debian(),
        options,
    )?;
    let mut wanted = family(&format!("linux-image-{}", arch.debian()), &mut |package| {
        apt.show(package)
    })?;
    if needs_firmware(arch) {
        wanted.push(FIRMWARE.to_string());
    }
    let debs = scratch.join("debs");
    let root = scratch.join("root");
    fs::create_dir_all(&debs)?;
    apt.download(&wanted, &debs)?;
    let mut record = Vec::new();
    for entry in fs::read_dir(&debs)? {
        let package = entry?.path();
        let file = package.file_name().unwrap_or_default().to_string_lossy();
        // apt writes a colon in a version as `%3a`.
        record.push((file.replace("%3a", ":"), cache::sha256(&package)?));
        deb::unpack(&package, &root)?;
    }
    record.sort();
    fs::write(root.join(RECORD), serde_json::to_vec_pretty(&record)?)?;
    if home.exists() {
        fs::remove_dir_all(home)?;
    }
    Ok(fs::rename(&root, home)?)
}

/// QEMU starts a riscv64 Image itself. On loongarch64 Debian's Linux has no driver for the PCI
/// host bridge as the device tree describes it, and finds it through ACPI alone.
pub fn needs_firmware(arch: Arch) -> bool {
    arch == Arch::Loongarch64
}

/// `package` and what it depends on in exactly its own version, each once.
fn family(
    package: &str,
    show: &mut dyn FnMut(&str) -> anyhow::Result<String>,
) -> anyhow::Result<Vec<String>> {
    let mut names = vec![package.to_string()];
    let mut at = 0;
    while let Some(name) = names.get(at).cloned() {
        at += 1;
        let fields = show(&name)?;
        for sibling in siblings(&fields) {
            if !names.contains(&sibling) {
                names.push(sibling);
            }
        }
    }
    Ok(names)
}

/// Dependencies of the form `name (= VERSION)` with the package's own version.
fn siblings(fields: &str) -> Vec<String> {
    let field = |name: &str| {
        fields
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .unwrap_or_default()
    };
    let same = format!("(= {})", field("Version"));
    field("Depends")
        .split(", ")
        .filter_map(|one| one.strip_suffix(&same))
        .map(|name| name.trim().to_string())
        .collect()
}

fn open(arch: Arch, home: &Path) -> anyhow::Result<Linux> {
    let packages: Vec<(String, String)> = serde_json::from_slice(&fs::read(home.join(RECORD))?)?;
    let all = home.join("usr/lib/modules");
    let modules = fs::read_dir(&all)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|dir| dir.join("vmlinuz").is_file())
        .with_context(|| format!("no vmlinuz below {}", all.display()))?;
    let firmware = if needs_firmware(arch) {
        let dir = home.join("usr/share").join(FIRMWARE);
        let file = |name: &str| {
            let path = dir.join(name);
            if path.is_file() {
                Ok(path)
            } else {
                bail!("package {FIRMWARE} brings no {}", path.display())
            }
        };
        Some(Firmware {
            code: file("QEMU_EFI.fd")?,
            variables: file("QEMU_VARS.fd")?,
        })
    } else {
        None
    };
    // linux-image-riscv64_7.2.12-1_riscv64.deb
    let version = packages
        .iter()
        .find_map(|(file, _)| {
            let rest = file.strip_prefix("linux-image-")?;
            rest.split('_').nth(1)
        })
        .unwrap_or_default()
        .to_string();
    Ok(Linux {
        version,
        modules,
        firmware,
        packages,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_what_has_one_version() {
        let index = |name: &str| -> anyhow::Result<String> {
            Ok(match name {
                "linux-image-x" => {
                    "Package: linux-image-x\nVersion: 7.2-1\n\
                     Depends: linux-base-x (= 7.2-1), linux-image-7.2-x (= 7.2-1)\n"
                }
                "linux-image-7.2-x" => {
                    "Version: 7.2-1\nDepends: dracut | initramfs-tools (>= 0.1), \
                     linux-modules-7.2-x (= 7.2-1), linux-base-x (= 7.2-1)\n"
                }
                "linux-modules-7.2-x" => "Version: 7.2-1\nDepends: kmod, other (= 7.2-10)\n",
                _ => "Version: 7.2-1\n",
            }
            .to_string())
        };
        let mut show = index;
        assert_eq!(
            family("linux-image-x", &mut show).expect("a family"),
            [
                "linux-image-x",
                "linux-base-x",
                "linux-image-7.2-x",
                "linux-modules-7.2-x"
            ]
        );
    }

    #[test]
    fn a_cache_without_firmware_is_told() {
        let home = tempfile::tempdir().expect("a directory");
        let modules = home.path().join("usr/lib/modules/7.2-x");
        fs::create_dir_all(&modules).expect("directories");
        fs::write(modules.join("vmlinuz"), "a kernel").expect("a kernel");
        let record = r#"[["linux-image-x_7.2-1_x.deb","00"]]"#;
        fs::write(home.path().join(RECORD), record).expect("a record");
        let linux = open(Arch::Riscv64, home.path()).expect("needs none");
        assert_eq!((linux.version.as_str(), linux.firmware), ("7.2-1", None));
        let error = open(Arch::Loongarch64, home.path()).expect_err("needs one");
        assert!(error.to_string().contains("QEMU_EFI.fd"), "{error}");
    }

    #[test]
    fn offline_says_what_is_missing() {
        let dir = tempfile::tempdir().expect("a directory");
        let options = Options {
            offline: true,
            cache: Some(dir.path().to_path_buf()),
            ..Options::default()
        };
        let cache = Cache::open(&options).expect("a cache");
        for arch in Arch::ALL {
            let error = ensure(&cache, arch, &options).expect_err("nothing is there");
            assert!(error.to_string().contains("--offline"), "{error}");
        }
    }
}
