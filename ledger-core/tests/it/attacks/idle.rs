//! Idle entries: agreed heads under any order of arrival, and statements that are carried again.

use std::collections::BTreeSet;

use ledger_core::engine::{Admission, Draft, Ledger, WaitingAccount};
use ledger_core::hazmat::any_position;
use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard};
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{EntryId, VoidReason};

use crate::common::{Counting, Device, Group, Person};

/// Signs a draft behind one entry of the device's chain alone.
fn fork(g: &mut Group, device: &mut Device, behind: EntryId, draft: Draft) -> EntryId {
    let header = g.entry(behind).decoded().header();
    let own = header.device() == device.key.id();
    let seq = if own { header.seq() + 1 } else { 0 };
    let clock = draft.refs().iter().chain([&behind]);
    let clock = clock.map(|id| g.entry(*id).decoded().header().lamport()).max().unwrap() + 1;
    let at = any_position(g.id, device.key.id(), seq, behind, vec![], clock);
    g.write_at(device, &at, draft)
}

/// Ben leaves, and his phone goes on with carriers alone, on two branches behind his last
/// entry. All of them know of the leave, and are idle whichever branch came first; the carrier
/// of the leave is not.
#[test]
fn carriers_behind_a_leave_are_idle_on_every_branch_in_every_order() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let root = ben.root();
    let generation = Generation::Card(ben.member);
    let leave = NewStatement::Leave { generation };
    let left = g.issue_statement(&g.now(), &mut ben.phone, &root, &leave);
    let plain = fork(&mut g, &mut ben.phone, left, Draft::merge());
    let mut carriers = Vec::new();
    for (name, behind) in [("Benny", plain), ("Benno", plain), ("Benja", left)] {
        let rename = NewStatement::Rename { generation, name };
        let nonce = [name.as_bytes()[4]; 16];
        let draft = Draft::statement(&root, g.id, &rename, [left], nonce).unwrap();
        carriers.push(fork(&mut g, &mut ben.phone, behind, draft));
    }
    let outcome = g.outcome();
    assert_eq!(outcome.void(plain), Some(VoidReason::Left));
    assert!(carriers.iter().all(|id| outcome.applied(*id)), "no leave voids a statement");
    for id in carriers.iter().chain([&plain]) {
        assert_eq!(outcome.0.is_idle(*id), Some(true));
    }
    assert_eq!(outcome.0.is_idle(left), Some(false));
    let agreed: BTreeSet<EntryId> = outcome.0.view().frontier().agreed_heads().collect();
    assert_eq!(agreed, [left].into());
    for order in 0..4 {
        let mut pool = g.pool.clone();
        pool.rotate_right(order);
        let (ledger, _) = g.arrive(pool);
        assert_eq!(ledger.agreed_heads(), agreed);
    }
}

/// Ben revokes the phone in his hand: its carrier is idle unless it is within the revocation,
/// and an honest author does not build on it.
#[test]
fn a_revoked_phones_own_carrier_is_idle() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let before = g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 5);
    let (generation, device) = (Generation::Card(ben.member), ben.phone.key.id());
    let revoke = NewStatement::Revoke { generation, device };
    let root = ben.root();
    let carrier = g.issue_statement(&g.now(), &mut ben.phone, &root, &revoke);
    let outcome = g.outcome();
    assert_eq!((outcome.applied(carrier), outcome.0.is_idle(carrier)), (true, Some(true)));
    assert_eq!(outcome.0.is_idle(before), Some(false));
    let next = g.owes(&g.now(), &mut anna.phone, ben.member, anna.member, 1);
    let header = g.entry(next).decoded().header().clone();
    assert!(header.dependencies().all(|id| *id != carrier));
    assert!(g.outcome().applied(next));
}

