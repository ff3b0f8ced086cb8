//! Statements of owners and members through the store: each is shown before it is signed.
//! Also the entries beside money that an app can record.

#![cfg(feature = "sqlcipher")]

use std::sync::Arc;

use ledger_core::engine::Draft;
use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard, SignedDevice};
use ledger_core::statement::Generation;
use ledger_core::{DraftError, EntryId, MemberId, NameError, Transaction, Verdict, VoidReason};
use ledger_store::{
    Group, NewEntry, Secret, SecretError, SecretName, SecretStore, StatementIntent, Store,
    StoreError,
};

use crate::common::people::{Ben, ingest, secret, sign, verdict};
use crate::common::{self, Folder, Rng, assert_sound, details, found};

fn dinner(group: &Group, rng: &mut Rng) -> Transaction {
    details(&group.state().unwrap(), rng)
}

fn propose(group: &Group, statement: StatementIntent) -> ledger_store::Proposal {
    group.statements().propose(statement).unwrap()
}

#[test]
fn names_change_by_acts() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 0);
    let before = group.ledger().unwrap();
    let statement = StatementIntent::RenameGroup { name: "House".into() };
    let proposal = propose(&group, statement);
    assert_eq!(proposal.text(), "Rename the group to “House”.");
    assert_eq!(group.ledger().unwrap(), before, "nothing is signed by looking");
    group.statements().sign(&proposal).unwrap();
    let me = group.me().unwrap().unwrap();
    group
        .statements()
        .sign(&propose(&group, StatementIntent::Rename { name: "Anne".into() }))
        .unwrap();
    let state = group.state().unwrap();
    assert_eq!((state.name(), state.member(me).unwrap().name()), ("House", "Anne"));
    let empty = StatementIntent::RenameGroup { name: String::new() };
    assert!(matches!(
        group.statements().propose(empty),
        Err(StoreError::Draft(DraftError::Rule(_)))
    ));
    assert_sound(&group);
}

/// No call writes a name that nobody sees, or that acts on a screen; nothing is kept of the try.
#[test]
fn names_that_nobody_can_read_are_not_written() {
    let folder = Folder::new(12);
    let store = folder.store();
    let group = found(&store, 0);
    let before = group.ledger().unwrap();
    for (name, error) in [
        (" ", NameError::Invisible),
        ("\u{200b}\u{2060}", NameError::Invisible),
        ("Ben\u{7}", NameError::Control('\u{7}')),
        ("\u{202e}neB", NameError::Control('\u{202e}')),
    ] {
        let name = name.to_owned();
        let refused = |result: Result<(), StoreError>| {
            let found = result.unwrap_err();
            assert!(
                matches!(&found, StoreError::Draft(DraftError::Name(found)) if *found == error),
                "{name:?}: {found:?}"
            );
        };
        refused(
            group.entries().append(vec![NewEntry::Placeholder { name: name.clone() }]).map(drop),
        );
        refused(
            group.statements().propose(StatementIntent::Rename { name: name.clone() }).map(drop),
        );
        refused(
            group
                .statements()
                .propose(StatementIntent::RenameGroup { name: name.clone() })
                .map(drop),
        );
        refused(group.create_successor_group(&name).map(drop));
        refused(store.create_group(&name, "Anna").map(drop));
        refused(store.create_group("Flat", &name).map(drop));
    }
    assert_eq!(group.ledger().unwrap(), before);
    assert_eq!(store.groups().unwrap().len(), 1);
}

/// What others named so is taken over: the balances of the group must not be lost.
#[test]
fn a_group_with_unreadable_names_can_be_continued() {
    let folder = Folder::new(13);
    let store = folder.store();
    let group = found(&store, 1);
    let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
    let me = group.me().unwrap().unwrap();
    let ledger = group.ledger().unwrap();
    let draft = Draft::placeholder(ledger.state(), me, "\u{200b}\u{7}", [5; 16]).unwrap();
    ingest(&group, &sign(&ledger, &anna, None, draft));
    let next = group.create_successor_group("Flat").unwrap();
    let labels: Vec<_> = next.state().unwrap().labels().into_values().collect();
    assert!(labels.contains(&"?".to_owned()) && labels.len() == 3, "{labels:?}");
}

