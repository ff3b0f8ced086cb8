//! Bundles: files of sealed entries, carried by any means, imported anywhere,
//! in any order and any number of times.

use std::sync::{Arc, Mutex, PoisonError};

use ledger_core::Summary;
use ledger_store::{BundleCursor, Imported, Since};

use super::{Admitted, LedgerGroup};
use crate::LedgerError;
use crate::files::{reading, writing};
use crate::ledger::Ledger;
use crate::progress::{ProgressListener, telling};

/// What a bundle holds.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct BundleExport {
    /// How many entries.
    pub entries: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many devices and recovery phrases can open it.
    pub recipients: u64,
    /// Entries that found no room, for further parts.
    pub left: u64,
}

impl From<ledger_store::Exported> for BundleExport {
    fn from(exported: ledger_store::Exported) -> Self {
        let ledger_store::Exported { entries, bytes, recipients, left } = exported;
        Self { entries, bytes, recipients, left }
    }
}

/// What became of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct BundleImport {
    /// Entries that are new here.
    pub added: u64,
    /// Entries that were here already.
    pub known: u64,
    /// Whether everything in the bundle is here now.
    pub is_complete: bool,
    /// Entries that the bundle should hold and that are not here: import an
    /// intact copy.
    pub missing: Vec<String>,
    /// Entries on which others depend and that are not here: ask for a bundle
    /// that has them.
    pub needed: Vec<String>,
    /// How many sealed entries wait for a key. The next bundle from here asks
    /// for it.
    pub waiting: u64,
    /// How many found no room to wait: import the bundle again later.
    pub not_kept: u64,
    /// How many keys were false: somebody hands out different ones.
    pub false_keys: u64,
    /// How many sealed entries do not open although the key is here.
    pub broken: u64,
    /// Entries that can never be part of the ledger.
    pub refused: Vec<RefusedEntry>,
    /// How many entries were left out, of people who were removed or never
    /// accepted and who wrote too many.
    pub left_out: u64,
    /// How many bytes of the file are damaged.
    pub damaged_bytes: u64,
    /// How many parts of the bundle are missing altogether.
    pub missing_parts: u64,
    /// How many records need a newer version of the app.
    pub unknown_records: u64,
    /// Whether this device turned out to have signed two entries for one place: it
    /// was cloned. It signs nothing more, until `start_anew`.
    pub is_forked: bool,
}

/// An entry that breaks a rule, by the fault of its author or carrier.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RefusedEntry {
    /// The entry, if it got as far as having an id.
    pub entry: Option<String>,
    /// The rule of SPEC.md.
    pub rule: String,
    /// What is wrong, in English.
    pub reason: String,
}

