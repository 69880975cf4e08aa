//! UTC for names and reports, without a time library.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment in UTC, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc {
    /// Seconds since 1970.
    seconds: u64,
}

impl Utc {
    /// Now.
    pub fn now() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Utc {
            seconds: since.as_secs(),
        }
    }

    /// `20261121T023500Z`, for file names.
    pub fn compact(self) -> String {
        let (y, m, d) = self.date();
        let (h, min, s) = self.time();
        format!("{y:04}{m:02}{d:02}T{h:02}{min:02}{s:02}Z")
    }

    /// `2026-11-21T02:35:00Z` (RFC 3339).
    pub fn rfc3339(self) -> String {
        let (y, m, d) = self.date();
        let (h, min, s) = self.time();
        format!("{y:04}-{m:02}-{d:02}T{h:02}:{min:02}:{s:02}Z")
    }

    fn time(self) -> (u64, u64, u64) {
        let of_day = self.seconds % 86_400;
        (of_day / 3600, of_day / 60 % 60, of_day % 60)
    }

    /// Year, month, day. Counts in years that begin in March, so that the leap day
    /// is the last one.
    fn date(self) -> (u64, u64, u64) {
        let days = self.seconds / 86_400 + 719_468;
        let era = days / 146_097;
        let of_era = days % 146_097;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 {
            march_month + 3
        } else {
            march_month - 9
        };
        (year_of_era + era * 400 + u64::from(month <= 2), month, day)
    }
}

#[cfg(test)]
mod tests {
    use super::Utc;

    #[test]
    fn known_moments() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_228_500, "2026-11-21T02:35:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
        ] {
            assert_eq!(Utc { seconds }.rfc3339(), text);
        }
        assert_eq!(Utc { seconds: 0 }.compact(), "19700101T000000Z");
    }
}
