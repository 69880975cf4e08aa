//! `runner list`: suites and cases, one a line on stdout, ready for `--case`.

use crate::cli::RunArgs;
use crate::ltp;
use crate::outcome::Exit;
use crate::plan::{self, SUITES};

/// Prints what `args` selects.
pub fn run(args: &RunArgs) -> anyhow::Result<Exit> {
    let options = plan::Options {
        seconds: args.seconds,
        ltp: ltp::Source::of(args)?.root(),
    };
    let mut plan = plan::select(&args.suite, &args.case, &options)?;
    if let Some(shard) = args.shard {
        plan = shard.of(plan)?;
    }
    for selection in plan {
        if let Some(suite) = SUITES.iter().find(|suite| suite.name == selection.suite) {
            eprintln!("{}: {}", suite.name, suite.about);
        }
        for case in selection.cases {
            println!("{}/{}", selection.suite, case.name);
        }
    }
    Ok(Exit::Ok)
}
