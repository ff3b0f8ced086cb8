//! Plan of an export: the entries that go out, the key of their manifests, and the keys beside them.

use ledger_core::EntryId;
use ledger_core::bundle::{FRAME_BYTES, MAX_PART_ENTRIES, Manifest};
use ledger_core::keys::DeviceKey;
use ledger_core::seal::{Envelope, Topic};
use rusqlite::Connection;

use super::binding::Sealing;
use super::quarantine::Quarantine;
use super::summary::Lacks;
use super::{BundleCursor, Since};
use crate::StoreError;
use crate::database::{Apart, GroupKey};
use crate::entries::GroupTransaction;
use crate::platform::progress::{OnProgress, Phase, Progress, call};
use crate::session::GroupSession;

/// Entries between two calls of the progress callback.
const STEP: usize = 256;

/// An entry that goes out.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) n: i64,
    pub(super) id: EntryId,
    /// Whether it begins an epoch. Such entries stand in front of every part.
    pub(super) begins: bool,
}

/// The content of a bundle or a part of one, decided before the first byte is written.
pub(super) struct Plan {
    pub(super) rows: Vec<Row>,
    /// Number of entries that found no room.
    pub(super) left: u64,
    pub(super) sealing: Sealing,
    pub(super) recipients: u64,
    pub(super) heads: Vec<EntryId>,
    /// The last entry of this device that goes out now or went out before.
    pub(super) own_tip: Option<(u64, EntryId)>,
    pub(super) wanted: Vec<Topic>,
}

/// The group when an export begins.
struct Start {
    sealing: Sealing,
    recipients: u64,
    heads: Vec<EntryId>,
    /// The last entry of this device.
    own_tip: Option<(u64, EntryId)>,
    wanted: Vec<Topic>,
    /// The entries that may go out.
    candidates: Vec<Row>,
}

/// Decides what goes out next. Assigns no epoch yet: [`Binding`](super::binding::Binding) does, when
/// bytes are about to leave. Calls back without holding the writer permit, but on a snapshot: in
/// memory, commits wait for the callback.
pub(super) fn plan(
    group: &GroupSession,
    apart: &Apart<'_>,
    device: &DeviceKey,
    cursor: &BundleCursor,
    most_bytes: Option<u64>,
    progress: OnProgress<'_>,
) -> Result<Plan, StoreError> {
    let start = group.write(|transaction| start(group, transaction, device, cursor))?;
    // Entries stay as they are, so a later snapshot has all of them.
    apart.read(|connection| {
        let Start { sealing, recipients, heads, own_tip, wanted, candidates } = start;
        let found = match cursor.since() {
            Since::Beginning => candidates,
            Since::Known(summary) => {
                let lacks = Lacks::new(connection, group.key, summary)?;
                let mut found = Vec::new();
                for (place, row) in candidates.iter().enumerate() {
                    call_back(place, candidates.len(), progress)?;
                    if lacks.lacks(connection, row.n)? {
                        found.push(*row);
                    }
                }
                found
            }
        };
        let listed = heads.len().saturating_add(wanted.len());
        let mut room = most_bytes.map(|most| Room::new(most, &sealing.key_envelopes, listed));
        let mut rows = Vec::with_capacity(found.len());
        for (place, row) in found.iter().enumerate() {
            call_back(place, found.len(), progress)?;
            if let Some(room) = &mut room
                && !room.takes(entry_bytes(connection, row.n)?, row.begins)
            {
                break;
            }
            rows.push(*row);
        }
        let left = found.len().saturating_sub(rows.len());
        let upto = rows.iter().rfind(|row| !row.begins).map(|row| row.n).filter(|_| left > 0);
        let own_tip = match (own_tip, upto) {
            (Some(tip), Some(upto)) => own_entry_upto(connection, group.key, tip, upto)?,
            (tip, _) => tip,
        };
        let left = u64::try_from(left).unwrap_or(u64::MAX);
        Ok(Plan { rows, left, sealing, recipients, heads, own_tip, wanted })
    })
}

fn start(
    group: &GroupSession,
    transaction: &mut GroupTransaction<'_>,
    device: &DeviceKey,
    cursor: &BundleCursor,
) -> Result<Start, StoreError> {
    let connection = transaction.connection();
    cursor.check(group, connection)?;
    let sealing = Sealing::choose(transaction, device)?;
    let ledger = transaction.ledger();
    let recipients = ledger.state().recipients().len();
    let mut tips = ledger.frontier().tips();
    let own_tip = tips.find(|(_, owner, ..)| *owner == device.id());
    Ok(Start {
        sealing,
        recipients: u64::try_from(recipients).unwrap_or(u64::MAX),
        heads: ledger.frontier().heads().take(Manifest::MAX_LISTED).collect(),
        own_tip: own_tip.map(|(_, _, seq, id)| (seq, id)),
        wanted: Quarantine { connection, group: group.key }.topics()?,
        candidates: all(connection, group.key, cursor.at())?,
    })
}

/// Calls back now and then, before anything is written.
fn call_back(place: usize, of: usize, progress: OnProgress<'_>) -> Result<(), StoreError> {
    if !place.is_multiple_of(STEP) {
        return Ok(());
    }
    let total = u64::try_from(of).unwrap_or(u64::MAX);
    call(progress, Progress { phase: Phase::Sealing, done: 0, total })
}

/// The last entry of the chain up to this tip among those up to a number and those that begin epochs.
/// What was appended behind the tip since does not go out.
fn own_entry_upto(
    connection: &Connection,
    group: GroupKey,
    (last, tip): (u64, EntryId),
    upto: i64,
) -> Result<Option<(u64, EntryId)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, id FROM entries
         WHERE grp = ?1 AND chain = (SELECT chain FROM entries WHERE id = ?2)
             AND (n <= ?3 OR (kind = 23 AND verdict = 0)) AND seq <= ?4
         ORDER BY seq DESC LIMIT 1",
    )?;
    let mut rows = statement.query((group.0, tip.as_bytes(), upto, last))?;
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

/// Applied epoch entries first, from the last to the first: they carry the keys of what follows.
/// Then the other entries after a number, in the order in which they came here. Void epoch entries
/// and those of later versions are among the others, so that nobody can make every part long.
const ALL: &str = "SELECT n, id, later FROM (
         SELECT n, id, 0 AS later, -lamport AS place FROM entries
             WHERE grp = ?1 AND kind = 23 AND verdict = 0
         UNION ALL
         SELECT n, id, 1, n FROM entries
             WHERE grp = ?1 AND n > ?2 AND NOT (kind = 23 AND verdict = 0)
     ) ORDER BY later, place";

/// All entries, those that begin epochs first.
fn all(connection: &Connection, group: GroupKey, after: i64) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(ALL)?;
    let rows = statement.query_map((group.0, after), |row| {
        let (id, later): (_, bool) = (row.get(1)?, row.get(2)?);
        Ok(Row { n: row.get(0)?, id: EntryId::from_bytes(id), begins: !later })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
