//! Where samples lie and how far they scatter.

/// What scales a median absolute deviation to the standard deviation of a normal
/// distribution: 1 / Φ⁻¹(3/4).
const NORMAL: f64 = 1.482_602_218_505_602;

/// The middle value, or the mean of the two middle ones. `None` without samples or with one
/// that is not a number.
pub fn median(samples: &[f64]) -> Option<f64> {
    if samples.iter().any(|sample| sample.is_nan()) {
        return None;
    }
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    match sorted.len() % 2 {
        0 => Some((sorted[sorted.len() / 2 - 1] + upper) / 2.0),
        _ => Some(upper),
    }
}

/// The median absolute deviation from the median, not scaled.
pub fn mad(samples: &[f64]) -> Option<f64> {
    let middle = median(samples)?;
    let distances: Vec<f64> = samples.iter().map(|s| (s - middle).abs()).collect();
    median(&distances)
}

/// The relative spread: the MAD scaled to a standard deviation, over the median. `None` with
/// fewer than two samples or a median of zero.
pub fn spread(samples: &[f64]) -> Option<f64> {
    let middle = median(samples).filter(|middle| *middle != 0.0)?;
    match samples.len() {
        0 | 1 => None,
        _ => Some(mad(samples)? * NORMAL / middle.abs()),
    }
}

/// The value that a `part` of the samples does not exceed (nearest rank).
pub fn quantile(samples: &[f64], part: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_spread() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[1.0, f64::NAN]), None);
        // The textbook example: 1, 1, 2, 2, 4, 6, 9 has median 2 and MAD 1.
        assert_eq!(mad(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0]), Some(1.0));
        assert_eq!(spread(&[5.0]), None);
        assert_eq!(spread(&[5.0, 5.0, 5.0]), Some(0.0));
    }

    #[test]
    fn quantiles_by_nearest_rank() {
        let twenty: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!(quantile(&twenty, 0.95), Some(19.0));
        assert_eq!(quantile(&[7.0], 0.95), Some(7.0));
        assert_eq!(quantile(&[], 0.95), None);
    }
}
