//! The list of cases, `testsuite/ltp/cases`, and which program of ours covers which of them,
//! `testsuite/ltp/own`. Read by `plan` and when the tree goes onto the disk.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

const CASES: &str = include_str!("../../../testsuite/ltp/cases");
const OWN: &str = include_str!("../../../testsuite/ltp/own");

/// A case as LTP's own list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// LTP's name for the case.
    pub name: &'static str,
    /// It is killed after this many seconds.
    pub seconds: u64,
    /// Program and arguments.
    pub command: Vec<&'static str>,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| lines(CASES).filter_map(entry).collect());

static OWNERS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let pairs = lines(OWN).filter_map(|line| line.split_once(char::is_whitespace));
    pairs.map(|(case, own)| (case, own.trim())).collect()
});

/// All cases, in the list's order.
pub fn cases() -> &'static [Entry] {
    &ENTRIES
}

/// Every program that a tree should have: those of the cases, and those that they start.
pub fn programs() -> BTreeSet<&'static str> {
    let started = lines(CASES).filter_map(|line| line.strip_prefix('+'));
    let started = started.flat_map(str::split_whitespace);
    cases()
        .iter()
        .map(|entry| entry.command[0])
        .chain(started)
        .collect()
}

/// Our program, `group/name`, that checks what LTP's case of this name does.
pub fn own(case: &str) -> Option<&'static str> {
    OWNERS.get(case).copied()
}

/// Lines that say something.
pub fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn entry(line: &'static str) -> Option<Entry> {
    let mut words = line.split_whitespace();
    let (name, seconds) = (words.next()?, words.next()?);
    Some(Entry {
        name,
        seconds: seconds.parse().ok()?,
        command: words.collect(),
    })
    .filter(|entry| !entry.command.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image;

    #[test]
    fn every_line_is_a_case_or_names_programs() {
        let odd: Vec<&str> = lines(CASES)
            .filter(|line| !line.starts_with('+') && entry(line).is_none())
            .collect();
        assert!(odd.is_empty(), "{odd:?}");
        let names: BTreeSet<&str> = cases().iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), cases().len(), "a name twice");
    }

    #[test]
    fn what_stands_in_exists() {
        let programs = image::programs().expect("the repository");
        let known = |own: &str| {
            programs
                .iter()
                .any(|program| format!("{}/{}", program.group, program.name) == own)
        };
        for (case, own) in OWNERS.iter() {
            assert!(
                cases().iter().any(|entry| entry.name == *case),
                "no case {case}"
            );
            assert!(known(own), "no program {own} for {case}");
        }
    }
}
