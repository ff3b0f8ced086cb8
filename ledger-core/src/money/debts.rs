//! Debts between members, by pairs (SPEC §9).

use core::ops::ControlFlow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Amount, Balance, Currency, Direction, Settlement, settle_up};
use crate::base::id::MemberId;

/// Debts between members, per currency and pair of members.
///
/// A balance says what a member is owed by the group. Debts say by whom: each share of an
/// expense is owed to those who paid, in proportion to what they paid, and a transfer is owed to
/// its giver. Of two members at most one owes the other. What all others owe a member, less what
/// the member owes them, is the member's balance.
///
/// ```
/// use ledger_core::{Amount, Currency, Debts, MemberId};
/// # let (anna, ben, cem) =
/// #     (MemberId::from_bytes([1; 32]), MemberId::from_bytes([2; 32]), MemberId::from_bytes([3; 32]));
/// let euro = Currency::from_code("EUR")?;
/// let units = |n| Amount::from_minor_units(n);
/// let mut debts = Debts::default();
/// // Anna paid 20.00 and Ben 10.00 for all three, in equal parts.
/// debts.add(euro, &[(anna, units(2000)?), (ben, units(1000)?)],
///     &[(anna, units(1000)?), (ben, units(1000)?), (cem, units(1000)?)]);
/// assert_eq!(debts.owed(euro, cem, anna).minor_units(), 666);
/// assert_eq!(debts.owed(euro, cem, ben).minor_units(), 334);
/// assert_eq!(debts.owed(euro, ben, anna).minor_units(), 334);
/// assert_eq!(debts.owed(euro, anna, ben).minor_units(), -334);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Debts {
    /// What the second member owes the first, never zero. The first is the smaller one, so that
    /// a pair has one place.
    owed: BTreeMap<(Currency, MemberId, MemberId), Balance>,
    /// The member whose pairs alone are kept. None for those of everybody.
    only: Option<MemberId>,
}

impl Debts {
    /// Debts that keep the pairs of one member alone: what the others owe each other is left out.
    /// That saves the memory for those pairs, and time where the member gave nothing.
    #[must_use]
    pub fn of_member(member: MemberId) -> Self {
        Self { owed: BTreeMap::new(), only: Some(member) }
    }

    /// Adds money that some gave and some got, such as the payers and shares of an expense, or
    /// the giver and the receiver of a transfer. Both lists have the same sum (rule P7); what one
    /// has beyond the other is left out.
    ///
    /// Each member who got something owes it to the givers in proportion to what they gave. The
    /// minor units that this leaves over go to the givers with the largest remainders, and a
    /// giver is never owed more in all than they gave. Neither the order of the lists nor that
    /// of the calls matters.
    ///
    /// Takes time in proportion to the givers times the receivers, and to the receivers if one
    /// member gave everything.
    pub fn add(
        &mut self,
        currency: Currency,
        gave: &[(MemberId, Amount)],
        got: &[(MemberId, Amount)],
    ) {
        let mut on = |_| ControlFlow::Continue(());
        let _ = self.add_in_steps(currency, Direction::Outgoing, gave, got, &mut on);
    }

    /// As [`Debts::add`], with a direction and a way to stop. Incoming money adds the same debts
    /// with turned signs, so a refund with the numbers of an expense takes back what that added,
    /// odd units included. `step` gets the number of pairs of a giver and a
    /// receiver that were computed since its last call: one entry can have a million of them.
    ///
    /// If `step` breaks, part of the money was added. Such debts are of no use.
    pub fn add_in_steps(
        &mut self,
        currency: Currency,
        direction: Direction,
        gave: &[(MemberId, Amount)],
        got: &[(MemberId, Amount)],
        step: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut open: Vec<(MemberId, u128)> = sums(gave).into_iter().collect();
        let gave_something =
            |member: MemberId| open.binary_search_by_key(&member, |(giver, _)| *giver).is_ok();
        // Of whoever gave nothing, the debts are known after their own share.
        let last = self.only.filter(|member| !gave_something(*member));
        for (debtor, share) in sums(got) {
            if last.is_some_and(|last| debtor > last) {
                break;
            }
            let pairs = u64::try_from(open.len()).unwrap_or(u64::MAX);
            for (creditor, part) in take_proportionally(&mut open, share) {
                match direction {
                    Direction::Outgoing => self.owe(currency, debtor, creditor, part),
                    Direction::Incoming => self.owe(currency, creditor, debtor, part),
                }
            }
            step(pairs)?;
        }
        ControlFlow::Continue(())
    }

