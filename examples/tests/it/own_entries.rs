//! A repaired ledger of which own entries wait: it signs nothing, says so, and goes on by
//! `go-on`; and commands that are half-done or done twice.

use crate::common::{Desk, balances_of, text};

/// 600 rows of a file.
fn rows() -> String {
    let row =
        |n: usize| format!("2026-01-{:02},Item {n},General,4.00,EUR,2.00,-2.00\n", 1 + n % 28);
    let rows: String = (0..600).map(row).collect();
    format!("Date,Description,Category,Cost,Currency,Ann,Ben\n{rows}")
}

#[test]
fn a_repaired_ledger_signs_nothing_into_its_gap() {
    let desk = Desk::with(&rows());
    let (csv, bundle) = (desk.path("group.csv"), desk.path("good.bundle"));
    let good = desk.balances();
    let whole = std::fs::read(desk.db()).unwrap();
    let fixed = desk.path("fixed.db");
    let keys = desk.path("flat.db.keys");
    // One damaged page, of which the loss leaves entries waiting.
    let pages = whole.len() / 4096;
    let found = (pages / 4..pages).any(|page| {
        let mut bytes = whole.clone();
        bytes[page * 4096 + 200] ^= 255;
        std::fs::write(desk.db(), &bytes).unwrap();
        let _ = std::fs::remove_file(&fixed);
        let run = desk.run("salvage", &["--json", "--to", text(&fixed)]);
        std::fs::write(desk.db(), &whole).unwrap();
        let Ok(report) = serde_json::from_str::<serde_json::Value>(&run.out) else { return false };
        let saved = |key: &str| report["groups"][0][key].as_u64().unwrap_or(0);
        saved("waiting") > 50 && saved("entries") > 10
    });
    assert!(found, "no page cuts the chain");
    let on_fixed = |verb: &str, arguments: &[&str]| {
        let mut command = crate::common::program();
        command.args(verb.split(' ')).args(["--db", text(&fixed), "--key-file", text(&keys)]);
        let output = command.args(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let import = ["--format", "splitwise", text(&csv)];
    for (verb, arguments) in [("import", &import[..]), ("record", &["Tea", "1", "EUR"])] {
        let (code, out, err) = on_fixed(verb, arguments);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        assert!(err.contains("signs nothing") && err.contains("go on without"), "{err}");
    }
    for verb in ["balances", "settle-up", "verify-history", "check-database"] {
        let (code, out, err) = on_fixed(verb, &[]);
        assert_eq!(code, Some(0), "{verb}: {err}");
        assert!(out.contains("entries wait for others"), "{verb}: {out}");
        assert!(out.contains("of this device") && out.contains("ledger go-on"), "{verb}: {out}");
    }
    // The intact entries come from elsewhere: everything stands once.
    let restored = desk.path("restored.db");
    std::fs::copy(&fixed, &restored).unwrap();
    desk.run("bundle export", &[text(&bundle)]).ok();
    let (code, _, err) = on_fixed("bundle import", &[text(&bundle)]);
    assert_eq!(code, Some(0), "{err}");
    let (_, rows, err) = on_fixed("balances", &["--json"]);
    assert_eq!(err, "");
    assert_eq!(balances_of(&serde_json::from_str(&rows).unwrap()), good);
    assert!(good.values().any(|units| *units == 120_000));
    assert_eq!(on_fixed("record", &["Tea", "1", "EUR"]).0, Some(0));
    assert!(!on_fixed("balances", &[]).1.contains("wait"));
    // Nobody has them: it goes on without, and imports only what is lost.
    std::fs::copy(&restored, &fixed).unwrap();
    let (_, out, _) = on_fixed("go-on", &["--yes"]);
    assert!(out.contains("new keys"), "{out}");
    let (code, out, err) = on_fixed("import", &import);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("rows are in entries that wait"), "{out}");
    assert_eq!(on_fixed("record", &["Tea", "1", "EUR"]).0, Some(0));
    let (_, out, _) = on_fixed("go-on", &["--yes"]);
    assert!(out.contains("goes on as before"), "{out}");
}

#[test]
fn a_failed_new_leaves_no_group() {
    let desk = Desk::new();
    let failed = desk.run("new", &["--me", "A", "--with", "B", "--with", "", "Flat"]).failed(2);
    assert!(failed.contains("a name is empty"), "{failed}");
    assert_eq!(desk.files(), [""; 0]);
    desk.run("new", &["--me", "A", "--with", "B", "--with", "C", "Flat"]).ok();
    desk.run("record", &["Tea", "1", "EUR"]).ok();
}

#[test]
fn the_answer_is_entered_twice_and_the_link_is_tapped_twice() {
    let (anna, ben) = (Desk::new(), Desk::new());
    anna.run("new", &["--me", "Anna", "Flat"]).ok();
    let link = anna.run("invite", &["--no-approval"]).ok();
    let (request, welcome) = (anna.path("request"), anna.path("welcome"));
    ben.run("join", &["--name", "Ben", link.trim(), text(&request)]).ok();
    let again = ben.run("join", &["--force", "--name", "Benny", link.trim(), text(&request)]).ok();
    assert!(again.contains("you asked before, as Ben"), "{again}");
    anna.run("admit", &[text(&request), text(&welcome)]).ok();
    ben.run("enter", &[text(&welcome)]).ok();
    let again = ben.run("enter", &[text(&welcome)]).ok();
    assert!(again.starts_with("you are in Flat already"), "{again}");
    let known =
        ben.run("join", &["--force", "--name", "Ben", link.trim(), text(&request)]).failed(1);
    assert!(known.contains("already"), "{known}");
    assert_eq!(ben.run("members", &["--json"]).json().as_array().unwrap().len(), 2);
}

#[test]
fn a_successor_says_whether_its_balances_are_those_of_before() {
    let desk = Desk::new();
    desk.run("new", &["--me", "Anna", "--with", "Ben", "Flat"]).ok();
    desk.run("record", &["Tea", "2", "EUR"]).ok();
    let made = desk.run("successor", &["Next"]).ok();
    assert!(made.contains("the opening balances equal those of group"), "{made}");
    desk.run("record", &["Milk", "4", "EUR", "--group", "Flat"]).ok();
    let compared = desk.run("compare-opening", &["--group", "Next"]).ok();
    assert!(
        compared.contains("differ") && compared.contains("Ben: -1.00 EUR, and -3.00 EUR"),
        "{compared}"
    );
    let none = desk.run("compare-opening", &["--group", "Flat"]).ok();
    assert!(none.contains("continues no other"), "{none}");
}
