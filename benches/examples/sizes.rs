//! Effect of the sizes of pages and page caches, and of the number of readers. The defaults of
//! `StoreOptions` and of SQLCipher's pages were chosen by these figures (see ARCHITECTURE.md).
//!
//!     cargo run --release -p ledger-benches --example sizes

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a bench stops at the first error"
)]

use std::sync::Arc;
use std::thread;

use clap::Parser;
use ledger_benches::measure::bed::{AMONG, BATCH, Bed, File};
use ledger_benches::measure::raw::{Raw, Reader, connect_with, read_last};
use ledger_benches::measure::{median, time_ms};
use ledger_core::Date;
use ledger_store::{Condition, FileSecrets, Filter, Group, NewEntry, Store, StoreOptions};

const PAGES: [u32; 3] = [4096, 8192, 16384];
const CACHES_KIB: [u32; 5] = [64, 512, 2048, 4096, 16384];
const READERS: [u8; 4] = [1, 2, 3, 4];
const ROUNDS: usize = 5;
/// Queries in a round.
const QUERIES: u32 = 100;
/// Threads that ask at the same time.
const THREADS: u32 = 4;

/// Measures pages, caches and readers.
#[derive(Parser)]
struct Arguments {
    /// Entries in the ledger, at least 20,000.
    #[arg(long, default_value_t = 50_000)]
    entries: usize,
}

fn main() {
    let mut bed = Bed::new(Arguments::parse().entries.max(20_000));
    pages(&bed);
    caches(&mut bed);
    readers(&bed);
}

/// Prints the cost of raw inserts, and of reading as much as opening does, by page size.
fn pages(bed: &Bed) {
    let reader = Reader::open(&bed.large.path, &bed.large.keys);
    let entries = &bed.crowd.entries[..bed.taken];
    for size in PAGES {
        let file = File { path: bed.folder().join(format!("{size}.db")), ..bed.large.clone() };
        let settings = format!("PRAGMA cipher_page_size = {size}");
        let connection = connect_with(&file.path, &file.keys, &settings);
        // Without the few rows that these refer to.
        connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        connection.execute_batch(&reader.schema()).unwrap();
        let mut raw = Raw::new(connection);
        let (mut last, mut times) = (0, Vec::new());
        for batch in entries.chunks(BATCH) {
            let rows = reader.after(last, batch, bed.crowd.ledger.state());
            last += i64::try_from(batch.len()).unwrap();
            times.push(raw.insert(&rows));
        }
        drop(raw);
        let open = (0..15)
            .map(|_| time_ms(|| read_last(&connect_with(&file.path, &file.keys, &settings))));
        let open = median(&open.collect::<Vec<_>>());
        let insert = median(&times[times.len() - 10..]);
        println!(
            "pages of {size:5}: {} bytes; {insert:.1} ms for {BATCH} entries; open and read 500 \
             rows {open:.2} ms",
            file.bytes()
        );
    }
}

fn open(file: &File, options: StoreOptions) -> (Store, Group) {
    let secrets = Arc::new(FileSecrets::new(file.keys.clone()));
    let store = options.open(&file.path, secrets).unwrap();
    let group = store.group(store.group_ids().unwrap()[0]).unwrap();
    (store, group)
}

/// The filter of the `n`th query: up to some day of the crowd.
fn filter(n: u32) -> Filter {
    let to = Date::from_ymd(2026, 1 + n * 5 % 12, 1 + n * 11 % 28).unwrap();
    Filter::default().until(to)
}

/// Prints the cost of list pages and searches by cache size. An append after every tenth query makes
/// readers forget their pages.
fn caches(bed: &mut Bed) {
    let handles = CACHES_KIB.map(|kib| open(&bed.large, StoreOptions::new().cache_kib(kib)));
    let mut times = CACHES_KIB.map(|_| (Vec::new(), Vec::new()));
    for round in 0..ROUNDS {
        for ((_store, group), (lists, searches)) in handles.iter().zip(&mut times) {
            for n in 0..QUERIES {
                let filter = filter(n);
                lists.push(time_ms(|| drop(group.lists().find(&filter, None, 50).unwrap())));
                let words = Condition::Text(format!("groceries {}", n % 977));
                let filter = filter.condition(words);
                searches.push(time_ms(|| drop(group.lists().find(&filter, None, 50).unwrap())));
                if n.is_multiple_of(10) {
                    let details = bed.crowd.expense(round, AMONG);
                    group.entries().append(vec![NewEntry::Record(details)]).unwrap();
                }
            }
        }
    }
    for (kib, (lists, searches)) in CACHES_KIB.iter().zip(&times) {
        let (list, search) = (median(lists), median(searches));
        println!("caches of {kib:5} KiB: a page of 50 {list:.2} ms, a search {search:.2} ms");
    }
}

/// Prints the time of several threads that ask for list pages at once, by number of readers.
fn readers(bed: &Bed) {
    let handles = READERS.map(|count| open(&bed.large, StoreOptions::new().readers(count)));
    let mut times = READERS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for ((_store, group), times) in handles.iter().zip(&mut times) {
            times.push(time_ms(|| {
                thread::scope(|scope| {
                    for thread in 0..THREADS {
                        scope.spawn(move || {
                            for n in 0..QUERIES {
                                group
                                    .lists()
                                    .find(&filter(thread * QUERIES + n), None, 50)
                                    .unwrap();
                            }
                        });
                    }
                });
            }));
        }
    }
    let cores = thread::available_parallelism().unwrap();
    for (count, times) in READERS.iter().zip(&times) {
        let (pages, took) = (THREADS * QUERIES, median(times));
        println!(
            "{count} readers, {THREADS} threads, {cores} cores: {took:.0} ms for {pages} pages of 50"
        );
    }
}
