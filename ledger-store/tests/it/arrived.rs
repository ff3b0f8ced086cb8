//! What is new: the order of arrival, unread entries, cursors.
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::Draft;
use ledger_core::{Amount, Currency, EntryId, Expense, Transaction};
use ledger_store::{Arrival, Cursor, Group, NewEntry, Store, StoreError};

use crate::common::people::Ben;
use crate::common::phones::{Phone, hand_over, join};
use crate::common::sealed::{add, anna, export, import};
use crate::common::{Folder, Rng, assert_sound, entries, found, go_on, heads, only, record};

/// A dinner of the owner, on a day.
fn dinner(group: &Group, day: &str) -> Transaction {
    let (me, ten) = (group.me().unwrap().unwrap(), Amount::from_minor_units(1000).unwrap());
    let euro = Currency::from_code("EUR").unwrap();
    let dinner = Expense::new(day.parse().unwrap(), "Dinner", euro, ten);
    dinner.paid_by(me, ten).split_equally(&[me], 0).into()
}

fn unread(group: &Group) -> u64 {
    group.lists().unread().unwrap().entries
}

/// The entries after a position, and the position after them.
fn new(group: &Group, after: Option<Cursor>) -> (Vec<EntryId>, Option<Cursor>) {
    let page = group.lists().arrived(after, 1000).unwrap();
    let last = page.last().map(|row| row.cursor);
    (page.iter().map(|row| row.entry.id()).collect(), last.or(after))
}

#[test]
fn a_dinner_that_comes_an_hour_late_is_new_although_it_sorts_third() {
    let (host, guest) = (Phone::new(1), Phone::new(2));
    let anna = found(&host.store, 0);
    let ben = join(&anna, &host, &guest, "Ben");
    hand_over(&ben, &anna);
    ben.mark_read(None).unwrap();
    // Anna's phone is offline at dinner. Meanwhile Ben records two of later days.
    let late =
        anna.entries().append(vec![NewEntry::Record(dinner(&anna, "2026-11-20"))]).unwrap()[0];
    for day in ["2026-11-21", "2026-11-22"] {
        ben.entries().append(vec![NewEntry::Record(dinner(&ben, day))]).unwrap();
    }
    assert_eq!(unread(&ben), 0, "what was recorded here is not new to whoever recorded it");
    let (_, before) = new(&ben, None);
    hand_over(&anna, &ben);
    let by_date = ben.lists().expenses(None, 10).unwrap();
    assert_eq!(by_date[2].original, late);
    let page = ben.lists().arrived(before, 10).unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!((page[0].entry.id(), page[0].signed_here), (late, false));
    let found = ben.lists().unread().unwrap();
    assert_eq!((found.entries, found.is_more), (1, false));
    // The unread entries are among those after the marker; others are this device's own.
    let (since, end) = new(&ben, found.read);
    assert_eq!((since.len(), since.last()), (3, Some(&late)));
    ben.mark_read(end).unwrap();
    assert_eq!(unread(&ben), 0);
    assert_eq!(guest.store.overview(None, 1).unwrap()[0].unread.entries, 0);
}

#[test]
fn a_position_survives_a_restart_and_the_marker_never_moves_back() {
    let folder = Folder::new(1);
    let (text, first) = {
        let store = folder.store();
        let group = found(&store, 2);
        let ben = Ben::join(&folder, &group);
        let (all, end) = new(&group, None);
        assert_eq!(all.len(), entries(&group).len());
        for n in 0..3 {
            let state = group.state().unwrap();
            ben.write(&group, Draft::placeholder(&state, ben.member, "P", [n; 16]).unwrap());
        }
        assert_eq!(unread(&group), 3, "the other entries are this device's own");
        (end.unwrap().to_string(), new(&group, None).0)
    };
    let store = folder.store();
    let group = only(&store);
    let after: Cursor = text.parse().unwrap();
    let (fresh, end) = new(&group, Some(after));
    assert_eq!(fresh, first[first.len() - 3..]);
    assert_eq!((new(&group, end), unread(&group)), ((Vec::new(), end), 3));
    // Page by page it is the same.
    let (mut paged, mut position) = (Vec::new(), None);
    loop {
        let page = group.lists().arrived(position, 2).unwrap();
        let Some(last) = page.last() else { break };
        position = Some(last.cursor);
        paged.extend(page.iter().map(|row| row.entry.id()));
    }
    assert_eq!(paged, first);
    let one = group.lists().arrived(Some(after), 1).unwrap()[0].cursor;
    group.mark_read(Some(one)).unwrap();
    assert_eq!(unread(&group), 2);
    group.mark_read(Some(after)).unwrap();
    assert_eq!(unread(&group), 2);
    assert_eq!(group.lists().unread().unwrap().read, Some(one));
    group.mark_read(None).unwrap();
    drop((group, store));
    let store = folder.store();
    assert_eq!(unread(&only(&store)), 0);
    assert_sound(&only(&store));
}

/// What does not count is not unread, and becomes so if it counts after all.
#[test]
fn void_entries_are_not_unread() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 1);
    let ben = Ben::join(&folder, &group);
    group.mark_read(None).unwrap();
    let known = heads(&group);
    let state = group.state().unwrap();
    let draft = || Draft::placeholder(&state, ben.member, "P", [9; 16]).unwrap();
    ben.write(&group, draft());
    assert_eq!(unread(&group), 1);
    ben.remove(&group, known);
    assert_eq!(unread(&group), 0, "the removal makes it void");
}

