//! summary.md: the page a person reads first, and GitHub's step summary. Facts, then
//! figures, then what passed; what did not pass comes last, where a terminal and a
//! CI log end, each line with its log and the command that runs it again.
//!
//! GitHub takes no summary beyond 1 MiB, so every part has a budget and says what it
//! left out.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::figures::{self, number};
use super::oracle;
use super::score;
use super::set::{Member, Set};
use super::text::short;
use crate::outcome::CaseResult;
use crate::versus::REFERENCE;

/// Bytes for the figures of a set.
const FIGURES: usize = 200 << 10;
/// Bytes for the table of what passed.
const CASES: usize = 150 << 10;
/// Bytes for the list of what did not pass.
const FAILURES: usize = 500 << 10;
/// The most notes shown for one run.
const NOTES: usize = 50;
/// The longest text of a table's cell, in characters.
const CELL: usize = 300;

/// The page for `set`.
pub fn page(set: &Set) -> String {
    let mut page = String::new();
    heading(&mut page, set);
    facts(&mut page, set);
    oracle::section(&mut page, set);
    score::section(&mut page, set);
    figures(&mut page, set);
    cases(&mut page, set);
    notes(&mut page, set);
    failures(&mut page, set);
    page
}

/// What ran, and where.
pub fn title(set: &Set) -> String {
    fn add(list: &mut Vec<String>, item: &str) {
        if !list.iter().any(|known| known == item) {
            list.push(item.to_string());
        }
    }
    let (mut suites, mut places, mut lanes) = (Vec::new(), Vec::new(), Vec::new());
    for run in set.members.iter().map(|member| &member.run) {
        run.suite
            .split('+')
            .for_each(|suite| add(&mut suites, suite));
        add(&mut places, &run.target());
        add(&mut lanes, run.lane());
    }
    set.absent.iter().for_each(|name| add(&mut places, name));
    let kernels = match lanes.len() {
        0 | 1 => String::new(),
        _ => format!(": {}", lanes.join(" and ")),
    };
    let places = match places.len() {
        0..=2 => places.join(" and "),
        count => format!("{count} targets"),
    };
    format!("{} on {places}{kernels}", suites.join(", "))
}

// Writing to a String cannot fail; hence the `let _` here and below.
fn heading(out: &mut String, set: &Set) {
    let abouts: BTreeSet<&str> = set.members.iter().map(|m| m.run.about.as_str()).collect();
    for about in abouts.into_iter().filter(|about| !about.is_empty()) {
        let _ = writeln!(out, "> {}\n", cell(about));
    }
    let _ = writeln!(out, "# {}\n\n{}\n", title(set), set.totals().sentence());
}

fn facts(out: &mut String, set: &Set) {
    if let ([member], true) = (&set.members[..], set.is_single()) {
        let run = &member.run;
        let _ = writeln!(out, "| | |\n|---|---|");
        for (name, value) in [
            ("started", run.started.clone()),
            ("took", format!("{:.1} s, {} boots", run.seconds, run.boots)),
            ("kernel", run.kernel.to_string()),
            ("QEMU", run.qemu.clone()),
            ("machine", run.host.clone()),
            ("exit code", exit(run.exit_code)),
            ("again", format!("`{}`", run.command)),
        ] {
            if !value.is_empty() && value != "``" {
                let _ = writeln!(out, "| {name} | {} |", cell(&value));
            }
        }
        return;
    }
    let _ = writeln!(
        out,
        "| run | kernel | came to | took | exit code |\n|---|---|---|---:|---|"
    );
    for member in &set.members {
        let run = &member.run;
        let _ = writeln!(
            out,
            "| [{}]({}) | {} | {} | {:.0} s | {} |",
            set.label(run),
            member.link("summary.md"),
            cell(&run.kernel.to_string()),
            run.totals.sentence(),
            run.seconds,
            exit(run.exit_code)
        );
    }
    for name in &set.absent {
        let _ = writeln!(out, "| {name} | | never ran | | |");
    }
    if let Some(member) = set.members.first() {
        let _ = writeln!(out, "\nMachine: {}", cell(&member.run.host));
    }
}

fn exit(code: u8) -> String {
    match crate::outcome::Exit::from_code(code) {
        Some(exit) => format!("{code} ({})", exit.meaning()),
        None => code.to_string(),
    }
}

fn figures(out: &mut String, set: &Set) {
    let tables = figures::tables(set);
    let budget = FIGURES / tables.len().max(1);
    for table in &tables {
        let title = match table.title.is_empty() {
            true => String::new(),
            false => format!(": {}", table.title),
        };
        let mut heads = match set.is_single() {
            true => vec!["value".to_string()],
            false => table.heads.clone(),
        };
        if let Some(reference) = table.reference {
            heads.push(format!("{} ÷ {}", heads[0], heads[reference]));
        }
        let _ = writeln!(
            out,
            "\n## Figures{title}\n\n| case | what | unit | {} |\n|---|---|---|{}",
            heads.join(" | "),
            "---:|".repeat(heads.len())
        );
        let lines = table.rows.iter().map(|row| {
            let mut cells: Vec<String> = row
                .values
                .iter()
                .map(|value| value.map_or(String::new(), number))
                .collect();
            if table.reference.is_some() {
                let ratio = row.ratio(table.reference);
                cells.push(ratio.map_or(String::new(), |ratio| format!("{ratio:.2}")));
            }
            format!(
                "| {} | {} | {} | {} |",
                row.case,
                row.metric,
                row.unit,
                cells.join(" | ")
            )
        });
        capped(out, lines, budget);
    }
}

