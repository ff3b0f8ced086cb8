//! Undoing the last act of a device: the opposite entry, or the reason why there is none.
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::Draft;
use ledger_core::{Amount, Currency, EntryId, Expense, Hints, Origin, Split, Transaction};
use ledger_store::{Group, NewEntry, StoreError, UndoError, UndoneBy};

use crate::common::people::Ben;
use crate::common::{Folder, assert_sound, found};

fn tea(group: &Group, units: u64) -> Expense {
    let me = group.me().unwrap().unwrap();
    let amount = Amount::from_minor_units(units).unwrap();
    let euro = Currency::from_code("EUR").unwrap();
    let tea = Expense::new("2026-11-21".parse().unwrap(), "Tea", euro, amount);
    tea.paid_by(me, amount).split_equally(&[me], 0)
}

fn record(group: &Group, expense: Expense) -> EntryId {
    group.entries().append(vec![NewEntry::Record(expense.into())]).unwrap()[0]
}

fn refused(group: &Group) -> UndoError {
    let before = group.ledger().unwrap().frontier().entries();
    let StoreError::Undo(refusal) = group.entries().undo().unwrap_err() else {
        panic!("another error")
    };
    assert_eq!(group.ledger().unwrap().frontier().entries(), before, "nothing is written");
    refusal
}

#[test]
fn an_undoing_is_undone_as_well() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 1);
    let id = record(&group, tea(&group, 900));
    let is_cancelled = || group.lists().recorded(id).unwrap().unwrap().cancelled;
    let first = group.entries().undo().unwrap();
    assert_eq!((first.act, first.how), (id, UndoneBy::Cancellation));
    assert!(is_cancelled());
    let second = group.entries().undo().unwrap();
    assert_eq!((second.act, second.how), (first.by, UndoneBy::Restoration));
    assert!(!is_cancelled());
    // What the library writes by itself is no act.
    group.keys().rotate_device_key().unwrap();
    let third = group.entries().undo().unwrap();
    assert_eq!((third.act, third.how), (second.by, UndoneBy::Cancellation));
    assert!(is_cancelled());
    assert_sound(&group);
}

/// A correction keeps hints that its author does not name, so undoing one that added some has to take
/// them away.
#[test]
fn a_correction_is_undone_with_all_that_it_added() {
    let folder = Folder::new(2);
    let store = folder.store();
    let group = found(&store, 1);
    let before = tea(&group, 900);
    let id = record(&group, before.clone());
    let mut after = tea(&group, 700);
    after.description = "Coffee".to_owned();
    after.hints.set_tags(["trip"]).unwrap();
    after.hints.set(70, *b"of an app").unwrap();
    after.keep_rule(&Split::Weights(vec![(group.me().unwrap().unwrap(), 3)]));
    let transaction = Transaction::Expense(after.clone());
    group.entries().append(vec![NewEntry::Correction { original: id, transaction }]).unwrap();
    let undone = group.entries().undo().unwrap();
    let shown = group.lists().recorded(id).unwrap().unwrap();
    assert_eq!(shown.current_version, undone.by);
    assert_eq!(shown.transaction, Transaction::Expense(before));
    assert_eq!(shown.transaction.hints(), &Hints::default());
    let UndoneBy::Correction { undone, now } = undone.how else { panic!("another kind") };
    assert_eq!((undone.description(), *now == shown.transaction), ("Coffee", true));
    // And back to what was undone.
    group.entries().undo().unwrap();
    let shown = group.lists().recorded(id).unwrap().unwrap();
    assert_eq!(shown.transaction, Transaction::Expense(after));
}

#[test]
fn what_others_did_since_is_not_undone() {
    let folder = Folder::new(3);
    let store = folder.store();
    let group = found(&store, 1);
    let genesis = group.id().genesis();
    let ben = Ben::join(&folder, &group);
    let state = || group.state().unwrap();
    let id = record(&group, tea(&group, 900));
    let other = Transaction::Expense(tea(&group, 800));
    ben.write(&group, Draft::correction(&state(), id, &other).unwrap());
    assert_eq!(refused(&group), UndoError::ChangedSince(id));
    ben.write(&group, Draft::cancellation(id, None));
    assert_eq!(refused(&group), UndoError::Cancelled(id));

    let id = record(&group, tea(&group, 500));
    let cancellation = NewEntry::Cancellation { original: id, reason: None };
    let cancelled = group.entries().append(vec![cancellation]).unwrap()[0];
    ben.write(&group, Draft::restoration(id));
    assert_eq!(refused(&group), UndoError::NoEffect(cancelled));
    ben.write(&group, Draft::cancellation(id, None));
    let restored = group.entries().restore(id).unwrap();
    ben.write(&group, Draft::cancellation(id, None));
    assert_eq!(refused(&group), UndoError::NoEffect(restored));

    let origin = Origin::from_bytes([9; 16]);
    let own = record(&group, tea(&group, 300).origin(origin));
    let same = Transaction::Expense(tea(&group, 300).origin(origin));
    let theirs = ben.write(&group, Draft::record(&state(), &same).unwrap());
    assert_eq!(refused(&group), UndoError::RecordedByOthers { act: own, other: theirs });

    let placeholder = NewEntry::Placeholder { name: "Eva".into() };
    let introduced = group.entries().append(vec![placeholder]).unwrap()[0];
    assert_eq!(refused(&group), UndoError::NoOpposite(introduced));
    assert_sound(&group);
    let other = store.create_group("Trip", "Anna").unwrap();
    assert_eq!(refused(&other), UndoError::NoOpposite(other.id().genesis()));
    assert_ne!(other.id().genesis(), genesis);
}
