//! The bars of a page: how many times Linux's figure ours is, one bar a metric.
//!
//! A file of its own beside the page, because a markdown page on GitHub shows pictures and
//! not drawings. Colours are fixed and so is the background: it reads alike on light and
//! dark pages.

use std::fmt::Write;

use super::page::beside;
use super::store::Archive;

const ROW: f64 = 26.0;
const LEFT: f64 = 300.0;
const WIDTH: f64 = 860.0;
/// Room for the bars.
const BARS: f64 = 390.0;
const TOP: f64 = 56.0;

/// The drawing of `suite`; `None` where nothing can be put beside Linux.
pub fn svg(archive: &Archive, suite: &str) -> Option<String> {
    let all = beside(archive, suite);
    let rows: Vec<_> = all
        .iter()
        .filter_map(|row| Some((row, row.times()?)))
        .collect();
    let ends = rows.iter().map(|(row, times)| {
        let high = row.estimate().map_or(*times, |e| e.high.exp());
        high.max(*times)
    });
    let longest = ends.fold(1.0_f64, f64::max) * 1.05;
    if rows.is_empty() {
        return None;
    }
    let scale = BARS / longest;
    let height = TOP + ROW * rows.len() as f64 + 20.0;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" font-family="system-ui, sans-serif" font-size="13">
<title>{title}</title>
<rect width="100%" height="100%" rx="6" fill="#ffffff"/>
<text x="16" y="24" font-size="15" font-weight="600" fill="#1f2328">{title}</text>
<text x="16" y="43" fill="#59636e">times Linux in the same QEMU; longer is better, whiskers are 95 % intervals</text>"##,
        title = escaped(&format!("Sockeye, {suite} on {}", archive.arch)),
    );
    for (at, (row, times)) in rows.iter().enumerate() {
        let y = TOP + ROW * at as f64;
        let middle = y + ROW / 2.0;
        let colour = match *times >= 1.0 {
            true => "#2da44e",
            false => "#cf222e",
        };
        let label = format!("{} {} {}", row.case, row.metric, row.libc);
        let _ = writeln!(
            out,
            r##"<text x="{:.0}" y="{:.1}" text-anchor="end" fill="#1f2328">{}</text>
<rect x="{LEFT}" y="{:.1}" width="{:.1}" height="{:.0}" rx="2" fill="{colour}" fill-opacity="0.75"/>"##,
            LEFT - 10.0,
            middle + 4.5,
            escaped(&label),
            y + 4.0,
            times * scale,
            ROW - 8.0
        );
        let mut end = *times;
        if let Some(e) = row.estimate() {
            end = end.max(e.high.exp());
            let _ = writeln!(
                out,
                r##"<path d="M{low:.1} {middle:.1}H{high:.1}M{low:.1} {top:.1}v8M{high:.1} {top:.1}v8" stroke="#1f2328" stroke-width="1.5"/>"##,
                low = LEFT + e.low.exp() * scale,
                high = LEFT + e.high.exp() * scale,
                top = middle - 4.0,
            );
        }
        let (ours, linux) = row.medians();
        let shown = |value: Option<f64>| value.map_or(String::new(), crate::report::number);
        let unit = row.any().map_or("", |figure| &figure.unit);
        let _ = writeln!(
            out,
            r##"<text x="{:.1}" y="{:.1}" fill="#1f2328">{times:.2}<tspan fill="#59636e" dx="6" font-size="11">{} / {} {}</tspan></text>"##,
            LEFT + end * scale + 8.0,
            middle + 4.5,
            shown(ours),
            shown(linux),
            escaped(unit)
        );
    }
    let one = LEFT + scale;
    let _ = writeln!(
        out,
        r##"<path d="M{one:.1} {:.1}V{:.1}" stroke="#59636e" stroke-dasharray="4 3"/>
<text x="{one:.1}" y="{:.1}" text-anchor="middle" font-size="11" fill="#59636e">Linux</text>
</svg>"##,
        TOP - 2.0,
        height - 18.0,
        height - 6.0
    );
    Some(out)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
