//! The glibc part of the root: Debian's own packages, unpacked by mmdebstrap without
//! running anything of them, then the wanted files and the libraries they need.

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::setup::cache::Key;
use crate::setup::{Cache, Options, apt, deb, say, shell};
use crate::target::Arch;

use super::elf;
use super::manifest::Manifest;
use super::tree;

/// Where the archive lists its packages: written by a hook of mmdebstrap.
const RECORD: &str = "/packages.sha256";

/// Unpacked packages, as the archive that mmdebstrap wrote.
#[derive(Clone, Debug)]
pub struct Packages {
    archive: PathBuf,
    /// File name of each package (name, version, architecture) and its SHA-256.
    pub files: Vec<(String, String)>,
}

/// The packages of the manifest for `arch`, fetched where they are not cached. The
/// cached archive stays in use while the list of packages does.
///
/// # Errors
/// No mirror, a stale index, a package that the suite lacks.
pub fn ensure(
    cache: &Cache,
    manifest: &Manifest,
    arch: Arch,
    options: &Options,
) -> anyhow::Result<Packages> {
    let debian = &manifest.debian;
    let mut names: Vec<&str> = debian
        .packages
        .keys()
        .chain(debian.libraries.keys())
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names.dedup();
    let include = names.join(",");
    let key = Key::default()
        .add("suite", &debian.suite)
        .add("arch", arch.debian())
        .add("include", &include)
        .finish();
    let name = format!("{}-{}-{key}.tar", debian.suite, arch.debian());
    let archive = cache.dir("debian")?.join(&name);
    let there = || archive.exists().then_some(());
    cache.make(&name, there, |scratch| {
        if options.offline {
            bail!(
                "--offline, and the cache has no packages for {}",
                arch.name()
            );
        }
        say(format!(
            "fetching Debian {} packages for {} (about {})",
            debian.suite,
            arch.debian(),
            names.len()
        ));
        let settings = scratch.join("apt.conf");
        fs::write(&settings, apt::fetch_settings(options)?)?;
        let made = scratch.join("packages.tar");
        let mut command = shell::command("mmdebstrap");
        command
            .env("LC_ALL", "C")
            .args(["--variant=extract", "--format=tar"])
            .arg(format!("--architectures={}", arch.debian()))
            .arg(format!("--include={include}"))
            .arg(format!("--aptopt={}", settings.display()))
            .arg(format!("--extract-hook=cd \"$1/var/cache/apt/archives\" && sha256sum *.deb > \"$1{RECORD}\""))
            .arg(&debian.suite)
            .arg(&made)
            .arg(apt::mirror()?);
        apt::fetch(&mut command)?;
        Ok(fs::rename(&made, &archive)?)
    })?;
    let record = shell::run(
        Command::new("tar")
            .arg("-xOf")
            .arg(&archive)
            .arg(format!(".{RECORD}")),
    )
    .with_context(|| deb::damaged(&archive))?;
    Ok(Packages {
        archive,
        files: files(&record),
    })
}

/// Copies what the manifest wants into `root`, with the libraries and the loader.
/// `work` is a directory that may be filled.
///
/// # Errors
/// A wanted file or a needed library is not in the packages.
pub fn install(
    packages: &Packages,
    manifest: &Manifest,
    arch: Arch,
    work: &Path,
    root: &Path,
) -> anyhow::Result<()> {
    fs::create_dir_all(work)?;
    deb::unpack_archive(&packages.archive, work)?;
    // Debian's merged /usr; package base-files, which ships the links, may not be there.
    for name in ["bin", "lib", "lib64", "sbin"] {
        let link = work.join(name);
        if fs::symlink_metadata(&link).is_err() && work.join("usr").join(name).is_dir() {
            symlink(Path::new("usr").join(name), link)?;
        }
    }
    let mut wanted: VecDeque<PathBuf> = manifest
        .debian
        .packages
        .values()
        .flatten()
        .map(PathBuf::from)
        .collect();
    for name in manifest.debian.libraries.values().flatten() {
        wanted.push_back(library(work, arch, name)?);
    }
    let mut seen = Vec::new();
    while let Some(path) = wanted.pop_front() {
        if seen.contains(&path) {
            continue;
        }
        let file = tree::copy(work, root, &path).context("see busybox-img/manifest.toml")?;
        seen.push(path);
        let Some(needs) = elf::needs(&work.join(&file))? else {
            continue;
        };
        wanted.extend(needs.loader.map(PathBuf::from));
        for name in needs.libraries {
            wanted.push_back(
                library(work, arch, &name)
                    .with_context(|| format!("/{} needs it", file.display()))?,
            );
        }
    }
    Ok(())
}

/// Where a library of that name lies, below the root. Some live in a directory of
/// their package, which the program's RUNPATH names.
fn library(work: &Path, arch: Arch, name: &str) -> anyhow::Result<PathBuf> {
    let multiarch = Path::new("usr/lib").join(format!("{}-linux-gnu", arch.name()));
    let direct = [
        multiarch.clone(),
        PathBuf::from("usr/lib"),
        PathBuf::from("usr/lib64"),
    ];
    if let Some(path) = direct
        .iter()
        .map(|dir| dir.join(name))
        .find(|path| fs::symlink_metadata(work.join(path)).is_ok())
    {
        return Ok(path);
    }
    let below = fs::read_dir(work.join(&multiarch))
        .with_context(|| format!("the packages have no /{}", multiarch.display()))?;
    below
        .filter_map(Result::ok)
        .map(|entry| multiarch.join(entry.file_name()).join(name))
        .find(|path| work.join(path).exists())
        .with_context(|| format!("no package brings library {name}"))
}

/// Reads what sha256sum wrote; apt writes a colon in a version as `%3a`.
fn files(record: &str) -> Vec<(String, String)> {
    record
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(hash, name)| (name.trim().replace("%3a", ":"), hash.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::files;

    #[test]
    fn reads_the_record_of_packages() {
        let record = "00ff  busybox-static_1%3a1.38.0-3_riscv64.deb\n11  netbase_6.6_all.deb\n";
        let files = files(record);
        assert_eq!(
            files[0],
            (
                "busybox-static_1:1.38.0-3_riscv64.deb".to_string(),
                "00ff".to_string()
            )
        );
        assert_eq!(files[1].0, "netbase_6.6_all.deb");
    }
}
