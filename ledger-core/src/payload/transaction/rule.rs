//! The rule by which an expense was split: read from the hint if it gives the shares, else from the
//! shares (SPEC §4.12).

use std::collections::{BTreeMap, BTreeSet};

use super::split_hint::{Place, SPLIT};
use super::{Expense, Transaction};
use crate::money::{Split, SplitKind};

impl<M: Ord + Clone> Expense<M> {
    /// The rule by which the amount was split, for people who look at the expense or edit it. It never
    /// decides: the shares do.
    ///
    /// That is the rule of [`Expense::said_rule`]; without one, an equal split if no share is more than
    /// one minor unit larger than another, else an exact one.
    ///
    /// ```
    /// use ledger_core::{Amount, Currency, Expense, MemberId, Split};
    /// # let (anna, ben) = (MemberId::from_bytes([1; 32]), MemberId::from_bytes([2; 32]));
    /// let euro = Currency::from_code("EUR")?;
    /// let total = Amount::parse("12", euro)?;
    /// let dinner = Expense::new("2026-11-21".parse()?, "Dinner", euro, total).paid_by(anna, total);
    /// let weights = Split::Weights(vec![(anna, 2), (ben, 1)]);
    /// assert_eq!(dinner.clone().split(&weights, 0)?.rule(), weights);
    /// assert_eq!(dinner.split_equally(&[anna, ben], 0).rule(), Split::Equal(vec![anna, ben]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rule(&self) -> Split<M> {
        self.said_rule().unwrap_or_else(|| self.rule_of_shares())
    }

    /// The rule that the hint says, if it gives the shares ([`Split::gives`]). `None` if nothing says
    /// so, as for a plain equal split, or if the rule does not give the shares.
    #[must_use]
    pub fn said_rule(&self) -> Option<Split<M>> {
        let places = self.hints.split()?;
        let (shares, payers) = (self.shares.iter(), self.payers.iter());
        let members: Vec<&M> = shares.chain(payers).map(|(member, _)| member).collect();
        let sharing: BTreeSet<&M> = self.shares.iter().map(|(member, _)| member).collect();
        if sharing.len() != self.shares.len() {
            return None;
        }
        if matches!(places, Split::Exact(_)) {
            return Some(Split::Exact(self.shares.clone()));
        }
        let rule = places.try_map(|place| {
            let index = usize::try_from(*place).map_err(|_| ())?;
            let member = *members.get(index).ok_or(())?;
            // Who has a share is named by it, so that a rule has one encoding.
            let is_payer = index >= self.shares.len();
            if is_payer && sharing.contains(member) { Err(()) } else { Ok(member.clone()) }
        });
        let rule = rule.ok()?;
        rule.gives(&self.shares, self.amount, self.currency).then_some(rule)
    }

    /// Keeps the rule of the split as a hint, for people who edit the expense later. Payers and shares
    /// must be set already. Returns whether the hint says it now.
    ///
    /// No hint is written where the shares alone show the rule, as those of an equal split do. None is
    /// written either, and one from before is dropped, if the rule does not give the shares, if it
    /// names somebody without a share who did not pay either, or if the hints have no room for it.
    /// Weights and percentages of zero are left out.
    pub fn keep_rule(&mut self, rule: &Split<M>) -> bool {
        // Also where none is written: a correction must not bring another rule back.
        self.hints.remove(SPLIT);
        let rule = rule.clone().without_zero_parts().ascending();
        if self.rule_of_shares().ascending() == rule {
            return true;
        }
        if !rule.gives(&self.shares, self.amount, self.currency) {
            return false;
        }
        let mut places: BTreeMap<&M, Place> = BTreeMap::new();
        let (shares, payers) = (self.shares.iter(), self.payers.iter());
        for (place, (member, _)) in (0..).zip(shares.chain(payers)) {
            places.entry(member).or_insert(place);
        }
        let Ok(rule) = rule.try_map(|member| places.get(member).copied().ok_or(())) else {
            return false;
        };
        self.hints.set_split(&rule.ascending()).is_ok()
    }

    /// The rule before and after, where the shares do not tell how they differ.
    pub(super) fn other_rule(&self, after: &Self) -> Option<(Split<M>, Split<M>)> {
        // Nobody says a rule, and that of the shares follows from them.
        let is_plain = |of: &Self| of.hints.get(SPLIT).is_none();
        if is_plain(self) && is_plain(after) {
            return None;
        }
        let (old, new) = (self.rule().ascending(), after.rule().ascending());
        let told = match (&old, &new) {
            (Split::Exact(_), Split::Exact(_)) => true,
            // Who takes part with a share of zero does not stand among the shares.
            (Split::Equal(_), Split::Equal(_)) => {
                let members = |of: &Self| -> BTreeSet<M> {
                    of.shares.iter().map(|(member, _)| member.clone()).collect()
                };
                old == new || members(self) != members(after)
            }
            _ => old == new,
        };
        (!told).then_some((old, new))
    }

    /// Shares the amount by the rule once more, with another turn, so that odd units go to others. Exact
    /// shares stay, and so do those whose rule only a later version reads.
    pub(crate) fn take_turn(&mut self, turn: u64) {
        let is_of_later_version = self.hints.get(SPLIT).is_some() && self.hints.split().is_none();
        let rule = self.rule();
        if is_of_later_version || rule.kind() == SplitKind::Exact {
            return;
        }
        if let Ok(shares) = rule.shares(self.amount, self.currency, turn) {
            self.shares = shares;
            self.keep_rule(&rule);
        }
    }

    /// The rule that a reader assumes without a hint.
    fn rule_of_shares(&self) -> Split<M> {
        let units = |(_, share): &(M, crate::money::Amount)| share.minor_units();
        let (least, most) =
            (self.shares.iter().map(units).min(), self.shares.iter().map(units).max());
        let members: BTreeSet<&M> = self.shares.iter().map(|(member, _)| member).collect();
        let is_once = members.len() == self.shares.len();
        match least.zip(most) {
            Some((least, most)) if is_once && most.saturating_sub(least) <= 1 => {
                Split::Equal(self.shares.iter().map(|(member, _)| member.clone()).collect())
            }
            _ => Split::Exact(self.shares.clone()),
        }
    }

    /// Puts payers and shares into ascending order, as the bytes have them, and maps the hint of the
    /// rule to it. A rule that does not give the shares is dropped, and so is one that this version
    /// cannot read if the order changes.
    pub(crate) fn sort_parts(&mut self) {
        let (rule, is_readable) = (self.said_rule(), self.hints.split().is_some());
        let is_sorted = |parts: &[(M, _)]| parts.is_sorted_by(|(a, _), (b, _)| a <= b);
        let was_sorted = is_sorted(&self.payers) && is_sorted(&self.shares);
        self.payers.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.shares.sort_by(|(a, _), (b, _)| a.cmp(b));
        match rule {
            Some(rule) => {
                self.keep_rule(&rule);
            }
            None if is_readable || !was_sorted => self.hints.drop_hint(SPLIT),
            None => {}
        }
    }
}

