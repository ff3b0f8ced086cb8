//! Assigning epochs to entries that are about to leave (SPEC §11.2, rules Y3 and Y5).
//!
//! An entry keeps the epoch under which it first travelled, so that it always travels as the same
//! bytes. The assignment is durable before the first byte leaves, and taken back if none did: until
//! an entry leaves, an epoch that somebody removed meanwhile cannot open may still seal it. What an
//! export that ended by a crash or a suspension assigned stands in the table `leaving`, and the next
//! export decides it anew.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::keys::DeviceKey;
use ledger_core::seal::EpochKey;
use rusqlite::{Connection, OptionalExtension as _};

use super::plan::Row;
use crate::StoreError;
use crate::entries::GroupTransaction;
use crate::keyring::{DAY_MS, EpochKeyring, ExportedKeys, begin_epoch, sealing_key_or_new};
use crate::platform::environment::random;
use crate::session::GroupSession;

/// Most roots for which a bundle has wraps, if this device may write. With more, it begins an epoch,
/// whose box has all their keys: a member who begins many epochs beside each other would otherwise
/// make every bundle of everybody long.
const MOST_ROOTS: usize = 8;

/// How long an entry stays under a key that belongs to no admitted epoch entry: whoever chose the key
/// may know of cuts that are not known here, or may have handed it to one person alone.
const UNNAMED_STAY_MS: u64 = DAY_MS;

/// The epoch in use, and what goes out so that everybody can open what is sealed.
pub(super) struct Sealing {
    /// Its number in the table `epochs`.
    pub(super) epoch: i64,
    pub(super) key: EpochKey,
    pub(super) key_envelopes: Vec<Vec<u8>>,
    exported: ExportedKeys,
}

impl Sealing {
    /// Chooses the epoch in use, or begins one, and wraps the keys that are handed out.
    pub(super) fn choose(
        transaction: &mut GroupTransaction<'_>,
        device: &DeviceKey,
    ) -> Result<Self, StoreError> {
        let (mut epoch, mut key) = sealing_key_or_new(transaction, device)?;
        let mut exported = EpochKeyring::new(transaction).exported_keys()?;
        if exported.roots > MOST_ROOTS && transaction.ledger().state().may_write(device.id()) {
            begin_epoch(transaction, device)?;
            (epoch, key) = sealing_key_or_new(transaction, device)?;
            exported = EpochKeyring::new(transaction).exported_keys()?;
        }
        let recipients = transaction.ledger().state().recipients();
        let mut key_envelopes = Vec::new();
        for key in &exported.keys {
            key_envelopes.extend(key.wrap_for(&recipients, &*random(transaction.environment())?));
        }
        Ok(Self { epoch, key, key_envelopes, exported })
    }

    /// Notes that the keys which were asked for went out.
    pub(super) fn note_handed_out(&self, group: &GroupSession) -> Result<(), StoreError> {
        if self.exported.wanted.is_empty() {
            return Ok(());
        }
        group
            .write(|transaction| EpochKeyring::new(transaction).clear_wanted(&self.exported.wanted))
    }
}

/// Entries with the epochs under which they leave now.
pub(super) struct Binding {
    /// The numbers of the epochs, one for each entry.
    pub(super) epochs: Vec<i64>,
    pub(super) keys: BTreeMap<i64, EpochKey>,
    /// The epoch in use, if it is another one than when the export began.
    pub(super) sealing: Option<Sealing>,
    /// Numbers of the entries of which the table `leaving` says that they may not have left.
    leaving: BTreeSet<i64>,
    /// What changed: the entry, its epoch now and before.
    changed: Vec<Change>,
}

struct Change {
    n: i64,
    now: i64,
    before: Option<i64>,
}

