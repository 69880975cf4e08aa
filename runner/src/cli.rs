//! The command line.
//!
//! Flags come first and a subcommand is optional: `runner --arch X --suite Y` is
//! `runner run --arch X --suite Y`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::plan::Shard;
use crate::qemu::Virtio;
use crate::target::{Arch, Libc, Target};

/// Boots a kernel in QEMU, runs network suites on it, reports.
///
/// Exit codes: 0 all as expected, 1 internal error, 2 wrong command line, 3 a figure regressed, 4 no case selected,
/// 5 cases never reported, 6 something is missing (QEMU, image, tool), 7 QEMU or host failed,
/// 100 cases failed, 110 the guest crashed, 124 the run's time is over, 130/143 interrupted;
/// `runner help exit-codes` says more.
#[derive(Debug, Parser)]
#[command(name = "runner", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `run` where nothing is given.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// Flags of `run`.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run suites (the default).
    Run(RunArgs),
    /// Say in words what is different between two runs, or between a baseline and a run.
    Compare(CompareArgs),
    /// Make what was measured the baseline, or tell what would change.
    Baseline(BaselineArgs),
    /// Measure what this machine's noise does to figures.
    #[command(subcommand)]
    Perf(Perf),
    /// Show suites and their cases.
    List(RunArgs),
    /// A busybox shell in a guest, with network; leave with `exit` or Ctrl-A x.
    Shell(GuestArgs),
    /// Make a run's reports again from its event log, also of a run that was killed.
    Report(ReportArgs),
    /// Read a saved serial line and say what the cases came to.
    Parse(ParseArgs),
    /// Put the shards of a run together; what no shard reported is MISSING.
    Merge(MergeArgs),
    /// A script that completes the runner's flags in a shell.
    Completions(CompletionsArgs),
    /// Say what this machine has and lacks.
    Doctor(GuestArgs),
    /// What the exit codes mean, the most important first.
    ///
    /// Where several hold, the first of the list is the code. With Linux beside the kernel under test
    /// (--kernel ours,linux), a case that fails on both does not make 100, nor does one that fails
    /// on Linux alone: such rows are listed and counted by themselves. A crash of the kernel under
    /// test, MISSING and INFRA count always. Without Linux beside it every row counts.
    ExitCodes,
    /// Write docs/process/syscalls.md from a log with /proc/sockeye_syscalls in it.
    Syscalls(SyscallsArgs),
    /// Build the kernels: kernel-rv, kernel-la.
    Build(BuildArgs),
    /// Images and host programs.
    #[command(flatten)]
    Provision(crate::image::Verb),
}

/// Which architectures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ArchChoice {
    Riscv64,
    Loongarch64,
    All,
}

/// Which C libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub enum LibcChoice {
    Glibc,
    Musl,
    All,
}

impl ArchChoice {
    /// One or both.
    pub fn list(self) -> &'static [Arch] {
        match self {
            ArchChoice::Riscv64 => &Arch::ALL[..1],
            ArchChoice::Loongarch64 => &Arch::ALL[1..],
            ArchChoice::All => &Arch::ALL,
        }
    }
}

impl LibcChoice {
    /// One or both.
    pub fn list(self) -> &'static [Libc] {
        match self {
            LibcChoice::Glibc => &Libc::ALL[..1],
            LibcChoice::Musl => &Libc::ALL[1..],
            LibcChoice::All => &Libc::ALL,
        }
    }
}

/// Flags of everything that starts a guest.
#[derive(Clone, Debug, Args)]
pub struct GuestArgs {
    /// Architecture of the guest.
    #[arg(long, value_enum, default_value = "riscv64")]
    pub arch: ArchChoice,
    /// Whose programs run in it.
    #[arg(long, value_enum, default_value = "glibc")]
    pub libc: LibcChoice,
    /// `ours`, `linux` (Debian's, the oracle) or a kernel file; several run one after the other
    /// and are compared.
    #[arg(
        long,
        default_value = "ours",
        value_delimiter = ',',
        value_name = "ours|linux|PATH"
    )]
    pub kernel: Vec<String>,
    /// The kernel's command line.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub append: Option<String>,
    /// Initial file system for a kernel file that wants one.
    #[arg(long, value_name = "PATH")]
    pub initrd: Option<PathBuf>,
    /// Root image; made or taken from the cache where not given.
    #[arg(long)]
    pub image: Option<PathBuf>,
    /// QEMU: a binary, or a directory with qemu-system-*.
    #[arg(long)]
    pub qemu: Option<PathBuf>,
    /// Processors of the guest.
    #[arg(long, default_value_t = 1)]
    pub smp: u32,
    /// Memory of the guest.
    #[arg(long, default_value = "1G")]
    pub mem: String,
    /// virtio-mmio registers on riscv64.
    #[arg(long, value_enum, default_value = "legacy")]
    pub virtio: Virtio,
    /// Network cards of the guest. The first two lead to the host, through 10.0.2.0/24 and 10.0.3.0/24;
    /// those after them are wired in pairs: eth2 to eth3, eth4 to eth5.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=6))]
    pub nics: u32,
    /// Print QEMU's command line before each guest.
    #[arg(long)]
    pub print_cmd: bool,
    /// Start the guest stopped, wait for gdb and print the line that connects it; no time limits.
    #[arg(long)]
    pub gdb: bool,
    /// Take kernel-rv and kernel-la as they are.
    #[arg(long)]
    pub no_build: bool,
    /// Use no network: everything has to be in the cache.
    #[arg(long)]
    pub offline: bool,
    /// Accept a mirror index past its validity date.
    #[arg(long)]
    pub allow_stale_index: bool,
}

