//! The ledger against the model of `docs/authority-questions.md`, on random adversarial histories
//! with real keys and real bytes. `LEDGER_ORACLE_SEEDS` asks for more of them.

use ledger_model::Rules;
use ledger_simulation::real_entries::check::{Tally, compare, notices};

const LIMIT: usize = 30;

#[test]
fn the_ledger_and_the_model_agree() {
    let seeds = std::env::var("LEDGER_ORACLE_SEEDS").ok().and_then(|n| n.parse().ok());
    let mut tally = Tally::default();
    for seed in 1..=seeds.unwrap_or(300) {
        if let Err(difference) = compare(seed, LIMIT, &mut tally) {
            panic!("seed {seed}: {difference}\n(cargo run --bin oracle -- show {seed})");
        }
    }
    // Every path was walked.
    assert!(tally.refused > 0 && tally.flips > 0, "{tally:?}");
}

#[test]
fn each_rule_that_the_ledger_would_lack_is_noticed() {
    for (name, rules) in Rules::each_off() {
        // Bytes whose sums are wrong do not decode.
        if name == "money_sums" {
            continue;
        }
        let noticed = (1..=2000).any(|seed| notices(seed, LIMIT, &rules).unwrap());
        assert!(noticed, "{name} can be off and nothing differs");
    }
}
