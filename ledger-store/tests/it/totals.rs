//! Totals agree with reading every expense, whatever is cancelled, corrected or filtered.
#![cfg(feature = "sqlcipher")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ledger_core::{Amount, Balance, Currency, Date, Direction, Hints, Transaction};
use ledger_store::{
    CategoryInUse, Condition, Filter, Group, NewEntry, Recorded, StoreError, TagInUse, Total,
    TotalOf, TotalsBy,
};

use crate::common::{Folder, Rng, details, found, go_on, only, something};

fn fill(group: &Group, rounds: usize, rng: &mut Rng) {
    let mut originals = Vec::new();
    for _ in 0..rounds {
        let state = group.state().unwrap();
        let mut batch: Vec<NewEntry> =
            (0..8).map(|_| something(&state, &mut originals, rng)).collect();
        let mut changed = details(&state, rng);
        if let Transaction::Expense(expense) = &mut changed {
            expense.category = (rng.below(2) == 0).then(|| ["Food", "Fun"][rng.below(2)].into());
            expense.direction = Direction::Incoming;
            let mut hints = Hints::default();
            hints.set_tags(["trip", "sea"].into_iter().take(rng.below(3))).unwrap();
            expense.hints = hints;
        }
        batch.push(NewEntry::Record(changed));
        let ids = group.entries().append(batch.clone()).unwrap();
        let new = batch.iter().zip(ids).filter(|(e, _)| matches!(e, NewEntry::Record(_)));
        originals.extend(new.map(|(_, id)| id));
    }
}

/// The same from the rows themselves.
fn from_rows(rows: &[Recorded], by: TotalsBy) -> Vec<Total> {
    let mut sums: BTreeMap<(TotalOf, String), (u64, Balance, Balance)> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.cancelled) {
        let Transaction::Expense(expense) = &row.transaction else { continue };
        let signed = |amount: Amount| match expense.direction {
            Direction::Outgoing => Balance::from(amount),
            Direction::Incoming => Balance::ZERO.minus(amount.into()),
        };
        let code = expense.currency.code().to_owned();
        let mut add = |of, spent, paid| {
            let sum = sums.entry((of, code.clone())).or_default();
            *sum = (sum.0 + 1, sum.1.plus(spent), sum.2.plus(paid));
        };
        let all = signed(expense.amount);
        match by {
            TotalsBy::Month => {
                let month = expense.date.yyyymmdd() / 100 * 100 + 1;
                add(TotalOf::Month(Date::from_yyyymmdd(month.into()).unwrap()), all, all);
            }
            TotalsBy::Category => add(TotalOf::Category(expense.category.clone()), all, all),
            TotalsBy::Currency => add(TotalOf::All, all, all),
            TotalsBy::Member => {
                let mut parts = BTreeMap::new();
                for (member, share) in &expense.shares {
                    let part: &mut (Balance, Balance) = parts.entry(*member).or_default();
                    part.0 = part.0.plus(signed(*share));
                }
                for (member, paid) in &expense.payers {
                    let part = parts.entry(*member).or_default();
                    part.1 = part.1.plus(signed(*paid));
                }
                parts.into_iter().for_each(|(of, part)| add(TotalOf::Member(of), part.0, part.1));
            }
            _ => panic!("a new kind of total"),
        }
    }
    let total = |((of, code), (expenses, spent, paid)): ((TotalOf, String), _)| Total {
        of,
        currency: Currency::from_code(&code).unwrap(),
        expenses,
        spent,
        paid,
    };
    sums.into_iter().map(total).collect()
}

const ALL: [TotalsBy; 4] =
    [TotalsBy::Month, TotalsBy::Category, TotalsBy::Member, TotalsBy::Currency];

