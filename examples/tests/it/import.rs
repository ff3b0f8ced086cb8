//! `ledger import`: rows that are added, rows that are known already, and refused files.

use serde_json::{Value, json};

use crate::common::{Balances, Desk, add_member, sample, table, text, to_csv, totals};

const HEADER: &str = "Date,Description,Category,Cost,Currency,Ann,Ben\n";
const GOOD: &str = "2026-01-01,Tea,Food,4.20,EUR,2.10,-2.10\n";

fn sample_rows() -> Vec<Vec<String>> {
    table(&std::fs::read(sample()).unwrap())
}

/// Counts of added and known rows in the output of `--json`.
fn added_and_known(report: &Value) -> (u64, u64) {
    (report["added"].as_u64().unwrap(), report["known"].as_u64().unwrap())
}

/// Without what Splitwise puts behind the names of people who left.
fn plain_names(balances: Balances) -> Balances {
    let plain = |name: String| name.trim_end_matches(" (removed)").to_owned();
    balances.into_iter().map(|((code, name), units)| ((code, plain(name)), units)).collect()
}

#[test]
fn the_balances_are_the_closing_totals_to_the_cent() {
    let desk = Desk::with_sample();
    let expected = plain_names(totals(&sample_rows()));
    assert_eq!(expected.len(), 15, "three currencies, five people");
    assert_eq!(desk.balances(), expected);
}

#[test]
fn the_same_file_again_adds_nothing() {
    let desk = Desk::new();
    let first = desk.import_with(&sample(), &["--json"]).json();
    let rows = sample_rows().len() as u64 - 1 - 3;
    assert_eq!(added_and_known(&first), (rows, 0));
    assert_eq!(first["members_added"], 4);
    assert_eq!(first["currencies_matching"], json!(["EUR", "JPY", "KWD"]));
    assert_eq!(first["currencies_differing"], json!([]));
    let before = desk.everything();
    let second = desk.import_with(&sample(), &["--json"]).json();
    assert_eq!(added_and_known(&second), (0, rows));
    assert_eq!((&second["members_added"], &second["inferred"]), (&json!(0), &json!([])));
    assert_eq!(desk.everything(), before);
    assert_eq!(before["entries"].as_array().unwrap().len() as u64, 5 + rows);
}

#[test]
fn an_updated_export_adds_only_its_new_rows() {
    let desk = Desk::with_sample();
    let mut rows = sample_rows();
    let known = rows.len() as u64 - 4;
    add_member(&mut rows, "Nora");
    let lena = rows[0].iter().position(|name| name == "Lena").unwrap();
    rows[0][lena] = "Lena (removed)".to_owned();
    let closing = rows.iter().position(|row| row[1] == "Total balance").unwrap();
    let new = [
        [
            "2026-01-01",
            "Nora's party",
            "Food",
            "30.00",
            "EUR",
            "-10.00",
            "0",
            "0",
            "-10.00",
            "0",
            "20.00",
        ],
        [
            "2026-01-02",
            "Anna paid Nora",
            "Payment",
            "5.00",
            "EUR",
            "5.00",
            "0",
            "0",
            "0",
            "0",
            "-5.00",
        ],
    ];
    for (at, row) in new.iter().enumerate() {
        rows.insert(closing + at, row.map(str::to_owned).to_vec());
    }
    let euros = rows.iter().position(|row| row[1] == "Total balance" && row[4] == "EUR").unwrap();
    assert_eq!(rows[euros][5..].join(" "), "402.68 254.21 -452.88 -204.01 0.00 0");
    for (at, cell) in [(5, "397.68"), (8, "-214.01"), (10, "15.00")] {
        rows[euros][at] = cell.to_owned();
    }
    let file = desk.file("update.csv", to_csv(&rows));
    let report = desk.import_with(&file, &["--json"]).json();
    assert_eq!(added_and_known(&report), (2, known));
    assert_eq!(report["members_added"], 1);
    assert_eq!(report["currencies_differing"], json!([]));
    assert_eq!(plain_names(desk.balances()), plain_names(totals(&rows)));
    assert_eq!(desk.balances().len(), 18, "nobody was added twice");
    // The old file is older than the ledger now: what it lacks is told, and nothing changes.
    let before = desk.everything();
    let message = desk.import(&sample()).failed(1);
    assert!(message.contains("0 rows are new"), "{message}");
    assert!(message.contains("0 changed, 2 gone"), "{message}");
    let report = desk.import_with(&sample(), &["--json", "--add-anyway"]).json();
    assert_eq!(added_and_known(&report), (0, known));
    assert_eq!(report["currencies_differing"], json!(["EUR"]));
    assert_eq!(desk.everything(), before);
}

