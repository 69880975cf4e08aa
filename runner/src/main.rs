//! The runner's entry: parse, run, say the exit code in words.

use runner::config;
use runner::outcome::{Exit, Refused};

fn main() -> std::process::ExitCode {
    let exit = config::command_line().and_then(runner::run);
    let exit = exit.unwrap_or_else(|error| {
        eprintln!("runner: {error:#}");
        error
            .downcast_ref::<Refused>()
            .map_or(Exit::Internal, |refused| refused.exit)
    });
    if exit != Exit::Ok {
        eprintln!("runner: exit {} ({})", exit as u8, exit.meaning());
    }
    std::process::ExitCode::from(exit as u8)
}
