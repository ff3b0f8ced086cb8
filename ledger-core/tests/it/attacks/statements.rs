//! Attacks with statements, which people sign under their root keys.

use ledger_core::engine::Draft;
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{EntryId, VoidReason};

use crate::common::{Group, Person, debt};

/// Ben owes Anna 500, by his own bill. He leaves, and signs that with a base
/// from before the bill, hoping that the bill goes with him. It does not.
#[test]
fn a_leave_with_an_ancient_base_erases_no_debts() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let debt = g.owes(&g.now(), &mut ben.phone, ben.member, anna.member, 500);
    let root = ben.root();
    let statement = NewStatement::Leave { generation: ben.generation };
    let leave =
        g.issue_statement_at(&[ben.phone.enrolment], &g.now(), &mut ben.phone, &root, &statement);
    let late = g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 499);
    let after = g.outcome();
    assert!(after.applied(leave) && after.applied(debt));
    assert_eq!(after.void(late), Some(VoidReason::Left));
    assert_eq!(after.balances([anna.member, ben.member]), [500, -500]);
    assert!(!after.is_active(&ben.phone));
}

/// Ben revokes his own phone on a base from before his debts. That works, and
/// everybody sees it: each bill is void as revoked. Cleo records the bills
/// again under her hand, and the debts are back.
#[test]
fn a_revocation_that_erases_debts_is_seen_and_undone_by_copies() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let debts = [300, 200].map(|n| g.owes(&g.now(), &mut ben.phone, ben.member, anna.member, n));
    let mut tablet = g.enrol(&g.now(), &mut ben);
    let (root, device) = (ben.root(), ben.phone.key.id());
    let statement = NewStatement::Revoke { generation: ben.generation, device };
    g.issue_statement_at(&[ben.phone.enrolment], &g.now(), &mut tablet, &root, &statement);
    let erased = g.outcome();
    assert_eq!(erased.balances([anna.member, ben.member]), [0, 0]);
    assert!(debts.iter().all(|debt| erased.void(*debt) == Some(VoidReason::Revoked)));

    let copies = debts.map(|debt| g.copy(&g.now(), &mut cleo.phone, debt));
    let undone = g.outcome();
    assert_eq!(undone.balances([anna.member, ben.member]), [500, -500]);
    for (debt, copy) in debts.iter().zip(copies) {
        assert_eq!(undone.0.slot(*debt).unwrap().shown(), Some(copy));
    }
    assert!(undone.is_active(&tablet) && !undone.is_active(&ben.phone));
}

/// Anna's removal of Ben, and a bind that a later one replaced, are carried
/// again: by Ben behind his newest bill, and by Cleo on nothing but the old
/// base. No carrier moves what a statement spares, or its place in the order.
#[test]
fn an_old_statement_republished_changes_nothing() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let (_, grandma) = g.placeholder(&g.now(), &mut anna, "Grandma");
    let mut keys = [g.stranger("G1"), g.stranger("G2")];
    let early = g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 3);
    let old = g.now();
    let removal = g.remove(&old, &mut anna, ben.member);
    for keys in &mut keys {
        g.bind(&g.now(), &mut anna, grandma, keys);
    }
    let late = g.owes(&old, &mut ben.phone, anna.member, ben.member, 900);
    let before = g.outcome();
    assert_eq!(before.void(late), Some(VoidReason::HardCut));

    let (all, old_base) = (g.now(), g.view(g.signed(removal).statement().base()));
    let mut carriers = Vec::new();
    for statement in [removal, keys[0].phone.enrolment] {
        let carry = || Draft::carry(&g.signed(statement));
        let (newer, older) = (carry(), carry());
        carriers.push(g.write(&all, &mut ben.phone, |_| newer));
        carriers.push(g.write(&old_base, &mut cleo.phone, |_| older));
    }
    let after = g.outcome();
    assert!(after.applied(early) && !after.applied(late));
    assert!(carriers.iter().all(|carrier| after.applied(*carrier)), "as the statement");
    assert_eq!(after.generations(grandma), [keys[1].generation]);
    assert_eq!(after.digest(), before.digest());
}