/// Who was imported before names were checked is known in an updated export; nobody comes twice.
#[cfg(feature = "import")]
#[test]
fn an_updated_export_knows_members_with_unreadable_names() {
    let folder = Folder::new(14);
    let store = folder.store();
    let group = store.create_group("Flat", "Anna").unwrap();
    let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
    let me = group.me().unwrap().unwrap();
    let ledger = group.ledger().unwrap();
    let draft = Draft::placeholder(ledger.state(), me, "B\ten", [5; 16]).unwrap();
    ingest(&group, &sign(&ledger, &anna, None, draft));
    let import = |members: &str| {
        let file = format!(
            "Date,Description,Category,Cost,Currency,{members}\n2026-11-21,Tea,,4,EUR,2,-2,0\n"
        );
        let export = ledger_formats::splitwise::read(file.as_bytes()).unwrap();
        group.import_splitwise(&export, &mut common::go_on)
    };
    let before = group.ledger().unwrap();
    let refused = import("Anna,B\ten,C\tleo").unwrap_err();
    assert!(matches!(refused, StoreError::Import(_)), "{refused:?}");
    assert!(refused.to_string().starts_with("line 1, column 8 (C"), "{refused}");
    assert_eq!(group.ledger().unwrap(), before);
    let report = import("Anna,B\ten,Cleo").unwrap();
    assert_eq!((report.added, report.members_added), (1, 1));
    assert_eq!(group.state().unwrap().members().len(), 3);
    assert_sound(&group);
}

/// Ben's phone was out of hand from his second dinner on. The removal that says
/// so voids that and the third one; the one that does not voids nothing.
#[test]
fn a_removal_tells_what_it_voids() {
    let folder = Folder::new(2);
    let store = folder.store();
    let group = found(&store, 2);
    let mut rng = Rng::new(2);
    let ben = Ben::join(&folder, &group);
    let mut write = || {
        let state = group.state().unwrap();
        ben.write(&group, Draft::record(&state, &details(&state, &mut rng)).unwrap())
    };
    let dinners = [write(), write(), write()];
    let member = ben.member;
    let all = propose(&group, StatementIntent::Remove { member, since: None });
    assert_eq!((all.voids(), all.text()), (&[][..], "Remove Ben from the group."));

    let statement = StatementIntent::Remove { member, since: Some(dinners[1]) };
    let early = propose(&group, statement.clone());
    assert_eq!(sorted(early.voids()), sorted(&dinners[1..]));
    assert_eq!(early.text(), "Remove Ben from the group. 2 entries will not count any more.");
    assert!(early.revives().is_empty() && early.fingerprint().is_none());

    let fourth = write();
    let signed = group.statements().sign(&early);
    assert!(matches!(signed, Err(StoreError::ProposalOutdated)));
    assert!(!group.state().unwrap().member(member).unwrap().is_removed());
    let again = propose(&group, statement);
    assert_eq!(again.voids().len(), 3);
    group.statements().sign(&again).unwrap();
    assert!(group.state().unwrap().member(member).unwrap().is_removed());
    let verdicts = [dinners[0], dinners[1], dinners[2], fourth].map(|id| verdict(&group, id));
    let void = Verdict::Void(VoidReason::HardCut);
    assert_eq!(verdicts, [Verdict::Applied, void, void, void]);
    assert_sound(&group);

    // The second dinner took place all the same.
    let copy =
        group.entries().append(vec![NewEntry::VoidEntryCopy { original: dinners[1] }]).unwrap();
    let rows = group.lists().expenses(None, 10).unwrap();
    assert!(rows.iter().any(|row| (row.original, row.current_version) == (dinners[1], copy[0])));
    // Whoever confirms the copy confirms the dinner.
    let confirm = NewEntry::Confirmation { target: copy[0], note: None };
    let confirmed = group.entries().append(vec![confirm]).unwrap()[0];
    let activity = group.lists().activity(None, 3).unwrap();
    for id in [copy[0], confirmed] {
        let row = activity.iter().find(|row| row.entry.id() == id).unwrap();
        assert_eq!(row.original, Some(dinners[1]));
    }
    assert_sound(&group);
}

fn sorted(ids: &[EntryId]) -> Vec<EntryId> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids
}

/// The base of a removal "since" an entry holds entries of others written beside that entry,
/// and leaves out those that depend on it. A base of several heads is found.
#[test]
fn since_spares_what_was_written_beside_it() {
    let folder = Folder::new(3);
    let store = folder.store();
    let group = found(&store, 1);
    let mut rng = Rng::new(3);
    let ben = Ben::join(&folder, &group);
    let before = group.ledger().unwrap();
    let mut write = |ledger: &ledger_core::engine::Ledger| {
        let state = ledger.state();
        Draft::record(state, &details(state, &mut rng)).unwrap()
    };
    let first = ben.write(&group, write(&before));
    // Anna did not know of it; then she does.
    let beside = write(&before).sign(&ben.anna, &before.next_position(ben.anna.id()).unwrap(), 0);
    let beside = common::people::ingest(&group, &beside.unwrap());
    let knowing =
        group.entries().append(vec![NewEntry::Record(dinner(&group, &mut Rng::new(9)))]).unwrap();
    let ledger = group.ledger().unwrap();
    let heads: Vec<EntryId> = ledger.frontier().heads().collect();
    assert_eq!(heads, knowing);
    let statement = StatementIntent::Remove { member: ben.member, since: Some(first) };
    let proposal = propose(&group, statement);
    assert_eq!(proposal.voids(), [first], "hers count, though one builds on his");
    group.statements().sign(&proposal).unwrap();
    for id in [beside, knowing[0]] {
        assert_eq!(verdict(&group, id), Verdict::Applied);
    }
    assert_sound(&group);
}

