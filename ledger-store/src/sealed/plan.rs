//! Deciding what goes out: the entries, the epochs under which they travel, and the keys.

use std::collections::BTreeMap;

use ledger_core::bundle::{FRAME_BYTES, MAX_PART_ENTRIES, Manifest, Summary};
use ledger_core::keys::DeviceKey;
use ledger_core::seal::{Envelope, EpochKey, Topic};
use ledger_core::{DeviceId, EntryId};
use rusqlite::{Connection, OptionalExtension as _};

use super::quarantine::Quarantine;
use super::{BundleCursor, Since};
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::GroupTransaction;
use crate::entries::index::stored_entry;
use crate::keyring::{EpochKeyring, sealing_key_or_new};
use crate::platform::environment::random;
use crate::session::GroupSession;

/// An entry that goes out.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) n: i64,
    pub(super) epoch: i64,
    /// Whether it begins an epoch. Such entries stand in front of every part.
    pub(super) begins: bool,
}

/// The content of a bundle or a part of one, decided before the first byte is written.
pub(super) struct Plan {
    pub(super) rows: Vec<Row>,
    /// Number of entries that found no room.
    pub(super) left: u64,
    pub(super) sealing: EpochKey,
    pub(super) key_envelopes: Vec<Vec<u8>>,
    pub(super) recipients: u64,
    pub(super) heads: Vec<EntryId>,
    /// The last entry of this device that goes out now or went out before.
    pub(super) own_tip: Option<(u64, EntryId)>,
    pub(super) wanted: Vec<Topic>,
}

/// Decides what goes out next, in the transaction that notes it.
///
/// An entry that goes out for the first time is assigned the epoch in use; it keeps that epoch, so
/// it always travels as the same bytes. An entry that finds no room under the limit is assigned
/// none, so that a later epoch can still seal it.
pub(super) fn plan(
    group: &GroupSession,
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
    cursor: &BundleCursor,
    most_bytes: Option<u64>,
) -> Result<Plan, StoreError> {
    cursor.check(group, transaction.connection())?;
    let (epoch, sealing) = sealing_key_or_new(transaction, device)?;
    let connection = transaction.connection();
    let recipients = transaction.ledger().state().recipients();
    let keyring = EpochKeyring::new(transaction);
    let mut key_envelopes = Vec::new();
    for key in keyring.keys_to_export()? {
        key_envelopes.extend(key.wrap_for(&recipients, &*random(transaction.environment())?));
    }
    keyring.clear_wanted()?;
    let heads: Vec<EntryId> =
        transaction.ledger().frontier().heads().take(Manifest::MAX_LISTED).collect();
    let wanted = Quarantine { connection, group: group.key }.topics()?;
    let found = match cursor.since() {
        Since::Beginning => all(connection, group.key, cursor.at())?,
        Since::Known(summary) => unknown_to(connection, group.key, summary, cursor.at())?,
    };
    let listed = heads.len().saturating_add(wanted.len());
    let mut room = most_bytes.map(|most| Room::new(most, &key_envelopes, listed));
    let mut assign =
        connection.prepare_cached("INSERT OR IGNORE INTO sealed (n, epoch) VALUES (?1, ?2)")?;
    let mut assigned = connection.prepare_cached("SELECT epoch FROM sealed WHERE n = ?1")?;
    let mut rows = Vec::with_capacity(found.len());
    for &(n, begins) in &found {
        if let Some(room) = &mut room
            && !room.takes(entry_bytes(connection, n)?, begins)
        {
            break;
        }
        assign.execute((n, epoch))?;
        rows.push(Row { n, epoch: assigned.query_row([n], |row| row.get(0))?, begins });
    }
    let left = found.len().saturating_sub(rows.len());
    let upto = rows.iter().rfind(|row| !row.begins).map(|row| row.n).filter(|_| left > 0);
    Ok(Plan {
        rows,
        left: u64::try_from(left).unwrap_or(u64::MAX),
        sealing,
        key_envelopes,
        recipients: u64::try_from(recipients.len()).unwrap_or(u64::MAX),
        heads,
        own_tip: own_tip(transaction, device.id(), upto)?,
        wanted,
    })
}

/// The last entry of a device among those up to a number and those that begin epochs.
fn own_tip(
    transaction: &GroupTransaction<'_>,
    device: DeviceId,
    upto: Option<i64>,
) -> Result<Option<(u64, EntryId)>, StoreError> {
    let mut tips = transaction.ledger().frontier().tips();
    let tip = tips.find(|(_, owner, ..)| *owner == device).map(|(_, _, seq, id)| (seq, id));
    let (Some((_, id)), Some(upto)) = (tip, upto) else { return Ok(tip) };
    let mut statement = transaction.connection().prepare_cached(
        "SELECT seq, id FROM entries
         WHERE grp = ?1 AND chain = (SELECT chain FROM entries WHERE id = ?2)
             AND (n <= ?3 OR kind = 23)
         ORDER BY seq DESC LIMIT 1",
    )?;
    let mut rows = statement.query((transaction.group().0, id.as_bytes(), upto))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some((row.get(0)?, EntryId::from_bytes(row.get(1)?))))
}

