//! Rows of our own files, which name the entries that recorded them (SPEC §10.4).

use std::collections::BTreeMap;

use ledger_core::{EntryId, GroupState, Origin};
use ledger_formats::{ImportFile, Program, own};
use rusqlite::Connection;

use super::content::Content;
use crate::StoreError;
use crate::database::GroupKey;
use crate::entries::index::believed_entry;

/// Rows of a file, by their entries and by their origins.
pub(super) struct OwnRows {
    entries: BTreeMap<EntryId, usize>,
    origins: BTreeMap<Origin, usize>,
}

/// A row of the file that a group has.
pub(super) struct OwnRow {
    /// The place of the row in the file.
    pub(super) place: usize,
    pub(super) slot: i64,
    pub(super) original: EntryId,
    pub(super) cancelled: bool,
    /// What the slot shows.
    pub(super) content: Option<Content>,
}

/// The slots that show something, with what they show.
const SLOTS: &str = "SELECT c.entry, c.signature, c.id, o.id, x.n, x.cancelled
     FROM expenses x JOIN entries o ON o.n = x.n JOIN entries c ON c.n = x.content WHERE x.grp = ?1";

impl OwnRows {
    /// The rows of a file; none of a file of another program.
    pub(super) fn of(file: &ImportFile) -> Option<Self> {
        if file.program() != Program::Ledger {
            return None;
        }
        let mut rows = Self { entries: BTreeMap::new(), origins: BTreeMap::new() };
        for (place, row) in file.rows().enumerate() {
            rows.entries.extend(row.entry().map(|entry| (entry, place)));
            rows.origins.insert(row.origin(), place);
        }
        Some(rows)
    }

    /// Hands over the rows that a group has: by the entry that the file names, or because the file is of
    /// another group, into which that entry was imported. Contents are read if there is a state.
    pub(super) fn each_here(
        &self,
        connection: &Connection,
        group: GroupKey,
        state: Option<&GroupState>,
        mut each: impl FnMut(OwnRow),
    ) -> Result<(), StoreError> {
        let mut statement = connection.prepare_cached(SLOTS)?;
        let mut rows = statement.query([group.0])?;
        while let Some(row) = rows.next()? {
            let original = EntryId::from_bytes(row.get(3)?);
            let by_origin = || self.origins.get(&own::origin_of(original));
            let Some(place) = self.entries.get(&original).or_else(by_origin) else { continue };
            let content = match state {
                Some(state) => {
                    let entry = believed_entry(row, EntryId::from_bytes(row.get(2)?))?;
                    state.transaction_of(entry.decoded()).as_ref().map(Content::of)
                }
                None => None,
            };
            let (slot, cancelled) = (row.get(4)?, row.get(5)?);
            each(OwnRow { place: *place, slot, original, cancelled, content });
        }
        Ok(())
    }
}
