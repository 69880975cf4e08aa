//! An image with more files on it: a copy in the cache, written with debugfs(8), without a mount and without root.
//!
//! Called by `ltp` for programs that a user brings. The copy is named by what is on it; the image itself
//! is never written to.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::setup::cache::Key;
use crate::setup::{Cache, Options, say, shell};
use crate::target::Arch;

/// How many copies for an architecture stay in the cache.
const KEPT: usize = 3;

/// Free room beside the files, in bytes.
const ROOM: u64 = 32 << 20;

/// `base` with each of `files` (path in the guest, file here) on it.
pub fn add(
    base: &Path,
    arch: Arch,
    files: &[(String, PathBuf)],
    options: &Options,
) -> anyhow::Result<PathBuf> {
    let cache = Cache::open(options)?;
    let dir = cache.dir("ltp")?;
    let key = key(base, files)?;
    let path = dir.join(format!("{}-{key}.ext4", arch.name()));
    cache.make(
        &format!("addition-{key}"),
        || path.exists().then_some(()),
        |work| {
            say(format!(
                "putting {} files on a copy of the image",
                files.len()
            ));
            let copy = work.join("image");
            shell::run(
                Command::new("cp")
                    .args(["--sparse=always", "--reflink=auto"])
                    .args([base, &copy]),
            )?;
            grow(&copy, files)?;
            write(work, &copy, files)?;
            fs::rename(&copy, &path)?;
            super::prune(&dir, arch, KEPT)
        },
    )?;
    Ok(path)
}

/// Sizes and times stand for contents: a tree is hundreds of megabytes.
fn key(base: &Path, files: &[(String, PathBuf)]) -> anyhow::Result<String> {
    let state = |path: &Path| -> anyhow::Result<String> {
        let meta = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        let (path, size) = (path.display(), meta.len());
        Ok(format!(
            "{path} {size} {}.{}",
            meta.mtime(),
            meta.mtime_nsec()
        ))
    };
    let mut key = Key::default().add("base", state(base)?);
    for (place, file) in files {
        key = key.add(place, state(file)?);
    }
    Ok(key.finish())
}

/// Makes the file system larger by what is to be written.
fn grow(image: &Path, files: &[(String, PathBuf)]) -> anyhow::Result<()> {
    let mut more = ROOM;
    for (_, file) in files {
        more += fs::metadata(file)?.len().next_multiple_of(4096) + 4096;
    }
    let file = fs::OpenOptions::new().write(true).open(image)?;
    let size = (file.metadata()?.len() + more).next_multiple_of(4 << 20);
    file.set_len(size)?;
    shell::run(shell::command("resize2fs").arg("-f").arg(image))
        .context("cannot make the image larger: is e2fsprogs installed?")?;
    Ok(())
}

fn write(work: &Path, image: &Path, files: &[(String, PathBuf)]) -> anyhow::Result<()> {
    let mut script = String::new();
    let mut made = BTreeSet::new();
    for (place, file) in files {
        let parents: Vec<&Path> = Path::new(place).ancestors().skip(1).collect();
        for parent in parents.into_iter().rev() {
            if parent != Path::new("/") && made.insert(parent.to_path_buf()) {
                let _ = writeln!(script, "mkdir {}", parent.display());
            }
        }
        let _ = writeln!(script, "write \"{}\" {place}", file.display());
        let _ = writeln!(script, "sif {place} mode 0100755");
    }
    let list = work.join("script");
    fs::write(&list, script)?;
    let debugfs = || shell::command("debugfs");
    shell::run(debugfs().arg("-w").arg("-f").arg(&list).arg(image))?;
    // debugfs leaves with 0 whatever happened: look.
    if let Some((place, file)) = files.last() {
        let told = shell::run(debugfs().args(["-R", &format!("stat {place}")]).arg(image))?;
        let size = format!("Size: {}", fs::metadata(file)?.len());
        if !told.contains(&size) {
            bail!("debugfs did not write {place}; is the disk full?");
        }
    }
    Ok(())
}
