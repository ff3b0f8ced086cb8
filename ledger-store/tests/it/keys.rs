//! Epoch keys under attack: which keys a bundle brings, and under which key entries leave.

#![cfg(feature = "sqlcipher")]

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ledger_core::bundle::{Records, frame};
use ledger_core::engine::{Draft, VerifiedEntry};
use ledger_core::keys::{DeviceKey, RootEntropy, RootKey, SignedDevice};
use ledger_core::messages::recovery::EnrolmentRequest;
use ledger_core::seal::{Envelope, EpochKey, KeyEnvelope, Topic};
use ledger_core::statement::{Generation, NewStatement};
use ledger_core::{DeviceId, EntryId, GroupId, hazmat};
use ledger_store::{Environment, Group, Progress, Since, Store, StoreError};

use crate::common::people::{secret, sign};
use crate::common::sealed::{Anna, Person, add, anna, exchange, export, import, pay, remove};
use crate::common::{
    Folder, Rng, Seeded, assert_sound, beside, decode, digest, entries, go_on, record,
};

fn records(bundle: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Records::new();
    records.push(bundle);
    std::iter::from_fn(|| records.next_record()).collect()
}

/// The topics whose keys a bundle hands out.
fn handed_out(bundle: &[u8]) -> BTreeSet<Topic> {
    let records = records(bundle);
    let wraps = records.iter().filter_map(|record| KeyEnvelope::parse(record).ok());
    wraps.map(|wrap| wrap.topic()).collect()
}

/// The topic under which an entry travels in a bundle, if one of the keys opens it.
fn topic_of(bundle: &[u8], keys: &[EpochKey], id: EntryId) -> Option<Topic> {
    let records = records(bundle);
    let envelopes = records.iter().filter_map(|record| Envelope::parse(record).ok());
    let mut topics = envelopes.filter_map(|envelope| {
        let key = keys.iter().find(|key| key.topic() == envelope.topic())?;
        (key.open(&envelope).ok()?.id() == id).then(|| envelope.topic())
    });
    topics.next()
}

/// The root key with which somebody signs in the group, and its generation.
fn root_of(person: &Person) -> (RootKey, Generation) {
    let entropy = RootEntropy::from_bytes(secret(&person._folder, "entropy"));
    let ledger = person.group.ledger().unwrap();
    let mut roots = (0..1_024).map(|index| entropy.root_key(index));
    roots.find_map(|root| ledger.member_of_root(root.id()).map(|(_, g)| (root, g))).unwrap()
}

/// All epoch keys in a database.
fn keys_of(folder: &Folder, group: GroupId) -> Vec<EpochKey> {
    let raw = folder.raw();
    let mut statement = raw.prepare("SELECT secret FROM epochs").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, [u8; 32]>(0)).unwrap();
    rows.map(|secret| EpochKey::from_bytes(group, secret.unwrap())).collect()
}

fn device_key(folder: &Folder) -> DeviceKey {
    DeviceKey::from_bytes(&secret(folder, "device-"))
}

fn holds(group: &Group, id: EntryId) -> bool {
    entries(group).iter().any(|entry| decode(entry).id() == id)
}

/// Admits an entry on a phone, whatever its verdict.
fn put(group: &Group, entry: &VerifiedEntry) -> EntryId {
    let bytes = (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature());
    assert_eq!(group.ingest(&[bytes]).unwrap().added, [entry.id()]);
    entry.id()
}

/// A bundle of wraps of a key for everybody, and of entries under that key.
fn sealed(group: &Group, key: &EpochKey, entries: &[&VerifiedEntry]) -> Vec<u8> {
    let recipients = group.state().unwrap().recipients();
    let mut all = key.wrap_for(&recipients, &[1; 32]);
    all.extend(entries.iter().map(|entry| key.seal(entry.decoded())));
    all.iter().flat_map(|record| frame(record)).collect()
}

/// Begins an epoch as somebody whose device key the test holds.
fn begin(
    group: &Group,
    device: &DeviceKey,
    key: &EpochKey,
    before: &[(EntryId, &EpochKey)],
) -> VerifiedEntry {
    let epoch = key.begin(before).unwrap();
    sign(&group.ledger().unwrap(), device, None, Draft::epoch(epoch))
}

