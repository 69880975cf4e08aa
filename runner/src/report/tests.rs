//! Every report of one fixture: a run with all that can go wrong, and Linux beside it.
//!
//! The snapshots are in `snapshots/`; `INSTA_UPDATE=always cargo test -p runner`
//! writes them anew, for review.

use std::fs;

use super::event;
use super::replay::Replay;
use super::run_json::Run;
use super::set::{Member, Set};
use super::{exports, github, html, junit, ktap, outputs, summary};
use crate::outcome::{Better, CaseResult, Status, Totals};

fn replayed(log: &str) -> Run {
    let (events, damaged) = event::parse(log);
    Replay::of(&events, damaged).run()
}

fn ours() -> Run {
    replayed(include_str!("fixture/ours.jsonl"))
}

fn single() -> Set {
    Set::single(ours())
}

fn pair() -> Set {
    let member = |dir: &str, run| Member {
        dir: dir.to_string(),
        run,
    };
    Set {
        members: vec![
            member("riscv64-glibc", ours()),
            member(
                "riscv64-glibc-linux",
                replayed(include_str!("fixture/linux.jsonl")),
            ),
        ],
        absent: vec!["loongarch64-glibc".to_string()],
        ..Set::default()
    }
}

/// Thousands of rows that did not pass, each with much to say.
fn disaster() -> Set {
    let case = |number: usize| CaseResult {
        name: format!("ltp-net/case-{number:04}"),
        status: Status::Fail,
        seconds: 0.1,
        log: format!("cases/ltp-net.case-{number:04}.log"),
        metrics: Vec::new(),
        detail: "want EINVAL, got 0 | ".repeat(40),
    };
    let cases: Vec<CaseResult> = (0..5000).map(case).collect();
    Set::single(Run {
        totals: Totals::of(&cases),
        cases,
        ..ours()
    })
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).expect("JSON")
}

#[test]
fn run_json_is_a_contract() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&ours()).expect("JSON"));
}

#[test]
fn the_page_of_a_run() {
    insta::assert_snapshot!(summary::page(&single()));
}

#[test]
fn the_page_of_a_comparison() {
    insta::assert_snapshot!(summary::page(&pair()));
}

#[test]
fn html_of_a_run() {
    insta::assert_snapshot!(html_body(&single()));
}

#[test]
fn html_of_a_comparison() {
    insta::assert_snapshot!(html_body(&pair()));
}

/// The page without its style sheet, which is read better in its own file.
fn html_body(set: &Set) -> String {
    let page = html::page(set);
    let (_, body) = page.split_once("</style>").expect("a style");
    body.to_string()
}

#[test]
fn html_needs_nothing_from_elsewhere() {
    let page = html::page(&pair());
    for word in ["http:", "https:", "<script", "@import", "url("] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn junit_of_a_run() {
    insta::assert_snapshot!(junit::document(&single()).expect("XML"));
}

#[test]
fn ktap_of_a_run() {
    insta::assert_snapshot!(ktap::document(&single()));
}

#[test]
fn ktap_of_a_comparison() {
    insta::assert_snapshot!(ktap::document(&pair()));
}

#[test]
fn figures_for_bencher() {
    insta::assert_snapshot!(pretty(&exports::bencher(&pair())));
}

#[test]
fn figures_for_the_benchmark_action() {
    insta::assert_snapshot!(
        "bigger",
        pretty(&exports::action_benchmark(&single(), Better::Higher))
    );
    insta::assert_snapshot!(
        "smaller",
        pretty(&exports::action_benchmark(&single(), Better::Lower))
    );
}

#[test]
fn annotations_of_a_run() {
    insta::assert_snapshot!(github::annotations(&single()).join("\n"));
}

#[test]
fn five_thousand_failures_fit_where_people_look() {
    let set = disaster();
    let page = summary::page(&set);
    assert!(page.len() < 1 << 20, "{} bytes", page.len());
    assert!(page.contains("5000 FAIL") && page.contains("more: run.json has them all"));
    let lines = github::annotations(&set);
    assert_eq!(lines.len(), 10);
    assert!(lines[9].contains("4991 more"), "{}", lines[9]);
}

#[test]
fn what_a_guest_prints_cannot_break_junit() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut log: Vec<u8> = (0..=255).collect();
    log.extend("\u{ffff}\u{fffe}]]> \u{1b}[31mred\u{1b}[0m & <b>\n".as_bytes());
    log.extend(std::iter::repeat_n(b"a line of no news\n", 10_000).flatten());
    fs::create_dir(dir.path().join("cases")).expect("a directory");
    fs::write(dir.path().join("cases/smoke.date.log"), log).expect("a log");
    let set = Set {
        root: dir.path().to_path_buf(),
        ..single()
    };
    let xml = junit::document(&set).expect("XML");
    assert!(xml.len() < 64 << 10, "{} bytes", xml.len());
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    assert!(xml.chars().all(legal));
    let report = quick_junit::Report::deserialize_from_str(&xml).expect("well-formed");
    assert_eq!(report.test_suites.len(), 3);
    assert_eq!(report.tests, 11);
}

#[test]
fn every_output_is_written() {
    let dir = tempfile::tempdir().expect("a directory");
    outputs::write(dir.path(), &pair()).expect("outputs");
    for name in [
        "runset.json",
        "summary.md",
        "junit.xml",
        "results.ktap",
        "bmf.json",
    ] {
        let length = fs::metadata(dir.path().join(name)).expect(name).len();
        assert!(length > 0, "{name}");
    }
}
