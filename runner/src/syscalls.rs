//! `docs/process/syscalls.md` from what a running kernel says of itself.
//!
//! Who calls: `main`, for `runner syscalls LOG`. The kernel prints its table in /proc/sockeye_syscalls, one line per
//! call, fields separated by tabs; any log will do in which those lines are, such as that of
//!
//! ```text
//! echo 'cat /proc/sockeye_syscalls; exit' | cargo run -p runner -- shell > target/syscalls.log
//! cargo run -p runner -- syscalls target/syscalls.log
//! ```

use crate::cli::SyscallsArgs;
use crate::outcome::Exit;
use anyhow::Context;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

/// One call, as the kernel and the page have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// As in the man page.
    pub name: String,
    /// `full` or `partial`.
    pub support: String,
    /// What is missing or special.
    pub note: String,
}

/// The calls by number.
pub type Table = BTreeMap<u32, Row>;

const HEAD: &str = "\
# System calls

Written by `runner syscalls` from `/proc/sockeye_syscalls` of a running kernel, which prints the table that
`os/src/syscall/table.rs` assembles; not edited by hand. A number that is not here answers `ENOSYS`, is counted, and is
listed at the end of that file with the number of calls.
";

/// The lines of the table in a log, whatever else is in it.
#[must_use]
pub fn read(log: &str) -> Table {
    let row = |line: &str| {
        let mut fields = line.trim_end_matches('\r').splitn(4, '\t');
        let number = fields.next()?.trim().parse().ok()?;
        let (name, support) = (fields.next()?.to_string(), fields.next()?.to_string());
        let note = fields.next()?.trim().to_string();
        let known = support == "full" || support == "partial";
        known.then_some((
            number,
            Row {
                name,
                support,
                note,
            },
        ))
    };
    log.lines().filter_map(row).collect()
}

/// The page.
#[must_use]
pub fn page(table: &Table) -> String {
    let full = table.values().filter(|row| row.support == "full").count();
    let mut text = String::from(HEAD);
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\n{} calls: {full} as the man page says, {} with the exception in the last column.\n",
        table.len(),
        table.len() - full
    );
    text.push_str("| number | name | support | what is missing or special |\n|---:|---|---|---|\n");
    for (number, row) in table {
        let (name, support) = (&row.name, &row.support);
        let note = match row.note.as_str() {
            "" => String::new(),
            note => format!("{note} "),
        };
        let _ = writeln!(text, "| {number} | {name} | {support} | {note}|");
    }
    text
}

/// Writes the page.
///
/// # Errors
/// The log cannot be read or has no table, or the page cannot be written.
pub fn run(args: &SyscallsArgs) -> anyhow::Result<Exit> {
    let log = fs::read(&args.log).with_context(|| format!("cannot read {}", args.log))?;
    let table = read(&String::from_utf8_lossy(&log));
    anyhow::ensure!(
        !table.is_empty(),
        "{} has no line of /proc/sockeye_syscalls in it",
        args.log
    );
    fs::write(&args.page, page(&table)).with_context(|| format!("cannot write {}", args.page))?;
    println!("{}: {} calls", args.page, table.len());
    Ok(Exit::Ok)
}