/// Anna hands Grandma's place to three people on devices that do not know of
/// each other's binds: the largest digest stands. A fourth bind, on a base with
/// a larger clock, beats them all, though its digest is not the largest.
#[test]
fn of_concurrent_binds_the_larger_in_statement_order_stands() {
    let (mut g, mut anna) = Group::new();
    let mut tablet = g.enrol(&g.now(), &mut anna);
    let (_, grandma) = g.placeholder(&g.now(), &mut anna, "Grandma");
    let (old, root) = (g.now(), anna.root());
    let base = g.heads(&old);
    let mut keys: Vec<Person> = ["A", "B", "C", "D"].map(|name| g.stranger(name)).into();
    for person in &mut keys[..3] {
        let statement = NewStatement::Bind { member: grandma, card: &person.card };
        person.phone.enrolment =
            g.issue_statement_at(&base, &old, &mut anna.phone, &root, &statement);
        person.generation = Generation::Bind(g.digest(person.phone.enrolment));
    }
    let mut bills: Vec<EntryId> = Vec::new();
    for person in &mut keys[..3] {
        let knows = g.view(&[person.phone.enrolment]);
        bills.push(g.owes(&knows, &mut person.phone, grandma, anna.member, 10));
    }
    let three = g.outcome();
    let largest = (0..3).max_by_key(|n| keys[*n].generation).unwrap();
    assert_eq!(three.generations(grandma), [keys[largest].generation]);
    for (n, bill) in bills.iter().enumerate() {
        assert_eq!(three.void(*bill), (n != largest).then_some(VoidReason::HardCut));
    }

    g.owes(&old, &mut tablet, grandma, anna.member, 5);
    let fourth = &mut keys[3];
    let statement = NewStatement::Bind { member: grandma, card: &fourth.card };
    fourth.phone.enrolment = g.issue_statement(&old, &mut tablet, &root, &statement);
    fourth.generation = Generation::Bind(g.digest(fourth.phone.enrolment));
    assert!(keys[3].generation < keys[largest].generation, "the digest alone would choose another");
    let four = g.outcome();
    assert_eq!(four.generations(grandma), [keys[3].generation]);
    assert!(bills.iter().all(|bill| four.void(*bill) == Some(VoidReason::HardCut)));
    assert_eq!(four.balances([anna.member, grandma]), [5, -5]);
}

/// F1. Ben brings Sock in, unseen by Anna's removal of Ben. An honest bill
/// names Sock. Sock renames, leaves and revokes under a real signature; but
/// nobody accepted Sock, so the name stays and Sock's acts are void.
#[test]
fn self_acts_of_somebody_never_accepted() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let old = g.now();
    let mut sock = g.add(&old, &mut ben.phone, "Sock");
    g.remove(&old, &mut anna, ben.member);
    let unnamed = g.outcome();
    assert!(unnamed.member(sock.member).is_none());

    let (root, generation) = (sock.root(), sock.generation);
    let device = sock.phone.key.id();
    let view = g.view(&[sock.phone.enrolment]);
    let statements = [
        NewStatement::Leave { generation },
        NewStatement::Revoke { generation, device },
        NewStatement::Rename { generation, name: "Anna" },
    ]
    .map(|statement| g.issue_statement(&view, &mut sock.phone, &root, &statement));
    let acted = g.outcome();
    assert!(
        statements.iter().all(|statement| acted.void(*statement) == Some(VoidReason::StartVoid))
    );
    assert_eq!(acted.digest(), unnamed.digest());

    let known = g.view(&[sock.phone.enrolment]);
    g.owes(&known, &mut cleo.phone, sock.member, cleo.member, 8);
    let named = g.outcome();
    let member = named.member(sock.member).unwrap();
    assert_eq!((member.name(), member.is_introduced()), ("Sock", false));
    assert_eq!(named.balances([sock.member, cleo.member]), [-8, 8]);
    assert_eq!(g.digest_without(&statements), named.digest());
}

/// Ben brings Sock in, unseen by Anna's removal of Ben, and nobody accepts Sock.
/// Then only a correction of Cleo's dinner names Sock, or only a copy of a bill
/// of Ben's. Whoever has a balance is listed, by the name on the card.
#[test]
fn somebody_never_accepted_whom_a_correction_or_a_copy_names() {
    for by_copy in [false, true] {
        let (mut g, mut anna) = Group::new();
        let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
        let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
        let old = g.now();
        let sock = g.add(&old, &mut ben.phone, "Sock");
        let bill = g.owes(&g.now(), &mut ben.phone, sock.member, cleo.member, 8);
        g.remove(&old, &mut anna, ben.member);
        let dinner = g.owes(&g.now(), &mut cleo.phone, anna.member, cleo.member, 8);
        let before = g.outcome();
        assert_eq!(before.void(bill), Some(VoidReason::HardCut));
        assert!(before.member(sock.member).is_none());

        let names = debt(sock.member, cleo.member, 8);
        let naming = if by_copy {
            g.copy(&g.now(), &mut cleo.phone, bill)
        } else {
            let correct = |state: &_| Draft::correction(state, dinner, &names).unwrap();
            g.write(&g.now(), &mut cleo.phone, correct)
        };
        let after = g.outcome();
        assert!(after.applied(naming));
        let member = after.member(sock.member).unwrap();
        assert_eq!((member.name(), member.is_introduced()), ("Sock", false));
        assert_eq!(after.balances([sock.member]), [-8]);
    }
}

