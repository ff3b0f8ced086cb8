//! Attacks on money: copies, cancellations, and the opening of a successor group.

use ledger_core::engine::{AsOf, Draft, Payload};
use ledger_core::{DraftError, EntryId, GroupState, VoidReason};

use crate::common::{Group, Person, debt, eur};

/// A group with Ben's bill (Anna owes him 100), which a removal voided, and
/// with Cleo and Dora, who may record it again.
fn voided() -> (Group, Person, Person, [Person; 2], ledger_core::EntryId) {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let friends = ["Cleo", "Dora"].map(|name| g.add(&g.now(), &mut anna.phone, name));
    let old = g.now();
    let bill = g.owes(&old, &mut ben.phone, anna.member, ben.member, 100);
    g.remove(&old, &mut anna, ben.member);
    let before = g.outcome();
    assert_eq!(before.void(bill), Some(VoidReason::HardCut));
    assert_eq!(before.balances([anna.member, ben.member]), [0, 0]);
    (g, anna, ben, friends, bill)
}

/// Cleo records Ben's void bill again, and Dora, who means well, records Cleo's
/// copy again. A copy names the original; Dora's counts nothing.
#[test]
fn a_copy_of_a_copy() {
    let (mut g, anna, ben, [mut cleo, mut dora], bill) = voided();
    let copy = g.copy(&g.now(), &mut cleo.phone, bill);
    let again = g.copy(&g.now(), &mut dora.phone, copy);
    let after = g.outcome();
    assert!(after.applied(copy));
    assert_eq!(after.void(again), Some(VoidReason::WrongTarget));
    assert_eq!(after.balances([anna.member, ben.member]), [-100, 100]);
}

/// Cleo and Dora record Ben's bill again at the same time, Dora with twice the
/// amount. The first in the total order shows, one counts, everywhere the same.
#[test]
fn a_copy_raced_by_two_members() {
    let (mut g, anna, ben, friends, bill) = voided();
    let raced = g.now();
    let [mut cleo, mut dora] = friends;
    let hers = g.copy(&raced, &mut cleo.phone, bill);
    let details = debt(anna.member, ben.member, 200);
    let other =
        g.write(&raced, &mut dora.phone, |state| Draft::copy(state, bill, &details).unwrap());
    let order = |id| (g.entry(id).decoded().header().lamport(), id);
    let (first, cents) = if order(hers) < order(other) { (hers, 100) } else { (other, 200) };
    let after = g.outcome();
    assert!(after.applied(hers) && after.applied(other));
    assert_eq!(after.0.slot(bill).unwrap().effective(), Some(first));
    assert_eq!(after.balances([anna.member, ben.member]), [-cents, cents]);
}

/// The bill was wrong and Anna cancelled it; then Ben was removed. Cleo, who
/// knows nothing of that, records it again. What was cancelled stays ended,
/// also by a cancellation that names the copy.
#[test]
fn a_cancelled_expense_that_somebody_copies() {
    let (mut g, mut anna, ben, friends, bill) = voided();
    let [mut cleo, mut dora] = friends;
    let old = g.now();
    let copy = g.copy(&old, &mut cleo.phone, bill);
    assert_eq!(g.outcome().balances([anna.member, ben.member]), [-100, 100]);
    g.write(&old, &mut anna.phone, |_| Draft::cancellation(bill, None));
    let ended = g.outcome();
    assert!(ended.applied(copy) && ended.0.slot(bill).unwrap().is_cancelled());
    assert_eq!(ended.balances([anna.member, ben.member]), [0, 0]);
    g.copy(&g.now(), &mut dora.phone, bill);
    assert_eq!(g.outcome().balances([anna.member, ben.member]), [0, 0]);

    let (mut g, mut anna, ben, friends, bill) = voided();
    let [mut cleo, _] = friends;
    let copy = g.copy(&g.now(), &mut cleo.phone, bill);
    g.write(&g.now(), &mut anna.phone, |_| Draft::cancellation(copy, None));
    assert_eq!(g.outcome().balances([anna.member, ben.member]), [0, 0], "by the copy's name");
}

/// Anna cancels a bill while Ben corrects it to more; whoever's clock is
/// ahead, and however much Ben corrects it afterwards, it is cancelled.
#[test]
fn a_correction_racing_a_cancellation() {
    for ben_is_ahead in [false, true] {
        let (mut g, mut anna) = Group::new();
        let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
        let bill = g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 100);
        let raced = g.now();
        let ahead = if ben_is_ahead { &mut ben.phone } else { &mut anna.phone };
        for _ in 0..3 {
            g.write(&raced, ahead, |_| Draft::merge());
        }
        let more = debt(anna.member, ben.member, 900);
        let correct = |state: &_| Draft::correction(state, bill, &more).unwrap();
        let corrected = g.write(&raced, &mut ben.phone, correct);
        assert_eq!(g.outcome().balances([anna.member, ben.member]), [-900, 900]);
        let cancelled = g.write(&raced, &mut anna.phone, |_| Draft::cancellation(bill, None));
        let clock = |id| g.entry(id).decoded().header().lamport();
        assert_eq!(clock(corrected) > clock(cancelled), ben_is_ahead);
        assert_eq!(g.outcome().balances([anna.member, ben.member]), [0, 0]);
        let again = g.write(&g.now(), &mut ben.phone, correct);
        let after = g.outcome();
        assert!(after.applied(again) && after.0.slot(bill).unwrap().is_cancelled());
        assert_eq!(after.balances([anna.member, ben.member]), [0, 0]);
    }
}