/// Everything in a bundle opens for somebody who has nothing but it, and for a phrase.
fn everybody_gets_in(host: &Anna, phrase_of: &Store, seed: u64) {
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

/// Ben begins one epoch with two entries, and another one between them, so that each key is in
/// the box of the other. All keys of before are in one of the boxes.
#[test]
fn keys_in_each_others_boxes_lock_nobody_out() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    record(&anna, 10, 10, &mut rng);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
    exchange(&[&anna, &ben.group, &eve.group]);
    let device = device_key(&ben._folder);
    let known = keys_of(&ben._folder, anna.id());
    assert_eq!(known.len(), 1);
    let first = ben.group.state().unwrap().usable_epochs().next().unwrap().0;
    let key = |byte| EpochKey::from_bytes(anna.id(), [byte; 32]);
    let (a, b) = (key(0xa1), key(0xb2));
    let one = put(&ben.group, &begin(&ben.group, &device, &a, &[(first, &known[0])]));
    let other = put(&ben.group, &begin(&ben.group, &device, &b, &[(one, &a), (first, &known[0])]));
    put(&ben.group, &begin(&ben.group, &device, &a, &[(other, &b)]));
    let mut bundle = [sealed(&ben.group, &a, &[]), sealed(&ben.group, &b, &[])].concat();
    import(&ben.group, &bundle);
    let his = export(&ben.group);
    assert_eq!(handed_out(&his).len(), 1, "one wrap from which all is reached");
    bundle.extend(his);
    for group in [&anna.group, &eve.group] {
        assert!(import(group, &bundle).is_complete());
    }
    pay(&anna, &mut rng);
    everybody_gets_in(&anna, &eve.store, 20);
    anna.keys().rotate_group_key(0).unwrap();
    everybody_gets_in(&anna, &eve.store, 21);
    remove(&anna, ben.member);
    exchange(&[&anna, &eve.group]);
    everybody_gets_in(&anna, &eve.store, 22);
}

/// A box with other keys than those of its refs, or whose refs are no epoch entries, covers
/// nothing.
#[test]
fn a_box_that_lies_covers_nothing() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
    exchange(&[&anna, &ben.group, &eve.group]);
    let device = device_key(&ben._folder);
    let known = keys_of(&ben._folder, anna.id());
    let first = ben.group.state().unwrap().usable_epochs().next().unwrap().0;
    let dinner = pay(&ben.group, &mut rng);
    let key = |byte| EpochKey::from_bytes(anna.id(), [byte; 32]);
    let (liar, wrong, other) = (key(0xa1), key(0xa2), key(0x77));
    // The ref of the first epoch, and another key; the key of the first epoch, and a dinner's ref.
    put(&ben.group, &begin(&ben.group, &device, &liar, &[(first, &other)]));
    put(&ben.group, &begin(&ben.group, &device, &wrong, &[(dinner, &known[0])]));
    let mut bundle = [sealed(&ben.group, &liar, &[]), sealed(&ben.group, &wrong, &[])].concat();
    import(&ben.group, &bundle);
    bundle.extend(export(&ben.group));
    for group in [&anna.group, &eve.group] {
        import(group, &bundle);
    }
    let handed = handed_out(&export(&anna));
    assert!(handed.contains(&known[0].topic()), "{handed:?}");
    assert!(!handed.contains(&other.topic()));
    everybody_gets_in(&anna, &eve.store, 20);
}

/// Ben seals epoch entries that nobody signed, and one that waits, each with the key in use in its
/// box.
#[test]
fn entries_that_are_not_admitted_cover_nothing() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
    exchange(&[&anna, &ben.group, &eve.group]);
    let device = device_key(&ben._folder);
    let known = keys_of(&ben._folder, anna.id());
    let first = ben.group.state().unwrap().usable_epochs().next().unwrap().0;
    let key = |byte| EpochKey::from_bytes(anna.id(), [byte; 32]);
    let (a, b) = (key(0xa1), key(0xb2));
    let honest = begin(&ben.group, &device, &a, &[(first, &known[0])]);
    let unsigned = ledger_core::engine::DecodedEntry::decode(honest.decoded().as_bytes(), &[7; 64]);
    let absent = EntryId::from_bytes([9; 32]);
    let waits = hazmat::any_position(anna.id(), device.id(), 7, absent, vec![], 50);
    let epoch = Draft::epoch(b.begin(&[(first, &known[0])]).unwrap());
    let waits = epoch.sign(&device, &waits, 0).unwrap();
    let mut bundle = sealed(&ben.group, &a, &[]);
    bundle.extend(frame(&a.seal(&unsigned.unwrap())));
    bundle.extend(sealed(&ben.group, &b, &[&waits]));
    import(&anna, &bundle);
    assert_eq!(handed_out(&export(&anna)), [known[0].topic()].into());
    pay(&anna, &mut rng);
    everybody_gets_in(&anna, &eve.store, 20);
}

