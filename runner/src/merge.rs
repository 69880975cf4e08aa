//! `runner merge`: the shards of a run put together again.
//!
//! The merged run is an event log like any other, made of the shards' logs, over the
//! plan that all of them were dealt from: so its reports are those that the whole run
//! would have left, and what no shard reported is MISSING. Called by nobody but the
//! command line.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::MergeArgs;
use crate::outcome::{CaseResult, Exit, Status, usage};
use crate::place;
use crate::report::{Event, Group, Run, RunDir, ShardOf, Stamped, event_logs, farewell, github};

/// One shard's log of one target and kernel.
struct Part {
    dir: PathBuf,
    shard: ShardOf,
    events: Vec<Stamped>,
    run: Run,
}

impl Part {
    /// What has to agree for two logs to belong together.
    fn lane(&self) -> (&str, &str, &str, &str) {
        let Run {
            arch, libc, kernel, ..
        } = &self.run;
        (arch, libc, &kernel.name, &kernel.commit)
    }

    fn name(&self, kernels: bool) -> String {
        match kernels {
            true => format!("{}-{}", self.run.target(), self.run.lane()),
            false => self.run.target(),
        }
    }
}

/// Merges `args.dirs` into a new run directory; leaves with the whole's exit code.
pub fn run(args: &MergeArgs) -> anyhow::Result<Exit> {
    let mut lanes: Vec<Vec<Part>> = Vec::new();
    for dir in &args.dirs {
        for part in parts(dir)? {
            match lanes.iter_mut().find(|lane| lane[0].lane() == part.lane()) {
                Some(lane) => lane.push(part),
                None => lanes.push(vec![part]),
            }
        }
    }
    for lane in &mut lanes {
        lane.sort_by_key(|part| part.shard.index);
        check(lane)?;
    }
    let targets: HashSet<String> = lanes.iter().map(|lane| lane[0].run.target()).collect();
    let names: Vec<String> = lanes
        .iter()
        .map(|lane| lane[0].name(targets.len() < lanes.len()))
        .collect();
    let suites = suites(&lanes[0][0].shard.plan);
    let parent = args.out.clone().unwrap_or_else(place::runs);
    let group = Group::create(&parent, &names, &suites)?;
    let mut runs = Vec::new();
    for (number, lane) in lanes.iter().enumerate() {
        runs.push(merge(lane, &group.member(number))?);
    }
    let set = group.set(runs);
    group.finish(&set)?;
    github::publish(&set);
    for line in farewell::lines(&set, group.path()) {
        eprintln!("{line}");
    }
    println!("{}", group.path().display());
    Ok(set.exit())
}

/// The logs in a shard's directory, one for each target and kernel.
fn parts(dir: &Path) -> anyhow::Result<Vec<Part>> {
    let mut parts = Vec::new();
    for (dir, events, run) in event_logs(dir)? {
        let started = events.iter().find_map(|stamped| match &stamped.event {
            Event::RunStarted(started) => started.shard.clone(),
            _ => None,
        });
        let Some(shard) = started else {
            return Err(usage(format!(
                "{} is no shard: it was run without --shard",
                dir.display()
            )));
        };
        parts.push(Part {
            dir,
            shard,
            events,
            run,
        });
    }
    Ok(parts)
}

/// Whether `lane` is made of different shards of one plan.
fn check(lane: &[Part]) -> anyhow::Result<()> {
    for pair in lane.windows(2) {
        let [a, b] = pair else { continue };
        let differ = |what: &str| {
            usage(format!(
                "{} and {} {what}: they are no shards of one run",
                a.dir.display(),
                b.dir.display()
            ))
        };
        if a.shard.count != b.shard.count || a.shard.plan != b.shard.plan {
            return Err(differ("have different plans"));
        }
        if a.shard.index == b.shard.index {
            return Err(differ(&format!("are both shard {}", a.shard.index)));
        }
    }
    Ok(())
}

fn merge(lane: &[Part], path: &Path) -> anyhow::Result<Run> {
    let mut dir = RunDir::at(path.to_path_buf())?;
    let whole = &lane[0].shard;
    let mut exit = Exit::Ok;
    for (number, part) in lane.iter().enumerate() {
        exit = exit.worse(part.run.exit());
        for stamped in &part.events {
            let mut stamped = stamped.clone();
            match &mut stamped.event {
                Event::RunStarted(_) if number > 0 => continue,
                Event::RunStarted(started) => {
                    started.planned.clone_from(&whole.plan);
                    started.suite = suites(&whole.plan);
                    started.shard = None;
                    started.command = unsharded(&started.command);
                }
                Event::CaseFinished(row) => copy_log(&part.dir, row, path)?,
                Event::RunFinished { .. } => continue,
                _ => {}
            }
            dir.stamped(&stamped)?;
        }
    }
    let there: HashSet<usize> = lane.iter().map(|part| part.shard.index).collect();
    let absent: Vec<usize> = (1..=whole.count)
        .filter(|index| !there.contains(index))
        .collect();
    let reported: HashSet<&String> = lane
        .iter()
        .flat_map(|part| part.run.cases.iter().map(|row| &row.name))
        .collect();
    let dealt = whole.plan.iter().enumerate();
    for (place, name) in dealt.filter(|(_, name)| !reported.contains(name)) {
        let shard = place % whole.count + 1;
        let detail = match there.contains(&shard) {
            true => format!("shard {shard}/{} does not have it", whole.count),
            false => format!("shard {shard}/{} is not there", whole.count),
        };
        dir.event(Event::CaseFinished(CaseResult {
            name: name.clone(),
            status: Status::Missing,
            seconds: 0.0,
            log: String::new(),
            metrics: Vec::new(),
            detail,
        }))?;
    }
    if !absent.is_empty() {
        let text = format!("merged without shards {absent:?} of {}", whole.count);
        dir.event(Event::Note { text })?;
    }
    let exit = exit.worse(Exit::of(dir.totals(), None));
    dir.event(Event::RunFinished {
        exit_code: exit as u8,
    })?;
    dir.finish()
}

/// A case is in one shard, so its log's name is free.
fn copy_log(from: &Path, row: &CaseResult, to: &Path) -> anyhow::Result<()> {
    // A log that was lost with a shard's directory is no reason to lose the verdict.
    if !row.log.is_empty() && from.join(&row.log).is_file() {
        fs::copy(from.join(&row.log), to.join(&row.log))
            .map_err(|error| crate::report::full(to, &error))?;
    }
    Ok(())
}

/// The suites of a plan, joined by `+`, in its order.
fn suites(plan: &[String]) -> String {
    let mut suites: Vec<&str> = Vec::new();
    for name in plan {
        let suite = name.split('/').next().unwrap_or(name);
        if !suites.contains(&suite) {
            suites.push(suite);
        }
    }
    suites.join("+")
}

/// `command` without its shard: what does the whole again.
fn unsharded(command: &str) -> String {
    let mut words = command.split(' ');
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        if word == "--shard" {
            words.next();
        } else {
            kept.push(word);
        }
    }
    kept.join(" ")
}
