//! Every case: what did not pass as a list to work through, then all of them, suite
//! by suite.

use std::fmt::Write;

use super::super::figures::figure;
use super::super::set::{Member, Set};
use super::super::summary::status_rows;
use super::super::text::short;
use super::escape;
use super::head::badge;
use crate::outcome::{CaseResult, Metric, Totals};

/// Failures shown one by one; the tables have all.
const MOST_LISTED: usize = 300;
/// The longest reason, in characters.
const MOST_WHY: usize = 400;
/// Suites with more cases than this, all good, are folded.
const MOST_OPEN: usize = 12;

/// A row of a table: the case in each run.
type Row<'a> = (&'a str, Vec<Option<&'a CaseResult>>);

/// What did not pass: why, the log, and the command that runs it again.
pub fn failures(out: &mut String, set: &Set) {
    let bad: Vec<(&Member, &CaseResult)> = set
        .members
        .iter()
        .flat_map(|member| member.run.bad().map(move |case| (member, case)))
        .collect();
    if bad.is_empty() {
        return;
    }
    // Writing to a String cannot fail; hence the `let _` here and below.
    let _ = write!(
        out,
        "<h2 id=\"failures\">Not passed: {}</h2>\n<ul class=\"failures\">\n",
        bad.len()
    );
    for (member, case) in bad.iter().take(MOST_LISTED) {
        let _ = write!(
            out,
            "<li class=\"card\" style=\"border-left-color:{}\">{} <b>{}</b>",
            super::head::paint(case.status),
            badge(case.status),
            escape(&case.name)
        );
        if !set.is_single() {
            let label = escape(&set.label(&member.run));
            let _ = write!(out, " <span class=\"soft\">{label}</span>");
        }
        if !case.log.is_empty() {
            let link = escape(&member.link(&case.log));
            let _ = write!(out, " <a href=\"{link}\">log</a>");
        }
        if !case.detail.is_empty() {
            let why = escape(&short(&case.detail, MOST_WHY));
            let _ = write!(out, "<p>{why}</p>");
        }
        let again = escape(&member.run.rerun(case));
        if !again.is_empty() {
            let _ = write!(out, "<div><code>{again}</code></div>");
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
    if let Some(more @ 1..) = bad.len().checked_sub(MOST_LISTED) {
        let _ = writeln!(out, "<p>and {more} more: see the tables below.</p>");
    }
}

/// All cases, a table for each suite.
pub fn tables(out: &mut String, set: &Set) {
    let mut suites: Vec<(&str, Vec<Row<'_>>)> = Vec::new();
    for row in status_rows(set) {
        let (suite, _) = row.0.split_once('/').unwrap_or(("", row.0));
        match suites.iter_mut().find(|(known, _)| *known == suite) {
            Some((_, rows)) => rows.push(row),
            None => suites.push((suite, vec![row])),
        }
    }
    out.push_str("<h2 id=\"cases\">Cases</h2>\n");
    for (suite, rows) in &suites {
        let totals = Totals::of(
            rows.iter()
                .flat_map(|(_, cases)| cases.iter().flatten().copied()),
        );
        let bad = rows
            .iter()
            .any(|(_, cases)| cases.iter().flatten().any(|case| case.status.is_bad()));
        let open = if bad || rows.len() <= MOST_OPEN {
            " open"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "<details class=\"card\"{open}><summary>{} <span>{}</span></summary><div class=\"scroll\"><table>",
            escape(suite),
            totals.sentence()
        );
        match (&set.members[..], set.is_single()) {
            ([member], true) => single(out, member, rows),
            _ => several(out, set, rows),
        }
        out.push_str("</table></div></details>\n");
    }
}

fn single(out: &mut String, member: &Member, rows: &[Row<'_>]) {
    out.push_str(
        "<tr><th class=\"s\">Status</th><th>Case</th><th class=\"n\">Seconds</th><th class=\"n\">Figures</th><th class=\"why\"></th></tr>\n",
    );
    for case in rows.iter().flat_map(|(_, cases)| cases.iter().flatten()) {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"name\">{}</td><td class=\"n\">{:.2}</td><td class=\"n\">{}</td><td class=\"why\">{}</td></tr>",
            badge(case.status),
            linked(member, case, escape(name(&case.name))),
            case.seconds,
            figures(case).join("<br>"),
            escape(&short(&case.detail, MOST_WHY))
        );
    }
}

fn several(out: &mut String, set: &Set, rows: &[Row<'_>]) {
    out.push_str("<tr><th>Case</th>");
    for member in &set.members {
        let _ = write!(out, "<th>{}</th>", escape(&set.label(&member.run)));
    }
    out.push_str("</tr>\n");
    for (case, cells) in rows {
        let _ = write!(out, "<tr><td class=\"name\">{}</td>", escape(name(case)));
        for (member, cell) in set.members.iter().zip(cells) {
            let text = match cell {
                None => String::new(),
                Some(case) => {
                    let figures: Vec<String> = figures(case)
                        .into_iter()
                        .map(|figure| format!("<br><span class=\"soft\">{figure}</span>"))
                        .collect();
                    linked(member, case, badge(case.status)) + &figures.concat()
                }
            };
            let _ = write!(out, "<td>{text}</td>");
        }
        out.push_str("</tr>\n");
    }
}

fn name(case: &str) -> &str {
    case.split_once('/').map_or(case, |(_, name)| name)
}

/// `inner`, with the case's log behind it where there is one.
fn linked(member: &Member, case: &CaseResult, inner: String) -> String {
    match case.log.is_empty() {
        true => inner,
        false => format!(
            "<a href=\"{}\">{inner}</a>",
            escape(&member.link(&case.log))
        ),
    }
}

fn figures(case: &CaseResult) -> Vec<String> {
    // One number explains itself beside its unit; of several, each says what it is.
    let named = case.metrics.len() > 1;
    let text = |metric: &Metric| {
        let name = match named {
            true => format!("{} ", metric.name),
            false => String::new(),
        };
        escape(&format!("{name}{} {}", figure(metric), metric.unit))
    };
    case.metrics.iter().map(text).collect()
}
