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
    desk.run("record", &[&back[..], &["--tag", "trip"]].concat()).ok();
    let ramen = ["Ramen", "1000", "JPY", "--on", "2026-11-22", "--by", "Ben"];
    desk.run("record", &[&ramen[..], &["--tag", "trip", "--tag", "noodles"]].concat()).ok();
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
    let rows = desk.run("expenses", &["--json", "--text", "dinner", "--direction", "spent"]).json();
    desk.run("cancel", &[rows[0]["id"].as_str().unwrap()]).ok();
    for (arguments, expected) in [
        (&["--category", "home"][..], &["Rent", "Rent"][..]),
        (&["--category", "home", "--from", "2026-10-02"], &["Rent"]),
        (&["--text", "dinn"], &["Dinner back", "Dinner"]),
        (&["--text", "dinn", "--to", "2026-11-20"], &["Dinner"]),
        (&["--currency", "JPY"], &["Ramen"]),
        (&["--currency", "JPY", "--category", "home"], &[]),
        (&["--tag", "trip"], &["Ramen", "Dinner back"]),
        (&["--tag", "trip", "--tag", "noodles"], &["Ramen"]),
        (&["--tag", "tri"], &[]),
        (&["--text", "nood"], &["Ramen"]),
        (&["--payer", "Ben", "--kind", "expense"], &["Ramen"]),
        (&["--payer", "Ben", "--kind", "transfer"], &["Payment"]),
        (&["--member", "Ben", "--currency", "EUR", "--at-least", "900"], &["Rent", "Rent"]),
        (
            &["--currency", "EUR", "--at-least", "5.01", "--at-most", "30"],
            &["Dinner back", "Dinner"],
        ),
        (&["--currency", "JPY", "--at-most", "999"], &[]),
        (&["--direction", "received"], &["Dinner back"]),
        (&["--direction", "spent", "--category", "food"], &["Dinner"]),
        (&["--cancelled", "yes"], &["Dinner"]),
        (&["--cancelled", "no", "--category", "food"], &["Dinner back"]),
    ] {
        let rows = desk.run("expenses", &[&["--json"], arguments].concat()).json();
        let rows = rows.as_array().unwrap().iter();
        let found: Vec<&str> = rows.map(|row| row["description"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{arguments:?}");
    }
}

#[test]
fn totals_take_the_same_filters() {
    let desk = desk();
    let all = |arguments: &[&str]| totals(&desk, &[&["--by", "currency"], arguments].concat());
    let euro = |spent| row(Value::Null, "EUR", spent, spent);
    let yen = row(Value::Null, "JPY", 1000, 1000);
    assert_eq!(all(&["--tag", "trip"]), [euro(-1000), yen.clone()]);
    assert_eq!(all(&["--payer", "Ben"]), [yen]);
    assert_eq!(all(&["--direction", "received"]), [euro(-1000)]);
    assert_eq!(
        all(&["--currency", "EUR", "--at-most", "30", "--direction", "spent"]),
        [euro(3000)]
    );
    // Neither transfers nor cancelled expenses are spending, so nothing chooses them here.
    for option in [["--kind", "transfer"], ["--cancelled", "yes"]] {
        desk.run("totals", &[&["--by", "month"][..], &option].concat()).failed(2);
    }
}

#[test]
fn bounds_of_amounts_say_what_they_are_in() {
    let desk = desk();
    let said = desk.run("expenses", &["--at-least", "10"]).failed(2);
    assert!(said.contains("say by --currency"), "{said}");
    let said = desk.run("expenses", &["--currency", "JPY", "--at-least", "10.5"]).failed(2);
    assert!(said.contains("10.5"), "{said}");
    let turned = ["--currency", "EUR", "--at-least", "10", "--at-most", "9.99"];
    let said = desk.run("expenses", &turned).failed(2);
    assert!(said.contains("at least 10.00 and at most 9.99; turn them round"), "{said}");
    let one = Desk::new();
    one.run("new", &["--me", "Anna", "Alone"]).ok();
    assert_eq!(one.run("expenses", &["--at-least", "10"]).ok(), "");
    one.run("record", &["Tea", "9", "EUR"]).ok();
    one.run("record", &["Cake", "11", "EUR"]).ok();
    let rows = one.run("expenses", &["--json", "--at-least", "10"]).json();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["description"]), (1, &json!("Cake")));
}

#[test]
fn categories_and_tags_in_use_are_listed() {
    let desk = desk();
    let words = |verb: &str| desk.run(verb, &["--json"]).json();
    let word = |name: &str, day: &str| json!({ "name": name, "last_day": day });
    assert_eq!(
        words("categories"),
        json!([word("food", "2026-11-21"), word("home", "2026-11-01")])
    );
    assert_eq!(words("tags"), json!([word("noodles", "2026-11-22"), word("trip", "2026-11-22")]));
    let said = desk.run("tags", &[] as &[&str]).ok();
    assert_eq!(said, "  noodles  last on 2026-11-22\n  trip     last on 2026-11-22\n");
    let none = Desk::new();
    none.run("new", &["--me", "Anna", "Alone"]).ok();
    assert_eq!(none.run("tags", &[] as &[&str]).ok(), "  No expense has a tag.\n");
}
