//! `ledger recurring`: what recurs, and recording what is due.

use serde_json::json;

use crate::common::{Desk, text};
use crate::exchange::anna_and_ben;

#[test]
fn rent_recurs_is_recorded_once_changes_and_ends() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    let at = |command: &str, more: &[&str]| desk.run(&format!("recurring {command}"), more);
    assert_eq!(at("list", &[]).ok(), "Nothing recurs.\n");
    let rent = ["--every", "month", "--on", "2126-01-31", "Rent", "900", "EUR"];
    let began = at("add", &rent).ok();
    assert!(began.starts_with("it recurs every month: series "), "{began}");
    let list = at("list", &["--json"]).json();
    assert_eq!((&list[0]["next"], &list[0]["minor_units"]), (&json!("2126-01-31"), &json!(90000)));
    let series = list[0]["series"].as_str().unwrap().to_owned();
    assert!(desk.balances().is_empty(), "a template moves no money");
    let until = ["--until", "2126-03-31"];
    let due = at("due", &[&until[..], &["--json"]].concat()).json();
    let days: Vec<&str> =
        due.as_array().unwrap().iter().map(|d| d["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2126-01-31", "2126-02-28", "2126-03-31"]);
    let recorded = at("due", &[&until[..], &["--record", "--mine"]].concat()).ok();
    assert_eq!(recorded.lines().count(), 3, "{recorded}");
    for record in [&["--record"][..], &["--record", "--mine"], &[]] {
        assert_eq!(at("due", &[&until[..], record].concat()).ok(), "Nothing is due.\n");
    }
    assert_eq!(desk.balances()[&("EUR".to_owned(), "Ben".to_owned())], -135_000);
    let dearer = [&series[..12], "--from", "2126-04-01", "Rent", "950", "EUR"];
    let changed = at("change", &dearer).ok();
    assert!(
        changed.starts_with("changed:\n  the amount was 900.00 EUR, is 950.00 EUR\n"),
        "{changed}"
    );
    assert!(!changed.contains("the day"), "{changed}");
    let pause = at("pause", &[&series[..12], "--from", "2126-04-01", "--until", "2126-06-01"]).ok();
    assert_eq!(pause, "paused until 2126-06-01\n");
    let due = at("due", &["--until", "2126-06-30"]).ok();
    assert!(due.contains("2126-06-30  950.00 EUR  Rent  Anna"), "{due}");
    at("end", &[&series, "--last", "2126-06-29"]).ok();
    assert_eq!(at("due", &["--until", "2127-01-01"]).ok(), "Nothing is due.\n");
    let again = at("end", &[&series, "--last", "2126-06-29"]).failed(1);
    assert!(again.contains("has ended"), "{again}");
    // A day that is over is told, and recorded when a person asks for it.
    let old = at("add", &["--every", "1000 years", "--on", "2020-01-01", "Tea", "2", "EUR"]).ok();
    assert!(old.contains("not recorded by itself, as the day is over: 1, 2020-01-01"), "{old}");
    let list = at("list", &["--json"]).json();
    let rows = list.as_array().unwrap();
    let tea = rows.iter().find(|row| row["description"] == "Tea").unwrap()["series"].clone();
    let tea = tea.as_str().unwrap();
    assert!(at("passed", &[tea]).ok().contains("2020-01-01  2.00 EUR  Tea  Anna"));
    assert!(at("passed", &[tea, "--record"]).ok().starts_with("recorded "));
    let nothing = "No day that was over is left to be recorded.\n";
    assert_eq!(at("passed", &[tea]).ok(), nothing);
    assert_eq!(at("passed", &[tea, "--record"]).ok(), nothing);
    let waiting = at("due", &["--waiting", "--until", "2127-01-01"]).ok();
    assert_eq!(waiting, "No entry that waits would record what is due.\n");
    let never =
        ["--every", "month", "--on", "2126-02-01", "--until", "2126-01-31", "Tea", "2", "EUR"];
    let never = at("add", &never).failed(1);
    assert!(never.contains("is before the first one"), "{never}");
    let activity = desk.run("activity", &[] as &[&str]).ok();
    assert!(activity.contains("began the recurring Rent"), "{activity}");
}

