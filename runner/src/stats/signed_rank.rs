//! Wilcoxon's signed-rank statistic under the null hypothesis, exactly.
//!
//! With n differences whose signs are coin tosses, the rank sum T of the positive ones is
//! the sum of a random subset of 1..=n. How many subsets have which sum is counted by
//! adding one rank at a time (Wilcoxon, Biometrics 1 (1945) 80-83; the interval from Walsh
//! averages: Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, section 3.3).

/// More differences than this are not needed: counts stay exact in 64 bits.
pub const MOST: usize = 60;

/// How many of the 2^n subsets of 1..=n have each sum, from 0 to n(n+1)/2.
fn counts(n: usize) -> Vec<u64> {
    let mut counts = vec![0_u64; n * (n + 1) / 2 + 1];
    counts[0] = 1;
    for rank in 1..=n {
        // Downwards, so that a rank is used once.
        for sum in (rank..=rank * (rank + 1) / 2).rev() {
            counts[sum] += counts[sum - rank];
        }
    }
    counts
}

/// P(T <= `sum`) for `n` differences, at most [`MOST`].
#[cfg(test)]
pub fn at_most(n: usize, sum: usize) -> f64 {
    let below: u64 = counts(n).iter().take(sum + 1).sum();
    below as f64 / 2_f64.powi(n as i32)
}

/// How many Walsh averages to leave out at either end for an interval of at least
/// `confidence`, and the confidence that it then has. `None` where even the whole range of
/// `n` differences does not reach it (0.95 needs six), or for more than [`MOST`].
pub fn trim(n: usize, confidence: f64) -> Option<(usize, f64)> {
    if n == 0 || n > MOST {
        return None;
    }
    let all = 2_f64.powi(n as i32);
    let tail = (1.0 - confidence) / 2.0;
    let mut below = 0_u64;
    let mut best = None;
    for (sum, count) in counts(n).into_iter().enumerate() {
        below += count;
        let outside = below as f64 / all;
        // A tolerance for tails that are equal but for rounding.
        if outside > tail + 1e-12 {
            break;
        }
        best = Some((sum, 1.0 - 2.0 * outside));
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest T whose two-sided probability is at most 5 %, as tables print it
    /// (Wilcoxon and Wilcox 1964, table 2; n = 6 and up).
    #[test]
    fn published_critical_values() {
        let table = [
            (6, 0),
            (7, 2),
            (8, 3),
            (9, 5),
            (10, 8),
            (11, 10),
            (12, 13),
            (13, 17),
            (14, 21),
            (15, 25),
            (16, 29),
            (17, 34),
            (18, 40),
            (19, 46),
            (20, 52),
            (21, 58),
            (22, 65),
            (23, 73),
            (24, 81),
            (25, 89),
            (30, 137),
        ];
        for (n, critical) in table {
            let (sum, confidence) = trim(n, 0.95).expect("enough differences");
            assert_eq!(sum, critical, "n = {n}");
            assert!(confidence >= 0.95, "n = {n}: {confidence}");
        }
        // And at 1 %.
        for (n, critical) in [
            (8, 0),
            (9, 1),
            (10, 3),
            (12, 7),
            (15, 15),
            (20, 37),
            (25, 68),
        ] {
            assert_eq!(trim(n, 0.99).map(|(sum, _)| sum), Some(critical), "n = {n}");
        }
        for n in 0..6 {
            assert_eq!(trim(n, 0.95), None, "n = {n}");
        }
    }

    /// Every subset, one by one.
    #[test]
    fn counting_agrees_with_brute_force() {
        for n in 1..=14_usize {
            let mut by_hand = vec![0_u64; n * (n + 1) / 2 + 1];
            for subset in 0..1_u32 << n {
                let sum: usize = (0..n)
                    .filter(|bit| subset >> bit & 1 == 1)
                    .map(|bit| bit + 1)
                    .sum();
                by_hand[sum] += 1;
            }
            assert_eq!(counts(n), by_hand, "n = {n}");
        }
    }

    #[test]
    fn the_whole_distribution_is_one_and_symmetric() {
        for n in [1, 12, 30, MOST] {
            let counts = counts(n);
            assert_eq!(counts.iter().sum::<u64>(), 1 << n);
            assert!(counts.iter().eq(counts.iter().rev()));
        }
        // P(T <= 0) and P(T <= 1) by hand.
        assert_eq!(at_most(6, 0), 1.0 / 64.0);
        assert_eq!(at_most(6, 1), 2.0 / 64.0);
    }
}
