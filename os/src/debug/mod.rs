//! Log lines, counters and the panic report.
//!
//! Every room logs through the `log` macros; [`init`] installs the backend, which
//! writes whole lines to the early console. Quiet by default: `loglevel=` on the
//! kernel command line (0..8 as in syslog(2), or `trace`) says how much is shown;
//! [`messages`] keeps the last ones whether they were shown or not.
//! Counters are for what a user may want to know afterwards (`debug::counter`).

mod counter;
mod logger;
pub mod messages;
mod panic;

pub use counter::Counter;
pub use logger::{console_level, set_console, set_console_level};

/// Installs the logger. `cmdline` is the kernel command line.
pub fn init(cmdline: &str) {
    logger::init(cmdline);
}
