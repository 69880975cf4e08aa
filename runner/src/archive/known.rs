//! Failures that a baseline may hold: `docs/process/baselines/known-failures.toml`, each
//! with its reason.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::outcome::{missing, usage};

/// The file's name.
pub const FILE: &str = "known-failures.toml";

/// The list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    #[serde(default)]
    failure: Vec<Failure>,
}

/// An entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    /// `riscv64-glibc`.
    target: String,
    /// `ours`, `linux`.
    kernel: String,
    /// `suite/case`.
    case: String,
    /// Why it is accepted; never empty.
    reason: String,
}

impl Known {
    /// Reads the list of `dir`; none is an empty one.
    pub fn read(dir: &Path) -> anyhow::Result<Known> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Ok(Known::default());
        }
        let text = fs::read_to_string(&path)
            .map_err(|error| missing(format!("{}: {error}", path.display())))?;
        let known: Known =
            toml::from_str(&text).map_err(|error| usage(format!("{}: {error}", path.display())))?;
        match known.failure.iter().find(|f| f.reason.trim().is_empty()) {
            Some(failure) => Err(usage(format!(
                "{}: {} has no reason",
                path.display(),
                failure.case
            ))),
            None => Ok(known),
        }
    }

    /// Why a failure is accepted.
    pub fn reason(&self, target: &str, kernel: &str, case: &str) -> Option<&str> {
        let is = |f: &&Failure| (&*f.target, &*f.kernel, &*f.case) == (target, kernel, case);
        self.failure.iter().find(is).map(|f| f.reason.as_str())
    }
}
