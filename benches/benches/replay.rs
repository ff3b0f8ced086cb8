//! From stored bytes to balances, with and without signature checks, and checkpoints.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first error")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ledger_benches::{decode, generate, replay, trust, verify};
use ledger_core::engine::Ledger;

fn from_stored_bytes(c: &mut Criterion) {
    for money in [1_000, 10_000] {
        let entries = generate(1, money).unwrap().entries;
        let mut group = c.benchmark_group(format!("from stored bytes/{money}"));
        group.sample_size(10);
        group.throughput(Throughput::Elements(u64::try_from(entries.len()).unwrap()));
        group.bench_function("with signature checks", |bencher| {
            bencher.iter(|| replay(verify(decode(&entries).unwrap()).unwrap()).unwrap());
        });
        group.bench_function("signatures trusted", |bencher| {
            bencher.iter(|| replay(trust(decode(&entries).unwrap())).unwrap());
        });
        let trusted = trust(decode(&entries).unwrap());
        group.bench_function("replay of decoded entries", |bencher| {
            bencher.iter_batched(
                || trusted.clone(),
                |trusted| replay(trusted).unwrap(),
                BatchSize::LargeInput,
            );
        });
        group.finish();
    }
}

fn checkpoint(c: &mut Criterion) {
    let entries = generate(1, 10_000).unwrap().entries;
    let ledger = replay(trust(decode(&entries).unwrap())).unwrap();
    let bytes = ledger.to_checkpoint();
    let mut group = c.benchmark_group("checkpoint of 10,000 entries");
    group.bench_function("write", |bencher| bencher.iter(|| ledger.to_checkpoint()));
    group.bench_function("read", |bencher| {
        bencher.iter(|| Ledger::from_checkpoint(ledger.group(), &bytes).unwrap());
    });
    group.finish();
}

criterion_group!(benches, from_stored_bytes, checkpoint);
criterion_main!(benches);
