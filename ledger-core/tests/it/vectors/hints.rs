//! Hints that this version reads, and bytes that say nothing (SPEC §4.12).

use ledger_core::Hints;
use serde_json::{Value, json};

use crate::vectors::raw::{Piece, array, array_head, bytes, null, text, uint};
use crate::vectors::world::hex;
use crate::vectors::{file, splits};

/// What the hint says; null if nothing.
fn said(key: u64, data: &[u8]) -> Value {
    let mut hints = Hints::default();
    hints.set(key, data).unwrap();
    match key {
        3 => hints.paid_in().map_or(Value::Null, |paid| {
            let (numerator, denominator) = paid.rate;
            let amount = paid.amount.minor_units();
            json!([paid.currency.code(), amount, [numerator, denominator], paid.source])
        }),
        4 => {
            let receipts = hints.receipts();
            let row = |receipt: &ledger_core::Receipt| {
                let (blob, key) = (hex(&receipt.blob), hex(&receipt.key));
                json!([blob, receipt.size, receipt.media_type, key])
            };
            match receipts.as_slice() {
                [] => Value::Null,
                some => some.iter().map(row).collect(),
            }
        }
        6 => hints.source().map_or(Value::Null, |source| json!(hex(&source))),
        _ => match hints.tags() {
            tags if tags.is_empty() => Value::Null,
            tags => json!(tags),
        },
    }
}

pub(crate) fn build() -> Value {
    let rate = |n: u64, d: u64| array(&[uint(n), uint(d)]);
    let paid = |code: &str, amount: u64, rate: Piece, source: &str| {
        array(&[text(code), uint(amount), rate, text(source)])
    };
    let receipt = |size: u64, media: &str, key: usize| {
        array(&[bytes(&[7; 32]), uint(size), text(media), bytes(&vec![8; key])])
    };
    let tags = |tags: &[&str]| array(&tags.iter().map(|tag| text(tag)).collect::<Vec<_>>());
    let many: Vec<String> = (10..43).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let behind = [tags(&["a"]), null()].concat();
    let cases: Vec<(u64, &str, Piece)> = vec![
        (3, "12.34 USD", paid("USD", 1234, rate(9, 10), "bank")),
        (3, "without a source", paid("JPY", 1, rate(1, 163), "")),
        (3, "in a unit", paid("USDT/6", 12_340_000, rate(9, 10), "bank")),
        (3, "in a unit without decimals", paid("USDT", 12, rate(9, 10), "bank")),
        (3, "nothing paid", paid("USD", 0, rate(1, 1), "")),
        (3, "no rate", paid("USD", 1, rate(0, 1), "")),
        (3, "a rate without an end", paid("USD", 1, rate(1, 0), "")),
        (3, "no currency", paid("usd", 1, rate(1, 1), "")),
        (3, "a long source", paid("USD", 1, rate(1, 1), &"x".repeat(129))),
        (4, "one", array(&[receipt(9, "image/jpeg", 32)])),
        (4, "eight", array(&vec![receipt(9, "image/jpeg", 32); 8])),
        (4, "nine", array(&vec![receipt(9, "image/jpeg", 32); 9])),
        (4, "of no bytes", array(&[receipt(0, "image/jpeg", 32)])),
        (4, "without a type", array(&[receipt(1, "", 32)])),
        (4, "with a short key", array(&[receipt(1, "image/jpeg", 31)])),
        (4, "none", array(&[])),
        (5, "two", tags(&["food", "trip"])),
        (5, "by bytes", tags(&["Z", "a", "\u{e9}"])),
        (5, "not ascending", tags(&["trip", "food"])),
        (5, "twice", tags(&["food", "food"])),
        (5, "an empty one", tags(&[""])),
        (5, "32", tags(&many[1..])),
        (5, "33", tags(&many)),
        (5, "none", array(&[])),
        (5, "no bytes", Vec::new()),
        (5, "something behind", behind),
        (5, "cut off", array_head(2)),
        (6, "a group of another program", vec![6; 8]),
        (6, "of 7 bytes", vec![6; 7]),
        (6, "of 9 bytes", vec![6; 9]),
        (6, "no bytes", Vec::new()),
    ];
    let row = |(key, name, data): (u64, &str, Piece)| json!({ "key": key, "name": name, "bytes": hex(&data), "says": said(key, &data) });
    let about = "SPEC 4.12. What the bytes of a hint say; null if nothing. None of them makes an \
        entry refused or void. A split is that of an expense with this total, payers and shares, each \
        a member and an amount.";
    file(about, "cases", cases.into_iter().map(row).chain(splits::rows()).collect())
}
