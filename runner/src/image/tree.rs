//! Copying pieces of an unpacked package tree, links and all.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail};

/// Copies `path` (below the root) from one root to another. Symbolic links are
/// copied as links, and what they point to comes along. Returns the path of the
/// file at the end of the links, below the root.
///
/// # Errors
/// The file is not there, or links run in circles.
pub fn copy(from: &Path, to: &Path, path: &Path) -> anyhow::Result<PathBuf> {
    let mut path = real_parent(from, path)?;
    for _ in 0..16 {
        let source = from.join(&path);
        let target = to.join(&path);
        let meta = fs::symlink_metadata(&source)
            .with_context(|| format!("the packages have no /{}", path.display()))?;
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        if !meta.is_symlink() {
            if fs::symlink_metadata(&target).is_err() {
                fs::copy(&source, &target)
                    .with_context(|| format!("cannot copy /{}", path.display()))?;
            }
            return Ok(path);
        }
        let points_to = fs::read_link(&source)?;
        if fs::symlink_metadata(&target).is_err() {
            symlink(&points_to, &target)?;
        }
        let next = normal(&path.parent().unwrap_or(Path::new("")).join(points_to));
        path = real_parent(from, &next)?;
    }
    bail!("/{}: too many symbolic links", path.display())
}

/// Every regular file below `dir`; links are passed over.
///
/// # Errors
/// A directory cannot be read.
pub fn files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut dirs = vec![dir.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                dirs.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// `path` with the links among its directories resolved (`/lib` is `/usr/lib`).
fn real_parent(root: &Path, path: &Path) -> anyhow::Result<PathBuf> {
    let mut real = PathBuf::new();
    let path = normal(path);
    let Some(parent) = path.parent() else {
        return Ok(path);
    };
    for part in parent.components() {
        let next = real.join(part);
        real = match fs::read_link(root.join(&next)) {
            Ok(points_to) => normal(&real.join(points_to)),
            Err(_) => next,
        };
    }
    Ok(real.join(path.file_name().unwrap_or_default()))
}

/// Without `.`, `..` and a leading slash.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => out.push(name),
            Component::ParentDir => {
                out.pop();
            }
            Component::RootDir => out.clear(),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        fs::create_dir_all(from.join("usr/lib/x")).unwrap();
        symlink("usr/lib", from.join("lib")).unwrap();
        fs::write(from.join("usr/lib/x/ld-1.so"), "loader").unwrap();
        symlink("x/ld-1.so", from.join("usr/lib/ld.so")).unwrap();
        let end = copy(&from, &to, Path::new("/lib/ld.so")).unwrap();
        assert_eq!(end, Path::new("usr/lib/x/ld-1.so"));
        assert_eq!(
            fs::read_to_string(to.join("usr/lib/ld.so")).unwrap(),
            "loader"
        );
        assert!(
            fs::symlink_metadata(to.join("usr/lib/ld.so"))
                .unwrap()
                .is_symlink()
        );
    }

    #[test]
    fn circles_end() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a")).unwrap();
        symlink("one", dir.path().join("a/two")).unwrap();
        symlink("two", dir.path().join("a/one")).unwrap();
        assert!(
            copy(
                &dir.path().join("a"),
                &dir.path().join("b"),
                Path::new("one")
            )
            .is_err()
        );
    }
}
