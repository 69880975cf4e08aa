//! Runs that belong together: one command's, over targets and kernels. Every report
//! is made of a set; a run by itself is a set of one.
//!
//! On disk a set is a directory with a `runset.json` and one run directory for each
//! member, written when the command starts, so that it tells after a crash what was
//! still to come.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::event;
use super::replay::Replay;
use super::run_json::Run;
use crate::outcome::{CaseResult, Exit, Status, Totals, missing, usage};
use crate::versus::{self, REFERENCE};

/// The schema of runset.json.
const SCHEMA: &str = "sockeye.runset/1";

/// A run and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its directory, relative to the set's; empty where it is the same.
    pub dir: String,
    /// What it came to.
    pub run: Run,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Set {
    /// In report order.
    pub members: Vec<Member>,
    /// Members that were to run and left nothing.
    pub absent: Vec<String>,
    /// Where logs are found; empty where there are none to look at.
    pub root: PathBuf,
}

/// runset.json.
#[derive(Debug, Serialize, Deserialize)]
struct Index {
    schema: String,
    /// Paths of the members' run.json.
    runs: Vec<String>,
    totals: Totals,
    /// Absent while the command runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
}

impl Set {
    /// A run by itself.
    pub fn single(run: Run) -> Set {
        let dir = String::new();
        Set {
            members: vec![Member { dir, run }],
            ..Set::default()
        }
    }

    /// Reads a run directory, the directory of a set, an event log or, where that is all
    /// that is left, a run.json.
    pub fn read(path: &Path) -> anyhow::Result<Set> {
        if path.is_file() {
            let beside = path.parent().unwrap_or(Path::new(".")).to_path_buf();
            let run = match path.file_name().and_then(|name| name.to_str()) {
                Some("runset.json") => return Set::read(&beside),
                Some(name) if name.ends_with(".json") => Run::read(path)?,
                _ => replay(path)?,
            };
            return Ok(Set {
                root: beside,
                ..Set::single(run)
            });
        }
        if path.join("events.jsonl").is_file() {
            return Set::read(&path.join("events.jsonl"));
        }
        let mut set = Set {
            root: path.to_path_buf(),
            ..Set::default()
        };
        for dir in planned_members(path)? {
            let log = path.join(&dir).join("events.jsonl");
            match log.is_file() {
                true => set.members.push(Member {
                    run: replay(&log)?,
                    dir,
                }),
                false => set.absent.push(dir),
            }
        }
        if set.members.is_empty() {
            return Err(usage(format!(
                "{}: no events.jsonl here, and no run directory with one",
                path.display()
            )));
        }
        Ok(set)
    }

    /// The text of runset.json.
    pub fn index(&self) -> anyhow::Result<String> {
        let absent = self.absent.iter().map(String::as_str);
        let dirs = self.members.iter().map(|member| member.dir.as_str());
        index(dirs.chain(absent), self.totals(), Some(self.exit()))
    }

    /// Rows by status, over all members.
    pub fn totals(&self) -> Totals {
        Totals::of(self.members.iter().flat_map(|member| &member.run.cases))
    }

    /// The exit code of the whole: of the rows that count.
    pub fn exit(&self) -> Exit {
        let absent = match self.absent.is_empty() {
            true => Exit::Ok,
            false => Exit::Incomplete,
        };
        let codes = self.members.iter().map(|member| self.exit_of(member));
        codes.fold(absent, Exit::worse)
    }

    fn exit_of(&self, member: &Member) -> Exit {
        let own = member.run.exit();
        // Every other code is about the run and not about its rows.
        if !matches!(own, Exit::Crashed | Exit::Failed) {
            return own;
        }
        let mut totals = Totals::default();
        for case in &member.run.cases {
            match case.status.is_bad() && !self.counts(member, case) {
                true => totals.add(Status::Skip),
                false => totals.add(case.status),
            }
        }
        Exit::of(totals, None)
    }

