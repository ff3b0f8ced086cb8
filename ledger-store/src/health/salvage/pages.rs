//! Reading a damaged file, page by page.

use std::collections::{BTreeMap, BTreeSet};

use ledger_core::engine::{DecodedEntry, VerifiedEntry, verify_batch};
use ledger_core::{DeviceId, EntryId, GroupId};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::saved::Saved;
use super::scratch::{COLUMNS, Reader, Root, Scratch};
use crate::StoreError;
use crate::platform::Environment;
use crate::platform::environment::random;
use crate::platform::progress::Meter;

/// Number of signatures that are verified at once.
const BATCH: usize = 256;

/// Findings beside the entries. None of them is signed.
#[derive(Default)]
pub(super) struct Hints {
    /// Device and root key index, from rows of `groups`.
    pub(super) groups: BTreeMap<GroupId, (DeviceId, u32)>,
    /// Root key indexes that are spent.
    pub(super) spent: BTreeSet<u32>,
    /// Ids in an SQLite index.
    pub(super) ids: BTreeSet<EntryId>,
    /// Ids of rows that are no entries, as those of invites.
    pub(super) others: BTreeSet<EntryId>,
}

/// Reads every authentic page, stores the entries whose signatures hold, and returns the rest.
pub(super) fn salvage(
    scratch: &Scratch,
    saved: &Saved,
    environment: &dyn Environment,
    meter: &mut Meter<'_>,
) -> Result<Hints, StoreError> {
    let (batch, hints) = (Vec::new(), Hints::default());
    let mut work = Work { scratch, reader: None, saved, environment, batch, hints };
    for page in 2..=scratch.pages {
        if !scratch.damaged.contains(&page) {
            work.page(page)?;
        }
        meter.step()?;
    }
    work.verify()?;
    Ok(work.hints)
}

struct Work<'a> {
    scratch: &'a Scratch,
    /// None after an error: a connection that met one reads nothing more.
    reader: Option<Reader>,
    saved: &'a Saved,
    environment: &'a dyn Environment,
    batch: Vec<DecodedEntry>,
    hints: Hints,
}

impl Work<'_> {
    /// Reads a page as a leaf of a table, else as a page of an index.
    fn page(&mut self, page: u64) -> Result<(), StoreError> {
        let numbers: Vec<i64> = self.with(Root::Table(page), |reader| {
            let mut statement = reader.connection().prepare("SELECT rowid FROM r")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        if numbers.is_empty() {
            return self.index(page);
        }
        for number in numbers {
            // A row that continues in a damaged page is lost, and no other row.
            let row = self.with(Root::Table(page), |reader| {
                let mut statement = reader
                    .connection()
                    .prepare_cached("SELECT *, rowid FROM r WHERE rowid = ?1")?;
                Ok(statement.query_row([number], |row| Ok(Some(Found::read(row))))?)
            })?;
            if let Some(found) = row {
                self.batch.extend(found.entries);
                self.hints.groups.extend(found.group);
                self.hints.spent.extend(found.spent);
                self.hints.others.extend(found.other);
            }
            if self.batch.len() >= BATCH {
                self.verify()?;
            }
        }
        Ok(())
    }

    /// Reads with a page as the root; returns nothing after an error.
    fn with<T: Default>(
        &mut self,
        root: Root,
        read: impl Fn(&Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => self.scratch.reader()?,
        };
        match reader.point(root).and_then(|readable| readable.then(|| read(&reader)).transpose()) {
            Ok(found) => {
                self.reader = Some(reader);
                Ok(found.unwrap_or_default())
            }
            Err(StoreError::Io { path, source }) => Err(StoreError::Io { path, source }),
            Err(_) => Ok(T::default()),
        }
    }

    /// Reads a page as a page of an index that begins with ids.
    fn index(&mut self, page: u64) -> Result<(), StoreError> {
        let ids: Vec<EntryId> = self.with(Root::Index(page), |reader| {
            let mut statement = reader.connection().prepare_cached("SELECT a, b FROM w")?;
            let rows = statement.query_map([], |row| {
                let number = row.get_ref(1)?.as_i64().is_ok();
                let id = <[u8; 32]>::try_from(row.get_ref(0)?.as_blob().unwrap_or_default());
                Ok(id.ok().filter(|_| number).map(EntryId::from_bytes))
            })?;
            // An inner page has some ids, and leads to damaged pages.
            Ok(rows.map_while(Result::ok).flatten().collect())
        })?;
        self.hints.ids.extend(ids);
        Ok(())
    }

    fn verify(&mut self) -> Result<(), StoreError> {
        let seed = random(self.environment)?;
        let verified = verify_batch(std::mem::take(&mut self.batch), &seed);
        let sound: Vec<VerifiedEntry> = verified.into_iter().filter_map(Result::ok).collect();
        self.saved.keep(&sound)
    }
}

/// Possible meanings of a row of a damaged file.
#[derive(Default)]
struct Found {
    entries: Vec<DecodedEntry>,
    group: Option<(GroupId, (DeviceId, u32))>,
    spent: Option<u32>,
    other: Option<EntryId>,
}

impl Found {
    /// Looks for an entry, or for a row of `groups`, `joins` or `spent`, in the layout of any
    /// schema version.
    fn read(row: &Row<'_>) -> Self {
        let mut found = Self::default();
        let columns: Vec<ValueRef<'_>> =
            (0..COLUMNS).filter_map(|place| row.get_ref(place).ok()).collect();
        let blobs: Vec<&[u8]> = columns.iter().filter_map(|column| column.as_blob().ok()).collect();
        for signature in &blobs {
            let Ok(signature) = <&[u8; 64]>::try_from(*signature) else { continue };
            let others = blobs.iter().filter(|bytes| bytes.len() > 64);
            found.entries.extend(others.filter_map(|b| DecodedEntry::decode(b, signature).ok()));
        }
        let id = |place: usize| -> Option<[u8; 32]> {
            columns.get(place)?.as_blob().ok()?.try_into().ok()
        };
        // A row with an id in this column and without a signature is no entry.
        if !blobs.iter().any(|bytes| bytes.len() == 64) {
            found.other = id(2).map(EntryId::from_bytes);
        }
        let index = columns.get(3).and_then(|index| index.as_i64().ok());
        if let (Some(group), Some(device), Some(index)) =
            (id(1), id(2), index.and_then(|index| u32::try_from(index).ok()))
        {
            // A row of `joins` begins alike, and goes on with a name. No answer to it can be
            // entered any more, and no group may have its root key.
            if matches!(columns.get(4), Some(ValueRef::Text(_))) {
                found.spent = Some(index);
                return found;
            }
            let group = GroupId::from_bytes(group);
            found.group = Some((group, (DeviceId::from_bytes(device), index)));
        }
        if columns.iter().all(|column| *column == ValueRef::Null) {
            found.spent = row.get(COLUMNS).ok();
        }
        found
    }
}
