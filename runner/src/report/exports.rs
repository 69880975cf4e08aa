//! The figures for services that keep histories of them.
//!
//! `bmf.json` is Bencher's format (bencher.dev, "Bencher Metric Format"): benchmark,
//! measure, value. `gab-bigger.json` and `gab-smaller.json` are for
//! github-action-benchmark's tools `customBiggerIsBetter` and
//! `customSmallerIsBetter`, which take one direction a file.

use serde_json::{Map, Value, json};

use super::set::{Member, Set};
use crate::outcome::{Better, CaseResult, Metric};

/// Bencher's document. A measure there has one unit for good, so the unit is part of
/// our measures' names.
pub fn bencher(set: &Set) -> Value {
    let mut benchmarks = Map::new();
    for (member, case, metric) in metrics(set) {
        let name = format!("{}/{}", lane(member), case.name);
        let measures = benchmarks.entry(name).or_insert_with(|| json!({}));
        let measure = slug(&format!("{} {}", metric.name, spelled(&metric.unit)));
        measures[measure] = json!({ "value": metric.value });
    }
    Value::Object(benchmarks)
}

/// github-action-benchmark's list for one direction.
pub fn action_benchmark(set: &Set, better: Better) -> Value {
    let rows = metrics(set).filter(|(_, _, metric)| metric.better == better);
    let rows = rows.map(|(member, case, metric)| {
        json!({
            "name": format!("{} {} {}", lane(member), case.name, metric.name),
            "unit": metric.unit,
            "value": metric.value,
            "extra": format!("kernel {}\n{}\n{}", member.run.kernel, member.run.qemu, member.run.host),
        })
    });
    Value::Array(rows.collect())
}

/// A history must not depend on what else ran: the kernel is named unless it is ours.
fn lane(member: &Member) -> String {
    match member.run.lane() {
        "ours" => member.run.target(),
        other => format!("{} {other}", member.run.target()),
    }
}

fn metrics(set: &Set) -> impl Iterator<Item = (&Member, &CaseResult, &Metric)> {
    set.members.iter().flat_map(|member| {
        let cases = member.run.cases.iter();
        cases.flat_map(move |case| {
            case.metrics
                .iter()
                .map(move |metric| (member, case, metric))
        })
    })
}

fn spelled(unit: &str) -> &str {
    match unit {
        "%" => "percent",
        "1/s" => "per second",
        other => other,
    }
}

/// `Mbit/s` as `mbit-s`: letters, digits and single hyphens.
fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-").to_lowercase()
}
