//! Balances, debts between members, and plans that settle them.

use std::ops::ControlFlow;

use ledger_core::engine::AsOf;
use ledger_core::{Balance, Converted, Currency, Debts, MemberId, Rates, Settlement};

use crate::StoreError;
use crate::lists::{balances_as_of, debts_of, pairwise_debts};
use crate::platform::progress::Progress;
use crate::session::GroupSession;

/// A list for each currency.
pub type ByCurrency<T> = Vec<(Currency, Vec<T>)>;

/// Balances of the members, debts between them, and plans that settle both.
#[derive(Clone, Copy)]
pub struct GroupBalances<'a> {
    session: &'a GroupSession,
}

impl<'a> GroupBalances<'a> {
    pub(super) fn new(session: &'a GroupSession) -> Self {
        Self { session }
    }

    /// The balances that are not zero, by currency.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn now(&self) -> Result<ByCurrency<(MemberId, Balance)>, StoreError> {
        let ledger = self.session.ledger()?;
        let state = ledger.state();
        let balances = |currency| (currency, state.open_balances(currency).collect());
        Ok(state.currencies().map(balances).collect())
    }

    /// The balances that were not zero as of an entry or a day, by currency, by the verdicts of now
    /// (SPEC §7.3). As of an entry it reads what came after it in the order of clocks; as of a day, what
    /// is dated up to it. `progress` counts that, and may stop the work.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense};
    /// use ledger_core::engine::AsOf;
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # group.entries().append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    /// # let (anna, ben) = (group.members()?[0].0, group.members()?[1].0);
    /// # let (euro, ten) = (Currency::from_code("EUR")?, Amount::from_minor_units(1000)?);
    /// # for day in ["2026-11-21", "2026-11-22"] {
    /// #     let tea = Expense::new(day.parse()?, "Tea", euro, ten).paid_by(anna, ten);
    /// #     group.entries().append(vec![NewEntry::Record(tea.split_equally(&[anna, ben], 0).into())])?;
    /// # }
    /// let day = AsOf::Date("2026-11-21".parse()?);
    /// let then = group.balances().as_of(day, &mut |_| ControlFlow::Continue(()))?;
    /// let open: Vec<_> = then[0].1.iter().map(|(_, balance)| balance.minor_units().abs()).collect();
    /// assert_eq!(open, [500, 500]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::UnknownEntry`] if the entry is not here; [`StoreError::Cancelled`] if it was
    /// stopped; [`StoreError`] if the database cannot be read.
    pub fn as_of(
        &self,
        point: AsOf,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<ByCurrency<(MemberId, Balance)>, StoreError> {
        let mut balances = ByCurrency::<(MemberId, Balance)>::new();
        for ((currency, member), balance) in balances_as_of(self.session, point, progress)? {
            match balances.last_mut() {
                Some((last, members)) if *last == currency => members.push((member, balance)),
                _ => balances.push((currency, vec![(member, balance)])),
            }
        }
        Ok(balances)
    }

    /// The balances of all currencies in one, by rates that the app gives, and a plan that settles
    /// them together: [`Converted::settle_up`]. They sum to zero (SPEC §9.3).
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense, Rates};
    /// # let group = StoreOptions::new().in_memory()?.create_group("Trip", "Anna")?;
    /// # group.entries().append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    /// # let (anna, ben) = (group.members()?[0].0, group.members()?[1].0);
    /// # let (yen, amount) = (Currency::from_code("JPY")?, Amount::from_minor_units(3200)?);
    /// # let tea = Expense::new("2026-11-21".parse()?, "Ramen", yen, amount)
    /// #     .paid_by(anna, amount).split_equally(&[anna, ben], 0);
    /// # group.entries().append(vec![NewEntry::Record(tea.into())])?;
    /// let euro = Currency::from_code("EUR")?;
    /// let mut rates = Rates::new();
    /// rates.set(euro, Currency::from_code("JPY")?, "160".parse()?)?;
    /// let converted = group.balances().in_currency(euro, &rates)?;
    /// assert_eq!(converted.balance(ben).format(euro), "-10.00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Rates`] with each pair that lacks a rate; [`StoreError`] if the database cannot
    /// be read.
    pub fn in_currency(&self, currency: Currency, rates: &Rates) -> Result<Converted, StoreError> {
        Ok(self.session.ledger()?.state().balances_in(currency, rates)?)
    }

    /// What each other member owes one member, by currency; negative is what the member owes them.
    /// Those with whom nothing is open are left out. In each currency the sum is the member's
    /// balance. Takes time for each expense and transfer that names the member, in proportion to
    /// those who paid it times those who have a share in it, of whom an entry can have a thousand.
    ///
    /// ```
    /// # use ledger_store::{NewEntry, StoreOptions};
    /// # use ledger_core::{Amount, Currency, Expense};
    /// # let group = StoreOptions::new().in_memory()?.create_group("Flat", "Anna")?;
    /// # group.entries().append(vec![NewEntry::Placeholder { name: "Ben".into() }])?;
    /// # let (anna, ben) = (group.members()?[0].0, group.members()?[1].0);
    /// # let (euro, ten) = (Currency::from_code("EUR")?, Amount::from_minor_units(1000)?);
    /// let tea = Expense::new("2026-11-21".parse()?, "Tea", euro, ten)
    ///     .paid_by(anna, ten)
    ///     .split_equally(&[anna, ben], 0);
    /// group.entries().append(vec![NewEntry::Record(tea.into())])?;
    /// let (currency, others) = &group.balances().debts(ben)?[0];
    /// assert_eq!((*currency, others[0].0, others[0].1.minor_units()), (euro, anna, -500));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn debts(&self, member: MemberId) -> Result<ByCurrency<(MemberId, Balance)>, StoreError> {
        let debts = debts_of(self.session, member)?;
        Ok(debts.currencies().map(|currency| (currency, debts.owed_to(currency, member))).collect())
    }

    /// Who owes whom, of all members: [`Debts::settle_up`] of it is the plan in which people pay
    /// only those whom they owe. Reads every expense and transfer that counts; `progress` counts
    /// them, and may stop the work, also inside of an expense that many paid for many.
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if it was stopped. [`StoreError`] if the database cannot be read.
    pub fn pairwise_debts(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Debts, StoreError> {
        pairwise_debts(self.session, progress)
    }

    /// The payments that settle all balances, by currency.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn settle_up(&self) -> Result<ByCurrency<Settlement>, StoreError> {
        let ledger = self.session.ledger()?;
        let state = ledger.state();
        let plan = |currency| (currency, ledger_core::settle_up(state.open_balances(currency)));
        Ok(state.currencies().map(plan).collect())
    }

    /// The payments of [`GroupBalances::settle_up`] that one member makes or gets, per currency; currencies in
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
}
