//! Plans of imports, and their application in one transaction.
#![cfg(all(feature = "sqlcipher", feature = "import"))]

use std::ops::ControlFlow;

use ledger_core::Currency;
use ledger_formats::{ImportFile, splitwise};
use ledger_store::{
    Group, ImportChoice, ImportPlan, ImportTarget, NewEntry, OldRows, Store, StoreError,
    StoreOptions,
};

use crate::common::phones::{Phone, agree, hand_over, join};
use crate::common::{self, assert_sound};

const HEADER: &str = "Date,Description,Category,Cost,Currency,Ann,Ben\n";
const TEA: &str = "2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00\n";
const CAKE: &str = "2026-01-02,Cake,Food,6.00,EUR,3.00,-3.00\n";

fn file(rows: &str) -> ImportFile {
    splitwise::read(format!("{HEADER}{rows}").as_bytes()).unwrap()
}

fn first_group() -> ImportTarget {
    ImportTarget::FirstGroup { name: "Flat".into(), me: 0 }
}

fn plan(store: &Store, rows: &str, target: ImportTarget) -> ImportPlan {
    store.imports().plan(file(rows), target, [].into()).unwrap()
}

/// A store with a group of one file.
fn imported(rows: &str) -> (Store, Group) {
    let store = StoreOptions::new().in_memory().unwrap();
    let first = plan(&store, rows, first_group());
    let done = store.imports().apply(&first, ImportChoice::default(), &mut common::go_on).unwrap();
    let group = store.group(done.group).unwrap();
    (store, group)
}

fn again(group: &Group) -> ImportTarget {
    ImportTarget::Group(group.id())
}

fn entries(group: &Group) -> u64 {
    group.ledger().unwrap().frontier().entries()
}

fn balance(group: &Group) -> i128 {
    let euro = Currency::from_code("EUR").unwrap();
    let ann = group.members().unwrap()[0].0;
    group.state().unwrap().balance(ann, euro).minor_units()
}

