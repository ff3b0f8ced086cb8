//! Corrections, cancellations and copies that would change nothing are refused, and say why. An
//! entry that changed an original stands for it.

#![cfg(feature = "sqlcipher")]

use ledger_core::engine::Draft;
use ledger_core::{EntryId, Verdict};
use ledger_store::{Group, NewEntry, StoreError, VersionKind};

use crate::common::people::{Ben, verdict};
use crate::common::{self, Folder, Rng, assert_sound, count, details, found};

fn record(group: &Group, rng: &mut Rng) -> EntryId {
    let transaction = details(&group.state().unwrap(), rng);
    group.entries().append(vec![NewEntry::Record(transaction)]).unwrap()[0]
}

fn correct(group: &Group, original: EntryId, rng: &mut Rng) -> Result<EntryId, StoreError> {
    let transaction = details(&group.state().unwrap(), rng);
    Ok(group.entries().append(vec![NewEntry::Correction { original, transaction }])?[0])
}

fn cancel(group: &Group, original: EntryId) -> Result<EntryId, StoreError> {
    Ok(group.entries().append(vec![NewEntry::Cancellation { original, reason: None }])?[0])
}

#[test]
fn nothing_changes_what_was_cancelled() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let store = folder.store();
    let group = found(&store, 2);
    let dinner = record(&group, &mut rng);
    let cancelled = cancel(&group, dinner).unwrap();
    let before = count(&group);
    let is_final = |result: Result<EntryId, StoreError>| {
        assert!(
            matches!(result, Err(StoreError::AlreadyCancelled(id)) if id == dinner),
            "{result:?}"
        );
    };
    is_final(correct(&group, dinner, &mut rng));
    is_final(cancel(&group, dinner));
    is_final(cancel(&group, cancelled));
    let copy = group.entries().append(vec![NewEntry::VoidEntryCopy { original: dinner }]);
    is_final(copy.map(|ids| ids[0]));
    // In one batch, too; then none of it is recorded.
    let tea = record(&group, &mut rng);
    let transaction = details(&group.state().unwrap(), &mut rng);
    let both = group.entries().append(vec![
        NewEntry::Cancellation { original: tea, reason: None },
        NewEntry::Correction { original: tea, transaction },
    ]);
    assert!(matches!(both, Err(StoreError::AlreadyCancelled(id)) if id == tea));
    assert_eq!(count(&group), before + 1);
    assert_sound(&group);
}

#[test]
fn a_restoration_takes_back_a_cancellation_and_tells_when_there_is_none() {
    let (folder, mut rng) = (Folder::new(4), Rng::new(4));
    let store = folder.store();
    let group = found(&store, 2);
    let dinner = record(&group, &mut rng);
    let before = group.state().unwrap().digest();
    let is_refused = || {
        let result = group.entries().restore(dinner);
        assert!(matches!(result, Err(StoreError::NotCancelled(id)) if id == dinner), "{result:?}");
    };
    is_refused();
    let cancelled = cancel(&group, dinner).unwrap();
    assert_ne!(group.state().unwrap().digest(), before);
    let restored = group.entries().restore(cancelled).unwrap();
    assert_eq!(group.state().unwrap().digest(), before);
    is_refused();
    let corrected = correct(&group, restored, &mut rng).unwrap();
    let row = group.lists().expenses(None, 1).unwrap().remove(0);
    assert_eq!((row.current_version, row.cancelled), (corrected, false));
    cancel(&group, dinner).unwrap();
    group.entries().restore(dinner).unwrap();
    let kinds: Vec<_> =
        group.lists().history(dinner, None, 9).unwrap().iter().map(|row| row.kind).collect();
    use VersionKind::{Cancellation, Correction, Original, Restoration};
    let expected = [Restoration, Cancellation, Correction, Restoration, Cancellation, Original];
    assert_eq!(kinds, expected);
    let nowhere = EntryId::from_bytes([7; 32]);
    assert!(matches!(group.entries().restore(nowhere), Err(StoreError::UnknownEntry(_))));
    assert_sound(&group);
}

#[test]
fn the_id_of_a_change_stands_for_its_original() {
    let (folder, mut rng) = (Folder::new(2), Rng::new(2));
    let store = folder.store();
    let group = found(&store, 2);
    let dinner = record(&group, &mut rng);
    let corrected = correct(&group, dinner, &mut rng).unwrap();
    let again = correct(&group, corrected, &mut rng).unwrap();
    let row = || group.lists().expenses(None, 1).unwrap().remove(0);
    assert_eq!((row().original, row().current_version), (dinner, again));
    let confirm = NewEntry::Confirmation { target: again, note: None };
    let confirmed = group.entries().append(vec![confirm]).unwrap()[0];
    assert_eq!(verdict(&group, confirmed), Verdict::Applied);
    cancel(&group, again).unwrap();
    assert!(row().cancelled);
    let nowhere = EntryId::from_bytes([7; 32]);
    assert!(matches!(cancel(&group, nowhere), Err(StoreError::UnknownEntry(_))));
    assert_sound(&group);
}

#[test]
fn only_what_does_not_count_is_copied_and_only_what_counts_is_changed() {
    let (folder, mut rng) = (Folder::new(3), Rng::new(3));
    let store = folder.store();
    let group = found(&store, 2);
    let mine = record(&group, &mut rng);
    let copy = |original| group.entries().append(vec![NewEntry::VoidEntryCopy { original }]);
    assert!(matches!(copy(mine), Err(StoreError::AlreadyCounts(id)) if id == mine));
    let ben = Ben::join(&folder, &group);
    let known = common::heads(&group);
    let state = group.state().unwrap();
    let his = ben.write(&group, Draft::record(&state, &details(&state, &mut rng)).unwrap());
    ben.remove(&group, known);
    assert!(matches!(correct(&group, his, &mut rng), Err(StoreError::NotCounted(id)) if id == his));
    assert!(matches!(cancel(&group, his), Err(StoreError::NotCounted(_))));
    let copied = copy(his).unwrap()[0];
    assert!(matches!(copy(his), Err(StoreError::AlreadyCounts(_))));
    assert!(matches!(copy(copied), Err(StoreError::AlreadyCounts(_))));
    correct(&group, copied, &mut rng).unwrap();
    cancel(&group, his).unwrap();
    assert!(matches!(copy(his), Err(StoreError::AlreadyCancelled(_))));
    assert_sound(&group);
}