/// What passed, in columns of runs.
fn cases(out: &mut String, set: &Set) {
    if let ([member], true) = (&set.members[..], set.is_single()) {
        let good = member.run.cases.iter().filter(|case| !case.status.is_bad());
        let lines = good.map(|case| {
            format!(
                "| {} | {} | {:.2} | {} |",
                case.name,
                case.status.name(),
                case.seconds,
                cell(&case.detail)
            )
        });
        let _ = writeln!(
            out,
            "\n## Cases\n\n| case | status | seconds | |\n|---|---|---:|---|"
        );
        return capped(out, lines, CASES);
    }
    let heads: Vec<String> = set.members.iter().map(|m| set.label(&m.run)).collect();
    let _ = writeln!(
        out,
        "\n## Cases\n\n| case | {} |\n|---|{}",
        heads.join(" | "),
        "---|".repeat(heads.len())
    );
    let rows = status_rows(set);
    let lines = rows.iter().map(|(name, statuses)| {
        let cells: Vec<&str> = statuses
            .iter()
            .map(|case| case.map_or("", |case| case.status.name()))
            .collect();
        format!("| {name} | {} |", cells.join(" | "))
    });
    capped(out, lines, CASES);
}

/// Cases down, runs across.
pub fn status_rows(set: &Set) -> Vec<(&str, Vec<Option<&CaseResult>>)> {
    let mut places = std::collections::HashMap::new();
    let mut rows: Vec<(&str, Vec<Option<&CaseResult>>)> = Vec::new();
    for (column, member) in set.members.iter().enumerate() {
        for case in &member.run.cases {
            let at = *places.entry(case.name.as_str()).or_insert_with(|| {
                rows.push((&case.name, vec![None; set.members.len()]));
                rows.len() - 1
            });
            rows[at].1[column] = Some(case);
        }
    }
    rows
}

fn notes(out: &mut String, set: &Set) {
    let mut head = false;
    for member in &set.members {
        let run = &member.run;
        let earlier = run.earlier.iter().map(|case| {
            let status = case.status.name();
            format!("{} was {status} before: {}", case.name, case.detail)
        });
        for note in earlier.chain(run.notes.iter().cloned()).take(NOTES) {
            if !std::mem::replace(&mut head, true) {
                let _ = writeln!(out, "\n## Notes\n");
            }
            match set.is_single() {
                true => _ = writeln!(out, "- {}", cell(&note)),
                false => _ = writeln!(out, "- {}: {}", set.label(run), cell(&note)),
            }
        }
    }
}

fn failures(out: &mut String, set: &Set) {
    let [counted, excused] = set.bad();
    if !excused.is_empty() {
        let _ = writeln!(
            out,
            "\n## Not passed, and not counted: {}\n\n\
             {REFERENCE} does not pass them either, or they failed on it alone.\n",
            excused.len()
        );
        list(out, set, &excused);
    }
    let count = counted.len() + set.absent.len();
    if count == 0 {
        return;
    }
    let _ = writeln!(out, "\n## Not passed: {count}\n");
    for name in &set.absent {
        let _ = writeln!(out, "- **MISSING** {name}: the whole run");
    }
    list(out, set, &counted);
}

/// Each with its log and the command that runs it again.
fn list(out: &mut String, set: &Set, bad: &[(&Member, &CaseResult)]) {
    let lines = bad.iter().map(|(member, case)| {
        let mut line = format!("- **{}** {}", case.status.name(), case.name);
        if !set.is_single() {
            let _ = write!(line, " ({})", set.label(&member.run));
        }
        if !case.detail.is_empty() {
            let _ = write!(line, ": {}", cell(&case.detail));
        }
        if !case.log.is_empty() {
            let _ = write!(line, " [log]({})", member.link(&case.log));
        }
        let again = member.run.rerun(case);
        if !again.is_empty() {
            let _ = write!(line, "  \n  `{again}`");
        }
        line
    });
    capped(out, lines, FAILURES);
}

/// Writes lines while they fit into `budget` bytes; then says how many are left out.
pub fn capped(out: &mut String, lines: impl Iterator<Item = String>, budget: usize) {
    let end = out.len() + budget;
    let mut left_out = 0;
    for line in lines {
        if left_out > 0 || out.len() + line.len() > end {
            left_out += 1;
            continue;
        }
        out.push_str(&line);
        out.push('\n');
    }
    if left_out > 0 {
        let _ = writeln!(out, "\nand {left_out} more: run.json has them all.");
    }
}

/// Text fit for a table's cell: one line that is no markup.
pub fn cell(text: &str) -> String {
    let text = short(text, CELL);
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', r"\|")
}
