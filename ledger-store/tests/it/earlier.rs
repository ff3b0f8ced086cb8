//! Databases that a version wrote which knew less, or other rules of form.
#![cfg(feature = "sqlcipher")]

use std::path::Path;

use ledger_core::engine::{DecodedEntry, Draft};
use ledger_core::{GroupId, Origin, Rule, Transaction};
use ledger_store::{NewEntry, Remedy, Store, StoreError};

use crate::common::people::Ben;
use crate::common::{self, Folder, Rng, assert_sound, found, record};

/// Leads back to the version that had neither `underived` nor, with rows, `unlisted`.
const BACK_TO_8: &str = "DROP TABLE imported; DROP TABLE imports; DROP TABLE underived;
     CREATE TABLE unlisted (n INTEGER PRIMARY KEY, grp, content, cancelled);
     PRAGMA user_version = 8;";

/// Number of groups whose rows are to be derived anew.
fn underived(folder: &Folder) -> i64 {
    let sql = "SELECT count(*) FROM underived";
    folder.raw().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// A version that does not know restorations keeps them as unknown entries without effect. The next
/// one derives what they do when it opens the file.
#[test]
fn what_an_older_version_did_not_know_is_derived_anew() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 2);
    record(&group, 3, 3, &mut Rng::new(1));
    let dinner = group.lists().expenses(None, 1).unwrap()[0].original;
    let before = group.lists().expenses(None, 9).unwrap();
    group
        .entries()
        .append(vec![NewEntry::Cancellation { original: dinner, reason: None }])
        .unwrap();
    let restoration = group.entries().restore(dinner).unwrap();
    store.checkpoint_all().unwrap();
    drop((group, store));
    let raw = folder.raw();
    raw.execute_batch(
        "DELETE FROM named WHERE n = (SELECT n FROM entries WHERE kind = 24);
         UPDATE expenses SET cancelled = 1 WHERE n = (SELECT slot FROM entries WHERE kind = 24);
         UPDATE entries SET verdict = 1, slot = NULL WHERE kind = 24;",
    )
    .unwrap();
    raw.execute_batch(BACK_TO_8).unwrap();
    drop(raw);
    let store = folder.open().unwrap();
    let group = common::only(&store);
    assert_eq!(group.lists().expenses(None, 9).unwrap(), before);
    let versions = group.lists().history(dinner, None, 9).unwrap();
    assert_eq!(versions[0].entry.id(), restoration);
    assert_sound(&group);
    // Once, and not at each opening.
    assert_eq!(underived(&folder), 0);
}

/// A version before forgot the origin of an entry when that became void. The entry can name a slot.
#[test]
fn void_entries_from_a_file_have_their_origins_again() {
    let folder = Folder::new(2);
    let store = folder.store();
    let group = found(&store, 2);
    let ben = Ben::join(&folder, &group);
    let known = common::heads(&group);
    let row = || {
        let mut row = common::details(&group.state().unwrap(), &mut Rng::new(1));
        let origin = Origin::from_bytes([7; 16]);
        match &mut row {
            Transaction::Expense(expense) => expense.origin = Some(origin),
            Transaction::Transfer(transfer) => transfer.origin = Some(origin),
        }
        row
    };
    let his = ben.write(&group, Draft::record(&group.state().unwrap(), &row()).unwrap());
    ben.remove(&group, known);
    assert_eq!(group.lists().expenses(None, 9).unwrap(), [], "his is void");
    let row = row();
    drop((group, store));
    let raw = folder.raw();
    raw.execute_batch("DELETE FROM origins").unwrap();
    raw.execute_batch(BACK_TO_8).unwrap();
    drop(raw);
    let store = folder.open().unwrap();
    let group = common::only(&store);
    assert_sound(&group);
    let mine = group.entries().append(vec![NewEntry::Record(row)]).unwrap()[0];
    let shown = group.lists().expenses(None, 9).unwrap();
    assert_eq!((shown[0].original, shown[0].current_version), (his, mine));
    assert_sound(&group);
}

