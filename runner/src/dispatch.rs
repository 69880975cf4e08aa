//! Carries a run out: targets, suites, boots, and the reports about them.
//!
//! The only place that talks to people and writes run directories. It plans,
//! provides (kernel, image, tools, QEMU), then for each suite starts a guest, and
//! another one for the remaining cases whenever a guest died.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;

use crate::cli::RunArgs;
use crate::clock::Utc;
use crate::exec::{self, Boot, Limits, News, Over};
use crate::image::{self, HostTools};
use crate::interrupt::Interrupt;
use crate::job::{self, Job};
use crate::kernel;
use crate::outcome::{CaseResult, Exit, Status, Totals, Verdict, missing, usage};
use crate::place;
use crate::plan::{self, Case, Forward, Selection, Work};
use crate::qemu::{self, Kernel, Machine, Ports, Qemu, quote};
use crate::report::{Group, Run, RunDir, SCHEMA, Ui, environment};
use crate::target::{Arch, Target};

/// How often to try again when somebody took a port between finding and binding it.
const PORT_ATTEMPTS: u32 = 3;

/// Carries out `args`.
pub fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    let interrupt = Interrupt::catch()?;
    let targets = args.guest.targets();
    let options = plan::Options {
        seconds: args.seconds,
    };
    let plan = plan::select(&args.suite, &args.case, &options)?;
    if args.dry_run {
        return dry_run(args, &targets);
    }
    let needs_host = plan
        .iter()
        .flat_map(|s| &s.cases)
        .any(|case| matches!(case.work, Work::Host { .. }));
    let tools = if needs_host {
        Some(host_tools(args)?)
    } else {
        None
    };

    let suites = plan.iter().map(|s| s.suite).collect::<Vec<_>>().join("+");
    let parent = args.out.clone().unwrap_or_else(place::runs);
    let provided = args
        .guest
        .arch
        .list()
        .iter()
        .map(|&arch| Ok((arch, provide(args, arch, &plan)?)));
    let provided = provided.collect::<anyhow::Result<Vec<_>>>()?;
    let group = Group::create(&parent, &targets, &suites)?;
    let mut ui = Ui::new(targets.len() * plan.iter().map(|s| s.cases.len()).sum::<usize>());
    let mut runs = Vec::new();
    let mut exit = Exit::Ok;
    for target in &targets {
        // One was provided for each architecture of the targets.
        let Some((_, provided)) = provided.iter().find(|(arch, _)| *arch == target.arch) else {
            continue;
        };
        let dir = RunDir::at(group.member(*target))?;
        let mut one = OneTarget {
            args,
            target: *target,
            provided,
            tools: tools.as_ref(),
            interrupt: &interrupt,
            dir,
            ui: &mut ui,
            boots: 0,
            notes: Vec::new(),
        };
        let run = one.carry_out(&plan, &suites)?;
        exit = exit.worse(exit_of(&run));
        runs.push(run);
        if interrupt.seen().is_some() {
            break;
        }
    }
    ui.close();
    group.finish(&runs, exit)?;
    farewell(&runs, &group);
    // The one line on stdout: where the data is.
    let data = if runs.len() == 1 && targets.len() == 1 {
        "run.json"
    } else {
        "runset.json"
    };
    println!("{}", group.path().join(data).display());
    Ok(exit)
}

fn exit_of(run: &Run) -> Exit {
    [Exit::Interrupted, Exit::Terminated, Exit::RunTimeout]
        .into_iter()
        .find(|&exit| exit as u8 == run.exit_code)
        .unwrap_or_else(|| Exit::of(run.totals, None))
}

/// The clients for servers in the guest.
fn host_tools(args: &RunArgs) -> anyhow::Result<HostTools> {
    let Some(dir) = &args.host_tools else {
        return image::host_tools(&args.guest.fetch());
    };
    let tool = |name: &str| {
        let path = dir.join(name);
        if path.is_file() {
            Ok(path)
        } else {
            Err(missing(format!("no {}; see --host-tools", path.display())))
        }
    };
    Ok(HostTools {
        iperf3: tool("iperf3")?,
        netperf: tool("netperf")?,
    })
}

/// What a target needs before it can boot.
struct Provided {
    qemu: Qemu,
    kernel: Kernel,
    image: PathBuf,
}