impl Binding {
    /// Assigns the epoch in use to those of some entries that have none, and to those that came
    /// under a key which nobody reaches from the keys that are handed out. Durable when it returns.
    ///
    /// The epoch entry of such a key may be here, and void. Its past is here, so the epoch in use
    /// knows of all cuts of which it knew. If no epoch entry is here that the key belongs to, its
    /// author may know of cuts of which this device does not: then the entry travels on under that
    /// key alone, for a day.
    ///
    /// An applied epoch entry travels under its own key: whoever gets that key alone reads it, and
    /// so the box in it.
    pub(super) fn new(
        group: &GroupSession,
        device: &DeviceKey,
        sealing: &Sealing,
        rows: &[Row],
    ) -> Result<Self, StoreError> {
        group.write(|transaction| {
            // A removal may have come since the export began.
            let (epoch, _) = sealing_key_or_new(transaction, device)?;
            let fresh = match epoch == sealing.epoch {
                true => None,
                false => Some(Sealing::choose(transaction, device)?),
            };
            let ExportedKeys { reached, named, own, .. } =
                &fresh.as_ref().unwrap_or(sealing).exported;
            let now_ms = transaction.environment().now_ms();
            let keyring = EpochKeyring::new(transaction);
            let (mut epochs, mut changed) = (Vec::with_capacity(rows.len()), Vec::new());
            let unfinished = leaving(keyring.connection)?;
            let mut in_doubt = BTreeSet::new();
            for row in rows {
                let assigned = assigned(keyring.connection, row.n)?;
                let stands = assigned.as_ref().map(|assigned| assigned.epoch);
                let unfinished = unfinished.get(&row.n);
                // As it was before an export that did not end.
                let assigned = match unfinished {
                    Some(before) => assigned
                        .zip(*before)
                        .map(|(assigned, epoch)| Assigned { epoch, ..assigned }),
                    None => assigned,
                };
                let before = assigned.as_ref().map(|assigned| assigned.epoch);
                let stays = |Assigned { epoch, came_ms }: &Assigned| {
                    reached.contains(epoch)
                        || (!named.contains(epoch) && is_fresh(*came_ms, now_ms))
                };
                let kept = assigned.filter(stays).map(|assigned| assigned.epoch);
                let now = own.get(&row.n).copied().or(kept).unwrap_or(epoch);
                if stands != Some(now) {
                    assign(keyring.connection, row.n, Some(now))?;
                    note_leaving(keyring.connection, row.n, before)?;
                    changed.push(Change { n: row.n, now, before });
                }
                if stands != Some(now) || unfinished.is_some() {
                    in_doubt.insert(row.n);
                }
                epochs.push(now);
            }
            let numbers: BTreeSet<i64> = epochs.iter().copied().collect();
            let key = |number| keyring.get(number).map(|key| (number, key));
            let keys = numbers.into_iter().map(key).collect::<Result<_, _>>()?;
            Ok(Self { epochs, keys, sealing: fresh, leaving: in_doubt, changed })
        })
    }

    /// Takes back the assignment of some entries, of which no byte left. The others left.
    ///
    /// A store that is suspended takes no write. What was assigned is then decided anew by the next
    /// export, as after a crash.
    pub(super) fn end(&self, group: &GroupSession, unsent: &[Row]) {
        if self.leaving.is_empty() {
            return;
        }
        let unsent: BTreeSet<i64> = unsent.iter().map(|row| row.n).collect();
        let _ = group.write(|transaction| {
            let connection = transaction.connection();
            for Change { n, now, before } in &self.changed {
                // Another export may have assigned a further one meanwhile, or handed it out.
                if unsent.contains(n)
                    && is_leaving(connection, *n)?
                    && assigned(connection, *n)?.is_some_and(|assigned| assigned.epoch == *now)
                {
                    assign(connection, *n, *before)?;
                    left(connection, *n)?;
                }
            }
            self.leaving.difference(&unsent).try_for_each(|n| left(connection, *n))
        });
    }
}

/// The entries that were assigned and may not have left, each with its epoch before.
fn leaving(connection: &Connection) -> Result<BTreeMap<i64, Option<i64>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT n, before FROM leaving")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn is_leaving(connection: &Connection, n: i64) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM leaving WHERE n = ?1")?;
    Ok(statement.exists([n])?)
}

fn note_leaving(connection: &Connection, n: i64, before: Option<i64>) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO leaving (n, before) VALUES (?1, ?2)")?
        .execute((n, before))?;
    Ok(())
}

/// Notes that an entry left, or that its assignment was taken back.
fn left(connection: &Connection, n: i64) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM leaving WHERE n = ?1")?.execute([n])?;
    Ok(())
}

/// The epoch of an entry, and when the entry came here under it, if that is known.
struct Assigned {
    epoch: i64,
    came_ms: Option<u64>,
}

/// Whether an entry came less than a day ago. If this device's clock was ahead when it came, that is
/// not known, and does not count.
fn is_fresh(came_ms: Option<u64>, now_ms: u64) -> bool {
    came_ms.is_some_and(|came_ms| came_ms.abs_diff(now_ms) < UNNAMED_STAY_MS)
}

fn assigned(connection: &Connection, n: i64) -> Result<Option<Assigned>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT epoch, ms FROM sealed WHERE n = ?1")?;
    let read = |row: &rusqlite::Row<'_>| Ok(Assigned { epoch: row.get(0)?, came_ms: row.get(1)? });
    Ok(statement.query_row([n], read).optional()?)
}

fn assign(connection: &Connection, n: i64, epoch: Option<i64>) -> Result<(), StoreError> {
    match epoch {
        Some(epoch) => connection
            .prepare_cached(
                "INSERT INTO sealed (n, epoch) VALUES (?1, ?2)
                 ON CONFLICT (n) DO UPDATE SET epoch = excluded.epoch",
            )?
            .execute((n, epoch))?,
        None => connection.prepare_cached("DELETE FROM sealed WHERE n = ?1")?.execute([n])?,
    };
    Ok(())
}
