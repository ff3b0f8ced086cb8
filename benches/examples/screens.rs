//! First pages of the lists that screens show, in a large group, beside reading their rows raw: by
//! number, on a connection of its own.
//!
//!     cargo run --release -p ledger-benches --example screens

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    reason = "a bench stops at the first error"
)]

use std::hint::black_box;
use std::ops::ControlFlow;

use clap::Parser;
use ledger_benches::measure::bed::Bed;
use ledger_benches::measure::{median, raw, time_ms};
use ledger_core::engine::DecodedEntry;
use ledger_core::{Amount, EntryId};
use ledger_store::{Condition, Filter, Group, Lists, Recorded, TotalsBy};
use rusqlite::Connection;

/// Rows of a page.
const PAGE: u32 = 50;
/// Repetitions of a measurement.
const ROUNDS: usize = 21;

/// Measures first pages.
#[derive(Parser)]
struct Arguments {
    /// Entries in the ledger, at least 10,000.
    #[arg(long, default_value_t = 100_000)]
    entries: usize,
}

fn main() {
    let bed = Bed::new(Arguments::parse().entries.max(10_000));
    let connection = raw::connect(&bed.large.path, &bed.large.keys);
    let (_store, group) = bed.large.open();
    let lists = group.lists();
    let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
    let newest = lists.expenses(None, 1).unwrap().remove(0);
    let currency = newest.transaction.currency();
    let day = newest.transaction.date();
    let word = newest.transaction.description().split(' ').next().unwrap().to_owned();
    let some = Amount::from_minor_units(newest.transaction.amount().minor_units() / 2).unwrap();

    println!("{:>9} {:>9} {:>6}  first page of {PAGE}", "ms", "raw ms", "times");
    let filters = [
        ("expenses", vec![]),
        ("of a member", vec![Condition::Member(members[1])]),
        ("paid by a member", vec![Condition::Payer(members[1])]),
        ("in a currency", vec![Condition::Currency(currency)]),
        ("with a word", vec![Condition::Text(word.clone())]),
        ("at least an amount", vec![Condition::AtLeast(some)]),
        ("that are no transfers", vec![Condition::Transfer(false)]),
        (
            "of a member, paid by another, in a currency, of an amount",
            vec![
                Condition::Member(members[1]),
                Condition::Payer(members[2]),
                Condition::Currency(currency),
                Condition::AtLeast(some),
            ],
        ),
        (
            "with a word, paid by a member, not cancelled",
            vec![Condition::Text(word), Condition::Payer(members[1]), Condition::Cancelled(false)],
        ),
    ];
    for (name, conditions) in filters {
        let filter = Filter { conditions, ..Filter::default() };
        page(&connection, name, || lists.find(&filter, None, PAGE).unwrap());
    }
    lean(&connection, &group);
    let filter = Filter { to: Some(day), from: Some(day), ..Filter::default() };
    page(&connection, "of a day", || lists.find(&filter, None, PAGE).unwrap());
    let statement = || lists.statement(members[1], currency, None, PAGE).unwrap();
    let ids: Vec<EntryId> = statement().iter().map(|row| row.entry).collect();
    figure("statement", &ids, &connection, || {
        black_box(statement());
    });
    totals(&lists, &connection);
}

/// A page of rows without all that a screen shows: content, ids and whether it is cancelled, as they
/// were before.
fn lean(connection: &Connection, group: &Group) {
    let state = group.state().unwrap();
    let sql = "SELECT c.entry, c.signature, o.id, x.cancelled, x.date, x.n
         FROM expenses x JOIN entries c ON c.n = x.content JOIN entries o ON o.n = x.n
         WHERE x.grp = 1 AND (x.date, x.n) < (9223372036854775807, 9223372036854775807)
         ORDER BY x.date DESC, x.n DESC LIMIT 50";
    let lean = || {
        let tx = connection.unchecked_transaction().unwrap();
        let mut statement = tx.prepare_cached(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut page = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let bytes = row.get_ref(0).unwrap().as_blob().unwrap();
            let entry = DecodedEntry::decode(bytes, &row.get(1).unwrap()).unwrap();
            let original: [u8; 32] = row.get(2).unwrap();
            let cancelled: bool = row.get(3).unwrap();
            page.push((state.transaction_of(&entry).unwrap(), entry.id(), original, cancelled));
        }
        black_box(page);
    };
    let lists = group.lists();
    let ours = || {
        black_box(lists.expenses(None, PAGE).unwrap());
    };
    compare("full rows, by rows without what screens show", ROUNDS, ours, lean);
}

fn page(connection: &Connection, name: &str, read: impl Fn() -> Vec<Recorded>) {
    let ids: Vec<EntryId> = read().iter().map(|row| row.current_version).collect();
    figure(name, &ids, connection, || {
        black_box(read());
    });
}

/// Totals of everything, beside reading the contents of all expenses.
fn totals(lists: &Lists<'_>, connection: &Connection) {
    let sql = "SELECT c.entry, c.signature FROM expenses x JOIN entries c ON c.n = x.content";
    let raw = || {
        let mut statement = connection.prepare_cached(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            black_box(row.get_ref(0).unwrap().as_blob().unwrap().len());
        }
    };
    for (name, by) in [
        ("totals by month", TotalsBy::Month),
        ("totals by category", TotalsBy::Category),
        ("totals by currency", TotalsBy::Currency),
        ("totals by member", TotalsBy::Member),
    ] {
        let ours = || {
            let go_on = &mut |_| ControlFlow::Continue(());
            black_box(lists.totals(by, &Filter::default(), go_on).unwrap());
        };
        compare(name, 5, ours, raw);
    }
}

/// Measures a page beside reading its rows by their ids.
fn figure(name: &str, ids: &[EntryId], connection: &Connection, ours: impl Fn()) {
    let numbers: Vec<i64> = ids
        .iter()
        .map(|id| {
            let sql = "SELECT n FROM entries WHERE id = ?1";
            connection.query_row(sql, [id.as_bytes()], |row| row.get(0)).unwrap()
        })
        .collect();
    let raw = || {
        let sql = "SELECT entry, signature FROM entries WHERE n = ?1";
        let tx = connection.unchecked_transaction().unwrap();
        let mut statement = tx.prepare_cached(sql).unwrap();
        for n in &numbers {
            let row: (Vec<u8>, Vec<u8>) =
                statement.query_row([n], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            black_box(row);
        }
    };
    compare(&format!("{name} ({} rows)", ids.len()), ROUNDS, ours, raw);
}

/// Measures both in turn, and prints the medians.
fn compare(name: &str, rounds: usize, ours: impl Fn(), raw: impl Fn()) {
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        own.push(time_ms(&ours));
        other.push(time_ms(&raw));
    }
    let (own, raw) = (median(&own), median(&other));
    println!("{own:9.3} {raw:9.3} {:6.2}  {name}", own / raw);
}
