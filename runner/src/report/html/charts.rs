//! The charts: bars of the figures, one chart for each suite, metric and unit; and
//! where kernels are compared, all ratios on one scale.

use super::super::figures::{Row, Table, number};
use super::super::text::short;
use super::svg::{Anchor, Svg, X, ticks};
use super::{colour, escape};
use crate::outcome::Better;

/// The share of the width that bars may take, in percent; numbers stand behind them.
const PLOT: f64 = 84.0;
/// Pixels of a case's name, of a bar, of the space after a case, of the axis.
const NAME: f64 = 20.0;
const BAR: f64 = 13.0;
const PITCH: f64 = 16.0;
const SPACE: f64 = 9.0;
const AXIS: f64 = 22.0;
/// The longest name that stands beside a ratio on a narrow page.
const LONGEST: usize = 34;

/// Rows that share an axis.
struct Group<'a> {
    suite: &'a str,
    metric: &'a str,
    unit: &'a str,
    better: Better,
    rows: Vec<&'a Row<'a>>,
}

/// A figure for each group of rows of `table`.
pub fn bars(table: &Table<'_>) -> Vec<String> {
    groups(table)
        .iter()
        .map(|group| figure(table, group))
        .collect()
}

fn groups<'a>(table: &'a Table<'a>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for row in &table.rows {
        let (suite, _) = split(row.case);
        let known = groups
            .iter_mut()
            .find(|group| (group.suite, group.metric, group.unit) == (suite, row.metric, row.unit));
        match known {
            Some(group) => group.rows.push(row),
            None => groups.push(Group {
                suite,
                metric: row.metric,
                unit: row.unit,
                better: row.better,
                rows: vec![row],
            }),
        }
    }
    groups
}

fn split(case: &str) -> (&str, &str) {
    case.split_once('/').unwrap_or(("", case))
}

fn figure(table: &Table<'_>, group: &Group<'_>) -> String {
    let direction = match group.better {
        Better::Higher => "more is better",
        Better::Lower => "less is better",
    };
    let unit = match group.unit {
        "1/s" => "transactions per second",
        "%" => "percent",
        unit => unit,
    };
    let title = format!("{} {}", group.suite, group.metric);
    let compared = match table.reference.filter(|_| group.unit != "%") {
        Some(reference) => format!("; {} ÷ {}", table.heads[0], table.heads[reference]),
        None => String::new(),
    };
    format!(
        r#"<figure class="card"><figcaption>{}<small>{}, {direction}{}</small></figcaption>{}{}</figure>"#,
        escape(title.trim()),
        escape(unit),
        escape(&compared),
        legend(table),
        picture(table, group, &title)
    )
}

