//! From events to a run: the one place where rows, totals and the exit code of a
//! run come from, while it lasts and when its log is read again.
//!
//! Absence is never success. A planned case without a verdict is MISSING, with the
//! best reason the log has; a log without `run_finished` belongs to a runner that
//! was killed and gets the exit code that its rows deserve.

use std::collections::{HashMap, HashSet};

use super::event::{Event, RunStarted, Stamped};
use super::run_json::{Run, SCHEMA};
use crate::outcome::{CaseResult, Exit, Status, Totals};
use crate::score::Sheet;

/// A run in the making.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    started: RunStarted,
    began: String,
    last: f64,
    boots: u32,
    rows: Vec<CaseResult>,
    /// Where a case's row is.
    places: HashMap<String, usize>,
    earlier: Vec<CaseResult>,
    running: Option<String>,
    notes: Vec<String>,
    exit_code: Option<u8>,
    score: Option<Sheet>,
}

impl Replay {
    /// Takes the next event.
    pub fn apply(&mut self, stamped: &Stamped) {
        self.last = self.last.max(stamped.at);
        match &stamped.event {
            Event::RunStarted(started) => {
                self.started = (**started).clone();
                self.began.clone_from(&stamped.t);
            }
            Event::Boot { number, .. } => self.boots = self.boots.max(*number),
            Event::CaseStarted { case } => self.running = Some(case.clone()),
            Event::CaseFinished(row) => self.finish(row),
            Event::Note { text } => self.notes.push(text.clone()),
            Event::Scored { sheet } => self.score = Some(sheet.clone()),
            Event::RunFinished { exit_code } => self.exit_code = Some(*exit_code),
            Event::Booted { .. } | Event::Unknown => {}
        }
    }

    /// Replays a whole log; `damaged` lines of it made no sense.
    pub fn of(events: &[Stamped], damaged: usize) -> Replay {
        let mut replay = Replay::default();
        for event in events {
            replay.apply(event);
        }
        if damaged > 0 {
            replay
                .notes
                .push(format!("{damaged} lines of the event log make no sense"));
        }
        replay
    }

    /// Whether there was a `run_started`: without one, there is nothing to report.
    pub fn is_run(&self) -> bool {
        !self.started.schema.is_empty()
    }

    /// Rows by status, of what has reported so far.
    pub fn totals(&self) -> Totals {
        Totals::of(&self.rows)
    }

    /// What a case came to so far.
    pub fn status(&self, case: &str) -> Option<Status> {
        self.places.get(case).map(|&place| self.rows[place].status)
    }

    /// The run as the log tells it up to here.
    pub fn run(&self) -> Run {
        let mut notes = self.notes.clone();
        if self.exit_code.is_none() {
            notes.push("the runner was stopped before the end of the run".to_string());
        }
        let cases = self.all_rows();
        let totals = Totals::of(&cases);
        Run {
            schema: SCHEMA.to_string(),
            arch: self.started.arch.clone(),
            libc: self.started.libc.clone(),
            suite: self.started.suite.clone(),
            kernel: self.started.kernel.clone(),
            qemu: self.started.qemu.clone(),
            host: self.started.host.clone(),
            started: self.began.clone(),
            seconds: self.last,
            boots: self.boots,
            totals,
            exit_code: self
                .exit_code
                .unwrap_or_else(|| Exit::of(totals, None) as u8),
            cases,
            earlier: self.earlier.clone(),
            notes,
            command: self.started.command.clone(),
            score: self.score.clone(),
            about: self.started.about.clone(),
        }
    }

    fn finish(&mut self, row: &CaseResult) {
        if self.running.as_ref() == Some(&row.name) {
            self.running = None;
        }
        match self.places.get(&row.name) {
            Some(&place) => {
                let known = &mut self.rows[place];
                let mut row = row.clone();
                // A verdict that only changes what a case came to has no log of its own.
                if row.log.is_empty() {
                    row.log.clone_from(&known.log);
                }
                self.earlier.push(std::mem::replace(known, row));
            }
            None => {
                self.places.insert(row.name.clone(), self.rows.len());
                self.rows.push(row.clone());
            }
        }
    }

    /// In planned order, with what never reported; then what reported unplanned.
    fn all_rows(&self) -> Vec<CaseResult> {
        let planned = &self.started.planned;
        let row = |name: &String| match self.places.get(name) {
            Some(&place) => self.rows[place].clone(),
            None => self.absent(name),
        };
        let known: HashSet<&String> = planned.iter().collect();
        let unplanned = self.rows.iter().filter(|row| !known.contains(&row.name));
        planned.iter().map(row).chain(unplanned.cloned()).collect()
    }

    fn absent(&self, name: &str) -> CaseResult {
        let detail = match (&self.running, self.exit_code) {
            (Some(running), _) if running == name => "running when the runner was stopped",
            (_, None) => "not run: the runner was stopped before",
            (_, Some(_)) => "planned, never reported",
        };
        CaseResult {
            name: name.to_string(),
            status: Status::Missing,
            seconds: 0.0,
            log: String::new(),
            metrics: Vec::new(),
            detail: detail.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Run {
        let (events, damaged) = super::super::event::parse(&lines.join("\n"));
        Replay::of(&events, damaged).run()
    }

    const STARTED: &str = concat!(
        r#"{"t":"2026-11-21T02:35:00Z","at":0,"ev":"run_started","schema":"sockeye.event/1","arch":"riscv64","#,
        r#""libc":"glibc","suite":"smoke","kernel":{"name":"ours"},"qemu":"","command":"","#,
        r#""planned":["smoke/a","smoke/b","smoke/c"]}"#
    );

    fn finished(case: &str, status: &str, log: &str) -> String {
        format!(
            r#"{{"t":"x","at":7,"ev":"case_finished","name":"smoke/{case}","status":"{status}","seconds":1,"log":"{log}","metrics":[],"detail":""}}"#
        )
    }

    #[test]
    fn a_killed_runner_leaves_missing_rows_and_no_success() {
        let run = log(&[
            STARTED,
            &finished("a", "PASS", ""),
            r#"{"t":"x","at":8,"ev":"case_started","case":"smoke/b"}"#,
            r#"{"t":"x","at":9,"ev":"case_fini"#,
        ]);
        let rows: Vec<_> = run
            .cases
            .iter()
            .map(|c| (c.status, c.detail.as_str()))
            .collect();
        assert_eq!(
            rows,
            [
                (Status::Pass, ""),
                (Status::Missing, "running when the runner was stopped"),
                (Status::Missing, "not run: the runner was stopped before"),
            ]
        );
        assert_eq!(run.exit_code, Exit::Incomplete as u8);
        assert_eq!((run.seconds, run.notes.len()), (8.0, 2), "{:?}", run.notes);
    }

    #[test]
    fn a_second_verdict_hides_no_first_one() {
        let run = log(&[
            STARTED,
            &finished("a", "FAIL", "cases/a.log"),
            &finished("a", "PASS", ""),
            &finished("b", "PASS", ""),
            &finished("c", "PASS", ""),
            r#"{"t":"x","at":9,"ev":"run_finished","exit_code":0}"#,
        ]);
        assert_eq!(run.totals.pass, 3);
        assert_eq!(run.cases[0].log, "cases/a.log");
        assert_eq!(
            (run.earlier.len(), run.earlier[0].status),
            (1, Status::Fail)
        );
    }

    #[test]
    fn a_log_with_nothing_in_it_is_no_run() {
        assert!(!Replay::of(&[], 0).is_run());
    }
}
