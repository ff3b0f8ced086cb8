//! A few hundred small histories on several replicas, and the proof that the checks can fail.

use ledger_benches::model::sim::tally::Tally;
use ledger_benches::simulate::{Break, Case, Settings, missing, shrink};

fn run(seeds: std::ops::RangeInclusive<u64>, adversary: u8) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        match Case::of(Settings::usual(seed, adversary)).run() {
            Ok(outcome) => tally.merge(outcome.tally),
            Err(failure) => panic!(
                "{failure}\n(cargo run --release -p ledger-benches --bin simulate -- \
                 --seed {seed} --adversary {adversary})"
            ),
        }
    }
    tally
}

#[test]
fn nothing_is_violated_and_everything_happens() {
    let tally = run(1..=250, 3);
    assert_eq!(missing(&tally), [], "never happened");
}

#[test]
fn nothing_is_violated_where_some_are_honest() {
    let calm = run(1..=30, 0);
    assert_eq!(calm.count("arrivals", "waits"), 0);
    run(1..=30, 1);
    run(1..=30, 2);
}

#[test]
fn a_seed_gives_one_digest() {
    for adversary in 0..=3 {
        let case = Case::of(Settings::usual(7, adversary));
        assert_eq!(case.run().unwrap().digest, case.run().unwrap().digest);
    }
    let digest = Case::of(Settings::usual(7, 3)).run().unwrap().digest;
    assert_ne!(digest, Case::of(Settings::usual(8, 3)).run().unwrap().digest);
}

#[test]
fn what_is_broken_is_noticed_and_shrunk() {
    for (_, breaks) in Break::ALL {
        let case = |seed| Case { breaks: Some(*breaks), ..Case::of(Settings::usual(seed, 3)) };
        let failing = (1..=100).find(|seed| case(*seed).run().is_err());
        let Some(seed) = failing else { panic!("{breaks:?} goes unnoticed") };
        let (small, failure) = shrink(&case(seed)).unwrap();
        // What is printed is the case, so running it again is running the pasted test.
        let again = small.run().unwrap_err();
        println!(
            "{breaks:?}: seed {seed}, {:?} events, {again}",
            small.events.as_ref().map(Vec::len)
        );
        assert_eq!(again, failure);
        assert!(Case { breaks: None, ..small }.run().is_ok(), "{breaks:?} is to blame");
    }
}
