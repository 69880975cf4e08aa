//! A contest's transcript: the console of a kernel that runs the test scripts of an image by
//! itself, without our agent.
//!
//! A script prints `#### OS COMP TEST GROUP START name ####` and `... END ...` around its
//! programs' output. Inside, each family of programs has lines of its own; the readers below
//! turn them into rows named `group/test`. Kernel lines may stand between any two lines. A
//! group without a reader is told as SKIP: it ran to its end, and nothing more is known.
//!
//! Called by `contest` (a run) and `parse` (a saved log). Without any group marker the whole
//! text counts as one group, so that a plain log of LTP or iperf3 can be read too.

use super::{ltp, netperf};
use crate::console::is_panic;
use crate::outcome::{Metric, Status, Verdict};
use crate::score::Sheet;

const START: &str = "#### OS COMP TEST GROUP START ";
const END: &str = "#### OS COMP TEST GROUP END";

/// The group of a text without markers.
const WHOLE: &str = "log";

/// How long the contest's script asks netperf to measure.
const NETPERF_SECONDS: f64 = 1.0;

/// A row of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `iperf-musl`, or `iperf-musl/BASIC_TCP`.
    pub name: String,
    /// What it came to.
    pub verdict: Verdict,
    /// What was printed meanwhile.
    pub log: String,
}

/// Whether `line` is one of a contest's markers.
pub fn is_marker(line: &str) -> bool {
    [
        START,
        END,
        "RUN LTP CASE ",
        "====== iperf ",
        "====== netperf ",
    ]
    .iter()
    .any(|mark| line.contains(mark))
}

/// Every row of `text`, by its markers alone. `cut` says of what was begun and has no end why that is.
fn rows(text: &str, cut: &Verdict) -> Vec<Row> {
    let lines: Vec<String> = text.lines().map(plain).collect();
    let mut rows = Vec::new();
    for group in groups(&lines) {
        rows.extend(group.rows(cut));
    }
    rows
}

/// [`rows`], and the score sheet: what has no row-wise reader is judged by the sheet's.
pub fn judge(text: &str, cut: &Verdict) -> (Vec<Row>, Sheet) {
    let sheet = Sheet::of(text);
    let mut rows = rows(text, cut);
    for row in &mut rows {
        if row.verdict.status == Status::Skip
            && let Some(verdict) = by_sheet(&row.name, &sheet)
        {
            row.verdict = verdict;
        }
    }
    (rows, sheet)
}

/// What the sheet says of `group-libc` or `group-libc/test`; none where it knows no more.
fn by_sheet(name: &str, sheet: &Sheet) -> Option<Verdict> {
    let (full, test) = match name.split_once('/') {
        Some((full, test)) => (full, Some(test)),
        None => (name, None),
    };
    let (group, libc) = full.rsplit_once('-')?;
    let mut groups = sheet.groups.iter();
    let group = groups.find(|g| g.name == group && g.libc == libc)?;
    let (good, all, what) = match test {
        Some(test) => {
            let entry = group.entries.iter().find(|entry| entry.name == test)?;
            (entry.result as usize, entry.all? as usize, "checks hold")
        }
        None => {
            let found = group.entries.iter().filter(|entry| entry.result > 0.0);
            (found.count(), group.of?, "figures")
        }
    };
    let status = match good == all {
        true => Status::Pass,
        false => Status::Fail,
    };
    Some(Verdict::new(status, format!("{good} of {all} {what}")))
}

/// A line without colours and control characters.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            // ECMA-48: CSI parameters end with a letter.
            if chars.next_if_eq(&'[').is_some() {
                while chars.next().is_some_and(|c| !c.is_ascii_alphabetic()) {}
            }
        } else if !c.is_control() || c == '\t' {
            text.push(c);
        }
    }
    text
}

/// What stands between two markers.
struct Group<'a> {
    name: &'a str,
    lines: &'a [String],
    ended: bool,
}