impl<M: Ord + Clone> Transaction<M> {
    /// The kind of the rule by which the amount was split ([`Expense::rule`]). `None` of a transfer.
    #[must_use]
    pub fn split_kind(&self) -> Option<SplitKind> {
        match self {
            Self::Expense(expense) => Some(expense.rule().kind()),
            Self::Transfer(_) => None,
        }
    }

    /// Whether a hint is about the rule of the split.
    pub(crate) fn has_rule_hint(&self) -> bool {
        self.hints().get(SPLIT).is_some()
    }

    /// The same content without the hint about the rule of the split.
    pub(crate) fn without_rule_hint(mut self) -> Self {
        self.hints_mut().drop_hint(SPLIT);
        self
    }

    /// Keeps the rule of `before` where nothing is said about it here: if it gives these shares, too, or
    /// if this version cannot read it and neither the shares nor those who paid are others (SPEC §4.12).
    /// Otherwise the hint is removed on purpose, so that it is not kept as a hint that nobody knows.
    pub(crate) fn keep_rule_of(&mut self, before: &Self) {
        let hints = self.hints_mut();
        if hints.says_about(SPLIT) {
            return;
        }
        let (after, before) = match (self, before) {
            (Self::Expense(after), Self::Expense(before)) => (after, before),
            // There it says nothing, and is a hint like any other.
            (Self::Transfer(_), Self::Transfer(_)) => return,
            (after, _) => return after.hints_mut().remove(SPLIT),
        };
        if let Some(rule) = before.said_rule() {
            after.keep_rule(&rule);
            return;
        }
        let is_readable = before.hints.split().is_some();
        let (now, then) = (after.payers.iter(), before.payers.iter());
        let is_same = now.map(|(member, _)| member).eq(then.map(|(member, _)| member))
            && after.shares == before.shares;
        let bytes = before.hints.get(SPLIT).filter(|_| is_same && !is_readable);
        // Without room, the new content goes first.
        if bytes.is_none_or(|bytes| after.hints.set(SPLIT, bytes).is_err()) {
            after.hints.remove(SPLIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::{Amount, Balance, Currency, Itemised, Percent, SplitItem};
    use crate::payload::Transfer;

    fn amount(units: u64) -> Amount {
        Amount::from_minor_units(units).unwrap()
    }

    fn dinner(units: u64) -> Expense<u8> {
        let euro = Currency::from_code("EUR").unwrap();
        let total = amount(units);
        Expense::new("2026-11-21".parse().unwrap(), "Dinner", euro, total).paid_by(9, total)
    }

    fn percent(millionths: u64) -> Percent {
        Percent::from_millionths(millionths).unwrap()
    }

    fn rules() -> Vec<Split<u8>> {
        let balance = Balance::from_minor_units;
        let pizza = SplitItem::new("Pizza", amount(700)).shared_by(1, 1).shared_by(2, 2);
        let bill =
            Itemised::new().item(pizza).item(SplitItem::new("Tea", amount(200)).shared_by(3, 1));
        vec![
            Split::Weights(vec![(1, 2), (2, 1), (3, 5)]),
            Split::Percent(vec![(1, percent(333_333)), (2, percent(666_667))]),
            Split::Exact(vec![(1, amount(999)), (3, amount(1))]),
            Split::Exact(vec![(1, amount(500)), (3, amount(500))]),
            Split::Adjust(vec![(1, balance(-5)), (2, balance(0)), (3, balance(7))]),
            Split::Items(bill.tip(amount(100))),
            Split::Equal(vec![1, 2, 3]),
        ]
    }

    #[test]
    fn the_rule_of_a_split_is_kept() {
        for rule in rules() {
            let mut expense = dinner(1000).split(&rule, 1).unwrap();
            assert_eq!(expense.rule(), rule);
            // Whatever the order, also that of the bytes.
            expense.shares.reverse();
            assert!(expense.keep_rule(&rule));
            expense.sort_parts();
            assert_eq!(expense.rule(), rule);
            assert!(expense.shares.is_sorted());
        }
    }

    #[test]
    fn with_another_turn_the_rule_gives_other_odd_units() {
        let units = |expense: &Expense<u8>| -> Vec<(u8, u64)> {
            expense.shares.iter().map(|(member, share)| (*member, share.minor_units())).collect()
        };
        for rule in rules() {
            let before = dinner(1001).split(&rule, 0);
            // Exact shares and items sum to another amount.
            let Ok(before) = before.or_else(|_| dinner(1000).split(&rule, 0)) else { panic!() };
            let mut sums = std::collections::BTreeMap::new();
            for turn in 0..6 {
                let mut next = before.clone();
                next.take_turn(turn);
                assert_eq!(next.rule(), before.rule(), "{turn}");
                assert_eq!(next.amount, before.amount);
                for (member, share) in units(&next) {
                    *sums.entry(member).or_insert(0) += share;
                }
            }
            if rule.kind() == SplitKind::Equal {
                assert_eq!(sums, [(1, 2002), (2, 2002), (3, 2002)].into());
            }
        }
        let mut exact = dinner(1000).shares([(1, amount(999)), (2, amount(1))]);
        exact.take_turn(1);
        assert_eq!(units(&exact), [(1, 999), (2, 1)]);
        let mut later = dinner(1001).split_equally(&[1, 2], 0);
        later.hints.set(SPLIT, [0x82, 6, 0x80]).unwrap();
        let before = later.clone();
        later.take_turn(1);
        assert_eq!(later, before, "a rule of a later version");
    }

    #[test]
    fn a_plain_dinner_has_no_hint() {
        let mut plain = dinner(1001).split_equally(&[1, 2, 3], 2);
        assert!(plain.hints.is_empty() && plain.keep_rule(&Split::Equal(vec![3, 2, 1])));
        assert!(plain.hints.is_empty());
        assert_eq!(plain.rule().kind(), SplitKind::Equal);
        plain.shares = vec![(1, amount(1000)), (2, amount(1))];
        assert_eq!(plain.rule(), Split::Exact(plain.shares.clone()));
        assert!(plain.keep_rule(&plain.rule()) && plain.hints.is_empty());
        // Exact shares that look equal say so.
        plain.shares = vec![(1, amount(501)), (2, amount(500))];
        assert!(plain.keep_rule(&Split::Exact(plain.shares.clone())));
        assert_eq!(plain.hints.get(SPLIT), Some(&[0x82, 3, 0x80][..]));
        assert_eq!(plain.rule().kind(), SplitKind::Exact);
    }

    #[test]
    fn who_has_no_share_is_named_among_the_payers() {
        let rule = Split::Equal(vec![1, 2, 9]);
        let shares = [(1, amount(1)), (2, amount(1))];
        let mut cheap = dinner(2).shares(shares);
        assert!(cheap.keep_rule(&rule));
        assert_eq!(cheap.rule(), rule);
        // Nobody stands for a third who did not pay.
        let mut other = dinner(2).shares(shares);
        assert!(!other.keep_rule(&Split::Equal(vec![1, 2, 3])) && other.hints.is_empty());
        // Weights of zero do not matter.
        let mut weights = dinner(3).shares([(1, amount(1)), (2, amount(2))]);
        assert!(weights.keep_rule(&Split::Weights(vec![(3, 0), (2, 2), (1, 1)])));
        assert_eq!(weights.rule(), Split::Weights(vec![(1, 1), (2, 2)]));
        // Who has a share and paid is named by the share.
        let mut both = dinner(3).shares([(1, amount(1)), (9, amount(2))]);
        both.hints.set_split(&Split::Weights(vec![(0, 1), (2, 2)])).unwrap();
        assert_eq!(both.said_rule(), None);
        both.hints.set_split(&Split::Weights(vec![(0, 1), (1, 2)])).unwrap();
        assert_eq!(both.said_rule(), Some(Split::Weights(vec![(1, 1), (9, 2)])));
        both.hints.set_split(&Split::Weights(vec![(0, 1), (3, 2)])).unwrap();
        assert_eq!(both.said_rule(), None, "nobody is there");
    }

    #[test]
    fn a_rule_that_does_not_give_the_shares_is_shown_as_exact() {
        let rule = Split::Weights(vec![(1, 2), (2, 1)]);
        let mut expense = dinner(900).split(&rule, 0).unwrap();
        expense.shares = vec![(1, amount(300)), (2, amount(600))];
        assert_eq!(expense.rule(), Split::Exact(expense.shares.clone()));
        assert_eq!(expense.said_rule(), None);
        expense.sort_parts();
        assert!(expense.hints.is_empty(), "and is not written");
        // Somebody who stands twice has no place in a rule.
        let mut twice = dinner(900).shares([(1, amount(300)), (1, amount(600))]);
        twice.hints.set_split(&Split::Weights(vec![(0, 1), (1, 2)])).unwrap();
        assert_eq!(twice.rule(), Split::Exact(twice.shares.clone()));
        twice.hints.set_split(&Split::Exact(Vec::new())).unwrap();
        assert_eq!(twice.said_rule(), None);
    }

    #[test]
    fn a_correction_keeps_the_rule_that_still_gives_the_shares() {
        let rule = Split::Weights(vec![(1, 2), (2, 1)]);
        let before: Transaction<u8> = dinner(900).split(&rule, 0).unwrap().into();
        let after = |shares: [(u8, Amount); 2]| {
            let mut after: Transaction<u8> = dinner(900).shares(shares).into();
            let kept = after.keep_hints(&before);
            assert!(kept.is_empty(), "it is kept as a rule, or not at all");
            after.split_kind()
        };
        assert_eq!(after([(2, amount(300)), (1, amount(600))]), Some(SplitKind::Weights));
        assert_eq!(after([(2, amount(600)), (1, amount(300))]), Some(SplitKind::Exact));
        // Who takes it away means to.
        let mut without = dinner(900).shares([(1, amount(600)), (2, amount(300))]);
        without.hints.remove(SPLIT);
        let mut without: Transaction<u8> = without.into();
        without.keep_hints(&before);
        assert_eq!(without.split_kind(), Some(SplitKind::Exact));
    }

    #[test]
    fn a_split_says_nothing_in_a_transfer_and_in_what_was_one() {
        let mut hints = crate::Hints::default();
        hints.set_split(&Split::Weights(vec![(0, 2), (1, 1)])).unwrap();
        let dinner = dinner(900).shares([(1, amount(600)), (2, amount(300))]);
        let gift = Transfer::new(dinner.date, dinner.currency, amount(900), 1, 2);
        let (mut said_of_dinner, mut said_of_gift) = (dinner.clone(), gift.clone());
        said_of_dinner.hints = hints.clone();
        said_of_gift.hints = hints;
        let keeps = |mut after: Transaction<u8>, before: Transaction<u8>| {
            after.keep_hints(&before);
            after.has_rule_hint()
        };
        assert!(keeps(dinner.clone().into(), said_of_dinner.clone().into()));
        assert!(!keeps(gift.clone().into(), said_of_dinner.into()));
        assert!(!keeps(dinner.into(), said_of_gift.clone().into()));
        assert!(keeps(gift.into(), said_of_gift.into()), "as any hint that is not known");
    }

    #[test]
    fn a_rule_of_a_later_version_is_kept_while_it_names_the_same() {
        let mut before = dinner(900).split_equally(&[1, 2], 0);
        before.hints.set(SPLIT, [0x82, 6, 0x80]).unwrap();
        let kept = |units, members: &[u8]| {
            let mut after: Transaction<u8> = dinner(units).split_equally(members, 0).into();
            after.keep_hints(&before.clone().into());
            after.hints().get(SPLIT).is_some()
        };
        assert!(kept(900, &[1, 2]));
        assert!(!kept(900, &[2, 1]) && !kept(900, &[1, 3]));
        assert!(!kept(902, &[1, 2]), "nobody here can tell whether it gives other shares");
        let mut sorted = before.clone();
        sorted.sort_parts();
        assert_eq!(sorted, before);
        let mut other = before;
        other.shares.reverse();
        other.sort_parts();
        assert!(other.hints.is_empty());
    }

    proptest! {
        #[test]
        fn sorting_keeps_what_the_rule_says(
            weights in proptest::collection::btree_map(0u8..30, 0u64..9, 1..12),
            total in 1u64..100_000,
            order in proptest::collection::vec(any::<u32>(), 12),
        ) {
            prop_assume!(weights.values().any(|weight| *weight > 0));
            let weights: Vec<(u8, u64)> = weights.into_iter().collect();
            let rule = Split::Weights(weights.clone());
            let mut expense = dinner(total).split(&rule, 3).unwrap();
            let is_said = expense.said_rule().is_some();
            let mut keyed: Vec<_> = order.iter().zip(expense.shares.clone()).collect();
            keyed.sort_by_key(|(key, _)| **key);
            expense.shares = keyed.into_iter().map(|(_, share)| share).collect();
            prop_assert_eq!(expense.keep_rule(&rule), is_said);
            let before = expense.rule().ascending();
            expense.sort_parts();
            prop_assert_eq!(expense.rule().ascending(), before);
        }
    }
}