    /// Adds balances of which nobody knows how they came about, such as the opening balances of a
    /// group that continues another one: as the debts that [`settle_up`] would pay.
    pub fn add_balances(
        &mut self,
        currency: Currency,
        balances: impl IntoIterator<Item = (MemberId, Balance)>,
    ) {
        for step in settle_up(balances) {
            self.owe(currency, step.from, step.to, step.amount);
        }
    }

    /// What one member owes another: negative if the other one owes them.
    #[must_use]
    pub fn owed(&self, currency: Currency, debtor: MemberId, creditor: MemberId) -> Balance {
        let pair = (currency, debtor.min(creditor), debtor.max(creditor));
        let owed = self.owed.get(&pair).copied().unwrap_or_default();
        if creditor < debtor { owed } else { owed.negated() }
    }

    /// What the others owe a member, in one currency, ascending by member: negative is what the
    /// member owes. Nobody with whom nothing is open is among them. The sum is the member's
    /// balance.
    #[must_use]
    pub fn owed_to(&self, currency: Currency, member: MemberId) -> Vec<(MemberId, Balance)> {
        let seen_from_member = |(first, second, owed): (MemberId, MemberId, Balance)| {
            if first == member {
                Some((second, owed))
            } else {
                (second == member).then_some((first, owed.negated()))
            }
        };
        let mut found: Vec<_> = self.pairs(currency).filter_map(seen_from_member).collect();
        found.sort_unstable_by_key(|(other, _)| *other);
        found
    }

    /// The currencies in which something is open, ascending.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        let currencies: BTreeSet<_> = self.owed.keys().map(|(currency, _, _)| *currency).collect();
        currencies.into_iter()
    }

    /// Plan in which everybody pays those whom they owe, and nobody else: one payment for each
    /// pair with an open debt, by giver, then receiver. After it no debt is open. It can have
    /// more payments than the plan of [`settle_up`], where people also pay others.
    #[must_use]
    pub fn settle_up(&self, currency: Currency) -> Vec<Settlement> {
        let step = |(first, second, owed): (MemberId, MemberId, Balance)| {
            if owed > Balance::ZERO {
                Settlement { from: second, to: first, amount: owed }
            } else {
                Settlement { from: first, to: second, amount: owed.negated() }
            }
        };
        let mut plan: Vec<_> = self.pairs(currency).map(step).collect();
        plan.sort_unstable_by_key(|step| (step.from, step.to));
        plan
    }

    /// Pairs with an open debt: the smaller member, the larger one, and what the larger one owes.
    fn pairs(
        &self,
        currency: Currency,
    ) -> impl Iterator<Item = (MemberId, MemberId, Balance)> + '_ {
        let (first, last) = (MemberId::from_bytes([0; 32]), MemberId::from_bytes([0xff; 32]));
        self.owed
            .range((currency, first, first)..=(currency, last, last))
            .map(|((_, first, second), owed)| (*first, *second, *owed))
    }

    fn owe(&mut self, currency: Currency, debtor: MemberId, creditor: MemberId, amount: Balance) {
        let is_left_out = |only| only != debtor && only != creditor;
        if debtor == creditor || amount.is_zero() || self.only.is_some_and(is_left_out) {
            return;
        }
        let signed = if creditor < debtor { amount } else { amount.negated() };
        let pair = (currency, debtor.min(creditor), debtor.max(creditor));
        let owed = self.owed.entry(pair).or_default();
        *owed = owed.plus(signed);
        if owed.is_zero() {
            self.owed.remove(&pair);
        }
    }
}

/// The sum of each member who has one, ascending by member: several introductions may be of one
/// member.
fn sums(parts: &[(MemberId, Amount)]) -> BTreeMap<MemberId, u128> {
    let mut sums: BTreeMap<MemberId, u128> = BTreeMap::new();
    for (member, amount) in parts.iter().filter(|(_, amount)| !amount.is_zero()) {
        let sum = sums.entry(*member).or_default();
        *sum = sum.saturating_add(u128::from(amount.minor_units()));
    }
    sums
}

