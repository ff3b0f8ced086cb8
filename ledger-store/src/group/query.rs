//! Lists for apps, newest first, in pages.

use ledger_core::{Details, EntryId, GroupState, Kind, MemberId, Verdict, VerifiedEntry};
use rusqlite::Row;

use super::Group;
use super::cursor::Cursor;
use super::index::{stored_entry, verdict};
use crate::StoreError;

pub(super) const ACTIVITY: &str = "SELECT entry, signature, verdict, lamport, n FROM entries
     WHERE grp = ?1 AND (lamport, n) < (?2, ?3)
     ORDER BY lamport DESC, n DESC LIMIT ?4";

pub(super) const VOID: &str = "SELECT entry, signature, verdict, lamport, n FROM entries
     WHERE grp = ?1 AND verdict > 1 AND (lamport, n) < (?2, ?3)
     ORDER BY lamport DESC, n DESC LIMIT ?4";

pub(super) const ENTRY: &str = "SELECT entry, signature, verdict, lamport, n FROM entries
     WHERE grp = ?1 AND id = ?2";

/// An expense or transfer as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The entry that first recorded it; corrections and cancellations name it.
    pub original: EntryId,
    /// The entry whose content is shown: the original or a correction.
    pub shown: EntryId,
    /// What it says.
    pub details: Details,
    /// Whether it was cancelled, so that it counts nothing.
    pub cancelled: bool,
    /// Where the page after this row begins.
    pub cursor: Cursor,
}

/// One entry with its verdict: who did what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The entry.
    pub entry: VerifiedEntry,
    /// The member whose device signed it.
    pub author: Option<MemberId>,
    /// Whether it counts.
    pub verdict: Verdict,
    /// Where the page after this row begins.
    pub cursor: Cursor,
}

impl Activity {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.entry.decoded().header().kind()
    }
}

impl Group {
    /// Every entry with its verdict, newest clock first; of one clock, the one
    /// ingested last comes first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn activity(&self, after: Option<Cursor>, limit: u32) -> Result<Vec<Activity>, StoreError> {
        self.entries(ACTIVITY, after, limit)
    }

    /// The entries that count nothing, each with its reason in
    /// [`Activity::verdict`], in the order of [`Group::activity`]. They stay,
    /// and some count again when a later entry says so.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn void_entries(
        &self,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        self.entries(VOID, after, limit)
    }

    /// One entry with its verdict, if it is here.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn entry(&self, id: EntryId) -> Result<Option<Activity>, StoreError> {
        self.look(|connection, loaded| {
            let mut statement = connection.prepare_cached(ENTRY)?;
            let mut rows = statement.query((self.key.0, id.as_bytes()))?;
            rows.next()?.map(|row| activity(row, loaded.ledger.state())).transpose()
        })
    }

    fn entries(
        &self,
        sql: &str,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        let after = after.unwrap_or(Cursor::START);
        self.look(|connection, loaded| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query((self.key.0, after.major, after.minor, limit))?;
            let mut page = Vec::new();
            while let Some(row) = rows.next()? {
                page.push(activity(row, loaded.ledger.state())?);
            }
            Ok(page)
        })
    }
}

fn activity(row: &Row<'_>, state: &GroupState) -> Result<Activity, StoreError> {
    let entry = stored_entry(row)?;
    Ok(Activity {
        author: state.device_owner(entry.decoded().header().device()),
        entry,
        verdict: verdict(row.get(2)?)?,
        cursor: Cursor { major: row.get(3)?, minor: row.get(4)? },
    })
}
