//! Histories of unusual shapes. Entry by entry, in any order, they get the verdicts of
//! evaluation from scratch: `Group::outcome` compares after every entry.

use ledger_core::engine::{Admission, Draft, VerifiedEntry};
use ledger_core::keys::SignedDevice;
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{EntryId, Verdict, VoidReason};

use crate::common::forge::{Fields, key_of, send};
use crate::common::{Device, Group, Person, View, debt};

/// Goes back to an earlier entry of the device's chain, to fork there.
fn rewind(g: &Group, device: &mut Device, tip: Option<EntryId>) -> View {
    device.tip = tip;
    g.view(&[tip.unwrap_or(device.enrolment)])
}

fn revoke(g: &mut Group, base: &[EntryId], person: &mut Person, device: &Device) -> EntryId {
    let (root, now) = (person.root(), g.now());
    let statement = NewStatement::Revoke { generation: person.generation, device: device.key.id() };
    g.issue_statement_at(base, &now, &mut person.phone, &root, &statement)
}

/// Ben forks his chain, forks a fork, begins anew at the first seq, and forks
/// exactly where Anna's removal ends. It spares what it knew, on whichever
/// branch, and nothing else; also of what is written behind it.
#[test]
fn a_removal_ends_on_each_branch_where_it_knew_it() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let (a, b) = (anna.member, ben.member);
    let mut bills: Vec<EntryId> = Vec::new();
    // A bill behind what the phone wrote last.
    let mut bill = |g: &mut Group, phone: &mut Device, behind: Option<EntryId>| {
        let view = rewind(g, phone, behind);
        bills.push(g.owes(&view, phone, a, b, 1 << bills.len()));
        bills[bills.len() - 1]
    };
    let trunk = bill(&mut g, &mut ben.phone, None);
    let long = bill(&mut g, &mut ben.phone, Some(trunk));
    let tip = bill(&mut g, &mut ben.phone, Some(long));
    let branch = bill(&mut g, &mut ben.phone, Some(trunk));
    let twig = bill(&mut g, &mut ben.phone, Some(branch));
    let other_twig = bill(&mut g, &mut ben.phone, Some(branch));
    let anew = bill(&mut g, &mut ben.phone, None);
    let anew_tip = bill(&mut g, &mut ben.phone, Some(anew));
    g.outcome();
    // The removal knows the trunk and `long`, one twig and its branch, and the
    // first entry of the second beginning.
    let root = anna.root();
    let known = g.view(&[long, twig, anew]);
    let statement = NewStatement::Remove { member: b };
    g.issue_statement_at(&[long, twig, anew], &known, &mut anna.phone, &root, &statement);
    // Behind it, forks at the very ends of what it knows.
    for end in [long, twig, anew, trunk] {
        let late = bill(&mut g, &mut ben.phone, Some(end));
        bill(&mut g, &mut ben.phone, Some(late));
    }
    let after = g.outcome();
    let spared: Vec<_> = bills.iter().filter(|bill| after.applied(**bill)).copied().collect();
    assert_eq!(spared, [trunk, long, branch, twig, anew]);
    for cut in [tip, other_twig, anew_tip] {
        assert_eq!(after.void(cut), Some(VoidReason::HardCut));
    }
    assert_eq!(after.balances([b]), [1 + 2 + 8 + 16 + 64]);
}

