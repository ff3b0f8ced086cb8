//! Lists for apps, newest first, in pages.

use ledger_core::{Details, EntryId, Kind, MemberId, Verdict, VerifiedEntry};

use super::Group;
use super::cursor::Cursor;
use super::index::{stored_entry, verdict};
use crate::StoreError;

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

impl Group<'_> {
    /// Expenses and transfers by date, newest first; on one day, the one
    /// ingested last comes first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn expenses(&self, after: Option<Cursor>, limit: u32) -> Result<Vec<Recorded>, StoreError> {
        let after = after.unwrap_or(Cursor::START);
        let ledger = self.ledger()?;
        let inner = self.store.lock();
        let mut statement = inner.connection.prepare_cached(
            "SELECT c.entry, c.signature, o.id, x.cancelled, x.date, x.n
             FROM expenses x JOIN entries c ON c.n = x.content JOIN entries o ON o.n = x.n
             WHERE x.grp = ?1 AND (x.date, x.n) < (?2, ?3)
             ORDER BY x.date DESC, x.n DESC LIMIT ?4",
        )?;
        let mut rows = statement.query((self.key.0, after.major, after.minor, limit))?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            let shown = stored_entry(row)?;
            let details = Details::of(shown.decoded(), ledger.state());
            page.push(Recorded {
                shown: shown.id(),
                details: details.ok_or_else(|| {
                    StoreError::Damaged(format!("entry {} shows nothing", shown.id()))
                })?,
                original: EntryId::from_bytes(row.get(2)?),
                cancelled: row.get(3)?,
                cursor: Cursor { major: row.get(4)?, minor: row.get(5)? },
            });
        }
        Ok(page)
    }

    /// Every entry with its verdict, newest clock first; of one clock, the one
    /// ingested last comes first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn activity(&self, after: Option<Cursor>, limit: u32) -> Result<Vec<Activity>, StoreError> {
        let after = after.unwrap_or(Cursor::START);
        let ledger = self.ledger()?;
        let inner = self.store.lock();
        let mut statement = inner.connection.prepare_cached(
            "SELECT entry, signature, verdict, lamport, n FROM entries
             WHERE grp = ?1 AND (lamport, n) < (?2, ?3)
             ORDER BY lamport DESC, n DESC LIMIT ?4",
        )?;
        let mut rows = statement.query((self.key.0, after.major, after.minor, limit))?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            let entry = stored_entry(row)?;
            page.push(Activity {
                author: ledger.state().device_owner(entry.decoded().header().device()),
                entry,
                verdict: verdict(row.get(2)?)?,
                cursor: Cursor { major: row.get(3)?, minor: row.get(4)? },
            });
        }
        Ok(page)
    }
}