#[test]
fn an_export_imported_again_gives_the_same_balances() {
    let desk = Desk::with_sample();
    let exported = desk.run("export", &["--format", "splitwise"]).ok();
    assert_eq!(totals(&table(exported.as_bytes())), plain_names(totals(&sample_rows())));
    let other = Desk::with(&exported);
    assert_eq!(other.balances(), desk.balances());
    let again = other.run("export", &["--format", "splitwise"]).ok();
    assert_eq!(again, exported);
}

#[test]
fn people_of_one_name_stay_apart() {
    let csv = "Date,Description,Category,Cost,Currency,Alex,Sam,Alex,Alex (2)\n\
               2026-01-01,Tea,,8.00,EUR,6.00,-2.00,-3.00,-1.00\n\
               2026-01-01,Tea,,8.00,EUR,6.00,-2.00,-3.00,-1.00\n";
    let desk = Desk::with(csv);
    let euros = |name: &str, units| (("EUR".to_owned(), name.to_owned()), units);
    let expected: Balances =
        [euros("Alex", 1200), euros("Sam", -400), euros("Alex (3)", -600), euros("Alex (2)", -200)]
            .into();
    assert_eq!(desk.balances(), expected);
    let report = desk.import_with(&desk.path("group.csv"), &["--json"]).json();
    assert_eq!(added_and_known(&report), (0, 2), "equal rows are two rows");
    let other = Desk::new();
    other.import_with(&desk.path("group.csv"), &["--me", "Alex"]).ok();
    assert_eq!(other.balances(), expected);
}

#[test]
fn whoever_imports_can_be_any_column() {
    let desk = Desk::new();
    let out = desk.import_with(&sample(), &["--me", "Lena", "--name", "Flat 3"]).ok();
    assert!(!out.contains("You are"), "{out}");
    let all = desk.everything();
    assert_eq!(all["group"]["name"], "Flat 3");
    assert_eq!(all["members"][0]["name"], "Lena");
    assert_eq!(all["members"][0]["placeholder"], false);
    assert_eq!(desk.balances(), plain_names(totals(&sample_rows())));
}

#[test]
fn a_bad_file_is_refused_with_its_place_and_imports_nothing() {
    let long = "x".repeat(5000);
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "line 1: the file is empty"),
        ("Datum,Text\n".to_owned(), "line 1, column 1 (Datum): "),
        ("Date,Description,Category,Cost,Currency\n".to_owned(), "line 1: no member"),
        (format!("{HEADER}{GOOD}2026-02-30,Tea,,1,EUR,1,-1\n"), "line 3, column 1 (Date): "),
        (format!("{HEADER}{GOOD}01.02.2026,Tea,,1,EUR,1,-1\n"), "line 3, column 1 (Date): "),
        (
            format!("{HEADER}{GOOD}2026-01-02,{long},,1,EUR,1,-1\n"),
            "line 3, column 2 (Description): ",
        ),
        (format!("{HEADER}{GOOD}2026-01-02,Tea,,\"1,5\",EUR,1,-1\n"), "line 3, column 4 (Cost): "),
        (format!("{HEADER}{GOOD}2026-01-02,Tea,,-1,EUR,2,-2\n"), "line 3, column 4 (Cost): "),
        (format!("{HEADER}{GOOD}2026-01-02,Tea,,1,EUR,2,-2\n"), "line 3, column 4 (Cost): "),
        (format!("{HEADER}{GOOD}2026-01-02,Tea,,1,XYZ,1,-1\n"), "line 3, column 5 (Currency): "),
        (format!("{HEADER}{GOOD}2026-01-02,Tea,,1,JPY,0.5,-0.3\n"), "line 3: the members' numbers"),
        (format!("{HEADER}{GOOD}2026-01-02,Tea,,1,EUR,1,NaN\n"), "line 3, column 7 (Ben): "),
        (format!("{HEADER}{GOOD}2026-01-02,Tea,,1,EUR,1,-0.99\n"), "line 3: the members' numbers"),
        (format!("{HEADER}{GOOD}2026-01-02,Tea,,1,EUR,1\n"), "line 3: the row has 6 fields"),
        (format!("{HEADER}{GOOD}2026-01-02,\"Tea,,1,EUR,1,-1\n"), "line 3: a quotation mark"),
        (format!("{HEADER}{GOOD},Total balance,,,EUR,2.10,-2.11\n"), "line 3, column 7 (Ben): "),
    ];
    let full = Desk::with(&format!("{HEADER}{GOOD}"));
    let before = (full.everything(), std::fs::read(full.db()).unwrap());
    for (csv, place) in cases {
        let desk = Desk::new();
        let file = desk.file("bad.csv", &csv);
        let message = desk.import(&file).failed(1);
        assert!(message.starts_with(&format!("ledger: {}: {place}", file.display())), "{message}");
        assert!(message.ends_with("\nNothing was imported.\n"), "{message}");
        assert_eq!(desk.files(), ["bad.csv"], "neither a database nor keys: {place}");
        full.import(&file).failed(1);
    }
    assert_eq!((full.everything(), std::fs::read(full.db()).unwrap()), before);
    let desk = Desk::new();
    let message = desk.import(&desk.file("bad.csv", b"D\0a\0")).failed(1);
    assert!(message.contains("line 1: the file is not UTF-8"), "{message}");
    assert_eq!(desk.files(), ["bad.csv"]);
}