fn provide(args: &RunArgs, arch: Arch, plan: &[Selection]) -> anyhow::Result<Provided> {
    let guest = &args.guest;
    let programs = plan
        .iter()
        .flat_map(|s| &s.cases)
        .any(|case| !matches!(case.work, Work::Boot | Work::PowerOff));
    let qemu = match programs {
        true => qemu::find_for_programs(arch, guest.qemu.as_deref(), &guest.fetch())?,
        false => qemu::find(arch, guest.qemu.as_deref())?,
    };
    let image = match &guest.image {
        Some(path) => checked_image(path)?,
        None => image::ensure(arch, &guest.fetch())?.path,
    };
    let kernel = kernel::choose(arch, guest)?;
    Ok(Provided {
        qemu,
        kernel,
        image,
    })
}

/// An image that is there and is ext4: a wrong file is told here, not by a guest
/// that finds no root.
fn checked_image(path: &Path) -> anyhow::Result<PathBuf> {
    use std::io::{Read, Seek, SeekFrom};
    let what = |why: &str| {
        missing(format!(
            "{}: {why}; give another --image, or none to have it made",
            path.display()
        ))
    };
    let mut file = fs::File::open(path).map_err(|error| what(&error.to_string()))?;
    let mut magic = [0; 2];
    // The ext4 superblock lies 1024 bytes in; its magic number 0x38 bytes further.
    let read = file
        .seek(SeekFrom::Start(1024 + 0x38))
        .and_then(|_| file.read_exact(&mut magic));
    match read {
        Ok(()) if magic == [0x53, 0xef] => Ok(std::path::absolute(path)?),
        _ => Err(what("not an ext4 image, or a damaged one")),
    }
}

fn dry_run(args: &RunArgs, targets: &[Target]) -> anyhow::Result<Exit> {
    for &target in targets {
        let path = args
            .guest
            .qemu
            .clone()
            .unwrap_or_else(|| target.arch.qemu().into());
        let path = if path.is_dir() {
            path.join(target.arch.qemu())
        } else {
            path
        };
        let qemu = Qemu {
            path,
            version: String::new(),
        };
        let kernel = match args.guest.kernel.as_str() {
            "ours" => kernel::artefact(target.arch),
            path => path.into(),
        };
        let kernel = Kernel {
            name: args.guest.kernel.clone(),
            path: kernel,
            cmdline: args.guest.append.clone(),
            initrd: None,
        };
        let image = args
            .guest
            .image
            .clone()
            .unwrap_or_else(|| format!("<image-{}>", target.arch.name()).into());
        let machine = machine(
            args,
            target,
            kernel,
            image,
            "<job>".into(),
            Ports::default(),
        );
        println!("{}", quote(&machine.command(&qemu)));
    }
    Ok(Exit::Ok)
}

fn machine(
    args: &RunArgs,
    target: Target,
    kernel: Kernel,
    image: PathBuf,
    job: PathBuf,
    ports: Ports,
) -> Machine {
    Machine {
        arch: target.arch,
        kernel,
        image: Some(image),
        job: Some(job),
        smp: args.guest.smp,
        mem: args.guest.mem.clone(),
        virtio: args.guest.virtio,
        icount: args.icount,
        pcap: None,
        ports,
    }
}

/// One target's run.
struct OneTarget<'a> {
    args: &'a RunArgs,
    target: Target,
    provided: &'a Provided,
    tools: Option<&'a HostTools>,
    interrupt: &'a Interrupt,
    dir: RunDir,
    ui: &'a mut Ui,
    boots: u32,
    notes: Vec<String>,
}

