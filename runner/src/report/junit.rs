//! junit.xml, for CI systems: one test suite per suite of the run.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::run_json::Run;
use crate::outcome::{CaseResult, Status};

/// The document for `run`.
pub fn document(run: &Run) -> anyhow::Result<String> {
    let mut report = Report::new(format!("{}-{}", run.arch, run.libc));
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for case in &run.cases {
        let (suite, name) = case.name.split_once('/').unwrap_or(("", &case.name));
        suites
            .entry(suite)
            .or_insert_with(|| TestSuite::new(suite))
            .add_test_case(row(case, name));
    }
    report.add_test_suites(suites.into_values());
    report.to_string().context("junit.xml")
}

fn row(case: &CaseResult, name: &str) -> TestCase {
    let mut status = match case.status {
        Status::Pass => TestCaseStatus::success(),
        Status::Skip => TestCaseStatus::skipped(),
        Status::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        _ => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if case.status != Status::Pass {
        status.set_message(case.detail.clone());
    }
    if case.status.is_bad() {
        status.set_type(case.status.name());
    }
    let mut row = TestCase::new(name, status);
    row.set_time(Duration::from_secs_f64(case.seconds.max(0.0)));
    for metric in &case.metrics {
        row.add_property((
            metric.name.as_str(),
            format!("{} {}", metric.value, metric.unit).as_str(),
        ));
    }
    row
}
