//! Statements of account: they end at the balance, row by row and page by page, whatever
//! happened to the expenses.
#![cfg(feature = "sqlcipher")]

use ledger_core::{Amount, Balance, Currency, Date, MemberId, Transfer};
use ledger_store::{Condition, Filter, Group, NewEntry, StatementCursor, StatementRow, StoreError};

use crate::common::{Folder, Rng, found, record, something};

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
            let ids = group.append(entries.clone()).unwrap();
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
    group.append((1..=1_020).map(transfer).collect()).unwrap();
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
    group.append((1..=12).map(|n| transfer(codes[n % 4], n as u64)).collect()).unwrap();
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
        let found = Filter { conditions, ..Filter::default() };
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
