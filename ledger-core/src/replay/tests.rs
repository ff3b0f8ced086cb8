//! Admission, verdicts and slots, entry by entry. Entries that no draft would
//! write are put together field by field.

mod costs;
mod failing_index;

use core::convert::Infallible;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::authority::evaluate;
use crate::base::id::{EntryId, MemberId, Origin};
use crate::base::rule::Rule;
use crate::draft::{Draft, DraftError, NewGroup};
use crate::entry::{DecodedEntry, VerifiedEntry};
use crate::header::HeaderFields;
use crate::header::Kind;
use crate::keys::{DeviceKey, PlaceholderCard, RootEntropy, SignedDevice};
use crate::money::{Amount, Currency, Date};
use crate::payload::{Cancellation, Payload, Placeholder, RefIndex};
use crate::payload::{Expense, Transaction, Transfer};
use crate::state::{ChainEntry, EntryIndex, Link, NextEntryPosition, any_names, any_position};
use crate::statement::{Generation, NewStatement};
use crate::verdict::{ChainPosition, Slot, SlotEntry, SlotReference, Verdict, VoidReason};
use proptest::prelude::*;

/// A group on the founder's device, with Ben and Cleo as placeholders.
struct Group {
    device: DeviceKey,
    ledger: Ledger,
    index: MemoryIndex,
    entries: Vec<VerifiedEntry>,
    members: Vec<MemberId>,
}

fn eur() -> Currency {
    Currency::from_code("EUR").unwrap()
}

fn cents(n: u64) -> Amount {
    Amount::from_minor_units(n).unwrap()
}

impl Group {
    fn new() -> Self {
        let device = DeviceKey::from_bytes(&[7; 64]);
        let entropy = RootEntropy::from_bytes([8; 32]);
        let new = NewGroup::new("Flat", "Anna", &entropy, 0, [9; 32]);
        let genesis = new.create(&device, 0).unwrap();
        let mut index = MemoryIndex::new();
        let ledger = Ledger::begin(&genesis, &mut index).unwrap();
        let members = vec![ledger.state().members()[0].0];
        let mut group = Self { device, ledger, index, entries: vec![genesis], members };
        for (name, nonce) in [("Ben", 1), ("Cleo", 2)] {
            let anna = group.members[0];
            let draft = Draft::placeholder(group.ledger.state(), anna, name, [nonce; 16]).unwrap();
            group.add(draft);
            group.members = group.ledger.state().members().iter().map(|(id, _)| *id).collect();
        }
        group
    }

    fn add(&mut self, draft: Draft) -> EntryId {
        let position = self.ledger.next_position(self.device.id()).unwrap();
        let entry = draft.sign(&self.device, &position, 0).unwrap();
        assert_eq!(self.ingest(entry.clone()), Ok(Verdict::Applied));
        entry.id()
    }

    fn ingest(&mut self, entry: VerifiedEntry) -> Result<Verdict, Admission> {
        self.replay(entry).map(|replayed| replayed.verdict())
    }

    fn replay(&mut self, entry: VerifiedEntry) -> Result<Replayed, Admission> {
        let Ok(admission) = self.ledger.admit(entry.clone(), &self.index);
        let Admission::Admitted(admitted) = admission else { return Err(admission) };
        let Ok(replayed) = self.ledger.replay(&admitted, &self.index);
        self.index.insert(&admitted, &replayed);
        self.entries.push(entry);
        Ok(replayed)
    }

    /// An entry at the next position, changed before it is signed.
    fn forged(
        &self,
        payload: &Payload,
        refs: Vec<EntryId>,
        change: impl FnOnce(&mut HeaderFields),
    ) -> VerifiedEntry {
        let at = self.ledger.next_position(self.device.id()).unwrap();
        let bytes = payload.encode();
        let kind = payload.kind().unwrap_or(Kind::from_number(999));
        let mut fields = HeaderFields::for_payload(self.device.id(), kind, &bytes);
        fields.group = Some(at.group);
        fields.seq = at.seq;
        fields.backlink = Some(at.backlink);
        fields.parents = at.parents;
        fields.lamport = at.lamport;
        fields.refs = refs;
        change(&mut fields);
        let sign = |id: &EntryId| self.device.sign_entry(id);
        VerifiedEntry::signed_here(DecodedEntry::assemble(fields, &bytes, sign).unwrap())
    }

