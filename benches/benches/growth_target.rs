//! The enforced target: what a plain entry costs does not grow with the ledger.
//!
//! `cargo bench -p ledger-benches --bench growth_target` exits with 1 when it is
//! missed twice in a row.

use std::process::ExitCode;

use ledger_benches::measure::crowd::Crowd;
use ledger_benches::measure::{Report, growth};

const ENTRIES: usize = 100_000;
const AMONG: usize = 5;

fn main() -> ExitCode {
    // Cargo passes `--bench`; there is nothing to choose.
    let mut crowd = Crowd::new();
    crowd.grow(AMONG);
    crowd.write(ENTRIES, AMONG);
    let mut report = Report::new(false);
    report.measure(|| growth::entries(&mut crowd, AMONG));
    report.measure(growth::members);
    report.end()
}