fn assert_totals(group: &Group) {
    let lists = group.lists();
    let me = group.me().unwrap().unwrap();
    let day = |text: &str| Some(text.parse::<Date>().unwrap());
    for filter in [
        Filter::default(),
        Filter::default().since(day("2026-03-05")).until(day("2026-08-01")),
        Filter::default().condition(Condition::Member(me)),
        Filter::default().condition(Condition::Category("Food".into())),
        Filter::default()
            .condition(Condition::Payer(me))
            .condition(Condition::Text("thing".into())),
        Filter::default().condition(Condition::Tag("trip".into())),
        Filter::default().condition(Condition::Direction(Direction::Incoming)),
        Filter::default().condition(Condition::Transfer(true)),
    ] {
        let rows = lists.find(&filter, None, u32::MAX).unwrap();
        for by in ALL {
            let totals = lists.totals(by, &filter, &mut go_on).unwrap();
            assert_eq!(totals, from_rows(&rows, by), "{by:?} {filter:?}");
        }
    }
    // Whatever they are taken by, they sum to the same.
    for whole in lists.totals(TotalsBy::Currency, &Filter::default(), &mut go_on).unwrap() {
        for by in ALL {
            let parts = lists.totals(by, &Filter::default(), &mut go_on).unwrap();
            let parts = parts.iter().filter(|part| part.currency == whole.currency);
            let zero = (Balance::ZERO, Balance::ZERO);
            let sum = parts
                .fold(zero, |(spent, paid), part| (spent.plus(part.spent), paid.plus(part.paid)));
            assert_eq!(sum, (whole.spent, whole.paid), "{by:?}");
        }
    }
    let mut used: BTreeMap<String, Date> = BTreeMap::new();
    let mut tagged: BTreeMap<String, Date> = BTreeMap::new();
    for row in lists.expenses(None, u32::MAX).unwrap() {
        let date = row.transaction.date();
        for tag in row.transaction.hints().tags() {
            let last = tagged.entry(tag).or_insert(date);
            *last = (*last).max(date);
        }
        let Transaction::Expense(expense) = row.transaction else { continue };
        let Some(category) = expense.category else { continue };
        let last = used.entry(category).or_insert(expense.date);
        *last = (*last).max(expense.date);
    }
    let used: Vec<CategoryInUse> =
        used.into_iter().map(|(name, last_day)| CategoryInUse { name, last_day }).collect();
    assert!(used.len() > 1);
    assert_eq!(lists.categories(None, 100).unwrap(), used);
    assert_eq!(lists.categories(Some(&used[0].name), 1).unwrap(), used[1..2]);
    let tagged: Vec<TagInUse> =
        tagged.into_iter().map(|(name, last_day)| TagInUse { name, last_day }).collect();
    assert_eq!(tagged.len(), 2);
    assert_eq!(lists.tags(None, 100).unwrap(), tagged);
    assert_eq!(lists.tags(Some("sea"), 9).unwrap(), tagged[1..]);
}

#[test]
fn totals_are_what_adding_up_every_expense_gives() {
    for seed in 0..2 {
        let folder = Folder::new(seed);
        let store = folder.store();
        let group = found(&store, 3);
        let other = store.create_group("Trip", "Anna").unwrap();
        other.entries().append(vec![NewEntry::Placeholder { name: "Bo".into() }]).unwrap();
        fill(&other, 3, &mut Rng::new(seed + 7));
        fill(&group, 12, &mut Rng::new(seed));
        assert_totals(&group);
        fill(&group, 3, &mut Rng::new(seed + 3));
        assert_totals(&group);
    }
}

#[test]
fn nothing_recorded_gives_no_totals() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 1);
    for by in ALL {
        assert_eq!(group.lists().totals(by, &Filter::default(), &mut go_on).unwrap(), []);
    }
    assert_eq!(group.lists().categories(None, 10).unwrap(), []);
    assert_eq!(group.lists().tags(None, 10).unwrap(), []);
}

#[test]
fn adding_up_can_be_stopped() {
    let folder = crate::common::filled(1);
    let store = folder.store();
    let group = only(&store);
    let mut seen = 0;
    let stopped = group.lists().totals(TotalsBy::Member, &Filter::default(), &mut |progress| {
        seen += 1;
        assert_eq!(progress.total, 60);
        ControlFlow::Break(())
    });
    assert!(matches!(stopped, Err(StoreError::Cancelled)), "{stopped:?}");
    assert_eq!(seen, 1);
}
