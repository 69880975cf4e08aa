//! `runner parse`: reads a saved serial line, to the same reports as a run.
//!
//! For a serial line from elsewhere: an agent's records, or a contest's markers with
//! LTP, iperf3 and netperf between them. Judges nothing but what is in the log. A run
//! of this runner that was killed has more to tell than its serial line: see
//! `runner report`.

mod records;
mod transcript;

use std::fs;

use crate::cli::ParseArgs;
use crate::console::is_panic;
use crate::outcome::{CaseResult, Exit, Totals, Verdict, missing};
use crate::report::{EVENT_SCHEMA, Event, KernelInfo, RunDir, RunStarted};
use crate::score::Sheet;

/// One case, as the log tells it.
struct Row {
    /// `suite/case`.
    name: String,
    verdict: Verdict,
    /// By the guest's clock.
    seconds: f64,
    /// What was printed meanwhile.
    log: String,
}

/// What a log came to.
struct Reading {
    rows: Vec<Row>,
    /// What is unusual about it.
    notes: Vec<String>,
    /// What the log as a whole says, rows aside.
    exit: Exit,
    /// Where a contest's groups are in it.
    sheet: Option<Sheet>,
}

/// Prints each case on stdout, everything unusual on stderr.
pub fn run(args: &ParseArgs) -> anyhow::Result<Exit> {
    let bytes = fs::read(&args.file)
        .map_err(|error| missing(format!("{}: {error}", args.file.display())))?;
    let text = String::from_utf8_lossy(&bytes);
    let panic = text
        .lines()
        .find(|line| is_panic(line) && !records::is_record(line))
        .map(|line| line.trim().to_string());
    let mut reading = match records::nonces(&bytes) {
        nonces if nonces.is_empty() => transcript::read(&text, panic.is_some()),
        nonces => records::read(&bytes, &nonces, panic.as_deref()),
    };
    if let Some(line) = panic {
        reading.notes.insert(0, format!("panic: {line}"));
        reading.exit = reading.exit.worse(Exit::Crashed);
    }
    for note in &reading.notes {
        eprintln!("{note}");
    }
    match &args.out {
        Some(out) => report(args, out, reading),
        None => Ok(tell(reading)),
    }
}

/// The rows on stdout; the exit code of the whole.
fn tell(reading: Reading) -> Exit {
    let rows = reading.rows.into_iter().map(|row| case(row, String::new()));
    let rows: Vec<CaseResult> = rows.collect();
    rows.iter().for_each(print);
    let totals = Totals::of(&rows);
    eprintln!("{}", totals.sentence());
    code(reading.exit, totals)
}

/// What the rows come to, and what the log as a whole does: it may have no row at all.
fn code(log: Exit, totals: Totals) -> Exit {
    match log {
        Exit::Ok => Exit::of(totals, None),
        log if totals == Totals::default() => log,
        log => log.worse(Exit::of(totals, None)),
    }
}

/// The rows on stdout, and a run directory in `out`.
fn report(args: &ParseArgs, out: &std::path::Path, reading: Reading) -> anyhow::Result<Exit> {
    let mut dir = RunDir::at(out.to_path_buf())?;
    let mut suites: Vec<&str> = Vec::new();
    for row in &reading.rows {
        let (suite, _) = row.name.split_once('/').unwrap_or(("", &row.name));
        if !suites.contains(&suite) {
            suites.push(suite);
        }
    }
    let file = args.file.file_name().unwrap_or_default().to_string_lossy();
    dir.event(Event::RunStarted(Box::new(RunStarted {
        schema: EVENT_SCHEMA.to_string(),
        suite: suites.join("+"),
        kernel: KernelInfo {
            name: file.into_owned(),
            ..KernelInfo::default()
        },
        planned: reading.rows.iter().map(|row| row.name.clone()).collect(),
        ..RunStarted::default()
    })))?;
    for text in reading.notes {
        dir.event(Event::Note { text })?;
    }
    for row in reading.rows {
        let log = dir.case_log(&row.name, &row.log)?;
        let row = case(row, log);
        print(&row);
        dir.event(Event::CaseFinished(row))?;
    }
    if let Some(sheet) = reading.sheet {
        dir.event(Event::Scored { sheet })?;
    }
    let exit = code(reading.exit, dir.totals());
    let exit_code = exit as u8;
    dir.event(Event::RunFinished { exit_code })?;
    let run = dir.finish()?;
    eprintln!("{}", run.totals.sentence());
    eprintln!("report: {}", out.join("report.html").display());
    Ok(exit)
}

fn case(row: Row, log: String) -> CaseResult {
    CaseResult {
        name: row.name,
        status: row.verdict.status,
        seconds: row.seconds,
        log,
        metrics: row.verdict.metrics,
        detail: row.verdict.detail,
    }
}

fn print(row: &CaseResult) {
    let figures = row.metrics.iter();
    let figures: String = figures
        .map(|m| format!("  {} {} {}", m.name, m.value, m.unit))
        .collect();
    let line = format!(
        "{:<7} {}{figures}  {}",
        row.status.name(),
        row.name,
        row.detail
    );
    println!("{}", line.trim_end());
}