/// Two removals of Ben with different bases, which only a removed person's phone carries. Each
/// device carries both, as under one alone Cleo, whom he added, would be a recipient. Then it
/// ends.
#[test]
fn every_statement_is_carried_again_once_and_that_ends() {
    let (mut g, mut anna) = Group::new();
    let mut mallory = g.add(&g.now(), &mut anna.phone, "Mallory");
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let without_cleo = g.heads(&g.now());
    g.add(&g.now(), &mut ben.phone, "Cleo");
    let with_cleo = g.heads(&g.now());
    let mut dora = g.add(&g.now(), &mut anna.phone, "Dora");
    let owner = anna.root();
    g.remove(&g.now(), &mut anna, mallory.member);
    let old = g.view(&[mallory.phone.enrolment, ben.phone.tip.unwrap()]);
    let remove = NewStatement::Remove { member: ben.member };
    for base in [&without_cleo, &with_cleo] {
        g.issue_statement_at(base, &old, &mut mallory.phone, &owner, &remove);
    }
    let carry = |g: &mut Group, person: &mut Person| {
        let (ledger, _) = g.arrive(g.pool.clone());
        let again = ledger.statements_to_carry(person.phone.key.id(), 4);
        for carrier in &again {
            let draft = Draft::carry(&g.signed(*carrier));
            g.write(&g.now(), &mut person.phone, |_| draft);
        }
        again.len()
    };
    let (alone, _) = g.arrive(g.pool.clone());
    let lacking = |ledger: &Ledger, person: &Person| {
        ledger.statements_to_carry(person.phone.key.id(), 4).len()
    };
    assert_eq!((lacking(&alone, &anna), lacking(&alone, &dora)), (2, 2));
    assert_eq!(lacking(&alone, &mallory), 0, "who may not write carries nothing");
    // Dora's carriers are in the past of an agreed head, so Anna carries nothing more.
    let without_carriers = g.now();
    assert_eq!((carry(&mut g, &mut dora), carry(&mut g, &mut anna)), (2, 0));
    assert_eq!(carry(&mut g, &mut dora), 0);
    // When she is removed without these, Anna carries them, and that is the end: once for each
    // device and statement.
    let member = dora.member;
    let base = [dora.phone.enrolment];
    let remove = NewStatement::Remove { member };
    g.issue_statement_at(&base, &without_carriers, &mut anna.phone, &owner, &remove);
    assert_eq!((carry(&mut g, &mut anna), carry(&mut g, &mut anna)), (2, 0));
    g.outcome();
}

/// However many heads there are, a statement has a base of at most 16 ids, which has an
/// introduction, the target's chains and the statements about the target in its past.
#[test]
fn a_base_takes_sixteen_ids_and_spares_what_its_target_signed() {
    let (mut g, mut anna) = Group::new();
    let mut people: Vec<Person> =
        (0..24).map(|n| g.add(&g.now(), &mut anna.phone, &format!("P{n}"))).collect();
    let calm = g.now();
    let bills: Vec<EntryId> = people
        .iter_mut()
        .map(|person| g.owes(&calm, &mut person.phone, anna.member, person.member, 10))
        .collect();
    let (ledger, index) = g.arrive(g.pool.clone());
    assert_eq!(ledger.agreed_heads().len(), 24);
    let remove = NewStatement::Remove { member: people[7].member };
    let Ok(base) = ledger.statement_base(&remove, None, &index);
    assert!(base.len() <= 16 && base.contains(&bills[7]));
    let draft = Draft::statement(&anna.root(), g.id, &remove, base, [1; 16]).unwrap();
    let Ok(at) = ledger.position_of_draft(anna.phone.key.id(), &draft, &index);
    let removal = g.write_at(&mut anna.phone, &at.unwrap(), draft);
    let outcome = g.outcome();
    assert!(outcome.applied(removal) && bills.iter().all(|bill| outcome.applied(*bill)));

    // From the bill on: it is not spared.
    let (ledger, index) = g.arrive(g.pool.clone());
    let remove = NewStatement::Remove { member: people[8].member };
    let Ok(base) = ledger.statement_base(&remove, Some(&bills[8]), &index);
    let draft = Draft::statement(&anna.root(), g.id, &remove, base, [2; 16]).unwrap();
    let Ok(at) = ledger.position_of_draft(anna.phone.key.id(), &draft, &index);
    let removal = g.write_at(&mut anna.phone, &at.unwrap(), draft);
    let outcome = g.outcome();
    assert!(outcome.applied(removal) && outcome.applied(bills[7]));
    assert_eq!(outcome.void(bills[8]), Some(VoidReason::HardCut));
}