/// Which colour is whose, where there is more than one.
pub fn legend(table: &Table<'_>) -> String {
    if table.heads.len() < 2 {
        return String::new();
    }
    let items = table.heads.iter().enumerate().map(|(column, head)| {
        let fill = colour(table, column);
        format!(
            r#"<li><i style="background:{fill}"></i>{}</li>"#,
            escape(head)
        )
    });
    format!(r#"<ul class="legend">{}</ul>"#, items.collect::<String>())
}

fn picture(table: &Table<'_>, group: &Group<'_>, title: &str) -> String {
    let columns = table.heads.len();
    let row_height = NAME + PITCH * columns as f64 + SPACE;
    let bottom = row_height * group.rows.len() as f64;
    let values = group
        .rows
        .iter()
        .flat_map(|row| row.values.iter().flatten());
    let steps = ticks(values.copied().fold(0.0, f64::max), 4);
    let top = steps.last().copied().unwrap_or(1.0);
    let place = |value: f64| PLOT * (value / top).clamp(0.0, 1.0);
    let mut svg = Svg::new(bottom + AXIS, &format!("bars: {title} in {}", group.unit));
    for &step in &steps {
        let class = if step == 0.0 { "base" } else { "grid" };
        svg.upright(place(step), 0.0, bottom, class);
        let anchor = if step == 0.0 {
            Anchor::Start
        } else {
            Anchor::Middle
        };
        let label = tick(step);
        svg.text(
            X(place(step), 0.0),
            bottom + 16.0,
            anchor,
            "soft small",
            &label,
        );
    }
    for (number_of, row) in group.rows.iter().enumerate() {
        let y = row_height * number_of as f64;
        let name = short(split(row.case).1, LONGEST);
        svg.text(X(0.0, 5.0), y + 14.0, Anchor::Start, "strong", &name);
        if let Some(ratio) = row.ratio(table.reference) {
            let class = match row.is_better(ratio) {
                true => "good strong",
                false => "bad strong",
            };
            let text = format!("{ratio:.2}×");
            svg.text(X(100.0, 0.0), y + 14.0, Anchor::End, class, &text);
        }
        for (column, value) in row.values.iter().enumerate() {
            let y = y + NAME + PITCH * column as f64;
            let Some(value) = *value else {
                svg.text(
                    X(0.0, 5.0),
                    y + 10.5,
                    Anchor::Start,
                    "soft small",
                    "no figure",
                );
                continue;
            };
            let figure = number(value);
            let tip = format!(
                "{} {} on {}: {figure} {}",
                row.case, row.metric, table.heads[column], row.unit
            );
            svg.bar(0.0, y, place(value), BAR, &colour(table, column), &tip);
            svg.text(
                X(place(value), 5.0),
                y + 10.5,
                Anchor::Start,
                "small",
                &figure,
            );
        }
    }
    svg.finish("bars")
}

/// An axis label: as few digits as tell the steps apart.
fn tick(step: f64) -> String {
    match step {
        step if step >= 10_000.0 => format!("{}k", step / 1000.0),
        step => format!("{}", (step * 1000.0).round() / 1000.0),
    }
}

/// All ratios of several tables on one logarithmic scale: right of the line is better
/// than the reference. `None` where nothing is compared.
pub fn ratios(tables: &[Table<'_>]) -> Option<String> {
    let mut rows: Vec<(String, Vec<Option<f64>>)> = Vec::new();
    for (column, table) in tables.iter().enumerate() {
        for row in &table.rows {
            let Some(ratio) = row.ratio(table.reference).filter(|ratio| *ratio > 0.0) else {
                continue;
            };
            let good = match row.better {
                Better::Higher => ratio,
                Better::Lower => 1.0 / ratio,
            };
            let name = match split(row.case).1 == row.metric {
                true => row.case.to_string(),
                false => format!("{} {}", row.case, row.metric),
            };
            let at = rows.iter().position(|(known, _)| *known == name);
            let at = at.unwrap_or_else(|| {
                rows.push((name, vec![None; tables.len()]));
                rows.len() - 1
            });
            rows[at].1[column] = Some(good);
        }
    }
    let reference = tables.iter().find_map(|t| Some(&t.heads[t.reference?]))?;
    let ours = tables
        .iter()
        .find(|t| t.reference.is_some())?
        .heads
        .first()?;
    if rows.is_empty() {
        return None;
    }
    let names: Vec<&str> = tables.iter().map(|table| table.title.as_str()).collect();
    let items = names.iter().enumerate().map(|(column, name)| {
        format!(
            r#"<li><i style="background:{}"></i>{}</li>"#,
            dot_colour(column),
            escape(name)
        )
    });
    Some(format!(
        r#"<figure class="card wide"><figcaption>{0} beside {1}<small>how many times as good: right of the line {0} is better. Throughput and rates are {0} ÷ {1}, times {1} ÷ {0}.</small></figcaption><ul class="legend">{2}</ul>{3}</figure>"#,
        escape(ours),
        escape(reference),
        items.collect::<String>(),
        ratio_picture(&rows, &names)
    ))
}

/// Every target its own colour; none of them stands for a kernel.
fn dot_colour(column: usize) -> String {
    const ORDER: [usize; 4] = [0, 2, 3, 4];
    format!("var(--c{})", ORDER[column % ORDER.len()])
}

fn ratio_picture(rows: &[(String, Vec<Option<f64>>)], names: &[&str]) -> String {
    const ROW: f64 = 41.0;
    let all = || rows.iter().flat_map(|(_, values)| values.iter().flatten());
    // Whole powers of two around everything that is shown, 1 always among them.
    let low = all()
        .fold(0.5f64, |low, &value| low.min(value))
        .log2()
        .floor();
    let high = all()
        .fold(2.0f64, |high, &value| high.max(value))
        .log2()
        .ceil();
    let place = |value: f64| 3.0 + 90.0 * (value.log2() - low) / (high - low);
    let bottom = ROW * rows.len() as f64;
    let mut svg = Svg::new(bottom + AXIS, "dots: ratios on a logarithmic scale");
    // At most about eight labels fit on a narrow page.
    let stride = (((high - low) / 7.0).ceil() as i32).max(1);
    for power in low as i32..=high as i32 {
        let value = f64::from(power).exp2();
        let class = if power == 0 { "one" } else { "grid" };
        svg.upright(place(value), 0.0, bottom, class);
        if power % stride == 0 {
            let label = match power {
                0.. => format!("{value}×"),
                _ => format!("1/{}×", 1.0 / value),
            };
            svg.text(
                X(place(value), 0.0),
                bottom + 16.0,
                Anchor::Middle,
                "soft small",
                &label,
            );
        }
    }
    for (number_of, (name, values)) in rows.iter().enumerate() {
        let y = ROW * number_of as f64;
        svg.text(
            X(0.0, 0.0),
            y + 13.0,
            Anchor::Start,
            "strong",
            &short(name, 44),
        );
        let found: Vec<f64> = values.iter().flatten().copied().collect();
        let worst = found.iter().copied().fold(f64::INFINITY, f64::min);
        let best = found.iter().copied().fold(0.0, f64::max);
        let (least, most) = (format!("{worst:.2}"), format!("{best:.2}×"));
        let text = match most.strip_suffix('×') == Some(&least) {
            true => most,
            false => format!("{least}–{most}"),
        };
        let class = if worst >= 1.0 {
            "good small"
        } else {
            "bad small"
        };
        svg.text(X(100.0, 0.0), y + 13.0, Anchor::End, class, &text);
        svg.level(
            place(worst.min(1.0)),
            place(best.max(1.0)),
            y + 27.0,
            "base",
        );
        for (column, value) in values.iter().enumerate() {
            let Some(value) = *value else { continue };
            let tip = format!("{name} on {}: {value:.2}×", names[column]);
            // A little apart, so that none hides behind another.
            let shift = 2.5 * (column as f64 - (values.len() - 1) as f64 / 2.0);
            svg.dot(
                place(value),
                y + 27.0 + shift,
                5.0,
                &dot_colour(column),
                &tip,
            );
        }
    }
    svg.finish("ratios")
}