    fn expense(&self, payer: usize, sharers: &[usize], amount: u64) -> Transaction {
        let total = cents(amount);
        let shares = crate::money::split_equally(total, sharers.len(), 0);
        let shares = sharers.iter().map(|who| self.members[*who]).zip(shares);
        Transaction::Expense(
            Expense::new(Date::from_ymd(2026, 11, 21).unwrap(), "Dinner", eur(), total)
                .paid_by(self.members[payer], total)
                .shares(shares.filter(|(_, part)| !part.is_zero())),
        )
    }

    fn transfer(&self, from: usize, to: usize, amount: u64) -> Transaction {
        Transaction::Transfer(Transfer::new(
            Date::from_ymd(2026, 11, 21).unwrap(),
            eur(),
            cents(amount),
            self.members[from],
            self.members[to],
        ))
    }

    fn record(&mut self, details: &Transaction) -> EntryId {
        self.add(Draft::record(self.ledger.state(), details).unwrap())
    }

    fn correct(&mut self, original: EntryId, details: &Transaction) -> EntryId {
        self.add(Draft::correction(self.ledger.state(), original, details).unwrap())
    }

    fn balances(&self) -> Vec<i128> {
        let balance = |member: &MemberId| self.ledger.state().balance(*member, eur()).minor_units();
        self.members.iter().map(balance).collect()
    }
}

