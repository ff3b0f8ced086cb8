//! Plans of payments that settle all balances (SPEC §9.2).

use crate::base::id::MemberId;
use crate::base::limits::MAX_EXACT_BALANCES;
use crate::money::Balance;

/// Payment of a settle-up plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settlement {
    /// The member who pays.
    pub from: MemberId,
    /// The member who receives.
    pub to: MemberId,
    /// The amount, positive.
    pub amount: Balance,
}

/// Computes a plan of payments that settles balances of one currency. Equal balances give
/// equal plans on every device.
///
/// With up to [`MAX_EXACT_BALANCES`] open balances no plan has fewer transfers: a
/// group of k people whose balances sum to zero needs at most k - 1, so the
/// most such groups make the fewest transfers. Above, the largest debtor pays
/// the largest creditor, again and again.
///
/// Balances that do not sum to zero leave the rest unsettled.
#[must_use]
pub fn settle_up(balances: impl IntoIterator<Item = (MemberId, Balance)>) -> Vec<Settlement> {
    let mut open: Vec<(MemberId, Balance)> =
        balances.into_iter().filter(|(_, balance)| !balance.is_zero()).collect();
    // One order for all devices, whatever the order of the input: equal balances, equal plans.
    open.sort_by_key(|(member, balance)| (core::cmp::Reverse(*balance), *member));
    let groups = if open.len() <= MAX_EXACT_BALANCES { zero_sum_groups(&open) } else { vec![open] };
    groups.into_iter().flat_map(settle_greedily).collect()
}

/// Splits the balances into as many groups as possible that each sum to zero;
/// what is left over forms the last group.
///
/// `best[set]` is the largest number of zero-sum groups into which part of
/// `set` can be taken apart, building the set up one balance after another:
/// each time a prefix sums to zero, one more group is closed.
fn zero_sum_groups(open: &[(MemberId, Balance)]) -> Vec<Vec<(MemberId, Balance)>> {
    let Some(sets) = u32::try_from(open.len()).ok().and_then(|n| 1u32.checked_shl(n)) else {
        return vec![open.to_vec()];
    };
    // For each set: the number of groups and the balance added last.
    let mut best: Vec<(u32, usize)> = Vec::new();
    let mut sums: Vec<Balance> = Vec::new();
    for set in 0..sets {
        let mut choice: Option<(u32, usize)> = None;
        let mut sum = Balance::ZERO;
        for (last, (_, balance)) in open.iter().enumerate() {
            let Some(without) = remove(set, last) else { continue };
            let groups = best.get(without).map_or(0, |(groups, _)| *groups);
            sum = sums.get(without).copied().unwrap_or_default().plus(*balance);
            // The first of equal choices stays, so that plans are stable.
            if choice.is_none_or(|(most, _)| groups > most) {
                choice = Some((groups, last));
            }
        }
        let (groups, last) = choice.unwrap_or_default();
        // A set that sums to zero closes a group, whichever element came last.
        let closes_one = set != 0 && sum.is_zero();
        best.push((groups.saturating_add(u32::from(closes_one)), last));
        sums.push(sum);
    }
    // Walk back from the full set, closing a group wherever a prefix was zero.
    let mut groups = Vec::new();
    let mut group = Vec::new();
    let mut set = sets.saturating_sub(1);
    while set != 0 {
        let place = usize::try_from(set).unwrap_or(usize::MAX);
        if sums.get(place).is_some_and(|sum| sum.is_zero()) && !group.is_empty() {
            groups.push(core::mem::take(&mut group));
        }
        let Some((_, last)) = best.get(place) else { break };
        group.extend(open.get(*last).copied());
        let Some(next) = remove(set, *last).and_then(|next| u32::try_from(next).ok()) else {
            break;
        };
        set = next;
    }
    groups.push(group);
    groups.reverse();
    groups
}

/// The set without the element `place`, as an index. `None` if the set lacks the element.
fn remove(set: u32, place: usize) -> Option<usize> {
    let bit = 1u32.checked_shl(u32::try_from(place).ok()?)?;
    (set & bit != 0).then_some(set & !bit).and_then(|set| usize::try_from(set).ok())
}

