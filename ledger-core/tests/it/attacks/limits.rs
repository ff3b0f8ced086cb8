//! Attacks by size, by clocks and by broken bytes.

use ledger_core::engine::{
    Admission, DecodedEntry, Draft, Ledger, MemoryIndex, NextEntryPosition, evaluate, verify_batch,
};
use ledger_core::hazmat::any_position;
use ledger_core::limits::LedgerLimits;
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{DraftError, EntryId, Rule, VoidReason};

use crate::common::forge::{Fields, key_of, receive, send};
use crate::common::{Device, Group, Person, debt};

/// Result of admission for an entry that comes in alone.
fn admission(g: &Group, entry: ledger_core::engine::VerifiedEntry) -> Admission {
    let (ledger, index) = g.arrive(g.pool.clone());
    let Ok(admission) = ledger.admit(entry, &index);
    admission
}

fn refused(admission: Admission) -> Option<Rule> {
    match admission {
        Admission::Refused(refusal) => Some(refusal.rule()),
        _ => None,
    }
}

/// Mallory wants her corrections to be the last for ever and signs with a clock
/// near 2^64. Beyond 2^63 it is no integer of the format; below that, as
/// behind, it is not one more than what she knows. Nobody keeps such entries.
#[test]
fn a_lamport_clock_near_two_to_the_64() {
    let (mut g, mut anna) = Group::new();
    let mallory = g.add(&g.now(), &mut anna.phone, "Mallory");
    let at = |clock| {
        any_position(g.id, mallory.phone.key.id(), 0, mallory.phone.enrolment, vec![], clock)
    };
    let sign = |clock| Draft::merge().sign(&mallory.phone.key, &at(clock), 0);
    let key = key_of(&mallory.phone);
    for clock in [u64::MAX, u64::MAX - 1, 1 << 63] {
        let Err(DraftError::Rule(refusal)) = sign(clock) else { panic!("{clock}") };
        assert_eq!(refusal.rule(), Rule::C7);
        let mut fields = Fields::next(&g, &g.now(), &mallory.phone, 1, &[]);
        fields.lamport = clock;
        assert_eq!(send(g.id, &fields, &[0x80], &key), Err(Rule::C7));
    }
    let honest = 3;
    for clock in [(1 << 63) - 1, 1 << 32, honest + 1, honest - 1, 1] {
        let entry = sign(clock).unwrap();
        assert_eq!(refused(admission(&g, entry.clone())), Some(Rule::A3), "{clock}");
        let seen = evaluate(g.id, g.pool.iter().cloned().chain([entry.clone()]).collect()).unwrap();
        assert!(seen.verdict(entry.id()).is_none());
        if clock > honest {
            assert_eq!(seen.refused().first().map(|refusal| refusal.rule()), Some(Rule::A3));
        }
    }
    assert_eq!(refused(admission(&g, sign(honest).unwrap())), None);
}

/// Mallory signs with a clock behind what she depends on. All of that is here,
/// so nobody may be sent to look for it: the entry is refused, not waiting.
#[test]
fn a_clock_that_lags_is_refused_and_not_missing() {
    let (mut g, mut anna) = Group::new();
    let mallory = g.add(&g.now(), &mut anna.phone, "Mallory");
    let enrolment = mallory.phone.enrolment;
    let at = any_position(g.id, mallory.phone.key.id(), 0, enrolment, vec![], 1);
    let entry = Draft::merge().sign(&mallory.phone.key, &at, 0).unwrap();
    assert_eq!(g.refusal(entry), Some(Rule::A3));
}

/// Mallory signs an entry for a group of her own and hangs it on entries of this
/// one, all of which are here. It is refused, not kept and not waited for; so
/// is the beginning of her group.
#[test]
fn an_entry_of_another_group_that_hangs_on_this_one() {
    let (mut g, mut anna) = Group::new();
    let mallory = g.add(&g.now(), &mut anna.phone, "Mallory");
    let (other, _) = Group::found("Mallory", 1, None);
    let fields = Fields::next(&g, &g.now(), &mallory.phone, 1, &[]);
    let sent = |group| send(group, &fields, &[0x80], &key_of(&mallory.phone)).unwrap();
    assert_eq!(refused(admission(&g, sent(g.id))), None, "all but the group is right");
    assert_eq!(g.refusal(sent(other.id)), Some(Rule::A1));
    assert_eq!(g.refusal(other.pool[0].clone()), Some(Rule::A1));
}

