//! The decisions of docs/authority-questions.md, one small history each. Numbers refer to that file.

use crate::common::{Group, card, debt, placeholder};
use ledger_model::history::form::Fault;
use ledger_model::*;

fn generation(n: u32) -> Generation {
    Generation::Card(n)
}

/// Q10: among binds the last in statement order survives, even if the three are concurrent.
#[test]
fn concurrent_binds_leave_the_largest() {
    let mut g = Group::new();
    let (m, _) = g.add(2);
    let mut digests = Vec::new();
    let base = [m];
    for n in 3..6 {
        let s = g.state(100, &base, Body::Bind { member: 2, card: card(n) });
        let mut owner = g.owner;
        g.write(&mut owner, &[], Kind::Statement(s.clone()));
        g.owner = owner;
        digests.push(s.digest);
    }
    let current = g.resolution().state.members[&2].current.clone();
    assert_eq!(current, [Generation::Bind(digests[2])].into());
    assert!(!g.active(generation(2), 2000));
}

/// Q9: a removal ends a concurrent bind; a bind that knows the removal brings the member back.
#[test]
fn removal_beats_concurrent_bind() {
    let mut g = Group::new();
    let (m, _) = g.add(2);
    let (b1, d1) = g.act(100, &[m], Body::Bind { member: 2, card: card(3) });
    assert!(g.active(Generation::Bind(d1), 3000));
    let (r, _) = g.act(100, &[m], Body::Remove { member: 2 });
    assert!(!g.active(Generation::Bind(d1), 3000) && g.resolution().state.members[&2].removed);
    let (_, d2) = g.act(100, &[b1, r], Body::Bind { member: 2, card: card(4) });
    assert!(g.active(Generation::Bind(d2), 4000) && !g.resolution().state.members[&2].removed);
}

/// Q11: admitting a removed member's card again does not bring them back.
#[test]
fn the_same_card_again_is_still_cut() {
    let mut g = Group::new();
    let (m, _) = g.add(2);
    let (r, _) = g.act(100, &[m], Body::Remove { member: 2 });
    let again = g.by_owner(&[r], Kind::Add { card: card(2) });
    assert!(g.applied(again));
    let mut dev = g.device(2000, again);
    let x = g.write(&mut dev, &[], Kind::Expense(debt(2, 1, 3)));
    assert!(matches!(g.verdict(x), Verdict::Void(Reason::HardCut(_))));
}

/// Q6, Q7: a statement is within by its carriers, not by its base, and any carrier will do.
#[test]
fn within_goes_by_carriers() {
    let mut g = Group::new();
    let (m, mut dev) = g.add(2);
    let rename =
        |g: &mut Group, name| g.state(200, &[m], Body::Rename { generation: generation(2), name });
    let (early, late) = (rename(&mut g, 50), rename(&mut g, 60));
    let c = g.write(&mut dev, &[], Kind::Statement(early.clone()));
    g.act(100, &[c], Body::Remove { member: 2 });
    let x = g.write(&mut dev, &[], Kind::Statement(late));
    let y = g.write(&mut dev, &[], Kind::Statement(early));
    assert!(
        matches!(g.verdict(x), Verdict::Void(Reason::HardCut(_))),
        "old base, no carrier within"
    );
    assert!(g.applied(y), "another carrier of a statement that is within");
    assert_eq!(g.resolution().state.members[&2].name, 50);
}

/// Q5: a carrier with other parents moves no cut.
#[test]
fn a_republished_removal_moves_nothing() {
    let mut g = Group::new();
    let (m, mut dev) = g.add(2);
    let s = g.state(100, &[m], Body::Remove { member: 2 });
    let mut owner = g.owner;
    g.write(&mut owner, &[], Kind::Statement(s.clone()));
    let x = g.write(&mut dev, &[], Kind::Expense(debt(2, 1, 3)));
    let before = g.resolution().state;
    g.write(&mut dev, &[x], Kind::Statement(s));
    assert!(!g.applied(x));
    assert_eq!(before, g.resolution().state);
}

/// Q13: sock puppets that adopt each other stay void; so does one that adopts itself.
#[test]
fn mutual_adoption_has_no_ground() {
    let mut g = Group::new();
    let (m, mut dev) = g.add(2);
    g.act(100, &[m], Body::Remove { member: 2 });
    let a = g.write(&mut dev, &[], Kind::Add { card: card(3) });
    let b = g.write(&mut dev, &[], Kind::Add { card: card(4) });
    let (mut x, mut y) = (g.device(3000, a), g.device(4000, b));
    let p = g.write(&mut x, &[b], Kind::Adopt { member: 4 });
    let q = g.write(&mut y, &[], Kind::Adopt { member: 3 });
    let own = g.write(&mut x, &[], Kind::Adopt { member: 3 });
    assert!([a, b, p, q].iter().all(|&id| !g.applied(id)));
    assert_eq!(g.verdict(own), Verdict::Void(Reason::Form(Fault::AdoptsItself)));
    // One accepted adoption carries both.
    g.by_owner(&[a], Kind::Adopt { member: 3 });
    assert!([a, b, p].iter().all(|&id| g.applied(id)));
}

