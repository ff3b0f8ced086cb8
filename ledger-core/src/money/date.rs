//! Business dates: days of the calendar, without a time or a zone.

use core::fmt;

/// A day of the proleptic Gregorian calendar, from 0001-01-01 to 9999-12-31.
///
/// The day on the receipt. No clock and no time zone influences it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u32);

/// Error of a text or number that is not a day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a date is a day of the calendar, written as year-month-day such as 2026-11-21")]
pub struct DateError;

impl Date {
    /// Creates a date from year, month and day.
    ///
    /// # Errors
    /// [`DateError`] for a day that does not exist.
    pub fn from_ymd(year: u32, month: u32, day: u32) -> Result<Self, DateError> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return Err(DateError),
        };
        if !(1..=9999).contains(&year) || !(1..=days).contains(&day) {
            return Err(DateError);
        }
        let number = |n: u32, unit: u32| n.checked_mul(unit).ok_or(DateError);
        let sum = number(year, 10_000)?.checked_add(number(month, 100)?);
        sum.and_then(|n| n.checked_add(day)).map(Self).ok_or(DateError)
    }

    /// Creates a date from the number `YYYYMMDD`, the form that an entry holds.
    ///
    /// # Errors
    /// [`DateError`] for a day that does not exist.
    pub fn from_yyyymmdd(number: u64) -> Result<Self, DateError> {
        let number = u32::try_from(number).map_err(|_| DateError)?;
        Self::from_ymd(number / 10_000, number / 100 % 100, number % 100)
    }

    /// The number `YYYYMMDD`.
    #[must_use]
    pub const fn yyyymmdd(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Date {
    /// ISO 8601: `2026-11-21`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

impl core::str::FromStr for Date {
    type Err = DateError;

    /// Reads ISO 8601 only: `2026-11-21`.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let shape = text.bytes().enumerate().all(|(i, byte)| match i {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
        if text.len() != 10 || !shape {
            return Err(DateError);
        }
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        Self::from_yyyymmdd(digits.parse().map_err(|_| DateError)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_iso_dates() {
        for good in [
            "2026-11-21",
            "2024-02-29",
            "2000-02-29",
            "2023-02-28",
            "1900-02-28",
            "2024-04-30",
            "2024-07-31",
            "0001-01-01",
            "9999-12-31",
        ] {
            let date: Date = good.parse().unwrap();
            assert_eq!(date.to_string(), good);
            assert_eq!(format!("{date:?}"), format!("Date({good})"));
        }
    }

    #[test]
    fn refuses_days_that_do_not_exist() {
        for bad in [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "2024-04-31",
            "0000-01-01",
            "24-01-01",
            "2024/01/01",
            "2024-1-1",
            "01.02.2024",
            "",
            "2024-01-011",
            "20240-1-01",
            "２024-01-1",
        ] {
            assert_eq!(bad.parse::<Date>(), Err(DateError), "{bad}");
        }
        assert_eq!(Date::from_yyyymmdd(u64::MAX), Err(DateError));
    }
}
