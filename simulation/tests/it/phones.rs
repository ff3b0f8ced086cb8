//! Small histories of phones that exchange nothing but sealed bundles, with a carrier, a member and an
//! owner who do their worst. `simulation/mutants.py` shows that their checks can fail.

use ledger_model::sim::tally::Tally;
use ledger_simulation::phones::{missing, run};
use ledger_simulation::replicas::Settings;

fn settings(seed: u64, adversary: u8) -> Settings {
    Settings { entries: 60, ..Settings::usual(seed, adversary) }
}

#[test]
fn nothing_is_violated_and_everything_happens() {
    let mut tally = Tally::default();
    for seed in 1..=60 {
        let outcome = run(settings(seed, 3));
        let failure = outcome.as_ref().err().map(ToString::to_string);
        let again = "cargo run --release -p ledger-simulation --bin simulate -- --via bundles";
        assert_eq!(failure, None, "{again} --entries 60 --seed {seed}");
        outcome.into_iter().for_each(|outcome| tally.merge(outcome.tally));
    }
    assert_eq!(missing(&tally), [], "never happened");
}

#[test]
fn an_honest_carrier_damages_nothing() {
    let mut whole = 0;
    for seed in 1..=10 {
        let tally = run(settings(seed, 0)).unwrap().tally;
        assert_eq!(tally.count("imports", "envelopes that do not open"), 0, "seed {seed}");
        // The file of an interrupted export ends inside of a record.
        if tally.count("steps", "export interrupted") == 0 {
            assert_eq!(tally.count("imports", "bytes that belong to no record"), 0, "seed {seed}");
            whole += 1;
        }
    }
    assert!(whole >= 3, "{whole} histories without an interrupted export");
}

#[test]
fn a_seed_gives_one_digest() {
    let digest = |seed| run(settings(seed, 3)).unwrap().digest;
    assert_eq!(digest(7), digest(7));
    assert_ne!(digest(7), digest(8));
}
