//! junit.xml, for CI systems: one test suite for each suite of each run. A verdict
//! that a later one replaced is a flaky failure or a rerun, as its schema calls it.

use std::time::Duration;

use anyhow::Context;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};

use super::set::{Member, Set};
use crate::outcome::{CaseResult, Status};

/// The most of a case's log that goes in, in bytes: its end.
const MOST_LOG: usize = 16 << 10;

/// The most of all logs together: CI systems refuse files that are too large.
const MOST_LOGS: usize = 4 << 20;

/// The document for `set`.
pub fn document(set: &Set) -> anyhow::Result<String> {
    let mut report = Report::new(super::summary::title(set));
    let mut room = MOST_LOGS;
    for member in &set.members {
        report.add_test_suites(suites(set, member, &mut room));
    }
    for name in &set.absent {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type(Status::Missing.name());
        status.set_message("never ran");
        let mut suite = TestSuite::new(text(name));
        suite.add_test_case(TestCase::new("run", status));
        report.add_test_suite(suite);
    }
    report.to_string().context("junit.xml")
}

fn suites(set: &Set, member: &Member, room: &mut usize) -> Vec<TestSuite> {
    let mut suites: Vec<(&str, TestSuite)> = Vec::new();
    for case in &member.run.cases {
        let (suite, name) = case.name.split_once('/').unwrap_or(("", &case.name));
        let title = match set.is_single() {
            true => suite.to_string(),
            false => format!("{}.{suite}", set.label(&member.run)),
        };
        let at = suites.iter().position(|(known, _)| *known == suite);
        let at = at.unwrap_or_else(|| {
            suites.push((suite, TestSuite::new(text(&title))));
            suites.len() - 1
        });
        let mut row = row(member, case, name);
        row.set_classname(text(&title));
        if case.status.is_bad()
            && let Some(log) = set.log(member, case)
        {
            let log = tail(&log, MOST_LOG.min(*room));
            *room -= log.len();
            row.set_system_out(text(&log));
        }
        suites[at].1.add_test_case(row);
    }
    suites.into_iter().map(|(_, suite)| suite).collect()
}

fn row(member: &Member, case: &CaseResult, name: &str) -> TestCase {
    let mut status = match case.status {
        Status::Pass => TestCaseStatus::success(),
        Status::Skip | Status::Xfail => TestCaseStatus::skipped(),
        bad => TestCaseStatus::non_success(kind(bad)),
    };
    if case.status != Status::Pass {
        status.set_message(text(&case.detail));
    }
    if case.status.is_bad() {
        status.set_type(case.status.name());
        let again = member.run.rerun(case);
        if !again.is_empty() {
            status.set_description(text(&format!("again: {again}")));
        }
    }
    let earlier = member.run.earlier.iter();
    for attempt in earlier.filter(|attempt| attempt.name == case.name && attempt.status.is_bad()) {
        let mut rerun = TestRerun::new(kind(attempt.status));
        rerun.set_type(attempt.status.name());
        rerun.set_message(text(&attempt.detail));
        status.add_rerun(rerun);
    }
    let mut row = TestCase::new(text(name), status);
    row.set_time(Duration::try_from_secs_f64(case.seconds).unwrap_or_default());
    for metric in &case.metrics {
        row.add_property((
            metric.name.as_str(),
            format!("{} {}", metric.value, metric.unit).as_str(),
        ));
    }
    row
}

fn kind(status: Status) -> NonSuccessKind {
    match status {
        Status::Fail => NonSuccessKind::Failure,
        _ => NonSuccessKind::Error,
    }
}

/// The end of `log`, whole lines of it.
fn tail(log: &[u8], most: usize) -> String {
    let Some(cut @ 1..) = log.len().checked_sub(most) else {
        return String::from_utf8_lossy(log).into_owned();
    };
    let rest = &log[cut..];
    let line = rest
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(0, |at| at + 1);
    String::from_utf8_lossy(&rest[line..]).into_owned()
}

/// Text that XML 1.0 can hold: `quick_junit` takes away control characters, but not the
/// two non-characters that section 2.2 leaves out as well.
fn text(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
