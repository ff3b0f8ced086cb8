//! Epochs: members who begin them as the test says, what a bundle hands out, and under which key
//! entries travel.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ledger_core::engine::{Draft, VerifiedEntry};
use ledger_core::keys::{DeviceKey, RootEntropy, RootKey};
use ledger_core::seal::{Envelope, EpochKey, KeyEnvelope, Topic};
use ledger_core::statement::Generation;
use ledger_core::{EntryId, GroupId};
use ledger_store::{Environment, Group, Store, StoreError};

use super::people::{secret, sign};
use super::sealed::{Anna, Person, add, anna, exchange, export, framed, import, records};
use super::{Folder, Rng, Seeded, added, assert_sound, digest, go_on, record, travelling};

/// Anna's group with Eve and with Ben, who begins epochs as the test says. All have the same
/// entries, under one epoch.
pub struct Rotator {
    pub folder: Folder,
    pub anna: Anna,
    pub ben: Person,
    pub eve: Person,
    /// Ben's.
    pub device: DeviceKey,
    /// The key of the epoch in use.
    pub known: EpochKey,
    /// The entry that began it.
    pub first: EntryId,
}

impl Rotator {
    pub fn new() -> Self {
        let folder = Folder::new(1);
        let anna = anna(&folder);
        record(&anna, 10, 10, &mut Rng::new(1));
        let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
        exchange(&[&anna, &ben.group, &eve.group]);
        let device = device_key(&ben._folder);
        let known: [EpochKey; 1] = keys_of(&ben._folder, anna.id()).try_into().unwrap();
        let [known] = known;
        let first = ben.group.state().unwrap().usable_epochs().next().unwrap().0;
        Self { folder, anna, ben, eve, device, known, first }
    }

    /// A key for an epoch of Ben's.
    pub fn key(&self, byte: u8) -> EpochKey {
        EpochKey::from_bytes(self.anna.id(), [byte; 32])
    }

    /// Ben's entry that begins an epoch, not yet on any phone.
    pub fn begin(&self, key: &EpochKey, before: &[(EntryId, &EpochKey)]) -> VerifiedEntry {
        begin(&self.ben.group, &self.device, key, before)
    }
}

pub fn device_key(folder: &Folder) -> DeviceKey {
    DeviceKey::from_bytes(&secret(folder, "device-"))
}

/// The root key with which somebody signs in the group, and its generation.
pub fn root_of(person: &Person) -> (RootKey, Generation) {
    let entropy = RootEntropy::from_bytes(secret(&person._folder, "entropy"));
    let ledger = person.group.ledger().unwrap();
    let mut roots = (0..1_024).map(|index| entropy.root_key(index));
    roots.find_map(|root| ledger.member_of_root(root.id()).map(|(_, g)| (root, g))).unwrap()
}

/// All epoch keys in a database.
pub fn keys_of(folder: &Folder, group: GroupId) -> Vec<EpochKey> {
    let raw = folder.raw();
    let mut statement = raw.prepare("SELECT secret FROM epochs").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, [u8; 32]>(0)).unwrap();
    rows.map(|secret| EpochKey::from_bytes(group, secret.unwrap())).collect()
}

/// Begins an epoch as somebody whose device key the test holds.
pub fn begin(
    group: &Group,
    device: &DeviceKey,
    key: &EpochKey,
    before: &[(EntryId, &EpochKey)],
) -> VerifiedEntry {
    let epoch = key.begin(before).unwrap();
    sign(&group.ledger().unwrap(), device, None, Draft::epoch(epoch))
}

/// Admits an entry on a phone, whatever its verdict.
pub fn put(group: &Group, entry: &VerifiedEntry) -> EntryId {
    assert_eq!(added(&group.entries().ingest(&[travelling(entry)]).unwrap()), [entry.id()]);
    entry.id()
}

/// A bundle of wraps of a key for everybody, and of entries under that key.
pub fn sealed(group: &Group, key: &EpochKey, entries: &[&VerifiedEntry]) -> Vec<u8> {
    let recipients = group.state().unwrap().recipients();
    let mut all = key.wrap_for(&recipients, &[1; 32]);
    all.extend(entries.iter().map(|entry| key.seal(entry.decoded())));
    framed(&all)
}

/// The topics whose keys a bundle hands out.
pub fn handed_out(bundle: &[u8]) -> BTreeSet<Topic> {
    let records = records(bundle);
    let wraps = records.iter().filter_map(|record| KeyEnvelope::parse(record).ok());
    wraps.map(|wrap| wrap.topic()).collect()
}

/// The topic under which an entry travels in a bundle, if one of the keys opens it.
pub fn topic_of(bundle: &[u8], keys: &[EpochKey], id: EntryId) -> Option<Topic> {
    let records = records(bundle);
    let envelopes = records.iter().filter_map(|record| Envelope::parse(record).ok());
    let mut topics = envelopes.filter_map(|envelope| {
        let key = keys.iter().find(|key| key.topic() == envelope.topic())?;
        (key.open(&envelope).ok()?.id() == id).then(|| envelope.topic())
    });
    topics.next()
}

/// Everything in a bundle opens for somebody who has nothing but it, and for a phrase.
pub fn everybody_gets_in(host: &Anna, phrase_of: &Store, seed: u64) {
    let new = add(host, "Newcomer", seed);
    let bundle = export(host);
    let report = import(&new.group, &bundle);
    assert!(report.is_complete() && report.waiting == 0, "{report:?}");
    assert_eq!(digest(&new.group), digest(host));
    assert_sound(&new.group);
    let words = phrase_of.recovery().reveal_phrase().unwrap();
    let lost = Folder::new(seed + 100);
    let store = lost.store();
    store.recovery().restore_phrase(&words).unwrap();
    let mut file = std::io::Cursor::new(export(host));
    let (restored, report) = store.recovery().restore_group(&mut file, &mut go_on).unwrap();
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(digest(&restored), digest(host));
}

pub const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
pub const NOON_MS: u64 = 20_000 * DAY_MS + DAY_MS / 2;

/// A clock that the test sets.
pub struct Clock {
    seeded: Arc<Seeded>,
    pub now_ms: AtomicU64,
}

impl Environment for Clock {
    fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.seeded.fill_random(bytes)
    }
}

/// Anna's phone with a clock that the test sets.
pub fn anna_at(folder: &Folder, now_ms: u64) -> (Anna, Arc<Clock>) {
    let clock = Arc::new(Clock { seeded: Seeded::new(1), now_ms: AtomicU64::new(now_ms) });
    let environment: Arc<dyn Environment> = clock.clone();
    let store = Store::open_or_create_in(&folder.db(), folder.secrets(), environment).unwrap();
    let group = store.create_group("Flat", "Anna").unwrap();
    (Anna { store, group }, clock)
}
