//! Random groups, whose balances hledger and beancount work out, too.

use std::process::Command;

use serde_json::Value;

use crate::common::{Balances, Desk, minor_units, text};
use crate::hledger;

/// Prints the balances of a file as beancount works them out: currency, member, number.
const BEANCOUNT: &str = r#"
import json, sys
from beancount import loader
from beancount.core import data, realization
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors, errors
names = {e.account: e.meta["name"] for e in entries if isinstance(e, data.Open)}
units = {e.currency: e.meta["name"] for e in entries if isinstance(e, data.Commodity)}
root = realization.realize(entries)
balances = []
for account, name in names.items():
    node = realization.get(root, account)
    for position in [] if node is None else node.balance:
        number = position.units.number
        balances.append([units[position.units.currency], name, format(number, "f")])
print(json.dumps(balances))
"#;

/// The Python that has beancount: that of `BEANCOUNT_PYTHON`, else `python3`.
fn python() -> Command {
    Command::new(std::env::var("BEANCOUNT_PYTHON").unwrap_or_else(|_| "python3".to_owned()))
}

fn beancount_is_installed() -> bool {
    let found =
        python().args(["-c", "import beancount"]).output().is_ok_and(|o| o.status.success());
    if !found {
        eprintln!("\n*** SKIPPED: beancount is not installed (pip install beancount) ***\n");
    }
    found
}

fn beancount_balances(desk: &Desk) -> Balances {
    let file = desk.file("out.beancount", desk.run("export", &["--format", "beancount"]).ok());
    let run = python().args(["-c", BEANCOUNT, text(&file)]).output().unwrap();
    let ledger = || std::fs::read_to_string(&file).unwrap();
    assert!(run.status.success(), "{}\n{}", String::from_utf8_lossy(&run.stderr), ledger());
    let rows: Vec<[String; 3]> = serde_json::from_slice(&run.stdout).unwrap();
    let of = |[currency, name, number]: [String; 3]| {
        let units = minor_units(&number, &currency);
        ((currency, name), units)
    };
    rows.into_iter().map(of).collect()
}

