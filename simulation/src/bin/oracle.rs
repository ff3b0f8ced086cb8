//! `oracle [HISTORIES] [FIRST_SEED] [LIMIT]`: the ledger and the model on random adversarial histories.
//! `oracle switches [HISTORIES]`: shows that the comparison notices each rule being switched off.
//! `oracle show SEED`: a history in words.

use ledger_model::Rules;
use ledger_simulation::real_entries::Error;
use ledger_simulation::real_entries::check::{Tally, compare, notices, show};

/// The most entries of a history, but for the lies.
const LIMIT: usize = 30;

fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |i: usize, default: u64| args.get(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    match args.first().map(String::as_str) {
        Some("switches") => switches(number(1, 500)),
        Some("show") => {
            println!("{}", show(number(1, 1), LIMIT)?);
            Ok(())
        }
        _ => oracle(number(0, 5000), number(1, 1), usize::try_from(number(2, 30))?),
    }
}

fn oracle(histories: u64, first: u64, limit: usize) -> Result<(), Error> {
    let mut tally = Tally::default();
    let mut failures: u64 = 0;
    for seed in first..first.saturating_add(histories) {
        if let Err(difference) = compare(seed, limit, &mut tally) {
            failures = failures.saturating_add(1);
            if failures <= 10 {
                println!("seed {seed}: {difference}");
            }
        }
    }
    println!("{tally:#?}");
    println!("{histories} histories, {failures} with differences");
    if failures > 0 { Err("the ledger and the model differ".into()) } else { Ok(()) }
}

fn switches(histories: u64) -> Result<(), Error> {
    for (name, rules) in Rules::each_off() {
        let mut found = None;
        for seed in 1..=histories {
            if notices(seed, LIMIT, &rules)? {
                found = Some(seed);
                break;
            }
        }
        match found {
            Some(seed) => println!("{name:24} noticed by seed {seed}"),
            None => println!("{name:24} NOT NOTICED in {histories} histories"),
        }
    }
    Ok(())
}
