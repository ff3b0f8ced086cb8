//! The bundles of a group, for apps.

use std::io::{Read, Write};
use std::ops::ControlFlow;

use ledger_core::bundle::Summary;
use ledger_core::seal::Topic;

use super::outlet::{export_bundle, export_part};
use super::quarantine::Quarantine;
use super::summary::summarize;
use super::{BundleCursor, Exported, Imported, RecordReader, Since, import_records};
use crate::StoreError;
use crate::platform::progress::Progress;
use crate::session::GroupSession;

/// Export and import of bundles of one group. Borrowed from a `Group`.
#[derive(Clone, Copy)]
pub struct Bundles<'a> {
    group: &'a GroupSession,
}

impl<'a> Bundles<'a> {
    pub(crate) fn new(group: &'a GroupSession) -> Self {
        Self { group }
    }

    /// A summary of the entries that this device has and of those that it asks for, to be shown to
    /// another member. Each is under a fresh salt, so no two are alike.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn summary(&self) -> Result<Summary, StoreError> {
        summarize(self.group)
    }

    /// Writes sealed entries, with the keys for all current members, to be carried to them by
    /// any means.
    ///
    /// Entries that were never exported are sealed under the newest epoch that knows of every
    /// removal; if there is none, this device begins one. Other entries travel as they came.
    /// `progress` may stop the work; what was written until then can be imported. An epoch that was
    /// begun stays in the group, also if nothing was written. To continue after that, use
    /// [`Bundles::export_part`].
    ///
    /// # Errors
    /// [`StoreError::Bundle`] if `out` fails, [`StoreError::NoEpochKey`] if there
    /// is no key to seal with and this device may not begin an epoch,
    /// [`StoreError::Cancelled`], or [`StoreError`] if the database cannot be used.
    pub fn export(
        &self,
        since: Since<'_>,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Exported, StoreError> {
        export_bundle(self.group, since, out, progress)
    }

    /// A cursor before the first part of a bundle, for [`Bundles::export_part`].
    #[must_use]
    pub fn begin(&self, since: Since<'_>) -> BundleCursor {
        BundleCursor::begin(self.group, since)
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
    /// # let group = store.create_group("Flat", "Anna")?;
    /// let bundles = group.bundles();
    /// let mut cursor = bundles.begin(Since::Beginning);
    /// loop {
    ///     let (mut part, mut go_on) = (Vec::new(), |_| ControlFlow::Continue(()));
    ///     let exported = bundles.export_part(&mut cursor, Some(1 << 20), &mut part, &mut go_on)?;
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
    /// As [`Bundles::export`], and [`StoreError::BundleCursor`] if the cursor is of
    /// another group or database.
    pub fn export_part(
        &self,
        cursor: &mut BundleCursor,
        most_bytes: Option<u64>,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Exported, StoreError> {
        export_part(self.group, cursor, most_bytes, out, progress)
    }

    /// Imports a bundle, whole or damaged, any number of times. One transaction holds up to 2,000
    /// entries: what was committed stays, whatever happens later, and importing again continues
    /// from there.
    ///
    /// `progress` counts records, and is called for every few bytes as well. Its total is not known
    /// before the end; until then it is the number that the bundle announces.
    ///
    /// # Errors
    /// [`StoreError::NoBundle`] if `input` is something else,
    /// [`StoreError::BundleOfOtherGroup`] if it is of another group of this database,
    /// [`StoreError::Bundle`] if `input` fails, [`StoreError::Cancelled`], or
    /// [`StoreError`] if the database cannot be used. What is wrong with the
    /// bundle is in the report.
    pub fn import(
        &self,
        input: &mut dyn Read,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Imported, StoreError> {
        import_records(self.group, RecordReader::new(input), progress)
    }

    /// The topics of records that wait for a key.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn missing_topics(&self) -> Result<Vec<Topic>, StoreError> {
        let group = self.group.key;
        self.group.session.read(|connection| Quarantine { connection, group }.topics())
    }
}
