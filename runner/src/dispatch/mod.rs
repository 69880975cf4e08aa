//! Carries a run out: targets, suites, boots, and the reports about them.
//!
//! The only place that talks to people and writes run directories. It plans,
//! provides (kernel, image, tools, QEMU), then for each suite starts a guest, and
//! another one for the remaining cases whenever a guest died.

mod one_target;
mod packets;

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::RunArgs;
use crate::contest;
use crate::image::{self, HostTools};
use crate::interrupt::Interrupt;
use crate::kernel;
use crate::lane::{self, Lane};
use crate::ltp;
use crate::outcome::{Exit, missing, usage};
use crate::pairs;
use crate::place;
use crate::plan::{self, Selection, Work};
use crate::qemu::{self, Kernel, Machine, Ports, Qemu, quote};
use crate::report::{Group, RunDir, Set, ShardOf, Ui, farewell, github};
use crate::target::{Arch, Target};

use one_target::OneTarget;

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
