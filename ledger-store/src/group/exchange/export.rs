//! Writing a bundle.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;

use ledger_core::{
    BundlePart, DecodedEntry, DeviceId, DeviceKey, EntryId, EpochKey, MAX_PART_ENTRIES, Manifest,
    Summary, Topic, frame,
};
use rusqlite::Connection;

use super::guard::{device_of_chain, entry_at};
use super::quarantine::Quarantine;
use super::ring::Ring;
use crate::StoreError;
use crate::environment::random;
use crate::group::{Group, GroupKey, Writer};
use crate::progress::{Meter, Phase, Progress};

/// Which entries go into a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Since<'a> {
    /// All.
    Beginning,
    /// Those that somebody with this summary lacks.
    Known(&'a Summary),
}

/// What a bundle holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Entries, each in its envelope.
    pub entries: u64,
    /// Bytes of the bundle.
    pub bytes: u64,
    /// Devices and recovery phrases that can open it with what is in it.
    pub recipients: u64,
}

/// An entry that goes out.
#[derive(Clone, Copy)]
struct Row {
    n: i64,
    epoch: i64,
}

/// What is settled before the first byte is written.
struct Plan {
    rows: Vec<Row>,
    sealing: EpochKey,
    key_envelopes: Vec<Vec<u8>>,
    recipients: u64,
    heads: Vec<EntryId>,
    /// The last entry of this device.
    own_tip: Option<(u64, EntryId)>,
    wanted: Vec<Topic>,
}

