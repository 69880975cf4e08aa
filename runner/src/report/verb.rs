//! `runner report`: the reports of a run again, from its event log.
//!
//! For a run whose runner was killed, for logs from another machine, and for a newer
//! runner's reports of an older run. A set of runs that ended early is told by its
//! runset.json; what never ran has MISSING rows.

use super::{farewell, outputs, set::Set};
use crate::cli::ReportArgs;
use crate::outcome::Exit;

/// Renders `args.run`; leaves with the run's exit code.
pub fn run(args: &ReportArgs) -> anyhow::Result<Exit> {
    let set = Set::read(&args.run)?;
    let out = args.out.as_ref().unwrap_or(&set.root);
    // Each run's reports beside its log, before those about all.
    for member in set.members.iter().filter(|member| !member.dir.is_empty()) {
        let single = Set {
            root: set.root.join(&member.dir),
            ..Set::single(member.run.clone())
        };
        outputs::write(&out.join(&member.dir), &single)?;
    }
    outputs::write(out, &set)?;
    for line in farewell::lines(&set, out) {
        eprintln!("{line}");
    }
    let data = if set.is_single() {
        "run.json"
    } else {
        "runset.json"
    };
    println!("{}", out.join(data).display());
    Ok(set.exit())
}