#[test]
fn a_bind_shows_the_fingerprint_of_the_new_keys() {
    let folder = Folder::new(4);
    let store = folder.store();
    let group = found(&store, 1);
    let guest = group.state().unwrap().members()[1].0;
    let key = DeviceKey::from_bytes(&[7; 64]);
    let entropy = RootEntropy::from_bytes([8; 32]);
    let card = SignedCard::new(group.id(), "Guest 1", &entropy, 0, &key).unwrap();
    let fingerprint = card.card().fingerprint();
    let statement = StatementIntent::Bind { member: guest, card: Box::new(card), since: None };
    let proposal = propose(&group, statement);
    assert_eq!(proposal.fingerprint(), Some(fingerprint));
    assert!(proposal.text().contains(&fingerprint.to_string()));
    group.statements().sign(&proposal).unwrap();
    let state = group.state().unwrap();
    assert!(!state.member(guest).unwrap().is_placeholder());
    assert_eq!(state.device_owner(key.id()), Some(guest));
}

/// A second phone is enrolled, and revoked from its first entry on; then Anna
/// leaves, and can record no more.
#[test]
fn a_device_is_enrolled_and_revoked_and_a_member_leaves() {
    let folder = Folder::new(5);
    let store = folder.store();
    let group = found(&store, 1);
    let root = RootEntropy::from_bytes(secret(&folder, "entropy")).root_key(0);
    let tablet = DeviceKey::from_bytes(&[7; 64]);
    let device = Box::new(SignedDevice::new(group.id(), &root, &tablet).unwrap());
    let proposal = propose(&group, StatementIntent::Enrol { device });
    assert!(proposal.fingerprint().is_some());
    let enrolled = group.statements().sign(&proposal).unwrap();
    let ledger = group.ledger().unwrap();
    assert_eq!(ledger.state().devices().count(), 2);
    let draft = Draft::record(ledger.state(), &dinner(&group, &mut Rng::new(5))).unwrap();
    let at = ledger.first_position(tablet.id(), enrolled).unwrap();
    let stolen = common::people::ingest(&group, &draft.sign(&tablet, &at, 0).unwrap());

    let proposal =
        propose(&group, StatementIntent::Revoke { device: tablet.id(), since: Some(stolen) });
    assert_eq!(proposal.voids(), [stolen]);
    group.statements().sign(&proposal).unwrap();
    assert_eq!(verdict(&group, stolen), Verdict::Void(VoidReason::Revoked));
    let again = StatementIntent::Revoke { device: tablet.id(), since: None };
    assert!(matches!(group.statements().propose(again), Err(StoreError::WouldBeVoid(_))));

    let mut leave = propose(&group, StatementIntent::Leave);
    leave.confirm();
    group.statements().sign(&leave).unwrap();
    let count = group.lists().activity(None, 100).unwrap().len();
    let late = NewEntry::Record(dinner(&group, &mut Rng::new(6)));
    let refused = group.entries().append(vec![late]);
    assert!(matches!(refused, Err(StoreError::WouldBeVoid(VoidReason::Left))), "{refused:?}");
    assert_eq!(group.lists().activity(None, 100).unwrap().len(), count, "nothing was recorded");
    let leave = group.statements().propose(StatementIntent::Leave);
    assert!(matches!(leave, Err(StoreError::Draft(DraftError::ForeignDevice))));
    assert_sound(&group);
}

#[test]
fn acts_without_effect_are_not_signed() {
    let folder = Folder::new(6);
    let store = folder.store();
    let group = found(&store, 1);
    let me = group.me().unwrap().unwrap();
    let owner = group.statements().propose(StatementIntent::Remove { member: me, since: None });
    assert!(matches!(owner, Err(StoreError::WouldBeVoid(VoidReason::TargetIsOwner))));
    let nobody = MemberId::from_bytes([9; 32]);
    let unknown =
        group.statements().propose(StatementIntent::Remove { member: nobody, since: None });
    assert!(matches!(unknown, Err(StoreError::Draft(DraftError::UnknownMember(_)))));
    let wrong = NewEntry::Confirmation { target: group.id().genesis(), note: None };
    let wrong = group.entries().append(vec![wrong]);
    assert!(matches!(wrong, Err(StoreError::WouldBeVoid(VoidReason::WrongTarget))));
    let absent = EntryId::from_bytes([9; 32]);
    let copy = group.entries().append(vec![NewEntry::VoidEntryCopy { original: absent }]);
    assert!(matches!(copy, Err(StoreError::UnknownEntry(ids)) if ids == [absent]));
    let placeholder = group.state().unwrap().first_introduction(me).unwrap();
    let copy = group.entries().append(vec![NewEntry::VoidEntryCopy { original: placeholder }]);
    assert!(matches!(copy, Err(StoreError::WouldBeVoid(VoidReason::WrongTarget))), "{copy:?}");
    assert_eq!(group.lists().activity(None, 100).unwrap().len(), 2);
}

