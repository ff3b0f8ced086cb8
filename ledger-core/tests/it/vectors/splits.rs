//! Hints about the rule by which an expense was split, each with the expense (SPEC §4.12).

use ledger_core::{Amount, Currency, Expense, Split};
use serde_json::{Value, json};

use crate::vectors::raw::{Piece, array, null, text, uint};
use crate::vectors::world::hex;

/// A member and an amount.
type Parts = [(u64, u64)];

struct Case<'a> {
    name: &'a str,
    hint: Piece,
    payers: &'a Parts,
    shares: &'a Parts,
}

pub(crate) fn rows() -> Vec<Value> {
    let mut rows: Vec<Value> = what_rules_say().iter().map(row).collect();
    rows.extend(what_says_nothing().iter().map(row));
    rows
}

fn row(case: &Case<'_>) -> Value {
    let amount = |units| Amount::from_minor_units(units).unwrap();
    let total: u64 = case.payers.iter().map(|(_, units)| units).sum();
    let parts =
        |parts: &Parts| parts.iter().map(|(m, units)| (*m, amount(*units))).collect::<Vec<_>>();
    let currency = Currency::from_code("EUR").unwrap();
    let date = "2026-11-21".parse().unwrap();
    let mut expense: Expense<u64> = Expense::new(date, "Dinner", currency, amount(total))
        .payers(parts(case.payers))
        .shares(parts(case.shares));
    expense.hints.set(2, case.hint.clone()).unwrap();
    json!({
        "key": 2,
        "name": case.name,
        "bytes": hex(&case.hint),
        "total": total,
        "payers": case.payers,
        "shares": case.shares,
        "says": expense.said_rule().map_or(Value::Null, |rule| said(&rule)),
    })
}

fn said(rule: &Split<u64>) -> Value {
    let code = rule.kind().code();
    match rule {
        Split::Equal(members) => json!([code, members]),
        Split::Weights(parts) => json!([code, parts]),
        Split::Percent(parts) => {
            let parts: Vec<_> = parts.iter().map(|(m, part)| (m, part.millionths())).collect();
            json!([code, parts])
        }
        Split::Adjust(parts) => {
            let units = |b: &ledger_core::Balance| i64::try_from(b.minor_units()).unwrap();
            let parts: Vec<_> = parts.iter().map(|(m, own)| (m, units(own))).collect();
            json!([code, parts])
        }
        Split::Items(bill) => {
            let items: Vec<_> = bill
                .items
                .iter()
                .map(|item| json!([item.text, item.amount.minor_units(), item.participants]))
                .collect();
            let [tax, tip, service, discount] =
                [bill.tax, bill.tip, bill.service, bill.discount].map(Amount::minor_units);
            json!([code, items, tax, tip, service, discount])
        }
        // The shares are its parts.
        _ => json!([code]),
    }
}

fn split(rule: u64, parts: &[Piece]) -> Piece {
    array(&[uint(rule), array(parts)])
}

fn numbers(numbers: &[u64]) -> Piece {
    array(&numbers.iter().map(|n| uint(*n)).collect::<Vec<_>>())
}

fn parts(parts: &[(u64, u64)]) -> Vec<Piece> {
    parts.iter().map(|(place, part)| numbers(&[*place, *part])).collect()
}

fn equal(places: &[u64]) -> Piece {
    split(0, &places.iter().map(|place| uint(*place)).collect::<Vec<_>>())
}

fn item(name: &str, amount: u64, weights: &[(u64, u64)]) -> Piece {
    array(&[text(name), uint(amount), array(&parts(weights))])
}

/// A bill with these items, and tax, tip, service and discount.
fn bill(items: &[Piece], extras: [u64; 4]) -> Piece {
    let extras = extras.map(uint);
    array(&[uint(5), array(&[&[array(items)][..], &extras].concat())])
}

