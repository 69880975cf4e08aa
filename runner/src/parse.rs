//! `runner parse`: reads a saved serial line again.
//!
//! For a run whose runner was killed, and for a serial line from elsewhere: an agent's
//! records, or a contest's markers. Judges nothing but what is in the log.

use std::collections::BTreeSet;
use std::fs;

use protocol::record::{self, Found};

use crate::cli::ParseArgs;
use crate::console::{Decoder, Event, How, is_panic};
use crate::dialect::contest;
use crate::outcome::{CaseResult, Exit, Status, Totals, Verdict, missing};

/// Prints each case's end on stdout, everything unusual on stderr.
pub fn run(args: &ParseArgs) -> anyhow::Result<Exit> {
    let bytes = fs::read(&args.file)
        .map_err(|error| missing(format!("{}: {error}", args.file.display())))?;
    let boots: BTreeSet<u32> = bytes
        .split(|&byte| byte == b'\n')
        .filter_map(|line| match record::find(line) {
            Found::Record(record) => Some(record.nonce),
            _ => None,
        })
        .collect();
    let text = String::from_utf8_lossy(&bytes);
    let mut exit = Exit::Ok;
    if let Some(line) = text.lines().find(|line| is_panic(line) && !is_record(line)) {
        eprintln!("panic: {}", line.trim());
        exit = Exit::Crashed;
    }
    if boots.is_empty() {
        return Ok(exit.worse(transcript(&text, exit)));
    }
    for nonce in boots {
        exit = exit.worse(boot(nonce, &bytes));
    }
    Ok(exit)
}

fn is_record(line: &str) -> bool {
    record::find(line.as_bytes()) != Found::Text
}

/// A log without an agent's records: a contest's transcript, or what LTP, iperf3 and netperf
/// print between the markers of its scripts.
fn transcript(text: &str, so_far: Exit) -> Exit {
    let cut = match so_far {
        Exit::Crashed => Verdict::new(Status::Crash, "the kernel died"),
        _ => Verdict::new(Status::Missing, "its end is not in the log"),
    };
    let rows: Vec<CaseResult> = match text.lines().any(contest::is_marker) {
        true => contest::rows(text, &cut),
        false => Vec::new(),
    }
    .into_iter()
    .map(|row| CaseResult {
        name: row.name,
        status: row.verdict.status,
        seconds: 0.0,
        log: String::new(),
        metrics: row.verdict.metrics,
        detail: row.verdict.detail,
    })
    .collect();
    if rows.is_empty() {
        eprintln!("neither an agent's records nor a contest's markers in this log");
    }
    for row in &rows {
        let figures = row.metrics.iter();
        let figures: String = figures
            .map(|m| format!("  {} {} {}", m.name, m.value, m.unit))
            .collect();
        println!(
            "{:<7} {}{figures}  {}",
            row.status.name(),
            row.name,
            row.detail
        );
    }
    let totals = Totals::of(&rows);
    eprintln!("{}", totals.sentence());
    Exit::of(totals, None)
}

/// What one boot's records say.
fn boot(nonce: u32, bytes: &[u8]) -> Exit {
    let mut exit = Exit::Ok;
    let mut decoder = Decoder::new(nonce);
    let mut running = None;
    let (mut hellos, mut planned, mut bye) = (0, 0, false);
    let (mut begun, mut ended, mut lost) = (BTreeSet::new(), BTreeSet::new(), 0);
    decoder.feed(bytes, |event| match event {
        Event::Hello(cases) => {
            hellos += 1;
            planned = cases;
        }
        Event::Begin(case) if case < planned => {
            begun.insert(case);
            running = Some(case);
        }
        Event::End(case, end) if running == Some(case) => {
            running = None;
            ended.insert(case);
            println!("{nonce:08x} {case} {:?} {} ms", end.how, end.millis);
            if !matches!(end.how, How::Exit(0) | How::Served) {
                exit = exit.worse(Exit::Failed);
            }
        }
        Event::Bye => bye = true,
        Event::Lost(count) => lost += count,
        _ => {}
    });
    if hellos > 1 {
        eprintln!("{nonce:08x}: the agent started {hellos} times");
        exit = exit.worse(Exit::Crashed);
    }
    if !bye {
        eprintln!("{nonce:08x}: the agent never said bye");
        exit = exit.worse(Exit::Incomplete);
    }
    for case in begun.difference(&ended) {
        eprintln!("{nonce:08x}: case {case} has no end");
        exit = exit.worse(Exit::Incomplete);
    }
    if lost > 0 {
        eprintln!("{nonce:08x}: {lost} records lost");
        // Cases that are the runner's own (boot, power-off) have no records: only a loss tells that
        // one of the others may be missing.
        if ended.len() < planned {
            eprintln!(
                "{nonce:08x}: {} of {planned} cases have an end",
                ended.len()
            );
            exit = exit.worse(Exit::Incomplete);
        }
    }
    exit
}
