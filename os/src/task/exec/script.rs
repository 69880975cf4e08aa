//! Scripts: `#! interpreter [argument]`. execve(2), "Interpreter scripts".

use super::Strings;
use crate::Result;

/// The first line of a script.
pub(super) struct Script<'a> {
    pub interpreter: &'a [u8],
    /// Everything after the interpreter, as one argument.
    argument: Option<&'a [u8]>,
}

/// Reads the line; `None` when it names no interpreter or is cut in the middle of its name.
pub(super) fn parse(head: &[u8]) -> Option<Script<'_>> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let line = head.strip_prefix(b"#!")?;
    let end = line.iter().position(|&b| b == b'\n' || b == 0);
    let line = &line[..end.unwrap_or(line.len())];
    let line = line.trim_ascii_end();
    let start = line.iter().position(|b| !blank(b))?;
    let line = &line[start..];
    let (interpreter, rest) = match line.iter().position(blank) {
        Some(at) => line.split_at(at),
        // Without an end of line the name may go on beyond what was read.
        None if end.is_none() && head.len() >= super::elf::HEAD => return None,
        None => (line, &[][..]),
    };
    let argument = rest.trim_ascii();
    Some(Script {
        interpreter,
        argument: (!argument.is_empty()).then_some(argument),
    })
}

impl Script<'_> {
    /// The interpreter's arguments: itself, the optional argument, the script, and
    /// what the script was given after its own name.
    pub fn arguments(&self, script: &[u8], given: &Strings) -> Result<Strings> {
        let mut args = Strings::default();
        args.push(self.interpreter)?;
        if let Some(argument) = self.argument {
            args.push(argument)?;
        }
        args.push(script)?;
        for arg in given.iter().skip(1) {
            args.push(arg)?;
        }
        Ok(args)
    }
}
