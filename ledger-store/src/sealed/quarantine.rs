//! Quarantine: records whose key is not here. They wait, within bounds, and the next export asks
//! for the keys.
//!
//! Anybody can make records of topics that no key ever opens. So records of topics that an applied
//! epoch entry names have room of their own, and those of other topics are on trial: a few topics,
//! a few records each.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::bundle::Manifest;
use ledger_core::seal::Topic;
use rusqlite::Connection;

use super::trial::{MAX_TRIALS, named_topics};
use crate::StoreError;
use crate::database::GroupKey;

/// Most records and bytes that wait for keys of topics that applied epoch entries name.
const NAMED: Room = Room { records: 2_000, bytes: 8 << 20 };

/// Most records and bytes that wait for the key of one other topic.
const TRIAL: Room = Room { records: 64, bytes: 256 << 10 };

/// The nonce of an envelope, behind its kind and topic.
const NONCE_AT: std::ops::Range<usize> = 33..57;

/// The quarantined records of one group: the rows of the table `quarantine`.
#[derive(Clone, Copy)]
pub(super) struct Quarantine<'a> {
    pub(super) connection: &'a Connection,
    pub(super) group: GroupKey,
}

/// Number and bytes of records.
#[derive(Clone, Copy, Default)]
struct Room {
    records: u64,
    bytes: u64,
}

/// Result of adding a record.
pub(super) enum Hold {
    /// It waits.
    Waits,
    /// It waits, and all records of another topic gave way to it.
    InsteadOf(Topic),
    /// It found no room.
    NoRoom,
}

/// Records of one topic that wait.
#[derive(Clone, Copy)]
struct Held {
    room: Room,
    /// Number of the first of them: topics that came earlier have smaller ones.
    first: i64,
}

/// Quarantine to which a transaction adds, with what it holds.
pub(super) struct OpenQuarantine<'a> {
    quarantine: Quarantine<'a>,
    named: BTreeSet<Topic>,
    held: BTreeMap<Topic, Held>,
}

impl<'a> Quarantine<'a> {
    /// Reads what it holds, to add records.
    pub(super) fn open(self) -> Result<OpenQuarantine<'a>, StoreError> {
        let named = named_topics(self.connection, self.group)?;
        Ok(OpenQuarantine { quarantine: self, named, held: self.held()? })
    }

    fn held(&self) -> Result<BTreeMap<Topic, Held>, StoreError> {
        let mut held = self.connection.prepare_cached(
            "SELECT topic, count(*), sum(length(record)), min(q) FROM quarantine
             WHERE grp = ?1 GROUP BY topic",
        )?;
        let rows = held.query_map([self.group.0], |row| {
            let room = Room { records: row.get(1)?, bytes: row.get(2)? };
            Ok((Topic::from_bytes(row.get(0)?), Held { room, first: row.get(3)? }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes out the records that waited for the key of a topic.
    pub(super) fn release(&self, topic: &Topic) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut take = self.connection.prepare_cached(
            "DELETE FROM quarantine WHERE grp = ?1 AND topic = ?2 RETURNING record",
        )?;
        let rows = take.query_map((self.group.0, topic.as_bytes()), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The topics that records wait for, as many as a manifest asks for: first those that an
    /// applied epoch entry names, and of each kind those for which most waits, then those that came
    /// first.
    pub(super) fn topics(&self) -> Result<Vec<Topic>, StoreError> {
        let held = self.held()?;
        if held.is_empty() {
            return Ok(Vec::new());
        }
        let named = named_topics(self.connection, self.group)?;
        let mut topics: Vec<(Topic, Held)> = held.into_iter().collect();
        topics.sort_by_key(|(topic, held)| {
            (!named.contains(topic), std::cmp::Reverse(held.room.bytes), held.first)
        });
        Ok(topics.into_iter().map(|(topic, _)| topic).take(Manifest::MAX_LISTED).collect())
    }
}

impl OpenQuarantine<'_> {
    /// Adds a record.
    pub(super) fn hold(&mut self, topic: &Topic, record: &[u8]) -> Result<Hold, StoreError> {
        let Quarantine { connection, group } = self.quarantine;
        let nonce = record.get(NONCE_AT).unwrap_or_default();
        // Not by the nonce alone: anybody can make another record with it.
        let mut find = connection.prepare_cached(
            "SELECT 1 FROM quarantine WHERE grp = ?1 AND topic = ?2 AND nonce = ?3 AND record = ?4",
        )?;
        if find.exists((group.0, topic.as_bytes(), nonce, record))? {
            return Ok(Hold::Waits);
        }
        let bytes = u64::try_from(record.len()).unwrap_or(u64::MAX);
        let Some(gave_way) = self.make_room(topic, bytes)? else { return Ok(Hold::NoRoom) };
        let mut insert = connection.prepare_cached(
            "INSERT INTO quarantine (grp, topic, nonce, record) VALUES (?1, ?2, ?3, ?4)",
        )?;
        insert.execute((group.0, topic.as_bytes(), nonce, record))?;
        Ok(gave_way.map_or(Hold::Waits, Hold::InsteadOf))
    }

    /// Counts a record in, if there is room. The trial that began first gives way to a new one:
    /// returns its topic.
    fn make_room(
        &mut self,
        topic: &Topic,
        bytes: u64,
    ) -> Result<Option<Option<Topic>>, StoreError> {
        let is_named = self.named.contains(topic);
        let mut trials: Vec<(i64, Topic)> = Vec::new();
        let mut room = Room::default();
        for (other, held) in &self.held {
            match (is_named, self.named.contains(other)) {
                (true, true) => room.add(held.room.records, held.room.bytes),
                (false, false) if other == topic => {
                    room.add(held.room.records, held.room.bytes);
                }
                (false, false) => trials.push((held.first, *other)),
                _ => {}
            }
        }
        room.add(1, bytes);
        if !room.is_within(if is_named { NAMED } else { TRIAL }) {
            return Ok(None);
        }
        let mut gave_way = None;
        if !is_named && trials.len() >= MAX_TRIALS {
            trials.sort();
            if let Some((_, oldest)) = trials.first() {
                self.quarantine.release(oldest)?;
                self.held.remove(oldest);
                gave_way = Some(*oldest);
            }
        }
        let held =
            self.held.entry(*topic).or_insert(Held { room: Room::default(), first: i64::MAX });
        held.room.add(1, bytes);
        Ok(Some(gave_way))
    }
}

impl Room {
    fn add(&mut self, records: u64, bytes: u64) {
        self.records = self.records.saturating_add(records);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn is_within(&self, most: Room) -> bool {
        self.records <= most.records && self.bytes <= most.bytes
    }
}
