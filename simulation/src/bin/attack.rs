//! `attack [HISTORIES] [FIRST_SEED] [LIMIT]`: random adversarial histories through every check.
//! `attack switches [HISTORIES]`: shows that the checks notice each rule being switched off.
//! `attack alone [HISTORIES]`: the same, but "powerless" is judged by the switched rules themselves.
//! `attack off RULE [HISTORIES]`: the smallest history that shows one rule being off.

#![allow(clippy::arithmetic_side_effects)]

use ledger_model::Rules;
use ledger_model::sim::minimize::minimize;
use ledger_model::sim::replay::{Failure, Trial, examine, generate, show};
use ledger_model::sim::tally::Tally;

/// The most entries of a history.
const LIMIT: usize = 40;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |i: usize, default: u64| args.get(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let ok = match args.first().map(String::as_str) {
        Some("switches") => switches(number(1, 3000), Trial::new),
        Some("alone") => switches(number(1, 3000), Trial::alone),
        Some("off") => off(args.get(1).map_or("", String::as_str), number(2, 20_000)),
        _ => {
            attack(number(0, 50_000), number(1, 1), usize::try_from(number(2, 40)).unwrap_or(LIMIT))
        }
    };
    if !ok {
        std::process::exit(1);
    }
}

fn attack(histories: u64, first: u64, limit: usize) -> bool {
    let mut tally = Tally::default();
    let mut failures = 0;
    for seed in first..first + histories {
        let w = generate(seed, limit);
        match examine(&w, &Trial::new(Rules::ALL), &mut tally) {
            Ok(res) => tally.history(&w, &res),
            Err(failure) => {
                failures += 1;
                if failures <= 3 {
                    println!("seed {seed}");
                    report(minimize(failure, &Trial::new(Rules::ALL)), &Rules::ALL);
                }
            }
        }
    }
    println!("{}", tally.show());
    println!("{histories} histories, {failures} violations");
    failures == 0
}

fn report(f: Failure, rules: &Rules) {
    println!(
        "VIOLATION of {}: {}\n{}",
        f.violation.property,
        f.violation.detail,
        show(&f.steps, rules)
    );
}

fn find(trial: &Trial, histories: u64) -> Option<(u64, Failure)> {
    (1..=histories).find_map(|seed| {
        let w = generate(seed, LIMIT);
        examine(&w, trial, &mut Tally::default()).err().map(|f| (seed, f))
    })
}

fn switches(histories: u64, trial: fn(Rules) -> Trial) -> bool {
    let mut missed = 0;
    for (name, rules) in Rules::each_off() {
        let trial = trial(rules);
        match find(&trial, histories) {
            Some((seed, f)) => {
                let f = minimize(f, &trial);
                let (n, v) = (f.steps.len(), f.violation);
                println!(
                    "{name:24} caught by seed {seed:5}, {n:2} entries: {} ({})",
                    v.property, v.detail
                );
            }
            None => {
                missed += 1;
                println!("{name:24} NOT CAUGHT in {histories} histories");
            }
        }
    }
    println!("{missed} switches not caught");
    missed == 0
}

fn off(name: &str, histories: u64) -> bool {
    let Some((_, rules)) = Rules::each_off().into_iter().find(|(n, _)| *n == name) else {
        println!("no rule {name}");
        return false;
    };
    let trial = Trial::new(rules);
    match find(&trial, histories) {
        Some((_, f)) => report(minimize(f, &trial), &rules),
        None => println!("nothing found"),
    }
    true
}
