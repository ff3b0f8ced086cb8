//! An open database with its groups.

use std::path::Path;
use std::sync::Arc;

use ledger_core::GroupId;
use ledger_store::{FileSecrets, Store, StoreOptions};

use crate::LedgerError;
use crate::environment::TestClock;
use crate::group::{LedgerGroup, Problem};
use crate::money::Money;
use crate::open::Open;
use crate::progress::{ProgressListener, telling};
use crate::secrets::{AppSecrets, SecretStore, Secrets};
use crate::timestamp::shown;
use crate::watch::{ChangeListener, Watch};

/// An open, encrypted database with any number of groups. May be used from any
/// thread. Every call may wait for the disk, and for a call on another thread:
/// keep it off the thread that draws.
#[derive(uniffi::Object)]
pub struct Ledger {
    open: Open,
    /// None in memory.
    secrets: Option<Secrets>,
}

/// A group in the list of groups.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct GroupOverview {
    /// The group's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of the member who uses this device.
    pub me: Option<String>,
    /// What the group owes me, in every currency in which that is not zero.
    pub balances: Vec<Money>,
    /// How many members there are, without those removed.
    pub members: u64,
    /// When the last entry was made, in milliseconds since 1970-01-01 UTC by
    /// its author's clock: to be shown, not trusted.
    pub last_activity_ms: i64,
    /// Where the page after this row begins.
    pub cursor: String,
}

#[uniffi::export]
impl Ledger {
    /// Opens a database with the keys in the app's secret store. If there is no
    /// file, it is made, unless `create` is false.
    ///
    /// `container` is for a database that an app on iOS shares with its
    /// extensions: a name by which its salt is kept. The first 32 bytes of the
    /// file are then readable, without which iOS ends an app that it suspends.
    /// Always open it with the same name.
    ///
    /// `app_key` is 32 random bytes of the app's, under which everything in the secret
    /// store is sealed: from the first opening on, always open it with that key, until
    /// `change_app_key`.
    ///
    /// # Errors
    /// `NotFound`, `WrongKey`, `WrongAppKey`, `NoSalt`, `SecretsFailed`,
    /// `SecretsDamaged`, `Damaged`, `FromTheFuture`, `NoCipher`, `ReadOnly`,
    /// `DiskFull`, `Busy`.
    #[uniffi::constructor(default(create = true, container = None, app_key = None))]
    pub fn open(
        path: &str,
        secrets: Arc<dyn SecretStore>,
        create: bool,
        container: Option<String>,
        app_key: Option<Vec<u8>>,
    ) -> Result<Self, LedgerError> {
        let secrets = Secrets::new(AppSecrets(secrets), app_key)?;
        Self::opened(options(container), path, secrets, create)
    }

    /// Opens a database with the keys in a file that only its owner can read:
    /// for programs, not for phones.
    ///
    /// # Errors
    /// As `open`.
    #[uniffi::constructor(default(create = true, app_key = None))]
    pub fn open_with_key_file(
        path: &str,
        key_file: &str,
        create: bool,
        app_key: Option<Vec<u8>>,
    ) -> Result<Self, LedgerError> {
        let secrets = Secrets::new(FileSecrets::new(key_file), app_key)?;
        Self::opened(StoreOptions::new(), path, secrets, create)
    }

    /// A ledger in memory, with its keys, a clock that is set by hand and
    /// randomness from a seed: for unit tests and previews of apps. It is gone
    /// when it is closed, and cannot be backed up.
    ///
    /// # Errors
    /// `DatabaseFailed` if there is not enough memory.
    #[uniffi::constructor]
    pub fn in_memory(clock: Arc<TestClock>) -> Result<Self, LedgerError> {
        let store = StoreOptions::new().environment(clock).in_memory()?;
        Ok(Self { open: Open::new(store), secrets: None })
    }

