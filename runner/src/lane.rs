//! What one run of a command is made on: a target and a kernel.
//!
//! Called by `dispatch`, which carries out one run a lane and compares the lanes of a target.

use std::path::Path;

use crate::cli::GuestArgs;
use crate::target::Target;

/// One target with one kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Architecture and C library.
    pub target: Target,
    /// As `--kernel` names it.
    pub kernel: String,
    /// Its directory in a run set: `riscv64-glibc`, or `riscv64-glibc-linux` where a command has
    /// several kernels.
    pub name: String,
}

/// The lanes of a command in report order: kernels of one target side by side.
pub fn of(guest: &GuestArgs) -> Vec<Lane> {
    let mut kernels = guest.kernel.clone();
    let mut seen = Vec::new();
    kernels.retain(|kernel| {
        let new = !seen.contains(kernel);
        seen.push(kernel.clone());
        new
    });
    let of_target = |target: Target| {
        let name = |kernel: &String, at: usize| match kernels.len() {
            1 => target.name(),
            _ => format!("{}-{}", target.name(), word(kernel, at, &kernels)),
        };
        let lanes = kernels.iter().enumerate().map(|(at, kernel)| Lane {
            target,
            kernel: kernel.clone(),
            name: name(kernel, at),
        });
        lanes.collect::<Vec<_>>()
    };
    guest.targets().into_iter().flat_map(of_target).collect()
}

/// A kernel's name in a directory's: the file's for a path, with a number where two files
/// have one name.
fn word(kernel: &str, at: usize, all: &[String]) -> String {
    let file = |kernel: &str| {
        Path::new(kernel)
            .file_name()
            .map_or_else(|| kernel.to_string(), |f| f.to_string_lossy().into_owned())
    };
    let own = file(kernel);
    let earlier = all[..at].iter().filter(|other| file(other) == own).count();
    match earlier {
        0 => own,
        count => format!("{own}-{}", count + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn names(line: &[&str]) -> Vec<String> {
        let cli = crate::cli::Cli::parse_from([&["runner"], line].concat());
        of(&cli.run.guest)
            .into_iter()
            .map(|lane| lane.name)
            .collect()
    }

    #[test]
    fn kernels_stand_side_by_side() {
        assert_eq!(names(&[]), ["riscv64-glibc"]);
        assert_eq!(
            names(&["--libc", "all", "--kernel", "ours,linux,ours"]),
            [
                "riscv64-glibc-ours",
                "riscv64-glibc-linux",
                "riscv64-musl-ours",
                "riscv64-musl-linux"
            ]
        );
        assert_eq!(
            names(&["--kernel", "a/Image,b/Image"]),
            ["riscv64-glibc-Image", "riscv64-glibc-Image-2"]
        );
    }
}
