//! Statements of account on the command line.

use serde_json::Value;

use crate::common::Desk;

const TEA: &str = "Date,Description,Category,Cost,Currency,Ann,Ben\n\
                   2026-11-21,Tea,Food,9.00,EUR,4.50,-4.50\n\
                   2026-11-23,Bus,Travel,1000,JPY,-500,500\n\
                   2026-11-22,Cake,Food,8.00,EUR,-4.00,4.00\n";

#[test]
fn a_statement_explains_the_balance() {
    let desk = Desk::with(TEA);
    assert_eq!(
        desk.run("statement", &["Ann"]).ok(),
        "Ann: statement, newest first\n\n\
         EUR\n  2026-11-22  Cake  -4.00  balance 0.50\n  2026-11-21  Tea    4.50  balance 4.50\n\n\
         JPY\n  2026-11-23  Bus  -500  balance -500\n"
    );
    let none = desk.run("statement", &["Ann", "--currency", "USD"]).ok();
    assert!(none.ends_with("USD\n  Nothing was recorded.\n"), "{none}");
    let alone = desk.run("statement", &["Ann", "--limit", "1"]).failed(2);
    assert!(alone.contains("--currency"), "{alone}");
    let other = ["Ann", "--currency", "EUR", "--after", "20260115-42"];
    let other = desk.run("statement", &other).failed(2);
    assert!(other.contains("that is not a cursor"), "{other}");
}

#[test]
fn pages_of_a_statement_join_into_the_whole() {
    let desk = Desk::with_sample();
    let name = "Lena";
    let whole = desk.run("statement", &[name, "--json", "--currency", "EUR"]).json();
    let whole = whole.as_array().unwrap();
    let balances = desk.balances();
    let balance = balances[&("EUR".to_owned(), name.to_owned())];
    assert_eq!(i128::from(whole[0]["balance"].as_i64().unwrap()), balance);
    let sum: i64 = whole.iter().map(|row| row["change"].as_i64().unwrap()).sum();
    assert_eq!(i128::from(sum), balance);
    let mut joined: Vec<Value> = Vec::new();
    loop {
        let mut arguments = vec![name, "--json", "--currency", "EUR", "--limit", "120"];
        let after = joined.last().map(|row| row["cursor"].as_str().unwrap().to_owned());
        arguments.extend(after.iter().flat_map(|cursor| ["--after", cursor]));
        let page = desk.run("statement", &arguments).json();
        let page = page.as_array().unwrap();
        if page.is_empty() {
            break;
        }
        joined.extend_from_slice(page);
    }
    assert_eq!(&joined, whole);
}
