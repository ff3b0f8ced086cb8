//! Bundles: files of sealed entries. People carry them by any means, and import them
//! anywhere, in any order and any number of times.

use std::sync::{Arc, Mutex, PoisonError};

use ledger_core::EntryId;
use ledger_core::bundle::Summary;
use ledger_store::{BundleCursor, Imported, Since};

use super::{Arrival, LedgerGroup};
use crate::error::LedgerError;
use crate::platform::{ProgressListener, create_file, open_file, with_progress};

/// Bundles of one group: files of sealed entries for other devices.
#[derive(uniffi::Object)]
pub struct Bundles {
    group: LedgerGroup,
}

impl Bundles {
    pub(super) fn new(group: LedgerGroup) -> Self {
        Self { group }
    }
}

/// Result of writing a bundle.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct BundleExport {
    /// How many entries are in the bundle.
    pub entries: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// How many devices and recovery phrases can open it.
    pub recipients: u64,
    /// How many entries are left for further parts.
    pub remaining: u64,
}

impl From<ledger_store::Exported> for BundleExport {
    fn from(exported: ledger_store::Exported) -> Self {
        let ledger_store::Exported { entries, bytes, recipients, left, .. } = exported;
        Self { entries, bytes, recipients, remaining: left }
    }
}

/// Result of importing a bundle.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct BundleImport {
    /// How many entries are new on this device.
    pub added: u64,
    /// The first 1,000 of them, in the order in which they came. `Lists.arrived` has all.
    pub arrivals: Vec<Arrival>,
    /// How many entries this device had already.
    pub known: u64,
    /// Whether this device now has everything in the bundle.
    pub is_complete: bool,
    /// Entries that the bundle lists and does not hold intact. Import an intact copy.
    pub missing: Vec<EntryId>,
    /// Entries on which others depend, and which this device lacks. Ask for a bundle
    /// that holds them.
    pub needed: Vec<EntryId>,
    /// How many sealed entries wait for a key. The next bundle from this device asks for
    /// the key.
    pub waiting: u64,
    /// How many sealed entries found no room to wait. Import the bundle again later.
    pub not_kept: u64,
    /// How many keys were false: somebody hands out different keys for one thing.
    pub false_keys: u64,
    /// How many sealed entries do not open, although this device has the key.
    pub broken: u64,
    /// Entries that break a rule, and can never be part of the ledger.
    pub refused: Vec<RefusedEntry>,
    /// How many entries were left out: those of people who were removed or never
    /// accepted, and who wrote too many.
    pub left_out: u64,
    /// How many bytes of the file are damaged.
    pub damaged_bytes: u64,
    /// How many parts of the bundle are missing as a whole.
    pub missing_parts: u64,
    /// How many entries of the bundle wait for others, which `needed` lists.
    pub incomplete: u64,
    /// Whether any of it is of this group, as far as this device can tell. If not, it is of
    /// another group, or sealed under keys that this device lacks.
    pub is_ours: bool,
    /// How many records need a newer version of the app.
    pub unknown_records: u64,
    /// Whether this device turned out to have signed two entries for one position: its
    /// keys are in two places. It signs nothing more, until
    /// `GroupKeys.reset_device_keys`.
    pub is_forked: bool,
}

/// An entry that breaks a rule, by the fault of its author or its carrier.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RefusedEntry {
    /// The entry, if it is intact enough to have an id.
    pub entry: Option<EntryId>,
    /// The rule of SPEC.md that it breaks.
    pub rule: String,
    /// What is wrong with it, in English.
    pub reason: String,
}

