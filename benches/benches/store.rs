//! The store on an encrypted database: append, open, list, bundles.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops at the first error")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ledger_benches::measure::bed::AMONG;
use ledger_benches::measure::host::Host;
use ledger_core::settle_up;
use ledger_store::{Condition, Filter, NewEntry};

/// Entries of the database.
const ENTRIES: usize = 2_000;

fn one_group(c: &mut Criterion) {
    let host = Host::new(ENTRIES);
    let Host { group: ledger, crowd, .. } = &host;
    let mut group = c.benchmark_group(format!("a group of {ENTRIES} entries"));
    group.bench_function("open", |bencher| {
        bencher.iter(|| host.open(Host::NAME).group.opening().unwrap());
    });
    group.bench_function("a page of 50 expenses", |bencher| {
        bencher.iter(|| ledger.lists().expenses(None, 50).unwrap());
    });
    let words = Filter::default().condition(Condition::Text("groceries 7".to_owned()));
    group.bench_function("a search", |bencher| {
        bencher.iter(|| ledger.lists().find(&words, None, 50).unwrap());
    });
    group.bench_function("balances and a settle-up plan", |bencher| {
        bencher.iter(|| {
            let state = ledger.state().unwrap();
            let plan = |currency| settle_up(state.open_balances(currency));
            state.currencies().map(plan).collect::<Vec<_>>()
        });
    });
    let expense = crowd.expense(0, AMONG);
    group.bench_function("append an expense", |bencher| {
        bencher.iter_batched(
            || vec![NewEntry::Record(expense.clone())],
            |entries| ledger.entries().append(entries).unwrap(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn bundles(c: &mut Criterion) {
    let host = Host::new(ENTRIES);
    let mut group = c.benchmark_group(format!("a bundle of {ENTRIES} entries"));
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::try_from(ENTRIES).unwrap()));
    group.bench_function("export", |bencher| bencher.iter(|| host.export()));
    let mut guests = 0_u64;
    group.bench_function("import", |bencher| {
        bencher.iter_batched(
            || {
                guests = guests.saturating_add(1);
                let name = format!("{guests}.db");
                let bundle = host.admit(&name);
                (host.open(&name), bundle)
            },
            |(guest, bundle)| guest.import(&bundle),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, one_group, bundles);
criterion_main!(benches);
