//! run.json, schema `sockeye.run/1`. Fields are only ever added within a number.

use serde::Serialize;

use crate::outcome::{CaseResult, Totals};

/// A whole run on one target.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// `sockeye.run/1`.
    pub schema: &'static str,
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
    pub boots: u32,
    /// One row a case.
    pub cases: Vec<CaseResult>,
    /// Rows by status.
    pub totals: Totals,
    /// The process's exit code, were this the only target.
    pub exit_code: u8,
    /// What happened beside the cases.
    pub notes: Vec<String>,
    /// How to run it again.
    pub command: String,
}

/// What booted.
#[derive(Clone, Debug, Serialize)]
pub struct KernelInfo {
    /// `ours`, or the file.
    pub name: String,
    /// The version of this work tree's packages for ours; empty where unknown.
    pub version: String,
    /// Commit of the work tree for ours; empty where unknown.
    pub commit: String,
}
