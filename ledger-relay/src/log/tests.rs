use super::*;
use crate::frame::Code;
use crate::limits::Limits;

fn topic() -> Topic {
    Topic::from_bytes([5; 32])
}

fn open(folder: &std::path::Path, limits: Limits) -> SqliteLog {
    SqliteLog::open(folder, limits, [1; 32]).unwrap()
}

/// A record of a later kind, which may have any content.
fn record(n: u32) -> Vec<u8> {
    [&[77], topic().as_bytes().as_slice(), &n.to_be_bytes()].concat()
}

fn key_envelope(n: u32) -> Vec<u8> {
    let mut bytes = [&[2], [6; 32].as_slice(), &n.to_be_bytes()].concat();
    bytes.resize(49 + 88 * 4, 0);
    bytes
}

fn put(log: &SqliteLog, address: u8, records: Vec<Vec<u8>>) -> Vec<PutResult> {
    let put = Put { topic: topic(), address: [address; 8], now_ms: 86_400_000, records };
    log.put(&[put]).unwrap().remove(0)
}

fn cursor(result: PutResult) -> Cursor {
    match result {
        PutResult::Stored(_, cursor) | PutResult::Known(_, cursor) => cursor,
        PutResult::Refused(code, _) => panic!("{code:?}"),
    }
}

#[test]
fn a_put_is_idempotent_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = {
        let log = open(folder.path(), Limits::default());
        put(&log, 1, vec![record(1), record(2), record(1)])
    };
    assert!(matches!(
        first[..],
        [PutResult::Stored(..), PutResult::Stored(..), PutResult::Known(..)]
    ));
    let log = open(folder.path(), Limits::default());
    let again = put(&log, 1, vec![record(2), record(3)]);
    assert_eq!(again[0], PutResult::Known(Lane::Entries, cursor(first[1])));
    assert_eq!(cursor(again[1]).seq, 3);
    let batch = log.records(topic(), Lane::Entries, 1, u64::MAX).unwrap();
    assert_eq!((batch.first, batch.records, batch.more), (2, vec![record(2), record(3)], false));
    assert_eq!(batch.last, cursor(again[1]));
    assert_eq!(log.secret().unwrap(), [1; 32]);
    log.check().unwrap();
    assert_eq!(log.totals().unwrap(), Totals { topics: 1, records: 3, bytes: 3 * 37 });
}

#[test]
fn numbers_have_no_gaps_under_concurrent_puts() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), Limits::default());
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let log = &log;
            scope.spawn(move || {
                for n in 0..25 {
                    put(log, 1, vec![record(thread * 1_000 + n), record(n)]);
                    // A reader never sees a number without all before it.
                    let seen = log.records(topic(), Lane::Entries, 0, u64::MAX).unwrap();
                    assert_eq!(seen.last.seq, u64::try_from(seen.records.len()).unwrap());
                }
            });
        }
    });
    let all = log.records(topic(), Lane::Entries, 0, u64::MAX).unwrap();
    assert_eq!((all.first, all.last.seq, all.records.len()), (1, 100, 100));
}

#[test]
fn a_restored_log_does_not_match_even_where_the_record_at_the_place_is_the_same() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = open(one.path(), Limits::default());
    put(&log, 1, vec![record(1)]);
    let copy = two.path().join("relay.db");
    log.backup(&copy).unwrap();
    let read = cursor(put(&log, 1, vec![record(2), record(9)])[1]);
    let restored = open(two.path(), Limits::default());
    assert!(!restored.holds(topic(), Lane::Entries, read).unwrap(), "beyond the head");
    // Another record took the place of 2, and 9 came again: it stands where it stood.
    let other = cursor(put(&restored, 1, vec![record(3), record(9)])[1]);
    assert_eq!(other.seq, read.seq);
    assert!(!restored.holds(topic(), Lane::Entries, read).unwrap(), "record 3 would be missed");
    assert!(log.holds(topic(), Lane::Entries, read).unwrap());
    assert!(log.holds(topic(), Lane::Entries, Cursor::default()).unwrap());
    assert!(!log.holds(Topic::from_bytes([0; 32]), Lane::Entries, read).unwrap());
}

#[test]
fn the_oldest_key_envelopes_go_and_a_cursor_among_them_still_holds() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), Limits { keys_per_topic: 3, ..Limits::default() });
    let keys: Vec<Vec<u8>> = (0..5).map(key_envelope).collect();
    let results = put(&log, 1, [vec![record(1)], keys.clone()].concat());
    assert_eq!(cursor(results[5]).seq, 5, "a lane has numbers of its own");
    let left = log.records(topic(), Lane::Keys, 0, u64::MAX).unwrap();
    assert_eq!((left.first, left.records), (3, keys[2..].to_vec()));
    assert!(log.holds(topic(), Lane::Keys, cursor(results[1])).unwrap(), "it went");
    assert!(!log.holds(topic(), Lane::Keys, Cursor { seq: 6, link: [0; 8] }).unwrap());
    assert!(matches!(put(&log, 1, vec![keys[0].clone()])[..], [PutResult::Stored(..)]), "again");
}

#[test]
fn quotas_refuse_with_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        records_per_topic: 2,
        keys_per_address: 1,
        topics_per_address: 1,
        ..Limits::default()
    };
    let log = open(folder.path(), limits);
    let results =
        put(&log, 1, vec![record(1), record(2), record(3), vec![1; 585], key_envelope(1)]);
    assert!(matches!(results[2], PutResult::Refused(Code::Full, _)));
    assert!(matches!(results[3], PutResult::Refused(Code::Record, _)));
    assert!(matches!(results[4], PutResult::Stored(Lane::Keys, _)), "a full log takes keys");
    let day = 86_400_000;
    assert_eq!(put(&log, 1, vec![key_envelope(2)]), [PutResult::Refused(Code::Rate, day)]);
    assert!(matches!(put(&log, 2, vec![key_envelope(2)])[..], [PutResult::Stored(..)]));
    let other = Topic::from_bytes([9; 32]);
    let record = [&[77], other.as_bytes().as_slice()].concat();
    let new = |records, now_ms| Put { topic: other, address: [1; 8], now_ms, records };
    let junk = log.put(&[new(vec![vec![1; 9]], day)]).unwrap();
    assert_eq!(junk, [[PutResult::Refused(Code::Record, 0)]], "no log begins for it");
    let today = log.put(&[new(vec![record.clone()], day)]).unwrap();
    assert_eq!(today, [[PutResult::Refused(Code::Rate, day)]]);
    let tomorrow = log.put(&[new(vec![record], 2 * day)]).unwrap();
    assert!(matches!(tomorrow[0][..], [PutResult::Stored(..)]));
}

#[test]
fn an_answer_fits_into_a_frame() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path(), Limits::default());
    let large: Vec<Vec<u8>> = (0..6)
        .map(|n| {
            let mut bytes = record(n);
            bytes.resize(65_609, 0);
            bytes
        })
        .collect();
    put(&log, 1, large.clone());
    let batch = log.records(topic(), Lane::Entries, 0, 240_000).unwrap();
    assert_eq!((batch.records.len(), batch.more), (3, true));
    let none = log.records(topic(), Lane::Entries, 0, 65_608).unwrap();
    assert_eq!((none.records.len(), none.more), (0, true));
    let gone = RecordId::from_bytes([0; 32]);
    let mut ids = vec![gone];
    ids.extend(large.iter().map(|record| RecordId::compute(record)));
    let found = log.find(topic(), &ids).unwrap();
    assert_eq!((found.records, found.missing), (large[..3].to_vec(), vec![gone]));
}
