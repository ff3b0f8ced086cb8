//! Balances after an import, beside the sums of the file.

use std::collections::BTreeMap;

use ledger_core::{Balance, Currency, GroupState, MemberId, Transaction};
use ledger_formats::ImportFile;

use super::compare::{Comparison, RowStatus};
use super::content::{Content, nets_of};
use super::{ImportChoice, OldRows};
use crate::StoreError;

/// Balances in one currency after an import.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedTotal {
    /// The currency.
    pub currency: Currency,
    /// The people of the file whose balance then is not the file's sum: because the group holds more
    /// than the file, or rows of it are cancelled or edited here.
    pub differences: Vec<TotalDifference>,
}

/// Balance of a person that is not the sum of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TotalDifference {
    /// The name in the file.
    pub name: String,
    /// The sum of the file.
    pub file: Balance,
    /// The balance in the group.
    pub ledger: Balance,
}

/// Balances of the columns, by parts that depend on the choice.
#[derive(Clone, Debug, Default)]
pub(super) struct Balances {
    /// The balances as they are. Empty for a new group.
    now: Option<BTreeMap<(Currency, usize), Balance>>,
    /// What rows add that are gone or changed.
    old: BTreeMap<(Currency, usize), Balance>,
    /// What cancelled rows would add.
    cancelled: BTreeMap<(Currency, usize), Balance>,
    /// What new rows add.
    new: BTreeMap<(Currency, usize), Balance>,
}

impl Balances {
    pub(super) fn of(
        file: &ImportFile,
        comparison: &Comparison,
        state: &GroupState,
    ) -> Result<Self, StoreError> {
        let mut balances = Self::default();
        let places: BTreeMap<MemberId, usize> = comparison
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| (column.member, place))
            .collect();
        let mut now = BTreeMap::new();
        for currency in file.currencies() {
            for (member, place) in &places {
                now.insert((currency, *place), state.balance(*member, currency));
            }
        }
        balances.now = Some(now);
        for (row, status) in file.rows().zip(&comparison.rows) {
            let to = match status {
                RowStatus::New => &mut balances.new,
                RowStatus::Cancelled(_) => &mut balances.cancelled,
                RowStatus::Known | RowStatus::Waiting | RowStatus::Opening => continue,
            };
            for (place, net) in nets_of(&row) {
                add(to, (row.currency(), place), net);
            }
        }
        for old in &comparison.old {
            let shown: &Transaction = &old.recorded.transaction;
            let content = Content::of(shown);
            for (member, net) in content.nets {
                if let Some(place) = places.get(&member) {
                    add(&mut balances.old, (content.currency, *place), net);
                }
            }
        }
        Ok(balances)
    }

    pub(super) fn after(&self, file: &ImportFile, choice: ImportChoice) -> Vec<PlannedTotal> {
        let total = |currency: Currency| {
            let people = file.people().iter().zip(file.sums(currency)).enumerate();
            let differences = people.filter_map(|(place, (member, sum))| {
                let ledger = self.balance((currency, place), choice)?;
                let name = || member.name().to_owned();
                (ledger != sum).then(|| TotalDifference { name: name(), file: sum, ledger })
            });
            PlannedTotal { currency, differences: differences.collect() }
        };
        file.currencies().map(total).collect()
    }

    /// A balance after the import. None in a new group, which holds what the file does.
    fn balance(&self, key: (Currency, usize), choice: ImportChoice) -> Option<Balance> {
        let part = |parts: &BTreeMap<_, Balance>| parts.get(&key).copied().unwrap_or_default();
        let mut balance = part(self.now.as_ref()?).plus(part(&self.new));
        if choice.old_rows == OldRows::Replace {
            balance = balance.minus(part(&self.old));
        }
        if choice.restore_cancelled {
            balance = balance.plus(part(&self.cancelled));
        }
        Some(balance)
    }
}

fn add(parts: &mut BTreeMap<(Currency, usize), Balance>, key: (Currency, usize), part: Balance) {
    let sum = parts.entry(key).or_default();
    *sum = sum.plus(part);
}
