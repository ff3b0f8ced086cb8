//! The change feed, groups at a glance, and deleting a group.
#![cfg(feature = "sqlcipher")]

use std::time::{Duration, Instant};

use ledger_core::engine::Draft;
use ledger_core::{GroupId, Transaction};
use ledger_store::{Change, Condition, Filter, NewEntry, StoreError};

use crate::common::people::Ben;
use crate::common::{self, Folder, Rng, assert_sound, count, entries, found, heads, only, record};

const LONG: Duration = Duration::from_secs(20);

/// Entries, members, balances, verdicts.
fn flags(change: Option<Change>) -> (u64, bool, bool, bool) {
    let change = change.expect("nothing changed");
    assert!(!change.deleted);
    (change.new_entries, change.members, change.balances, change.verdicts)
}

#[test]
fn a_change_says_what_changed() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 2);
    let changes = store.subscribe().unwrap();
    let mine = group.subscribe().unwrap();
    assert_eq!(changes.try_next(), None, "what was there before is no change");
    let mut rng = Rng::new(1);

    group.entries().append(vec![NewEntry::Placeholder { name: "Late".into() }]).unwrap();
    assert_eq!(flags(changes.try_next()), (1, true, false, false));
    assert_eq!(flags(mine.try_next()), (1, true, false, false));
    record(&group, 3, 3, &mut rng);
    assert_eq!(flags(changes.try_next()), (3, false, true, false));
    let ben = Ben::join(&folder, &group);
    assert_eq!(flags(changes.try_next()), (1, true, false, false));
    let known = heads(&group);
    let state = group.state().unwrap();
    let dinner = common::details(&state, &mut rng);
    ben.write(&group, Draft::record(&state, &dinner).unwrap());
    assert_eq!(flags(changes.try_next()), (1, false, true, false));
    ben.remove(&group, known);
    assert_eq!(flags(changes.try_next()), (1, true, true, true));
    // Reading, entries that are known, and what fails change nothing.
    group.entries().ingest(&entries(&group)).unwrap();
    group.entries().append(vec![NewEntry::Placeholder { name: String::new() }]).unwrap_err();
    assert_sound(&group);
    assert_eq!(changes.try_next(), None);
    // What was not taken is one change.
    assert_eq!(flags(mine.try_next()), (6, true, true, true));

    let other = store.create_group("Trip", "Anna").unwrap();
    let change = changes.try_next().unwrap();
    assert_eq!((change.group, change.new_entries), (other.id(), 1));
    assert_eq!(mine.try_next(), None, "that is another group");
}

#[test]
fn a_subscriber_who_sleeps_costs_one_change_per_group() {
    let folder = Folder::new(2);
    let store = folder.store();
    let one = found(&store, 2);
    let two = store.create_group("Trip", "Anna").unwrap();
    two.entries().append(vec![NewEntry::Placeholder { name: "Bo".into() }]).unwrap();
    let sleeps = store.subscribe().unwrap();
    let mut rng = Rng::new(2);
    for _ in 0..40 {
        record(&one, 1, 1, &mut rng);
        record(&two, 2, 1, &mut rng);
    }
    let (first, second) = (sleeps.try_next().unwrap(), sleeps.try_next().unwrap());
    assert_eq!((first.group, first.new_entries), (one.id(), 40));
    assert_eq!((second.group, second.new_entries), (two.id(), 80));
    assert_eq!(sleeps.try_next(), None);
}

#[test]
fn changes_are_waited_for_and_none_is_lost() {
    let folder = Folder::new(3);
    let store = folder.store();
    let group = found(&store, 2);
    let id = group.id();
    let before = count(&group);
    let changes = store.subscribe().unwrap();
    let start = Instant::now();
    assert_eq!(changes.next(Duration::from_millis(50)), None);
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert!(!changes.is_closed());
    let mut heard = 0;
    std::thread::scope(|scope| {
        for seed in 0..3 {
            let store = &store;
            scope.spawn(move || record(&store.group(id).unwrap(), 30, 2, &mut Rng::new(seed)));
        }
        while heard < 90 {
            heard += changes.next(LONG).expect("too late").new_entries;
        }
    });
    assert_eq!((heard, changes.try_next()), (90, None));
    assert_eq!(count(&group), before + 90);
    // Closing the store ends the wait; what was told before can still be had.
    record(&group, 1, 1, &mut Rng::new(9));
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| (changes.next(LONG), changes.next(LONG)));
        drop((store, group));
        let (last, end) = waits.join().unwrap();
        assert_eq!((last.unwrap().new_entries, end), (1, None));
    });
    assert!(changes.is_closed());
}

