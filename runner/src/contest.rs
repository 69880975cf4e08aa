//! `--suite contest`: a kernel runs a contest's image by itself, and its console is judged.
//!
//! No agent and no job disk: the kernel walks the image, runs every `*_testcode.sh` in `/musl` and
//! `/glibc` and powers off, as a contest's judge has it (the same command line, disks that may
//! be written). This works with any kernel. What shall report is read from the image,
//! so that a group that never starts is MISSING. Without `--image` the runner makes one of that
//! shape ([`crate::image::contest`]). `--case` chooses what is reported; the kernel
//! runs everything all the same. Called by `dispatch`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use crate::again;
use crate::cli::{LibcChoice, RunArgs};
use crate::console::is_panic;
use crate::dialect::contest as dialect;
use crate::dispatch::{Provided, checked_image};
use crate::image;
use crate::interrupt::Interrupt;
use crate::kernel;
use crate::lane::{self, Lane};
use crate::ltp;
use crate::outcome::{CaseResult, Exit, Status, Verdict, missing, usage};
use crate::place;
use crate::plan::matches;
use crate::qemu::{self, Guest, Machine, Message, Ports, quote};
use crate::report::{
    EVENT_SCHEMA, Event, Group, Run, RunDir, RunStarted, Ui, environment, farewell, github,
    host_line,
};
use crate::setup::shell;
use crate::target::{Arch, Libc, Target};

/// The suite's name.
const SUITE: &str = "contest";

/// How often the clock and the signals are looked at.
const TICK: Duration = Duration::from_millis(50);

/// How long a guest whose console said that its kernel died may stay silent. A test that prints
/// such words goes on; a dead kernel does not.
const AFTER_PANIC: Duration = Duration::from_secs(5);

/// A guest that says nothing for so long hangs. LTP's own limit for one test is 30 s.
const SILENCE: Duration = Duration::from_secs(300);

/// The most of a console that is kept, in bytes.
const FLOOD: usize = 64 * 1024 * 1024;

/// Whether `args` name this suite.
///
/// # Errors
/// Beside other suites: the message says so.
pub fn asked(args: &RunArgs) -> anyhow::Result<bool> {
    if !args.suite.iter().any(|suite| suite == SUITE) {
        return Ok(false);
    }
    if args.suite.len() > 1 {
        return Err(usage(
            "--suite contest runs by itself: its kernel needs no agent",
        ));
    }
    Ok(true)
}

/// Carries it out on every architecture and kernel of `args`.
pub fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    let lanes = lanes(args);
    if args.dry_run {
        for lane in &lanes {
            let provided = Provided {
                qemu: crate::qemu::Qemu {
                    path: lane.target.arch.qemu().into(),
                    version: String::new(),
                },
                kernel: kernel::outline(lane.target.arch, &lane.kernel, &args.guest),
                image: args.guest.image.clone().unwrap_or_else(|| {
                    format!("<contest-image-{}>", lane.target.arch.name()).into()
                }),
            };
            let machine = machine(args, lane, &provided);
            println!("{}", quote(&machine.command(&provided.qemu)));
        }
        return Ok(Exit::Ok);
    }
    let interrupt = Interrupt::catch()?;
    let parent = args.out.clone().unwrap_or_else(place::runs);
    let provided = lanes.iter().map(|lane| provide(args, lane));
    let provided = provided.collect::<anyhow::Result<Vec<_>>>()?;
    let names: Vec<String> = lanes.iter().map(|lane| lane.name.clone()).collect();
    let group = Group::create(&parent, &names, SUITE)?;
    let mut ui = Ui::new(0);
    let mut runs = Vec::new();
    for (number, (lane, provided)) in lanes.iter().zip(&provided).enumerate() {
        let mut dir = RunDir::at(group.member(number))?;
        runs.push(one(args, lane, provided, &interrupt, &mut dir, &mut ui)?);
        if interrupt.seen().is_some() {
            break;
        }
    }
    ui.close();
    let set = group.set(runs);
    group.finish(&set)?;
    github::publish(&set);
    for line in farewell::lines(&set, group.path()) {
        eprintln!("{line}");
    }
    let data = match lanes.len() {
        1 => "run.json",
        _ => "runset.json",
    };
    println!("{}", group.path().join(data).display());
    Ok(set.exit())
}

