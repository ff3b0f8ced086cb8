//! Imports that stop half-way, and undoing imports.
#![cfg(all(feature = "sqlcipher", feature = "import"))]

use std::ops::ControlFlow;

use ledger_core::{Currency, EntryId};
use ledger_formats::{ImportFile, splitwise};
use ledger_store::{
    Group, ImportChoice, ImportTarget, NewEntry, OldRows, Store, StoreError, StoreOptions,
    UndoError,
};

use crate::common::phones::{Phone, agree, hand_over, join};
use crate::common::{assert_sound, go_on};

/// Rows that one transaction goes through here.
const BATCH: usize = 250;

fn rows(count: usize) -> String {
    (0..count).map(|n| format!("2026-01-01,Tea {n},,4.00,EUR,2.00,-2.00\n")).collect()
}

fn file(rows: &str) -> ImportFile {
    let text = format!("Date,Description,Category,Cost,Currency,Ann,Ben\n{rows}");
    splitwise::read(text.as_bytes()).unwrap()
}

fn store() -> Store {
    StoreOptions::new().import_batch(BATCH).in_memory().unwrap()
}

fn import(store: &Store, group: &Group, rows: &str, old_rows: OldRows) -> Result<u64, StoreError> {
    let plan = store.imports().plan(file(rows), ImportTarget::Group(group.id()), [].into())?;
    let choice = ImportChoice { old_rows, other_group: true, ..ImportChoice::default() };
    Ok(store.imports().apply(&plan, choice, &mut go_on)?.report.added)
}

fn balance(group: &Group) -> i128 {
    let euro = Currency::from_code("EUR").unwrap();
    let ann = group.members().unwrap()[0].0;
    group.state().unwrap().balance(ann, euro).minor_units()
}

fn mark(group: &Group) -> Option<(u64, u64, bool)> {
    let lists = group.lists();
    let found = lists.unfinished_import().unwrap();
    assert_eq!(lists.overview().unwrap().unfinished_import, found);
    found.map(|import| (import.done, import.total, import.is_undone))
}

fn refusal<T>(result: Result<T, StoreError>) -> UndoError {
    match result.err().unwrap() {
        StoreError::Undo(refusal) => refusal,
        error => panic!("{error:?}"),
    }
}

