//! One target's run: its suites one after the other, a guest for each, and another one for the remaining cases
//! whenever a guest died.
//!
//! Called by `dispatch` for each target, which keeps what this comes to. It owns the run's directory and the numbers of
//! boots; nothing is shared with other targets but the screen.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use crate::again;
use crate::cli::RunArgs;
use crate::dialect::contest::is_marker;
use crate::exec::{self, Boot, Limits, News, Over, Web};
use crate::image::HostTools;
use crate::interrupt::Interrupt;
use crate::job::{self, Job};
use crate::kernel;
use crate::ltp;
use crate::outcome::{CaseResult, Exit, Status, Verdict};
use crate::plan::{self, Case, Forward, Selection, WEB};
use crate::qemu::{self, Ports, quote};
use crate::report::{
    EVENT_SCHEMA, Event, Run, RunDir, RunStarted, ShardOf, Ui, environment, full, host_line,
};
use crate::target::Target;

use super::packets::Purpose;
use super::{Provided, machine};

/// How often to try again when somebody took a port between finding and binding it.
const PORT_ATTEMPTS: u32 = 3;

/// One target's run.
pub(super) struct OneTarget<'a> {
    pub(super) args: &'a RunArgs,
    pub(super) target: Target,
    pub(super) provided: &'a Provided,
    pub(super) tools: Option<&'a HostTools>,
    pub(super) shard: Option<ShardOf>,
    pub(super) interrupt: &'a Interrupt,
    pub(super) dir: RunDir,
    pub(super) ui: &'a mut Ui,
    pub(super) boots: u32,
    /// Cards of the guest that is next.
    pub(super) nics: u32,
    /// LTP's own programs run, of which something is expected.
    pub(super) theirs: bool,
}