/// Ben, removed, begins an epoch that is void, with the latest clock of all. It is no newest key,
/// covers nothing, and a device that asks for approval does so under a key that others have.
#[test]
fn a_void_epoch_is_not_the_newest() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
    exchange(&[&anna, &ben.group, &eve.group]);
    let device = device_key(&ben._folder);
    let known = keys_of(&ben._folder, anna.id());
    let first = ben.group.state().unwrap().usable_epochs().next().unwrap().0;
    remove(&anna, ben.member);
    exchange(&[&anna, &eve.group]);
    let his = EpochKey::from_bytes(anna.id(), [0xa1; 32]);
    let ledger = ben.group.ledger().unwrap();
    let at = ledger.next_position(device.id()).unwrap();
    let void = Draft::epoch(his.begin(&[(first, &known[0])]).unwrap());
    let void = void.sign(&device, &at, 0).unwrap();
    let recipients = anna.state().unwrap().recipients();
    let mut bundle: Vec<u8> =
        his.wrap_for(&recipients, &[1; 32]).iter().flat_map(|wrap| frame(wrap)).collect();
    bundle.extend(frame(&his.seal(void.decoded())));
    for group in [&anna.group, &eve.group] {
        import(group, &bundle);
        assert!(holds(group, void.id()));
    }
    let handed = handed_out(&export(&anna));
    assert!(handed.len() == 1 && !handed.contains(&his.topic()), "{handed:?}");
    let reset = eve.group.keys().reset_device_keys().unwrap();
    let request = reset.keys().request_approval().unwrap();
    let topic = EnrolmentRequest::topic(&request).unwrap();
    assert!(handed.contains(&topic), "the key in use");
    pay(&anna, &mut rng);
    everybody_gets_in(&anna, &eve.store, 20);
}

/// What Anna wrote went out under an epoch of Ben's, who is cut off since: his entry is void, and
/// nobody builds on it. The next epoch has its key in the box.
#[test]
fn what_came_under_an_epoch_that_is_void_now_can_be_opened() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
    exchange(&[&anna, &ben.group, &eve.group]);
    let known = crate::common::heads(&anna);
    ben.group.keys().rotate_group_key(0).unwrap();
    import(&anna, &export(&ben.group));
    let dinner = pay(&anna, &mut rng);
    let bundle = export(&anna);
    let his = ben.group.state().unwrap().usable_epochs().next().unwrap().1.topic();
    let keys = keys_of(&folder, anna.id());
    assert_eq!(topic_of(&bundle, &keys, dinner), Some(his));
    import(&eve.group, &bundle);
    // She removes him, as of before his epoch.
    let owner = RootEntropy::from_bytes(secret(&folder, "entropy")).root_key(0);
    let removal = NewStatement::Remove { member: ben.member };
    let draft = Draft::statement(&owner, anna.id(), &removal, known, [3; 16]).unwrap();
    put(&anna, &sign(&anna.ledger().unwrap(), &device_key(&folder), None, draft));
    import(&eve.group, &export(&anna));
    everybody_gets_in(&anna, &eve.store, 20);
    // Also from a phone that begins no epoch of its own.
    let newcomer = add(&anna, "Fay", 30);
    exchange(&[&anna, &eve.group]);
    let bundle = export(&eve.group);
    assert!(import(&newcomer.group, &bundle).is_complete());
    let his_entry = entries(&anna).iter().map(decode).find(|entry| {
        matches!(entry.payload(), ledger_core::engine::Payload::Epoch(epoch) if epoch.topic() == his)
    });
    let his_entry = his_entry.unwrap().id();
    let named =
        entries(&anna).iter().any(|entry| decode(entry).header().refs().contains(&his_entry));
    assert!(named, "the epoch after the removal names his");
}