/// Imports 600 rows, and stops in the third transaction.
fn stopped() -> (Store, Group) {
    let store = store();
    let group = store.create_group("Flat", "Ann").unwrap();
    let target = ImportTarget::Group(group.id());
    let plan = store.imports().plan(file(&rows(700)), target, [].into()).unwrap();
    let mut stop = |progress: ledger_store::Progress| match progress.done {
        500 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    // The second transaction says how far it is at its end, and is stopped there.
    let stopped = store.imports().apply(&plan, ImportChoice::default(), &mut stop);
    match stopped {
        Err(StoreError::ImportUnfinished { done, total, source }) => {
            assert_eq!((done, total), (250, 700));
            assert!(matches!(*source, StoreError::Cancelled));
        }
        other => panic!("{other:?}"),
    }
    (store, group)
}

#[test]
fn an_import_that_stopped_is_marked_until_it_is_finished() {
    let (store, group) = stopped();
    assert_eq!(mark(&group), Some((250, 700, false)));
    assert_eq!(balance(&group), 250 * 200);
    // Another file does not finish it.
    let other = "2026-05-05,Hut,,6.00,EUR,3.00,-3.00\n";
    import(&store, &group, other, OldRows::Keep).unwrap();
    assert_eq!(mark(&group), Some((250, 700, false)));
    assert_eq!(import(&store, &group, &rows(700), OldRows::Refuse).unwrap(), 450);
    assert_eq!(mark(&group), None);
    assert_eq!(balance(&group), 700 * 200 + 300);
    assert_sound(&group);
}

#[test]
fn an_import_that_stopped_can_be_undone() {
    let (store, group) = stopped();
    let undone = store.imports().undo(group.id(), &mut go_on).unwrap();
    assert_eq!((undone.cancelled, undone.restored, undone.kept), (250, 0, 0));
    assert_eq!((mark(&group), balance(&group)), (None, 0));
    assert_eq!(refusal(store.imports().undo(group.id(), &mut go_on)), UndoError::NoImport);
    // What was undone counts again only if a person says so.
    let target = ImportTarget::Group(group.id());
    let plan = store.imports().plan(file(&rows(700)), target, [].into()).unwrap();
    assert_eq!((plan.new_rows().count(), plan.cancelled_rows().len()), (450, 250));
    let choice = ImportChoice { restore_cancelled: true, ..ImportChoice::default() };
    store.imports().apply(&plan, choice, &mut go_on).unwrap();
    assert_eq!((mark(&group), balance(&group)), (None, 700 * 200));
    // The restorations are undone with the rows.
    store.imports().undo(group.id(), &mut go_on).unwrap();
    assert_eq!((mark(&group), balance(&group)), (None, 0));
    assert_sound(&group);
}

#[test]
fn an_undoing_that_stopped_goes_on() {
    let store = store();
    let group = store.create_group("Flat", "Ann").unwrap();
    import(&store, &group, &rows(700), OldRows::Refuse).unwrap();
    assert_eq!((mark(&group), balance(&group)), (None, 700 * 200));
    let mut calls = 0;
    let mut stop = |_| {
        calls += 1;
        if calls == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let stopped = store.imports().undo(group.id(), &mut stop);
    assert!(matches!(stopped, Err(StoreError::Cancelled)), "{stopped:?}");
    let (done, total, is_undone) = mark(&group).unwrap();
    assert!(is_undone && 0 < done && done < total, "{done} of {total}");
    assert!(balance(&group) > 0 && balance(&group) < 700 * 200);
    store.imports().undo(group.id(), &mut go_on).unwrap();
    assert_eq!((mark(&group), balance(&group)), (None, 0));
    assert_sound(&group);
}

#[test]
fn what_a_finished_import_replaced_counts_again() {
    let store = store();
    let group = store.create_group("Flat", "Ann").unwrap();
    let (tea, cake) =
        ("2026-01-01,Tea,,4.00,EUR,2.00,-2.00\n", "2026-01-02,Cake,,6.00,EUR,3.00,-3.00\n");
    import(&store, &group, &format!("{tea}{cake}"), OldRows::Refuse).unwrap();
    let dearer = tea.replace("4.00,EUR,2.00,-2.00", "8.00,EUR,4.00,-4.00");
    import(&store, &group, &format!("{dearer}{cake}"), OldRows::Replace).unwrap();
    assert_eq!(balance(&group), 400 + 300);
    let undone = store.imports().undo(group.id(), &mut go_on).unwrap();
    assert_eq!((undone.cancelled, undone.restored, undone.kept), (1, 1, 0));
    assert_eq!(balance(&group), 200 + 300);
    // An import that changed nothing is no import to undo; the first one is.
    import(&store, &group, &format!("{tea}{cake}"), OldRows::Refuse).unwrap();
    let undone = store.imports().undo(group.id(), &mut go_on).unwrap();
    assert_eq!((undone.cancelled, balance(&group)), (2, 0));
    assert_eq!(refusal(store.imports().undo(group.id(), &mut go_on)), UndoError::NoImport);
    assert_sound(&group);
}

#[test]
fn what_somebody_corrected_is_not_undone_with_the_rest() {
    let store = store();
    let group = store.create_group("Flat", "Ann").unwrap();
    import(&store, &group, &rows(3), OldRows::Refuse).unwrap();
    let rows = group.lists().expenses(None, 10).unwrap();
    let (original, transaction): (EntryId, _) = (rows[0].original, rows[0].transaction.clone());
    group.entries().append(vec![NewEntry::Correction { original, transaction }]).unwrap();
    let before = balance(&group);
    let refused = refusal(store.imports().undo(group.id(), &mut go_on));
    assert_eq!((refused, balance(&group)), (UndoError::ImportEdited(1), before));
    assert_eq!(mark(&group), None, "nothing was begun");
    // What was cancelled by hand stays so, and is not counted.
    let (store, group) = stopped();
    let first = group.lists().expenses(None, 1).unwrap()[0].original;
    group.entries().append(vec![NewEntry::Cancellation { original: first, reason: None }]).unwrap();
    let undone = store.imports().undo(group.id(), &mut go_on).unwrap();
    assert_eq!((undone.cancelled, balance(&group)), (249, 0));
}

#[test]
fn what_others_imported_too_stays() {
    let (ann, ben) = (Phone::new(1), Phone::new(2));
    let group = ann.store.create_group("Flat", "Ann").unwrap();
    let there = join(&group, &ann, &ben, "Cy");
    import(&ann.store, &group, &rows(2), OldRows::Refuse).unwrap();
    import(&ben.store, &there, &rows(1), OldRows::Refuse).unwrap();
    hand_over(&group, &there);
    hand_over(&there, &group);
    let undone = ann.store.imports().undo(group.id(), &mut go_on).unwrap();
    assert_eq!((undone.cancelled, undone.kept), (1, 1));
    assert_eq!(balance(&group), 200);
    hand_over(&group, &there);
    hand_over(&there, &group);
    agree(&group, &there);
}

#[test]
fn a_group_with_an_unfinished_import_can_be_deleted() {
    let (store, group) = stopped();
    let id = group.id();
    drop(group);
    store.delete_group(id).unwrap();
    assert!(store.groups().unwrap().is_empty());
}