#[test]
fn what_another_process_writes_is_told_when_it_is_read() {
    let folder = Folder::new(4);
    let store = folder.store();
    let group = found(&store, 2);
    let changes = store.subscribe().unwrap();
    // A second handle knows as little of the first as another process.
    let elsewhere = folder.open().unwrap();
    let mut rng = Rng::new(4);
    record(&only(&elsewhere), 3, 3, &mut rng);
    assert_eq!(changes.try_next(), None);
    store.refresh().unwrap();
    assert_eq!(flags(changes.try_next()), (3, false, true, false));
    record(&only(&elsewhere), 2, 2, &mut rng);
    group.entries().append(vec![NewEntry::Placeholder { name: "Late".into() }]).unwrap();
    assert_eq!(flags(changes.try_next()), (3, true, true, false));
    // A failed write in between hides nothing.
    record(&only(&elsewhere), 2, 2, &mut rng);
    group.entries().append(vec![NewEntry::Placeholder { name: String::new() }]).unwrap_err();
    store.refresh().unwrap();
    assert_eq!(flags(changes.try_next()), (2, false, true, false));
    // Nor does giving back memory.
    record(&only(&elsewhere), 2, 2, &mut rng);
    store.maintenance().release_memory().unwrap();
    store.refresh().unwrap();
    assert_eq!(flags(changes.try_next()), (2, false, true, false));
    assert_sound(&group);
    store.maintenance().release_memory().unwrap();
    elsewhere.delete_group(group.id()).unwrap();
    store.refresh().unwrap();
    assert!(changes.try_next().unwrap().deleted);
    assert!(matches!(group.state(), Err(StoreError::UnknownGroup(_))));
    assert!(matches!(group.entries().ingest(&[]), Err(StoreError::UnknownGroup(_))));
    assert!(
        matches!(group.entries().append(vec![]), Err(StoreError::Secrets(_))),
        "its key is gone"
    );
}

#[test]
fn who_comes_later_hears_of_later_changes_only() {
    let folder = Folder::new(5);
    let store = folder.store();
    let group = found(&store, 2);
    let mut rng = Rng::new(5);
    let first = store.subscribe().unwrap();
    record(&group, 1, 1, &mut rng);
    let second = store.subscribe().unwrap();
    record(&group, 1, 1, &mut rng);
    assert_eq!(first.try_next().unwrap().new_entries, 2);
    drop(first);
    assert_eq!(second.try_next().unwrap().new_entries, 1);
    drop(second);
    record(&group, 5, 1, &mut rng);
    let third = group.subscribe().unwrap();
    assert_eq!(third.try_next(), None);
    record(&group, 2, 1, &mut rng);
    assert_eq!(third.try_next().unwrap().new_entries, 2);
}

#[test]
fn the_overview_shows_what_the_groups_say() {
    let folder = Folder::new(6);
    let store = folder.store();
    let mut ids: Vec<GroupId> = Vec::new();
    let mut rng = Rng::new(6);
    for guests in 1..=4 {
        let group = found(&store, guests);
        record(&group, 10, 5, &mut rng);
        ids.push(group.id());
    }
    ids.reverse();
    let all = store.overview(None, 100).unwrap();
    assert_eq!(all.iter().map(|row| row.id).collect::<Vec<_>>(), ids);
    for row in &all {
        let group = store.group(row.id).unwrap();
        let state = group.state().unwrap();
        assert_eq!((row.name.as_str(), row.me), ("Flat", group.me().unwrap()));
        assert_eq!(row.members, state.members().len() as u64);
        let last = group.lists().activity(None, 1).unwrap().remove(0);
        assert_eq!(row.last_activity_ms, last.entry.decoded().header().timestamp_ms());
        let mine = state.currencies().map(|c| (c, state.balance(row.me.unwrap(), c)));
        assert_eq!(row.balances, mine.filter(|(_, b)| !b.is_zero()).collect::<Vec<_>>());
        assert!(!row.balances.is_empty());
    }
    let mut paged = Vec::new();
    while let Some(row) = store
        .overview(paged.last().map(|row: &ledger_store::Overview| row.cursor), 1)
        .unwrap()
        .pop()
    {
        paged.push(row);
    }
    assert_eq!(paged, all);
}

