//! The section of summary.md that puts each kernel beside Linux.

use std::fmt::Write;

use super::set::Set;
use super::summary::{capped, cell};
use crate::outcome::CaseResult;
use crate::versus::{self, Word};

/// Bytes for the cases on which a kernel and Linux do not agree.
const BUDGET: usize = 100 << 10;

/// What Linux says to the cases, where it ran too.
pub fn section(out: &mut String, set: &Set) {
    let pairs = versus::of(set.members.iter().map(|member| &member.run));
    let Some(first) = pairs.first() else { return };
    let _ = writeln!(
        out,
        "\n## Beside {}\n\n| target | kernel | cases |\n|---|---|---|",
        versus::REFERENCE
    );
    for pair in &pairs {
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            pair.target,
            cell(pair.lane),
            pair.sentence()
        );
    }
    let unlike: Vec<String> = pairs
        .iter()
        .flat_map(|pair| pair.rows.iter().map(move |row| (pair, row)))
        .filter(|(_, row)| row.word != Word::Agree)
        .map(|(pair, row)| {
            let status = |case: Option<&CaseResult>| case.map_or("-", |c| c.status.name());
            let why = [row.ours, row.linux]
                .into_iter()
                .flatten()
                .find(|case| !case.detail.is_empty())
                .map_or("", |case| &case.detail);
            format!(
                "| {} | {} | {} | {} | {} | {} |",
                row.case,
                pair.target,
                row.word.name(),
                status(row.ours),
                status(row.linux),
                cell(why)
            )
        })
        .collect();
    if !unlike.is_empty() {
        let _ = writeln!(
            out,
            "\n| case | target | | {} | {} | why |\n|---|---|---|---|---|---|",
            cell(first.lane),
            versus::REFERENCE
        );
        capped(out, unlike.into_iter(), BUDGET);
    }
}
