//! Plans for one person, and the recording of payments.

use ledger_core::{Currency, MemberId, Transaction, Transfer};
use ledger_store::NewEntry;

use super::{LedgerGroup, Payment};
use crate::error::LedgerError;
use crate::values::{Day, ExpenseId, Money, amount};

#[uniffi::export]
impl LedgerGroup {
    /// The payments of `settle_up` that one member makes or gets. They settle the member,
    /// and leave the others as they are.
    ///
    /// # Errors
    /// `BalanceTooLarge`, or any error of reading the database.
    pub fn settle_up_for(&self, member: MemberId) -> Result<Vec<Payment>, LedgerError> {
        let mut payments = Vec::new();
        for (currency, plan) in self.group()?.settle_up_for(member)? {
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

    /// Records payments of a plan as transfers, all or none. Returns their ids in the same
    /// order. Record what people say that they paid.
    ///
    /// # Errors
    /// `InvalidAmount` if a payment is more than a transfer can be, `InvalidCurrency`, or as
    /// `record_transfer`.
    pub fn record_payments(
        &self,
        payments: Vec<Payment>,
        date: Day,
        description: &str,
    ) -> Result<Vec<ExpenseId>, LedgerError> {
        let group = self.group()?;
        let state = group.state()?;
        let entry = |payment: Payment| {
            let code = &payment.money.currency;
            // A group can have money in a code that this version does not know.
            let currency = match state.currencies().find(|known| known.code() == code) {
                Some(known) => known,
                None => Currency::from_code(code)?,
            };
            let amount = amount(payment.money.minor_units)?;
            let (from, to) = (payment.from_member, payment.to_member);
            let transfer = Transfer::new(date, currency, amount, from, to);
            Ok(NewEntry::Record(Transaction::Transfer(transfer.description(description))))
        };
        let entries = payments.into_iter().map(entry).collect::<Result<Vec<_>, LedgerError>>()?;
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        Ok(group.append(entries)?.into_iter().map(Into::into).collect())
    }
}
