//! Debts between members: they sum to the balances, whatever happened to the expenses.
#![cfg(feature = "sqlcipher")]

use std::ops::ControlFlow;

use ledger_core::engine::Draft;
use ledger_core::{Amount, Balance, Currency, Date, Expense, MemberId, Transaction};
use ledger_store::{Group, NewEntry, Phase, Progress, StatementIntent, StoreError};

use crate::common::people::Ben;
use crate::common::{Folder, Rng, details, found, go_on, record, something};

fn euro() -> Currency {
    Currency::from_code("EUR").unwrap()
}

fn sum(parts: impl IntoIterator<Item = Balance>) -> Balance {
    parts.into_iter().fold(Balance::ZERO, Balance::plus)
}

/// The debts of each member, and those of all, sum to the balances and agree with each other.
fn assert_debts(group: &Group) {
    let state = group.state().unwrap();
    let all = group.balances().pairwise_debts(&mut go_on).unwrap();
    for (member, _) in state.members() {
        let of_member = group.balances().debts(member).unwrap();
        assert!(of_member.iter().all(|(_, others)| !others.is_empty()));
        for currency in state.currencies() {
            let others: Vec<_> = all.owed_to(currency, member);
            assert_eq!(sum(others.iter().map(|(_, owed)| *owed)), state.balance(member, currency));
            let listed = of_member.iter().find(|(listed, _)| *listed == currency);
            assert_eq!(listed.map_or(&[][..], |(_, others)| others), others);
            for (other, owed) in others {
                assert_eq!(all.owed(currency, member, other), owed.negated());
            }
        }
    }
    for currency in state.currencies() {
        let mut balances: Vec<_> = state.open_balances(currency).collect();
        for step in all.settle_up(currency) {
            for (member, balance) in &mut balances {
                let paid = if *member == step.from { step.amount } else { Balance::ZERO };
                let got = if *member == step.to { step.amount } else { Balance::ZERO };
                *balance = balance.plus(paid).minus(got);
            }
        }
        assert!(balances.iter().all(|(_, balance)| balance.is_zero()), "{balances:?}");
    }
}

/// Like [`details`], with two or three payers.
fn several_payers(members: &[MemberId], rng: &mut Rng) -> Transaction {
    let part = |rng: &mut Rng| Amount::from_minor_units(1 + rng.next() % 999).unwrap();
    let mut payers: Vec<_> = members.iter().map(|member| (*member, part(rng))).collect();
    payers.truncate(2 + rng.below(2));
    let amount = Amount::checked_sum(payers.iter().map(|(_, amount)| *amount)).unwrap();
    let date = Date::from_ymd(2026, 3, 1 + rng.below(28) as u32).unwrap();
    Expense::new(date, "Together", euro(), amount)
        .payers(payers)
        .split_equally(members, rng.next())
        .into()
}

#[test]
fn debts_sum_to_the_balances_after_corrections_and_cancellations() {
    for seed in 0..4 {
        let folder = Folder::new(seed);
        let store = folder.store();
        let group = found(&store, 4);
        assert_debts(&group);
        let (mut rng, mut originals) = (Rng::new(seed), Vec::new());
        let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
        for _ in 0..12 {
            let state = group.state().unwrap();
            let mut entries = vec![NewEntry::Record(several_payers(&members, &mut rng))];
            for _ in 0..4 {
                entries.push(something(&state, &mut originals, &mut rng));
            }
            let ids = group.entries().append(entries.clone()).unwrap();
            let new = entries.iter().zip(ids).filter(|(e, _)| matches!(e, NewEntry::Record(_)));
            originals.extend(new.map(|(_, id)| id));
        }
        assert_debts(&group);
    }
}

/// Ben's dinners count no more after his removal: nobody owes anything for them.
#[test]
fn voided_expenses_are_owed_no_more() {
    let folder = Folder::new(11);
    let store = folder.store();
    let group = found(&store, 2);
    let mut rng = Rng::new(11);
    record(&group, 20, 20, &mut rng);
    let before = group.balances().pairwise_debts(&mut go_on).unwrap();
    let ben = Ben::join(&folder, &group);
    let state = group.state().unwrap();
    let dinner = details(&state, &mut rng);
    let dinner = ben.write(&group, Draft::record(&state, &dinner).unwrap());
    assert_ne!(group.balances().pairwise_debts(&mut go_on).unwrap(), before);
    let removal = StatementIntent::Remove { member: ben.member, since: Some(dinner) };
    let proposal = group.statements().propose(removal).unwrap();
    group.statements().sign(&proposal).unwrap();
    assert_eq!(group.balances().pairwise_debts(&mut go_on).unwrap(), before);
    assert_debts(&group);
}

#[test]
fn a_successor_group_begins_with_debts_that_sum_to_its_opening_balances() {
    let folder = Folder::new(7);
    let store = folder.store();
    let group = found(&store, 3);
    record(&group, 30, 30, &mut Rng::new(7));
    let next = group.create_successor_group("Flat again").unwrap();
    assert_debts(&next);
    assert!(next.balances().pairwise_debts(&mut go_on).unwrap().currencies().next().is_some());
    record(&next, 30, 30, &mut Rng::new(8));
    assert_debts(&next);
}

#[test]
fn adding_up_reports_progress_and_can_be_stopped() {
    let folder = Folder::new(9);
    let store = folder.store();
    let group = found(&store, 3);
    record(&group, 600, 600, &mut Rng::new(9));
    let mut told = Vec::new();
    group
        .balances()
        .pairwise_debts(&mut |progress| {
            told.push((progress.phase, progress.done, progress.total));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(told, [0, 256, 512, 600].map(|done| (Phase::Summing, done, 600)));
    let stopped = group.balances().pairwise_debts(&mut |progress| match progress.done {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    assert!(matches!(stopped, Err(StoreError::Cancelled)), "{stopped:?}");
}

/// One expense can have as many pairs of payers and shares as thousands of others.
#[test]
fn adding_up_can_be_stopped_within_one_expense() {
    let folder = Folder::new(12);
    let store = folder.store();
    let group = found(&store, 299);
    let members: Vec<_> = group.members().unwrap().into_iter().map(|(id, _)| id).collect();
    let unit = |units| Amount::from_minor_units(units).unwrap();
    let all = Expense::new("2026-11-21".parse().unwrap(), "All", euro(), unit(30_000))
        .payers(members.iter().map(|member| (*member, unit(100))))
        .split_equally(&members, 0);
    group.entries().append(vec![NewEntry::Record(all.into())]).unwrap();
    let mut told = Vec::new();
    let mut tell = |progress: Progress| {
        told.push((progress.done, progress.total));
        ControlFlow::Continue(())
    };
    group.balances().pairwise_debts(&mut tell).unwrap();
    assert_eq!(told, [(0, 1), (0, 1), (1, 1)]);
    let mut calls = 0;
    let stopped = group.balances().pairwise_debts(&mut |_| {
        calls += 1;
        if calls < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert!(matches!(stopped, Err(StoreError::Cancelled)) && calls == 2, "{stopped:?}");
}

#[test]
fn a_stranger_has_no_debts() {
    let folder = Folder::new(10);
    let store = folder.store();
    let group = found(&store, 1);
    record(&group, 5, 5, &mut Rng::new(10));
    assert_eq!(group.balances().debts(MemberId::from_bytes([9; 32])).unwrap(), []);
}
