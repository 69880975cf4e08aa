//! Where kernels are compared: all ratios to the reference on one scale, so that one
//! look tells where a kernel stands. Called by the page before the bars.

use super::super::figures::Table;
use super::super::text::short;
use super::charts::{EVEN, class_of, split};
use super::escape;
use super::svg::{Anchor, Svg, X};
use crate::outcome::Better;

/// Pixels of a row: its name, and the dots under it. Pixels of the axis.
const ROW: f64 = 41.0;
const AXIS: f64 = 22.0;

/// All ratios of several tables on one logarithmic scale: right of the line is better
/// than the reference. `None` where nothing is compared.
pub fn figure(tables: &[Table<'_>]) -> Option<String> {
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
        r#"<figure class="card wide"><figcaption>{0} beside {1}<small>how many times as good: right of the line {0} is better. Throughput and rates are {0} ÷ {1}, times {1} ÷ {0}. One boot of each is an impression; <code>--pairs</code> gives verdicts.</small></figcaption><ul class="legend">{2}</ul>{3}</figure>"#,
        escape(ours),
        escape(reference),
        items.collect::<String>(),
        picture(&rows, &names)
    ))
}

/// Every target its own colour; none of them stands for a kernel.
fn dot_colour(column: usize) -> String {
    const ORDER: [usize; 4] = [0, 2, 3, 4];
    format!("var(--c{})", ORDER[column % ORDER.len()])
}

fn picture(rows: &[(String, Vec<Option<f64>>)], names: &[&str]) -> String {
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
        let decisive = if worst < 1.0 - EVEN { worst } else { best };
        let class = format!("{} small", class_of(decisive >= 1.0, decisive));
        svg.text(X(100.0, 0.0), y + 13.0, Anchor::End, &class, &text);
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
