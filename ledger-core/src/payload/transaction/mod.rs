//! Transactions: expenses and transfers, the entries that move money.
//!
//! One set of types serves two representations of a member. Apps see
//! [`Transaction<MemberId>`]; an entry holds `Transaction<RefIndex>`, in which a member
//! is the index of the member's introduction among the entry's refs (`wire.rs`).

mod difference;
mod expense;
mod hint_values;
mod hints;
mod more;
mod rule;
mod split_hint;
mod transfer;
mod wire;

pub use difference::Difference;
pub use expense::Expense;
pub use hint_values::{PaidIn, Receipt};
pub use hints::{HintError, Hints};
pub use transfer::Transfer;

use crate::base::id::{MemberId, Origin};
use crate::money::{Amount, Currency, Date, Direction};

/// Members with amounts.
type Parts<M> = Vec<(M, Amount)>;

/// Money that moved: an expense or a transfer. `M` is how a member is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transaction<M = MemberId> {
    /// Money spent for several people.
    Expense(Expense<M>),
    /// Money given from one member to another.
    Transfer(Transfer<M>),
}

impl<M> Transaction<M> {
    /// The business date.
    #[must_use]
    pub fn date(&self) -> Date {
        match self {
            Self::Expense(expense) => expense.date,
            Self::Transfer(transfer) => transfer.date,
        }
    }

    /// The description.
    #[must_use]
    pub fn description(&self) -> &str {
        match self {
            Self::Expense(expense) => &expense.description,
            Self::Transfer(transfer) => &transfer.description,
        }
    }

    /// The currency of every amount.
    #[must_use]
    pub fn currency(&self) -> Currency {
        match self {
            Self::Expense(expense) => expense.currency,
            Self::Transfer(transfer) => transfer.currency,
        }
    }

    /// The whole amount.
    #[must_use]
    pub fn amount(&self) -> Amount {
        match self {
            Self::Expense(expense) => expense.amount,
            Self::Transfer(transfer) => transfer.amount,
        }
    }

    /// The same content on another day.
    #[must_use]
    pub fn on(self, day: Date) -> Self {
        let origin = self.origin();
        self.recorded_as(day, origin)
    }

    /// The same content with the odd units of its shares where this turn brings them (SPEC §4.16).
    #[must_use]
    pub(crate) fn with_turn(mut self, turn: u64) -> Self
    where
        M: Ord + Clone,
    {
        if let Self::Expense(expense) = &mut self {
            expense.take_turn(turn);
        }
        self
    }

    /// The same content on another day and with another origin, as an occurrence of a template.
    #[must_use]
    pub(crate) fn recorded_as(mut self, day: Date, from: impl Into<Option<Origin>>) -> Self {
        let (date, origin) = match &mut self {
            Self::Expense(expense) => (&mut expense.date, &mut expense.origin),
            Self::Transfer(transfer) => (&mut transfer.date, &mut transfer.origin),
        };
        (*date, *origin) = (day, from.into());
        self
    }

    /// The imported row that this transaction comes from.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        match self {
            Self::Expense(expense) => expense.origin,
            Self::Transfer(transfer) => transfer.origin,
        }
    }

    /// Whether the money was spent or received. A transfer has its direction in its parties, and
    /// is [`Direction::Outgoing`]: from the giver.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self {
            Self::Expense(expense) => expense.direction,
            Self::Transfer(_) => Direction::Outgoing,
        }
    }

    /// The hints, from which no balance follows.
    #[must_use]
    pub fn hints(&self) -> &Hints {
        match self {
            Self::Expense(expense) => &expense.hints,
            Self::Transfer(transfer) => &transfer.hints,
        }
    }

    /// Sets the hints of `shown`, the content that this one replaces, unless they are set or were
    /// removed here, as far as they fit beside the other hints (SPEC §4.12). What was paid in another
    /// currency says how the amount came about, so it goes with the amount, and the rule of the split
    /// is kept only if it gives the shares. Returns the keys, without that of the rule.
    pub(crate) fn keep_hints(&mut self, shown: &Self) -> Vec<u64>
    where
        M: Ord + Clone,
    {
        self.keep_rule_of(shown);
        let is_other = (self.amount(), self.currency()) != (shown.amount(), shown.currency());
        let hints = self.hints_mut();
        if is_other {
            hints.remove_old_paid_in(shown.hints());
        }
        hints.keep(shown.hints())
    }

    pub(crate) fn hints_mut(&mut self) -> &mut Hints {
        match self {
            Self::Expense(expense) => &mut expense.hints,
            Self::Transfer(transfer) => &mut transfer.hints,
        }
    }

    /// Removes the origin: inside a correction or copy it says nothing (SPEC §4.12).
    pub(crate) fn without_origin(mut self) -> Self {
        match &mut self {
            Self::Expense(expense) => expense.origin = None,
            Self::Transfer(transfer) => transfer.origin = None,
        }
        self
    }
}

