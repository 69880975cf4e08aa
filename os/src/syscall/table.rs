//! The table of system calls, by number.
//!
//! Families list rows beside their handlers; [`lookup`] finds one in an array that
//! the compiler fills. To add a call, write a row; to add a family, name it in
//! [`FAMILIES`]. [`report`] is the text of /proc/sockeye_syscalls, from which the
//! runner makes `docs/process/syscalls.md`.

use super::{Args, Caller, file, fs, misc, mm, net, poll, schedule, signal, task, time, transfer};
use crate::Result;
use core::fmt;

/// A decoding closure around a typed handler.
pub type Handler = fn(&Caller, Args) -> Result<usize>;

/// How much of the man page is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// All of it.
    Full,
    /// Most; the note says what is missing.
    Partial,
}

/// One system call.
pub struct Row {
    /// The number, the same on both ports (asm-generic).
    pub number: u32,
    /// The name as in the man page.
    pub name: &'static str,
    /// What runs.
    pub handler: Handler,
    /// How much is there.
    pub support: Support,
    /// What is missing or special; empty when nothing is.
    pub note: &'static str,
}

/// A row of the table; families write `row(nr::__NR_bind, "bind", |cx, a| net::bind(cx, a.int(0), a.get(1), a.uint(2)), Full, "")`.
pub const fn row(
    number: u32,
    name: &'static str,
    handler: Handler,
    support: Support,
    note: &'static str,
) -> Row {
    Row {
        number,
        name,
        handler,
        support,
        note,
    }
}

/// Every family of rows.
const FAMILIES: &[&[Row]] = &[
    fs::ROWS,
    file::ROWS,
    poll::ROWS,
    transfer::ROWS,
    net::ROWS,
    mm::ROWS,
    super::sem::ROWS,
    super::shm::ROWS,
    task::ROWS,
    schedule::ROWS,
    signal::ROWS,
    time::ROWS,
    misc::ROWS,
    super::syslog::ROWS,
    super::ids::ROWS,
    super::barrier::ROWS,
];

/// Numbers from here up do not exist on either port.
pub const NUMBERS: usize = 512;

static TABLE: [Option<&'static Row>; NUMBERS] = build();

/// The row of a number, if the call exists.
pub fn lookup(number: usize) -> Option<&'static Row> {
    TABLE.get(number).copied().flatten()
}

/// One line per call: number, name, support, note; separated by tabs.
pub fn report(out: &mut dyn fmt::Write) -> fmt::Result {
    for row in TABLE.iter().flatten() {
        let support = match row.support {
            Support::Full => "full",
            Support::Partial => "partial",
        };
        writeln!(out, "{}\t{}\t{support}\t{}", row.number, row.name, row.note)?;
    }
    Ok(())
}

/// Places every row; two rows for one number are a compile error.
const fn build() -> [Option<&'static Row>; NUMBERS] {
    let mut table = [None; NUMBERS];
    let mut family = 0;
    while family < FAMILIES.len() {
        let rows = FAMILIES[family];
        let mut index = 0;
        while index < rows.len() {
            let row = &rows[index];
            let slot = &mut table[row.number as usize];
            assert!(slot.is_none(), "two rows for one system call");
            *slot = Some(row);
            index += 1;
        }
        family += 1;
    }
    table
}
