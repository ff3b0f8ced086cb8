//! Test of shares against a rule of splitting, whoever got the odd units (SPEC §9.1).

use std::collections::BTreeMap;

use super::items::{plus, times};
use super::parts::Total;
use super::{Itemised, Split};
use crate::money::{Amount, Balance, Currency};

impl<K: Ord + Clone> Split<K> {
    /// Returns whether the rule gives these shares of `total`: the rule fits the total, the shares are
    /// of its participants and sum to the total, and each is less than one minor unit from its exact
    /// value. A participant without a share has one of zero. It does not matter who got the odd units.
    ///
    /// ```
    /// use ledger_core::{Amount, Currency, Split};
    /// let yen = Currency::from_code("JPY")?;
    /// let amount = |units| Amount::from_minor_units(units);
    /// let split = Split::Weights(vec![("Cruz", 3), ("Dana", 1)]);
    /// let gives = |cruz, dana| -> Result<bool, Box<dyn std::error::Error>> {
    ///     let shares = [("Cruz", amount(cruz)?), ("Dana", amount(dana)?)];
    ///     Ok(split.gives(&shares, amount(10)?, yen))
    /// };
    /// assert!(gives(7, 3)? && gives(8, 2)?, "7.5 and 2.5, exactly");
    /// assert!(!gives(6, 4)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn gives(&self, shares: &[(K, Amount)], total: Amount, currency: Currency) -> bool {
        let sum = Amount::checked_sum(shares.iter().map(|(_, share)| *share));
        let mut open: BTreeMap<&K, u64> =
            shares.iter().map(|(k, share)| (k, share.minor_units())).collect();
        // Somebody who stands twice among the shares has no place in a rule.
        if sum != Some(total) || open.len() != shares.len() {
            return false;
        }
        // Whether a rule fits is asked of the function that computes shares; of a receipt, that takes
        // as long as what follows, and is part of it.
        if !matches!(self, Self::Items(_)) && self.shares(total, currency, 0).is_err() {
            return false;
        }
        let fits =
            self.is_close(Total { amount: total, currency }, &mut |k| open.remove(k).unwrap_or(0));
        // What is left is of somebody who takes no part.
        fits && open.values().all(|share| *share == 0)
    }

    /// Whether the share of each participant is less than one unit from the exact one. `share` is
    /// asked once for each.
    fn is_close(&self, whole: Total, share: &mut dyn FnMut(&K) -> u64) -> bool {
        let total = whole.amount;
        let one = |k| (k, 1);
        match self {
            Self::Equal(participants) => {
                is_proportional(participants.iter().map(one), total, share)
            }
            Self::Weights(parts) => {
                is_proportional(parts.iter().map(|(k, weight)| (k, *weight)), total, share)
            }
            Self::Percent(parts) => {
                is_proportional(parts.iter().map(|(k, part)| (k, part.millionths())), total, share)
            }
            Self::Exact(parts) => parts.iter().all(|(k, part)| share(k) == part.minor_units()),
            Self::Adjust(parts) => is_adjusted(parts, total, share),
            Self::Items(bill) => bill.is_close(whole, share),
        }
    }
}

