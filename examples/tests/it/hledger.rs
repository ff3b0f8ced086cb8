//! Journal for hledger, read by hledger itself.

use std::collections::BTreeMap;
use std::process::Command;

use crate::common::{Balances, Desk, minor_units, table, to_csv};

pub(crate) fn hledger_is_installed() -> bool {
    let found = Command::new("hledger").arg("--version").output().is_ok_and(|o| o.status.success());
    if !found {
        eprintln!("\n*** SKIPPED: hledger is not installed (apt-get install hledger) ***\n");
    }
    found
}

/// hledger's balances of a journal, and the accounts in their order.
fn hledger(desk: &Desk, arguments: &[&str]) -> String {
    let journal = desk.run("export", &["--format", "hledger"]).ok();
    let file = desk.file("out.journal", &journal);
    // Without a locale, hledger reads no other letters than those of ASCII.
    let mut program = Command::new("hledger");
    let run =
        program.env("LC_ALL", "C.UTF-8").arg("-f").arg(file).args(arguments).output().unwrap();
    let err = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{err}\n{journal}");
    String::from_utf8(run.stdout).unwrap()
}

/// hledger's balances. Its accounts have the order of our members.
pub(crate) fn hledger_balances(desk: &Desk) -> Balances {
    let journal = desk.run("export", &["--format", "hledger"]).ok();
    let accounts: Vec<&str> =
        journal.lines().filter_map(|line| line.strip_prefix("account ")).collect();
    let members = desk.everything()["members"].clone();
    let labels: Vec<String> = members
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["label"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(accounts.len(), labels.len());
    let csv = hledger(desk, &["balance", "--flat", "-N", "-E", "-O", "csv"]);
    let mut balances = Balances::new();
    for row in table(csv.as_bytes()).iter().skip(1) {
        let at = accounts.iter().position(|account| *account == row[0]);
        let label = &labels[at.unwrap_or_else(|| panic!("{:?} is not in {accounts:?}", row[0]))];
        for amount in row[1].split(", ").filter(|amount| *amount != "0") {
            let (number, currency) = amount.split_once(' ').unwrap();
            let currency = currency.trim_matches('"');
            let units = minor_units(number.trim_end_matches('.'), currency);
            balances.insert((currency.to_owned(), label.clone()), units);
        }
    }
    balances
}

fn assert_same(desk: &Desk) {
    let mut ours = desk.balances();
    ours.retain(|_, units| *units != 0);
    let mut theirs = hledger_balances(desk);
    theirs.retain(|_, units| *units != 0);
    assert!(!ours.is_empty());
    assert_eq!(theirs, ours);
}

#[test]
fn hledger_comes_to_the_same_balances() {
    if hledger_is_installed() {
        let desk = Desk::with_sample();
        assert_same(&desk);
        hledger(&desk, &["check", "accounts", "commodities", "ordereddates"]);
    }
}

const NASTY: &[&str] = &[
    "a:b:c",
    "; not a comment",
    "semi;colon",
    "[2026-01-01]",
    "(virtual)",
    "[balanced]",
    "a|b",
    "two  spaces",
    "🦄 emoji",
    "(code) thing",
    "* done",
    "! pending",
    "= 5 EUR",
    "@ 2 USD",
    "~ monthly",
    "\"quoted\"",
    "'single'",
    "2026-01-01",
    "100.00 EUR",
    "-1",
    "{5}",
    "a, b: c",
    "date:2020-01-01",
    "include x",
    "#hash",
    "% percent",
    "a\tb",
    "line\nbreak",
    "tab\t\tsemi ; x",
    "members:Ann",
    "é ü 李",
    "\u{a0}nbsp\u{a0}\u{a0}x",
    "\u{3000}wide",
    "comment",
    "end comment",
    "\\",
    "/",
    "*",
    "!",
    "=",
    ".",
];

#[test]
fn odd_names_and_descriptions_change_nothing() {
    if !hledger_is_installed() {
        return;
    }
    let mut header: Vec<String> =
        ["Date", "Description", "Category", "Cost", "Currency"].map(str::to_owned).into();
    // No name that this program writes has a tab or a line break.
    header.extend(NASTY.iter().map(|name| name.replace(['\t', '\n'], " ")));
    let mut rows = vec![header];
    for (n, text) in NASTY.iter().enumerate() {
        let mut row = vec![
            format!("2026-01-{:02}", 1 + n % 28),
            (*text).to_owned(),
            NASTY[(n + 7) % NASTY.len()].to_owned(),
            format!("{}.37", n + 3),
            "EUR".to_owned(),
        ];
        let mut nets = vec!["0.00".to_owned(); NASTY.len()];
        nets[n] = format!("{}.11", n + 1);
        nets[(n + 3) % NASTY.len()] = format!("-{}.11", n + 1);
        row.extend(nets);
        rows.push(row);
    }
    let desk = Desk::with(std::str::from_utf8(&to_csv(&rows)).unwrap());
    assert_same(&desk);
    // One transaction per row, and nothing of a description becomes a comment.
    let printed = table(hledger(&desk, &["print", "-O", "csv"]).as_bytes());
    let column = |name: &str| printed[0].iter().position(|cell| cell == name).unwrap();
    let (number, description) = (column("txnidx"), column("description"));
    let found: BTreeMap<&String, &String> =
        printed.iter().skip(1).map(|row| (&row[number], &row[description])).collect();
    let mut found: Vec<String> = found.into_values().cloned().collect();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut expected: Vec<String> =
        NASTY.iter().map(|text| words(&text.replace(';', ",").replace('|', "/"))).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn names_that_hledger_would_mix_up_stay_apart() {
    if hledger_is_installed() {
        let csv = "Date,Description,Category,Cost,Currency,a:b,a-b,a-b (2),a;b,\"a,b\",A  B,A B\n\
                   2026-01-01,x,,28,EUR,-1,-2,-3,-4,-5,-6,21\n\
                   2026-01-01,x,,28,JPY,21,-1,-2,-3,-4,-5,-6\n\
                   2026-01-01,x,,2.8,KWD,-0.1,2.1,-0.2,-0.3,-0.4,-0.5,-0.6\n";
        let desk = Desk::with(csv);
        assert_eq!(desk.balances().len(), 21);
        assert_same(&desk);
    }
}