/// Two statements enrol Ben's tablet, made apart, and Anna adds his card twice.
/// The tablet and the phone begin a chain behind each of these, and rotate their
/// keys; a removal knows one statement and one chain of each. The bind that
/// brings Ben's place back, and another removal, turn verdicts round again.
#[test]
fn one_key_on_several_chains_of_several_enrolments() {
    let (mut g, mut anna) = Group::new();
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let again = g.admit(&g.now(), &mut cleo.phone, &ben.card);
    let homes = [ben.phone.enrolment, again];
    let old = g.view(&homes);
    let first = g.enrol(&old, &mut ben);
    let certified = SignedDevice::new(g.id, &ben.root(), &first.key).unwrap();
    let statement = NewStatement::Enrol { generation: ben.generation, device: &certified };
    let root = ben.root();
    // Made on the same base, carried by Cleo.
    let second = g.issue_statement_at(&homes, &old, &mut cleo.phone, &root, &statement);
    let mut tablet = first;
    let mut written: Vec<EntryId> = Vec::new();
    for (n, enrolment) in (1u64..).zip([tablet.enrolment, second]) {
        (tablet.enrolment, tablet.tip) = (enrolment, None);
        let view = g.view(&[enrolment]);
        let key = g.stranger("X").phone.key.exchange_public_key();
        written.push(g.write(&view, &mut tablet, |_| Draft::rotation(n, key)));
        let view = g.view(&[written[written.len() - 1]]);
        written.push(g.owes(&view, &mut tablet, ben.member, anna.member, n));
    }
    for (n, enrolment) in (4u64..).zip(homes) {
        (ben.phone.enrolment, ben.phone.tip) = (enrolment, None);
        let view = g.view(&homes);
        written.push(g.owes(&view, &mut ben.phone, ben.member, anna.member, n));
    }
    let all = g.outcome();
    assert!(written.iter().all(|id| all.applied(*id)));
    let rotation = |g: &Group| {
        let state = g.seen(&g.now());
        let found = state.state().devices().find(|d| d.1 == tablet.key.id());
        found.map(|(_, _, device)| device.exchange_generation())
    };
    assert!(rotation(&g).is_some_and(|generation| generation > 0));

    let owner = anna.root();
    let knows = [written[1], written[4]];
    let statement = NewStatement::Remove { member: ben.member };
    g.issue_statement_at(&knows, &g.now(), &mut anna.phone, &owner, &statement);
    let removed = g.outcome();
    let spared: Vec<_> = written.iter().map(|id| removed.applied(*id)).collect();
    assert_eq!(spared, [true, true, false, false, true, false]);
    assert_eq!(rotation(&g), None);

    let mut keys = g.stranger("Ben");
    g.bind(&g.view(&knows), &mut anna, ben.member, &mut keys);
    let now = g.now();
    g.owes(&now, &mut keys.phone, ben.member, anna.member, 32);
    g.outcome();
    let mut keys = g.stranger("Ben again");
    g.bind(&g.now(), &mut anna, ben.member, &mut keys);
    g.outcome();
    assert!(revoke(&mut g, &knows, &mut cleo, &tablet) != knows[0]);
    g.outcome();
}

/// Anna binds, removes and renames in the name of somebody whom nothing has
/// introduced yet; the bind's device writes all the same. Then the person is
/// introduced by somebody who is removed, and adopted: only what was sound from
/// the beginning counts.
#[test]
fn keys_bound_to_somebody_whom_nobody_has_introduced() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let mut dora = g.stranger("Dora");
    let mut early = g.stranger("Early");
    let old = g.now();
    let removal = g.remove(&old, &mut anna, dora.member);
    g.bind(&old, &mut anna, dora.member, &mut early);
    let bill = g.owes(&g.now(), &mut early.phone, anna.member, ben.member, 1);
    let root = early.root();
    let rename = NewStatement::Rename { generation: early.generation, name: "Eve" };
    let renamed = g.issue_statement(&g.now(), &mut early.phone, &root, &rename);
    let tablet = g.enrol(&g.now(), &mut early);
    // On bases that do not know the start of what they name.
    let root = dora.root();
    let start = g.view(&[ben.phone.enrolment]);
    let leave = NewStatement::Leave { generation: dora.generation };
    let gone = g.issue_statement_at(&[ben.phone.enrolment], &start, &mut ben.phone, &root, &leave);
    dora.phone.enrolment = g.admit(&g.now(), &mut ben.phone, &dora.card);
    let carry = Draft::carry(&g.signed(gone));
    let again = g.write(&g.now(), &mut ben.phone, |_| carry);
    let stays = g.owes(&g.now(), &mut dora.phone, anna.member, dora.member, 2);
    let after = g.outcome();
    assert!(after.applied(stays));
    for statement in [removal, early.phone.enrolment] {
        assert_eq!(after.void(statement), Some(VoidReason::UnknownMember));
    }
    for statement in [gone, again] {
        assert_eq!(after.void(statement), Some(VoidReason::StartNotInBase));
    }
    assert_eq!(after.void(renamed), Some(VoidReason::StartVoid));
    assert_eq!(after.void(tablet.enrolment), Some(VoidReason::StartVoid));
    assert_eq!(after.void(bill), Some(VoidReason::EnrolmentVoid));

    g.remove(&old, &mut anna, ben.member);
    let fallen = g.outcome();
    assert_eq!(fallen.void(stays), Some(VoidReason::EnrolmentVoid));
    g.adopt(&g.now(), &mut cleo.phone, dora.member);
    let after = g.outcome();
    assert!(after.applied(stays) && !after.applied(bill) && !after.applied(renamed));
    let mut keys = g.stranger("Dora's");
    g.bind(&g.now(), &mut anna, dora.member, &mut keys);
    g.outcome();
}

