//! Filters of expenses and transfers.

use ledger_core::{Amount, Currency, Date, Direction, MemberId};

/// A filter of expenses and transfers. The default lets all through.
///
/// ```
/// use ledger_core::Date;
/// use ledger_store::{Condition, Filter};
/// let rent = Filter::default()
///     .since("2026-01-01".parse::<Date>()?)
///     .until("2026-12-31".parse::<Date>()?)
///     .condition(Condition::Category("rent".into()));
/// assert_eq!(rent.conditions.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub to: Option<Date>,
    /// Further conditions, all of which must hold.
    pub conditions: Vec<Condition>,
}

impl Filter {
    /// Sets or takes off the first day.
    #[must_use]
    pub fn since(self, first: impl Into<Option<Date>>) -> Self {
        Self { from: first.into(), ..self }
    }

    /// Sets or takes off the last day.
    #[must_use]
    pub fn until(self, last: impl Into<Option<Date>>) -> Self {
        Self { to: last.into(), ..self }
    }

    /// Adds a condition to those that must hold.
    #[must_use]
    pub fn condition(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Adds conditions to those that must hold.
    #[must_use]
    pub fn conditions(mut self, conditions: impl IntoIterator<Item = Condition>) -> Self {
        self.conditions.extend(conditions);
        self
    }
}

/// A condition on an expense or transfer. It applies to the current version: after a correction, to
/// the content of the correction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// The member paid or has a share; gave or received a transfer.
    Member(MemberId),
    /// The member paid something of it, or gave a transfer; of incoming money, received it.
    Payer(MemberId),
    /// The category is exactly this text.
    Category(String),
    /// One of the tags is exactly this text.
    Tag(String),
    /// The currency.
    Currency(Currency),
    /// The amount, in minor units of whatever its currency is, is at least so large.
    AtLeast(Amount),
    /// The amount, in minor units of whatever its currency is, is at most so large.
    AtMost(Amount),
    /// For each of these words, a word of description, note, category or a tag begins with it. Case and
    /// accents make no difference, nor does "ss" for a sharp s. Of scripts that are written without
    /// spaces, such as Japanese and Chinese, a part of the text is found wherever it stands. Words are
    /// separated by white space; more than 32 are ignored. Several such conditions are as one with all
    /// their words.
    Text(String),
    /// Whether it is a transfer; otherwise it is an expense.
    Transfer(bool),
    /// Whether money was spent or received. A transfer is outgoing.
    Direction(Direction),
    /// Whether it was cancelled.
    Cancelled(bool),
}