/// Ben begins 150 epochs beside each other. One bundle of Anna's has few wraps, and everything opens.
#[test]
fn many_epochs_beside_each_other_make_no_bundle_long() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
    exchange(&[&anna, &ben.group, &eve.group]);
    let device = device_key(&ben._folder);
    let mut bundle = Vec::new();
    for n in 0..150 {
        let key = EpochKey::from_bytes(anna.id(), [n; 32]);
        put(&ben.group, &begin(&ben.group, &device, &key, &[]));
        bundle.extend(sealed(&ben.group, &key, &[]));
    }
    import(&ben.group, &bundle);
    // His own app hands out one key, too.
    let his = export(&ben.group);
    assert!(handed_out(&his).len() <= 8, "{}", handed_out(&his).len());
    bundle.extend(his);
    import(&anna, &bundle);
    assert!(handed_out(&export(&anna)).len() <= 8);
    everybody_gets_in(&anna, &eve.store, 20);
}

/// An entry comes under a key to which no epoch entry here belongs. Its author may know of a cut of
/// which Anna does not, so it stays under that key, and she hands the key to nobody.
#[test]
fn what_came_under_an_unnamed_key_stays_under_it() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
    exchange(&[&anna, &ben.group, &eve.group]);
    let dinner = pay(&ben.group, &mut rng);
    let entry = entries(&ben.group).iter().map(decode).collect::<Vec<_>>();
    let entry = hazmat::trust_stored(entry.into_iter().find(|entry| entry.id() == dinner).unwrap());
    let unnamed = EpochKey::from_bytes(anna.id(), [0xa1; 32]);
    import(&anna, &sealed(&anna, &unnamed, &[&entry]));
    assert!(holds(&anna, dinner));
    let bundle = export(&anna);
    let keys = keys_of(&folder, anna.id());
    assert_eq!(topic_of(&bundle, &keys, dinner), Some(unnamed.topic()));
    assert!(!handed_out(&bundle).contains(&unnamed.topic()));
    // From Ben himself everybody gets it.
    import(&eve.group, &export(&ben.group));
    assert!(holds(&eve.group, dinner));
}

/// A database of the version before says of all keys that they are covered. It heals when it is
/// opened.
#[test]
fn marks_of_an_older_version_lock_nobody_out() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    {
        let anna = anna(&folder);
        pay(&anna, &mut rng);
        export(&anna);
    }
    let raw = folder.raw();
    raw.execute_batch(
        "ALTER TABLE epochs ADD COLUMN begun INTEGER NOT NULL DEFAULT 1;
         ALTER TABLE epochs ADD COLUMN covered INTEGER NOT NULL DEFAULT 1;
         DROP TABLE arrivals; DROP TABLE left_out; DROP TABLE leaving; DROP INDEX sealed_by_epoch; ALTER TABLE sealed DROP COLUMN ms;
         DROP INDEX pending_by_device; ALTER TABLE joins DROP COLUMN entered; PRAGMA user_version = 4;",
    )
    .unwrap();
    drop(raw);
    let store = folder.open().unwrap();
    let group = crate::common::only(&store);
    let anna = Anna { store, group };
    assert_eq!(handed_out(&export(&anna)).len(), 1);
    everybody_gets_in(&anna, &anna.store, 20);
}