/// A ring: Ben added Cleo, who added Dora, who added Ben's card again and
/// adopted Cleo; all of them claim and adopt. Anna adds Ben and then removes
/// him, with the ring outside; she revokes the phone that added him. The ring
/// holds nobody up, until Eve adopts one of it.
#[test]
fn a_ring_of_adds_adopts_and_claims_stands_only_from_outside() {
    let (mut g, mut anna) = Group::new();
    let mut eve = g.add(&g.now(), &mut anna.phone, "Eve");
    let old = g.now();
    let mut tablet = g.enrol(&old, &mut anna);
    let calm = g.now();
    let mut ben = g.add(&calm, &mut tablet, "Ben");
    let mut cleo = g.add(&g.now(), &mut ben.phone, "Cleo");
    let mut dora = g.add(&g.now(), &mut cleo.phone, "Dora");
    let (_, place) = g.placeholder(&g.now(), &mut dora, "Place");
    let mut keys = [g.stranger("One"), g.stranger("Two")];
    for keys in &mut keys {
        g.claim(&g.now(), &mut dora.phone, place, keys);
    }
    let [one, two] = &mut keys;
    g.admit(&g.now(), &mut one.phone, &ben.card);
    g.adopt(&g.now(), &mut two.phone, cleo.member);
    g.adopt(&g.now(), &mut dora.phone, cleo.member);
    g.admit(&g.now(), &mut dora.phone, &ben.card);
    let bills = [
        g.owes(&g.now(), &mut one.phone, place, anna.member, 1),
        g.owes(&g.now(), &mut two.phone, ben.member, anna.member, 2),
        g.owes(&g.now(), &mut ben.phone, dora.member, anna.member, 4),
    ];
    assert!(bills.iter().all(|bill| g.outcome().applied(*bill)));
    revoke(&mut g, &[tablet.enrolment], &mut anna, &tablet);
    let fallen = g.outcome();
    for bill in bills {
        assert_eq!(fallen.void(bill), Some(VoidReason::EnrolmentVoid));
    }
    assert_eq!(fallen.state().members().len(), 2);
    g.adopt(&g.now(), &mut eve.phone, dora.member);
    let held = g.outcome();
    assert!(bills.iter().all(|bill| held.applied(*bill)), "by one of the ring, all");
    revoke(&mut g, &[dora.phone.enrolment], &mut dora, &two.phone);
    let (root, knows) = (anna.root(), [dora.phone.enrolment]);
    let statement = NewStatement::Remove { member: dora.member };
    g.issue_statement_at(&knows, &g.now(), &mut anna.phone, &root, &statement);
    assert!(g.outcome().void(bills[0]).is_some());
    let mut keys = g.stranger("Bound");
    g.bind(&g.view(&[dora.phone.enrolment]), &mut anna, place, &mut keys);
    g.outcome();
}

