//! The stored entries of a group as core's [`EntryIndex`].

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ledger_core::engine::{
    ChainEntry, ChainPosition, DecodedEntry, EntryIndex, Kind, Link, Payload, Slot, SlotEntry,
    VerifiedEntry,
};
use ledger_core::{EntryId, Origin, Refusal, Rule, Verdict, hazmat};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::slot;
use crate::StoreError;
use crate::database::GroupKey;

/// Number of links that are remembered.
const LINKS: usize = 4096;

/// The entries of one group up to a number. While the tail after a checkpoint is replayed, the
/// index shows each entry's past as it was when the entry was ingested.
pub(crate) struct StoredIndex<'a> {
    connection: &'a Connection,
    group: GroupKey,
    upto: i64,
    /// Links that were looked up: they never change, and entries name the same ones again and
    /// again. None for an entry that is not stored yet.
    links: RefCell<HashMap<EntryId, Option<Link>>>,
}

impl<'a> StoredIndex<'a> {
    pub(crate) fn new(connection: &'a Connection, group: GroupKey, upto: i64) -> Self {
        Self { connection, group, upto, links: RefCell::default() }
    }

    /// All stored entries.
    pub(crate) fn whole(connection: &'a Connection, group: GroupKey) -> Self {
        Self::new(connection, group, i64::MAX)
    }

    /// Notes that an entry is not among the stored ones, which saves queries for it.
    pub(crate) fn lacks(&self, id: EntryId) {
        self.remember(id, None);
    }

    /// Moves on to an entry that was replayed.
    pub(crate) fn advance(&mut self, n: i64, entry: &DecodedEntry, position: ChainPosition) {
        self.upto = n;
        self.remember(entry.id(), Some(Link { position, lamport: entry.header().lamport() }));
    }

    fn remember(&self, id: EntryId, link: Option<Link>) {
        let mut links = self.links.borrow_mut();
        if links.len() >= LINKS {
            links.clear();
        }
        links.insert(id, link);
    }

    fn known(&self, id: &EntryId) -> Option<Option<Link>> {
        self.links.borrow().get(id).copied()
    }

    fn find_link(&self, id: &EntryId) -> Result<Option<Link>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT chain, seq, lamport FROM entries WHERE id = ?1 AND grp = ?2 AND n <= ?3",
        )?;
        let mut rows = statement.query((id.as_bytes(), self.group.0, self.upto))?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let position = ChainPosition { chain: row.get(0)?, seq: row.get(1)? };
        Ok(Some(Link { position, lamport: row.get(2)? }))
    }

    /// The number of the original that names a slot. `None` if it is not stored: its slot is empty.
    fn slot_row(&self, original: &EntryId) -> Result<Option<i64>, StoreError> {
        if self.known(original) == Some(None) {
            return Ok(None);
        }
        let mut statement =
            self.connection.prepare_cached("SELECT n FROM entries WHERE id = ?1 AND grp = ?2")?;
        let key = (original.as_bytes(), self.group.0);
        Ok(statement.query_row(key, |row| row.get(0)).optional()?)
    }
}

impl EntryIndex for StoredIndex<'_> {
    type Error = StoreError;

    fn link(&self, id: &EntryId) -> Result<Option<Link>, StoreError> {
        if let Some(link) = self.known(id) {
            return Ok(link);
        }
        let link = self.find_link(id)?;
        self.remember(*id, link);
        Ok(link)
    }

    fn dependencies(&self, id: &EntryId) -> Result<Vec<EntryId>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT entry FROM entries WHERE id = ?1 AND grp = ?2 AND n <= ?3")?;
        let mut rows = statement.query((id.as_bytes(), self.group.0, self.upto))?;
        let Some(row) = rows.next()? else { return Ok(Vec::new()) };
        let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        hazmat::read_stored_dependencies(bytes).map_err(|refusal| changed(&refusal))
    }

    fn chain(&self, from: ChainPosition) -> Result<Vec<ChainEntry>, StoreError> {
        self.chain_until(from, u64::MAX)
    }

    fn chain_until(&self, from: ChainPosition, until: u64) -> Result<Vec<ChainEntry>, StoreError> {
        let until = i64::try_from(until).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(
            "SELECT id, seq, kind, verdict FROM entries
             WHERE grp = ?1 AND chain = ?2 AND seq >= ?3 AND seq < ?4 AND n <= ?5",
        )?;
        let range = (self.group.0, from.chain, from.seq, until, self.upto);
        let mut rows = statement.query(range)?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(ChainEntry {
                id: EntryId::from_bytes(row.get(0)?),
                seq: row.get(1)?,
                kind: Kind::from_number(row.get(2)?),
                verdict: verdict(row.get(3)?)?,
            });
        }
        Ok(entries)
    }

    fn bytes(&self, from: ChainPosition, until: u64) -> Result<u64, StoreError> {
        let until = i64::try_from(until).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(
            "SELECT coalesce(sum(length(entry)), 0) FROM entries
             WHERE grp = ?1 AND chain = ?2 AND seq >= ?3 AND seq < ?4 AND n <= ?5",
        )?;
        let range = (self.group.0, from.chain, from.seq, until, self.upto);
        Ok(statement.query_row(range, |row| row.get(0))?)
    }

    fn entry(&self, id: &EntryId) -> Result<Option<Arc<VerifiedEntry>>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT entry, signature FROM entries WHERE id = ?1 AND grp = ?2 AND n <= ?3",
        )?;
        let mut rows = statement.query((id.as_bytes(), self.group.0, self.upto))?;
        rows.next()?.map(|row| believed_entry(row, *id).map(Arc::new)).transpose()
    }

    fn first_with_origin(&self, origin: &Origin) -> Result<Option<EntryId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT e.id FROM origins o JOIN entries e ON e.n = o.n
             WHERE o.grp = ?1 AND o.origin = ?2 AND o.n <= ?3 ORDER BY o.n LIMIT 1",
        )?;
        let bounds = (self.group.0, origin.as_bytes(), self.upto);
        let id = statement.query_row(bounds, |row| row.get(0)).optional()?;
        Ok(id.map(EntryId::from_bytes))
    }

    fn slot(&self, original: &EntryId) -> Result<Vec<SlotEntry>, StoreError> {
        let Some(n) = self.slot_row(original)? else { return Ok(Vec::new()) };
        // Only applied entries have a slot.
        let mut statement = self.connection.prepare_cached(
            "SELECT id, lamport, kind FROM entries WHERE n = ?1 AND slot = ?1 AND n <= ?2
             UNION ALL
             SELECT id, lamport, kind FROM entries WHERE slot = ?1 AND slot <> n AND n <= ?2",
        )?;
        let rows = statement.query_map((n, self.upto), slot::part)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn slot_without(
        &self,
        original: &EntryId,
        without: &BTreeSet<EntryId>,
    ) -> Result<Slot, StoreError> {
        let Some(n) = self.slot_row(original)? else { return Ok(Slot::default()) };
        slot::slot_without(self.connection, n, self.upto, without)
    }
}

