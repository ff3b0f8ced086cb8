//! An import that is killed is finished by the same command.

use std::fmt::Write as _;
use std::path::Path;

use crate::common::{Balances, Desk, table, totals};

const ROWS: u64 = 20_000;

/// A long file with closing totals.
fn long_file() -> String {
    let mut csv = "Date,Description,Category,Cost,Currency,Ann,Ben,Cem\n".to_owned();
    let mut sums = [0i64; 3];
    for n in 0..ROWS {
        let (date, payer) = (2000 + n / 1000, (n % 3) as usize);
        let share = i64::try_from(n * 7919 % 5000).unwrap() + 1;
        let mut nets = [-share; 3];
        nets[payer] = 2 * share;
        sums.iter_mut().zip(nets).for_each(|(sum, net)| *sum += net);
        let cells = nets.map(decimal).join(",");
        let cost = decimal(3 * share);
        writeln!(csv, "{date}-01-{:02},Row {n},Food,{cost},EUR,{cells}", 1 + n % 28).unwrap();
    }
    writeln!(csv, "2026-01-01,Total balance, , ,EUR,{}", sums.map(decimal).join(",")).unwrap();
    csv
}

fn decimal(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// Bytes of the database and its log.
fn written(desk: &Desk) -> u64 {
    size(&desk.db()) + size(&desk.path("flat.db-wal"))
}

/// Imports, and kills the program once it has written so much more. Whether
/// it was killed before it ended.
fn import_and_kill(desk: &Desk, csv: &Path, more: u64) -> bool {
    let arguments = ["--format", "splitwise", csv.to_str().unwrap()];
    let before = written(desk);
    let mut child = desk.command("import", &arguments).spawn().unwrap();
    while written(desk) < before + more || !desk.db().exists() {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

#[test]
fn a_killed_import_is_finished_by_the_same_command() {
    let desk = Desk::new();
    let csv = desk.file("long.csv", long_file());
    let expected: Balances = totals(&table(&std::fs::read(&csv).unwrap()));
    let (mut killed, mut known) = (0, 0);
    for more in [0, 1, 5_000, 60_000, 200_000, 700_000, 1_500_000, 2_500_000] {
        killed += u64::from(import_and_kill(&desk, &csv, more));
        let run = desk.run("verify-history", &["--json"]);
        if run.code == Some(1)
            && (run.err.contains("no group yet") || run.err.contains("no database at"))
        {
            assert_eq!(known, 0, "what was there is there");
            continue;
        }
        let verified = run.json();
        assert_eq!(verified["problems"], serde_json::json!([]));
        let entries = verified["entries"].as_u64().unwrap();
        assert!(entries >= known, "{entries} after {known}");
        // The genesis entry, two people, and all rows: one transaction.
        assert_eq!(entries, ROWS + 3);
        known = entries;
    }
    assert!(killed >= 4, "only {killed} kills hit a running import");
    let report = desk.import_with(&csv, &["--json"]).json();
    let count = |key: &str| report[key].as_u64().unwrap();
    assert_eq!(count("added") + count("known"), ROWS);
    assert_eq!(count("known"), known.saturating_sub(3));
    assert_eq!(report["currencies_matching"], serde_json::json!(["EUR"]));
    assert_eq!(desk.balances(), expected);
    let verified = desk.run("verify-history", &["--json"]).json();
    assert_eq!(verified["problems"], serde_json::json!([]));
    assert_eq!(verified["entries"], ROWS + 3);
    let again = desk.import_with(&csv, &["--json"]).json();
    assert_eq!((&again["added"], &again["known"]), (&0.into(), &ROWS.into()));
}
