//! Commands that write, and statements that are shown before they are signed.

use serde_json::{Value, json};

use crate::common::Desk;

/// Anna's ledger with two people and three records.
fn flat() -> Desk {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "--with", "Cleo", "Flat"]).ok();
    desk.run("record", &["Dinner", "9.99", "EUR"]).ok();
    let milk = ["Milk", "3", "EUR", "--by", "Ben", "--for", "Anna", "--for", "Ben"];
    desk.run("record", &[&milk[..], &["--on", "2026-11-20"]].concat()).ok();
    desk.run("pay", &["--by", "Cleo", "Anna", "3.33", "EUR"]).ok();
    desk
}

fn standings(desk: &Desk, arguments: &[&str]) -> Vec<(String, String)> {
    let rows = desk.run("members", &[&["--json"], arguments].concat()).json();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(|row| (text(row, "name"), text(row, "standing"))).collect()
}

fn are(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, standing)| ((*name).to_owned(), (*standing).to_owned())).collect()
}

#[test]
fn people_create_a_group_and_write() {
    let desk = flat();
    let balances: Vec<i128> = desk.balances().into_values().collect();
    assert_eq!(balances.iter().sum::<i128>(), 0);
    let settled = desk.run("settle-up", &[] as &[&str]).ok();
    assert!(settled.contains("Ben  pays  Anna"), "{settled}");
    let expenses = desk.run("expenses", &["--json"]).json();
    assert_eq!(expenses.as_array().unwrap().len(), 3);
    assert!(expenses.as_array().unwrap().iter().any(|row| row["date"] == json!("2026-11-20")));
    assert_eq!(desk.run("verify-history", &[] as &[&str]).code, Some(0));
}

#[test]
fn what_cannot_be_written_says_why() {
    let desk = flat();
    let before = desk.everything();
    for (arguments, code, words) in [
        (vec!["Bread", "2.001", "EUR"], 2, "2 decimals"),
        (vec!["Bread", "2", "EUR", "--for", "Zoe"], 2, "there are Anna, Ben, Cleo"),
        (vec!["Bread", "2", "EUR", "--for", "Ben", "--for", "Ben"], 2, "listed twice"),
        (vec!["Bread", "0", "EUR"], 2, "more than zero"),
        (vec!["Bread", "2", "EUR", "--on", "2026-02-30"], 2, ""),
    ] {
        let run = desk.run("record", &arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {run:?}");
        assert!(run.err.contains(words), "{run:?}");
    }
    let unknown = desk.run("revoke", &["ffff", "--yes"]);
    assert!(unknown.failed(2).contains("0 devices"));
    let owner = desk.run("remove", &["Anna", "--yes"]).failed(1);
    assert!(owner.contains("nobody can remove or bind the owner"), "{owner}");
    assert_eq!(desk.everything(), before);
}

/// Nothing is signed before somebody says yes.
#[test]
fn acts_are_asked_for_first() {
    let desk = flat();
    // Standard input is empty: no answer is no.
    let asked = desk.run("remove", &["Ben"]).declined();
    assert!(asked.starts_with("Remove Ben from the group."), "{asked}");
    assert!(asked.contains("nothing was signed"));
    let all = [("Anna", "member"), ("Ben", "placeholder"), ("Cleo", "placeholder")];
    assert_eq!(standings(&desk, &[]), are(&all));
    desk.run("remove", &["Ben", "--yes"]).ok();
    desk.run("rename", &["Anne", "--yes"]).ok();
    let all = [("Anne", "member"), ("Ben", "removed"), ("Cleo", "placeholder")];
    assert_eq!(standings(&desk, &[]), are(&all));
    let ben = || desk.balances()[&("EUR".to_owned(), "Ben".to_owned())];
    let before = ben();
    desk.run("record", &["Lunch", "4", "EUR"]).ok();
    assert_eq!(ben(), before, "who was removed shares no new expense");
}

#[test]
fn a_group_moves_on_and_devices_compare() {
    let desk = flat();
    let next = desk.run("successor", &["House"]).ok();
    assert!(next.starts_with("created House"), "{next}");
    assert!(desk.run("members", &[] as &[&str]).failed(2).contains("--group"));
    assert_eq!(standings(&desk, &["--group", "House"]).len(), 3);
    let said = desk.run("agree", &["--group", "Flat"]).ok();
    let file = desk.file("flat.json", &said);
    let file = file.to_str().unwrap();
    let same = desk.run("agree", &["--group", "Flat", file]).ok();
    assert_eq!(same, "both devices agree\n");
    desk.run("record", &["--group", "Flat", "Bread", "2", "EUR"]).ok();
    let more = desk.run("agree", &["--group", "Flat", file]).ok();
    assert_eq!(more, "the other device lacks entries that are here\n");
    let other = desk.run("agree", &["--group", "House", file]).failed(1);
    assert!(other.contains("another group"));
    let value: serde_json::Value = serde_json::from_str(&said).unwrap();
    let lacking = json!({
        "group": value["group"],
        "digest": "00".repeat(32),
        "heads": ["11".repeat(32)],
    });
    let file = desk.file("other.json", lacking.to_string());
    let lacks = desk.run("agree", &["--group", "Flat", file.to_str().unwrap()]).ok();
    assert!(lacks.contains("1 heads of the other device are not here"), "{lacks}");
    let wrong = desk.file("wrong.json", "{}");
    let wrong = desk.run("agree", &["--group", "Flat", wrong.to_str().unwrap()]);
    assert!(wrong.failed(1).contains("not what `ledger agree` prints"));
}

/// Of two who share every dinner, and confirm each, both bear odd cents.
#[test]
fn odd_cents_do_not_always_hit_the_same_person() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    for day in 1..=12 {
        let day = format!("2026-11-{day:02}");
        let said = desk.run("record", &["Dinner", "0.01", "EUR", "--on", &day]).ok();
        let id = said.trim()["recorded ".len()..][..12].to_owned();
        desk.run("confirm", &[&id]).ok();
    }
    let rows = desk.run("expenses", &["--json"]).json();
    let share = |row: &Value| row["shares"][0]["member"].as_str().unwrap().to_owned();
    let who: Vec<String> = rows.as_array().unwrap().iter().map(share).collect();
    let of_anna = who.iter().filter(|name| *name == "Anna").count();
    assert!((3..=9).contains(&of_anna), "{who:?}");
}

