//! What goes into a bundle, or into one part of it.

use std::collections::BTreeMap;

use ledger_core::bundle::{FRAME_BYTES, MAX_PART_ENTRIES, Manifest, Summary};
use ledger_core::keys::DeviceKey;
use ledger_core::seal::{Envelope, EpochKey, Topic};
use ledger_core::{DeviceId, EntryId};
use rusqlite::Connection;

use super::guard::{device_of_chain, entry_at};
use super::quarantine::Quarantine;
use super::ring::EpochKeyring;
use super::{BundleCursor, Since};
use crate::StoreError;
use crate::environment::random;
use crate::group::{Group, GroupKey, GroupTransaction};

/// An entry that goes out.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) n: i64,
    pub(super) epoch: i64,
    /// Whether it begins an epoch. Such entries stand in front of every part.
    pub(super) begins: bool,
}

/// What is settled before the first byte is written.
pub(super) struct Plan {
    pub(super) rows: Vec<Row>,
    /// Entries that found no room.
    pub(super) left: u64,
    pub(super) sealing: EpochKey,
    pub(super) key_envelopes: Vec<Vec<u8>>,
    pub(super) recipients: u64,
    pub(super) heads: Vec<EntryId>,
    /// The last entry of this device that goes out, or went before.
    pub(super) own_tip: Option<(u64, EntryId)>,
    pub(super) wanted: Vec<Topic>,
}

impl Group {
    pub(super) fn plan(
        &self,
        writer: &mut GroupTransaction<'_>,
        device: &DeviceKey,
        cursor: &BundleCursor,
        most_bytes: Option<u64>,
    ) -> Result<Plan, StoreError> {
        cursor.check(self, writer.connection())?;
        let (epoch, sealing) = self.sealing_key_or_new(writer, device)?;
        let connection = writer.connection();
        let recipients = writer.ledger().state().recipients();
        let ring = EpochKeyring { connection, group: self.key, id: self.id };
        let mut key_envelopes = Vec::new();
        for key in ring.to_hand_out()? {
            key_envelopes.extend(key.wrap_for(&recipients, &*random(writer.environment())?));
        }
        ring.handed_out()?;
        let heads: Vec<EntryId> =
            writer.ledger().frontier().heads().take(Manifest::MAX_LISTED).collect();
        let wanted = Quarantine { connection, group: self.key }.topics()?;
        let found = match cursor.since() {
            Since::Beginning => all(connection, self.key, cursor.at())?,
            Since::Known(summary) => unknown_to(connection, self.key, summary, cursor.at())?,
        };
        let mut room = most_bytes
            .map(|most| Room::new(most, &key_envelopes, heads.len().saturating_add(wanted.len())));
        // The epoch of an entry is chosen when it goes out, not before.
        let mut choose =
            connection.prepare_cached("INSERT OR IGNORE INTO sealed (n, epoch) VALUES (?1, ?2)")?;
        let mut look = connection.prepare_cached("SELECT epoch FROM sealed WHERE n = ?1")?;
        let mut rows = Vec::with_capacity(found.len());
        for &(n, begins) in &found {
            if let Some(room) = &mut room
                && !room.takes(entry_bytes(connection, n)?, begins)
            {
                break;
            }
            choose.execute((n, epoch))?;
            rows.push(Row { n, epoch: look.query_row([n], |row| row.get(0))?, begins });
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
            own_tip: self.own_tip(writer, self.device, upto)?,
            wanted,
        })
    }

    /// This device's last entry, of those up to a number and those that begin epochs.
    fn own_tip(
        &self,
        writer: &GroupTransaction<'_>,
        device: DeviceId,
        upto: Option<i64>,
    ) -> Result<Option<(u64, EntryId)>, StoreError> {
        let mut tips = writer.ledger().frontier().tips();
        let tip = tips.find(|(_, of, ..)| *of == device).map(|(_, _, seq, id)| (seq, id));
        let (Some((_, id)), Some(upto)) = (tip, upto) else { return Ok(tip) };
        let mut statement = writer.connection().prepare_cached(
            "SELECT seq, id FROM entries
             WHERE grp = ?1 AND chain = (SELECT chain FROM entries WHERE id = ?2)
                 AND (n <= ?3 OR kind = 23)
             ORDER BY seq DESC LIMIT 1",
        )?;
        let mut rows = statement.query((self.key.0, id.as_bytes(), upto))?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some((row.get(0)?, EntryId::from_bytes(row.get(1)?))))
    }
}

/// Counts the bytes of a part to the last one, before anything is sealed.
struct Room {
    most: u64,
    /// Without the manifest that was begun.
    bytes: u64,
    /// Entries in that one.
    entries: usize,
    /// What else is in it.
    listed: usize,
    /// Whether an entry is in that begins no epoch.
    moves: bool,
}

impl Room {
    fn new(most: u64, key_envelopes: &[Vec<u8>], listed: usize) -> Self {
        let bytes = key_envelopes.iter().map(|envelope| framed(envelope.len()));
        let bytes = bytes.fold(0, u64::saturating_add);
        Self { most, bytes, entries: 0, listed, moves: false }
    }

    /// Makes room for an entry, if there is. There always is for those that begin
    /// epochs, as what follows may not open without, and for one more, or the export
    /// would never end.
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
    framed(Manifest::longest(listed))
}

fn framed(record: usize) -> u64 {
    u64::try_from(record.saturating_add(FRAME_BYTES)).unwrap_or(u64::MAX)
}

fn entry_bytes(connection: &Connection, n: i64) -> Result<usize, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT length(entry) FROM entries WHERE n = ?1")?;
    Ok(statement.query_row([n], |row| row.get(0))?)
}

/// Epoch entries first, the last one first: they carry the keys of what follows. The
/// others in the order in which they came here, behind a number.
const ALL: &str = "SELECT n, later FROM (
         SELECT n, 0 AS later, -lamport AS place FROM entries WHERE grp = ?1 AND kind = 23
         UNION ALL
         SELECT n, 1, n FROM entries WHERE grp = ?1 AND n > ?2 AND kind <> 23
     ) ORDER BY later, place";

/// Numbers, and whether each begins an epoch.
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

/// The entries that somebody lacks, as far as their summary tells.
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
