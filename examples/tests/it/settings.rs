//! Settings of a group, and what follows from them.

use serde_json::json;

use crate::common::Desk;

#[test]
fn settings_are_set_shown_and_taken_back() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    assert_eq!(desk.run("settings", &[] as &[&str]).ok(), "Nothing is set.\n");
    let shown = desk
        .run(
            "settings",
            &[
                ["--currency", "EUR", "--weight", "Ben=2", "--category", "food"],
                ["--category", "rent", "--relay", "https://relay.example", "--weight", "Anna=1"],
            ]
            .concat(),
        )
        .ok();
    for line in ["currency  EUR", "weight    Ben=2", "relay     https://relay.example"] {
        assert!(shown.contains(line), "{shown}");
    }
    let found = desk.run("settings", &["--json"]).json();
    assert_eq!(found["default_currency"], json!("EUR"));
    assert_eq!(found["categories"], json!(["food", "rent"]));
    // An expense for everybody goes by the weights, unless the options say otherwise.
    desk.run("record", &["Groceries", "9", "EUR"]).ok();
    let balance = |name: &str| desk.balances()[&("EUR".to_owned(), name.to_owned())];
    assert_eq!((balance("Anna"), balance("Ben")), (600, -600));
    desk.run("record", &["Tea", "3", "EUR", "--split", "equal"]).ok();
    assert_eq!(balance("Ben"), -750);
    let none = ["--weight", "Ben=none", "--weight", "Anna=none", "--currency", "none"];
    desk.run("settings", &[&none[..], &["--no-categories", "--no-relays"]].concat()).ok();
    assert_eq!(desk.run("settings", &[] as &[&str]).ok(), "Nothing is set.\n");
    desk.run("record", &["Milk", "2", "EUR"]).ok();
    assert_eq!(balance("Ben"), -850);
    let activity = desk.run("activity", &[] as &[&str]).ok();
    assert!(activity.contains("set the default weight of Ben"), "{activity}");
}

#[test]
fn what_cannot_be_set_says_why() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "Flat"]).ok();
    let before = desk.everything();
    for (arguments, code, words) in [
        (vec!["--currency", "EURO"], 2, "currency"),
        (vec!["--weight", "Anna"], 2, "NAME=WEIGHT"),
        (vec!["--weight", "Anna=1.5"], 2, "whole number"),
        (vec!["--weight", "Zoe=1"], 2, "no member"),
        (vec!["--relay", "http://relay.example"], 1, "https://"),
        (vec!["--category", "food", "--category", "food"], 1, "twice"),
        (vec!["--category", "food", "--no-categories"], 2, ""),
    ] {
        let run = desk.run("settings", &arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {run:?}");
        assert!(run.err.contains(words), "{run:?}");
    }
    assert_eq!(desk.everything(), before);
}

#[test]
fn a_device_has_the_name_that_its_person_gives() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--device-name", "Anna's phone", "Flat"]).ok();
    let name = || desk.run("devices", &["--json"]).json()[0]["name"].clone();
    assert_eq!(name(), json!("Anna's phone"));
    desk.run("settings", &["--device-name", "Anna's old phone"]).ok();
    let listed = desk.run("devices", &[] as &[&str]).ok();
    assert!(listed.contains("Anna's old phone  this device"), "{listed}");
    let activity = desk.run("activity", &["--limit", "1"]).ok();
    assert!(activity.contains("named a device Anna's old phone"), "{activity}");
    let id = desk.run("devices", &["--json"]).json()[0]["id"].as_str().unwrap()[..8].to_owned();
    desk.run("settings", &["--device-name", "Phone", "--device", &id]).ok();
    assert_eq!(name(), json!("Phone"));
    for (arguments, code, words) in [
        (vec!["--device-name", " "], 1, "people see"),
        (vec!["--device-name", "a\tb"], 1, "control character"),
        (vec!["--device-name", "X", "--device", "zz"], 2, "`ledger devices` lists them"),
        (vec!["--device", "zz"], 2, "--device-name"),
        (vec!["--device-name", "X", "--no-device-name"], 2, ""),
    ] {
        let run = desk.run("settings", &arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {run:?}");
        assert!(run.err.contains(words), "{run:?}");
    }
    desk.run("settings", &["--no-device-name"]).ok();
    assert_eq!(name(), json!(null));
    let other = Desk::new();
    other.run("new", &["--me", "Anna", "--device-name", "\u{200b}", "Flat"]).failed(2);
    assert!(!other.db().exists(), "nothing is made for a name that nobody sees");
}
