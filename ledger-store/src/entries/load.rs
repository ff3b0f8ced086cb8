//! Loading the ledger of a group: the last usable checkpoint, and the entries after it.

use std::sync::Arc;

use ledger_core::engine::{
    Admission, AdmittedEntry, DecodedEntry, EntryIndex, Ledger, SparseIndex, VerifiedEntry,
};
use ledger_core::{DeviceId, EntryId, GroupId};
use rusqlite::{Connection, OptionalExtension as _};

use super::index::{StoredIndex, believed_entry, stored_entry};
use super::{Arrival, LoadedLedger, Opening, RecentArrivals};
use crate::StoreError;
use crate::database::GroupKey;
use crate::platform::progress::{Meter, OnProgress, Phase};

/// The entries after a checkpoint.
pub(crate) const TAIL: &str =
    "SELECT entry, signature, n, id FROM entries WHERE grp = ?1 AND n > ?2 ORDER BY n";

/// All entries, in the order in which they came.
pub(crate) const ALL: &str =
    "SELECT entry, signature, n, id FROM entries WHERE grp = ?1 ORDER BY n";

/// All entries of a group that has most of the file: reading the table is faster than the index.
const MOST: &str = "SELECT entry, signature, n, id FROM entries WHERE +grp = ?1 ORDER BY n";

/// A group, and whether its rows are to be derived anew.
const GROUP: &str = "SELECT flipped, device, EXISTS (SELECT 1 FROM underived u WHERE u.grp = g.grp)
     FROM groups g WHERE grp = ?1";

