//! What there is to run: the suites as data, and the selection from them.
//!
//! Called by `dispatch` (to run) and by `list` (to show). A suite is a function
//! from the options to its cases; a case is plain data, so that the same plan goes
//! onto the job disk of any kernel.

mod case;
mod conformance;
mod glob;
mod iperf3;
mod ltp;
mod netperf;
mod programs;
mod shard;
mod smoke;

pub use shard::Shard;

pub use case::{Case, Dialect, Forward, HostStep, HostTool, Process, Ready, WEB, Work};
pub use glob::matches;

use crate::outcome::{Exit, Refused, usage};
use crate::qemu::Machine;

/// A named list of cases.
pub struct Suite {
    /// As on the command line.
    pub name: &'static str,
    /// One line for `list`.
    pub about: &'static str,
    cases: fn(&Options) -> Vec<Case>,
    /// The suite of which this one is a part. Its cases are selected and reported as
    /// that suite's, so that a case has one name and runs once.
    part_of: Option<&'static str>,
}

/// What the command line may change about a suite's cases.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Seconds of each measurement.
    pub seconds: u32,
    /// Where the guest finds an LTP tree; absent where our own programs stand in.
    pub ltp: Option<&'static str>,
}

/// The suite whose programs are built when it is asked for.
pub const RUST: &str = "rust";

/// The suite whose guests have all the cards that a guest may have.
const NICS: &str = "nics";

/// How many cards the guests of `suite` need at least.
pub fn nics(suite: &str) -> u32 {
    match suite {
        NICS => Machine::MOST_NICS,
        _ => 1,
    }
}

/// Every suite, in the order in which a run without `--suite` takes them.
pub const SUITES: &[Suite] = &[
    Suite {
        name: "smoke",
        about: "boots, runs busybox, powers off",
        cases: smoke::cases,
        part_of: None,
    },
    Suite {
        name: "echo",
        about: "the short part of conformance: TCP, UDP and UNIX sockets",
        cases: conformance::echo,
        part_of: Some("conformance"),
    },
    Suite {
        name: "conformance",
        about: "sockets, processes, memory, files, time: one behaviour a case",
        cases: conformance::cases,
        part_of: None,
    },
    Suite {
        name: RUST,
        about: "programs on std::net and tokio, as users write them",
        cases: conformance::rust,
        part_of: None,
    },
    Suite {
        name: "optmatrix",
        about: "what every socket option answers, to be compared with another kernel's log",
        cases: conformance::matrix,
        part_of: None,
    },
    Suite {
        name: crate::ltp::SUITE,
        about: "LTP's cases about sockets and readiness (--ltp DIR), or ours of the same names",
        part_of: None,
        cases: ltp::cases,
    },
    Suite {
        name: "programs",
        about: "Debian's own network programs: ip, ss, ping, tcpdump, socat, curl, redis, nginx, ssh and more",
        cases: programs::cases,
        part_of: None,
    },
    Suite {
        name: NICS,
        about: "several cards in one guest: addresses, routes, bound sockets, forwarding from card to card",
        cases: programs::nics,
        part_of: None,
    },
    Suite {
        name: "iperf3",
        about: "throughput over lo and through the network card",
        cases: iperf3::cases,
        part_of: None,
    },
    Suite {
        name: "netperf",
        about: "streams, request/response and connection rates",
        cases: netperf::cases,
        part_of: None,
    },
];

/// A suite with the cases that were asked for.
pub struct Selection {
    /// The suite's name.
    pub suite: &'static str,
    /// Its selected cases, never empty.
    pub cases: Vec<Case>,
}

/// `suite/case` of each case, in the plan's order.
pub fn names(plan: &[Selection]) -> Vec<String> {
    let of_suite = |s: &Selection| -> Vec<String> {
        let name = |case: &Case| format!("{}/{}", s.suite, case.name);
        s.cases.iter().map(name).collect()
    };
    plan.iter().flat_map(of_suite).collect()
}

