//! Histories of groups on several replicas, with a faulty network, crashes and liars; every
//! property of the ledger is checked at each quiet point. Ends with a status other than 0, and a
//! test that reproduces it, if one is violated.

use std::process::ExitCode;

use clap::Parser;
use ledger_benches::model::sim::tally::Tally;
use ledger_benches::simulate::{Case, Failure, Settings, hunt_rules, missing, print, shrink};
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
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Print how often everything happened
    #[arg(long)]
    table: bool,
    /// Switch off each rule of the model in turn, and tell after how many histories that shows
    #[arg(long)]
    rules: bool,
}

impl Arguments {
    fn settings(&self, seed: u64) -> Settings {
        let Arguments { replicas, members, entries, adversary, .. } = *self;
        Settings { seed, replicas: replicas.max(1), members, entries, adversary }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.rules {
        return rules(&arguments);
    }
    let (mut tally, mut all) = (Tally::default(), Sha256::new());
    for seed in (0..arguments.seeds).map(|n| arguments.seed.wrapping_add(n)) {
        let case = Case::of(arguments.settings(seed));
        match case.run() {
            Ok(outcome) => {
                all.update(outcome.digest);
                tally.merge(outcome.tally);
            }
            Err(failure) => return report(&arguments, &case, &failure),
        }
    }
    let digest: String = all.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
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
        for (table, row) in missing(&tally) {
            println!("never happened: {table}: {row}");
        }
    }
    println!("{} histories, no violation, {digest}", arguments.seeds);
    ExitCode::SUCCESS
}

/// A violation, and the smallest case that shows it.
fn report(arguments: &Arguments, case: &Case, failure: &Failure) -> ExitCode {
    let seed = case.settings.seed;
    eprintln!("seed {seed}: {failure}\nlooking for the smallest case...");
    let (case, failure) = shrink(case).unwrap_or((case.clone(), failure.clone()));
    let test = print(&case, &failure);
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

fn rules(arguments: &Arguments) -> ExitCode {
    let mut missed = 0u32;
    for hunted in hunt_rules(&arguments.settings(arguments.seed), arguments.seeds.max(500)) {
        match hunted.caught {
            Some((n, failure)) => {
                println!("{:24} after {n:4} histories: {}", hunted.bug, failure.violation.property);
            }
            None => {
                missed = missed.saturating_add(1);
                println!("{:24} NOT NOTICED", hunted.bug);
            }
        }
    }
    if missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