#[test]
fn people_are_added_claimed_adopted_and_endorse() {
    let folder = Folder::new(7);
    let store = folder.store();
    let group = found(&store, 1);
    let guest = group.state().unwrap().members()[1].0;
    let card = |n: u8, name| {
        let key = DeviceKey::from_bytes(&[n; 64]);
        Box::new(
            SignedCard::new(group.id(), name, &RootEntropy::from_bytes([n; 32]), 0, &key).unwrap(),
        )
    };
    let cleo = card(1, "Cleo");
    let member = cleo.card().member();
    group
        .entries()
        .append(vec![
            NewEntry::Member { card: cleo },
            NewEntry::Claim { member: guest, card: card(2, "Guest") },
        ])
        .unwrap();
    let state = group.state().unwrap();
    assert_eq!(state.member(member).unwrap().name(), "Cleo");
    assert!(matches!(
        state.member(guest).unwrap().generations().next(),
        Some(Generation::Claim(_))
    ));
    let paid =
        group.entries().append(vec![NewEntry::Record(dinner(&group, &mut Rng::new(7)))]).unwrap();
    let (target, note) = (paid[0], Some("seen".to_owned()));
    let dispute = NewEntry::Dispute { target, note: note.clone() };
    group.entries().append(vec![dispute, NewEntry::Confirmation { target, note }]).unwrap();
    let reviews = group.lists().reviews(target).unwrap();
    assert_eq!(reviews.len(), 1);
    assert!(reviews[0].confirms);
    let own = group.me().unwrap().unwrap();
    let adopts = group.entries().append(vec![NewEntry::Vouching { member: own }]);
    assert!(matches!(adopts, Err(StoreError::WouldBeVoid(VoidReason::AdoptsItself))));
    group.entries().append(vec![NewEntry::Vouching { member }]).unwrap();
    assert_sound(&group);
}

/// A secret store that was never given the person's entropy.
struct WithoutRoot(Arc<dyn SecretStore>);

impl SecretStore for WithoutRoot {
    fn get(&self, name: &SecretName) -> Result<Option<Secret>, SecretError> {
        if name.as_str() == "entropy" { Ok(None) } else { self.0.get(name) }
    }

    fn set(&self, name: &SecretName, secret: &Secret) -> Result<(), SecretError> {
        self.0.set(name, secret)
    }

    fn remove(&self, name: &SecretName) -> Result<(), SecretError> {
        self.0.remove(name)
    }
}

#[test]
fn a_device_without_the_root_key_records_and_signs_no_acts() {
    let folder = Folder::new(8);
    found(&folder.store(), 1);
    let store = Store::open(&folder.db(), Arc::new(WithoutRoot(folder.secrets()))).unwrap();
    let group = common::only(&store);
    group.entries().append(vec![NewEntry::Record(dinner(&group, &mut Rng::new(8)))]).unwrap();
    let statement = StatementIntent::RenameGroup { name: "Mine".into() };
    assert!(matches!(group.statements().propose(statement), Err(StoreError::NoRootKey)));
}

/// The owner's phone is lost for good. Somebody goes first, and everybody's
/// balances go on; the old group stays.
#[test]
fn a_successor_group_goes_on_with_everybodys_balances() {
    let folder = Folder::new(9);
    let store = folder.store();
    let group = found(&store, 3);
    common::record(&group, 40, 10, &mut Rng::new(9));
    let old = group.state().unwrap();
    let next = group.create_successor_group("Flat, again").unwrap();
    assert_eq!(store.group_ids().unwrap(), [group.id(), next.id()]);
    let new = next.state().unwrap();
    assert_eq!(new.name(), "Flat, again");
    let balances = |state: &ledger_core::GroupState| {
        let of = |currency: ledger_core::Currency| {
            let by_name: Vec<_> = state
                .members()
                .iter()
                .map(|(id, member)| (member.name().to_owned(), state.balance(*id, currency)))
                .collect();
            (currency, by_name)
        };
        state.currencies().map(of).collect::<Vec<_>>()
    };
    assert_eq!(balances(&new), balances(&old));
    assert!(old.currencies().count() == 3);
    common::record(&next, 20, 5, &mut Rng::new(10));
    assert_sound(&next);
    assert_eq!(group.state().unwrap(), old);
}
