//! A log with an agent's records: which case ran, what it printed, how it ended.
//!
//! An agent names its cases as they begin (older ones only number them), so a case of
//! ours is judged as in a run, by the dialect of its program. A case of unknown name
//! is as good as its exit code.

use std::collections::{BTreeMap, BTreeSet};

use protocol::record::{self, Found};

use super::{Reading, Row};
use crate::console::{Decoder, Ended, Event, How};
use crate::dialect;
use crate::outcome::{Exit, Status, Verdict};
use crate::plan::{self, Case, Dialect, Work};

/// The suite of cases that no suite of ours knows.
const UNKNOWN: &str = "log";

/// Whether `line` is a record, whole or torn.
pub fn is_record(line: &str) -> bool {
    record::find(line.as_bytes()) != Found::Text
}

/// The boots that left records.
pub fn nonces(bytes: &[u8]) -> BTreeSet<u32> {
    records(bytes).map(|(nonce, _)| nonce).collect()
}

fn records(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let lines = bytes.split(|&byte| byte == b'\n');
    lines.filter_map(|line| match record::find(line) {
        Found::Record(record) => Some((record.nonce, record.payload)),
        _ => None,
    })
}

/// Reads all boots, in the order in which they are in the log; `panic` is a kernel's
/// last word.
pub fn read(bytes: &[u8], nonces: &BTreeSet<u32>, panic: Option<&str>) -> Reading {
    let mut reading = Reading {
        rows: Vec::new(),
        notes: Vec::new(),
        exit: Exit::Ok,
        sheet: None,
    };
    let mut order: Vec<u32> = Vec::new();
    for (nonce, _) in records(bytes) {
        if !order.contains(&nonce) && nonces.contains(&nonce) {
            order.push(nonce);
        }
    }
    for (number, &nonce) in order.iter().enumerate() {
        let unnamed = match order.len() {
            1 => "case".to_string(),
            _ => format!("boot{}-case", number + 1),
        };
        Boot::new(nonce, bytes, unnamed).read(bytes, panic, &mut reading);
    }
    reading
}

/// One boot in the log.
struct Boot {
    nonce: u32,
    /// The names by number.
    names: BTreeMap<usize, String>,
    /// The suite that all names are of.
    suite: String,
    /// Our own cases by name.
    cases: Vec<Case>,
    /// What a case without a name is called, before its number.
    unnamed: String,
}

impl Boot {
    fn new(nonce: u32, bytes: &[u8], unnamed: String) -> Boot {
        let names: BTreeMap<usize, String> = records(bytes)
            .filter(|(of, _)| *of == nonce)
            .filter_map(|(_, payload)| begun(payload))
            .collect();
        let (suite, cases) = suite_of(&names);
        Boot {
            nonce,
            names,
            suite,
            cases,
            unnamed,
        }
    }

    fn read(&self, bytes: &[u8], panic: Option<&str>, reading: &mut Reading) {
        let mut decoder = Decoder::new(self.nonce);
        let mut running: Option<(usize, Vec<u8>)> = None;
        let (mut hellos, mut planned, mut bye, mut lost) = (0, 0, false, 0);
        let mut ended = BTreeSet::new();
        let mut rows = Vec::new();
        decoder.feed(bytes, |event| match event {
            Event::Hello(cases, _) => {
                hellos += 1;
                planned = cases;
            }
            Event::Begin(case) if case < planned => {
                if let Some((before, output)) = running.replace((case, Vec::new())) {
                    rows.push(self.unfinished(before, &output, None));
                }
            }
            Event::Output(case, bytes) | Event::Aside(case, bytes) => match &mut running {
                Some((current, output)) if *current == case => output.extend(bytes),
                _ => {}
            },
            Event::End(case, end) if running.as_ref().is_some_and(|(now, _)| *now == case) => {
                if let Some((_, output)) = running.take() {
                    ended.insert(case);
                    rows.push(self.finished(case, &end, &output));
                }
            }
            Event::Bye => bye = true,
            Event::Lost(count) => lost += count,
            _ => {}
        });
        if let Some((case, output)) = running {
            rows.push(self.unfinished(case, &output, panic.filter(|_| !bye)));
        }
        reading.rows.extend(rows);
        let mut worse = |exit: Exit, what: String| {
            reading.notes.push(format!("{:08x}: {what}", self.nonce));
            reading.exit = reading.exit.worse(exit);
        };
        if hellos > 1 {
            worse(Exit::Crashed, format!("the agent started {hellos} times"));
        }
        if !bye {
            worse(Exit::Incomplete, "the agent never said bye".to_string());
        }
        if lost > 0 {
            // Cases that are the runner's own (boot, power-off) have no records: only a loss tells
            // that one of the others may be missing.
            let exit = match ended.len() < planned {
                true => Exit::Incomplete,
                false => Exit::Ok,
            };
            let count = ended.len();
            worse(
                exit,
                format!("{lost} records lost; {count} of {planned} cases have an end"),
            );
        }
    }

    fn finished(&self, case: usize, end: &Ended, output: &[u8]) -> Row {
        let text = String::from_utf8_lossy(output).into_owned();
        let known = self.names.get(&case).and_then(|name| {
            let mut cases = self.cases.iter();
            cases.find(|case| case.name == *name)
        });
        let verdict = match known.map(|case| &case.work) {
            Some(Work::Host { .. }) if end.how == How::Served => Verdict::new(
                Status::Skip,
                "judged by its client on the host, whose words are not on a serial line",
            ),
            Some(Work::Guest { dialect, .. }) => dialect::judge(dialect, end.how, &text),
            _ => dialect::judge(&Dialect::Exit { expect: Vec::new() }, end.how, &text),
        };
        Row {
            name: self.name(case),
            verdict,
            seconds: end.millis as f64 / 1e3,
            log: text,
        }
    }

    fn unfinished(&self, case: usize, output: &[u8], panic: Option<&str>) -> Row {
        let verdict = match panic {
            Some(line) => Verdict::new(Status::Crash, format!("kernel panic: {line}")),
            None => Verdict::new(Status::Missing, "its end is not in the log"),
        };
        Row {
            name: self.name(case),
            verdict,
            seconds: 0.0,
            log: String::from_utf8_lossy(output).into_owned(),
        }
    }

    fn name(&self, case: usize) -> String {
        match self.names.get(&case) {
            Some(name) => format!("{}/{name}", self.suite),
            None => format!("{}/{}-{case}", self.suite, self.unnamed),
        }
    }
}

/// The number and the name in a `begin` record.
fn begun(payload: &[u8]) -> Option<(usize, String)> {
    let text = std::str::from_utf8(payload).ok()?.strip_prefix("begin ")?;
    let (number, name) = text.split_once(' ')?;
    // A name becomes a file's name: what is none is no name.
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let good = !name.is_empty() && name.bytes().all(plain);
    good.then(|| Some((number.parse().ok()?, name.to_string())))?
}

/// The one suite of ours that has all of these names, with its cases.
fn suite_of(names: &BTreeMap<usize, String>) -> (String, Vec<Case>) {
    let options = plan::Options {
        seconds: 1,
        ltp: None,
    };
    let all = plan::select(&[], &[], &options).unwrap_or_default();
    let knows = |selection: &plan::Selection, name: &String| {
        selection.cases.iter().any(|case| case.name == *name)
    };
    let suite = all
        .into_iter()
        .find(|suite| !names.is_empty() && names.values().all(|name| knows(suite, name)));
    match suite {
        Some(suite) => (suite.suite.to_string(), suite.cases),
        None => (UNKNOWN.to_string(), Vec::new()),
    }
}
