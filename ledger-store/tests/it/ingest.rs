//! Entries from another device: in any order and any batches they give the same ledger.
#![cfg(feature = "sqlcipher")]

use std::collections::BTreeSet;

use ledger_core::engine::Draft;
use ledger_core::hazmat::any_position;
use ledger_core::{EntryId, Rule};
use ledger_store::{Condition, Filter, Group, Ingested, NewEntry, StoreError};

use crate::common::people::{Ben, ingest, sign};
use crate::common::{
    Folder, Rng, Travelling, added, assert_sound, count, decode, digest, entries, found, heads,
    live, only, record, something,
};

/// Two disks with the same group, as far as it went until then.
fn twins(seed: u64) -> (Folder, Folder) {
    let one = Folder::new(seed);
    let store = one.store();
    record(&found(&store, 4), 40, 40, &mut Rng::new(seed));
    drop(store);
    let two = one.copy(seed + 1000);
    (one, two)
}

/// Appends entries of all kinds, some about what was there before.
fn go_on(group: &Group, batches: usize, rng: &mut Rng) {
    let mut originals = live(group, u32::MAX);
    for _ in 0..batches {
        let state = group.state().unwrap();
        let mut new: Vec<NewEntry> =
            (0..6).map(|_| something(&state, &mut originals, rng)).collect();
        if rng.below(8) == 0 {
            new.push(NewEntry::Placeholder { name: "Guest 1".to_owned() });
        }
        let ids = group.entries().append(new.clone()).unwrap();
        let recorded = new.iter().zip(ids).filter(|(new, _)| matches!(new, NewEntry::Record(_)));
        originals.extend(recorded.map(|(_, id)| id));
    }
}

/// Entries that `source` has and `target` lacks.
fn news(source: &Group, target: &Group) -> Vec<Travelling> {
    let known: BTreeSet<Travelling> = entries(target).into_iter().collect();
    entries(source).into_iter().filter(|entry| !known.contains(entry)).collect()
}

fn id(entry: &Travelling) -> EntryId {
    decode(entry).id()
}

/// Offers entries again and again until all are in.
fn offer_until_all_are_in(group: &Group, batches: &[&[Travelling]]) -> u64 {
    let mut added = 0;
    for _ in 0..=batches.iter().map(|batch| batch.len()).sum::<usize>() {
        let mut missing = false;
        for batch in batches {
            let report = group.entries().ingest(batch).unwrap();
            assert_eq!(report.refused, []);
            added += report.added.len() as u64;
            missing |= !report.missing.is_empty();
        }
        if !missing {
            return added;
        }
    }
    panic!("something never got in");
}

fn assert_same(one: &Group, two: &Group) {
    assert_eq!(digest(one), digest(two));
    assert_eq!(heads(one), heads(two));
    assert_eq!(count(one), count(two));
}

fn assert_equal(one: &Group, two: &Group) {
    assert_same(one, two);
    assert_sound(one);
    assert_sound(two);
}

#[test]
fn any_order_and_packaging_gives_the_same_ledger() {
    let (one, two) = twins(1);
    let store = one.store();
    let group = only(&store);
    let mut rng = Rng::new(1);
    go_on(&group, 40, &mut rng);
    let again = two.open().unwrap();
    let fresh = news(&group, &only(&again));
    drop(again);
    assert!(fresh.len() >= 240);
    for (round, size) in [1, 7, 50, 1000, 13].into_iter().enumerate() {
        let copy = two.copy(round as u64);
        let there = copy.store();
        let other = only(&there);
        let mut mixed = fresh.clone();
        // Some travel twice.
        let doubled = rng.below(fresh.len());
        mixed.extend_from_slice(&fresh[..doubled]);
        match round {
            // One by one in the worst order would take a round per entry.
            0 => {}
            _ => rng.shuffle(&mut mixed),
        }
        let batches: Vec<&[Travelling]> = mixed.chunks(size).collect();
        assert_eq!(offer_until_all_are_in(&other, &batches), fresh.len() as u64);
        assert_same(&group, &other);
        // Once more changes nothing.
        let mut report = other.entries().ingest(&mixed).unwrap();
        assert_eq!(std::mem::take(&mut report.duplicates), mixed.len() as u64);
        assert_eq!(report, Ingested::default());
        drop(there);
        let there = copy.open().unwrap();
        assert_same(&group, &only(&there));
        assert_sound(&only(&there));
    }
    assert_sound(&group);
}

#[test]
fn a_batch_in_reverse_goes_in_at_once() {
    let (one, two) = twins(2);
    let (here, there) = (one.store(), two.store());
    let (group, other) = (only(&here), only(&there));
    go_on(&group, 20, &mut Rng::new(2));
    let mut fresh = news(&group, &other);
    fresh.reverse();
    let report = other.entries().ingest(&fresh).unwrap();
    assert_eq!(report.added.len(), fresh.len());
    assert_eq!((report.missing.len(), report.refused.len(), report.duplicates), (0, 0, 0));
    assert_equal(&group, &other);
}

