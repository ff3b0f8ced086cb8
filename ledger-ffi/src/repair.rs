//! Saving what is sound in a damaged database into a new one.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use ledger_store::{FileSecrets, StoreOptions};

use crate::LedgerError;
use crate::ledger::options;
use crate::progress::{ProgressListener, telling};
use crate::secrets::{AppSecrets, SecretStore, Secrets};

/// What was saved of a damaged database, and what is known to be lost.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RepairReport {
    /// Whether nothing at all was lost.
    pub is_complete: bool,
    /// How many pages the file has.
    pub pages: u64,
    /// How many of them are damaged.
    pub damaged_pages: u64,
    /// The groups of which there is anything.
    pub groups: Vec<RepairedGroup>,
    /// Entries that are lost and whose ids are known. There may be more.
    pub lost: Vec<String>,
}

/// What was saved of a group.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RepairedGroup {
    /// The group's id.
    pub id: String,
    /// How many entries are in its ledger again.
    pub entries: u64,
    /// How many wait for entries that are lost.
    pub waiting: u64,
    /// What they wait for: another device's bundle has it.
    pub missing: Vec<String>,
    /// Whether this device's key in the group was found.
    pub has_key: bool,
}

impl From<ledger_store::Salvaged> for RepairReport {
    fn from(repaired: ledger_store::Salvaged) -> Self {
        let group = |group: &ledger_store::SalvagedGroup| RepairedGroup {
            id: group.id.to_string(),
            entries: group.entries,
            waiting: group.waiting,
            missing: group.missing.iter().map(ToString::to_string).collect(),
            has_key: group.has_key,
        };
        let count = |pages: &RangeInclusive<u64>| {
            pages.end().saturating_sub(*pages.start()).saturating_add(1)
        };
        Self {
            is_complete: repaired.is_complete(),
            pages: repaired.pages,
            damaged_pages: repaired.damaged_pages.iter().map(count).sum(),
            groups: repaired.groups.iter().map(group).collect(),
            lost: repaired.lost.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Saves what is sound in a damaged database into a new one at `to`, with the
/// keys in the app's secret store. The damaged file is only read; nobody may
/// write to it meanwhile. Takes long; if it is stopped or fails, no file is left.
///
/// If the report is not complete, import what others have before anything is
/// recorded on this device: its own last entries may be lost.
///
/// # Errors
/// `File` if `to` exists, `WrongKey` if the key is unknown, `WrongAppKey`, `Cancelled`,
/// `CallbackFailed`, or what writing says. What is lost is in the report.
#[uniffi::export(default(container = None, listener = None, app_key = None))]
pub fn repair_database(
    path: &str,
    secrets: Arc<dyn SecretStore>,
    to: &str,
    container: Option<String>,
    listener: Option<Arc<dyn ProgressListener>>,
    app_key: Option<Vec<u8>>,
) -> Result<RepairReport, LedgerError> {
    let secrets = Secrets::new(AppSecrets(secrets), app_key)?;
    repair(options(container), path, &secrets, to, listener)
}

/// As `repair_database`, with the keys in a file: for programs, not for phones.
///
/// # Errors
/// As `repair_database`.
#[uniffi::export(default(listener = None, app_key = None))]
pub fn repair_database_with_key_file(
    path: &str,
    key_file: &str,
    to: &str,
    listener: Option<Arc<dyn ProgressListener>>,
    app_key: Option<Vec<u8>>,
) -> Result<RepairReport, LedgerError> {
    let secrets = Secrets::new(FileSecrets::new(key_file), app_key)?;
    repair(options(None), path, &secrets, to, listener)
}

fn repair(
    options: StoreOptions,
    path: &str,
    secrets: &Secrets,
    to: &str,
    listener: Option<Arc<dyn ProgressListener>>,
) -> Result<RepairReport, LedgerError> {
    let work = |progress: &mut dyn FnMut(_) -> _| {
        options.salvage_database(Path::new(path), secrets.store(), Path::new(to), progress)
    };
    Ok(telling(listener, work)?.into())
}
