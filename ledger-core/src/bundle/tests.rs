//! Records, manifests and summaries, whole and damaged.

use proptest::prelude::*;

use super::*;
use crate::base::id::{EntryId, GroupId, Topic};
use crate::seal::{EnvelopeError, EpochKey};
use crate::state::Frontier;

fn group() -> GroupId {
    GroupId::from_bytes([1; 32])
}

fn manifest(ids: usize) -> Manifest {
    Manifest {
        group: group(),
        part: Part { number: 2, total: 5 },
        entries: 4_321,
        heads: vec![EntryId::from_bytes([4; 32])],
        wanted: vec![Topic::from_bytes([5; 32])],
        ids: (0..ids).map(|n| EntryId::from_bytes([n as u8; 32])).collect(),
    }
}

#[test]
fn a_manifest_opens_for_holders_of_the_key_alone() {
    let (key, other) =
        (EpochKey::from_bytes(group(), [2; 32]), EpochKey::from_bytes(group(), [3; 32]));
    for ids in [0, 7, MAX_PART_ENTRIES] {
        let sealed = manifest(ids).seal(&key);
        assert!(sealed.len() <= MAX_RECORD_BYTES);
        assert!(sealed.len() <= Manifest::max_len(ids + 2));
        assert_eq!(Manifest::topic(&sealed), Ok(key.topic()));
        assert_eq!(Manifest::open(&key, &sealed), Ok(manifest(ids)));
        let refused = Manifest::open(&other, &sealed);
        assert!(matches!(refused, Err(EnvelopeError::OtherTopic { .. })));
    }
    let sealed = manifest(3).seal(&key);
    for place in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert!(Manifest::open(&key, &altered).is_err(), "{place}");
    }
}

fn read_all(bytes: &[u8], step: usize) -> (Vec<Vec<u8>>, u64) {
    let (mut records, mut found) = (Records::new(), Vec::new());
    for piece in bytes.chunks(step.max(1)).chain([&[][..]]) {
        records.push(piece);
        found.extend(std::iter::from_fn(|| records.next_record()));
    }
    (found, records.skipped())
}

#[test]
fn damage_costs_the_records_that_it_hits() {
    let records: Vec<Vec<u8>> = (1..40u8).map(|n| vec![n; usize::from(n) * 9]).collect();
    let bytes: Vec<u8> = records.iter().flat_map(|record| frame(record)).collect();
    for step in [1, 7, 1000, bytes.len()] {
        assert_eq!(read_all(&bytes, step), (records.clone(), 0));
    }
    for place in (0..bytes.len()).step_by(61) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x40;
        let (found, skipped) = read_all(&damaged, 50);
        assert_eq!(found.len(), records.len() - 1, "{place}");
        assert!(found.iter().all(|record| records.contains(record)) && skipped > 8);
        let (found, _) = read_all(&bytes[..place], 50);
        assert_eq!(found, records[..found.len()]);
        let (found, _) = read_all(&[&bytes[..place], &bytes[place + 1..]].concat(), 50);
        assert_eq!(found.len(), records.len() - 1);
    }
}

#[test]
fn summaries_read_back_what_they_say() {
    let summary = Summary::new(group(), &Frontier::default());
    assert_eq!(Summary::from_bytes(group(), &summary.to_bytes()), Ok(summary.clone()));
    let other = GroupId::from_bytes([2; 32]);
    assert_eq!(Summary::from_bytes(other, &summary.to_bytes()), Err(SummaryError::OtherGroup));
    let bytes = summary.to_bytes();
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        assert_eq!(Summary::from_bytes(group(), &altered), Err(SummaryError::Form));
        assert_eq!(Summary::from_bytes(group(), &bytes[..place]), Err(SummaryError::Form));
    }
}

proptest! {
    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..900), step in 1..99usize) {
        let (found, skipped) = read_all(&bytes, step);
        let inside: usize = found.iter().map(|record| record.len() + 8).sum();
        prop_assert_eq!(inside as u64 + skipped, bytes.len() as u64);
        let _ = Summary::from_bytes(group(), &bytes);
        let _ = Manifest::open(&EpochKey::from_bytes(group(), [2; 32]), &bytes);
    }
}
