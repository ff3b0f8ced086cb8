//! Exported files: they come back whole, and are checked against the ledger.

use serde_json::{Value, json};

use crate::common::{Desk, Run, table, text, to_csv};

/// Members A, B and C with a row of each kind.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.run("new", &["--me", "A", "--with", "B", "--with", "C", "Flat"]).ok();
    let payers = ["--by", "A=5", "--by", "B=4"];
    let shares = ["--split", "exact", "--for", "A=1", "--for", "B=7", "--for", "C=1"];
    let texts = ["--note", "=note, \"x\"\n2nd", "--tag", "food", "--tag", "a,b\\c"];
    let row = ["--category", "+1", "multi payer", "9", "EUR"];
    desk.run("record", &[&payers[..], &shares, &texts, &row].concat()).ok();
    for row in [
        &["--split", "weights", "--for", "B=2", "--for", "C=3", "=HYPERLINK(\"x\")", "10", "USD"][..],
        &["--split", "percent", "--for", "A=33.5%", "--for", "B=66.5%", "@SUM(A1)", "10.01", "EUR"],
        &["--split", "adjust", "--for", "A=+2", "--for", "B", "adjusted", "9", "EUR"],
        &["--refund", "Deposit", "5", "EUR"],
        &[
            "--item", "pizza", "5", "--for", "A", "--for", "B=2", "--item", "cola", "3", "--for",
            "C", "--tip", "1", "items", "9", "EUR",
        ],
        &["--currency-paid", "12.34", "USD", "abroad", "11", "EUR"],
        &["beer", "4", "beers/0"],
    ] {
        desk.run("record", row).ok();
    }
    desk.run("pay", &["B", "3", "EUR"]).ok();
    desk
}

fn export(desk: &Desk, format: &str) -> String {
    desk.run("export", &["--format", format]).ok()
}

fn import(desk: &Desk, name: &str, content: &str) -> Run {
    let file = desk.file(name, content);
    desk.run("import", &[text(&file), "--json"])
}

/// The rows of a table without the columns in which another group differs: entries and origins.
fn without_ids(csv: &str) -> Vec<Vec<String>> {
    let rows = table(csv.as_bytes());
    let is_id = |place: usize| ["Entry", "Origin"].contains(&rows[0][place].as_str());
    let keep = |row: &Vec<String>| {
        let fields = row.iter().enumerate().filter(|(place, _)| !is_id(*place));
        fields.map(|(_, field)| field.clone()).collect()
    };
    rows.iter().map(keep).collect()
}

/// A row of a table by its description, and a column of it by name.
fn field(csv: &str, description: &str, column: &str) -> String {
    let rows = table(csv.as_bytes());
    let row = rows.iter().find(|row| row[1] == description).unwrap();
    let place = rows[0].iter().position(|name| name == column).unwrap();
    row[place].clone()
}

#[test]
fn the_import_of_an_export_is_a_fixed_point() {
    let desk = desk();
    let csv = export(&desk, "csv");
    for format in ["csv", "json"] {
        let file = export(&desk, format);
        // In the group that has the entries, every row is known.
        let report = import(&desk, "own", &file).json();
        assert_eq!((&report["added"], &report["known"]), (&json!(0), &json!(9)), "{format}");
        // Elsewhere it comes back whole, once.
        let other = Desk::new();
        for added in [9, 0] {
            let report = import(&other, "other", &file).json();
            assert_eq!(report["added"], added, "{format}");
        }
        assert_eq!(other.balances(), desk.balances());
        let again = export(&other, "csv");
        assert_eq!(without_ids(&again), without_ids(&csv), "{format}");
        // And nothing of it is new where it came from, whichever way it goes back.
        for format in ["csv", "json"] {
            let report = import(&desk, "back", &export(&other, format)).json();
            assert_eq!((&report["added"], &report["members_added"]), (&json!(0), &json!(0)));
        }
        assert_eq!(export(&desk, "csv"), csv);
    }
}

