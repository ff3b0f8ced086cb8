//! Where the design, read to the letter, breaks its own properties: the smallest histories, and that the
//! fix mends them. Numbers refer to docs/authority-questions.md.

use crate::common::{Group, card, debt, placeholder};
use ledger_model::*;

/// F1. "An *enrolment* counts as accepted only if its generation's start is accepted": a sock puppet
/// of somebody removed cannot enrol, but to the letter can rename itself.
#[test]
fn f1_a_void_members_rename_changes_the_state() {
    let mut g = Group::new();
    let (add_m, mut m) = g.add(2);
    // M adds S, not within the removal.
    let add_s = g.write(&mut m, &[], Kind::Add { card: card(3) });
    g.act(100, &[add_m], Body::Remove { member: 2 });
    // The owner, who saw S before, honestly names S: "other people's honest entries stand".
    g.by_owner(&[add_s], Kind::Expense(debt(1, 3, 10)));
    let literal = Rules { self_needs_start: false, ..Rules::ALL };
    let before = (g.resolution().state, resolve_with(&g.history, &literal).state);
    let s = g.state(300, &[add_s], Body::Rename { generation: Generation::Card(3), name: 99 });
    let rename = g.write(&mut m, &[], Kind::Statement(s));
    let after = (g.resolution().state, resolve_with(&g.history, &literal).state);
    assert_ne!(before.1, after.1, "to the letter the coalition renames S");
    assert_eq!(before.0, after.0);
    assert_eq!(g.verdict(rename), Verdict::Void(Reason::StartVoid));
}

/// F1, second half: even a leave of S puts S's name into the state, if an *applied* leave refers to S.
#[test]
fn f1_a_void_members_leave_changes_the_state() {
    let mut g = Group::new();
    let (add_m, mut m) = g.add(2);
    let add_s = g.write(&mut m, &[], Kind::Add { card: card(3) });
    g.act(100, &[add_m], Body::Remove { member: 2 });
    let literal = Rules { self_needs_start: false, ..Rules::ALL };
    let before = resolve_with(&g.history, &literal).state;
    let s = g.state(300, &[add_s], Body::Leave { generation: Generation::Card(3) });
    g.write(&mut m, &[], Kind::Statement(s));
    assert_ne!(before, resolve_with(&g.history, &literal).state);
    assert!(!g.resolution().state.members.contains_key(&3));
}

/// F2. An adopt (or bind) of a placeholder, to the letter, accepts its *introductions*, claims
/// included: a removed introducer back-dates a claim for a sock puppet.
#[test]
fn f2_a_removed_introducer_claims_an_adopted_placeholder() {
    let mut g = Group::new();
    let (add_m, mut m) = g.add(2);
    let p = g.write(&mut m, &[add_m], Kind::Placeholder { card: placeholder(3, 2) });
    g.act(100, &[add_m], Body::Remove { member: 2 });
    // The placeholder fell to the cut; somebody keeps it.
    g.by_owner(&[p], Kind::Adopt { member: 3 });
    let literal = Rules { claim_not_adoptable: false, ..Rules::ALL };
    let before = (g.resolution().state, resolve_with(&g.history, &literal).state);
    let claim = g.write(&mut m, &[], Kind::Claim { member: 3, card: card(4) });
    let mut sock = g.device(4000, claim);
    g.write(&mut sock, &[], Kind::Expense(debt(3, 1, 1000)));
    assert_ne!(
        before.1,
        resolve_with(&g.history, &literal).state,
        "to the letter the sock puppet writes"
    );
    assert_eq!(before.0, g.resolution().state);
}

/// W1. Property 3 speaks of *keys*; cuts go by generation. A key that an accomplice, still active,
/// introduced concurrently on a second card goes on writing as that other member.
#[test]
fn w1_the_same_key_on_a_second_card() {
    let mut g = Group::new();
    let (add_m, _) = g.add(2);
    let (add_b, mut b) = g.add(5);
    let of = Holder::Person { root: 200, device: 2000 };
    // B's device has not seen M's add: uniqueness is judged in its own past. (g.add chains them, so
    // B's entry is made on a chain of its own: B was added first.)
    assert!(add_b > add_m);
    let again = g.write(&mut b, &[], Kind::Add { card: Card { id: 6, name: 6, of } });
    assert_eq!(g.verdict(again), Verdict::Void(Reason::Form(history::form::Fault::KeyReused)));

    let mut g = Group::new();
    let (add_b, mut b) = g.add(5);
    let again = g.write(&mut b, &[], Kind::Add { card: Card { id: 6, name: 6, of } });
    let (add_m, _) = g.add(2);
    assert!(add_b < add_m && g.applied(again) && g.applied(add_m));
    g.act(100, &[add_m], Body::Remove { member: 2 });
    let mut same_key = g.device(2000, again);
    let x = g.write(&mut same_key, &[], Kind::Expense(debt(6, 1, 10)));
    assert!(g.applied(x), "the removed member's key, as another member's");
    let mut cut = g.device(2000, add_m);
    let y = g.write(&mut cut, &[], Kind::Expense(debt(2, 1, 10)));
    assert!(!g.applied(y));
}

