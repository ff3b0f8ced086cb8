//! Balances of now, or as of a day or an entry.

use std::collections::BTreeMap;

use ledger_core::engine::AsOf;
use ledger_core::{Balance, Currency, Date, GroupState, MemberId};
use ledger_store::Group;

use crate::entry::find;
use crate::failure::Failure;
use crate::show::progress_bar;

/// Balances of members in currencies, at some point.
pub(crate) struct BalancesAt {
    /// When, for people; none for now.
    pub(crate) point: Option<String>,
    /// The currencies to be shown.
    pub(crate) currencies: Vec<Currency>,
    open: BTreeMap<(Currency, MemberId), Balance>,
}

impl BalancesAt {
    /// The balances as they are.
    pub(crate) fn now(state: &GroupState) -> Self {
        let currencies: Vec<Currency> = state.currencies().collect();
        let mut open = BTreeMap::new();
        for currency in &currencies {
            for (member, balance) in state.open_balances(*currency) {
                open.insert((*currency, member), balance);
            }
        }
        Self { point: None, currencies, open }
    }

    /// The balances as of `--as-of`: the end of a day, or an entry and all before it.
    ///
    /// # Errors
    /// [`Failure::Usage`] if the text is neither a day nor the beginning of an entry's id.
    pub(crate) fn as_of(group: &Group, state: &GroupState, text: &str) -> Result<Self, Failure> {
        let (point, words) = point(group, state, text)?;
        let then = group.balances().as_of(point, &mut progress_bar())?;
        let currencies = then.iter().map(|(currency, _)| *currency).collect();
        let each = then.into_iter().flat_map(|(currency, members)| {
            members.into_iter().map(move |(member, balance)| ((currency, member), balance))
        });
        Ok(Self { point: Some(words), currencies, open: each.collect() })
    }

    /// A member's balance in a currency.
    pub(crate) fn balance(&self, member: MemberId, currency: Currency) -> Balance {
        self.open.get(&(currency, member)).copied().unwrap_or_default()
    }

    /// All balances that are not zero.
    pub(crate) fn open(&self) -> impl Iterator<Item = (Currency, MemberId, Balance)> + '_ {
        self.open.iter().map(|((currency, member), balance)| (*currency, *member, *balance))
    }
}

/// The point that `--as-of` says, and how a person reads it.
///
/// # Errors
/// [`Failure::Usage`] if the text is neither a day nor the beginning of an entry's id.
pub(crate) fn point(
    group: &Group,
    state: &GroupState,
    text: &str,
) -> Result<(AsOf, String), Failure> {
    match text.parse::<Date>() {
        Ok(day) => Ok((AsOf::Date(day), format!("as of {day}"))),
        // A day that the calendar lacks is no id.
        Err(error) if text.contains('-') => {
            Err(Failure::Usage(format!("--as-of {text:?}: {error}")))
        }
        Err(_) => {
            let id = find(group, state, text)?;
            Ok((AsOf::Entry(id), format!("as of entry {}", group.lists().short_id(id)?)))
        }
    }
}
