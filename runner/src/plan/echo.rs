//! `echo` and `conformance`: our own programs, one behaviour a case. The files under
//! testsuite/c are the list: `net` is `echo`, every other group is `conformance`.

use super::Options;
use super::case::{Case, Dialect, Process};
use crate::image;

/// Seconds for one program; it ends itself after 20 on a machine of usual speed.
const LIMIT: u64 = 60;

/// The group of the suite `echo`.
const NET: &str = "net";

/// The suite `echo`: sockets.
pub fn cases(_: &Options) -> Vec<Case> {
    of_groups(|group| group == NET)
}

/// The suite `conformance`: files, processes, memory, time.
pub fn conformance(_: &Options) -> Vec<Case> {
    of_groups(|group| group != NET)
}

fn of_groups(wanted: fn(&str) -> bool) -> Vec<Case> {
    // Without a repository there are no programs; the empty suite is then reported.
    let programs = image::programs().unwrap_or_default();
    programs
        .iter()
        .filter(|program| wanted(&program.group))
        .map(|program| {
            let name = format!("{}-{}", program.group, program.name);
            Case::guest(
                &name,
                LIMIT,
                Process::words(&program.guest_path()),
                Dialect::Tap,
            )
        })
        .collect()
}
