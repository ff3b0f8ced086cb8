use num_bigint::BigInt;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::base::limits::{MAX_SPLIT_ITEMS, MAX_WEIGHT};

type Key = u16;

fn amount(units: u64) -> Amount {
    Amount::from_minor_units(units).unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

fn euro() -> Currency {
    currency("EUR")
}

fn signed(units: i64) -> Balance {
    Balance::from_minor_units(units.into())
}

fn percent(millionths: u64) -> Percent {
    Percent::from_millionths(millionths).unwrap()
}

/// Minor units of the shares by participant.
fn units<K: Ord + Clone + core::fmt::Debug>(
    split: &Split<K>,
    total: u64,
    turn: u64,
) -> Vec<(K, u64)> {
    let shares = split.shares(amount(total), euro(), turn).unwrap();
    shares.into_iter().map(|(k, share)| (k, share.minor_units())).collect()
}

fn refusal<K>(split: &Split<K>, total: u64) -> String
where
    K: Ord + Clone + core::fmt::Display + core::fmt::Debug,
{
    split.shares(amount(total), euro(), 0).unwrap_err().to_string()
}

/// Exact shares, written once more from SPEC §9.1: numerators over a denominator.
fn exact(split: &Split<Key>, total: u64) -> (std::collections::BTreeMap<Key, BigInt>, BigInt) {
    let total = BigInt::from(total);
    let proportion = |weights: Vec<(Key, u64)>| {
        let sum: u64 = weights.iter().map(|(_, weight)| weight).sum();
        (weights.into_iter().map(|(k, weight)| (k, &total * weight)).collect(), BigInt::from(sum))
    };
    match split {
        Split::Equal(parts) => proportion(parts.iter().map(|k| (*k, 1)).collect()),
        Split::Weights(parts) => proportion(parts.clone()),
        Split::Percent(parts) => {
            proportion(parts.iter().map(|(k, part)| (*k, part.millionths())).collect())
        }
        Split::Exact(parts) => {
            (parts.iter().map(|(k, part)| (*k, part.minor_units().into())).collect(), 1.into())
        }
        Split::Adjust(parts) => {
            let own = |part: &Balance| BigInt::from(part.minor_units());
            let rest = parts.iter().fold(total.clone(), |rest, (_, part)| rest - own(part));
            let exact = |(k, part): &(Key, Balance)| (*k, &rest + own(part) * parts.len());
            (parts.iter().map(exact).collect(), parts.len().into())
        }
        Split::Items(bill) => {
            let sum = |item: &SplitItem<Key>| item.participants.iter().map(|(_, w)| w).sum::<u64>();
            let items: u64 = bill.items.iter().map(|item| item.amount.minor_units()).sum();
            let mut denominator = BigInt::from(items);
            bill.items.iter().for_each(|item| denominator *= sum(item).max(1));
            let mut exact = std::collections::BTreeMap::new();
            for item in &bill.items {
                for (k, weight) in &item.participants {
                    let unit = &total * &denominator / items / sum(item).max(1);
                    *exact.entry(*k).or_default() += unit * weight * item.amount.minor_units();
                }
            }
            (exact, denominator)
        }
    }
}

/// Positive amounts that sum to `total`, one for each cut and one more.
fn cut(total: u64, cuts: &[Index]) -> Vec<u64> {
    let size = usize::try_from(total).unwrap() + 1;
    let mut cuts: Vec<u64> = cuts.iter().map(|cut| cut.index(size) as u64).collect();
    cuts.extend([0, total]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn weights() -> impl Strategy<Value = Vec<(Key, u64)>> {
    let weight = prop_oneof![0..4u64, 0..=MAX_WEIGHT];
    btree_map(any::<Key>(), weight, 1..40).prop_map(|mut weights| {
        if weights.values().all(|weight| *weight == 0) {
            weights.values_mut().for_each(|weight| *weight = 1);
        }
        weights.into_iter().collect()
    })
}

fn totals() -> impl Strategy<Value = u64> {
    prop_oneof![0..200u64, 0..=MAX_AMOUNT, Just(MAX_AMOUNT)]
}

/// A rule of each kind that fits the total.
fn splits() -> impl Strategy<Value = (u64, Split<Key>)> {
    let cuts = vec(any::<Index>(), 1..30);
    let weighted = (totals(), weights()).prop_map(|(total, w)| (total, Split::Weights(w)));
    let equal = (totals(), weights())
        .prop_map(|(total, w)| (total, Split::Equal(w.into_iter().map(|(k, _)| k).collect())));
    let percents = (totals(), cuts.clone()).prop_map(|(total, cuts)| {
        let parts = cut(1_000_000, &cuts).into_iter().map(percent);
        (total, Split::Percent((0..).zip(parts).collect()))
    });
    let exact = (totals(), cuts.clone()).prop_map(|(total, cuts)| {
        (total, Split::Exact((0..).zip(cut(total, &cuts).into_iter().map(amount)).collect()))
    });
    // An equal part of at least `floor` for each, and adjustments not below it.
    let adjust = (0..=1_000_000_000_000u64, 0..1000u64, vec(-1000..=1_000_000_000_000i64, 1..40))
        .prop_map(|(floor, odd, own)| {
            let own: Vec<i64> = own.iter().map(|own| (*own).max(-floor.cast_signed())).collect();
            let sum: i64 = own.iter().sum();
            let total = (floor * own.len() as u64 + odd).checked_add_signed(sum).unwrap();
            (total, Split::Adjust((0..).zip(own.into_iter().map(signed)).collect()))
        });
    let item = (0..=MAX_AMOUNT / 64, weights());
    let small = (0..2000u64, weights());
    let items = (vec(prop_oneof![item, small], 1..12), [0..2000u64, 0..2000, 0..2000, 0..2000])
        .prop_map(|(items, [tax, tip, service, discount])| {
            let items_sum: u64 = items.iter().map(|(units, _)| units).sum();
            let [tax, tip, service] =
                [tax, tip, service].map(|n| if items_sum == 0 { 0 } else { n });
            let before = items_sum + tax + tip + service;
            let discount = discount.min(before);
            let mut bill = Itemised::new()
                .tax(amount(tax))
                .tip(amount(tip))
                .service(amount(service))
                .discount(amount(discount));
            for (units, participants) in items {
                let mut item = SplitItem::new("item", amount(units));
                item.participants = participants;
                bill = bill.item(item);
            }
            (before - discount, Split::Items(bill))
        });
    prop_oneof![equal, weighted, percents, exact, adjust, items]
}

/// The same rule with every list in the reverse order.
fn reversed(split: &Split<Key>) -> Split<Key> {
    fn back<T: Clone>(list: &[T]) -> Vec<T> {
        list.iter().rev().cloned().collect()
    }
    match split {
        Split::Equal(parts) => Split::Equal(back(parts)),
        Split::Weights(parts) => Split::Weights(back(parts)),
        Split::Percent(parts) => Split::Percent(back(parts)),
        Split::Exact(parts) => Split::Exact(back(parts)),
        Split::Adjust(parts) => Split::Adjust(back(parts)),
        Split::Items(bill) => {
            let mut bill = bill.clone();
            bill.items.reverse();
            bill.items.iter_mut().for_each(|item| item.participants.reverse());
            Split::Items(bill)
        }
    }
}

proptest! {
    #[test]
    fn every_split_sums_to_its_total_in_any_order_and_is_fair(
        (total, split) in splits(), turn: u64,
    ) {
        prop_assume!(total <= MAX_AMOUNT);
        let shares = units(&split, total, turn);
        prop_assert_eq!(shares.iter().map(|(_, units)| units).sum::<u64>(), total);
        prop_assert!(shares.iter().all(|(_, units)| *units > 0), "zero is left out");
        prop_assert!(shares.windows(2).all(|pair| pair[0].0 < pair[1].0), "ascending");
        prop_assert_eq!(&units(&reversed(&split), total, turn), &shares);
        if total > 0 {
            let (exact, denominator) = exact(&split, total);
            for (k, exact) in exact {
                let share = shares.iter().find(|(found, _)| *found == k).map_or(0, |(_, units)| *units);
                let gap = exact - BigInt::from(share) * &denominator;
                prop_assert!(gap < denominator && -gap < denominator, "{} has {}", k, share);
            }
        }
    }

    #[test]
    fn a_split_that_does_not_fit_is_refused_and_never_panics(
        total in totals(),
        weights in vec((0..8u16, any::<u64>()), 0..6),
        own in vec((0..8u16, any::<i64>()), 0..6),
        extras in any::<[u32; 4]>(),
    ) {
        let weights_split = Split::Weights(weights.clone());
        let exact = weights.iter().map(|(k, n)| (*k, amount(n % (MAX_AMOUNT + 1)))).collect();
        let percents = weights.iter().map(|(k, n)| (*k, percent(n % 1_000_001))).collect();
        let adjust = own.iter().map(|(k, n)| (*k, signed(*n))).collect();
        let mut bill = Itemised::new().discount(amount(extras[0].into())).tax(amount(extras[1].into()));
        for n in extras {
            let mut item = SplitItem::new("x", amount(n.into()));
            item.participants = weights.clone();
            bill = bill.item(item);
        }
        let others = [Split::Exact(exact), Split::Percent(percents), Split::Adjust(adjust)];
        for split in others.into_iter().chain([weights_split, Split::Items(bill)]) {
            if let Ok(shares) = split.shares(amount(total), euro(), 3) {
                let sum = Amount::checked_sum(shares.into_iter().map(|(_, share)| share));
                prop_assert_eq!(sum, Some(amount(total)));
            }
        }
    }
}

#[test]
fn one_cent_among_seven_goes_round() {
    let split = Split::Equal((0..7).collect());
    for turn in 0..14 {
        assert_eq!(units(&split, 1, turn), [(turn % 7, 1)], "one share, the others are left out");
    }
}

#[test]
fn among_equal_remainders_each_comes_first_equally_often() {
    // Ben's weight of zero and Dan's larger remainder leave Anna and Cleo to take turns.
    let split = Split::Weights(vec![("Anna", 1), ("Ben", 0), ("Cleo", 1), ("Dan", 3)]);
    assert_eq!(units(&split, 4, 0), [("Anna", 1), ("Cleo", 1), ("Dan", 2)]);
    // 1/5, 1/5 and 3/5 of 8: 1.6, 1.6 and 4.8. Dan is rounded up, and one of the others.
    assert_eq!(units(&split, 8, 0), [("Anna", 2), ("Cleo", 1), ("Dan", 5)]);
    assert_eq!(units(&split, 8, 1), [("Anna", 1), ("Cleo", 2), ("Dan", 5)]);
    assert_eq!(units(&split, 8, 2), units(&split, 8, 0));
}

#[test]
fn a_hundred_payers_and_the_largest_amount() {
    let split = Split::Equal((0..100).collect());
    let shares = units(&split, MAX_AMOUNT - 1, 99);
    assert_eq!(shares.len(), 100);
    let short: Vec<u8> =
        shares.iter().filter(|(_, n)| *n < MAX_AMOUNT / 100).map(|(k, _)| *k).collect();
    assert_eq!(short, [98], "the 99 odd units begin at number 99 and go round");
    let split = Split::Weights(vec![("a", MAX_WEIGHT), ("b", MAX_WEIGHT - 1), ("c", 1)]);
    let shares = [("a", MAX_AMOUNT / 2), ("b", MAX_AMOUNT / 2 - 500), ("c", 500)];
    assert_eq!(units(&split, MAX_AMOUNT, 0), shares);
}

#[test]
fn currencies_without_and_with_three_decimals() {
    let split = Split::Equal(vec!["a", "b", "c"]);
    for code in ["JPY", "KWD"] {
        let shares = split.shares(amount(1000), currency(code), 2).unwrap();
        let shares: Vec<u64> = shares.iter().map(|(_, share)| share.minor_units()).collect();
        assert_eq!(shares, [333, 333, 334]);
    }
    let exact = Split::Exact(vec![("a", amount(999))]);
    let message = |code| exact.shares(amount(1000), currency(code), 0).unwrap_err().to_string();
    assert_eq!(message("JPY"), "the shares sum to 999, 1 less than 1000");
    assert_eq!(message("KWD"), "the shares sum to 0.999, 0.001 less than 1.000");
}

#[test]
fn percentages_that_do_not_divide() {
    let thirds = [333_333, 333_333, 333_334].map(percent);
    let split = Split::Percent(["a", "b", "c"].into_iter().zip(thirds).collect());
    assert_eq!(units(&split, 1000, 0), [("a", 333), ("b", 333), ("c", 334)]);
    let split = Split::Percent(vec![("a", percent(125_000)), ("b", percent(875_000))]);
    assert_eq!(units(&split, 1, 0), [("b", 1)]);
    let split = Split::Percent(vec![("a", percent(0)), ("b", Percent::WHOLE)]);
    assert_eq!(units(&split, 7, 0), [("b", 7)]);
    let split = |a, b| Split::Percent(vec![("a", percent(a)), ("b", percent(b))]);
    for (split, message) in [
        (split(333_300, 666_600), "the percentages sum to 99.99 %, 0.01 % less than 100 %"),
        (split(600_000, 500_000), "the percentages sum to 110 %, 10 % more than 100 %"),
        (split(0, 0), "the percentages sum to 0 %, 100 % less than 100 %"),
    ] {
        assert_eq!(refusal(&split, 1000), message);
    }
}

#[test]
fn exact_shares_say_by_how_much_they_miss() {
    let split = |a, b| Split::Exact(vec![("a", amount(a)), ("b", amount(b))]);
    assert_eq!(units(&split(500, 0), 500, 0), [("a", 500)]);
    assert_eq!(refusal(&split(250, 249), 500), "the shares sum to 4.99, 0.01 less than 5.00");
    assert_eq!(refusal(&split(250, 260), 500), "the shares sum to 5.10, 0.10 more than 5.00");
}

#[test]
fn adjustments_are_on_top_of_an_equal_part() {
    let split = |a, b, c| Split::Adjust(vec![("a", signed(a)), ("b", signed(b)), ("c", signed(c))]);
    assert_eq!(units(&split(0, 200, -100), 1000, 0), [("a", 300), ("b", 500), ("c", 200)]);
    assert_eq!(units(&split(0, 0, -300), 600, 0), [("a", 300), ("b", 300)]);
    assert_eq!(units(&split(1, 0, 0), 1000, 1), [("a", 334), ("b", 333), ("c", 333)]);
    assert_eq!(units(&split(0, 1, -1), 1000, 0), [("a", 334), ("b", 334), ("c", 332)]);
    assert_eq!(
        refusal(&split(600, 500, 0), 1000),
        "the adjustments sum to 11.00, 1.00 more than 10.00"
    );
    assert_eq!(
        refusal(&split(0, 0, -301), 600),
        "the adjustment of c, -3.01, is 0.01 more than the equal part"
    );
    let beyond = Split::Adjust(vec![("a", signed(-1_000_000_000_000_001))]);
    assert!(refusal(&beyond, 1).contains("the adjustment of a is beyond"));
}

/// Pizza for Anna, wine for Anna and Ben, bread for nobody in particular.
fn bill() -> Itemised<&'static str> {
    let item = |text, units| SplitItem::new(text, amount(units));
    Itemised::new()
        .item(item("Pizza", 1200).shared_by("Anna", 1))
        .item(item("Wine", 2400).shared_by("Ben", 2).shared_by("Anna", 1))
        .item(item("Bread", 0).shared_by("Cleo", 1))
}

#[test]
fn items_with_tax_tip_service_and_discount_in_proportion() {
    let shares = |bill, total| units(&Split::Items(bill), total, 0);
    assert_eq!(shares(bill(), 3600), [("Anna", 2000), ("Ben", 1600)]);
    let taxed = bill().tax(amount(360)).tip(amount(180)).service(amount(90)).discount(amount(30));
    // 42.00 * 20/36 and 42.00 * 16/36; Cleo's bread costs nothing, so Cleo bears no tax.
    assert_eq!(shares(taxed, 4200), [("Anna", 2333), ("Ben", 1867)]);
    // A voucher may exceed the items, as long as tip or tax make up for it.
    assert_eq!(
        shares(bill().tip(amount(400)).discount(amount(3900)), 100),
        [("Anna", 56), ("Ben", 44)]
    );
    assert_eq!(shares(bill().discount(amount(3600)), 0), []);
    assert_eq!(shares(Itemised::new(), 0), []);
}

#[test]
fn a_third_of_an_item_is_exact() {
    // Each bears a third of 0.10 and of 0.20, in all 0.10 exactly. Rounding each item by itself
    // could give one participant both odd units.
    let item =
        |units| (0..3).fold(SplitItem::new("", amount(units)), |item, k| item.shared_by(k, 1));
    let bill = Split::Items(Itemised::new().item(item(10)).item(item(20)));
    for turn in 0..6 {
        assert_eq!(units(&bill, 30, turn), [(0, 10), (1, 10), (2, 10)]);
    }
}

#[test]
fn the_widest_receipt_is_split() {
    // Each item has another sum of weights, so the common denominator has thousands of bits.
    let mut bill = Itemised::new();
    for n in 0..MAX_SPLIT_ITEMS as u64 {
        let item = SplitItem::new("", amount(MAX_AMOUNT / 256));
        bill = bill.item((0..16).fold(item, |item, k| item.shared_by(k, MAX_WEIGHT - n * k)));
    }
    let total = MAX_AMOUNT / 256 * 256;
    let shares = units(&Split::Items(bill), total, 7);
    assert_eq!(shares.iter().map(|(_, units)| units).sum::<u64>(), total);
    assert!(shares.windows(2).all(|pair| pair[0].1 > pair[1].1), "{shares:?}");
}

#[test]
fn items_that_do_not_fit_say_why() {
    for (bill, total, message) in [
        (bill(), 3650, "less the discount, sum to 36.00, 0.50 less than 36.50"),
        (bill().tax(amount(1)), 3600, "less the discount, sum to 36.01, 0.01 more than 36.00"),
        (
            bill().tax(amount(100)).discount(amount(3800)),
            0,
            "the discount of 38.00 is 1.00 more than items, tax, tip and service, which sum to 37.00",
        ),
        (
            Itemised::new().item(SplitItem::new("Bread", amount(5))),
            5,
            "nobody shares the item \"Bread\" of 0.05",
        ),
        (
            Itemised::new().item(SplitItem::new("Bread", amount(5)).shared_by("Ben", 0)),
            5,
            "nobody shares the item \"Bread\" of 0.05",
        ),
        (
            Itemised::new().item(SplitItem::new("", amount(0)).shared_by("Ben", 1)).tax(amount(7)),
            7,
            "so nothing says who bears the 0.07 of tax, tip and service",
        ),
        (Itemised::new().tip(amount(7)), 7, "so nothing says who bears the 0.07"),
    ] {
        let found = refusal(&Split::Items(bill), total);
        assert!(found.ends_with(message) || found.contains(message), "{found}");
    }
}

#[test]
fn participants_are_distinct_and_somebody_bears() {
    assert_eq!(refusal(&Split::Equal(vec!["Ben", "Anna", "Ben"]), 5), "Ben is listed twice");
    let nobody = "nobody has a part above zero, so nobody bears 0.05";
    assert_eq!(refusal(&Split::<&str>::Equal(vec![]), 5), nobody);
    assert_eq!(refusal(&Split::Weights(vec![("Ben", 0)]), 5), nobody);
    assert_eq!(refusal(&Split::<&str>::Adjust(vec![]), 5), nobody);
    let split = Split::Adjust(vec![("Anna", signed(0)), ("Anna", signed(1))]);
    assert_eq!(refusal(&split, 5), "Anna is listed twice");
    let item = SplitItem::new("", amount(5)).shared_by("Cleo", 1).shared_by("Cleo", 2);
    assert_eq!(refusal(&Split::Items(Itemised::new().item(item)), 5), "Cleo is listed twice");
    for split in [Split::Equal(vec!["Ben"]), Split::Weights(vec![]), Split::Adjust(vec![])] {
        assert_eq!(units(&split, 0, 0), [], "of nothing there are no shares");
    }
}

#[test]
fn limits_hold() {
    let people = |n: Key| Split::Equal((0..n).collect());
    assert_eq!(units(&people(1024), MAX_AMOUNT, 0).len(), 1024);
    assert_eq!(
        refusal(&people(1025), 5),
        "a split has at most 1024 participants, this one has 1025"
    );
    let heavy = Split::Weights(vec![("Ben", MAX_WEIGHT + 1)]);
    assert_eq!(refusal(&heavy, 5), "the weight of Ben is above 1000000000000");
    let mut bill = Itemised::new();
    for n in 0..=MAX_SPLIT_ITEMS {
        bill = bill.item(SplitItem::new("", Amount::ZERO).shared_by(n, 1));
    }
    let many = Split::Items(bill);
    assert_eq!(refusal(&many, 0), "a split has at most 256 items, this one has 257");
    let item = |range: core::ops::Range<Key>| {
        range.fold(SplitItem::new("", amount(5)), |item, k| item.shared_by(k, 1))
    };
    let crowd = || Itemised::new().item(item(0..1000)).item(item(1000..2000));
    let too_many = "a split has at most 1024 participants, this one has 2000";
    assert_eq!(refusal(&Split::Items(crowd()), 10), too_many);
    // Before anything is computed, such as that nobody shares the bread.
    let bread = SplitItem::new("Bread", amount(5));
    assert_eq!(refusal(&Split::Items(crowd().item(bread)), 15), too_many);
    let shared = Split::Items(Itemised::new().item(item(0..1000)).item(item(24..1024)));
    assert_eq!(units(&shared, 10, 0).len(), 10, "who shares several items is one participant");
}
