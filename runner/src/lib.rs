//! The runner: boots a kernel in QEMU, runs suites of network programs on it and
//! tells what they came to.
//!
//! Rooms, from the outside in: `cli` (the command line) -> `dispatch` (a run) ->
//! `plan` (what there is to run), `kernel`, `image`, `qemu` (what it needs), `exec`
//! (one guest) -> `console` (its serial line), `dialect` (its programs' output) ->
//! `outcome` (what it came to) -> `report` (what is left behind).

mod again;
mod archive;
mod child;
pub mod cli;
mod clock;
pub mod config;
mod console;
mod contest;
mod contest_tree;
mod dialect;
mod dispatch;
mod doctor;
mod exec;
mod image;
mod interrupt;
mod job;
mod kernel;
mod lane;
mod linux;
mod list;
mod ltp;
mod merge;
pub mod outcome;
mod pairs;
mod parse;
mod place;
mod plan;
mod qemu;
mod report;
mod score;
mod setup;
mod shell;
mod stats;
pub mod syscalls;
mod target;
mod versus;

use cli::{Cli, Verb};
use outcome::Exit;

/// Does what the command line says.
pub fn run(cli: Cli) -> anyhow::Result<Exit> {
    match cli.verb.unwrap_or(Verb::Run(cli.run)) {
        Verb::Run(args) => dispatch::run(&args),
        Verb::Compare(args) => archive::compare(&args),
        Verb::Baseline(args) => archive::baseline(&args),
        Verb::Perf(cli::Perf::Noise(args)) => pairs::calibrate(&args),
        Verb::List(args) => list::run(&args),
        Verb::Shell(args) => shell::run(&args),
        Verb::Report(args) => report::run(&args),
        Verb::Parse(args) => parse::run(&args),
        Verb::Merge(args) => merge::run(&args),
        Verb::Completions(args) => {
            use clap::CommandFactory;
            let name = "runner";
            clap_complete::generate(
                args.shell,
                &mut Cli::command(),
                name,
                &mut std::io::stdout(),
            );
            Ok(Exit::Ok)
        }
        Verb::Doctor(args) => doctor::run(&args),
        Verb::ExitCodes => {
            for exit in Exit::BY_RANK {
                println!("{:>3}  {}", exit as u8, exit.meaning());
            }
            Ok(Exit::Ok)
        }
        Verb::Syscalls(args) => syscalls::run(&args),
        Verb::Build(args) => kernel::run(&args),
        Verb::Provision(verb) => image::run(&verb).map(|()| Exit::Ok),
    }
}
