//! Column sums, and the closing rows that they must match.

use std::collections::BTreeMap;

use super::Row;
use super::error::{Error, ErrorKind};
use super::header::{CURRENCY, Header, MEMBERS};
use ledger_core::{Balance, Currency};

/// A closing row: what each member's balance in a currency is in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingTotal {
    pub(super) line: u64,
    pub(super) currency: Currency,
    pub(super) balances: Vec<Balance>,
}

impl ClosingTotal {
    /// The line of the file on which the closing row begins, counted from 1.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The currency.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// The balance of each member, in column order.
    #[must_use]
    pub fn balances(&self) -> &[Balance] {
        &self.balances
    }
}

/// Keeps a closing row, unless its currency has one already.
pub(super) fn push(
    header: &Header,
    totals: &mut Vec<ClosingTotal>,
    total: ClosingTotal,
) -> Result<(), Error> {
    let currency = total.currency;
    if let Some(other) = totals.iter().find(|other| other.currency == currency) {
        let kind = ErrorKind::SecondTotal { currency, first: other.line };
        return Err(header.error(total.line, CURRENCY, kind));
    }
    totals.push(total);
    Ok(())
}

/// The balances of all members in one currency after another.
pub(super) type Sums = BTreeMap<Currency, Vec<Balance>>;

/// Adds up what the rows mean. A sum of fewer than 2^77 rows fits a balance.
pub(super) fn add_up(rows: &[Row], members: usize) -> Sums {
    let mut sums = Sums::new();
    for row in rows {
        let balances = sums.entry(row.currency()).or_insert_with(|| vec![Balance::ZERO; members]);
        for (member, part) in row.parts() {
            if let Some(balance) = balances.get_mut(member) {
                *balance = balance.plus(part);
            }
        }
    }
    sums
}

/// Compares every closing row with the sums.
pub(super) fn reconcile(
    header: &Header,
    totals: &[ClosingTotal],
    sums: &Sums,
) -> Result<(), Error> {
    for total in totals {
        let currency = total.currency;
        let sums = sums.get(&currency).map(Vec::as_slice).unwrap_or_default();
        let sums = sums.iter().copied().chain(core::iter::repeat(Balance::ZERO));
        for (member, (found, expected)) in total.balances.iter().zip(sums).enumerate() {
            if *found != expected {
                let kind = ErrorKind::TotalMismatch {
                    expected: expected.format(currency),
                    found: found.format(currency),
                    currency,
                };
                return Err(header.error(total.line, member.saturating_add(MEMBERS), kind));
            }
        }
    }
    Ok(())
}
