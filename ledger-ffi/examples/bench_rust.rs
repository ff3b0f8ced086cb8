//! The Rust side of `bench-bindings.sh`: makes a database, then does on request
//! what the bindings do with it, and says how long that took.
//!
//! ```text
//! bench_rust FOLDER    lines `balances N` or `page N`; answers nanoseconds
//!                      for N calls
//! ```
//!
//! What a call gives is held until the clock was read, as the other side does.

#![allow(clippy::arithmetic_side_effects, reason = "a measurement, with numbers of its own")]

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use ledger_core::{Amount, Currency, Date, Expense, MemberId, Transaction, split_equally};
use ledger_store::{FileSecrets, Filter, Group, NewEntry, Store};

/// As many as a flat has after some years.
const EXPENSES: u64 = 5_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("usage: bench_rust FOLDER")?;
    let folder = Path::new(&folder);
    let keys = FileSecrets::new(folder.join("bench.db.keys"));
    let store = Store::open_or_create(&folder.join("bench.db"), Arc::new(keys))?;
    let group = store.create_group("Flat", "Anna")?;
    fill(&group)?;
    group.checkpoint()?;
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (what, calls) = line.split_once(' ').ok_or("a call and a number")?;
        let calls: u32 = calls.parse()?;
        let begun = Instant::now();
        for _ in 0..calls {
            match what {
                "balances" => black_box(balances(&group)?).len(),
                _ => black_box(group.lists().find(&Filter::default(), None, 50)?).len(),
            };
        }
        println!("{}", begun.elapsed().as_nanos());
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn balances(group: &Group) -> Outcome<Vec<(MemberId, Currency, i128)>> {
    let ledger = group.ledger()?;
    let state = ledger.state();
    let mut rows = Vec::new();
    for currency in state.currencies() {
        for (member, _) in state.members() {
            rows.push((member, currency, state.balance(member, currency).minor_units()));
        }
    }
    Ok(rows)
}

fn fill(group: &Group) -> Outcome<()> {
    let people = ["Ben", "Cleo", "Dora", "Emil"];
    group
        .entries()
        .append(people.map(|name| NewEntry::Placeholder { name: name.into() }).to_vec())?;
    let members: Vec<MemberId> = group.state()?.members().iter().map(|(id, _)| *id).collect();
    let payer = *members.first().ok_or("nobody is in the group")?;
    let eur = Currency::from_code("EUR")?;
    let expense = |n: u64| -> Outcome<NewEntry> {
        let amount = Amount::from_minor_units(1_000 + n)?;
        Ok(NewEntry::Record(Transaction::Expense(
            Expense::new(
                Date::from_ymd(2024, u32::try_from(1 + n % 12)?, u32::try_from(1 + n % 28)?)?,
                format!("Dinner {n}"),
                eur,
                amount,
            )
            .category("food")
            .paid_by(payer, amount)
            .shares(members.iter().copied().zip(split_equally(
                amount,
                members.len(),
                n,
            ))),
        )))
    };
    let numbers: Vec<u64> = (0..EXPENSES).collect();
    for some in numbers.chunks(500) {
        group.entries().append(some.iter().map(|n| expense(*n)).collect::<Result<_, _>>()?)?;
    }
    Ok(())
}
