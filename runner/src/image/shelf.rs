//! The images that are in the cache: which there are, whether they are still what was
//! made, and away with them.
//!
//! Called by the `image` verb and by `doctor`. Nothing here fetches or builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::outcome::missing;
use crate::setup::{Cache, Options, cache};
use crate::target::Arch;

use super::{cached, location};

/// An image in the cache.
pub struct Kept {
    /// The file.
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// When it was made.
    pub made: SystemTime,
    /// It is what this work tree's manifest and programs ask for.
    pub current: bool,
    /// What its record says that its bytes hash to; empty for an image that is not whole.
    pub recorded: String,
}

/// The images of `arch`, newest first.
///
/// # Errors
/// The cache or the work tree cannot be read.
pub fn list(arch: Arch, options: &Options) -> anyhow::Result<Vec<Kept>> {
    let cache = Cache::open(options)?;
    let current = location(&cache, arch)?;
    let mut images = Vec::new();
    for entry in fs::read_dir(cache.dir("images")?)?.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with(arch.name()) || !name.ends_with(".ext4") {
            continue;
        }
        let meta = entry.metadata()?;
        images.push(Kept {
            size: meta.len(),
            made: meta.modified()?,
            current: path == current,
            recorded: recorded(&path),
            path,
        });
    }
    images.sort_by_key(|image| std::cmp::Reverse(image.made));
    Ok(images)
}

fn recorded(path: &Path) -> String {
    let record = cached(path, &path.with_extension("json")).unwrap_or_default();
    let hash = record.into_iter().find(|(name, _)| name == "image sha256");
    hash.map(|(_, hash)| hash).unwrap_or_default()
}

/// Reads each image of `arch` and prints its hash, as sha256sum(1) does.
///
/// # Errors
/// An image is not what was made.
pub fn hash(arch: Arch, options: &Options) -> anyhow::Result<()> {
    let mut damaged = Vec::new();
    for image in list(arch, options)? {
        let hash = cache::sha256(&image.path)?;
        println!("{hash}  {}", image.path.display());
        if hash != image.recorded {
            damaged.push(image.path.display().to_string());
        }
    }
    match damaged.is_empty() {
        true => Ok(()),
        false => Err(missing(format!(
            "not what was made, or not whole: {}; `runner image clean --all` removes them and the next run makes new ones",
            damaged.join(", ")
        ))),
    }
}

/// Removes the images of `arch` that this work tree does not ask for; with `all`, each.
/// A guest that runs from one keeps it. Answers how many bytes that were.
///
/// # Errors
/// A file cannot be removed.
pub fn clean(arch: Arch, all: bool, options: &Options) -> anyhow::Result<u64> {
    let mut freed = 0;
    for image in list(arch, options)? {
        if image.current && !all && !image.recorded.is_empty() {
            continue;
        }
        // The record first: an image without one is not whole and not used.
        fs::remove_file(image.path.with_extension("json")).ok();
        fs::remove_file(&image.path)?;
        println!("removed {}", image.path.display());
        freed += image.size;
    }
    Ok(freed)
}
