//! Turns a directory into an ext4 image with mke2fs(8): no mount, no root.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::setup::{say, shell};

/// Free room beside the files, which a writable mount (Linux with its own overlay,
/// or a copy of the image) may use. Holes in the file cost nothing.
const ROOM: u64 = 192 << 20;

/// Features: no journal and no checksums, for an image that is only read; the rest
/// is ext4's default (extents, 64-bit, hashed directories).
pub const FEATURES: &str = "^has_journal,^metadata_csum,^resize_inode";

/// Writes the tree below `root` into a new image at `path`; files belong to root.
///
/// # Errors
/// mke2fs fails, for instance on a full disk.
pub fn make(root: &Path, path: &Path) -> anyhow::Result<()> {
    let size = (bytes(root)? * 5 / 4 + ROOM).next_multiple_of(64 << 20);
    File::create(path)
        .and_then(|file| file.set_len(size))
        .with_context(|| format!("cannot make {}", path.display()))?;
    let mke2fs = shell::find("mke2fs")
        .context("no mke2fs on this machine: install e2fsprogs, or run `make run`")?;
    let mut command = if shell::is_root() {
        Command::new(&mke2fs)
    } else {
        // Files belong to whoever runs this; in a user namespace that is root.
        let mut command = Command::new("unshare");
        command.arg("--map-root-user").arg(&mke2fs);
        command
    };
    command
        .args([
            "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-L", "sockeye",
        ])
        .args(["-O", FEATURES])
        .args(["-E", "root_owner=0:0,lazy_itable_init=0,nodiscard"])
        .arg("-d")
        .arg(root)
        .arg(path);
    shell::run(&mut command).context("mke2fs cannot make the image (is the disk full?)")?;
    say(format!(
        "  {} MiB of files in a file system of {} MiB",
        bytes(root)? >> 20,
        size >> 20
    ));
    Ok(())
}

/// Size of all files below `dir`, each rounded up to a block.
fn bytes(dir: &Path) -> anyhow::Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        total += if kind.is_dir() {
            4096 + bytes(&entry.path())?
        } else {
            entry.metadata()?.len().next_multiple_of(4096)
        };
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;

    #[test]
    fn an_image_has_the_superblock_where_kernels_look() {
        let dir = tempfile::tempdir().unwrap();
        let (root, image) = (dir.path().join("root"), dir.path().join("image"));
        fs::create_dir(&root).unwrap();
        fs::write(root.join("hello"), "hello\n").unwrap();
        // Hosts without e2fsprogs make no image; `make test` installs it first.
        if shell::find("mke2fs").is_some() && shell::is_root() {
            make(&root, &image).unwrap();
            let mut magic = [0; 2];
            File::open(&image)
                .unwrap()
                .read_exact_at(&mut magic, 1080)
                .unwrap();
            assert_eq!(u16::from_le_bytes(magic), 0xef53);
        }
    }
}
