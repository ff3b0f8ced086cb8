//! What devices read: said with an own entry, once, and again when it changes.
#![cfg(feature = "sqlcipher")]

use std::collections::BTreeMap;

use ledger_core::engine::{Draft, Kind};
use ledger_core::{DeviceId, Speaks};
use ledger_store::Group;

use crate::common::people::Ben;
use crate::common::phones::{Phone, agree, hand_over, join, write};
use crate::common::{Folder, assert_sound, count, decode, entries, from_scratch, only};

fn speaks(features: &[u64]) -> Speaks {
    Speaks::new(Speaks::VERSION, features.iter().copied()).unwrap()
}

/// What each device reads, which is what an evaluation from scratch says.
fn said(group: &Group) -> BTreeMap<DeviceId, Speaks> {
    let rows = group.lists().devices().unwrap();
    let said: BTreeMap<DeviceId, Speaks> =
        rows.into_iter().filter_map(|row| Some((row.id, row.speaks?))).collect();
    assert_eq!(said, from_scratch(group.id(), &entries(group)).speaks());
    said
}

/// Number of entries by which devices said so.
fn words(group: &Group) -> usize {
    let all = entries(group);
    all.iter().filter(|entry| decode(entry).header().kind() == Kind::SPEAKS).count()
}

#[test]
fn a_device_says_what_it_reads_with_its_first_own_entry_and_never_twice() {
    let folder = Folder::new(1);
    let store = folder.store_that_speaks(&speaks(&[2_000]));
    let group = store.create_group("Flat", "Anna").unwrap();
    let me = group.device();
    assert_eq!((count(&group), said(&group)), (1, BTreeMap::new()), "not by itself");
    write(&group, "Guest 1");
    assert_eq!((count(&group), words(&group)), (3, 1));
    assert_eq!(said(&group), [(me, speaks(&[2_000]))].into());
    write(&group, "Guest 2");
    write(&group, "Guest 3");
    assert_eq!(words(&group), 1);
    let digest = group.state().unwrap().digest();
    drop((group, store));
    // The same app, opened again, and then a newer one.
    for (features, expected) in [(&[2_000][..], 1), (&[2_000, 2_001], 2), (&[2_000, 2_001], 2)] {
        let store = folder.store_that_speaks(&speaks(features));
        let group = only(&store);
        let before = count(&group);
        assert_eq!(group.state().unwrap().digest(), digest, "it is in no digest");
        group.lists().devices().unwrap();
        assert_eq!(count(&group), before, "opening and reading say nothing");
        group
            .entries()
            .append(vec![ledger_store::NewEntry::Setting(ledger_core::SettingValue::Categories(
                Vec::new(),
            ))])
            .unwrap();
        assert_eq!(words(&group), expected, "{features:?}");
        assert_eq!(said(&group), [(me, speaks(features))].into());
        assert_sound(&group);
    }
    // An app that does not ask for it says nothing new.
    let store = folder.store();
    write(&only(&store), "Guest 4");
    assert_eq!(words(&only(&store)), 2);
}

#[test]
fn each_phone_sees_what_the_others_read() {
    let folders = [Folder::new(3), Folder::new(4)];
    let [host, guest] =
        folders.map(|folder| Phone { store: folder.store_that_speaks(&speaks(&[])), folder });
    let ours = host.store.create_group("Flat", "Anna").unwrap();
    let theirs = join(&ours, &host, &guest, "Ben");
    assert_eq!(said(&ours).len(), 1, "Anna's phone spoke when it added Ben");
    assert!(said(&theirs).contains_key(&ours.device()));
    write(&theirs, "Guest");
    hand_over(&theirs, &ours);
    agree(&ours, &theirs);
    let both = [(ours.device(), speaks(&[])), (theirs.device(), speaks(&[]))].into();
    assert_eq!((said(&ours), said(&theirs)), (both, said(&ours)));
    assert_eq!(words(&ours), 2);
}

#[test]
fn what_a_removed_member_says_is_not_listed() {
    let folder = Folder::new(1);
    let group = folder.store().create_group("Flat", "Anna").unwrap();
    let ben = Ben::join(&folder, &group);
    ben.write(&group, Draft::speaks(speaks(&[7])));
    ben.write(&group, Draft::speaks(speaks(&[])));
    assert_eq!(said(&group), [(ben.device.id(), speaks(&[]))].into());
    ben.remove(&group, vec![ben.added]);
    assert!(said(&group).is_empty());
}
