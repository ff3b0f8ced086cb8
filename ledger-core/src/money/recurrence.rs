//! Recurring days: every few days, weeks, months or years (SPEC §4.16).

use super::Date;
use crate::base::limits::MAX_RECURRENCE_STEP;

/// Unit of a recurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecurrenceUnit {
    /// Days.
    Days,
    /// Weeks of seven days.
    Weeks,
    /// Months, on the same day of the month, or the last one of a month that is too short.
    Months,
    /// Years, on the same day, or 28 February for 29 February.
    Years,
}

/// Rule by which days recur: every so many units.
///
/// ```
/// use ledger_core::{Date, Recurrence, RecurrenceUnit};
/// let monthly = Recurrence::new(RecurrenceUnit::Months, 1)?;
/// let first: Date = "2027-01-31".parse()?;
/// let day = |number| monthly.day(first, number).unwrap().to_string();
/// // Each is counted from the first day, so the end of February changes nothing after it.
/// assert_eq!([day(0), day(1), day(2)], ["2027-01-31", "2027-02-28", "2027-03-31"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recurrence {
    unit: RecurrenceUnit,
    every: u16,
}

/// Error of a recurrence that no template can have. The caller is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it recurs every 1 to {MAX_RECURRENCE_STEP} days, weeks, months or years, not every {0}")]
pub struct RecurrenceError(pub u64);

impl Recurrence {
    /// Creates the rule that goes on by `every` units.
    ///
    /// # Errors
    /// [`RecurrenceError`] unless there are 1 to 1,000.
    pub fn new(unit: RecurrenceUnit, every: u64) -> Result<Self, RecurrenceError> {
        match u16::try_from(every) {
            Ok(step @ 1..=MAX_RECURRENCE_STEP) => Ok(Self { unit, every: step }),
            _ => Err(RecurrenceError(every)),
        }
    }

    /// The unit.
    #[must_use]
    pub const fn unit(self) -> RecurrenceUnit {
        self.unit
    }

    /// The number of units from one day to the next.
    #[must_use]
    pub const fn every(self) -> u16 {
        self.every
    }

    /// The day that comes `steps` times after the first day. `None` behind 9999-12-31.
    #[must_use]
    pub fn day(self, first: Date, steps: u64) -> Option<Date> {
        let units = steps.checked_mul(u64::from(self.every))?;
        match self.unit {
            RecurrenceUnit::Days => first.plus_days(units),
            RecurrenceUnit::Weeks => first.plus_days(units.checked_mul(7)?),
            RecurrenceUnit::Months => first.plus_months(units),
            RecurrenceUnit::Years => first.plus_months(units.checked_mul(12)?),
        }
    }

    /// The smallest number of steps from the first day to a day that is not before `day`. `None`
    /// behind 9999-12-31.
    #[must_use]
    pub fn steps_until(self, first: Date, day: Date) -> Option<u64> {
        // Days come one after the other, and there are fewer than 2^22.
        let (mut low, mut high) = (0u64, 1u64 << 22);
        while low < high {
            let middle = low.midpoint(high);
            match self.day(first, middle) {
                Some(found) if found < day => low = middle.saturating_add(1),
                _ => high = middle,
            }
        }
        self.day(first, low).map(|_| low)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn every(unit: RecurrenceUnit, every: u64) -> Recurrence {
        Recurrence::new(unit, every).unwrap()
    }

    #[test]
    fn days_of_the_calendar_recur() {
        use RecurrenceUnit::{Days, Months, Weeks, Years};
        for (rule, first, steps, expected) in [
            (every(Days, 1), "2028-02-28", 1, "2028-02-29"),
            (every(Days, 1), "2027-02-28", 1, "2027-03-01"),
            (every(Days, 1000), "2026-11-30", 3, "2035-02-16"),
            (every(Weeks, 2), "2026-12-24", 1, "2027-01-07"),
            (every(Months, 1), "2026-12-31", 2, "2027-02-28"),
            (every(Months, 1), "2026-12-31", 14, "2028-02-29"),
            (every(Months, 3), "2026-08-31", 1, "2026-11-30"),
            (every(Months, 12), "2028-02-29", 1, "2029-02-28"),
            (every(Years, 1), "2028-02-29", 4, "2032-02-29"),
            (every(Years, 1), "1896-02-29", 4, "1900-02-28"),
            (every(Years, 1000), "0001-01-01", 9, "9001-01-01"),
        ] {
            let found = rule.day(date(first), steps);
            assert_eq!(found, Some(date(expected)), "{rule:?} {first} {steps}");
        }
        for rule in [every(Days, 1), every(Weeks, 1), every(Months, 1), every(Years, 1)] {
            assert_eq!(rule.day(date("9999-12-31"), 1), None);
            assert_eq!(rule.day(date("2026-01-01"), u64::MAX), None);
        }
        for bad in [0, 1001, u64::MAX] {
            assert_eq!(Recurrence::new(Days, bad), Err(RecurrenceError(bad)));
        }
    }

    fn recurrences() -> impl Strategy<Value = Recurrence> {
        use RecurrenceUnit::{Days, Months, Weeks, Years};
        let units = prop::sample::select(vec![Days, Weeks, Months, Years]);
        (units, prop_oneof![1u64..=4, 1u64..=1000]).prop_map(|(unit, n)| every(unit, n))
    }

    proptest! {
        /// A day and the number of days since 0001-01-01 give each other.
        #[test]
        fn days_are_counted(days in 0u64..3_652_059, more in 0u64..4_000_000) {
            let first = date("0001-01-01");
            let day = first.plus_days(days).unwrap();
            prop_assert_eq!(day.plus_days(more), first.plus_days(days + more));
            let next = day.plus_days(1);
            prop_assert!(next.is_none_or(|next| next > day));
        }

        #[test]
        fn later_numbers_have_later_days(
            rule in recurrences(),
            days in 0u64..3_652_059,
            steps in 0u64..100_000,
        ) {
            let first = date("0001-01-01").plus_days(days).unwrap();
            let (one, next) = (rule.day(first, steps), rule.day(first, steps + 1));
            prop_assert!(next.is_none_or(|next| one.unwrap() < next));
            if let Some(day) = one {
                prop_assert_eq!(rule.steps_until(first, day), Some(steps));
                let behind = day.plus_days(1).and_then(|day| rule.steps_until(first, day));
                prop_assert_eq!(behind, next.map(|_| steps + 1));
            }
            prop_assert_eq!(rule.steps_until(first, date("0001-01-01")), Some(0));
        }
    }
}
