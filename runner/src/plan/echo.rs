//! `echo`: our own socket programs, one behaviour a case.

use super::Options;
use super::case::{Case, Dialect, Process};

/// The programs, by name: each prints `ok` / `not ok` lines. They lie in the
/// `PATH` of each C library, see busybox-img/.
const PROGRAMS: &[&str] = &["tcp_echo", "udp_echo"];

/// The suite.
pub fn cases(_: &Options) -> Vec<Case> {
    PROGRAMS
        .iter()
        .map(|name| Case::guest(name, 60, Process::words(name), Dialect::Tap))
        .collect()
}
