//! The words.

use serde::{Deserialize, Serialize};

use super::pairs::Estimate;

/// What is said about a metric. There are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// Worse, surely and by enough to matter.
    Regressed,
    /// Better, surely and by enough to matter.
    Improved,
    /// Any difference is smaller than what matters.
    NoChange,
    /// The samples do not tell.
    Inconclusive,
    /// Measured on different machines or under different conditions.
    NotComparable,
}

impl Word {
    /// All, in report order.
    pub const ALL: [Word; 5] = [
        Word::Regressed,
        Word::Improved,
        Word::NoChange,
        Word::Inconclusive,
        Word::NotComparable,
    ];

    /// `1 regressed, 3 no change`: the words that occur in `words`; empty where there are none.
    pub fn sentence(words: impl Iterator<Item = Word> + Clone) -> String {
        let count = |word: Word| words.clone().filter(|&other| other == word).count();
        let parts: Vec<String> = Word::ALL
            .into_iter()
            .filter(|&word| count(word) > 0)
            .map(|word| format!("{} {}", count(word), word.text()))
            .collect();
        parts.join(", ")
    }

    /// As printed.
    pub fn text(self) -> &'static str {
        match self {
            Word::Regressed => "regressed",
            Word::Improved => "improved",
            Word::NoChange => "no change",
            Word::Inconclusive => "inconclusive",
            Word::NotComparable => "not comparable",
        }
    }

    /// Whether it claims a difference, which a second set has to repeat.
    pub fn is_claim(self) -> bool {
        matches!(self, Word::Regressed | Word::Improved)
    }
}

/// What one set of pairs says. `delta` is the smallest gain or loss that matters, as a
/// logarithm: a difference is claimed where the whole interval is on one side of zero and
/// the estimate beyond `delta`; its absence where the whole interval is within `delta`.
pub fn word(estimate: Option<&Estimate>, delta: f64) -> Word {
    match estimate {
        None => Word::Inconclusive,
        Some(e) if e.high < 0.0 && e.gain < -delta => Word::Regressed,
        Some(e) if e.low > 0.0 && e.gain > delta => Word::Improved,
        Some(e) if e.low > -delta && e.high < delta => Word::NoChange,
        Some(_) => Word::Inconclusive,
    }
}

/// What two sets say: a claim stands only where a fresh set repeats it.
pub fn confirmed(first: Word, second: Word) -> Word {
    match first.is_claim() && first != second {
        true => Word::Inconclusive,
        false => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(low: f64, gain: f64, high: f64) -> Estimate {
        Estimate {
            gain,
            low,
            high,
            pairs: 8,
            confidence: 0.95,
        }
    }

    #[test]
    fn words_for_intervals() {
        for (low, gain, high, expected) in [
            (-0.12, -0.10, -0.08, Word::Regressed),
            (0.08, 0.10, 0.12, Word::Improved),
            (-0.01, 0.0, 0.01, Word::NoChange),
            // Sure and too small to matter.
            (-0.028, -0.02, -0.01, Word::NoChange),
            (-0.05, -0.02, -0.01, Word::Inconclusive),
            // Large and not sure.
            (-0.20, -0.09, 0.01, Word::Inconclusive),
        ] {
            assert_eq!(
                word(Some(&estimate(low, gain, high)), 0.03),
                expected,
                "{low} {high}"
            );
        }
        assert_eq!(word(None, 0.03), Word::Inconclusive);
    }

    #[test]
    fn a_claim_has_to_be_repeated() {
        assert_eq!(confirmed(Word::Regressed, Word::Regressed), Word::Regressed);
        assert_eq!(
            confirmed(Word::Regressed, Word::NoChange),
            Word::Inconclusive
        );
        assert_eq!(
            confirmed(Word::Improved, Word::Regressed),
            Word::Inconclusive
        );
        assert_eq!(confirmed(Word::NoChange, Word::Regressed), Word::NoChange);
    }
}
