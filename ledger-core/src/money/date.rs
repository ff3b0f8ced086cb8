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
        let days = days_of_month(year, month).ok_or(DateError)?;
        if !(1..=LAST_YEAR).contains(&year) || !(1..=days).contains(&day) {
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

    /// The day of an instant in UTC. `None` behind 9999-12-31.
    #[must_use]
    pub fn of_unix_ms(milliseconds: u64) -> Option<Self> {
        Self::UNIX_EPOCH.plus_days(milliseconds / 86_400_000)
    }

    /// 1970-01-01.
    const UNIX_EPOCH: Self = Self(19_700_101);

    /// The day that many days later. `None` behind 9999-12-31.
    #[must_use]
    pub fn plus_days(self, days: u64) -> Option<Self> {
        Self::from_days_since_first(u64::from(self.days_since_first()).checked_add(days)?)
    }

    /// The same day of the month that many months later, or the last one of a month that is too
    /// short. `None` behind 9999-12-31.
    #[must_use]
    pub fn plus_months(self, months: u64) -> Option<Self> {
        let (year, month, day) = self.parts();
        let before = u64::from(year).checked_mul(12)?.checked_add(u64::from(month))?;
        let months = before.checked_sub(1)?.checked_add(months)?;
        let year = u32::try_from(months / 12).ok()?;
        let month = u32::try_from(months % 12).ok()?.checked_add(1)?;
        Self::from_ymd(year, month, day.min(days_of_month(year, month)?)).ok()
    }

    fn parts(self) -> (u32, u32, u32) {
        (self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }

    /// Number of days since 0001-01-01, which are fewer than 2^22.
    fn days_since_first(self) -> u32 {
        let (year, month, day) = self.parts();
        let months = (1..month).filter_map(|month| days_of_month(year, month));
        months
            .fold(days_before_year(year), u32::saturating_add)
            .saturating_add(day)
            .saturating_sub(1)
    }

    fn from_days_since_first(days: u64) -> Option<Self> {
        let days = u32::try_from(days).ok()?;
        let (mut year, mut behind) = (1, LAST_YEAR.saturating_add(1));
        if days >= days_before_year(behind) {
            return None;
        }
        // The last year that does not begin behind the day.
        while behind.saturating_sub(year) > 1 {
            let middle = year.midpoint(behind);
            if days_before_year(middle) <= days { year = middle } else { behind = middle }
        }
        let mut left = days.checked_sub(days_before_year(year))?;
        for month in 1..=12 {
            let length = days_of_month(year, month)?;
            if left < length {
                return Self::from_ymd(year, month, left.checked_add(1)?).ok();
            }
            left = left.checked_sub(length)?;
        }
        None
    }
}

const LAST_YEAR: u32 = 9999;

fn days_of_month(year: u32, month: u32) -> Option<u32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    })
}

/// Number of days from 0001-01-01 to the first day of a year of at most 10,000.
fn days_before_year(year: u32) -> u32 {
    let years = year.saturating_sub(1);
    let leap = (years / 4).saturating_sub(years / 100).saturating_add(years / 400);
    years.saturating_mul(365).saturating_add(leap)
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
    fn days_of_instants_are_those_of_utc() {
        let day = |ms| Date::of_unix_ms(ms).map(|day| day.to_string());
        assert_eq!(day(0).unwrap(), "1970-01-01");
        assert_eq!(day(951_782_399_999).unwrap(), "2000-02-28");
        assert_eq!(day(951_782_400_000).unwrap(), "2000-02-29");
        assert_eq!(day(253_402_300_799_999).unwrap(), "9999-12-31");
        assert_eq!(day(253_402_300_800_000), None);
        assert_eq!(day(u64::MAX), None);
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
