//! What a case came to, what a run came to, and the exit code that says so.
//!
//! The statuses are never merged: a reader must see whether the kernel answered
//! wrongly, died, or was never asked. Absence is never success: a planned case
//! without a report is [`Status::Missing`], and a run without cases is an error.

use serde::{Deserialize, Serialize};

/// What one case came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// As expected.
    Pass,
    /// The kernel answered wrongly.
    Fail,
    /// Does not apply here; the detail gives the reason.
    Skip,
    /// The test could not set up, or its output makes no sense.
    Broken,
    /// The guest died or went silent.
    Crash,
    /// The case ran out of time and the guest is alive.
    Timeout,
    /// Planned, never reported.
    Missing,
    /// QEMU or the host failed.
    Infra,
    /// Did not pass, as an expectation says, which gives the reason.
    Xfail,
    /// Passed although an expectation says otherwise: the expectation is out of date.
    Xpass,
}

impl Status {
    /// All, in report order.
    pub const ALL: [Status; 10] = [
        Status::Pass,
        Status::Fail,
        Status::Skip,
        Status::Broken,
        Status::Crash,
        Status::Timeout,
        Status::Missing,
        Status::Infra,
        Status::Xfail,
        Status::Xpass,
    ];

    /// As printed.
    pub fn name(self) -> &'static str {
        match self {
            Status::Pass => "PASS",
            Status::Fail => "FAIL",
            Status::Skip => "SKIP",
            Status::Broken => "BROKEN",
            Status::Crash => "CRASH",
            Status::Timeout => "TIMEOUT",
            Status::Missing => "MISSING",
            Status::Infra => "INFRA",
            Status::Xfail => "XFAIL",
            Status::Xpass => "XPASS",
        }
    }

    /// Whether the case belongs on the failure list.
    pub fn is_bad(self) -> bool {
        !matches!(self, Status::Pass | Status::Skip | Status::Xfail)
    }
}

/// Which way a metric improves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Throughput, rates.
    Higher,
    /// Times, losses.
    Lower,
}

/// A measured number. It exists only where the program's output says it is good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// `throughput`, `rate`, ...
    pub name: String,
    /// The number.
    pub value: f64,
    /// `Mbit/s`, `1/s`, `ms`, `%`.
    pub unit: String,
    /// Direction.
    pub better: Better,
}

impl Metric {
    /// A number of which more is better.
    pub fn higher(name: &str, value: f64, unit: &str) -> Self {
        Metric {
            name: name.to_string(),
            value,
            unit: unit.to_string(),
            better: Better::Higher,
        }
    }

    /// A number of which less is better.
    pub fn lower(name: &str, value: f64, unit: &str) -> Self {
        Metric {
            better: Better::Lower,
            ..Metric::higher(name, value, unit)
        }
    }
}

/// What a case's output says, before the guest's fate is taken into account.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The status.
    pub status: Status,
    /// One line of reason, empty for a plain pass.
    pub detail: String,
    /// Numbers, where there are any.
    pub metrics: Vec<Metric>,
}

impl Verdict {
    /// A verdict without numbers.
    pub fn new(status: Status, detail: impl Into<String>) -> Self {
        Verdict {
            status,
            detail: detail.into(),
            metrics: Vec::new(),
        }
    }
}

/// One row of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseResult {
    /// `suite/case`.
    pub name: String,
    /// What it came to.
    pub status: Status,
    /// Wall-clock seconds on the host (guest's own where the guest reported them).
    pub seconds: f64,
    /// The log, relative to the run directory; empty where nothing was printed.
    pub log: String,
    /// Numbers.
    pub metrics: Vec<Metric>,
    /// One line of reason.
    pub detail: String,
}

/// Rows by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each field is the status of that name")]
pub struct Totals {
    pub pass: usize,
    pub fail: usize,
    pub skip: usize,
    pub broken: usize,
    pub crash: usize,
    pub timeout: usize,
    pub missing: usize,
    pub infra: usize,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub xfail: usize,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub xpass: usize,
}

/// Statuses that most suites do not know are not written where nothing has them.
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Totals {
    /// Counts `results`.
    pub fn of<'a>(results: impl IntoIterator<Item = &'a CaseResult>) -> Self {
        let mut totals = Totals::default();
        results
            .into_iter()
            .for_each(|result| totals.add(result.status));
        totals
    }

    /// One more row with `status`.
    pub fn add(&mut self, status: Status) {
        *self.slot(status) += 1;
    }

    /// How many rows have `status`.
    pub fn count(mut self, status: Status) -> usize {
        *self.slot(status)
    }

    fn slot(&mut self, status: Status) -> &mut usize {
        match status {
            Status::Pass => &mut self.pass,
            Status::Fail => &mut self.fail,
            Status::Skip => &mut self.skip,
            Status::Broken => &mut self.broken,
            Status::Crash => &mut self.crash,
            Status::Timeout => &mut self.timeout,
            Status::Missing => &mut self.missing,
            Status::Infra => &mut self.infra,
            Status::Xfail => &mut self.xfail,
            Status::Xpass => &mut self.xpass,
        }
    }

    /// `12 PASS, 1 FAIL`: the statuses that occurred.
    pub fn sentence(self) -> String {
        let parts: Vec<String> = Status::ALL
            .into_iter()
            .filter(|&status| self.count(status) > 0)
            .map(|status| format!("{} {}", self.count(status), status.name()))
            .collect();
        if parts.is_empty() {
            "no cases".to_string()
        } else {
            parts.join(", ")
        }
    }
}

