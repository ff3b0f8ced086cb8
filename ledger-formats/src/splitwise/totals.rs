//! Closing rows, which the column sums must match.

use std::collections::BTreeMap;

use ledger_core::{Balance, Currency};

use super::header::{CURRENCY, Header, MEMBERS};
use crate::import::{ClosingTotal, FileBuilder, Met, Problem, ProblemKind};

/// Keeps a closing row, unless its currency has one already.
pub(super) fn push(
    header: &Header,
    totals: &mut BTreeMap<Currency, ClosingTotal>,
    total: ClosingTotal,
) -> Result<(), Problem> {
    let currency = total.currency;
    if let Some(other) = totals.get(&currency) {
        let kind = ProblemKind::SecondTotal { currency, first: other.line };
        return Err(header.error(total.line, CURRENCY, kind));
    }
    totals.insert(currency, total);
    Ok(())
}

/// Compares every closing row with the sums. In a currency in which rows were rounded, each may have
/// moved a balance by a minor unit, and so may the closing row itself.
pub(super) fn reconcile(
    header: &Header,
    totals: BTreeMap<Currency, ClosingTotal>,
    rounded: &BTreeMap<Currency, u64>,
    file: &mut FileBuilder,
    met: &mut Met,
) {
    let mut totals: Vec<ClosingTotal> = totals.into_values().collect();
    totals.sort_by_key(|total| total.line);
    for mut total in totals {
        let currency = total.currency;
        let allowed = rounded.get(&currency).map_or(0, |rows| u128::from(rows.saturating_add(1)));
        let sums = file.sums(currency).iter().copied().chain(core::iter::repeat(Balance::ZERO));
        for (place, (found, expected)) in total.balances.iter_mut().zip(sums).enumerate() {
            let off = found.minus(expected).minor_units().unsigned_abs();
            if off > allowed {
                let kind = ProblemKind::TotalMismatch {
                    expected: expected.format(currency),
                    found: found.format(currency),
                    currency,
                };
                met.push(header.error(total.line, place.saturating_add(MEMBERS), kind));
            }
            *found = expected;
        }
        file.total(total);
    }
}