/// Mallory sends 10,000 entries behind things that do not exist. They wait,
/// each with the ids it waits for; the group goes on without them.
#[test]
fn ten_thousand_pending_entries_that_never_resolve() {
    let (mut g, mut anna) = Group::new();
    let mut mallory = g.add(&g.now(), &mut anna.phone, "Mallory");
    let bill = g.owes(&g.now(), &mut mallory.phone, mallory.member, anna.member, 5);
    let before = g.outcome();
    let mut given = g.pool.clone();
    for n in 0..10_000u64 {
        let mut nowhere = [0xee; 32];
        nowhere[..8].copy_from_slice(&n.to_be_bytes());
        let parents = vec![EntryId::from_bytes(nowhere)];
        let at = any_position(g.id, mallory.phone.key.id(), 1, bill, parents, 900 + n);
        given.push(Draft::merge().sign(&mallory.phone.key, &at, 0).unwrap());
    }
    let after = evaluate(g.id, given).unwrap();
    assert_eq!(after.view(), before.0.view());
    assert_eq!(after.missing().len(), 10_000);
    assert!(after.missing().values().all(|ids| ids.len() == 1 && ids.first() != Some(&bill)));
    assert!(after.refused().is_empty());
}

/// A chain of entries, without a look at the group for each.
fn chain(g: &mut Group, person: &mut Person, count: u64, draft: &Draft, last: (u64, EntryId)) {
    let (mut clock, mut back) = last;
    for seq in 0..count {
        clock += 1;
        let at: NextEntryPosition =
            any_position(g.id, person.phone.key.id(), seq, back, vec![], clock);
        back = g.write_at(&mut person.phone, &at, draft.clone());
    }
}

/// Among 5,000 entries that come in at once, one of Mallory's bears a broken
/// signature. That one is refused, with its name; all others count.
#[test]
fn one_invalid_entry_among_5000() {
    let (mut g, mut anna) = Group::new();
    let mut people = ["Ben", "Cleo", "Mallory"].map(|name| g.add(&g.now(), &mut anna.phone, name));
    let ids = people.each_ref().map(|person| person.member);
    let state = g.seen(&g.now()).state().clone();
    let known = g.pool.len() as u64;
    let counts: [u64; 3] = [2_500, 2_399, 101];
    for (person, count) in people.iter_mut().zip(counts) {
        let draft = Draft::record(&state, &debt(anna.member, person.member, 1)).unwrap();
        // On top of the last of the three introductions.
        let clock = g.entry(person.phone.enrolment).decoded().header().lamport();
        chain(&mut g, person, count, &draft, (clock, person.phone.enrolment));
    }
    let bad = people[2].phone.tip.unwrap();
    let batch: Vec<DecodedEntry> = g.pool[known as usize..]
        .iter()
        .map(|entry| {
            let mut signature = *entry.decoded().signature();
            signature[3] ^= u8::from(entry.id() == bad);
            DecodedEntry::decode(entry.decoded().as_bytes(), &signature).unwrap()
        })
        .collect();
    assert_eq!(batch.len(), 5_000);
    let (good, refusals): (Vec<_>, Vec<_>) =
        verify_batch(batch, &[4; 32]).into_iter().partition(Result::is_ok);
    let refusals: Vec<_> = refusals.into_iter().filter_map(Result::err).collect();
    assert_eq!(refusals.len(), 1);
    assert_eq!((refusals[0].rule(), refusals[0].entry()), (Rule::S1, Some(bad)));
    let mut given: Vec<_> = good.into_iter().filter_map(Result::ok).collect();
    given.extend_from_slice(&g.pool[..known as usize]);
    let seen = evaluate(g.id, given).unwrap();
    assert!(seen.refused().is_empty() && seen.missing().is_empty());
    let after = crate::common::Outcome(seen);
    assert_eq!(after.balances(ids), [2_500, 2_399, 100]);
    assert_eq!(after.balances([anna.member]), [-4_999]);
}

