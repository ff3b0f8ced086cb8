//! Closing rows, which the column sums must match.

use ledger_core::Balance;

use super::header::{CURRENCY, Header, MEMBERS};
use crate::import::{ClosingTotal, FileBuilder, Met, Problem, ProblemKind};

/// Keeps a closing row, unless its currency has one already.
pub(super) fn push(
    header: &Header,
    totals: &mut Vec<ClosingTotal>,
    total: ClosingTotal,
) -> Result<(), Problem> {
    let currency = total.currency;
    if let Some(other) = totals.iter().find(|other| other.currency == currency) {
        let kind = ProblemKind::SecondTotal { currency, first: other.line };
        return Err(header.error(total.line, CURRENCY, kind));
    }
    totals.push(total);
    Ok(())
}

/// Compares every closing row with the sums.
pub(super) fn reconcile(
    header: &Header,
    totals: Vec<ClosingTotal>,
    file: &mut FileBuilder,
    met: &mut Met,
) {
    for total in totals {
        let currency = total.currency;
        let sums = file.sums(currency).iter().copied().chain(core::iter::repeat(Balance::ZERO));
        for (place, (found, expected)) in total.balances.iter().zip(sums).enumerate() {
            if *found != expected {
                let kind = ProblemKind::TotalMismatch {
                    expected: expected.format(currency),
                    found: found.format(currency),
                    currency,
                };
                met.push(header.error(total.line, place.saturating_add(MEMBERS), kind));
            }
        }
        file.total(total);
    }
}
