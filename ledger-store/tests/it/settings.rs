//! Settings of a group: the last one that counts, of each field and subject.
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::{Draft, Payload};
use ledger_core::{
    Currency, DeviceId, DraftError, MemberId, Setting, SettingError, SettingValue, Settings,
};
use ledger_store::{Group, NewEntry, StoreError};

use crate::common::people::Ben;
use crate::common::{Folder, assert_sound, decode, entries, from_scratch};

fn set(group: &Group, value: SettingValue) {
    group.entries().append(vec![NewEntry::Setting(value)]).unwrap();
}

fn refused(group: &Group, value: SettingValue) -> DraftError {
    match group.entries().append(vec![NewEntry::Setting(value)]).unwrap_err() {
        StoreError::Draft(error) => error,
        other => panic!("{other:?}"),
    }
}

fn currency(code: &str) -> SettingValue {
    SettingValue::DefaultCurrency(Some(Currency::from_code(code).unwrap()))
}

fn weight(member: MemberId, weight: u64) -> SettingValue {
    SettingValue::DefaultWeight { member, weight: Some(weight) }
}

/// The settings, which are those of an evaluation from scratch.
fn settings(group: &Group) -> Settings {
    let settings = group.settings().current().unwrap();
    assert_eq!(settings, from_scratch(group.id(), &entries(group)).settings());
    let overview = group.lists().overview().unwrap();
    assert_eq!(overview.default_currency, settings.default_currency);
    settings
}

#[test]
fn the_last_setting_that_counts_is_in_force() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = store.create_group("Flat", "Anna").unwrap();
    assert_eq!(settings(&group), Settings::default());
    let digest = group.state().unwrap().digest();
    let ben = Ben::join(&folder, &group);
    let anna = group.me().unwrap().unwrap();
    let joined = group.state().unwrap().digest();
    assert_ne!(joined, digest);
    set(&group, currency("EUR"));
    set(&group, weight(ben.member, 2));
    set(&group, SettingValue::Categories(vec!["food".into(), "rent".into()]));
    let relays = vec!["https://relay.example".to_owned()];
    set(&group, SettingValue::Relays { member: anna, relays: relays.clone() });
    ben.write(&group, Draft::setting(Setting::new(&currency("JPY")).unwrap()));
    // Relays in Anna's name, and a proposal of his own.
    let theirs = |member| SettingValue::Relays { member, relays: vec!["https://ben".into()] };
    ben.write(&group, Draft::setting(Setting::new(&theirs(anna)).unwrap()));
    ben.write(&group, Draft::setting(Setting::new(&theirs(ben.member)).unwrap()));
    ben.write(&group, Draft::setting(Setting::from_parts(77, b"later", b"\xff")));
    let now = settings(&group);
    assert_eq!(now.default_currency.unwrap().code(), "JPY");
    assert_eq!(now.default_weights, [(ben.member, 2)].into());
    assert_eq!((&now.relays, now.categories.len()), (&relays, 2));
    assert_eq!(now.proposed_relays, [(ben.member, vec!["https://ben".to_owned()])].into());
    assert_eq!(group.state().unwrap().digest(), joined, "settings are in no digest");
    // What the removal voids is in force no more, also after opening anew.
    ben.remove(&group, vec![ben.added]);
    let now = settings(&group);
    assert_eq!(now.default_currency.unwrap().code(), "EUR");
    assert!(now.proposed_relays.is_empty());
    assert_sound(&group);
    let id = group.id();
    drop((group, store));
    let again = folder.open().unwrap().group(id).unwrap();
    assert_eq!(settings(&again), now);
    let unknown = entries(&again)
        .iter()
        .map(decode)
        .any(|entry| matches!(entry.payload(), Payload::Setting(setting) if setting.field() == 77));
    assert!(unknown, "fields that nobody knows are kept");
}

#[test]
fn what_cannot_be_set_says_why_and_changes_nothing() {
    let folder = Folder::new(1);
    let group = folder.store().create_group("Flat", "Anna").unwrap();
    let nobody = MemberId::from_bytes([7; 32]);
    assert_eq!(refused(&group, weight(nobody, 1)), DraftError::UnknownMember(nobody));
    let relays = SettingValue::Relays { member: nobody, relays: Vec::new() };
    assert_eq!(refused(&group, relays), DraftError::Setting(SettingError::InAnothersName));
    let me = group.me().unwrap().unwrap();
    let too_much = weight(me, u64::MAX);
    assert_eq!(refused(&group, too_much), DraftError::Setting(SettingError::Weight(u64::MAX)));
    assert_eq!(entries(&group).len(), 1);
}

#[test]
fn a_device_is_named_by_the_member_who_uses_it() {
    let folder = Folder::new(3);
    let group = folder.store().create_group("Flat", "Anna").unwrap();
    let name = || group.lists().devices().unwrap()[0].name.clone();
    assert_eq!(name(), None, "no name is made up");
    let named = |device, name: Option<&str>| SettingValue::DeviceName {
        device,
        name: name.map(str::to_owned),
    };
    set(&group, named(group.device(), Some("Anna's phone")));
    assert_eq!(name().as_deref(), Some("Anna's phone"));
    set(&group, named(group.device(), Some("Anna's old phone")));
    assert_eq!(name().as_deref(), Some("Anna's old phone"));
    let other = DeviceId::from_bytes([7; 32]);
    let refused = refused(&group, named(other, Some("Ben's phone")));
    assert_eq!(refused, DraftError::Setting(SettingError::DeviceOfAnother));
    set(&group, named(group.device(), None));
    assert_eq!(name(), None);
    assert_sound(&group);
}
