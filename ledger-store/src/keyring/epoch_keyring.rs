//! The epoch keys of a group that this device has.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::seal::{EpochKey, Topic};
use ledger_core::{EntryId, GroupId};
use rusqlite::{Connection, OptionalExtension as _};

use super::epoch_graph::EpochGraph;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::GroupTransaction;

/// The epoch keys of one group: the rows of the table `epochs`.
pub(crate) struct EpochKeyring<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) group: GroupKey,
    pub(crate) id: GroupId,
}

impl<'a> EpochKeyring<'a> {
    /// The keyring of the group that a transaction writes to.
    pub(crate) fn new(transaction: &GroupTransaction<'a>) -> Self {
        Self {
            connection: transaction.connection(),
            group: transaction.group(),
            id: transaction.ledger().group(),
        }
    }

    /// Whether the group has no key at all: no entry of it was ever exported.
    pub(crate) fn is_empty(&self) -> Result<bool, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT 1 FROM epochs WHERE grp = ?1 LIMIT 1")?;
        Ok(!statement.exists([self.group.0])?)
    }

    /// The key of a topic, with its number in the table `epochs`.
    pub(crate) fn find(&self, topic: &Topic) -> Result<Option<(i64, EpochKey)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT e, secret FROM epochs WHERE grp = ?1 AND topic = ?2")?;
        let found = statement
            .query_row((self.group.0, topic.as_bytes()), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found.map(|(e, secret)| (e, EpochKey::from_bytes(self.id, secret))))
    }

    /// The key with this number.
    pub(crate) fn get(&self, e: i64) -> Result<EpochKey, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT secret FROM epochs WHERE e = ?1")?;
        let secret = statement.query_row([e], |row| row.get(0))?;
        Ok(EpochKey::from_bytes(self.id, secret))
    }

    /// All keys, each with whether the history box of its epoch was opened.
    pub(crate) fn all(&self) -> Result<Vec<(EpochKey, bool)>, StoreError> {
        let graph = EpochGraph::read(self)?;
        let begun = graph.begun();
        let opened = |topic: &Topic| begun.get(topic).copied().unwrap_or_default();
        Ok(graph.keys().map(|(topic, _, key)| (key.clone(), opened(topic))).collect())
    }

    /// Adds a key. Returns whether it is new.
    pub(crate) fn add(&self, key: &EpochKey) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT OR IGNORE INTO epochs (grp, topic, secret) VALUES (?1, ?2, ?3)",
        )?;
        let row = (self.group.0, key.topic().as_bytes().to_vec(), key.expose_secret());
        Ok(statement.execute(row)? > 0)
    }

    /// Adds the keys in the boxes of admitted epoch entries, as far as their own keys are here.
    /// Returns the topics whose keys are new.
    pub(crate) fn open_boxes(&self) -> Result<Vec<Topic>, StoreError> {
        EpochGraph::read(self)?.open_boxes(self)
    }

    /// The key under which a message travels that no bundle accompanies: of the last root, which
    /// the members who know the group best have.
    pub(crate) fn newest(&self) -> Result<Option<EpochKey>, StoreError> {
        let graph = EpochGraph::read(self)?;
        let newest = graph.roots().entries().first().map(|(_, key)| (*key).clone());
        Ok(newest)
    }

    /// The predecessors of an epoch that begins now: the entries of all roots, and of void epochs
    /// under whose keys applied entries came; with their keys, the first one first.
    pub(super) fn predecessors(&self) -> Result<Vec<(EntryId, EpochKey)>, StoreError> {
        let graph = EpochGraph::read(self)?;
        let mut roots = graph.roots();
        roots.add_void(&self.counted_under()?);
        let all = roots.entries().iter().rev();
        Ok(all.map(|(id, key)| (*id, (*key).clone())).collect())
    }

    /// The numbers of the keys under which applied entries came.
    fn counted_under(&self) -> Result<BTreeSet<i64>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT epoch FROM sealed JOIN entries USING (n)
             WHERE grp = ?1 AND verdict = 0",
        )?;
        let rows = statement.query_map([self.group.0], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Clears the requests for keys that went out.
    pub(crate) fn clear_wanted(&self, numbers: &BTreeSet<i64>) -> Result<(), StoreError> {
        let mut statement =
            self.connection.prepare_cached("UPDATE epochs SET wanted = 0 WHERE e = ?1")?;
        for number in numbers {
            statement.execute([number])?;
        }
        Ok(())
    }

    /// The keys that an export includes, and what they reach.
    pub(crate) fn exported_keys(&self) -> Result<ExportedKeys, StoreError> {
        let graph = EpochGraph::read(self)?;
        let (roots, begun) = (graph.roots(), graph.begun());
        let mut keys: Vec<EpochKey> =
            roots.entries().iter().map(|(_, key)| (*key).clone()).collect();
        let root_count = keys.len();
        let mut wanted =
            self.connection.prepare_cached("SELECT e FROM epochs WHERE grp = ?1 AND wanted = 1")?;
        let mut wanted: BTreeSet<i64> =
            wanted.query_map([self.group.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for (topic, number, key) in graph.keys() {
            if !begun.contains_key(topic) {
                wanted.remove(&number);
            } else if wanted.contains(&number) && !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        let belongs = graph.keys().filter(|(topic, ..)| begun.contains_key(topic));
        let named = belongs.map(|(_, number, _)| number).collect();
        let (reached, own) = (roots.reached(), graph.own());
        Ok(ExportedKeys { keys, roots: root_count, reached, named, own, wanted })
    }

    /// Notes that another device asked for the key of a topic.
    pub(crate) fn note_wanted(&self, topic: &Topic) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE epochs SET wanted = 1 WHERE grp = ?1 AND topic = ?2")?;
        statement.execute((self.group.0, topic.as_bytes()))?;
        Ok(())
    }
}

/// The keys that go out with a bundle.
pub(crate) struct ExportedKeys {
    /// Those of the roots, the last one first, and those that somebody asked for.
    pub(crate) keys: Vec<EpochKey>,
    /// The number of roots.
    pub(crate) roots: usize,
    /// The numbers of all keys that are reached from the roots.
    pub(crate) reached: BTreeSet<i64>,
    /// The numbers of the keys that belong to an admitted epoch entry.
    pub(crate) named: BTreeSet<i64>,
    /// The applied epoch entries whose keys are held, by their numbers, each with that of its key.
    pub(crate) own: BTreeMap<i64, i64>,
    /// The numbers of those among `keys` that somebody asked for.
    pub(crate) wanted: BTreeSet<i64>,
}
