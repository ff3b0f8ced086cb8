//! Control entries in the store: every list shows the verdicts of evaluation from scratch,
//! after reopening, too, and verification expects them.

#![cfg(feature = "sqlcipher")]

use ledger_core::engine::{Draft, VerifiedEntry};
use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard};
use ledger_core::limits::LedgerLimits;
use ledger_core::statement::NewStatement;
use ledger_core::{EntryId, Verdict, VoidReason, hazmat};
use ledger_store::{Group, NewEntry};

use crate::common::people::{Ben, ingest, secret, sign, verdict};
use crate::common::{Folder, Rng, added, assert_sound, details, found, only};

/// Anna adds Ben, who records two dinners. Anna removes him; her removal knows
/// of the first dinner only. Later she binds him again.
#[test]
fn a_removal_voids_what_it_does_not_know_and_a_bind_brings_back() {
    let folder = Folder::new(1);
    let store = folder.store();
    let group = found(&store, 2);
    let mut rng = Rng::new(1);
    let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
    let owner = RootEntropy::from_bytes(secret(&folder, "entropy")).root_key(0);
    let ben = DeviceKey::from_bytes(&[1; 64]);
    let card =
        SignedCard::new(group.id(), "Ben", &RootEntropy::from_bytes([2; 32]), 0, &ben).unwrap();
    let member = card.card().member();

    let ledger = group.ledger().unwrap();
    let draft = Draft::add_member(ledger.state(), &card).unwrap();
    let added = ingest(&group, &sign(&ledger, &anna, None, draft));
    let ledger = group.ledger().unwrap();
    assert_eq!(ledger.state().member(member).unwrap().name(), "Ben");

    let dinner = Draft::record(ledger.state(), &details(ledger.state(), &mut rng)).unwrap();
    let first = ingest(&group, &sign(&ledger, &ben, Some(added), dinner));
    let known: Vec<EntryId> = group.ledger().unwrap().frontier().heads().collect();
    let before = group.state().unwrap();
    let ledger = group.ledger().unwrap();
    let dinner = Draft::record(ledger.state(), &details(ledger.state(), &mut rng)).unwrap();
    let second = ingest(&group, &sign(&ledger, &ben, None, dinner));
    assert_eq!(group.lists().expenses(None, 10).unwrap().len(), 2);

    let ledger = group.ledger().unwrap();
    let remove = NewStatement::Remove { member };
    let draft = Draft::statement(&owner, group.id(), &remove, known, [3; 16]).unwrap();
    ingest(&group, &sign(&ledger, &anna, None, draft));
    assert_eq!(verdict(&group, first), Verdict::Applied);
    assert_eq!(verdict(&group, second), Verdict::Void(VoidReason::HardCut));
    let shown: Vec<EntryId> =
        group.lists().expenses(None, 10).unwrap().iter().map(|row| row.original).collect();
    assert_eq!(shown, [first]);
    let state = group.state().unwrap();
    assert!(state.member(member).unwrap().is_removed());
    for currency in before.currencies() {
        assert!(state.open_balances(currency).eq(before.open_balances(currency)));
    }
    assert_sound(&group);

    // A copy under Anna's hand brings the second dinner back.
    let said = details_of(&group, second);
    let ledger = group.ledger().unwrap();
    let draft = Draft::copy(ledger.state(), second, &said).unwrap();
    let copy = ingest(&group, &sign(&ledger, &anna, None, draft));
    let rows = group.lists().expenses(None, 10).unwrap();
    assert!(rows.iter().any(|row| (row.original, row.current_version) == (second, copy)));
    assert_sound(&group);

    // Ben returns with fresh keys; what was void stays void.
    let new_ben = DeviceKey::from_bytes(&[4; 64]);
    let entropy = RootEntropy::from_bytes([2; 32]);
    let card = SignedCard::new(group.id(), "Ben", &entropy, 1, &new_ben).unwrap();
    let ledger = group.ledger().unwrap();
    let heads: Vec<EntryId> = ledger.frontier().heads().collect();
    let bind = NewStatement::Bind { member, card: &card };
    let draft = Draft::statement(&owner, group.id(), &bind, heads, [5; 16]).unwrap();
    let bound = ingest(&group, &sign(&ledger, &anna, None, draft));
    let ledger = group.ledger().unwrap();
    let dinner = Draft::record(ledger.state(), &details(ledger.state(), &mut rng)).unwrap();
    let third = ingest(&group, &sign(&ledger, &new_ben, Some(bound), dinner));
    assert_eq!(verdict(&group, third), Verdict::Applied);
    assert_eq!(verdict(&group, second), Verdict::Void(VoidReason::HardCut));
    assert!(!group.state().unwrap().member(member).unwrap().is_removed());
    assert_sound(&group);

    let digest = group.state().unwrap().digest();
    drop(store);
    let store = folder.open().unwrap();
    let group = only(&store);
    assert_eq!(group.state().unwrap().digest(), digest);
    // The removal changed other verdicts, so a checkpoint stands behind it.
    let opening = group.opening().unwrap();
    assert_eq!((opening.from_checkpoint, opening.replayed), (7, 3));
    assert_sound(&group);
}