/// W2. Why cuts must not go by key instead: cards are public, and anybody can admit Alice's once more.
/// If the owner removes that ghost, Alice stays.
#[test]
fn w2_a_ghost_with_alices_card_can_be_removed() {
    let mut g = Group::new();
    let (add_e, mut e) = g.add(5);
    let p = g.by_owner(&[], Kind::Placeholder { card: placeholder(3, 1) });
    let (bind, digest) = g.act(100, &[p, add_e], Body::Bind { member: 3, card: card(2) });
    // E back-dates an add of Alice's card: a second member with Alice's keys.
    let ghost = g.write(&mut e, &[], Kind::Add { card: card(2) });
    assert!(g.applied(ghost));
    g.act(100, &[bind, ghost], Body::Remove { member: 2 });
    assert!(g.active(Generation::Bind(digest), 2000), "Alice is untouched");
    assert!(!g.active(Generation::Card(2), 2000));
}

/// T1. The table says "placeholder: nobody's"; a *repeated* placeholder revives like a repeated add.
#[test]
fn t1_a_repeated_placeholder_flips() {
    let mut g = Group::new();
    let (add_m, mut m) = g.add(2);
    let e = g.state(200, &[add_m], Body::Enrol { generation: Generation::Card(2), device: 21 });
    let enrol = g.write(&mut m, &[], Kind::Statement(e));
    let mut m2 = g.device(21, enrol);
    let p = g.write(&mut m2, &[], Kind::Placeholder { card: placeholder(3, 2) });
    g.act(200, &[enrol], Body::Revoke { generation: Generation::Card(2), device: 21 });
    assert!(!g.applied(p));
    g.write(&mut m, &[], Kind::Placeholder { card: placeholder(3, 2) });
    assert!(g.applied(p));
}

/// T2. The table says "people they introduced"; it is also people they *adopted*.
#[test]
fn t2_a_removal_flips_people_whom_the_target_adopted() {
    let mut g = Group::new();
    let (add_a, mut a) = g.add(2);
    let (add_b, mut b) = g.add(3);
    let c = g.write(&mut a, &[], Kind::Add { card: card(4) });
    g.act(100, &[add_a, add_b], Body::Remove { member: 2 });
    g.write(&mut b, &[c], Kind::Adopt { member: 4 });
    let mut dev = g.device(4000, c);
    let x = g.write(&mut dev, &[], Kind::Expense(debt(4, 1, 5)));
    assert!(g.applied(x));
    g.act(100, &[add_b], Body::Remove { member: 3 });
    assert!(!g.applied(x), "C was not introduced by B, only adopted");
}

/// T3. The table says "the target's introductions"; a bind also flips introductions *of* the target,
/// by others, and revives what the target's old keys signed within its base.
#[test]
fn t3_a_bind_flips_introductions_of_its_target() {
    let mut g = Group::new();
    let (add_m, mut m) = g.add(2);
    let c = g.write(&mut m, &[], Kind::Add { card: card(3) });
    let mut dev = g.device(3000, c);
    let x = g.write(&mut dev, &[], Kind::Expense(debt(3, 1, 5)));
    let (r, _) = g.act(100, &[add_m], Body::Remove { member: 2 });
    assert!(!g.applied(c) && !g.applied(x));
    g.act(100, &[r, x], Body::Bind { member: 3, card: card(4) });
    assert!(g.applied(c) && g.applied(x));
}

/// S1. A sharp edge, not a violation: an *active* member's revocation with an ancient base voids
/// honest people whom that device introduced long ago, and all they wrote. Adoption heals it.
#[test]
fn s1_a_revocation_with_an_ancient_base_is_a_weapon() {
    let mut g = Group::new();
    let (add_m, mut m) = g.add(2);
    let add_a = g.write(&mut m, &[], Kind::Add { card: card(3) });
    let mut alice = g.device(3000, add_a);
    let x = g.write(&mut alice, &[], Kind::Expense(debt(3, 1, 50)));
    assert_eq!(g.balance(3), 50);
    let s = g.state(200, &[add_m], Body::Revoke { generation: Generation::Card(2), device: 2000 });
    g.write(&mut m, &[], Kind::Statement(s));
    assert_eq!((g.balance(3), g.applied(x)), (0, false));
    g.by_owner(&[x], Kind::Adopt { member: 3 });
    assert_eq!((g.balance(3), g.applied(x)), (50, true));
}