impl From<Imported> for BundleImport {
    fn from(imported: Imported) -> Self {
        let refused = imported.refused.iter().map(|refusal| RefusedEntry {
            entry: refusal.entry(),
            rule: refusal.rule().code().to_owned(),
            reason: refusal.to_string(),
        });
        Self {
            is_complete: imported.is_complete(),
            refused: refused.collect(),
            added: imported.added,
            arrivals: imported.arrivals.into_iter().map(Into::into).collect(),
            known: imported.duplicates,
            missing: imported.missing.into_iter().collect(),
            needed: imported.needed.into_iter().collect(),
            waiting: imported.waiting,
            not_kept: imported.not_kept,
            false_keys: count(imported.false_keys.len()),
            broken: count(imported.broken.len()).saturating_add(imported.more_broken),
            left_out: imported.left_out,
            damaged_bytes: imported.damaged_bytes,
            missing_parts: imported.missing_part_count,
            incomplete: imported.incomplete,
            is_ours: imported.is_ours,
            unknown_records: imported.unknown_records,
            is_forked: imported.forked,
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[uniffi::export]
impl Bundles {
    /// A summary of what this device knows of the group. With it, another device writes
    /// a bundle of what this device lacks. It has at most 2,902 bytes, which fit into a
    /// QR code or a chat.
    ///
    /// # Errors
    /// Any error of reading the database.
    pub fn summary(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.group.group()?.bundles().summary()?.to_bytes())
    }

    /// Writes a bundle into a new file: sealed entries, with the keys for everybody who
    /// is in the group now. The bundle has all entries or, with the `summary` of another
    /// device, those that the other device lacks. It takes long; if it is stopped or
    /// fails, no file is left.
    ///
    /// # Errors
    /// `File` if there is a file already, `NoSealingKey`, `RolledBack`,
    /// `InvalidMessage` if the summary is not one of this group, `Cancelled`,
    /// `CallbackFailed`, `DiskFull`, or any error of writing the database.
    #[uniffi::method(default(summary = None, listener = None))]
    pub fn export_file(
        &self,
        path: &str,
        summary: Option<Vec<u8>>,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<BundleExport, LedgerError> {
        let group = self.group.group()?;
        let known = summary.map(|bytes| Summary::from_bytes(group.id(), &bytes)).transpose()?;
        let since = known.as_ref().map_or(Since::Beginning, Since::Known);
        create_file(path, |file| {
            let exported =
                with_progress(listener, |progress| group.bundles().export(since, file, progress));
            Ok(exported?.into())
        })
    }

    /// Begins a bundle that is written in parts: in files of limited size, or with
    /// pauses. With the `cursor` of an earlier bundle it goes on where that one ended,
    /// also after a restart of the app; `summary` is then that of the earlier bundle.
    ///
    /// # Errors
    /// `InvalidMessage` if the summary is not one of this group, `InvalidCursor` if the
    /// cursor is none.
    #[uniffi::method(default(summary = None, cursor = None))]
    pub fn begin(
        &self,
        summary: Option<Vec<u8>>,
        cursor: Option<Vec<u8>>,
    ) -> Result<Arc<BundleParts>, LedgerError> {
        let group = self.group.group()?;
        let known = summary.map(|bytes| Summary::from_bytes(group.id(), &bytes)).transpose()?;
        let since = known.as_ref().map_or(Since::Beginning, Since::Known);
        let cursor = match cursor {
            Some(bytes) => BundleCursor::from_bytes(&bytes)?,
            None => group.bundles().begin(since),
        };
        Ok(Arc::new(BundleParts { group: self.group.clone(), cursor: Mutex::new(cursor) }))
    }

    /// Imports a bundle, whole or damaged. It takes long. Entries that came in stay, and
    /// importing the file again goes on from there. What is wrong with the bundle is in
    /// the result, and no error.
    ///
    /// # Errors
    /// `File`, `Cancelled`, `CallbackFailed`, or any error of writing the database.
    #[uniffi::method(default(listener = None))]
    pub fn import_file(
        &self,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<BundleImport, LedgerError> {
        let (group, mut file) = (self.group.group()?, open_file(path)?);
        let import = |progress: &mut dyn FnMut(_) -> _| group.bundles().import(&mut file, progress);
        Ok(with_progress(listener, import)?.into())
    }
}

/// Writer of a bundle in parts. Each part is a bundle by itself, and other devices
/// import the parts in any order.
#[derive(uniffi::Object)]
pub struct BundleParts {
    group: LedgerGroup,
    cursor: Mutex<BundleCursor>,
}

#[uniffi::export]
impl BundleParts {
    /// Writes the next part into a new file. A part has at most `max_bytes`, unless that
    /// is too little for the keys and one entry. Entries that were recorded since the
    /// beginning come, too. The bundle is complete when `remaining` is zero. If writing
    /// is stopped or fails, no file is left, and the next call writes the same part.
    ///
    /// # Errors
    /// As `Bundles.export_file`, and `InvalidCursor` if the cursor is of another group
    /// or database.
    #[uniffi::method(default(max_bytes = None, listener = None))]
    pub fn write_next(
        &self,
        path: &str,
        max_bytes: Option<u64>,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<BundleExport, LedgerError> {
        let group = self.group.group()?;
        let mut next = self.cursor.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let exported = create_file(path, |file| {
            let export = |progress: &mut dyn FnMut(_) -> _| {
                group.bundles().export_part(&mut next, max_bytes, file, progress)
            };
            with_progress(listener, export)
        })?;
        *self.cursor.lock().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(exported.into())
    }

    /// The position up to which parts were written. Keep it, and give it to
    /// `Bundles.begin` after a restart. It has at most 3,015 bytes, and holds no secret.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn cursor(&self) -> Result<Vec<u8>, LedgerError> {
        Ok(self.cursor.lock().unwrap_or_else(PoisonError::into_inner).to_bytes())
    }
}