/// A successor group's people are accepted without an introduction of their own.
/// They are adopted, claimed, removed and bound like anybody.
#[test]
fn people_of_a_successor_group_are_removed_bound_and_claimed() {
    let (mut old, mut anna) = Group::new();
    let ben = old.add(&old.now(), &mut anna.phone, "Ben");
    let cleo = old.add(&old.now(), &mut anna.phone, "Cleo");
    old.owes(&old.now(), &mut anna.phone, ben.member, cleo.member, 70);
    let before = old.outcome();
    let (mut g, mut anna) = Group::found("Anna", 1, Some((before.0.view(), anna.member)));
    let cards: Vec<_> = match g.pool[0].decoded().payload() {
        ledger_core::engine::Payload::Genesis(genesis) => {
            let opening = &genesis.predecessor().unwrap().opening;
            opening.iter().filter_map(|opening| opening.card.clone()).collect()
        }
        other => panic!("{other:?}"),
    };
    let (ben, cleo) = (cards[0].member(), cards[1].member());
    let mut dora = g.add(&g.now(), &mut anna.phone, "Dora");
    let unknown = g.remove(&g.now(), &mut anna, ben);
    for card in &cards {
        // Dora may name them, but not introduce them.
        g.write(&g.now(), &mut dora.phone, |_| Draft::carried_over(card));
        g.write(&g.now(), &mut anna.phone, |_| Draft::carried_over(card));
    }
    let mut keys = [g.stranger("B"), g.stranger("C"), g.stranger("D")];
    let calm = g.now();
    g.claim(&g.now(), &mut anna.phone, ben, &mut keys[0]);
    g.bind(&calm, &mut anna, ben, &mut keys[1]);
    g.bind(&g.now(), &mut anna, cleo, &mut keys[2]);
    for keys in &mut keys {
        let knows = g.view(&[keys.phone.enrolment]);
        g.owes(&knows, &mut keys.phone, dora.member, ben, 1);
    }
    g.adopt(&g.now(), &mut dora.phone, ben);
    g.remove(&calm, &mut anna, ben);
    let after = g.outcome();
    assert_eq!(after.void(unknown), Some(VoidReason::UnknownMember));
    assert!(after.member(ben).unwrap().is_introduced() && after.generations(ben).is_empty());
}

/// Ben leaves: twice, carried by himself, Anna and his tablet, on chains that
/// fork before and behind it, and with the leave in the past of a fork through
/// refs alone. What has any carrier in its past is void, nothing else is.
#[test]
fn a_leave_reaches_a_fork_through_whatever_knows_it() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut tablet = g.enrol(&g.now(), &mut ben);
    let (a, b, enrolment) = (anna.member, ben.member, ben.phone.enrolment);
    let root = ben.root();
    let statement = NewStatement::Leave { generation: ben.generation };
    let before = g.owes(&g.view(&[enrolment]), &mut ben.phone, b, a, 1);
    let leave =
        g.issue_statement_at(&[enrolment], &g.view(&[before]), &mut anna.phone, &root, &statement);
    let again = Draft::carry(&g.signed(leave));
    let by_tablet = g.write(&g.view(&[tablet.enrolment]), &mut tablet, |_| again);
    let other =
        g.issue_statement_at(&[enrolment], &g.view(&[enrolment]), &mut tablet, &root, &statement);
    let mut free: Vec<EntryId> = Vec::new();
    let mut late: Vec<EntryId> = Vec::new();
    let view = rewind(&g, &mut ben.phone, Some(before));
    free.push(g.owes(&view, &mut ben.phone, b, a, 2));
    // An act of the owner, carried behind the leave, then a bill.
    let known = g.view(&[leave]);
    let merge = g.write(&known, &mut ben.phone, |_| Draft::merge());
    late.push(merge);
    let carry = Draft::carry(&g.signed(leave));
    rewind(&g, &mut ben.phone, Some(before));
    let carried = g.write(&g.view(&[before]), &mut ben.phone, |_| carry);
    late.push(g.owes(&g.view(&[carried]), &mut ben.phone, b, a, 4));
    rewind(&g, &mut ben.phone, Some(carried));
    late.push(g.owes(&g.view(&[carried]), &mut ben.phone, b, a, 8));
    // Through a ref to Anna's bill behind it, and no other way.
    let bill = g.owes(&g.view(&[by_tablet]), &mut anna.phone, b, a, 16);
    rewind(&g, &mut ben.phone, Some(before));
    let mut fields = Fields::next(&g, &g.view(&[before]), &ben.phone, 19, &[bill]);
    fields.lamport = g.entry(bill).decoded().header().lamport() + 1;
    // Cancels the bill: target 0, no reason.
    let sent = send(g.id, &fields, &[0x82, 0x00, 0xf6], &key_of(&ben.phone)).unwrap();
    late.push(keep(&mut g, &mut ben.phone, sent));
    let view = rewind(&g, &mut ben.phone, Some(enrolment).filter(|_| false));
    free.push(g.owes(&view, &mut ben.phone, b, a, 32));
    let after = g.outcome();
    assert!(after.applied(other) && after.applied(before));
    assert!(free.iter().all(|id| after.applied(*id)), "{free:?}");
    for id in &late {
        assert_eq!(after.void(*id), Some(VoidReason::Left));
    }
    // A removal that knows nothing of the leave ends it: all of that is cut.
    let owner = anna.root();
    let remove = NewStatement::Remove { member: b };
    g.issue_statement_at(&[before], &g.view(&[before]), &mut anna.phone, &owner, &remove);
    let cut = g.outcome();
    assert!(late.iter().chain(&free).all(|id| cut.void(*id) == Some(VoidReason::HardCut)));
}

