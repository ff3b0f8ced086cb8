//! The epoch keys of a group that this device has.

use ledger_core::GroupId;
use ledger_core::engine::{DecodedEntry, Epoch, Payload};
use ledger_core::seal::{EpochKey, Topic};
use rusqlite::{Connection, OptionalExtension as _};

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
        let mut statement =
            self.connection.prepare_cached("SELECT secret, begun FROM epochs WHERE grp = ?1")?;
        let rows = statement.query_map([self.group.0], |row| {
            Ok((EpochKey::from_bytes(self.id, row.get(0)?), row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Notes that a key is in the history box of a later epoch.
    pub(crate) fn note_covered(&self, topic: &Topic) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE epochs SET covered = 1 WHERE grp = ?1 AND topic = ?2")?;
        statement.execute((self.group.0, topic.as_bytes()))?;
        Ok(())
    }

    /// Adds a key. Returns whether it is new.
    pub(crate) fn add(&self, key: &EpochKey) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT OR IGNORE INTO epochs (grp, topic, secret) VALUES (?1, ?2, ?3)",
        )?;
        let row = (self.group.0, key.topic().as_bytes().to_vec(), key.expose_secret());
        Ok(statement.execute(row)? > 0)
    }

    /// Adds the keys of earlier epochs that an epoch's history box holds, if the key of the epoch
    /// is here. Returns the topics whose keys are new.
    pub(crate) fn open_history_box(&self, epoch: &Epoch) -> Result<Vec<Topic>, StoreError> {
        let Some((_, key)) = self.find(&epoch.topic())? else { return Ok(Vec::new()) };
        // A keyholder can list an epoch and leave its key out of the box. Such a key is left
        // alone; a device that has it puts it into the next box.
        let Ok(keys) = key.predecessors(epoch) else { return Ok(Vec::new()) };
        let mut new = Vec::new();
        for key in keys {
            if self.add(&key)? {
                new.push(key.topic());
            }
            self.note_covered(&key.topic())?;
        }
        Ok(new)
    }

    /// Links keys to the signed entries of their epochs, for keys that came before the entry.
    /// Returns the topics whose keys are new: they come out of the history boxes.
    pub(crate) fn link_signed_epochs(&self) -> Result<Vec<Topic>, StoreError> {
        let mut all = Vec::new();
        loop {
            let mut waiting = self
                .connection
                .prepare_cached("SELECT 1 FROM epochs WHERE grp = ?1 AND begun = 0 LIMIT 1")?;
            if !waiting.exists([self.group.0])? {
                return Ok(all);
            }
            let (mut new, mut begun) = (Vec::new(), 0usize);
            for epoch in self.entries()? {
                let commits = self.find(&epoch.topic())?.map(|(_, key)| key.commit());
                if commits != Some(epoch.commit()) {
                    continue;
                }
                let mut mark = self.connection.prepare_cached(
                    "UPDATE epochs SET begun = 1 WHERE grp = ?1 AND topic = ?2 AND begun = 0",
                )?;
                let marked = mark.execute((self.group.0, epoch.topic().as_bytes()))?;
                if marked > 0 {
                    begun = begun.saturating_add(marked);
                    new.extend(self.open_history_box(&epoch)?);
                }
            }
            if begun == 0 {
                return Ok(all);
            }
            all.append(&mut new);
        }
    }

    /// The epochs of all epoch entries here, the last one first.
    fn entries(&self) -> Result<Vec<Epoch>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT entry FROM entries WHERE grp = ?1 AND kind = 23 ORDER BY lamport DESC",
        )?;
        let mut rows = statement.query([self.group.0])?;
        let mut epochs = Vec::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            let entry = DecodedEntry::decode(bytes, &[0; 64])?;
            if let Payload::Epoch(epoch) = entry.payload() {
                epochs.push(epoch.clone());
            }
        }
        Ok(epochs)
    }

    /// The keys that are in no history box here, oldest first.
    pub(crate) fn uncovered(&self) -> Result<Vec<EpochKey>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT secret FROM epochs WHERE grp = ?1 AND begun = 1 AND covered = 0 ORDER BY e",
        )?;
        let rows = statement.query_map([self.group.0], |row| row.get(0))?;
        rows.map(|secret| Ok(EpochKey::from_bytes(self.id, secret?))).collect()
    }

    /// Clears the requests for keys that an export just included.
    pub(crate) fn clear_wanted(&self) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE epochs SET wanted = 0 WHERE grp = ?1 AND wanted = 1")?;
        statement.execute([self.group.0])?;
        Ok(())
    }

    /// The keys that an export includes: those in no history box, and those that were asked for.
    pub(crate) fn keys_to_export(&self) -> Result<Vec<EpochKey>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT secret FROM epochs
             WHERE grp = ?1 AND begun = 1 AND (covered = 0 OR wanted = 1) ORDER BY e DESC",
        )?;
        let rows = statement.query_map([self.group.0], |row| row.get(0))?;
        rows.map(|secret| Ok(EpochKey::from_bytes(self.id, secret?))).collect()
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
