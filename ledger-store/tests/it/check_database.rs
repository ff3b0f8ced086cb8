//! Check of a whole database: each difference names its table and its entry, and derived
//! tables can be written anew.
#![cfg(feature = "sqlcipher")]

use std::ops::ControlFlow;

use ledger_store::{DatabaseCheck, Phase, Remedy, Store, StoreError, Table};
use rusqlite::types::Value;

use crate::common::people::Ben;
use crate::common::subject::Subject;
use crate::common::{self, Folder, Rng, assert_sound, digest, found, record};

fn check_database(store: &Store) -> DatabaseCheck {
    store.maintenance().check_database(&mut |_| ControlFlow::Continue(())).unwrap()
}

fn fix(store: &Store) -> Result<(), StoreError> {
    store.maintenance().rebuild_indexes(&mut |_| ControlFlow::Continue(()))
}

/// Every row of every table but `checkpoints`, whose number may differ.
fn rows(folder: &Folder) -> Vec<Vec<Value>> {
    let raw = folder.raw();
    let mut all = Vec::new();
    for sql in [
        "SELECT * FROM groups ORDER BY 1",
        "SELECT * FROM entries ORDER BY 1",
        "SELECT * FROM named ORDER BY 1, 2, 3, 4",
        // Terms get other numbers.
        "SELECT n, x.grp, date, content, cancelled, x.kind, c.value, t.value, amount
         FROM expenses x JOIN terms c ON c.term = x.currency
         LEFT JOIN terms t ON t.term = x.category ORDER BY 1",
        "SELECT t.grp, t.kind, t.value, f.date, f.n FROM found_by f JOIN terms t USING (term)
         ORDER BY 1, 2, 3, 4, 5",
        "SELECT id FROM texts_docsize ORDER BY 1",
        "SELECT * FROM origins ORDER BY 1, 2, 3",
        "SELECT id FROM pending ORDER BY 1",
    ] {
        let mut statement = raw.prepare(sql).unwrap();
        let width = statement.column_count();
        let found = statement
            .query_map([], |row| (0..width).map(|place| row.get(place)).collect())
            .unwrap();
        all.extend(found.map(Result::unwrap));
    }
    all
}