/// S1. Ben, who may stay, revokes the phone with which he once brought Dora in,
/// on a base from before that: Dora and her bills fall. Cleo vouches for Dora,
/// and all of it is back; an adopt by Ben's own tablet would do as well.
#[test]
fn a_revocation_that_voids_honest_people_is_healed_by_an_adopt() {
    for by_ben in [false, true] {
        let (mut g, mut anna) = Group::new();
        let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
        let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
        let mut tablet = g.enrol(&g.now(), &mut ben);
        let base = [ben.phone.enrolment, tablet.enrolment];
        let mut dora = g.add(&g.now(), &mut ben.phone, "Dora");
        let bill = g.owes(&g.now(), &mut dora.phone, ben.member, dora.member, 70);
        let (root, device) = (ben.root(), ben.phone.key.id());
        let statement = NewStatement::Revoke { generation: ben.generation, device };
        g.issue_statement_at(&base, &g.now(), &mut tablet, &root, &statement);
        let fallen = g.outcome();
        assert_eq!(fallen.void(dora.phone.enrolment), Some(VoidReason::Revoked));
        assert_eq!(fallen.void(bill), Some(VoidReason::EnrolmentVoid));
        assert!(fallen.member(dora.member).is_none());

        let adopter = if by_ben { &mut tablet } else { &mut cleo.phone };
        let adoption = g.adopt(&g.now(), adopter, dora.member);
        let healed = g.outcome();
        // Adoption is by another member than the adopted, Ben's tablet is one.
        assert!([adoption, dora.phone.enrolment, bill].iter().all(|id| healed.applied(*id)));
        assert_eq!(healed.balances([ben.member, dora.member]), [-70, 70]);
        assert!(healed.is_active(&dora.phone) && !healed.is_active(&ben.phone));
    }
}

/// Ben called himself Benny; then Anna removes him. On a base from before that
/// he signs whatever he may: another name, a tablet, and a revocation that would
/// erase his debt. None of it was ever seen by the removal, so none counts; and
/// what he signs on a base from before he came is nobody's.
#[test]
fn a_removed_member_acts_on_themselves_on_an_old_base() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let (root, generation, start) = (ben.root(), ben.generation, ben.phone.enrolment);
    let rename = |name| NewStatement::Rename { generation, name };
    let benny = g.issue_statement(&g.now(), &mut ben.phone, &root, &rename("Benny"));
    let debt = g.owes(&g.now(), &mut ben.phone, ben.member, anna.member, 30);
    let genesis = g.id.genesis();
    let early = g.issue_statement_at(&[genesis], &g.now(), &mut ben.phone, &root, &rename("Early"));
    let old = g.now();
    g.remove(&old, &mut anna, ben.member);
    let before = g.outcome();

    let revoke = NewStatement::Revoke { generation, device: ben.phone.key.id() };
    let mut tablet = g.enrol(&old, &mut ben);
    let statements = [
        tablet.enrolment,
        g.issue_statement_at(&[start], &old, &mut ben.phone, &root, &revoke),
        g.issue_statement_at(
            &[start],
            &old,
            &mut ben.phone,
            &root,
            &NewStatement::Leave { generation },
        ),
        g.issue_statement_at(&[start], &old, &mut ben.phone, &root, &rename("Anna")),
    ];
    let bill = g.owes(&old, &mut tablet, anna.member, ben.member, 800);
    let carry = Draft::carry(&g.signed(benny));
    let again = g.write(&old, &mut ben.phone, |_| carry);
    let after = g.outcome();
    assert!(statements.iter().all(|statement| after.void(*statement) == Some(VoidReason::HardCut)));
    assert_eq!(after.void(bill), Some(VoidReason::HardCut));
    assert_eq!(after.void(early), Some(VoidReason::StartNotInBase));
    assert!(after.applied(debt) && after.applied(benny) && after.applied(again));
    let names = [anna.member, ben.member].map(|id| after.member(id).unwrap().name().to_owned());
    assert_eq!(names, ["Anna", "Benny"]);
    assert_eq!(after.digest(), before.digest());
}

/// Somebody has Anna's root key, or talks her into it: she removes herself and
/// binds her place to Mallory. The owner is the owner for the group's life.
#[test]
fn nobody_removes_the_owner() {
    let (mut g, mut anna) = Group::new();
    let (mut mallory, owner) = (g.stranger("Mallory"), anna.member);
    let before = g.outcome();
    let removal = g.remove(&g.now(), &mut anna, owner);
    g.bind(&g.now(), &mut anna, owner, &mut mallory);
    let bill = g.owes(&g.now(), &mut anna.phone, anna.member, anna.member, 1);
    let after = g.outcome();
    for statement in [removal, mallory.phone.enrolment] {
        assert_eq!(after.void(statement), Some(VoidReason::TargetIsOwner));
    }
    assert!(after.applied(bill) && after.is_active(&anna.phone));
    assert_eq!(after.digest(), before.digest());
}
