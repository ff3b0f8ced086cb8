//! The intake with records in memory: no file, no database.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::bundle::{BundleId, Manifest, Part};
use ledger_core::engine::{Draft, Ledger, NewGroup, VerifiedEntry};
use ledger_core::keys::{DeviceKey, ExchangeKey, RootEntropy};
use ledger_core::seal::{EpochKey, Topic};
use ledger_core::{EntryId, GroupId};

use super::{BATCH, KnownKey, MAX_WANTED, SealedIntake};
use crate::sealed::key_pool::{KeyPool, MAX_CLOSED_BOXES, MAX_ON_TRIAL};

/// The entry of the first epoch, which no record here holds.
const FIRST_EPOCH: EntryId = EntryId::from_bytes([6; 32]);

/// A group with one entry, and two epoch keys of it.
struct Fixture {
    device: DeviceKey,
    genesis: VerifiedEntry,
    group: GroupId,
    first: EpochKey,
    second: EpochKey,
}

impl Fixture {
    fn new() -> Self {
        let (entropy, device) = (RootEntropy::from_bytes([1; 32]), DeviceKey::from_bytes(&[2; 64]));
        let new = NewGroup::new("Flat", "Anna", &entropy, 0, [3; 32]);
        let genesis = new.create(&device, 0).unwrap();
        let group = GroupId::from(genesis.id());
        let (first, second) =
            (EpochKey::from_bytes(group, [4; 32]), EpochKey::from_bytes(group, [5; 32]));
        Self { device, genesis, group, first, second }
    }

    fn intake(&self, known: &[&EpochKey], exchange: Vec<ExchangeKey>) -> SealedIntake {
        let known = known.iter().map(|key| KnownKey { key: (*key).clone(), box_is_open: false });
        SealedIntake::new(self.group, exchange, known, BTreeMap::new())
    }

    /// The entry of the second epoch, with the key of the first in its history box.
    fn second_epoch(&self) -> VerifiedEntry {
        let ledger = Ledger::from_genesis(&self.genesis).unwrap();
        let position = ledger.next_position(self.device.id()).unwrap();
        let epoch = self.second.begin(&[(FIRST_EPOCH, &self.first)]).unwrap();
        Draft::epoch(epoch).sign(&self.device, &position, 0).unwrap()
    }

    fn manifest(&self, wanted: Vec<Topic>) -> Manifest {
        Manifest {
            group: self.group,
            bundle: BundleId::from_bytes([7; 16]),
            part: Part { number: 0, total: 2 },
            entries: 7,
            heads: vec![self.genesis.id()],
            wanted,
            ids: vec![self.genesis.id()],
        }
    }
}

/// Offers a record, and all that it releases.
fn offer(intake: &mut SealedIntake, record: Vec<u8>) {
    let mut queue = vec![record];
    while let Some(record) = queue.pop() {
        queue.extend(intake.offer(record).released);
    }
}

/// Adds a key, and offers what it releases.
fn add_key(intake: &mut SealedIntake, key: &EpochKey) {
    intake.add_key(key.clone()).into_iter().for_each(|record| offer(intake, record));
}

fn waiting(intake: &SealedIntake) -> Vec<Topic> {
    intake.waiting.topics().copied().collect()
}

fn opened(intake: &mut SealedIntake) -> Vec<(EntryId, Topic)> {
    let batch = intake.take_batch();
    batch.opened.iter().map(|(entry, topic)| (entry.id(), *topic)).collect()
}

#[test]
fn an_envelope_opens_with_a_known_key() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    offer(&mut intake, fixture.first.seal(fixture.genesis.decoded()));
    assert!(!intake.is_due());
    assert_eq!(opened(&mut intake), [(fixture.genesis.id(), fixture.first.topic())]);
    assert!(intake.take_batch().is_empty());
}

#[test]
fn a_record_waits_until_its_key_is_added() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[], Vec::new());
    let record = fixture.first.seal(fixture.genesis.decoded());
    offer(&mut intake, record);
    assert!(intake.take_batch().is_empty());
    assert_eq!(waiting(&intake), [fixture.first.topic()]);
    add_key(&mut intake, &fixture.first);
    assert_eq!(opened(&mut intake), [(fixture.genesis.id(), fixture.first.topic())]);
}

#[test]
fn a_key_envelope_gives_a_key_and_opens_what_waits() {
    let fixture = Fixture::new();
    let exchange = ExchangeKey::from_bytes([6; 32]);
    let recipients = BTreeSet::from([exchange.public_key()]);
    let mut intake = fixture.intake(&[], vec![exchange]);
    offer(&mut intake, fixture.first.seal(fixture.genesis.decoded()));
    for envelope in fixture.first.wrap_for(&recipients, &[7; 32]) {
        offer(&mut intake, envelope);
    }
    let batch = intake.take_batch();
    let learned: Vec<_> = batch.learned.iter().map(EpochKey::topic).collect();
    assert_eq!(learned, [fixture.first.topic()]);
    assert_eq!((batch.opened.len(), waiting(&intake).len()), (1, 0));
}

