//! The formulas that turn a figure into points.

/// Points for a figure `result` against `baseline`: nothing for none, 1 up to the baseline, then
/// towards 2. `lower` says that less is better. (`generate_score` of the judge.)
pub fn ratio(result: f64, baseline: f64, lower: bool) -> f64 {
    if result <= 0.0 || baseline <= 0.0 {
        return 0.0;
    }
    let ratio = match lower {
        true => baseline / result,
        false => result / baseline,
    };
    match ratio >= 1.0 {
        true => 2.0 - 1.0 / ratio,
        false => 1.0,
    }
}

/// Points for `raw` passes of LTP over all targets, by the rules of 2026 (`LTP_SCORING.md`):
/// logarithmic, 500 at 10 000. In 2025 the raw sum counted.
pub fn ltp_2026(raw: f64) -> f64 {
    500.0 * (1.0 + 9.0 * raw.clamp(0.0, 10_000.0) / 10_000.0).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_one_point_up_to_the_baseline_and_never_two() {
        assert_eq!(ratio(0.0, 393.0, false), 0.0);
        assert_eq!(ratio(-1.0, 393.0, false), 0.0);
        assert_eq!(ratio(0.01, 393.0, false), 1.0);
        assert_eq!(ratio(393.0, 393.0, false), 1.0);
        assert_eq!(ratio(786.0, 393.0, false), 1.5);
        assert_eq!(ratio(3930.0, 393.0, false), 1.9);
        // Less is better: half the time is twice the score's ratio.
        assert_eq!(ratio(50.0, 100.0, true), 1.5);
        assert_eq!(ratio(1e9, 100.0, true), 1.0);
    }

    #[test]
    fn ltp_is_logarithmic_and_capped() {
        assert_eq!(ltp_2026(0.0), 0.0);
        assert_eq!(ltp_2026(10_000.0), 500.0);
        assert_eq!(ltp_2026(20_000.0), 500.0);
        assert_eq!((ltp_2026(100.0) * 10.0).round(), 187.0);
        assert_eq!((ltp_2026(5_000.0) * 10.0).round(), 3702.0);
    }
}