/// Takes a share from what is still open of each giver, in proportion to that, and returns what
/// it took. Amounts are at most 10^15, so no product is beyond 10^30.
///
/// The open amounts, and not those that were given, are the measure: so no giver runs out, and
/// what was rounded up for one share is rounded down for a later one. Of equal remainders the
/// smaller member's comes first. `open` is ascending by member; who has nothing open leaves it.
fn take_proportionally(open: &mut Vec<(MemberId, u128)>, share: u128) -> Vec<(MemberId, Balance)> {
    let total = open.iter().fold(0u128, |sum, (_, part)| sum.saturating_add(*part));
    let share = share.min(total);
    // Each giver's place with the whole units, and the remainder of the division.
    let exact = |(place, (_, part)): (usize, &(MemberId, u128))| {
        let product = share.saturating_mul(*part);
        let units = product.checked_div(total)?;
        Some((place, units, product.saturating_sub(units.saturating_mul(total))))
    };
    let mut parts: Vec<(usize, u128, u128)> = match open.as_slice() {
        [_] => vec![(0, share, 0)],
        several => several.iter().enumerate().filter_map(exact).collect(),
    };
    let whole = parts.iter().fold(0u128, |sum, (_, units, _)| sum.saturating_add(*units));
    // Fewer units are left than there are givers with a remainder.
    let left = usize::try_from(share.saturating_sub(whole)).unwrap_or(usize::MAX);
    if left > 0 && left < parts.len() {
        let largest_first = |(place, _, rest): &(usize, u128, u128)| {
            let rest = core::cmp::Reverse(*rest);
            (rest, *place)
        };
        // Which ones get a unit matters, and not their order: a sort would take longer.
        parts.select_nth_unstable_by_key(left, largest_first);
    }
    let mut taken = Vec::with_capacity(parts.len());
    for (number, (place, units, _)) in parts.into_iter().enumerate() {
        let units = units.saturating_add(u128::from(number < left));
        if let Some((giver, part)) = open.get_mut(place) {
            *part = part.saturating_sub(units);
            let units = i128::try_from(units).unwrap_or(i128::MAX);
            taken.push((*giver, Balance::from_minor_units(units)));
        }
    }
    open.retain(|(_, part)| *part > 0);
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn member(n: usize) -> MemberId {
        MemberId::from_bytes([u8::try_from(n).unwrap(); 32])
    }

    fn euro() -> Currency {
        Currency::from_code("EUR").unwrap()
    }

    fn parts(parts: &[(usize, u64)]) -> Vec<(MemberId, Amount)> {
        parts
            .iter()
            .map(|(n, units)| (member(*n), Amount::from_minor_units(*units).unwrap()))
            .collect()
    }

    fn owed(debts: &Debts, debtor: usize, creditor: usize) -> i128 {
        debts.owed(euro(), member(debtor), member(creditor)).minor_units()
    }

    #[test]
    fn a_share_is_owed_to_the_payers_in_proportion() {
        let mut debts = Debts::default();
        debts.add(euro(), &parts(&[(1, 6000), (2, 4000)]), &parts(&[(1, 5000), (2, 5000)]));
        // Ben owes Anna 30.00 of his share, and Anna owes Ben 20.00 of hers.
        assert_eq!((owed(&debts, 2, 1), owed(&debts, 1, 2)), (1000, -1000));
    }

    #[test]
    fn one_cent_among_many_payers_goes_round() {
        let mut debts = Debts::default();
        let gave: Vec<_> = (1..=3).map(|n| (n, 2)).collect();
        let got: Vec<_> = (11..=16).map(|n| (n, 1)).collect();
        debts.add(euro(), &parts(&gave), &parts(&got));
        let creditor =
            |debtor| (1..=3).filter(|n| owed(&debts, debtor, *n) == 1).collect::<Vec<_>>();
        let all: Vec<_> = (11..=16).map(creditor).collect();
        assert_eq!(all, [[1], [2], [3], [1], [2], [3]]);
    }

    #[test]
    fn largest_amounts_do_not_overflow() {
        let most = crate::base::limits::MAX_AMOUNT;
        let mut debts = Debts::default();
        let gave = [(1, most - 1), (2, 1)];
        let got = [(3, 1), (4, most - 1)];
        debts.add(euro(), &parts(&gave), &parts(&got));
        let sum = |creditor| owed(&debts, 3, creditor) + owed(&debts, 4, creditor);
        assert_eq!((sum(1), sum(2)), (i128::from(most) - 1, 1));
    }

    #[test]
    fn a_transfer_pays_a_debt_back_and_the_pair_is_gone() {
        let mut debts = Debts::default();
        debts.add(euro(), &parts(&[(1, 900)]), &parts(&[(1, 450), (2, 450)]));
        assert_eq!(
            debts.owed_to(euro(), member(2)),
            [(member(1), Balance::from_minor_units(-450))]
        );
        debts.add(euro(), &parts(&[(2, 450)]), &parts(&[(1, 450)]));
        assert_eq!(debts, Debts::default());
        assert_eq!(debts.currencies().count(), 0);
    }

    #[test]
    fn opening_balances_become_the_debts_that_would_settle_them() {
        let mut debts = Debts::default();
        let balances = [(1, 700), (2, -300), (3, -400)];
        debts
            .add_balances(euro(), balances.map(|(n, b)| (member(n), Balance::from_minor_units(b))));
        assert_eq!((owed(&debts, 2, 1), owed(&debts, 3, 1), owed(&debts, 2, 3)), (300, 400, 0));
    }

    #[test]
    fn people_who_owe_in_a_ring_pay_round() {
        let mut debts = Debts::default();
        for (creditor, debtor) in [(1, 2), (2, 3), (3, 1)] {
            debts.add(euro(), &parts(&[(creditor, 10)]), &parts(&[(debtor, 10)]));
        }
        assert_eq!(debts.settle_up(euro()).len(), 3);
    }

    /// Pairs computed for an expense, by debts of all or of one member.
    fn pairs(mut debts: Debts, gave: &[(usize, u64)], got: &[(usize, u64)]) -> Vec<u64> {
        let mut told = Vec::new();
        let mut step = |pairs| {
            told.push(pairs);
            ControlFlow::Continue(())
        };
        let whole =
            debts.add_in_steps(euro(), Direction::Outgoing, &parts(gave), &parts(got), &mut step);
        assert!(whole.is_continue());
        told
    }

    #[test]
    fn work_is_told_as_pairs_and_nothing_is_done_for_zero() {
        let gave = [(1, 10), (2, 0), (3, 20), (4, 30)];
        let got = [(3, 15), (5, 0), (6, 15), (7, 15), (8, 15)];
        assert_eq!(pairs(Debts::default(), &gave, &got), [3, 3, 3, 3]);
        assert_eq!(pairs(Debts::of_member(member(4)), &gave, &got), [3, 3, 3, 3]);
        // What comes after the share of somebody who gave nothing does not concern them.
        assert_eq!(pairs(Debts::of_member(member(6)), &gave, &got), [3, 3]);
        assert_eq!(pairs(Debts::of_member(member(2)), &gave, &got), []);
        assert_eq!(pairs(Debts::default(), &[(1, 60)], &got), [1, 1, 1, 1]);
        // Who has got everything back takes part no more.
        assert_eq!(pairs(Debts::default(), &[(1, 1), (2, 1)], &[(3, 1), (4, 1)]), [2, 1]);
    }

    #[test]
    fn adding_can_be_stopped_within_an_expense() {
        let (gave, got) = ([(1, 10), (2, 10)], [(3, 5), (4, 5), (5, 10)]);
        let mut calls = 0;
        let mut step = |_| {
            calls += 1;
            if calls < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let mut debts = Debts::default();
        let stopped =
            debts.add_in_steps(euro(), Direction::Outgoing, &parts(&gave), &parts(&got), &mut step);
        assert!(stopped.is_break() && calls == 2);
        assert_eq!(debts.owed_to(euro(), member(5)), []);
    }

    /// Parts of an amount: indices of members, with minor units.
    type Parts = Vec<(usize, u64)>;

    /// Payers and shares of one expense, with one sum.
    fn expense() -> impl Strategy<Value = (Parts, Parts)> {
        let list = || proptest::collection::vec((0usize..8, 0u64..400), 1..9);
        (list(), list()).prop_map(|(mut gave, mut got)| {
            let sum = |list: &[(usize, u64)]| list.iter().map(|(_, n)| n).sum::<u64>();
            let (given, gotten) = (sum(&gave), sum(&got));
            if given < gotten {
                gave[0].1 += gotten - given;
            } else {
                got[0].1 += given - gotten;
            }
            (gave, got)
        })
    }

    proptest! {
        #[test]
        fn debts_sum_to_the_balances_and_the_plan_pays_them(
            expenses in proptest::collection::vec(expense(), 0..12),
        ) {
            let mut debts = Debts::default();
            let mut balances = [0i128; 8];
            let mut of_members: Vec<_> = (0..8).map(|n| Debts::of_member(member(n))).collect();
            for (gave, got) in &expenses {
                debts.add(euro(), &parts(gave), &parts(got));
                for of_member in &mut of_members {
                    of_member.add(euro(), &parts(gave), &parts(got));
                }
                gave.iter().for_each(|(n, units)| balances[*n] += i128::from(*units));
                got.iter().for_each(|(n, units)| balances[*n] -= i128::from(*units));
            }
            for (n, balance) in balances.iter().enumerate() {
                let of = debts.owed_to(euro(), member(n));
                prop_assert_eq!(&of_members[n].owed_to(euro(), member(n)), &of);
                prop_assert_eq!(of_members[n].pairs(euro()).count(), of.len());
                prop_assert!(of.iter().all(|(other, owed)| *other != member(n) && !owed.is_zero()));
                prop_assert_eq!(of.iter().map(|(_, b)| b.minor_units()).sum::<i128>(), *balance);
                for other in 0..8 {
                    prop_assert_eq!(owed(&debts, n, other), -owed(&debts, other, n));
                    let listed = of.iter().find(|(id, _)| *id == member(other));
                    let listed = listed.map_or(0, |(_, b)| b.minor_units());
                    prop_assert_eq!(listed, owed(&debts, other, n));
                }
            }
            for step in debts.settle_up(euro()) {
                prop_assert_eq!(debts.owed(euro(), step.from, step.to), step.amount);
                prop_assert!(step.amount > Balance::ZERO);
                let amount = u64::try_from(step.amount.minor_units()).unwrap();
                let amount = Amount::from_minor_units(amount)?;
                debts.add(euro(), &[(step.from, amount)], &[(step.to, amount)]);
            }
            prop_assert_eq!(debts, Debts::default());
        }

        #[test]
        fn one_expense_is_shared_in_proportion_and_order_does_not_matter(
            (gave, got) in expense(),
        ) {
            let mut debts = Debts::default();
            debts.add(euro(), &parts(&gave), &parts(&got));
            let (mut gave, mut got) = (gave, got);
            gave.reverse();
            got.reverse();
            let mut other = Debts::default();
            other.add(euro(), &parts(&gave), &parts(&got));
            prop_assert_eq!(&debts, &other);
            // What each share gives each payer, before the pairs are netted.
            let total: u64 = gave.iter().map(|(_, units)| units).sum();
            let given = sums(&parts(&gave));
            let mut open: Vec<_> = given.clone().into_iter().collect();
            for (_, share) in sums(&parts(&got)) {
                let taken = take_proportionally(&mut open, share);
                let sum: i128 = taken.iter().map(|(_, part)| part.minor_units()).sum();
                prop_assert_eq!(u128::try_from(sum).unwrap(), share);
                for (giver, part) in taken {
                    let exact = share * given[&giver];
                    let part = u128::try_from(part.minor_units()).unwrap();
                    let off = (part * u128::from(total)).abs_diff(exact);
                    prop_assert!(off < 2 * u128::from(total), "less than two units off");
                }
            }
            prop_assert!(open.is_empty());
        }
    }

    #[test]
    fn a_refund_with_the_numbers_of_an_expense_takes_back_its_debts() {
        let gave = parts(&[(1, 2000), (2, 1000)]);
        let got = parts(&[(1, 1000), (2, 1000), (3, 1000)]);
        let mut debts = Debts::default();
        debts.add(euro(), &gave, &got);
        let mut on = |_| ControlFlow::Continue(());
        let refund = Direction::Incoming;
        assert!(debts.add_in_steps(euro(), refund, &gave, &got, &mut on).is_continue());
        assert_eq!(debts, Debts::default());
        // Alone, it is what those who received the money owe the others.
        assert!(debts.add_in_steps(euro(), refund, &gave, &got, &mut on).is_continue());
        assert_eq!(owed(&debts, 1, 3), 666);
        assert_eq!(owed(&debts, 2, 3), 334);
    }
}