/// A QEMU that runs the image's programs, the kernel, and `--image` or the image that is made here.
fn provide(args: &RunArgs, lane: &Lane) -> anyhow::Result<Provided> {
    let (guest, arch) = (&args.guest, lane.target.arch);
    let least = kernel::least_qemu(arch, &lane.kernel);
    Ok(Provided {
        qemu: qemu::find_for_programs(arch, least, guest.qemu.as_deref(), &guest.fetch())?,
        image: match &guest.image {
            Some(path) => checked_image(path)?,
            None => image::contest::ensure(arch, &ltp_trees(args, arch)?, &guest.fetch())?.path,
        },
        kernel: kernel::choose(arch, &lane.kernel, guest)?,
    })
}

/// The trees of `--ltp` for `arch`. Without one the image has no such group.
fn ltp_trees(args: &RunArgs, arch: Arch) -> anyhow::Result<Vec<(Libc, PathBuf)>> {
    let Some(dir) = &args.ltp else {
        return Ok(Vec::new());
    };
    let tree = |libc| Some((libc, ltp::tree(dir, Target { arch, libc })?));
    let trees: Vec<_> = Libc::ALL.into_iter().filter_map(tree).collect();
    match trees.is_empty() {
        true => Err(missing(format!(
            "--ltp: {} has no testcases/bin, and no tree named by a target of {}",
            dir.display(),
            arch.name()
        ))),
        false => Ok(trees),
    }
}

/// An image holds both C libraries: a lane is an architecture and a kernel.
fn lanes(args: &RunArgs) -> Vec<Lane> {
    let mut guest = args.guest.clone();
    guest.libc = LibcChoice::Glibc;
    let mut lanes = lane::of(&guest);
    for lane in &mut lanes {
        lane.name = lane.name.replacen("-glibc", "", 1);
    }
    lanes
}

fn machine(args: &RunArgs, lane: &Lane, provided: &Provided) -> Machine {
    Machine {
        arch: lane.target.arch,
        kernel: provided.kernel.clone(),
        image: Some(provided.image.clone()),
        job: None,
        writable: true,
        smp: args.guest.smp,
        mem: args.guest.mem.clone(),
        virtio: args.guest.virtio,
        nics: args.guest.nics,
        icount: args.icount,
        pcap: None,
        ports: Ports::default(),
    }
}