impl<M: Copy> Transaction<M> {
    /// The two sides as they are recorded, whatever the direction: payers and shares of an expense,
    /// giver and receiver of a transfer.
    #[must_use]
    pub fn sides(&self) -> (Parts<M>, Parts<M>) {
        (self.givers(), self.receivers())
    }

    /// Amount that each member has given, and that others owe them: the payers of an expense, the
    /// giver of a transfer; of incoming money, those to whom it is due.
    #[must_use]
    pub fn credited(&self) -> Vec<(M, Amount)> {
        match self.direction() {
            Direction::Outgoing => self.givers(),
            Direction::Incoming => self.receivers(),
        }
    }

    /// Amount that each member has got, and owes others: the shares of an expense, the receiver of
    /// a transfer; of incoming money, those who received it.
    #[must_use]
    pub fn debited(&self) -> Vec<(M, Amount)> {
        match self.direction() {
            Direction::Outgoing => self.receivers(),
            Direction::Incoming => self.givers(),
        }
    }

    /// The payers of an expense, or the giver of a transfer.
    pub(super) fn givers(&self) -> Parts<M> {
        match self {
            Self::Expense(expense) => expense.payers.clone(),
            Self::Transfer(transfer) => vec![(transfer.from, transfer.amount)],
        }
    }

    /// The shares of an expense, or the receiver of a transfer.
    pub(super) fn receivers(&self) -> Parts<M> {
        match self {
            Self::Expense(expense) => expense.shares.clone(),
            Self::Transfer(transfer) => vec![(transfer.to, transfer.amount)],
        }
    }

    /// Every member whom the transaction names, as often as it names the member.
    pub fn members(&self) -> impl Iterator<Item = M> {
        let (parts, parties): ([&[(M, Amount)]; 2], _) = match self {
            Self::Expense(expense) => ([&expense.payers, &expense.shares], None),
            Self::Transfer(transfer) => ([&[], &[]], Some([transfer.from, transfer.to])),
        };
        let parts = parts.into_iter().flatten().map(|(member, _)| *member);
        parts.chain(parties.into_iter().flatten())
    }

    /// The same transaction with every member replaced by what `convert` returns. The
    /// order of payers and shares stays.
    ///
    /// # Errors
    /// The first error of `convert`.
    pub(crate) fn try_convert<N, E>(
        &self,
        mut convert: impl FnMut(M) -> Result<N, E>,
    ) -> Result<Transaction<N>, E> {
        Ok(match self {
            Self::Expense(expense) => Transaction::Expense(expense.try_convert(convert)?),
            Self::Transfer(transfer) => Transaction::Transfer(Transfer {
                date: transfer.date,
                description: transfer.description.clone(),
                currency: transfer.currency,
                amount: transfer.amount,
                from: convert(transfer.from)?,
                to: convert(transfer.to)?,
                origin: transfer.origin,
                hints: transfer.hints.clone(),
            }),
        })
    }
}

impl<M> From<Expense<M>> for Transaction<M> {
    fn from(expense: Expense<M>) -> Self {
        Self::Expense(expense)
    }
}

impl<M> From<Transfer<M>> for Transaction<M> {
    fn from(transfer: Transfer<M>) -> Self {
        Self::Transfer(transfer)
    }
}
