//! `programs`: Debian's own network programs, as people use them. The files of
//! testsuite/programs are the list: each is a shell script whose log is a transcript, every
//! command with what it said, and between them the checks, in TAP. `nics`: the same for guests
//! with several cards, of testsuite/nics.

use std::fs;

use super::Options;
use super::case::{Case, Dialect, Process};
use crate::place;

/// Seconds for one script, emulated on a busy machine.
const LIMIT: u64 = 120;

/// What every script starts with, and what it ends with: the number of checks, so that a
/// script that was cut short is seen.
const PRELUDE: &str = "prelude";
const EPILOGUE: &str = "echo \"1..$checks\"\n";

/// The suite.
pub fn cases(_: &Options) -> Vec<Case> {
    scripts("programs")
}

/// The suite `nics`.
pub fn nics(_: &Options) -> Vec<Case> {
    scripts("nics")
}

/// The scripts of a directory of testsuite.
fn scripts(dir: &str) -> Vec<Case> {
    let suites = place::root().join("testsuite");
    // Without a repository there are no scripts; the empty suite is then reported.
    let Ok(prelude) = fs::read_to_string(suites.join("programs").join(PRELUDE)) else {
        return Vec::new();
    };
    let entries = fs::read_dir(suites.join(dir))
        .into_iter()
        .flatten()
        .flatten();
    let mut scripts: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "sh"))
        .collect();
    scripts.sort();
    let case = |path: &std::path::PathBuf| {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        let text = fs::read_to_string(path).ok()?;
        let script = Process::script(&format!("{prelude}{text}{EPILOGUE}"));
        Some(Case::guest(&name, LIMIT, script, Dialect::Tap))
    };
    scripts.iter().filter_map(case).collect()
}
