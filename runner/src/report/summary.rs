//! summary.md: the page a person reads first. Failures before figures, figures
//! before the rest.

use std::fmt::Write;

use super::run_json::Run;
use crate::outcome::{CaseResult, Metric};

/// Failures beyond this many are counted, not listed: pages have size limits.
const MOST_FAILURES: usize = 500;

/// The page for `run`.
pub fn page(run: &Run) -> String {
    let mut page = String::new();
    let out = &mut page;
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "# {} on {} ({}): {}\n",
        run.suite,
        run.arch,
        run.libc,
        run.totals.sentence()
    );
    let _ = writeln!(out, "| | |\n|---|---|");
    let kernel = format!(
        "{} {} {}",
        run.kernel.name, run.kernel.version, run.kernel.commit
    );
    for (name, value) in [
        ("started", run.started.clone()),
        ("took", format!("{:.1} s, {} boots", run.seconds, run.boots)),
        ("kernel", kernel.trim().to_string()),
        ("QEMU", run.qemu.clone()),
        ("exit code", run.exit_code.to_string()),
        ("again", format!("`{}`", run.command)),
    ] {
        let _ = writeln!(out, "| {name} | {} |", cell(&value));
    }
    failures(out, run);
    figures(out, &run.cases);
    let _ = writeln!(
        out,
        "\n## Cases\n\n| case | status | seconds | |\n|---|---|---:|---|"
    );
    for case in run.cases.iter().filter(|case| !case.status.is_bad()) {
        let _ = writeln!(
            out,
            "| {} | {} | {:.2} | {} |",
            case.name,
            case.status.name(),
            case.seconds,
            cell(&case.detail)
        );
    }
    if !run.notes.is_empty() {
        let _ = writeln!(out, "\n## Notes\n");
        for note in run.notes.iter().take(50) {
            let _ = writeln!(out, "- {}", cell(note));
        }
    }
    page
}

fn failures(out: &mut String, run: &Run) {
    let bad: Vec<&CaseResult> = run
        .cases
        .iter()
        .filter(|case| case.status.is_bad())
        .collect();
    if bad.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n## Not passed\n\n| case | status | seconds | why | log |\n|---|---|---:|---|---|"
    );
    for case in bad.iter().take(MOST_FAILURES) {
        let log = if case.log.is_empty() {
            String::new()
        } else {
            format!("[log]({})", case.log)
        };
        let _ = writeln!(
            out,
            "| {} | {} | {:.2} | {} | {log} |",
            case.name,
            case.status.name(),
            case.seconds,
            cell(&case.detail)
        );
    }
    if let Some(more) = bad
        .len()
        .checked_sub(MOST_FAILURES)
        .filter(|&more| more > 0)
    {
        let _ = writeln!(out, "\nand {more} more; run.json has them all.");
    }
}

fn figures(out: &mut String, cases: &[CaseResult]) {
    if cases.iter().all(|case| case.metrics.is_empty()) {
        return;
    }
    let _ = writeln!(
        out,
        "\n## Figures\n\n| case | what | value | unit |\n|---|---|---:|---|"
    );
    for case in cases {
        for metric in &case.metrics {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                case.name,
                metric.name,
                figure(metric),
                metric.unit
            );
        }
    }
}

/// Three digits behind the point for small numbers, none for large ones.
pub fn figure(metric: &Metric) -> String {
    match metric.value.abs() {
        value if value >= 1000.0 => format!("{:.0}", metric.value),
        value if value >= 10.0 => format!("{:.1}", metric.value),
        _ => format!("{:.3}", metric.value),
    }
}

/// Text fit for a table's cell, cut where it is long.
fn cell(text: &str) -> String {
    let cut: String = text.chars().take(300).collect();
    cut.replace('|', r"\|").replace(['\n', '\r'], " ")
}
