//! The Linux Test Project's network cases: what runs them, and what is expected of each.
//!
//! LTP itself is an input, an *install tree* (what its `make install` leaves) that the user
//! brings; the repository keeps only the list of cases and the expectations (`testsuite/ltp`).
//! Without a tree our own programs stand in for the cases that they cover. Called by `plan`
//! (the cases), `dispatch` (the disk, the expectations) and `list`. Typical sequence:
//!
//! ```text
//! let source = Source::of(&args)?;          // --ltp, $LTPROOT, the image, or nothing
//! let image = source.disk(&image, arch, libcs, &options)?;
//! let row = expect::weigh(&target, kernel, case, verdict);
//! ```

pub mod expect;
pub mod list;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::RunArgs;
use crate::image;
use crate::outcome::missing;
use crate::setup::{self, shell};
use crate::target::{Arch, Libc, Target};

/// The suite's name.
pub const SUITE: &str = "ltp-net";

/// Where a brought tree is put on the guest's disk; `{libc}` is filled in when the job is written.
const ON_DISK: &str = "/opt/ltp/{libc}";

/// Where a contest's image has one.
const ON_IMAGE: &str = "/{libc}/ltp";

/// Programs of a tree.
const BIN: &str = "testcases/bin";

/// What runs the cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Our own programs.
    #[default]
    Own,
    /// A tree of this host, or a directory of trees named by target.
    Tree(PathBuf),
    /// The trees of the image that was given.
    Image,
}

impl Source {
    /// What `args` and the environment say: `--ltp`, `$LTPROOT`, a tree on `--image`, else our own.
    ///
    /// # Errors
    /// A directory that is no tree and holds none.
    pub fn of(args: &RunArgs) -> anyhow::Result<Source> {
        let named = args.ltp.clone().map(|dir| (dir, "--ltp"));
        let of_environment = || {
            let dir = std::env::var_os("LTPROOT").filter(|dir| !dir.is_empty())?;
            Some((dir.into(), "LTPROOT"))
        };
        if let Some((dir, by)) = named.or_else(of_environment) {
            let any = args
                .guest
                .targets()
                .iter()
                .any(|&t| tree(&dir, t).is_some());
            return match any {
                true => Ok(Source::Tree(std::path::absolute(dir)?)),
                false => Err(missing(format!(
                    "{by}: {} has no {BIN}, and no tree named by a target (riscv64-glibc, ...) has",
                    dir.display()
                ))),
            };
        }
        let on_image = |image: &Path| {
            let mut libcs = Libc::ALL.iter();
            libcs.any(|libc| has(image, &format!("{}/{BIN}", filled(ON_IMAGE, *libc))))
        };
        Ok(match &args.guest.image {
            Some(image) if on_image(image) => Source::Image,
            _ => Source::Own,
        })
    }

    /// Where the guest finds the tree; absent where our own programs run.
    pub fn root(&self) -> Option<&'static str> {
        match self {
            Source::Own => None,
            Source::Tree(_) => Some(ON_DISK),
            Source::Image => Some(ON_IMAGE),
        }
    }

    /// The first line of a report: which of the two ran.
    pub fn sentence(&self) -> String {
        match self {
            Source::Own => {
                "ltp-net: no LTP tree was given; our own programs stand in for its cases, and a case that none covers is SKIP".to_string()
            }
            Source::Tree(dir) => format!("ltp-net: LTP's own programs, from {}", dir.display()),
            Source::Image => "ltp-net: LTP's own programs, from the image".to_string(),
        }
    }

    /// `image` with the tree's programs on it, for each of `libcs`: a copy in the cache, or the image itself
    /// where nothing has to be added. Blocks while it is made.
    ///
    /// # Errors
    /// A target without a tree; tools that are missing; a full disk.
    pub fn disk(
        &self,
        image: &Path,
        arch: Arch,
        libcs: &[Libc],
        options: &setup::Options,
    ) -> anyhow::Result<PathBuf> {
        let Source::Tree(dir) = self else {
            return Ok(image.to_path_buf());
        };
        let mut files = Vec::new();
        for &libc in libcs {
            let target = Target { arch, libc };
            let tree = tree(dir, target).ok_or_else(|| {
                missing(format!(
                    "{} has no tree for {}: name it {}/{}",
                    dir.display(),
                    target.name(),
                    dir.display(),
                    target.name()
                ))
            })?;
            for name in list::programs() {
                let file = tree.join(BIN).join(name);
                if file.is_file() {
                    files.push((format!("{}/{BIN}/{name}", filled(ON_DISK, libc)), file));
                }
            }
        }
        image::with_files(image, arch, &files, options)
    }
}

/// The tree for `target` in `dir`: one of the target's name, or `dir` itself.
pub fn tree(dir: &Path, target: Target) -> Option<PathBuf> {
    [dir.join(target.name()), dir.to_path_buf()]
        .into_iter()
        .find(|tree| tree.join(BIN).is_dir())
}

fn filled(place: &str, libc: Libc) -> String {
    place.replace("{libc}", libc.name())
}

/// Whether the ext4 image has a directory there; no where debugfs(8) is missing.
fn has(image: &Path, dir: &str) -> bool {
    let Some(debugfs) = shell::find("debugfs") else {
        return false;
    };
    if fs::metadata(image).is_err() {
        return false;
    }
    let mut command = Command::new(debugfs);
    let output = command
        .args(["-R", &format!("stat {dir}")])
        .arg(image)
        .output();
    output.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).contains("Type: directory"))
}
