//! Days as the lists keep them: small numbers in the order of the calendar.

use ledger_core::Date;

/// Number of a day: 372 for each year, 31 for each month. Two bytes in the database until 2087, where
/// `YYYYMMDD` takes four, and every list has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DayNumber(u32);

/// The first number that the database keeps as zero: that of 2000-01-01.
const ZERO: i64 = 2_000 * 372;

impl DayNumber {
    pub(crate) fn from_date(date: Date) -> Self {
        let number = date.yyyymmdd();
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
        let months = year.saturating_mul(12).saturating_add(month.saturating_sub(1));
        Self(months.saturating_mul(31).saturating_add(day.saturating_sub(1)))
    }

    /// The number as a position in a list.
    pub(crate) fn position(self) -> u64 {
        u64::from(self.0)
    }

    /// The number as the database keeps it.
    pub(crate) fn stored(self) -> i64 {
        stored(self.position())
    }

    /// The number that the database keeps.
    pub(crate) fn from_stored(stored: i64) -> Self {
        Self(stored.saturating_add(ZERO).try_into().unwrap_or(0))
    }

    /// The first day of the month.
    pub(crate) fn month(self) -> Self {
        Self(self.0.saturating_sub(self.0 % 31))
    }

    /// The day; none if the calendar has none with this number.
    pub(crate) fn date(self) -> Option<Date> {
        let months = self.0 / 31;
        let day = (self.0 % 31).saturating_add(1);
        Date::from_ymd(months / 12, (months % 12).saturating_add(1), day).ok()
    }
}

/// A position in a list as the database keeps its day.
pub(crate) fn stored(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX).saturating_sub(ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_the_order_of_days_and_lead_back_to_their_month() {
        let days = [
            "0001-01-01",
            "1999-12-31",
            "2000-01-01",
            "2000-01-02",
            "2000-01-31",
            "2000-02-01",
            "2000-12-31",
            "2001-01-01",
            "2026-11-30",
            "9999-12-31",
        ];
        let days: Vec<Date> = days.map(|day| day.parse().unwrap()).to_vec();
        let numbers: Vec<DayNumber> = days.iter().map(|day| DayNumber::from_date(*day)).collect();
        assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
        for (day, number) in days.iter().zip(numbers) {
            assert_eq!(DayNumber::from_stored(number.stored()), number);
            let month = day.yyyymmdd() / 100 * 100 + 1;
            assert_eq!(number.month().date().map(Date::yyyymmdd), Some(month));
            assert_eq!(number.date(), Some(*day));
        }
        assert_eq!(DayNumber::from_date("2000-01-01".parse().unwrap()).stored(), 0);
        assert!(DayNumber::from_date("2087-12-31".parse().unwrap()).stored() <= 32_767);
    }
}
