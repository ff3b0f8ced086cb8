//! Differences between two versions of an expense or transfer.

use ledger_core::{Amount, Currency, MemberId};

use super::hints::{of_paid, of_receipt};
use super::split::of_rule;
use super::{Day, Direction, Money, PaidIn, Receipt, Split};

/// Difference between two versions of an expense or transfer: one field, with its content
/// before and after. An app writes it in the person's language.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
#[non_exhaustive]
pub enum Difference {
    /// An expense became a transfer, or a transfer an expense.
    Kind {
        /// Whether it is a transfer now.
        is_transfer: bool,
    },
    /// Whether the money was spent or received.
    Direction {
        /// The direction before.
        before: Direction,
        /// The direction now.
        after: Direction,
    },
    /// The day.
    Date {
        /// The day before.
        before: Day,
        /// The day now.
        after: Day,
    },
    /// The description.
    Description {
        /// The description before.
        before: String,
        /// The description now.
        after: String,
    },
    /// The category.
    Category {
        /// The category before.
        before: Option<String>,
        /// The category now.
        after: Option<String>,
    },
    /// The note.
    Note {
        /// The note before.
        before: Option<String>,
        /// The note now.
        after: Option<String>,
    },
    /// The tags.
    Tags {
        /// The tags before.
        before: Vec<String>,
        /// The tags now.
        after: Vec<String>,
    },
    /// What was paid in another currency.
    PaidIn {
        /// What was paid before.
        before: Option<PaidIn>,
        /// What is paid now.
        after: Option<PaidIn>,
    },
    /// The receipts.
    Receipts {
        /// The receipts before.
        before: Vec<Receipt>,
        /// The receipts now.
        after: Vec<Receipt>,
    },
    /// The rule by which an expense was split, where the shares do not tell it.
    Split {
        /// The rule before.
        before: Split,
        /// The rule now.
        after: Split,
    },
    /// The whole amount, or its currency.
    Total {
        /// The amount before.
        before: Money,
        /// The amount now.
        after: Money,
    },
    /// What a member paid. Of a transfer: what the giver gave.
    Paid {
        /// The member.
        member: MemberId,
        /// The amount before; zero if the member paid nothing.
        before: Money,
        /// The amount now; zero if the member pays nothing.
        after: Money,
    },
    /// A member's share. Of a transfer: what the receiver got.
    Share {
        /// The member.
        member: MemberId,
        /// The share before; zero if there was none.
        before: Money,
        /// The share now; zero if there is none.
        after: Money,
    },
    /// A field that this version of the bindings does not know.
    Other {
        /// The difference in English.
        text: String,
    },
}

impl From<ledger_core::Difference> for Difference {
    fn from(difference: ledger_core::Difference) -> Self {
        use ledger_core::Difference as Known;
        let money = |(amount, currency): (Amount, Currency)| Money::of_amount(amount, currency);
        match difference {
            Known::Kind { is_transfer } => Self::Kind { is_transfer },
            Known::Direction { before, after } => {
                Self::Direction { before: before.into(), after: after.into() }
            }
            Known::Date { before, after } => Self::Date { before, after },
            Known::Description { before, after } => Self::Description { before, after },
            Known::Category { before, after } => Self::Category { before, after },
            Known::Note { before, after } => Self::Note { before, after },
            Known::Tags { before, after } => Self::Tags { before, after },
            Known::PaidIn { before, after } => {
                Self::PaidIn { before: before.map(of_paid), after: after.map(of_paid) }
            }
            Known::Receipts { before, after } => {
                let all = |kept: Vec<_>| kept.into_iter().map(of_receipt).collect();
                Self::Receipts { before: all(before), after: all(after) }
            }
            Known::Split { before, after } => {
                Self::Split { before: of_rule(before), after: of_rule(after) }
            }
            Known::Total { before, after } => {
                Self::Total { before: money(before), after: money(after) }
            }
            Known::Paid { member, before, after } => {
                Self::Paid { member, before: money(before), after: money(after) }
            }
            Known::Share { member, before, after } => {
                Self::Share { member, before: money(before), after: money(after) }
            }
            other => Self::Other { text: other.text(|member| member.short()) },
        }
    }
}
