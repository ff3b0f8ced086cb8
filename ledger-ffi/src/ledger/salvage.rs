//! Salvaging what is sound in a damaged database into a new one.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use ledger_core::{EntryId, GroupId};
use ledger_store::{FileSecrets, StoreOptions};

use super::open::options;
use crate::error::LedgerError;
use crate::platform::{AppSecrets, ProgressListener, SecretStore, Secrets, with_progress};

/// Result of salvaging a damaged database: what was saved, and what is known to be
/// lost.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SalvageReport {
    /// Whether nothing at all was lost.
    pub is_complete: bool,
    /// How many pages the file has.
    pub pages: u64,
    /// How many of them are damaged.
    pub damaged_pages: u64,
    /// The groups of which something was saved.
    pub groups: Vec<SalvagedGroup>,
    /// Entries that are lost and whose ids are known. There may be more.
    pub lost: Vec<EntryId>,
}

/// Result of a salvage for one group.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SalvagedGroup {
    /// The group's id.
    pub id: GroupId,
    /// How many entries were saved.
    pub entries: u64,
    /// How many saved entries wait for entries that are lost.
    pub waiting: u64,
    /// The entries for which they wait. Bundles of other devices hold them.
    pub missing: Vec<EntryId>,
    /// Whether the key by which this device signs in the group was found.
    pub has_key: bool,
}

impl From<ledger_store::Salvaged> for SalvageReport {
    fn from(repaired: ledger_store::Salvaged) -> Self {
        let group = |group: ledger_store::SalvagedGroup| SalvagedGroup {
            id: group.id,
            entries: group.entries,
            waiting: group.waiting,
            missing: group.missing.into_iter().collect(),
            has_key: group.has_key,
        };
        let count = |pages: &RangeInclusive<u64>| {
            pages.end().saturating_sub(*pages.start()).saturating_add(1)
        };
        Self {
            is_complete: repaired.is_complete(),
            pages: repaired.pages,
            damaged_pages: repaired.damaged_pages.iter().map(count).sum(),
            groups: repaired.groups.into_iter().map(group).collect(),
            lost: repaired.lost.into_iter().collect(),
        }
    }
}

/// Salvages what is sound in a damaged database, into a new database at `to`, with the
/// keys in the app's secret store. The damaged file is only read; nobody may write to it
/// meanwhile. It takes long; if it is stopped or fails, no new file is left.
///
/// If the report is not complete, import bundles of others before this device records
/// anything: its own last entries may be lost.
///
/// # Errors
/// `File` if `to` exists, `WrongKey` if the key is unknown, `WrongAppKey`, `Cancelled`,
/// `CallbackFailed`, or any error of writing the database. Lost entries are in the
/// report, and no error.
#[uniffi::export(default(container = None, listener = None, app_key = None))]
pub fn salvage_database(
    path: &str,
    secrets: Arc<dyn SecretStore>,
    to: &str,
    container: Option<String>,
    listener: Option<Arc<dyn ProgressListener>>,
    app_key: Option<Vec<u8>>,
) -> Result<SalvageReport, LedgerError> {
    let secrets = Secrets::new(AppSecrets(secrets), app_key)?;
    salvage(options(container), path, &secrets, to, listener)
}

/// Salvages as `salvage_database` does, with the keys in a file. For programs, not for
/// phones.
///
/// # Errors
/// As `salvage_database`.
#[uniffi::export(default(listener = None, app_key = None))]
pub fn salvage_database_with_key_file(
    path: &str,
    key_file: &str,
    to: &str,
    listener: Option<Arc<dyn ProgressListener>>,
    app_key: Option<Vec<u8>>,
) -> Result<SalvageReport, LedgerError> {
    let secrets = Secrets::new(FileSecrets::new(key_file), app_key)?;
    salvage(options(None), path, &secrets, to, listener)
}

fn salvage(
    options: StoreOptions,
    path: &str,
    secrets: &Secrets,
    to: &str,
    listener: Option<Arc<dyn ProgressListener>>,
) -> Result<SalvageReport, LedgerError> {
    let work = |progress: &mut dyn FnMut(_) -> _| {
        options.salvage_database(Path::new(path), secrets.store(), Path::new(to), progress)
    };
    Ok(with_progress(listener, work)?.into())
}
