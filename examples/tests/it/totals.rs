//! Totals and filters on the command line.

use serde_json::{Value, json};

use crate::common::Desk;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    for (text, amount, day, category) in [
        ("Rent", "900", "2026-10-01", "home"),
        ("Rent", "900", "2026-11-01", "home"),
        ("Dinner", "30", "2026-11-20", "food"),
    ] {
        let record = [text, amount, "EUR", "--on", day, "--category", category];
        desk.run("record", &record).ok();
    }
    let back = ["--refund", "Dinner back", "10", "EUR", "--on", "2026-11-21", "--category", "food"];
    desk.run("record", &back).ok();
    desk.run("record", &["Ramen", "1000", "JPY", "--on", "2026-11-22", "--by", "Ben"]).ok();
    desk.run("pay", &["--by", "Ben", "Anna", "5", "EUR"]).ok();
    desk
}

/// What a total is of, its currency, what was spent and what was paid.
fn totals(desk: &Desk, arguments: &[&str]) -> Vec<(Value, Value, Value, Value)> {
    let rows = desk.run("totals", &[&["--json"], arguments].concat()).json();
    let of = |row: &Value| {
        (row["of"].clone(), row["currency"].clone(), row["spent"].clone(), row["paid"].clone())
    };
    rows.as_array().unwrap().iter().map(of).collect()
}

fn row(of: Value, currency: &str, spent: i64, paid: i64) -> (Value, Value, Value, Value) {
    (of, json!(currency), json!(spent), json!(paid))
}

#[test]
fn what_was_spent_is_added_up() {
    let desk = desk();
    let months = totals(&desk, &["--by", "month", "--currency", "EUR"]);
    let october = row(json!("2026-10"), "EUR", 90_000, 90_000);
    assert_eq!(months, [october, row(json!("2026-11"), "EUR", 92_000, 92_000)]);
    let all = totals(&desk, &["--by", "currency"]);
    let euro = row(Value::Null, "EUR", 182_000, 182_000);
    assert_eq!(all, [euro, row(Value::Null, "JPY", 1000, 1000)]);
    let members = totals(&desk, &["--by", "member", "--to", "2026-11-21"]);
    let anna = row(json!("Anna"), "EUR", 91_000, 182_000);
    assert_eq!(members, [anna, row(json!("Ben"), "EUR", 91_000, 0)]);
    let food = desk.run("totals", &["--by", "category"]).ok();
    assert!(food.contains("  food                  20.00 EUR  2 expenses\n"), "{food}");
    assert!(food.contains("without a category") && food.contains("1000 JPY"), "{food}");
    let none = desk.run("totals", &["--by", "month", "--category", "car"]).ok();
    assert_eq!(none, "  Nothing was spent.\n");
}

#[test]
fn filters_of_expenses_combine() {
    let desk = desk();
    for (arguments, expected) in [
        (&["--category", "home"][..], &["Rent", "Rent"][..]),
        (&["--category", "home", "--from", "2026-10-02"], &["Rent"]),
        (&["--text", "dinn"], &["Dinner back", "Dinner"]),
        (&["--text", "dinn", "--to", "2026-11-20"], &["Dinner"]),
        (&["--currency", "JPY"], &["Ramen"]),
        (&["--currency", "JPY", "--category", "home"], &[]),
    ] {
        let rows = desk.run("expenses", &[&["--json"], arguments].concat()).json();
        let rows = rows.as_array().unwrap().iter();
        let found: Vec<&str> = rows.map(|row| row["description"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{arguments:?}");
    }
}