impl OneTarget<'_> {
    fn carry_out(&mut self, plan: &[Selection], suites: &str) -> anyhow::Result<Run> {
        let (environment, kernel) = environment(
            &self.provided.qemu,
            &self.provided.kernel,
            Some(&self.provided.image),
        );
        self.dir.write(
            "env.json",
            &(serde_json::to_string_pretty(&environment)? + "\n"),
        )?;
        let started = Utc::now();
        let clock = Instant::now();
        self.dir.event("run_started", json!({
            "target": self.target.name(), "suite": suites,
            "planned": plan.iter().flat_map(|s| s.cases.iter().map(move |c| format!("{}/{}", s.suite, c.name))).collect::<Vec<_>>(),
        }))?;
        self.ui.say(&format!(
            "== {} on {}, {}",
            suites,
            self.target.name(),
            self.provided.qemu.version
        ));
        let mut cases = Vec::new();
        let mut cut = None;
        for selection in plan {
            let (results, suite_cut) = self.suite(selection)?;
            cases.extend(results);
            cut = cut.or(suite_cut);
        }
        let totals = Totals::of(&cases);
        let exit = Exit::of(totals, cut);
        let run = Run {
            schema: SCHEMA.to_string(),
            arch: self.target.arch.name().to_string(),
            libc: self.target.libc.name().to_string(),
            suite: suites.to_string(),
            kernel,
            qemu: self.provided.qemu.version.clone(),
            started: started.rfc3339(),
            seconds: clock.elapsed().as_secs_f64(),
            boots: self.boots,
            cases,
            totals,
            exit_code: exit as u8,
            notes: std::mem::take(&mut self.notes),
            command: again(self.target, suites, None),
        };
        self.dir.event(
            "run_finished",
            json!({ "totals": run.totals, "exit_code": run.exit_code }),
        )?;
        self.dir.finish(&run)?;
        Ok(run)
    }

    /// Runs one suite, over as many guests as it takes.
    fn suite(&mut self, selection: &Selection) -> anyhow::Result<(Vec<CaseResult>, Option<Exit>)> {
        let name = |case: &Case| format!("{}/{}", selection.suite, case.name);
        let deadline = Instant::now() + Duration::from_secs(self.args.suite_timeout);
        let interrupt = self.interrupt.clone();
        let cut = || {
            interrupt
                .seen()
                .or_else(|| (Instant::now() >= deadline).then_some(Exit::RunTimeout))
        };
        let mut results: Vec<Option<CaseResult>> = vec![None; selection.cases.len()];
        let mut port_attempts = 0;
        let mut why_missing = "not run".to_string();
        loop {
            if let Some(exit) = cut() {
                why_missing = format!("not run: {}", exit.meaning());
                break;
            }
            let pending: Vec<usize> = (0..results.len())
                .filter(|&at| results[at].is_none())
                .collect();
            // A guest only for its own power-off is not worth a boot, unless that is all there is.
            let cases: Vec<&Case> = pending.iter().map(|&at| &selection.cases[at]).collect();
            if cases.is_empty() {
                break;
            }
            let afterwards = self.boot(
                &cases,
                &|at| name(&selection.cases[pending[at]]),
                &mut |at, result| {
                    results[pending[at]] = Some(result);
                },
                &cut,
            )?;
            if afterwards.port_taken && port_attempts < PORT_ATTEMPTS {
                port_attempts += 1;
                for at in &pending {
                    results[*at] = None;
                }
                self.note(
                    "a forwarded port was taken by another program; trying others".to_string(),
                )?;
                continue;
            }
            let progress = pending.iter().any(|&at| results[at].is_some());
            match afterwards.over {
                Over::Complete => {
                    if pending.iter().all(|&at| results[at].is_some()) {
                        break;
                    }
                    why_missing = "the agent ended without a word about it".to_string();
                    break;
                }
                Over::NoBoot => {
                    self.show_tail(&afterwards.tail);
                    why_missing = "not run: the guest does not boot".to_string();
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
        let mut rows = Vec::new();
        for (case, result) in selection.cases.iter().zip(results) {
            rows.push(match result {
                Some(result) => result,
                None => {
                    let verdict = Verdict::new(Status::Missing, why_missing.clone());
                    self.record(name(case), verdict, 0.0, "")?
                }
            });
        }
        Ok((rows, cut()))
    }

    /// Starts one guest for `cases`.
    fn boot(
        &mut self,
        cases: &[&Case],
        name: &dyn Fn(usize) -> String,
        result: &mut dyn FnMut(usize, CaseResult),
        cut: &dyn Fn() -> Option<Exit>,
    ) -> anyhow::Result<exec::Afterwards> {
        self.boots += 1;
        let forwards: Vec<Forward> = cases
            .iter()
            .flat_map(|case| case.forwards())
            .copied()
            .collect();
        let ports = Ports::reserve(&forwards)?;
        let nonce = nonce(self.boots);
        let disk = self.dir.path().join("job.img");
        let settings = job::Boot {
            nonce,
            libc: self.target.libc,
            ports: ports.placeholders(),
            done_port: ports.done(),
        };
        job::write(&disk, &settings, &Job::Cases(cases))
            .with_context(|| format!("cannot write {}", disk.display()))?;
        let mut machine = machine(
            self.args,
            self.target,
            self.provided.kernel.clone(),
            self.provided.image.clone(),
            disk,
            ports.clone(),
        );
        if self.args.pcap {
            machine.pcap = Some(self.dir.path().join(format!("boot-{}.pcap", self.boots)));
        }
        let command: Vec<OsString> = machine.command(&self.provided.qemu);
        self.dir.write("qemu.cmd", &(quote(&command) + "\n"))?;
        self.dir.event(
            "boot",
            json!({ "number": self.boots, "nonce": format!("{nonce:08x}"), "cases": cases.len() }),
        )?;
        let serial = self.dir.path().join("serial.log");
        let boot = Boot {
            command,
            nonce,
            ports: &ports,
            cases,
            limits: Limits {
                boot: Duration::from_secs(self.args.boot_timeout),
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
                let told = self.tell(news, name, result);
                if let Err(error) = told {
                    failed.get_or_insert(error);
                }
            },
            cut,
        )?;
        match failed {
            Some(error) => Err(error),
            None => Ok(afterwards),
        }
    }

    fn tell(
        &mut self,
        news: News,
        name: &dyn Fn(usize) -> String,
        result: &mut dyn FnMut(usize, CaseResult),
    ) -> anyhow::Result<()> {
        match news {
            News::Booted(after) => self
                .dir
                .event("booted", json!({ "seconds": after.as_secs_f64() })),
            News::Began(index) => {
                self.ui.began(&name(index));
                self.dir
                    .event("case_started", json!({ "case": name(index) }))
            }
            News::Finished(finished) => {
                let row = self.record(
                    name(finished.index),
                    finished.verdict,
                    finished.seconds,
                    &finished.log,
                )?;
                result(finished.index, row);
                Ok(())
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
    ) -> anyhow::Result<CaseResult> {
        let row = CaseResult {
            log: self.dir.case_log(&name, log)?,
            name,
            status: verdict.status,
            seconds,
            metrics: verdict.metrics,
            detail: verdict.detail,
        };
        self.dir
            .event("case_finished", serde_json::to_value(&row)?)?;
        self.ui.finished(&row);
        Ok(row)
    }

    fn note(&mut self, note: String) -> anyhow::Result<()> {
        self.ui.say(&format!("   {note}"));
        self.dir.event("note", json!({ "text": note }))?;
        self.notes.push(note);
        Ok(())
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

/// The command that repeats a run or one of its cases.
fn again(target: Target, suites: &str, case: Option<&str>) -> String {
    let mut line = format!(
        "cargo run -p runner -- --arch {} --libc {} --suite {}",
        target.arch.name(),
        target.libc.name(),
        suites.replace('+', ",")
    );
    if let Some(case) = case {
        line.push_str(&format!(" --case {case}"));
    }
    line
}

/// The most failures listed one by one.
const MOST_LISTED: usize = 20;

/// The last words: counts, then every failure with its log and its command. Cases that
/// did not pass for one and the same reason share a line.
fn farewell(runs: &[Run], group: &Group) {
    for run in runs {
        eprintln!("{}-{}: {}", run.arch, run.libc, run.totals.sentence());
        let mut reasons: Vec<(Status, &str, Vec<&CaseResult>)> = Vec::new();
        for case in run.cases.iter().filter(|case| case.status.is_bad()) {
            match reasons
                .iter_mut()
                .find(|(status, detail, _)| (*status, *detail) == (case.status, &case.detail))
            {
                Some((_, _, cases)) => cases.push(case),
                None => reasons.push((case.status, &case.detail, vec![case])),
            }
        }
        for (status, detail, cases) in reasons.iter().take(MOST_LISTED) {
            let more = cases.len().saturating_sub(5);
            let names: Vec<&str> = cases[..cases.len() - more]
                .iter()
                .map(|case| case.name.as_str())
                .collect();
            let more = if more == 0 {
                String::new()
            } else {
                format!(" and {more} more")
            };
            eprintln!("  {:<7} {}{more}  {detail}", status.name(), names.join(" "));
            let [case] = cases[..] else { continue };
            if !case.log.is_empty() {
                let member = if runs.len() == 1 {
                    String::new()
                } else {
                    format!("{}-{}/", run.arch, run.libc)
                };
                eprintln!(
                    "          log: {}",
                    group.path().join(member + &case.log).display()
                );
            }
            let (suite, _) = case.name.split_once('/').unwrap_or((&run.suite, ""));
            let target = format!("--arch {} --libc {}", run.arch, run.libc);
            eprintln!(
                "          rerun: cargo run -p runner -- {target} --suite {suite} --case {}",
                case.name
            );
        }
        if reasons.len() > MOST_LISTED {
            eprintln!(
                "  and {} more reasons, see summary.md",
                reasons.len() - MOST_LISTED
            );
        }
    }
    eprintln!("report: {}", group.path().join("summary.md").display());
}

/// `shell`'s and `doctor`'s way to one target.
pub fn single_target(args: &crate::cli::GuestArgs) -> anyhow::Result<Target> {
    match args.targets()[..] {
        [target] => Ok(target),
        _ => Err(usage("one guest at a time: give one --arch and one --libc")),
    }
}