/// Mallory forwards Ben's bill with a broken signature before Ben's own copy
/// arrives, so that the good one be taken for known. It never gets in, and so
/// never stands in the way of its id.
#[test]
fn a_bad_signature_copy_arriving_before_the_good_one() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 1);
    let (mut ledger, mut index) = g.arrive(g.pool.clone());
    let bill = g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 20);
    let good = g.entry(bill).decoded().clone();
    for bit in [0, 255, 256, 511] {
        let mut signature = *good.signature();
        signature[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(receive(good.as_bytes(), &signature), Err(Rule::S1), "bit {bit}");
        let bad = DecodedEntry::decode(good.as_bytes(), &signature).unwrap();
        let both = verify_batch(vec![bad, good.clone()], &[8; 32]);
        assert!(both[0].is_err() && both[1].is_ok());
    }
    let entry = receive(good.as_bytes(), good.signature()).unwrap();
    let Ok(Admission::Admitted(entry)) = ledger.admit(entry, &index) else { panic!() };
    let Ok(replayed) = ledger.replay(&entry, &index);
    index.insert(&entry, &replayed);
    assert!(replayed.verdict().is_applied());
    assert_eq!(ledger.view(), g.outcome().0.view());
}

/// Twenty people write at once, and Anna wants to remove one of them, sparing
/// all she has seen. With 20 heads there is no place to sign at, and a base of
/// 17 is no statement. She joins 16 heads first; then every bill is spared.
#[test]
fn a_removal_that_sees_20_heads() {
    let (mut g, mut anna) = Group::new();
    let mut people: Vec<Person> =
        (0..20).map(|n| g.add(&g.now(), &mut anna.phone, &format!("P{n}"))).collect();
    let calm = g.now();
    let bills: Vec<EntryId> = people
        .iter_mut()
        .map(|person| g.owes(&calm, &mut person.phone, anna.member, person.member, 10))
        .collect();
    let all = g.now();
    let heads = g.heads(&all);
    assert_eq!(heads.len(), 20);
    let crowded = g.seen(&all);
    assert_eq!(crowded.view().next_position(anna.phone.key.id()), None);
    let (root, target) = (anna.root(), people[7].member);
    let statement = NewStatement::Remove { member: target };
    let draft =
        |base: &[EntryId]| Draft::statement(&root, g.id, &statement, base.to_vec(), [1; 16]);
    let Err(DraftError::Rule(refusal)) = draft(&heads[..17]) else { panic!() };
    assert_eq!(refusal.rule(), Rule::Q1);
    assert!(matches!(draft(&[]), Err(DraftError::Rule(refusal)) if refusal.rule() == Rule::Q1));
    assert!(draft(&heads[..16]).is_ok());

    merge(&mut g, &mut anna.phone, &heads[..16]);
    assert_eq!(g.heads(&g.now()).len(), 5);
    g.remove(&g.now(), &mut anna, target);
    let late = g.owes(&calm, &mut people[7].phone, anna.member, target, 1);
    let after = g.outcome();
    assert!(bills.iter().all(|bill| after.applied(*bill)));
    assert_eq!(after.void(late), Some(VoidReason::HardCut));
    assert_eq!(after.balances([anna.member, target]), [-200, 10]);
}

/// Joins heads, however many others there are.
fn merge(g: &mut Group, device: &mut Device, heads: &[EntryId]) {
    let tip = device.tip.unwrap();
    let seq = g.entry(tip).decoded().header().seq() + 1;
    let clock = |id: &EntryId| g.entry(*id).decoded().header().lamport();
    let lamport = heads.iter().chain([&tip]).map(clock).max().unwrap() + 1;
    let at = any_position(g.id, device.key.id(), seq, tip, heads.to_vec(), lamport);
    g.write_at(device, &at, Draft::merge());
}

/// Limits that a short history reaches: 10,000 bytes of idle entries by one member.
fn small() -> LedgerLimits {
    LedgerLimits::default().idle_bytes_per_member(10_000)
}

/// Bytes of an entry.
fn size(g: &Group, id: EntryId) -> u64 {
    g.entry(id).decoded().as_bytes().len() as u64
}

/// Whether a device leaves an entry out. It replays the entry if not.
fn leaves_out(g: &Group, ledger: &mut Ledger, index: &mut MemoryIndex, id: EntryId) -> bool {
    let Ok(admission) = ledger.admit(g.entry(id).clone(), index);
    let Admission::Admitted(entry) = admission else { panic!("{admission:?}") };
    let Ok(surplus) = ledger.is_surplus(&entry, &small(), index);
    if !surplus {
        let Ok(replayed) = ledger.replay(&entry, index);
        index.insert(&entry, &replayed);
    }
    surplus
}

