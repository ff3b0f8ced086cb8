//! Rules by which days recur.

use ledger_core::Recurrence;

use crate::error::LedgerError;

/// Unit of a recurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RecurrenceUnit {
    /// Days.
    Days,
    /// Weeks.
    Weeks,
    /// Months, on the same day of the month, or the last one of a month that is too short.
    Months,
    /// Years, on the same day, or 28 February for 29 February.
    Years,
}

/// Rule by which days recur: every so many units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RecurrenceRule {
    /// The unit.
    pub unit: RecurrenceUnit,
    /// How many units, from 1 to 1,000.
    pub every: u32,
}

impl TryFrom<RecurrenceRule> for Recurrence {
    type Error = LedgerError;

    fn try_from(rule: RecurrenceRule) -> Result<Self, LedgerError> {
        let unit = match rule.unit {
            RecurrenceUnit::Days => ledger_core::RecurrenceUnit::Days,
            RecurrenceUnit::Weeks => ledger_core::RecurrenceUnit::Weeks,
            RecurrenceUnit::Months => ledger_core::RecurrenceUnit::Months,
            RecurrenceUnit::Years => ledger_core::RecurrenceUnit::Years,
        };
        Ok(Self::new(unit, u64::from(rule.every))?)
    }
}

impl From<Recurrence> for RecurrenceRule {
    fn from(rule: Recurrence) -> Self {
        let unit = match rule.unit() {
            ledger_core::RecurrenceUnit::Days => RecurrenceUnit::Days,
            ledger_core::RecurrenceUnit::Weeks => RecurrenceUnit::Weeks,
            ledger_core::RecurrenceUnit::Months => RecurrenceUnit::Months,
            ledger_core::RecurrenceUnit::Years => RecurrenceUnit::Years,
        };
        Self { unit, every: u32::from(rule.every()) }
    }
}