/// `shared/cases/csv-roundtrip-payers`, and three more: a refund of two receivers, a payer without a share, and
/// shares that no rule gives.
#[test]
fn payers_and_shares_come_back() {
    let desk = Desk::new();
    desk.run("new", &["--me", "A", "--with", "B", "--with", "C", "Flat"]).ok();
    for row in [
        &[
            "--by",
            "A=5",
            "--by",
            "B=4",
            "--split",
            "exact",
            "--for",
            "A=1",
            "--for",
            "B=7",
            "--for",
            "C=1",
            "multi payer",
            "9",
            "EUR",
        ][..],
        &["--refund", "--by", "A=2", "--by", "C=3", "--for", "B", "--for", "C", "back", "5", "EUR"],
        &["--by", "C", "--for", "A", "--for", "B", "treat", "7", "EUR"],
        &[
            "--by",
            "A=1",
            "--by",
            "B=1",
            "--by",
            "C=1",
            "--for",
            "A",
            "--for",
            "B",
            "--for",
            "C",
            "no effect",
            "3",
            "EUR",
        ],
    ] {
        desk.run("record", row).ok();
    }
    // Under the name of Splitwise, whose layout it has in front, the file is read whole, too.
    let other = Desk::with(&export(&desk, "csv"));
    let parts = |desk: &Desk| -> Vec<Value> {
        let rows = desk.run("expenses", &["--json"]).json();
        let rows = rows.as_array().unwrap().iter();
        let side = |row: &Value, name: &str| {
            let mut side: Vec<String> =
                row[name].as_array().unwrap().iter().map(Value::to_string).collect();
            side.sort();
            side
        };
        let mut rows: Vec<Value> = rows
            .map(|row| json!([row["description"], side(row, "payers"), side(row, "shares")]))
            .collect();
        rows.sort_by_key(Value::to_string);
        rows
    };
    assert_eq!(parts(&other), parts(&desk));
}

/// `shared/cases/csv-formula`, and three more: in a name, a note and a tag.
#[test]
fn texts_that_a_spreadsheet_would_run_are_neutral_and_come_back() {
    let file = "Date,Description,Category,Cost,Currency,Ann,=1+2\n\
        2026-01-01,\"=HYPERLINK(\"\"http://example.org\"\",\"\"x\"\")\",+1,4.00,EUR,2.00,-2.00\n\
        2026-01-02,@SUM(A1),-1+1,4.00,EUR,2.00,-2.00\n";
    let desk = Desk::with(file);
    desk.run("record", &["--note", "=1+1", "--tag", "@x", "--", "\t=1", "4", "EUR"]).ok();
    desk.run("record", &["--", "'=quoted", "4", "EUR"]).ok();
    let csv = export(&desk, "csv");
    for row in table(csv.as_bytes()) {
        for field in row {
            let is_number = field.trim_start_matches('-').parse::<f64>().is_ok();
            assert!(is_number || !field.starts_with(['=', '+', '-', '@', '\t', '\r']), "{field:?}");
        }
    }
    assert!(csv.contains("'=1+2"), "{csv}");
    let other = Desk::new();
    import(&other, "other.csv", &csv).json();
    assert_eq!(without_ids(&export(&other, "csv")), without_ids(&csv));
    let shown = other.run("expenses", &["--json"]).json().to_string();
    for text in
        ["\"=HYPERLINK(", "\"+1\"", "\"-1+1\"", "\"'=quoted\"", "\"=1+1\"", "\"@x\"", "\"\\t=1\""]
    {
        assert!(shown.contains(text), "{text} {shown}");
    }
}