/// Ben, removed, writes without end, so that everybody's disk fills up. Devices keep as
/// many bytes of what he writes outside of the removal as one member may account for; they
/// agree all the same, whether they met his flood or not. If Cleo builds on some of it, all
/// that she builds on is kept, and does not count any more.
#[test]
fn a_removed_member_who_writes_on_without_end_fills_no_disk() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let bill = g.owes(&g.now(), &mut ben.phone, anna.member, ben.member, 5);
    let clock = g.entry(bill).decoded().header().lamport();
    g.remove(&g.now(), &mut anna, ben.member);
    g.owes(&g.now(), &mut cleo.phone, anna.member, cleo.member, 3);
    let (mut ledger, mut index) = g.arrive(g.pool.clone());
    let calm = (ledger.agreed_heads(), ledger.state().digest());
    assert!(calm.0.iter().eq(&g.heads(&g.now())));

    let draft = Draft::record(ledger.state(), &debt(anna.member, ben.member, 9)).unwrap();
    let (mut clock, mut back, mut seq, mut bytes) = (clock, bill, 0, 0);
    loop {
        clock += 1;
        seq += 1;
        let at = any_position(g.id, ben.phone.key.id(), seq, back, vec![], clock);
        let next = g.write_at(&mut ben.phone, &at, draft.clone());
        if leaves_out(&g, &mut ledger, &mut index, next) {
            assert!(bytes + size(&g, next) > small().idle_bytes_per_member);
            g.pool.pop();
            break;
        }
        (back, bytes) = (next, bytes + size(&g, next));
    }
    assert!(bytes <= small().idle_bytes_per_member && seq > 20);
    assert_eq!(ledger.idle_bytes(), bytes);
    assert_eq!((ledger.agreed_heads(), ledger.state().digest()), calm);
    assert_eq!(ledger.frontier().heads().count(), 2, "one of them is Ben's");

    // What Cleo writes on top of half of it covers that, and makes room.
    ben.phone.tip = Some(back);
    let half = g.pool[g.pool.len() - 10].id();
    let at = g.seen(&g.view(&[cleo.phone.tip.unwrap()]));
    let at = at.view().next_position(cleo.phone.key.id()).unwrap();
    let clock = g.entry(half).decoded().header().lamport() + 1;
    let at = any_position(g.id, cleo.phone.key.id(), 1, at.backlink(), vec![half], clock);
    let on_top = g.write_at(&mut cleo.phone, &at, Draft::merge());
    assert!(!leaves_out(&g, &mut ledger, &mut index, on_top));
    assert_eq!(ledger.agreed_heads(), [on_top].into());
    let rest: u64 = g.pool[g.pool.len() - 10..g.pool.len() - 1]
        .iter()
        .map(|entry| entry.decoded().as_bytes().len() as u64)
        .sum();
    assert_eq!(ledger.idle_bytes(), rest);
    g.outcome();
}

/// Sock puppets of a removed member introduce each other without end. All of them count to
/// Ben, whose introductions lead to them, however long the way; Cleo, whom Anna removed as
/// well, has room of her own.
#[test]
fn sock_puppets_count_to_whoever_introduced_them() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let old = g.now();
    g.remove(&old, &mut anna, ben.member);
    g.remove(&old, &mut anna, cleo.member);
    let (mut ledger, mut index) = g.arrive(g.pool.clone());
    let mut puppet = g.add(&old, &mut ben.phone, "Puppet 0");
    let (mut bytes, mut count) = (0, 0);
    loop {
        let next = puppet.phone.enrolment;
        if leaves_out(&g, &mut ledger, &mut index, next) {
            assert!(bytes + size(&g, next) > small().idle_bytes_per_member);
            break;
        }
        (bytes, count) = (bytes + size(&g, next), count + 1);
        puppet = g.add(&g.view(&[next]), &mut puppet.phone, &format!("Puppet {count}"));
    }
    assert!(count > 10);
    assert_eq!(ledger.idle_bytes(), bytes);
    let other = g.write(&old, &mut cleo.phone, |_| Draft::merge());
    assert!(!leaves_out(&g, &mut ledger, &mut index, other));
}

