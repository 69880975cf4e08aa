//! `conformance`: our own programs, one behaviour a case. The files under testsuite/c
//! are the list. `echo` is its group `net`, `optmatrix` a group that judges nothing.

use std::time::Duration;

use super::Options;
use super::case::{Case, Dialect, Process};
use crate::image;

/// Seconds for one program; it ends itself after 20 on a machine of usual speed.
const LIMIT: u64 = 60;

/// The group of the suite `optmatrix`, and seconds for one of its programs.
const MATRIX: &str = "matrix";
const MATRIX_LIMIT: u64 = 600;

/// The group that is the suite `echo`.
const NET: &str = "net";

/// The suite: every group but the matrix.
pub fn cases(_: &Options) -> Vec<Case> {
    of_groups(|group| group != MATRIX)
}

/// Its part `echo`: sockets, quickly.
pub fn echo(_: &Options) -> Vec<Case> {
    of_groups(|group| group == NET)
}

/// The suite `optmatrix`: programs that judge nothing; their logs of two kernels are compared by `testsuite/optmatrix`.
pub fn matrix(_: &Options) -> Vec<Case> {
    let mut cases = of_groups(|group| group == MATRIX);
    for case in &mut cases {
        case.timeout = Duration::from_secs(MATRIX_LIMIT);
    }
    cases
}

/// The suite `rust`: programs on `std::net` and tokio, as users write them.
pub fn rust(_: &Options) -> Vec<Case> {
    let names = image::crates::names().unwrap_or_default();
    let case = |name: &String| {
        let path = image::crates::guest_path(name);
        Case::guest(name, LIMIT, Process::words(&path), Dialect::Tap)
    };
    names.iter().map(case).collect()
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
