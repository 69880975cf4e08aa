//! LTP: `RUN LTP CASE name`, the program's text, `FAIL LTP CASE name : code` (of any code). A point
//! for each pass.
//!
//! The two C libraries are read differently. For musl the number counts that the first `Summary:`
//! of a case gives; for glibc (since 2026) the lines with a coloured TPASS, which LTP prints where its
//! stderr is a terminal or LTP_COLORIZE_OUTPUT says so.

use super::super::Entry;
use super::{Found, Judged, checks};

/// A case's counts.
#[derive(Clone, Copy, Default)]
struct Counts {
    passed: usize,
    all: usize,
}

/// Reads the cases that have an end.
pub fn judge(libc: &str, lines: &[&str]) -> Judged {
    let read = match libc {
        "glibc" => coloured,
        _ => summary,
    };
    let mut cases = Found::default();
    let mut entries: Vec<Entry> = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim();
        if line.starts_with("RUN LTP CASE") {
            open = line.split_whitespace().last().map(|name| (name, at + 1));
        } else if let (Some((name, from)), true) = (open, line.starts_with("FAIL LTP CASE")) {
            let counts = read(&lines[from..at]);
            // A case that ran twice counts as it went the last time.
            if cases.0.iter().any(|(known, _)| known == name) {
                entries.retain(|entry| entry.name != name);
            }
            cases.set(name.to_string(), counts.passed as f64);
            entries.push(checks(name.to_string(), counts.passed, counts.all));
            open = None;
        }
    }
    Judged {
        entries,
        of: None,
        scored: true,
    }
}

/// `Summary:` and five lines of a word and a number; kernel lines may stand between them.
fn summary(lines: &[&str]) -> Counts {
    let mut counts = Counts::default();
    let plain = |line: &&str| line.trim().trim_start_matches("\x1b[0m").trim() == "Summary:";
    let Some(start) = lines.iter().position(plain) else {
        return counts;
    };
    let mut words = vec!["passed", "failed", "broken", "skipped", "warnings"];
    for line in &lines[start + 1..] {
        let mut parts = line.split_whitespace();
        let (Some(word), Some(number)) = (parts.next(), parts.next()) else {
            continue;
        };
        let Some(at) = words.iter().position(|known| *known == word) else {
            continue;
        };
        let Ok(number) = number.parse::<usize>() else {
            continue;
        };
        words.remove(at);
        counts.all += number;
        if word == "passed" {
            counts.passed = number;
        }
    }
    counts
}

fn coloured(lines: &[&str]) -> Counts {
    let count = |mark: &str| lines.iter().filter(|line| line.contains(mark)).count();
    let passed = count("\x1b[1;32mTPASS: \x1b[0m");
    let others = [
        "\x1b[1;31mTFAIL: \x1b[0m",
        "\x1b[1;31mTBROK: \x1b[0m",
        "\x1b[1;33mTCONF: \x1b[0m",
        "\x1b[1;35mTWARN: \x1b[0m",
    ];
    Counts {
        passed,
        all: passed + others.iter().map(|mark| count(mark)).sum::<usize>(),
    }
}