/// Ben seals his dinner under a key that no epoch entry names, and hands it to Anna alone. A day later
/// she passes it on under the epoch in use, so that nobody depends on him.
#[test]
fn what_came_under_an_unnamed_key_stays_under_it_for_a_day() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let (anna, clock) = anna_at(&folder, NOON_MS);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
    exchange(&[&anna, &ben.group, &eve.group]);
    let mut under = |byte: u8, at_ms: u64| {
        let dinner = pay(&ben.group, &mut rng);
        let mut all = entries(&ben.group).into_iter().map(|entry| decode(&entry));
        let entry = hazmat::trust_stored(all.find(|entry| entry.id() == dinner).unwrap());
        let key = EpochKey::from_bytes(anna.id(), [byte; 32]);
        clock.now_ms.store(at_ms, Ordering::Relaxed);
        import(&anna, &sealed(&anna, &key, &[&entry]));
        assert!(holds(&anna, dinner));
        (dinner, key.topic())
    };
    let (first, one) = under(0xa1, NOON_MS);
    let (second, two) = under(0xa2, NOON_MS + DAY_MS / 2);
    let in_use = anna.state().unwrap().usable_epochs().next().unwrap().1.topic();
    let topic_at = |now_ms: u64, id: EntryId| {
        clock.now_ms.store(now_ms, Ordering::Relaxed);
        topic_of(&export(&anna), &keys_of(&folder, anna.id()), id)
    };
    assert_eq!(topic_at(NOON_MS + DAY_MS - 1, first), Some(one));
    assert_eq!(topic_at(NOON_MS + DAY_MS, first), Some(in_use));
    assert_eq!(topic_at(NOON_MS + DAY_MS, second), Some(two), "each has a day from when it came");
    pay(&anna, &mut rng);
    assert_eq!(topic_at(NOON_MS + 2 * DAY_MS, second), Some(in_use));
    import(&eve.group, &export(&anna));
    assert!(holds(&eve.group, first) && holds(&eve.group, second));
    everybody_gets_in(&anna, &eve.store, 20);
}

/// Ben begins an epoch with the key of the one before in its box, and seals its entry under that
/// key. Anna hands out his key alone; the entry travels under it.
#[test]
fn an_epoch_entry_travels_under_its_own_key() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
    pay(&anna, &mut rng);
    exchange(&[&anna, &ben.group, &eve.group]);
    let device = device_key(&ben._folder);
    let known = keys_of(&ben._folder, anna.id());
    let first = ben.group.state().unwrap().usable_epochs().next().unwrap().0;
    let his = EpochKey::from_bytes(anna.id(), [0xa1; 32]);
    let entry = begin(&ben.group, &device, &his, &[(first, &known[0])]);
    let bundle = [sealed(&anna, &his, &[]), sealed(&anna, &known[0], &[&entry])].concat();
    import(&anna, &bundle);
    pay(&anna, &mut rng);
    let bundle = export(&anna);
    assert_eq!(handed_out(&bundle), [his.topic()].into());
    assert_eq!(topic_of(&bundle, &keys_of(&folder, anna.id()), entry.id()), Some(his.topic()));
    everybody_gets_in(&anna, &eve.store, 20);
}

/// Ben begins 70 epochs, each with the key of the one before in its box, and hands out the last key
/// alone. All the others are found in one import.
#[test]
fn a_long_chain_of_boxes_opens_from_its_last_key() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    let (ben, eve) = (add(&anna, "Ben", 2), add(&anna, "Eve", 5));
    exchange(&[&anna, &ben.group, &eve.group]);
    let device = device_key(&ben._folder);
    let known = keys_of(&ben._folder, anna.id()).remove(0);
    let mut last = (ben.group.state().unwrap().usable_epochs().next().unwrap().0, known);
    let mut chain = Vec::new();
    for n in 0..70 {
        let key = EpochKey::from_bytes(anna.id(), [n + 1; 32]);
        let entry = begin(&ben.group, &device, &key, &[(last.0, &last.1)]);
        last = (put(&ben.group, &entry), key);
        chain.push(entry);
    }
    let all: Vec<&VerifiedEntry> = chain.iter().collect();
    import(&anna, &sealed(&anna, &last.1, &all));
    assert_eq!(keys_of(&folder, anna.id()).len(), 71);
    assert_eq!(handed_out(&export(&anna)), [last.1.topic()].into());
    everybody_gets_in(&anna, &eve.store, 20);
}

// Sealed too early.

/// An output that takes some writes, and then is full.
struct Full(usize);