/// Q16: another device of the introducer's own member may adopt.
#[test]
fn the_introducers_other_device_adopts() {
    let mut g = Group::new();
    let (m, mut first) = g.add(2);
    let e = g.state(200, &[m], Body::Enrol { generation: generation(2), device: 21 });
    let enrol = g.write(&mut first, &[], Kind::Statement(e));
    let mut second = g.device(21, enrol);
    let a = g.write(&mut second, &[], Kind::Add { card: card(3) });
    g.act(200, &[enrol], Body::Revoke { generation: generation(2), device: 21 });
    assert!(matches!(g.verdict(a), Verdict::Void(Reason::Revoked(_))));
    g.write(&mut first, &[a], Kind::Adopt { member: 3 });
    assert!(g.applied(a) && g.active(generation(3), 3000));
}

/// Q20: a leave voids what has it in its past, whoever carries it; back-dating stays possible until a
/// removal; self statements still work after it, and a bind starts afresh.
#[test]
fn leaving() {
    let mut g = Group::new();
    let (m, mut dev) = g.add(2);
    let s = g.state(200, &[m], Body::Leave { generation: generation(2) });
    let leave = g.by_owner(&[], Kind::Statement(s));
    let backdated = g.write(&mut dev, &[], Kind::Expense(debt(2, 1, 3)));
    let after = g.write(&mut dev, &[leave], Kind::Expense(debt(2, 1, 3)));
    assert!(g.applied(backdated) && matches!(g.verdict(after), Verdict::Void(Reason::Left(_))));
    let (r, _) = g.act(200, &[leave], Body::Revoke { generation: generation(2), device: 2000 });
    assert!(g.applied(r) && !g.applied(backdated));
    let (_, d) = g.act(100, &[r, after], Body::Bind { member: 2, card: card(3) });
    assert!(g.active(Generation::Bind(d), 3000));
}

/// Q21: the owner may leave, can be neither removed nor bound, and still removes.
#[test]
fn the_owner_leaves_and_still_rules() {
    let mut g = Group::new();
    let (m, mut dev) = g.add(2);
    let (leave, _) = g.act(100, &[m], Body::Leave { generation: generation(1) });
    let x = g.by_owner(&[leave], Kind::Expense(debt(1, 2, 3)));
    assert!(!g.applied(x) && g.applied(leave));
    let (r, _) = g.act(100, &[leave], Body::Remove { member: 1 });
    assert_eq!(g.verdict(r), Verdict::Void(Reason::Form(Fault::TargetIsOwner)));
    let s = g.state(100, &[leave], Body::Remove { member: 2 });
    let by_m = g.write(&mut dev, &[], Kind::Statement(s));
    assert!(g.applied(by_m), "carried by the very device it cuts");
    assert!(!g.active(generation(2), 2000));
}

/// Q8: a removal that does not know the member's revocation voids it, and revives what it cut.
#[test]
fn a_removal_flips_both_ways() {
    let mut g = Group::new();
    let (m, mut dev) = g.add(2);
    let x = g.write(&mut dev, &[], Kind::Expense(debt(2, 1, 3)));
    g.act(200, &[m], Body::Revoke { generation: generation(2), device: 2000 });
    assert!(!g.applied(x));
    g.act(100, &[x], Body::Remove { member: 2 });
    assert!(g.applied(x), "the owner's base decides");
}

/// Q23, Q25: two claims start two generations; a bind ends both; a claim stands without its placeholder.
#[test]
fn claims() {
    let mut g = Group::new();
    let (_, mut dev) = g.add(2);
    let p = g.write(&mut dev, &[], Kind::Placeholder { card: placeholder(3, 2) });
    let c1 = g.write(&mut dev, &[], Kind::Claim { member: 3, card: card(4) });
    let c2 = g.write(&mut dev, &[], Kind::Claim { member: 3, card: card(5) });
    assert_eq!(g.resolution().state.members[&3].current.len(), 2);
    let other = g.by_owner(&[p], Kind::Claim { member: 3, card: card(6) });
    assert_eq!(g.verdict(other), Verdict::Void(Reason::Form(Fault::NotTheIntroducer)));
    let (_, d) = g.act(100, &[c1, c2], Body::Bind { member: 3, card: card(7) });
    assert_eq!(g.resolution().state.members[&3].current, [Generation::Bind(d)].into());
    assert!(g.applied(c1) && !g.active(Generation::Claim(c1), 4000));
}

