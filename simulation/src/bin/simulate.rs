//! Simulation of groups on several replicas, with a faulty network, crashes and liars.
//!
//! Every property of the ledger is checked at each quiet point. After a violation, the program prints
//! a test that reproduces the violation, and exits with a status other than 0.

use std::ops::Range;
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, ScopedJoinHandle};

use clap::{Parser, ValueEnum};
use ledger_model::sim::tally::Tally;
use ledger_simulation::phones;
use ledger_simulation::replicas::{
    Case, Failure, Hunt, Outcome, Settings, hunt_breaks, hunt_mutants, hunt_rules, hunt_steps,
    missing, print, shrink,
};
use sha2::{Digest, Sha256};

/// Simulates groups on several replicas and checks what the ledger promises.
#[derive(Parser)]
struct Arguments {
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds, from the first on
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// How many replicas
    #[arg(long, default_value_t = 3)]
    replicas: usize,
    /// How many people honest devices introduce at most
    #[arg(long, default_value_t = 7)]
    members: usize,
    /// How many entries a history has at most
    #[arg(long, default_value_t = 40)]
    entries: usize,
    /// 0: none; 1: faulty network and crashes; 2: lying members; 3: everything
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=3))]
    adversary: u8,
    /// The form in which entries travel
    #[arg(long, value_enum, default_value_t = Via::Entries)]
    via: Via,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Print how often everything happened
    #[arg(long)]
    table: bool,
    /// Break the replicas, the model and, in a build by `simulation/mutants.py`, the ledger in every
    /// known way, and tell after how many histories that shows
    #[arg(long)]
    bugs: bool,
    /// How many histories run at a time
    #[arg(long, default_value_t = 1)]
    jobs: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Via {
    /// Entries as they are, between replicas that model a store
    Entries,
    /// Sealed bundles, between databases of the store
    Bundles,
}

impl Arguments {
    fn settings(&self, seed: u64) -> Settings {
        let Arguments { replicas, members, entries, adversary, .. } = *self;
        Settings { seed, replicas: replicas.max(1), members, entries, adversary }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.bugs {
        return bugs(&arguments);
    }
    let (mut tally, mut all) = (Tally::default(), Sha256::new());
    let mut next = 0;
    while next < arguments.seeds {
        // A round at a time, in the order of the seeds, so that the digest is the same however many
        // run at a time.
        let until = next.saturating_add(arguments.jobs.saturating_mul(ROUND)).min(arguments.seeds);
        for (case, result) in round(&arguments, next..until) {
            match result {
                Ok(outcome) => {
                    all.update(outcome.digest);
                    tally.merge(outcome.tally);
                }
                Err(failure) => return report(&arguments, &case, &failure),
            }
        }
        next = until;
    }
    let digest = base16ct::lower::encode_string(&all.finalize());
    if arguments.json {
        let table = arguments.table.then_some(&tally.0);
        let (seed, seeds) = (arguments.seed, arguments.seeds);
        let result = serde_json::json!({
            "seed": seed, "seeds": seeds, "digest": digest, "violation": null, "table": table,
        });
        println!("{result}");
        return ExitCode::SUCCESS;
    }
    if arguments.table {
        println!("{}", tally.show());
        let never = match arguments.via {
            Via::Entries => missing(&tally),
            Via::Bundles => phones::missing(&tally),
        };
        for (table, row) in never {
            println!("never happened: {table}: {row}");
        }
    }
    println!("{} histories, no violation, {digest}", arguments.seeds);
    ExitCode::SUCCESS
}

/// How many histories each thread runs in a round.
const ROUND: u64 = 32;

/// Runs some histories on several threads; the results in the order of the seeds.
fn round(arguments: &Arguments, numbers: Range<u64>) -> Vec<(Case, Result<Outcome, Failure>)> {
    let run = |n: u64| {
        let case = Case::new(arguments.settings(arguments.seed.wrapping_add(n)));
        let result = match arguments.via {
            Via::Entries => case.run(),
            Via::Bundles => phones::run(case.settings),
        };
        (case, result)
    };
    on_threads(arguments.jobs, &numbers.collect::<Vec<_>>(), |n| run(*n))
}

/// Does some work on `jobs` threads, each of which takes the next piece that nobody has taken; the
/// results in the order of the pieces.
fn on_threads<T: Sync, R: Send>(jobs: u64, pieces: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if jobs <= 1 {
        return pieces.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let mine = || {
        let mut results = Vec::new();
        while let Some((n, piece)) = pieces.iter().enumerate().nth(next.fetch_add(1, Relaxed)) {
            results.push((n, work(piece)));
        }
        results
    };
    let mut results: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..jobs).map(|_| scope.spawn(mine)).collect();
        let ended = running.into_iter().map(ScopedJoinHandle::join);
        ended.flat_map(|part| part.unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    results.sort_by_key(|(n, _)| *n);
    results.into_iter().map(|(_, result)| result).collect()
}

/// A violation, and the smallest case that shows it.
fn report(arguments: &Arguments, case: &Case, failure: &Failure) -> ExitCode {
    let seed = case.settings.seed;
    eprintln!("seed {seed}: {failure}\nlooking for the smallest case...");
    let (test, failure) = match arguments.via {
        Via::Entries => {
            let (case, failure) = shrink(case).unwrap_or((case.clone(), failure.clone()));
            (print(&case, &failure), failure)
        }
        Via::Bundles => {
            let (settings, failure) = phones::shrink(case.settings, failure);
            (format!("{failure}\nphones::run({settings:?})"), failure)
        }
    };
    if arguments.json {
        let violation = serde_json::json!({
            "property": failure.violation.property,
            "detail": failure.violation.detail,
            "reproduction": test,
        });
        println!("{}", serde_json::json!({ "seed": seed, "violation": violation }));
    } else {
        println!("{test}");
    }
    ExitCode::FAILURE
}

/// Hunts every mistake that is made on purpose, and prints after how many histories each shows.
fn bugs(arguments: &Arguments) -> ExitCode {
    let (settings, limit) = (arguments.settings(arguments.seed), arguments.seeds.max(500));
    let mut missed = false;
    let hunts = [phones::hunt_mutants, hunt_mutants, hunt_breaks, hunt_steps, hunt_rules];
    let hunts: Vec<_> = hunts.into_iter().flat_map(|hunt| hunt(&settings, limit)).collect();
    for hunt_result in on_threads(arguments.jobs, &hunts, Hunt::run) {
        if !hunt_result.wrong.is_empty() {
            println!("{}:", hunt_result.wrong);
        }
        match hunt_result.caught {
            Some((n, failure)) => {
                println!(
                    "{:24} after {n:4} histories: {}",
                    hunt_result.name, failure.violation.property
                );
            }
            None => {
                missed = true;
                println!("{:24} NOT NOTICED in {limit} histories", hunt_result.name);
            }
        }
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
