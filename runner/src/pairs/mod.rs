//! `--pairs N`: two kernels, boot by boot next to each other, and a verdict for each metric.
//!
//! Called by `dispatch` for `--kernel A,B --pairs N`, by `noise` for a kernel against
//! itself. One boot is one sample. The order is ABBA with a random start whose seed is
//! recorded. Whatever claims a difference is measured a second time, all of it afresh; a
//! claim that is not repeated is `inconclusive`.
//!
//! What is left: `pairs.json` with every sample, `summary.md`, and each boot's whole run
//! directory below `boots/`. An interrupted series keeps what it has and claims nothing.

mod fingerprint;
mod noise;
mod page;
mod record;

use std::fs;
use std::path::PathBuf;

use anyhow::Context;

use crate::cli::{NoiseArgs, RunArgs};
use crate::clock::Utc;
use crate::dispatch;
use crate::interrupt::Interrupt;
use crate::outcome::{Exit, usage};
use crate::place;
use crate::report::{Run, Set, fresh, point_latest};
use crate::stats::{First, Rng, schedule};

pub use fingerprint::Fingerprint;
pub use noise::Noise;
pub use page::word_with_mark;

use record::Record;

/// The kernel that the other is judged against, wherever it stands.
const REFERENCE: &str = "linux";

/// `--kernel A,B --pairs N`.
pub fn run(args: &RunArgs, pairs: usize) -> anyhow::Result<Exit> {
    let [a, b] = &args.guest.kernel[..] else {
        return Err(usage(
            "--pairs compares two kernels: give --kernel A,B (the same twice is a calibration)",
        ));
    };
    // What is judged stands second.
    let kernels = match (a.as_str(), b.as_str()) {
        (_, REFERENCE) => [b.clone(), a.clone()],
        _ => [a.clone(), b.clone()],
    };
    let interrupt = Interrupt::catch()?;
    let series = Series::new(args, kernels, pairs, "pairs")?;
    let (record, exit) = series.measure(&interrupt)?;
    // Linux is a measure, not a gate.
    let gates = record.a.name != REFERENCE;
    let exit = match exit {
        Exit::Ok if gates && record.regressed() => Exit::Regressed,
        other => other,
    };
    finish(&series, &record)?;
    Ok(exit)
}

/// `perf noise`: a kernel against itself; what differs is the machine's doing.
pub fn calibrate(args: &NoiseArgs) -> anyhow::Result<Exit> {
    let [kernel] = &args.run.guest.kernel[..] else {
        return Err(usage("perf noise measures one kernel against itself"));
    };
    let interrupt = Interrupt::catch()?;
    let kernels = [kernel.clone(), kernel.clone()];
    let pairs = args.run.pairs.unwrap_or(12);
    let mut series = Series::new(&args.run, kernels, pairs, "noise")?;
    series.confirms = false;
    let (record, exit) = series.measure(&interrupt)?;
    finish(&series, &record)?;
    if exit != Exit::Ok {
        eprintln!("nothing is written to {}", Noise::path().display());
        return Ok(exit);
    }
    let mut noise = Noise::read()?;
    noise.add(&record);
    noise.write()?;
    eprintln!("noise: {}", Noise::path().display());
    Ok(Exit::Ok)
}

fn finish(series: &Series<'_>, record: &Record) -> anyhow::Result<()> {
    series.write(record)?;
    eprint!("{}", page::terminal(record));
    eprintln!("report: {}", series.dir.join("summary.md").display());
    println!("{}", series.dir.join("pairs.json").display());
    Ok(())
}

/// One series of boots.
struct Series<'a> {
    args: &'a RunArgs,
    kernels: [String; 2],
    pairs: usize,
    /// Whether claims are measured again.
    confirms: bool,
    seed: u64,
    dir: PathBuf,
}

