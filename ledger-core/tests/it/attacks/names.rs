//! Attacks by a removed member with the cards of others, which are public.

use ledger_core::engine::{Draft, Payload};
use ledger_core::hazmat::any_position;
use ledger_core::{GroupState, VoidReason};

use crate::common::Group;

/// Cleo sends her card to the group, and Ben, removed long ago, gets hold of it first and
/// misuses its keys in a void claim. Anna's device does not build on what is idle, so the
/// claim is not in the past of her introduction, which counts. An app that built on it
/// would see why Cleo's card is void, and Cleo would join with fresh keys.
#[test]
fn a_card_burnt_by_a_removed_member_costs_nothing() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let (_, nobody) = g.placeholder(&g.now(), &mut ben, "Nobody");
    let mut tablet = g.enrol(&g.now(), &mut anna);
    g.remove(&g.now(), &mut anna, ben.member);
    let cleo = g.stranger("Cleo");
    let mut posed = g.stranger("Posed");
    posed.card = cleo.card.clone();
    g.claim(&g.now(), &mut ben.phone, nobody, &mut posed);
    let claim = ben.phone.tip.unwrap();
    let seen = g.seen(&g.now());
    let draft = Draft::add_member(seen.state(), &cleo.card).unwrap();
    let at = seen.view().first_position(tablet.key.id(), tablet.enrolment).unwrap();
    let clock = g.entry(claim).decoded().header().lamport() + 1;
    let mut parents = vec![claim];
    parents.extend(seen.view().frontier().agreed_heads().filter(|id| *id != tablet.enrolment));
    parents.sort_unstable();
    let clock = clock.max(at.lamport());
    let at = any_position(g.id, tablet.key.id(), 0, tablet.enrolment, parents, clock);
    let burnt = g.write_at(&mut tablet, &at, draft);
    let after = g.outcome();
    assert_eq!(after.void(burnt), Some(VoidReason::KeyReused));
    assert!(after.member(cleo.member).is_none());
    assert_eq!(g.pool.pop().map(|entry| entry.id()), Some(burnt));

    let admitted = g.admit(&g.now(), &mut anna.phone, &cleo.card);
    let after = g.outcome();
    assert_eq!(after.0.is_idle(claim), Some(true));
    assert!(g.entry(admitted).decoded().header().dependencies().all(|id| *id != claim));
    assert!(after.applied(admitted) && after.member(cleo.member).is_some());
}

/// Anna made a place for Grandma. Ben, removed, introduces that very card in a
/// fork from his first day, which is void: the card is not his. Anna hands the
/// place over all the same; her claim must not lean on Ben's entry.
#[test]
fn a_back_dated_placeholder_of_somebody_elses_card_spoils_no_claim() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 1);
    let (entry, grandma) = g.placeholder(&g.now(), &mut anna, "Grandma");
    g.remove(&g.now(), &mut anna, ben.member);
    let Payload::Placeholder(hers) = g.entry(entry).decoded().payload().clone() else { panic!() };
    let at = any_position(g.id, ben.phone.key.id(), 0, ben.phone.enrolment, vec![], 3);
    let fork = g.write_at(&mut ben.phone, &at, Draft::carried_over(hers.card()));
    assert_eq!(g.outcome().void(fork), Some(VoidReason::NotTheIntroducer));

    let mut oma = g.stranger("Oma");
    let claim = g.claim(&g.now(), &mut anna.phone, grandma, &mut oma);
    let bill = g.owes(&g.now(), &mut oma.phone, anna.member, grandma, 6);
    let after = g.outcome();
    assert!(after.applied(claim) && after.applied(bill));
    assert_eq!(after.balances([anna.member, grandma]), [-7, 6]);
}