/// Counts the exact bytes of a part before anything is sealed.
struct Room {
    most: u64,
    /// Bytes without the manifest that is being filled.
    bytes: u64,
    /// Number of entries in that manifest.
    entries: usize,
    /// Number of heads and wanted topics in that manifest.
    listed: usize,
    /// Whether an entry is counted in that begins no epoch, so that the cursor moves on.
    moves: bool,
}

impl Room {
    fn new(most: u64, key_envelopes: &[Vec<u8>], listed: usize) -> Self {
        let bytes = key_envelopes.iter().map(|envelope| framed(envelope.len()));
        let bytes = bytes.fold(0, u64::saturating_add);
        Self { most, bytes, entries: 0, listed, moves: false }
    }

    /// Counts an entry in, if there is room. There always is for entries that begin epochs,
    /// because what follows may not open without them, and for one more entry, because the
    /// export would never end otherwise.
    fn takes(&mut self, entry_bytes: usize, begins: bool) -> bool {
        let (mut bytes, mut entries, mut listed) = (self.bytes, self.entries, self.listed);
        if entries == MAX_PART_ENTRIES {
            bytes = bytes.saturating_add(manifest(entries.saturating_add(listed)));
            (entries, listed) = (0, 0);
        }
        entries = entries.saturating_add(1);
        bytes = bytes.saturating_add(framed(Envelope::sealed_len(entry_bytes)));
        let whole = bytes.saturating_add(manifest(entries.saturating_add(listed)));
        if whole > self.most && !begins && self.moves {
            return false;
        }
        *self = Self { most: self.most, bytes, entries, listed, moves: self.moves || !begins };
        true
    }
}

fn manifest(listed: usize) -> u64 {
    framed(Manifest::max_len(listed))
}

fn framed(record: usize) -> u64 {
    u64::try_from(record.saturating_add(FRAME_BYTES)).unwrap_or(u64::MAX)
}

fn entry_bytes(connection: &Connection, n: i64) -> Result<usize, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT length(entry) FROM entries WHERE n = ?1")?;
    Ok(statement.query_row([n], |row| row.get(0))?)
}

/// Epoch entries first, from the last to the first: they carry the keys of what follows. Then the
/// other entries after a number, in the order in which they came here.
const ALL: &str = "SELECT n, later FROM (
         SELECT n, 0 AS later, -lamport AS place FROM entries WHERE grp = ?1 AND kind = 23
         UNION ALL
         SELECT n, 1, n FROM entries WHERE grp = ?1 AND n > ?2 AND kind <> 23
     ) ORDER BY later, place";

/// The numbers of all entries, each with whether it begins an epoch.
fn all(
    connection: &Connection,
    group: GroupKey,
    after: i64,
) -> Result<Vec<(i64, bool)>, StoreError> {
    let mut statement = connection.prepare_cached(ALL)?;
    let rows = statement.query_map((group.0, after), |row| {
        let later: bool = row.get(1)?;
        Ok((row.get(0)?, !later))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The entries that a receiver lacks, as far as its summary tells.
fn unknown_to(
    connection: &Connection,
    group: GroupKey,
    summary: &Summary,
    after: i64,
) -> Result<Vec<(i64, bool)>, StoreError> {
    let mut chains =
        connection.prepare_cached("SELECT DISTINCT chain FROM entries WHERE grp = ?1")?;
    let chains: Vec<u32> =
        chains.query_map([group.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut known: BTreeMap<u32, u64> = BTreeMap::new();
    for chain in chains {
        let Some(device) = device_of_chain(connection, group, chain)? else { continue };
        let mut failed = None;
        let seq = summary.known(device, |seq| {
            entry_at(connection, group, chain, seq).unwrap_or_else(|error| {
                failed = Some(error);
                None
            })
        });
        if let Some(error) = failed {
            return Err(error);
        }
        known.extend(seq.map(|seq| (chain, seq)));
    }
    let mut place = connection.prepare_cached("SELECT chain, seq FROM entries WHERE n = ?1")?;
    let mut numbers = Vec::new();
    for (n, begins) in all(connection, group, after)? {
        let (chain, seq): (u32, u64) =
            place.query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if known.get(&chain).is_none_or(|known| seq > *known) {
            numbers.push((n, begins));
        }
    }
    Ok(numbers)
}

/// The id at a position of a chain.
fn entry_at(
    connection: &Connection,
    group: GroupKey,
    chain: u32,
    seq: u64,
) -> Result<Option<EntryId>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id FROM entries WHERE grp = ?1 AND chain = ?2 AND seq = ?3")?;
    let found = statement.query_row((group.0, chain, seq), |row| row.get(0)).optional()?;
    Ok(found.map(EntryId::from_bytes))
}

/// The device of a chain, by its first entry here.
fn device_of_chain(
    connection: &Connection,
    group: GroupKey,
    chain: u32,
) -> Result<Option<DeviceId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT entry, signature FROM entries WHERE grp = ?1 AND chain = ?2 ORDER BY seq LIMIT 1",
    )?;
    let mut rows = statement.query((group.0, chain))?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let entry = stored_entry(row)?;
    Ok(Some(entry.decoded().header().device()))
}
