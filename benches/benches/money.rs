//! Splitting amounts and settling up.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    missing_docs,
    reason = "a bench stops at the first error"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ledger_core::{Amount, Balance, MemberId, settle_up, split_equally};

/// Balances of so many members that sum to zero and of which no small set does.
fn balances(members: u8) -> Vec<(MemberId, Balance)> {
    let amount = |n: u8| {
        let minor_units = 1_000 + 37 * u64::from(n) * u64::from(n);
        Balance::from(Amount::from_minor_units(minor_units).unwrap())
    };
    let member = |n: u8| MemberId::from_bytes([n; 32]);
    let mut balances: Vec<_> = (1..members).map(|n| (member(n), amount(n))).collect();
    let sum = balances.iter().fold(Balance::ZERO, |sum, (_, balance)| sum.plus(*balance));
    balances.push((member(members), Balance::ZERO.minus(sum)));
    balances
}

fn settling(c: &mut Criterion) {
    for members in [5, 12, 100] {
        let balances = balances(members);
        c.bench_function(&format!("settle up among {members}"), |bencher| {
            bencher.iter(|| settle_up(balances.iter().copied()));
        });
    }
}

fn splitting(c: &mut Criterion) {
    let total = Amount::from_minor_units(123_457).unwrap();
    for parts in [5, 100] {
        c.bench_function(&format!("split equally among {parts}"), |bencher| {
            bencher.iter(|| split_equally(black_box(total), parts, 3));
        });
    }
}

criterion_group!(benches, settling, splitting);
criterion_main!(benches);