/// Q27: a forked chain is cut by branch, not by seq.
#[test]
fn forks_are_cut_by_branch() {
    let mut g = Group::new();
    let (_, mut dev) = g.add(2);
    let mut fork = dev;
    let a = g.write(&mut dev, &[], Kind::Merge);
    let x = g.write(&mut fork, &[], Kind::Merge);
    let a2 = g.write(&mut dev, &[], Kind::Merge);
    let before = g.resolution().state;
    g.act(100, &[a2], Body::Remove { member: 2 });
    assert!(g.applied(a) && g.applied(a2) && !g.applied(x));
    assert!(before.members.contains_key(&2));
}

/// Q28 to Q32: slots.
#[test]
fn slots() {
    let mut g = Group::new();
    let (m, mut dev) = g.add(2);
    let x = g.write(&mut dev, &[], Kind::Expense(debt(2, 1, 10)));
    g.act(100, &[m], Body::Remove { member: 2 });
    assert_eq!(g.balance(2), 0);
    // A correction of a void original shows nothing until a copy stands in.
    g.by_owner(&[], Kind::Correction { target: x, content: debt(2, 1, 20) });
    assert_eq!(g.balance(2), 0);
    let copy = g.by_owner(&[], Kind::Copy { copied_from: x, content: debt(2, 1, 10) });
    assert_eq!(g.balance(2), 20);
    let second = g.by_owner(&[], Kind::Copy { copied_from: copy, content: debt(2, 1, 10) });
    assert_eq!(g.verdict(second), Verdict::Void(Reason::Form(Fault::WrongTarget)));
    // A void cancellation does not count; an applied one ends the slot, named by its copy.
    g.write(&mut dev, &[], Kind::Cancellation { target: x });
    assert_eq!(g.balance(2), 20);
    g.by_owner(&[], Kind::Cancellation { target: copy });
    assert_eq!((g.balance(2), g.resolution().slots[&x].cancelled), (0, true));
    // A restoration takes that back, until the next cancellation.
    g.by_owner(&[], Kind::Restoration { target: x });
    assert_eq!((g.balance(2), g.resolution().slots[&x].cancelled), (20, false));
    g.by_owner(&[], Kind::Cancellation { target: x });
    assert_eq!(g.balance(2), 0);
}

/// Q3, Q17: keys once in any causal past; the same card again is no reuse.
#[test]
fn keys_once() {
    let mut g = Group::new();
    let (m, mut dev) = g.add(2);
    let again = g.by_owner(&[m], Kind::Add { card: card(2) });
    let (b, _) = g.act(100, &[m], Body::Bind { member: 2, card: card(2) });
    let e = g.state(200, &[m], Body::Enrol { generation: generation(2), device: 2000 });
    let e = g.write(&mut dev, &[], Kind::Statement(e));
    assert!(g.applied(again));
    assert_eq!(g.verdict(b), Verdict::Void(Reason::Form(Fault::KeyReused)));
    assert_eq!(g.verdict(e), Verdict::Void(Reason::Form(Fault::KeyReused)));
}

/// Q1, Q2: what admission refuses, and what it lets in to be void.
#[test]
fn admission() {
    let mut g = Group::new();
    let (m, dev) = g.add(2);
    let entry = g.make(dev, &[], Kind::Merge);
    let refuse = |g: &Group, e: &Entry| admissible(&g.history, e).err();
    let mut e = entry.clone();
    e.lamport += 1;
    assert_eq!(refuse(&g, &e), Some(Refusal::Lamport));
    let mut e = entry.clone();
    e.parents = [999].into();
    assert_eq!(refuse(&g, &e), Some(Refusal::Waiting([999].into())));
    let mut e = entry.clone();
    e.device = 77;
    assert_eq!(refuse(&g, &e), Some(Refusal::ChainStart));
    let mut e = entry.clone();
    e.seq = 1;
    assert_eq!(refuse(&g, &e), Some(Refusal::Chain));
    assert_eq!(refuse(&g, &entry), None);
    // A device that a forged enrolment names cannot start a chain; the forgery itself is void.
    let s = g.state(200, &[m], Body::Enrol { generation: generation(1), device: 88 });
    let mut d = dev;
    let forged = g.write(&mut d, &[], Kind::Statement(s));
    assert_eq!(g.verdict(forged), Verdict::Void(Reason::NotSignedByRoot));
    let stranger = g.device(88, forged);
    let e = g.make(stranger, &[], Kind::Merge);
    assert_eq!(refuse(&g, &e), Some(Refusal::ChainStart));
}
