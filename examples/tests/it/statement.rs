//! Statements of account on the command line.

use std::sync::Arc;

use ledger_core::hazmat::read_stored;
use ledger_core::{Amount, Expense};
use ledger_store::{FileSecrets, NewEntry, Store};
use serde_json::Value;

use crate::common::Desk;

const TEA: &str = "Date,Description,Category,Cost,Currency,Ann,Ben\n\
                   2026-11-21,Tea,Food,9.00,EUR,4.50,-4.50\n\
                   2026-11-23,Bus,Travel,1000,JPY,-500,500\n\
                   2026-11-22,Cake,Food,8.00,EUR,-4.00,4.00\n";

/// The rows without the id in front of each, which is of 8 digits.
fn without_ids(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("  ").and_then(|row| row.split_once("  ")) {
        Some((id, row)) if id.len() == 8 && id.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("  {row}\n")
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn a_statement_explains_the_balance() {
    let desk = Desk::with(TEA);
    assert_eq!(
        without_ids(&desk.run("statement", &["Ann"]).ok()),
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

/// Another device may have recorded money in a code that this version does not know.
#[test]
fn a_statement_is_of_any_currency_that_the_group_has() {
    let desk = Desk::with(TEA);
    let unknown = desk.run("statement", &["Ann", "--currency", "QQQ"]).failed(2);
    assert!(unknown.contains("\"QQQ\" is not a known currency"), "{unknown}");
    let secrets = Arc::new(FileSecrets::new(desk.path("flat.db.keys")));
    let store = Store::open(&desk.db(), secrets).unwrap();
    let group = store.group(store.group_ids().unwrap()[0]).unwrap();
    let row = group.lists().expenses(None, 50).unwrap().pop().unwrap();
    let row = group.lists().history(row.original, None, 1).unwrap().remove(0);
    let mut bytes = row.entry.decoded().as_bytes().to_vec();
    let place = bytes.windows(3).rposition(|letters| letters == b"EUR").unwrap();
    bytes[place..][..3].copy_from_slice(b"QQQ");
    let changed = read_stored(row.entry.id(), &bytes, row.entry.decoded().signature()).unwrap();
    let unknown = changed.decoded().payload().transaction().unwrap().currency();
    let (me, ten) = (group.me().unwrap().unwrap(), Amount::from_minor_units(1000).unwrap());
    let other = group.members().unwrap()[1].0;
    let tea = Expense::new("2026-11-24".parse().unwrap(), "Tea", unknown, ten);
    let tea = tea.paid_by(me, ten).split_equally(&[me, other], 0);
    group.entries().append(vec![NewEntry::Record(tea.into())]).unwrap();
    drop((group, store));
    let shown = without_ids(&desk.run("statement", &["Ann", "--currency", "QQQ"]).ok());
    assert!(shown.ends_with("QQQ\n  2026-11-24  Tea  5.00  balance 5.00\n"), "{shown}");
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

#[test]
fn a_statement_as_of_a_day_or_an_entry_explains_the_balance_of_then() {
    let desk = Desk::with(TEA);
    let of = |point: &str| {
        let said = desk.run("statement", &["Ann", "--currency", "EUR", "--as-of", point]).ok();
        without_ids(&said)
    };
    let tea = "EUR\n  2026-11-21  Tea  4.50  balance 4.50\n";
    assert_eq!(of("2026-11-21"), format!("Ann: statement as of 2026-11-21, newest first\n\n{tea}"));
    assert!(of("2026-11-20").ends_with("EUR\n  Nothing was recorded.\n"));
    let rows = desk.run("expenses", &["--json", "--text", "tea"]).json();
    let id = rows[0]["id"].as_str().unwrap();
    desk.run("correct", &[id, "--amount", "100", "--on", "2026-11-30"]).ok();
    desk.run("cancel", &[id]).ok();
    assert!(of(id).ends_with(tea), "{}", of(id));
    let page = ["Ann", "--currency", "EUR", "--as-of", id, "--limit", "1"];
    let more = desk.run("statement", &page).ok();
    assert!(!more.contains("There is more"), "{more}");
    let wrong = desk.run("statement", &["Ann", "--as-of", "2026-02-30"]).failed(2);
    assert!(wrong.contains("--as-of \"2026-02-30\""), "{wrong}");
    let nobody = desk.run("statement", &["Ann", "--as-of", "zzz"]).failed(2);
    assert!(nobody.contains("no entry of the group"), "{nobody}");
}

/// The cursor of a page, as it tells how to go on.
fn cursor(page: &str) -> String {
    page.split_once("--after ").unwrap().1.lines().next().unwrap().to_owned()
}

#[test]
fn a_cursor_of_another_list_is_refused_before_anything_is_shown() {
    let desk = Desk::with(TEA);
    desk.run("record", &["Cake", "4", "EUR", "--by", "Ann"]).ok();
    desk.run("record", &["Taxi", "400", "JPY", "--by", "Ann"]).ok();
    let one = |verb: &str, arguments: &[&str]| {
        cursor(&desk.run(verb, &[arguments, &["--limit", "1"]].concat()).ok())
    };
    let of_ann = ["Ann", "--currency", "EUR"];
    let statement = one("statement", &of_ann);
    let (expenses, activity) = (one("expenses", &[]), one("activity", &[]));
    desk.run("statement", &[&of_ann[..], &["--after", &statement]].concat()).ok();
    for (verb, arguments, cursor) in [
        ("statement", &["Ben", "--currency", "EUR"][..], &statement),
        ("statement", &["Ann", "--currency", "JPY"], &statement),
        ("expenses", &[], &activity),
        ("activity", &[], &expenses),
    ] {
        let run = desk.run(verb, &[arguments, &["--after", cursor]].concat());
        assert_eq!(run.out, "", "{verb} {arguments:?}");
        assert!(run.failed(1).contains("the cursor is of another list"), "{verb} {arguments:?}");
    }
}
