//! Databases that a version wrote which knew less, or other rules of form.
#![cfg(feature = "sqlcipher")]

use std::path::Path;

use ledger_core::Rule;
use ledger_core::engine::DecodedEntry;
use ledger_store::{NewEntry, StoreError};

use crate::common::{self, Folder, Rng, assert_sound, found, record};

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
    group.append(vec![NewEntry::Cancellation { original: dinner, reason: None }]).unwrap();
    let restoration = group.restore(dinner).unwrap();
    store.checkpoint_all().unwrap();
    drop((group, store));
    let raw = folder.raw();
    raw.execute_batch(
        "DELETE FROM named WHERE n = (SELECT n FROM entries WHERE kind = 24);
         UPDATE expenses SET cancelled = 1 WHERE n = (SELECT slot FROM entries WHERE kind = 24);
         UPDATE entries SET verdict = 1, slot = NULL WHERE kind = 24;
         DROP TABLE underived;
         PRAGMA user_version = 8;",
    )
    .unwrap();
    drop(raw);
    let store = folder.open().unwrap();
    let group = common::only(&store);
    assert_eq!(group.lists().expenses(None, 9).unwrap(), before);
    let versions = group.lists().history(dinner, None, 9).unwrap();
    assert_eq!(versions[0].entry.id(), restoration);
    assert_sound(&group);
    // Once, and not at each opening.
    let left = "SELECT count(*) FROM underived";
    assert_eq!(folder.raw().query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
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