impl std::io::Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(std::io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Rule Y3: an entry is sealed under the usable epoch when it first leaves. An export that failed
/// before any byte of it left does not count.
#[test]
fn an_export_that_wrote_nothing_binds_nothing() {
    let cancel = |group: &Group, after: u64| {
        let mut stop = |step: Progress| match step.done >= after {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        let export = group.bundles().export(Since::Beginning, &mut Vec::new(), &mut stop);
        assert!(matches!(export, Err(StoreError::Cancelled)));
    };
    let fill = |group: &Group, writes: usize| {
        let export = group.bundles().export(Since::Beginning, &mut Full(writes), &mut go_on);
        assert!(matches!(export, Err(StoreError::Bundle(_))));
    };
    let failures: [&dyn Fn(&Group); 5] = [
        &|group| fill(group, 0),
        &|group| fill(group, 1),
        // Two wraps or a manifest, and the first entries.
        &|group| fill(group, 4),
        &|group| cancel(group, 0),
        // The first of many entries leave, the dinner does not.
        &|group| cancel(group, 256),
    ];
    for (number, failure) in failures.iter().enumerate() {
        let (folder, mut rng) = (Folder::new(1), Rng::new(1));
        let anna = anna(&folder);
        let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
        exchange(&[&anna, &ben.group, &cleo.group]);
        record(&cleo.group, 300, 300, &mut rng);
        let dinner = pay(&cleo.group, &mut rng);
        failure(&cleo.group);
        remove(&anna, ben.member);
        import(&cleo.group, &export(&anna));
        let bundle = export(&cleo.group);
        import(&ben.group, &bundle);
        assert!(!holds(&ben.group, dinner), "failure {number}");
        import(&anna, &bundle);
        assert!(holds(&anna, dinner));
        assert_eq!(digest(&anna), digest(&cleo.group));
    }
}

/// An output that takes some writes, and then keeps a copy of the phone as it is, and fails.
struct Crash<'a>(usize, &'a Folder, Option<Folder>);

impl std::io::Write for Crash<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(left) = self.0.checked_sub(1) {
            self.0 = left;
            return Ok(bytes.len());
        }
        let copy = Folder::new(77);
        let files = [(self.1.db(), copy.db()), (self.1.keys(), copy.keys())];
        let log = [&self.1.db(), &copy.db()].map(|db| beside(db, "-wal"));
        for (from, to) in files.into_iter().chain([log.into()]) {
            std::fs::copy(from, to).unwrap();
        }
        self.2 = Some(copy);
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A crash or a suspension ends an export before a byte leaves. The next export decides anew.
#[test]
fn an_export_that_did_not_end_binds_nothing() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
    exchange(&[&anna, &ben.group, &cleo.group]);
    let dinner = pay(&cleo.group, &mut rng);
    // The key is out, the manifest is not.
    let mut crash = Crash(1, &cleo._folder, None);
    cleo.group.bundles().export(Since::Beginning, &mut crash, &mut go_on).unwrap_err();
    let copy = crash.2.unwrap();
    let store = copy.open().unwrap();
    let group = crate::common::only(&store);
    remove(&anna, ben.member);
    import(&group, &export(&anna));
    let bundle = export(&group);
    import(&ben.group, &bundle);
    assert!(!holds(&ben.group, dinner));
    import(&anna, &bundle);
    assert!(holds(&anna, dinner));
    assert_eq!(digest(&anna), digest(&group));
    // What left stays under its epoch.
    let count = |table: &str| -> u64 {
        let sql = format!("SELECT count(*) FROM {table}");
        copy.raw().query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count("leaving"), count("sealed")), (0, count("entries")));
    assert_sound(&group);
}

/// What did leave keeps its epoch, so that it always travels as the same bytes.
#[test]
fn what_left_before_a_failure_keeps_its_epoch() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    record(&anna, 20, 20, &mut rng);
    export(&anna);
    let dinner = pay(&anna, &mut rng);
    let before = anna.state().unwrap().usable_epochs().next().unwrap().1.topic();
    let mut stop = |step: Progress| match step.done >= step.total {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let mut out = Vec::new();
    let _ = anna.bundles().export(Since::Beginning, &mut out, &mut stop);
    let keys = keys_of(&folder, anna.id());
    assert_eq!(topic_of(&out, &keys, dinner), Some(before));
    anna.keys().rotate_group_key(0).unwrap();
    assert_eq!(topic_of(&export(&anna), &keys_of(&folder, anna.id()), dinner), Some(before));
}

