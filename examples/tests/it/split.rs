//! Splitting an amount, alone and when an expense is recorded.

use serde_json::{Value, json};

use crate::common::{Desk, Run, program};

/// `ledger split` with arguments in one text; no database is named.
fn split(arguments: &str) -> Run {
    split_with(&arguments.split_whitespace().collect::<Vec<_>>())
}

fn split_with(arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let run = program().arg("split").args(arguments).current_dir(&folder).output().unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "it makes no file");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: run.status.code(), out: text(run.stdout), err: text(run.stderr) }
}

/// Rows as `Anna 334, Ben 333`.
fn rows(rows: &Value) -> String {
    let row = |row: &Value| {
        assert_eq!(row.as_object().unwrap().len(), 2, "{row}");
        format!("{} {}", row["name"].as_str().unwrap(), row["minor_units"].as_u64().unwrap())
    };
    rows.as_array().unwrap().iter().map(row).collect::<Vec<_>>().join(", ")
}

const DINNER: &[&str] = &[
    "--item",
    "Pizza",
    "12",
    "--for",
    "Anna",
    "--item",
    "Wine",
    "24",
    "--for=Anna",
    "--for",
    "Ben=2",
    "--item",
    "Tap water",
    "0",
    "--for",
    "Cleo",
    "--tip",
    "3.60",
];

#[test]
fn every_rule_gives_its_shares() {
    for (arguments, expected) in [
        ("10 EUR --for Ben --for Anna --for Cleo", "Ben 333, Anna 334, Cleo 333"),
        ("10 EUR --for Ben --for Anna --for Cleo --turn 1", "Ben 334, Anna 333, Cleo 333"),
        ("--split equal --for A --for B 7 JPY", "A 4, B 3"),
        ("--split weights --for Cruz=3 --for Dana 1000 EUR", "Cruz 75000, Dana 25000"),
        ("--split weights --for A=1.5 --for B=0.5 --for C=0 1 KWD", "A 750, B 250"),
        ("--split percent --for A=33.3333% --for B=66.6667 9.99 EUR", "A 333, B 666"),
        ("--split exact --for A=4.50 --for B=0.50 --for C=0 5 EUR", "A 450, B 50"),
        ("--split adjust --for A --for B=+2 --for C=-1.00 10 EUR", "A 300, B 500, C 200"),
        ("0.01 EUR --for A --for B --for C --for D --for E --for F --for G", "A 1"),
        ("0 EUR --for A", ""),
    ] {
        let json = split(&format!("--json {arguments}")).json();
        assert_eq!(rows(&json), expected, "{arguments}");
    }
    // The tip of 10 % is in proportion; water costs nothing, so Cleo has no share.
    let json = split_with(&[DINNER, &["39.60", "EUR", "--json"]].concat()).json();
    assert_eq!(
        json,
        json!([
            { "name": "Anna", "minor_units": 2200 },
            { "name": "Ben", "minor_units": 1760 },
        ])
    );
    let all = [DINNER, &["--tax", "1", "--service", "1", "--discount", "3.60", "38", "EUR"]];
    let shown = split_with(&all.concat()).ok();
    assert_eq!(shown, "38.00 EUR\n  Anna  21.11\n  Ben   16.89\n");
}

#[test]
fn a_hundred_people_share_to_the_cent() {
    let people: Vec<String> = (0..100).map(|n| format!("--for=P{n}")).collect();
    let mut arguments: Vec<&str> = people.iter().map(String::as_str).collect();
    arguments.extend(["--json", "10000000000000", "EUR"]);
    let json = split_with(&arguments).json();
    let units = json.as_array().unwrap().iter().map(|row| row["minor_units"].as_u64().unwrap());
    assert_eq!(units.sum::<u64>(), 1_000_000_000_000_000);
}

