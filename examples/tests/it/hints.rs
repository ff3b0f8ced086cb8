//! Tags, and what was paid in another currency: notes beside the money.

use serde_json::json;

use crate::common::Desk;

#[test]
fn tags_and_another_currency_are_noted_and_change_no_balance() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    let dinner = ["Dinner", "9", "EUR", "--tag", "trip", "--tag", "food"];
    desk.run("record", &[&dinner[..], &["--currency-paid", "10.00", "USD"]].concat()).ok();
    let rows = desk.run("expenses", &["--json"]).json();
    assert_eq!(rows[0]["tags"], json!(["food", "trip"]));
    assert_eq!(rows[0]["paid_in"]["minor_units"], json!(1000));
    assert_eq!(rows[0]["paid_in"]["rate"], json!([9, 10]));
    assert_eq!(desk.balances()[&("EUR".to_owned(), "Ben".to_owned())], -450);
    // Another description leaves the hints; another amount did not come of these dollars.
    let id = rows[0]["id"].as_str().unwrap();
    desk.run("correct", &[id, "--description", "Supper"]).ok();
    let rows = desk.run("expenses", &["--json"]).json();
    assert_eq!(rows[0]["paid_in"]["rate"], json!([9, 10]));
    let said = desk.run("correct", &[id, "--amount", "8"]).ok();
    assert!(said.contains("another currency was 10.00 USD, is nothing"), "{said}");
    let rows = desk.run("expenses", &["--json"]).json();
    assert!(rows[0].get("paid_in").is_none(), "{rows}");
    assert_eq!(rows[0]["tags"], json!(["food", "trip"]));
    let yen = ["Tea", "1.63", "EUR", "--currency-paid", "300", "JPY"];
    desk.run("record", &yen).ok();
    let rows = desk.run("expenses", &["--json"]).json();
    let tea = rows.as_array().unwrap().iter().find(|row| row["description"] == "Tea").unwrap();
    // A yen has no decimals: 1.63 euros for 300 yen.
    assert_eq!(tea["paid_in"]["rate"], json!([163, 30_000]));
    assert!(tea.get("tags").is_none());
    for (arguments, words) in [
        (["--currency-paid", "1", "EUR"], "another currency"),
        (["--currency-paid", "0", "USD"], "rate"),
        (["--currency-paid", "1", "dollars"], "dollars"),
    ] {
        let run = desk.run("record", &[&["Tea", "1", "EUR"][..], &arguments].concat());
        assert!(run.code == Some(2) && run.err.contains(words), "{run:?}");
    }
    assert!(desk.run("record", &["Tea", "1", "EUR", "--tag", ""]).failed(2).contains("tag"));
}

#[test]
fn a_correction_changes_direction_tags_and_the_other_currency() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    let dinner = ["Dinner", "9", "EUR", "--tag", "trip", "--currency-paid", "10.00", "USD"];
    let id = desk.run("record", &dinner).ok().trim()["recorded ".len()..][..12].to_owned();
    let correct = |more: &[&str]| desk.run("correct", &[&[&id[..]], more].concat());
    let row = || desk.run("expenses", &["--json"]).json()[0].clone();
    let ben = || desk.balances()[&("EUR".to_owned(), "Ben".to_owned())];
    let said = correct(&["--refund"]).ok();
    assert!(said.contains("the money was spent, is received"), "{said}");
    assert_eq!((ben(), &row()["tags"]), (450, &json!(["trip"])));
    assert_eq!(correct(&["--refund"]).code, Some(2), "nothing would change");
    let said = correct(&["--no-refund", "--tag", "food", "--tag", "bar"]).ok();
    assert!(said.contains("the list of tags was trip, is bar, food"), "{said}");
    assert_eq!((ben(), &row()["tags"]), (-450, &json!(["bar", "food"])));
    let said = correct(&["--currency-paid", "18", "USD"]).ok();
    assert!(said.contains("another currency was 10.00 USD, is 18.00 USD"), "{said}");
    assert_eq!(row()["paid_in"]["rate"], json!([1, 2]));
    let said = correct(&["--no-tags", "--no-currency-paid"]).ok();
    assert!(said.contains("the list of tags was bar, food, is nothing"), "{said}");
    assert!(row().get("tags").is_none() && row().get("paid_in").is_none());
    assert_eq!(correct(&["--no-tags", "--tag", "x"]).code, Some(2));
    assert_eq!(correct(&["--currency-paid", "1", "EUR"]).code, Some(2));
    desk.run("pay", &["--by", "Ben", "Anna", "1", "EUR"]).ok();
    let rows = desk.run("expenses", &["--json"]).json();
    let paid = rows.as_array().unwrap().iter().find(|row| row["kind"] == "transfer").unwrap();
    let paid = paid["id"].as_str().unwrap();
    let refused = desk.run("correct", &[paid, "--tag", "x"]).failed(2);
    assert!(refused.contains("has no effect on a transfer"), "{refused}");
}