/// Whoever knows a device's X25519 key can wrap any number of keys for it.
#[test]
fn keys_that_no_entry_names_are_bounded() {
    let fixture = Fixture::new();
    let exchange = ExchangeKey::from_bytes([6; 32]);
    let recipients = BTreeSet::from([exchange.public_key()]);
    let mut intake = fixture.intake(&[], vec![exchange]);
    let key = |n: usize| {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&n.to_be_bytes());
        EpochKey::from_bytes(fixture.group, secret)
    };
    for n in 0..MAX_ON_TRIAL {
        intake.keys.add(key(n));
    }
    let offer_first = |intake: &mut SealedIntake, seed| {
        for envelope in fixture.first.wrap_for(&recipients, &[seed; 32]) {
            offer(intake, envelope);
        }
        intake.keys.contains(&fixture.first.topic())
    };
    assert!(!offer_first(&mut intake, 7), "there is no room for one more");
    intake.keys.confirm([&key(0).topic()]);
    assert!(offer_first(&mut intake, 8), "an entry names one of them, which makes room");
}

#[test]
fn a_key_envelope_for_others_gives_nothing() {
    let fixture = Fixture::new();
    let recipients = BTreeSet::from([ExchangeKey::from_bytes([6; 32]).public_key()]);
    let mut intake = fixture.intake(&[], vec![ExchangeKey::from_bytes([8; 32])]);
    for envelope in fixture.first.wrap_for(&recipients, &[7; 32]) {
        offer(&mut intake, envelope);
    }
    assert!(intake.take_batch().is_empty());
    assert!(intake.findings.false_keys.is_empty());
}

#[test]
fn a_history_box_opens_the_epochs_before() {
    let fixture = Fixture::new();
    let epoch = fixture.second_epoch();
    let sealed_entry = fixture.first.seal(fixture.genesis.decoded());
    let sealed_epoch = fixture.second.seal(epoch.decoded());
    // Whichever comes first.
    for records in [[&sealed_entry, &sealed_epoch], [&sealed_epoch, &sealed_entry]] {
        let mut intake = fixture.intake(&[&fixture.second], Vec::new());
        for record in records {
            offer(&mut intake, record.clone());
        }
        let batch = intake.take_batch();
        assert_eq!((batch.opened.len(), waiting(&intake).len()), (2, 0));
        let learned: Vec<_> = batch.learned.iter().map(EpochKey::topic).collect();
        assert_eq!(learned, [fixture.first.topic()]);
    }
}

#[test]
fn a_box_that_came_before_its_key_opens_with_it() {
    let fixture = Fixture::new();
    // The epoch entry travels under its predecessor, whose key is known.
    let third = EpochKey::from_bytes(fixture.group, [9; 32]);
    let mut intake = fixture.intake(&[&third], Vec::new());
    offer(&mut intake, third.seal(fixture.second_epoch().decoded()));
    offer(&mut intake, fixture.first.seal(fixture.genesis.decoded()));
    let batch = intake.take_batch();
    assert_eq!((batch.opened.len(), waiting(&intake).len()), (1, 1));
    add_key(&mut intake, &fixture.second);
    assert_eq!(opened(&mut intake), [(fixture.genesis.id(), fixture.first.topic())]);
}

#[test]
fn a_box_that_was_opened_before_is_left_alone() {
    let fixture = Fixture::new();
    let known = KnownKey { key: fixture.second.clone(), box_is_open: true };
    let mut intake = SealedIntake::new(fixture.group, Vec::new(), [known], BTreeMap::new());
    offer(&mut intake, fixture.second.seal(fixture.second_epoch().decoded()));
    assert!(intake.take_batch().learned.is_empty());
}

#[test]
fn a_forged_epoch_does_not_hide_the_honest_one() {
    let fixture = Fixture::new();
    let ledger = Ledger::from_genesis(&fixture.genesis).unwrap();
    let position = ledger.next_position(fixture.device.id()).unwrap();
    // The same topic and key, and an empty box: every member with the key can make that.
    let forged = fixture.second.begin(&[]).unwrap();
    let forged = Draft::epoch(forged).sign(&fixture.device, &position, 0).unwrap();
    let mut intake = fixture.intake(&[&fixture.second], Vec::new());
    offer(&mut intake, fixture.second.seal(forged.decoded()));
    offer(&mut intake, fixture.second.seal(fixture.second_epoch().decoded()));
    let learned: Vec<_> = intake.take_batch().learned.iter().map(EpochKey::topic).collect();
    assert_eq!(learned, [fixture.first.topic()]);
}

#[test]
fn manifests_announce_entries_and_ask_for_keys() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    let wanted = vec![fixture.second.topic()];
    offer(&mut intake, fixture.manifest(wanted.clone()).seal(&fixture.first));
    assert_eq!(intake.contents.entries(), 7);
    assert_eq!(intake.contents.expected().collect::<Vec<_>>(), [(fixture.genesis.id(), false)]);
    let missing = |all: bool| intake.contents.missing_parts(|_| Ok::<_, ()>(all)).unwrap();
    assert_eq!(missing(false), (1, BTreeSet::from([1])));
    assert_eq!(missing(true), (0, BTreeSet::new()));
    assert_eq!(intake.take_batch().wanted, wanted.into_iter().collect());
}

