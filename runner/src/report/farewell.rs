//! The last words on the terminal: counts, then every failure with its log and the
//! command that runs it again. Cases that did not pass for one and the same reason
//! share a line.

use std::path::Path;

use super::set::{Member, Set};
use crate::outcome::{CaseResult, Status};
use crate::versus::{self, REFERENCE};

/// The most failures listed one by one.
const MOST_LISTED: usize = 20;

/// The most cases named on one line.
const MOST_NAMED: usize = 5;

/// The lines about `set`, which lies in `dir`.
pub fn lines(set: &Set, dir: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for member in &set.members {
        let run = &member.run;
        lines.push(format!("{}: {}", set.label(run), run.totals.sentence()));
        failures(set, member, dir, &mut lines);
    }
    for name in &set.absent {
        lines.push(format!("{name}: never ran"));
    }
    for versus in versus::of(set.members.iter().map(|member| &member.run)) {
        lines.extend(versus.lines());
    }
    let [_, excused] = set.bad();
    if !excused.is_empty() {
        lines.push(format!(
            "{} rows did not pass and do not count: {REFERENCE} does not pass them either, or they failed on it alone",
            excused.len()
        ));
    }
    let page = dir.join("report.html");
    lines.push(match page.exists() {
        true => format!("report: {}", page.display()),
        // A full disk, most likely: why comes after this.
        false => format!(
            "report: not written; `runner report {}` makes it from the events, once it can be",
            dir.display()
        ),
    });
    lines
}

/// What cases have in common that share a line: whether they count, status, detail.
type Reason<'a> = (bool, Status, &'a str);

fn failures(set: &Set, member: &Member, dir: &Path, lines: &mut Vec<String>) {
    let mut reasons: Vec<(Reason<'_>, Vec<&CaseResult>)> = Vec::new();
    for case in member.run.bad() {
        let reason = (set.counts(member, case), case.status, case.detail.as_str());
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, cases)) => cases.push(case),
            None => reasons.push((reason, vec![case])),
        }
    }
    for ((counts, status, detail), cases) in reasons.iter().take(MOST_LISTED) {
        let named = cases.iter().take(MOST_NAMED).map(|case| case.name.as_str());
        let mut names = named.collect::<Vec<_>>().join(" ");
        if let Some(more @ 1..) = cases.len().checked_sub(MOST_NAMED) {
            names.push_str(&format!(" and {more} more"));
        }
        let counts = match counts {
            true => "",
            false => " (does not count)",
        };
        lines.push(format!("  {:<7} {names}{counts}  {detail}", status.name()));
        let [case] = cases[..] else { continue };
        if !case.log.is_empty() {
            let log = dir.join(member.link(&case.log));
            lines.push(format!("          log: {}", log.display()));
        }
        let again = member.run.rerun(case);
        if !again.is_empty() {
            lines.push(format!("          rerun: {again}"));
        }
    }
    if let Some(more @ 1..) = reasons.len().checked_sub(MOST_LISTED) {
        lines.push(format!("  and {more} more reasons, see summary.md"));
    }
}
