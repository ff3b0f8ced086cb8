//! From stored bytes to balances, with and without signature checks.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first error")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ledger_benches::{decode, generate, replay, trust, verify};

fn from_stored_bytes(c: &mut Criterion) {
    for money in [1_000, 10_000] {
        let entries = generate(1, money).unwrap().entries;
        let mut group = c.benchmark_group(format!("from stored bytes/{money}"));
        group.sample_size(10);
        group.throughput(Throughput::Elements(u64::try_from(entries.len()).unwrap()));
        group.bench_function("with signature checks", |b| {
            b.iter(|| replay(verify(decode(&entries).unwrap()).unwrap()).unwrap());
        });
        group.bench_function("signatures trusted", |b| {
            b.iter(|| replay(trust(decode(&entries).unwrap())).unwrap());
        });
        // The stages alone.
        group.bench_function("decode", |b| b.iter(|| decode(&entries).unwrap()));
        let decoded = decode(&entries).unwrap();
        group.bench_function("verify", |b| {
            b.iter_batched(|| decoded.clone(), |d| verify(d).unwrap(), BatchSize::LargeInput);
        });
        let trusted = trust(decoded.clone());
        group.bench_function("admit and replay", |b| {
            b.iter_batched(|| trusted.clone(), |t| replay(t).unwrap(), BatchSize::LargeInput);
        });
        group.finish();
    }
}

criterion_group!(benches, from_stored_bytes);
criterion_main!(benches);
