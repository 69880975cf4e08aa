//! Finds the emulator and asks for its version.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::outcome::missing;
use crate::setup::{self, qemu10};
use crate::target::Arch;

/// An emulator that answers.
#[derive(Clone, Debug)]
pub struct Qemu {
    /// The program to start.
    pub path: PathBuf,
    /// `QEMU emulator version 7.2.22 (...)`.
    pub version: String,
}

/// The first QEMU whose LA464 has LSX. Debian's loong64 programs are built for LSX and die
/// of SIGILL on an older one, on any kernel; ours for musl do without.
const LSX_SINCE: (u32, u32) = (8, 2);

impl Qemu {
    /// Whether programs can run on the guest's CPU, and not only a kernel.
    pub fn runs_programs(&self, arch: Arch) -> bool {
        arch == Arch::Riscv64 || self.number().is_none_or(|number| number >= LSX_SINCE)
    }

    /// `(7, 2)` of `QEMU emulator version 7.2.22 (...)`.
    fn number(&self) -> Option<(u32, u32)> {
        let mut parts = self.version.split("version ").nth(1)?.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }
}

/// A kernel that needs a younger QEMU than programs do: the first that will do, and why.
pub type Least = Option<((u32, u32), &'static str)>;

/// [`find`] for a guest that runs programs on a kernel that needs `least`: where the machine's
/// own QEMU is too old and none was asked for, QEMU 10 is fetched and kept in the cache.
pub fn find_for_programs(
    arch: Arch,
    least: Least,
    given: Option<&Path>,
    options: &setup::Options,
) -> anyhow::Result<Qemu> {
    let found = find(arch, given)?;
    if let Some((least, why)) = least
        && found.number().is_some_and(|number| number < least)
    {
        let lacks = format!("{why}; this is {}", found.version);
        if given.is_some() {
            return Err(missing(format!(
                "{lacks}; pass --qemu PATH of a younger one, or none to have QEMU 10 fetched"
            )));
        }
        return fetched(arch, &lacks, options);
    }
    if found.runs_programs(arch) {
        return Ok(found);
    }
    let lacks = format!(
        "{} has no LSX, which {}'s programs are built for (SIGILL); {}.{} is the first that has",
        found.version,
        arch.name(),
        LSX_SINCE.0,
        LSX_SINCE.1
    );
    if given.is_some() {
        eprintln!("runner: {lacks}");
        return Ok(found);
    }
    fetched(arch, &lacks, options)
}

/// QEMU 10 from the cache or the network, because the machine's own `lacks` something.
fn fetched(arch: Arch, lacks: &str, options: &setup::Options) -> anyhow::Result<Qemu> {
    eprintln!("runner: {lacks}: taking QEMU 10 (`runner setup --qemu10`)");
    let dir = qemu10::ensure(options).map_err(|error| missing(format!("{lacks}; {error:#}")))?;
    find(arch, Some(&dir))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_emulators_run_no_loongarch_programs() {
        let qemu = |version: &str| Qemu {
            path: PathBuf::new(),
            version: format!("QEMU emulator version {version}"),
        };
        assert!(!qemu("7.2.22 (Debian 1:7.2+dfsg-7)").runs_programs(Arch::Loongarch64));
        assert!(qemu("7.2.22 (Debian 1:7.2+dfsg-7)").runs_programs(Arch::Riscv64));
        assert!(qemu("8.2.0").runs_programs(Arch::Loongarch64));
        assert!(qemu("10.0.2 (Debian)").runs_programs(Arch::Loongarch64));
        assert!(qemu("unknown").runs_programs(Arch::Loongarch64));
    }
}
