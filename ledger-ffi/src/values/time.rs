//! Days of the calendar, instants and ages, each in the type that a language has
//! for it.

use std::time::Duration;

use ledger_core::DateError;

use crate::error::LedgerError;

/// Day of the calendar, without a time or a time zone.
pub type Day = ledger_core::Date;

uniffi::custom_type!(
    /// Day of the calendar, without a time or a time zone, from year 1 to 9999.
    Day,
    i64,
    {
        remote,
        lower: |day| i64::from(day.yyyymmdd()),
        try_lift: |number| Ok(read_day(number)?),
    }
);

fn read_day(number: i64) -> Result<Day, LedgerError> {
    let number = u64::try_from(number).map_err(|_| DateError)?;
    Ok(Day::from_yyyymmdd(number)?)
}

/// Instant in time that every language can show, to the millisecond.
///
/// Instants in entries come from the clock of the entry's author. They may be
/// wrong, on purpose too: show them, and do not trust them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    /// Milliseconds since 1970-01-01 UTC.
    ms: i64,
}

uniffi::custom_type!(
    /// Instant in time, to the millisecond.
    Instant,
    i64,
    {
        lower: |instant| instant.ms,
        try_lift: |ms| Ok(Instant { ms }),
    }
);

/// The last millisecond of the year 9999, beyond which some languages have no
/// time. An author's clock must not be able to make an app fail.
const LAST_MS: i64 = 253_402_300_799_999;

impl Instant {
    /// The instant of a clock that shows milliseconds since 1970-01-01 UTC, or the
    /// end of the year 9999 if the clock shows more.
    #[must_use]
    pub fn from_ms(clock_ms: u64) -> Self {
        Self { ms: i64::try_from(clock_ms).unwrap_or(LAST_MS).min(LAST_MS) }
    }

    /// Milliseconds since 1970-01-01 UTC; 0 for an instant before that.
    #[must_use]
    pub fn ms(self) -> u64 {
        u64::try_from(self.ms).unwrap_or(0)
    }
}

/// Time that has passed since something was made, to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age(Duration);

uniffi::custom_type!(
    /// How much time has passed since something was made, to the millisecond. A
    /// negative age counts as zero.
    Age,
    i64,
    {
        lower: |age| i64::try_from(age.0.as_millis()).unwrap_or(i64::MAX),
        try_lift: |ms| Ok(Age(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))),
    }
);

impl Age {
    /// Milliseconds.
    pub(crate) fn ms(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl From<Duration> for Age {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_clock_is_beyond_what_languages_show() {
        assert_eq!(Instant::from_ms(1_700_000_000_000).ms, 1_700_000_000_000);
        assert_eq!(Instant::from_ms(u64::MAX).ms, LAST_MS);
        assert_eq!(Instant::from_ms(i64::MAX.unsigned_abs()).ms, LAST_MS);
        assert_eq!((Instant { ms: -1 }.ms(), Instant::from_ms(7).ms()), (0, 7));
    }

    #[test]
    fn a_number_that_is_no_day_is_refused() {
        assert_eq!(read_day(20261121).unwrap(), "2026-11-21".parse().unwrap());
        for bad in [-20261121, 0, 20260230, 100000101, i64::MAX] {
            assert_eq!(read_day(bad).unwrap_err().code(), crate::ErrorCode::InvalidDate, "{bad}");
        }
    }
}
