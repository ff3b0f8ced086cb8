//! The handle of an open database.

mod options;
mod receive;
#[cfg(test)]
#[cfg(all(feature = "sqlcipher", target_os = "linux"))]
mod tests;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ledger_core::GroupId;

use crate::StoreError;
use crate::group::Group;
use crate::health::{Maintenance, Salvaged};
#[cfg(feature = "import")]
use crate::imports::Imports;
use crate::joining::{Joining, Pairing, Recovery};
use crate::lists::{Cursor, Overview, overview};
use crate::platform::{Environment, Progress};
use crate::secrets::SecretStore;
use crate::session::{Changes, Founding, Session};

pub use options::StoreOptions;
pub use receive::Receipt;

/// An open database. A handle: clones are the same open database, which is
/// closed when the last clone and the last [`Group`] of it are dropped. May be
/// used from any thread: queries run beside each other and beside a writer;
/// writers take turns.
#[derive(Clone)]
pub struct Store(Arc<Session>);

/// A group in the list of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupSummary {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// Number of entries that are stored.
    pub entries: u64,
}

impl Store {
    fn new(session: Arc<Session>) -> Self {
        Self(session)
    }

    /// Opens a database that exists. [`StoreOptions`] opens it with other settings.
    ///
    /// # Errors
    /// As [`StoreOptions::open`].
    pub fn open(path: &Path, secrets: Arc<dyn SecretStore>) -> Result<Self, StoreError> {
        StoreOptions::new().open(path, secrets)
    }

    /// Opens a database, or creates one with a fresh random key.
    ///
    /// # Errors
    /// As [`StoreOptions::open`], except that a missing file is created.
    pub fn open_or_create(path: &Path, secrets: Arc<dyn SecretStore>) -> Result<Self, StoreError> {
        StoreOptions::new().open_or_create(path, secrets)
    }

    /// Like [`Store::open_or_create`], with another clock and randomness.
    ///
    /// # Errors
    /// As [`Store::open_or_create`].
    pub fn open_or_create_in(
        path: &Path,
        secrets: Arc<dyn SecretStore>,
        environment: Arc<dyn Environment>,
    ) -> Result<Self, StoreError> {
        StoreOptions::new().environment(environment).open_or_create(path, secrets)
    }

    /// Saves what is sound in a damaged file into a new database `to`, for all
    /// groups in it. The damaged file is only read; nobody may write to it
    /// meanwhile. A log beside it is part of it.
    ///
    /// Every page that checks out is read, whether or not a path of sound pages
    /// leads to it. What is saved of them is what was signed: entries whose
    /// signatures hold, and nothing that is derived from them. An entry behind
    /// one that is lost waits in the new database until another device sends
    /// that one; so do all entries of a group whose genesis entry is lost.
    ///
    /// The new database has a new key, and opens with the same secrets; devices
    /// and people keep their keys. If it is not [complete](Salvaged::is_complete),
    /// import what others have before anything is recorded on this device: its
    /// own last entries may be lost, and its chain would fork.
    ///
    /// `progress` may stop it; then, and when it fails, no file is left.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use std::ops::ControlFlow;
    /// # use ledger_store::{MemorySecrets, Store};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("flat.db");
    /// # let secrets = Arc::new(MemorySecrets::new());
    /// # let store = Store::open_or_create(&path, secrets.clone())?;
    /// # let id = store.create_group("Flat", "Anna")?.id();
    /// # drop(store);
    /// let to = folder.path().join("salvaged.db");
    /// let go_on = &mut |_| ControlFlow::Continue(());
    /// let salvaged = Store::salvage_database(&path, secrets.clone(), &to, go_on)?;
    /// assert!(salvaged.is_complete());
    /// assert_eq!(Store::open(&to, secrets)?.groups()?[0].id, id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Io`] if `to` exists; [`StoreError::WrongKey`] if the key
    /// is unknown, or the first 16 bytes, by which it is found, are damaged;
    /// [`StoreError::Cancelled`]; [`StoreError`] if the new file cannot be
    /// written. What is lost is no error, but in the result.
    pub fn salvage_database(
        path: &Path,
        secrets: Arc<dyn SecretStore>,
        to: &Path,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Salvaged, StoreError> {
        StoreOptions::new().salvage_database(path, secrets, to, progress)
    }

    /// Whether the file can only be read: its medium is read-only, its permissions or its folder's do
    /// not let it be written, or the app asked for it ([`StoreOptions::read_only`]). It stays so until
    /// the database is opened anew.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.0.connections().is_read_only()
    }

