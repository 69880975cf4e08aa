//! The directory of one command: of its run, or of several runs side by side, one
//! directory each, under the reports about all of them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::outputs;
use super::run_dir::{fresh, point_latest, take_back};
use super::set::{self, Member, Set};
use crate::clock::Utc;
use crate::outcome::Totals;

/// Where a command's run directories go.
pub struct Group {
    path: PathBuf,
    /// The members' directories, relative; one empty name for a run by itself.
    members: Vec<String>,
}

impl Group {
    /// Creates the directory for runs of these names and names it the latest, so that a run that is
    /// killed is found. One run uses it itself; several get one inside each.
    pub fn create(parent: &Path, members: &[String], suite: &str) -> anyhow::Result<Group> {
        let name = match members {
            [only] => only,
            _ => "all",
        };
        for dir in take_back(parent) {
            eprintln!(
                "runner: the runner of {0} was killed; `runner report {0}` tells what it had",
                dir.display()
            );
        }
        let path = fresh(parent, &format!("{}-{name}-{suite}", Utc::now().compact()))
            .with_context(|| format!("cannot create a run directory in {}", parent.display()))?;
        point_latest(&path)
            .with_context(|| format!("cannot name {} the latest", path.display()))?;
        let mut group = Group {
            path,
            members: vec![String::new()],
        };
        if members.len() > 1 {
            group.members = members.to_vec();
            let dirs = group.members.iter().map(String::as_str);
            let index = set::index(dirs, Totals::default(), None)?;
            fs::write(group.path.join("runset.json"), index).with_context(|| group.full())?;
        }
        Ok(group)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory of the member of this number.
    pub fn member(&self, number: usize) -> PathBuf {
        match self.members.get(number) {
            Some(name) if !name.is_empty() => self.path.join(name),
            _ => self.path.clone(),
        }
    }

    /// Puts the runs, in the order of the members, under one head: what has no run is absent.
    pub fn set(&self, runs: Vec<super::Run>) -> Set {
        let absent = self.members.iter().skip(runs.len()).cloned().collect();
        let members = runs.into_iter().zip(&self.members);
        Set {
            members: members
                .map(|(run, dir)| Member {
                    dir: dir.clone(),
                    run,
                })
                .collect(),
            absent,
            root: self.path.clone(),
        }
    }

    /// For several runs, writes the reports about all.
    pub fn finish(&self, set: &Set) -> anyhow::Result<()> {
        if self.members.len() > 1 {
            outputs::write(&self.path, set).with_context(|| self.full())?;
        }
        Ok(())
    }

    fn full(&self) -> String {
        format!("cannot write in {}: is the disk full?", self.path.display())
    }
}