/// A group whose entries are not sound costs the others nothing. Its own lists stay those of the older
/// version, so nobody sees them.
#[test]
fn an_unsound_group_of_an_older_version_leaves_the_others_alone() {
    let folder = Folder::new(3);
    let store = folder.store();
    let mut rng = Rng::new(3);
    let groups: Vec<GroupId> = (0..3)
        .map(|_| {
            let group = found(&store, 2);
            record(&group, 5, 5, &mut rng);
            group.id()
        })
        .collect();
    let rows = |store: &Store, group: GroupId| {
        store.group(group).and_then(|group| group.lists().expenses(None, 9))
    };
    let before: Vec<_> = groups.iter().map(|group| rows(&store, *group).unwrap()).collect();
    drop(store);
    let spoil = "UPDATE entries SET signature = zeroblob(64)
         WHERE n = (SELECT max(n) FROM entries WHERE grp = 2)";
    let raw = folder.raw();
    raw.execute_batch("CREATE TABLE saved AS SELECT n, signature FROM entries").unwrap();
    raw.execute_batch(spoil).unwrap();
    // What an older version derived.
    raw.execute_batch("UPDATE expenses SET amount = 1; UPDATE entries SET kind = 26 WHERE n = 2")
        .unwrap();
    raw.execute_batch("INSERT INTO underived SELECT grp FROM groups; DELETE FROM checkpoints")
        .unwrap();
    drop(raw);
    for _ in 0..2 {
        let store = folder.open().unwrap();
        for place in [0, 2] {
            assert_sound(&store.group(groups[place]).unwrap());
            assert_eq!(rows(&store, groups[place]).unwrap(), before[place]);
        }
        let error = rows(&store, groups[1]).unwrap_err();
        assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
        let found = common::verify(&store.group(groups[1]).unwrap()).unwrap();
        assert!(found.problems.iter().any(|problem| problem.remedy == Remedy::SalvageDatabase));
        assert_eq!(underived(&folder), 1);
    }
    // It is derived when it is sound.
    let raw = folder.raw();
    raw.execute_batch(
        "UPDATE entries SET signature = (SELECT signature FROM saved s WHERE s.n = entries.n)",
    )
    .unwrap();
    drop(raw);
    let store = folder.open().unwrap();
    assert_eq!(rows(&store, groups[1]).unwrap(), before[1]);
    assert_sound(&store.group(groups[1]).unwrap());
    assert_eq!(underived(&folder), 0);
    drop(store);
    // An unsound group can be deleted.
    let raw = folder.raw();
    raw.execute_batch(spoil).unwrap();
    raw.execute_batch("INSERT INTO underived VALUES (2)").unwrap();
    drop(raw);
    let store = folder.open().unwrap();
    store.delete_group(groups[1]).unwrap();
    assert_eq!(store.group_ids().unwrap(), [groups[0], groups[2]]);
    assert_eq!(underived(&folder), 0);
}

/// After a page that does not check out, SQLite reads nothing more on a connection, so that is not used
/// again.
#[test]
fn a_damaged_page_of_one_group_leaves_the_others_alone() {
    let folder = Folder::new(4);
    let store = folder.store();
    let mut rng = Rng::new(4);
    let [damaged, sound] = [0, 1].map(|_| {
        let group = found(&store, 2);
        record(&group, 60, 60, &mut rng);
        group.id()
    });
    drop(store);
    let raw = folder.raw();
    raw.execute_batch("INSERT INTO underived SELECT grp FROM groups").unwrap();
    let leaf = "SELECT pageno FROM dbstat WHERE name = 'entries' AND pagetype = 'leaf'
         ORDER BY path LIMIT 1 OFFSET 1";
    let page: usize = raw.query_row(leaf, [], |row| row.get(0)).unwrap();
    drop(raw);
    let mut bytes = std::fs::read(folder.db()).unwrap();
    bytes[page * 4096 - 2048] ^= 1;
    std::fs::write(folder.db(), bytes).unwrap();
    let store = folder.open().unwrap();
    let group = store.group(sound).unwrap();
    for _ in 0..2 {
        let error = store.group(damaged).unwrap().state().unwrap_err();
        assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
        record(&group, 3, 1, &mut rng);
        assert_eq!(group.lists().expenses(None, 99).unwrap().len() % 3, 0);
    }
    let error = store.group(damaged).unwrap().entries().append(vec![]).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    record(&group, 3, 1, &mut rng);
    assert_eq!(underived(&folder), 1);
}

/// Bytes that their author signed are not damaged: the error says which version can read them.
#[test]
fn entries_of_an_earlier_draft_are_told_from_damaged_ones() {
    for (damaged, older) in [(false, false), (false, true), (true, false)] {
        let folder = common::filled(1);
        let place = Path::new(env!("CARGO_MANIFEST_DIR"));
        let vector = std::fs::read(place.join("../fuzz/corpus/decode_entry/no-P9")).unwrap();
        let (signature, bytes) = vector.split_first_chunk::<64>().unwrap();
        let refusal = DecodedEntry::decode(bytes, signature).unwrap_err();
        assert_eq!(refusal.rule(), Rule::P9, "a form that this version does not have");
        let (id, mut bytes) = (refusal.entry().unwrap(), bytes.to_vec());
        if damaged {
            *bytes.last_mut().unwrap() ^= 1;
        }
        let raw = folder.raw();
        raw.execute(
            "INSERT INTO entries
             SELECT n + 1, grp, ?1, chain, seq + 1, lamport + 1, 16, 0, NULL, ?2, ?3
             FROM entries ORDER BY n DESC LIMIT 1",
            (id.as_bytes(), bytes, signature),
        )
        .unwrap();
        raw.execute_batch("DELETE FROM checkpoints").unwrap();
        if older {
            raw.execute_batch("INSERT INTO underived SELECT grp FROM groups").unwrap();
        }
        drop(raw);
        let state = folder.open().and_then(|store| {
            let group = store.group(store.groups()?[0].id)?;
            group.state()
        });
        let error = state.unwrap_err();
        match error {
            StoreError::EarlierDraft { entry, rule: Rule::P9 } if !damaged => assert_eq!(entry, id),
            StoreError::Damaged(_) if damaged => {}
            error => panic!("{error:?}"),
        }
    }
}
