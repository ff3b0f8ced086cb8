//! One entry of every kind, with the seeds that it grows from.

use ledger_core::engine::{Draft, NewGroup, VerifiedEntry};
use ledger_core::seal::EpochKey;
use ledger_core::statement::NewStatement;
use ledger_core::{
    Direction, Hints, Origin, Recurrence, RecurrenceUnit, Setting, SettingValue, Transaction,
};
use serde_json::{Value, json};

use crate::vectors::world::{World, cents, device, entropy, hex, root};
use crate::vectors::{fields, file, raw, units};

fn person(name: &str, n: u8) -> Value {
    json!({
        "name": name,
        "entropy": hex(&[n; 32]),
        "index": 0,
        "root": root(n).id().to_string(),
        "recovery": hex(&entropy(n).recovery_public_key(0)),
    })
}

fn device_of(name: &str, n: u8) -> Value {
    json!({
        "name": name,
        "seed": hex(&[n; 32]),
        "exchange_secret": hex(&[n + 128; 32]),
        "device": device(n).id().to_string(),
        "exchange": hex(&device(n).exchange_public_key()),
    })
}

fn entry(label: &str, n: u8, entry: &VerifiedEntry) -> Value {
    let (decoded, header) = (entry.decoded(), entry.decoded().header());
    let bytes = decoded.as_bytes();
    let kind = u64::from(header.kind().number());
    let opaque = *decoded.payload() == ledger_core::engine::Payload::Opaque;
    let (_, payload) = fields::split(bytes);
    json!({
        "name": label,
        "device_seed": hex(&[n; 32]),
        "id": entry.id().to_string(),
        "bytes": hex(bytes),
        "signature": hex(decoded.signature()),
        "header": fields::header(bytes),
        "payload": if opaque { Value::Null } else { fields::payload(kind, payload) },
    })
}

/// An expense that uses every field.
fn full(world: &World) -> Transaction {
    let Transaction::Expense(dinner) = world.dinner("genesis", "add-ben", 4250) else {
        panic!("not an expense")
    };
    let mut full = dinner
        .category("food")
        .note("two coffees")
        .payers([(world.member("genesis"), cents(4000)), (world.member("add-ben"), cents(250))])
        .origin(Origin::from_bytes([0xab; 16]));
    full.description = "Café".to_owned();
    Transaction::Expense(full)
}

/// Money received, with hints that no version knows.
fn refund(world: &World) -> Transaction {
    let Transaction::Expense(dinner) = world.dinner("genesis", "add-ben", 1000) else {
        panic!("not an expense")
    };
    let mut hints = Hints::default();
    hints.set(63, *b"of a later version").unwrap();
    hints.set(64, []).unwrap();
    Transaction::Expense(dinner.direction(Direction::Incoming).hints(hints))
}

fn world() -> World {
    let mut w = World::with_ben();
    w.placeholder(1, "grandma", "genesis", &["*"]);
    w.placeholder(2, "cleo", "add-ben", &["genesis"]);
    w.say(1, "merge", &["*"], Draft::merge());
    let claim = Draft::claim(&w.state(), w.member("grandma"), &w.card("Grandma", 3, 3)).unwrap();
    w.say(1, "claim", &["*"], claim);
    let adopt = Draft::adopt(&w.state(), w.member("cleo")).unwrap();
    w.say(1, "adopt", &["*"], adopt);
    let (ben, cleo) = (w.by_card("add-ben"), w.member("cleo"));
    let tablet = w.certificate(2, 4);
    let statement = NewStatement::Enrol { generation: ben, device: &tablet };
    w.issue_statement(2, "act-enrol", 2, &statement, &["*"], &["*"]);
    let statement = NewStatement::Revoke { generation: ben, device: device(4).id() };
    w.issue_statement(2, "act-revoke", 2, &statement, &["*"], &["*"]);
    let statement = NewStatement::Rename { generation: ben, name: "Benjamin" };
    w.issue_statement(2, "act-rename", 2, &statement, &["*"], &["*"]);
    w.remove("act-remove", cleo, &["*"], &["*"]);
    let card = w.card("Cleo", 5, 5);
    w.bind("act-bind", cleo, &card, &["*"], &["*"]);
    w.issue_statement(
        1,
        "act-rename-group",
        1,
        &NewStatement::RenameGroup { name: "House" },
        &["*"],
        &["*"],
    );
    w.record(1, "expense", &["*"], &full(&w));
    let nothing = match w.dinner("genesis", "add-ben", 2) {
        Transaction::Expense(mut dinner) => {
            dinner.amount = cents(0);
            Transaction::Expense(dinner.payers([]).shares([]))
        }
        Transaction::Transfer(_) => panic!("not an expense"),
    };
    w.record(1, "expense-of-nothing", &["*"], &nothing);
    w.record(1, "refund", &["*"], &refund(&w));
    let transfer = w.transfer("add-ben", "genesis", 1_000_000_000_000_000);
    w.record(2, "transfer", &["*"], &transfer);
    let dinner = w.dinner("add-ben", "genesis", 4300);
    let correction = Draft::correction(&w.state(), w.id("expense"), &dinner).unwrap();
    w.say(2, "correction", &["*"], correction);
    let transfer = w.transfer("add-ben", "genesis", 1000);
    let correction = Draft::correction(&w.state(), w.id("transfer"), &transfer).unwrap();
    w.say(2, "correction-of-transfer", &["*"], correction);
    let cancellation = Draft::cancellation(w.id("transfer"), Some("never paid".into()));
    w.say(1, "cancellation", &["*"], cancellation);
    w.say(2, "restoration", &["*"], Draft::restoration(w.id("transfer")));
    let copy = Draft::copy(&w.state(), w.id("expense"), &full(&w)).unwrap();
    w.say(1, "copy", &["*"], copy);
    let note = Some("thanks".to_owned());
    w.say(2, "endorsement", &["*"], Draft::endorsement(w.id("expense"), true, note));
    w.say(2, "dispute", &["*"], Draft::endorsement(w.id("transfer"), false, None));
    w.say(2, "rotation", &["*"], Draft::rotation(1, device(77).exchange_public_key()));
    w.issue_statement(2, "act-leave", 2, &NewStatement::Leave { generation: ben }, &["*"], &["*"]);
    w.say_raw(1, "unknown-kind", 999, &["expense"], b"anything");
    // By Ben, who has left: bytes are bytes.
    let value = SettingValue::DefaultWeight { member: w.member("genesis"), weight: Some(2) };
    w.say(2, "setting", &["*"], Draft::setting(Setting::new(&value).unwrap()));
    let later = Setting::from_parts(99, b"of a later version", &[0xff]);
    w.say(2, "setting-of-a-later-version", &["*"], Draft::setting(later));
    let rent = w.dinner("genesis", "add-ben", 90_000);
    let monthly = Recurrence::new(RecurrenceUnit::Months, 1).unwrap();
    let draft = Draft::template(&w.state(), &rent, monthly, None).unwrap();
    w.say(2, "template", &["*"], draft);
    let (first, more) = (w.id("template"), w.dinner("genesis", "add-ben", 95_000));
    let draft = Draft::template_change(&w.state(), first, (300, 0), &more, monthly, Some(400));
    w.say(2, "template-changed", &["*"], draft.unwrap());
    let speaks = ledger_core::Speaks::new(1, [1_024, 70_000]).unwrap();
    w.say(2, "speaks", &["*"], Draft::speaks(speaks));
    let tether = units::in_currency(w.dinner("genesis", "add-ben", 2), "USDT/6");
    w.record(1, "expense-in-a-unit", &["*"], &tether);
    let points = units::in_currency(w.transfer("genesis", "add-ben", 3), "点数 2/0");
    w.record(1, "transfer-in-a-unit", &["*"], &points);
    w
}