/// Void is not idle: what Cleo writes in vain is hers, and devices that compare
/// heads count it. What a removed device carries for her is applied; that shows
/// in the digest and not in the heads, so that nobody can make devices differ by
/// carrying it again.
#[test]
fn heads_are_compared_with_what_is_void_and_without_what_the_wrong_hands_carry() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let mut cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let (_, grandma) = g.placeholder(&g.now(), &mut anna, "Grandma");
    let old = g.now();
    g.remove(&old, &mut anna, ben.member);
    let mut posed = g.stranger("Posed");
    g.claim(&g.now(), &mut cleo.phone, grandma, &mut posed);
    let vain = cleo.phone.tip.unwrap();
    let agreed = |g: &Group| {
        let (ledger, _) = g.arrive(g.pool.clone());
        (ledger.agreed_heads(), ledger.state().digest())
    };
    assert!(g.outcome().void(vain).is_some());
    let before = agreed(&g);
    assert_eq!(before.0, [vain].into());

    let rename = NewStatement::Rename { generation: Generation::Card(cleo.member), name: "Clea" };
    let root = cleo.root();
    let carried = g.issue_statement(&old, &mut ben.phone, &root, &rename);
    let own = g.owes(&old, &mut ben.phone, anna.member, ben.member, 9);
    let outcome = g.outcome();
    assert!(outcome.applied(carried) && outcome.void(own).is_some());
    let after = agreed(&g);
    assert_eq!(after.0, before.0);
    assert_ne!(after.1, before.1, "who lacks the rename does not agree");
}

/// Ben's phone, removed and past every limit, is the only one that brings a
/// statement of Anna's. That is news, and kept; the same again is not, nor is
/// what Ben himself states.
#[test]
fn an_owners_statement_gets_through_by_the_hands_of_somebody_removed() {
    let (mut g, mut anna) = Group::new();
    let mut ben = g.add(&g.now(), &mut anna.phone, "Ben");
    let cleo = g.add(&g.now(), &mut anna.phone, "Cleo");
    let old = g.now();
    g.remove(&old, &mut anna, ben.member);
    let enrolment = ben.phone.enrolment;
    let clock = g.entry(enrolment).decoded().header().lamport();
    chain(&mut g, &mut ben, 60, &Draft::merge(), (clock, enrolment));
    let (mut ledger, mut index) = g.arrive(g.pool.clone());
    let mut surplus = |g: &Group, id: EntryId| {
        let Ok(Admission::Admitted(entry)) = ledger.admit(g.entry(id).clone(), &index) else {
            panic!()
        };
        let Ok(surplus) = ledger.is_surplus(&entry, &small(), &index);
        let Ok(replayed) = ledger.replay(&entry, &index);
        index.insert(&entry, &replayed);
        surplus
    };
    let removal = NewStatement::Remove { member: cleo.member };
    let removal = g.issue_statement(&old, &mut ben.phone, &anna.root(), &removal);
    assert!(!surplus(&g, removal));
    // All that the carrier depends on is kept for it. A branch besides fills Ben's account.
    let state = g.seen(&g.now()).state().clone();
    let record = Draft::record(&state, &debt(anna.member, ben.member, 1)).unwrap();
    let known = g.pool.len();
    chain(&mut g, &mut ben, 60, &record, (clock, enrolment));
    let branch: Vec<EntryId> = g.pool[known..].iter().map(|entry| entry.id()).collect();
    assert!(!surplus(&g, branch[0]));
    let left_out: Vec<bool> = branch[1..].iter().map(|id| surplus(&g, *id)).collect();
    assert!(left_out.contains(&true));
    let carry = Draft::carry(&g.signed(removal));
    let again = g.write(&old, &mut ben.phone, |_| carry);
    assert!(surplus(&g, again), "carried once more");
    let root = ben.root();
    for statement in [
        NewStatement::Rename { generation: Generation::Card(ben.member), name: "Benny" },
        NewStatement::RenameGroup { name: "Ben's" },
    ] {
        let vain = g.issue_statement(&old, &mut ben.phone, &root, &statement);
        assert!(surplus(&g, vain), "of a generation that was ended, or forged");
    }
    assert!(g.outcome().applied(removal) && g.outcome().applied(again));
}