/// A removal comes while an export runs, which the app told nobody to stop.
#[test]
fn a_removal_during_an_export_counts_for_what_has_not_left() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let (ben, cleo) = (add(&anna, "Ben", 2), add(&anna, "Cleo", 3));
    exchange(&[&anna, &ben.group, &cleo.group]);
    let many = record(&cleo.group, 1_100, 550, &mut rng);
    remove(&anna, ben.member);
    let news = export(&anna);
    let (mut bundle, mut told) = (Vec::new(), false);
    let mut progress = |step: Progress| {
        if step.done > 0 && !told {
            told = true;
            import(&cleo.group, &news);
        }
        ControlFlow::Continue(())
    };
    cleo.group.bundles().export(Since::Beginning, &mut bundle, &mut progress).unwrap();
    import(&ben.group, &bundle);
    assert!(!holds(&ben.group, *many.last().unwrap()));
    import(&anna, &bundle);
    exchange(&[&anna, &cleo.group]);
    assert!(holds(&anna, *many.last().unwrap()));
}

/// A request for a key is not forgotten by an export that fails.
#[test]
fn a_request_for_a_key_survives_an_export_that_fails() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    anna.keys().rotate_group_key(0).unwrap();
    pay(&anna, &mut rng);
    let wrapless = records(&export(&anna)).into_iter().filter(|record| record[0] != 2);
    let wrapless: Vec<u8> = wrapless.flat_map(|record| frame(&record)).collect();
    import(&ben.group, &wrapless);
    let wanted = ben.group.bundles().missing_topics().unwrap();
    import(&anna, &export(&ben.group));
    anna.keys().rotate_group_key(0).unwrap();
    let failed = anna.bundles().export(Since::Beginning, &mut Full(0), &mut go_on);
    assert!(failed.is_err());
    assert!(handed_out(&export(&anna)).contains(&wanted[0]));
    assert!(!handed_out(&export(&anna)).contains(&wanted[0]), "asked for once");
}

// Time, and what is heeded.

/// A clock that the test sets.
struct Clock {
    seeded: Arc<Seeded>,
    now_ms: AtomicU64,
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
const NOON_MS: u64 = 20_000 * DAY_MS + DAY_MS / 2;

impl Environment for Clock {
    fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.seeded.fill_random(bytes)
    }
}

/// Anna's phone with a clock that the test sets.
fn anna_at(folder: &Folder, now_ms: u64) -> (Anna, Arc<Clock>) {
    let clock = Arc::new(Clock { seeded: Seeded::new(1), now_ms: AtomicU64::new(now_ms) });
    let environment: Arc<dyn Environment> = clock.clone();
    let store = Store::open_or_create_in(&folder.db(), folder.secrets(), environment).unwrap();
    let group = store.create_group("Flat", "Anna").unwrap();
    (Anna { store, group }, clock)
}

/// Ben begins an epoch dated in the year 2099.
#[test]
fn an_epoch_from_the_far_future_is_renewed_in_time() {
    let folder = Folder::new(1);
    let (anna, clock) = anna_at(&folder, NOON_MS);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    let device = device_key(&ben._folder);
    let key = EpochKey::from_bytes(anna.id(), [0xa1; 32]);
    let ledger = ben.group.ledger().unwrap();
    let at = ledger.next_position(device.id()).unwrap();
    let epoch = Draft::epoch(key.begin(&[]).unwrap()).sign(&device, &at, 4_070_908_800_000);
    import(&anna, &sealed(&anna, &key, &[&epoch.unwrap()]));
    assert_eq!(anna.state().unwrap().usable_epochs().next().unwrap().1.topic(), key.topic());
    let month = 30 * DAY_MS;
    assert!(!anna.keys().rotate_group_key(month).unwrap(), "it came just now");
    clock.now_ms.store(NOON_MS + month, Ordering::Relaxed);
    assert!(anna.keys().rotate_group_key(month).unwrap());
    assert!(!anna.keys().rotate_group_key(month).unwrap());
    // This phone's own clock was ahead when the next one came, and is put right.
    clock.now_ms.store(4_070_908_800_000, Ordering::Relaxed);
    assert!(anna.keys().rotate_group_key(month).unwrap());
    clock.now_ms.store(NOON_MS + month, Ordering::Relaxed);
    assert!(anna.keys().rotate_group_key(month).unwrap());
    assert!(!anna.keys().rotate_group_key(month).unwrap());
}

/// The epochs that a phone began, as far as it knows.
fn epochs_by(group: &Group, device: DeviceId) -> usize {
    let all = entries(group).iter().map(decode).collect::<Vec<_>>();
    let begins = |entry: &&ledger_core::engine::DecodedEntry| entry.header().kind().number() == 23;
    all.iter().filter(begins).filter(|entry| entry.header().device() == device).count()
}

