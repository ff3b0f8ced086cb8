//! Keys in boxes of epoch entries: which keys a bundle hands out, and that everybody gets in.

#![cfg(feature = "sqlcipher")]

use ledger_core::bundle::frame;
use ledger_core::engine::{DecodedEntry, Draft, VerifiedEntry};
use ledger_core::messages::recovery::EnrolmentRequest;
use ledger_core::seal::EpochKey;
use ledger_core::{EntryId, hazmat};

use crate::common::epochs::{Rotator, everybody_gets_in, handed_out, keys_of, put, sealed};
use crate::common::sealed::{Anna, anna, exchange, export, holds, import, pay, remove};
use crate::common::{Folder, Rng, only};

/// Ben begins one epoch with two entries, and another one between them, so that each key is in
/// the box of the other. All keys of before are in one of the boxes.
#[test]
fn keys_in_each_others_boxes_lock_nobody_out() {
    let scene = Rotator::new();
    let Rotator { anna, ben, eve, known, first, .. } = &scene;
    let mut rng = Rng::new(2);
    let (a, b) = (scene.key(0xa1), scene.key(0xb2));
    let one = put(&ben.group, &scene.begin(&a, &[(*first, known)]));
    let other = put(&ben.group, &scene.begin(&b, &[(one, &a), (*first, known)]));
    put(&ben.group, &scene.begin(&a, &[(other, &b)]));
    let mut bundle = [sealed(&ben.group, &a, &[]), sealed(&ben.group, &b, &[])].concat();
    import(&ben.group, &bundle);
    let his = export(&ben.group);
    assert_eq!(handed_out(&his).len(), 1, "one wrap from which all is reached");
    bundle.extend(his);
    for group in [&anna.group, &eve.group] {
        assert!(import(group, &bundle).is_complete());
    }
    pay(anna, &mut rng);
    everybody_gets_in(anna, &eve.store, 20);
    anna.keys().rotate_group_key(0).unwrap();
    everybody_gets_in(anna, &eve.store, 21);
    remove(anna, ben.member);
    exchange(&[anna, &eve.group]);
    everybody_gets_in(anna, &eve.store, 22);
}

/// A box with other keys than those of its refs, or whose refs are no epoch entries, covers
/// nothing.
#[test]
fn a_box_that_lies_covers_nothing() {
    let scene = Rotator::new();
    let Rotator { anna, ben, eve, known, first, .. } = &scene;
    let mut rng = Rng::new(2);
    let dinner = pay(&ben.group, &mut rng);
    let (liar, wrong, other) = (scene.key(0xa1), scene.key(0xa2), scene.key(0x77));
    // The ref of the first epoch, and another key; the key of the first epoch, and a dinner's ref.
    put(&ben.group, &scene.begin(&liar, &[(*first, &other)]));
    put(&ben.group, &scene.begin(&wrong, &[(dinner, known)]));
    let mut bundle = [sealed(&ben.group, &liar, &[]), sealed(&ben.group, &wrong, &[])].concat();
    import(&ben.group, &bundle);
    bundle.extend(export(&ben.group));
    for group in [&anna.group, &eve.group] {
        import(group, &bundle);
    }
    let handed = handed_out(&export(anna));
    assert!(handed.contains(&known.topic()), "{handed:?}");
    assert!(!handed.contains(&other.topic()));
    everybody_gets_in(anna, &eve.store, 20);
}

/// Ben seals epoch entries that nobody signed, and one that waits, each with the key in use in its
/// box.
#[test]
fn entries_that_are_not_admitted_cover_nothing() {
    let scene = Rotator::new();
    let Rotator { anna, ben, eve, device, known, first, .. } = &scene;
    let mut rng = Rng::new(2);
    let (a, b) = (scene.key(0xa1), scene.key(0xb2));
    let honest = scene.begin(&a, &[(*first, known)]);
    let unsigned = DecodedEntry::decode(honest.decoded().as_bytes(), &[7; 64]);
    let absent = EntryId::from_bytes([9; 32]);
    let waits = hazmat::any_position(anna.id(), device.id(), 7, absent, vec![], 50);
    let epoch = Draft::epoch(b.begin(&[(*first, known)]).unwrap());
    let waits = epoch.sign(device, &waits, 0).unwrap();
    let mut bundle = sealed(&ben.group, &a, &[]);
    bundle.extend(frame(&a.seal(&unsigned.unwrap())));
    bundle.extend(sealed(&ben.group, &b, &[&waits]));
    import(anna, &bundle);
    assert_eq!(handed_out(&export(anna)), [known.topic()].into());
    pay(anna, &mut rng);
    everybody_gets_in(anna, &eve.store, 20);
}