#[test]
fn what_does_not_fit_says_by_how_much() {
    for (arguments, words) in [
        (
            "--split exact --for A=4.50 --for B=0.49 5 EUR",
            "the shares sum to 4.99, 0.01 less than 5.00",
        ),
        (
            "--split percent --for A=50 --for B=49.99 5 EUR",
            "sum to 99.99 %, 0.01 % less than 100 %",
        ),
        ("--split adjust --for A=+3 --for B=+3 5 EUR", "sum to 6.00, 1.00 more than 5.00"),
        (
            "--split adjust --for A=-6 --for B 5 EUR",
            "of A, -6.00, is 0.50 more than the equal part",
        ),
        ("--item Pizza 4 --for A --tax 0.50 5 EUR", "sum to 4.50, 0.50 less than 5.00"),
        ("--item Pizza 4 --for A --discount 5 0 EUR", "discount of 5.00 is 1.00 more"),
        ("--item Water 0 --for A --tax 1 1 EUR", "nothing says who bears the 1.00"),
        ("--item Pizza 4 --for A=0 4 EUR", "nobody shares the item \"Pizza\" of 4.00"),
        ("--split weights --for A=0 4 EUR", "nobody bears 4.00"),
        ("--for A --for A 4 EUR", "A is listed twice"),
        ("--split exact --for A=4.505 4.51 EUR", "2 decimals"),
        ("--split percent --for A=33.33333 4 EUR", "at most 4 decimals"),
        ("--split percent --for A=-1 4 EUR", "a percentage is written as"),
        ("--split weights --for A=x 4 EUR", "a weight is a number"),
        ("--split weights --for A=100000001 4 EUR", "at most 100000000"),
    ] {
        let message = split(arguments).failed(2);
        assert!(message.contains(words), "{arguments}: {message}");
    }
}

#[test]
fn an_option_without_effect_is_refused() {
    for (arguments, words) in [
        ("4 EUR", "--for says who takes part"),
        ("--for A=2 4 EUR", "an equal split takes names alone"),
        ("--for A= 4 EUR", "no value behind the ="),
        ("--for =2 --split weights 4 EUR", "a name is empty"),
        ("--split weights 4 EUR", "--split weights needs --for"),
        ("--split exact --for A 4 EUR", "needs =AMOUNT"),
        ("--split percent --for A 4 EUR", "needs =PERCENTAGE"),
        ("--for A --tip 1 4 EUR", "--tip has no effect with --split equal"),
        ("--split exact --for A=4 --item Tea 4 4 EUR", "--item has no effect with --split exact"),
        ("--split exact --for A=4 --turn 1 4 EUR", "--turn has no effect with --split exact"),
        ("--split items --for A 4 EUR", "needs --item"),
        ("--for A --item Tea 4 --for A 4 EUR", "before the first --item"),
        ("--item Tea 4 4 EUR", "--for after --item \"Tea\" says who shares it"),
        ("--item Tea --for A 4 EUR", ""),
        ("--split thirds --for A 4 EUR", "thirds"),
        ("--for A 4 EUR --db flat.db", "--db"),
    ] {
        let message = split(arguments).failed(2);
        assert!(message.contains(words), "{arguments}: {message}");
    }
}

/// Anna's ledger with Ben, Cleo, and somebody whose name looks like an option's value.
fn flat() -> Desk {
    let desk = Desk::new();
    let people = ["--me", "Anna", "--with", "Ben", "--with", "Cleo", "--with", "x=2"];
    desk.run("new", &[&people[..], &["Flat"]].concat()).ok();
    desk
}

/// Payers and shares of the last expense, as `Anna 600 | Anna 300, Ben 300`.
fn last(desk: &Desk) -> String {
    let row = desk.run("expenses", &["--json", "--limit", "1"]).json()[0].clone();
    let parts = |key: &str| {
        let mut parts: Vec<String> = row[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| format!("{} {}", part["member"].as_str().unwrap(), part["minor_units"]))
            .collect();
        parts.sort();
        parts.join(", ")
    };
    format!("{} | {}", parts("payers"), parts("shares"))
}

