//! Sealing and opening entries under an epoch key, and wrapping the key itself.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first error")]

use std::collections::BTreeSet;

use criterion::{Criterion, criterion_group, criterion_main};
use ledger_benches::measure::exchange::entry_of_500_bytes;
use ledger_core::keys::ExchangeKey;
use ledger_core::seal::{Envelope, EpochKey};

fn envelopes(c: &mut Criterion) {
    let entry = entry_of_500_bytes();
    let entry = entry.decoded();
    let key = EpochKey::from_bytes(entry.header().group().unwrap(), [7; 32]);
    let sealed = key.seal(entry);
    let mut group = c.benchmark_group("an entry of 500 bytes");
    group.bench_function("seal", |bencher| bencher.iter(|| key.seal(entry)));
    group.bench_function("open", |bencher| {
        bencher.iter(|| key.open(&Envelope::parse(&sealed).unwrap()).unwrap());
    });
    group.finish();
}

fn keys(c: &mut Criterion) {
    let entry = entry_of_500_bytes();
    let key = EpochKey::from_bytes(entry.decoded().header().group().unwrap(), [7; 32]);
    let recipients: BTreeSet<[u8; 32]> =
        (0..40).map(|n| ExchangeKey::from_bytes([n; 32]).public_key()).collect();
    c.bench_function("wrap an epoch key for 40 devices", |bencher| {
        bencher.iter(|| key.wrap_for(&recipients, &[7; 32]));
    });
}

criterion_group!(benches, envelopes, keys);
criterion_main!(benches);
