//! `runner baseline [--accept] [RUNS...]`: what was measured becomes what is expected.
//!
//! Without `--accept` it tells what would change and touches nothing. It refuses what
//! nobody should compare with later: a kernel of a changed work tree, a failure that is not
//! listed with a reason, a suite that ran on one kernel only.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::chart;
use super::collect;
use super::compare::Comparison;
use super::known::{FILE, Known};
use super::page;
use super::store::{Archive, split};
use crate::cli::BaselineArgs;
use crate::outcome::{Exit, usage};
use crate::pairs::Noise;
use crate::place;
use crate::report::github;

/// Where baselines are.
const PLACE: &str = "docs/process/baselines";

/// The kernel that is measured, and the one it is measured against.
const BOTH: [&str; 2] = ["ours", "linux"];

/// The verb.
pub fn run(args: &BaselineArgs) -> anyhow::Result<Exit> {
    let dir = args
        .dir
        .clone()
        .unwrap_or_else(|| place::root().join(PLACE));
    let latest = [place::runs().join("latest")];
    let paths: &[PathBuf] = match args.runs.is_empty() {
        true => &latest,
        false => &args.runs,
    };
    let known = Known::read(&dir)?;
    let mut measured = collect::archives(paths)?;
    let mut reasons = Vec::new();
    for archive in measured.values_mut() {
        excuse(archive, &known);
        reasons.extend(refusals(archive));
    }
    for reason in &reasons {
        eprintln!("refused: {reason}");
    }
    if !reasons.is_empty() && args.accept {
        return Err(usage(format!(
            "nothing is accepted: {} reasons above",
            reasons.len()
        )));
    }
    let noise = Noise::read()?;
    for archive in measured.values() {
        let file = dir.join(format!("{}.json", archive.arch));
        let before = match file.exists() {
            true => {
                let text = fs::read_to_string(&file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                Archive::parse(&text, &file)?
            }
            false => Archive::empty(&archive.arch),
        };
        // What was not measured now stays as it is.
        let mut after = before.clone();
        after.lanes.extend(archive.lanes.clone());
        for (name, text) in files(&before, &after, archive, &noise)? {
            put(&dir, &name, &text, args.accept)?;
        }
    }
    Ok(match reasons.is_empty() {
        true => Exit::Ok,
        false => Exit::Usage,
    })
}

/// Every file of an architecture that may change: the archive, and page and chart of each
/// suite that was measured.
fn files(
    before: &Archive,
    after: &Archive,
    measured: &Archive,
    noise: &Noise,
) -> anyhow::Result<Vec<(String, String)>> {
    let arch = &after.arch;
    let mut files = vec![(format!("{arch}.json"), after.text()?)];
    let mut comparison = Comparison::default();
    comparison.add(before, measured, noise, None);
    let mut suites: Vec<String> = measured
        .suites()
        .into_iter()
        .map(|(suite, _)| suite)
        .collect();
    suites.dedup();
    for suite in suites {
        let name = format!("{arch}-{suite}");
        let chart = chart::svg(after, &suite);
        if let Some(chart) = &chart {
            files.push((format!("{name}.svg"), chart.clone()));
        }
        let page = page::markdown(after, &suite, chart.is_some(), &comparison);
        files.push((format!("{name}.md"), page));
    }
    Ok(files)
}

/// Gives listed failures their reasons.
fn excuse(archive: &mut Archive, known: &Known) {
    let arch = archive.arch.clone();
    for (key, lane) in &mut archive.lanes {
        let (libc, suite, kernel) = split(key);
        let suite = suite.trim_end_matches("-icount");
        for (name, case) in lane
            .cases
            .iter_mut()
            .filter(|(_, case)| case.status.is_bad())
        {
            let reason = known.reason(
                &format!("{arch}-{libc}"),
                &kernel,
                &format!("{suite}/{name}"),
            );
            case.known = reason.unwrap_or("").to_string();
        }
    }
}

/// Why an archive may not become a baseline.
fn refusals(archive: &Archive) -> Vec<String> {
    let arch = &archive.arch;
    let mut reasons = Vec::new();
    for (key, lane) in &archive.lanes {
        let (libc, suite, kernel) = split(key);
        let target = format!("{arch}-{libc}");
        let commit = &lane.kernel.commit;
        if kernel == "ours" && (commit.is_empty() || commit.ends_with("-dirty")) {
            reasons.push(format!(
                "{target} {suite}: the kernel was built from a work tree with changes ({})",
                if commit.is_empty() {
                    "no commit"
                } else {
                    commit
                }
            ));
        }
        if !BOTH.contains(&kernel.as_str()) {
            reasons.push(format!(
                "{target} {suite}: {kernel} is neither of {}",
                BOTH.join(", ")
            ));
        }
        if lane.partial {
            reasons.push(format!(
                "{target} {suite} {kernel}: only some cases ran (--case)"
            ));
        }
        for (name, case) in &lane.cases {
            if case.status.is_bad() && case.known.is_empty() {
                reasons.push(format!(
                    "{target} {kernel}: {suite}/{name} is {} and not in {FILE}",
                    case.status.name()
                ));
            }
        }
    }
    for (suite, libc) in archive.suites() {
        for kernel in BOTH {
            if archive
                .lane(&libc, &suite, kernel)
                .is_none_or(|lane| lane.boots == 0)
            {
                reasons.push(format!("{arch}-{libc} {suite}: no boot of {kernel}"));
            }
        }
    }
    reasons
}

/// Writes a file, or tells that it would change.
fn put(dir: &Path, name: &str, text: &str, accept: bool) -> anyhow::Result<()> {
    let path = dir.join(name);
    let old = fs::read_to_string(&path).ok();
    let what = match &old {
        None => "new",
        Some(old) if old == text => "same",
        Some(_) => "changed",
    };
    eprintln!("{what:<8} {}", path.display());
    if !accept {
        // The page is the best account of what moved.
        if what != "same" && name.ends_with(".md") {
            println!("{text}");
        }
        return Ok(());
    }
    if name.ends_with(".md") {
        github::page(text);
    }
    fs::create_dir_all(dir)
        .and_then(|()| fs::write(&path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::store::{Case, Lane, key};
    use crate::outcome::Status;
    use crate::report::KernelInfo;
    use std::collections::BTreeMap;

    fn lane(commit: &str, status: Status) -> Lane {
        let case = Case {
            status,
            detail: String::new(),
            known: String::new(),
            metrics: BTreeMap::new(),
        };
        Lane {
            kernel: KernelInfo {
                commit: commit.to_string(),
                ..KernelInfo::default()
            },
            boots: 1,
            cases: BTreeMap::from([("lo-tcp".to_string(), case)]),
            ..Lane::default()
        }
    }

    fn archive(lanes: &[(&str, Lane)]) -> Archive {
        let mut archive = Archive::empty("riscv64");
        for (kernel, lane) in lanes {
            archive
                .lanes
                .insert(key("glibc", "iperf3", kernel), lane.clone());
        }
        archive
    }

    #[test]
    fn what_nobody_should_compare_with_is_refused() {
        let good = [
            ("ours", lane("0159dae", Status::Pass)),
            ("linux", lane("", Status::Pass)),
        ];
        assert!(refusals(&archive(&good)).is_empty());
        for (lanes, word) in [
            (vec![good[0].clone()], "no boot of linux"),
            (
                vec![
                    ("ours", lane("0159dae-dirty", Status::Pass)),
                    good[1].clone(),
                ],
                "-dirty",
            ),
            (
                vec![("ours", lane("", Status::Pass)), good[1].clone()],
                "no commit",
            ),
            (
                vec![good[0].clone(), ("linux", lane("", Status::Fail))],
                "iperf3/lo-tcp is FAIL",
            ),
            (
                vec![
                    good[0].clone(),
                    good[1].clone(),
                    ("Image", lane("", Status::Pass)),
                ],
                "Image is neither",
            ),
        ] {
            let reasons = refusals(&archive(&lanes));
            assert_eq!(reasons.len(), 1, "{reasons:?}");
            assert!(reasons[0].contains(word), "{reasons:?}");
        }
    }

    #[test]
    fn a_listed_failure_is_no_reason() {
        let dir = tempfile::tempdir().expect("a directory");
        let list = "[[failure]]\ntarget = \"riscv64-glibc\"\nkernel = \"linux\"\ncase = \"iperf3/lo-tcp\"\nreason = \"why\"\n";
        fs::write(dir.path().join(FILE), list).expect("written");
        let known = Known::read(dir.path()).expect("a list");
        let mut archive = archive(&[
            ("ours", lane("1", Status::Pass)),
            ("linux", lane("", Status::Fail)),
        ]);
        excuse(&mut archive, &known);
        assert!(refusals(&archive).is_empty());
        fs::write(dir.path().join(FILE), list.replace("why", "")).expect("written");
        assert!(Known::read(dir.path()).is_err(), "a reason is wanted");
    }
}
