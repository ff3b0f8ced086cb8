//! The target that the project exists for: 1,000 stored entries become balances in less than
//! 100 ms, every signature checked, on one thread.
//!
//! `cargo bench -p ledger-benches --bench replay_target` measures this beside the signature checks
//! alone, in turn, so that both sides have the bad moments of a machine. It exits with 1 if the
//! median reaches 100 ms twice in a row. Time is that of the thread on a core, so other programs
//! count little.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    missing_docs,
    reason = "a bench, not the library"
)]

use std::process::ExitCode;
use std::time::Duration;

use criterion::Criterion;
use ledger_benches::measure::replay::{LIMIT_MS, StoredLedger};
use ledger_benches::measure::{core_ms, median};

/// Milliseconds of each round: from stored bytes to balances, and signature checks alone.
#[derive(Default)]
struct Rounds {
    to_balances: Vec<f64>,
    signature_checks: Vec<f64>,
}

fn main() -> ExitCode {
    let ledger = StoredLedger::new();
    for attempt in ["first", "second"] {
        let rounds = measure(&ledger);
        // A filter or a list leaves nothing to judge.
        if rounds.to_balances.is_empty() {
            return ExitCode::SUCCESS;
        }
        let (ours, checks) = (median(&rounds.to_balances), median(&rounds.signature_checks));
        println!(
            "1,000 entries from stored bytes to balances: {ours:.2} ms (limit {LIMIT_MS} ms); \
             signature checks alone: {checks:.2} ms; ratio {:.2}",
            ours / checks
        );
        if ours < LIMIT_MS {
            return ExitCode::SUCCESS;
        }
        println!("the {attempt} attempt missed the target");
    }
    ExitCode::FAILURE
}

fn measure(ledger: &StoredLedger) -> Rounds {
    let mut rounds = Rounds::default();
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut group = criterion.benchmark_group("target");
    group.bench_function("1,000 entries from stored bytes to balances", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut sum = 0.0;
            for _ in 0..iterations {
                let ours = core_ms(|| ledger.to_balances());
                rounds.to_balances.push(ours);
                rounds.signature_checks.push(core_ms(|| ledger.check_signatures()));
                sum += ours;
            }
            Duration::from_secs_f64(sum / 1e3)
        });
    });
    group.finish();
    criterion.final_summary();
    rounds
}
