//! Settings: of each field and subject the last applied one is in force (SPEC §4.15).

use ledger_core::engine::Draft;
use ledger_core::{Currency, DeviceId, MemberId, Setting, SettingValue, Settings};
use serde_json::{Value, json};

use crate::vectors::several;
use crate::vectors::world::{World, device};

fn weight(member: MemberId, weight: u64) -> SettingValue {
    SettingValue::DefaultWeight { member, weight: Some(weight) }
}

fn set(w: &mut World, device: u8, label: &str, value: &SettingValue, after: &[&str]) {
    w.say(device, label, after, Draft::setting(Setting::new(value).unwrap()));
}

fn race() -> Value {
    let mut w = World::with_ben();
    w.add(1, "cleo", 3, 3, &["*"]);
    let (ben, cleo) = (w.member("add-ben"), w.member("add-cleo"));
    set(&mut w, 1, "ben-counts-twice", &weight(ben, 2), &["add-cleo"]);
    set(&mut w, 2, "cleo-counts-thrice", &weight(cleo, 3), &["add-cleo"]);
    set(&mut w, 3, "ben-counts-once", &weight(ben, 1), &["add-cleo"]);
    let settings = w.evaluation().settings();
    let last = if w.id("ben-counts-once") > w.id("ben-counts-twice") { 1 } else { 2 };
    assert_eq!(settings.default_weights, [(ben, last), (cleo, 3)].into());
    w.scenario(
        "settings-of-two-weights-at-once",
        "Concurrent settings of two subjects are both in force; of one subject the larger in \
         (lamport, id) is.",
        &[],
    )
}

fn relays() -> Value {
    let mut w = World::with_ben();
    let (anna, ben) = (w.member("genesis"), w.member("add-ben"));
    let of = |member, relay: &str| SettingValue::Relays { member, relays: vec![relay.to_owned()] };
    set(&mut w, 1, "annas", &of(anna, "https://anna.example"), &["*"]);
    set(&mut w, 2, "in-annas-name", &of(anna, "https://mallory.example"), &["*"]);
    set(&mut w, 2, "bens", &of(ben, "https://ben.example"), &["*"]);
    let settings = w.evaluation().settings();
    assert_eq!(settings.relays, ["https://anna.example"]);
    assert_eq!(settings.proposed_relays, [(ben, vec!["https://ben.example".to_owned()])].into());
    w.scenario(
        "settings-of-relays",
        "Relays whose subject is not the author are never in force.",
        &[],
    )
}

fn values() -> Value {
    let mut w = World::with_ben();
    w.tablet();
    let currency = |code| SettingValue::DefaultCurrency(Some(Currency::from_code(code).unwrap()));
    set(&mut w, 1, "euros", &currency("EUR"), &["*"]);
    set(&mut w, 4, "yen-from-a-lost-tablet", &currency("JPY"), &["*"]);
    w.revoke_tablet(2, "revoke", &["euros"], &["*"]);
    let categories = SettingValue::Categories(vec!["food".into(), "rent".into()]);
    set(&mut w, 2, "categories", &categories, &["*"]);
    let euro = Currency::from_code("EUR").unwrap();
    let expected = Settings::default();
    let settings = w.evaluation().settings();
    assert_eq!(settings.default_currency, Some(euro));
    assert_eq!(settings.categories, ["food", "rent"]);
    let lost = [("yen-from-a-lost-tablet", 41)];
    let void = w.scenario(
        "settings-by-a-revoked-device",
        "A void setting is not in force, though it is the last one.",
        &lost,
    );
    let later = Setting::from_parts(0, b"", b"\x63eur");
    w.say(2, "no-currency", &["*"], Draft::setting(later));
    let unknown = Setting::from_parts(77, b"whatever", b"\xff");
    w.say(2, "unknown-field", &["*"], Draft::setting(unknown));
    let odd = Setting::from_parts(1, b"nobody", b"\x01");
    w.say(1, "weight-of-nobody", &["*"], Draft::setting(odd));
    let none = SettingValue::Categories(Vec::new());
    set(&mut w, 1, "no-categories", &none, &["*"]);
    assert_eq!(w.evaluation().settings(), expected);
    let unread = w.scenario(
        "settings-that-set-nothing",
        "No value makes a setting void. One in force that the table does not allow leaves the field \
         as if nothing had been set; unknown fields are kept.",
        &lost,
    );
    json!([void, unread])
}

fn device_names() -> Value {
    let mut w = World::with_ben();
    w.tablet();
    let (anna, ben, tablet) = (device(1).id(), device(2).id(), device(4).id());
    let named =
        |device, name: &str| SettingValue::DeviceName { device, name: Some(name.to_owned()) };
    set(&mut w, 1, "annas-phone", &named(anna, "Anna's phone"), &["*"]);
    set(&mut w, 2, "bens-tablet-by-his-phone", &named(tablet, "Ben's tablet"), &["*"]);
    set(&mut w, 2, "bens-phone", &named(ben, "Ben's phone"), &["*"]);
    set(&mut w, 1, "in-bens-name", &named(ben, "Mallory's"), &["*"]);
    set(&mut w, 4, "bens-phone-by-his-tablet", &named(ben, "Ben's old phone"), &["*"]);
    let gone = DeviceId::from_bytes([9; 32]);
    set(&mut w, 1, "a-device-of-nobody", &named(gone, "No phone"), &["*"]);
    set(&mut w, 1, "annas-phone-again", &named(anna, "Anna's"), &["*"]);
    let settings = w.evaluation().settings();
    let expected = [(anna, "Anna's"), (ben, "Ben's old phone"), (tablet, "Ben's tablet")];
    let expected = expected.map(|(device, name)| (device, name.to_owned()));
    assert_eq!(settings.device_names, expected.into());
    w.revoke_tablet(2, "revoke", &["bens-phone-by-his-tablet"], &["*"]);
    let settings = w.evaluation().settings();
    assert_eq!(settings.device_names.get(&tablet), None);
    assert_eq!(settings.device_names[&ben], "Ben's old phone");
    w.scenario(
        "settings-of-device-names",
        "A device is named by the member who uses it, from whichever device; the name of one that may \
         not write says nothing.",
        &[],
    )
}

pub(crate) fn build() -> Value {
    several(&[race, relays, values, device_names])
}
