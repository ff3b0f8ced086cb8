//! First pages of the lists that screens show, in a large group, beside reading their rows by number,
//! on a connection of its own: raw, which most pages miss, and decoded. Totals beside reading all rows
//! raw.
//!
//! Why pages miss their rows undecoded: a row takes half a microsecond to be read by its
//! number alone. To be found it takes a walk along the list, the row of the list, its entry and a look
//! for reviews: in a profile SQLite takes half the time of a page, which is more than twice that. The
//! other half decodes entries, with members in place of their refs. So a page of 50 is at 4.7 times
//! reading its rows undecoded, and nothing that it does twice is left.

use std::hint::black_box;
use std::ops::ControlFlow;

use ledger_core::engine::DecodedEntry;
use ledger_core::{Amount, EntryId, GroupState, hazmat};
use ledger_store::{Condition, Filter, Group, Lists, Recorded, TotalsBy};
use rusqlite::Connection;

use super::bed::Bed;
use super::{Effort, Figure, Report, median, raw, time_ms};

/// Rows of a page.
const PAGE: u32 = 50;
/// What a first page may take, by reading its rows; and what totals may take, by reading all rows.
const OF_PAGES: f64 = 3.0;
/// What rows with all that a screen shows may take, by rows with their content alone.
const OF_FULL_ROWS: f64 = 1.3;

/// Every figure of first pages.
pub fn all(report: &mut Report, bed: &Bed, effort: Effort) {
    report.measure(|| figures(bed, effort));
}

/// Pages with each filter, of the statement, and totals.
#[must_use]
pub fn figures(bed: &Bed, effort: Effort) -> Vec<Figure> {
    let connection = raw::connect(&bed.large.path, &bed.large.keys);
    let (_store, group) = bed.large.open();
    let lists = group.lists();
    let pairs = effort.times(21);
    let state = group.state().unwrap();
    let mut figures = vec![full_rows(&connection, &group, pairs)];
    for (name, filter) in filters(&group) {
        let read = || lists.find(&filter, None, PAGE).unwrap();
        let ids: Vec<EntryId> = read().iter().map(|row: &Recorded| row.current_version).collect();
        let ours = || {
            black_box(read());
        };
        figures.extend(page(name, &ids, (&connection, &state), pairs, ours));
    }
    let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
    let currency = lists.expenses(None, 1).unwrap()[0].transaction.currency();
    let statement = || lists.statement(members[1], currency, None, PAGE).unwrap();
    let ids: Vec<EntryId> = statement().iter().map(|row| row.entry).collect();
    let ours = || {
        black_box(statement());
    };
    figures.extend(page("statement", &ids, (&connection, &state), pairs, ours));
    figures.extend(totals(&lists, &connection, effort.times(3)));
    figures
}

/// Filters, each with a name.
fn filters(group: &Group) -> Vec<(&'static str, Filter)> {
    let newest = group.lists().expenses(None, 1).unwrap().remove(0);
    let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
    let currency = newest.transaction.currency();
    let day = Some(newest.transaction.date());
    let word = newest.transaction.description().split(' ').next().unwrap().to_owned();
    // Who never pays on the newest days makes a search go through them: `Lists::find` says so.
    let payer = newest.transaction.credited()[0].0;
    let some = Amount::from_minor_units(newest.transaction.amount().minor_units() / 2).unwrap();
    let by = |conditions| Filter::default().conditions(conditions);
    vec![
        ("expenses", Filter::default()),
        ("expenses of a day", Filter::default().until(day).since(day)),
        ("expenses of a member", by(vec![Condition::Member(members[1])])),
        ("expenses paid by a member", by(vec![Condition::Payer(members[1])])),
        ("expenses in a currency", by(vec![Condition::Currency(currency)])),
        ("expenses with a word", by(vec![Condition::Text(word.clone())])),
        ("expenses of an amount", by(vec![Condition::AtLeast(some)])),
        ("expenses that are no transfers", by(vec![Condition::Transfer(false)])),
        (
            "expenses with a word, paid by a member",
            by(vec![Condition::Text(word), Condition::Payer(payer), Condition::Cancelled(false)]),
        ),
    ]
}

/// A page with all that a screen shows, beside the content, ids and whether each is cancelled.
fn full_rows(connection: &Connection, group: &Group, pairs: usize) -> Figure {
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
    let name = "page of 50 full rows, by rows of content alone".to_owned();
    beside(name, OF_FULL_ROWS, pairs, ours, lean)
}

/// A page beside reading its rows by their numbers, raw and decoded.
fn page(
    name: &str,
    ids: &[EntryId],
    (connection, state): (&Connection, &GroupState),
    pairs: usize,
    ours: impl Fn(),
) -> [Figure; 2] {
    let number = |id: &EntryId| -> i64 {
        let sql = "SELECT n FROM entries WHERE id = ?1";
        connection.query_row(sql, [id.as_bytes()], |row| row.get(0)).unwrap()
    };
    let numbers: Vec<(EntryId, i64)> = ids.iter().map(|id| (*id, number(id))).collect();
    assert!(!numbers.is_empty(), "{name} has no rows");
    let read = |decode: bool| {
        let tx = connection.unchecked_transaction().unwrap();
        let mut statement =
            tx.prepare_cached("SELECT entry, signature FROM entries WHERE n = ?1").unwrap();
        for (id, n) in &numbers {
            let mut rows = statement.query([n]).unwrap();
            let row = rows.next().unwrap().unwrap();
            let bytes = row.get_ref(0).unwrap().as_blob().unwrap();
            if decode {
                let entry = hazmat::read_stored(*id, bytes, &row.get(1).unwrap()).unwrap();
                black_box(state.transaction_of(entry.decoded()).unwrap());
            } else {
                black_box(bytes.len());
            }
        }
    };
    let figure = |how: &str, decode| {
        let name = format!("first page of {name}, by reading {how}");
        beside(name, OF_PAGES, pairs, &ours, || read(decode))
    };
    [figure("its rows raw", false), figure("and decoding its rows", true)]
}

/// Totals of everything, beside reading the contents of all expenses.
fn totals(lists: &Lists<'_>, connection: &Connection, pairs: usize) -> Vec<Figure> {
    let raw = || {
        let sql = "SELECT c.entry, c.signature FROM expenses x JOIN entries c ON c.n = x.content";
        let mut statement = connection.prepare_cached(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            black_box(row.get_ref(0).unwrap().as_blob().unwrap().len());
        }
    };
    let figure = |(name, by)| {
        let ours = || {
            let go_on = &mut |_| ControlFlow::Continue(());
            black_box(lists.totals(by, &Filter::default(), go_on).unwrap());
        };
        beside(format!("totals by {name}, by reading all expenses raw"), OF_PAGES, pairs, ours, raw)
    };
    let all = [
        ("month", TotalsBy::Month),
        ("category", TotalsBy::Category),
        ("currency", TotalsBy::Currency),
        ("member", TotalsBy::Member),
    ];
    all.into_iter().map(figure).collect()
}

/// Measures both in turn, and compares the medians.
fn beside(name: String, at_most: f64, pairs: usize, ours: impl Fn(), theirs: impl Fn()) -> Figure {
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for _ in 0..pairs {
        own.push(time_ms(&ours));
        other.push(time_ms(&theirs));
    }
    Figure { name, value: median(&own), unit: "ms", limit: median(&other), at_most }
}