#[test]
fn what_breaks_a_rule_of_form_says_so_in_plain_words() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    let long = "x".repeat(5_000);
    for (verb, arguments, words) in [
        ("pay", vec!["Anna", "5", "EUR"], "are one person; name two people"),
        ("record", vec![&long, "5", "EUR"], "5000 bytes, at most 4096 are allowed; shorten it"),
        ("record", vec!["Tea", "5", "EUR", "--note", &long], "shorten it"),
    ] {
        let said = desk.run(verb, &arguments).failed(1);
        assert!(said.contains(words), "{said}");
        assert!(!said.contains("breaks rule") && !said.contains("entry "), "{said}");
    }
}

#[test]
fn what_has_no_effect_or_says_nothing_is_refused_in_plain_words() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    let zero = "an amount is more than zero";
    for (verb, arguments, words) in [
        ("record", &["Tea", "0", "EUR"][..], zero),
        ("record", &["Tea", "-5", "EUR"], "for a refund write --refund and 5"),
        ("record", &["Tea", "5", "EUR", "--note", ""], "--note has no effect without a text"),
        ("record", &["Tea", "5", "EUR", "--category", " "], "--category has no effect without"),
        ("record", &["Tea", "5", "EUR", "--currency-paid", "0", "USD"], "more than zero"),
        ("pay", &["Ben", "0.00", "EUR"], zero),
        ("recurring add", &["Rent", "0", "EUR", "--every", "month"], zero),
        ("recurring add", &["Rent", "0", "EUR", "--every", "month", "--to", "Ben"], zero),
        ("expenses", &["--tag", ""], "--tag has no effect without a text"),
        ("expenses", &["--category", ""], "--category has no effect without a text"),
        ("expenses", &["--text", "-"], "--text has no word in it"),
        ("totals", &["--by", "month", "--tag", " "], "--tag has no effect without a text"),
    ] {
        let said = desk.run(verb, arguments).failed(2);
        assert!(said.contains(words), "{verb} {arguments:?}: {said}");
        assert!(!said.contains("minor units"), "{said}");
    }
    assert_eq!(desk.run("expenses", &["--json"]).json().as_array().unwrap().len(), 0);
}

#[test]
fn an_item_for_nobody_is_shared_by_the_default_weights() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    desk.run("settings", &["--weight", "Ben=2"]).ok();
    desk.run("record", &["Bill", "9", "EUR", "--item", "Pizza", "9"]).ok();
    let balances = desk.balances();
    assert_eq!(balances[&("EUR".to_owned(), "Ben".to_owned())], -600);
}
