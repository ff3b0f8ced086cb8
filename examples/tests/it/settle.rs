//! Settle-up with its options, balances in one currency, and people who are gone.

use serde_json::{Value, json};

use crate::common::Desk;

/// Anna, Ben and Cleo with 30.00 EUR, 20.00 USD and 999 JPY that somebody paid for all.
fn trip() -> Desk {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "--with", "Cleo", "Trip"]).ok();
    desk.run("record", &["Hotel", "30", "EUR"]).ok();
    desk.run("record", &["Bus", "20", "USD", "--by", "Ben", "--turn", "0"]).ok();
    desk.run("record", &["Ramen", "999", "JPY", "--by", "Cleo"]).ok();
    desk
}

const RATES: [&str; 6] = ["--in", "EUR", "--rate", "EUR/USD=1.25", "--rate", "EUR/JPY=160"];

fn units(rows: &Value) -> Vec<i64> {
    rows.as_array().unwrap().iter().map(|row| row["minor_units"].as_i64().unwrap()).collect()
}

#[test]
fn balances_of_all_currencies_are_counted_in_one() {
    let desk = trip();
    let found = desk.run("balances", &[&RATES[..], &["--json"]].concat()).json();
    let balances = units(&found["balances"]);
    assert_eq!(balances.iter().sum::<i64>(), 0);
    // 20.00 of the hotel, less a third of 16.00 and of 6.24.
    assert!((1258..=1260).contains(&balances[0]), "{balances:?}");
    assert_eq!(
        found["rates"],
        json!([
            { "base": "EUR", "quote": "JPY", "rate": "160" },
            { "base": "EUR", "quote": "USD", "rate": "1.25" },
        ])
    );
    let said = desk.run("balances", &RATES).ok();
    assert!(said.ends_with("\nby the rates EUR/JPY=160, EUR/USD=1.25\n"), "{said}");
    let plan = desk.run("settle-up", &[&RATES[..], &["--json"]].concat()).json();
    let paid: i64 = units(&plan["transfers"]).iter().sum();
    assert_eq!(paid, balances.iter().filter(|units| **units > 0).sum::<i64>());
    assert_eq!(plan["rates"], found["rates"]);
    let said = desk.run("settle-up", &RATES).ok();
    assert!(said.contains("EUR: 2 transfers") && said.contains("by the rates EUR/JPY"), "{said}");
    // The same the other way round.
    let turned = ["--in", "EUR", "--rate", "USD/EUR=0.8", "--rate", "JPY/EUR=0.00625", "--json"];
    assert_eq!(desk.run("balances", &turned).json()["balances"], found["balances"]);
    let one = Desk::new();
    one.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    one.run("record", &["Tea", "2", "EUR"]).ok();
    let said = one.run("balances", &["--in", "EUR"]).ok();
    assert!(said.ends_with("\nno rate was needed\n"), "{said}");
}

#[test]
fn balances_are_shown_as_of_a_day_or_an_entry() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    let tea = desk.run("record", &["Tea", "2", "EUR", "--on", "2026-11-02"]).ok();
    let tea = &tea.trim().strip_prefix("recorded ").unwrap()[..8];
    desk.run("record", &["Rent", "900", "EUR", "--on", "2026-11-01"]).ok();
    let of = |point: &str| {
        let rows = desk.run("balances", &["--json", "--as-of", point]).json();
        units(&rows)
    };
    assert_eq!(of("2026-11-02"), [45_100, -45_100]);
    assert_eq!(of("2026-11-01"), [45_000, -45_000], "by the day of the expense");
    assert_eq!(of(tea), [100, -100], "by the order in which it was recorded");
    assert!(of("2026-10-31").is_empty());
    let said = desk.run("balances", &["--as-of", tea]).ok();
    assert!(said.starts_with(&format!("Flat: balances as of entry {tea}\n")), "{said}");
    let said = desk.run("balances", &["--as-of", "2026-10-31"]).ok();
    assert!(said.ends_with("Nothing was open.\n"), "{said}");
    let rate = ["--in", "USD", "--rate", "EUR/USD=1.5", "--as-of", "2026-11-01"];
    assert!(desk.run("balances", &rate).ok().contains("675.00"), "in another currency");
    for wrong in ["", "zzzz", "2026-02-30", "yesterday", "2026-11"] {
        let message = desk.run("balances", &["--as-of", wrong]).failed(2);
        assert!(message.len() > 20, "{message}");
    }
}

