//! Values of settings that this version reads, and bytes that set nothing (SPEC §4.15).

use ledger_core::{Setting, SettingValue};
use serde_json::{Value, json};

use crate::vectors::file;
use crate::vectors::raw::{Piece, array, array_head, null, text, uint};
use crate::vectors::world::hex;

/// What a value sets; null if nothing.
fn said(field: u64, data: &[u8]) -> Value {
    let subject: &[u8] = if matches!(field, 1 | 2 | 4) { &[7; 32] } else { &[] };
    match Setting::from_parts(field, subject, data).value() {
        Some(SettingValue::DefaultCurrency(currency)) => {
            json!(currency.map(|found| found.code().to_owned()))
        }
        Some(SettingValue::DefaultWeight { weight, .. }) => json!(weight),
        Some(SettingValue::Relays { relays: texts, .. } | SettingValue::Categories(texts)) => {
            if texts.is_empty() {
                Value::Null
            } else {
                json!(texts)
            }
        }
        Some(SettingValue::DeviceName { name, .. }) => json!(name),
        other => panic!("{field}: {other:?}"),
    }
}

pub(crate) fn build() -> Value {
    let texts = |texts: &[&str]| array(&texts.iter().map(|word| text(word)).collect::<Vec<_>>());
    let numbers = |from: u64, to: u64, before: &str| {
        let words: Vec<String> = (from..to).map(|n| format!("{before}{n}")).collect();
        array(&words.iter().map(|word| text(word)).collect::<Vec<_>>())
    };
    let long = |before: &str, bytes: usize| format!("{before}{}", "x".repeat(bytes - before.len()));
    let (relay, relays) = ("https://a.example", ["https://b.example", "https://a.example"]);
    let weight = 1_000_000_000_000;
    let cases: Vec<(u64, &str, Piece)> = vec![
        (0, "EUR", text("EUR")),
        (0, "a unit", text("beers/0")),
        (0, "a unit with ten decimals", text("beers/10")),
        (0, "no currency", text("eur")),
        (0, "something behind", [text("EUR"), null()].concat()),
        (0, "no bytes", Vec::new()),
        (1, "0", uint(0)),
        (1, "the largest", uint(weight)),
        (1, "larger", uint(weight + 1)),
        (1, "a text", text("1")),
        (2, "one", texts(&[relay])),
        (2, "two in their order", texts(&relays)),
        (2, "one that is not secure", texts(&[relay, "http://b.example"])),
        (2, "one in capitals", texts(&["HTTPS://a.example"])),
        (2, "one twice", texts(&[relay, relay])),
        (2, "an empty one", texts(&[relay, ""])),
        (2, "512 bytes", texts(&[&long("https://", 512)])),
        (2, "513 bytes", texts(&[&long("https://", 513)])),
        (2, "16", numbers(0, 16, "https://")),
        (2, "17", numbers(0, 17, "https://")),
        (2, "none", texts(&[])),
        (3, "two in their order", texts(&["rent", "food"])),
        (3, "one twice", texts(&["food", "rent", "food"])),
        (3, "an empty one", texts(&["food", ""])),
        (3, "128 bytes", texts(&[&long("", 128)])),
        (3, "129 bytes", texts(&[&long("", 129)])),
        (3, "128", numbers(0, 128, "")),
        (3, "129", numbers(0, 129, "")),
        (3, "cut off", array_head(2)),
        (4, "a name", text("Anna's phone")),
        (4, "256 bytes", text(&long("", 256))),
        (4, "257 bytes", text(&long("", 257))),
        (4, "an empty name", text("")),
        (4, "a list", texts(&["Anna's phone"])),
        (4, "no bytes", Vec::new()),
    ];
    let row = |(field, name, data): (u64, &str, Piece)| json!({ "field": field, "name": name, "bytes": hex(&data), "says": said(field, &data) });
    let about = "SPEC 4.15. What the bytes of a setting's value set; null if nothing. None of them \
        makes an entry refused or void.";
    file(about, "cases", cases.into_iter().map(row).collect())
}