/// Ann and Ben, who imported one file before they met again. Ben's row stands first in the order, and
/// is for somebody else: he calls himself Ben, and Ann does not know it, so that for her the file's Ben
/// is a person of his own.
fn two_importers() -> (Desk, Desk) {
    let (ann, ben) = (Desk::new(), Desk::new());
    ann.run("new", &["--me", "Ann", "Flat"]).ok();
    let link = ann.run("invite", &["--no-approval"]).ok();
    let (request, welcome) = (ann.path("request"), ann.path("welcome"));
    ben.run("join", &["--name", "Benedict", link.trim(), text(&request)]).ok();
    ann.run("admit", &[text(&request), text(&welcome)]).ok();
    ben.run("enter", &[text(&welcome)]).ok();
    ben.run("rename", &["--yes", "Ben"]).ok();
    for _ in 0..9 {
        ann.run("record", &["Milk", "3", "EUR"]).ok();
    }
    for desk in [&ann, &ben] {
        let file = desk.file("group.csv", format!("{HEADER}{GOOD}"));
        desk.import_with(&file, &["--into", "Flat"]).ok();
    }
    meet(&ben, &ann);
    meet(&ann, &ben);
    (ann, ben)
}

fn meet(from: &Desk, to: &Desk) {
    let bundle = from.path("bundle");
    from.run("bundle export", &["--force", text(&bundle)]).ok();
    to.run("bundle import", &[text(&bundle)]).ok();
}

/// The id of the row, as a desk names it.
fn tea(desk: &Desk) -> String {
    let rows = desk.run("expenses", &["--json", "--limit", "50"]).json();
    let row = rows.as_array().unwrap().iter().find(|row| row["date"] == "2026-01-01");
    row.unwrap()["id"].as_str().unwrap()[..12].to_owned()
}

