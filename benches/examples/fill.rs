//! Fills a database as large as they get, and tells what that takes:
//!
//!     cargo run --release -p ledger-benches --example fill -- --folder /tmp/filled

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use ledger_benches::Error;
use ledger_benches::measure::bed::{AMONG, BATCH, File, crowd_of};
use ledger_benches::measure::memory::{self, Work};
use ledger_benches::measure::time_ms;
use ledger_store::{FileSecrets, Store};

/// Fills a database with many groups and one large one; prints sizes, times, memory.
#[derive(Parser)]
struct Arguments {
    /// Where to put the database and its key file. Without it, they are deleted at
    /// the end.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// How many groups there are beside the large one.
    #[arg(long, default_value_t = 50)]
    groups: usize,
    /// Entries in each of them.
    #[arg(long, default_value_t = 1_000)]
    each: usize,
    /// Entries in the large one.
    #[arg(long, default_value_t = 100_000)]
    entries: usize,
}

fn main() -> Result<ExitCode, Error> {
    if let Some(done) = memory::child() {
        return Ok(done);
    }
    let arguments = Arguments::parse();
    let temporary = tempfile::tempdir()?;
    let folder = arguments.folder.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let file = File { path: folder.join("filled.db"), keys: folder.join("filled.keys") };
    if file.path.exists() {
        return Err(format!("{} is there already", file.path.display()).into());
    }
    fill(&file, arguments.groups, arguments.each, arguments.entries)?;
    tell(&file)?;
    check(&file)?;
    Ok(ExitCode::SUCCESS)
}

/// Fills the database. The large group comes in the middle, so small groups are older and younger.
fn fill(file: &File, groups: usize, each: usize, entries: usize) -> Result<(), Error> {
    let store = Store::open_or_create(&file.path, Arc::new(FileSecrets::new(file.keys.clone())))?;
    for place in 0..=groups {
        let large = place == groups / 2;
        let (name, size) = if large { ("Large", entries) } else { ("Small", each) };
        let group = store.create_group(name, "0")?;
        let mut crowd = crowd_of(&group, &file.keys, AMONG);
        crowd.write(size.saturating_sub(crowd.entries.len()), AMONG);
        let begin = Instant::now();
        for batch in crowd.entries.get(1..).unwrap_or_default().chunks(BATCH) {
            group.entries().ingest_verified(batch.to_vec())?;
        }
        if large {
            println!("{size} verified entries taken in after {} ms", begin.elapsed().as_millis());
        }
    }
    Ok(())
}

fn tell(file: &File) -> Result<(), Error> {
    println!("{}: {} bytes", file.path.display(), file.bytes());
    let secrets = Arc::new(FileSecrets::new(file.keys.clone()));
    let begin = Instant::now();
    let store = Store::open(&file.path, secrets)?;
    println!("opened after {} ms", begin.elapsed().as_millis());
    let overview = time_ms(|| {
        let _ = store.overview(None, 100);
    });
    println!("every group in the overview after {overview:.1} ms");
    let mut entries = 0u64;
    for summary in store.groups()? {
        entries = entries.saturating_add(summary.entries);
    }
    println!("{entries} entries in {} groups", store.group_ids()?.len());
    for (place, id) in store.group_ids()?.into_iter().enumerate() {
        store.maintenance().release_memory()?;
        let begin = Instant::now();
        let group = store.group(id)?;
        let opening = group.opening()?;
        let opened = begin.elapsed().as_micros();
        let page = group.lists().expenses(None, 50)?.len();
        let listed = begin.elapsed().as_micros();
        println!(
            "group {place}: {opened} µs to open, {} replayed; {listed} µs with {page} expenses",
            opening.replayed
        );
    }
    drop(store);
    let memory = memory::of(Work::Use, file);
    println!("{memory:.1} MB of memory for using the large group and the overview");
    Ok(())
}

/// Prints the cost of checking everything, and of rescuing it into a new file.
fn check(file: &File) -> Result<(), Error> {
    let begin = Instant::now();
    let memory = memory::of(Work::Verify, file);
    let took = begin.elapsed().as_secs_f64();
    println!("the large group checked after {took:.1} s, with {memory:.1} MB of memory");
    let secrets = Arc::new(FileSecrets::new(file.keys.clone()));
    let go_on = &mut |_| ControlFlow::Continue(());
    let begin = Instant::now();
    let store = Store::open(&file.path, secrets.clone())?;
    let problems = store.maintenance().check_database(go_on)?;
    println!("check of the whole database after {:.1} s", begin.elapsed().as_secs_f64());
    if let Some(remedy) = problems.remedy() {
        return Err(format!("{remedy:?}").into());
    }
    drop(store);
    let begin = Instant::now();
    let to = file.path.with_file_name("repaired.db");
    let repaired = Store::salvage_database(&file.path, secrets, &to, go_on)?;
    let took = begin.elapsed().as_secs_f64();
    println!("repaired into a new file after {took:.1} s, complete: {}", repaired.is_complete());
    Ok(())
}