    /// The groups with what a list of them shows, at most `limit`, the one that
    /// came to this device last first. `after` is the cursor of the last row.
    ///
    /// # Errors
    /// `InvalidCursor`, or what reading the database says.
    #[uniffi::method(default(after = None, limit = 50))]
    pub fn groups(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<GroupOverview>, LedgerError> {
        let after = after.map(|cursor| cursor.parse()).transpose()?;
        let rows = self.store()?.overview(after, limit)?;
        let row = |row: ledger_store::Overview| {
            let balance = |(currency, balance)| Money::of_balance(balance, currency);
            Ok(GroupOverview {
                id: row.id.to_string(),
                name: row.name,
                me: row.me.map(|me| me.to_string()),
                balances: row.balances.into_iter().map(balance).collect::<Result<_, _>>()?,
                members: row.members,
                last_activity_ms: shown(row.last_activity_ms),
                cursor: row.cursor.to_string(),
            })
        };
        rows.into_iter().map(row).collect()
    }

    /// Founds a group, with this device's person as its owner and first member.
    ///
    /// # Errors
    /// `InvalidEntry` if a name is empty or too long, or what writing says.
    pub fn create_group(&self, name: &str, my_name: &str) -> Result<Arc<LedgerGroup>, LedgerError> {
        let group = self.store()?.create_group(name, my_name)?;
        Ok(self.handle(group.id()))
    }

    /// One group.
    ///
    /// # Errors
    /// `InvalidId`, or `UnknownGroup` if it is not in this database.
    pub fn group(&self, id: &str) -> Result<Arc<LedgerGroup>, LedgerError> {
        let id: GroupId = id.parse()?;
        self.open.group(id)?;
        Ok(self.handle(id))
    }

    /// Deletes a group from this device for good, and last the key with which
    /// this device signed in it. Other members keep theirs. What only this
    /// device has is lost.
    ///
    /// # Errors
    /// `UnknownGroup`, or what writing says.
    pub fn delete_group(&self, id: &str) -> Result<(), LedgerError> {
        Ok(self.store()?.delete_group(id.parse()?)?)
    }

    /// Tells a listener from now on what changes in any group, also in groups
    /// that come later.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn watch(&self, listener: Arc<dyn ChangeListener>) -> Result<Arc<Watch>, LedgerError> {
        Ok(Arc::new(Watch::start(self.store()?.subscribe()?, listener)?))
    }

