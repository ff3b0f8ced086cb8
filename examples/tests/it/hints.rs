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
        (["--currency-paid", "0", "USD"], "more than zero"),
        (["--currency-paid", "1", "dollars"], "dollars"),
    ] {
        let run = desk.run("record", &[&["Tea", "1", "EUR"][..], &arguments].concat());
        assert!(run.code == Some(2) && run.err.contains(words), "{run:?}");
    }
    assert!(desk.run("record", &["Tea", "1", "EUR", "--tag", ""]).failed(2).contains("tag"));
}

/// The only row.
fn row(desk: &Desk) -> serde_json::Value {
    desk.run("expenses", &["--json"]).json()[0].clone()
}

fn shares(desk: &Desk) -> Vec<i64> {
    let found = row(desk)["shares"].as_array().unwrap().clone();
    let mut shares: Vec<i64> =
        found.iter().map(|one| one["minor_units"].as_i64().unwrap()).collect();
    shares.sort_unstable();
    shares
}

#[test]
fn the_rule_of_a_split_is_kept_and_used_again() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "--with", "Cleo", "Flat"]).ok();
    let weights = ["--split", "weights", "--for", "Anna=1.5", "--for", "Ben=1"];
    desk.run("record", &[&["Dinner", "10", "EUR"][..], &weights].concat()).ok();
    let id = row(&desk)["id"].as_str().unwrap().to_owned();
    assert_eq!((row(&desk)["split"].as_str(), shares(&desk)), (Some("weights"), vec![400, 600]));
    desk.run("correct", &[&id, "--amount", "20"]).ok();
    assert_eq!((row(&desk)["split"].as_str(), shares(&desk)), (Some("weights"), vec![800, 1200]));
    desk.run("correct", &[&id, "--description", "Supper", "--by", "Cleo"]).ok();
    assert_eq!(row(&desk)["split"], json!("weights"));
    // Equal shares need no word, those that only look so do.
    desk.run("correct", &[&id, "--split", "equal"]).ok();
    assert!(row(&desk).get("split").is_none());
    let exact = ["--split", "exact", "--for", "Anna=10", "--for", "Ben=10"];
    let said = desk.run("correct", &[&[&id[..]][..], &exact].concat()).ok();
    assert!(said.ends_with("the rule of the split was equal, is exact\n"), "{said}");
    assert_eq!(row(&desk)["split"], json!("exact"));
    let again = desk.run("correct", &[&[&id[..]][..], &exact].concat()).failed(2);
    assert!(again.contains("nothing would change"), "{again}");
    let refused = desk.run("correct", &[&id, "--amount", "30"]).failed(2);
    assert!(refused.contains("was not shared equally"), "{refused}");
    // With adjustments, the rest is shared anew.
    let adjust = ["--split", "adjust", "--for", "Anna=+6", "--for", "Ben"];
    desk.run("correct", &[&[&id[..]][..], &adjust].concat()).ok();
    assert_eq!(shares(&desk), [700, 1300]);
    desk.run("correct", &[&id, "--amount", "30"]).ok();
    assert_eq!((row(&desk)["split"].as_str(), shares(&desk)), (Some("adjust"), vec![1200, 1800]));
    for (change, words) in [
        (["--amount", "5"], "the adjustments sum to 6.00, 1.00 more than 5.00"),
        (["--currency", "USD"], "adjustments in EUR"),
    ] {
        let refused = desk.run("correct", &[&[&id[..]][..], &change].concat()).failed(2);
        assert!(refused.contains(words) && refused.contains("--split"), "{refused}");
    }
    let items = ["--item", "Pizza", "12", "--for", "Anna", "--item", "Tea", "18", "--for", "Ben"];
    desk.run("correct", &[&[&id[..]][..], &items].concat()).ok();
    assert_eq!((row(&desk)["split"].as_str(), shares(&desk)), (Some("items"), vec![1200, 1800]));
    let refused = desk.run("correct", &[&id, "--amount", "31"]).failed(2);
    assert!(refused.contains("items of a receipt"), "{refused}");
    desk.run::<&str>("verify-history", &[]).ok();
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