impl From<Imported> for BundleImport {
    fn from(imported: Imported) -> Self {
        let refused = imported.refused.iter().map(|refusal| RefusedEntry {
            entry: refusal.entry().map(|id| id.to_string()),
            rule: refusal.rule().code().to_owned(),
            reason: refusal.to_string(),
        });
        Self {
            is_complete: imported.is_complete(),
            added: imported.added,
            known: imported.duplicates,
            missing: imported.missing.iter().map(ToString::to_string).collect(),
            needed: imported.needed.iter().map(ToString::to_string).collect(),
            waiting: imported.waiting,
            not_kept: imported.not_kept,
            false_keys: count(imported.false_keys.len()),
            broken: count(imported.broken.len()),
            refused: refused.collect(),
            left_out: imported.left_out,
            damaged_bytes: imported.damaged_bytes,
            missing_parts: count(imported.missing_parts.len()),
            unknown_records: imported.unknown_records,
            is_forked: imported.forked,
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A group that was joined by a file.
#[derive(uniffi::Record)]
pub struct JoinedGroup {
    /// The group.
    pub group: Arc<LedgerGroup>,
    /// What came of the entries in the file.
    pub report: BundleImport,
}

#[uniffi::export]
impl LedgerGroup {
    /// How far this device knows the group: whoever has it can export what this
    /// device lacks. At most 2,413 bytes, for a QR code or a chat.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn summary(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.inner()?.bundles().summary()?.to_bytes())
    }

    /// Writes sealed entries into a new file, with the keys for everybody who is
    /// in the group now: all entries, or those that a device with `summary`
    /// lacks. Takes long; if it is stopped or fails, no file is left.
    ///
    /// # Errors
    /// `File` if there is a file already, `NoSealingKey`, `OldCopy`,
    /// `InvalidMessage` if the summary is none of this group, `Cancelled`,
    /// `CallbackFailed`, `DiskFull`, or what writing says.
    #[uniffi::method(default(summary = None, listener = None))]
    pub fn export_bundle(
        &self,
        path: &str,
        summary: Option<Vec<u8>>,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<BundleExport, LedgerError> {
        let group = self.inner()?;
        let known = summary.map(|bytes| Summary::from_bytes(group.id(), &bytes)).transpose()?;
        let since = known.as_ref().map_or(Since::Beginning, Since::Known);
        writing(path, |file| {
            Ok(telling(listener, |progress| group.bundles().export(since, file, progress))?.into())
        })
    }

    /// Begins a bundle that is written part by part: in files of limited size, or with
    /// pauses. With a `cursor` of an earlier one it goes on there, also after a
    /// restart; `summary` is then that of the earlier one.
    ///
    /// # Errors
    /// `InvalidMessage` if the summary is none of this group, `InvalidCursor` if the
    /// cursor is none.
    #[uniffi::method(default(summary = None, cursor = None))]
    pub fn bundle_parts(
        &self,
        summary: Option<Vec<u8>>,
        cursor: Option<Vec<u8>>,
    ) -> Result<Arc<BundleParts>, LedgerError> {
        let group = self.inner()?;
        let known = summary.map(|bytes| Summary::from_bytes(group.id(), &bytes)).transpose()?;
        let since = known.as_ref().map_or(Since::Beginning, Since::Known);
        let cursor = match cursor {
            Some(bytes) => BundleCursor::from_bytes(&bytes)?,
            None => group.bundles().begin(since),
        };
        Ok(Arc::new(BundleParts { group: self.clone(), cursor: Mutex::new(cursor) }))
    }

    /// Takes what a bundle holds, whole or damaged. Takes long; what was taken
    /// stays, and importing the file again goes on from there. What is wrong
    /// with the bundle is in the report, and no error.
    ///
    /// # Errors
    /// `File`, `Cancelled`, `CallbackFailed`, or what writing says.
    #[uniffi::method(default(listener = None))]
    pub fn import_bundle(
        &self,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<BundleImport, LedgerError> {
        let (group, mut file) = (self.inner()?, reading(path)?);
        let work = |progress: &mut dyn FnMut(_) -> _| group.bundles().import(&mut file, progress);
        Ok(telling(listener, work)?.into())
    }

    /// Writes the answer for somebody who was admitted and a bundle of all
    /// entries into one new file, for `Ledger.finish_join_from`.
    ///
    /// # Errors
    /// As `export_bundle`.
    #[uniffi::method(default(listener = None))]
    pub fn write_answer(
        &self,
        admitted: Admitted,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<BundleExport, LedgerError> {
        let (group, admitted) = (self.inner()?, admitted.try_into()?);
        writing(path, |file| {
            Ok(telling(listener, |progress| {
                group.invites().write_welcome(&admitted, file, progress)
            })?
            .into())
        })
    }

    /// Begins a new key under which entries travel, which only those get who are
    /// in the group now. A removal or revocation does so by itself; call this
    /// now and then, so that a key that leaked unnoticed opens nothing new. Does
    /// nothing if the key in use is younger than `at_least_ms` milliseconds;
    /// returns whether it did.
    ///
    /// # Errors
    /// `WouldBeVoid` if this device may not write, or what writing says.
    pub fn renew_epoch(&self, at_least_ms: u64) -> Result<bool, LedgerError> {
        Ok(self.inner()?.keys().rotate_group_key(at_least_ms)?)
    }

    /// Gives this device a new key for receiving, and begins a new key as
    /// `renew_epoch` does: heals after the old one was stolen. Once a month is a
    /// good measure. Returns the entry.
    ///
    /// # Errors
    /// `WouldBeVoid` if this device may not write, or what writing says.
    pub fn rotate_exchange_key(&self) -> Result<String, LedgerError> {
        Ok(self.inner()?.keys().rotate_device_key()?.to_string())
    }
}

#[uniffi::export]
impl Ledger {
    /// Takes a file that `write_answer` wrote: joins the group, and imports its
    /// entries.
    ///
    /// # Errors
    /// `InvalidJoin` if no answer for this device is in it, and as `finish_join`
    /// and `import_bundle`. If only importing failed, the group is here, and the
    /// file can be imported again.
    #[uniffi::method(default(listener = None))]
    pub fn finish_join_from(
        &self,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<JoinedGroup, LedgerError> {
        let (store, mut file) = (self.store()?, reading(path)?);
        let (group, report) =
            telling(listener, |progress| store.joining().enter_with_bundle(&mut file, progress))?;
        Ok(JoinedGroup { group: self.handle(group.id()), report: report.into() })
    }
}

/// A bundle that is written part by part, each a bundle by itself. Parts may be imported
/// in any order.
#[derive(uniffi::Object)]
pub struct BundleParts {
    group: LedgerGroup,
    cursor: Mutex<BundleCursor>,
}

#[uniffi::export]
impl BundleParts {
    /// Writes the next part into a new file, of at most `most_bytes` if that has room
    /// for the keys and one entry. Entries that are new since then come, too; there is
    /// no more when `left` is zero. Stopped or failed, no file is left, and the next
    /// call writes the same part.
    ///
    /// # Errors
    /// As `export_bundle`, and `InvalidCursor` if the cursor is of another group or
    /// database.
    #[uniffi::method(default(most_bytes = None, listener = None))]
    pub fn write(
        &self,
        path: &str,
        most_bytes: Option<u64>,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<BundleExport, LedgerError> {
        let group = self.group.inner()?;
        let mut moved = self.cursor.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let exported = writing(path, |file| {
            let work = |progress: &mut dyn FnMut(_) -> _| {
                group.bundles().export_part(&mut moved, most_bytes, file, progress)
            };
            telling(listener, work)
        })?;
        *self.cursor.lock().unwrap_or_else(PoisonError::into_inner) = moved;
        Ok(exported.into())
    }

    /// Up to where parts were written: to be kept, and given to `bundle_parts` after a
    /// restart. At most 2,526 bytes, and no secret.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn cursor(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.cursor.lock().unwrap_or_else(PoisonError::into_inner).to_bytes())
    }
}
