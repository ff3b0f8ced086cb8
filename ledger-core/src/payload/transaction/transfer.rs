//! Transfers: money that one member gave to another.

use super::Hints;
use crate::base::id::{MemberId, Origin};
use crate::money::{Amount, AmountError, Currency, Date, Settlement};

/// Money given from one member to another, who are not the same (rule P8).
///
/// ```
/// use ledger_core::{Amount, Currency, MemberId, Transfer};
/// # let (anna, ben) = (MemberId::from_bytes([1; 32]), MemberId::from_bytes([2; 32]));
/// let euro = Currency::from_code("EUR")?;
/// let amount = Amount::parse("6.00", euro)?;
/// let transfer = Transfer::new("2026-11-22".parse()?, euro, amount, ben, anna)
///     .description("for the dinner");
/// assert_eq!((transfer.from, transfer.to), (ben, anna));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transfer<M = MemberId> {
    /// The day of the transfer.
    pub date: Date,
    /// Description; may be empty.
    pub description: String,
    /// The currency.
    pub currency: Currency,
    /// The amount, at least one minor unit.
    pub amount: Amount,
    /// The member who gave.
    pub from: M,
    /// The member who received.
    pub to: M,
    /// The imported row that this transfer comes from. A correction or copy has none: it belongs to
    /// what it names.
    pub origin: Option<Origin>,
    /// Hints, from which no balance follows.
    pub hints: Hints,
}

impl<M> Transfer<M> {
    /// A transfer without a description.
    #[must_use]
    pub fn new(date: Date, currency: Currency, amount: Amount, from: M, to: M) -> Self {
        let (description, origin, hints) = (String::new(), None, Hints::default());
        Self { date, description, currency, amount, from, to, origin, hints }
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the hints.
    #[must_use]
    pub fn hints(mut self, hints: Hints) -> Self {
        self.hints = hints;
        self
    }

    /// Sets the imported row that the transfer comes from.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }
}

impl Transfer {
    /// The transfer by which a payment of a plan is made, without a description.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] if the payment is more than one transfer can be.
    pub fn of_payment(
        date: Date,
        currency: Currency,
        payment: &Settlement,
    ) -> Result<Self, AmountError> {
        let units = u64::try_from(payment.amount.minor_units()).ok();
        let amount = Amount::from_minor_units(units.ok_or(AmountError::TooLarge)?)?;
        Ok(Self::new(date, currency, amount, payment.from, payment.to))
    }
}
