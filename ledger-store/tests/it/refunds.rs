//! Refunds and income: the same as expenses, with signs turned, in every list.
#![cfg(feature = "sqlcipher")]

use ledger_core::{Amount, Balance, Currency, Direction, Expense, MemberId, Transaction};
use ledger_store::{Group, NewEntry};

use crate::common::{Folder, assert_sound, found, go_on};

fn euro() -> Currency {
    Currency::from_code("EUR").unwrap()
}

fn cents(units: u64) -> Amount {
    Amount::from_minor_units(units).unwrap()
}

/// 10.00 that the first two members paid, or received, for all three.
fn hut(members: &[MemberId]) -> Expense {
    Expense::new("2026-11-21".parse().unwrap(), "Hut", euro(), cents(1000))
        .payers([(members[0], cents(700)), (members[1], cents(300))])
        .split_equally(members, 0)
}

fn balances(group: &Group, members: &[MemberId]) -> Vec<i128> {
    let state = group.state().unwrap();
    members.iter().map(|member| state.balance(*member, euro()).minor_units()).collect()
}

#[test]
fn a_refund_is_the_mirror_of_an_expense() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 2);
    let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
    let record =
        |expense: Expense| group.entries().append(vec![NewEntry::Record(expense.into())]).unwrap();
    record(hut(&members));
    let spent = balances(&group, &members);
    let refund = record(hut(&members).direction(Direction::Incoming))[0];
    assert_eq!(balances(&group, &members), [0, 0, 0]);
    let debts = group.balances().pairwise_debts(&mut go_on).unwrap();
    assert_eq!(debts.currencies().count(), 0, "also no odd cent is owed");

    // Larger than the expense: what remains is the refund's own.
    record(hut(&members).direction(Direction::Incoming));
    let mirrored: Vec<_> = spent.iter().map(|units| -units).collect();
    assert_eq!(balances(&group, &members), mirrored);
    for (member, balance) in members.iter().zip(&mirrored) {
        let rows = group.lists().statement(*member, euro(), None, 50).unwrap();
        assert_eq!(rows.iter().map(|row| row.change.minor_units()).sum::<i128>(), *balance);
        assert_eq!(rows[0].balance.minor_units(), *balance);
        let owed = group.balances().debts(*member).unwrap();
        let owed = owed.iter().flat_map(|(_, others)| others).map(|(_, owed)| *owed);
        assert_eq!(owed.fold(Balance::ZERO, Balance::plus).minor_units(), *balance);
    }
    let row = &group.lists().expenses(None, 1).unwrap()[0];
    assert_eq!(row.transaction.direction(), Direction::Incoming);
    assert_eq!(row.transaction.amount(), cents(1000), "nothing negative anywhere");

    // A correction turns it back.
    let transaction = hut(&members).into();
    group.entries().append(vec![NewEntry::Correction { original: refund, transaction }]).unwrap();
    let versions = group.lists().history(refund, None, 10).unwrap();
    let directions: Vec<_> =
        versions.iter().map(|version| version.transaction.as_ref().unwrap().direction()).collect();
    assert_eq!(directions, [Direction::Outgoing, Direction::Incoming]);
    assert_eq!(balances(&group, &members), spent);
    assert_sound(&group);
}

/// A later version of the library may say in a hint what this one does not know.
#[test]
fn a_corrector_keeps_the_hints_that_they_do_not_know() {
    let folder = Folder::new(2);
    let store = folder.store();
    let group = found(&store, 2);
    let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
    let mut dinner = hut(&members);
    dinner.hints.set(63, *b"of a later version").unwrap();
    dinner.hints.set(64, *b"of an app").unwrap();
    let original = group.entries().append(vec![NewEntry::Record(dinner.into())]).unwrap()[0];
    let correct = |expense: Expense| {
        let transaction = Transaction::Expense(expense);
        group.entries().append(vec![NewEntry::Correction { original, transaction }]).unwrap();
        let shown = group.lists().expenses(None, 1).unwrap().remove(0).transaction;
        shown.hints().iter().map(|(key, bytes)| (key, bytes.to_vec())).collect::<Vec<_>>()
    };
    let mut changed = hut(&members);
    changed.hints.set(64, *b"new").unwrap();
    let both = vec![(63, b"of a later version".to_vec()), (64, b"new".to_vec())];
    assert_eq!(correct(changed), both);
    assert_eq!(correct(hut(&members)), both, "those of the content shown, not of the original");
    // Whoever knows a hint removes it for good.
    let mut without = hut(&members);
    without.hints.remove(64);
    assert_eq!(correct(without), both[..1]);
    assert_eq!(correct(hut(&members)), both[..1]);
}

/// The new content goes first: hints that do not fit into the entry beside it are left out.
#[test]
fn hints_are_dropped_until_a_correction_fits_into_its_entry() {
    let folder = Folder::new(3);
    let store = folder.store();
    let group = found(&store, 700);
    let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
    let mut dinner = hut(&members[..3]);
    for key in 64..68 {
        dinner.hints.set(key, vec![7; 8_190]).unwrap();
    }
    let original = group.entries().append(vec![NewEntry::Record(dinner.into())]).unwrap()[0];
    // With 700 people the entry has room for some of the hints.
    let all = cents(700 * 1000);
    let mut large = Expense::new("2026-11-21".parse().unwrap(), "Hut", euro(), all)
        .paid_by(members[0], all)
        .split_equally(&members[..700], 0);
    large.note = Some("x".repeat(4_000));
    large.description = "x".repeat(4_000);
    let transaction = Transaction::Expense(large);
    group.entries().append(vec![NewEntry::Correction { original, transaction }]).unwrap();
    let shown = group.lists().expenses(None, 1).unwrap().remove(0).transaction;
    let kept: Vec<u64> = shown.hints().iter().map(|(key, _)| key).collect();
    assert_eq!(kept, [64, 65, 66], "the smaller keys");
}
