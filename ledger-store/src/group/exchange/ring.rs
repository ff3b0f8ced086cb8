//! The epoch keys of a group that are here.

use ledger_core::GroupId;
use ledger_core::engine::{DecodedEntry, Epoch, Payload};
use ledger_core::seal::{EpochKey, Topic};
use rusqlite::{Connection, OptionalExtension as _};

use crate::StoreError;
use crate::group::GroupKey;

pub(super) struct EpochKeyring<'a> {
    pub(super) connection: &'a Connection,
    pub(super) group: GroupKey,
    pub(super) id: GroupId,
}

impl EpochKeyring<'_> {
    /// Whether no key is here at all: nothing was ever handed out.
    pub(super) fn is_empty(&self) -> Result<bool, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT 1 FROM epochs WHERE grp = ?1 LIMIT 1")?;
        Ok(!statement.exists([self.group.0])?)
    }

    /// The key of a topic, and its number.
    pub(super) fn find(&self, topic: &Topic) -> Result<Option<(i64, EpochKey)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT e, secret FROM epochs WHERE grp = ?1 AND topic = ?2")?;
        let found = statement
            .query_row((self.group.0, topic.as_bytes()), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found.map(|(e, secret)| (e, EpochKey::from_bytes(self.id, secret))))
    }

    pub(super) fn get(&self, e: i64) -> Result<EpochKey, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT secret FROM epochs WHERE e = ?1")?;
        let secret = statement.query_row([e], |row| row.get(0))?;
        Ok(EpochKey::from_bytes(self.id, secret))
    }

    /// Keeps a key; whether it is new here.
    pub(super) fn add(&self, key: &EpochKey) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "INSERT OR IGNORE INTO epochs (grp, topic, secret) VALUES (?1, ?2, ?3)",
        )?;
        let row = (self.group.0, key.topic().as_bytes().to_vec(), key.expose_secret());
        Ok(statement.execute(row)? > 0)
    }

    /// Takes the keys out of an epoch's box, if its key is here; the topics that
    /// are new.
    pub(super) fn learn(&self, epoch: &Epoch) -> Result<Vec<Topic>, StoreError> {
        let Some((_, key)) = self.find(&epoch.topic())? else { return Ok(Vec::new()) };
        // What a rotator lists and does not hand over is left alone; whoever has
        // it puts it into the next box.
        let Ok(keys) = key.predecessors(epoch) else { return Ok(Vec::new()) };
        let mut new = Vec::new();
        let mut cover = self
            .connection
            .prepare_cached("UPDATE epochs SET covered = 1 WHERE grp = ?1 AND topic = ?2")?;
        for key in keys {
            if self.add(&key)? {
                new.push(key.topic());
            }
            cover.execute((self.group.0, key.topic().as_bytes()))?;
        }
        Ok(new)
    }

    /// Finds the signed entries of keys that came without; the topics that are
    /// new by that.
    pub(super) fn refresh(&self) -> Result<Vec<Topic>, StoreError> {
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
                    new.extend(self.learn(&epoch)?);
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

    /// The keys that are in no box here, oldest first.
    pub(super) fn uncovered(&self) -> Result<Vec<EpochKey>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT secret FROM epochs WHERE grp = ?1 AND begun = 1 AND covered = 0 ORDER BY e",
        )?;
        let rows = statement.query_map([self.group.0], |row| row.get(0))?;
        rows.map(|secret| Ok(EpochKey::from_bytes(self.id, secret?))).collect()
    }

    /// Whether the signed entry of a topic is here, and its box was looked into.
    pub(super) fn has_begun(&self, topic: &Topic) -> Result<bool, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM epochs WHERE grp = ?1 AND topic = ?2 AND begun = 1")?;
        Ok(statement.exists((self.group.0, topic.as_bytes()))?)
    }

    /// Nobody waits for a key any more that was just handed out.
    pub(super) fn handed_out(&self) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE epochs SET wanted = 0 WHERE grp = ?1 AND wanted = 1")?;
        statement.execute([self.group.0])?;
        Ok(())
    }

    /// The keys to hand out: those in no box, and those that somebody wanted.
    pub(super) fn to_hand_out(&self) -> Result<Vec<EpochKey>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT secret FROM epochs
             WHERE grp = ?1 AND begun = 1 AND (covered = 0 OR wanted = 1) ORDER BY e DESC",
        )?;
        let rows = statement.query_map([self.group.0], |row| row.get(0))?;
        rows.map(|secret| Ok(EpochKey::from_bytes(self.id, secret?))).collect()
    }

    /// Somebody asked for the key of a topic.
    pub(super) fn want(&self, topic: &Topic) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE epochs SET wanted = 1 WHERE grp = ?1 AND topic = ?2")?;
        statement.execute((self.group.0, topic.as_bytes()))?;
        Ok(())
    }
}