fn one(
    args: &RunArgs,
    lane: &Lane,
    provided: &Provided,
    interrupt: &Interrupt,
    dir: &mut RunDir,
    ui: &mut Ui,
) -> anyhow::Result<Run> {
    let (environment, kernel) =
        environment(&provided.qemu, &provided.kernel, Some(&provided.image));
    dir.write(
        "env.json",
        &(serde_json::to_string_pretty(&environment)? + "\n"),
    )?;
    let wanted = |name: &str| {
        let own = name.split_once('/').map_or(name, |(_, own)| own);
        let mut globs = args.case.iter();
        args.case.is_empty() || globs.any(|glob| matches(glob, name) || matches(glob, own))
    };
    let mut planned = planned(&provided.image);
    planned.retain(|name| wanted(&full(name)));
    dir.event(Event::RunStarted(Box::new(RunStarted {
        schema: EVENT_SCHEMA.to_string(),
        arch: lane.target.arch.name().to_string(),
        libc: "all".to_string(),
        suite: SUITE.to_string(),
        kernel,
        qemu: provided.qemu.version.clone(),
        host: host_line(&environment),
        command: again::command(args, lane.target, &provided.kernel.name, SUITE),
        planned: planned.iter().map(|name| full(name)).collect(),
        shard: None,
        about: String::new(),
    })))?;
    ui.say(&format!(
        "== {SUITE} on {}, {}",
        lane.name, provided.qemu.version
    ));
    let machine = machine(args, lane, provided);
    let command = machine.command(&provided.qemu);
    dir.write("qemu.cmd", &(quote(&command) + "\n"))?;
    let limits = Limits {
        boot: Duration::from_secs(
            args.boot_timeout
                .unwrap_or_else(|| kernel::boot_seconds(&provided.kernel.name)),
        ),
        whole: Duration::from_secs(args.suite_timeout),
    };
    let transcript = watch(
        Guest::start(&command)?,
        &dir.path().join("serial.log"),
        limits,
        interrupt,
        ui,
    )?;
    // A good end of the guest is none of what it had not ended.
    let unfinished = match transcript.end.status {
        Status::Pass => Verdict::new(Status::Missing, "the guest powered off before its end"),
        _ => transcript.end.clone(),
    };
    let (mut rows, sheet) = dialect::judge(&transcript.text, &unfinished);
    if !transcript.speaks {
        // Nothing that could be judged: every group of the image shares the reason.
        rows.clear();
    }
    for name in &planned {
        if !transcript.speaks || !rows.iter().any(|row| &row.name == name) {
            rows.push(dialect::Row {
                name: name.clone(),
                verdict: match transcript.end.status {
                    Status::Pass => Verdict::new(Status::Missing, "it never started"),
                    _ => transcript.end.clone(),
                },
                log: String::new(),
            });
        }
    }
    rows.push(dialect::Row {
        name: "power-off".to_string(),
        verdict: transcript.end,
        log: String::new(),
    });
    rows.retain(|row| wanted(&full(&row.name)));
    // A run with nothing that was asked for is an error, by its exit code.
    for row in rows {
        let name = full(&row.name);
        let result = CaseResult {
            log: dir.case_log(&name, &row.log)?,
            name,
            status: row.verdict.status,
            seconds: 0.0,
            metrics: row.verdict.metrics,
            detail: row.verdict.detail,
        };
        ui.finished(&result);
        dir.event(Event::CaseFinished(result))?;
    }
    dir.event(Event::Scored { sheet })?;
    let cut = interrupt.seen().or(transcript.cut);
    let exit = Exit::of(dir.totals(), cut);
    dir.event(Event::RunFinished {
        exit_code: exit as u8,
    })?;
    dir.finish()
}

fn full(name: &str) -> String {
    format!("{SUITE}/{name}")
}

/// The groups that the scripts of `image` stand for: `iperf-musl`. Empty where the image cannot be
/// looked into; the console then says what there is.
fn planned(image: &Path) -> Vec<String> {
    let mut groups = Vec::new();
    for libc in ["musl", "glibc"] {
        let list = shell::run(
            shell::command("debugfs")
                .args(["-R", &format!("ls -p /{libc}")])
                .arg(image),
        );
        groups.extend(scripts(&list.unwrap_or_default()).map(|name| format!("{name}-{libc}")));
    }
    groups.sort();
    groups
}

/// `/12/100644/0/0/iperf_testcode.sh/196/`, a line an entry.
fn scripts(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
        .filter_map(|line| line.split('/').nth(5)?.strip_suffix("_testcode.sh"))
}

/// Time limits of the one boot.
struct Limits {
    /// To the first marker.
    boot: Duration,
    /// To the power-off.
    whole: Duration,
}

/// What a guest said and how it ended.
struct Transcript {
    text: String,
    /// There was a marker.
    speaks: bool,
    /// PASS where it powered off by itself.
    end: Verdict,
    /// What the run's exit code has to say about an end before the guest's own.
    cut: Option<Exit>,
}

