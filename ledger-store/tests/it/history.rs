//! History of an expense: its versions, and the reviews by members.
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::Draft;
use ledger_core::{EntryId, Verdict, VoidReason};
use ledger_store::{Group, NewEntry, StoreError, Version, VersionKind};

use crate::common::people::{Ben, ingest, sign};
use crate::common::{
    Folder, Rng, assert_sound, decode, details, entries, found, from_scratch, heads,
};

fn pages(group: &Group, original: EntryId, size: u32) -> Vec<Version> {
    let mut rows: Vec<Version> = Vec::new();
    loop {
        let after = rows.last().map(|row| row.cursor);
        let page = group.lists().history(original, after, size).unwrap();
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

/// Every history is what evaluation from scratch says belongs to the slot.
fn assert_histories(group: &Group) -> usize {
    assert_sound(group);
    let all = entries(group);
    let evaluation = from_scratch(group.id(), &all);
    let state = group.state().unwrap();
    let mut longest = 0;
    for original in all.iter().map(decode) {
        if original.payload().transaction().is_none()
            || evaluation.slot_of(original.id()).unwrap().0 != original.id()
        {
            let error = group.lists().history(original.id(), None, 9).unwrap_err();
            assert!(matches!(error, StoreError::UnknownEntry(_)), "{error:?}");
            continue;
        }
        let mut expected: Vec<_> = evaluation
            .verdicts()
            .filter_map(|(entry, verdict)| {
                let (slot, part) = evaluation.slot_of(entry.id())?;
                let counted = verdict != Verdict::Void(VoidReason::WrongTarget);
                (slot == original.id() && counted).then_some((
                    entry.id(),
                    verdict,
                    VersionKind::from(part.role),
                ))
            })
            .collect();
        expected.reverse();
        longest = longest.max(expected.len());
        for size in [1, 2, 100] {
            let rows = pages(group, original.id(), size);
            let shown: Vec<_> =
                rows.iter().map(|row| (row.entry.id(), row.verdict, row.kind)).collect();
            assert_eq!(shown, expected);
            for row in rows {
                let entry = row.entry.decoded();
                assert_eq!(row.transaction, state.transaction_of(entry));
                assert_eq!(row.author, state.device_owner(entry.header().device()));
            }
        }
        assert_differences(group, &pages(group, original.id(), 100));
    }
    longest
}

/// The activity shows what each change of a slot changed.
fn assert_differences(group: &Group, newest_first: &[Version]) {
    for (place, version) in newest_first.iter().enumerate() {
        let changes = matches!(version.kind, VersionKind::Correction | VersionKind::Cancellation);
        let earlier = newest_first[place + 1..].iter().filter(|row| row.verdict.is_applied());
        let last = earlier
            .filter(|row| matches!(row.kind, VersionKind::Correction | VersionKind::Original))
            .find(|_| changes);
        let row = group.lists().entry(version.entry.id()).unwrap().unwrap();
        assert_eq!(row.before, last.and_then(|row| row.transaction.clone()));
    }
}

#[test]
fn a_history_has_every_entry_of_the_slot_void_ones_too() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 2);
    let ben = Ben::join(&folder, &group);
    let mut rng = Rng::new(1);
    let said = |rng: &mut Rng| details(&group.state().unwrap(), rng);
    let first = said(&mut rng);
    let dinner = group.entries().append(vec![NewEntry::Record(first)]).unwrap()[0];
    let by_ben =
        ben.write(&group, Draft::record(&group.state().unwrap(), &said(&mut rng)).unwrap());
    let known = heads(&group);
    // Both write at once, so that clocks are equal and ids decide.
    let before = group.ledger().unwrap();
    for round in 0..6 {
        let details = said(&mut rng);
        let draft = Draft::correction(before.state(), dinner, &details).unwrap();
        let at = if round % 2 == 0 { &ben.device } else { &ben.anna };
        ingest(&group, &sign(&before, at, None, draft));
    }
    let state = group.state().unwrap();
    ben.write(&group, Draft::correction(&state, by_ben, &said(&mut rng)).unwrap());
    let reason = Some("twice".to_owned());
    let cancels = Draft::cancellation(dinner, reason.clone());
    ingest(&group, &sign(&group.ledger().unwrap(), &ben.anna, None, cancels));
    // What changes no expense is in no history.
    let wrong = ben.write(&group, Draft::cancellation(group.id().genesis(), None));
    assert_eq!(assert_histories(&group), 8);
    assert_eq!(group.lists().history(dinner, None, 1).unwrap()[0].reason, reason);

    ben.remove(&group, known);
    let void = group.lists().void_entries(None, 100).unwrap();
    let reason =
        |wanted: EntryId| void.iter().find(|row| row.entry.id() == wanted).unwrap().verdict;
    assert_eq!(reason(wrong), Verdict::Void(VoidReason::WrongTarget));
    assert_eq!(void.len(), 5, "three corrections of dinner, one of Ben's own, the wrong one");
    // Somebody copies Ben's, and corrects the copy.
    let state = group.state().unwrap();
    let copy = Draft::copy(&state, by_ben, &said(&mut rng)).unwrap();
    let copy = ingest(&group, &sign(&group.ledger().unwrap(), &ben.anna, None, copy));
    let state = group.state().unwrap();
    let draft = Draft::correction(&state, copy, &said(&mut rng)).unwrap();
    ingest(&group, &sign(&group.ledger().unwrap(), &ben.anna, None, draft));
    assert_eq!(assert_histories(&group), 8);
    let rows = group.lists().history(by_ben, None, 10).unwrap();
    let roles: Vec<_> = rows.iter().map(|row| (row.kind, row.verdict.is_applied())).collect();
    let (correction, copied) = (VersionKind::Correction, VersionKind::Copy);
    let expected =
        [(correction, true), (copied, true), (correction, false), (VersionKind::Original, true)];
    assert_eq!(roles, expected);
    // A copy of the copy is void for good. What corrects it changes no expense.
    let state = group.state().unwrap();
    let draft = Draft::copy(&state, copy, &said(&mut rng)).unwrap();
    let second = ingest(&group, &sign(&group.ledger().unwrap(), &ben.anna, None, draft));
    let draft = Draft::correction(&state, second, &said(&mut rng)).unwrap();
    ingest(&group, &sign(&group.ledger().unwrap(), &ben.anna, None, draft));
    assert_eq!(group.lists().history(by_ben, None, 10).unwrap().len(), 4);
    assert_sound(&group);

    // Void entries, page by page.
    let mut paged = Vec::new();
    while let Some(row) = group
        .lists()
        .void_entries(paged.last().map(|row: &ledger_store::Activity| row.cursor), 1)
        .unwrap()
        .pop()
    {
        paged.push(row);
    }
    assert_eq!(paged, group.lists().void_entries(None, 100).unwrap());
    assert!(
        paged
            .is_sorted_by_key(|row| { core::cmp::Reverse(row.entry.decoded().header().lamport()) })
    );
}

