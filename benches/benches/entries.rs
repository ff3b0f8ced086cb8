//! One entry at a time and in batches: writing, reading, checking signatures.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first error")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ledger_benches::measure::crowd::Crowd;
use ledger_benches::{Stored, decode, generate, verify};
use ledger_core::engine::{DecodedEntry, Draft};
use ledger_core::{EntryId, hazmat};

/// Entries of a batch.
const BATCH: usize = 1_000;

fn write(c: &mut Criterion) {
    let mut crowd = Crowd::new();
    crowd.grow(6);
    let expense = crowd.expense(0, 6);
    let (_, device, home) = crowd.people.get(1).unwrap();
    let position = crowd.ledger.first_position(device.id(), *home).unwrap();
    c.bench_function("entries/encode and sign an expense", |bencher| {
        bencher.iter(|| {
            let draft = Draft::record(crowd.ledger.state(), &expense).unwrap();
            draft.sign(device, &position, 0).unwrap()
        });
    });
}

fn read(c: &mut Criterion) {
    let entries = generate(1, BATCH).unwrap().entries;
    let decoded = decode(&entries).unwrap();
    let mut group = c.benchmark_group("entries");
    group.throughput(Throughput::Elements(u64::try_from(entries.len()).unwrap()));
    group.bench_function("decode 1,000", |bencher| bencher.iter(|| decode(&entries).unwrap()));
    let rows: Vec<(EntryId, &Stored)> =
        decoded.iter().map(DecodedEntry::id).zip(&entries).collect();
    group.bench_function("read 1,000 stored ones", |bencher| {
        let read = |(id, stored): &(EntryId, &Stored)| {
            hazmat::read_stored(*id, &stored.bytes, &stored.signature).unwrap()
        };
        bencher.iter(|| rows.iter().map(read).collect::<Vec<_>>());
    });
    group.bench_function("verify a batch of 1,000", |bencher| {
        bencher.iter_batched(
            || decoded.clone(),
            |decoded| verify(decoded).unwrap(),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, write, read);
criterion_main!(benches);
