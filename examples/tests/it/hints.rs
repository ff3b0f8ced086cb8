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
    desk.run("correct", &[id, "--amount", "8"]).ok();
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
