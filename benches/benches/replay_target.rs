//! The enforced target: 1,000 entries, from stored bytes through signature
//! checks to balances, on one thread in less than 100 ms.
//!
//! `cargo bench -p ledger-benches --bench replay_target` exits with 1 when it is
//! missed twice in a row: machines have bad moments.

use std::process::ExitCode;

use ledger_benches::measure::{Effort, Report, replay};

fn main() -> ExitCode {
    let mut report = Report::new(false);
    report.measure(|| replay::from_stored_bytes(Effort::Full));
    report.end()
}