#[test]
fn rows_of_another_program_keep_their_origin_through_an_export() {
    let file = "Date,Description,Category,Cost,Currency,Ann,Ben\n\
                2026-01-01,Tea,Food,4.00,EUR,2.00,-2.00\n\
                2026-01-02,Cake,Food,6.00,EUR,3.00,-3.00\n";
    let desk = Desk::with(file);
    // Also of a row that somebody corrected.
    let rows = desk.run("expenses", &["--json"]).json();
    let id = rows[0]["id"].as_str().unwrap().to_owned();
    desk.run("correct", &[&id, "--description", "Pie"]).ok();
    for format in ["csv", "json"] {
        let other = Desk::new();
        import(&other, "export", &export(&desk, format)).json();
        let report = other.import_with(&other.file("group.csv", file), &["--json"]).json();
        assert_eq!((&report["added"], &report["known"]), (&json!(0), &json!(2)), "{format}");
    }
}

#[test]
fn a_successor_exports_the_balances_with_which_it_began() {
    let desk = desk();
    desk.run("successor", &["House"]).ok();
    let of_house =
        |format: &str| desk.run("export", &["--group", "House", "--format", format]).ok();
    desk.run("record", &["--group", "House", "rent", "9", "EUR"]).ok();
    let csv = of_house("csv");
    assert_eq!(field(&csv, "rent", "Kind"), "expense");
    assert_eq!(field(&csv, "Opening balance", "Kind"), "opening");
    for format in ["csv", "json"] {
        let own = desk.file("own", of_house(format));
        let house = ["--into", "House", "--json"];
        let report = desk.run("import", &[&[text(&own)][..], &house].concat()).json();
        assert_eq!((&report["added"], &report["in_opening"]), (&json!(0), &json!(3)), "{format}");
        // Rows of the old group are in those balances, by their entries.
        let old = desk.run("export", &["--group", "Flat", "--format", format]).ok();
        let old = desk.file("old", old);
        let report = desk.run("import", &[&[text(&old)][..], &house].concat()).json();
        assert_eq!((&report["added"], &report["in_opening"]), (&json!(0), &json!(9)), "{format}");
        let other = Desk::new();
        import(&other, "other", &of_house(format)).json();
        let balances = desk.run("balances", &["--group", "House", "--json"]).json();
        assert_eq!(other.balances(), crate::common::balances_of(&balances));
        let said = desk.run("verify-export", &["--group", "House", text(&own)]).ok();
        assert!(said.contains("all 4 rows are as in the ledger"), "{said}");
    }
}

#[test]
fn a_file_is_checked_against_the_ledger() {
    let desk = desk();
    let mut rows = table(export(&desk, "csv").as_bytes());
    let verify = |content: &[u8]| {
        let file = desk.file("file", content);
        desk.run("verify-export", &[text(&file)])
    };
    assert!(verify(&to_csv(&rows)).ok().contains("all 9 rows are as in the ledger"));
    // Altered: a description and a note; missing: a row; more: a row without an entry.
    let place =
        |rows: &[Vec<String>], text: &str| rows.iter().position(|row| row[1] == text).unwrap();
    let column = |rows: &[Vec<String>], name: &str| rows[0].iter().position(|c| c == name).unwrap();
    let (note, entry) = (column(&rows, "Note"), column(&rows, "Entry"));
    let row = place(&rows, "abroad");
    (rows[row][1], rows[row][note]) = ("at home".to_owned(), "new".to_owned());
    rows.remove(place(&rows, "items"));
    let row = place(&rows, "adjusted");
    rows[row][entry] = String::new();
    let said = verify(&to_csv(&rows)).failed(1);
    for part in [
        "4 differences",
        "description: \"at home\" in the file, \"abroad\" in the ledger; note: \"new\" in the file",
        "items 9.00 EUR is in the ledger only",
        "adjusted 9.00 EUR is in the file only",
        "adjusted 9.00 EUR is in the ledger only",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // A later change of the ledger shows in an old file.
    let old = export(&desk, "json");
    let rows = desk.run("expenses", &["--json"]).json();
    let id =
        rows.as_array().unwrap().iter().find(|row| row["description"] == "abroad").unwrap()["id"]
            .clone();
    desk.run("cancel", &[id.as_str().unwrap()]).ok();
    let said = verify(old.as_bytes()).failed(1);
    assert!(said.contains("1 differences"), "{said}");
    assert!(said.contains("abroad 11.00 EUR is in the file only"), "{said}");
    let file = desk.path("file");
    let report = desk.run("verify-export", &["--json", text(&file)]);
    let report: Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(report["differences"][0]["kind"], "more");
    // Another program's file is named.
    let said = verify(b"Date,Description,Category,Cost,Currency,Ann,Ben\n").failed(1);
    assert!(said.contains("no export of that program"), "{said}");
}

#[test]
fn an_export_is_written_whole_or_not_at_all() {
    let desk = desk();
    for format in ["csv", "json", "hledger", "beancount", "splitwise"] {
        let file = desk.path(&format!("out.{format}"));
        desk.run("export", &["--format", format, "--to", text(&file)]).ok();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), export(&desk, format));
        let refused = desk.run("export", &["--format", format, "--to", text(&file)]).failed(2);
        assert!(refused.contains("exists already"), "{refused}");
        desk.run("export", &["--format", format, "--to", text(&file), "--force"]).ok();
    }
    for own in [desk.db(), desk.path("flat.db.keys"), desk.path("flat.db-wal")] {
        let arguments = ["--format", "csv", "--to", text(&own), "--force"];
        let refused = desk.run("export", &arguments).failed(2);
        assert!(refused.contains("holds the database or its keys"), "{refused}");
    }
}

