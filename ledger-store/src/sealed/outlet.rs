//! Sealing entries into records, and writing them to a bundle.

use std::io::Write;

use ledger_core::EntryId;
use ledger_core::bundle::{BundleId, MAX_PART_ENTRIES, Manifest, Part, frame};
use ledger_core::engine::DecodedEntry;
use ledger_core::keys::DeviceKey;
use ledger_core::seal::EpochKey;
use rusqlite::Connection;

use super::binding::{Binding, Sealing};
use super::plan::{Plan, Row, plan};
use super::{BundleCursor, Exported, Since};
use crate::StoreError;
use crate::database::Apart;
use crate::keyring::{note_published_tip, signing_key};
use crate::platform::progress::{Meter, OnProgress, Phase};
use crate::session::GroupSession;

/// Writes a whole bundle.
pub(crate) fn export_bundle(
    group: &GroupSession,
    since: Since<'_>,
    out: &mut dyn Write,
    progress: OnProgress<'_>,
) -> Result<Exported, StoreError> {
    export_part(group, &mut BundleCursor::begin(group, since), None, out, progress)
}

/// Writes the next part of a bundle, and moves the cursor behind what `out` took and flushed.
pub(super) fn export_part(
    group: &GroupSession,
    cursor: &mut BundleCursor,
    most_bytes: Option<u64>,
    out: &mut dyn Write,
    progress: OnProgress<'_>,
) -> Result<Exported, StoreError> {
    let device = signing_key(group)?;
    let mut progress = group.session.stopped_by(progress);
    group.session.connections().apart(|apart| {
        let plan = plan(group, apart, &device, cursor, most_bytes, &mut progress)?;
        if let Some((seq, id)) = plan.own_tip {
            // Durable before a byte leaves this device.
            note_published_tip(group, seq, &id)?;
        }
        let entries = u64::try_from(plan.rows.len()).unwrap_or(u64::MAX);
        let mut meter = Meter::new(&mut progress, Phase::Sealing, entries)?;
        let mut sink = Sink { out, bytes: 0, cursor, at: None };
        let written = write_records(group, apart, &device, &plan, &mut sink, &mut meter);
        // Also after a failure: what `out` took needs not be written again.
        let flushed = sink.flush();
        written.and(flushed)?;
        plan.sealing.note_handed_out(group)?;
        meter.end();
        let Plan { recipients, left, .. } = plan;
        Ok(Exported { entries, bytes: sink.bytes, recipients, left })
    })
}

fn write_records(
    group: &GroupSession,
    apart: &Apart<'_>,
    device: &DeviceKey,
    plan: &Plan,
    sink: &mut Sink<'_>,
    meter: &mut Meter<'_>,
) -> Result<(), StoreError> {
    plan.sealing.key_envelopes.iter().try_for_each(|envelope| sink.put(envelope))?;
    // The epoch in use, if it changes while the export runs.
    let mut changed: Option<Sealing> = None;
    // A part without entries still has a manifest: it tells heads and wanted topics.
    let chunks: Vec<&[Row]> = match plan.rows.is_empty() {
        true => vec![&[]],
        false => plan.rows.chunks(MAX_PART_ENTRIES).collect(),
    };
    let total = u64::try_from(chunks.len()).unwrap_or(u64::MAX);
    let bundle = BundleId::compute(plan.rows.iter().map(|row| row.id));
    for (number, rows) in (0u64..).zip(chunks) {
        let sealing = changed.as_ref().unwrap_or(&plan.sealing);
        // Before the snapshot is taken: in memory, a reader keeps writers out.
        let mut binding = Binding::new(group, device, sealing, rows)?;
        let fresh = binding.sealing.take();
        let chunk = Chunk {
            bundle,
            part: Part { number, total },
            rows,
            binding: &binding,
            sealing: fresh.as_ref().unwrap_or(sealing),
            is_fresh: fresh.is_some(),
        };
        let mut begun = 0;
        let written = write_chunk(group, apart, plan, &chunk, sink, meter, &mut begun);
        let unsent = if written.is_err() { rows.get(begun..) } else { None };
        binding.end(group, unsent.unwrap_or_default());
        written?;
        changed = fresh.or(changed);
    }
    Ok(())
}

/// The entries of one manifest, and the epochs under which they leave.
struct Chunk<'a> {
    bundle: BundleId,
    part: Part,
    rows: &'a [Row],
    binding: &'a Binding,
    sealing: &'a Sealing,
    /// Whether the epoch in use is another one than before, so that its key has to go out.
    is_fresh: bool,
}

/// Writes a manifest and its entries. `begun` counts the entries of which bytes may have left.
fn write_chunk(
    group: &GroupSession,
    apart: &Apart<'_>,
    plan: &Plan,
    chunk: &Chunk<'_>,
    sink: &mut Sink<'_>,
    meter: &mut Meter<'_>,
    begun: &mut usize,
) -> Result<(), StoreError> {
    apart.read(|connection| {
        let first = chunk.part.number == 0;
        let manifest = Manifest {
            group: group.id,
            bundle: chunk.bundle,
            part: chunk.part,
            entries: u64::try_from(plan.rows.len()).unwrap_or(u64::MAX),
            heads: if first { plan.heads.clone() } else { Vec::new() },
            wanted: if first { plan.wanted.clone() } else { Vec::new() },
            ids: chunk.rows.iter().map(|row| row.id).collect(),
        };
        if chunk.is_fresh {
            chunk.sealing.key_envelopes.iter().try_for_each(|envelope| sink.put(envelope))?;
        }
        sink.put(&manifest.seal(&chunk.sealing.key))?;
        for (row, epoch) in chunk.rows.iter().zip(&chunk.binding.epochs) {
            let sealed = seal(connection, *row, chunk.binding.keys.get(epoch))?;
            *begun = begun.saturating_add(1);
            sink.put(&sealed)?;
            if !row.begins {
                sink.at = Some((row.n, row.id));
            }
            meter.step()?;
        }
        sink.flush()
    })
}

/// Seals a stored entry under the key of the epoch that was assigned to it.
fn seal(connection: &Connection, row: Row, key: Option<&EpochKey>) -> Result<Vec<u8>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT entry, signature FROM entries WHERE n = ?1")?;
    let mut rows = statement.query([row.n])?;
    let gone = || StoreError::Damaged(format!("entry number {} or its key is gone", row.n));
    let found = rows.next()?.ok_or_else(gone)?;
    let bytes = found.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
    let signature: [u8; 64] = found.get(1)?;
    let entry = DecodedEntry::decode(bytes, &signature)
        .map_err(|refusal| StoreError::Damaged(format!("a stored entry changed: {refusal}")))?;
    Ok(key.ok_or_else(gone)?.seal(&entry))
}

/// The output of an export, and the cursor behind what it took.
struct Sink<'a> {
    out: &'a mut dyn Write,
    bytes: u64,
    cursor: &'a mut BundleCursor,
    /// The last entry that `out` took and may not have flushed yet.
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
