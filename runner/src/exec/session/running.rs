//! The case that runs: its output, its log, its client on the host, and the verdict
//! once all its parts are over.

use std::time::Instant;

use crate::console::{Ended, How};
use crate::dialect;
use crate::exec::host::HostOutput;
use crate::outcome::{Status, Verdict};
use crate::plan::{Case, Dialect, Work};

/// The most output kept of one case, in bytes.
const MOST_OUTPUT: usize = 4 * 1024 * 1024;

/// See the module.
pub(super) struct Running {
    /// Its number in this boot.
    pub(super) index: usize,
    /// When it began.
    pub(super) since: Instant,
    output: Vec<u8>,
    /// What its programs, the kernel and its helpers printed, in order.
    pub(super) log: String,
    /// Console records that are missing.
    pub(super) lost: u32,
    /// Its client.
    pub(super) host: HostPart,
    /// The server in the guest has ended while the client still runs.
    pub(super) ended: Option<(Ended, Instant)>,
}

/// How far the client on the host is.
pub(super) enum HostPart {
    /// There is none, or its server does not listen yet.
    None,
    /// It should start.
    Wanted,
    /// It runs.
    Going,
    /// It has ended.
    Done(HostOutput),
}

impl Running {
    /// Case `index`, begun now.
    pub(super) fn new(index: usize, now: Instant) -> Self {
        Running {
            index,
            since: now,
            output: Vec::new(),
            log: String::new(),
            lost: 0,
            host: HostPart::None,
            ended: None,
        }
    }

    /// Its program printed `bytes`.
    pub(super) fn print(&mut self, bytes: &[u8]) {
        if self.output.len() + bytes.len() <= MOST_OUTPUT {
            self.output.extend_from_slice(bytes);
            self.log.push_str(&String::from_utf8_lossy(bytes));
        }
    }

    /// A line of its own in the log, whatever the program was in the middle of.
    pub(super) fn remark(&mut self, line: &str) {
        if self.log.len() < MOST_OUTPUT {
            if !self.log.is_empty() && !self.log.ends_with('\n') {
                self.log.push('\n');
            }
            self.log.push_str(line);
            self.log.push('\n');
        }
    }

    /// What it came to; `None` while a part of it still runs.
    pub(super) fn verdict(&self, case: &Case) -> Option<Verdict> {
        let (ended, _) = self.ended.as_ref()?;
        let verdict = match (&case.work, &self.host) {
            (Work::Host { .. }, HostPart::Wanted | HostPart::Going) => return None,
            (Work::Host { dialect, .. }, HostPart::Done(output)) => {
                host_verdict(dialect, ended, output)
            }
            (Work::Host { .. }, HostPart::None) => match ended.how {
                How::Exit(code) => Verdict::new(
                    Status::Fail,
                    format!("the server left with {code} before it listened"),
                ),
                How::Timeout => Verdict::new(Status::Timeout, "the server did not listen in time"),
                how => dialect::judge(&Dialect::Tap, how, ""),
            },
            (Work::Guest { dialect, .. }, _) => {
                dialect::judge(dialect, ended.how, &String::from_utf8_lossy(&self.output))
            }
            (Work::Boot | Work::PowerOff, _) => {
                Verdict::new(Status::Broken, "the agent ran a case that is the runner's")
            }
        };
        Some(match self.lost {
            0 => verdict,
            _ => self.with_losses(verdict, case, ended.how),
        })
    }

    /// `verdict`, seen that records of this case are lost. What is missing may be what
    /// was looked for, and a document with a hole may read well: no figure stands on
    /// that, and no failure for want of a text. A pass or a failure by exit code does,
    /// and what the client on the host said.
    fn with_losses(&self, verdict: Verdict, case: &Case, how: How) -> Verdict {
        let told_by_guest = matches!(case.work, Work::Guest { .. });
        let status = match verdict.status {
            Status::Fail if told_by_guest && how == How::Exit(0) => Status::Broken,
            Status::Pass if told_by_guest && !verdict.metrics.is_empty() => Status::Broken,
            status => status,
        };
        if matches!(status, Status::Pass | Status::Skip) {
            return verdict;
        }
        let lost = format!("({} console records lost)", self.lost);
        Verdict::new(status, format!("{} {lost}", verdict.detail).trim())
    }
}

/// A case on the host is as good as its client says, unless the server died.
fn host_verdict(dialect: &Dialect, ended: &Ended, output: &HostOutput) -> Verdict {
    if let How::Signal(_) | How::Broken(_) = ended.how {
        let server = dialect::judge(dialect, ended.how, "");
        return Verdict {
            detail: format!("the server was {}", server.detail),
            ..server
        };
    }
    match output.code {
        Some(code) => dialect::judge(dialect, How::Exit(code), &output.text),
        None => Verdict::new(
            Status::Timeout,
            "the client on the host did not end in time",
        ),
    }
}
