//! The resume position of a bundle export in parts.

use ledger_core::bundle::{RecordId, Summary};
use ledger_core::{DeviceId, EntryId, GroupId};
use rusqlite::{Connection, OptionalExtension as _};

use crate::database::GroupKey;
use crate::error::{BundleCursorError, StoreError};
use crate::session::GroupSession;

const VERSION: u8 = 2;

/// Bytes of the check behind a cursor.
const CHECK_BYTES: usize = 8;

/// Resume position of a multi-part bundle export: [`Bundles::export_part`] continues there after
/// an interruption, or with the next file.
///
/// Small enough to be kept beside the file. It holds no secret, but the receiver's summary in it
/// shows how much each device has written. Entries are numbered by each database in its own way,
/// so only the database that made a cursor can continue from it.
///
/// [`Bundles::export_part`]: crate::Bundles::export_part
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleCursor {
    group: GroupId,
    device: DeviceId,
    /// The summary of the receiver, if it sent one.
    known: Option<Summary>,
    /// The last entry that was written, epoch entries aside; 0 and zeros before any.
    at: (i64, EntryId),
}

/// The entries that go into a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Since<'a> {
    /// All entries.
    Beginning,
    /// The entries that a receiver with this summary lacks.
    Known(&'a Summary),
}

impl BundleCursor {
    /// A cursor before the first part.
    pub(super) fn begin(group: &GroupSession, since: Since<'_>) -> Self {
        let known = match since {
            Since::Beginning => None,
            Since::Known(summary) => Some(summary.clone()),
        };
        let at = (0, EntryId::from_bytes([0; 32]));
        Self { group: group.id, device: group.device, known, at }
    }

    /// The cursor as bytes, at most 3,015.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (n, id) = self.at;
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(self.group.as_bytes());
        bytes.extend_from_slice(self.device.as_bytes());
        bytes.extend_from_slice(&n.to_be_bytes());
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend(self.known.iter().flat_map(Summary::to_bytes));
        let check = check(&bytes);
        bytes.extend_from_slice(&check);
        bytes
    }

    /// Reads the result of [`BundleCursor::to_bytes`].
    /// [`Bundles::export_part`](crate::Bundles::export_part) checks that the cursor is of its group
    /// and database.
    ///
    /// # Errors
    /// [`BundleCursorError::Form`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundleCursorError> {
        let form = BundleCursorError::Form;
        let (record, found) = bytes.split_last_chunk().ok_or(form)?;
        if check(record) != *found {
            return Err(form);
        }
        let (version, rest) = record.split_first().ok_or(form)?;
        let (group, rest) = rest.split_first_chunk().ok_or(form)?;
        let (device, rest) = rest.split_first_chunk().ok_or(form)?;
        let (n, rest) = rest.split_first_chunk().ok_or(form)?;
        let (id, rest) = rest.split_first_chunk().ok_or(form)?;
        let (group, n) = (GroupId::from_bytes(*group), i64::from_be_bytes(*n));
        if *version != VERSION || n < 0 {
            return Err(form);
        }
        let known = match rest {
            [] => None,
            rest => Some(Summary::from_bytes(group, rest).map_err(|_| form)?),
        };
        let device = DeviceId::from_bytes(*device);
        Ok(Self { group, device, known, at: (n, EntryId::from_bytes(*id)) })
    }

    pub(super) fn since(&self) -> Since<'_> {
        self.known.as_ref().map_or(Since::Beginning, Since::Known)
    }

    /// The number of the last entry that was written.
    pub(super) fn at(&self) -> i64 {
        self.at.0
    }

    /// Moves the cursor behind an entry.
    pub(super) fn advance(&mut self, at: Option<(i64, EntryId)>) {
        self.at = at.unwrap_or(self.at);
    }

    /// Refuses a cursor of another group or database.
    pub(super) fn check(
        &self,
        group: &GroupSession,
        connection: &Connection,
    ) -> Result<(), StoreError> {
        if self.group != group.id {
            return Err(BundleCursorError::OtherGroup.into());
        }
        let (n, id) = self.at;
        let is_here = n == 0 || number_of(connection, group.key, &id)? == Some(n);
        if self.device != group.device || !is_here {
            return Err(BundleCursorError::OtherDatabase.into());
        }
        Ok(())
    }
}

/// The first bytes of the id that the cursor would have as a record.
fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    RecordId::compute(bytes).as_bytes().first_chunk().copied().unwrap_or_default()
}

fn number_of(
    connection: &Connection,
    group: GroupKey,
    id: &EntryId,
) -> Result<Option<i64>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT n FROM entries WHERE id = ?1 AND grp = ?2")?;
    Ok(statement.query_row((id.as_bytes(), group.0), |row| row.get(0)).optional()?)
}