fn what_rules_say() -> Vec<Case<'static>> {
    let case = |name, hint, payers, shares| Case { name, hint, payers, shares };
    let pizza = item("Pizza", 700, &[(0, 1), (1, 2)]);
    let bottle = item("Wine", 200, &[(2, 1)]);
    let salt = item("Salt", 0, &[]);
    vec![
        case(
            "equal, of one who has nothing",
            equal(&[0, 1, 3]),
            &[(1, 1), (9, 1)],
            &[(1, 1), (2, 1)],
        ),
        case("weights", split(1, &parts(&[(0, 2), (1, 1)])), &[(1, 901)], &[(1, 601), (2, 300)]),
        case(
            "weights, other odd unit",
            split(1, &parts(&[(0, 2), (1, 1)])),
            &[(1, 901)],
            &[(1, 600), (2, 301)],
        ),
        case(
            "percent",
            split(2, &parts(&[(0, 333_333), (1, 666_667)])),
            &[(1, 1000)],
            &[(1, 333), (2, 667)],
        ),
        case("exact", split(3, &[]), &[(1, 10)], &[(1, 5), (2, 5)]),
        case(
            "adjust",
            split(4, &[numbers(&[0, 1, 5]), numbers(&[1, 0, 0]), numbers(&[2, 0, 7])]),
            &[(1, 1000)],
            &[(1, 328), (2, 332), (3, 340)],
        ),
        case(
            "items with a tip and something for nobody",
            bill(&[pizza.clone(), bottle.clone(), salt], [0, 100, 0, 0]),
            &[(1, 1000)],
            &[(1, 259), (2, 519), (3, 222)],
        ),
        case(
            "items with all that comes on top",
            bill(&[pizza, bottle], [90, 20, 30, 40]),
            &[(1, 1000)],
            &[(1, 259), (2, 519), (3, 222)],
        ),
    ]
}

fn what_says_nothing() -> Vec<Case<'static>> {
    let two: &Parts = &[(1, 600), (2, 300)];
    let case = |name, hint| Case { name, hint, payers: &[(1, 900)], shares: two };
    let weights = |weights: &[(u64, u64)]| split(1, &parts(weights));
    let tea = |weights: &[(u64, u64)]| item("Tea", 900, weights);
    vec![
        case("two units too many", weights(&[(0, 602), (1, 298)])),
        case("somebody left out", weights(&[(0, 1)])),
        case("nobody at the place", weights(&[(0, 2), (1, 1), (3, 1)])),
        case("a payer with a share", equal(&[0, 1, 2])),
        case("places that do not ascend", weights(&[(1, 1), (0, 2)])),
        case("a place twice", weights(&[(0, 2), (1, 1), (1, 1)])),
        case("a weight of nothing", weights(&[(0, 2), (1, 1), (2, 0)])),
        case("a weight too large", weights(&[(0, 2_000_000_000_002), (1, 1_000_000_000_001)])),
        case("a place too large", weights(&[(0, 2), (1, 1), (2048, 1)])),
        case("no parts", weights(&[])),
        case("percentages of less", split(2, &parts(&[(0, 600_000), (1, 300_000)]))),
        case("exact with parts", split(3, &parts(&[(0, 600), (1, 300)]))),
        case("nothing taken off", split(4, &[numbers(&[0, 0, 300]), numbers(&[1, 1, 0])])),
        case("adjustments of more", split(4, &[numbers(&[0, 0, 601]), numbers(&[1, 0, 300])])),
        case("items of more", bill(&[tea(&[(0, 2), (1, 1)])], [1, 0, 0, 0])),
        case(
            "an item for nobody",
            bill(&[tea(&[(0, 2), (1, 1)]), item("Ice", 1, &[])], [0, 0, 0, 1]),
        ),
        case("no items", bill(&[], [0, 900, 0, 0])),
        case(
            "items that are all nothing",
            bill(&[item("Tea", 0, &[(0, 2), (1, 1)])], [0, 900, 0, 0]),
        ),
        case("an unknown rule", split(6, &[])),
        case("something behind", [weights(&[(0, 2), (1, 1)]), null()].concat()),
        Case {
            name: "a member with two shares",
            hint: weights(&[(0, 2), (1, 1)]),
            payers: &[(1, 900)],
            shares: &[(1, 600), (1, 300)],
        },
        Case {
            name: "exact, with a member who has two shares",
            hint: split(3, &[]),
            payers: &[(1, 900)],
            shares: &[(1, 600), (1, 300)],
        },
    ]
}