    /// The ids of the groups in this database, oldest first. Reads no entry,
    /// so it works on a ledger that is damaged.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn group_ids(&self) -> Result<Vec<GroupId>, StoreError> {
        self.0.group_ids()
    }

    /// The groups whose genesis entry was lost to damage. They are not listed until it is there:
    /// `Bundles::import` of [`Store::group`] takes it from another device. An app that finds
    /// such a group records nothing in a new one, as it would stand twice later.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn groups_without_genesis(&self) -> Result<Vec<GroupId>, StoreError> {
        self.0.groups_without_genesis()
    }

    /// The groups in this database, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn groups(&self) -> Result<Vec<GroupSummary>, StoreError> {
        self.0.snapshot(|snapshot| {
            let groups = snapshot.groups()?.into_iter();
            groups
                .map(|(key, id)| {
                    let ledger = snapshot.ledger(key, id)?.ledger;
                    let name = ledger.state().name().to_owned();
                    Ok(GroupSummary { id, name, entries: ledger.frontier().entries() })
                })
                .collect()
        })
    }

    /// The groups with what a list of them shows, the one that came to this
    /// device last first.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn overview(&self, after: Option<Cursor>, limit: u32) -> Result<Vec<Overview>, StoreError> {
        overview(&self.0, after, limit)
    }

    /// One group.
    ///
    /// # Errors
    /// [`StoreError::UnknownGroup`] if it is not in this database.
    pub fn group(&self, id: GroupId) -> Result<Group, StoreError> {
        Ok(Group::new(self.0.group(id)?))
    }

    /// Creates a group with this device's person as its owner.
    ///
    /// # Errors
    /// [`StoreError::Draft`] if a name is empty, too long, or one that `ledger_core::check_name` refuses.
    pub fn create_group(&self, name: &str, founder: &str) -> Result<Group, StoreError> {
        self.create_group_with(name, founder, &[])
    }

    /// Creates a group with this device's person as its owner, and with placeholders for other
    /// people: all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError::Draft`] if a name is empty, too long, or one that `ledger_core::check_name` refuses.
    pub fn create_group_with(
        &self,
        name: &str,
        founder: &str,
        others: &[&str],
    ) -> Result<Group, StoreError> {
        let founding = Founding { name, founder, others, successor_of: None, only_first: false };
        Ok(Group::new(self.0.create_group(&founding)?))
    }

    /// Deletes a group from this device for good: its entries, everything
    /// derived from them, and last the key with which this device signed in it.
    /// Other members keep theirs. If this device alone has some of the entries,
    /// they are lost.
    ///
    /// One transaction: a crash leaves either all of it, or at most the key,
    /// which then opens nothing. Freed pages are overwritten; the file keeps its
    /// size and uses them again.
    ///
    /// # Errors
    /// [`StoreError::UnknownGroup`] if it is not in this database;
    /// [`StoreError::Secrets`] if only the key could not be removed;
    /// [`StoreError`] if the database cannot be used.
    pub fn delete_group(&self, id: GroupId) -> Result<(), StoreError> {
        self.0.delete_group(id)
    }

    /// Subscribes to the changes of all groups, also of groups that come
    /// later.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn subscribe(&self) -> Result<Changes, StoreError> {
        self.0.subscribe()
    }

    /// Reads what other processes wrote, and notifies subscribers. An app calls
    /// this when it comes to the foreground, or when another process of its
    /// own says that it wrote.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be read.
    pub fn refresh(&self) -> Result<(), StoreError> {
        self.0.refresh()
    }

    /// Releases all locks and closes all files before it returns. An app on iOS calls it
    /// before it is suspended, if the database lies
    /// in a container that it shares with an extension: iOS kills an app that
    /// sleeps with a lock there.
    ///
    /// Calls that run get half a second to finish. What has not finished by then
    /// is stopped, and what comes later is refused: both fail with
    /// [`StoreError::Suspended`] and change nothing. Checkpoints of what was
    /// written are saved, so that the next opening is quick. Subscriptions stay.
    ///
    /// [`Store::resume`] goes on; handles stay good.
    ///
    /// # Errors
    /// [`StoreError::StillInUse`] if a call did not end within one and a half
    /// seconds, as one whose progress callback does not return. The store is
    /// suspended all the same, and the file is closed when that call ends.
    pub fn suspend(&self) -> Result<(), StoreError> {
        self.0.suspend()
    }

    /// Opens the file again after [`Store::suspend`]; does nothing if it is open.
    /// The key is looked up in the secret store again.
    ///
    /// # Errors
    /// As [`StoreOptions::open`]; then the store stays suspended.
    pub fn resume(&self) -> Result<(), StoreError> {
        self.0.resume()
    }

    /// Saves a checkpoint of each group that has entries since its last one, and
    /// empties SQLite's log into the database. For when the app goes to the
    /// background: the next opening reads little, even if the system ends the
    /// app. [`Store::suspend`] does so as well.
    ///
    /// # Errors
    /// [`StoreError`] if the database cannot be used; what was saved stays.
    pub fn checkpoint_all(&self) -> Result<(), StoreError> {
        self.0.checkpoint_all()
    }

    /// Cancels the long calls that run now on other threads: each returns
    /// [`StoreError::Cancelled`], and keeps what it would keep if its progress callback had stopped it.
    /// That callback is not called while a batch of entries is stored, since the database is locked
    /// then; this stops that, too, before the next entry. Calls that begin later are not cancelled.
    ///
    /// ```
    /// # use ledger_store::StoreOptions;
    /// # let store = StoreOptions::new().in_memory()?;
    /// // On the thread on which the person taps "cancel".
    /// store.cancel_running();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cancel_running(&self) {
        self.0.cancellations().cancel();
    }

    /// Joining groups by an invite.
    #[must_use]
    pub fn joining(&self) -> Joining<'_> {
        Joining::new(&self.0)
    }

    /// Pairing of a further device of the same person.
    #[must_use]
    pub fn pairing(&self) -> Pairing<'_> {
        Pairing::new(&self.0)
    }

    /// Recovery by phrase or by the shares of friends.
    #[must_use]
    pub fn recovery(&self) -> Recovery<'_> {
        Recovery::new(&self.0)
    }

    /// Imports of other programs' files.
    #[cfg(feature = "import")]
    #[must_use]
    pub fn imports(&self) -> Imports<'_> {
        Imports::new(&self.0)
    }

    /// Maintenance of the database.
    #[must_use]
    pub fn maintenance(&self) -> Maintenance<'_> {
        Maintenance::new(&self.0)
    }
}
