//! Raw inserts and reads of the store's rows with several sizes of pages and of the
//! page cache: what `ledger-store/src/database/open.rs` chose by.
//!
//!     cargo run --release -p ledger-benches --bin page_sizes

#![allow(clippy::arithmetic_side_effects, reason = "a bench, not the library")]

use clap::Parser;
use ledger_benches::measure::bed::{BATCH, Bed, File};
use ledger_benches::measure::raw::{Raw, Reader, connect_with, read_last};
use ledger_benches::measure::{median, time_ms};

/// Measures pages and caches of several sizes.
#[derive(Parser)]
struct Arguments {
    /// Entries in the ledger.
    #[arg(long, default_value_t = 50_000)]
    entries: usize,
}

fn main() {
    let arguments = Arguments::parse();
    let bed = Bed::new(arguments.entries.max(20_000));
    let reader = Reader::open(&bed.large.path, &bed.large.keys);
    let entries = bed.crowd.entries.get(..bed.taken).unwrap_or_default();
    for page in [4096, 8192, 16384] {
        let file = File { path: bed.folder().join(format!("{page}.db")), ..bed.large.clone() };
        let settings = format!("PRAGMA cipher_page_size = {page}");
        let connection = connect_with(&file.path, &file.keys, &settings);
        let made = connection.execute_batch(&reader.schema());
        assert!(made.is_ok(), "{made:?}");
        let mut raw = Raw::of(connection);
        let mut last = 0;
        let caches = [500, 2_000, 4_000, 8_000];
        let mut times = caches.map(|_| Vec::new());
        let (mut place, until) = (0usize, entries.len().saturating_sub(caches.len() * 5 * BATCH));
        for batch in entries.chunks(BATCH) {
            let rows = reader.after(last, batch, bed.crowd.ledger.state());
            last += i64::try_from(batch.len()).unwrap_or_default();
            let begun = usize::try_from(last).unwrap_or_default();
            if begun <= until {
                raw.insert(&rows);
                continue;
            }
            // The last ones with each cache in turn.
            let turn = place % caches.len();
            let (Some(cache), Some(times)) = (caches.get(turn), times.get_mut(turn)) else { break };
            raw.cache_kilobytes(*cache);
            times.push(raw.insert(&rows));
            place = place.saturating_add(1);
        }
        drop(raw);
        let open = (0..15)
            .map(|_| time_ms(|| read_last(&connect_with(&file.path, &file.keys, &settings))));
        let open = median(&open.collect::<Vec<_>>());
        println!("pages of {page}: {} bytes, open and read 500 rows {open:.2} ms", file.bytes());
        for (cache, times) in caches.iter().zip(&times) {
            println!("  cache of {cache} kB: {:.1} ms for {BATCH} entries", median(times));
        }
    }
}