/// Plan in which the largest debtor pays the largest creditor, until no debtor or no creditor
/// is left.
fn settle_greedily(mut open: Vec<(MemberId, Balance)>) -> Vec<Settlement> {
    let mut plan = Vec::new();
    loop {
        open.retain(|(_, balance)| !balance.is_zero());
        // Members break ties, so that the order of the input does not matter.
        let creditor = open.iter().copied().max_by_key(|(m, b)| (*b, core::cmp::Reverse(*m)));
        let debtor = open.iter().copied().min_by_key(|(m, b)| (*b, *m));
        let (Some((to, credit)), Some((from, debt))) = (creditor, debtor) else { break };
        if credit <= Balance::ZERO || debt >= Balance::ZERO {
            break;
        }
        let amount = credit.min(debt.negated());
        plan.push(Settlement { from, to, amount });
        for (member, balance) in &mut open {
            if *member == to {
                *balance = balance.minus(amount);
            } else if *member == from {
                *balance = balance.plus(amount);
            }
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn member(n: u8) -> MemberId {
        MemberId::from_bytes([n; 32])
    }

    fn open(balances: &[i128]) -> Vec<(MemberId, Balance)> {
        (0u8..).zip(balances).map(|(n, b)| (member(n), Balance::from_minor_units(*b))).collect()
    }

    fn settles(balances: &[i128]) -> Vec<Settlement> {
        let plan = settle_up(open(balances));
        let mut left: BTreeMap<_, _> = open(balances).into_iter().collect();
        for step in &plan {
            assert!(step.amount > Balance::ZERO && step.from != step.to);
            let from = left.get_mut(&step.from).unwrap();
            *from = from.plus(step.amount);
            let to = left.get_mut(&step.to).unwrap();
            *to = to.minus(step.amount);
        }
        assert!(left.values().all(|b| b.is_zero()), "{balances:?} {plan:?}");
        plan
    }

    /// Fewest transfers by trying every partition, as an oracle.
    fn fewest(balances: &[i128]) -> usize {
        fn most_groups(rest: &[i128], sums: &mut Vec<i128>) -> Option<usize> {
            let Some((first, rest)) = rest.split_first() else {
                return sums.iter().all(|s| *s == 0).then_some(sums.len());
            };
            let mut best = None;
            for place in 0..sums.len() {
                sums[place] += first;
                best = best.max(most_groups(rest, sums));
                sums[place] -= first;
            }
            sums.push(*first);
            best = best.max(most_groups(rest, sums));
            sums.pop();
            best
        }
        let open: Vec<i128> = balances.iter().copied().filter(|b| *b != 0).collect();
        open.len() - most_groups(&open, &mut Vec::new()).unwrap()
    }

    #[test]
    fn finds_the_fewest_where_greedy_does_not() {
        // Greedy pays 6→5 first and needs four transfers.
        let plan = settles(&[6, 4, -5, -4, -1]);
        assert_eq!(plan.len(), 3);
        assert_eq!(settles(&[10, -5, -5, 3, -3]).len(), 3);
        assert!(settles(&[]).is_empty() && settles(&[0, 0]).is_empty());
    }

    #[test]
    fn sixteen_balances_are_still_exact() {
        let mut balances = Vec::new();
        for n in 1..=8 {
            balances.extend([n * 1_000 + n * n, -(n * 1_000 + n * n)]);
        }
        assert_eq!(settles(&balances).len(), 8);
    }

    proptest! {
        #[test]
        fn exact_up_to_small_sizes(mut balances in proptest::collection::vec(-9i128..9, 0..8)) {
            balances.push(-balances.iter().sum::<i128>());
            prop_assert_eq!(settles(&balances).len(), fewest(&balances));
        }

        #[test]
        fn settles_any_size(mut balances in proptest::collection::vec(-99_999i128..99_999, 0..60)) {
            balances.push(-balances.iter().sum::<i128>());
            let plan = settles(&balances);
            prop_assert!(plan.len() < balances.len());
            let mut shuffled = open(&balances);
            shuffled.reverse();
            prop_assert_eq!(settle_up(shuffled), plan, "the order of the input does not matter");
        }
    }
}
