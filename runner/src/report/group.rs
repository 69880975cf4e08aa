//! A run over several targets: one directory each, side by side under a common one
//! that holds the table of all.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;

use super::run_dir::{fresh, point_latest};
use super::run_json::Run;
use super::summary::figure;
use crate::clock::Utc;
use crate::outcome::{Exit, Totals};
use crate::target::Target;

/// Where a command's run directories go.
pub struct Group {
    path: PathBuf,
    single: bool,
}

impl Group {
    /// Creates the directory. One target uses it itself; several get one inside each.
    pub fn create(parent: &Path, targets: &[Target], suite: &str) -> anyhow::Result<Group> {
        let name = match targets {
            [target] => target.name(),
            _ => "all".to_string(),
        };
        let path = fresh(parent, &format!("{}-{name}-{suite}", Utc::now().compact()))
            .with_context(|| format!("cannot create a run directory in {}", parent.display()))?;
        Ok(Group {
            path,
            single: targets.len() == 1,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory for `target`.
    pub fn member(&self, target: Target) -> PathBuf {
        if self.single {
            self.path.clone()
        } else {
            self.path.join(target.name())
        }
    }

    /// Points `latest` here and, for several targets, writes the common table.
    pub fn finish(&self, runs: &[Run], exit: Exit) -> anyhow::Result<()> {
        if !self.single {
            let members: Vec<String> = runs
                .iter()
                .map(|run| format!("{}-{}/run.json", run.arch, run.libc))
                .collect();
            let totals = Totals::of(runs.iter().flat_map(|run| &run.cases));
            let set = json!({ "schema": "sockeye.runset/1", "runs": members, "totals": totals, "exit_code": exit as u8 });
            fs::write(
                self.path.join("runset.json"),
                serde_json::to_string_pretty(&set)? + "\n",
            )?;
            fs::write(self.path.join("summary.md"), table(runs))?;
        }
        point_latest(&self.path)
            .with_context(|| format!("cannot name {} the latest", self.path.display()))
    }
}

/// Cases down, targets across; a figure where there is one, else the status.
pub fn table(runs: &[Run]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for case in runs.iter().flat_map(|run| &run.cases) {
        if !names.contains(&case.name.as_str()) {
            names.push(&case.name);
        }
    }
    let mut page = String::from("# All targets\n\n| case |");
    // Writing to a String cannot fail.
    for run in runs {
        let _ = write!(page, " [{0}-{1}]({0}-{1}/summary.md) |", run.arch, run.libc);
    }
    let _ = writeln!(page, "\n|---|{}", "---:|".repeat(runs.len()));
    for name in names {
        let _ = write!(page, "| {name} |");
        for run in runs {
            let cell = match run.cases.iter().find(|case| case.name == name) {
                None => String::new(),
                Some(case) => match case.metrics.first() {
                    Some(metric) => format!("{} {}", figure(metric), metric.unit),
                    None => case.status.name().to_string(),
                },
            };
            let _ = write!(page, " {cell} |");
        }
        page.push('\n');
    }
    let _ = write!(page, "| total |");
    for run in runs {
        let _ = write!(page, " {} |", run.totals.sentence());
    }
    page.push('\n');
    page
}
