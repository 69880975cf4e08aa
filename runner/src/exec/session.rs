//! The judgement of one boot: which case came to what, and why the guest is over.
//!
//! A state machine without input, output or a clock of its own: `exec` feeds it
//! events with the time at which they came and asks it on every tick whether the
//! guest is still worth waiting for. So every story a guest can tell is a test
//! (`session/tests.rs`).
//!
//! The rules:
//! * the agent keeps a case's time; the runner gives it [`Limits::grace`] more, and
//!   a guest that says nothing even then hangs: CRASH, not TIMEOUT;
//! * a panic line is followed by a while of listening, then the guest is stopped
//!   and the running case is a CRASH; with none running, the one that reported last
//!   is, since its end brought the kernel down, and a PASS must not stand;
//! * QEMU's exit status is never success: without `bye` the guest died;
//! * a case that was begun and whose end was lost is MISSING.

mod end;
mod running;

use std::time::{Duration, Instant};

use super::host::HostOutput;
use protocol::job::VERSION;

use crate::console::{Event, is_panic};
use crate::outcome::{Metric, Status, Verdict};
use crate::plan::{Case, Work};

use running::{HostPart, Running};

/// Time limits of a boot.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From QEMU's start to the agent's first word.
    pub boot: Duration,
    /// What a case gets on top of its own limit before the guest counts as hung, and
    /// the longest silence between cases.
    pub grace: Duration,
    /// From the agent's last word to QEMU's end.
    pub power_off: Duration,
}

/// What `exec` passes on about cases.
#[derive(Clone, Debug)]
pub enum News {
    /// The agent spoke, so long after QEMU's start.
    Booted(Duration),
    /// A case starts.
    Began(usize),
    /// A case has its verdict.
    Finished(Finished),
    /// Something that belongs to no case.
    Note(String),
    /// Time has passed; a heartbeat may be due.
    Tick,
}

/// A case with its verdict.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its number in this boot.
    pub index: usize,
    /// What it came to.
    pub verdict: Verdict,
    /// How long it took.
    pub seconds: f64,
    /// Its log: what its programs and the kernel printed.
    pub log: String,
}

/// Why a boot is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Everything was reported and the guest powered off.
    Complete,
    /// The guest never spoke: another boot would not either.
    NoBoot,
    /// The guest died; the other cases deserve another one.
    Died,
    /// QEMU or the host failed.
    Infra,
    /// A signal or the run's time.
    Cut,
}

enum Phase {
    Booting,
    Between,
    Running(Box<Running>),
    Leaving,
}

/// See the module.
pub struct Session<'a> {
    cases: &'a [&'a Case],
    limits: Limits,
    started: Instant,
    /// When the last record came. Chatter does not count: a kernel that only logs hangs too.
    last: Instant,
    /// The console was not silent.
    heard: bool,
    phase: Phase,
    done: Vec<bool>,
    last_finished: Option<usize>,
    panic: Option<(String, Instant)>,
    killed: Option<String>,
    foreign: Option<usize>,
    torn: u32,
}