/// Ben, removed, begins an epoch that is void, with the latest clock of all. It is no newest key,
/// covers nothing, and a device that asks for approval does so under a key that others have.
#[test]
fn a_void_epoch_is_not_the_newest() {
    let scene = Rotator::new();
    let Rotator { anna, ben, eve, device, known, first, .. } = &scene;
    let mut rng = Rng::new(2);
    remove(anna, ben.member);
    exchange(&[anna, &eve.group]);
    let his = scene.key(0xa1);
    let ledger = ben.group.ledger().unwrap();
    let at = ledger.next_position(device.id()).unwrap();
    let void = Draft::epoch(his.begin(&[(*first, known)]).unwrap());
    let void = void.sign(device, &at, 0).unwrap();
    let bundle = sealed(anna, &his, &[&void]);
    for group in [&anna.group, &eve.group] {
        import(group, &bundle);
        assert!(holds(group, void.id()));
    }
    let handed = handed_out(&export(anna));
    assert!(handed.len() == 1 && !handed.contains(&his.topic()), "{handed:?}");
    let reset = eve.group.keys().reset_device_keys().unwrap();
    let request = reset.keys().request_approval().unwrap();
    let topic = EnrolmentRequest::topic(&request).unwrap();
    assert!(handed.contains(&topic), "the key in use");
    pay(anna, &mut rng);
    everybody_gets_in(anna, &eve.store, 20);
}

/// Ben begins 150 epochs beside each other. One bundle of Anna's has few wraps, and everything opens.
#[test]
fn many_epochs_beside_each_other_make_no_bundle_long() {
    let scene = Rotator::new();
    let Rotator { anna, ben, eve, .. } = &scene;
    let mut bundle = Vec::new();
    for n in 0..150 {
        let key = scene.key(n);
        put(&ben.group, &scene.begin(&key, &[]));
        bundle.extend(sealed(&ben.group, &key, &[]));
    }
    import(&ben.group, &bundle);
    // His own app hands out one key, too.
    let his = export(&ben.group);
    assert!(handed_out(&his).len() <= 8, "{}", handed_out(&his).len());
    bundle.extend(his);
    import(anna, &bundle);
    assert!(handed_out(&export(anna)).len() <= 8);
    everybody_gets_in(anna, &eve.store, 20);
}

/// A database of the version before says of all keys that they are covered. It heals when it is
/// opened.
#[test]
fn marks_of_an_older_version_lock_nobody_out() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    {
        let anna = anna(&folder);
        pay(&anna, &mut rng);
        export(&anna);
    }
    let raw = folder.raw();
    raw.execute_batch(
        "ALTER TABLE epochs ADD COLUMN begun INTEGER NOT NULL DEFAULT 1;
         ALTER TABLE epochs ADD COLUMN covered INTEGER NOT NULL DEFAULT 1;
         DROP TABLE arrivals; DROP TABLE left_out; DROP TABLE leaving; DROP INDEX sealed_by_epoch; ALTER TABLE sealed DROP COLUMN ms;
         DROP INDEX pending_by_device; ALTER TABLE joins DROP COLUMN entered;
         DROP INDEX entries_settings; DROP INDEX entries_templates; DROP INDEX entries_speaks;
         ALTER TABLE groups DROP COLUMN read_upto; DROP TABLE underived;
         DROP TABLE imported; DROP TABLE imports; PRAGMA user_version = 4;",
    )
    .unwrap();
    drop(raw);
    let store = folder.open().unwrap();
    let group = only(&store);
    let anna = Anna { store, group };
    assert_eq!(handed_out(&export(&anna)).len(), 1);
    everybody_gets_in(&anna, &anna.store, 20);
}

/// Ben begins 70 epochs, each with the key of the one before in its box, and hands out the last key
/// alone. All the others are found in one import.
#[test]
fn a_long_chain_of_boxes_opens_from_its_last_key() {
    let scene = Rotator::new();
    let Rotator { folder, anna, ben, eve, known, first, .. } = &scene;
    let keys: Vec<EpochKey> = (1..=70).map(|n| scene.key(n)).collect();
    let (mut last, mut chain) = ((*first, known), Vec::new());
    for key in &keys {
        let entry = scene.begin(key, &[last]);
        last = (put(&ben.group, &entry), key);
        chain.push(entry);
    }
    let all: Vec<&VerifiedEntry> = chain.iter().collect();
    import(anna, &sealed(anna, last.1, &all));
    assert_eq!(keys_of(folder, anna.id()).len(), 71);
    assert_eq!(handed_out(&export(anna)), [last.1.topic()].into());
    everybody_gets_in(anna, &eve.store, 20);
}
