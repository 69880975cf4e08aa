//! Every file that is rendered from a set of runs.
//!
//! Called at the end of a run, at the end of a command over several targets, and by
//! `runner report` for a log of any age: the same bytes each time.

use std::fs;
use std::path::Path;

use super::set::Set;
use super::{exports, html, junit, ktap, score, summary};
use crate::outcome::Better;

/// Renders `set` into `dir`.
pub fn write(dir: &Path, set: &Set) -> anyhow::Result<()> {
    fs::create_dir_all(dir)?;
    let put = |name: &str, text: String| fs::write(dir.join(name), text);
    match &set.members[..] {
        [member] if set.is_single() => put(
            "run.json",
            serde_json::to_string_pretty(&member.run)? + "\n",
        )?,
        _ => put("runset.json", set.index()?)?,
    }
    put("summary.md", summary::page(set))?;
    put("report.html", html::page(set))?;
    if let Some(page) = score::page(set) {
        put("score.md", page)?;
    }
    if let Some(document) = score::document(set) {
        put(
            "score.json",
            serde_json::to_string_pretty(&document)? + "\n",
        )?;
    }
    put("junit.xml", junit::document(set)?)?;
    put("results.ktap", ktap::document(set))?;
    for (name, document) in [
        ("bmf.json", exports::bencher(set)),
        (
            "gab-bigger.json",
            exports::action_benchmark(set, Better::Higher),
        ),
        (
            "gab-smaller.json",
            exports::action_benchmark(set, Better::Lower),
        ),
    ] {
        put(name, serde_json::to_string_pretty(&document)? + "\n")?;
    }
    Ok(())
}