fn refused(result: Result<Verdict, Admission>) -> Rule {
    match result {
        Err(Admission::Refused(refusal)) => refusal.rule(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn balances_follow_expenses_transfers_corrections_and_cancellations() {
    let mut group = Group::new();
    let dinner = group.record(&group.expense(0, &[0, 1, 2], 3000));
    assert_eq!(group.balances(), [2000, -1000, -1000]);
    group.record(&group.transfer(1, 0, 400));
    assert_eq!(group.balances(), [1600, -600, -1000]);
    group.correct(dinner, &group.expense(2, &[0, 1, 2], 3000));
    assert_eq!(group.balances(), [-1400, -600, 2000]);
    group.correct(dinner, &group.transfer(0, 1, 100));
    assert_eq!(group.balances(), [-300, 300, 0], "an expense may become a transfer");
    group.add(Draft::cancellation(dinner, Some("never happened".into())));
    assert_eq!(group.balances(), [-400, 400, 0]);
    group.correct(dinner, &group.expense(0, &[1], 9999));
    assert_eq!(group.balances(), [-400, 400, 0], "a cancellation wins over corrections");
}

#[test]
fn duplicates_change_nothing() {
    let mut group = Group::new();
    group.record(&group.expense(0, &[1], 100));
    let before = group.ledger.clone();
    for entry in group.entries.clone() {
        assert_eq!(group.ingest(entry), Err(Admission::Duplicate));
    }
    assert_eq!(group.ledger, before);
}

#[test]
fn a1_refuses_entries_of_other_groups_and_second_beginnings() {
    let mut group = Group::new();
    let other = crate::base::id::GroupId::from_bytes([1; 32]);
    let entry = group.forged(&Payload::Merge, vec![], |fields| fields.group = Some(other));
    assert_eq!(refused(group.ingest(entry)), Rule::A1);
    let entropy = RootEntropy::from_bytes([8; 32]);
    let new = NewGroup::new("X", "Y", &entropy, 0, [1; 32]);
    let genesis = new.create(&group.device, 0).unwrap();
    assert_eq!(refused(group.ingest(genesis)), Rule::A1);
}

#[test]
fn a2_refuses_chains_with_gaps_and_borrowed_chains() {
    let mut group = Group::new();
    let gap = group.forged(&Payload::Merge, vec![], |fields| fields.seq += 1);
    assert_eq!(refused(group.ingest(gap)), Rule::A2);
    let stranger = DeviceKey::from_bytes(&[1; 64]);
    let borrowed = group.forged(&Payload::Merge, vec![], |fields| fields.device = stranger.id());
    assert_eq!(refused(group.ingest(borrowed)), Rule::A2);
}

#[test]
fn a3_refuses_clocks_that_jump_or_lag() {
    let mut group = Group::new();
    for change in [-1i64, 1, 1_000_000] {
        let entry = group.forged(&Payload::Merge, vec![], |fields| {
            fields.lamport = fields.lamport.checked_add_signed(change).unwrap();
        });
        assert_eq!(refused(group.ingest(entry)), Rule::A3, "{change}");
    }
    let far =
        group.forged(&Payload::Merge, vec![], |f| f.lamport = crate::base::limits::MAX_INTEGER);
    assert_eq!(refused(group.ingest(far)), Rule::A3);
}

#[test]
fn a4_says_which_entries_are_missing() {
    let mut group = Group::new();
    let unknown = EntryId::from_bytes([3; 32]);
    let payload = Payload::Cancellation(Cancellation { target: RefIndex::new(0), reason: None });
    let entry = group.forged(&payload, vec![unknown], |_| {});
    assert_eq!(group.ingest(entry), Err(Admission::Missing([unknown].into())));
}

#[test]
fn equivocation_is_kept_and_both_count() {
    let mut group = Group::new();
    let position = group.ledger.next_position(group.device.id()).unwrap();
    for amount in [100, 50] {
        let details = group.expense(0, &[1], amount);
        let draft = Draft::record(group.ledger.state(), &details).unwrap();
        let entry = draft.sign(&group.device, &position, 0).unwrap();
        assert_eq!(group.ingest(entry), Ok(Verdict::Applied));
    }
    assert_eq!(group.balances(), [150, -150, 0]);
    assert_eq!(group.ledger.frontier().heads().count(), 2);
    let next = group.ledger.next_position(group.device.id()).unwrap();
    assert_eq!(next.parents.len(), 1, "the other branch becomes a parent");
    group.add(Draft::merge());
    assert_eq!(group.ledger.frontier().heads().count(), 1);
}

/// The device signs several entries for one place, one at each of these times.
fn fork(group: &mut Group, at: &NextEntryPosition, times: core::ops::Range<u64>) -> Vec<EntryId> {
    let mut ids = Vec::new();
    for time in times {
        let entry = Draft::merge().sign(&group.device, at, time).unwrap();
        ids.push(entry.id());
        assert_eq!(group.ingest(entry), Ok(Verdict::Applied));
    }
    ids
}

#[test]
fn a_forked_chain_goes_on_from_its_longest_branch_then_the_largest_id() {
    let mut group = Group::new();
    let device = group.device.id();
    let at = group.ledger.next_position(device).unwrap();
    let mut ids = fork(&mut group, &at, 0..5);
    let next = group.ledger.next_position(device).unwrap();
    assert_eq!(Some(&next.backlink), ids.iter().max());
    ids.sort();
    // The smallest goes on: its branch is the longest now.
    let at = any_position(group.ledger.group(), device, next.seq, ids[0], vec![], next.lamport);
    let longest = Draft::merge().sign(&group.device, &at, 0).unwrap();
    assert_eq!(group.ingest(longest.clone()), Ok(Verdict::Applied));
    let next = group.ledger.next_position(device).unwrap();
    assert_eq!((next.backlink, next.seq), (longest.id(), at.seq + 1));
    assert_eq!((next.parents, next.lamport), (ids[1..].to_vec(), at.lamport + 1));
}

#[test]
fn beyond_16_other_heads_a_device_joins_16_of_them_first() {
    let mut group = Group::new();
    let device = group.device.id();
    let heads = |group: &Group| group.ledger.frontier().heads().count();
    let merge_position = |group: &Group| {
        let Ok(at) = group.ledger.position_of_draft(device, &Draft::merge(), &group.index);
        at.unwrap()
    };
    let at = group.ledger.next_position(device).unwrap();
    fork(&mut group, &at, 0..17);
    let next = group.ledger.next_position(device).unwrap();
    assert_eq!((heads(&group), next.parents.len()), (17, 16));
    fork(&mut group, &at, 17..27);
    assert_eq!((heads(&group), group.ledger.next_position(device)), (27, None));
    assert_eq!(group.ledger.first_position(device, group.entries[0].id()), None);

    let mut joined = Vec::new();
    while group.ledger.next_position(device).is_none() {
        let at = merge_position(&group);
        let entry = Draft::merge().sign(&group.device, &at, 0).unwrap();
        assert_eq!(group.ingest(entry), Ok(Verdict::Applied));
        joined.push(at.parents.len());
    }
    assert_eq!((joined, heads(&group)), (vec![16], 11));
    // Fewer than 16 are joined at once, and their clocks are minded.
    let at = merge_position(&group);
    assert_eq!(at, group.ledger.next_position(device).unwrap());
    group.add(Draft::merge());
    assert_eq!(heads(&group), 1);
}

#[test]
fn void_entries_stay_with_their_reason() {
    let mut group = Group::new();
    let dinner = group.record(&group.expense(0, &[1], 100));
    let before = group.balances();
    let ben = group.members[1];
    let place = *group.ledger.group().as_bytes();
    let card = PlaceholderCard::new(place, Some(ben), "Dora", [5; 16]).unwrap();
    let foreign = group.forged(&Payload::Placeholder(Placeholder::new(card)), vec![], |_| {});
    assert_eq!(group.ingest(foreign), Ok(Verdict::Void(VoidReason::NotTheIntroducer)));

    // Refs to the dinner where members belong.
    let draft = Draft::record(group.ledger.state(), &group.transfer(0, 1, 5)).unwrap();
    let signed =
        draft.sign(&group.device, &group.ledger.next_position(group.device.id()).unwrap(), 0);
    let payload = signed.unwrap().decoded().payload().clone();
    let mut refs = vec![dinner, group.entries[0].id()];
    refs.sort();
    let nobody = group.forged(&payload, refs, |_| {});
    assert_eq!(group.ingest(nobody), Ok(Verdict::Void(VoidReason::UnknownMember)));

    let target = group.entries[1].id();
    let cancel = Payload::Cancellation(Cancellation { target: RefIndex::new(0), reason: None });
    let nothing = group.forged(&cancel, vec![target], |_| {});
    assert_eq!(group.ingest(nothing), Ok(Verdict::Void(VoidReason::WrongTarget)));
    assert_eq!(group.balances(), before);
    assert_eq!(group.ledger.state().members().len(), 3);
    assert_eq!(group.ledger.frontier().entries(), 7, "void entries are kept");
}

#[test]
fn what_speaks_of_an_expense_names_it_void_or_not() {
    let mut group = Group::new();
    let details = group.expense(0, &[1], 100);
    let dinner = group.record(&details);
    let state = group.ledger.state().clone();
    let says = |group: &mut Group, draft: Draft| {
        let at = group.ledger.next_position(group.device.id()).unwrap();
        let entry = draft.sign(&group.device, &at, 0).unwrap();
        let replayed = group.replay(entry.clone()).unwrap();
        (entry.id(), replayed.verdict(), replayed.slot_reference())
    };
    let named = |endorses| Some(SlotReference { original: dinner, endorses });
    let (applied, wrong) = (Verdict::Applied, Verdict::Void(VoidReason::WrongTarget));

    let draft = Draft::copy(&state, dinner, &details).unwrap();
    let (copy, verdict, of) = says(&mut group, draft);
    assert_eq!((verdict, of), (applied, named(false)));
    let mut corrections = Vec::new();
    for target in [dinner, copy] {
        let draft = Draft::correction(&state, target, &details).unwrap();
        let (correction, verdict, of) = says(&mut group, draft);
        assert_eq!((verdict, of), (applied, named(false)), "the original, not the copy");
        corrections.push(correction);
        for (draft, endorses) in [
            (Draft::cancellation(target, None), false),
            (Draft::endorsement(target, false, None), true),
            (Draft::endorsement(correction, false, None), true),
        ] {
            let (_, verdict, of) = says(&mut group, draft);
            assert_eq!((verdict, of), (applied, named(endorses)));
        }
    }
    // Void, as it speaks of a member whom nothing introduces.
    let nobody = any_names(group.ledger.group(), [dinner, copy]);
    let mut details = group.transfer(0, 1, 5);
    let Transaction::Transfer(transfer) = &mut details else { panic!() };
    [transfer.from, transfer.to] = [dinner, copy].map(|id| MemberId::from_bytes(*id.as_bytes()));
    for draft in
        [Draft::correction(&nobody, copy, &details), Draft::copy(&nobody, dinner, &details)]
    {
        let (_, verdict, of) = says(&mut group, draft.unwrap());
        assert_eq!((verdict, of), (Verdict::Void(VoidReason::UnknownMember), named(false)));
    }
    // What is no expense is not named, nor is an expense by itself.
    let (copied, correction) = (group.expense(0, &[1], 1), corrections[0]);
    let mut corrects_nothing = None;
    for draft in [
        Draft::copy(&state, copy, &copied).unwrap(),
        Draft::endorsement(group.entries[1].id(), true, None),
        Draft::correction(&state, correction, &copied).unwrap(),
    ] {
        let (id, verdict, of) = says(&mut group, draft);
        assert_eq!((verdict, of), (wrong, None));
        corrects_nothing = Some(id);
    }
    // Nor is what corrects nothing.
    let draft = Draft::endorsement(corrects_nothing.unwrap(), true, None);
    let (_, verdict, of) = says(&mut group, draft);
    assert_eq!((verdict, of), (wrong, None));
    let draft = Draft::record(&state, &copied).unwrap();
    let (_, verdict, of) = says(&mut group, draft);
    assert_eq!((verdict, of), (applied, None));
}

#[test]
fn what_corrects_a_void_copy_is_in_the_slot_that_it_names_be_it_the_first_entry() {
    let mut group = Group::new();
    let (state, details) = (group.ledger.state().clone(), group.expense(0, &[1], 100));
    let genesis = group.entries[0].clone();
    let mut index = SparseIndex::new(|_: &EntryId| Ok::<_, Infallible>(None::<Arc<VerifiedEntry>>));
    index.begin(&genesis).unwrap();
    let mut says = |draft: Draft, expected| {
        let at = group.ledger.next_position(group.device.id()).unwrap();
        let entry = draft.sign(&group.device, &at, 0).unwrap();
        let Ok(admission) = group.ledger.admit(entry.clone(), &group.index);
        let Admission::Admitted(admitted) = admission else { panic!("{admission:?}") };
        let replayed = group.replay(entry).unwrap();
        index.insert(&admitted, &replayed);
        assert_eq!(replayed.slot().map(|(original, ..)| original), expected);
        assert_eq!(index.status(&admitted.verified().id()).unwrap().2, expected);
        admitted.verified().id()
    };
    let copy = says(Draft::copy(&state, genesis.id(), &details).unwrap(), None);
    says(Draft::correction(&state, copy, &details).unwrap(), Some(genesis.id()));
}

#[test]
fn one_card_introduced_twice_is_one_member() {
    let mut group = Group::new();
    let place = *group.ledger.group().as_bytes();
    let card = PlaceholderCard::new(place, Some(group.members[0]), "Ben", [1; 16]);
    let payload = Payload::Placeholder(Placeholder::new(card.unwrap()));
    let again = group.forged(&payload, vec![], |_| {});
    let both = vec![group.entries[1].id(), again.id()];
    assert_eq!(group.ingest(again), Ok(Verdict::Applied));
    assert_eq!(group.ledger.state().members().len(), 3);
    // A transfer between the two introductions has one party.
    let draft = Draft::record(group.ledger.state(), &group.transfer(0, 1, 5)).unwrap();
    let position = group.ledger.next_position(group.device.id()).unwrap();
    let signed = draft.sign(&group.device, &position, 0).unwrap();
    let mut refs = both;
    refs.sort();
    let same = group.forged(signed.decoded().payload(), refs, |_| {});
    assert_eq!(group.ingest(same), Ok(Verdict::Void(VoidReason::SameMember)));
}

#[test]
fn unknown_kinds_are_kept_without_effect() {
    let mut group = Group::new();
    let entry = group.forged(&Payload::Opaque, vec![group.entries[1].id()], |_| {});
    let later = group.forged(&Payload::Merge, vec![], |fields| fields.version = 2);
    assert_eq!(group.ingest(entry), Ok(Verdict::Unknown));
    assert_eq!(group.ingest(later), Ok(Verdict::Unknown));
    assert_eq!(group.ledger.state().entries_needing_update(), 2);
}

#[test]
fn checkpoints_read_back_or_are_refused() {
    let mut group = Group::new();
    group.record(&group.expense(0, &[0, 1, 2], 3000));
    let id = group.ledger.group();
    let bytes = group.ledger.to_checkpoint();
    assert_eq!(Ledger::from_checkpoint(id, &bytes), Ok(group.ledger.clone()));
    let other = crate::base::id::GroupId::from_bytes([1; 32]);
    assert_eq!(Ledger::from_checkpoint(other, &bytes), Err(CheckpointError::Foreign));
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        assert!(Ledger::from_checkpoint(id, &damaged).is_err(), "byte {place}");
    }
    assert!(Ledger::from_checkpoint(id, &bytes[..bytes.len() - 1]).is_err());
}

#[test]
fn labels_are_unique_and_stable() {
    let mut group = Group::new();
    let anna = group.members[0];
    for (name, nonce) in [("Ben", 3), ("Ben (2)", 4), ("Ben", 5)] {
        let draft = Draft::placeholder(group.ledger.state(), anna, name, [nonce; 16]).unwrap();
        group.add(draft);
    }
    let labels = group.ledger.state().labels();
    let members = group.ledger.state().members();
    let shown: Vec<&str> = members.iter().map(|(id, _)| labels[id].as_str()).collect();
    assert_eq!(shown, ["Anna", "Ben", "Cleo", "Ben (3)", "Ben (2)", "Ben (4)"]);
}

#[test]
fn names_that_look_alike_are_told_apart() {
    let mut group = Group::new();
    let anna = group.members[0];
    for (name, nonce) in [("Be\u{200b}n", 3), ("Ben\u{200f}", 4), (" Ben", 5), ("\u{200b}", 6)] {
        let draft = Draft::placeholder(group.ledger.state(), anna, name, [nonce; 16]).unwrap();
        group.add(draft);
    }
    let labels = group.ledger.state().labels();
    let members = group.ledger.state().members();
    let shown: Vec<&str> = members.iter().map(|(id, _)| labels[id].as_str()).collect();
    let ben = ["Be\u{200b}n (2)", "Ben\u{200f} (3)", " Ben (4)"];
    assert_eq!(shown, ["Anna", "Ben", "Cleo", ben[0], ben[1], ben[2], "?"]);
}

#[test]
fn a_member_enrols_ten_devices_and_no_more() {
    let mut group = Group::new();
    let generation = Generation::Card(group.members[0]);
    let root = RootEntropy::from_bytes([8; 32]).root_key(0);
    for number in 1..=10u8 {
        let device = DeviceKey::from_bytes(&[100 + number; 64]);
        let id = group.ledger.group();
        let signed = SignedDevice::new(id, &root, &device).unwrap();
        let enrol = NewStatement::Enrol { generation, device: &signed };
        let fits = Draft::check_limits(&enrol, group.ledger.state());
        assert_eq!(fits.is_ok(), number < 10, "{number} further devices");
        if number < 10 {
            let heads: Vec<EntryId> = group.ledger.frontier().heads().collect();
            let draft = Draft::statement(&root, id, &enrol, heads, [number; 16]).unwrap();
            let at = group.ledger.next_position(group.device.id()).unwrap();
            let entry = draft.sign(&group.device, &at, 0).unwrap();
            assert_eq!(group.ingest(entry), Ok(Verdict::Applied));
        }
    }
    assert_eq!(group.ledger.state().devices().count(), 10);
}

#[test]
fn a_group_has_a_thousand_places_without_keys_and_no_more() {
    let mut group = Group::new();
    let anna = group.members[0];
    // Anna has keys; places without have a limit of their own.
    for number in group.members.len()..=crate::base::limits::MAX_MEMBERS {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&number.to_be_bytes());
        let draft = Draft::placeholder(group.ledger.state(), anna, "N", nonce).unwrap();
        group.add(draft);
    }
    let more = Draft::placeholder(group.ledger.state(), anna, "N", [255; 16]);
    assert_eq!(more, Err(DraftError::TooManyMembers));
    // Everybody shares one dinner: the entry with most refs that people write.
    group.members = group.ledger.state().members().iter().map(|(id, _)| *id).collect();
    let all: Vec<usize> = (0..group.members.len()).collect();
    group.record(&group.expense(0, &all, 1_000_000));
    assert_eq!(group.balances().iter().sum::<i128>(), 0);
}

#[derive(Clone, Debug)]
enum Step {
    Expense(usize, u64),
    Transfer(usize, usize, u64),
    Correct(usize, usize, u64),
    Cancel(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0usize..3, 1u64..10_000).prop_map(|(who, n)| Step::Expense(who, n)),
        (0usize..3, 1usize..3, 1u64..10_000).prop_map(|(a, d, n)| Step::Transfer(
            a,
            (a + d) % 3,
            n
        )),
        (any::<usize>(), 0usize..3, 1u64..10_000).prop_map(|(t, who, n)| Step::Correct(t, who, n)),
        any::<usize>().prop_map(Step::Cancel),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Conservation and convergence: balances sum to zero at every point, and
    /// any order of arrival gives the same ledger as evaluation from scratch.
    #[test]
    fn any_history_conserves_and_converges(
        steps in proptest::collection::vec(step(), 1..25),
        shuffle in proptest::collection::vec(any::<u16>(), 40),
    ) {
        let mut group = Group::new();
        let mut originals = Vec::new();
        for step in steps {
            match step {
                Step::Expense(who, n) => {
                    let details = group.expense(who, &[0, 1, 2], n);
                    originals.push(group.record(&details));
                }
                Step::Transfer(from, to, n) => {
                    let details = group.transfer(from, to, n);
                    originals.push(group.record(&details));
                }
                Step::Correct(target, who, n) if !originals.is_empty() => {
                    let details = group.expense(who, &[0, 2], n);
                    group.correct(originals[target % originals.len()], &details);
                }
                Step::Cancel(target) if !originals.is_empty() => {
                    group.add(Draft::cancellation(originals[target % originals.len()], None));
                }
                _ => {}
            }
            prop_assert_eq!(group.balances().iter().sum::<i128>(), 0);
        }
        let mut shuffled = group.entries.clone();
        shuffled.sort_by_key(|entry| shuffle[usize::from(entry.id().as_bytes()[0]) % 40]);
        let evaluation = evaluate(group.ledger.group(), shuffled).unwrap();
        prop_assert_eq!(evaluation.view(), group.ledger.view());
        prop_assert_eq!(evaluation.view().state().digest(), group.ledger.state().digest());
        prop_assert!(evaluation.missing().is_empty() && evaluation.refused().is_empty());
        let verdicts = evaluation.verdicts().map(|(entry, verdict)| (entry.id(), verdict));
        let verdicts: BTreeMap<_, _> = verdicts.collect();
        prop_assert!(group.index.verdicts().eq(verdicts));
    }
}
