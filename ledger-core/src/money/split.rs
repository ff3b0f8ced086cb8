//! Equal splits that sum exactly to the total.

use super::Amount;

/// Splits `total` into `parts` shares that differ by at most one minor unit
/// and sum to `total`. The odd units go to consecutive places beginning with
/// `turn` modulo `parts`, so that a caller who passes a changing `turn` (such
/// as a hash of the expense) does not always favour the same person.
///
/// No parts give no shares.
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
    let Ok(count) = u64::try_from(parts) else { return Vec::new() };
    let (Some(base), Some(odd), Some(start)) = (
        total.minor_units().checked_div(count),
        total.minor_units().checked_rem(count),
        turn.checked_rem(count),
    ) else {
        return Vec::new();
    };
    (0..count)
        .map(|place| {
            // How many places after the start this one comes, going round.
            let distance = if place >= start {
                place.saturating_sub(start)
            } else {
                place.saturating_add(count).saturating_sub(start)
            };
            let share = base.saturating_add(u64::from(distance < odd));
            // A share is never larger than the total, which is an amount.
            Amount::from_minor_units(share).unwrap_or(total)
        })
        .collect()
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
