//! How a guest ends, and whose fault it is: by the clock, by QEMU's end, by a panic
//! line, by a signal to the runner.
//!
//! Called by `exec` on every tick and when QEMU has gone. A verdict about the guest
//! falls on the running case, else on the one that reported last, else on the first
//! that was to come.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::{Finished, News, Over, Phase, Session};
use crate::outcome::{Exit, Status, Verdict};
use crate::plan::Work;

/// How long to listen after a panic line: the backtrace is worth having.
const DRAIN: Duration = Duration::from_secs(2);

/// How long a host client may outlive its server in the guest.
const HOST_AFTER_GUEST: Duration = Duration::from_secs(10);

impl Session<'_> {
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
                self.finish_silent(index, verdict, 0.0, tell);
            }
            None => self.first_pending(verdict, now, tell),
        }
    }

    /// The end of a case that printed nothing of its own.
    fn finish_silent(
        &mut self,
        index: usize,
        verdict: Verdict,
        seconds: f64,
        tell: &mut dyn FnMut(News),
    ) {
        let log = String::new();
        self.finish(
            Finished {
                index,
                verdict,
                seconds,
                log,
            },
            tell,
        );
    }

    fn first_pending(&mut self, verdict: Verdict, now: Instant, tell: &mut dyn FnMut(News)) {
        if let Some(index) = self.done.iter().position(|done| !done) {
            let seconds = (now - self.started).as_secs_f64();
            self.finish_silent(index, verdict, seconds, tell);
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
                self.finish_silent(index, verdict, seconds, tell);
            }
            None if verdict.status != Status::Pass => tell(News::Note(verdict.detail)),
            None => {}
        }
    }
}
