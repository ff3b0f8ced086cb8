//! Rows of one file on two devices, recorded and changed at random: what the lists say of them follows
//! from what counts, and not from the order in which it came.
#![cfg(feature = "sqlcipher")]

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::Payload;
use ledger_core::{Amount, Currency, EntryId, Expense, MemberId, Origin, Transaction};
use ledger_store::{Activity, Group, NewEntry};

use crate::common::phones::{Phone, agree, hand_over, join};
use crate::common::{Rng, assert_sound, found};

/// One of three rows, in one of three contents.
fn row(people: &[MemberId], rng: &mut Rng) -> Transaction {
    let (row, units) = (rng.below(3) as u8, 300 * (1 + rng.below(3) as u64));
    let (euro, amount) = (Currency::from_code("EUR").unwrap(), Amount::from_minor_units(units));
    Expense::new("2026-11-21".parse().unwrap(), "Hut", euro, amount.unwrap())
        .paid_by(people[0], amount.unwrap())
        .split_equally(people, 0)
        .origin(Origin::from_bytes([row; 16]))
        .into()
}

fn act(group: &Group, people: &[MemberId], rng: &mut Rng) {
    let page = group.lists().expenses(None, 9).unwrap();
    let target = (!page.is_empty()).then(|| &page[rng.below(page.len())]);
    let content = row(people, rng);
    let new = match (rng.below(5), target) {
        (0 | 1, Some(row)) if row.cancelled => NewEntry::Restoration { original: row.original },
        (0, Some(row)) => NewEntry::Cancellation { original: row.original, reason: None },
        (1 | 2, Some(row)) if !row.cancelled => {
            NewEntry::Correction { original: row.original, transaction: content }
        }
        _ => NewEntry::Record(content),
    };
    group.entries().append(vec![new]).unwrap();
}

fn place(entry: &Activity) -> (u64, EntryId) {
    (entry.entry.decoded().header().lamport(), entry.entry.id())
}

/// What the lists should say: the content before each change, and of each slot with its entries
/// whether its originals differ.
fn check(group: &Group) -> BTreeMap<EntryId, Option<Transaction>> {
    let (state, mut all) = (group.state().unwrap(), group.lists().activity(None, 10_000).unwrap());
    all.sort_by_key(place);
    assert!(all.iter().all(|entry| entry.verdict.is_applied()), "nobody was removed");
    let content = |entry: &Activity| state.transaction_of(entry.entry.decoded());
    let mut slots: BTreeMap<EntryId, Vec<&Activity>> = BTreeMap::new();
    for entry in &all {
        entry.original.into_iter().for_each(|slot| slots.entry(slot).or_default().push(entry));
    }
    let (mut before, mut differing) = (BTreeMap::new(), BTreeSet::new());
    for (slot, entries) in &slots {
        let is_original =
            |entry: &&&Activity| matches!(entry.entry.decoded().payload(), Payload::Transaction(_));
        let originals: Vec<Transaction> =
            entries.iter().filter(is_original).filter_map(|entry| content(entry)).collect();
        if originals.iter().any(|other| !originals[0].differences(other).is_empty()) {
            differing.insert(*slot);
        }
        let mut corrected: Option<Transaction> = None;
        for entry in entries {
            let expected = match entry.entry.decoded().payload() {
                Payload::Transaction(_) => None,
                _ => corrected.clone().or_else(|| originals.first().cloned()),
            };
            assert_eq!(entry.before, expected, "before {}", entry.entry.id());
            before.insert(entry.entry.id(), expected);
            if matches!(entry.entry.decoded().payload(), Payload::Correction(_)) {
                corrected = content(entry);
            }
        }
    }
    for row in group.lists().expenses(None, 9).unwrap() {
        assert_eq!(row.conflicting, differing.contains(&row.original), "{}", row.original);
    }
    before
}

#[test]
fn what_lists_say_of_shared_rows_is_the_same_on_every_device() {
    for seed in 1..=6 {
        let (host, guest) = (Phone::new(10 * seed), Phone::new(10 * seed + 1));
        let ours = found(&host.store, 2);
        let theirs = join(&ours, &host, &guest, "Cara");
        hand_over(&theirs, &ours);
        let people: Vec<MemberId> =
            ours.members().unwrap().into_iter().map(|(id, _)| id).take(3).collect();
        let mut rng = Rng::new(seed);
        for _ in 0..12 {
            for group in [&ours, &theirs] {
                (0..rng.below(5)).for_each(|_| act(group, &people, &mut rng));
            }
            match rng.below(3) {
                0 => hand_over(&ours, &theirs),
                1 => hand_over(&theirs, &ours),
                _ => {}
            }
            check(&ours);
            check(&theirs);
        }
        hand_over(&ours, &theirs);
        hand_over(&theirs, &ours);
        agree(&ours, &theirs);
        assert_eq!(check(&ours), check(&theirs), "seed {seed}");
        assert_sound(&ours);
        assert_sound(&theirs);
    }
}
