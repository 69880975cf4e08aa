//! `runner doctor`: what this machine has and lacks, and what to do about it.

use crate::cli::GuestArgs;
use crate::image;
use crate::outcome::Exit;
use crate::qemu;

/// Prints one line for each thing a run needs.
pub fn run(args: &GuestArgs) -> anyhow::Result<Exit> {
    let mut exit = Exit::Ok;
    let mut line = |what: &str, found: Result<String, String>| match found {
        Ok(found) => println!("ok       {what}: {found}"),
        Err(why) => {
            println!("missing  {what}: {why}");
            exit = Exit::Prerequisite;
        }
    };
    for &arch in args.arch.list() {
        let found = qemu::find(arch, args.qemu.as_deref());
        line(
            arch.qemu(),
            found
                .map(|qemu| qemu.version)
                .map_err(|error| error.to_string()),
        );
    }
    for tool in ["cargo", "rustc", "git", "mke2fs", "mmdebstrap"] {
        line(
            tool,
            which::which(tool)
                .map(|path| path.display().to_string())
                .map_err(|e| e.to_string()),
        );
    }
    let tools = image::host_tools(&args.fetch())
        .map(|tools| format!("{} {}", tools.iperf3.display(), tools.netperf.display()));
    line("host programs", tools.map_err(|error| error.to_string()));
    Ok(exit)
}