impl<'a> Session<'a> {
    /// A guest that was started at `started` with `cases` on its job disk.
    pub fn new(cases: &'a [&'a Case], limits: Limits, started: Instant) -> Self {
        Session {
            cases,
            limits,
            started,
            last: started,
            heard: false,
            phase: Phase::Booting,
            done: vec![false; cases.len()],
            last_finished: None,
            panic: None,
            killed: None,
            foreign: None,
            torn: 0,
        }
    }

    /// The agent's version of the protocol, where it is not this runner's: nothing that it would
    /// say means what it seems to.
    pub fn foreign(&self) -> Option<usize> {
        self.foreign
    }

    /// Something on the console.
    pub fn event(&mut self, event: Event, now: Instant, tell: &mut dyn FnMut(News)) {
        self.heard = true;
        if !matches!(event, Event::Text(_) | Event::Torn(_)) {
            self.last = now;
        }
        // What a dead kernel still reports is not believed.
        let verdict = matches!(
            event,
            Event::Hello(..) | Event::Begin(_) | Event::Ready(_) | Event::End(..) | Event::Bye
        );
        if self.panic.is_some() && verdict {
            return;
        }
        match event {
            Event::Hello(_, version) if version != VERSION as usize => {
                self.foreign = Some(version);
            }
            Event::Hello(..) => self.hello(now, tell),
            Event::Begin(index) if index < self.cases.len() => self.begin(index, now, tell),
            Event::Output(index, bytes) => {
                if let Some(running) = self.running(index) {
                    running.print(&bytes);
                }
            }
            Event::Aside(index, bytes) => {
                if let Some(running) = self.running(index) {
                    for line in String::from_utf8_lossy(&bytes).lines() {
                        running.remark(&format!("[helper] {line}"));
                    }
                }
            }
            Event::Ready(index) => {
                if let Some(running) = self.running(index)
                    && matches!(running.host, HostPart::None)
                {
                    running.host = HostPart::Wanted;
                }
            }
            Event::End(index, ended) => {
                if let Some(running) = self.running(index) {
                    running.ended = Some((ended, now));
                    self.settle(now, tell);
                }
            }
            Event::Bye => {
                self.abandon("its end was never reported", now, tell);
                self.phase = Phase::Leaving;
            }
            Event::Lost(count) => match &mut self.phase {
                Phase::Running(running) => {
                    running.lost += count;
                    running.remark(&format!("[{count} console records lost]"));
                }
                _ => tell(News::Note(format!("{count} console records lost"))),
            },
            Event::Note(text) => match &mut self.phase {
                Phase::Running(running) => running.remark(&format!("[agent] {text}")),
                _ => tell(News::Note(text)),
            },
            Event::Text(line) => self.text(&line, now, tell),
            Event::Torn(line) => {
                self.torn += 1;
                self.text(&line, now, tell);
            }
            // A number that is not on the disk: an agent gone wrong.
            Event::Begin(index) => tell(News::Note(format!(
                "the agent began case {index}, which does not exist"
            ))),
        }
    }

    /// Whether a host client should start now; its case's number. Asked once.
    pub fn wants_host(&mut self) -> Option<usize> {
        let Phase::Running(running) = &mut self.phase else {
            return None;
        };
        if !matches!(running.host, HostPart::Wanted) {
            return None;
        }
        running.host = HostPart::Going;
        Some(running.index)
    }

    /// Whether the running case has a host client or its connection.
    pub fn has_host(&self) -> bool {
        matches!(&self.phase, Phase::Running(running) if !matches!(running.host, HostPart::None | HostPart::Wanted))
    }

    /// The host client of case `index` ended.
    pub fn host_done(
        &mut self,
        index: usize,
        output: HostOutput,
        now: Instant,
        tell: &mut dyn FnMut(News),
    ) {
        if let Some(running) = self.running(index) {
            running.log.push_str("--- the client on the host ---\n");
            running.log.push_str(&output.text);
            running.host = HostPart::Done(output);
            self.settle(now, tell);
        }
    }

    /// The host client could not be started.
    pub fn host_failed(&mut self, why: &str, now: Instant, tell: &mut dyn FnMut(News)) {
        let verdict = Verdict::new(Status::Infra, why);
        self.finish_running(verdict, now, tell);
    }

    fn hello(&mut self, now: Instant, tell: &mut dyn FnMut(News)) {
        if !matches!(self.phase, Phase::Booting) {
            // A second first word: the guest has restarted under us.
            return self.kill("the agent started a second time", now, tell);
        }
        self.phase = Phase::Between;
        let took = now - self.started;
        tell(News::Booted(took));
        let boot = self
            .cases
            .iter()
            .position(|case| matches!(case.work, Work::Boot));
        if let Some(index) = boot {
            let millis = Metric::lower("boot", took.as_secs_f64() * 1e3, "ms");
            let verdict = Verdict {
                status: Status::Pass,
                detail: String::new(),
                metrics: vec![millis],
            };
            self.finish(
                Finished {
                    index,
                    verdict,
                    seconds: took.as_secs_f64(),
                    log: String::new(),
                },
                tell,
            );
        }
    }

    fn begin(&mut self, index: usize, now: Instant, tell: &mut dyn FnMut(News)) {
        self.abandon("its end was never reported", now, tell);
        if self.done[index] {
            return;
        }
        self.phase = Phase::Running(Box::new(Running::new(index, now)));
        tell(News::Began(index));
    }

    fn text(&mut self, line: &str, now: Instant, tell: &mut dyn FnMut(News)) {
        if let Phase::Running(running) = &mut self.phase {
            running.remark(&format!("[console] {line}"));
        }
        if self.panic.is_none() && is_panic(line) {
            tell(News::Note(format!("kernel panic: {line}")));
            self.panic = Some((line.to_string(), now));
        }
    }

    fn running(&mut self, index: usize) -> Option<&mut Running> {
        match &mut self.phase {
            Phase::Running(running) if running.index == index => Some(running),
            _ => None,
        }
    }

    /// Gives the running case its verdict once all its parts are over.
    fn settle(&mut self, now: Instant, tell: &mut dyn FnMut(News)) {
        if let Phase::Running(running) = &self.phase
            && let Some(verdict) = running.verdict(self.cases[running.index])
        {
            self.finish_running(verdict, now, tell);
        }
    }

    /// A running case that will get no end.
    fn abandon(&mut self, why: &str, now: Instant, tell: &mut dyn FnMut(News)) {
        self.finish_running(Verdict::new(Status::Missing, why), now, tell);
    }

    fn finish_running(&mut self, verdict: Verdict, now: Instant, tell: &mut dyn FnMut(News)) {
        let Phase::Running(running) = std::mem::replace(&mut self.phase, Phase::Between) else {
            return;
        };
        let seconds = match &running.ended {
            Some((ended, _)) => ended.millis as f64 / 1e3,
            None => (now - running.since).as_secs_f64(),
        };
        self.finish(
            Finished {
                index: running.index,
                verdict,
                seconds,
                log: running.log,
            },
            tell,
        );
    }

    fn finish(&mut self, finished: Finished, tell: &mut dyn FnMut(News)) {
        self.done[finished.index] = true;
        self.last_finished = Some(finished.index);
        tell(News::Finished(finished));
    }
}

#[cfg(test)]
mod tests;
