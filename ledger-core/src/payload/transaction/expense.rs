//! Expenses: money that some members spent for several.

use super::Hints;
use super::split_hint::SPLIT;
use crate::base::id::{MemberId, Origin};
use crate::money::{Amount, Currency, Date, Direction, Split, SplitError, split_equally};

/// Money spent for several people, or received for them ([`Direction`]). The payers' parts and the
/// shares each sum to `amount`; an entry in which they do not is refused (rule P7).
///
/// ```
/// use ledger_core::{Amount, Currency, Expense, MemberId};
/// # let (anna, ben) = (MemberId::from_bytes([1; 32]), MemberId::from_bytes([2; 32]));
/// let euro = Currency::from_code("EUR")?;
/// let total = Amount::parse("12.01", euro)?;
/// let dinner = Expense::new("2026-11-21".parse()?, "Dinner", euro, total)
///     .category("food")
///     .paid_by(anna, total)
///     .split_equally(&[anna, ben], 0);
/// assert_eq!(dinner.shares[0].1.minor_units(), 601);
/// assert_eq!(dinner.shares[1].1.minor_units(), 600);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expense<M = MemberId> {
    /// The day of the expense.
    pub date: Date,
    /// Description, such as `Dinner`.
    pub description: String,
    /// A category of the app's choosing.
    pub category: Option<String>,
    /// A longer text.
    pub note: Option<String>,
    /// The currency of every amount.
    pub currency: Currency,
    /// The whole amount.
    pub amount: Amount,
    /// Members who paid, with their amounts, each at least one minor unit. Of incoming money,
    /// members who received it.
    pub payers: Vec<(M, Amount)>,
    /// Members who owe, with their shares, each at least one minor unit. Of incoming money,
    /// members to whom it is due.
    pub shares: Vec<(M, Amount)>,
    /// Whether the money was spent or received.
    pub direction: Direction,
    /// The imported row that this expense comes from. A correction or copy has none: it belongs to
    /// what it names.
    pub origin: Option<Origin>,
    /// Hints, from which no balance follows.
    pub hints: Hints,
}

impl<M> Expense<M> {
    /// An expense that nobody has paid or shares yet.
    #[must_use]
    pub fn new(
        date: Date,
        description: impl Into<String>,
        currency: Currency,
        amount: Amount,
    ) -> Self {
        Self {
            date,
            description: description.into(),
            category: None,
            note: None,
            currency,
            amount,
            payers: Vec::new(),
            shares: Vec::new(),
            direction: Direction::default(),
            origin: None,
            hints: Hints::default(),
        }
    }

    /// Sets the category.
    #[must_use]
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.category = Some(category.into());
        self
    }

    /// Sets the note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Sets the direction: [`Direction::Incoming`] for a refund or income.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Sets the hints.
    #[must_use]
    pub fn hints(mut self, hints: Hints) -> Self {
        self.hints = hints;
        self
    }

    /// Sets the imported row that the expense comes from.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Adds a payer.
    #[must_use]
    pub fn paid_by(mut self, member: M, amount: Amount) -> Self {
        self.payers.push((member, amount));
        self
    }

    /// Replaces the payers.
    #[must_use]
    pub fn payers(mut self, payers: impl IntoIterator<Item = (M, Amount)>) -> Self {
        self.payers = payers.into_iter().collect();
        self
    }

    /// Adds a share.
    #[must_use]
    pub fn share(mut self, member: M, amount: Amount) -> Self {
        self.shares.push((member, amount));
        self
    }

    /// Replaces the shares.
    #[must_use]
    pub fn shares(mut self, shares: impl IntoIterator<Item = (M, Amount)>) -> Self {
        self.shares = shares.into_iter().collect();
        self
    }
}

impl<M: Copy> Expense<M> {
    /// Replaces the shares by equal ones of these members: [`split_equally`] of the whole
    /// amount. `turn` decides who gets an odd unit first. A share of zero, which occurs
    /// when there are more members than minor units, is left out. A rule that was kept before is
    /// dropped: equal shares show theirs.
    #[must_use]
    pub fn split_equally(mut self, members: &[M], turn: u64) -> Self {
        let parts = split_equally(self.amount, members.len(), turn);
        self.shares =
            members.iter().copied().zip(parts).filter(|(_, part)| !part.is_zero()).collect();
        self.hints.drop_hint(SPLIT);
        self
    }

    /// Replaces the shares by those of a split of the whole amount ([`Split::shares`]), and keeps the
    /// rule for who edits the expense later ([`Expense::keep_rule`]). `turn` decides who gets an odd
    /// unit first. Set the payers before: who takes part without a share is named as a payer.
    ///
    /// # Errors
    /// [`SplitError`] if the rule does not fit the amount, with the difference.
    pub fn split(mut self, split: &Split<M>, turn: u64) -> Result<Self, SplitError<M>>
    where
        M: Ord,
    {
        self.shares = split.shares(self.amount, self.currency, turn)?;
        self.keep_rule(split);
        Ok(self)
    }

    pub(super) fn try_convert<N, E>(
        &self,
        mut convert: impl FnMut(M) -> Result<N, E>,
    ) -> Result<Expense<N>, E> {
        let mut parts = |parts: &[(M, Amount)]| -> Result<Vec<(N, Amount)>, E> {
            parts.iter().map(|(member, amount)| Ok((convert(*member)?, *amount))).collect()
        };
        Ok(Expense {
            date: self.date,
            description: self.description.clone(),
            category: self.category.clone(),
            note: self.note.clone(),
            currency: self.currency,
            amount: self.amount,
            payers: parts(&self.payers)?,
            shares: parts(&self.shares)?,
            direction: self.direction,
            origin: self.origin,
            hints: self.hints.clone(),
        })
    }
}