#[test]
fn each_difference_names_its_table_and_is_written_anew() {
    let subject = Subject::new(1);
    let right = rows(&subject.folder);
    let state = digest(&subject.group());
    assert_eq!(check_database(&subject.store).remedy(), None);
    let text = "(SELECT ((date + 744000) << 36) | n FROM expenses WHERE n = 4)";
    for (table, entry, change) in [
        (Table::Entries, Some(5), "UPDATE entries SET verdict = 20 WHERE n = 5"),
        (Table::Entries, Some(10), "UPDATE entries SET slot = 6 WHERE n = 10"),
        (Table::Entries, Some(7), "UPDATE entries SET chain = 7 WHERE n = 7"),
        (Table::Entries, Some(7), "UPDATE entries SET lamport = 99 WHERE n = 7"),
        (Table::Entries, None, "UPDATE entries SET id = zeroblob(32) WHERE n = 9"),
        (Table::Groups, None, "UPDATE groups SET flipped = 3"),
        (Table::Expenses, Some(6), "UPDATE expenses SET cancelled = 0 WHERE n = 6"),
        (Table::Expenses, Some(5), "UPDATE expenses SET content = 5 WHERE n = 5"),
        (Table::Expenses, Some(4), "DELETE FROM expenses WHERE n = 4"),
        (Table::Expenses, Some(4), "UPDATE expenses SET amount = amount + 1 WHERE n = 4"),
        (Table::Expenses, Some(4), "UPDATE expenses SET kind = 3 WHERE n = 4"),
        (
            Table::Expenses,
            Some(4),
            "UPDATE expenses SET category = 1 + ifnull(category, 0) WHERE n = 4",
        ),
        (Table::Expenses, Some(4), "UPDATE expenses SET currency = currency + 1 WHERE n = 4"),
        (
            Table::Expenses,
            Some(2),
            "INSERT INTO expenses SELECT 2, grp, date, 4, 0, kind, currency, category, amount
             FROM expenses WHERE n = 4",
        ),
        (
            Table::Expenses,
            None,
            "INSERT INTO expenses SELECT 99, 99, date, 4, 0, kind, currency, category, amount
             FROM expenses WHERE n = 4",
        ),
        (Table::FoundBy, Some(8), "DELETE FROM found_by WHERE n = 8"),
        (Table::FoundBy, None, "INSERT INTO found_by VALUES (1, 20260101, 2)"),
        (Table::FoundBy, None, "INSERT INTO found_by VALUES (77, 20260101, 2)"),
        (Table::FoundBy, None, "DELETE FROM terms WHERE term = 1"),
        (Table::Texts, Some(4), &format!("DELETE FROM texts WHERE rowid = {text}")),
        (Table::Texts, Some(4), &format!("UPDATE texts SET words = 'x' WHERE rowid = {text}")),
        (Table::Texts, None, "INSERT INTO texts (rowid, words) VALUES (77, 'thing')"),
        (Table::Named, Some(10), "DELETE FROM named WHERE n = 10"),
        (Table::Named, Some(11), "UPDATE named SET original = 4 WHERE n = 11"),
        (
            Table::Named,
            None,
            "INSERT INTO named SELECT 4, 0, lamport, id, n FROM entries WHERE n = 12",
        ),
        (Table::Origins, None, "INSERT INTO origins SELECT grp, zeroblob(16), 4 FROM groups"),
        (Table::Checkpoints, Some(12), "INSERT INTO checkpoints VALUES (1, 12, x'00')"),
        (Table::Checkpoints, None, "INSERT INTO checkpoints VALUES (1, 77, x'00')"),
        (Table::Arrivals, None, "INSERT INTO arrivals VALUES (77, 1, 5)"),
        (Table::LeftOut, None, "INSERT INTO left_out VALUES (1, 77, x'00', x'00', NULL, 0)"),
        (
            Table::Pending,
            Some(12),
            "INSERT INTO pending (grp, id, entry, signature)
            SELECT grp, id, entry, signature FROM entries WHERE n = 12",
        ),
        (
            Table::Pending,
            None,
            "INSERT INTO pending (grp, id, entry, signature)
            SELECT grp, zeroblob(32), entry, zeroblob(64) FROM entries WHERE n = 12",
        ),
    ] {
        let copy = subject.changed(change);
        let store = copy.open().unwrap();
        let found = check_database(&store);
        let named = found.problems().any(|problem| {
            problem.table == Some(table)
                && (entry.is_none() || problem.entry == entry.map(|n| subject.id(n)))
        });
        assert!(named, "{change}: {found:?}");
        assert_eq!(found.remedy(), Some(Remedy::RebuildIndexes), "{change}: {found:?}");
        fix(&store).unwrap();
        assert_eq!(
            check_database(&store).problems().collect::<Vec<_>>(),
            [] as [&_; 0],
            "{change}"
        );
        drop(store);
        assert_eq!(rows(&copy), right, "{change}");
        let store = copy.open().unwrap();
        let group = store.group(subject.group().id()).unwrap();
        assert_eq!(digest(&group), state);
        record(&group, 2, 1, &mut Rng::new(2));
        assert_sound(&group);
    }
}

#[test]
fn an_entry_that_waits_for_nothing_gets_in() {
    let subject = Subject::new(2);
    let change = "INSERT INTO pending (grp, id, entry, signature)
            SELECT grp, id, entry, signature FROM entries WHERE n = 12;
        DELETE FROM expenses WHERE n = 12; DELETE FROM entries WHERE n = 12;";
    let copy = subject.changed(change);
    let store = copy.open().unwrap();
    let found = check_database(&store);
    let waits = |p: &&_| matches!(p, ledger_store::Problem { table: Some(Table::Pending), .. });
    assert_eq!(found.problems().filter(waits).count(), 1, "{found:?}");
    fix(&store).unwrap();
    assert_sound(&store.group(subject.group().id()).unwrap());
    drop(store);
    assert_eq!(rows(&copy), rows(&subject.folder));
}

