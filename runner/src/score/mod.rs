//! The contest's score: what its judge would make of a console.
//!
//! The judge cuts the console at `#### OS COMP TEST GROUP START name-libc ####` and gives each
//! group's lines to a reader of its own ([`judge`]); a reader answers with entries that have a
//! score. A group that never starts is judged by no lines, one without an end by what there is.
//! The rules are the public judge's (oscomp/autotest-for-oskernel, `kernel/judge`), written here
//! anew; where they surprise (kilobits never match, a success without a figure is nothing) they
//! are kept, because the number shall be the one that a contest would give.
//!
//! Called by `contest` (a run) and `parse` (a saved console). `report` shows the [`Sheet`] and
//! keeps it: events.jsonl and run.json have it whole.

mod baseline;
mod formula;
mod judge;

use serde::{Deserialize, Serialize};

pub use formula::{ltp_2026, ratio};

/// The C libraries of a contest's image, in report order.
pub const LIBCS: [&str; 2] = ["musl", "glibc"];

/// LTP's group, which counts differently from year to year.
pub const LTP: &str = "ltp";

/// One console's score.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// The official groups for each C library, then any other that the console has.
    pub groups: Vec<Group>,
}

/// What a group came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// `iperf`.
    pub name: String,
    /// `musl` or `glibc`; empty where the marker has neither.
    pub libc: String,
    /// Whether there was something to judge.
    pub state: State,
    /// How many entries the official image has, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<usize>,
    /// In the judge's order.
    pub entries: Vec<Entry>,
}

/// How far a group came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// From its START to its END.
    Complete,
    /// No END: judged by what there is.
    Torn,
    /// No START: judged by nothing.
    Absent,
    /// The official judge gives no points for it (any more); figures are shown where they can
    /// be read.
    NotScored,
    /// Its format is not known here.
    NoReader,
}

impl State {
    /// In words, for a table.
    pub fn words(self) -> &'static str {
        match self {
            State::Complete => "",
            State::Torn => "no END: judged by what there is",
            State::Absent => "never started",
            State::NotScored => "the official judge gives no points for it",
            State::NoReader => "no reader for it",
        }
    }
}

/// One line of the sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// As the judge names it.
    pub name: String,
    /// The figure, or how many checks passed; 0 where there is none.
    pub result: f64,
    /// What the figure is measured by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// How many checks there are, where checks are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<f64>,
    /// Points.
    pub score: f64,
}

impl Group {
    /// Points of the group. For LTP the raw sum of passes.
    pub fn score(&self) -> f64 {
        self.entries.iter().map(|entry| entry.score).sum()
    }

    /// How many entries have points.
    pub fn scoring(&self) -> usize {
        self.entries.iter().filter(|e| e.score > 0.0).count()
    }
}

impl Sheet {
    /// Judges `console`, a whole boot's bytes as text, colours and all.
    pub fn of(console: &str) -> Sheet {
        let sections = sections(console);
        let mut groups = Vec::new();
        for libc in LIBCS {
            for name in judge::OFFICIAL {
                let full = format!("{name}-{libc}");
                // A group that ran twice counts as it went the last time.
                let section = sections.iter().rfind(|section| section.name == full);
                groups.push(group(name, libc, section));
            }
        }
        for section in &sections {
            let (name, libc) = match section.name.rsplit_once('-') {
                Some((name, libc)) if LIBCS.contains(&libc) => (name, libc),
                _ => (section.name, ""),
            };
            let known = |g: &Group| g.name == name && g.libc == libc;
            if !groups.iter().any(known) {
                groups.push(group(name, libc, Some(section)));
            }
        }
        Sheet { groups }
    }

    /// Whether any group started.
    pub fn is_empty(&self) -> bool {
        self.groups.iter().all(|g| g.state == State::Absent)
    }

    /// Points of everything but LTP.
    pub fn without_ltp(&self) -> f64 {
        let groups = self.groups.iter().filter(|group| group.name != LTP);
        groups.map(Group::score).sum()
    }

    /// LTP's passes, over both C libraries.
    pub fn ltp_raw(&self) -> f64 {
        let groups = self.groups.iter().filter(|group| group.name == LTP);
        groups.map(Group::score).sum()
    }
}

fn group(name: &str, libc: &str, section: Option<&Section<'_>>) -> Group {
    let lines = section.map_or(&[][..], |section| &section.lines);
    let judged = judge::judge(name, libc, lines);
    let state = match (section, &judged) {
        (None, _) => State::Absent,
        (_, None) => State::NoReader,
        (_, Some(judged)) if !judged.scored => State::NotScored,
        (Some(section), _) if section.ended => State::Complete,
        _ => State::Torn,
    };
    Group {
        name: name.to_string(),
        libc: libc.to_string(),
        state,
        of: judged.as_ref().and_then(|judged| judged.of),
        entries: judged.map(|judged| judged.entries).unwrap_or_default(),
    }
}

/// A group's lines.
struct Section<'a> {
    name: &'a str,
    lines: Vec<&'a str>,
    ended: bool,
}

fn sections(console: &str) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut open = false;
    // The judge reads with universal newlines: a lone carriage return ends a line as well.
    for line in console.split('\n').flat_map(carriage_returns) {
        let start = started(line);
        if start.is_some() || line.contains(END) {
            if let (true, Some(last)) = (open, sections.last_mut()) {
                last.ended = start.is_none();
            }
            open = false;
        }
        if let Some(name) = start {
            sections.push(Section {
                name,
                lines: Vec::new(),
                ended: false,
            });
            open = true;
        } else if let (true, Some(last)) = (open, sections.last_mut()) {
            last.lines.push(line);
        }
    }
    sections
}

const START: &str = "#### OS COMP TEST GROUP START ";
const END: &str = "#### OS COMP TEST GROUP END";

/// The lines in what stands between two line feeds.
fn carriage_returns(line: &str) -> impl Iterator<Item = &str> {
    line.strip_suffix('\r').unwrap_or(line).split('\r')
}

/// The name in a start marker, anywhere in a line.
fn started(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(START)?.1.split_once(" ####")?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (!name.is_empty() && name.chars().all(fits)).then_some(name)
}

#[cfg(test)]
mod tests;
