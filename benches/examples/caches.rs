//! What a larger page cache buys: pages of the list at random days and searches,
//! with an entry appended now and then, which makes readers forget their pages.
//!
//! `cargo run --release -p ledger-benches --example caches -- 20000`

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use ledger_core::{Amount, Currency, Date, Details, ExpenseDetails, GroupState, MemberId};
use ledger_store::{By, Filter, Group, MemorySecrets, NewEntry, StoreOptions};

const SIZES_KIB: [u32; 5] = [64, 512, 2048, 4096, 16384];
const ROUNDS: usize = 5;
const PAGES: u32 = 100;

fn expense(state: &GroupState, n: u32) -> NewEntry {
    let members: Vec<MemberId> = state.members().iter().map(|(id, _)| *id).collect();
    let amount = Amount::from_minor_units(500).unwrap();
    let part = Amount::from_minor_units(100).unwrap();
    NewEntry::Record(Details::Expense(ExpenseDetails {
        date: Date::from_ymd(2020 + n % 6, 1 + n / 7 % 12, 1 + n / 3 % 28).unwrap(),
        description: format!("Thing {} of shop {}", n % 997, n % 89),
        category: Some("Food".into()),
        note: None,
        currency: Currency::from_code("EUR").unwrap(),
        amount,
        payers: vec![(members[0], amount)],
        shares: members.iter().take(5).map(|member| (*member, part)).collect(),
        origin: None,
    }))
}

/// Time for pages of 50 and for searches.
fn read(group: &Group, state: &GroupState, round: u32) -> (Duration, Duration) {
    let (mut lists, mut searches) = (Duration::ZERO, Duration::ZERO);
    for n in 0..PAGES {
        let n = round * PAGES + n;
        let to = Date::from_ymd(2020 + n % 6, 1 + n * 5 % 12, 1 + n * 11 % 28).unwrap();
        let filter = Filter { to: Some(to), ..Filter::default() };
        let start = Instant::now();
        assert!(!group.find(&filter, None, 50).unwrap().is_empty());
        lists += start.elapsed();
        let filter = Filter { by: Some(By::Text(format!("thing {}", n % 997))), ..filter };
        let start = Instant::now();
        group.find(&filter, None, 50).unwrap();
        searches += start.elapsed();
        if n.is_multiple_of(10) {
            group.append(vec![expense(state, n)]).unwrap();
        }
    }
    (lists / PAGES, searches / PAGES)
}

fn main() {
    let entries: u32 = std::env::args().nth(1).map_or(20_000, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (path, secrets) = (folder.path().join("flat.db"), Arc::new(MemorySecrets::new()));
    let store = StoreOptions::new().open_or_create(&path, secrets.clone()).unwrap();
    let group = store.found_group("Flat", "Anna").unwrap();
    let guests = (0..4).map(|n| NewEntry::Placeholder { name: format!("Guest {n}") });
    group.append(guests.collect()).unwrap();
    let state = group.state().unwrap();
    for from in (0..entries).step_by(500) {
        group.append((from..from + 500).map(|n| expense(&state, n)).collect()).unwrap();
    }
    store.checkpoint_all().unwrap();
    println!("{entries} entries, {} KiB", std::fs::metadata(&path).unwrap().len() / 1024);
    let mut best = [(Duration::MAX, Duration::MAX); SIZES_KIB.len()];
    let stores: Vec<_> = SIZES_KIB
        .iter()
        .map(|kib| StoreOptions::new().cache_kib(*kib).open(&path, secrets.clone()).unwrap())
        .collect();
    for round in 0..ROUNDS {
        for (store, best) in stores.iter().zip(&mut best) {
            let group = store.group(group.id()).unwrap();
            let (lists, searches) = read(&group, &state, u32::try_from(round).unwrap());
            *best = (best.0.min(lists), best.1.min(searches));
        }
    }
    for (kib, (lists, searches)) in SIZES_KIB.iter().zip(best) {
        println!("{kib:>6} KiB: a page {lists:>9.1?}, a search {searches:>9.1?}");
    }
}
