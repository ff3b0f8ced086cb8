//! The enforced targets of the store.
//!
//! `cargo bench -p ledger-benches --bench store_target` exits with 1 when one is
//! missed twice in a row. With `ENTRIES=20000` it takes a smaller ledger.

use std::process::ExitCode;

use ledger_benches::measure::bed::Bed;
use ledger_benches::measure::{Effort, Report, memory, store};

fn main() -> ExitCode {
    if let Some(done) = memory::child() {
        return done;
    }
    let entries = std::env::var("ENTRIES").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let mut report = Report::new(false);
    store::all(&mut report, &mut Bed::new(entries), Effort::Full);
    report.end()
}
