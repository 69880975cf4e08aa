//! Packages' contents: `.deb` files, and archives of them, unpacked where they are asked for.
//!
//! apt checks what it fetches; what lies in the cache may have been cut off since, by a full disk or a
//! killed copy. The error names the file and what to do. Called by `linux`, `qemu10` and the image's
//! Debian part.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

use super::shell;

/// Unpacks a package into `root`.
///
/// # Errors
/// The package is not whole, or `root` cannot be written.
pub fn unpack(deb: &Path, root: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("dpkg-deb");
    shell::run(command.arg("--extract").arg(deb).arg(root)).with_context(|| damaged(deb))?;
    Ok(())
}

/// Unpacks an archive of what packages hold, without device nodes.
///
/// # Errors
/// As of [`unpack`].
pub fn unpack_archive(archive: &Path, root: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("tar");
    command.arg("-xf").arg(archive).arg("-C").arg(root);
    command.args(["--no-same-owner", "--exclude=./dev/*"]);
    shell::run(&mut command).with_context(|| damaged(archive))?;
    Ok(())
}

/// What is said of a file of the cache that cannot be read to its end.
pub fn damaged(file: &Path) -> String {
    format!(
        "{} is cut off or damaged: remove it and try again",
        file.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    /// An empty directory of this test's own.
    fn scratch(name: &str) -> std::path::PathBuf {
        let dir = std::env::temp_dir().join(format!("sockeye-deb-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(dir.join("out")).expect("a directory");
        dir
    }

    /// Bytes that nothing can press together.
    fn noise() -> Vec<u8> {
        let mut seed = 7u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        };
        (0..200_000).map(|_| next()).collect()
    }

    fn cut(file: &Path) {
        let whole = fs::metadata(file).expect("the file").len();
        let file = File::options().write(true).open(file).expect("the file");
        file.set_len(whole / 2).expect("a shorter file");
    }

    fn complaint(result: anyhow::Result<()>) -> String {
        format!("{:#}", result.expect_err("a cut-off file is refused"))
    }

    #[test]
    fn a_cut_off_package_is_told_by_its_name() {
        let dir = scratch("package");
        let package = dir.join("p");
        fs::create_dir_all(package.join("DEBIAN")).expect("a directory");
        fs::write(package.join("noise"), noise()).expect("a file");
        let control =
            "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: p <p@p>\nDescription: p\n";
        fs::write(package.join("DEBIAN/control"), control).expect("a file");
        let deb = dir.join("p_1_all.deb");
        let mut build = Command::new("dpkg-deb");
        build
            .args(["--build", "--root-owner-group"])
            .arg(&package)
            .arg(&deb);
        if shell::run(&mut build).is_err() {
            // Not a Debian: nothing is unpacked on such a machine either.
            return;
        }
        unpack(&deb, &dir.join("out")).expect("a whole package");
        assert_eq!(fs::read(dir.join("out/noise")).expect("unpacked"), noise());
        cut(&deb);
        let said = complaint(unpack(&deb, &dir.join("out")));
        assert!(
            said.contains("p_1_all.deb is cut off or damaged: remove it"),
            "{said}"
        );
        fs::remove_dir_all(dir).expect("it was made here");
    }

    #[test]
    fn a_cut_off_archive_is_told_by_its_name() {
        let dir = scratch("archive");
        fs::write(dir.join("noise"), noise()).expect("a file");
        let archive = dir.join("packages.tar");
        let mut tar = Command::new("tar");
        shell::run(
            tar.arg("-cf")
                .arg(&archive)
                .arg("-C")
                .arg(&dir)
                .arg("./noise"),
        )
        .expect("tar");
        unpack_archive(&archive, &dir.join("out")).expect("a whole archive");
        cut(&archive);
        let said = complaint(unpack_archive(&archive, &dir.join("out")));
        assert!(
            said.contains("packages.tar is cut off or damaged: remove it"),
            "{said}"
        );
        fs::remove_dir_all(dir).expect("it was made here");
    }
}
