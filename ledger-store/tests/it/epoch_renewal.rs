//! When a device begins a new epoch or rotates its key, and what makes it do so in vain.

#![cfg(feature = "sqlcipher")]

use std::sync::atomic::Ordering;

use ledger_core::DeviceId;
use ledger_core::engine::{DecodedEntry, Draft, VerifiedEntry};
use ledger_core::keys::{DeviceKey, SignedDevice};
use ledger_core::seal::EpochKey;
use ledger_core::statement::NewStatement;
use ledger_store::Group;

use crate::common::epochs::{DAY_MS, NOON_MS, anna_at, device_key, put, root_of, sealed};
use crate::common::people::sign;
use crate::common::sealed::{add, anna, exchange, export, import, pay, remove};
use crate::common::{Folder, Rng, decode, entries, heads};

/// Ben begins an epoch dated in the year 2099.
#[test]
fn an_epoch_from_the_far_future_is_renewed_in_time() {
    let folder = Folder::new(1);
    let (anna, clock) = anna_at(&folder, NOON_MS);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    let device = device_key(&ben._folder);
    let key = EpochKey::from_bytes(anna.id(), [0xa1; 32]);
    let ledger = ben.group.ledger().unwrap();
    let at = ledger.next_position(device.id()).unwrap();
    let epoch = Draft::epoch(key.begin(&[]).unwrap()).sign(&device, &at, 4_070_908_800_000);
    import(&anna, &sealed(&anna, &key, &[&epoch.unwrap()]));
    assert_eq!(anna.state().unwrap().usable_epochs().next().unwrap().1.topic(), key.topic());
    let month = 30 * DAY_MS;
    assert!(!anna.keys().rotate_group_key(month).unwrap(), "it came just now");
    clock.now_ms.store(NOON_MS + month, Ordering::Relaxed);
    assert!(anna.keys().rotate_group_key(month).unwrap());
    assert!(!anna.keys().rotate_group_key(month).unwrap());
    // This phone's own clock was ahead when the next one came, and is put right.
    clock.now_ms.store(4_070_908_800_000, Ordering::Relaxed);
    assert!(anna.keys().rotate_group_key(month).unwrap());
    clock.now_ms.store(NOON_MS + month, Ordering::Relaxed);
    assert!(anna.keys().rotate_group_key(month).unwrap());
    assert!(!anna.keys().rotate_group_key(month).unwrap());
}

/// The epochs that a phone began, as far as it knows.
fn epochs_by(group: &Group, device: DeviceId) -> usize {
    let all = entries(group).iter().map(decode).collect::<Vec<_>>();
    let begins = |entry: &&DecodedEntry| entry.header().kind().number() == 23;
    all.iter().filter(begins).filter(|entry| entry.header().device() == device).count()
}

/// Ben rotates his key, and revokes one enrolled device after the other, without end. Anna's phone
/// begins at most four epochs a day because of him, and one on the day after.
#[test]
fn a_member_who_rotates_and_revokes_without_end_costs_few_epochs() {
    let folder = Folder::new(1);
    let (anna, clock) = anna_at(&folder, NOON_MS);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    let me = anna.device();
    let before = epochs_by(&anna, me);
    let give = |entry: VerifiedEntry| {
        put(&ben.group, &entry);
        put(&anna, &entry);
        export(&anna);
    };
    let device = device_key(&ben._folder);
    for n in 0..6u8 {
        let draft = Draft::rotation(
            u64::from(n) + 1,
            DeviceKey::from_bytes(&[n + 40; 64]).exchange_public_key(),
        );
        give(sign(&ben.group.ledger().unwrap(), &device, None, draft));
    }
    assert_eq!(epochs_by(&anna, me), before + 4, "of one day");
    export(&anna);
    assert_eq!(epochs_by(&anna, me), before + 4);
    clock.now_ms.store(NOON_MS + DAY_MS, Ordering::Relaxed);
    export(&anna);
    assert_eq!(epochs_by(&anna, me), before + 5, "the rest, on the day after");
    export(&anna);
    assert_eq!(epochs_by(&anna, me), before + 5);
    let (root, generation) = root_of(&ben);
    let tablet = DeviceKey::from_bytes(&[90; 64]);
    let certified = SignedDevice::new(anna.id(), &root, &tablet).unwrap();
    let enrol = NewStatement::Enrol { generation, device: &certified };
    let revoke = NewStatement::Revoke { generation, device: tablet.id() };
    for n in 0..7u8 {
        let heads = heads(&ben.group);
        let statement = if n == 0 { &enrol } else { &revoke };
        let draft = Draft::statement(&root, anna.id(), statement, heads, [n; 16]).unwrap();
        give(sign(&ben.group.ledger().unwrap(), &device, None, draft));
    }
    assert_eq!(epochs_by(&anna, me), before + 9);
    clock.now_ms.store(NOON_MS + 2 * DAY_MS, Ordering::Relaxed);
    export(&anna);
    assert_eq!(epochs_by(&anna, me), before + 10);
    // What the owner does counts at once, also on a day on which a member's acts do not.
    let cleo = add(&anna, "Cleo", 3);
    remove(&anna, cleo.member);
    assert_eq!(epochs_by(&anna, me), before + 11);
}

/// Revocations of keys that nobody ever enrolled make no epoch unusable.
#[test]
fn revocations_of_invented_keys_cost_no_epoch() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    let me = anna.device();
    let before = epochs_by(&anna, me);
    let device = device_key(&ben._folder);
    let (root, generation) = root_of(&ben);
    for n in 0..3u8 {
        let invented = DeviceKey::from_bytes(&[n + 60; 64]).id();
        let revoke = NewStatement::Revoke { generation, device: invented };
        let heads = heads(&ben.group);
        let draft = Draft::statement(&root, anna.id(), &revoke, heads, [n; 16]).unwrap();
        let entry = sign(&ben.group.ledger().unwrap(), &device, None, draft);
        put(&ben.group, &entry);
        put(&anna, &entry);
        pay(&anna, &mut rng);
        export(&anna);
    }
    assert_eq!(epochs_by(&anna, me), before);
}

/// A device that may not write tries to rotate its key, again and again. Its key in force stays.
#[test]
fn failed_rotations_drop_no_key() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    ben.group.keys().rotate_device_key().unwrap();
    exchange(&[&anna, &ben.group]);
    let in_force = std::fs::read_to_string(ben._folder.keys()).unwrap();
    remove(&anna, ben.member);
    // He learns of it by a bundle that is still sealed for him.
    let removal = entries(&anna);
    for entry in removal {
        let _ = ben.group.entries().ingest(&[entry]);
    }
    for _ in 0..5 {
        assert!(ben.group.keys().rotate_device_key().is_err());
    }
    assert_eq!(std::fs::read_to_string(ben._folder.keys()).unwrap(), in_force);
}