#[test]
fn a_first_import_that_is_stopped_leaves_no_group() {
    let rows: String =
        (0..300).map(|n| format!("2026-01-01,Tea {n},,4.00,EUR,2.00,-2.00\n")).collect();
    let store = StoreOptions::new().in_memory().unwrap();
    let first = plan(&store, &rows, first_group());
    let mut stop = |progress: ledger_store::Progress| match progress.done {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let stopped = store.imports().apply(&first, ImportChoice::default(), &mut stop);
    assert!(matches!(stopped, Err(StoreError::Cancelled)));
    assert!(store.group_ids().unwrap().is_empty());
    let done = store.imports().apply(&first, ImportChoice::default(), &mut common::go_on).unwrap();
    assert_eq!(done.report.added, 300);
    let group = store.group(done.group).unwrap();
    let next = plan(&store, &format!("{rows}{CAKE}"), again(&group));
    let before = entries(&group);
    store.imports().apply(&next, ImportChoice::default(), &mut stop).unwrap_err();
    assert_eq!(entries(&group), before);
    assert_sound(&group);
}

#[test]
fn the_second_of_two_first_imports_is_planned_again() {
    let store = StoreOptions::new().in_memory().unwrap();
    let plans = [plan(&store, TEA, first_group()), plan(&store, TEA, first_group())];
    let apply = |plan| store.imports().apply(plan, ImportChoice::default(), &mut common::go_on);
    let done = apply(&plans[0]).unwrap();
    assert!(matches!(apply(&plans[1]), Err(StoreError::ImportOutdated)));
    let group = store.group(done.group).unwrap();
    let known = apply(&plan(&store, TEA, again(&group))).unwrap();
    assert_eq!((known.report.added, known.report.known), (0, 1));
    assert_eq!(store.group_ids().unwrap().len(), 1);
}

#[test]
fn a_plan_is_refused_once_it_would_do_something_else() {
    let (store, group) = imported(&format!("{TEA}{CAKE}"));
    let replace = ImportChoice { old_rows: OldRows::Replace, ..ImportChoice::default() };
    let apply = |plan| store.imports().apply(plan, replace, &mut common::go_on);
    let without_cake = plan(&store, TEA, again(&group));
    let cake = without_cake.gone_rows()[0].original;
    // Somebody looks at the cake and agrees with it, before the person who planned says yes.
    group.entries().append(vec![NewEntry::Confirmation { target: cake, note: None }]).unwrap();
    let before = entries(&group);
    assert!(matches!(apply(&without_cake), Err(StoreError::ImportOutdated)));
    assert_eq!(entries(&group), before);
    let shown = plan(&store, TEA, again(&group));
    assert_eq!(shown.gone_rows()[0].reviews.unwrap().confirmed, 1);
    // What has nothing to do with the file does not outdate it.
    group.entries().append(vec![NewEntry::Placeholder { name: "Cy".into() }]).unwrap();
    assert_eq!(apply(&shown).unwrap().report.replaced, 1);
    assert_eq!(balance(&group), 200);
    assert_sound(&group);
}

#[test]
fn replacing_counts_once_on_a_device_that_imports_the_new_file_by_itself() {
    let (ann, ben) = (Phone::new(1), Phone::new(2));
    let flat = ann.store.create_group("Flat", "Ann").unwrap();
    flat.entries().append(vec![NewEntry::Placeholder { name: "Ben".into() }]).unwrap();
    let guest = join(&flat, &ann, &ben, "Cy");
    let import = |store: &Store, group: &Group, rows: &str, old_rows| {
        let choice = ImportChoice { old_rows, ..ImportChoice::default() };
        let plan = plan(store, rows, again(group));
        store.imports().apply(&plan, choice, &mut common::go_on).unwrap().report
    };
    import(&ann.store, &flat, TEA, OldRows::Refuse);
    hand_over(&flat, &guest);
    let dearer = TEA.replace("4.00,EUR,2.00,-2.00", "8.00,EUR,4.00,-4.00");
    for (store, group) in [(&ann.store, &flat), (&ben.store, &guest)] {
        let report = import(store, group, &dearer, OldRows::Replace);
        assert_eq!((report.replaced, report.added), (1, 1));
    }
    hand_over(&flat, &guest);
    hand_over(&guest, &flat);
    agree(&flat, &guest);
    for group in [&flat, &guest] {
        assert_eq!(balance(group), 400);
        let rows = group.lists().expenses(None, 9).unwrap();
        assert_eq!(rows.iter().filter(|row| row.conflicting).count(), 0, "one source on both");
        assert_eq!(rows.iter().filter(|row| !row.cancelled).count(), 1);
        assert_sound(group);
    }
}

#[test]
fn an_edited_row_of_an_update_is_found_though_nothing_else_of_that_update_is_known() {
    let (store, group) = imported(TEA);
    let update = plan(&store, &format!("{TEA}{CAKE}"), again(&group));
    store.imports().apply(&update, ImportChoice::default(), &mut common::go_on).unwrap();
    let other = "2026-02-01,Tart,Food,5.00,EUR,2.50,-2.50\n";
    let edited = plan(&store, &format!("{TEA}{other}"), again(&group));
    assert_eq!(edited.gone_rows().len(), 1);
    assert!(matches!(
        store.imports().apply(&edited, ImportChoice::default(), &mut common::go_on),
        Err(StoreError::ImportDiffers { changed: 0, gone: 1, doubled: 0 })
    ));
}

#[test]
fn a_category_that_changed_is_no_other_row() {
    let (store, group) = imported(&format!("{TEA}{CAKE}"));
    let rows = format!("{}{CAKE}", TEA.replace("Food", "Dining out"));
    let next = plan(&store, &rows, again(&group));
    assert_eq!((next.new_rows().count(), next.known_rows(), next.differs()), (0, 2, false));
}

#[test]
fn an_import_of_several_transactions_says_how_far_it_is_and_goes_on() {
    let row = |n: usize| format!("2026-01-01,{n},,0.02,EUR,0.01,-0.01\n");
    let rows: String = (0..20_251).map(row).collect();
    let store = StoreOptions::new().in_memory().unwrap();
    let mut stop = |progress: ledger_store::Progress| match progress.done {
        0..=20_000 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let first = plan(&store, &rows, first_group());
    let stopped = store.imports().apply(&first, ImportChoice::default(), &mut stop).unwrap_err();
    assert!(
        matches!(&stopped, StoreError::ImportUnfinished { done: 20_000, total: 20_251, source }
            if matches!(**source, StoreError::Cancelled)),
        "{stopped}"
    );
    let group = store.group(store.group_ids().unwrap()[0]).unwrap();
    assert_eq!(entries(&group), 20_002);
    let next = plan(&store, &rows, again(&group));
    let done = store.imports().apply(&next, ImportChoice::default(), &mut common::go_on).unwrap();
    assert_eq!((done.report.known, done.report.added), (20_000, 251));
    assert_eq!(balance(&group), 20_251);
}

#[test]
fn rows_of_the_group_that_a_successor_continues_are_in_its_opening() {
    let (store, old) = imported(TEA);
    let group = old.create_successor_group("Flat 2").unwrap();
    let next = plan(&store, &format!("{TEA}{CAKE}"), again(&group));
    assert_eq!((next.opening_rows(), next.new_rows().count()), (1, 1));
    assert!(next.totals(ImportChoice::default())[0].differences.is_empty());
    let done = store.imports().apply(&next, ImportChoice::default(), &mut common::go_on).unwrap();
    assert_eq!((done.report.in_opening, done.report.added, done.report.members_added), (1, 1, 0));
    assert_eq!(balance(&group), 500);
    let tart = "2026-02-01,Tart,Food,5.00,EUR,2.50,-2.50\n";
    let more = format!("{TEA}{CAKE}{tart}");
    store.delete_group(old.id()).unwrap();
    let next = plan(&store, &more, again(&group));
    assert!(next.lacks_predecessor());
    let refused = store.imports().apply(&next, ImportChoice::default(), &mut common::go_on);
    assert!(matches!(refused, Err(StoreError::PredecessorMissing)));
    assert_eq!(balance(&group), 500);
}

#[test]
fn files_come_one_after_the_other_into_a_group_that_people_began() {
    let store = StoreOptions::new().in_memory().unwrap();
    let group = store.create_group("Flat", "Ann").unwrap();
    group.entries().append(vec![NewEntry::Placeholder { name: "Ben".into() }]).unwrap();
    let planned = |people: &str| {
        let text = format!("Date,Description,Category,Cost,Currency,{people}\n{CAKE}");
        store.imports().plan(splitwise::read(text.as_bytes()).unwrap(), again(&group), [].into())
    };
    let first = plan(&store, TEA, again(&group));
    store.imports().apply(&first, ImportChoice::default(), &mut common::go_on).unwrap();
    let seems_other = |people| planned(people).unwrap().is_other_group();
    assert!(!seems_other("Ann,Dora"));
    assert!(seems_other("Zoe,Ben"), "an earlier file named the person here, and this one does not");
    assert!(seems_other("Zoe,Yan"), "it names nobody here");
}

#[test]
fn a_file_of_another_group_is_refused_until_somebody_says_where_it_belongs() {
    let (store, group) = imported(TEA);
    let other = plan(&store, CAKE, again(&group));
    assert!(other.is_other_group());
    let refused = store.imports().apply(&other, ImportChoice::default(), &mut common::go_on);
    assert!(
        matches!(refused, Err(StoreError::OtherGroupsFile { people }) if people == ["Ann", "Ben"])
    );
    let choice = ImportChoice { other_group: true, ..ImportChoice::default() };
    store.imports().apply(&other, choice, &mut common::go_on).unwrap();
    for rows in [TEA, CAKE] {
        let next = plan(&store, rows, again(&group));
        assert_eq!((next.known_rows(), next.differs()), (1, false), "each by itself");
    }
    let empty = plan(&store, "", ImportTarget::NewGroup { name: "Trip".into(), me: 0 });
    assert!(matches!(
        store.imports().apply(&empty, ImportChoice::default(), &mut common::go_on),
        Err(StoreError::EmptyImport)
    ));
    let column = ImportTarget::NewGroup { name: "Trip".into(), me: 2 };
    assert!(matches!(
        store.imports().apply(&plan(&store, CAKE, column), choice, &mut common::go_on),
        Err(StoreError::UnknownColumn(2))
    ));
    assert_eq!(store.group_ids().unwrap().len(), 1);
}
