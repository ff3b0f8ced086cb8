//! Databases that were restored from a backup or copied: their devices must not sign two
//! entries for one position of their chain.

#![cfg(feature = "sqlcipher")]

use ledger_core::EntryId;
use ledger_store::{NewEntry, StatementIntent, StoreError};

use crate::common::sealed::{add, anna, exchange, export, import, pay};
use crate::common::{Folder, Rng, assert_sound, decode, details, entries, found, only};

#[test]
fn a_restored_backup_signs_nothing_until_it_knows_what_it_handed_out() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let group = anna(&folder);
    let ben = add(&group, "Ben", 2);
    import(&ben.group, &export(&group));
    drop(group);
    let backup = std::fs::read(folder.db()).unwrap();
    let store = folder.store();
    let group = only(&store);
    let last = pay(&group, &mut rng);
    import(&ben.group, &export(&group));
    drop((group, store));
    std::fs::write(folder.db(), backup).unwrap();

    let store = folder.store();
    let group = only(&store);
    let details = details(&group.state().unwrap(), &mut rng);
    let refused = group.entries().append(vec![NewEntry::Record(details)]);
    assert!(matches!(refused, Err(StoreError::RolledBack(id)) if id == last), "{refused:?}");
    // Others have what it lacks.
    assert!(import(&group, &export(&ben.group)).is_complete());
    pay(&group, &mut rng);
    exchange(&[&group, &ben.group]);
}

#[test]
fn a_clone_is_noticed_by_its_fork_and_starts_anew() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let group = anna(&folder);
    let ben = add(&group, "Ben", 2);
    import(&ben.group, &export(&group));
    drop(group);
    // Database and secrets, restored together: nothing tells the clone that it is one.
    let elsewhere = folder.copy(3);
    let store = folder.store();
    let group = only(&store);
    let hers = pay(&group, &mut rng);
    assert!(!import(&ben.group, &export(&group)).forked);
    let cloned_store = elsewhere.store();
    let cloned = only(&cloned_store);
    let other = pay(&cloned, &mut rng);

    // It learns of the other entry in its place.
    assert!(import(&cloned, &export(&ben.group)).forked);
    let details = details(&cloned.state().unwrap(), &mut rng);
    let entry = || vec![NewEntry::Record(details.clone())];
    let refused = cloned.entries().append(entry());
    assert!(matches!(refused, Err(StoreError::Forked(device)) if device == cloned.device()));
    assert!(matches!(cloned.keys().rotate_group_key(0), Err(StoreError::Forked(_))));
    // So does the first one, by a bundle; and a restart forgets nothing.
    let bundle = export(&cloned);
    assert!(import(&group, &bundle).forked);
    assert!(!import(&ben.group, &bundle).forked, "it is not Ben's device");
    drop((group, store));
    let store = folder.store();
    assert!(matches!(only(&store).entries().append(entry()), Err(StoreError::Forked(_))));

    // The clone takes new keys, and a member carries its enrolment.
    let old = cloned.device();
    let cloned = cloned.keys().reset_device_keys().unwrap();
    assert!(cloned.device() != old && !cloned.ledger().unwrap().has_forked(cloned.device()));
    let request = cloned.keys().request_approval().unwrap();
    let (of, _) = ben.store.recovery().approve_device(&request).unwrap();
    assert_eq!(of, cloned.id());
    assert!(import(&cloned, &export(&ben.group)).is_complete());
    let anew = cloned.entries().append(entry()).unwrap()[0];
    exchange(&[&cloned, &ben.group]);
    let known: Vec<EntryId> = entries(&ben.group).iter().map(|e| decode(e).id()).collect();
    assert!([hers, other, anew].iter().all(|id| known.contains(id)), "both branches count");
    // The key that two have is revoked.
    let revoke = StatementIntent::Revoke { device: old, since: None };
    let proposal = cloned.statements().propose(revoke).unwrap();
    cloned.statements().sign(&proposal).unwrap();
    assert!(!cloned.state().unwrap().may_write(old));
    assert_sound(&cloned);
}

#[test]
fn keys_that_nobody_could_approve_replace_none() {
    let folder = Folder::new(9);
    let store = folder.store();
    let group = found(&store, 1);
    let device = group.device();
    // Nothing was ever exported, so there is no key under which it could ask.
    assert!(matches!(group.keys().reset_device_keys(), Err(StoreError::NoKey)));
    let group = only(&store);
    assert_eq!(group.device(), device);
    pay(&group, &mut Rng::new(9));
    assert_sound(&group);
}