#[test]
fn an_expense_is_recorded_with_any_split_and_several_payers() {
    let desk = flat();
    for (arguments, expected) in [
        ("Rent 12 EUR", "Anna 1200 | Anna 300, Ben 300, Cleo 300, x=2 300"),
        ("Rent 9 EUR --for x=2 --for Ben --by Ben", "Ben 900 | Ben 450, x=2 450"),
        ("Rent 9 EUR --split weights --for x=2=2 --for Ben", "Anna 900 | Ben 300, x=2 600"),
        ("Rent 9 EUR --split percent --for Ben=100%", "Anna 900 | Ben 900"),
        ("Rent 9 EUR --split exact --for Ben=9 --for Cleo=0", "Anna 900 | Ben 900"),
        ("Rent 9 EUR --split adjust --for Ben --for Cleo=+1", "Anna 900 | Ben 400, Cleo 500"),
        ("Rent 9 EUR --by Ben=4 --by Anna=5 --for Ben", "Anna 500, Ben 400 | Ben 900"),
        ("Rent 9 EUR --by Ben=4 --by Anna --for Ben", "Anna 500, Ben 400 | Ben 900"),
        ("Rent 9 EUR --by Anna --by Ben=4 --for Ben", "Anna 500, Ben 400 | Ben 900"),
        // An item without --for is everybody's.
        (
            "Rent 9.90 EUR --item Tea 8 --item Cake 1 --for Ben --tax 0.90",
            "Anna 990 | Anna 220, Ben 330, Cleo 220, x=2 220",
        ),
    ] {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        desk.run("record", &arguments).ok();
        assert_eq!(last(&desk), expected, "{arguments:?}");
    }
    desk.run("record", &["Tea", "1", "EUR", "--date", "2026-11-30", "--note", "green"]).ok();
    let everything = desk.everything().to_string();
    assert!(everything.contains("green") && everything.contains("2026-11-30"));
    desk.run("verify-history", &[] as &[&str]).ok();
}

/// No two of them have an equal claim to an odd cent.
#[test]
fn record_shares_as_split_shows() {
    let desk = flat();
    let options = ["--for", "Cleo=1", "--for", "Ben=2", "--for", "Anna=4", "--split", "weights"];
    for (turn, amount) in [("0", "1"), ("1", "0.03"), ("2", "99.95"), ("3", "0.02")] {
        let shared = [&options[..], &["--turn", turn, amount, "EUR"]].concat();
        let json = split_with(&[&shared[..], &["--json"]].concat()).json();
        desk.run("record", &[&["Tea"], &shared[..]].concat()).ok();
        let shown = rows(&json);
        let mut shown: Vec<&str> = shown.split(", ").collect();
        shown.sort_unstable();
        let (_, shares) =
            last(&desk).split_once(" | ").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert_eq!(shares, shown.join(", "));
    }
}

/// Of an equal claim, `record` goes by the members' ids, as every device does (SPEC §9.1).
#[test]
fn an_odd_cent_goes_round_by_the_ids_of_members() {
    let desk = Desk::new();
    let names = ["Anna", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus"];
    let others = names[1..].iter().flat_map(|name| ["--with", name]);
    let arguments: Vec<&str> = ["--me", "Anna", "Flat"].into_iter().chain(others).collect();
    desk.run("new", &arguments).ok();
    let members = desk.run("members", &["--json"]).json();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let mut members: Vec<(String, String)> = members
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(row, "id"), text(row, "name")))
        .collect();
    members.sort();
    for (turn, (_, name)) in (0..).zip(members.iter().chain(&members[..2])) {
        let turn = format!("--turn={turn}");
        desk.run("record", &["Tea", "0.01", "EUR", &turn]).ok();
        assert_eq!(last(&desk), format!("Anna 1 | {name} 1"), "{turn}");
    }
    // Whom the options name, and in which order, makes no difference.
    let some: Vec<&str> = [4, 0, 2].iter().map(|at| members[*at].1.as_str()).collect();
    for (turn, at) in [("--turn=0", 0), ("--turn=1", 2), ("--turn=2", 4)] {
        let named = some.iter().flat_map(|name| ["--for", name]);
        let all: Vec<&str> = ["Tea", "0.01", "EUR", turn].into_iter().chain(named).collect();
        desk.run("record", &all).ok();
        assert_eq!(last(&desk), format!("Anna 1 | {} 1", members[at].1), "{turn}");
    }
}

