//! Commands about one expense or transfer: each changes what it says, and nothing otherwise.

use serde_json::Value;

use crate::common::Desk;

/// Anna's group with Ben and Cleo, a dinner of 30.00 and a payment of 5.00.
pub(crate) fn flat() -> (Desk, String, String) {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "--with", "Cleo", "Flat"]).ok();
    let id = |out: String| out.trim().strip_prefix("recorded ").unwrap()[..8].to_owned();
    let dinner = ["Dinner", "30", "EUR", "--on", "2026-11-20"];
    let dinner = id(desk.run("record", &dinner).ok());
    let paid = ["--by", "Ben", "Anna", "5", "EUR", "--on", "2026-11-21"];
    let paid = id(desk.run("pay", &paid).ok());
    (desk, dinner, paid)
}

fn balance(desk: &Desk, name: &str) -> i128 {
    desk.balances()[&("EUR".to_owned(), name.to_owned())]
}

/// The row of an expense or transfer in the list.
fn row(desk: &Desk, id: &str) -> Value {
    let rows = desk.run("expenses", &["--json"]).json();
    let found = |row: &&Value| row["id"].as_str().unwrap().starts_with(id);
    rows.as_array().unwrap().iter().find(found).unwrap().clone()
}

#[test]
fn lists_show_the_ids_by_which_commands_name_entries() {
    let (desk, dinner, paid) = flat();
    for list in ["expenses", "activity"] {
        let shown = desk.run::<&str>(list, &[]).ok();
        assert!(shown.contains(&dinner) && shown.contains(&paid), "{shown}");
    }
    let statement = desk.run("statement", &["Anna"]).ok();
    assert!(statement.contains(&dinner) && statement.contains(&paid), "{statement}");
    let one = desk.run("history", &[&dinner[..5].to_uppercase()]).ok();
    assert!(one.contains("Anna recorded Dinner, 30.00 EUR of 2026-11-20"), "{one}");
}

