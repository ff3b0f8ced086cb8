//! Statements of account: they end at the balance, row by row and page by page, whatever
//! happened to the expenses.
#![cfg(feature = "sqlcipher")]

use ledger_core::engine::AsOf;
use ledger_core::{Amount, Balance, Currency, Date, EntryId, MemberId, Transaction, Transfer};
use ledger_store::{Condition, Filter, Group, NewEntry, StatementCursor, StatementRow, StoreError};

use crate::common::{Folder, Rng, found, go_on, record, something};

fn currency(code: &str) -> Currency {
    Currency::from_code(code).unwrap()
}

/// All pages of a statement, one after the other.
fn pages(group: &Group, member: MemberId, currency: Currency, size: u32) -> Vec<StatementRow> {
    let mut rows: Vec<StatementRow> = Vec::new();
    loop {
        let after = rows.last().map(|row| row.cursor);
        let page = group.lists().statement(member, currency, after, size).unwrap();
        assert!(page.len() <= size as usize);
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

/// The rows add up from zero to the balance of now, and are those of the list of expenses.
fn assert_statement(group: &Group, rows: &[StatementRow], member: MemberId, currency: Currency) {
    let state = group.state().unwrap();
    let mut balance = Balance::ZERO;
    for row in rows.iter().rev() {
        balance = balance.plus(row.change);
        assert_eq!(row.balance, balance);
    }
    assert_eq!(balance, state.balance(member, currency));
    let listed: Vec<_> = group
        .lists()
        .expenses(None, u32::MAX)
        .unwrap()
        .into_iter()
        .filter(|row| !row.cancelled && row.transaction.currency() == currency)
        .filter(|row| row.transaction.members().any(|named| named == member))
        .map(|row| (row.original, Some(row.transaction)))
        .collect();
    let recorded = rows.iter().filter(|row| row.entry != group.id().genesis());
    let recorded: Vec<_> = recorded.map(|row| (row.entry, row.transaction.clone())).collect();
    assert_eq!(recorded, listed);
}

fn assert_statements(group: &Group) {
    for (member, _) in group.members().unwrap() {
        for code in ["EUR", "JPY", "KWD", "USD"] {
            let whole = group.lists().statement(member, currency(code), None, u32::MAX).unwrap();
            assert_statement(group, &whole, member, currency(code));
            for size in [1, 3, 50] {
                let paged = pages(group, member, currency(code), size);
                assert_eq!(paged, whole, "{code}, pages of {size}");
            }
        }
    }
}

#[test]
fn statements_end_at_the_balance_after_corrections_and_cancellations() {
    for seed in 0..3 {
        let folder = Folder::new(seed);
        let store = folder.store();
        let group = found(&store, 2);
        assert_statements(&group);
        let (mut rng, mut originals) = (Rng::new(seed), Vec::new());
        for _ in 0..15 {
            let state = group.state().unwrap();
            let entries: Vec<_> =
                (0..4).map(|_| something(&state, &mut originals, &mut rng)).collect();
            let ids = group.entries().append(entries.clone()).unwrap();
            let new = entries.iter().zip(ids).filter(|(e, _)| matches!(e, NewEntry::Record(_)));
            originals.extend(new.map(|(_, id)| id));
        }
        assert_statements(&group);
    }
}

/// The rows of a currency are found along the currency or the member: with many rows and with few.
#[test]
fn statements_are_right_in_a_currency_with_a_thousand_rows() {
    let folder = Folder::new(61);
    let store = folder.store();
    let group = found(&store, 2);
    let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
    let transfer = |n: u32| {
        let code = if n.is_multiple_of(100) { "JPY" } else { "EUR" };
        let date = Date::from_ymd(2026, 1 + n % 12, 1 + n % 28).unwrap();
        let amount = Amount::from_minor_units(u64::from(n)).unwrap();
        let to = members[if n.is_multiple_of(3) { 2 } else { 1 }];
        NewEntry::Record(Transfer::new(date, currency(code), amount, members[0], to).into())
    };
    group.entries().append((1..=1_020).map(transfer).collect()).unwrap();
    for member in members {
        for code in ["EUR", "JPY"] {
            let whole = group.lists().statement(member, currency(code), None, u32::MAX).unwrap();
            assert_statement(&group, &whole, member, currency(code));
            assert_eq!(pages(&group, member, currency(code), 7), whole);
        }
    }
}

#[test]
fn the_opening_balance_of_a_successor_group_is_the_last_row() {
    let folder = Folder::new(21);
    let store = folder.store();
    let group = found(&store, 2);
    record(&group, 20, 20, &mut Rng::new(21));
    let next = group.create_successor_group("Flat again").unwrap();
    record(&next, 10, 10, &mut Rng::new(22));
    assert_statements(&next);
    let me = next.me().unwrap().unwrap();
    let code = next.state().unwrap().currencies().next().unwrap();
    let rows = pages(&next, me, code, 2);
    let last = rows.last().unwrap();
    assert_eq!((last.entry, &last.transaction), (next.id().genesis(), &None));
    assert_eq!(last.change, group.state().unwrap().balance(group.me().unwrap().unwrap(), code));
}

/// What came between two pages is in the balances of the second one.
#[test]
fn pages_fit_the_balance_of_now_when_entries_came_between_them() {
    let folder = Folder::new(31);
    let store = folder.store();
    let group = found(&store, 1);
    let mut rng = Rng::new(31);
    record(&group, 30, 30, &mut rng);
    let (me, euro) = (group.me().unwrap().unwrap(), currency("EUR"));
    let first = group.lists().statement(me, euro, None, 3).unwrap();
    record(&group, 30, 30, &mut rng);
    let whole = group.lists().statement(me, euro, None, u32::MAX).unwrap();
    let after = first.last().unwrap().cursor;
    let rest = group.lists().statement(me, euro, Some(after), u32::MAX).unwrap();
    // Cursors name the last entry that was there, and that is another one now.
    assert!(
        rest.len() > 3 && whole.ends_with(&rest),
        "the rest is the end of the statement of now"
    );
}

#[test]
fn an_account_refuses_the_cursor_of_another() {
    let folder = Folder::new(41);
    let store = folder.store();
    let group = found(&store, 2);
    record(&group, 60, 60, &mut Rng::new(41));
    let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
    let (euro, yen) = (currency("EUR"), currency("JPY"));
    let cursor = group.lists().statement(members[0], euro, None, 2).unwrap()[1].cursor;
    group.lists().statement(members[0], euro, Some(cursor), 2).unwrap();
    for (member, code) in [(members[1], euro), (members[0], yen)] {
        let refused = group.lists().statement(member, code, Some(cursor), u32::MAX);
        assert!(matches!(refused, Err(StoreError::CursorOfAnotherList)), "{refused:?}");
    }
}

/// Two units that differ in decimals are two accounts, and names with spaces make no other cursor.
#[test]
fn units_have_accounts_of_their_own() {
    let folder = Folder::new(71);
    let store = folder.store();
    let group = found(&store, 1);
    let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
    let transfer = |code: &str, units: u64| {
        let date = Date::from_ymd(2026, 1, 1).unwrap();
        let amount = Amount::from_minor_units(units).unwrap();
        NewEntry::Record(Transfer::new(date, currency(code), amount, members[0], members[1]).into())
    };
    let codes = ["beers/0", "beers/1", "loyalty_points x/0", "点数/9"];
    group.entries().append((1..=12).map(|n| transfer(codes[n % 4], n as u64)).collect()).unwrap();
    let mut cursors = Vec::new();
    for code in codes {
        let whole = group.lists().statement(members[0], currency(code), None, u32::MAX).unwrap();
        assert_eq!(whole.len(), 3, "{code}");
        assert_statement(&group, &whole, members[0], currency(code));
        assert_eq!(pages(&group, members[0], currency(code), 1), whole);
        let cursor = whole[0].cursor;
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert!(!cursor.to_string().contains(' '));
        cursors.push(cursor);
        let conditions = vec![Condition::Currency(currency(code))];
        let found = Filter::default().conditions(conditions);
        assert_eq!(group.lists().find(&found, None, 9).unwrap().len(), 3, "{code}");
    }
    let other = group.lists().statement(members[0], currency("beers/1"), Some(cursors[0]), 9);
    assert!(matches!(other, Err(StoreError::CursorOfAnotherList)), "{other:?}");
}

#[test]
fn a_cursor_survives_as_text_and_no_other_text_is_one() {
    let folder = Folder::new(51);
    let store = folder.store();
    let group = found(&store, 1);
    record(&group, 9, 9, &mut Rng::new(51));
    let (me, euro) = (group.me().unwrap().unwrap(), currency("EUR"));
    let rows = group.lists().statement(me, euro, None, u32::MAX).unwrap();
    for row in &rows {
        assert_eq!(row.cursor.to_string().parse(), Ok(row.cursor));
        let other = group.lists().expenses(None, 1).unwrap()[0].cursor;
        assert!(other.to_string().parse::<StatementCursor>().is_err());
        for bad in [format!("{}_", row.cursor), format!("+{}", row.cursor), String::new()] {
            assert!(bad.parse::<StatementCursor>().is_err(), "{bad}");
        }
    }
}

/// A row without its cursor.
type Plain = (EntryId, Option<Transaction>, Balance, Balance);

fn plain(rows: &[StatementRow]) -> Vec<Plain> {
    let row = |row: &StatementRow| (row.entry, row.transaction.clone(), row.change, row.balance);
    rows.iter().map(row).collect()
}

/// All pages as of a point.
fn pages_as_of(
    group: &Group,
    (member, currency): (MemberId, Currency),
    point: AsOf,
    size: u32,
) -> Vec<StatementRow> {
    let mut rows: Vec<StatementRow> = Vec::new();
    loop {
        let after = rows.last().map(|row| row.cursor);
        let lists = group.lists();
        let page = lists.statement_as_of(member, currency, point, after, size, &mut go_on).unwrap();
        assert!(page.len() <= size as usize);
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

/// Whatever was recorded, corrected, cancelled or moved to another day later: a statement as of an
/// entry is that which stood there when the entry was the last one.
#[test]
fn a_statement_as_of_an_entry_is_what_it_was_then() {
    for seed in 0..2 {
        let folder = Folder::new(70 + seed);
        let store = folder.store();
        let before = found(&store, 2);
        record(&before, 10, 10, &mut Rng::new(seed));
        // It begins with opening balances.
        let group = before.create_successor_group("Flat again").unwrap();
        let (mut rng, mut originals) = (Rng::new(seed), Vec::new());
        let accounts = || -> Vec<(MemberId, Currency)> {
            let members = group.members().unwrap().into_iter();
            members.flat_map(|(id, _)| ["EUR", "JPY"].map(|code| (id, currency(code)))).collect()
        };
        let mut then = Vec::new();
        for _ in 0..8 {
            let state = group.state().unwrap();
            let entries: Vec<_> =
                (0..4).map(|_| something(&state, &mut originals, &mut rng)).collect();
            let ids = group.entries().append(entries.clone()).unwrap();
            let last = *ids.last().unwrap();
            let new = entries.iter().zip(ids).filter(|(e, _)| matches!(e, NewEntry::Record(_)));
            originals.extend(new.map(|(_, id)| id));
            for account in accounts() {
                let rows = group.lists().statement(account.0, account.1, None, u32::MAX).unwrap();
                then.push((AsOf::Entry(last), account, plain(&rows)));
            }
        }
        for (point, account, expected) in &then {
            for size in [1, 3, 50] {
                let found = pages_as_of(&group, *account, *point, size);
                assert_eq!(&plain(&found), expected, "pages of {size}");
            }
        }
        let total: usize = then.iter().map(|(_, _, rows)| rows.len()).sum();
        assert!(total > 100, "{total} rows");
        for day in ["2026-01-31", "2026-06-15", "2026-12-31"] {
            let point = AsOf::Date(day.parse().unwrap());
            let balances = group.balances().as_of(point, &mut go_on).unwrap();
            for (member, code) in accounts() {
                let rows = group.lists().statement(member, code, None, u32::MAX).unwrap();
                let up_to = |row: &Plain| {
                    row.1.as_ref().is_none_or(|one| one.date() <= day.parse().unwrap())
                };
                let expected: Vec<Plain> = plain(&rows).into_iter().filter(up_to).collect();
                for size in [1, 50] {
                    let found = pages_as_of(&group, (member, code), point, size);
                    assert_eq!(plain(&found), expected, "{day}, pages of {size}");
                }
                let in_code = balances.iter().filter(|(other, _)| *other == code);
                let mut of_member = in_code.flat_map(|(_, rows)| rows);
                let balance = of_member.find(|(other, _)| *other == member);
                let balance = balance.map_or(Balance::ZERO, |(_, balance)| *balance);
                assert_eq!(expected.first().map_or(Balance::ZERO, |row| row.3), balance);
            }
        }
    }
}

#[test]
fn a_cursor_as_of_an_entry_is_of_that_entry_and_goes_on_when_others_come() {
    let folder = Folder::new(81);
    let store = folder.store();
    let group = found(&store, 1);
    let ids = record(&group, 30, 30, &mut Rng::new(81));
    let (me, code) = (group.me().unwrap().unwrap(), currency("EUR"));
    let page = |point, after, size| {
        group.lists().statement_as_of(me, code, point, after, size, &mut go_on)
    };
    let point = AsOf::Entry(ids[20]);
    let whole = page(point, None, 99).unwrap();
    let text = whole[1].cursor.to_string();
    let cursor: StatementCursor = text.parse().unwrap();
    assert_eq!(cursor, whole[1].cursor);
    assert_eq!(page(point, Some(cursor), 99).unwrap(), whole[2..]);
    record(&group, 5, 5, &mut Rng::new(82));
    assert_eq!(plain(&page(point, Some(cursor), 99).unwrap()), plain(&whole[2..]));
    let refused = |result| assert!(matches!(result, Err(StoreError::CursorOfAnotherList)));
    refused(page(AsOf::Entry(ids[21]), Some(cursor), 9));
    refused(page(AsOf::Date("2026-12-31".parse().unwrap()), Some(cursor), 9));
    refused(group.lists().statement(me, code, Some(cursor), 9));
    let plain_cursor = group.lists().statement(me, code, None, 1).unwrap()[0].cursor;
    refused(page(point, Some(plain_cursor), 9));
    let nowhere = page(AsOf::Entry(EntryId::from_bytes([7; 32])), None, 9);
    assert!(matches!(nowhere, Err(StoreError::UnknownEntry(_))), "{nowhere:?}");
    // A cursor of the statement of now that is before the day begins at the day.
    let day = AsOf::Date("2026-03-01".parse().unwrap());
    let expected = page(day, None, 99).unwrap();
    assert_eq!(page(day, Some(plain_cursor), 99).unwrap(), expected);
}
