//! Groups that say in a word how a test went: busybox and lua (`testcase busybox ls success`),
//! libctest (`========== START entry-static.exe argv ==========`, then `Pass!`).

use super::{Judged, checks};

/// The lines of the official busybox_cmd.txt, and lua's scripts.
const BUSYBOX: usize = 53;
const LUA: usize = 9;
/// libc-test's cases: static and dynamic.
const LIBCTEST: usize = 220;

/// A point for each command that the script calls a success.
pub fn busybox(lines: &[&str]) -> Judged {
    testcases(lines, BUSYBOX)
}

/// A point for each of lua's scripts.
pub fn lua(lines: &[&str]) -> Judged {
    testcases(lines, LUA)
}

fn testcases(lines: &[&str], of: usize) -> Judged {
    let mut results: Vec<(&str, bool)> = Vec::new();
    for (name, good) in lines.iter().filter_map(|line| testcase(line)) {
        match results.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = good,
            None => results.push((name, good)),
        }
    }
    let entries = results.into_iter();
    let entries = entries.map(|(name, good)| checks(name.to_string(), usize::from(good), 1));
    Judged::new(entries.collect(), of)
}

/// The name and the last word of the two that stands alone.
fn testcase(line: &str) -> Option<(&str, bool)> {
    let rest = line.split_once("testcase ")?.1;
    let alone = |(at, word): &(usize, &str)| {
        let after = rest[at + 1 + word.len()..].chars().next();
        *at > 0 && after.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    };
    let words = [("success", true), ("fail", false)];
    let last = words.iter().filter_map(|&(word, good)| {
        let spaced = format!(" {word}");
        let places = rest.match_indices(&spaced).map(|(at, _)| (at, word));
        places.filter(alone).last().map(|(at, _)| (at, good))
    });
    let (at, good) = last.max()?;
    Some((rest[..at].trim(), good))
}

/// A point for each case with a line `Pass!`.
pub fn libctest(lines: &[&str]) -> Judged {
    let mut cases: Vec<(String, bool)> = Vec::new();
    for line in lines {
        let kinds = [
            ("static", "START entry-static.exe"),
            ("dynamic", "START entry-dynamic.exe"),
        ];
        let kind = kinds.iter().find(|(_, mark)| line.contains(mark));
        if let (Some((kind, _)), Some(name)) = (kind, line.split(' ').nth(3)) {
            let name = format!("libctest {kind} {name}");
            // A case that is begun again keeps its pass and is the running one.
            let passed = cases.iter().position(|(known, _)| *known == name);
            let passed = passed.is_some_and(|at| cases.remove(at).1);
            cases.push((name, passed));
        }
        if let (true, Some((_, passed))) = (*line == "Pass!", cases.last_mut()) {
            *passed = true;
        }
    }
    let entries = cases.into_iter();
    let entries = entries.map(|(name, passed)| checks(name, usize::from(passed), 1));
    Judged::new(entries.collect(), LIBCTEST)
}