#[test]
fn a_manifest_of_another_group_counts_for_nothing() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    let manifest = Manifest { group: GroupId::from_bytes([9; 32]), ..fixture.manifest(Vec::new()) };
    offer(&mut intake, manifest.seal(&fixture.first));
    assert_eq!(intake.contents.entries(), 0);
    assert!(intake.contents.expected().next().is_none() && !intake.contents.is_known());
}

#[test]
fn damaged_and_unknown_records_are_counted() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    let mut record = fixture.first.seal(fixture.genesis.decoded());
    if let Some(last) = record.last_mut() {
        *last ^= 1;
    }
    offer(&mut intake, record);
    offer(&mut intake, vec![1, 2, 3]);
    offer(&mut intake, vec![99]);
    offer(&mut intake, Vec::new());
    assert_eq!((intake.findings.broken.len(), intake.findings.unknown_records), (2, 2));
    assert!(intake.take_batch().is_empty());
}

#[test]
fn a_full_batch_is_due() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    let record = fixture.first.seal(fixture.genesis.decoded());
    for _ in 1..BATCH {
        offer(&mut intake, record.clone());
    }
    assert!(!intake.is_due());
    offer(&mut intake, record);
    assert!(intake.is_due());
    intake.take_batch();
    assert!(!intake.is_due());
}

#[test]
fn keys_and_requests_fill_a_batch_like_records() {
    let fixture = Fixture::new();
    let exchange = ExchangeKey::from_bytes([6; 32]);
    let recipients = BTreeSet::from([exchange.public_key()]);
    let mut intake = fixture.intake(&[], vec![exchange]);
    let secrets = (0u32..).map(|n| {
        let mut secret = [9; 32];
        secret[..4].copy_from_slice(&n.to_be_bytes());
        secret
    });
    for secret in secrets.take(BATCH) {
        assert!(!intake.is_due());
        let key = EpochKey::from_bytes(fixture.group, secret);
        for record in key.wrap_for(&recipients, &[7; 32]) {
            offer(&mut intake, record);
        }
    }
    assert!(intake.is_due());
    assert_eq!(intake.take_batch().learned.len(), BATCH);
    assert!(!intake.is_due());
}

#[test]
fn two_bundles_of_one_size_hide_no_lost_parts() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    for (bundle, number) in [(1, 0), (2, 1)] {
        let manifest = Manifest {
            bundle: BundleId::from_bytes([bundle; 16]),
            part: Part { number, total: 2 },
            ..fixture.manifest(Vec::new())
        };
        offer(&mut intake, manifest.seal(&fixture.first));
    }
    let missing = intake.contents.missing_parts(|_| Ok::<_, ()>(false)).unwrap();
    assert_eq!(missing, (2, BTreeSet::from([0, 1])));
}

#[test]
fn an_entry_that_came_before_its_manifest_came() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    offer(&mut intake, fixture.first.seal(fixture.genesis.decoded()));
    offer(&mut intake, fixture.manifest(Vec::new()).seal(&fixture.first));
    assert_eq!(intake.contents.expected().collect::<Vec<_>>(), [(fixture.genesis.id(), true)]);
}

#[test]
fn few_topics_are_asked_for_in_one_import() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    for byte in 0..5 {
        let wanted = (0..200).map(|n| {
            let mut topic = [byte; 32];
            topic[0] = n;
            Topic::from_bytes(topic)
        });
        offer(&mut intake, fixture.manifest(wanted.collect()).seal(&fixture.first));
    }
    assert_eq!(intake.take_batch().wanted.len(), MAX_WANTED);
}

#[test]
fn records_that_wait_are_bounded_and_counted() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[], Vec::new());
    let record = fixture.first.seal(fixture.genesis.decoded());
    for _ in 0..2_010 {
        offer(&mut intake, record.clone());
    }
    assert_eq!(intake.waiting.dropped, 10);
    let released = intake.add_key(fixture.first.clone());
    assert_eq!(released.len(), 2_000);
    // One call opens one record, so that each can be followed by a look whether to stop.
    assert!(intake.take_batch().opened.is_empty());
}

#[test]
fn closed_boxes_are_bounded_and_the_database_opens_the_others() {
    let fixture = Fixture::new();
    let mut pool = KeyPool::default();
    let key = |n: u32| {
        let mut secret = [9; 32];
        secret[..4].copy_from_slice(&n.to_be_bytes());
        EpochKey::from_bytes(fixture.group, secret)
    };
    for n in 0..2 * MAX_CLOSED_BOXES as u32 {
        assert!(pool.add_epoch(&key(n).begin(&[]).unwrap()).is_empty());
        assert_eq!(pool.closed_boxes(), MAX_CLOSED_BOXES.min(n as usize + 1));
    }
    // A key frees the room of its boxes.
    pool.add(key(0));
    assert_eq!(pool.closed_boxes(), MAX_CLOSED_BOXES - 1);
}