/// Flags of a run.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Flags of the guest.
    #[command(flatten)]
    pub guest: GuestArgs,
    /// Suites; all where not given.
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub suite: Vec<String>,
    /// Cases, as shell patterns on `case` or `suite/case`.
    #[arg(long, value_delimiter = ',', value_name = "GLOB")]
    pub case: Vec<String>,
    /// LTP for `ltp-net`: an install tree, or a directory with one a target (riscv64-glibc, ...);
    /// else $LTPROOT, or the image's, or our own programs.
    #[arg(long, value_name = "DIR")]
    pub ltp: Option<PathBuf>,
    /// Host programs: a directory with iperf3 and netperf; ours where not given.
    #[arg(long, value_name = "DIR")]
    pub host_tools: Option<PathBuf>,
    /// Where run directories go.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Run one part of the plan: the I-th of N. `merge` puts the parts together.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Print the QEMU command and leave.
    #[arg(long)]
    pub dry_run: bool,
    /// Guest time counts instructions, one each nanosecond.
    #[arg(long)]
    pub icount: bool,
    /// Save the network card's packets.
    #[arg(long)]
    pub pcap: bool,
    /// Compare two kernels (--kernel A,B) in so many pairs of boots; six or more give an interval.
    #[arg(long, value_name = "N")]
    pub pairs: Option<usize>,
    /// Of the order of --pairs; random where not given.
    #[arg(long, value_name = "N", requires = "pairs")]
    pub seed: Option<u64>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub seconds: u32,
    /// Seconds from QEMU's start to the agent's first word; 60 for ours, 240 for others where
    /// not given.
    #[arg(long, value_name = "N")]
    pub boot_timeout: Option<u64>,
    /// Seconds that a hung guest gets beyond a case's own limit.
    #[arg(long, default_value_t = 15, value_name = "N")]
    pub grace: u64,
    /// Seconds from the agent's last word to QEMU's end.
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub power_off_timeout: u64,
    /// Seconds for one suite on one target.
    #[arg(long, default_value_t = 1800, value_name = "N")]
    pub suite_timeout: u64,
}

impl GuestArgs {
    /// How images and host programs may be had.
    pub fn fetch(&self) -> crate::setup::Options {
        crate::setup::Options {
            offline: self.offline,
            allow_stale_index: self.allow_stale_index,
            cache: None,
        }
    }

    /// The combinations to run, in report order.
    pub fn targets(&self) -> Vec<Target> {
        let of_arch = |&arch: &Arch| {
            self.libc
                .list()
                .iter()
                .map(move |&libc| Target { arch, libc })
        };
        self.arch.list().iter().flat_map(of_arch).collect()
    }
}

/// Flags of `compare`.
#[derive(Clone, Debug, Args)]
pub struct CompareArgs {
    /// What was: a run.json, a run directory, a directory of several, or a baseline.
    pub a: PathBuf,
    /// What is.
    pub b: PathBuf,
    /// Leave with 3 where a figure is worse by more than this, in per cent.
    #[arg(long, value_name = "P")]
    pub max_regression: Option<f64>,
}

/// Flags of `baseline`.
#[derive(Clone, Debug, Args)]
pub struct BaselineArgs {
    /// Run directories with both kernels; the latest where not given.
    pub runs: Vec<PathBuf>,
    /// Write; else tell what would change.
    #[arg(long)]
    pub accept: bool,
    /// Where baselines are; docs/process/baselines where not given.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Flags of `syscalls`.
#[derive(Clone, Debug, Args)]
pub struct SyscallsArgs {
    /// A log with the lines of /proc/sockeye_syscalls in it.
    pub log: String,
    /// The page.
    #[arg(long, value_name = "FILE", default_value = "docs/process/syscalls.md")]
    pub page: String,
}

/// Verbs of `perf`.
#[derive(Debug, Subcommand)]
pub enum Perf {
    /// Boot one kernel against itself (12 pairs where --pairs is not given); from then on a difference
    /// has to be larger than what that came to.
    Noise(NoiseArgs),
}

/// Flags of `perf noise`.
#[derive(Clone, Debug, Args)]
pub struct NoiseArgs {
    /// Flags of a run.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Flags of `parse`.
#[derive(Clone, Debug, Args)]
pub struct ParseArgs {
    /// A serial.log.
    pub file: PathBuf,
    /// Leave a run directory with every report here.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Flags of `report`.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// A run directory, one with several of them, an events.jsonl, or a run.json.
    pub run: PathBuf,
    /// Where the reports go; beside the log where not given.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Flags of `merge`.
#[derive(Clone, Debug, Args)]
pub struct MergeArgs {
    /// The shards' run directories.
    #[arg(required = true, value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
    /// Where the merged run directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Flags of `completions`.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// For which shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Flags of `build`.
#[derive(Clone, Debug, Args)]
pub struct BuildArgs {
    /// Which kernels.
    #[arg(long, value_enum, default_value = "all")]
    pub arch: ArchChoice,
    /// Build nothing: leave a tree in target/contest whose `make all` needs no network.
    #[arg(long, conflicts_with = "lint")]
    pub contest: bool,
    /// Build nothing: lint the agent and the kernel for their targets, warnings are errors.
    #[arg(long)]
    pub lint: bool,
}
