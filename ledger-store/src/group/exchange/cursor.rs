//! Up to where a bundle was written that comes in parts.

use ledger_core::bundle::{Records, Summary, frame};
use ledger_core::{DeviceId, EntryId, GroupId};
use rusqlite::{Connection, OptionalExtension as _};

use super::Since;
use crate::StoreError;
use crate::group::{Group, GroupKey};

const VERSION: u8 = 1;

/// Up to where [`Group::export_part`] has written, so that it can go on there: after an
/// interruption, or because the rest goes into another file. Small enough to be kept
/// beside the file; it holds no secret, but a summary shows how much each device has
/// written. Only the database that it comes from can go on from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleCursor {
    group: GroupId,
    device: DeviceId,
    /// What the receiver has.
    known: Option<Summary>,
    /// The last entry that was written, epoch entries aside; 0 and zeros before any.
    at: (i64, EntryId),
}

/// The bytes are no cursor with which this database can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleCursorError {
    /// Something else, damaged, or of a newer version.
    #[error("this is no cursor of a bundle, or it is damaged; begin the bundle again")]
    Form,
    /// Of another group.
    #[error("the cursor is of another group; use the one of this group, or begin again")]
    OtherGroup,
    /// Of another device, or of this database as it was before it was replaced.
    #[error(
        "the cursor was made with another database; begin again, or export what the \
         receiver's summary lacks"
    )]
    OtherDatabase,
}

impl BundleCursor {
    /// As bytes, at most 2,526.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (n, id) = self.at;
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(self.group.as_bytes());
        bytes.extend_from_slice(self.device.as_bytes());
        bytes.extend_from_slice(&n.to_be_bytes());
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend(self.known.iter().flat_map(Summary::to_bytes));
        frame(&bytes)
    }

    /// Reads what [`BundleCursor::to_bytes`] wrote. Whether it is of this group and
    /// database is told by [`Group::export_part`].
    ///
    /// # Errors
    /// [`BundleCursorError::Form`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BundleCursorError> {
        let form = BundleCursorError::Form;
        let mut records = Records::new();
        records.push(bytes);
        records.push(&[]);
        let record = records.next_record().ok_or(form)?;
        if records.next_record().is_some() || records.skipped() > 0 {
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

    pub(super) fn advance(&mut self, at: Option<(i64, EntryId)>) {
        self.at = at.unwrap_or(self.at);
    }

    /// Entries are numbered by each database in its own way.
    pub(super) fn check(&self, group: &Group, connection: &Connection) -> Result<(), StoreError> {
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

impl Group {
    /// A cursor before the first part of a bundle, for [`Group::export_part`].
    #[must_use]
    pub fn begin_bundle(&self, since: Since<'_>) -> BundleCursor {
        let known = match since {
            Since::Beginning => None,
            Since::Known(summary) => Some(summary.clone()),
        };
        let at = (0, EntryId::from_bytes([0; 32]));
        BundleCursor { group: self.id, device: self.device, known, at }
    }
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