/// Cancelled, edited by somebody who did not know it, and restored, all in one transaction.
#[test]
fn a_batch_that_cancels_edits_and_restores_leaves_the_right_rows() {
    let (one, two) = (Folder::new(9), Folder::new(10));
    let store = one.store();
    let group = found(&store, 4);
    let ben = Ben::join(&one, &group);
    let [dinner, taxi]: [EntryId; 2] = record(&group, 2, 2, &mut Rng::new(9)).try_into().unwrap();
    drop((group, store));
    for (from, to) in [(one.db(), two.db()), (one.keys(), two.keys())] {
        std::fs::copy(from, to).unwrap();
    }
    let (store, other) = (one.store(), two.store());
    let (group, other) = (only(&store), only(&other));
    let state = group.state().unwrap();
    let cancel = |original| NewEntry::Cancellation { original, reason: None };
    let late = group.ledger().unwrap();
    group.entries().append(vec![cancel(dinner), cancel(taxi)]).unwrap();
    record(&group, 5, 5, &mut Rng::new(10));
    group.entries().restore(dinner).unwrap();
    group.entries().restore(taxi).unwrap();
    group.entries().append(vec![cancel(taxi)]).unwrap();
    // His clock is between those of the cancellation and the restoration.
    let shown = group.lists().recorded(dinner).unwrap().unwrap().transaction;
    let before = Draft::record(&state, &shown).unwrap();
    let edit = Draft::correction(&state, dinner, &shown).unwrap();
    let first = sign(&late, &ben.device, Some(ben.added), before);
    ingest(&group, &first);
    let clock = first.decoded().header().lamport() + 1;
    let position = any_position(group.id(), ben.device.id(), 1, first.id(), vec![], clock);
    ingest(&group, &edit.sign(&ben.device, &position, 0).unwrap());
    assert_eq!(other.entries().ingest(&news(&group, &other)).unwrap().refused, []);
    assert_equal(&group, &other);
    let of = |condition| {
        let filter = Filter::default().condition(condition);
        let found = other.lists().find(&filter, None, 99).unwrap();
        found.iter().map(|row| row.original).collect::<Vec<_>>()
    };
    assert_eq!(of(Condition::Cancelled(true)), [taxi]);
    assert!(of(Condition::Cancelled(false)).contains(&dinner));
}

#[test]
fn a_changed_bit_is_refused_and_the_rest_is_kept() {
    let (one, two) = twins(3);
    let here = one.store();
    let group = only(&here);
    go_on(&group, 5, &mut Rng::new(3));
    let there = two.store();
    let other = only(&there);
    let fresh = news(&group, &other);
    let (good, last) = fresh.split_at(fresh.len() - 1);
    let (bytes, signature) = last[0].clone();
    let mut batch: Vec<Travelling> = Vec::new();
    for bit in 0..8 * bytes.len() {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        batch.push((changed, signature));
    }
    for bit in 0..8 * 64 {
        let mut changed = signature;
        changed[bit / 8] ^= 1 << (bit % 8);
        batch.push((bytes.clone(), changed));
    }
    let bad = batch.len();
    batch.extend_from_slice(good);
    Rng::new(33).shuffle(&mut batch);
    let report = other.entries().ingest(&batch).unwrap();
    assert_eq!(report.refused.len(), bad);
    let rules: BTreeSet<Rule> = report.refused.iter().map(|refusal| refusal.rule()).collect();
    assert!(rules.contains(&Rule::S1) && rules.contains(&Rule::H7), "{rules:?}");
    let new: BTreeSet<EntryId> = added(&report).into_iter().collect();
    assert_eq!(new, good.iter().map(id).collect());
    assert!(report.missing.is_empty());
    assert_sound(&other);
    // The intact one is still welcome.
    assert_eq!(added(&other.entries().ingest(last).unwrap()), [id(&last[0])]);
    assert_equal(&group, &other);
}

#[test]
fn rubbish_is_refused_without_harm() {
    let (one, _) = twins(4);
    let store = one.store();
    let group = only(&store);
    let before = entries(&group);
    let (bytes, signature) = before[10].clone();
    let mut batch: Vec<Travelling> =
        (0..bytes.len()).map(|length| (bytes[..length].to_vec(), signature)).collect();
    batch.push(([&bytes[..], &[0]].concat(), signature));
    batch.push((vec![0xff; 70_000], signature));
    batch.push((bytes, [0xff; 64]));
    let report = group.entries().ingest(&batch).unwrap();
    // A stored entry with another signature is a forgery, not a duplicate.
    assert_eq!(report.refused.len(), batch.len());
    assert_eq!(entries(&group), before);
    assert_sound(&group);
    assert_eq!(group.entries().ingest(&[]).unwrap(), Ingested::default());
}