/// Ben's phone is out of hand and forks fifty times. Anna's next dinner merges
/// the heads first, so nobody is kept from writing.
#[test]
fn a_flood_of_heads_keeps_nobody_from_writing() {
    let folder = Folder::new(2);
    let store = folder.store();
    let group = found(&store, 1);
    let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
    let ben = DeviceKey::from_bytes(&[1; 64]);
    let card =
        SignedCard::new(group.id(), "Ben", &RootEntropy::from_bytes([2; 32]), 0, &ben).unwrap();
    let ledger = group.ledger().unwrap();
    let draft = Draft::add_member(ledger.state(), &card).unwrap();
    let added = ingest(&group, &sign(&ledger, &anna, None, draft));
    let ledger = group.ledger().unwrap();
    let at = ledger.first_position(ben.id(), added).unwrap();
    let mut rng = Rng::new(2);
    let forks: Vec<_> = (0..50)
        .map(|_| {
            let draft = Draft::record(ledger.state(), &details(ledger.state(), &mut rng)).unwrap();
            let entry = draft.sign(&ben, &at, 0).unwrap();
            (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature())
        })
        .collect();
    assert_eq!(group.entries().ingest(&forks).unwrap().added.len(), 50);
    assert_eq!(group.ledger().unwrap().next_position(anna.id()), None);
    let dinner = NewEntry::Record(details(&group.state().unwrap(), &mut rng));
    let written = group.entries().append(vec![dinner]).unwrap();
    assert_eq!(verdict(&group, written[0]), Verdict::Applied);
    assert_eq!(group.ledger().unwrap().frontier().heads().count(), 1);
    assert_sound(&group);
}

/// Transaction of an entry, as an app reads it before it offers a copy.
fn details_of(group: &Group, id: EntryId) -> ledger_core::Transaction {
    let rows = group.lists().activity(None, 1000).unwrap();
    let row = rows.iter().find(|row| row.entry.id() == id).unwrap();
    group.state().unwrap().transaction_of(row.entry.decoded()).unwrap()
}

/// Bytes of the first `count` of some entries.
fn size(entries: &[(Vec<u8>, [u8; 64])], count: usize) -> u64 {
    entries[..count].iter().map(|(bytes, _)| bytes.len() as u64).sum()
}