impl OneTarget<'_> {
    pub(super) fn carry_out(
        &mut self,
        plan: &[Selection],
        suites: &str,
        about: &str,
    ) -> anyhow::Result<Run> {
        let (environment, kernel) = environment(
            &self.provided.qemu,
            &self.provided.kernel,
            Some(&self.provided.image),
        );
        self.dir.write(
            "env.json",
            &(serde_json::to_string_pretty(&environment)? + "\n"),
        )?;
        self.dir.event(Event::RunStarted(Box::new(RunStarted {
            schema: EVENT_SCHEMA.to_string(),
            arch: self.target.arch.name().to_string(),
            libc: self.target.libc.name().to_string(),
            suite: suites.to_string(),
            kernel,
            qemu: self.provided.qemu.version.clone(),
            host: host_line(&environment),
            command: again::command(self.args, self.target, &self.provided.kernel.name, suites),
            planned: plan::names(plan),
            shard: self.shard.clone(),
            about: about.to_string(),
        })))?;
        self.ui.say(&format!(
            "== {} on {}, {}",
            suites,
            self.target.name(),
            self.provided.qemu.version
        ));
        let mut cut = None;
        for selection in plan {
            cut = cut.or(self.suite(selection)?);
        }
        let exit = Exit::of(self.dir.totals(), cut);
        self.dir.event(Event::RunFinished {
            exit_code: exit as u8,
        })?;
        self.dir.finish()
    }

    /// Runs one suite, over as many guests as it takes.
    fn suite(&mut self, selection: &Selection) -> anyhow::Result<Option<Exit>> {
        self.nics = self.args.guest.nics.max(plan::nics(selection.suite));
        let name = |case: &Case| format!("{}/{}", selection.suite, case.name);
        let deadline = Instant::now() + Duration::from_secs(self.args.suite_timeout);
        let interrupt = self.interrupt.clone();
        let cut = || {
            interrupt
                .seen()
                .or_else(|| (Instant::now() >= deadline).then_some(Exit::RunTimeout))
        };
        let mut reported = vec![false; selection.cases.len()];
        let mut port_attempts = 0;
        let mut why_missing = "not run".to_string();
        let mut boots = true;
        loop {
            if let Some(exit) = cut() {
                why_missing = format!("not run: {}", exit.meaning());
                break;
            }
            let pending: Vec<usize> = (0..reported.len()).filter(|&at| !reported[at]).collect();
            // A guest only for its own power-off is not worth a boot, unless that is all there is.
            let cases: Vec<&Case> = pending.iter().map(|&at| &selection.cases[at]).collect();
            if cases.is_empty() {
                break;
            }
            let afterwards = self.boot(
                Purpose::Judge,
                &cases,
                &|at| name(&selection.cases[pending[at]]),
                &mut |at| reported[pending[at]] = true,
                &cut,
            )?;
            if afterwards.port_taken && port_attempts < PORT_ATTEMPTS {
                port_attempts += 1;
                for at in &pending {
                    reported[*at] = false;
                }
                self.note(
                    "a forwarded port was taken by another program; trying others".to_string(),
                )?;
                continue;
            }
            let progress = pending.iter().any(|&at| reported[at]);
            match afterwards.over {
                Over::Complete => {
                    if pending.iter().all(|&at| reported[at]) {
                        break;
                    }
                    why_missing = "the agent ended without a word about it".to_string();
                    break;
                }
                Over::NoBoot => {
                    self.show_tail(&afterwards.tail);
                    if afterwards.tail.iter().any(|line| is_marker(line)) {
                        let hint = "the console has a contest's markers: a kernel that does not start our agent is asked by --suite contest";
                        self.note(hint.to_string())?;
                    }
                    why_missing = "not run: the guest does not boot".to_string();
                    boots = false;
                    break;
                }
                Over::Died | Over::Infra => {
                    self.show_tail(&afterwards.tail);
                    if !progress {
                        why_missing = "not run: the guest dies at once".to_string();
                        break;
                    }
                }
                Over::Cut => {}
            }
        }
        for (case, _) in selection.cases.iter().zip(reported).filter(|(_, r)| !r) {
            let verdict = Verdict::new(Status::Missing, why_missing.clone());
            self.record(name(case), verdict, 0.0, "")?;
        }
        if boots {
            self.record_again(selection, &cut)?;
        }
        Ok(cut())
    }

    /// Starts one guest for `cases`.
    pub(super) fn boot(
        &mut self,
        purpose: Purpose,
        cases: &[&Case],
        name: &dyn Fn(usize) -> String,
        reported: &mut dyn FnMut(usize),
        cut: &dyn Fn() -> Option<Exit>,
    ) -> anyhow::Result<exec::Afterwards> {
        self.boots += 1;
        let forwards: Vec<Forward> = cases
            .iter()
            .flat_map(|case| case.forwards())
            .copied()
            .collect();
        let mut ports = Ports::reserve(&forwards)?;
        // Lives as long as the boot.
        let wants_web = cases.iter().any(|case| case.wants_web());
        let web = wants_web.then(Web::start).transpose()?;
        if let Some(web) = &web {
            ports.name(WEB, web.port());
        }
        let nonce = nonce(self.boots);
        let disk = self.dir.path().join("job.img");
        let settings = job::Boot {
            nonce,
            libc: self.target.libc,
            ports: ports.placeholders(),
            done_port: ports.done(),
        };
        job::write(&disk, &settings, &Job::Cases(cases)).map_err(|error| full(&disk, &error))?;
        let mut machine = machine(
            self.args,
            self.target,
            self.provided.kernel.clone(),
            self.provided.image.clone(),
            disk,
            ports.clone(),
        );
        let dump = self.dump(purpose, cases);
        machine.pcap.clone_from(&dump);
        machine.nics = self.nics;
        let passed_over = self.dir.bad();
        let mut command: Vec<OsString> = machine.command(&self.provided.qemu);
        self.dir
            .write(&purpose.file("qemu.cmd"), &(quote(&command) + "\n"))?;
        if self.args.guest.gdb {
            let line = qemu::gdb::stop_for(&mut command, &self.provided.kernel.path)?;
            self.ui.say(&format!("   waiting for gdb: {line}"));
        }
        if self.args.guest.print_cmd {
            self.ui.say(&format!("   {}", quote(&command)));
        }
        self.dir.event(Event::Boot {
            number: self.boots,
            nonce: format!("{nonce:08x}"),
            cases: (0..cases.len()).map(name).collect(),
        })?;
        let serial = self.dir.path().join(purpose.file("serial.log"));
        let boot = Boot {
            command,
            nonce,
            ports: &ports,
            cases,
            limits: Limits {
                boot: Duration::from_secs(
                    self.args
                        .boot_timeout
                        .unwrap_or_else(|| kernel::boot_seconds(&self.provided.kernel.name)),
                ),
                grace: Duration::from_secs(self.args.grace),
                power_off: Duration::from_secs(self.args.power_off_timeout),
            },
            tools: self.tools,
            serial: &serial,
        };
        // The first failure to write a report; the guest is stopped by it at the next look.
        let mut failed = None;
        let afterwards = exec::run(
            &boot,
            &mut |news| {
                let told = match purpose {
                    Purpose::Judge => self.tell(news, name, reported),
                    Purpose::Packets => self.tell_again(news, name),
                };
                if let Err(error) = told {
                    failed.get_or_insert(error);
                }
            },
            cut,
        )?;
        if let Some(error) = failed {
            return Err(error);
        }
        if let Some(dump) = dump {
            let wanted = purpose == Purpose::Packets || self.dir.bad() > passed_over;
            self.keep_packets(&dump, wanted)?;
        }
        Ok(afterwards)
    }

    fn tell(
        &mut self,
        news: News,
        name: &dyn Fn(usize) -> String,
        reported: &mut dyn FnMut(usize),
    ) -> anyhow::Result<()> {
        match news {
            News::Booted(after) => self.dir.event(Event::Booted {
                seconds: after.as_secs_f64(),
            }),
            News::Began(index) => {
                self.ui.began(&name(index));
                self.dir.event(Event::CaseStarted { case: name(index) })
            }
            News::Finished(finished) => {
                reported(finished.index);
                self.record(
                    name(finished.index),
                    finished.verdict,
                    finished.seconds,
                    &finished.log,
                )
            }
            News::Note(note) => self.note(note),
            News::Tick => {
                self.ui.tick();
                Ok(())
            }
        }
    }

    /// Puts a row into the log and on the screen.
    fn record(
        &mut self,
        name: String,
        verdict: Verdict,
        seconds: f64,
        log: &str,
    ) -> anyhow::Result<()> {
        let verdict = match name.split_once('/') {
            Some((ltp::SUITE, case)) if self.theirs => {
                ltp::expect::weigh(self.target, &self.provided.kernel.name, case, verdict)
            }
            _ => verdict,
        };
        let row = CaseResult {
            log: self.dir.case_log(&name, log)?,
            name,
            status: verdict.status,
            seconds,
            metrics: verdict.metrics,
            detail: verdict.detail,
        };
        self.ui.finished(&row);
        self.dir.event(Event::CaseFinished(row))
    }

    pub(super) fn note(&mut self, note: String) -> anyhow::Result<()> {
        self.ui.say(&format!("   {note}"));
        self.dir.event(Event::Note { text: note })
    }

    fn show_tail(&mut self, tail: &[String]) {
        self.ui.say("   the console's last lines:");
        for line in tail {
            self.ui.say(&format!("   | {line}"));
        }
        let path = self.dir.path().join("qemu.cmd");
        self.ui
            .say(&format!("   QEMU's command: {}", path.display()));
    }
}

/// A number that no earlier boot had: records of another boot are not believed.
fn nonce(boot: u32) -> u32 {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    now.subsec_nanos()
        ^ (now.as_secs() as u32).rotate_left(8)
        ^ std::process::id().rotate_left(16)
        ^ boot
}
