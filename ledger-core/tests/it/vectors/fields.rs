//! The fields of headers and payloads by name, read with a second codec.

use minicbor::Decoder;
use minicbor::data::Type;
use serde_json::{Map, Value, json};

use crate::vectors::signatures::unhex;
use crate::vectors::world::hex;

/// An item as JSON: byte strings in hexadecimal, arrays in place.
fn item(d: &mut Decoder<'_>) -> Value {
    match d.datatype().unwrap() {
        Type::Bytes => json!(hex(d.bytes().unwrap())),
        Type::String => json!(d.str().unwrap()),
        Type::Null => {
            d.null().unwrap();
            Value::Null
        }
        Type::Array => {
            let len = d.array().unwrap().unwrap();
            (0..len).map(|_| item(d)).collect()
        }
        _ => json!(d.u64().unwrap()),
    }
}

fn read(bytes: &[u8]) -> Value {
    item(&mut Decoder::new(bytes))
}

fn nested(value: &Value) -> Value {
    read(&unhex(value.as_str().unwrap()))
}

fn named(names: &[&str], values: &Value) -> Map<String, Value> {
    let values = values.as_array().unwrap();
    assert_eq!(names.len(), values.len(), "{names:?} {values:?}");
    names.iter().map(|name| (*name).to_owned()).zip(values.iter().cloned()).collect()
}

/// Replaces a field by what it says.
fn within(mut fields: Map<String, Value>, name: &str, read: impl Fn(&Value) -> Value) -> Value {
    let found = read(&fields[name]);
    fields[name] = found;
    Value::Object(fields)
}

pub(crate) fn header(bytes: &[u8]) -> Value {
    let names = [
        "version",
        "group",
        "device",
        "seq",
        "backlink",
        "parents",
        "refs",
        "lamport",
        "timestamp_ms",
        "kind",
        "payload_len",
        "payload_hash",
    ];
    Value::Object(named(&names, &read(bytes)))
}

/// The bytes of an entry's header, and those of its payload.
pub(crate) fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let length = header(bytes)["payload_len"].as_u64().unwrap();
    bytes.split_at(bytes.len() - usize::try_from(length).unwrap())
}

fn certificate(value: &Value) -> Value {
    let names = ["version", "place", "root", "device", "kem", "exchange", "exchange_generation"];
    Value::Object(named(&names, &nested(value)))
}

fn card(value: &Value) -> Value {
    let names = ["version", "place", "root", "recovery", "name", "certificate"];
    within(named(&names, &nested(value)), "certificate", certificate)
}

fn placeholder_card(value: &Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    let names = ["version", "place", "introducer", "name", "nonce"];
    Value::Object(named(&names, &nested(value)))
}

fn card_signatures(value: &Value) -> Value {
    Value::Object(named(&["card", "certificate", "acceptance"], value))
}

fn balance(pair: &Value) -> Value {
    let bytes: [u8; 16] = unhex(pair[1].as_str().unwrap()).try_into().unwrap();
    json!([pair[0], i64::try_from(i128::from_be_bytes(bytes)).unwrap()])
}

fn opening(value: &Value) -> Value {
    let one = |value: &Value| {
        let fields = named(&["card", "balances"], value);
        let balances: Value = fields["balances"].as_array().unwrap().iter().map(balance).collect();
        json!({ "card": placeholder_card(&fields["card"]), "balances": balances })
    };
    value.as_array().unwrap().iter().map(one).collect()
}

fn predecessor(value: &Value) -> Value {
    if value.is_null() {
        return Value::Null;
    }
    within(named(&["group", "digest", "heads", "opening"], value), "opening", opening)
}

fn statement(value: &Value) -> Value {
    let names = ["version", "group", "signer", "kind", "body", "base", "nonce"];
    let fields = named(&names, &nested(value));
    let kind = fields["kind"].as_u64().unwrap();
    let parts: &[&str] = match kind {
        1 => &["generation", "certificate"],
        2 => &["generation", "device"],
        3 => &["generation"],
        4 => &["generation", "name"],
        5 => &["member"],
        6 => &["member", "card"],
        _ => &["name"],
    };
    within(fields, "body", |body| match kind {
        1 => within(named(parts, body), "certificate", certificate),
        6 => within(named(parts, body), "card", card),
        _ => Value::Object(named(parts, body)),
    })
}

fn more(value: &Value) -> Value {
    match value.as_array().unwrap().len() {
        0 => json!({}),
        2 => Value::Object(named(&["certificate", "acceptance"], value)),
        _ => card_signatures(value),
    }
}

fn money(kind: u64, value: &Value) -> Value {
    let expense = [
        "date",
        "description",
        "category",
        "note",
        "currency",
        "amount",
        "payers",
        "shares",
        "more",
    ];
    let transfer = ["date", "description", "currency", "amount", "from", "to", "more"];
    let names = if kind == 16 { &expense[..] } else { &transfer };
    Value::Object(named(names, value))
}

fn change(first: &str, value: &Value) -> Value {
    let fields = named(&[first, "kind", "content"], value);
    let kind = fields["kind"].as_u64().unwrap();
    within(fields, "content", |content| money(kind, content))
}

/// The payload of a kind that version 1 knows.
pub(crate) fn payload(kind: u64, bytes: &[u8]) -> Value {
    let value = read(bytes);
    let plain = |names: &[&str]| Value::Object(named(names, &value));
    match kind {
        0 => {
            let fields = named(&["group_name", "card", "signatures", "predecessor"], &value);
            json!({
                "group_name": fields["group_name"],
                "card": card(&fields["card"]),
                "signatures": card_signatures(&fields["signatures"]),
                "predecessor": predecessor(&fields["predecessor"]),
            })
        }
        1 => plain(&[]),
        2 => json!({ "card": card(&value[0]), "signatures": card_signatures(&value[1]) }),
        3 => json!({ "card": placeholder_card(&value[0]) }),
        4 => json!({
            "target": value[0],
            "card": card(&value[1]),
            "signatures": card_signatures(&value[2]),
        }),
        5 => plain(&["target"]),
        6 => json!({
            "statement": statement(&value[0]),
            "signature": value[1],
            "more": more(&value[2]),
        }),
        16 | 17 => money(kind, &value),
        18 => change("target", &value),
        19 => plain(&["target", "reason"]),
        20 => change("original", &value),
        21 => plain(&["target", "confirms", "note"]),
        22 => plain(&["exchange_generation", "kem", "exchange"]),
        24 => plain(&["target"]),
        23 => plain(&["commit", "topic", "box"]),
        26 => {
            let kind = value[0].as_u64().unwrap();
            let change = match &value[4] {
                Value::Null => Value::Null,
                found => Value::Object(named(&["target", "from", "base"], found)),
            };
            json!({
                "kind": kind,
                "content": money(kind, &value[1]),
                "rule": value[2],
                "end": value[3],
                "change": change,
            })
        }
        25 => plain(&["field", "subject", "value"]),
        27 => plain(&["version", "features"]),
        _ => panic!("kind {kind}"),
    }
}