impl Group {
    /// How far this device knows the group, to be shown to another member.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn summary(&self) -> Result<Summary, StoreError> {
        Ok(Summary::of(self.id, self.ledger()?.frontier()))
    }

    /// Writes sealed entries, with the keys for everybody who is in the group
    /// now, to be carried there by whatever means.
    ///
    /// Entries that were never handed out are sealed under the newest epoch that
    /// knows of everybody who was removed; if none is at hand, this device begins
    /// one. Others travel as they came. `progress` may stop the work; what was
    /// written until then can be imported.
    ///
    /// # Errors
    /// [`StoreError::Bundle`] if `out` fails, [`StoreError::NoEpochKey`] if there
    /// is no key to seal with and this device may not begin an epoch,
    /// [`StoreError::Cancelled`], or [`StoreError`] if the database cannot be used.
    pub fn export_bundle(
        &self,
        since: Since<'_>,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Exported, StoreError> {
        let device = self.signing_key()?;
        let plan = self.write(|writer| self.plan(writer, &device, since))?;
        if let Some((seq, id)) = plan.own_tip {
            // Durable before a byte leaves this device.
            self.note_handed_out(seq, &id)?;
        }
        let total = u64::try_from(plan.rows.len()).unwrap_or(u64::MAX);
        let mut told = self.store.stopped_by(progress);
        let mut meter = Meter::new(&mut told, Phase::Sealing, total)?;
        let mut exported =
            Exported { entries: total, recipients: plan.recipients, ..Exported::default() };
        let mut put = |record: &[u8]| {
            let framed = frame(record);
            let len = u64::try_from(framed.len()).unwrap_or(u64::MAX);
            exported.bytes = exported.bytes.saturating_add(len);
            out.write_all(&framed).map_err(StoreError::Bundle)
        };
        plan.key_envelopes.iter().try_for_each(|envelope| put(envelope))?;
        self.store.snapshot_apart(|snapshot| {
            let connection = snapshot.connection();
            let mut keys = BTreeMap::new();
            let empty = [&[][..]];
            let chunks: Vec<&[Row]> = if plan.rows.is_empty() {
                empty.to_vec()
            } else {
                plan.rows.chunks(MAX_PART_ENTRIES).collect()
            };
            let of = u64::try_from(chunks.len()).unwrap_or(u64::MAX);
            for (number, chunk) in (0u64..).zip(chunks) {
                let first = number == 0;
                let manifest = Manifest {
                    group: self.id,
                    part: BundlePart { number, of },
                    entries: total,
                    heads: if first { plan.heads.clone() } else { Vec::new() },
                    wanted: if first { plan.wanted.clone() } else { Vec::new() },
                    ids: chunk
                        .iter()
                        .map(|row| id_of(connection, row.n))
                        .collect::<Result<_, _>>()?,
                };
                put(&manifest.seal(&plan.sealing))?;
                for row in chunk {
                    put(&self.sealed(connection, &mut keys, *row)?)?;
                    meter.step()?;
                }
            }
            Ok(())
        })?;
        meter.end();
        out.flush().map_err(StoreError::Bundle)?;
        Ok(exported)
    }

    fn plan(
        &self,
        writer: &mut Writer<'_>,
        device: &DeviceKey,
        since: Since<'_>,
    ) -> Result<Plan, StoreError> {
        let (epoch, sealing) = self.sealing_key_or_new(writer, device)?;
        let connection = writer.connection();
        let numbers = match since {
            Since::Beginning => all(connection, self.key)?,
            Since::Known(summary) => unknown_to(connection, self.key, summary)?,
        };
        let mut choose =
            connection.prepare_cached("INSERT OR IGNORE INTO sealed (n, epoch) VALUES (?1, ?2)")?;
        let mut look = connection.prepare_cached("SELECT epoch FROM sealed WHERE n = ?1")?;
        let mut rows = Vec::with_capacity(numbers.len());
        for n in numbers {
            choose.execute((n, epoch))?;
            rows.push(Row { n, epoch: look.query_row([n], |row| row.get(0))? });
        }
        let state = writer.ledger().state();
        let recipients = state.recipients();
        let ring = Ring { connection, group: self.key, id: self.id };
        let mut key_envelopes = Vec::new();
        for key in ring.to_hand_out()? {
            key_envelopes.extend(key.wrap_for(&recipients, &*random(writer.environment())?));
        }
        ring.handed_out()?;
        Ok(Plan {
            rows,
            sealing,
            key_envelopes,
            recipients: u64::try_from(recipients.len()).unwrap_or(u64::MAX),
            heads: writer.ledger().frontier().heads().take(256).collect(),
            own_tip: own_tip(writer, self.device),
            wanted: Quarantine { connection, group: self.key }.topics()?,
        })
    }

    fn sealed(
        &self,
        connection: &Connection,
        keys: &mut BTreeMap<i64, EpochKey>,
        row: Row,
    ) -> Result<Vec<u8>, StoreError> {
        let ring = Ring { connection, group: self.key, id: self.id };
        let key = match keys.entry(row.epoch) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => place.insert(ring.get(row.epoch)?),
        };
        let mut statement =
            connection.prepare_cached("SELECT entry, signature FROM entries WHERE n = ?1")?;
        let mut rows = statement.query([row.n])?;
        let gone = || StoreError::Damaged(format!("entry number {} is gone", row.n));
        let found = rows.next()?.ok_or_else(gone)?;
        let bytes = found.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let signature: [u8; 64] = found.get(1)?;
        let entry = DecodedEntry::decode(bytes, &signature)
            .map_err(|refusal| StoreError::Damaged(format!("a stored entry changed: {refusal}")))?;
        Ok(key.seal(&entry))
    }
}

fn own_tip(writer: &Writer<'_>, device: DeviceId) -> Option<(u64, EntryId)> {
    let mut tips = writer.ledger().frontier().tips();
    tips.find(|(_, of, ..)| *of == device).map(|(_, _, seq, id)| (seq, id))
}

fn id_of(connection: &Connection, n: i64) -> Result<EntryId, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM entries WHERE n = ?1")?;
    Ok(EntryId::from_bytes(statement.query_row([n], |row| row.get(0))?))
}

/// Epoch entries first, the last one first: they carry the keys of what follows.
const ALL: &str = "SELECT n FROM (
         SELECT n, 0 AS later, -lamport AS place FROM entries WHERE grp = ?1 AND kind = 23
         UNION ALL
         SELECT n, 1, n FROM entries WHERE grp = ?1 AND kind <> 23
     ) ORDER BY later, place";

fn all(connection: &Connection, group: GroupKey) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(ALL)?;
    let rows = statement.query_map([group.0], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The entries that somebody lacks, as far as their summary tells.
fn unknown_to(
    connection: &Connection,
    group: GroupKey,
    summary: &Summary,
) -> Result<Vec<i64>, StoreError> {
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
    for n in all(connection, group)? {
        let (chain, seq): (u32, u64) =
            place.query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if known.get(&chain).is_none_or(|known| seq > *known) {
            numbers.push(n);
        }
    }
    Ok(numbers)
}
