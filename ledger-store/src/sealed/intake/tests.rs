//! The intake with records in memory: no file, no database.

use std::collections::BTreeSet;

use ledger_core::bundle::{Manifest, Part};
use ledger_core::engine::{Draft, Ledger, NewGroup, VerifiedEntry};
use ledger_core::keys::{DeviceKey, ExchangeKey, RootEntropy};
use ledger_core::seal::{EpochKey, Topic};
use ledger_core::{EntryId, GroupId};

use super::{BATCH, KnownKey, SealedIntake};

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
        SealedIntake::new(self.group, exchange, known)
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
            part: Part { number: 0, total: 2 },
            entries: 7,
            heads: vec![self.genesis.id()],
            wanted,
            ids: vec![self.genesis.id()],
        }
    }
}

fn opened(intake: &mut SealedIntake) -> Vec<(EntryId, Topic)> {
    let batch = intake.take_batch();
    batch.opened.iter().map(|(entry, topic)| (entry.id(), *topic)).collect()
}

#[test]
fn an_envelope_opens_with_a_known_key() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    intake.offer(fixture.first.seal(fixture.genesis.decoded()));
    assert!(!intake.is_due());
    assert_eq!(opened(&mut intake), [(fixture.genesis.id(), fixture.first.topic())]);
    assert!(intake.take_batch().is_empty());
}

#[test]
fn a_record_waits_until_its_key_is_added() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[], Vec::new());
    let record = fixture.first.seal(fixture.genesis.decoded());
    intake.offer(record.clone());
    let batch = intake.take_batch();
    assert!(batch.opened.is_empty());
    assert_eq!(batch.waiting, [(fixture.first.topic(), record.clone())]);

    intake.offer(record);
    intake.add_key(fixture.first.clone());
    assert_eq!(opened(&mut intake), [(fixture.genesis.id(), fixture.first.topic())]);
}

#[test]
fn a_key_envelope_gives_a_key_and_opens_what_waits() {
    let fixture = Fixture::new();
    let exchange = ExchangeKey::from_bytes([6; 32]);
    let recipients = BTreeSet::from([exchange.public_key()]);
    let mut intake = fixture.intake(&[], vec![exchange]);
    intake.offer(fixture.first.seal(fixture.genesis.decoded()));
    for envelope in fixture.first.wrap_for(&recipients, &[7; 32]) {
        intake.offer(envelope);
    }
    let batch = intake.take_batch();
    let learned: Vec<_> = batch.learned.iter().map(EpochKey::topic).collect();
    assert_eq!(learned, [fixture.first.topic()]);
    assert_eq!((batch.opened.len(), batch.waiting.len()), (1, 0));
}

#[test]
fn a_key_envelope_for_others_gives_nothing() {
    let fixture = Fixture::new();
    let recipients = BTreeSet::from([ExchangeKey::from_bytes([6; 32]).public_key()]);
    let mut intake = fixture.intake(&[], vec![ExchangeKey::from_bytes([8; 32])]);
    for envelope in fixture.first.wrap_for(&recipients, &[7; 32]) {
        intake.offer(envelope);
    }
    assert!(intake.take_batch().is_empty());
    assert!(intake.false_keys.is_empty());
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
        records.into_iter().for_each(|record| intake.offer(record.clone()));
        let batch = intake.take_batch();
        assert_eq!((batch.opened.len(), batch.waiting.len()), (2, 0));
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
    intake.offer(third.seal(fixture.second_epoch().decoded()));
    intake.offer(fixture.first.seal(fixture.genesis.decoded()));
    let batch = intake.take_batch();
    assert_eq!((batch.opened.len(), batch.waiting.len()), (1, 1));
    intake.offer(fixture.first.seal(fixture.genesis.decoded()));
    intake.add_key(fixture.second.clone());
    assert_eq!(opened(&mut intake), [(fixture.genesis.id(), fixture.first.topic())]);
}

#[test]
fn a_box_that_was_opened_before_is_left_alone() {
    let fixture = Fixture::new();
    let known = KnownKey { key: fixture.second.clone(), box_is_open: true };
    let mut intake = SealedIntake::new(fixture.group, Vec::new(), [known]);
    intake.offer(fixture.second.seal(fixture.second_epoch().decoded()));
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
    intake.offer(fixture.second.seal(forged.decoded()));
    intake.offer(fixture.second.seal(fixture.second_epoch().decoded()));
    let learned: Vec<_> = intake.take_batch().learned.iter().map(EpochKey::topic).collect();
    assert_eq!(learned, [fixture.first.topic()]);
}

#[test]
fn manifests_announce_entries_and_ask_for_keys() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    let wanted = vec![fixture.second.topic()];
    intake.offer(fixture.manifest(wanted.clone()).seal(&fixture.first));
    assert_eq!(intake.contents.entries(), 7);
    assert_eq!(intake.contents.expected, BTreeSet::from([fixture.genesis.id()]));
    let missing = |all: bool| intake.contents.missing_parts(|_| Ok::<_, ()>(all)).unwrap();
    assert_eq!(missing(false), BTreeSet::from([1]));
    assert_eq!(missing(true), BTreeSet::new());
    assert_eq!(intake.take_batch().wanted, wanted.into_iter().collect());
}

#[test]
fn a_manifest_of_another_group_counts_for_nothing() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    let manifest = Manifest { group: GroupId::from_bytes([9; 32]), ..fixture.manifest(Vec::new()) };
    intake.offer(manifest.seal(&fixture.first));
    assert_eq!(intake.contents.entries(), 0);
    assert!(intake.contents.expected.is_empty());
}

#[test]
fn damaged_and_unknown_records_are_counted() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[&fixture.first], Vec::new());
    let mut record = fixture.first.seal(fixture.genesis.decoded());
    if let Some(last) = record.last_mut() {
        *last ^= 1;
    }
    intake.offer(record);
    intake.offer(vec![1, 2, 3]);
    intake.offer(vec![99]);
    intake.offer(Vec::new());
    assert_eq!((intake.broken.len(), intake.unknown_records), (2, 2));
    assert!(intake.take_batch().is_empty());
}

#[test]
fn a_full_batch_is_due() {
    let fixture = Fixture::new();
    let mut intake = fixture.intake(&[], Vec::new());
    let record = fixture.first.seal(fixture.genesis.decoded());
    (1..BATCH).for_each(|_| intake.offer(record.clone()));
    assert!(!intake.is_due());
    intake.offer(record);
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
        key.wrap_for(&recipients, &[7; 32]).into_iter().for_each(|record| intake.offer(record));
    }
    assert!(intake.is_due());
    assert_eq!(intake.take_batch().learned.len(), BATCH);
    assert!(!intake.is_due());
}