/// Dora fell with Ben's removal and waits for somebody to vouch for her. Ben
/// introduces her card in a fork from his first day, behind a misuse of its
/// keys, so that this introduction is faulty. Cleo's adopt works all the same.
#[test]
fn a_back_dated_faulty_introduction_spoils_no_adopt() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let old = g.view(&[ben.phone.enrolment]);
    let (_, nobody) = g.placeholder(&old, &mut ben, "Nobody");
    for cents in 1..4 {
        g.owes(&g.now(), &mut anna.phone, cleo.member, anna.member, cents);
    }
    let calm = g.now();
    let dora = g.add(&calm, &mut ben.phone, "Dora");
    g.remove(&calm, &mut anna, ben.member);
    let mut posed = g.stranger("Posed");
    posed.card = dora.card.clone();
    ben.phone.tip = g.entry(ben.phone.tip.unwrap()).decoded().header().backlink();
    // (The tip is the placeholder again: a fork.)
    let fork = g.view(&[ben.phone.tip.unwrap()]);
    g.claim(&fork, &mut ben.phone, nobody, &mut posed);
    let faulty = g.admit(&fork, &mut ben.phone, &dora.card);
    assert_eq!(g.outcome().void(faulty), Some(VoidReason::KeyReused));
    assert!(g.outcome().member(dora.member).is_none());

    let adoption = g.adopt(&g.now(), &mut cleo.phone, dora.member);
    let after = g.outcome();
    assert!(after.applied(adoption) && after.applied(dora.phone.enrolment));
    assert!(after.is_active(&dora.phone));
}

/// Ben, removed, claims a placeholder with the public card of Cleo, who has
/// been here for long. The claim is void; her device is hers, and her bills
/// count.
#[test]
fn a_void_claim_with_a_public_card_takes_nobodys_device() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let (_, nobody) = g.placeholder(&g.now(), &mut ben, "Nobody");
    g.owes(&g.now(), &mut cleo.phone, anna.member, cleo.member, 1);
    g.remove(&g.now(), &mut anna, ben.member);
    let mut posed = g.stranger("Posed");
    posed.card = cleo.card.clone();
    g.claim(&g.now(), &mut ben.phone, nobody, &mut posed);
    let seen = g.seen(&g.now());
    assert_eq!(seen.state().device_owner(cleo.phone.key.id()), Some(cleo.member));
    let bill = g.owes(&g.now(), &mut cleo.phone, anna.member, cleo.member, 2);
    assert!(g.outcome().applied(bill));
}

/// Anna's file has two people called Dora. Ben, removed, introduces the second in a fork from his
/// first day by the same card, so before Anna does. His entry counts with hers and stays idle: no
/// draft names it, so nobody waits for an entry that others may leave out, and it gives no Dora
/// another number.
#[test]
fn a_back_dated_introduction_of_a_person_from_a_file_steers_no_names() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 1);
    let old = g.view(&[ben.phone.enrolment]);
    let file = |state: &GroupState, nonce| {
        Draft::person_from_file(state, [0; 32], "Dora", [nonce; 16]).unwrap()
    };
    let hers = [1, 2].map(|nonce| g.write(&g.now(), &mut anna.phone, |state| file(state, nonce)));
    let doras = hers.map(|entry| g.seen(&g.now()).state().introduced_by(entry).unwrap());
    let at = any_position(g.id, ben.phone.key.id(), 0, ben.phone.enrolment, vec![], 3);
    let draft = file(g.seen(&old).state(), 2);
    let fork = g.write_at(&mut ben.phone, &at, draft);
    let his = |g: &Group| {
        let state = g.outcome();
        let state = state.0.state();
        let order: Vec<_> = state.members().into_iter().map(|(id, _)| id).skip(2).collect();
        (state.first_introduction(doras[1]).unwrap(), order)
    };
    assert_eq!(his(&g), (fork, vec![doras[1], doras[0]]), "while he may write");

    g.remove(&old, &mut anna, ben.member);
    let after = g.outcome();
    assert_eq!((after.applied(fork), after.0.is_idle(fork)), (true, Some(true)));
    assert_eq!(his(&g), (hers[1], doras.to_vec()));
    let bill = g.owes(&g.now(), &mut anna.phone, anna.member, doras[1], 6);
    assert!(!g.entry(bill).decoded().header().refs().contains(&fork));

    // Where nobody else introduces somebody, the idle one is better than none.
    let at = any_position(g.id, ben.phone.key.id(), 0, ben.phone.enrolment, vec![], 3);
    let draft = file(g.seen(&old).state(), 3);
    let card = g.write_at(&mut ben.phone, &at, draft);
    let third = g.seen(&g.now()).state().introduced_by(card).unwrap();
    let first = |g: &Group| g.outcome().0.state().first_introduction(third);
    assert_eq!(first(&g), Some(card));
    let again = g.write(&g.now(), &mut anna.phone, |state| file(state, 3));
    assert_eq!(first(&g), Some(again));
}
