//! Refunds on the command line: nothing negative, wherever they are shown.

use crate::common::Desk;

const HUT: &str = "Date,Description,Category,Cost,Currency,Ann,Ben,Cy\n\
                   2026-01-01,Hut,Hotel,90.00,EUR,60.00,-30.00,-30.00\n";

#[test]
fn a_refund_is_recorded_listed_and_exported() {
    let desk = Desk::with(HUT);
    let recorded = [
        "--refund",
        "--by",
        "Ann",
        "--on",
        "2026-01-05",
        "--category",
        "Hotel",
        "Deposit back",
        "30.00",
        "EUR",
    ];
    desk.run("record", &recorded).ok();
    let balances = desk.balances();
    let of = |name: &str| balances[&("EUR".to_owned(), name.to_owned())];
    assert_eq!([of("Ann"), of("Ben"), of("Cy")], [4000, -2000, -2000]);
    let listed = desk.run("expenses", &["--limit", "50"]).ok();
    assert!(listed.contains("Deposit back  30.00 EUR  to Ann for "), "{listed}");
    let row = &desk.run("expenses", &["--json"]).json()[0];
    assert_eq!((&row["direction"], &row["minor_units"]), (&"incoming".into(), &3000.into()));
    let activity = desk.run("activity", &["--limit", "1"]).ok();
    assert!(activity.contains("recorded Deposit back (received) 30.00 EUR"), "{activity}");
    let statement = desk.run("statement", &["Ann"]).ok();
    assert!(statement.contains("Deposit back  -20.00  balance 40.00"), "{statement}");

    // Out and in again, as a refund.
    let csv = desk.run("export", &["--format", "splitwise"]).ok();
    assert!(csv.contains("2026-01-05,Deposit back,Hotel,-30.00,EUR,-20.00,10.00,10.00\n"), "{csv}");
    let again = Desk::with(&csv);
    assert_eq!(again.balances(), balances);
    assert_eq!(again.run("export", &["--format", "splitwise"]).ok(), csv);
    let hledger = desk.run("export", &["--format", "hledger"]).ok();
    // The order of the shares is that of the members' ids.
    let (_, back) = hledger.split_once("Deposit back\n").unwrap();
    let mut lines: Vec<&str> = back.lines().filter(|line| line.contains("members:")).collect();
    lines.sort_unstable();
    let part = |name: &str, units: &str| format!("    members:{name}  {units} EUR");
    let parts = [("Ann", "-30.00"), ("Ann", "10.00"), ("Ben", "10.00"), ("Cy", "10.00")];
    assert_eq!(lines, parts.map(|(name, units)| part(name, units)), "{hledger}");
}

#[test]
fn a_message_about_a_refund_says_that_the_money_was_received() {
    let desk = Desk::with(HUT);
    let refund = ["--refund", "--on", "2026-01-05", "Deposit back", "30.00", "EUR"];
    desk.run("record", &refund).ok();
    let row = &desk.run("expenses", &["--json"]).json()[0];
    let id = row["id"].as_str().unwrap().to_owned();
    let named = "Deposit back (received), 30.00 EUR of 2026-01-05";
    let history = desk.run("history", &[&id]).ok();
    assert!(history.contains(named), "{history}");
    let said = desk.run("cancel", &[&id]).ok();
    assert!(said.starts_with(&format!("cancelled {named} by entry ")), "{said}");
    let said = desk.run("restore", &[&id]).ok();
    assert!(said.starts_with(&format!("restored {named} by entry ")), "{said}");
}

#[test]
fn a_negative_amount_says_how_a_refund_is_written() {
    let desk = Desk::with(HUT);
    let refused = desk.run("record", &["--", "Back", "-5.00", "EUR"]).failed(2);
    assert!(refused.contains("for a refund write --refund and 5.00"), "{refused}");
}
