//! run.json, schema `sockeye.run/1`: the contract with everybody who reads figures.
//!
//! Written by [`super::RunDir`], read again by whatever compares runs. Fields are
//! only ever added within a number; a reader takes absent ones as empty.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::outcome::{CaseResult, Exit, Totals, missing, usage};
use crate::score::Sheet;

/// The schema written here.
pub const SCHEMA: &str = "sockeye.run/1";

/// A whole run on one target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// The machine that ran QEMU, in one line.
    #[serde(default)]
    pub host: String,
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
    /// Verdicts that a later one for the same case replaced: a retry, or a guest that died
    /// after the case had passed. They are in no total, and never hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<CaseResult>,
    /// What happened beside the cases.
    #[serde(default)]
    pub notes: Vec<String>,
    /// How to run it again.
    #[serde(default)]
    pub command: String,
    /// The contest's score sheet, where a contest's console was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Sheet>,
    /// The report's first line, where a suite can be run in more than one way.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
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

impl std::fmt::Display for KernelInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [&self.name, &self.version, &self.commit];
        let known = parts.into_iter().filter(|part| !part.is_empty());
        f.write_str(&known.map(String::as_str).collect::<Vec<_>>().join(" "))
    }
}

impl Run {
    /// Reads a run.json. A file that is not there is [`crate::outcome::Exit::Prerequisite`], one that
    /// is no run.json [`crate::outcome::Exit::Usage`].
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

    /// `riscv64-glibc`; of a serial line nobody knows.
    pub fn target(&self) -> String {
        match self.arch.is_empty() && self.libc.is_empty() {
            true => "a serial line".to_string(),
            false => format!("{}-{}", self.arch, self.libc),
        }
    }

    /// The kernel's name, short: `ours`, `linux`, or the file's.
    pub fn lane(&self) -> &str {
        let name = self.kernel.name.trim_end_matches('/');
        name.rsplit('/').next().unwrap_or(name)
    }

    /// The exit code's meaning; a code that this runner does not know is a failure.
    pub fn exit(&self) -> Exit {
        Exit::from_code(self.exit_code).unwrap_or(Exit::Failed)
    }

    /// The rows that belong on a failure list.
    pub fn bad(&self) -> impl Iterator<Item = &CaseResult> {
        self.cases.iter().filter(|case| case.status.is_bad())
    }

    /// The command that runs one case again: the run's, with its selection replaced; empty
    /// where the run was read from a serial line.
    pub fn rerun(&self, case: &CaseResult) -> String {
        if self.command.is_empty() {
            return String::new();
        }
        let suite = case.name.split_once('/').map(|(suite, _)| suite);
        let mut words = self.command.split(' ').peekable();
        let mut line: Vec<&str> = Vec::new();
        while let Some(word) = words.next() {
            match word {
                "--suite" | "--case" | "--shard" => {
                    words.next();
                }
                _ => line.push(word),
            }
        }
        let mut line = line.join(" ");
        if let Some(suite) = suite {
            line.push_str(&format!(" --suite {suite}"));
        }
        format!("{line} --case {}", case.name)
    }
}
