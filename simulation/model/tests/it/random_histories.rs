//! A short run of the random histories, and the proof that the checks can fail.

use ledger_model::Rules;
use ledger_model::sim::replay::{Trial, examine, generate};
use ledger_model::sim::tally::Tally;

#[test]
fn random_histories_violate_nothing() {
    let mut tally = Tally::default();
    for seed in 0..300 {
        let world = generate(seed, 40);
        let result = examine(&world, &Trial::new(Rules::ALL), &mut tally);
        assert!(result.is_ok(), "seed {seed}: {:?}", result.err().map(|f| f.violation));
    }
}

#[test]
fn every_rule_switched_off_is_noticed() {
    for (name, rules) in Rules::each_off() {
        let caught = (1..=1000).any(|seed| {
            examine(&generate(seed, 40), &Trial::new(rules), &mut Tally::default()).is_err()
        });
        assert!(caught, "{name} can be off and nothing notices");
    }
}
