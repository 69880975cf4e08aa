//! Carries a run out: targets, suites, boots, and the reports about them.
//!
//! The only place that talks to people and writes run directories. It plans,
//! provides (kernel, image, tools, QEMU), then for each suite starts a guest, and
//! another one for the remaining cases whenever a guest died.

mod packets;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::again;
use crate::cli::RunArgs;
use crate::contest;
use crate::dialect::contest::is_marker;
use crate::exec::{self, Boot, Limits, News, Over, Web};
use crate::image::{self, HostTools};
use crate::interrupt::Interrupt;
use crate::job::{self, Job};
use crate::kernel;
use crate::lane::{self, Lane};
use crate::ltp;
use crate::outcome::{CaseResult, Exit, Status, Verdict, missing, usage};
use crate::pairs;
use crate::place;
use crate::plan::{self, Case, Forward, Selection, WEB, Work};
use crate::qemu::{self, Kernel, Machine, Ports, Qemu, quote};
use crate::report::{
    EVENT_SCHEMA, Event, Group, Run, RunDir, RunStarted, Set, ShardOf, Ui, environment, farewell,
    full, github, host_line,
};
use crate::target::{Arch, Target};

use packets::Purpose;

/// How often to try again when somebody took a port between finding and binding it.
const PORT_ATTEMPTS: u32 = 3;

/// How long a run waits for a person with a debugger, in seconds: a week.
const PATIENCE: u64 = 7 * 24 * 3600;

/// Carries out `args`.
pub fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    let patient = RunArgs {
        boot_timeout: Some(PATIENCE),
        grace: PATIENCE,
        power_off_timeout: PATIENCE,
        suite_timeout: PATIENCE,
        ..args.clone()
    };
    let args = if args.guest.gdb { &patient } else { args };
    if contest::asked(args)? {
        return contest::run(args);
    }
    if args.dry_run {
        selected(args)?;
        return dry_run(args, &lane::of(&args.guest));
    }
    if let Some(pairs) = args.pairs {
        return pairs::run(args, pairs);
    }
    let (set, dir) = execute(args, &Interrupt::catch()?)?;
    github::publish(&set);
    for line in farewell::lines(&set, &dir) {
        eprintln!("{line}");
    }
    // The one line on stdout: where the data is.
    let data = match set.is_single() {
        true => "run.json",
        false => "runset.json",
    };
    println!("{}", dir.join(data).display());
    Ok(set.exit())
}

fn selected(args: &RunArgs) -> anyhow::Result<Vec<Selection>> {
    let options = plan::Options {
        seconds: args.seconds,
        ltp: ltp::Source::of(args)?.root(),
    };
    let plan = plan::select(&args.suite, &args.case, &options)?;
    match args.shard {
        Some(shard) => shard.of(plan),
        None => Ok(plan),
    }
}

/// What a shard's log says about the plan that it is a part of.
fn shard_of(args: &RunArgs) -> anyhow::Result<Option<ShardOf>> {
    let Some(shard) = args.shard else {
        return Ok(None);
    };
    let whole = RunArgs {
        shard: None,
        ..args.clone()
    };
    Ok(Some(ShardOf {
        index: shard.index,
        count: shard.count,
        plan: plan::names(&selected(&whole)?),
    }))
}