fn groups(lines: &[String]) -> Vec<Group<'_>> {
    let mut groups = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    let group = |(name, from), to, ended| Group {
        name,
        lines: &lines[from..to],
        ended,
    };
    for (at, line) in lines.iter().enumerate() {
        if let Some(name) = started(line) {
            groups.extend(open.replace((name, at + 1)).map(|g| group(g, at, false)));
        } else if line.contains(END) {
            groups.extend(open.take().map(|g| group(g, at, true)));
        }
    }
    groups.extend(open.map(|g| group(g, lines.len(), false)));
    if groups.is_empty() {
        groups.push(group((WHOLE, 0), lines.len(), true));
    }
    groups
}

/// The name in a start marker.
fn started(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once(START)?;
    let name = rest.split_once(" ####")?.0;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!name.is_empty() && name.chars().all(fits)).then_some(name)
}

/// Where a test of a group begins and ends, and how it is judged.
struct Test<'a> {
    name: String,
    lines: &'a [String],
    /// The line that ended it; none where the log, the group or the next test did.
    end: Option<&'a str>,
}

impl<'a> Group<'a> {
    /// The group's own row and one for each of its tests.
    fn rows(&self, cut: &Verdict) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut open: Option<(Opening<'a>, usize)> = None;
        let mut finish = |open: &mut Option<(Opening<'a>, usize)>, to: usize, end| {
            let Some((opening, from)) = open.take() else {
                return;
            };
            let test = Test {
                name: opening.name.to_string(),
                lines: &self.lines[from..to],
                end,
            };
            rows.push(self.row(&test, opening.family, cut));
        };
        for (at, line) in self.lines.iter().enumerate() {
            if let Some(opening) = Opening::of(line) {
                finish(&mut open, at, None);
                open = Some((opening, at + 1));
            } else if let Some((opening, _)) = &open
                && opening.is_closed_by(line)
            {
                finish(&mut open, at, Some(line.as_str()));
            }
        }
        finish(&mut open, self.lines.len(), None);
        rows.extend(self.single_lines());
        let own = self.own(&rows, cut);
        // The whole of a log that has tests needs no row of its own.
        if self.name != WHOLE || rows.is_empty() {
            rows.insert(0, own);
        }
        rows
    }

    fn row(&self, test: &Test<'_>, family: Family, cut: &Verdict) -> Row {
        let text = test.lines.join("\n");
        let verdict = match (family, test.end) {
            // The group went on, or ended, without the test's end.
            (_, None) if self.ended => Verdict::new(Status::Missing, "its end is not in the log"),
            (_, None) => cut.clone(),
            (Family::Ltp, Some(end)) => ltp_end(end, &text),
            (Family::Section, Some(end)) => section(&test.name, end, test.lines),
            (Family::Rule, Some(_)) => rule(&text),
        };
        let name = test.name.rsplit(' ').next().unwrap_or(&test.name);
        Row {
            name: format!("{}/{name}", self.name),
            verdict,
            log: text,
        }
    }

    /// `testcase busybox ls success`: a test on one line.
    fn single_lines(&self) -> Vec<Row> {
        let row = |line: &'a String| {
            let (_, rest) = line.split_once("testcase ")?;
            let (name, word) = rest.trim_end().rsplit_once(' ')?;
            let verdict = match word {
                "success" => Verdict::new(Status::Pass, ""),
                "fail" => Verdict::new(Status::Fail, "the script says fail"),
                _ => return None,
            };
            let name: Vec<&str> = name.split_whitespace().collect();
            Some(Row {
                name: format!("{}/{}", self.name, name.join("_").replace('/', "|")),
                verdict,
                log: String::new(),
            })
        };
        self.lines.iter().filter_map(row).collect()
    }

    fn own(&self, tests: &[Row], cut: &Verdict) -> Row {
        let bad = tests.iter().filter(|t| t.verdict.status.is_bad()).count();
        let verdict = if !self.ended {
            cut.clone()
        } else if tests.is_empty() {
            Verdict::new(
                Status::Skip,
                format!("{} lines, and no reader for them", self.lines.len()),
            )
        } else {
            let detail = format!("{} tests, {bad} did not pass", tests.len());
            Verdict::new(Status::Pass, format!("ran to its end: {detail}"))
        };
        Row {
            name: self.name.to_string(),
            verdict,
            log: self.lines.join("\n"),
        }
    }
}