#[test]
fn verdicts_that_flipped_are_written_anew() {
    let folder = Folder::new(3);
    let store = folder.store();
    let group = found(&store, 2);
    let mut rng = Rng::new(3);
    record(&group, 20, 5, &mut rng);
    let ben = Ben::join(&folder, &group);
    let known = common::heads(&group);
    let person = ledger_core::engine::Draft::placeholder(
        &group.state().unwrap(),
        ben.member,
        "Eva",
        [1; 16],
    );
    ben.write(&group, person.unwrap());
    ben.remove(&group, known);
    record(&group, 5, 5, &mut rng);
    let right = digest(&group);
    assert_eq!(check_database(&store).remedy(), None);
    let raw = folder.raw();
    let flipped: i64 = raw.query_row("SELECT flipped FROM groups", [], |row| row.get(0)).unwrap();
    assert!(flipped > 0, "the removal voids what he wrote");
    raw.execute_batch("UPDATE entries SET verdict = 0; UPDATE groups SET flipped = 0").unwrap();
    let found = check_database(&store);
    assert_eq!(found.remedy(), Some(Remedy::RebuildIndexes), "{found:?}");
    fix(&store).unwrap();
    assert_eq!(check_database(&store).remedy(), None);
    assert_eq!(digest(&group), right);
}

#[test]
fn damaged_entries_are_not_written_over() {
    let subject = Subject::new(4);
    for change in [
        "UPDATE entries SET entry = (SELECT entry FROM entries WHERE n = 7) WHERE n = 8",
        "UPDATE entries SET signature = zeroblob(64) WHERE n = 5",
        "DELETE FROM entries WHERE n = 9",
    ] {
        let copy = subject.changed(&format!("{change}; DELETE FROM named;"));
        let before = rows(&copy);
        let store = copy.open().unwrap();
        assert_eq!(check_database(&store).remedy(), Some(Remedy::SalvageDatabase), "{change}");
        let error = fix(&store).unwrap_err();
        assert!(matches!(&error, StoreError::Damaged(_)), "{change}: {error:?}");
        drop(store);
        assert_eq!(rows(&copy), before, "{change}: nothing is half-done");
    }
}

#[test]
fn stopped_at_any_point_nothing_has_changed() {
    let subject = Subject::new(5);
    let folder = subject.changed("DELETE FROM found_by; UPDATE expenses SET cancelled = 1");
    let before = rows(&folder);
    let store = folder.open().unwrap();
    let mut told = Vec::new();
    for stop in 0..4 {
        told.clear();
        let result = store.maintenance().rebuild_indexes(&mut |progress| {
            told.push(progress.phase);
            if told.len() > stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match result {
            Err(StoreError::Cancelled) => assert_eq!(rows(&folder), before),
            // The last call tells the end, when there is nothing left to stop.
            result => assert!(result.is_ok() && stop == 3, "{stop}: {result:?}"),
        }
    }
    assert_eq!(told, [Phase::Verifying, Phase::Verifying, Phase::Rebuilding, Phase::Rebuilding]);
    let stopped = store.maintenance().check_database(&mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(StoreError::Cancelled)));
    assert_eq!(check_database(&store).remedy(), None);
}

#[test]
fn several_groups_are_checked_and_written_side_by_side() {
    let folder = Folder::new(6);
    let store = folder.store();
    let mut rng = Rng::new(6);
    let groups: Vec<_> = (0..3).map(|_| found(&store, 2)).collect();
    for _ in 0..4 {
        for group in &groups {
            record(group, 7, 3, &mut rng);
        }
    }
    let right = rows(&folder);
    assert_eq!(check_database(&store).remedy(), None);
    folder.raw().execute_batch("DELETE FROM expenses WHERE grp = 2; DELETE FROM origins").unwrap();
    let found = check_database(&store);
    let wrong = |(_, found): &&(_, ledger_store::Verification)| !found.problems.is_empty();
    let wrong: Vec<_> = found.groups.iter().filter(wrong).map(|(id, _)| *id).collect();
    assert_eq!(wrong, [groups[1].id()], "{found:?}");
    assert!(found.problems().all(|problem| problem.group == Some(groups[1].id())));
    fix(&store).unwrap();
    assert_eq!(check_database(&store).remedy(), None);
    drop((store, groups));
    assert_eq!(rows(&folder), right);
}