fn keep(g: &mut Group, device: &mut Device, entry: VerifiedEntry) -> EntryId {
    device.tip = Some(entry.id());
    g.pool.push(entry);
    device.tip.unwrap()
}

/// An original, copies, corrections and cancellations by four people, three of
/// whom one revocation takes with it: whatever the slot showed, it shows what is
/// left. Between them stand entries of kinds and versions to come, which nobody
/// judges, and an adopt brings all of it back at once.
#[test]
fn a_whole_slot_turns_round_at_once() {
    let (mut g, mut anna) = Group::new();
    let mut tablet = g.enrol(&g.now(), &mut anna);
    let calm = g.now();
    let mut people: Vec<Person> =
        ["Ben", "Cleo", "Dora"].map(|name| g.add(&g.now(), &mut tablet, name)).into();
    let mut eve = g.add(&calm, &mut anna.phone, "Eve");
    let (a, b, c) = (anna.member, people[0].member, people[1].member);
    let original = g.owes(&g.now(), &mut people[0].phone, a, b, 1);
    let copies = [1, 2].map(|n| g.copy(&g.now(), &mut people[n].phone, original));
    let mut opaque: Vec<EntryId> = Vec::new();
    for (kind, version) in [(99, 1), (2, 2), (6, 7), (16, 2)] {
        let mut fields = Fields::next(&g, &g.now(), &people[0].phone, kind, &[]);
        fields.version = version;
        let sent = send(g.id, &fields, &[0x80], &key_of(&people[0].phone)).unwrap();
        opaque.push(keep(&mut g, &mut people[0].phone, sent));
    }
    for (n, target) in [(1, original), (2, copies[0])] {
        let details = debt(c, b, 10 * n as u64);
        g.write(&g.now(), &mut people[n].phone, |state| {
            Draft::correction(state, target, &details).unwrap()
        });
    }
    let kept = g.copy(&g.now(), &mut eve.phone, original);
    let gone = |g: &mut Group, phone: &mut Device| {
        g.write(&g.now(), phone, |_| Draft::cancellation(copies[1], None))
    };
    let shown = |g: &Group| {
        let after = g.outcome();
        assert!(opaque.iter().all(|id| after.0.verdict(*id) == Some(Verdict::Unknown)));
        (after.0.slot(original).unwrap().effective(), after.balances([a, b, c]))
    };
    assert_eq!(shown(&g).1, [0, 20, -20]);
    gone(&mut g, &mut people[2].phone);
    assert_eq!(shown(&g), (None, [0, 0, 0]));
    let enrolled = [tablet.enrolment];
    revoke(&mut g, &enrolled, &mut anna, &tablet);
    assert_eq!(shown(&g), (Some(kept), [-1, 1, 0]));
    g.adopt(&g.now(), &mut eve.phone, b);
    assert_eq!(shown(&g), (Some(original), [-1, 1, 0]));
    g.adopt(&g.now(), &mut eve.phone, c);
    assert_eq!(shown(&g).1, [0, 10, -10]);
    g.adopt(&g.now(), &mut eve.phone, people[2].member);
    assert_eq!(shown(&g), (None, [0, 0, 0]));
    g.remove(&calm, &mut anna, eve.member);
    g.outcome();
}