#[test]
fn what_is_missing_is_named_and_fills_the_gap() {
    let (one, two) = twins(5);
    let (here, there) = (one.store(), two.store());
    let (group, other) = (only(&here), only(&there));
    record(&group, 12, 1, &mut Rng::new(5));
    let fresh = news(&group, &other);
    let gap = 4;
    let without: Vec<Travelling> = [&fresh[..gap], &fresh[gap + 1..]].concat();
    let report = other.entries().ingest(&without).unwrap();
    let first = added(&report);
    assert_eq!(first, fresh[..gap].iter().map(id).collect::<Vec<_>>());
    // Only the gap is asked for: each later one misses the one before it,
    // which waits as well.
    assert_eq!(report.missing, [id(&fresh[gap])].into());
    assert_sound(&other);
    // What waits survives a restart, and comes in with what fills the gap.
    drop(there);
    let there = two.open().unwrap();
    let other = only(&there);
    let report = other.entries().ingest(&fresh[gap..=gap]).unwrap();
    assert_eq!(added(&report), fresh[gap..].iter().map(id).collect::<Vec<_>>());
    assert!(report.missing.is_empty());
    assert_equal(&group, &other);
    // Nothing is left waiting.
    let waiting: i64 =
        two.raw().query_row("SELECT count(*) FROM pending", [], |row| row.get(0)).unwrap();
    assert_eq!(waiting, 0);
}

/// Two that have one file open each remember what waits.
#[test]
fn what_waits_since_somebody_else_wrote_is_not_forgotten() {
    let (one, two) = twins(8);
    let (here, there, beside) = (one.store(), two.store(), two.open().unwrap());
    let (group, other, third) = (only(&here), only(&there), only(&beside));
    record(&group, 4, 1, &mut Rng::new(8));
    let fresh = news(&group, &other);
    assert_eq!(fresh.len(), 4);
    let offer =
        |group: &Group, n: usize| group.entries().ingest(&fresh[n..=n]).unwrap().added.len();
    assert_eq!(offer(&other, 1), 0);
    // It comes in elsewhere, and another one waits.
    assert_eq!((offer(&third, 0), offer(&third, 3)), (2, 0));
    assert_eq!(offer(&other, 2), 2, "with what waits for it");
    assert_equal(&group, &other);
}

#[test]
fn the_entries_of_another_group_are_refused() {
    let (one, _) = twins(6);
    let (other, _) = twins(7);
    let (here, there) = (one.store(), other.store());
    let group = only(&here);
    let before = (digest(&group), count(&group));
    let foreign = entries(&only(&there));
    let report = group.entries().ingest(&foreign).unwrap();
    assert_eq!(report.refused.len(), foreign.len());
    assert!(report.refused.iter().all(|refusal| refusal.rule() == Rule::A1));
    assert_eq!((digest(&group), count(&group)), before);
}

#[test]
fn a_device_that_forked_is_kept_with_both_branches() {
    for seed in 10..14 {
        // A backup was restored: one device goes on twice from the same place.
        let (one, two) = twins(seed);
        let (here, there) = (one.store(), two.store());
        let (group, other) = (only(&here), only(&there));
        let mut rng = Rng::new(seed);
        go_on(&group, 3 + rng.below(6), &mut rng);
        go_on(&other, 3 + rng.below(6), &mut rng);
        let (mut to_other, mut to_group) = (news(&group, &other), news(&other, &group));
        let seqs = |entries: &[Travelling]| -> BTreeSet<u64> {
            entries.iter().map(|entry| decode(entry).header().seq()).collect()
        };
        assert!(!seqs(&to_other).is_disjoint(&seqs(&to_group)), "the same seq twice");
        rng.shuffle(&mut to_other);
        rng.shuffle(&mut to_group);
        assert_eq!(group.entries().ingest(&to_group).unwrap().added.len(), to_group.len());
        assert_eq!(other.entries().ingest(&to_other).unwrap().added.len(), to_other.len());
        assert_equal(&group, &other);
        assert_eq!(heads(&group).len(), 2);
        // Neither goes on: each learned that its key signs elsewhere, too.
        for twin in [&group, &other] {
            let entry = NewEntry::Placeholder { name: "Guest".into() };
            let refused = twin.entries().append(vec![entry]);
            assert!(matches!(refused, Err(StoreError::Forked(device)) if device == twin.device()));
        }
        drop((here, there));
        assert_equal(&only(&one.open().unwrap()), &only(&two.open().unwrap()));
    }
}
