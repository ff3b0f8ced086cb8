//! A database with one group, and people who join the group and import its bundle.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use ledger_core::messages::invite::InviteLink;
use ledger_store::{FileSecrets, Group, Imported, NewInvite, Progress, Received, Since, Store};
use tempfile::TempDir;

use super::bed::crowd_of;
use super::crowd::Crowd;

/// The database of the person who founded the group, in a temporary folder.
pub struct Host {
    /// The group.
    pub group: Group,
    /// The people who wrote its entries.
    pub crowd: Crowd,
    store: Store,
    folder: TempDir,
}

/// The progress callback of a bench: goes on.
pub fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

impl Host {
    /// The file name of the host's database.
    pub const NAME: &str = "host.db";

    /// A group with so many entries, written by nine people.
    #[must_use]
    pub fn new(entries: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(Self::NAME);
        let store = open_file(file.clone());
        let group = store.create_group("Crowd", "0").unwrap();
        let mut crowd = crowd_of(&group, &keys_of(file), 9);
        crowd.write(entries - crowd.entries.len(), 6);
        for batch in crowd.entries[1..].chunks(1_000) {
            group.entries().ingest_verified(batch.to_vec()).unwrap();
        }
        Self { group, crowd, store, folder }
    }

    /// A file of this name in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Closes all connections and opens them again, so that the file holds everything.
    pub fn settle(&self) {
        self.store.suspend().unwrap();
        self.store.resume().unwrap();
    }

    /// Closes the database. Returns its size in bytes.
    #[must_use]
    pub fn close(self) -> u64 {
        let Self { group, store, folder, .. } = self;
        drop((group, store));
        std::fs::metadata(folder.path().join(Self::NAME)).unwrap().len()
    }

    /// The key file of a database in the folder.
    #[must_use]
    pub fn keys(&self, name: &str) -> PathBuf {
        keys_of(self.path(name))
    }

    /// Makes a database of this name for a person who joins the group. Returns a bundle of the
    /// whole group for this person; nothing of it is imported yet.
    #[must_use]
    pub fn admit(&self, name: &str) -> Vec<u8> {
        let guest = open_file(self.path(name));
        let link = self.group.invites().create(&NewInvite::default().note("bench"));
        let link = InviteLink::parse(&link.unwrap().reveal("")).unwrap();
        let request = guest.joining().join(&link, "Ben").unwrap();
        let Received::Admitted(admitted) = self.store.joining().receive_request(&request).unwrap()
        else {
            panic!("an open invite")
        };
        drop(guest.joining().enter(&admitted.answer).unwrap());
        self.export()
    }

    /// A bundle of the whole group.
    #[must_use]
    pub fn export(&self) -> Vec<u8> {
        let mut bundle = Vec::new();
        self.group.bundles().export(Since::Beginning, &mut bundle, &mut go_on).unwrap();
        bundle
    }

    /// Opens the database of a person who was admitted, or the host's own once more.
    #[must_use]
    pub fn open(&self, name: &str) -> Guest {
        let store = open_file(self.path(name));
        let group = store.group(self.group.id()).unwrap();
        Guest { group, store }
    }
}

/// An open database with the group of a host.
pub struct Guest {
    /// The group.
    pub group: Group,
    store: Store,
}

impl Guest {
    /// Closes all connections and opens them again, so that the file holds everything.
    pub fn settle(&self) {
        self.store.suspend().unwrap();
        self.store.resume().unwrap();
    }

    /// Imports a bundle.
    ///
    /// # Panics
    /// If anything of the bundle is missing then.
    pub fn import(&self, bundle: &[u8]) -> Imported {
        let imported = self.group.bundles().import(&mut &*bundle, &mut go_on).unwrap();
        assert!(imported.is_complete());
        imported
    }
}

fn open_file(path: PathBuf) -> Store {
    let keys = keys_of(path.clone());
    Store::open_or_create(&path, Arc::new(FileSecrets::new(keys))).unwrap()
}

fn keys_of(path: PathBuf) -> PathBuf {
    let mut keys = path.into_os_string();
    keys.push(".keys");
    PathBuf::from(keys)
}
