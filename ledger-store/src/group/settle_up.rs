//! Plans for one person, the recording of a plan, and the default split.

use ledger_core::{Currency, Date, EntryId, MemberId, Settlement, Split, Transaction, Transfer};

use super::{ByCurrency, Group};
use crate::StoreError;
use crate::entries::NewEntry;
use crate::lists::Standing;

impl Group {
    /// The payments of [`Group::settle_up`] that one member makes or gets, per currency; currencies in
    /// which there are none are left out. They settle the member, and leave the others as they are.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn settle_up_for(&self, member: MemberId) -> Result<ByCurrency<Settlement>, StoreError> {
        let mut plans = self.settle_up()?;
        for (_, plan) in &mut plans {
            plan.retain(|step| step.from == member || step.to == member);
        }
        plans.retain(|(_, plan)| !plan.is_empty());
        Ok(plans)
    }

    /// Records payments of a plan as transfers, all or none, and returns their entries in the same
    /// order: one call of [`Group::append`]. Record what people say that they paid.
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense};
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # group.append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    /// # let (anna, ben) = (group.members()?[0].0, group.members()?[1].0);
    /// # let (euro, ten) = (Currency::from_code("EUR")?, Amount::from_minor_units(1000)?);
    /// # let tea = Expense::new("2026-11-21".parse()?, "Tea", euro, ten).paid_by(anna, ten);
    /// # group.append(vec![NewEntry::Record(tea.split_equally(&[anna, ben], 0).into())])?;
    /// let plans = group.settle_up_for(ben)?;
    /// let payments = plans.iter().flat_map(|(currency, plan)| plan.iter().map(|step| (*currency, *step)));
    /// group.record_payments(payments, "2026-11-30".parse()?, "Settle-up")?;
    /// assert!(group.settle_up_for(ben)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Amount`] if a payment is more than a transfer can be; otherwise as
    /// [`Group::append`].
    pub fn record_payments(
        &self,
        payments: impl IntoIterator<Item = (Currency, Settlement)>,
        day: Date,
        description: &str,
    ) -> Result<Vec<EntryId>, StoreError> {
        let transfer = |(currency, step): (Currency, Settlement)| {
            let transfer = Transfer::of_payment(day, currency, &step)?.description(description);
            Ok(NewEntry::Record(Transaction::Transfer(transfer)))
        };
        let entries = payments.into_iter().map(transfer).collect::<Result<Vec<_>, StoreError>>()?;
        // Nothing to be written needs no key and no transaction.
        if entries.is_empty() { Ok(Vec::new()) } else { self.append(entries) }
    }

    /// The rule by which a new expense is shared if nobody says otherwise: by everybody who was neither
    /// removed nor left, equally or by the default weights of the group
    /// ([`Settings::default_split`](ledger_core::Settings::default_split)).
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn default_split(&self) -> Result<Split<MemberId>, StoreError> {
        let members = self.lists().members()?.into_iter();
        let present = members
            .filter(|row| !matches!(row.standing, Standing::Removed | Standing::Left))
            .map(|row| row.id);
        Ok(self.settings()?.default_split(present))
    }
}
