//! results.ktap: KTAP version 1, as the kernel's documentation has it (Documentation/dev-tools/ktap.rst).
//!
//! Nested: runs (where there are several), suites, cases. Every level has its plan,
//! so that a reader misses nothing unseen. What is no plain failure carries the
//! directive that comes nearest: SKIP, TIMEOUT, else ERROR with our word for it.

use std::fmt::Write;

use super::figures::figure;
use super::set::{Member, Set};
use super::text;
use crate::outcome::{CaseResult, Status};

/// The document for `set`.
pub fn document(set: &Set) -> String {
    let mut out = String::from("KTAP version 1\n");
    match (&set.members[..], set.is_single()) {
        ([member], true) => suites(&mut out, member, 0),
        _ => runs(&mut out, set),
    }
    out
}

// Writing to a String cannot fail; hence the `let _` here and below.
fn runs(out: &mut String, set: &Set) {
    let _ = writeln!(out, "1..{}", set.members.len() + set.absent.len());
    let mut number = 0;
    for member in &set.members {
        number += 1;
        let name = plain(&set.label(&member.run));
        begin(out, 1, &name);
        suites(out, member, 1);
        let good = member.run.bad().next().is_none();
        let _ = writeln!(out, "{} {number} {name}", word(good));
    }
    for name in &set.absent {
        number += 1;
        let _ = writeln!(out, "not ok {number} {} # ERROR never ran", plain(name));
    }
}

fn suites(out: &mut String, member: &Member, depth: usize) {
    let mut suites: Vec<(&str, Vec<&CaseResult>)> = Vec::new();
    for case in &member.run.cases {
        let (suite, _) = case.name.split_once('/').unwrap_or(("", &case.name));
        match suites.iter_mut().find(|(known, _)| *known == suite) {
            Some((_, cases)) => cases.push(case),
            None => suites.push((suite, vec![case])),
        }
    }
    let indent = "  ".repeat(depth);
    let _ = writeln!(out, "{indent}1..{}", suites.len());
    for (number, (suite, cases)) in suites.iter().enumerate() {
        begin(out, depth + 1, &plain(suite));
        let _ = writeln!(out, "{indent}  1..{}", cases.len());
        for (number, case) in cases.iter().enumerate() {
            row(out, &format!("{indent}  "), number + 1, case);
        }
        let good = !cases.iter().any(|case| case.status.is_bad());
        let _ = writeln!(
            out,
            "{indent}{} {} {}",
            word(good),
            number + 1,
            plain(suite)
        );
    }
}

fn begin(out: &mut String, depth: usize, name: &str) {
    let indent = "  ".repeat(depth);
    let _ = writeln!(out, "{indent}KTAP version 1\n{indent}# Subtest: {name}");
}

fn row(out: &mut String, indent: &str, number: usize, case: &CaseResult) {
    let (_, name) = case.name.split_once('/').unwrap_or(("", &case.name));
    let detail = plain(&case.detail);
    for metric in &case.metrics {
        let _ = writeln!(
            out,
            "{indent}# {}: {} {}",
            plain(&metric.name),
            figure(metric),
            plain(&metric.unit)
        );
    }
    if case.status == Status::Fail && !detail.is_empty() {
        let _ = writeln!(out, "{indent}# {detail}");
    }
    let directive = match case.status {
        Status::Pass | Status::Fail => String::new(),
        Status::Skip => format!(" # SKIP {detail}"),
        Status::Xfail => format!(" # XFAIL {detail}"),
        Status::Timeout => format!(" # TIMEOUT {detail}"),
        other => format!(" # ERROR {}: {detail}", other.name().to_lowercase()),
    };
    let _ = writeln!(
        out,
        "{indent}{} {number} {}{directive}",
        word(!case.status.is_bad()),
        plain(name)
    );
}

fn word(good: bool) -> &'static str {
    if good { "ok" } else { "not ok" }
}

/// Text for one line, in which a `#` would begin a directive.
fn plain(text: &str) -> String {
    text::plain(text).replace('#', ".")
}
