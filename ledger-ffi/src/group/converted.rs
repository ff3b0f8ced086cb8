//! Balances of all currencies in one, and differences of corrections.

use ledger_core::Currency;

use super::{LedgerGroup, MemberBalance, Payment};
use crate::error::LedgerError;
use crate::values::{Difference, ExchangeRate, Money, Transaction, rates};

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

#[uniffi::export]
impl LedgerGroup {
    /// The balances of all currencies in one, by the rates that the app gives: one rate for
    /// each currency with an open balance, between it and `currency`.
    ///
    /// # Errors
    /// `InvalidRate` if a rate is missing, 0, or given twice: the reason names each pair that
    /// lacks one; `InvalidCurrency`, `BalanceTooLarge`, or any error of reading the database.
    pub fn balances_in(
        &self,
        currency: &str,
        rates: Vec<ExchangeRate>,
    ) -> Result<ConvertedBalances, LedgerError> {
        let group = self.group()?;
        let state = group.state()?;
        // A group can have money in a code that this version does not know.
        let find = |code: &str| match state.currencies().find(|known| known.code() == code) {
            Some(known) => Ok(known),
            None => Ok(Currency::from_code(code)?),
        };
        let to = find(currency)?;
        let converted = group.balances_in(to, &self::rates(&rates, find)?)?;
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

    /// What a later version of an expense or transfer changes, field by field; empty if both
    /// have the same content.
    ///
    /// # Errors
    /// `InvalidCurrency`, `InvalidAmount` or `InvalidId` if a version is none that was read.
    pub fn differences(
        &self,
        before: Transaction,
        after: Transaction,
    ) -> Result<Vec<Difference>, LedgerError> {
        let before: ledger_core::Transaction = before.try_into()?;
        let after: ledger_core::Transaction = after.try_into()?;
        Ok(before.differences(&after).into_iter().map(Into::into).collect())
    }

    /// The differences as `differences`, each in English, with members by their labels. For
    /// apps without texts of their own.
    ///
    /// # Errors
    /// As `differences`, or any error of reading the database.
    pub fn differences_in_english(
        &self,
        before: Transaction,
        after: Transaction,
    ) -> Result<Vec<String>, LedgerError> {
        let before: ledger_core::Transaction = before.try_into()?;
        let after: ledger_core::Transaction = after.try_into()?;
        let labels = self.group()?.state()?.labels();
        let label = |member| labels.get(&member).cloned().unwrap_or_else(|| member.short());
        Ok(before.differences(&after).iter().map(|one| one.text(label)).collect())
    }
}
