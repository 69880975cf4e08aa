//! A reader for each official group: a group's lines in, entries with points out.
//!
//! Each file says which marks its programs print. A reader never fails: what it cannot read has
//! no points, as with the judge.

mod basic;
mod figures;
mod ltp;
mod net;
mod words;

use super::baseline::Table;
use super::{Entry, ratio};

/// The groups of the official image, in its order.
pub const OFFICIAL: [&str; 12] = [
    "basic",
    "busybox",
    "lua",
    "libctest",
    "iozone",
    "unixbench",
    "iperf",
    "libcbench",
    "lmbench",
    "netperf",
    "cyclictest",
    "ltp",
];

/// What a reader found.
pub struct Judged {
    /// In the judge's order.
    pub entries: Vec<Entry>,
    /// How many there are on the official image.
    pub of: Option<usize>,
    /// Whether the official judge gives points.
    pub scored: bool,
}

impl Judged {
    fn new(entries: Vec<Entry>, of: usize) -> Judged {
        Judged {
            entries,
            of: Some(of),
            scored: true,
        }
    }
}

/// Judges a group's lines; none where there is no reader.
pub fn judge(name: &str, libc: &str, lines: &[&str]) -> Option<Judged> {
    Some(match name {
        "basic" => basic::judge(lines),
        "busybox" => words::busybox(lines),
        "lua" => words::lua(lines),
        "libctest" => words::libctest(lines),
        "iperf" => net::iperf(lines),
        "netperf" => net::netperf(lines),
        "iozone" => figures::iozone(lines),
        "libcbench" => figures::libcbench(lines),
        "lmbench" => figures::lmbench(lines),
        "cyclictest" => figures::cyclictest(lines),
        "unixbench" => figures::unixbench(lines),
        "ltp" => ltp::judge(libc, lines),
        _ => return None,
    })
}

/// Figures by name; the last one of a name counts.
#[derive(Default)]
struct Found(Vec<(String, f64)>);

impl Found {
    fn set(&mut self, name: String, value: f64) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// An entry for each line of `table`: a figure that it does not name has no points, one that
    /// was not found is zero.
    fn against(&self, table: &Table) -> Judged {
        let entry = |&(name, baseline): &(&str, f64)| {
            let found = self.0.iter().find(|(known, _)| known == name);
            let result = found.map_or(0.0, |(_, value)| *value);
            Entry {
                name: name.to_string(),
                result,
                baseline: Some(baseline),
                all: None,
                score: ratio(result, baseline, name.contains("seconds")),
            }
        };
        Judged::new(table.iter().map(entry).collect(), table.len())
    }
}

/// An entry of counted checks: a point for each that passed.
fn checks(name: String, passed: usize, all: usize) -> Entry {
    Entry {
        name,
        result: passed as f64,
        baseline: None,
        all: Some(all as f64),
        score: passed as f64,
    }
}