#[test]
fn a_correction_changes_what_it_names_and_shows_it() {
    let (desk, dinner, paid) = flat();
    let said = desk.run("correct", &[&dinner, "--amount", "33", "--category", "food"]).ok();
    assert!(said.starts_with("corrected Dinner, 30.00 EUR of 2026-11-20 by entry "), "{said}");
    for line in [
        "  the category was nothing, is food\n",
        "  the amount was 30.00 EUR, is 33.00 EUR\n",
        "  what Anna paid was 30.00 EUR, is 33.00 EUR\n",
        "  the share of Ben was 10.00 EUR, is 11.00 EUR\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert_eq!(balance(&desk, "Cleo"), -1100);
    let shared = ["--split", "weights", "--for", "Ben=2", "--for", "Cleo"];
    desk.run("correct", &[&[&dinner[..]], &shared[..]].concat()).ok();
    assert_eq!((balance(&desk, "Ben"), balance(&desk, "Cleo")), (-2200 + 500, -1100));
    let changed = row(&desk, &dinner);
    assert_eq!((&changed["category"], &changed["date"]), (&"food".into(), &"2026-11-20".into()));
    desk.run("correct", &[&dinner, "--category", "", "--by", "Anna=30", "--by", "Cleo"]).ok();
    assert_eq!(balance(&desk, "Cleo"), -1100 + 300);
    assert_eq!(row(&desk, &dinner)["category"], Value::Null);
    desk.run("correct", &[&paid, "--by", "Cleo", "--amount", "6", "--on", "2026-11-22"]).ok();
    assert_eq!((balance(&desk, "Ben"), balance(&desk, "Cleo")), (-2200, -200));
    let history = desk.run("history", &["--json", &dinner]).json();
    let versions = history["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 4);
    let fields = |row: &Value| -> Vec<String> {
        let found = row["differences"].as_array().unwrap().iter();
        found.map(|one| one["field"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(fields(&versions[1]), ["category", "total", "paid", "share", "share", "share"]);
    assert_eq!(fields(&versions[3]), ["category", "paid", "paid"]);
    desk.run::<&str>("verify-history", &[]).ok();
}

#[test]
fn what_is_cancelled_counts_no_more_and_says_why() {
    let (desk, dinner, paid) = flat();
    let said = desk.run("cancel", &["--reason", "twice", &dinner]).ok();
    assert!(said.starts_with("cancelled Dinner, 30.00 EUR of 2026-11-20"), "{said}");
    assert_eq!(balance(&desk, "Cleo"), 0);
    let history = desk.run("history", &[&dinner]).ok();
    assert!(history.contains("Anna cancelled it: twice"), "{history}");
    for verb in ["cancel", "correct"] {
        let more: &[&str] = if verb == "correct" { &["--amount", "3"] } else { &[] };
        let message = desk.run(verb, &[&[&dinner[..]], more].concat()).failed(1);
        assert!(message.contains("was cancelled"), "{message}");
    }
    desk.run("cancel", &[&paid]).ok();
    assert!(desk.balances().values().all(|units| *units == 0));
}

#[test]
fn what_was_cancelled_is_restored_and_counts_again() {
    let (desk, dinner, _) = flat();
    let before = desk.balances();
    let message = desk.run("restore", &[&dinner]).failed(1);
    assert!(message.contains("is not cancelled"), "{message}");
    desk.run("cancel", &[&dinner]).ok();
    let message = desk.run("correct", &["--amount", "3", &dinner]).failed(1);
    assert!(message.contains("`ledger restore` restores it"), "{message}");
    let said = desk.run("restore", &[&dinner]).ok();
    assert!(said.starts_with("restored Dinner, 30.00 EUR of 2026-11-20 by entry "), "{said}");
    assert_eq!(desk.balances(), before);
    let history = desk.run("history", &[&dinner]).ok();
    assert!(history.contains("Anna restored it"), "{history}");
    // Undo goes back and forth.
    let said = desk.run::<&str>("undo", &[]).ok();
    assert!(said.contains(": cancelled by entry "), "{said}");
    assert_eq!(balance(&desk, "Cleo"), 0);
    let said = desk.run::<&str>("undo", &[]).ok();
    assert!(said.contains(": restored by entry "), "{said}");
    assert_eq!(desk.balances(), before);
}

#[test]
fn the_last_act_is_undone_and_nothing_else() {
    let (desk, dinner, paid) = flat();
    let before = desk.balances();
    desk.run("correct", &[&dinner, "--amount", "60"]).ok();
    let said = desk.run::<&str>("undo", &[]).ok();
    assert!(said.contains("it is Dinner, 30.00 EUR of 2026-11-20 again"), "{said}");
    assert!(said.contains("the amount was 60.00 EUR, is 30.00 EUR"), "{said}");
    assert_eq!(desk.balances(), before);
    let said = desk.run::<&str>("undo", &[]).ok();
    assert!(said.contains("the amount was 30.00 EUR, is 60.00 EUR"), "undone twice: {said}");
    desk.run("record", &["Tea", "9", "EUR"]).ok();
    let said = desk.run::<&str>("undo", &[]).ok();
    assert!(said.contains("recorded Tea 9.00 EUR): cancelled by entry "), "{said}");
    desk.run("dispute", &[&paid]).ok();
    let message = desk.run::<&str>("undo", &[]).failed(1);
    assert!(message.contains("`ledger confirm` says the opposite"), "{message}");
    let new = Desk::new();
    new.run("new", &["--me", "Anna", "Flat"]).ok();
    let message = new.run::<&str>("undo", &[]).failed(1);
    assert!(message.contains("`ledger delete-group`"), "{message}");
}

#[test]
fn reviews_are_seen_in_the_history() {
    let (desk, dinner, _) = flat();
    let before = desk.balances();
    desk.run("confirm", &[&dinner]).ok();
    assert!(desk.run("history", &[&dinner]).ok().ends_with("Anna confirms it\n"));
    desk.run("dispute", &["--note", "it was less", &dinner]).ok();
    let history = desk.run("history", &[&dinner]).ok();
    assert!(history.ends_with("Anna disputes it: it was less\n"), "{history}");
    assert_eq!(desk.balances(), before);
}

#[test]
fn a_copy_of_what_counts_is_refused() {
    let (desk, dinner, _) = flat();
    let before = desk.everything();
    let counts = desk.run("copy", &[&dinner]).failed(1);
    assert!(counts.contains("counts already"), "{counts}");
    assert_eq!(desk.everything(), before);
}

/// Each is refused with the code of whoever is at fault, prints no result and changes nothing.
#[test]
fn bad_input_changes_nothing() {
    let (desk, dinner, paid) = flat();
    let before = desk.everything();
    let genesis = before["group"]["id"].as_str().unwrap()[..12].to_owned();
    let person = before["entries"].as_array().unwrap().iter();
    let person = person.rev().find(|row| row["kind"] == "placeholder").unwrap();
    let person = person["id"].as_str().unwrap()[..12].to_owned();
    let long = "x".repeat(70_000);
    let names = ["", "zzzz", "Dinner", "0x", " ", "-", "é", &genesis, &person, &"0".repeat(64)];
    for verb in ["correct", "cancel", "confirm", "dispute", "copy", "history"] {
        for name in names {
            let more: &[&str] = if verb == "correct" { &["--amount", "3"] } else { &[] };
            let run = desk.run(verb, &[&[name], more].concat());
            let message = run.failed(2);
            assert!(message.len() > 20, "{verb} {name:?}: {message}");
        }
        assert_eq!(desk.run::<&str>(verb, &[]).code, Some(2), "{verb} without an entry");
        assert_eq!(desk.run(verb, &[&dinner, &paid]).code, Some(2), "{verb} with two");
    }
    for (arguments, words) in [
        (&[][..], "nothing would change"),
        (&["--amount", "30.00"], "nothing would change"),
        (&["--amount", "1.001"], "decimals"),
        (&["--amount", "-3"], ""),
        (&["--amount", "1e3"], "digits"),
        (&["--currency", "JPY"], "--amount says how much it is in JPY"),
        (&["--currency", "Euro"], ""),
        (&["--on", "2026-02-30"], ""),
        (&["--to", "Ben"], "--to has no effect on an expense"),
        (&["--turn", "1"], "--turn has no effect"),
        (&["--by", "Zoe"], "there are Anna, Ben, Cleo"),
        (&["--by", "Ben=40"], "more than 30.00"),
        (&["--for", "Ben", "--for", "Ben"], "listed twice"),
        (&["--split", "exact", "--for", "Ben=3"], "27.00 less than 30.00"),
        (&["--tax", "3"], "--tax has no effect"),
        (&["--reason", "no"], "--reason"),
    ] {
        let message = desk.run("correct", &[&[&dinner[..]], arguments].concat()).failed(2);
        assert!(message.contains(words), "{arguments:?}: {message}");
    }
    for (arguments, words) in [
        (&["--for", "Ben"][..], "has no effect on a transfer"),
        (&["--category", "food"], "--category has no effect on a transfer"),
        (&["--note", "food"], "--note has no effect on a transfer"),
        (&["--turn", "3"], "has no effect on a transfer"),
        (&["--by", "Ben", "--by", "Anna"], "say --by once"),
        (&["--to", "Zoe"], "there are Anna, Ben, Cleo"),
    ] {
        let message = desk.run("correct", &[&[&paid[..]], arguments].concat()).failed(2);
        assert!(message.contains(words), "{arguments:?}: {message}");
    }
    let zero = desk.run("correct", &[&dinner, "--amount", "0"]).failed(2);
    assert!(zero.contains("an amount is more than zero"), "{zero}");
    for (verb, arguments) in [
        ("correct", &[&dinner, "--note", &long][..]),
        ("correct", &[&paid, "--to", "Ben"]),
        ("cancel", &[&dinner, "--reason", &long]),
        ("confirm", &[&dinner, "--note", &long]),
        ("dispute", &[&dinner, "--note", &long]),
    ] {
        let message = desk.run(verb, arguments).failed(1);
        assert!(message.len() > 20 && message.len() < 500, "{verb}: {message}");
    }
    for arguments in [&["--reason", "x"][..], &["--yes"], &[&dinner], &["--json"]] {
        assert_eq!(desk.run("undo", arguments).code, Some(2), "{arguments:?}");
    }
    assert_eq!(desk.everything(), before);
}
