//! Random adversarial histories with the verdicts on them, for other implementations.
//!
//! ```sh
//! cargo run --release -p ledger-simulation --bin histories -- \
//!     --seeds 1..300 --entries 60 --out H.jsonl --verdicts V.jsonl
//! ```
//!
//! A line of `H.jsonl` holds the entries of a history in the order of arrival, the genesis entry
//! first. Some arrive before what they depend on, some are lost, some have a broken signature or
//! break a rule of admission. The same line of `V.jsonl` holds what an implementation must come to.
//! Equal arguments give equal files.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::Parser;
use ledger_simulation::Error;
use ledger_simulation::histories::{history, json, judge};

/// Writes random adversarial histories and the verdicts on them.
#[derive(Parser)]
struct Arguments {
    /// The seeds, one history each: FIRST..LAST, both included
    #[arg(long, value_parser = seeds)]
    seeds: RangeInclusive<u64>,
    /// How many entries a history has at most, beside the lies of liars
    #[arg(long, default_value_t = 60)]
    entries: usize,
    /// The file of histories
    #[arg(long)]
    out: PathBuf,
    /// The file of verdicts
    #[arg(long)]
    verdicts: PathBuf,
}

fn seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let number = |text: &str| {
        text.trim_start_matches('=').parse::<u64>().map_err(|why| format!("{text:?}: {why}"))
    };
    Ok(number(first)?..=number(last)?)
}

fn main() -> Result<(), Error> {
    let arguments = Arguments::parse();
    let mut out = BufWriter::new(File::create(&arguments.out)?);
    let mut verdicts = BufWriter::new(File::create(&arguments.verdicts)?);
    let mut count = 0u64;
    for seed in arguments.seeds {
        let history = history(seed, arguments.entries)?;
        let judgement = judge(&history).map_err(|why| format!("seed {seed}: {why}"))?;
        writeln!(out, "{}", json::entries(&history))?;
        writeln!(verdicts, "{}", json::verdicts(seed, &judgement))?;
        count = count.saturating_add(1);
    }
    out.flush()?;
    verdicts.flush()?;
    println!("{count} histories");
    Ok(())
}
