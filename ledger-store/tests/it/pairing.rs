//! Pairing of a further device, between stores that exchange nothing but the
//! messages and what a person types.

#![cfg(feature = "sqlcipher")]

use ledger_core::messages::pairing::PairingError;
use ledger_store::{Group, PairingMode, StatementIntent, Store, StoreError};

use crate::common::phones::{Phone, agree, hand_over, join, write};

/// Both phones up to the digits, which a person carries over.
pub(crate) fn pair(old: &Store, new: &Store, mode: PairingMode) -> Vec<Group> {
    let (new_side, offer) = new.pairing().start_on_new_device().unwrap();
    let (old_side, reply) = old.pairing().start_on_old_device(&offer).unwrap();
    let (new_side, reveal) = new_side.receive(&reply).unwrap();
    let old_side = old_side.receive(&reveal).unwrap();
    let (old_side, groups) = old_side.enter(&new_side.reveal_code()).unwrap();
    let new_side = new_side.receive(&groups).unwrap();
    let (new_side, devices) = new_side.accept().unwrap();
    let grant = old_side.receive(&devices, mode).unwrap();
    new_side.receive(&grant).unwrap()
}

/// The number of the root key of the newest group.
fn root_index(phone: &Phone) -> u32 {
    let sql = "SELECT root_index FROM groups ORDER BY grp DESC LIMIT 1";
    phone.folder.raw().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_paired_device_is_the_same_person_in_all_groups() {
    let (phone, tablet) = (Phone::new(1), Phone::new(2));
    let flat = phone.store.create_group("Flat", "Anna").unwrap();
    let trip = phone.store.create_group("Trip", "Anna").unwrap();
    let groups = pair(&phone.store, &tablet.store, PairingMode::Standard);
    assert_eq!(groups.len(), 2);
    for (mine, theirs) in [&flat, &trip].into_iter().zip(&groups) {
        hand_over(mine, theirs);
        agree(mine, theirs);
        assert_eq!((theirs.id(), theirs.me().unwrap()), (mine.id(), mine.me().unwrap()));
        assert_ne!(theirs.device(), mine.device());
        write(theirs, "Grandma");
        hand_over(theirs, mine);
        agree(mine, theirs);
    }
    // It can act for Anna: also revoke the phone.
    let revoke = StatementIntent::Revoke { device: flat.device(), since: None };
    let proposal = groups[0].statements().propose(revoke).unwrap();
    groups[0].statements().sign(&proposal).unwrap();
    hand_over(&groups[0], &flat);
    assert_eq!(
        phone.store.recovery().reveal_phrase().unwrap(),
        tablet.store.recovery().reveal_phrase().unwrap()
    );

    // Both found a group that the other does not know: their root keys differ.
    let (a, b) = (
        phone.store.create_group("A", "Anna").unwrap(),
        tablet.store.create_group("B", "Anna").unwrap(),
    );
    assert_ne!(root_index(&phone), root_index(&tablet));
    drop(b);

    // Paired once more, the tablet gets the group that it lacks, and fresh keys
    // in the other one; where the phone was revoked, it cannot enrol.
    let tablet = tablet.restarted();
    let groups = pair(&phone.store, &tablet.store, PairingMode::Standard);
    assert_eq!(groups.iter().map(Group::id).collect::<Vec<_>>(), [trip.id(), a.id()]);
    hand_over(&trip, &groups[0]);
    write(&groups[0], "Opa");
}

#[test]
fn a_device_in_high_security_mode_records_but_does_not_act() {
    let (phone, kiosk) = (Phone::new(1), Phone::new(2));
    let flat = phone.store.create_group("Flat", "Anna").unwrap();
    let groups = pair(&phone.store, &kiosk.store, PairingMode::RecordOnly);
    hand_over(&flat, &groups[0]);
    write(&groups[0], "Grandma");
    hand_over(&groups[0], &flat);
    agree(&flat, &groups[0]);
    let leave = groups[0].statements().propose(StatementIntent::Leave).map(|_| ());
    assert!(matches!(leave, Err(StoreError::NoRootKey)));
    assert!(matches!(kiosk.store.recovery().reveal_phrase(), Err(StoreError::NoRootKey)));
    // Nor can it pair others.
    let third = Phone::new(3);
    let (new_side, offer) = third.store.pairing().start_on_new_device().unwrap();
    let (old_side, reply) = kiosk.store.pairing().start_on_old_device(&offer).unwrap();
    let (new_side, reveal) = new_side.receive(&reply).unwrap();
    let old_side = old_side.receive(&reveal).unwrap();
    let entered = old_side.enter(&new_side.reveal_code()).map(|_| ());
    assert!(matches!(entered, Err(StoreError::NoRootKey)), "{entered:?}");
}

#[test]
fn wrong_digits_enrol_nothing() {
    let (phone, tablet) = (Phone::new(1), Phone::new(2));
    let flat = phone.store.create_group("Flat", "Anna").unwrap();
    let before = flat.state().unwrap().digest();
    let (new_side, offer) = tablet.store.pairing().start_on_new_device().unwrap();
    let (old_side, reply) = phone.store.pairing().start_on_old_device(&offer).unwrap();
    let (new_side, reveal) = new_side.receive(&reply).unwrap();
    let old_side = old_side.receive(&reveal).unwrap();
    let code: u32 = new_side.reveal_code().parse().unwrap();
    let entered = old_side.enter(&format!("{:06}", (code + 1) % 1_000_000)).map(|_| ());
    assert!(matches!(entered, Err(StoreError::Pairing(PairingError::WrongCode))), "{entered:?}");
    assert_eq!(flat.state().unwrap().digest(), before);
}

/// A removed member can enrol no device.
#[test]
fn a_removed_member_pairs_no_device_into_the_group() {
    let (anna, ben, tablet) = (Phone::new(1), Phone::new(2), Phone::new(3));
    let flat = anna.store.create_group("Flat", "Anna").unwrap();
    let bens = join(&flat, &anna, &ben, "Ben");
    let member = bens.me().unwrap().unwrap();
    let remove = StatementIntent::Remove { member, since: None };
    flat.statements().sign(&flat.statements().propose(remove).unwrap()).unwrap();
    hand_over(&flat, &bens);
    assert_eq!(pair(&ben.store, &tablet.store, PairingMode::Standard).len(), 0);
}

/// A phone that is already somebody's does not become somebody else's.
#[test]
fn a_device_with_groups_of_its_own_stays_its_persons() {
    let (anna, ben) = (Phone::new(1), Phone::new(2));
    anna.store.create_group("Flat", "Anna").unwrap();
    ben.store.create_group("Trip", "Ben").unwrap();
    let phrase = ben.store.recovery().reveal_phrase().unwrap();
    let (new_side, offer) = ben.store.pairing().start_on_new_device().unwrap();
    let (old_side, reply) = anna.store.pairing().start_on_old_device(&offer).unwrap();
    let (new_side, reveal) = new_side.receive(&reply).unwrap();
    let old_side = old_side.receive(&reveal).unwrap();
    let (old_side, groups) = old_side.enter(&new_side.reveal_code()).unwrap();
    let (new_side, devices) = new_side.receive(&groups).unwrap().accept().unwrap();
    let grant = old_side.receive(&devices, PairingMode::Standard).unwrap();
    let finished = new_side.receive(&grant).map(|groups| groups.len());
    assert!(matches!(finished, Err(StoreError::OtherPerson)), "{finished:?}");
    assert_eq!(ben.store.recovery().reveal_phrase().unwrap(), phrase);
    assert_eq!(ben.store.group_ids().unwrap().len(), 1);
}