/// Mallory claims what is no placeholder, what introduces nobody, and a faulty
/// introduction; the devices of all these claims write, enrol and claim on.
#[test]
fn claims_of_everything_with_chains_behind_them() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut mallory = g.add(&g.now(), &mut anna.phone, "Mallory");
    let (_, bens) = g.placeholder(&g.now(), &mut ben, "Ben's");
    let (_, own) = g.placeholder(&g.now(), &mut mallory, "Own");
    let calm = g.now();
    let targets = [anna.member, ben.member, bens, own, own, mallory.member];
    let mut written: Vec<EntryId> = Vec::new();
    for target in targets {
        let mut keys = g.stranger("Keys");
        g.claim(&g.now(), &mut mallory.phone, target, &mut keys);
        let (_, under) = g.placeholder(&g.now(), &mut keys, "Under");
        let mut deep = g.stranger("Deep");
        g.claim(&g.now(), &mut keys.phone, under, &mut deep);
        let mut tablet = g.enrol(&g.now(), &mut deep);
        written.push(g.owes(&g.now(), &mut tablet, anna.member, target, 1));
        let root = deep.root();
        let leave = NewStatement::Leave { generation: deep.generation };
        g.issue_statement(&g.now(), &mut tablet, &root, &leave);
        let rename = NewStatement::Rename { generation: keys.generation, name: "Renamed" };
        g.issue_statement(&g.now(), &mut tablet, &keys.root(), &rename);
    }
    let after = g.outcome();
    let applied: Vec<_> = written.iter().map(|id| after.applied(*id)).collect();
    assert_eq!(applied, [false, false, false, true, true, false]);
    let mut keys = g.stranger("Bound");
    g.bind(&calm, &mut anna, own, &mut keys);
    assert!(g.outcome().void(written[3]).is_some());
    g.remove(&calm, &mut anna, mallory.member);
    let after = g.outcome();
    assert!(after.generations(mallory.member).is_empty());
    let claimed = |generation: &Generation| matches!(generation, Generation::Claim(_));
    assert!(!after.generations(own).iter().any(claimed));
}

/// Three branches of one fork are admitted before any of them is replayed: each
/// is put where it belongs by then, not where it would have been.
#[test]
fn branches_admitted_together_and_replayed_one_after_the_other() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let (a, b) = (anna.member, ben.member);
    let trunk = g.owes(&g.now(), &mut ben.phone, b, a, 1);
    let (mut ledger, mut index) = g.arrive(g.pool.clone());
    let branches: Vec<EntryId> = (2..5)
        .map(|cents| {
            let fork = rewind(&g, &mut ben.phone, Some(trunk));
            g.owes(&fork, &mut ben.phone, b, a, cents)
        })
        .collect();
    let admitted: Vec<_> = branches
        .iter()
        .map(|id| match ledger.admit(g.entry(*id).clone(), &index) {
            Ok(Admission::Admitted(entry)) => entry,
            other => panic!("{other:?}"),
        })
        .collect();
    let mut points = Vec::new();
    for entry in &admitted {
        let Ok(replayed) = ledger.replay(entry, &index);
        index.insert(entry, &replayed);
        points.push(replayed.position());
    }
    points.dedup_by_key(|point| point.chain);
    assert_eq!(points.len(), 3, "each on a chain of its own");
    g.remove(&g.view(&branches[1..2]), &mut anna, b);
    let removal = g.entry(anna.phone.tip.unwrap()).clone();
    let Ok(Admission::Admitted(entry)) = ledger.admit(removal, &index) else { panic!() };
    let Ok(replayed) = ledger.replay(&entry, &index);
    index.insert(&entry, &replayed);
    let after = g.outcome();
    assert_eq!(ledger.view(), after.0.view());
    assert_eq!(after.balances([b]), [-4]);
}
