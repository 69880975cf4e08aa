//! The ratio of two kernels from paired samples, with an interval.

use serde::{Deserialize, Serialize};

use super::location::{median, quantile};
use super::signed_rank::{self, trim};
use crate::outcome::Better;

/// The interval's confidence.
const CONFIDENCE: f64 = 0.95;

/// The confidence with which a second set confirms: the direction is given by then, and one
/// side of a 90 % interval errs in one case of twenty, as both sides of a 95 % one do.
const CONFIRMING: f64 = 0.90;

/// Up to this many pairs the calibration looks at every combination of signs; beyond, at
/// the combinations of the first ones.
const MOST_SIGNS: usize = 12;

/// Samples of one metric: `a[i]` and `b[i]` were measured next to each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairedSamples {
    /// Of the first kernel.
    pub a: Vec<f64>,
    /// Of the second kernel.
    pub b: Vec<f64>,
}

/// What pairs say about b relative to a. Gains are logarithms of ratios, turned so that
/// more is better whatever the metric's direction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The Hodges-Lehmann estimate.
    pub gain: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
    /// How many pairs.
    pub pairs: usize,
    /// The interval's confidence, at least what was asked for; 1 where samples of one kernel are
    /// all the same to the digit.
    pub confidence: f64,
}

impl PairedSamples {
    /// Logarithms of b/a, of a/b where less is better. `None` where a sample is zero or less:
    /// it has no ratio.
    pub fn gains(&self, better: Better) -> Option<Vec<f64>> {
        let gain = |(&a, &b): (&f64, &f64)| {
            let gain = (b / a).ln();
            let turned = match better {
                Better::Higher => gain,
                Better::Lower => -gain,
            };
            (a > 0.0 && b > 0.0 && turned.is_finite()).then_some(turned)
        };
        self.a.iter().zip(&self.b).map(gain).collect()
    }

    /// The estimate with its interval. `None` with fewer than six pairs, which have no
    /// interval of 95 %, unless two or more boots of either kernel agree to the digit.
    pub fn estimate(&self, better: Better) -> Option<Estimate> {
        self.interval(better, CONFIDENCE)
    }

    /// The estimate of a second set, which is asked one direction only: its interval has
    /// 90 %.
    pub fn confirmation(&self, better: Better) -> Option<Estimate> {
        self.interval(better, CONFIRMING)
    }

    fn interval(&self, better: Better, least: f64) -> Option<Estimate> {
        let gains = self.gains(better)?;
        if self.repeats() {
            let gain = *gains.first()?;
            return Some(Estimate {
                gain,
                low: gain,
                high: gain,
                pairs: gains.len(),
                confidence: 1.0,
            });
        }
        let gains = &gains[..gains.len().min(signed_rank::MOST)];
        let (left_out, confidence) = trim(gains.len(), least)?;
        let walsh = walsh_averages(gains);
        Some(Estimate {
            gain: median(&walsh)?,
            low: walsh[left_out],
            high: walsh[walsh.len() - 1 - left_out],
            pairs: gains.len(),
            confidence,
        })
    }

    /// Whether every boot of a kernel gave the same digits.
    pub fn repeats(&self) -> bool {
        let same = |samples: &[f64]| samples.len() > 1 && samples.windows(2).all(|w| w[0] == w[1]);
        same(&self.a) && same(&self.b)
    }

    /// For samples of one kernel against itself: what its noise alone makes of the estimate
    /// in 19 of 20 sets of so many pairs. Signs are arbitrary there, so each combination of
    /// signs is a set that could have been.
    pub fn noise(&self, better: Better) -> Option<f64> {
        let gains = self.gains(better)?;
        let gains = &gains[..gains.len().min(MOST_SIGNS)];
        let sets = 0..1_u32 << gains.len();
        let estimates = sets.map(|signs| {
            let turned = gains
                .iter()
                .enumerate()
                .map(|(at, gain)| match signs >> at & 1 {
                    0 => *gain,
                    _ => -gain,
                });
            let walsh = walsh_averages(&turned.collect::<Vec<_>>());
            median(&walsh).map(f64::abs)
        });
        quantile(&estimates.collect::<Option<Vec<_>>>()?, 0.95)
    }
}

impl Estimate {
    /// The gain as a ratio: 1.1 is ten per cent better.
    pub fn ratio(&self) -> f64 {
        self.gain.exp()
    }

    /// `-4.1 % [-5.0, -3.3]`, better being positive.
    pub fn sentence(&self) -> String {
        format!(
            "{} [{}, {}]",
            percent(self.gain),
            bare_percent(self.low),
            bare_percent(self.high)
        )
    }
}

/// A gain for people.
pub fn percent(gain: f64) -> String {
    format!("{} %", bare_percent(gain))
}