    /// Whether a row that is not good makes the exit code. With Linux beside the kernel under test,
    /// what Linux does not pass either does not, nor does what fails on Linux alone: the test or
    /// the machine is at fault then. A crash of the kernel under test, MISSING and INFRA count always.
    pub fn counts(&self, member: &Member, case: &CaseResult) -> bool {
        let beside = |other: &&Member| {
            other.run.target() == member.run.target() && other.run.lane() != member.run.lane()
        };
        let mut others = self.members.iter().filter(beside);
        if member.run.lane() == REFERENCE {
            let answered = !matches!(case.status, Status::Missing | Status::Infra);
            return !(answered && others.next().is_some());
        }
        let linux = others
            .find(|other| other.run.lane() == REFERENCE)
            .and_then(|other| other.run.cases.iter().find(|row| row.name == case.name));
        !linux.is_some_and(|linux| versus::excused(case.status, linux.status))
    }

    /// The rows that are not good: first those that count, then those that do not.
    pub fn bad(&self) -> [Vec<(&Member, &CaseResult)>; 2] {
        let bad = self
            .members
            .iter()
            .flat_map(|member| member.run.bad().map(move |case| (member, case)));
        let (counted, excused) = bad.partition(|(member, case)| self.counts(member, case));
        [counted, excused]
    }

    /// Whether there is more than one run to tell apart.
    pub fn is_single(&self) -> bool {
        self.members.len() == 1 && self.absent.is_empty()
    }

    /// What to call a member beside the others: its target, and its kernel where they
    /// differ in that.
    pub fn label(&self, run: &Run) -> String {
        let target = run.target();
        let lanes = self.members.iter().map(|member| member.run.lane());
        match lanes.clone().all(|lane| lane == run.lane()) {
            true => target,
            false => format!("{target} {}", run.lane()),
        }
    }

    /// The log of a case, from its run directory.
    pub fn log(&self, member: &Member, case: &CaseResult) -> Option<Vec<u8>> {
        if self.root.as_os_str().is_empty() || case.log.is_empty() {
            return None;
        }
        fs::read(self.root.join(&member.dir).join(&case.log)).ok()
    }
}

impl Member {
    /// A file of the member's directory, relative to the set's.
    pub fn link(&self, file: &str) -> String {
        match self.dir.is_empty() {
            true => file.to_string(),
            false => format!("{}/{file}", self.dir),
        }
    }
}

/// The text of a runset.json.
pub fn index<'a>(
    dirs: impl Iterator<Item = &'a str>,
    totals: Totals,
    exit: Option<Exit>,
) -> anyhow::Result<String> {
    let index = Index {
        schema: SCHEMA.to_string(),
        runs: dirs.map(|dir| format!("{dir}/run.json")).collect(),
        totals,
        exit_code: exit.map(|exit| exit as u8),
    };
    Ok(serde_json::to_string_pretty(&index)? + "\n")
}

/// The members that runset.json names, else the directories with an event log.
fn planned_members(path: &Path) -> anyhow::Result<Vec<String>> {
    if let Ok(text) = fs::read_to_string(path.join("runset.json")) {
        let index: Index = serde_json::from_str(&text)
            .map_err(|error| usage(format!("{}/runset.json: {error}", path.display())))?;
        let dir = |run: &String| run.trim_end_matches("/run.json").to_string();
        return Ok(index.runs.iter().map(dir).collect());
    }
    let entries =
        fs::read_dir(path).map_err(|error| missing(format!("{}: {error}", path.display())))?;
    let mut dirs: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("events.jsonl").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    dirs.sort();
    Ok(dirs)
}

/// Every event log of a run directory or a set's, with its directory and its run.
pub fn event_logs(path: &Path) -> anyhow::Result<Vec<(PathBuf, Vec<event::Stamped>, Run)>> {
    let set = Set::read(path)?;
    let dirs = set.members.iter().map(|member| set.root.join(&member.dir));
    let log = |dir: PathBuf| {
        let (events, damaged) = event::read(&dir.join("events.jsonl"))?;
        let run = Replay::of(&events, damaged).run();
        Ok((dir, events, run))
    };
    dirs.map(log).collect()
}

fn replay(log: &Path) -> anyhow::Result<Run> {
    let (events, damaged) = event::read(log)?;
    let replay = Replay::of(&events, damaged);
    match replay.is_run() {
        true => Ok(replay.run()),
        false => Err(usage(format!(
            "{}: no run was begun in this log",
            log.display()
        ))),
    }
}
