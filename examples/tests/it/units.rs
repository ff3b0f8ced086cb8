//! Units of a group's own on the command line, wherever a currency is typed or shown.

use crate::common::Desk;

const HUT: &str = "Date,Description,Category,Cost,Currency,Ann,Ben\n\
                   2026-01-01,Hut,Hotel,90.00,EUR,45.00,-45.00\n";

fn desk() -> Desk {
    let desk = Desk::with(HUT);
    for (what, amount, unit) in [
        ("Round", "4", "beers/0"),
        ("Loan", "1.000002", "USDT/6"),
        ("Sauna", "5", "loyalty points/0"),
        ("Bowling", "3", "loyalty points/0"),
    ] {
        desk.run("record", &["--by", "Ann", "--on", "2026-01-02", what, amount, unit]).ok();
    }
    desk
}

#[test]
fn a_unit_stands_wherever_a_currency_does() {
    let desk = desk();
    let listed = desk.run("expenses", &["--currency", "beers/0"]).ok();
    assert!(listed.contains("Round  4 beers/0") && !listed.contains("Hut"), "{listed}");
    let balances = desk.balances();
    let of = |unit: &str| balances[&(unit.to_owned(), "Ann".to_owned())];
    assert_eq!([of("beers/0"), of("USDT/6"), of("EUR")], [2, 500_001, 4500]);
    let row = &desk.run("expenses", &["--json", "--currency", "USDT/6"]).json()[0];
    assert_eq!((&row["currency"], &row["minor_units"]), (&"USDT/6".into(), &1_000_002.into()));
    let totals = desk.run("totals", &["--by", "currency"]).ok();
    assert!(
        totals.contains("1.000002 USDT/6") && totals.contains("8 loyalty points/0"),
        "{totals}"
    );
    let set = desk.run("settings", &["--currency", "beers/0"]).ok();
    assert!(set.contains("beers/0"), "{set}");
    let statement =
        desk.run("statement", &["Ann", "--currency", "loyalty points/0", "--limit", "1"]);
    let statement = statement.ok();
    let (_, more) = statement.split_once("--currency 'loyalty points/0' --after ").unwrap();
    let cursor = more.lines().next().unwrap();
    let rest = ["Ann", "--currency", "loyalty points/0", "--after", cursor];
    let rest = desk.run("statement", &rest).ok();
    assert!(!cursor.contains(' ') && rest.contains("balance"), "{rest}");
}

#[test]
fn rates_are_between_units_and_codes_in_either_order() {
    let desk = desk();
    let rates = [
        "--in",
        "EUR",
        "--rate",
        "beers/0/EUR=4.50",
        "--rate",
        "EUR/USDT/6=1.1",
        "--rate",
        "loyalty points/0/EUR=1/10",
    ];
    let shown = desk.run("balances", &rates).ok();
    // 45.00 + 2 * 4.50 + 0.500001 / 1.1 + 4 * 0.10
    assert!(shown.contains("54.85") && shown.contains("EUR/USDT/6=1.1"), "{shown}");
    let missing = desk.run("balances", &["--in", "beers/0"]).failed(2);
    assert!(missing.contains("EUR/beers/0"), "{missing}");
    let between = ["--in", "beers/0", "--rate", "beers/0/USDT/6=5", "--rate", "EUR/beers/0=0.2"];
    let missing = desk.run("settle-up", &between).failed(2);
    assert!(missing.contains("loyalty points/0/beers/0"), "{missing}");
}

#[test]
fn what_is_no_unit_is_refused_with_advice() {
    let desk = desk();
    for (code, advice) in [
        ("DOGE", "such as beers/0"),
        ("beers/x", "one digit behind the slash"),
        ("EUR/2", "choose another name"),
        ("eur/2", "people would take"),
        ("seventeen-bytes--/0", "1 more than the 16 that fit; shorten it"),
        ("a\u{200b}b/0", "leave out"),
    ] {
        let refused = desk.run("record", &["--by", "Ann", "Tea", "3", code]).failed(2);
        assert!(refused.contains(advice), "{refused}");
    }
    let precise = desk.run("record", &["--by", "Ann", "Tea", "1.5", "beers/0"]).failed(2);
    assert!(precise.contains("1.5"), "{precise}");
}

#[test]
fn units_go_out_and_in_again() {
    let desk = desk();
    let csv = desk.run("export", &["--format", "csv"]).ok();
    assert!(csv.contains("2026-01-02,Loan,,1.000002,USDT/6,"), "{csv}");
    let again = Desk::with(&csv);
    assert_eq!(again.balances(), desk.balances());
    let hledger = desk.run("export", &["--format", "hledger"]).ok();
    assert!(hledger.contains("commodity 1000. \"beers/0\"\n"), "{hledger}");
    assert!(hledger.contains("  4 \"beers/0\"\n"), "{hledger}");
}