    /// Reads what other processes wrote, such as an app extension, and tells
    /// listeners: for when the app comes to the foreground.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn refresh(&self) -> Result<(), LedgerError> {
        Ok(self.store()?.refresh()?)
    }

    /// Gives back memory: for when the system says that it is short of it.
    ///
    /// # Errors
    /// What using the database says.
    pub fn release_memory(&self) -> Result<(), LedgerError> {
        Ok(self.store()?.maintenance().release_memory()?)
    }

    /// Copies the database as it is now into a new file, while others read and
    /// write on. The copy opens with this ledger's secrets and no others. Takes
    /// long; if it is stopped or fails, no file is left.
    ///
    /// # Errors
    /// `File` if there is a file already; `Cancelled`, `CallbackFailed`,
    /// `DiskFull`, or what reading the database says.
    #[uniffi::method(default(listener = None))]
    pub fn backup(
        &self,
        path: &str,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<(), LedgerError> {
        let store = self.store()?;
        telling(listener, |progress| store.maintenance().backup(Path::new(path), progress))
    }

    /// Lets go of the file: when this returns, no lock is held and no file is
    /// open. An app on iOS calls it before it is suspended, if an extension
    /// shares the database. Calls that run get half a second to end; later ones
    /// fail with `Suspended`, until `resume`. Checkpoints are saved. Listeners stay.
    ///
    /// # Errors
    /// `StillInUse` if a call did not end in time, as one whose progress
    /// listener does not return.
    pub fn suspend(&self) -> Result<(), LedgerError> {
        Ok(self.store()?.suspend()?)
    }

    /// Opens the file again after `suspend`; does nothing if it is open.
    ///
    /// # Errors
    /// As `open`; then the ledger stays suspended.
    pub fn resume(&self) -> Result<(), LedgerError> {
        Ok(self.store()?.resume()?)
    }

    /// Encrypts the database anew, under a fresh key: an older copy of the file
    /// does not open any more.
    ///
    /// # Errors
    /// `Busy` if another process has the file open or a call does not end in time,
    /// `Suspended`, `SecretsFailed`, or what writing says; the ledger goes on in
    /// each case.
    pub fn rekey(&self) -> Result<(), LedgerError> {
        Ok(self.store()?.maintenance().rekey()?)
    }

    /// Seals the secret store under another key of the app's. The database stays as it
    /// is, and so do all other secrets. Keep both keys until this has returned:
    /// if it is interrupted, one of them opens everything, and the other fails with
    /// `WrongAppKey`.
    ///
    /// # Errors
    /// `WrongAppKey` if the key is not 32 bytes long, the ledger was opened without
    /// one or is in memory, or another process has changed it; `SecretsFailed`.
    pub fn change_app_key(&self, app_key: Vec<u8>) -> Result<(), LedgerError> {
        self.store()?;
        match &self.secrets {
            Some(secrets) => secrets.change_app_key(app_key),
            None => Err(LedgerError::plain(crate::ErrorCode::WrongAppKey)),
        }
    }

    /// Saves a checkpoint of every group that has new entries: for when the app
    /// goes to the background. The next opening reads little, even if the
    /// system ends the app.
    ///
    /// # Errors
    /// What writing says; what was saved stays.
    pub fn checkpoint(&self) -> Result<(), LedgerError> {
        Ok(self.store()?.checkpoint_all()?)
    }

    /// Checks every group and every page of the file. Changes nothing. Takes
    /// long. Returns what is not as it should be.
    ///
    /// # Errors
    /// `Cancelled`, `CallbackFailed`, `Damaged` if a page that is needed does
    /// not check out, or what reading the database says.
    #[uniffi::method(default(listener = None))]
    pub fn check(
        &self,
        listener: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<Problem>, LedgerError> {
        let store = self.store()?;
        let found = telling(listener, |progress| store.maintenance().check_database(progress))?;
        Ok(found.problems().cloned().map(Into::into).collect())
    }

    /// Writes everything anew that is derived from the entries. Takes long, and
    /// nobody else can write meanwhile; stopped or failed, nothing has changed.
    ///
    /// # Errors
    /// `Cancelled`, `CallbackFailed`, `Damaged` if the entries themselves are
    /// not sound, or what writing says.
    #[uniffi::method(default(listener = None))]
    pub fn rebuild(&self, listener: Option<Arc<dyn ProgressListener>>) -> Result<(), LedgerError> {
        let store = self.store()?;
        telling(listener, |progress| store.maintenance().rebuild_indexes(progress))
    }

    /// A text for whoever helps with a problem: sizes and counts, and no names,
    /// words, amounts, dates, keys or ids.
    ///
    /// # Errors
    /// What reading the database says.
    pub fn support_dump(&self) -> Result<String, LedgerError> {
        Ok(self.store()?.maintenance().support_dump()?)
    }

    /// Closes the database, at once or when the calls under way have ended.
    /// Later calls, on groups of it too, fail with `Closed`.
    ///
    /// # Errors
    /// None; as with every call, a binding may report [`LedgerError`].
    pub fn shut_down(&self) -> Result<(), LedgerError> {
        self.open.close();
        Ok(())
    }
}

impl Ledger {
    fn opened(
        options: StoreOptions,
        path: &str,
        secrets: Secrets,
        create: bool,
    ) -> Result<Self, LedgerError> {
        let path = Path::new(path);
        let store = if create {
            options.open_or_create(path, secrets.store())
        } else {
            options.open(path, secrets.store())
        };
        Ok(Self { open: Open::new(store?), secrets: Some(secrets) })
    }

    pub(crate) fn store(&self) -> Result<Store, LedgerError> {
        self.open.store()
    }

    pub(crate) fn opening(&self) -> Open {
        self.open.clone()
    }

    pub(crate) fn handle(&self, id: GroupId) -> Arc<LedgerGroup> {
        Arc::new(LedgerGroup::new(self.open.clone(), id))
    }
}

/// How a database is opened that an app may share with its extensions.
pub(crate) fn options(container: Option<String>) -> StoreOptions {
    match container {
        Some(name) => StoreOptions::new().plaintext_header(&name),
        None => StoreOptions::new(),
    }
}