fn successor(old: &World) -> VerifiedEntry {
    let evaluation = old.evaluation();
    let entropy = entropy(1);
    let new = NewGroup::new("House II", "Anna", &entropy, 1, [10; 32])
        .successor_of(evaluation.view(), old.member("genesis"));
    new.create(&device(6), 1).unwrap()
}

/// An entry of version 2, whose layout after the header nobody knows yet.
fn unknown_version(world: &World) -> VerifiedEntry {
    let payload = [0xff, 0x00];
    let (backlink, seq) = world.next(1);
    let mut fields = raw::header(&raw::public(1), 16, &payload);
    fields[raw::VERSION] = raw::uint(2);
    fields[raw::GROUP_FIELD] = raw::bytes(world.group.as_bytes());
    fields[raw::SEQ] = raw::uint(seq);
    fields[raw::BACKLINK] = raw::bytes(backlink.as_bytes());
    fields[raw::LAMPORT] = raw::uint(world.lamport([&backlink]));
    let (bytes, signature) = raw::entry(1, &fields, &payload);
    crate::vectors::world::verified(&bytes, &signature)
}

/// Two epochs, the second with the key of the first, and their keys.
pub(crate) fn epochs() -> (World, [EpochKey; 2]) {
    let mut w = World::with_ben();
    let keys = [0x51, 0x52].map(|byte| EpochKey::from_bytes(w.group, [byte; 32]));
    w.say(1, "epoch", &["*"], Draft::epoch(keys[0].begin(&[]).unwrap()));
    let before = [(w.entry("epoch").id(), &keys[0])];
    w.say(2, "epoch-with-history", &["*"], Draft::epoch(keys[1].begin(&before).unwrap()));
    (w, keys)
}

pub(crate) fn build() -> Value {
    let world = world();
    let mut entries: Vec<Value> = Vec::new();
    for (label, verified) in &world.entries {
        let by = |n: &u8| device(*n).id() == verified.decoded().header().device();
        let n = (1..=2).find(by).unwrap();
        entries.push(entry(label, n, verified));
    }
    entries.push(entry("unknown-version", 1, &unknown_version(&world)));
    let (epochs, _) = epochs();
    for (label, by) in [("epoch", 1), ("epoch-with-history", 2)] {
        entries.push(entry(label, by, epochs.entry(label)));
    }
    entries.push(entry("successor-genesis", 6, &successor(&world)));
    let keys = json!({
        "people": [person("Anna", 1), person("Ben", 2), person("Grandma", 3), person("Cleo", 5)],
        "devices": [
            device_of("Anna's", 1),
            device_of("Ben's", 2),
            device_of("Grandma's", 3),
            device_of("Ben's tablet", 4),
            device_of("Cleo's", 5),
            device_of("Anna's for the successor group", 6),
        ],
    });
    let about = "Each entry is accepted by decoding and verification (SPEC 2 to 4). Byte strings \
        are in hexadecimal; cards, certificates and statements, which the payload holds as byte \
        strings, are shown by their fields. A payload of null is opaque. Signing is deterministic \
        (RFC 8032), so the seeds give these very bytes.";
    let mut file = file(about, "keys", keys);
    file["entries"] = json!(entries);
    file
}