/// Balances that are not zero.
fn open(mut balances: Balances) -> Balances {
    balances.retain(|_, units| *units != 0);
    balances
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

const NAMES: &[&str] = &["Ann", "Ben: the tall", "李", "C; D", "5e"];

/// A group with expenses of several payers, rules, currencies and units, refunds, payments, corrections, and
/// cancellations.
fn group(seed: u64, steps: u32) -> Desk {
    let desk = Desk::new();
    let mut numbers = Numbers(seed);
    let others = NAMES.iter().skip(1).flat_map(|name| ["--with", name]);
    let new: Vec<&str> =
        ["--me", NAMES[0]].into_iter().chain(others).chain(["Flat \"x\" \\"]).collect();
    desk.run("new", &new).ok();
    for step in 0..steps {
        let unit = numbers.one(&["EUR", "EUR", "JPY", "KWD", "beers/0", "USDT/6"]);
        let places = match unit {
            "EUR" => 2,
            "KWD" => 3,
            "USDT/6" => 6,
            _ => 0,
        };
        let size = 1 + numbers.below(1_000_000);
        let amount = |units: u64| {
            let width = places + 1;
            let digits = format!("{units:0>width$}");
            let (whole, rest) = digits.split_at(digits.len() - places);
            if places == 0 { whole.to_owned() } else { format!("{whole}.{rest}") }
        };
        let day = format!("2026-01-{:02}", 1 + numbers.below(28));
        let (one, two) = (numbers.one(NAMES), numbers.one(NAMES));
        let words =
            format!("{} {step}", numbers.one(&["Tea", "; \"quoted\"", "a|b \\", "(x) y", "=1"]));
        let mut row = vec!["--on".to_owned(), day];
        let mut push = |words: &[&str]| row.extend(words.iter().map(|word| (*word).to_owned()));
        let kind = numbers.below(6);
        let is_payment = kind == 0 && one != two;
        match kind {
            0 if is_payment => push(&["--by", one, two, &amount(size), unit]),
            1 => push(&["--refund", "--by", one, "--for", two, "--", &words, &amount(size), unit]),
            2 if one != two => {
                let part = amount(size.div_ceil(3));
                let (first, rest) =
                    (format!("{one}={part}"), format!("{two}={}", amount(size - size.div_ceil(3))));
                if size >= 2 {
                    push(&["--by", &first, "--by", &rest]);
                }
                let third = if one == "李" { "5e=3" } else { "李=3" };
                push(&["--split", "weights", "--for", &format!("{one}=2"), "--for", third]);
                push(&["--", &words, &amount(size), unit]);
            }
            3 => push(&[
                "--by",
                one,
                "--currency-paid",
                "12.34",
                "USD",
                "--",
                &words,
                &amount(size),
                unit,
            ]),
            _ => push(&["--by", one, "--category", "a, b", "--", &words, &amount(size), unit]),
        }
        let said = desk.run(if is_payment { "pay" } else { "record" }, &row).ok();
        let id = said.split_whitespace().last().unwrap().to_owned();
        match numbers.below(5) {
            0 if !is_payment => {
                desk.run("correct", &[&id, "--amount", &amount(size + 1)]);
            }
            1 => {
                desk.run("cancel", &[&id]).ok();
            }
            _ => {}
        }
    }
    desk
}

#[test]
fn other_programs_come_to_the_same_balances_of_random_groups() {
    let (has_hledger, has_beancount) = (hledger::hledger_is_installed(), beancount_is_installed());
    for seed in 1..=3 {
        let desk = group(seed, 25);
        // A group that continues one begins with its balances.
        desk.run("successor", &["Next"]).ok();
        for name in ["Flat \"x\" \\", "Next"] {
            let only = Desk::new();
            let json = desk.run("export", &["--group", name, "--format", "json"]).ok();
            let ours = desk.run("balances", &["--group", name, "--json"]).json();
            let ours = open(crate::common::balances_of(&ours));
            assert!(ours.len() > 5, "{ours:?}");
            only.run("import", &[text(&only.file("group.json", json))]).ok();
            assert_eq!(open(only.balances()), ours, "seed {seed}");
            if has_beancount {
                assert_eq!(open(beancount_balances(&only)), ours, "seed {seed}");
            }
            if has_hledger {
                assert_eq!(open(hledger::hledger_balances(&only)), ours, "seed {seed}");
            }
        }
        for format in ["csv", "json"] {
            let export = ["--group", "Next", "--format", format];
            let file = desk.file("next", desk.run("export", &export).ok());
            desk.run("verify-export", &["--group", "Next", text(&file)]).ok();
        }
    }
}

#[test]
fn odd_names_and_texts_change_nothing_in_beancount() {
    if !beancount_is_installed() {
        return;
    }
    let mut file = "Date,Description,Category,Cost,Currency".to_owned();
    let names = ["\"", "\\", "ä", "a:b", "a b", "A-B", "a-b-2", "", "1", "-", "李", "é", "; x"];
    for (place, name) in names.iter().enumerate() {
        let name = if name.is_empty() { format!("n{place}") } else { name.replace('"', "\"\"") };
        file += &format!(",\"{name}\"");
    }
    for (place, name) in names.iter().enumerate() {
        let mut nets = vec!["0"; names.len()];
        (nets[place], nets[(place + 1) % names.len()]) = ("3.37", "-3.37");
        let (day, text, nets) = (place + 1, name.replace('"', "\"\""), nets.join(","));
        file += &format!("\n2026-01-{day:02},\"{text}\",x,3.37,EUR,{nets}");
    }
    let desk = Desk::with(&format!(
        "{file}\n2026-01-20,Tea,x,9,EUR,9{},-9\n",
        ",0".repeat(names.len() - 2)
    ));
    let ours: Value = desk.run("balances", &["--json"]).json();
    assert_eq!(open(beancount_balances(&desk)), open(crate::common::balances_of(&ours)));
}
