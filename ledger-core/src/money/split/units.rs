//! Rounding of exact shares to whole minor units, by the largest remainders (SPEC §9.1).

use crate::money::Amount;

/// Splits `total` into `parts` shares that differ by at most one minor unit
/// and sum to `total`. The odd units go to consecutive places beginning with
/// `turn` modulo `parts`, so that a caller who passes a changing `turn` (such
/// as a hash of the expense) does not always favour the same person.
///
/// No parts give no shares. A share of zero has its place. [`Split::Equal`](super::Split::Equal)
/// is the same for participants with names.
///
/// ```
/// use ledger_core::{Amount, split_equally};
/// let ten = Amount::from_minor_units(1000)?;
/// let shares: Vec<_> = split_equally(ten, 3, 1).iter().map(|a| a.minor_units()).collect();
/// assert_eq!(shares, [333, 334, 333]);
/// # Ok::<(), ledger_core::AmountError>(())
/// ```
#[must_use]
pub fn split_equally(total: Amount, parts: usize, turn: u64) -> Vec<Amount> {
    let units = apportion(total.minor_units(), &vec![1; parts], turn).unwrap_or_default();
    // A share is never larger than the total, which is an amount.
    units.into_iter().map(|units| Amount::from_minor_units(units).unwrap_or(total)).collect()
}

/// Splits `total` in proportion to `weights`. `None` if no weight is above zero.
pub(super) fn apportion(total: u64, weights: &[u64], turn: u64) -> Option<Vec<u64>> {
    let sum = weights.iter().try_fold(0u128, |sum, weight| sum.checked_add((*weight).into()))?;
    let exact = |weight: &u64| {
        // Two factors of 64 bits.
        let product = u128::from(total).saturating_mul(u128::from(*weight));
        let whole = u64::try_from(product.checked_div(sum)?).ok()?;
        Some((whole, product.checked_rem(sum)?))
    };
    let exact = weights.iter().map(exact).collect::<Option<Vec<_>>>()?;
    (sum > 0).then(|| round(total, exact, turn))
}

/// Rounds exact shares, each a number of whole units and a remainder of one common denominator,
/// so that they sum to `total`.
///
/// The odd units, of which there are fewer than remainders above zero, go to the largest
/// remainders. If not all shares with one remainder can have one, they go to consecutive ones of
/// those shares, beginning with number `turn` modulo how many these are: with a `turn` that
/// changes, each has the same chance.
pub(super) fn round<R: Ord>(total: u64, exact: Vec<(u64, R)>, turn: u64) -> Vec<u64> {
    let (mut units, remainders): (Vec<u64>, Vec<R>) = exact.into_iter().unzip();
    let mut odd = units.iter().fold(total, |odd, whole| odd.saturating_sub(*whole));
    let mut places: Vec<(&R, &mut u64)> = remainders.iter().zip(&mut units).collect();
    // Stable, so equal remainders stay in the order of the participants.
    places.sort_by(|(a, _), (b, _)| b.cmp(a));
    for equal in places.chunk_by_mut(|(a, _), (b, _)| a == b) {
        let count = u64::try_from(equal.len()).unwrap_or(u64::MAX);
        let start = turn.checked_rem(count).and_then(|start| usize::try_from(start).ok());
        let given = odd.min(count);
        // Going round: the places from `start` on, then those before it.
        let (before, from) = equal.split_at_mut(start.unwrap_or(0).min(equal.len()));
        let round = from.iter_mut().chain(before);
        for (_, units) in round.take(usize::try_from(given).unwrap_or(usize::MAX)) {
            **units = units.saturating_add(1);
        }
        odd = odd.saturating_sub(given);
        if odd == 0 {
            break;
        }
    }
    units
}
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keeps_every_unit_and_is_fair(
            units in 0..=crate::base::limits::MAX_AMOUNT, parts in 1usize..50, turn: u64,
        ) {
            let total = Amount::from_minor_units(units)?;
            let shares = split_equally(total, parts, turn);
            prop_assert_eq!(shares.len(), parts);
            prop_assert_eq!(Amount::checked_sum(shares.iter().copied()), Some(total));
            let (min, max) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
            prop_assert!(max.minor_units() - min.minor_units() <= 1);
        }
    }

    #[test]
    fn odd_units_go_round() {
        let shares = |turn| -> Vec<u64> {
            let total = Amount::from_minor_units(5).unwrap();
            split_equally(total, 3, turn).iter().map(|a| a.minor_units()).collect()
        };
        assert_eq!(shares(0), [2, 2, 1]);
        assert_eq!(shares(1), [1, 2, 2]);
        assert_eq!(shares(2), [2, 1, 2]);
        assert_eq!(shares(3), [2, 2, 1]);
        assert!(split_equally(Amount::ZERO, 0, 0).is_empty());
    }
}