/// Whoever takes the name `Ben=2` gets nothing that is meant for Ben.
#[test]
fn a_name_that_reads_like_a_part_is_refused_where_two_members_could_be_meant() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Zoe", "--with", "Ben", "Flat"]).ok();
    let record =
        |arguments: &str| desk.run("record", &arguments.split_whitespace().collect::<Vec<_>>());
    let by_weights = "Rent 9 EUR --split weights --for Ben=2 --for";
    record(&format!("{by_weights} Zoe")).ok();
    assert_eq!(last(&desk), "Zoe 900 | Ben 600, Zoe 300");
    desk.run("rename", &["Ben=2", "--yes"]).ok();
    let before = desk.everything();
    for arguments in ["Tea 9 EUR --split weights --for Ben=2", "Tea 9 EUR --by Ben=2 --by Ben"] {
        let message = record(arguments).failed(2);
        assert!(
            message.contains("write \"Ben=2=\" for the first, \"Ben=02\" for the second"),
            "{message}"
        );
    }
    assert_eq!(desk.everything(), before);
    record("Rent 9 EUR --split weights --for Ben=02 --for Ben=2= --by Ben=02 --by Ben=2=").ok();
    assert_eq!(last(&desk), "Ben 200, Ben=2 700 | Ben 600, Ben=2 300");
    record("Rent 9 EUR --split weights --for Ben=2=3 --for Ben").ok();
    assert_eq!(last(&desk), "Ben=2 900 | Ben 225, Ben=2 675");
    desk.run("rename", &["Ben=+1", "--yes"]).ok();
    let message = record("Tea 9 EUR --split adjust --for Ben=+1").failed(2);
    assert!(message.contains("\"Ben=+01\" for the second"), "{message}");
    record("Tea 9 EUR --split adjust --for Ben=+01 --for Ben=+1=").ok();
    assert_eq!(last(&desk), "Ben=+1 900 | Ben 500, Ben=+1 400");
    let empty = record("Tea 9 EUR --for Ben=").failed(2);
    assert!(empty.contains("no value behind the ="), "{empty}");
}

#[test]
fn what_cannot_be_recorded_records_nothing() {
    let desk = flat();
    let before = desk.everything();
    for (arguments, words) in [
        ("Tea 5 EUR --by Ben=4.99", "the payers paid 4.99, 0.01 less than 5.00"),
        ("Tea 5 EUR --by Ben=4 --by Anna=2", "the payers paid 6.00, 1.00 more than 5.00"),
        ("Tea 5 EUR --by Ben=5 --by Anna", "paid 5.00 of 5.00, so Anna paid nothing"),
        ("Tea 5 EUR --by Ben --by Anna", "only one payer can pay the rest"),
        ("Tea 5 EUR --by Ben=3 --by Ben", "Ben is listed twice among the payers"),
        ("Tea 5 EUR --by Ben=5 --by Anna=0", "Anna paid nothing"),
        ("Tea 5 EUR --by Zoe=5", "\"Zoe\" is no member"),
        ("Tea 5 EUR --split exact --for Ben=4.99", "4.99, 0.01 less than 5.00"),
        ("Tea 5 EUR --split weights --for Zoe=2", "\"Zoe\" is no member"),
        ("Tea 5 EUR --tax 1", "--tax has no effect"),
        ("Tea 5 EUR --for Ben --for Ben", "Ben is listed twice"),
    ] {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let message = desk.run("record", &arguments).failed(2);
        assert!(message.contains(words), "{arguments:?}: {message}");
    }
    assert_eq!(desk.everything(), before);
}