/// Anna's key is stolen, so Cleo founds a successor group. People, balances,
/// digest and heads come along; nobody but Cleo can introduce the others under
/// their old names; they join, and new bills count on top of the old balances.
#[test]
fn a_successor_group_carries_people_and_balances() {
    let (mut old, mut anna) = Group::new();
    let mut ben = old.add(&old.now(), &mut anna.phone, "Ben");
    let cleo = old.add(&old.now(), &mut anna.phone, "Cleo");
    let raced = old.now();
    old.owes(&raced, &mut ben.phone, anna.member, ben.member, 100);
    old.owes(&raced, &mut anna.phone, ben.member, cleo.member, 30);
    let end = old.outcome();
    assert_eq!(end.balances([anna.member, ben.member, cleo.member]), [-100, 70, 30]);

    let (mut g, mut founder) = Group::found("Cleo", 3, Some((end.0.view(), cleo.member)));
    let Payload::Genesis(genesis) = g.pool[0].decoded().payload() else { panic!() };
    let before = genesis.predecessor().unwrap().clone();
    assert_eq!((before.group, before.digest), (old.id, end.digest()));
    let heads: Vec<_> = end.0.view().frontier().heads().collect();
    assert_eq!((before.heads.len(), &before.heads), (2, &heads));
    let cards: Vec<_> = before.opening.iter().filter_map(|o| o.card.clone()).collect();
    let card = |name: &str| cards.iter().find(|card| card.name() == name).unwrap();
    let (new_anna, new_ben) = (card("Anna").member(), card("Ben").member());
    let people = [new_anna, new_ben, founder.member];
    let begun = g.outcome();
    assert_eq!(begun.balances(people), [-100, 70, 30]);
    let mut names: Vec<_> = begun.state().members().iter().map(|m| m.1.name().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["Anna", "Ben", "Cleo"]);

    let carried = g.write(&g.now(), &mut founder.phone, |_| Draft::carried_over(card("Ben")));
    assert_eq!(g.outcome().digest(), begun.digest(), "he was there before");
    let mut ben_again = g.stranger("Ben's new phone");
    g.claim(&g.now(), &mut founder.phone, new_ben, &mut ben_again);
    let theirs = g.write(&g.now(), &mut ben_again.phone, |_| Draft::carried_over(card("Anna")));
    let bill = g.owes(&g.now(), &mut ben_again.phone, founder.member, new_ben, 5);
    let after = g.outcome();
    assert!(after.applied(carried) && after.applied(bill));
    assert_eq!(after.void(theirs), Some(VoidReason::NotTheIntroducer));
    assert_eq!(after.balances(people), [-100, 75, 25]);
    assert_eq!(after.member(new_ben).unwrap().name(), "Ben");
    let sum: i128 = after.state().open_balances(eur()).map(|b| b.1.minor_units()).sum();
    assert_eq!(sum, 0);

    // Anna stays in the state without an entry of her own; bills need one.
    let details = debt(new_anna, founder.member, 1);
    let unnamed = Draft::record(begun.state(), &details);
    assert_eq!(unnamed, Err(DraftError::UnknownMember(new_anna)));
}

/// Anna wants to know how things stood in spring. A dinner of Mallory's that
/// her removal voids later never counted; what came later does not count yet.
#[test]
fn as_of_an_entry_or_a_day_todays_verdicts_count() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut mallory = g.add(&g.now(), &mut anna.phone, "Mallory");
    let everybody = [anna.member, ben.member, mallory.member];
    let fair = g.owes(&g.now(), &mut ben.phone, ben.member, anna.member, 10);
    let known = g.now();
    let foul = g.owes(&g.now(), &mut mallory.phone, mallory.member, ben.member, 500);
    let cleo = g.add(&known, &mut anna.phone, "Cleo");
    g.remove(&known, &mut anna, mallory.member);
    let late = g.owes(&g.now(), &mut ben.phone, cleo.member, ben.member, 7);
    let whole = g.outcome();
    let then = |id| whole.0.as_of(AsOf::Entry(id)).unwrap();
    let balances =
        |state: &GroupState| everybody.map(|member| state.balance(member, eur()).minor_units());
    assert_eq!(then(late), *whole.state());
    assert_eq!(balances(&then(fair)), balances(&then(foul)), "the foul dinner never counted");
    assert!(whole.void(foul).is_some() && whole.applied(fair));
    assert_eq!(then(fair).members().len(), 3, "Cleo is not there yet");
    assert!(!then(foul).member(mallory.member).unwrap().is_removed(), "nor is Mallory removed");
    assert!(whole.state().member(mallory.member).unwrap().is_removed());
    assert_eq!(then(g.id.genesis()).members().len(), 1);
    assert_eq!(whole.0.as_of(AsOf::Entry(EntryId::from_bytes([9; 32]))), None);

    let day = |date: &str| whole.0.as_of(AsOf::Date(date.parse().unwrap())).unwrap();
    let dated = g.entry(fair).decoded().payload().transaction().unwrap().date();
    assert_eq!(whole.0.as_of(AsOf::Date(dated)).as_ref(), Some(whole.state()));
    assert_eq!(balances(&day("1999-12-31")), [0, 0, 0]);
    assert_eq!(day("1999-12-31").members().len(), 4, "people are those of today");
}