impl<'a> Series<'a> {
    fn new(
        args: &'a RunArgs,
        kernels: [String; 2],
        pairs: usize,
        what: &str,
    ) -> anyhow::Result<Series<'a>> {
        if pairs == 0 {
            return Err(usage("--pairs wants at least one; six give an interval"));
        }
        let parent = args.out.clone().unwrap_or_else(place::runs);
        let dir = fresh(&parent, &format!("{}-{what}", Utc::now().compact()))
            .with_context(|| format!("cannot create a directory in {}", parent.display()))?;
        point_latest(&dir).with_context(|| format!("cannot name {} the latest", dir.display()))?;
        Ok(Series {
            args,
            kernels,
            pairs,
            confirms: true,
            seed: args.seed.unwrap_or_else(seed),
            dir,
        })
    }

    /// Boots everything; answers the samples with their verdicts and what the cases came to.
    fn measure(&self, interrupt: &Interrupt) -> anyhow::Result<(Record, Exit)> {
        let mut rng = Rng::new(self.seed);
        let mut record = Record::new(&self.kernels, self.seed, self.pairs);
        let mut exit = self.set(&mut record, &mut rng, interrupt)?;
        let noise = Noise::read()?;
        record.judge(&noise);
        if self.confirms && exit == Exit::Ok && record.claims() {
            eprintln!("== a difference is claimed: all of it again, to see whether it repeats");
            exit = exit.worse(self.set(&mut record, &mut rng, interrupt)?);
            record.judge(&noise);
        }
        if self.confirms && exit != Exit::Ok {
            // A claim that nothing could repeat.
            record.withdraw_claims();
        }
        Ok((record, exit))
    }

    /// One set of pairs.
    fn set(
        &self,
        record: &mut Record,
        rng: &mut Rng,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Exit> {
        let number = record.begin_set();
        let mut exit = Exit::Ok;
        for (at, first) in schedule(self.pairs, rng).into_iter().enumerate() {
            let [a, b] = &self.kernels;
            let turns = match first {
                First::A => [('a', a), ('b', b)],
                First::B => [('b', b), ('a', a)],
            };
            let mut sets = Vec::new();
            for (letter, kernel) in turns {
                eprintln!(
                    "-- set {number}, pair {} of {}: {letter}, {kernel}",
                    at + 1,
                    self.pairs
                );
                let name = format!("{number}-{:02}-{letter}", at + 1);
                let set = self.boot(kernel, &name, record.has_booted(kernel), interrupt)?;
                exit = exit.worse(set.exit());
                record.boot(letter, kernel, &set)?;
                sets.push((letter, set));
                if let Some(cut) = interrupt.seen() {
                    self.write(record)?;
                    return Ok(cut);
                }
            }
            sets.sort_by_key(|(letter, _)| *letter);
            let runs = |at: usize| -> Vec<&Run> {
                let (_, set) = &sets[at];
                set.members.iter().map(|member| &member.run).collect()
            };
            record.pair(first, &runs(0), &runs(1))?;
            // Kept as it grows: what is measured is not lost with the runner.
            self.write(record)?;
        }
        Ok(exit)
    }

    /// One boot, or one a target.
    fn boot(
        &self,
        kernel: &str,
        name: &str,
        built: bool,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Set> {
        let mut args = self.args.clone();
        args.guest.kernel = vec![kernel.to_string()];
        args.pairs = None;
        args.out = Some(self.dir.join("boots").join(name));
        // The first boot of a kernel builds it; from then on it is what it is.
        args.guest.no_build |= built;
        let (set, _) = dispatch::execute(&args, interrupt)?;
        Ok(set)
    }

    fn write(&self, record: &Record) -> anyhow::Result<()> {
        let put = |name: &str, text: String| {
            let path = self.dir.join(name);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
        };
        put("pairs.json", record.to_json()?)?;
        put("summary.md", page::markdown(record))
    }
}

/// A seed that no earlier series had.
fn seed() -> u64 {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Rng::new(now.as_nanos() as u64 ^ u64::from(std::process::id())).next()
}
