//! Commands that read: their output for people and for programs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger_core::engine::Draft;
use ledger_core::keys::DeviceKey;
use ledger_store::{FileSecrets, Store};
use serde_json::Value;

use crate::common::Desk;

fn rows(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap()
}

/// The names of the fields, as they are printed.
fn keys(row: &Value) -> Vec<&str> {
    row.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn settling_up_leaves_nobody_with_a_balance() {
    let desk = Desk::with_sample();
    let mut balances = desk.balances();
    let plan = desk.run("settle-up", &["--json"]).json();
    let mut transfers: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows(&plan) {
        assert_eq!(keys(row), ["from", "to", "currency", "minor_units"]);
        let units = i128::from(row["minor_units"].as_i64().unwrap());
        assert!(units > 0);
        let currency = text(row, "currency");
        *transfers.entry(currency).or_default() += 1;
        for (end, units) in [("from", units), ("to", -units)] {
            let key = (currency.to_owned(), text(row, end).to_owned());
            *balances.get_mut(&key).unwrap() += units;
        }
    }
    assert!(balances.values().all(|units| *units == 0), "{balances:?}");
    // Never more than one fewer than there are open balances.
    for (currency, count) in transfers {
        let open = desk.balances();
        let open = open.iter().filter(|((code, _), units)| code == currency && **units != 0);
        assert!(count < open.count(), "{currency}");
    }
    let again = desk.run("settle-up", &["--json"]).json();
    assert_eq!(again, plan);
}

#[test]
fn json_has_the_promised_fields() {
    let desk = Desk::with_sample();
    let balances = desk.run("balances", &["--json"]).json();
    assert!(rows(&balances).iter().all(|row| keys(row) == ["member", "currency", "minor_units"]));
    let common = [
        "id",
        "current_version",
        "cancelled",
        "conflicting",
        "cursor",
        "date",
        "description",
        "currency",
        "minor_units",
        "kind",
    ];
    for row in rows(&desk.run("expenses", &["--json"]).json()) {
        let more: &[&str] = match text(row, "kind") {
            "expense" => &["direction", "category", "note", "payers", "shares"],
            "transfer" => &["from", "to"],
            kind => panic!("{kind}"),
        };
        assert_eq!(keys(row), [&common, more].concat());
        for part in ["payers", "shares"].into_iter().filter(|part| more.contains(part)) {
            let parts = rows(&row[part]);
            assert!(parts.iter().all(|part| keys(part) == ["member", "minor_units"]));
            let sum: u64 = parts.iter().map(|part| part["minor_units"].as_u64().unwrap()).sum();
            assert_eq!(row["minor_units"], sum);
        }
    }
    let fixed = [
        "id",
        "kind",
        "author",
        "device",
        "seq",
        "lamport",
        "timestamp_ms",
        "verdict",
        "reason",
        "cursor",
    ];
    for row in rows(&desk.run("activity", &["--json"]).json()) {
        let more: &[&str] = match text(row, "kind") {
            "genesis" => &[],
            "placeholder" => &["member"],
            _ => &["details"],
        };
        assert_eq!(keys(row), [&fixed, more].concat());
        assert_eq!((text(row, "verdict"), &row["reason"]), ("applied", &Value::Null));
    }
}

#[test]
fn pages_show_every_row_exactly_once() {
    let desk = Desk::with_sample();
    for (verb, limit) in [("expenses", "97"), ("activity", "501"), ("expenses", "1000")] {
        let all = desk.run(verb, &["--json"]).json();
        let mut after: Vec<String> = Vec::new();
        let mut paged = Vec::new();
        loop {
            let mut arguments = vec!["--json", "--limit", limit];
            if let Some(cursor) = after.last() {
                arguments.extend(["--after", cursor]);
            }
            let page = desk.run(verb, &arguments).json();
            let Some(last) = rows(&page).last() else { break };
            assert!(rows(&page).len() <= limit.parse().unwrap());
            after.push(text(last, "cursor").to_owned());
            paged.extend_from_slice(rows(&page));
        }
        assert_eq!(paged, rows(&all), "{verb}, {limit} at a time");
        let ids: BTreeSet<&str> = paged.iter().map(|row| text(row, "id")).collect();
        assert_eq!(ids.len(), paged.len());
    }
}

#[test]
fn a_list_that_was_cut_off_says_how_to_go_on() {
    let desk = Desk::with_sample();
    let whole = desk.run::<&str>("expenses", &[]).ok();
    assert!(!whole.contains("There is more"));
    let count = whole.lines().count();
    let all_but_one = (count - 1).to_string();
    let out = desk.run("expenses", &["--limit", &all_but_one]).ok();
    let cursor = out.lines().last().unwrap();
    let cursor = cursor.strip_prefix("There is more: go on with --after ").unwrap();
    let rest = desk.run("expenses", &["--after", cursor]).ok();
    assert_eq!(rest.lines().count(), 1);
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(rest.lines().next().map(words), whole.lines().last().map(words));
    assert!(!desk.run("expenses", &["--limit", &count.to_string()]).ok().contains("There is more"));
    let none = desk.run("expenses", &["--limit", "0"]).ok();
    assert_eq!(none, "", "nothing was asked for");
}

#[test]
fn opening_replays_less_than_a_checkpoint_interval() {
    let desk = Desk::with_sample();
    let entries = rows(&desk.everything()["entries"]).len();
    let run = desk.run("balances", &["-v", "--json"]);
    assert_eq!(run.code, Some(0));
    let numbers: Vec<usize> =
        run.err.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    let [covered, replayed] = numbers[..] else { panic!("{}", run.err) };
    assert_eq!(covered + replayed, entries);
    assert!(covered >= 500 && replayed <= 499, "{}", run.err);
    assert_eq!(run.err.lines().count(), 1);
}

#[test]
fn verifying_tells_the_digest_of_what_is_shown() {
    let desk = Desk::with_sample();
    let all = desk.everything();
    let verified = desk.run("verify-history", &["--json"]).json();
    assert_eq!(keys(&verified), ["entries", "digest", "problems"]);
    assert_eq!(verified["entries"], rows(&all["entries"]).len());
    assert_eq!(verified["digest"], all["digest"]);
    assert_eq!(text(&verified, "digest").len(), 64);
    assert!(rows(&verified["problems"]).is_empty());
    let human = desk.run::<&str>("verify-history", &[]).ok();
    assert!(human.contains("every hash, signature, link and rule holds"), "{human}");
    assert!(human.contains(text(&verified, "digest")), "{human}");
}

/// Changes the database past the program.
fn tamper(desk: &Desk, sql: &str) {
    let keys = std::fs::read_to_string(desk.path("flat.db.keys")).unwrap();
    let line = keys.lines().find_map(|line| line.strip_prefix("database-")).unwrap();
    let (salt, key) = line.split_once(' ').unwrap();
    let raw = rusqlite::Connection::open(desk.db()).unwrap();
    raw.execute_batch(&format!("PRAGMA key = \"x'{key}{salt}'\"; {sql}")).unwrap();
    assert_eq!(raw.total_changes(), 1);
}

#[test]
fn verifying_names_a_changed_entry_and_its_rule() {
    // Before and after the checkpoint.
    for place in [100, 1000] {
        let desk = Desk::with_sample();
        let id = desk.everything()["entries"][place]["id"].clone();
        let id = id.as_str().unwrap();
        tamper(
            &desk,
            &format!(
                "UPDATE entries SET entry = CAST(substr(entry, 1, length(entry) - 1) ||
                 iif(substr(entry, -1) = x'00', x'01', x'00') AS BLOB) WHERE id = x'{id}'"
            ),
        );
        for arguments in [&["--json"][..], &[]] {
            let run = desk.run("verify-history", arguments);
            assert_eq!(run.code, Some(1));
            let said = run.out + &run.err;
            assert!(said.contains(id) && said.contains("H7"), "{said}");
        }
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let desk = Desk::with_sample();
    for (verb, arguments) in [
        ("balances", vec![]),
        ("balances", vec!["--json"]),
        ("settle-up", vec![]),
        ("expenses", vec![]),
        ("activity", vec!["--json"]),
        ("verify-history", vec![]),
        ("export", vec!["--format", "csv"]),
        ("export", vec!["--format", "hledger"]),
        ("export", vec!["--format", "json"]),
    ] {
        let mut child = desk.command(verb, &arguments).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{verb} {arguments:?}");
    }
}

#[test]
fn no_name_or_description_takes_over_the_terminal() {
    let nasty =
        "\u{1b}[31mRed\u{1b}]0;title\u{7}\u{9b}2J\u{202e}gnp\u{2066}x\u{200f}\u{8}\r\u{b}\u{7f}";
    let csv = format!(
        "Date,Description,Category,Cost,Currency,Ann,Ben\n\
         2026-01-01,\"{nasty}\",\"{nasty}\",2.00,EUR,1.00,-1.00\n\
         2026-01-02,\"{nasty}\",Payment,1.00,EUR,-1.00,1.00\n"
    );
    let desk = Desk::new();
    let file = desk.file(&format!("{}.csv", nasty.replace('/', "")), csv);
    let mut printed = vec![desk.import_with(&file, &["--name", "Flat"]).ok()];
    // This program writes no such name, but others may.
    add_placeholder(&desk, nasty);
    for verb in ["balances", "settle-up", "expenses", "activity", "verify-history"] {
        printed.push(desk.run::<&str>(verb, &[]).ok());
    }
    printed.push(desk.run("export", &["--format", "hledger"]).ok());
    printed.push(desk.import_with(&file, &["--me", "nobody"]).failed(2));
    for name in [nasty, "\u{200b}"] {
        printed.push(desk.run("rename", &["--yes", name]).failed(1));
        printed.push(desk.run("new", &["--me", name, "Club"]).failed(2));
        // Twice, as the name alone is a member's who is known.
        let header = format!("Date,Description,Category,Cost,Currency,Ann,\"{name}{name}\"\n");
        printed.push(desk.import(&desk.file("name.csv", header)).failed(1));
    }
    printed.push(desk.import(&desk.file("bad\u{1b}[2J.csv", "D\u{1b}[2Jate,x\n")).failed(1));
    for text in printed {
        let acts = |c: &char| {
            (c.is_control() && *c != '\n')
                || matches!(*c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert_eq!(text.chars().filter(acts).collect::<String>(), "", "{text:?}");
    }
    // For programs, the text is what it is.
    let kept = desk.run("expenses", &["--json"]).json();
    assert_eq!(text(&kept[1], "description"), nasty);
}

/// A placeholder that another program with the keys of this device adds.
fn add_placeholder(desk: &Desk, name: &str) {
    let keys = desk.path("flat.db.keys");
    let text = std::fs::read_to_string(&keys).unwrap();
    let hex = text.lines().find_map(|line| line.strip_prefix("device-")).unwrap();
    let hex = hex.split_once(' ').unwrap().1.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let bytes: Vec<u8> = hex.chunks(2).map(byte).collect();
    let device = DeviceKey::from_bytes(&bytes.try_into().unwrap());
    let store = Store::open(&desk.db(), Arc::new(FileSecrets::new(keys))).unwrap();
    let group = store.group(store.group_ids().unwrap()[0]).unwrap();
    let ledger = group.ledger().unwrap();
    let me = group.me().unwrap().unwrap();
    let draft = Draft::placeholder(ledger.state(), me, name, [7; 16]).unwrap();
    let next = ledger.next_position(device.id()).unwrap();
    let entry = draft.sign(&device, &next, 0).unwrap();
    let bytes = (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature());
    assert_eq!(group.entries().ingest(&[bytes]).unwrap().added[0].entry, entry.id());
}
