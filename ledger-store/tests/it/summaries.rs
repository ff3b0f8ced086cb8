//! Exchanges in which the receiver shows a summary first.

#![cfg(feature = "sqlcipher")]

use std::collections::HashMap;

use ledger_core::Verdict;
use ledger_core::bundle::{Manifest, Records, Summary, frame};
use ledger_core::engine::{DecodedEntry, Draft, VerifiedEntry};
use ledger_core::keys::{DeviceKey, RootEntropy, SignedCard};
use ledger_store::{Group, Imported, Since};

use crate::common::people::{ingest, secret, sign, verdict};
use crate::common::sealed::{Anna, Person, add, anna, exchange, import, pay};
use crate::common::{Folder, Rng, assert_sound, digest, go_on, record};

/// The receiver shows its summary, the sender sends what it lacks. Returns the number of entries,
/// the bytes and the report.
fn by_summary(from: &Group, to: &Group) -> (u64, u64, Imported) {
    let bytes = to.bundles().summary().unwrap().to_bytes();
    let summary = Summary::from_bytes(from.id(), &bytes).unwrap();
    let mut out = Vec::new();
    let exported = from.bundles().export(Since::Known(&summary), &mut out, &mut go_on).unwrap();
    (exported.entries, exported.bytes, import(to, &out))
}

#[test]
fn a_receiver_who_is_ahead_gets_what_is_new_alone() {
    let (folder, mut rng) = (Folder::new(1), Rng::new(1));
    let anna = anna(&folder);
    let ben = add(&anna, "Ben", 2);
    exchange(&[&anna, &ben.group]);
    record(&ben.group, 300, 100, &mut rng);
    by_summary(&ben.group, &anna);
    // Ben is ahead by one entry, and Anna by one.
    pay(&ben.group, &mut rng);
    let dinner = pay(&anna, &mut rng);
    let (entries, bytes, report) = by_summary(&anna, &ben.group);
    assert_eq!((entries, report.added), (1, 1), "{report:?}");
    assert!(bytes < 4_000, "one entry, not the 300 in which he is ahead: {bytes} bytes");
    assert_eq!(verdict(&ben.group, dinner), Verdict::Applied);
    let (entries, bytes, _) = by_summary(&anna, &ben.group);
    assert_eq!(entries, 0);
    assert!(bytes < 3_000, "{bytes} bytes");
}

#[test]
fn no_two_summaries_are_alike() {
    let folder = Folder::new(1);
    let anna = anna(&folder);
    let [one, other] = [(); 2].map(|()| anna.bundles().summary().unwrap().to_bytes());
    assert_eq!(one.len(), other.len());
    assert_ne!(one[9..17], other[9..17], "the salt");
    assert_ne!(one[18..26], other[18..26], "the device");
}

/// Ben, who signs two first entries: Anna knows one, Cleo the other.
struct Fork {
    anna: Anna,
    cleo: Person,
    ben: DeviceKey,
    first: [VerifiedEntry; 2],
}

impl Fork {
    /// `grind` makes ids whose first four bytes are equal.
    fn new(folder: &Folder, grind: bool) -> Self {
        let anna = anna(folder);
        let cleo = add(&anna, "Cleo", 3);
        let hers = DeviceKey::from_bytes(&secret(folder, "device-"));
        let (ben, entropy) = (DeviceKey::from_bytes(&[7; 64]), RootEntropy::from_bytes([7; 32]));
        let card = SignedCard::new(anna.id(), "Ben", &entropy, 0, &ben).unwrap();
        let ledger = anna.ledger().unwrap();
        let draft = Draft::add_member(ledger.state(), &card).unwrap();
        let home = ingest(&anna, &sign(&ledger, &hers, None, draft));
        exchange(&[&anna, &cleo.group]);
        let at = anna.ledger().unwrap().first_position(ben.id(), home).unwrap();
        let entry = |time| Draft::merge().sign(&ben, &at, time).unwrap();
        let times = if grind { alike(&entry(START_MS)) } else { [START_MS, START_MS + 1] };
        let first = times.map(entry);
        if grind {
            assert_eq!(first[0].id().short(), first[1].id().short());
        }
        assert_ne!(first[0].id(), first[1].id());
        ingest(&anna, &first[0]);
        ingest(&cleo.group, &first[1]);
        Self { anna, cleo, ben, first }
    }
}

