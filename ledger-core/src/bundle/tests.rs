//! Records, manifests and summaries, whole and damaged.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::base::id::{DeviceId, EntryId, GroupId, Topic};
use crate::seal::{EnvelopeError, EpochKey};

fn group() -> GroupId {
    GroupId::from_bytes([1; 32])
}

fn manifest(ids: usize) -> Manifest {
    Manifest {
        group: group(),
        bundle: BundleId::from_bytes([6; 16]),
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
    let records: Vec<Vec<u8>> = (4..40u8).map(|n| vec![n; usize::from(n) * 9]).collect();
    let bytes: Vec<u8> = records.iter().flat_map(|record| frame(record)).collect();
    for step in [1, 7, 1000, bytes.len()] {
        assert_eq!(read_all(&bytes, step), (records.clone(), 0));
    }
    let intact = |found: &[Vec<u8>]| found.iter().filter(|record| records.contains(record)).count();
    for place in (0..bytes.len()).step_by(61) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x40;
        let (found, _) = read_all(&damaged, 50);
        assert_eq!(intact(&found), records.len() - 1, "{place}");
        assert!(found.len() <= records.len(), "{place}: nothing is found twice");
        let (found, skipped) = read_all(&bytes[..place], 50);
        assert_eq!(found, records[..found.len()]);
        let whole: usize = found.iter().map(|record| record.len() + 8).sum();
        assert_eq!(whole as u64 + skipped, place as u64);
        // Bytes that are gone cost the record behind them as well: its frame began too early.
        let (found, _) = read_all(&[&bytes[..place], &bytes[place + 1..]].concat(), 50);
        assert!(intact(&found) >= records.len() - 2, "{place}");
    }
}

#[test]
fn a_frame_is_stepped_over_whole_whatever_its_body_is() {
    let inner = frame(&[9; 40]);
    let outer = frame(&[&[9][..], &inner, &inner].concat());
    let (found, skipped) = read_all(&[outer.clone(), frame(&[8])].concat(), 5);
    assert_eq!((found.len(), skipped), (2, 0));
    // Where the input ends in it, it is no record.
    let (found, skipped) = read_all(&outer[..outer.len() - 1], 5);
    assert_eq!((found.len(), skipped), (1, 8 + 1 + 47));
}

#[test]
fn a_damaged_record_is_searched_once() {
    let (first, second) = (frame(&[9; 40]), frame(&[8; 300]));
    // A byte is gone from the first record, so that its frame takes in one of the second.
    let bytes = [&first[..20], &first[21..], &second, &second].concat();
    let mut records = Records::new();
    records.push(&bytes);
    assert_eq!(records.next_record().map(|record| record.len()), Some(40));
    records.search_last(true);
    assert_eq!(records.next_record(), Some(vec![8; 300]));
    assert_eq!(records.skipped(), 47);
    assert_eq!(records.next_record(), Some(vec![8; 300]));

    // Of a record that may be intact, no byte counts as skipped.
    let mut records = Records::new();
    records.push(&frame(&[9; 40]));
    records.push(&[]);
    assert!(records.next_record().is_some());
    records.search_last(false);
    assert_eq!((records.next_record(), records.skipped()), (None, 0));

    // Frames in frames: no byte is read more than twice, however often the search is asked for.
    let mut nested = vec![7; 20];
    for _ in 0..200 {
        nested = frame(&[&[7][..], &nested].concat());
    }
    let mut records = Records::new();
    records.push(&nested);
    records.push(&[]);
    let mut bytes = 0;
    while let Some(record) = records.next_record() {
        bytes += record.len();
        records.search_last(true);
    }
    assert!(bytes <= 2 * nested.len());
}

