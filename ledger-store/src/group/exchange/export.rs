//! Writing a bundle, at once or in parts.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;

use ledger_core::EntryId;
use ledger_core::bundle::{MAX_PART_ENTRIES, Manifest, Part, Summary, frame};
use ledger_core::engine::DecodedEntry;
use ledger_core::seal::EpochKey;
use rusqlite::Connection;

use super::BundleCursor;
use super::plan::{Plan, Row};
use super::ring::EpochKeyring;
use crate::StoreError;
use crate::group::Group;
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
    /// Entries that found no room: what further parts will hold.
    pub left: u64,
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
    /// written until then can be imported. Who wants to go on after that uses
    /// [`Group::export_part`].
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
        self.export_part(&mut self.begin_bundle(since), None, out, progress)
    }

    /// Writes the next part of a bundle, of at most `most_bytes` if that has room for
    /// the keys, the epochs and one entry. Each part is a bundle by itself, and parts
    /// may be imported in any order, as one file or several.
    ///
    /// The cursor moves on with what was written and flushed, also if this fails; so
    /// the same call goes on after an interruption, on the same `out` or another one.
    /// Keep it ([`BundleCursor::to_bytes`]) to go on after a restart: at worst, entries
    /// are written twice. New entries come with the next part; [`Exported::left`] is
    /// zero when there is no more.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use ledger_store::{BundleCursor, Since, StoreOptions};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = StoreOptions::new().in_memory()?;
    /// # let group = store.found_group("Flat", "Anna")?;
    /// let mut cursor = group.begin_bundle(Since::Beginning);
    /// loop {
    ///     let (mut part, mut go_on) = (Vec::new(), |_| ControlFlow::Continue(()));
    ///     let exported = group.export_part(&mut cursor, Some(1 << 20), &mut part, &mut go_on)?;
    ///     // Send the part, and keep the cursor.
    ///     let kept = cursor.to_bytes();
    ///     if exported.left == 0 {
    ///         break;
    ///     }
    ///     cursor = BundleCursor::from_bytes(&kept)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Group::export_bundle`], and [`StoreError::BundleCursor`] if the cursor is of
    /// another group or database.
    pub fn export_part(
        &self,
        cursor: &mut BundleCursor,
        most_bytes: Option<u64>,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Exported, StoreError> {
        let device = self.signing_key()?;
        let plan = self.write(|writer| self.plan(writer, &device, cursor, most_bytes))?;
        if let Some((seq, id)) = plan.own_tip {
            // Durable before a byte leaves this device.
            self.note_handed_out(seq, &id)?;
        }
        let entries = u64::try_from(plan.rows.len()).unwrap_or(u64::MAX);
        let mut told = self.store.stopped_by(progress);
        let mut meter = Meter::new(&mut told, Phase::Sealing, entries)?;
        let mut sink = Sink { out, bytes: 0, cursor, at: None };
        let written = self.write_part(&plan, &mut sink, &mut meter);
        // Cancelled or not, what `out` has taken needs not be written again.
        let flushed = sink.flush();
        written.and(flushed)?;
        meter.end();
        let Plan { recipients, left, .. } = plan;
        Ok(Exported { entries, bytes: sink.bytes, recipients, left })
    }

    fn write_part(
        &self,
        plan: &Plan,
        sink: &mut Sink<'_>,
        meter: &mut Meter<'_>,
    ) -> Result<(), StoreError> {
        plan.key_envelopes.iter().try_for_each(|envelope| sink.put(envelope))?;
        self.store.snapshot_apart(|snapshot| {
            let connection = snapshot.connection();
            let mut keys = BTreeMap::new();
            let empty = [&[][..]];
            let chunks: Vec<&[Row]> = match plan.rows.is_empty() {
                true => empty.to_vec(),
                false => plan.rows.chunks(MAX_PART_ENTRIES).collect(),
            };
            let of = u64::try_from(chunks.len()).unwrap_or(u64::MAX);
            for (number, chunk) in (0u64..).zip(chunks) {
                let first = number == 0;
                let ids: Vec<EntryId> =
                    chunk.iter().map(|row| id_of(connection, row.n)).collect::<Result<_, _>>()?;
                let manifest = Manifest {
                    group: self.id,
                    part: Part { number, of },
                    entries: u64::try_from(plan.rows.len()).unwrap_or(u64::MAX),
                    heads: if first { plan.heads.clone() } else { Vec::new() },
                    wanted: if first { plan.wanted.clone() } else { Vec::new() },
                    ids: ids.clone(),
                };
                sink.put(&manifest.seal(&plan.sealing))?;
                for (row, id) in chunk.iter().zip(ids) {
                    sink.put(&self.sealed(connection, &mut keys, *row)?)?;
                    if !row.begins {
                        sink.at = Some((row.n, id));
                    }
                    meter.step()?;
                }
                sink.flush()?;
            }
            Ok(())
        })
    }

    fn sealed(
        &self,
        connection: &Connection,
        keys: &mut BTreeMap<i64, EpochKey>,
        row: Row,
    ) -> Result<Vec<u8>, StoreError> {
        let ring = EpochKeyring { connection, group: self.key, id: self.id };
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

/// Where records go, and the cursor behind them.
struct Sink<'a> {
    out: &'a mut dyn Write,
    bytes: u64,
    cursor: &'a mut BundleCursor,
    /// The last entry that `out` took, which it may not have passed on yet.
    at: Option<(i64, EntryId)>,
}

impl Sink<'_> {
    fn put(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let framed = frame(record);
        self.out.write_all(&framed).map_err(StoreError::Bundle)?;
        self.bytes = self.bytes.saturating_add(u64::try_from(framed.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.out.flush().map_err(StoreError::Bundle)?;
        self.cursor.advance(self.at.take());
        Ok(())
    }
}

fn id_of(connection: &Connection, n: i64) -> Result<EntryId, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id FROM entries WHERE n = ?1")?;
    Ok(EntryId::from_bytes(statement.query_row([n], |row| row.get(0))?))
}