const START_MS: u64 = 1_800_000_000_000;

/// Two times that give an entry ids with the same first four bytes.
fn alike(entry: &VerifiedEntry) -> [u64; 2] {
    let mut bytes = entry.decoded().as_bytes().to_vec();
    let needle = [&[0x1b][..], &START_MS.to_be_bytes()].concat();
    let place = bytes.windows(9).position(|window| window == needle).unwrap() + 1;
    let mut seen: HashMap<[u8; 4], u64> = HashMap::new();
    for time in START_MS.. {
        bytes[place..place + 8].copy_from_slice(&time.to_be_bytes());
        let id = DecodedEntry::decode(&bytes, &[0; 64]).unwrap().id();
        if let Some(before) = seen.insert(*id.as_bytes().first_chunk().unwrap(), time) {
            return [before, time];
        }
    }
    panic!("2^17 tries are enough");
}

/// Two phones that know different branches come to the same by summaries alone.
fn converge(fork: &Fork) {
    let Fork { anna, cleo, .. } = fork;
    let mut rng = Rng::new(1);
    pay(anna, &mut rng);
    pay(&cleo.group, &mut rng);
    for _ in 0..2 {
        by_summary(anna, &cleo.group);
        by_summary(&cleo.group, anna);
    }
    assert_eq!(digest(anna), digest(&cleo.group));
    for (from, to) in [(&anna.group, &cleo.group), (&cleo.group, &anna.group)] {
        let (entries, _, report) = by_summary(from, to);
        assert_eq!(entries, 0, "each branch has its item");
        assert!(report.is_complete(), "{report:?}");
        assert_sound(to);
    }
}

#[test]
fn a_fork_goes_over_by_summaries() {
    let folder = Folder::new(1);
    converge(&Fork::new(&folder, false));
}

#[test]
fn ids_that_begin_alike_do_not_stop_two_phones() {
    let folder = Folder::new(1);
    converge(&Fork::new(&folder, true));
}

#[test]
fn a_fork_behind_common_entries_goes_over_by_summaries() {
    let folder = Folder::new(1);
    let fork = Fork::new(&folder, false);
    let Fork { anna, cleo, ben, .. } = &fork;
    exchange(&[anna, &cleo.group]);
    for (group, times) in [(&anna.group, [1, 2]), (&cleo.group, [3, 4])] {
        for time in times {
            let at = group.ledger().unwrap().next_position(ben.id()).unwrap();
            ingest(group, &Draft::merge().sign(ben, &at, time).unwrap());
        }
    }
    converge(&fork);
}

#[test]
fn what_waiting_entries_depend_on_is_asked_for() {
    let folder = Folder::new(1);
    let fork = Fork::new(&folder, false);
    let Fork { anna, cleo, ben, first } = &fork;
    // On Cleo's branch Ben goes on, so she seems to be ahead of Anna on his chain.
    let ledger = cleo.group.ledger().unwrap();
    ingest(&cleo.group, &sign(&ledger, ben, None, Draft::merge()));
    let dinner = pay(anna, &mut Rng::new(1));
    let bytes = cleo.group.bundles().summary().unwrap().to_bytes();
    let summary = Summary::from_bytes(anna.id(), &bytes).unwrap();
    let mut bundle = Vec::new();
    let exported = anna.bundles().export(Since::Known(&summary), &mut bundle, &mut go_on).unwrap();
    assert_eq!(exported.entries, 1, "Anna cannot know of a fork");
    // The manifest of the same bundle, without the entry that it lists.
    let mut records = Records::new();
    records.push(&bundle);
    let records = std::iter::from_fn(|| records.next_record());
    let manifests = records.filter(|record| Manifest::topic(record).is_ok());
    let manifest: Vec<u8> = manifests.flat_map(|record| frame(&record)).collect();
    for came in [bundle, manifest] {
        let report = import(&cleo.group, &came);
        assert_eq!((report.added, report.incomplete), (0, 1), "{report:?}");
        assert_eq!(report.needed.into_iter().collect::<Vec<_>>(), [first[0].id()]);
    }
    // Cleo's next summary asks for the entry that the dinner depends on.
    let (entries, _, report) = by_summary(anna, &cleo.group);
    assert_eq!((entries, report.added), (2, 2), "{report:?}");
    assert_eq!(verdict(&cleo.group, dinner), Verdict::Applied);
}
