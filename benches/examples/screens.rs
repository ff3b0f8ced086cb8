//! First pages of the lists that screens show, in a large group, beside reading their rows raw: the
//! figures of `report`, alone.
//!
//!     cargo run --release -p ledger-benches --example screens

use std::process::ExitCode;

use clap::Parser;
use ledger_benches::measure::bed::Bed;
use ledger_benches::measure::{Effort, Report, screens};

/// Measures first pages.
#[derive(Parser)]
struct Arguments {
    /// Entries in the ledger, at least 10,000.
    #[arg(long, default_value_t = 100_000)]
    entries: usize,
}

fn main() -> ExitCode {
    let bed = Bed::new(Arguments::parse().entries.max(10_000));
    let mut report = Report::new(false);
    screens::all(&mut report, &bed, Effort::Quick);
    report.end()
}
