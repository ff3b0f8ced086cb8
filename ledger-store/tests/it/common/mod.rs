//! Builders and checks that the tests of the store share.
#![cfg(feature = "sqlcipher")]
#![allow(dead_code, unreachable_pub)]

pub mod crashing;
pub mod epochs;
pub mod people;
pub mod phones;
pub mod scene;
pub mod sealed;
pub mod subject;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use ledger_core::engine::{DecodedEntry, Evaluation, VerifiedEntry, evaluate, verify_batch};
use ledger_core::limits::LedgerLimits;
use ledger_core::{
    Amount, Currency, Date, Direction, EntryId, Expense, GroupId, GroupState, StateDigest,
    Transaction, Transfer,
};
use ledger_store::{
    Environment, FileSecrets, Group, Ingested, NewEntry, Progress, SecretStore, Store, StoreError,
    StoreOptions, Verification,
};
use tempfile::TempDir;

/// An entry as it travels: header and payload, and the signature.
pub type Travelling = (Vec<u8>, [u8; 64]);

/// A small generator (SplitMix64): the same numbers on every run.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// A clock that ticks and randomness that repeats.
pub struct Seeded(Mutex<Rng>);

impl Seeded {
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Rng::new(seed))))
    }
}

impl Environment for Seeded {
    fn now_ms(&self) -> u64 {
        1_800_000_000_000 + self.0.lock().unwrap().next() % 1000
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
        let mut rng = self.0.lock().unwrap();
        bytes.fill_with(|| rng.next() as u8);
        Ok(())
    }
}

/// A folder with a database and its key file.
pub struct Folder {
    path: PathBuf,
    /// Deleted in the end, if it is ours.
    _folder: Option<TempDir>,
    seed: u64,
}

impl Folder {
    pub fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().to_owned(), _folder: Some(folder), seed }
    }

    /// The folder of a database that somebody else made.
    pub fn at(database: &Path) -> Self {
        Self { path: database.parent().unwrap().to_owned(), _folder: None, seed: 0 }
    }

    pub fn db(&self) -> PathBuf {
        self.path.join("flat.db")
    }

    pub fn keys(&self) -> PathBuf {
        self.path.join("flat.keys")
    }

    pub fn secrets(&self) -> Arc<FileSecrets> {
        Arc::new(FileSecrets::new(self.keys()))
    }

    /// Opens or makes the database.
    pub fn store(&self) -> Store {
        let environment = Seeded::new(self.seed);
        Store::open_or_create_in(&self.db(), self.secrets(), environment).unwrap()
    }

    /// Opens or makes the database, with other limits of what is kept for others.
    pub fn store_with(&self, limits: LedgerLimits) -> Store {
        let options = StoreOptions::new().environment(Seeded::new(self.seed)).limits(limits);
        options.open_or_create(&self.db(), self.secrets()).unwrap()
    }

    /// Opens or makes the database as an app whose devices say what they read.
    pub fn store_that_speaks(&self, speaks: &ledger_core::Speaks) -> Store {
        let options = StoreOptions::new().environment(Seeded::new(self.seed));
        options.speaks(speaks.clone()).open_or_create(&self.db(), self.secrets()).unwrap()
    }

    pub fn open(&self) -> Result<Store, StoreError> {
        Store::open(&self.db(), self.secrets())
    }

    /// Another device's disk with the same content. Nobody has the file open.
    pub fn copy(&self, seed: u64) -> Self {
        assert!(!beside(&self.db(), "-wal").exists(), "somebody has the database open");
        let copy = Self::new(seed);
        std::fs::copy(self.db(), copy.db()).unwrap();
        std::fs::copy(self.keys(), copy.keys()).unwrap();
        copy
    }

    /// Past the library, with the key: for tampering. It does not wait for the disk.
    pub fn raw(&self) -> rusqlite::Connection {
        raw(&self.db(), &self.keys())
    }
}

/// Connection past the library, with the key of this key file.
pub fn raw(db: &Path, keys: &Path) -> rusqlite::Connection {
    let keys = std::fs::read_to_string(keys).unwrap();
    let file = std::fs::read(db).unwrap();
    let salt = hex(&file[..16]);
    let name = format!("database-{salt} ");
    let key = keys.lines().find_map(|line| line.strip_prefix(&name)).unwrap();
    let raw = rusqlite::Connection::open(db).unwrap();
    let pragmas = format!(
        "PRAGMA key = \"x'{key}{salt}'\"; PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF;"
    );
    raw.execute_batch(&pragmas).unwrap();
    raw.query_row("SELECT count(*) FROM entries", [], |_| Ok(())).unwrap();
    raw
}

/// `path` with something behind the name.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Command that runs one test of this binary, `module::name`, in a process of its own.
pub fn child_process(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command
}

/// Lets work go on to its end.
pub fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

