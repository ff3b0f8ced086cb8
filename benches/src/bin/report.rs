//! Report of every figure of the project beside its limit.
//!
//!     cargo run --release -p ledger-benches --bin report -- --quick --json
//!
//! Exits with 1 if a figure misses its limit twice in a row.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use ledger_benches::measure::bed::{AMONG, Bed};
use ledger_benches::measure::{
    Effort, Report, exchange, growth, hostile, memory, replay, screens, store,
};

/// Measures every figure of the project beside its limit.
#[derive(Parser)]
struct Arguments {
    /// Repeat as little as possible: under three minutes.
    #[arg(long)]
    quick: bool,
    /// Rows of JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Only the figures of one part.
    #[arg(long)]
    only: Option<Part>,
    /// Entries in the large ledger, at least 20,000.
    #[arg(long, default_value_t = 100_000)]
    entries: usize,
}

/// Figures that can be measured by themselves.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Sealing, keys and bundles.
    Exchange,
    /// Verdicts and balances from stored entries.
    Rebuild,
    /// Bytes of people who mean harm, beside an honest bundle.
    Hostile,
    /// First pages of the lists that screens show, and totals: pages miss their limit beside reading
    /// their rows raw, so they are none of the other figures yet
    Screens,
}

fn main() -> ExitCode {
    if let Some(done) = memory::child().or_else(hostile::child) {
        return done;
    }
    let arguments = Arguments::parse();
    let effort = if arguments.quick { Effort::Quick } else { Effort::Full };
    let mut report = Report::new(arguments.json);
    let bed = || Bed::new(arguments.entries.max(20_000));
    match arguments.only {
        Some(Part::Exchange) => {
            exchange::all(&mut report, effort);
            return report.end();
        }
        Some(Part::Rebuild) => {
            let bed = bed();
            let mut rebuild = store::Rebuild::new(&bed, effort);
            report.measure(|| rebuild.figures());
            return report.end();
        }
        Some(Part::Screens) => {
            screens::all(&mut report, &bed(), effort);
            return report.end();
        }
        Some(Part::Hostile) => {
            hostile::all(&mut report, effort);
            return report.end();
        }
        None => exchange::all(&mut report, effort),
    }
    report.measure(|| replay::from_stored_bytes(effort));
    let mut bed = bed();
    store::all(&mut report, &mut bed, effort);
    report.measure(|| growth::entries(&mut bed.crowd, AMONG));
    report.measure(growth::members);
    report.end()
}