/// Picks `suites` (all where empty) and of these the cases whose `suite/case`, or
/// case alone, matches one of `globs` (all where empty).
///
/// A suite that is part of another is taken by its own name only, as some cases of that
/// other; not at all where the other is asked for too. Its cases answer to both names.
///
/// An unknown suite is a usage error; a selection without cases is
/// [`Exit::NothingSelected`]. Both messages name what there is.
pub fn select(
    suites: &[String],
    globs: &[String],
    options: &Options,
) -> anyhow::Result<Vec<Selection>> {
    for name in suites {
        if !SUITES.iter().any(|suite| suite.name == name) {
            let known: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
            return Err(usage(format!(
                "unknown suite '{name}'; there are: {}",
                known.join(", ")
            )));
        }
    }
    let mut selections = Vec::new();
    let asked = |name: &str| suites.iter().any(|suite| suite == name);
    for suite in SUITES.iter().filter(|suite| match suite.part_of {
        None => suites.is_empty() || asked(suite.name),
        Some(whole) => asked(suite.name) && !asked(whole),
    }) {
        let mut cases = (suite.cases)(options);
        let parts: Vec<(&str, Vec<Case>)> = SUITES
            .iter()
            .filter(|part| part.part_of == Some(suite.name))
            .map(|part| (part.name, (part.cases)(options)))
            .collect();
        let named = |name: &String| globs.iter().any(|glob| glob::matches(glob, name));
        cases.retain(|case| globs.is_empty() || called(suite, case, &parts).iter().any(named));
        if !cases.is_empty() {
            selections.push(Selection {
                suite: suite.part_of.unwrap_or(suite.name),
                cases,
            });
        }
    }
    if selections.is_empty() {
        return Err(Refused {
            exit: Exit::NothingSelected,
            message: format!(
                "no case matches {}; `runner list` shows what there is",
                globs
                    .iter()
                    .map(|g| format!("'{g}'"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        }
        .into());
    }
    Ok(selections)
}

/// Every name by which `--case` may call the case: alone, with its suite, with the
/// suite that this one is part of, with the parts that have it too.
fn called(suite: &Suite, case: &Case, parts: &[(&str, Vec<Case>)]) -> Vec<String> {
    let parts = parts
        .iter()
        .filter(|(_, cases)| cases.iter().any(|c| c.name == case.name));
    std::iter::once(case.name.clone())
        .chain(
            parts
                .map(|(part, _)| *part)
                .chain([suite.name])
                .chain(suite.part_of)
                .map(|name| format!("{name}/{}", case.name)),
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn options() -> Options {
        Options {
            seconds: 3,
            ltp: None,
        }
    }

    #[test]
    fn an_unknown_suite_and_an_unknown_case_are_errors_with_their_codes() {
        let options = options();
        let exit = |suites: &[&str], globs: &[&str]| {
            let own = |list: &[&str]| list.iter().map(|s| s.to_string()).collect::<Vec<_>>();
            let error = select(&own(suites), &own(globs), &options)
                .err()
                .expect("refused");
            error.downcast::<Refused>().expect("with a code").exit
        };
        assert_eq!(exit(&["nonsense"], &[]), Exit::Usage);
        assert_eq!(exit(&["smoke"], &["nonexistent"]), Exit::NothingSelected);
    }

    #[test]
    fn names_are_unique_and_fit_for_file_names() {
        for selection in select(&[], &[], &options()).expect("all suites") {
            let mut seen = HashSet::new();
            for case in &selection.cases {
                assert!(seen.insert(case.name.clone()), "{} twice", case.name);
                let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
                assert!(case.name.bytes().all(plain), "{}", case.name);
            }
        }
    }

    #[test]
    fn a_part_of_a_suite_is_that_suite_with_fewer_cases_and_never_a_second_time() {
        let own = |list: &[&str]| list.iter().map(|s| s.to_string()).collect::<Vec<_>>();
        let plan = |suites: &[&str], globs: &[&str]| {
            names(&select(&own(suites), &own(globs), &options()).expect("cases"))
        };
        let (part, whole) = (plan(&["echo"], &[]), plan(&["conformance"], &[]));
        assert!(part.len() < whole.len());
        assert!(part.iter().all(|name| whole.contains(name)), "{part:?}");
        assert_eq!(plan(&["echo", "conformance"], &[]), whole);
        for glob in [
            "echo/net-tcp_echo",
            "conformance/net-tcp_echo",
            "net-tcp_echo",
        ] {
            for suites in [&["echo"][..], &["conformance"], &[]] {
                assert_eq!(plan(suites, &[glob]), ["conformance/net-tcp_echo"]);
            }
        }
    }

    #[test]
    fn a_case_is_found_with_and_without_its_suite() {
        for glob in ["smoke/boot", "boot", "bo?t", "*/boot"] {
            let found = select(&[], &[glob.to_string()], &options()).expect(glob);
            assert_eq!((found.len(), found[0].cases.len()), (1, 1), "{glob}");
        }
    }
}