#[test]
fn what_rates_lack_or_say_in_vain_is_wrong_usage() {
    let desk = trip();
    let before = desk.everything();
    for (arguments, words) in [
        (&["--in", "EUR"][..], "there is no rate for JPY/EUR and USD/EUR"),
        (&["--in", "EUR", "--rate", "EUR/USD=1.25"], "there is no rate for JPY/EUR; give"),
        (&["--in", "Euro"], "is not a known currency"),
        (&["--rate", "EUR/USD=1.25"], "--in"),
        (&["--in", "EUR", "--rate", "EUR/USD"], "a rate is written as"),
        (&["--in", "EUR", "--rate", "EURUSD=2"], "a rate is written as"),
        (&["--in", "EUR", "--rate", "EUR/USD=0"], "a rate is more than 0"),
        (&["--in", "EUR", "--rate", "EUR/USD=-1"], "a rate is written as"),
        (&["--in", "EUR", "--rate", "EUR/USD=1,25"], "a rate is written as"),
        (&["--in", "EUR", "--rate", "EUR/USD=1e3"], "a rate is written as"),
        (&["--in", "EUR", "--rate", "EUR/EUR=1"], "EUR/EUR is no pair"),
        (&["--in", "EUR", "--rate", "EUR/USD=1", "--rate", "USD/EUR=1"], "there are two rates"),
        (&["--in", "EUR", "--rate", "USD/JPY=150"], "has no effect: neither is EUR"),
        (&["--in", "EUR", "--rate", "EUR/GBP=1"], "nothing was recorded in GBP"),
    ] {
        for verb in ["balances", "settle-up"] {
            let message = desk.run(verb, arguments).failed(2);
            assert!(message.contains(words), "{verb} {arguments:?}: {message}");
        }
    }
    for (arguments, words) in [
        (&["--for", "Zoe"][..], "there are Anna, Ben, Cleo"),
        (&["--for", ""], "there are Anna, Ben, Cleo"),
        (&["--on", "2026-11-30"], "--record"),
        (&["--record", "--on", "2026-02-30"], ""),
        (&[&RATES[..], &["--record"]].concat(), "cannot be used with"),
        (&[&RATES[..], &["--only-owed"]].concat(), "cannot be used with"),
        (&["--record", "Ben"], ""),
    ] {
        let message = desk.run("settle-up", arguments).failed(2);
        assert!(message.contains(words), "{arguments:?}: {message}");
    }
    assert_eq!(desk.everything(), before);
}

#[test]
fn one_person_is_settled_by_their_part_of_the_plan() {
    let desk = trip();
    let all = desk.run("settle-up", &["--json"]).json();
    let part = desk.run("settle-up", &["--for", "Ben", "--json"]).json();
    let of_ben = |row: &&Value| row["from"] == "Ben" || row["to"] == "Ben";
    let expected: Vec<&Value> = all.as_array().unwrap().iter().filter(of_ben).collect();
    assert_eq!(part.as_array().unwrap().iter().collect::<Vec<_>>(), expected);
    let said = desk.run("settle-up", &["--for", "Ben", "--record", "--on", "2026-11-30"]).ok();
    assert!(said.contains(&format!("recorded {} transfers", expected.len())), "{said}");
    for ((currency, name), units) in desk.balances() {
        assert!(name != "Ben" || units == 0, "{currency}: {units}");
    }
    let rest = desk.run("settle-up", &["--json"]).json();
    let others: Vec<Value> =
        all.as_array().unwrap().iter().filter(|row| !of_ben(row)).cloned().collect();
    assert_eq!(rest, Value::from(others), "the others go on by the rest of the plan");
}

#[test]
fn a_recorded_plan_settles_everybody_once() {
    for more in [&[][..], &["--only-owed"]] {
        let desk = trip();
        let plan = [&["--record", "--on", "2026-11-30", "--json"], more].concat();
        let plan = desk.run("settle-up", &plan).json();
        assert!(desk.balances().values().all(|units| *units == 0));
        let rows = desk.run("expenses", &["--json"]).json();
        for row in plan.as_array().unwrap() {
            let found = rows.as_array().unwrap().iter().find(|other| other["id"] == row["id"]);
            let found = found.unwrap();
            assert_eq!(
                (&found["kind"], &found["date"]),
                (&"transfer".into(), &"2026-11-30".into())
            );
            assert_eq!((&found["from"], &found["to"]), (&row["from"], &row["to"]));
        }
        let before = desk.everything();
        let again = desk.run("settle-up", &["--record"]).ok();
        assert!(again.contains("recorded 0 transfers"), "{again}");
        assert_eq!(desk.everything(), before);
    }
}

/// Whoever is gone is shown while something is open, and marked; and shares nothing new unnamed.
#[test]
fn people_who_are_gone_are_marked_while_they_owe() {
    let desk = trip();
    desk.run("remove", &["--yes", "Cleo"]).ok();
    let said = desk.run::<&str>("balances", &[]).ok();
    assert!(said.contains("Cleo (removed)  "), "{said}");
    let plan = desk.run::<&str>("settle-up", &[]).ok();
    assert!(plan.contains("Cleo (removed)"), "{plan}");
    assert!(desk.run("debts", &["Anna"]).ok().contains("Cleo (removed)"));
    assert!(desk.run("statement", &["Cleo"]).ok().starts_with("Cleo (removed): statement"));
    desk.run("settle-up", &["--for", "Cleo", "--record"]).ok();
    let said = desk.run::<&str>("balances", &[]).ok();
    assert!(!said.contains("Cleo") && said.contains("Ben"), "{said}");
    desk.run("record", &["Lunch", "4", "EUR"]).ok();
    let balances = desk.balances();
    assert_eq!(balances[&("EUR".to_owned(), "Cleo".to_owned())], 0);
    let json = desk.run("balances", &["--json"]).json();
    assert!(json.as_array().unwrap().iter().any(|row| row["member"] == "Cleo"), "for programs");
}
