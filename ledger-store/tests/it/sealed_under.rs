//! The key under which an entry travels that came under another one.

#![cfg(feature = "sqlcipher")]

use std::sync::atomic::Ordering;

use ledger_core::engine::{Draft, Payload};
use ledger_core::keys::RootEntropy;
use ledger_core::seal::EpochKey;
use ledger_core::statement::NewStatement;
use ledger_core::{EntryId, hazmat};

use crate::common::epochs::{
    DAY_MS, NOON_MS, Rotator, anna_at, device_key, everybody_gets_in, handed_out, keys_of, put,
    sealed, topic_of,
};
use crate::common::people::{secret, sign};
use crate::common::sealed::{add, exchange, export, holds, import, pay};
use crate::common::{Folder, Rng, decode, entries, heads};

/// What Anna wrote went out under an epoch of Ben's, who is cut off since: his entry is void, and
/// nobody builds on it. The next epoch has its key in the box.
#[test]
fn what_came_under_an_epoch_that_is_void_now_can_be_opened() {
    let scene = Rotator::new();
    let Rotator { folder, anna, ben, eve, .. } = &scene;
    let mut rng = Rng::new(2);
    let known = heads(anna);
    ben.group.keys().rotate_group_key(0).unwrap();
    import(anna, &export(&ben.group));
    let dinner = pay(anna, &mut rng);
    let bundle = export(anna);
    let his = ben.group.state().unwrap().usable_epochs().next().unwrap().1.topic();
    let keys = keys_of(folder, anna.id());
    assert_eq!(topic_of(&bundle, &keys, dinner), Some(his));
    import(&eve.group, &bundle);
    // She removes him, as of before his epoch.
    let owner = RootEntropy::from_bytes(secret(folder, "entropy")).root_key(0);
    let removal = NewStatement::Remove { member: ben.member };
    let draft = Draft::statement(&owner, anna.id(), &removal, known, [3; 16]).unwrap();
    put(anna, &sign(&anna.ledger().unwrap(), &device_key(folder), None, draft));
    import(&eve.group, &export(anna));
    everybody_gets_in(anna, &eve.store, 20);
    // Also from a phone that begins no epoch of its own.
    let newcomer = add(anna, "Fay", 30);
    exchange(&[anna, &eve.group]);
    let bundle = export(&eve.group);
    assert!(import(&newcomer.group, &bundle).is_complete());
    let his_entry = entries(anna)
        .iter()
        .map(decode)
        .find(|entry| matches!(entry.payload(), Payload::Epoch(epoch) if epoch.topic() == his));
    let his_entry = his_entry.unwrap().id();
    let named =
        entries(anna).iter().any(|entry| decode(entry).header().refs().contains(&his_entry));
    assert!(named, "the epoch after the removal names his");
}

/// An entry comes under a key to which no epoch entry here belongs. Its author may know of a cut of
/// which Anna does not, so it stays under that key, and she hands the key to nobody.
#[test]
fn what_came_under_an_unnamed_key_stays_under_it() {
    let scene = Rotator::new();
    let Rotator { folder, anna, ben, eve, .. } = &scene;
    let mut rng = Rng::new(2);
    let dinner = pay(&ben.group, &mut rng);
    let entry = entries(&ben.group).iter().map(decode).collect::<Vec<_>>();
    let entry = hazmat::trust_stored(entry.into_iter().find(|entry| entry.id() == dinner).unwrap());
    let unnamed = scene.key(0xa1);
    import(anna, &sealed(anna, &unnamed, &[&entry]));
    assert!(holds(anna, dinner));
    let bundle = export(anna);
    let keys = keys_of(folder, anna.id());
    assert_eq!(topic_of(&bundle, &keys, dinner), Some(unnamed.topic()));
    assert!(!handed_out(&bundle).contains(&unnamed.topic()));
    // From Ben himself everybody gets it.
    import(&eve.group, &export(&ben.group));
    assert!(holds(&eve.group, dinner));
}

/// Ben seals his dinner under a key that no epoch entry names, and hands it to Anna alone. A day later
/// she passes it on under the epoch in use, so that nobody depends on him.
#[test]
fn what_came_under_an_unnamed_key_stays_under_it_for_a_day() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let (anna, clock) = anna_at(&folder, NOON_MS);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
    exchange(&[&anna, &ben.group, &eve.group]);
    let mut under = |byte: u8, at_ms: u64| {
        let dinner = pay(&ben.group, &mut rng);
        let mut all = entries(&ben.group).into_iter().map(|entry| decode(&entry));
        let entry = hazmat::trust_stored(all.find(|entry| entry.id() == dinner).unwrap());
        let key = EpochKey::from_bytes(anna.id(), [byte; 32]);
        clock.now_ms.store(at_ms, Ordering::Relaxed);
        import(&anna, &sealed(&anna, &key, &[&entry]));
        assert!(holds(&anna, dinner));
        (dinner, key.topic())
    };
    let (first, one) = under(0xa1, NOON_MS);
    let (second, two) = under(0xa2, NOON_MS + DAY_MS / 2);
    let in_use = anna.state().unwrap().usable_epochs().next().unwrap().1.topic();
    let topic_at = |now_ms: u64, id: EntryId| {
        clock.now_ms.store(now_ms, Ordering::Relaxed);
        topic_of(&export(&anna), &keys_of(&folder, anna.id()), id)
    };
    assert_eq!(topic_at(NOON_MS + DAY_MS - 1, first), Some(one));
    assert_eq!(topic_at(NOON_MS + DAY_MS, first), Some(in_use));
    assert_eq!(topic_at(NOON_MS + DAY_MS, second), Some(two), "each has a day from when it came");
    pay(&anna, &mut rng);
    assert_eq!(topic_at(NOON_MS + 2 * DAY_MS, second), Some(in_use));
    import(&eve.group, &export(&anna));
    assert!(holds(&eve.group, first) && holds(&eve.group, second));
    everybody_gets_in(&anna, &eve.store, 20);
}

/// Ben begins an epoch with the key of the one before in its box, and seals its entry under that
/// key. Anna hands out his key alone; the entry travels under it.
#[test]
fn an_epoch_entry_travels_under_its_own_key() {
    let scene = Rotator::new();
    let Rotator { folder, anna, eve, known, first, .. } = &scene;
    let mut rng = Rng::new(2);
    let his = scene.key(0xa1);
    let entry = scene.begin(&his, &[(*first, known)]);
    let bundle = [sealed(anna, &his, &[]), sealed(anna, known, &[&entry])].concat();
    import(anna, &bundle);
    pay(anna, &mut rng);
    let bundle = export(anna);
    assert_eq!(handed_out(&bundle), [his.topic()].into());
    assert_eq!(topic_of(&bundle, &keys_of(folder, anna.id()), entry.id()), Some(his.topic()));
    everybody_gets_in(anna, &eve.store, 20);
}
