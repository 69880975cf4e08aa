//! The numbers of a set, side by side: one row a metric of a case, one value a run.

use std::collections::HashMap;

use super::set::{Member, Set};
use crate::outcome::{Better, Metric};

/// The kernel that the others are compared with, by its lane's name.
const REFERENCE: &str = "linux";

/// Runs whose numbers belong side by side, with the rows they share.
pub struct Table<'a> {
    /// What they have in common; empty where that is said already.
    pub title: String,
    /// Column heads.
    pub heads: Vec<String>,
    /// The column that is the reference, where there is one.
    pub reference: Option<usize>,
    /// In the order in which the cases ran.
    pub rows: Vec<Row<'a>>,
}

/// One metric of one case.
pub struct Row<'a> {
    /// `suite/case`.
    pub case: &'a str,
    /// The metric's name.
    pub metric: &'a str,
    /// Its unit.
    pub unit: &'a str,
    /// Its direction.
    pub better: Better,
    /// One for each column; absent where a run has no such number.
    pub values: Vec<Option<f64>>,
}

/// The tables of `set`: one a target where kernels are compared, else one over all targets.
pub fn tables(set: &Set) -> Vec<Table<'_>> {
    let members: Vec<&Member> = set.members.iter().collect();
    let mut lanes: Vec<&str> = members.iter().map(|member| member.run.lane()).collect();
    lanes.sort_unstable();
    lanes.dedup();
    if lanes.len() < 2 {
        let heads = members.iter().map(|member| set.label(&member.run));
        return filled(Table {
            title: String::new(),
            heads: heads.collect(),
            reference: None,
            rows: rows(&members),
        });
    }
    let mut targets: Vec<String> = Vec::new();
    for member in &members {
        let target = member.run.target();
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    let table = |title: String| {
        let mut group: Vec<&Member> = members
            .iter()
            .copied()
            .filter(|member| member.run.target() == title)
            .collect();
        // The reference comes last: first ours, then what it is measured against.
        group.sort_by_key(|member| member.run.lane() == REFERENCE);
        let heads: Vec<String> = group.iter().map(|m| m.run.lane().to_string()).collect();
        let reference = heads.iter().position(|head| head == REFERENCE);
        filled(Table {
            title,
            reference: reference.filter(|_| heads.len() > 1),
            heads,
            rows: rows(&group),
        })
    };
    targets.into_iter().flat_map(table).collect()
}

fn filled(table: Table<'_>) -> Vec<Table<'_>> {
    match table.rows.is_empty() {
        true => Vec::new(),
        false => vec![table],
    }
}

fn rows<'a>(members: &[&'a Member]) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    // A case that gave no number here and one there stands where it ran here.
    let mut order: HashMap<&str, usize> = HashMap::new();
    for case in members.iter().flat_map(|member| &member.run.cases) {
        let next = order.len();
        order.entry(&case.name).or_insert(next);
    }
    for (column, member) in members.iter().enumerate() {
        for case in &member.run.cases {
            for metric in &case.metrics {
                let known = rows.iter().position(|row| {
                    row.case == case.name && row.metric == metric.name && row.unit == metric.unit
                });
                let at = known.unwrap_or_else(|| {
                    rows.push(Row {
                        case: &case.name,
                        metric: &metric.name,
                        unit: &metric.unit,
                        better: metric.better,
                        values: vec![None; members.len()],
                    });
                    rows.len() - 1
                });
                rows[at].values[column] = Some(metric.value);
            }
        }
    }
    rows.sort_by_key(|row| order.get(row.case).copied());
    rows
}

impl Row<'_> {
    /// The first column over the reference: how many times as much. A ratio of shares
    /// would tell nothing.
    pub fn ratio(&self, reference: Option<usize>) -> Option<f64> {
        let reference = reference.filter(|_| self.unit != "%")?;
        let (ours, theirs) = (self.values.first().copied()??, self.values[reference]?);
        (reference != 0 && theirs > 0.0).then(|| ours / theirs)
    }

    /// Whether a `ratio` is good news.
    pub fn is_better(&self, ratio: f64) -> bool {
        match self.better {
            Better::Higher => ratio >= 1.0,
            Better::Lower => ratio <= 1.0,
        }
    }
}

/// A metric's value for people.
pub fn figure(metric: &Metric) -> String {
    number(metric.value)
}

/// Three digits behind the point for small numbers, none for large ones.
pub fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_string(),
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