/// The number of an entry; none if it is not stored.
pub(crate) fn find_number(connection: &Connection, id: EntryId) -> Result<Option<i64>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT n FROM entries WHERE id = ?1")?;
    Ok(statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?)
}

/// The number of the slot of an original, by the original and its number: of several originals with
/// one origin, that of the first that came.
pub(crate) fn slot_number(
    connection: &Connection,
    group: GroupKey,
    original: &DecodedEntry,
    n: i64,
) -> Result<i64, StoreError> {
    let Some(origin) = origin_of(original) else { return Ok(n) };
    let mut statement =
        connection.prepare_cached("SELECT min(n) FROM origins WHERE grp = ?1 AND origin = ?2")?;
    let first: Option<i64> = statement.query_row((group.0, origin.as_bytes()), |row| row.get(0))?;
    Ok(first.unwrap_or(n))
}

/// The origin of an original. A correction or copy has none, whatever its bytes say.
pub(crate) fn origin_of(entry: &DecodedEntry) -> Option<Origin> {
    match entry.payload() {
        Payload::Transaction(transaction) => transaction.origin(),
        _ => None,
    }
}

/// The number of an entry that must be stored.
pub(crate) fn number(connection: &Connection, id: EntryId) -> Result<i64, StoreError> {
    let gone = || StoreError::Damaged(format!("entry {id} is gone"));
    find_number(connection, id)?.ok_or_else(gone)
}

/// Reads a stored verdict.
pub(crate) fn verdict(code: u8) -> Result<Verdict, StoreError> {
    let unknown = || StoreError::Damaged(format!("verdict {code} is unknown"));
    Verdict::from_code(code).ok_or_else(unknown)
}

/// Reads columns 0 and 1 as an entry that was verified when it came in.
pub(crate) fn stored_entry(row: &Row<'_>) -> Result<VerifiedEntry, StoreError> {
    let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
    let entry = DecodedEntry::decode(bytes, &row.get(1)?);
    entry.map(hazmat::trust_stored).map_err(|refusal| changed(&refusal))
}

/// Reads columns 0 and 1 as an entry that was verified when it came in, and believes that it has
/// this id. It is not hashed again: pages are authenticated, and `verify_history` hashes all
/// entries.
pub(crate) fn believed_entry(row: &Row<'_>, id: EntryId) -> Result<VerifiedEntry, StoreError> {
    let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
    let signature = row.get(1)?;
    let entry = hazmat::read_stored(id, bytes, &signature);
    entry.map_err(|refusal| unreadable(id, bytes, &signature, &refusal))
}

/// The error of a stored entry that cannot be read. If its bytes are those that its author signed, it
/// was stored under other rules of form.
fn unreadable(id: EntryId, bytes: &[u8], signature: &[u8; 64], refusal: &Refusal) -> StoreError {
    // Read again with its hashes: of bytes that changed, the id is another or H7 is broken.
    match DecodedEntry::decode(bytes, signature) {
        Err(found) if found.entry() == Some(id) && found.rule() != Rule::H7 => {
            StoreError::EarlierDraft { entry: id, rule: found.rule() }
        }
        _ => changed(refusal),
    }
}

fn changed(refusal: &Refusal) -> StoreError {
    StoreError::Damaged(format!("a stored entry changed: {refusal}"))
}