#[test]
fn the_json_export_is_as_its_schema_says() {
    let schema = include_str!("../../../docs/export.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let desk = desk();
    let rows = desk.run("expenses", &["--json"]).json();
    let id = |at: usize| rows[at]["id"].as_str().unwrap().to_owned();
    desk.run("correct", &[&id(1), "--description", "Pie"]).ok();
    desk.run("cancel", &[&id(2)]).ok();
    desk.run("confirm", &[&id(3)]).ok();
    let mut export = desk.everything();
    check(&schema, &schema, &export, "");
    check(&schema, &schema, &Desk::with_sample().everything(), "");
    // The check can fail.
    export["transactions"][0]["minor_units"] = json!("9");
    assert!(std::panic::catch_unwind(|| check(&schema, &schema, &export, "")).is_err());
}

/// Checks a value against the words of JSON Schema that ours uses. An object has no other properties than
/// those of its schema.
fn check(root: &Value, schema: &Value, value: &Value, place: &str) {
    for word in schema.as_object().unwrap().keys() {
        let known = [
            "$schema",
            "$id",
            "$defs",
            "$ref",
            "title",
            "description",
            "type",
            "properties",
            "required",
            "additionalProperties",
            "items",
            "enum",
            "pattern",
        ];
        assert!(known.contains(&word.as_str()), "{word} of {place} is not checked");
    }
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.strip_prefix("#/$defs/").unwrap();
        return check(root, &root["$defs"][name], value, place);
    }
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    };
    match &schema["type"] {
        Value::String(name) => assert!(is(name), "{place}: {value} is no {name}"),
        Value::Array(names) => {
            assert!(names.iter().any(|name| is(name.as_str().unwrap())), "{place}: {value}");
        }
        _ => {}
    }
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{place}: {value} is none of {values:?}");
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
        let length: usize =
            pattern.trim_start_matches("^[0-9a-f]{").trim_end_matches("}$").parse().unwrap();
        let is_hex =
            text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        assert!(is_hex && text.len() == length, "{place}: {text}");
    }
    if let Some(fields) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(fields.contains_key(name.as_str().unwrap()), "{place} lacks {name}");
        }
        for (name, field) in fields {
            let other = &schema["additionalProperties"];
            let of = schema["properties"].get(name).unwrap_or(other);
            assert!(of.is_object(), "{place}/{name} is not in the schema");
            check(root, of, field, &format!("{place}/{name}"));
        }
    }
    for (place_of, item) in value.as_array().into_iter().flatten().enumerate() {
        check(root, &schema["items"], item, &format!("{place}/{place_of}"));
    }
}
