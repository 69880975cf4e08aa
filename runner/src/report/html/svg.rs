//! A writer of small pictures that fit any width: horizontal places are shares of
//! the picture's width, vertical ones are pixels, so bars stretch and text does not.
//!
//! Used by the charts of report.html; pages elsewhere that want bars may use it too.
//! Colours are class names: the page's style sheet knows light and dark.

use std::fmt::Write;

use super::escape;

/// A horizontal place: a share of the width, in percent, and pixels on top of it.
#[derive(Clone, Copy, Debug)]
pub struct X(pub f64, pub f64);

/// Where a text's place is in it.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// At its beginning.
    Start,
    /// In its middle.
    Middle,
    /// At its end.
    End,
}

/// A picture under construction.
pub struct Svg {
    body: String,
    height: f64,
    label: String,
}

impl Svg {
    /// A picture as wide as its place and `height` pixels high; `label` is read aloud
    /// where it cannot be seen.
    pub fn new(height: f64, label: &str) -> Svg {
        Svg {
            body: String::new(),
            height,
            label: escape(label),
        }
    }

    // Writing to a String cannot fail; hence the `let _` here and below.
    /// A bar from `from` percent, `share` percent wide, with a text that a pointer brings up.
    pub fn bar(&mut self, from: f64, y: f64, share: f64, height: f64, fill: &str, tip: &str) {
        let _ = write!(
            self.body,
            r#"<rect x="{}%" y="{}" width="{}%" height="{}" rx="2" fill="{fill}"><title>{}</title></rect>"#,
            trim(from),
            trim(y),
            trim(share.max(0.15)),
            trim(height),
            escape(tip)
        );
    }

    /// A dot of `radius` pixels.
    pub fn dot(&mut self, x: f64, y: f64, radius: f64, fill: &str, tip: &str) {
        let _ = write!(
            self.body,
            r#"<circle cx="{}%" cy="{}" r="{}" fill="{fill}"><title>{}</title></circle>"#,
            trim(x),
            trim(y),
            trim(radius),
            escape(tip)
        );
    }

    /// An upright line at `x` percent.
    pub fn upright(&mut self, x: f64, from: f64, to: f64, class: &str) {
        let _ = write!(
            self.body,
            r#"<line x1="{0}%" x2="{0}%" y1="{1}" y2="{2}" class="{class}"/>"#,
            trim(x),
            trim(from),
            trim(to)
        );
    }

    /// A level line between two places, in percent.
    pub fn level(&mut self, from: f64, to: f64, y: f64, class: &str) {
        let _ = write!(
            self.body,
            r#"<line x1="{}%" x2="{}%" y1="{2}" y2="{2}" class="{class}"/>"#,
            trim(from),
            trim(to),
            trim(y)
        );
    }

    /// A line of text on the base line `y`.
    pub fn text(&mut self, x: X, y: f64, anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let shift = match x.1 {
            0.0 => String::new(),
            pixels => format!(r#" dx="{}""#, trim(pixels)),
        };
        let _ = write!(
            self.body,
            r#"<text x="{}%"{shift} y="{}"{anchor} class="{class}">{}</text>"#,
            trim(x.0),
            trim(y),
            escape(text)
        );
    }

    /// The element.
    pub fn finish(self, class: &str) -> String {
        format!(
            r#"<svg class="{class}" role="img" aria-label="{}" width="100%" height="{}">{}</svg>"#,
            self.label,
            trim(self.height),
            self.body
        )
    }
}

/// A number with at most two digits behind the point, the same on every machine.
fn trim(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Round steps from 0 to at least `most`, about `count` of them.
pub fn ticks(most: f64, count: usize) -> Vec<f64> {
    if !(most.is_finite() && most > 0.0) {
        return vec![0.0, 1.0];
    }
    let raw = most / count as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= raw * 0.999)
        .unwrap_or(10.0 * power);
    let steps = (most / step * 0.999_999).ceil() as usize;
    (0..=steps).map(|number| number as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_reach_the_top() {
        assert_eq!(ticks(5210.4, 4), [0.0, 2000.0, 4000.0, 6000.0]);
        assert_eq!(ticks(100.0, 4), [0.0, 25.0, 50.0, 75.0, 100.0]);
        assert_eq!(ticks(0.0, 4), [0.0, 1.0]);
        assert_eq!(ticks(f64::NAN, 4), [0.0, 1.0]);
    }

    #[test]
    fn text_is_no_markup() {
        let mut svg = Svg::new(10.0, "a & b");
        svg.text(X(0.0, 4.0), 8.0, Anchor::End, "soft", "<i>");
        assert_eq!(
            svg.finish("c"),
            concat!(
                r#"<svg class="c" role="img" aria-label="a &amp; b" width="100%" height="10">"#,
                r#"<text x="0%" dx="4" y="8" text-anchor="end" class="soft">&lt;i&gt;</text></svg>"#
            )
        );
    }
}