/// The process's exit code. Scripts may rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All outcomes as expected.
    Ok = 0,
    /// The runner itself failed.
    Internal = 1,
    /// Wrong command line or configuration.
    Usage = 2,
    /// A figure regressed, for sure, and nothing else is wrong.
    Regressed = 3,
    /// No case selected.
    NothingSelected = 4,
    /// Planned cases never reported.
    Incomplete = 5,
    /// QEMU, an image or a tool is missing.
    Prerequisite = 6,
    /// QEMU or the host failed, nothing else.
    Infra = 7,
    /// At least one FAIL, BROKEN, TIMEOUT or XPASS.
    Failed = 100,
    /// At least one guest crash.
    Crashed = 110,
    /// The whole run ran out of time.
    RunTimeout = 124,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// The code for `totals`. A run cut short by a signal or by its own time limit
    /// passes that as `cut`; a crash or a failure that was seen before the limit
    /// is the stronger news, a signal is not outranked.
    pub fn of(totals: Totals, cut: Option<Exit>) -> Exit {
        match cut {
            Some(signal @ (Exit::Interrupted | Exit::Terminated)) => signal,
            _ if totals.crash > 0 => Exit::Crashed,
            _ if totals.fail + totals.broken + totals.timeout + totals.xpass > 0 => Exit::Failed,
            Some(other) => other,
            None if totals.infra > 0 => Exit::Infra,
            None if totals.missing > 0 => Exit::Incomplete,
            None if totals == Totals::default() => Exit::NothingSelected,
            None => Exit::Ok,
        }
    }

    /// All codes, the most important first.
    pub const BY_RANK: [Exit; 13] = [
        Exit::Interrupted,
        Exit::Terminated,
        Exit::Usage,
        Exit::Prerequisite,
        Exit::Internal,
        Exit::Crashed,
        Exit::Failed,
        Exit::RunTimeout,
        Exit::Infra,
        Exit::Incomplete,
        Exit::NothingSelected,
        Exit::Regressed,
        Exit::Ok,
    ];

    /// The code of this number.
    pub fn from_code(code: u8) -> Option<Exit> {
        Exit::BY_RANK.into_iter().find(|&exit| exit as u8 == code)
    }

    /// The more important of two codes, for a run over several targets.
    pub fn worse(self, other: Exit) -> Exit {
        let rank = |exit| Exit::BY_RANK.iter().position(|&e| e == exit);
        if rank(self) <= rank(other) {
            self
        } else {
            other
        }
    }

    /// What it means, for the last line on stderr.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Ok => "all outcomes as expected",
            Exit::Internal => "the runner itself failed",
            Exit::Usage => "wrong command line",
            Exit::Regressed => "a figure regressed",
            Exit::NothingSelected => "no case selected",
            Exit::Incomplete => "planned cases never reported",
            Exit::Prerequisite => "something needed is missing",
            Exit::Infra => "QEMU or the host failed",
            Exit::Failed => "cases failed",
            Exit::Crashed => "the guest crashed",
            Exit::RunTimeout => "the run's time is over",
            Exit::Interrupted => "interrupted",
            Exit::Terminated => "terminated",
        }
    }
}

/// An error that carries its exit code: what is missing and what to do about it.
#[derive(Debug)]
pub struct Refused {
    /// The code to leave with.
    pub exit: Exit,
    /// What is wrong and what to do.
    pub message: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refused {}

/// An [`Exit::Prerequisite`] error.
pub fn missing(message: impl Into<String>) -> anyhow::Error {
    Refused {
        exit: Exit::Prerequisite,
        message: message.into(),
    }
    .into()
}

/// An [`Exit::Infra`] error: this host, and neither guest nor runner.
pub fn host_failed(message: impl Into<String>) -> anyhow::Error {
    Refused {
        exit: Exit::Infra,
        message: message.into(),
    }
    .into()
}

/// An [`Exit::Usage`] error.
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    Refused {
        exit: Exit::Usage,
        message: message.into(),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_have_an_order() {
        let crash = Totals {
            crash: 1,
            fail: 3,
            missing: 2,
            ..Totals::default()
        };
        assert_eq!(Exit::of(crash, None), Exit::Crashed);
        assert_eq!(Exit::of(crash, Some(Exit::Interrupted)), Exit::Interrupted);
        assert_eq!(
            Exit::of(
                Totals {
                    pass: 1,
                    missing: 1,
                    ..Totals::default()
                },
                None
            ),
            Exit::Incomplete
        );
        assert_eq!(
            Exit::of(
                Totals {
                    infra: 1,
                    missing: 1,
                    ..Totals::default()
                },
                None
            ),
            Exit::Infra
        );
        assert_eq!(
            Exit::of(
                Totals {
                    pass: 9,
                    ..Totals::default()
                },
                Some(Exit::RunTimeout)
            ),
            Exit::RunTimeout
        );
        assert_eq!(
            Exit::of(
                Totals {
                    pass: 1,
                    skip: 1,
                    ..Totals::default()
                },
                None
            ),
            Exit::Ok
        );
    }

    #[test]
    fn nothing_is_never_success() {
        assert_eq!(Exit::of(Totals::default(), None), Exit::NothingSelected);
        assert_eq!(Totals::default().sentence(), "no cases");
    }
}
