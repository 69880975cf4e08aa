//! A log without an agent's records: a contest's transcript, or what LTP, iperf3 and
//! netperf print between the markers of its scripts.

use super::{Reading, Row};
use crate::dialect::contest;
use crate::outcome::{Exit, Status, Verdict};

/// Reads `text`; `died` says that a kernel's last words are in it.
pub fn read(text: &str, died: bool) -> Reading {
    let cut = match died {
        true => Verdict::new(Status::Crash, "the kernel died"),
        false => Verdict::new(Status::Missing, "its end is not in the log"),
    };
    let (mut rows, sheet) = contest::judge(text, &cut);
    if !text.lines().any(contest::is_marker) {
        rows.clear();
    }
    let mut reading = Reading {
        rows: Vec::new(),
        notes: Vec::new(),
        exit: Exit::Ok,
        sheet: Some(sheet).filter(|sheet| !sheet.is_empty()),
    };
    if rows.is_empty() {
        let note = "neither an agent's records nor a contest's markers in this log";
        reading.notes.push(note.to_string());
        reading.exit = Exit::NothingSelected;
    }
    reading.rows.extend(rows.into_iter().map(|row| Row {
        name: row.name,
        verdict: row.verdict,
        seconds: 0.0,
        log: row.log,
    }));
    reading
}
