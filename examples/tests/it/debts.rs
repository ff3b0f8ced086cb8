//! Who owes whom, on the command line.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::common::Desk;

fn rows(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

const TEA: &str = "Date,Description,Category,Cost,Currency,Ann,Ben,Cem\n\
                   2026-11-21,Tea,Food,9.00,EUR,6.00,-3.00,-3.00\n\
                   2026-11-22,Cake,Food,8.00,EUR,-4.00,8.00,-4.00\n\
                   2026-11-23,Bus,Travel,1000,JPY,0,-500,500\n";

#[test]
fn debts_tell_who_owes_whom() {
    let desk = Desk::with(TEA);
    let shown = desk.run("debts", &["Ben"]).ok();
    assert_eq!(
        shown,
        "Ben: debts\n\n\
         EUR: balance 5.00\n  Ann  owes  Ben  1.00\n  Cem  owes  Ben  4.00\n\n\
         JPY: balance -500\n  Ben  owes  Cem  500\n"
    );
    let shown = desk.run("debts", &["Ann", "--json"]).json();
    let row = |member: &str, units: i64| serde_json::json!({ "member": member, "currency": "EUR", "minor_units": units });
    assert_eq!(shown, Value::Array(vec![row("Ben", -100), row("Cem", 300)]));
    let unknown = desk.run("debts", &["Dora"]).failed(2);
    assert!(unknown.contains("\"Dora\" is no member; there are Ann, Ben, Cem"), "{unknown}");
}

#[test]
fn a_member_is_found_by_what_people_see_of_the_name() {
    let csv = "Date,Description,Category,Cost,Currency,A\u{200b}nn\u{a0}Lee,Ben\n\
               2026-11-21,Tea,Food,9.00,EUR,4.50,-4.50\n";
    let desk = Desk::with(csv);
    let shown = desk.run("debts", &["Ann Lee", "--json"]).json();
    assert_eq!(shown[0]["minor_units"], 450);
    let shown = desk.run("debts", &[" Ben\u{fffa}", "--json"]).json();
    assert_eq!(shown[0]["minor_units"], -450);
}

/// Cem still owes Ann, which is nothing to Ben.
#[test]
fn nothing_is_open_for_whoever_paid_back() {
    let csv = "Date,Description,Category,Cost,Currency,Ann,Ben,Cem\n\
               2026-11-21,Tea,Food,9.00,EUR,6.00,-3.00,-3.00\n\
               2026-11-22,Back,Payment,3.00,EUR,-3.00,3.00,0.00\n";
    let desk = Desk::with(csv);
    assert_eq!(desk.run("debts", &["Ben"]).ok(), "Ben: debts\n\nNothing is open.\n");
    assert_eq!(desk.run("debts", &["Ben", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn the_plan_of_debts_lets_people_pay_only_whom_they_owe() {
    let desk = Desk::with(TEA);
    let shown = desk.run("settle-up", &["--only-owed"]).ok();
    assert!(shown.contains("EUR: 3 transfers") && shown.contains("JPY: 1 transfer\n"), "{shown}");
    let fewest = desk.run("settle-up", &["--json"]).json();
    let owed = desk.run("settle-up", &["--only-owed", "--json"]).json();
    // Ann gets 2.00 in all: by the fewest transfers she pays nobody.
    assert_eq!((rows(&fewest).len(), rows(&owed).len()), (3, 4));
    let pays = |plan: &Value, from: &str, to: &str| {
        rows(plan).iter().any(|row| row["from"] == from && row["to"] == to)
    };
    assert!(!pays(&fewest, "Ann", "Ben") && pays(&owed, "Ann", "Ben"));
}

#[test]
fn the_sample_is_settled_by_paying_debts() {
    let desk = Desk::with_sample();
    let mut balances = desk.balances();
    let people: Vec<String> = balances.keys().map(|(_, member)| member.clone()).collect();
    let mut debts: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for name in people {
        for row in rows(&desk.run("debts", &[name.as_str(), "--json"]).json()) {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            let units = row["minor_units"].as_i64().unwrap();
            debts.insert((text("currency"), text("member"), name.clone()), units);
        }
    }
    for row in rows(&desk.run("settle-up", &["--only-owed", "--json"]).json()) {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let units = row["minor_units"].as_i64().unwrap();
        assert_eq!(debts[&(text("currency"), text("from"), text("to"))], units);
        *balances.get_mut(&(text("currency"), text("from"))).unwrap() += i128::from(units);
        *balances.get_mut(&(text("currency"), text("to"))).unwrap() -= i128::from(units);
    }
    assert!(balances.values().all(|units| *units == 0), "{balances:?}");
}
