//! From whatever is named on a command line to archives, one an architecture.
//!
//! A baseline's file is taken as it is. Anything else is searched for runs: a run.json, a
//! run directory, a directory of several, a series of pairs with its boots. Runs are put in
//! the order in which they started, so that the n-th boots of two kernels belong together.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::store::{Archive, Case, Figure, Lane, SCHEMA, key};
use crate::outcome::{Status, missing, usage};
use crate::pairs::Fingerprint;
use crate::report::Run;

/// How deep run directories lie below what is named: a series, its boots, a boot, its lanes.
const DEPTH: usize = 5;

/// Archives of `paths` by architecture.
pub fn archives(paths: &[PathBuf]) -> anyhow::Result<BTreeMap<String, Archive>> {
    let mut archives = BTreeMap::new();
    let mut files = Vec::new();
    for path in paths {
        match baseline(path)? {
            Some(archive) => {
                archives.insert(archive.arch.clone(), archive);
            }
            None => {
                let before = files.len();
                find(path, DEPTH, &mut files)?;
                if files.len() == before {
                    return Err(usage(format!(
                        "{}: neither a baseline nor a run: no run.json here or below",
                        path.display()
                    )));
                }
            }
        }
    }
    let mut runs = Vec::new();
    for file in files {
        let run = Run::read(&file)?;
        runs.push((run.started.clone(), file, run));
    }
    runs.sort_by(|x, y| (&x.0, &x.1).cmp(&(&y.0, &y.1)));
    runs.dedup_by(|x, y| x.1 == y.1);
    for (_, file, run) in &runs {
        let archive = archives
            .entry(run.arch.clone())
            .or_insert_with(|| Archive::empty(&run.arch));
        add(archive, run, &artefacts(file))?;
    }
    Ok(archives)
}

/// The archive in a file that says it is one.
fn baseline(path: &Path) -> anyhow::Result<Option<Archive>> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(path)
        .map_err(|error| missing(format!("{}: {error}", path.display())))?;
    let schema = serde_json::from_str::<Value>(&text)
        .map_err(|error| usage(format!("{}: no JSON: {error}", path.display())))?["schema"]
        .as_str()
        .unwrap_or("")
        .to_string();
    let family = |name: &str| name.split('/').next().unwrap_or("").to_string();
    match family(&schema) == family(SCHEMA) {
        true => Archive::parse(&text, path).map(Some),
        false => Ok(None),
    }
}

/// The run.json files at `path` and below.
fn find(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let unreadable = |error: std::io::Error| missing(format!("{}: {error}", path.display()));
    // Links lead to what is found anyway (`latest`), unless one was named.
    let real = fs::canonicalize(path).map_err(unreadable)?;
    if real.is_file() {
        let beside = real.parent().unwrap_or(Path::new("."));
        match real.file_name().and_then(|name| name.to_str()) {
            Some("runset.json" | "pairs.json") => find(beside, depth, files)?,
            _ => files.push(real),
        }
        return Ok(());
    }
    let own = real.join("run.json");
    if own.is_file() {
        files.push(own);
        return Ok(());
    }
    if depth == 0 {
        return Ok(());
    }
    for entry in fs::read_dir(&real).map_err(unreadable)?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            find(&entry.path(), depth - 1, files)?;
        }
    }
    Ok(())
}

/// Hashes from the env.json beside a run.json.
fn artefacts(run_json: &Path) -> BTreeMap<String, String> {
    let environment = fs::read_to_string(run_json.with_file_name("env.json"))
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
        .unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_string);
    let image = &environment["image"];
    let file_name = |path: &Value| {
        let path = PathBuf::from(path.as_str()?);
        Some(path.file_name()?.to_string_lossy().into_owned())
    };
    let known = [
        ("kernel sha256", text(&environment["kernel"]["sha256"])),
        (
            "initrd sha256",
            text(&environment["kernel"]["initrd"]["sha256"]),
        ),
        // Named by the hash of all that it is made of.
        ("image", file_name(&image["path"])),
    ];
    let known = known.into_iter();
    known
        .filter_map(|(name, value)| Some((name.to_string(), value?)))
        .collect()
}

fn add(
    archive: &mut Archive,
    run: &Run,
    artefacts: &BTreeMap<String, String>,
) -> anyhow::Result<()> {
    let fingerprint = Fingerprint::of(run);
    let suffix = match fingerprint.is_counted() {
        true => "-icount",
        false => "",
    };
    let partial = run.command.split(' ').any(|word| word == "--case");
    let mut booted = Vec::new();
    for result in &run.cases {
        let (suite, name) = result.name.split_once('/').unwrap_or(("", &result.name));
        let key = key(&run.libc, &format!("{suite}{suffix}"), run.lane());
        let lane = archive.lanes.entry(key.clone()).or_insert_with(|| Lane {
            fingerprint: fingerprint.clone(),
            kernel: run.kernel.clone(),
            artefacts: artefacts.clone(),
            ..Lane::default()
        });
        if let Some(difference) = lane.fingerprint.difference(&fingerprint) {
            return Err(usage(format!(
                "runs of {key} are not comparable with each other: {difference}"
            )));
        }
        if lane.kernel != run.kernel
            || lane.artefacts.get("kernel sha256") != artefacts.get("kernel sha256")
        {
            return Err(usage(format!(
                "runs of {key} are of different kernels: {} and {}",
                lane.kernel, run.kernel
            )));
        }
        if !booted.contains(&key) {
            lane.boots += 1;
            lane.partial |= partial;
            lane.commands.insert(run.command.clone());
            booted.push(key);
        }
        let case = lane.cases.entry(name.to_string()).or_insert_with(|| Case {
            status: result.status,
            detail: result.detail.clone(),
            known: String::new(),
            metrics: BTreeMap::new(),
        });
        if rank(result.status) > rank(case.status) {
            case.status = result.status;
            case.detail = result.detail.clone();
        }
        for metric in &result.metrics {
            let figure = case
                .metrics
                .entry(metric.name.clone())
                .or_insert_with(|| Figure {
                    unit: metric.unit.clone(),
                    better: metric.better,
                    samples: Vec::new(),
                });
            figure.samples.push(metric.value);
        }
    }
    Ok(())
}

/// The worst counts: a skip is more than a pass, since it hides one.
fn rank(status: Status) -> usize {
    Status::ALL.iter().position(|&s| s == status).unwrap_or(0)
        + usize::from(status.is_bad()) * Status::ALL.len()
}