/// Ben left, and signs revocations without end: of keys that nobody enrolled, and of six tablets.
/// Others carry none of the former, as no epoch must know of them, and of the latter a few with
/// each own entry.
#[test]
fn one_member_makes_others_carry_few_statements_at_once() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let (root, generation) = (ben.root(), Generation::Card(ben.member));
    let mut revoked: Vec<_> = (0..6).map(|_| g.enrol(&g.now(), &mut ben).key.id()).collect();
    revoked.extend((100..120).map(|n| DeviceKey::from_bytes(&[n; 64]).id()));
    g.issue_statement(&g.now(), &mut ben.phone, &root, &NewStatement::Leave { generation });
    for device in revoked {
        let revoke = NewStatement::Revoke { generation, device };
        g.issue_statement(&g.now(), &mut ben.phone, &root, &revoke);
    }
    let mut carried = Vec::new();
    loop {
        let (ledger, _) = g.arrive(g.pool.clone());
        let again = ledger.statements_to_carry(anna.phone.key.id(), 4);
        for carrier in &again {
            let draft = Draft::carry(&g.signed(*carrier));
            g.write(&g.now(), &mut anna.phone, |_| draft);
        }
        carried.push(again.len());
        if again.is_empty() {
            break;
        }
    }
    assert_eq!(carried, [4, 2, 0]);
    g.outcome();
}

/// Ben's stolen phone goes on behind his tablet's revocation of it. A removal that spares nothing
/// from the tablet's last bill on has no carrier of the revocation in its base; so it must not
/// have what the thief wrote either, which would count from then on.
#[test]
fn a_base_never_spares_what_is_idle() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut tablet = g.enrol(&g.now(), &mut ben);
    let honest = g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 5);
    let calm = g.now();
    let bill = g.owes(&calm, &mut tablet, anna.member, ben.member, 7);
    let (root, generation) = (ben.root(), Generation::Card(ben.member));
    let revoke = NewStatement::Revoke { generation, device: ben.phone.key.id() };
    let revocation = g.issue_statement(&g.now(), &mut tablet, &root, &revoke);
    let stolen = g.owes(&calm, &mut ben.phone, anna.member, ben.member, 900);
    assert_eq!(g.outcome().void(stolen), Some(VoidReason::Revoked));
    let remove = NewStatement::Remove { member: ben.member };
    let (ledger, index) = g.arrive(g.pool.clone());
    let Ok(base) = ledger.statement_base(&remove, Some(&bill), &index);
    assert!(!base.contains(&stolen) && !base.contains(&revocation));
    let draft = Draft::statement(&anna.root(), g.id, &remove, base, [1; 16]).unwrap();
    let Ok(at) = ledger.position_of_draft(anna.phone.key.id(), &draft, &index);
    let removal = g.write_at(&mut anna.phone, &at.unwrap(), draft);
    let outcome = g.outcome();
    assert!(outcome.applied(removal) && outcome.applied(honest));
    assert_eq!(outcome.void(stolen), Some(VoidReason::HardCut));
}

/// With more than 16 heads, a new name of the group takes those with the largest clocks.
#[test]
fn a_base_about_the_group_takes_the_latest_heads() {
    let (mut g, mut anna) = Group::new();
    let mut people: Vec<Person> =
        (0..20).map(|n| g.add(&g.now(), &mut anna.phone, &format!("P{n}"))).collect();
    let calm = g.now();
    let mut latest = Vec::new();
    for (n, person) in people.iter_mut().enumerate() {
        let mut bill = g.owes(&calm, &mut person.phone, anna.member, person.member, 10);
        if n >= 4 {
            let view = g.view(&[bill]);
            bill = g.owes(&view, &mut person.phone, anna.member, person.member, 20);
            latest.push(bill);
        }
    }
    latest.sort_unstable();
    let (ledger, index) = g.arrive(g.pool.clone());
    let rename = NewStatement::RenameGroup { name: "House" };
    let Ok(base) = ledger.statement_base(&rename, None, &index);
    assert_eq!(base, latest);
}