#[test]
fn the_last_endorsement_of_a_member_that_counts_is_shown() {
    let folder = Folder::new(2);
    let store = folder.store();
    let group = found(&store, 2);
    let ben = Ben::join(&folder, &group);
    let mut rng = Rng::new(2);
    let said = details(&group.state().unwrap(), &mut rng);
    let ids = group
        .entries()
        .append(vec![NewEntry::Record(said.clone()), NewEntry::Record(said)])
        .unwrap();
    let (dinner, other) = (ids[0], ids[1]);
    let me = group.me().unwrap().unwrap();
    let opinions = |of: EntryId| -> Vec<_> {
        let opinions = group.lists().reviews(of).unwrap();
        opinions.into_iter().map(|row| (row.member, row.confirms, row.note)).collect()
    };
    let anna = |confirms: bool, note: Option<&str>| {
        let draft = Draft::endorsement(dinner, confirms, note.map(Into::into));
        ingest(&group, &sign(&group.ledger().unwrap(), &ben.anna, None, draft))
    };
    assert_eq!(opinions(dinner), []);
    anna(false, Some("hm"));
    ben.write(&group, Draft::endorsement(dinner, true, None));
    let known = heads(&group);
    anna(true, None);
    ben.write(&group, Draft::endorsement(dinner, false, Some("no".into())));
    let (b, m) = (ben.member, me);
    assert_eq!(opinions(dinner), [(b, false, Some("no".into())), (m, true, None)]);
    assert_eq!(opinions(other), []);
    assert_sound(&group);
    // Endorsements are no versions.
    assert_eq!(group.lists().history(dinner, None, 10).unwrap().len(), 1);

    // A removal that knew of Ben's first one only: that one counts again.
    ben.remove(&group, known);
    assert_eq!(opinions(dinner), [(m, true, None), (b, true, None)]);
    // What is said of a copy is said of the original.
    let state = group.state().unwrap();
    let copy = Draft::copy(&state, other, &details(&state, &mut rng)).unwrap();
    let copy = ingest(&group, &sign(&group.ledger().unwrap(), &ben.anna, None, copy));
    let draft = Draft::endorsement(copy, false, None);
    ingest(&group, &sign(&group.ledger().unwrap(), &ben.anna, None, draft));
    assert_eq!(opinions(other), [(m, false, None)]);
    // Of what is no expense, nobody says anything.
    let draft = Draft::endorsement(group.id().genesis(), true, None);
    ingest(&group, &sign(&group.ledger().unwrap(), &ben.anna, None, draft));
    assert!(matches!(
        group.lists().reviews(group.id().genesis()),
        Err(StoreError::UnknownEntry(_))
    ));
    assert_sound(&group);
}