/// The families of markers around one test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// `RUN LTP CASE x` to `FAIL LTP CASE x : code`, where FAIL is written for success too.
    Ltp,
    /// `====== iperf x begin ======` to `====== iperf x end: success ======`.
    Section,
    /// `========== START x ==========` to `========== END x ==========`.
    Rule,
}

struct Opening<'a> {
    family: Family,
    name: &'a str,
}

impl<'a> Opening<'a> {
    fn of(line: &'a str) -> Option<Self> {
        if let Some((_, name)) = line.split_once("RUN LTP CASE ") {
            return Some(Opening {
                family: Family::Ltp,
                name: name.trim(),
            });
        }
        if let Some((_, rest)) = line.split_once("========== START ") {
            let name = rest.split_once(" ==========")?.0;
            return Some(Opening {
                family: Family::Rule,
                name: name.trim(),
            });
        }
        let (_, rest) = line.split_once("====== ")?;
        Some(Opening {
            family: Family::Section,
            name: rest.split_once(" begin ======")?.0.trim(),
        })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        match self.family {
            Family::Ltp => line
                .split_once("FAIL LTP CASE ")
                .and_then(|(_, rest)| rest.split_once(" : "))
                .is_some_and(|(name, _)| name.trim() == self.name),
            Family::Rule => line.contains("========== END "),
            Family::Section => line
                .split_once("====== ")
                .is_some_and(|(_, rest)| rest.starts_with(self.name) && rest.contains(" end: ")),
        }
    }
}

/// `FAIL LTP CASE accept01 : 0`.
fn ltp_end(end: &str, text: &str) -> Verdict {
    let code = end
        .rsplit(" : ")
        .next()
        .and_then(|code| code.trim().parse().ok());
    match code {
        Some(code) => ltp::judge(code, text),
        None => Verdict::new(Status::Broken, format!("no exit code in '{end}'")),
    }
}

/// A section says itself how it ended; iperf3 and netperf have a figure inside.
fn section(name: &str, end: &str, lines: &[String]) -> Verdict {
    let word = end.split_once(" end: ").map_or("", |(_, rest)| rest);
    if !word.starts_with("success") {
        return Verdict::new(
            Status::Fail,
            format!("the script says {}", word.trim_end_matches([' ', '='])),
        );
    }
    let (program, test) = name.split_once(' ').unwrap_or((name, ""));
    match program {
        "netperf" => return netperf::judge(test, NETPERF_SECONDS, 0, &lines.join("\n")),
        "iperf" => {}
        _ => return Verdict::new(Status::Pass, ""),
    }
    match iperf(lines) {
        Some(metric) if metric.value > 0.0 => Verdict {
            status: Status::Pass,
            detail: String::new(),
            metrics: vec![metric],
        },
        Some(_) => Verdict::new(Status::Fail, "the figure is zero"),
        None => Verdict::new(Status::Broken, "success, but no figure in the output"),
    }
}

/// The last line of the receiver: `[  5]   0.00-2.00   sec  93.8 MBytes   393 Mbits/sec ... receiver`.
fn iperf(lines: &[String]) -> Option<Metric> {
    let value = |line: &String| {
        let (head, unit) = line
            .split_once("bits/sec")
            .map(|(head, _)| head.trim_end())?
            .rsplit_once(' ')?;
        let number: f64 = head.split_whitespace().last()?.parse().ok()?;
        match unit {
            "K" => Some(number / 1e3),
            "M" => Some(number),
            "G" => Some(number * 1e3),
            _ => None,
        }
    };
    let last = lines
        .iter()
        .rfind(|line| line.trim_end().ends_with("receiver"))?;
    Some(Metric::higher("throughput", value(last)?, "Mbit/s"))
}

/// libc-test says `Pass!`; the tests of system calls say nothing that all share.
fn rule(text: &str) -> Verdict {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["Pass!"]) {
        return Verdict::new(Status::Pass, "");
    }
    let failed = |line: &&str| {
        let line = line.to_ascii_lowercase();
        line.contains("fail") || line.contains("assert") || is_panic(&line)
    };
    match text.lines().find(failed) {
        Some(line) => Verdict::new(Status::Fail, line.trim()),
        None => Verdict::new(Status::Skip, "ran to its end; no reader for what it prints"),
    }
}

#[cfg(test)]
mod tests;
