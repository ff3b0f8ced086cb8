//! Saving what is sound in a damaged file into a new database.

mod build;
mod pages;
mod report;
mod saved;
mod scratch;

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::saved::Saved;
use self::scratch::Scratch;
use crate::StoreError;
use crate::database::{FileKey, Location, Settings};
use crate::platform::Environment;
use crate::platform::files::{publish, sync_folder, unfinished};
use crate::platform::progress::{Meter, OnProgress, Phase};
use crate::secrets::SecretStore;

pub use report::{Cut, Salvaged, SalvagedGroup};

/// Saves what is sound in a damaged file into a new database. `Store::salvage_database` documents
/// it.
pub(crate) fn salvage_database(
    settings: Settings,
    path: &Path,
    secrets: Arc<dyn SecretStore>,
    to: &Path,
    progress: OnProgress<'_>,
) -> Result<Salvaged, StoreError> {
    let io = |source| StoreError::Io { path: to.to_owned(), source };
    if to.symlink_metadata().is_ok() {
        return Err(io(Error::from(ErrorKind::AlreadyExists)));
    }
    let key = Location::new(path, Arc::clone(&secrets), settings.clone()).file_key()?;
    let workshop = Workshop::new(to, &*settings.environment)?;
    let made = Location::new(&workshop.0.join("salvaged.db"), secrets, settings);
    let salvaged = work(path, key, &workshop.0, &made, progress).and_then(|salvaged| {
        publish(made.path(), to).and_then(|()| sync_folder(to)).map_err(io)?;
        Ok(salvaged)
    });
    if salvaged.is_err() {
        build::forget_key(&made);
    }
    salvaged
}

fn work(
    path: &Path,
    key: FileKey,
    folder: &Path,
    made: &Location,
    progress: OnProgress<'_>,
) -> Result<Salvaged, StoreError> {
    let environment = &*made.settings().environment;
    let scratch = Scratch::new(path, folder, key)?;
    let saved = Saved::new(&folder.join("saved.db"), environment)?;
    let mut meter = Meter::new(&mut *progress, Phase::Salvaging, scratch.pages)?;
    let hints = pages::salvage(&scratch, &saved, environment, &mut meter)?;
    meter.end();
    let mut salvaged = Salvaged::new(scratch.pages, &scratch.damaged);
    build::build(made, &saved, &hints, &mut salvaged, progress)?;
    for id in hints.ids.difference(&hints.others) {
        // The id of the genesis entry is also the id of the group, which `groups` has.
        if !saved.has(id)? {
            salvaged.lost.insert(*id);
        }
    }
    Ok(salvaged)
}

/// A folder beside the new database, removed in the end.
struct Workshop(PathBuf);

impl Workshop {
    fn new(to: &Path, environment: &dyn Environment) -> Result<Self, StoreError> {
        let path = unfinished(to, environment)?;
        std::fs::create_dir(&path)
            .map_err(|source| StoreError::Io { path: path.clone(), source })?;
        Ok(Self(path))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // The files in it are encrypted, and can be deleted by hand.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