/// Brings a ledger up to the last stored entry. Starts from the ledger that is known, else from the
/// newest checkpoint that checks out, else from the first entry.
///
/// The stored verdicts are those as of the last entry. So an entry that changed the verdict of
/// another entry must not be replayed over them: a ledger that covers less than the last such entry
/// cannot be used.
///
/// `progress` is called if all entries have to be replayed.
///
/// # Errors
/// [`StoreError::UnknownGroup`] if another call or process deleted the group; [`StoreError::Damaged`] or
/// [`StoreError::EarlierDraft`] if its entries are not sound.
pub(crate) fn load(
    connection: &Connection,
    group: GroupKey,
    id: GroupId,
    known: Option<LoadedLedger>,
    progress: Option<OnProgress<'_>>,
) -> Result<LoadedLedger, StoreError> {
    let found: Option<(i64, [u8; 32], bool)> = connection
        .prepare_cached(GROUP)?
        .query_row([group.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (flipped, device, is_underived) = found.ok_or(StoreError::UnknownGroup(id))?;
    if is_underived {
        return Err(why_underived(connection, (group, id)));
    }
    let device = DeviceId::from_bytes(device);
    let known = match known.filter(|known| known.upto >= flipped) {
        Some(loaded) => Ok(loaded),
        None => newest_checkpoint(connection, (group, id), device, flipped)?,
    };
    let dropped = match known {
        Ok(mut loaded) => {
            (loaded.flipped, loaded.device) = (flipped, device);
            if replay_tail(connection, group, &mut loaded)? {
                return Ok(loaded);
            }
            loaded.opening.dropped_checkpoints.saturating_add(1)
        }
        Err(dropped) => dropped,
    };
    let mut recent = RecentArrivals::default();
    let (ledger, upto) = rebuild(connection, (group, id), progress, |n, entry| {
        recent.push(n, Arrival::new(entry, device));
    })?;
    let replayed = ledger.frontier().entries();
    let opening = Opening { from_checkpoint: 0, replayed, dropped_checkpoints: dropped };
    Ok(LoadedLedger {
        ledger: Arc::new(ledger),
        upto,
        flipped,
        saved: 0,
        opening,
        standing_changed: true,
        device,
        spoken: None,
        recent: Arc::new(recent),
    })
}

/// The error of a group whose rows an older version derived, and which this one cannot derive anew.
fn why_underived(connection: &Connection, group: (GroupKey, GroupId)) -> StoreError {
    // Replaying tells entries of an earlier draft from damaged ones. It verifies no signature, so it
    // can succeed.
    match rebuild(connection, group, None, |_, _| {}) {
        Err(error) => error,
        Ok(_) => StoreError::Damaged(
            "the lists of the group are those of an older version, and cannot be derived anew; \
             verify its history to see why"
                .to_owned(),
        ),
    }
}

/// Replays the entries after those that a ledger covers. Returns whether the ledger fits.
fn replay_tail(
    connection: &Connection,
    group: GroupKey,
    loaded: &mut LoadedLedger,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(TAIL)?;
    let mut rows = statement.query((group.0, loaded.upto))?;
    let mut index = StoredIndex::new(connection, group, loaded.upto);
    let ledger = &mut loaded.ledger;
    while let Some(row) = rows.next()? {
        let entry = believed_entry(row, EntryId::from_bytes(row.get(3)?))?;
        let n: i64 = row.get(2)?;
        index.lacks(entry.id());
        let admitted = admit_stored(ledger, entry, &index)??;
        // Copies the ledger if a reader still holds it.
        let replayed = Arc::make_mut(ledger).replay(&admitted, &index)?;
        if !replayed.flips().is_empty() {
            return Ok(false);
        }
        let entry = admitted.verified().decoded();
        index.advance(n, entry, replayed.position());
        loaded.upto = n;
        Arc::make_mut(&mut loaded.recent).push(n, Arrival::new(entry, loaded.device));
        loaded.standing_changed |= entry.header().kind().is_control();
        loaded.opening.replayed = loaded.opening.replayed.saturating_add(1);
    }
    Ok(true)
}

/// Admits an entry that was admitted before, when it was stored.
fn admit_stored<I: EntryIndex>(
    ledger: &Ledger,
    entry: VerifiedEntry,
    index: &I,
) -> Result<Result<AdmittedEntry, StoreError>, I::Error> {
    let id = entry.id();
    Ok(match ledger.admit(entry, index)? {
        Admission::Admitted(admitted) => Ok(admitted),
        Admission::Refused(refusal) => Err(StoreError::Refused(refusal)),
        Admission::Duplicate | Admission::Missing(_) => {
            Err(StoreError::Damaged(format!("entry {id} stands before its dependencies")))
        }
    })
}

/// Replays all stored entries, with links and verdicts in memory, because the stored verdicts are
/// those as of the last entry. Returns the ledger and the number of the last entry. `each` is told
/// the entries after the first one, each with its number.
fn rebuild(
    connection: &Connection,
    (group, id): (GroupKey, GroupId),
    progress: Option<OnProgress<'_>>,
    mut each: impl FnMut(i64, &DecodedEntry),
) -> Result<(Ledger, i64), StoreError> {
    let (entries, last) = count(connection, group)?;
    let mut meter = match progress {
        Some(tell) => Some(Meter::new(tell, Phase::Opening, entries)?),
        None => None,
    };
    let most = entries >= last / 2;
    let mut statement = connection.prepare_cached(if most { MOST } else { ALL })?;
    let mut rows = statement.query([group.0])?;
    let gone = || StoreError::Damaged("the genesis entry is gone".to_owned());
    let genesis = rows.next()?.ok_or_else(gone)?;
    let mut upto: i64 = genesis.get(2)?;
    let genesis = stored_entry(genesis)?;
    if genesis.id() != id.genesis() {
        return Err(gone());
    }
    let stored = StoredIndex::whole(connection, group);
    let mut index = SparseIndex::new(|id: &EntryId| stored.entry(id));
    let mut ledger = index.begin(&genesis)?;
    while let Some(row) = rows.next()? {
        let entry = believed_entry(row, EntryId::from_bytes(row.get(3)?))?;
        let admitted = admit_stored(&ledger, entry, &index)??;
        let replayed = ledger.replay(&admitted, &index)?;
        index.insert(&admitted, &replayed);
        upto = row.get(2)?;
        each(upto, admitted.verified().decoded());
        meter.as_mut().map_or(Ok(()), Meter::step)?;
    }
    meter.into_iter().for_each(Meter::end);
    Ok((ledger, upto))
}

/// Number of stored entries of a group, and the largest number of an entry.
fn count(connection: &Connection, group: GroupKey) -> Result<(u64, u64), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT (SELECT count(*) FROM entries WHERE grp = ?1), (SELECT max(n) FROM entries)",
    )?;
    let last = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, Option<u64>>(1)?));
    let (entries, last) = statement.query_row([group.0], last)?;
    Ok((entries, last.unwrap_or(0)))
}

/// The newest checkpoint that checks out; else the number of those that do not.
fn newest_checkpoint(
    connection: &Connection,
    (group, id): (GroupKey, GroupId),
    device: DeviceId,
    flipped: i64,
) -> Result<Result<LoadedLedger, u64>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT upto, ledger FROM checkpoints WHERE grp = ?1 AND upto >= ?2 ORDER BY upto DESC",
    )?;
    let mut rows = statement.query((group.0, flipped))?;
    let mut dropped: u64 = 0;
    while let Some(row) = rows.next()? {
        let upto: i64 = row.get(0)?;
        let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        // One that does not check out is never trusted: an older one, or the entries themselves,
        // give the same ledger.
        if let Ok(ledger) = Ledger::from_checkpoint(id, bytes) {
            let saved = ledger.frontier().entries();
            let opening =
                Opening { from_checkpoint: saved, replayed: 0, dropped_checkpoints: dropped };
            let ledger = Arc::new(ledger);
            let standing_changed = true;
            return Ok(Ok(LoadedLedger {
                ledger,
                upto,
                flipped,
                saved,
                opening,
                standing_changed,
                device,
                spoken: None,
                recent: Arc::default(),
            }));
        }
        dropped = dropped.saturating_add(1);
    }
    Ok(Err(dropped))
}