fn bare_percent(gain: f64) -> String {
    let value = (gain.exp() - 1.0) * 100.0;
    // No minus before a zero.
    let value = if value.abs() < 0.05 { 0.0 } else { value };
    format!("{value:+.1}")
}

/// The means of all pairs of values, each with itself too, sorted.
fn walsh_averages(values: &[f64]) -> Vec<f64> {
    let mut averages: Vec<f64> = (0..values.len())
        .flat_map(|i| {
            values[i..]
                .iter()
                .map(move |other| (values[i] + other) / 2.0)
        })
        .collect();
    averages.sort_by(f64::total_cmp);
    averages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_gains(gains: &[f64]) -> PairedSamples {
        PairedSamples {
            a: vec![1.0; gains.len()],
            b: gains.iter().map(|gain| gain.exp()).collect(),
        }
    }

    /// Hamilton depression scale, nine patients (Hollander, Wolfe, Chicken, example 3.1):
    /// estimate -0.46, interval of 96.1 % from -0.786 to -0.010.
    #[test]
    #[allow(clippy::approx_constant, reason = "a patient's 3.14")]
    fn a_textbook_example() {
        let before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
        let after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
        let differences: Vec<f64> = after.iter().zip(before).map(|(a, b)| a - b).collect();
        let estimate = of_gains(&differences)
            .estimate(Better::Higher)
            .expect("nine pairs");
        assert!((estimate.gain + 0.46).abs() < 1e-9, "{estimate:?}");
        assert!((estimate.low + 0.786).abs() < 1e-9, "{estimate:?}");
        assert!((estimate.high + 0.010).abs() < 1e-9, "{estimate:?}");
        assert!((estimate.confidence - 0.961).abs() < 5e-4, "{estimate:?}");
    }

    #[test]
    fn the_interval_is_where_the_test_does_not_reject() {
        // Brute force: a shift belongs to the interval while the rank sum of the positive
        // rest is beyond the tail of neither side.
        let gains = [0.31, -0.12, 0.05, 0.44, 0.27, -0.03, 0.19, 0.08];
        let estimate = of_gains(&gains)
            .estimate(Better::Higher)
            .expect("eight pairs");
        let accepted = |shift: f64| {
            let mut rest: Vec<f64> = gains.iter().map(|gain| gain - shift).collect();
            rest.sort_by(|x, y| x.abs().total_cmp(&y.abs()));
            let ranks = rest.iter().enumerate().filter(|(_, x)| **x > 0.0);
            let sum: usize = ranks.map(|(at, _)| at + 1).sum();
            let tail = |sum| signed_rank::at_most(gains.len(), sum);
            tail(sum) > 0.025 && tail(36 - sum) > 0.025
        };
        for (end, inside) in [(estimate.low, 1e-6), (estimate.high, -1e-6)] {
            assert!(
                accepted(end + inside) && !accepted(end - inside),
                "{estimate:?}"
            );
        }
    }

    #[test]
    fn fewer_than_six_pairs_have_no_interval() {
        assert_eq!(
            of_gains(&[0.1, 0.2, 0.1, 0.2, 0.3]).estimate(Better::Higher),
            None
        );
        assert!(
            of_gains(&[0.1, 0.2, 0.1, 0.2, 0.3, 0.1])
                .estimate(Better::Higher)
                .is_some()
        );
    }

    #[test]
    fn figures_that_repeat_to_the_digit_need_no_statistics() {
        let samples = PairedSamples {
            a: vec![200.0; 2],
            b: vec![180.0; 2],
        };
        let estimate = samples.estimate(Better::Higher).expect("they agree");
        assert_eq!(estimate.sentence(), "-10.0 % [-10.0, -10.0]");
        let same = PairedSamples {
            a: vec![200.0; 2],
            b: vec![200.0; 2],
        };
        assert_eq!(
            same.estimate(Better::Lower).map(|e| e.sentence()),
            Some("+0.0 % [+0.0, +0.0]".into())
        );
    }

    #[test]
    fn less_may_be_better_and_zero_has_no_ratio() {
        let samples = PairedSamples {
            a: vec![10.0; 2],
            b: vec![5.0; 2],
        };
        assert!((samples.estimate(Better::Lower).expect("pairs").ratio() - 2.0).abs() < 1e-12);
        let zero = PairedSamples {
            a: vec![0.0; 8],
            b: vec![0.0; 8],
        };
        assert_eq!(zero.estimate(Better::Lower), None);
    }

    #[test]
    fn noise_is_what_signs_alone_can_do() {
        assert_eq!(of_gains(&[0.0; 8]).noise(Better::Higher), Some(0.0));
        let noise = of_gains(&[0.02; 8])
            .noise(Better::Higher)
            .expect("a figure");
        assert!(noise > 0.0 && noise <= 0.02 + 1e-9, "{noise}");
    }
}