/// Mallory's card names the key of Ben's tablet as well, and she is removed. What the tablet signs
/// and waits still counts to Ben, whose enrolment of it is the one with prospects.
#[test]
fn what_waits_counts_to_the_enrolment_with_prospects() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let old = g.now();
    let mut tablet = g.enrol(&old, &mut ben);
    let mut mallory = g.stranger("Mallory");
    let entropy = RootEntropy::from_bytes(mallory.entropy);
    mallory.card = SignedCard::new(g.id, "Mallory", &entropy, 0, &tablet.key).unwrap();
    mallory.member = mallory.card.card().member();
    g.admit(&old, &mut anna.phone, &mallory.card);
    g.remove(&g.now(), &mut anna, mallory.member);
    let (ledger, _) = g.arrive(g.pool.clone());
    let bill = g.owes(&g.now(), &mut tablet, anna.member, ben.member, 10);
    let account = ledger.waiting_account(g.entry(bill).decoded());
    assert_eq!(account, WaitingAccount::WithProspects(ben.member));
}

/// Cleo builds on what Ben wrote after his removal, so nobody accounts for that. When Cleo is
/// removed without it, Ben accounts for his entries again.
#[test]
fn idle_entries_count_again_when_what_builds_on_them_becomes_idle() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let old = g.now();
    let removal = g.remove(&old, &mut anna, ben.member);
    let idle = g.owes(&old, &mut ben.phone, anna.member, ben.member, 5);
    let size = |g: &Group, id| g.entry(id).decoded().as_bytes().len() as u64;
    let bytes = |g: &Group| g.arrive(g.pool.clone()).0.idle_bytes();
    assert_eq!(bytes(&g), size(&g, idle));
    let clock = g.entry(idle).decoded().header().lamport() + 1;
    let (device, home) = (cleo.phone.key.id(), cleo.phone.enrolment);
    let at = any_position(g.id, device, 0, home, vec![idle], clock);
    let on_top = g.write_at(&mut cleo.phone, &at, Draft::merge());
    assert_eq!(bytes(&g), 0);
    let (root, remove) = (anna.root(), NewStatement::Remove { member: cleo.member });
    let view = g.view(&[removal]);
    g.issue_statement_at(&[home], &view, &mut anna.phone, &root, &remove);
    assert_eq!(bytes(&g), size(&g, idle) + size(&g, on_top));
    g.outcome();
}

/// Mallory's chain is idle as a whole, and nothing has it in its past. A removal of Ben that makes
/// entries of his idle asks as little as without Mallory, however long the history is.
#[test]
fn a_chain_that_nothing_covers_is_not_searched_when_others_become_idle() {
    let asked = |mallory_writes: bool| {
        let (mut g, mut anna) = Group::new();
        let mut mallory = g.add(&g.now(), &mut anna.phone, "Mallory");
        let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
        let old = g.now();
        g.remove(&old, &mut anna, mallory.member);
        if mallory_writes {
            g.write(&old, &mut mallory.phone, |_| Draft::merge());
        }
        for _ in 0..20 {
            g.write(&g.now(), &mut anna.phone, |_| Draft::merge());
        }
        let last = g.now();
        g.owes(&last, &mut ben.phone, anna.member, ben.member, 5);
        let (mut ledger, index) = g.arrive(g.pool.clone());
        let (root, remove) = (anna.root(), NewStatement::Remove { member: ben.member });
        let base = [ben.phone.enrolment];
        let removal = g.issue_statement_at(&base, &last, &mut anna.phone, &root, &remove);
        let Ok(Admission::Admitted(removal)) = ledger.admit(g.entry(removal).clone(), &index)
        else {
            panic!()
        };
        let counting = Counting::new(&index);
        let Ok(replayed) = ledger.replay(&removal, &counting);
        assert_eq!(replayed.flips().len(), 1);
        counting.asked()
    };
    assert_eq!(asked(true), asked(false));
}
