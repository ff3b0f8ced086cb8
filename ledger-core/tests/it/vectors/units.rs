//! Money in units of a group's own, beside currencies with a code (SPEC §4).

use ledger_core::engine::Draft;
use ledger_core::{Currency, Setting, SettingValue, Transaction};
use serde_json::Value;

use crate::vectors::several;
use crate::vectors::world::World;

/// A unit or code that another device may have recorded, whatever this version would write.
pub(crate) fn in_currency(transaction: Transaction, code: &str) -> Transaction {
    let currency = Currency::from_code(code).unwrap();
    match transaction {
        Transaction::Expense(mut expense) => {
            expense.currency = currency;
            Transaction::Expense(expense)
        }
        Transaction::Transfer(mut transfer) => {
            transfer.currency = currency;
            Transaction::Transfer(transfer)
        }
    }
}

fn apart() -> Value {
    let mut w = World::with_ben();
    for (label, code, amount) in [
        ("euros", "EUR", 900),
        ("beers", "beers/0", 7),
        ("tenths-of-beers", "beers/1", 70),
        ("tether", "USDT/6", 1_000_000_000_000_000),
        ("dollars", "USD", 500),
        ("most-decimals", "sixteen-bytes-it/9", 2),
        ("points", "点数/0", 12),
    ] {
        let dinner = in_currency(w.dinner("genesis", "add-ben", amount), code);
        w.record(1, label, &["*"], &dinner);
    }
    let paid = in_currency(w.transfer("add-ben", "genesis", 3), "beers/0");
    w.record(2, "three-beers-back", &["*"], &paid);
    let points = Currency::from_code("点数/0").unwrap();
    let setting = Setting::new(&SettingValue::DefaultCurrency(Some(points))).unwrap();
    w.say(2, "default-unit", &["*"], Draft::setting(setting));
    let state = w.state();
    let codes: Vec<_> = state.currencies().map(|currency| currency.code().to_owned()).collect();
    let expected = ["EUR", "USD", "USDT/6", "beers/0", "beers/1", "sixteen-bytes-it/9", "点数/0"];
    assert_eq!(codes, expected);
    assert_eq!(w.evaluation().settings().default_currency, Some(points));
    w.scenario(
        "units-beside-codes",
        "Each unit is a currency, two that differ in decimals are two, and the digest has all \
         ascending by their bytes.",
        &[],
    )
}

pub(crate) fn build() -> Value {
    several(&[apart])
}
