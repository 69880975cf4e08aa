//! The table of system calls, by number.

use super::{Args, Caller};
use crate::Result;

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
