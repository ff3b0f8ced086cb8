//! Balances as of entries and days are those of evaluation from scratch.
#![cfg(feature = "sqlcipher")]

use std::ops::ControlFlow;

use ledger_core::engine::{AsOf, Draft};
use ledger_core::{Balance, Currency, EntryId, GroupState, MemberId};
use ledger_store::{ByCurrency, Group, NewEntry, StoreError};

use crate::common::people::Ben;
use crate::common::{
    self, Folder, Rng, details, entries, filled, found, from_scratch, go_on, heads, only, something,
};

fn open(state: &GroupState) -> ByCurrency<(MemberId, Balance)> {
    let mut currencies: Vec<Currency> = state.currencies().collect();
    currencies.sort_unstable();
    let balances = currencies.into_iter().map(|c| (c, state.open_balances(c).collect::<Vec<_>>()));
    let mut balances: ByCurrency<_> = balances.filter(|(_, open)| !open.is_empty()).collect();
    balances.iter_mut().for_each(|(_, open)| open.sort_unstable());
    balances
}

fn assert_as_of(group: &Group) {
    let all = entries(group);
    let evaluation = from_scratch(group.id(), &all);
    let days = ["2025-12-31", "2026-03-05", "2026-08-28", "2026-12-31"];
    let days = days.map(|day| AsOf::Date(day.parse().unwrap()));
    let ids = all.iter().map(|entry| AsOf::Entry(common::decode(entry).id()));
    for point in days.into_iter().chain(ids) {
        let expected = evaluation.as_of(point).unwrap();
        let found = group.balances().as_of(point, &mut go_on).unwrap();
        assert_eq!(found, open(&expected), "{point:?}");
    }
}

#[test]
fn balances_as_of_every_entry_and_day_are_those_from_scratch() {
    for seed in 0..2 {
        let folder = Folder::new(seed);
        let store = folder.store();
        let group = found(&store, 2);
        let ben = Ben::join(&folder, &group);
        let (mut rng, mut originals) = (Rng::new(seed), Vec::new());
        let mut known = heads(&group);
        for round in 0..8 {
            let state = group.state().unwrap();
            let batch: Vec<NewEntry> =
                (0..4).map(|_| something(&state, &mut originals, &mut rng)).collect();
            let ids = group.entries().append(batch.clone()).unwrap();
            let new = batch.iter().zip(ids).filter(|(e, _)| matches!(e, NewEntry::Record(_)));
            originals.extend(new.map(|(_, id)| id));
            // Ben changes something, and some of it is void in the end.
            if let Some(original) = originals.first() {
                let state = group.state().unwrap();
                let changed = details(&state, &mut rng);
                ben.write(&group, Draft::correction(&state, *original, &changed).unwrap());
            }
            if round == 4 {
                known = heads(&group);
            }
        }
        assert_as_of(&group);
        ben.remove(&group, known);
        assert_as_of(&group);
        let next = group.create_successor_group("Next").unwrap();
        common::record(&next, 5, 5, &mut rng);
        assert_as_of(&next);
    }
}

#[test]
fn an_unknown_point_is_refused_and_the_work_can_be_stopped() {
    let folder = filled(1);
    let store = folder.store();
    let group = only(&store);
    let unknown = EntryId::from_bytes([7; 32]);
    let refused = group.balances().as_of(AsOf::Entry(unknown), &mut go_on);
    assert!(matches!(refused, Err(StoreError::UnknownEntry(ids)) if ids == [unknown]));
    let stop = &mut |_| ControlFlow::Break(());
    for point in [AsOf::Entry(group.id().genesis()), AsOf::Date("2026-12-31".parse().unwrap())] {
        let stopped = group.balances().as_of(point, stop);
        assert!(matches!(stopped, Err(StoreError::Cancelled)), "{stopped:?}");
    }
}