#[test]
fn a_change_of_a_row_that_two_imported_is_told_against_what_was_shown() {
    let (ann, ben) = two_importers();
    let id = tea(&ann);
    let said = ann.run("correct", &[&id, "--amount", "6"]).ok();
    assert!(said.contains("the amount was 4.20 EUR, is 6.00 EUR"), "{said}");
    let differences = |desk: &Desk, id: &str| {
        let history = desk.run("history", &["--json", id]).json();
        let last = history["versions"].as_array().unwrap().last().unwrap().clone();
        let found = last["differences"].as_array().unwrap().clone();
        found.iter().map(|one| one["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    meet(&ann, &ben);
    assert_eq!(differences(&ann, &id), ["total", "paid", "share", "share"]);
    assert_eq!(differences(&ben, &tea(&ben)), ["total", "paid", "share", "share"]);
    let shown = || ben.run("expenses", &["--json", "--limit", "50"]).json();
    let before = shown();
    let undone = ann.run::<&str>("undo", &[]).ok();
    assert!(undone.contains("it is Tea, 4.20 EUR of 2026-01-01 again"), "{undone}");
    assert!(!undone.contains("share of Ben was 0.00"), "{undone}");
    meet(&ann, &ben);
    assert_ne!(shown(), before);
    let history = ben.run("history", &["--json", &tea(&ben)]).json();
    let versions = history["versions"].as_array().unwrap();
    let details = |place: usize| {
        let mut details = versions[place]["details"].clone();
        details.as_object_mut().unwrap().remove("origin");
        details
    };
    assert_eq!(
        details(3),
        details(0),
        "back to what was shown, not to what came first on her desk"
    );
    assert_ne!(details(3), details(1));
}

#[test]
fn an_import_of_a_row_that_others_imported_is_not_undone_for_them() {
    let (ann, ben) = two_importers();
    let before = (ann.balances(), ben.balances());
    assert_eq!(before.0, before.1);
    for (desk, other) in [(&ann, "Ben"), (&ben, "Ann")] {
        let message = desk.run::<&str>("undo", &[]).failed(1);
        assert!(message.contains(&format!("is what {other}")), "{message}");
        assert!(message.contains(" recorded as well"), "{message}");
        assert!(message.contains("`ledger cancel "), "{message}");
    }
    assert_eq!((ann.balances(), ben.balances()), before);
    ben.run("cancel", &[&tea(&ben)]).ok();
    let message = ann.run::<&str>("undo", &[]).failed(1);
    assert!(message.contains("recorded as well"), "{message}");
    // Whoever is alone with a row takes it back.
    let alone = Desk::new();
    alone.run("new", &["--me", "Ann", "Flat"]).ok();
    alone.import(&alone.file("group.csv", format!("{HEADER}{GOOD}"))).ok();
    let undone = alone.run::<&str>("undo", &[]).ok();
    assert!(undone.contains(": cancelled by entry "), "{undone}");
}

#[test]
fn a_row_that_was_cancelled_is_told_apart_and_restored_only_by_hand() {
    let desk = Desk::new();
    let more = "2026-01-02,Cake,Food,6.00,EUR,3.00,-3.00\n";
    let file = desk.file("group.csv", format!("{HEADER}{GOOD}{more}"));
    desk.import(&file).ok();
    let before = desk.balances();
    let row = desk.run("expenses", &["--json"]).json()[0].clone();
    assert_eq!(row["description"], "Cake");
    let id = row["id"].as_str().unwrap();
    desk.run("cancel", &[id]).ok();
    let entries = desk.everything()["entries"].as_array().unwrap().len();
    let report = desk.import_with(&file, &["--json"]).json();
    assert_eq!(added_and_known(&report), (0, 1));
    assert_eq!(report["cancelled"], json!([{ "line": 3, "id": id }]));
    assert_eq!(report["currencies_differing"], json!(["EUR"]));
    let said = desk.import(&file).ok();
    assert!(said.contains("0 rows added, 1 known already"), "{said}");
    assert!(said.contains("1 rows are cancelled in the ledger and stay so: line 3 ("), "{said}");
    assert!(said.contains("differ from the file's: rows of it are cancelled"), "{said}");
    assert_eq!(desk.everything()["entries"].as_array().unwrap().len(), entries);
    desk.run("restore", &[id]).ok();
    let report = desk.import_with(&file, &["--json"]).json();
    assert_eq!((added_and_known(&report), &report["cancelled"]), ((0, 2), &json!([])));
    assert_eq!(desk.balances(), before);
}

/// Names prove nothing, so a program learns whom a person should look at.
#[test]
fn the_report_names_people_who_are_known_by_name_only() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Ann", "--with", "Ben", "--with", "Cy", "--with", "Cy", "Flat"]).ok();
    let csv = "Date,Description,Category,Cost,Currency,Ann,Ben,Cy,Dan\n\
               2026-01-01,Hut,Hotel,90.00,EUR,60.00,-30.00,-15.00,-15.00\n";
    let report = desk.import_with(&desk.file("group.csv", csv), &["--json"]).json();
    let names = |field: &str| -> Vec<String> {
        let rows = report[field].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (names("matched_by_name"), report["members_added"].as_u64()),
        (vec!["Ben".into()], Some(2))
    );
    let [added] = names("ambiguous").try_into().unwrap();
    assert!(added.starts_with("Cy"), "{added}");
    let id = report["ambiguous"][0]["id"].as_str().unwrap();
    let members = desk.run("members", &["--json"]).json();
    let member = members.as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(member["name"], added.as_str());
}

#[test]
fn a_file_of_another_program_is_recognised_and_said() {
    let desk = Desk::new();
    let bills = "date,what,bill_type,amount,currency,payer_name,payer_weight,owers\n\
                 2026-01-01,tea,Expense,4.0,XXX,Ann,1.0,\"Ann, Ben\"\n";
    let file = desk.file("bills.csv", bills);
    let said = desk.run("import", &[text(&file)]).failed(1);
    assert!(
        said.contains("\"XXX\" names no currency; name that of the file, such as --currency EUR")
    );
    let said = desk.run("import", &["--currency", "EUR", text(&file)]).ok();
    assert!(said.contains("read as an export of ihatemoney"), "{said}");
    assert!(said.contains("the weights of people who never paid are not in the file"), "{said}");
    let report = desk.run("import", &["--currency", "EUR", "--json", text(&file)]).json();
    assert_eq!(added_and_known(&report), (0, 1));
    let said = desk.run("import", &[text(&desk.file("x.json", "{\"expenses\": []}"))]).failed(1);
    assert!(said.contains("this is a JSON file of an unknown program"), "{said}");
}
