//! Size of the tables behind lists, compared with the entries.
#![cfg(feature = "sqlcipher")]

use ledger_core::{Amount, Currency, Date, Expense, Transaction, split_equally};
use ledger_store::NewEntry;

use crate::common::{Folder, Rng, found};

const WORDS: [&str; 20] = [
    "dinner",
    "groceries",
    "rent",
    "internet",
    "electricity",
    "taxi",
    "cinema",
    "coffee",
    "market",
    "bakery",
    "train",
    "tickets",
    "museum",
    "hotel",
    "gift",
    "cleaning",
    "repair",
    "water",
    "beer",
    "pharmacy",
];

/// The tables for search by day, member, category, currency and words take less room than
/// half of the entries: five shares, three words, a category.
#[test]
fn what_expenses_are_found_by_is_small() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 4);
    let mut rng = Rng::new(1);
    let state = group.state().unwrap();
    let members: Vec<_> = state.members().iter().map(|(id, _)| *id).collect();
    let word = |rng: &mut Rng| WORDS[rng.below(WORDS.len())];
    let expenses: Vec<NewEntry> = (0..5000)
        .map(|_| {
            let amount = Amount::from_minor_units(100 + rng.next() % 50_000).unwrap();
            let (month, day) = (1 + rng.below(12) as u32, 1 + rng.below(28) as u32);
            NewEntry::Record(Transaction::Expense(
                Expense::new(
                    Date::from_ymd(2024 + rng.below(3) as u32, month, day).unwrap(),
                    format!("{} {} {}", word(&mut rng), word(&mut rng), word(&mut rng)),
                    Currency::from_code("EUR").unwrap(),
                    amount,
                )
                .category(format!("Category {}", rng.below(10)))
                .paid_by(members[rng.below(5)], amount)
                .shares(members.iter().copied().zip(split_equally(amount, 5, 0))),
            ))
        })
        .collect();
    let start = std::time::Instant::now();
    for batch in expenses.chunks(500) {
        group.entries().append(batch.to_vec()).unwrap();
    }
    println!("{} µs per expense", start.elapsed().as_micros() / 5000);
    let raw = folder.raw();
    let mut statement =
        raw.prepare("SELECT name, sum(pgsize) / 5000, count(*) FROM dbstat GROUP BY name").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let sizes: Vec<(String, i64)> = rows.collect::<Result<_, _>>().unwrap();
    for (name, bytes) in &sizes {
        println!("{bytes:5} bytes per expense: {name}");
    }
    let sum = |wanted: fn(&str) -> bool| -> i64 {
        sizes.iter().filter(|(name, _)| wanted(name)).map(|(_, bytes)| bytes).sum()
    };
    let entries = sum(|name| name.contains("entries"));
    let lists = sum(|name| name.starts_with("found_by") || name.starts_with("texts"));
    println!("{entries} for entries, {lists} for what they are found by");
    assert!(lists > 50 && 2 * lists < entries, "{lists} of {entries}");
}