/// A refund that recurs stays one, unless the person says that the money is spent.
#[test]
fn a_change_keeps_the_sign_of_a_refund() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    let at = |command: &str, more: &[&str]| desk.run(&format!("recurring {command}"), more).ok();
    at("add", &["--refund", "--every", "month", "--on", "2126-01-01", "Bonus", "12", "EUR"]);
    let list = at("list", &[]);
    let series = list.split_whitespace().next().unwrap();
    let ben = || desk.balances()[&("EUR".to_owned(), "Ben".to_owned())];
    for (day, more, says, direction, balance) in [
        ("2126-01-01", &[][..], "", "incoming", 500),
        ("2126-02-01", &["--no-refund"], "the money was received, is spent", "outgoing", 0),
        ("2126-03-01", &[], "", "outgoing", -500),
        ("2126-04-01", &["--refund"], "the money was spent, is received", "incoming", 0),
    ] {
        let content = [series, "--from", day, "Bonus", "10", "EUR"];
        let changed = at("change", &[&content[..], more].concat());
        assert_eq!(changed.contains("the money"), !says.is_empty(), "{changed}");
        assert!(changed.contains(says), "{changed}");
        at("due", &["--until", day, "--record"]);
        let row = &desk.run("expenses", &["--json"]).json()[0];
        let is = row["direction"].as_str().unwrap_or("outgoing");
        assert_eq!((is, ben()), (direction, balance), "{day}");
    }
    let rule = [series, "--from", "2126-05-01", "--every", "2 weeks", "--on", "2126-05-02"];
    let changed = at("change", &[&rule[..], &["Bonus", "10", "EUR"]].concat());
    assert!(changed.contains("the rule was every month, is every 2 weeks"), "{changed}");
    assert!(changed.contains("is 2126-05-02"), "{changed}");
}

/// Both devices record what is due before they meet, and it is one expense.
#[test]
fn what_two_devices_recorded_is_not_undone_for_both() {
    let (anna, ben, bundle) = anna_and_ben();
    let carry = |from: &Desk, to: &Desk| {
        from.run("bundle export", &["--force", text(&bundle)]).ok();
        to.run("bundle import", &[text(&bundle)]).ok();
    };
    let rent = ["--every", "month", "--on", "2126-01-31", "Rent", "900", "EUR"];
    anna.run("recurring add", &rent).ok();
    carry(&anna, &ben);
    for desk in [&anna, &ben] {
        desk.run("recurring due", &["--until", "2126-01-31", "--record"]).ok();
    }
    carry(&ben, &anna);
    let message = anna.run::<&str>("undo", &[]).failed(1);
    assert!(message.contains("is what Ben recorded as well"), "{message}");
    assert!(!message.contains("import"), "{message}");
}

#[test]
fn what_cannot_recur_says_why() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "Flat"]).ok();
    desk.run("recurring add", &["--every", "month", "--on", "2126-01-01", "Rent", "9", "EUR"]).ok();
    for (command, arguments, code, words) in [
        ("add", vec!["--every", "fortnight", "Tea", "1", "EUR"], 2, "2 weeks"),
        ("add", vec!["--every", "0 days", "Tea", "1", "EUR"], 2, "1 to 1000"),
        ("end", vec!["ffff"], 2, "no series"),
        ("end", vec![""], 2, "SERIES is empty"),
        ("passed", vec![""], 2, "SERIES is empty"),
        ("pause", vec!["", "--until", "2127-01-01"], 2, "SERIES is empty"),
        ("change", vec!["", "Tea", "1", "EUR"], 2, "SERIES is empty"),
        ("change", vec!["ffff", "--on", "2027-01-01", "Tea", "1", "EUR"], 2, "--every"),
        ("due", vec!["--mine"], 2, "--record"),
    ] {
        let run = desk.run(&format!("recurring {command}"), &arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {run:?}");
        assert!(run.err.contains(words), "{run:?}");
    }
}

#[test]
fn a_transfer_recurs_as_an_expense_does() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    let rent = ["--every", "month", "--on", "2126-01-31", "--by", "Ben", "--to", "Anna"];
    desk.run("recurring add", &[&rent[..], &["Rent", "300", "EUR"]].concat()).ok();
    let list = desk.run("recurring list", &["--json"]).json();
    let series = list[0]["series"].as_str().unwrap()[..12].to_owned();
    desk.run("recurring due", &["--until", "2126-02-28", "--record"]).ok();
    let balances = desk.balances();
    assert_eq!(balances[&("EUR".to_owned(), "Anna".to_owned())], -60_000);
    let rows = desk.run("expenses", &["--json", "--kind", "transfer", "--text", "rent"]).json();
    assert_eq!(rows.as_array().unwrap().len(), 2);
    let dearer = ["--from", "2126-03-01", "--by", "Ben", "--to", "Anna", "Rent", "350", "EUR"];
    let said = desk.run("recurring change", &[&[&series[..]][..], &dearer].concat()).ok();
    assert!(said.contains("the amount was 300.00 EUR, is 350.00 EUR"), "{said}");
    for option in [&["--category", "home"][..], &["--for", "Ben"], &["--refund"], &["--tag", "x"]] {
        let more = [&rent[..], option, &["Rent", "300", "EUR"]].concat();
        let said = desk.run("recurring add", &more).failed(2);
        assert!(said.contains("has no effect on a transfer"), "{said}");
    }
}