pub fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Writes a file that only its owner may read, as key files must be.
pub fn write_private(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// Founds a group of Anna and `others` more.
pub fn found(store: &Store, others: usize) -> Group {
    let group = store.create_group("Flat", "Anna").unwrap();
    let people = (1..=others).map(|n| NewEntry::Placeholder { name: format!("Guest {n}") });
    group.entries().append(people.collect()).unwrap();
    group
}

/// The only group of a store.
pub fn only(store: &Store) -> Group {
    let groups = store.groups().unwrap();
    assert_eq!(groups.len(), 1);
    store.group(groups[0].id).unwrap()
}

/// An expense, a refund one time in five, or, one time in four, a transfer.
pub fn details(state: &GroupState, rng: &mut Rng) -> Transaction {
    let members: Vec<_> = state.members().iter().map(|(id, _)| *id).collect();
    let date = Date::from_ymd(2026, 1 + rng.below(12) as u32, 1 + rng.below(28) as u32).unwrap();
    let code = ["EUR", "JPY", "KWD"][rng.below(3)];
    let currency = Currency::from_code(code).unwrap();
    let amount = Amount::from_minor_units(2 + rng.next() % 10_000).unwrap();
    let (first, step) = (rng.below(members.len()), 1 + rng.below(members.len() - 1));
    let (one, other) = (members[first], members[(first + step) % members.len()]);
    let description = format!("Thing {}", rng.next() % 1000);
    if rng.below(4) == 0 {
        let transfer = Transfer::new(date, currency, amount, one, other).description(description);
        return Transaction::Transfer(transfer);
    }
    // Follows from the amount, so that it takes nothing from the dice.
    let is_refund = amount.minor_units() % 5 == 4;
    let half = Amount::from_minor_units(amount.minor_units() / 2).unwrap();
    let rest = Amount::from_minor_units(amount.minor_units() - half.minor_units()).unwrap();
    Transaction::Expense(
        Expense::new(date, description, currency, amount)
            .category("General")
            .direction(if is_refund { Direction::Incoming } else { Direction::Outgoing })
            .paid_by(one, amount)
            .share(one, half)
            .share(other, rest),
    )
}

/// Records `count` expenses and transfers, `batch` at a time.
pub fn record(group: &Group, count: usize, batch: usize, rng: &mut Rng) -> Vec<EntryId> {
    let state = group.state().unwrap();
    let entries: Vec<NewEntry> =
        (0..count).map(|_| NewEntry::Record(details(&state, rng))).collect();
    entries
        .chunks(batch)
        .flat_map(|batch| group.entries().append(batch.to_vec()).unwrap())
        .collect()
}

/// Something new, or a change of one of `originals`, whatever the dice say. One that is cancelled
/// is taken out: nothing changes it any more.
pub fn something(state: &GroupState, originals: &mut Vec<EntryId>, rng: &mut Rng) -> NewEntry {
    let place = (!originals.is_empty()).then(|| rng.below(originals.len()));
    match (rng.below(10), place) {
        (0, Some(place)) => {
            let original = originals.swap_remove(place);
            NewEntry::Cancellation { original, reason: Some("no".into()) }
        }
        (1..=3, Some(place)) => {
            NewEntry::Correction { original: originals[place], transaction: details(state, rng) }
        }
        _ => NewEntry::Record(details(state, rng)),
    }
}

/// The originals that count and are not cancelled.
pub fn live(group: &Group, limit: u32) -> Vec<EntryId> {
    let rows = group.lists().expenses(None, limit).unwrap();
    rows.iter().filter(|row| !row.cancelled).map(|row| row.original).collect()
}

/// Every entry, in a right order.
pub fn entries(group: &Group) -> Vec<Travelling> {
    let all = group.lists().activity(None, u32::MAX).unwrap();
    all.iter().rev().map(|row| travelling(&row.entry)).collect()
}

pub fn travelling(entry: &VerifiedEntry) -> Travelling {
    (entry.decoded().as_bytes().to_vec(), *entry.decoded().signature())
}

pub fn decode(entry: &Travelling) -> DecodedEntry {
    DecodedEntry::decode(&entry.0, &entry.1).unwrap()
}

/// The meaning of entries without any store.
pub fn from_scratch(group: GroupId, entries: &[Travelling]) -> Evaluation {
    let decoded = entries.iter().map(decode).collect();
    let verified: Result<Vec<VerifiedEntry>, _> =
        verify_batch(decoded, &[7; 32]).into_iter().collect();
    let evaluation = evaluate(group, verified.unwrap()).unwrap();
    assert!(evaluation.missing().is_empty() && evaluation.refused().is_empty());
    evaluation
}

pub fn digest(group: &Group) -> StateDigest {
    group.state().unwrap().digest()
}

pub fn heads(group: &Group) -> Vec<EntryId> {
    group.ledger().unwrap().frontier().heads().collect()
}

pub fn count(group: &Group) -> u64 {
    group.ledger().unwrap().frontier().entries()
}

pub fn verify(group: &Group) -> Result<Verification, StoreError> {
    group.maintenance().verify_history(&mut |_| ControlFlow::Continue(()))
}

/// The ids of the entries that were new.
pub fn added(report: &Ingested) -> Vec<EntryId> {
    report.added.iter().map(|arrival| arrival.entry).collect()
}

/// The group is intact, and means what its entries mean from scratch.
pub fn assert_sound(group: &Group) {
    let verification = verify(group).unwrap();
    assert_eq!(verification.problems, []);
    let all = entries(group);
    assert_eq!(verification.entries, all.len() as u64);
    assert_eq!(verification.digest, Some(digest(group)));
    assert_eq!(from_scratch(group.id(), &all).view(), group.ledger().unwrap().view());
}

/// A closed database with some entries.
pub fn filled(seed: u64) -> Folder {
    let folder = Folder::new(seed);
    let store = folder.store();
    record(&found(&store, 3), 60, 60, &mut Rng::new(seed));
    drop(store);
    folder
}

pub fn refused(path: &Path, secrets: Arc<dyn SecretStore>) -> StoreError {
    match Store::open(path, secrets) {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

/// Opens and reads everything, by whatever error it fails.
pub fn read_all(folder: &Folder) -> Result<(), StoreError> {
    let store = folder.open()?;
    for summary in store.groups()? {
        let group = store.group(summary.id)?;
        group.lists().expenses(None, u32::MAX)?;
        group.lists().activity(None, u32::MAX)?;
        let verification = verify(&group)?;
        if !verification.problems.is_empty() {
            return Err(StoreError::Damaged(format!("{:?}", verification.problems)));
        }
    }
    Ok(())
}