/// Ben, removed, writes 60 entries. As many of them are kept as one member may account for,
/// and two devices that kept more and less of them agree. When Cleo builds on the last one,
/// all of it is kept, as her entry depends on it.
#[test]
fn what_a_removed_member_writes_without_end_is_kept_up_to_a_limit() {
    let folder = Folder::new(3);
    let store = folder.store();
    let group = found(&store, 1);
    let anna = DeviceKey::from_bytes(&secret(&folder, "device-"));
    let owner = RootEntropy::from_bytes(secret(&folder, "entropy")).root_key(0);
    let add = |n: u8, name| {
        let key = DeviceKey::from_bytes(&[n; 64]);
        let entropy = RootEntropy::from_bytes([n; 32]);
        let card = SignedCard::new(group.id(), name, &entropy, 0, &key).unwrap();
        let ledger = group.ledger().unwrap();
        let draft = Draft::add_member(ledger.state(), &card).unwrap();
        let added = ingest(&group, &sign(&ledger, &anna, None, draft));
        (key, card.card().member(), added)
    };
    let (ben, member, home) = add(1, "Ben");
    let (cleo, _, hers) = add(2, "Cleo");
    let remove = NewStatement::Remove { member };
    let ledger = group.ledger().unwrap();
    let heads: Vec<EntryId> = ledger.frontier().heads().collect();
    let draft = Draft::statement(&owner, group.id(), &remove, heads, [3; 16]).unwrap();
    ingest(&group, &sign(&ledger, &anna, None, draft));
    let calm = (group.agreed_heads().unwrap(), group.state().unwrap().digest());

    // Behind genesis, a placeholder, and his card.
    let (mut at, mut back, mut flood) = (4, home, Vec::new());
    for seq in 0..60 {
        let position = hazmat::any_position(group.id(), ben.id(), seq, back, vec![], at);
        let entry = Draft::merge().sign(&ben, &position, 0).unwrap();
        (at, back) = (at + 1, entry.id());
        flood.push((entry.decoded().as_bytes().to_vec(), *entry.decoded().signature()));
    }
    // As if 1 MiB ended behind the 50th entry.
    drop((group, store));
    let idle_bytes_per_member = size(&flood, 50);
    let store =
        folder.store_with(LedgerLimits::default().idle_bytes_per_member(idle_bytes_per_member));
    let group = only(&store);
    let report = group.entries().ingest(&flood).unwrap();
    assert_eq!((report.added.len(), report.left_out), (50, 10));
    assert!(report.missing.is_empty(), "nobody is to be asked for them");
    assert_eq!((group.agreed_heads().unwrap(), group.state().unwrap().digest()), calm);
    let again = group.entries().ingest(&flood).unwrap();
    assert_eq!((again.added.len(), again.duplicates, again.left_out), (0, 50, 10));
    assert_sound(&group);

    let position = hazmat::any_position(group.id(), cleo.id(), 0, hers, vec![back], at);
    let merge = Draft::merge().sign(&cleo, &position, 0).unwrap();
    let bytes = (merge.decoded().as_bytes().to_vec(), *merge.decoded().signature());
    let waits = group.entries().ingest(&[bytes]).unwrap();
    assert_eq!(waits.missing, [back].into());
    let report = group.entries().ingest(&flood).unwrap();
    assert_eq!((report.added.len(), report.left_out), (11, 0), "her entry, and all below it");
    assert_eq!(verdict(&group, merge.id()), Verdict::Applied);
    assert!(group.agreed_heads().unwrap().contains(&merge.id()));
    assert_sound(&group);
}

/// Ben is removed, and as many of his idle entries are kept as he may account for. Cleo
/// builds on one more of them, which is kept for that; another one that waited for it is not
/// needed, and counts to Ben again.
#[test]
fn only_what_is_needed_is_kept_beyond_the_limit() {
    let folder = Folder::new(4);
    let store = folder.store();
    let group = found(&store, 1);
    let ben = Ben::join(&folder, &group);
    let cleo = DeviceKey::from_bytes(&[7; 64]);
    let card =
        SignedCard::new(group.id(), "Cleo", &RootEntropy::from_bytes([7; 32]), 0, &cleo).unwrap();
    let ledger = group.ledger().unwrap();
    let draft = Draft::add_member(ledger.state(), &card).unwrap();
    let hers = ingest(&group, &sign(&ledger, &ben.anna, None, draft));
    ben.remove(&group, group.ledger().unwrap().frontier().heads().collect());

    let travelling =
        |entry: &VerifiedEntry| (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature());
    let write = |seq, at, back| {
        let place = hazmat::any_position(group.id(), ben.device.id(), seq, back, vec![], at);
        Draft::merge().sign(&ben.device, &place, 0).unwrap()
    };
    let (mut back, mut flood) = (ben.added, Vec::new());
    for seq in 0..52 {
        let entry = write(seq, 4 + seq, back);
        back = entry.id();
        flood.push(entry);
    }
    let (kept, [needed, other]) = flood.split_at(50) else { panic!("52 entries") };
    let kept: Vec<_> = kept.iter().map(travelling).collect();
    drop((group, store));
    let idle_bytes_per_member = size(&kept, 50);
    let store =
        folder.store_with(LedgerLimits::default().idle_bytes_per_member(idle_bytes_per_member));
    let group = only(&store);
    assert_eq!(group.entries().ingest(&kept).unwrap().added.len(), 50);
    // It waits, as nobody knows yet what it follows.
    let waits = group.entries().ingest(&[travelling(other)]).unwrap();
    assert_eq!(waits.missing, [needed.id()].into());

    let clock = needed.decoded().header().lamport() + 1;
    let place = hazmat::any_position(group.id(), cleo.id(), 0, hers, vec![needed.id()], clock);
    let merge = Draft::merge().sign(&cleo, &place, 0).unwrap();
    let report = group.entries().ingest(&[travelling(&merge), travelling(needed)]).unwrap();
    assert!([needed.id(), merge.id()].iter().all(|id| added(&report).contains(id)));
    assert_eq!((report.added.len(), report.left_out), (2, 1));
    assert!(report.missing.is_empty());
    // Cleo's entry needs all that counted to Ben: there is room for the other one now.
    assert_eq!(added(&group.entries().ingest(&[travelling(other)]).unwrap()), [other.id()]);
    assert_sound(&group);
}