#[test]
fn changes_and_reports_name_what_came_and_who_signed_it() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 1);
    let changes = store.subscribe().unwrap();
    let own = record(&group, 2, 1, &mut Rng::new(1));
    let ben = Ben::join(&folder, &group);
    let state = group.state().unwrap();
    let other = ben.write(&group, Draft::placeholder(&state, ben.member, "P", [9; 16]).unwrap());
    let change = changes.try_next().unwrap();
    let here = |entry: EntryId, signed_here| Arrival { entry, signed_here };
    let expected =
        [here(own[0], true), here(own[1], true), here(ben.added, true), here(other, false)];
    assert_eq!(change.arrivals, expected);
    assert_eq!(change.new_entries, 4);
    // What a writer beside this one added is named as well.
    let second = folder.store();
    let late = record(&only(&second), 1, 1, &mut Rng::new(2))[0];
    store.refresh().unwrap();
    assert_eq!(changes.try_next().unwrap().arrivals, [here(late, true)]);
    // A subscriber who sleeps gets the last ones, and the number of all.
    let many = record(&group, 300, 300, &mut Rng::new(3));
    let change = changes.try_next().unwrap();
    assert_eq!((change.new_entries, change.arrivals.len()), (300, 256));
    assert_eq!(change.arrivals.last(), Some(&here(many[299], true)));
}

#[test]
fn a_bundle_reports_what_came_in_the_order_in_which_it_came() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    import(&ben.group, &export(&anna));
    let (_, before) = new(&ben.group, None);
    record(&anna, 1_200, 1_200, &mut Rng::new(1));
    let report = import(&ben.group, &export(&anna));
    let (came, _) = {
        let page = ben.group.lists().arrived(before, 5_000).unwrap();
        (page.iter().map(|row| row.entry.id()).collect::<Vec<_>>(), ())
    };
    assert_eq!((report.added, report.arrivals.len()), (came.len() as u64, 1_000));
    let named: Vec<EntryId> = report.arrivals.iter().map(|arrival| arrival.entry).collect();
    assert_eq!(named, came[..1_000]);
    assert!(report.arrivals.iter().all(|arrival| !arrival.signed_here));
}

/// Each list refuses the cursors of all others, of other groups and, where it depends on the
/// database, of others.
#[test]
fn a_cursor_of_another_list_is_refused() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 2);
    let ids = record(&group, 6, 6, &mut Rng::new(1));
    let ben = Ben::join(&folder, &group);
    let known = heads(&group);
    let state = group.state().unwrap();
    ben.write(&group, Draft::placeholder(&state, ben.member, "P", [9; 16]).unwrap());
    ben.remove(&group, known);
    let other = store.create_group("Trip", "Anna").unwrap();
    record(&found(&store, 2), 1, 1, &mut Rng::new(2));

    type Read = fn(&Store, &Group, EntryId, Option<Cursor>) -> Result<Vec<Cursor>, StoreError>;
    let lists: [Read; 6] = [
        |_, group, _, after| {
            Ok(group.lists().expenses(after, 9)?.iter().map(|row| row.cursor).collect())
        },
        |_, group, _, after| {
            Ok(group.lists().activity(after, 9)?.iter().map(|row| row.cursor).collect())
        },
        |_, group, _, after| {
            Ok(group.lists().void_entries(after, 9)?.iter().map(|row| row.cursor).collect())
        },
        |_, group, original, after| {
            Ok(group.lists().history(original, after, 9)?.iter().map(|row| row.cursor).collect())
        },
        |_, group, _, after| {
            Ok(group.lists().arrived(after, 9)?.iter().map(|row| row.cursor).collect())
        },
        |store, _, _, after| Ok(store.overview(after, 9)?.iter().map(|row| row.cursor).collect()),
    ];
    for (place, of) in lists.iter().enumerate() {
        let cursor = of(&store, &group, ids[0], None).unwrap()[0];
        for (n, list) in lists.iter().enumerate() {
            let result = list(&store, &group, ids[0], Some(cursor));
            let refused = matches!(result, Err(StoreError::CursorOfAnotherList));
            assert_eq!(refused, n != place, "list {n}, cursor of {place}: {result:?}");
        }
        if place < 5 && place != 3 {
            let result = of(&store, &other, ids[0], Some(cursor));
            assert!(matches!(result, Err(StoreError::CursorOfAnotherList)), "{place}");
        }
        let marked = group.mark_read(Some(cursor));
        assert_eq!(marked.is_ok(), place == 4, "{marked:?}");
    }
    let of_first = group.lists().history(ids[0], None, 9).unwrap()[0].cursor;
    let refused = group.lists().history(ids[1], Some(of_first), 9);
    assert!(matches!(refused, Err(StoreError::CursorOfAnotherList)));

    // Numbers of another database are not those of this one.
    let end = new(&group, None).1;
    drop((group, other, store));
    let to = folder.db().with_file_name("salvaged.db");
    Store::salvage_database(&folder.db(), folder.secrets(), &to, &mut go_on).unwrap();
    let store = Store::open(&to, folder.secrets()).unwrap();
    for summary in store.groups().unwrap() {
        let group = store.group(summary.id).unwrap();
        assert_eq!(unread(&group), 0, "what was saved is not new");
        let refused = group.lists().arrived(end, 9);
        assert!(matches!(refused, Err(StoreError::CursorOfAnotherList)), "{refused:?}");
    }
}
