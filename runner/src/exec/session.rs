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
//! * a panic line is followed by [`DRAIN`] of listening, then the guest is stopped
//!   and the running case is a CRASH; with none running, the one that reported last
//!   is, since its end brought the kernel down, and a PASS must not stand;
//! * QEMU's exit status is never success: without `bye` the guest died;
//! * a case that was begun and whose end was lost is MISSING.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::host::HostOutput;
use crate::console::{Ended, Event, How, is_panic};
use crate::dialect;
use crate::outcome::{Exit, Metric, Status, Verdict};
use crate::plan::{Case, Dialect, Work};

/// How long to listen after a panic line: the backtrace is worth having.
const DRAIN: Duration = Duration::from_secs(2);

/// How long a host client may outlive its server in the guest.
const HOST_AFTER_GUEST: Duration = Duration::from_secs(10);

/// The most output kept of one case, in bytes.
const MOST_OUTPUT: usize = 4 * 1024 * 1024;

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

struct Running {
    index: usize,
    since: Instant,
    output: Vec<u8>,
    log: String,
    lost: u32,
    host: HostPart,
    /// The server in the guest has ended while the client still runs.
    ended: Option<(Ended, Instant)>,
}

enum HostPart {
    None,
    Wanted,
    Going,
    Done(HostOutput),
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
            torn: 0,
        }
    }

    /// Something on the console.
    pub fn event(&mut self, event: Event, now: Instant, tell: &mut dyn FnMut(News)) {
        self.heard = true;
        if !matches!(event, Event::Text(_) | Event::Torn(_)) {
            self.last = now;
        }
        match event {
            Event::Hello(_) => self.hello(now, tell),
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

    /// The guest has to be stopped for `why`; [`Session::tick`] then says so.
    pub fn kill(&mut self, why: &str, now: Instant, tell: &mut dyn FnMut(News)) {
        if self.killed.is_none() {
            self.killed = Some(why.to_string());
            self.died(why, now, tell);
        }
    }

    /// Whether the guest is over, by the clock.
    pub fn tick(&mut self, now: Instant, tell: &mut dyn FnMut(News)) -> Option<Over> {
        if self.killed.is_some() {
            return Some(Over::Died);
        }
        if let Some((line, since)) = &self.panic {
            if now < *since + DRAIN {
                return None;
            }
            let why = format!("kernel panic: {line}");
            return Some(self.dead(&why, now, tell));
        }
        match &self.phase {
            Phase::Booting if now >= self.started + self.limits.boot => {
                let heard = match (self.heard, self.torn) {
                    (false, _) => "; the console is silent".to_string(),
                    (true, 0) => "; the kernel printed, the agent did not speak".to_string(),
                    (true, torn) => format!("; {torn} damaged records were seen"),
                };
                let why = format!(
                    "no sign of the agent within {} s{heard}",
                    self.limits.boot.as_secs()
                );
                self.first_pending(
                    Verdict::new(Status::Timeout, format!("boot: {why}")),
                    now,
                    tell,
                );
                Some(Over::NoBoot)
            }
            Phase::Between if now >= self.last + self.limits.grace => {
                let why = format!("silent for {} s between cases", self.limits.grace.as_secs());
                Some(self.dead(&why, now, tell))
            }
            Phase::Running(running) => {
                if running
                    .ended
                    .as_ref()
                    .is_some_and(|(_, at)| now >= *at + HOST_AFTER_GUEST)
                {
                    let verdict = Verdict::new(
                        Status::Fail,
                        "the server ended, its client on the host did not",
                    );
                    self.finish_running(verdict, now, tell);
                    return None;
                }
                let limit = self.cases[running.index].timeout + self.limits.grace;
                (now >= running.since + limit).then(|| {
                    let why = format!("the guest hangs: nothing within {} s", limit.as_secs());
                    self.dead(&why, now, tell)
                })
            }
            Phase::Leaving if now >= self.last + self.limits.power_off => {
                let why = format!(
                    "the guest did not power off within {} s",
                    self.limits.power_off.as_secs()
                );
                self.power_off(Verdict::new(Status::Crash, why), now, tell);
                Some(Over::Complete)
            }
            _ => None,
        }
    }

    /// QEMU has left with `status`, or had to be killed (`None`).
    pub fn gone(
        &mut self,
        status: Option<ExitStatus>,
        stderr: &str,
        now: Instant,
        tell: &mut dyn FnMut(News),
    ) -> Over {
        if let Some((line, _)) = &self.panic {
            let why = format!("kernel panic: {line}");
            return self.dead(&why, now, tell);
        }
        if matches!(self.phase, Phase::Leaving) {
            let verdict = match status {
                Some(status) if status.success() => Verdict::new(Status::Pass, ""),
                Some(status) => Verdict::new(Status::Infra, format!("QEMU left with {status}")),
                None => Verdict::new(Status::Infra, "QEMU closed the console and did not leave"),
            };
            self.power_off(verdict, now, tell);
            return Over::Complete;
        }
        let stderr = stderr.lines().next_back().unwrap_or("").trim();
        // QEMU's own failures: a signal, or a refusal with a message. A guest that stops the machine
        // through a test device leaves a code without one.
        let infra = match status {
            None => Some("QEMU closed the console and did not leave".to_string()),
            Some(status) if status.success() => None,
            Some(status) if status.code().is_none() || !stderr.is_empty() => {
                Some(format!("QEMU died: {status}"))
            }
            Some(_) => None,
        };
        if let Some(why) = infra {
            let why = if stderr.is_empty() {
                why
            } else {
                format!("{why}: {stderr}")
            };
            let booting = matches!(self.phase, Phase::Booting);
            self.charge(Verdict::new(Status::Infra, why), now, tell);
            return if booting { Over::NoBoot } else { Over::Infra };
        }
        let torn = match self.torn {
            0 => String::new(),
            torn => format!("; {torn} damaged records were seen"),
        };
        let why = format!("the guest stopped or reset before it had reported everything{torn}");
        self.dead(&why, now, tell)
    }

    /// The run is cut short.
    pub fn cut(&mut self, exit: Exit, now: Instant, tell: &mut dyn FnMut(News)) -> Over {
        self.abandon(exit.meaning(), now, tell);
        Over::Cut
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
        self.phase = Phase::Running(Box::new(Running {
            index,
            since: now,
            output: Vec::new(),
            log: String::new(),
            lost: 0,
            host: HostPart::None,
            ended: None,
        }));
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
        let Phase::Running(running) = &self.phase else {
            return;
        };
        let Some((ended, _)) = &running.ended else {
            return;
        };
        let case = self.cases[running.index];
        let verdict = match (&case.work, &running.host) {
            (Work::Host { .. }, HostPart::Wanted | HostPart::Going) => return,
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
            (Work::Guest { dialect, .. }, _) => dialect::judge(
                dialect,
                ended.how,
                &String::from_utf8_lossy(&running.output),
            ),
            (Work::Boot | Work::PowerOff, _) => {
                Verdict::new(Status::Broken, "the agent ran a case that is the runner's")
            }
        };
        let verdict = match (verdict.status, running.lost) {
            (Status::Pass | Status::Skip, _) | (_, 0) => verdict,
            (_, lost) => Verdict {
                detail: format!("{} ({lost} console records lost)", verdict.detail),
                ..verdict
            },
        };
        self.finish_running(verdict, now, tell);
    }

    /// The guest is dead for `why`.
    fn dead(&mut self, why: &str, now: Instant, tell: &mut dyn FnMut(News)) -> Over {
        let booting = matches!(self.phase, Phase::Booting);
        self.died(why, now, tell);
        if booting { Over::NoBoot } else { Over::Died }
    }

    fn died(&mut self, why: &str, now: Instant, tell: &mut dyn FnMut(News)) {
        if matches!(self.phase, Phase::Leaving)
            && self.cases.iter().any(|c| matches!(c.work, Work::PowerOff))
        {
            return self.power_off(Verdict::new(Status::Crash, why), now, tell);
        }
        self.charge(Verdict::new(Status::Crash, why), now, tell);
    }

    /// Puts `verdict` on the case that it belongs to: the running one, else the one
    /// that reported last, else the first that was to come.
    fn charge(&mut self, verdict: Verdict, now: Instant, tell: &mut dyn FnMut(News)) {
        if matches!(self.phase, Phase::Running(_)) {
            return self.finish_running(verdict, now, tell);
        }
        match self.last_finished {
            Some(index) => {
                let detail = format!("after the case had reported: {}", verdict.detail);
                let verdict = Verdict { detail, ..verdict };
                self.finish(
                    Finished {
                        index,
                        verdict,
                        seconds: 0.0,
                        log: String::new(),
                    },
                    tell,
                );
            }
            None => self.first_pending(verdict, now, tell),
        }
    }

    fn first_pending(&mut self, verdict: Verdict, now: Instant, tell: &mut dyn FnMut(News)) {
        if let Some(index) = self.done.iter().position(|done| !done) {
            let seconds = (now - self.started).as_secs_f64();
            self.finish(
                Finished {
                    index,
                    verdict,
                    seconds,
                    log: String::new(),
                },
                tell,
            );
        }
    }

    fn power_off(&mut self, verdict: Verdict, now: Instant, tell: &mut dyn FnMut(News)) {
        match self
            .cases
            .iter()
            .position(|case| matches!(case.work, Work::PowerOff))
        {
            Some(index) => {
                let seconds = (now - self.last).as_secs_f64();
                self.finish(
                    Finished {
                        index,
                        verdict,
                        seconds,
                        log: String::new(),
                    },
                    tell,
                );
            }
            None if verdict.status != Status::Pass => tell(News::Note(verdict.detail)),
            None => {}
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

impl Running {
    fn print(&mut self, bytes: &[u8]) {
        if self.output.len() + bytes.len() <= MOST_OUTPUT {
            self.output.extend_from_slice(bytes);
            self.log.push_str(&String::from_utf8_lossy(bytes));
        }
    }

    /// A line of its own in the log, whatever the program was in the middle of.
    fn remark(&mut self, line: &str) {
        if self.log.len() < MOST_OUTPUT {
            if !self.log.is_empty() && !self.log.ends_with('\n') {
                self.log.push('\n');
            }
            self.log.push_str(line);
            self.log.push('\n');
        }
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

#[cfg(test)]
mod tests;