/// Listens until the guest powers off, dies, or has to be stopped.
fn watch(
    mut guest: Guest,
    serial: &Path,
    limits: Limits,
    interrupt: &Interrupt,
    ui: &mut Ui,
) -> anyhow::Result<Transcript> {
    let mut log = File::create(serial)?;
    let (mut bytes, mut stderr) = (Vec::new(), Vec::new());
    let mut line = Vec::new();
    let mut speaks = false;
    let mut last = Instant::now();
    let mut panic: Option<String> = None;
    let mut cut = None;
    let end = loop {
        match guest.next(TICK) {
            Some(Message::Console(new)) => {
                last = Instant::now();
                log.write_all(&new)?;
                for &byte in &new {
                    if byte != b'\n' {
                        line.push(byte);
                        continue;
                    }
                    let text = String::from_utf8_lossy(&line);
                    if dialect::is_marker(&text) {
                        speaks = true;
                        panic = None;
                        if text.contains(" GROUP ") {
                            ui.say(&format!("   {}", text.trim()));
                        }
                    } else if is_panic(&text) {
                        panic.get_or_insert(text.trim().to_string());
                    }
                    line.clear();
                }
                bytes.extend_from_slice(&new);
            }
            Some(Message::Stderr(new)) => stderr.extend_from_slice(&new),
            Some(Message::Closed) => {
                break left(guest.wait(Duration::from_secs(5)), panic, &stderr);
            }
            None => ui.tick(),
        }
        let (now, silent) = (Instant::now(), last.elapsed());
        if let Some(exit) = interrupt.seen() {
            break Verdict::new(Status::Missing, exit.meaning());
        }
        if let Some(line) = panic.take_if(|_| silent >= AFTER_PANIC) {
            break Verdict::new(Status::Crash, format!("kernel panic: {line}"));
        }
        if bytes.len() > FLOOD {
            let why = format!("the console printed more than {} MiB", FLOOD >> 20);
            break Verdict::new(Status::Crash, why);
        }
        let age = now - guest.started;
        if !speaks && age >= limits.boot {
            let why = format!("no contest marker within {} s", limits.boot.as_secs());
            break Verdict::new(Status::Timeout, why);
        }
        if age >= limits.whole {
            cut = Some(Exit::RunTimeout);
            let why = format!("stopped after {} s", limits.whole.as_secs());
            break Verdict::new(Status::Timeout, why);
        }
        if silent >= SILENCE {
            let why = format!("silent for {} s", SILENCE.as_secs());
            break Verdict::new(Status::Crash, why);
        }
    };
    guest.stop();
    Ok(Transcript {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        speaks,
        end,
        cut,
    })
}

/// QEMU is gone: by the guest's own power-off where nothing speaks against it.
fn left(status: Option<ExitStatus>, panic: Option<String>, stderr: &[u8]) -> Verdict {
    match (status, panic) {
        (_, Some(line)) => Verdict::new(Status::Crash, format!("kernel panic: {line}")),
        (Some(status), None) if status.success() => Verdict::new(Status::Pass, ""),
        (status, None) => {
            let said = String::from_utf8_lossy(stderr);
            let said = said.lines().last().unwrap_or_default();
            let how = status.map_or("closed its console".to_string(), |s| s.to_string());
            Verdict::new(Status::Infra, format!("QEMU {how}: {said}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_found_in_a_listing() {
        let list =
            "/2/040755/0/0/.//\n/12/100644/0/0/iperf_testcode.sh/196/\n/13/100755/0/0/busybox/1/\n";
        assert_eq!(scripts(list).collect::<Vec<_>>(), ["iperf"]);
        assert_eq!(scripts("/musl: File not found").count(), 0);
    }

    #[test]
    fn only_a_quiet_end_is_a_good_one() {
        use std::os::unix::process::ExitStatusExt;
        let ok = Some(ExitStatus::from_raw(0));
        assert_eq!(left(ok, None, b"").status, Status::Pass);
        assert_eq!(left(ok, Some("panic".into()), b"").status, Status::Crash);
        let died = left(Some(ExitStatus::from_raw(6)), None, b"x\nassertion\n");
        assert_eq!(died.status, Status::Infra);
        assert!(died.detail.contains("assertion"));
        assert_eq!(left(None, None, b"").status, Status::Infra);
    }
}
