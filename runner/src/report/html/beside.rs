//! What Linux says to the cases, where it ran too: the counts, and each case on which
//! a kernel and Linux are not of one mind.

use std::fmt::Write;

use super::super::set::Set;
use super::super::text::short;
use super::escape;
use super::head::badge;
use crate::outcome::CaseResult;
use crate::versus::{self, Word};

/// Cases shown; summary.md and the tables have more.
const MOST_LISTED: usize = 300;
/// The longest reason, in characters.
const MOST_WHY: usize = 240;

/// Writes the section, or nothing where Linux did not run.
pub fn section(out: &mut String, set: &Set) {
    let pairs = versus::of(set.members.iter().map(|member| &member.run));
    if pairs.is_empty() {
        return;
    }
    // Writing to a String cannot fail; hence the `let _` here and below.
    let _ = write!(
        out,
        "<h2 id=\"beside\">Beside {0}</h2>\n<div class=\"card\"><div class=\"scroll\"><table>\
         <tr><th>Target</th><th>Kernel</th><th>Cases</th></tr>\n",
        versus::REFERENCE
    );
    for pair in &pairs {
        let _ = writeln!(
            out,
            "<tr><td class=\"name\">{}</td><td>{}</td><td>{}</td></tr>",
            escape(&pair.target),
            escape(pair.lane),
            escape(&pair.sentence())
        );
    }
    out.push_str("</table></div></div>\n");
    let unlike: Vec<_> = pairs
        .iter()
        .flat_map(|pair| pair.rows.iter().map(move |row| (pair, row)))
        .filter(|(_, row)| row.word != Word::Agree)
        .collect();
    if unlike.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "<div class=\"card gap\"><div class=\"scroll\"><table><tr><th>Case</th><th>Target</th><th>Word</th>\
         <th>Kernel</th><th>{}</th><th class=\"why\"></th></tr>",
        versus::REFERENCE
    );
    for (pair, row) in unlike.iter().take(MOST_LISTED) {
        let status = |case: Option<&CaseResult>| match case {
            Some(case) => badge(case.status),
            None => "not run".to_string(),
        };
        let why = [row.ours, row.linux]
            .into_iter()
            .flatten()
            .find(|case| !case.detail.is_empty())
            .map_or(String::new(), |case| short(&case.detail, MOST_WHY));
        let _ = writeln!(
            out,
            "<tr><td class=\"name\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"why\">{}</td></tr>",
            escape(row.case),
            escape(&pair.target),
            row.word.name(),
            status(row.ours),
            status(row.linux),
            escape(&why)
        );
    }
    out.push_str("</table></div></div>\n");
    if let Some(more @ 1..) = unlike.len().checked_sub(MOST_LISTED) {
        let _ = writeln!(out, "<p>and {more} more: see the tables below.</p>");
    }
}