/// Ben rotates his key, and revokes one enrolled device after the other, without end. Anna's phone
/// begins at most four epochs a day because of him, and one on the day after.
#[test]
fn a_member_who_rotates_and_revokes_without_end_costs_few_epochs() {
    let folder = Folder::new(1);
    let (anna, clock) = anna_at(&folder, NOON_MS);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    let me = anna.device();
    let before = epochs_by(&anna, me);
    let give = |entry: VerifiedEntry| {
        put(&ben.group, &entry);
        put(&anna, &entry);
        export(&anna);
    };
    let device = device_key(&ben._folder);
    for n in 0..6u8 {
        let draft = Draft::rotation(
            u64::from(n) + 1,
            DeviceKey::from_bytes(&[n + 40; 64]).exchange_public_key(),
        );
        give(sign(&ben.group.ledger().unwrap(), &device, None, draft));
    }
    assert_eq!(epochs_by(&anna, me), before + 4, "of one day");
    export(&anna);
    assert_eq!(epochs_by(&anna, me), before + 4);
    clock.now_ms.store(NOON_MS + DAY_MS, Ordering::Relaxed);
    export(&anna);
    assert_eq!(epochs_by(&anna, me), before + 5, "the rest, on the day after");
    export(&anna);
    assert_eq!(epochs_by(&anna, me), before + 5);
    let (root, generation) = root_of(&ben);
    let tablet = DeviceKey::from_bytes(&[90; 64]);
    let certified = SignedDevice::new(anna.id(), &root, &tablet).unwrap();
    let enrol = NewStatement::Enrol { generation, device: &certified };
    let revoke = NewStatement::Revoke { generation, device: tablet.id() };
    for n in 0..7u8 {
        let heads = crate::common::heads(&ben.group);
        let statement = if n == 0 { &enrol } else { &revoke };
        let draft = Draft::statement(&root, anna.id(), statement, heads, [n; 16]).unwrap();
        give(sign(&ben.group.ledger().unwrap(), &device, None, draft));
    }
    assert_eq!(epochs_by(&anna, me), before + 9);
    clock.now_ms.store(NOON_MS + 2 * DAY_MS, Ordering::Relaxed);
    export(&anna);
    assert_eq!(epochs_by(&anna, me), before + 10);
    // What the owner does counts at once, also on a day on which a member's acts do not.
    let cleo = add(&anna, "Cleo", 3);
    remove(&anna, cleo.member);
    assert_eq!(epochs_by(&anna, me), before + 11);
}

/// Revocations of keys that nobody ever enrolled make no epoch unusable.
#[test]
fn revocations_of_invented_keys_cost_no_epoch() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    let me = anna.device();
    let before = epochs_by(&anna, me);
    let device = device_key(&ben._folder);
    let (root, generation) = root_of(&ben);
    for n in 0..3u8 {
        let invented = DeviceKey::from_bytes(&[n + 60; 64]).id();
        let revoke = NewStatement::Revoke { generation, device: invented };
        let heads = crate::common::heads(&ben.group);
        let draft = Draft::statement(&root, anna.id(), &revoke, heads, [n; 16]).unwrap();
        let entry = sign(&ben.group.ledger().unwrap(), &device, None, draft);
        put(&ben.group, &entry);
        put(&anna, &entry);
        pay(&anna, &mut rng);
        export(&anna);
    }
    assert_eq!(epochs_by(&anna, me), before);
}

/// A device that may not write tries to rotate its key, again and again. Its key in force stays.
#[test]
fn failed_rotations_drop_no_key() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    ben.group.keys().rotate_device_key().unwrap();
    exchange(&[&anna, &ben.group]);
    let in_force = std::fs::read_to_string(ben._folder.keys()).unwrap();
    remove(&anna, ben.member);
    // He learns of it by a bundle that is still sealed for him.
    let removal = entries(&anna);
    for entry in removal {
        let _ = ben.group.ingest(&[entry]);
    }
    for _ in 0..5 {
        assert!(ben.group.keys().rotate_device_key().is_err());
    }
    assert_eq!(std::fs::read_to_string(ben._folder.keys()).unwrap(), in_force);
}
