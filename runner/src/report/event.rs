//! events.jsonl: the run as it went, one JSON object a line, schema `sockeye.event/1`.
//!
//! The one source of every report. `dispatch` appends an event as it happens,
//! [`super::replay`] makes the run of them, at the end of a run and years later
//! alike. Lines are only ever added to and fields only ever added within a number;
//! a reader passes over events that it does not know and over a last line that was
//! cut by whatever ended the runner.
//!
//! A typical log: `run_started` -> per guest `boot`, `booted` -> per case
//! `case_started`, `case_finished` -> `run_finished`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::run_json::KernelInfo;
use crate::outcome::{CaseResult, missing};
use crate::score::Sheet;

/// The schema written here.
pub const SCHEMA: &str = "sockeye.event/1";

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ev", rename_all = "snake_case")]
pub enum Event {
    /// A run on one target begins. Everything that a report says about it as a whole.
    RunStarted(Box<RunStarted>),
    /// A guest is started.
    Boot {
        /// How many were started before it, and itself.
        number: u32,
        /// Its records' name, eight hexadecimal digits.
        nonce: String,
        /// The cases on its job disk, in the order of their numbers there.
        cases: Vec<String>,
    },
    /// The agent spoke.
    Booted {
        /// Seconds after QEMU's start.
        seconds: f64,
    },
    /// A case begins.
    CaseStarted {
        /// `suite/case`.
        case: String,
    },
    /// A case has a verdict. A second one for the same case replaces the first in
    /// the run's rows; the first stays here and in [`super::Run::earlier`].
    CaseFinished(CaseResult),
    /// Something that belongs to no case.
    Note {
        /// One line.
        text: String,
    },
    /// A contest's console was judged.
    Scored {
        /// Every group and entry.
        sheet: Sheet,
    },
    /// The runner has nothing more to do.
    RunFinished {
        /// The process's exit code, were this the only target.
        exit_code: u8,
    },
    /// Of a later runner.
    #[serde(other)]
    Unknown,
}

/// What is known before the first guest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`SCHEMA`].
    pub schema: String,
    /// Architecture of the guest.
    pub arch: String,
    /// C library of the programs.
    pub libc: String,
    /// The suites, joined by `+`.
    pub suite: String,
    /// What boots.
    pub kernel: KernelInfo,
    /// QEMU's version line.
    pub qemu: String,
    /// The machine in one line.
    #[serde(default)]
    pub host: String,
    /// The command that does all of this again.
    pub command: String,
    /// Every case that shall report: what is absent in the end is MISSING.
    pub planned: Vec<String>,
    /// Where this is a part of a larger plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardOf>,
    /// The report's first line, where a suite can be run in more than one way.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
}

/// One part of a plan that several machines share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShardOf {
    /// Which, from 1.
    pub index: usize,
    /// Of how many.
    pub count: usize,
    /// The cases of all of them, in the plan's order.
    pub plan: Vec<String>,
}

/// An event with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// RFC 3339, UTC.
    pub t: String,
    /// Seconds since the log was begun, by a clock that never steps.
    #[serde(default)]
    pub at: f64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Reads a log. Lines that make no sense are counted, not believed.
pub fn read(path: &Path) -> anyhow::Result<(Vec<Stamped>, usize)> {
    let bytes =
        std::fs::read(path).map_err(|error| missing(format!("{}: {error}", path.display())))?;
    Ok(parse(&String::from_utf8_lossy(&bytes)))
}

/// Reads a log's text; the number of lines that are no events.
pub fn parse(text: &str) -> (Vec<Stamped>, usize) {
    let mut damaged = 0;
    let events = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .filter_map(|line| {
            let event = serde_json::from_str(line).ok();
            damaged += usize::from(event.is_none());
            event
        });
    (events.collect(), damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_survives_the_log() {
        let started = Stamped {
            t: "2026-11-21T02:35:00Z".to_string(),
            at: 1.5,
            event: Event::CaseStarted {
                case: "smoke/boot".to_string(),
            },
        };
        let line = serde_json::to_string(&started).expect("JSON");
        assert_eq!(
            line,
            r#"{"t":"2026-11-21T02:35:00Z","at":1.5,"ev":"case_started","case":"smoke/boot"}"#
        );
        assert_eq!(parse(&line), (vec![started], 0));
    }

    #[test]
    fn a_cut_line_is_counted_and_a_new_kind_is_passed_over() {
        let text = concat!(
            r#"{"t":"x","ev":"weather","sun":true}"#,
            "\n",
            r#"{"t":"x","ev":"note","te"#
        );
        let (events, damaged) = parse(text);
        assert_eq!(events[0].event, Event::Unknown);
        assert_eq!((events.len(), damaged), (1, 1));
    }
}
