//! Balances, debts between members, and plans that settle them.

use std::sync::Arc;

use ledger_core::{Currency, MemberId, settle_up};

use super::{AsOf, LedgerGroup, MemberBalance, Payment};
use crate::error::LedgerError;
use crate::platform::{ProgressListener, with_progress};
use crate::values::{ExchangeRate, Money, rates};

/// Balances of all currencies in one, a plan that settles them together, and the rates
/// behind both.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ConvertedBalances {
    /// The balances that are not zero. They sum to zero.
    pub balances: Vec<MemberBalance>,
    /// Who pays whom, with the fewest payments where these can be computed. Recorded as
    /// transfers, the payments leave the balances in the other currencies open.
    pub payments: Vec<Payment>,
    /// The rates that were used. Show them beside the plan.
    pub rates: Vec<ExchangeRate>,
}

/// Balances of the members, debts between them, and plans that settle both.
#[derive(uniffi::Object)]
pub struct GroupBalances {
    group: LedgerGroup,
}

impl GroupBalances {
    pub(super) fn new(group: LedgerGroup) -> Self {
        Self { group }
    }
}

#[uniffi::export]
impl GroupBalances {
    /// Every member's balance in every currency, zeros too: by currency, then in the
    /// order of the members.
    ///
    /// # Errors
    /// `BalanceTooLarge`, or any error of reading the database.
    pub fn now(&self) -> Result<Vec<MemberBalance>, LedgerError> {
        let ledger = self.group.ledger()?;
        let state = ledger.state();
        let members: Vec<MemberId> = state.members().iter().map(|(id, _)| *id).collect();
        let mut balances = Vec::new();
        for currency in state.currencies() {
            for member in &members {
                let balance = Money::of_balance(state.balance(*member, currency), currency)?;
                balances.push(MemberBalance { member: *member, balance });
            }
        }
        Ok(balances)
    }

    /// The balances that were not zero as of an entry or a day, by what counts now: by
    /// currency, then by member. As of an entry, everything after it in the order of clocks
    /// is left out; as of a day, everything that is dated later. It can take long, and
    /// reports its progress.
    ///
    /// # Errors
    /// `UnknownEntry`, `BalanceTooLarge`, `Cancelled`, `CallbackFailed`, or any error of
    /// reading the database.
    #[uniffi::method(default(listener = None))]
    pub fn as_of(
        &self,
        point: AsOf,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<MemberBalance>, LedgerError> {
        let (group, point) = (self.group.group()?, point.into());
        let found = with_progress(listener, |progress| group.balances().as_of(point, progress))?;
        let mut rows = Vec::new();
        for (currency, members) in found {
            for (member, balance) in members {
                let balance = Money::of_balance(balance, currency)?;
                rows.push(MemberBalance { member, balance });
            }
        }
        Ok(rows)
    }

    /// The balances of all currencies in one, by the rates that the app gives: one rate for
    /// each currency with an open balance, between it and `currency`.
    ///
    /// # Errors
    /// `InvalidRate` if a rate is missing, 0, or given twice: the reason names each pair that
    /// lacks one; `InvalidCurrency`, `BalanceTooLarge`, or any error of reading the database.
    pub fn in_currency(
        &self,
        currency: &str,
        rates: Vec<ExchangeRate>,
    ) -> Result<ConvertedBalances, LedgerError> {
        let group = self.group.group()?;
        let state = group.state()?;
        // A group can have money in a code that this version does not know.
        let find = |code: &str| match state.currencies().find(|known| known.code() == code) {
            Some(known) => Ok(known),
            None => Ok(Currency::from_code(code)?),
        };
        let to = find(currency)?;
        let converted = group.balances().in_currency(to, &self::rates(&rates, find)?)?;
        let balances = converted.balances().iter().map(|(member, balance)| {
            Ok(MemberBalance { member: *member, balance: Money::of_balance(*balance, to)? })
        });
        let payments = converted.settle_up().into_iter().map(|step| {
            Ok(Payment {
                from_member: step.from,
                to_member: step.to,
                money: Money::of_balance(step.amount, to)?,
            })
        });
        Ok(ConvertedBalances {
            balances: balances.collect::<Result<_, LedgerError>>()?,
            payments: payments.collect::<Result<_, LedgerError>>()?,
            rates: converted.rates().iter().map(|pair| (*pair).into()).collect(),
        })
    }

    /// What each other member owes one member: negative is what the member owes them. Those
    /// with whom nothing is open are left out. In each currency the sum is the member's
    /// balance.
    ///
    /// # Errors
    /// `BalanceTooLarge`, or any error of reading the database.
    pub fn debts(&self, member: MemberId) -> Result<Vec<MemberBalance>, LedgerError> {
        let mut rows = Vec::new();
        for (currency, others) in self.group.group()?.balances().debts(member)? {
            for (other, owed) in others {
                let balance = Money::of_balance(owed, currency)?;
                rows.push(MemberBalance { member: other, balance });
            }
        }
        Ok(rows)
    }

    /// A plan of payments that settles all balances: who pays whom. It has the fewest
    /// payments where these can be computed. The same balances give the same plan.
    ///
    /// # Errors
    /// `BalanceTooLarge`, or any error of reading the database.
    pub fn settle_up(&self) -> Result<Vec<Payment>, LedgerError> {
        let ledger = self.group.ledger()?;
        let state = ledger.state();
        let mut payments = Vec::new();
        for currency in state.currencies() {
            for step in settle_up(state.open_balances(currency)) {
                payments.push(Payment {
                    from_member: step.from,
                    to_member: step.to,
                    money: Money::of_balance(step.amount, currency)?,
                });
            }
        }
        Ok(payments)
    }

    /// The payments of `settle_up` that one member makes or gets. They settle the member,
    /// and leave the others as they are.
    ///
    /// # Errors
    /// `BalanceTooLarge`, or any error of reading the database.
    pub fn settle_up_for(&self, member: MemberId) -> Result<Vec<Payment>, LedgerError> {
        let mut payments = Vec::new();
        for (currency, plan) in self.group.group()?.balances().settle_up_for(member)? {
            for step in plan {
                payments.push(Payment {
                    from_member: step.from,
                    to_member: step.to,
                    money: Money::of_balance(step.amount, currency)?,
                });
            }
        }
        Ok(payments)
    }

    /// The plan in which people pay only those whom they owe: one payment for each pair
    /// with an open debt. It can have more payments than `settle_up`. It reads every
    /// expense, and reports its progress.
    ///
    /// # Errors
    /// `BalanceTooLarge`, `Cancelled`, `CallbackFailed`, or any error of reading the
    /// database.
    #[uniffi::method(default(listener = None))]
    pub fn settle_up_only_owed(
        &self,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<Payment>, LedgerError> {
        let group = self.group.group()?;
        let debts = with_progress(listener, |progress| group.balances().pairwise_debts(progress))?;
        let mut payments = Vec::new();
        for currency in debts.currencies() {
            for step in debts.settle_up(currency) {
                payments.push(Payment {
                    from_member: step.from,
                    to_member: step.to,
                    money: Money::of_balance(step.amount, currency)?,
                });
            }
        }
        Ok(payments)
    }
}
