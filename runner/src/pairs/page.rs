//! The table of a series: summary.md, and the same on the terminal.

use std::fmt::Write;

use super::record::{Kernel, Measured, Record};
use crate::report::number;
use crate::stats::{Word, median, percent};

/// summary.md.
pub fn markdown(record: &Record) -> String {
    let mut page = String::new();
    let out = &mut page;
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "# {} against {}: {}\n",
        record.b.name,
        record.a.name,
        counts(record)
    );
    let _ = writeln!(out, "| | |\n|---|---|");
    for (name, kernel) in [("A", &record.a), ("B", &record.b)] {
        let _ = writeln!(out, "| {name} | {} |", kernel_line(kernel));
    }
    let sets: Vec<String> = record
        .order
        .iter()
        .map(|set| set.len().to_string())
        .collect();
    let _ = writeln!(
        out,
        "| pairs | {} (one boot is one sample; ABBA, seed {}) |",
        sets.join(" + "),
        record.seed
    );
    let _ = writeln!(out, "| started | {} |", record.started);
    let mut fingerprints: Vec<_> = record.metrics.iter().map(|m| &m.fingerprint).collect();
    fingerprints.dedup();
    for fingerprint in &fingerprints {
        let _ = writeln!(
            out,
            "| {} | {}, {} {} |",
            fingerprint.target, fingerprint.host, fingerprint.qemu, fingerprint.flags
        );
    }
    if !record.failures.is_empty() {
        let _ = writeln!(out, "\n## Not passed\n");
        for failure in record.failures.iter().take(100) {
            let _ = writeln!(out, "- {failure}");
        }
    }
    for fingerprint in fingerprints {
        let _ = writeln!(out, "\n## {}\n", fingerprint.target);
        let _ = writeln!(
            out,
            "| case | what | A | B | unit | B is better by | pairs | matters from | verdict |\n|---|---|---:|---:|---|---:|---:|---:|---|"
        );
        for metric in record
            .metrics
            .iter()
            .filter(|m| m.fingerprint == *fingerprint)
        {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                metric.case,
                metric.metric,
                middle(&metric.all(|set| &set.a)),
                middle(&metric.all(|set| &set.b)),
                metric.unit,
                change(metric).replace("; ", "<br>"),
                pairs(metric),
                percent(metric.delta),
                word_with_mark(metric.word)
            );
        }
    }
    let _ = writeln!(
        out,
        "\nA and B are medians over boots. \"Better by\" is the Hodges-Lehmann estimate of the paired ratio with its \
         interval of at least 95 % (of 90 % for a second set, which only confirms). A difference is claimed where the interval \
         excludes zero, the estimate is more than what matters, and a fresh second set repeats it."
    );
    page
}

/// The lines for a terminal.
pub fn terminal(record: &Record) -> String {
    let mut lines = String::new();
    for metric in &record.metrics {
        let _ = writeln!(
            lines,
            "{:<15} {:<28} {:<11} {:>9} -> {:>9} {:<7} {}  n={}  {}",
            metric.fingerprint.target,
            metric.case,
            metric.metric,
            middle(&metric.all(|set| &set.a)),
            middle(&metric.all(|set| &set.b)),
            metric.unit,
            change(metric),
            pairs(metric),
            word_with_mark(metric.word)
        );
    }
    for failure in record.failures.iter().take(20) {
        let _ = writeln!(lines, "not passed: {failure}");
    }
    let _ = writeln!(
        lines,
        "{} against {}: {}",
        record.b.name,
        record.a.name,
        counts(record)
    );
    lines
}

/// A word that stands out where it is news.
pub fn word_with_mark(word: Word) -> String {
    match word {
        Word::Regressed => format!("▼ {}", word.text()),
        Word::Improved => format!("▲ {}", word.text()),
        _ => word.text().to_string(),
    }
}

fn counts(record: &Record) -> String {
    let words = Word::sentence(record.metrics.iter().map(|metric| metric.word));
    match words.is_empty() {
        true => "no figures".to_string(),
        false => words,
    }
}

fn kernel_line(kernel: &Kernel) -> String {
    match &kernel.booted {
        Some(booted) => format!("{booted}; one boot: `{}`", kernel.command),
        None => kernel.name.clone(),
    }
}

fn middle(samples: &[f64]) -> String {
    median(samples).map_or(String::from("-"), number)
}

fn change(metric: &Measured) -> String {
    let sentences: Vec<String> = metric
        .estimates
        .iter()
        .map(|estimate| estimate.map_or("no interval".to_string(), |e| e.sentence()))
        .collect();
    sentences.join("; ")
}

fn pairs(metric: &Measured) -> String {
    let sizes: Vec<String> = metric
        .sets
        .iter()
        .map(|set| set.a.len().to_string())
        .collect();
    sizes.join("+")
}