#[test]
fn a_removed_member_is_not_counted() {
    let folder = Folder::new(7);
    let store = folder.store();
    let group = found(&store, 1);
    let ben = Ben::join(&folder, &group);
    assert_eq!(store.overview(None, 1).unwrap()[0].members, 3);
    ben.remove(&group, heads(&group));
    assert_eq!(store.overview(None, 1).unwrap()[0].members, 2);
}

#[test]
fn a_deleted_group_leaves_nothing() {
    let folder = Folder::new(8);
    let store = folder.store();
    let mut rng = Rng::new(8);
    let keep = found(&store, 2);
    record(&keep, 400, 400, &mut rng);
    let ben = Ben::join(&folder, &keep);
    let group = store.create_group("Gone", "Anna").unwrap();
    group.entries().append(vec![NewEntry::Placeholder { name: "Bo".into() }]).unwrap();
    let mut said = common::details(&group.state().unwrap(), &mut rng);
    match &mut said {
        Transaction::Expense(expense) => expense.description = "Xylophone".into(),
        Transaction::Transfer(transfer) => transfer.description = "Xylophone".into(),
    }
    let ids = group.entries().append(vec![NewEntry::Record(said.clone()); 5]).unwrap();
    group
        .entries()
        .append(vec![NewEntry::Correction { original: ids[0], transaction: said.clone() }])
        .unwrap();
    let raw = folder.raw();
    let waits = "INSERT INTO pending (grp, id, entry, signature) VALUES (2, x'00', x'00', x'00');
                 INSERT INTO checkpoints VALUES (2, 1, x'00')";
    raw.execute_batch(waits).unwrap();
    let before = (entries(&keep), std::fs::read_to_string(folder.keys()).unwrap());
    let changes = store.subscribe().unwrap();
    store.delete_group(group.id()).unwrap();
    let change = changes.try_next().unwrap();
    assert!(change.deleted && change.group == group.id());
    assert!(matches!(store.delete_group(group.id()), Err(StoreError::UnknownGroup(_))));
    assert!(matches!(group.state(), Err(StoreError::UnknownGroup(_))));
    assert_eq!(store.group_ids().unwrap(), [keep.id()]);

    let number = |sql: &str| -> i64 { raw.query_row(sql, [], |row| row.get(0)).unwrap() };
    for table in ["expenses", "origins", "terms", "pending", "checkpoints", "entries"] {
        assert_eq!(number(&format!("SELECT count(*) FROM {table} WHERE grp <> 1")), 0, "{table}");
    }
    let listed = number("SELECT count(*) FROM expenses");
    assert_eq!(number("SELECT count(*) FROM texts_docsize"), listed);
    assert_eq!(number("SELECT count(DISTINCT n) FROM found_by"), listed);
    assert_eq!(number("SELECT count(*) FROM named"), 0);
    // Not even a word is left in the index.
    let word = "SELECT count(*) FROM texts_data WHERE instr(block, CAST('xylo' AS BLOB))";
    assert_eq!(number(word), 0);
    // The key went, and only that one.
    let after = std::fs::read_to_string(folder.keys()).unwrap();
    let lost: Vec<&str> = before.1.lines().filter(|line| !after.contains(line)).collect();
    assert!(lost.len() == 1 && lost[0].starts_with("device-"), "{}", lost.len());
    assert_eq!(entries(&keep), before.0);
    assert_sound(&keep);
    record(&keep, 5, 5, &mut rng);
    ben.write(&keep, Draft::merge());
    assert_sound(&keep);
    let found = keep
        .lists()
        .find(&Filter::default().condition(Condition::Text("xylo".into())), None, 9)
        .unwrap();
    assert_eq!(found, []);

    // A new group shares neither number nor root key with the one deleted.
    let new = store.create_group("New", "Anna").unwrap();
    assert_eq!(number("SELECT grp FROM groups ORDER BY grp DESC"), 3);
    assert_eq!(number("SELECT max(root_index) FROM groups"), 2);
    assert_sound(&new);
    let (new, keep) = (new.id(), keep.id());
    drop(store);
    let store = folder.open().unwrap();
    assert_sound(&store.group(new).unwrap());
    assert_sound(&store.group(keep).unwrap());
}