/// Every lane of `args`, once; answers what came of it and its directory.
pub fn execute(args: &RunArgs, interrupt: &Interrupt) -> anyhow::Result<(Set, PathBuf)> {
    let lanes = lane::of(&args.guest);
    let plan = selected(args)?;
    let shard_of = shard_of(args)?;
    let source = ltp::Source::of(args)?;
    let about = match plan.iter().any(|selection| selection.suite == ltp::SUITE) {
        true => source.sentence(),
        false => String::new(),
    };
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
    let mut provided: Vec<(Arch, &str, Provided)> = Vec::new();
    for lane in &lanes {
        let is_there = |(arch, kernel, _): &(Arch, &str, Provided)| {
            (*arch, *kernel) == (lane.target.arch, &lane.kernel)
        };
        if !provided.iter().any(is_there) {
            let new = provide(args, lane, &plan)?;
            provided.push((lane.target.arch, &lane.kernel, new));
        }
    }
    let names: Vec<String> = lanes.iter().map(|lane| lane.name.clone()).collect();
    let group = Group::create(&parent, &names, &suites)?;
    let mut ui = Ui::new(lanes.len() * plan.iter().map(|s| s.cases.len()).sum::<usize>());
    let mut runs = Vec::new();
    let mut failed = None;
    for (number, lane) in lanes.iter().enumerate() {
        // One was provided for each architecture and kernel of the lanes.
        let Some((_, _, provided)) = provided
            .iter()
            .find(|(arch, kernel, _)| (*arch, *kernel) == (lane.target.arch, &lane.kernel))
        else {
            continue;
        };
        let dir = RunDir::at(group.member(number))?;
        let mut one = OneTarget {
            args,
            target: lane.target,
            provided,
            tools: tools.as_ref(),
            shard: shard_of.clone(),
            interrupt,
            dir,
            ui: &mut ui,
            boots: 0,
            nics: args.guest.nics,
            theirs: source.root().is_some(),
        };
        match one.carry_out(&plan, &suites, &about) {
            Ok(run) => runs.push(run),
            Err(error) => {
                runs.push(one.dir.salvage(&error));
                failed = Some(error);
                break;
            }
        }
        if interrupt.seen().is_some() {
            break;
        }
    }
    ui.close();
    let set = group.set(runs);
    let finished = group.finish(&set);
    if let Some(error) = failed {
        // What there is, kept or not, is told; the error is why the rest is missing.
        for line in farewell::lines(&set, group.path()) {
            eprintln!("{line}");
        }
        return Err(error);
    }
    finished?;
    Ok((set, group.path().to_path_buf()))
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
pub struct Provided {
    /// The emulator.
    pub qemu: Qemu,
    /// What boots.
    pub kernel: Kernel,
    /// The root disk.
    pub image: PathBuf,
}

/// Builds, fetches, checks it.
pub fn provide(args: &RunArgs, lane: &Lane, plan: &[Selection]) -> anyhow::Result<Provided> {
    let guest = &args.guest;
    let arch = lane.target.arch;
    let least = kernel::least_qemu(arch, &lane.kernel);
    let programs = plan
        .iter()
        .flat_map(|s| &s.cases)
        .any(|case| !matches!(case.work, Work::Boot | Work::PowerOff));
    let qemu = match programs || least.is_some() {
        true => qemu::find_for_programs(arch, least, guest.qemu.as_deref(), &guest.fetch())?,
        false => qemu::find(arch, guest.qemu.as_deref())?,
    };
    let image = match &guest.image {
        Some(path) => checked_image(path)?,
        None => image::ensure(arch, &guest.fetch())?.path,
    };
    let asked = |suite: &str| plan.iter().any(|selection| selection.suite == suite);
    let image = match asked(plan::RUST) {
        true => image::crates::disk(&image, arch, guest.libc.list(), &guest.fetch())?,
        false => image,
    };
    let image = match asked(ltp::SUITE) {
        true => ltp::Source::of(args)?.disk(&image, arch, guest.libc.list(), &guest.fetch())?,
        false => image,
    };
    let kernel = kernel::choose(arch, &lane.kernel, guest)?;
    Ok(Provided {
        qemu,
        kernel,
        image,
    })
}

/// An image that is there and is ext4: a wrong file is told here, not by a guest
/// that finds no root.
pub fn checked_image(path: &Path) -> anyhow::Result<PathBuf> {
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

fn dry_run(args: &RunArgs, lanes: &[Lane]) -> anyhow::Result<Exit> {
    for lane in lanes {
        let target = lane.target;
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
        let kernel = kernel::outline(target.arch, &lane.kernel, &args.guest);
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
        writable: false,
        smp: args.guest.smp,
        mem: args.guest.mem.clone(),
        virtio: args.guest.virtio,
        nics: args.guest.nics,
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
    shard: Option<ShardOf>,
    interrupt: &'a Interrupt,
    dir: RunDir,
    ui: &'a mut Ui,
    boots: u32,
    /// Cards of the guest that is next.
    nics: u32,
    /// LTP's own programs run, of which something is expected.
    theirs: bool,
}

impl OneTarget<'_> {
    fn carry_out(&mut self, plan: &[Selection], suites: &str, about: &str) -> anyhow::Result<Run> {
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
    fn boot(
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

    fn note(&mut self, note: String) -> anyhow::Result<()> {
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

/// `shell`'s and `doctor`'s way to one target.
pub fn single_target(args: &crate::cli::GuestArgs) -> anyhow::Result<Target> {
    match args.targets()[..] {
        [target] => Ok(target),
        _ => Err(usage("one guest at a time: give one --arch and one --libc")),
    }
}

/// `shell`'s way to one kernel.
pub fn single_kernel(args: &crate::cli::GuestArgs) -> anyhow::Result<&str> {
    match &args.kernel[..] {
        [kernel] => Ok(kernel),
        _ => Err(usage("one guest at a time: give one --kernel")),
    }
}
