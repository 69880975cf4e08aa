//! run.json, schema `sockeye.run/1`: the contract with everybody who reads figures.
//!
//! Written by [`super::RunDir`], read again by whatever compares runs. Fields are
//! only ever added within a number; a reader takes absent ones as empty.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::outcome::{CaseResult, Totals, missing, usage};

/// The schema written here.
pub const SCHEMA: &str = "sockeye.run/1";

/// A whole run on one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// [`SCHEMA`].
    pub schema: String,
    /// Architecture of the guest.
    pub arch: String,
    /// C library of the programs.
    pub libc: String,
    /// The suites, joined by `+`.
    pub suite: String,
    /// What booted.
    pub kernel: KernelInfo,
    /// QEMU's version line.
    pub qemu: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// Wall clock of the host.
    pub seconds: f64,
    /// How often a guest was started.
    #[serde(default)]
    pub boots: u32,
    /// One row a case.
    pub cases: Vec<CaseResult>,
    /// Rows by status.
    pub totals: Totals,
    /// The process's exit code, were this the only target.
    pub exit_code: u8,
    /// What happened beside the cases.
    #[serde(default)]
    pub notes: Vec<String>,
    /// How to run it again.
    #[serde(default)]
    pub command: String,
}

/// What booted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KernelInfo {
    /// `ours`, or the file.
    pub name: String,
    /// The version of this work tree's packages for ours; empty where unknown.
    #[serde(default)]
    pub version: String,
    /// Commit of the work tree for ours; empty where unknown.
    #[serde(default)]
    pub commit: String,
}

impl Run {
    /// Reads a run.json. A file that is not there is [`crate::outcome::Exit::Prerequisite`], one that
    /// is no run.json [`crate::outcome::Exit::Usage`].
    #[allow(dead_code, reason = "what compares runs reads them")]
    pub fn read(path: &Path) -> anyhow::Result<Run> {
        let text = fs::read_to_string(path)
            .map_err(|error| missing(format!("{}: {error}", path.display())))?;
        let run: Run = serde_json::from_str(&text)
            .map_err(|error| usage(format!("{}: no run.json: {error}", path.display())))?;
        if run.schema != SCHEMA {
            return Err(usage(format!(
                "{}: schema '{}' where this runner knows '{SCHEMA}'",
                path.display(),
                run.schema
            )));
        }
        Ok(run)
    }
}