/// Whether `share * W` is less than `W` away from `total * w`, for each weight `w` and their sum `W`.
fn is_proportional<'a, K: 'a>(
    parts: impl Iterator<Item = (&'a K, u64)> + Clone,
    total: Amount,
    share: &mut dyn FnMut(&K) -> u64,
) -> bool {
    // Products of amounts, below 2^50, and weights, of which 1,024 sum to less than 2^51.
    let sum = parts.clone().fold(0, |sum: u128, (_, weight)| sum.saturating_add(weight.into()));
    let total = u128::from(total.minor_units());
    let mut parts = parts;
    parts.all(|(k, weight)| {
        let found = u128::from(share(k)).saturating_mul(sum);
        found.abs_diff(total.saturating_mul(weight.into())) < sum.max(1)
    })
}

/// Whether `(share - a) * n` is less than `n` away from what the adjustments leave.
fn is_adjusted<K>(parts: &[(K, Balance)], total: Amount, share: &mut dyn FnMut(&K) -> u64) -> bool {
    let sum = parts.iter().fold(Balance::ZERO, |sum, (_, own)| sum.plus(*own));
    let rest = Balance::from(total).minus(sum).minor_units();
    let count = i128::try_from(parts.len()).unwrap_or(i128::MAX);
    parts.iter().all(|(k, own)| {
        let equal = i128::from(share(k)).saturating_sub(own.minor_units());
        equal.saturating_mul(count).abs_diff(rest) < count.unsigned_abs().max(1)
    })
}

impl<K: Ord + Clone> Itemised<K> {
    /// Whether `share * B` is less than `B` away from `T * c`, both over one denominator.
    fn is_close(&self, whole: Total, share: &mut dyn FnMut(&K) -> u64) -> bool {
        let (claims, items) = match self.fitting_claims(whole) {
            Err(_) => return false,
            Ok(None) => return true,
            Ok(Some(found)) => found,
        };
        claims.all(whole.amount, items, |k, exact, unit| {
            let found = times(unit.clone(), &share(k));
            let one_more = plus(exact.clone(), unit);
            // found < exact + unit, and exact < found + unit.
            found < one_more && *exact < plus(found, unit)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::{Percent, SplitItem};

    fn euro() -> Currency {
        Currency::from_code("EUR").unwrap()
    }

    fn amount(units: u64) -> Amount {
        Amount::from_minor_units(units).unwrap()
    }

    fn shares(units: &[u64]) -> Vec<(usize, Amount)> {
        units.iter().map(|units| amount(*units)).enumerate().filter(|(_, a)| !a.is_zero()).collect()
    }

    fn gives(split: &Split<usize>, units: &[u64]) -> bool {
        let total = units.iter().sum();
        split.gives(&shares(units), amount(total), euro())
    }

    #[test]
    fn each_rule_gives_what_is_within_a_unit() {
        let weights = Split::Weights(vec![(0, 2), (1, 1)]);
        assert!(gives(&weights, &[67, 33]) && gives(&weights, &[66, 34]));
        assert!(!gives(&weights, &[65, 35]) && !gives(&weights, &[66, 33, 1]));
        assert!(!gives(&weights, &[100]));
        let equal = Split::Equal(vec![0, 1, 2]);
        assert!(
            gives(&equal, &[1, 0, 0]) && gives(&equal, &[0, 0, 1]) && gives(&equal, &[4, 3, 3])
        );
        assert!(!gives(&equal, &[5, 3, 3]) && !gives(&equal, &[0, 0, 0, 1]));
        let percent = |parts: &[u64]| {
            let parts = parts.iter().map(|part| Percent::from_millionths(*part).unwrap());
            Split::Percent(parts.enumerate().collect())
        };
        assert!(gives(&percent(&[500_000, 500_000]), &[51, 50]));
        assert!(!gives(&percent(&[500_000, 500_001]), &[50, 50]), "not 100 %");
        let exact = Split::Exact(vec![(0, amount(4)), (1, amount(6))]);
        assert!(gives(&exact, &[4, 6]) && !gives(&exact, &[5, 5]) && !gives(&exact, &[4, 6, 1]));
        let adjust = Split::Adjust(vec![(0, Balance::from_minor_units(-10)), (1, Balance::ZERO)]);
        assert!(
            gives(&adjust, &[45, 55]) && gives(&adjust, &[45, 56]) && gives(&adjust, &[46, 55])
        );
        assert!(!gives(&adjust, &[44, 57]) && !gives(&adjust, &[50, 50]));
    }

    #[test]
    fn items_give_what_is_within_a_unit() {
        let pizza = SplitItem::new("Pizza", amount(100)).shared_by(0, 1).shared_by(1, 2);
        let wine = SplitItem::new("Wine", amount(50)).shared_by(1, 1);
        let bill = Itemised::new().item(pizza).item(wine).tip(amount(15));
        let split = Split::Items(bill);
        // 33.33 * 1.1 = 36.67, and 116.67 * 1.1 = 128.33.
        assert!(gives(&split, &[37, 128]) && gives(&split, &[36, 129]));
        assert!(!gives(&split, &[35, 130]) && !gives(&split, &[38, 127]));
        assert!(!gives(&split, &[37, 129]), "another total");
    }

    proptest! {
        #[test]
        fn a_rule_gives_its_shares_with_any_turn(
            total in 1..=crate::base::limits::MAX_AMOUNT,
            weights in proptest::collection::vec(0u64..50, 1..9),
            turn: u64,
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let total = amount(total);
            let weights: Vec<(usize, u64)> = weights.into_iter().enumerate().collect();
            let item = SplitItem { text: String::new(), amount: total, participants: weights.clone() };
            for split in [Split::Weights(weights.clone()), Split::Items(Itemised::new().item(item))] {
                let shares = split.shares(total, euro(), turn).unwrap();
                prop_assert!(split.gives(&shares, total, euro()));
                // Two units from one to another are too many.
                if let [(_, a), .., (_, b)] = shares.as_slice() && b.minor_units() > 2 {
                    let mut moved = shares.clone();
                    let last = moved.len() - 1;
                    moved[0].1 = amount(a.minor_units() + 2);
                    moved[last].1 = amount(b.minor_units() - 2);
                    prop_assert!(!split.gives(&moved, total, euro()));
                }
            }
        }
    }
}
