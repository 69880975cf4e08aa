//! Finds the emulator and asks for its version.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::outcome::missing;
use crate::target::Arch;

/// An emulator that answers.
#[derive(Clone, Debug)]
pub struct Qemu {
    /// The program to start.
    pub path: PathBuf,
    /// `QEMU emulator version 7.2.22 (...)`.
    pub version: String,
}

/// The emulator for `arch`: in `given` where that is a directory, `given` itself
/// where it is a file, else from `PATH`.
pub fn find(arch: Arch, given: Option<&Path>) -> anyhow::Result<Qemu> {
    let path = match given {
        Some(dir) if dir.is_dir() => dir.join(arch.qemu()),
        Some(file) => file.to_path_buf(),
        None => which::which(arch.qemu()).map_err(|_| {
            missing(format!(
                "no {} on this machine; `make run` installs it, or pass --qemu PATH (a binary or a directory)",
                arch.qemu()
            ))
        })?,
    };
    let output = Command::new(&path)
        .arg("--version")
        .output()
        .map_err(|error| {
            missing(format!(
                "cannot start {}: {error}; pass --qemu PATH of a working {}",
                path.display(),
                arch.qemu()
            ))
        })?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next() {
        Some(version) if output.status.success() => Ok(Qemu {
            path,
            version: version.to_string(),
        }),
        _ => Err(missing(format!(
            "{} --version failed ({}): {}",
            path.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        ))),
    }
}
