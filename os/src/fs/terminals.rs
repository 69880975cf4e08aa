//! The terminals' names in /dev. `main` calls [`init`] once; the terminals are `file`'s.

use super::dev;
use crate::file::tty::{console, job, pty};
use alloc::{boxed::Box, format};

/// Major of /dev/ttyS0, minor 64.
const TTY_MAJOR: u32 = 4;
/// Major of /dev/tty (0), /dev/console (1) and /dev/ptmx (2).
const TTYAUX_MAJOR: u32 = 5;

/// Registers the console, the serial line, /dev/tty and /dev/ptmx, and keeps /dev/pts up to date.
pub fn init() {
    let tty = console::console();
    let serial = tty.clone();
    dev::register(
        "ttyS0",
        TTY_MAJOR,
        64,
        0o660,
        Box::new(move |flags| serial.open(flags)),
    );
    // Opening /dev/console never makes it the controlling terminal, as on Linux.
    let open = move |flags| tty.open(flags | abi::general::O_NOCTTY);
    dev::register("console", TTYAUX_MAJOR, 1, 0o600, Box::new(open));
    dev::register(
        "tty",
        TTYAUX_MAJOR,
        0,
        0o666,
        Box::new(job::open_controlling),
    );
    dev::register("ptmx", TTYAUX_MAJOR, 2, 0o666, Box::new(pty::open_master));
    pty::set_names(&Nodes);
}

/// /dev/pts/N.
struct Nodes;

impl pty::Names for Nodes {
    fn add(&self, index: u32, open: pty::Open) {
        dev::register(&format!("pts/{index}"), pty::PTS_MAJOR, index, 0o620, open);
    }

    fn remove(&self, index: u32) {
        dev::unregister(pty::PTS_MAJOR, index);
    }
}