#[test]
fn a_known_kind_has_its_sizes_and_others_any() {
    let read = |record: &[u8]| read_all(&frame(record), 64).0.len();
    for kind in [1, 3] {
        assert_eq!(read(&[kind; 57 + 512 + 16]), 1);
        assert_eq!(read(&[kind; 57 + 65_536 + 16]), 1);
        assert_eq!(read(&[kind; 57 + 513 + 16]), 0);
        assert_eq!(read(&[kind; 57 + 16]), 0);
    }
    for (wraps, found) in [(2, 0), (3, 0), (4, 1), (5, 0), (512, 1), (1024, 0)] {
        assert_eq!(read(&vec![2; 49 + 88 * wraps]), found, "{wraps}");
    }
    for (len, found) in [(1, 1), (MAX_RECORD_BYTES, 1), (MAX_RECORD_BYTES + 1, 0)] {
        assert_eq!(read(&vec![77; len]), found, "{len}");
        assert_eq!(read(&vec![0; len]), found, "{len}");
    }
    assert_eq!(read(&[]), 0);
}

/// Tips of `n` chains, and ids that are missing.
fn summary(n: u8, missing: u8, salt: [u8; 8]) -> Summary {
    let tips = (0..n).map(|n| {
        let (device, tip) = (DeviceId::from_bytes([n; 32]), EntryId::from_bytes([n; 32]));
        (device, 1 + u64::from(n), tip)
    });
    let missing = (0..missing).map(|n| EntryId::from_bytes([n | 128; 32]));
    Summary::new(group(), salt, tips, missing)
}

#[test]
fn summaries_read_back_what_they_say() {
    for (tips, missing) in [(0, 0), (1, 0), (0, 1), (3, 2), (120, 60)] {
        let summary = summary(tips, missing, [7; 8]);
        let bytes = summary.to_bytes();
        assert_eq!(bytes.len(), 22 + 20 * usize::from(tips) + 8 * usize::from(missing));
        assert_eq!(Summary::from_bytes(group(), &bytes), Ok(summary.clone()));
        for n in 0..tips {
            let items: Vec<_> = summary.chain(DeviceId::from_bytes([n; 32])).collect();
            assert_eq!(items.iter().map(ChainItem::seq).collect::<Vec<_>>(), [1 + u64::from(n)]);
            assert!(items[0].names(&EntryId::from_bytes([n; 32])));
            assert!(!items[0].names(&EntryId::from_bytes([n + 1; 32])));
        }
        assert_eq!(summary.chain(DeviceId::from_bytes([200; 32])).count(), 0);
        let asked = (0..=255).filter(|n| summary.asks_for(&EntryId::from_bytes([*n; 32])));
        assert_eq!(asked.count(), usize::from(missing));
    }
    let most = summary(130, 100, [0; 8]).to_bytes();
    assert_eq!(most.len(), 2_902, "the first 120 and 60: it fits into a QR code");
    let other = GroupId::from_bytes([2; 32]);
    assert_eq!(Summary::from_bytes(other, &most), Err(SummaryError::OtherGroup));
}

#[test]
fn a_damaged_summary_is_none() {
    let bytes = summary(3, 2, [7; 8]).to_bytes();
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        assert_eq!(Summary::from_bytes(group(), &altered), Err(SummaryError::Form));
        assert_eq!(Summary::from_bytes(group(), &bytes[..place]), Err(SummaryError::Form));
    }
}

#[test]
fn each_salt_shortens_ids_in_another_way() {
    let (one, other) = (summary(9, 9, [1; 8]).to_bytes(), summary(9, 9, [2; 8]).to_bytes());
    let parts = |bytes: &[u8]| bytes[18..].windows(8).map(<[u8]>::to_vec).collect::<BTreeSet<_>>();
    assert!(parts(&one).is_disjoint(&parts(&other)));
}

#[test]
fn a_chain_that_forked_has_several_items() {
    let device = DeviceId::from_bytes([1; 32]);
    let tips =
        [(device, 4, EntryId::from_bytes([4; 32])), (device, 9, EntryId::from_bytes([9; 32]))];
    let summary = Summary::new(group(), [3; 8], tips, []);
    assert_eq!(summary.chain(device).map(|item| item.seq()).collect::<Vec<_>>(), [4, 9]);
    assert_eq!(Summary::from_bytes(group(), &summary.to_bytes()), Ok(summary));
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
