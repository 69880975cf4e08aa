//! What the dispatcher notices: calls that do not exist, and a line per call on request.
//!
//! `strace` on the kernel command line turns the lines on; `main` calls [`enable`].

use super::{Args, Caller, table};
use crate::{Result, net::socket::Socket};
use abi::{Errno, general as nr};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

static ENABLED: AtomicBool = AtomicBool::new(false);

/// How often each number without a row was called.
static UNKNOWN: [AtomicU32; table::NUMBERS] = [const { AtomicU32::new(0) }; table::NUMBERS];

/// Turns the line per call on.
pub fn enable() {
    ENABLED.store(true, Relaxed);
}

/// Whether there is a line per call.
pub fn enabled() -> bool {
    ENABLED.load(Relaxed)
}

/// `ENOSYS`, counted, and logged the first time.
pub fn unknown(number: usize) -> Result<usize> {
    let first = match UNKNOWN.get(number) {
        Some(count) => count.fetch_add(1, Relaxed) == 0,
        None => true,
    };
    if first {
        log::debug!("system call {number} does not exist");
    }
    Err(Errno::ENOSYS)
}

/// (number, calls) of the calls that do not exist.
pub fn unknown_counts() -> impl Iterator<Item = (usize, u32)> {
    let counts = UNKNOWN.iter().map(|count| count.load(Relaxed));
    counts.enumerate().filter(|&(_, count)| count > 0)
}

/// `tid name(args) = result`.
pub fn line(caller: &Caller, number: usize, args: Args, result: &Result<usize>) {
    let name = table::lookup(number).map_or("?", |row| row.name);
    let [a, b, c, d, e, f] = args.0;
    let tid = caller.task.tid();
    match result {
        Ok(value) => log::info!(
            "strace: {tid} {name}/{number}({a:#x}, {b:#x}, {c:#x}, {d:#x}, {e:#x}, {f:#x}) = {value:#x}"
        ),
        Err(errno) => log::info!(
            "strace: {tid} {name}/{number}({a:#x}, {b:#x}, {c:#x}, {d:#x}, {e:#x}, {f:#x}) = {errno}"
        ),
    }
}

/// A write ended with EPIPE: SIGPIPE, but not for sockets without a connection. pipe(7),
/// send(2), whose own calls raise it where their flags are known.
pub fn broken_pipe(caller: &Caller, number: usize, args: &Args) {
    let fd = match number as u32 {
        nr::__NR_write
        | nr::__NR_writev
        | nr::__NR_pwrite64
        | nr::__NR_pwritev
        | nr::__NR_pwritev2
        | nr::__NR_sendfile
        | nr::__NR_vmsplice => args.int(0),
        nr::__NR_tee => args.int(1),
        nr::__NR_splice => args.int(2),
        _ => return,
    };
    let file = caller.task.files().get_io(fd);
    let quiet =
        file.is_ok_and(|file| Socket::of(&*file.file).is_ok_and(|socket| !socket.raises_sigpipe()));
    if !quiet {
        caller.task.raise(abi::general::SIGPIPE as i32);
    }
}
