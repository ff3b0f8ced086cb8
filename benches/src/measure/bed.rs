//! Databases to measure on: one large group, and smaller states of the same group.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger_core::engine::VerifiedEntry;
use ledger_core::keys::{DeviceKey, RootEntropy};
use ledger_store::{FileSecrets, Group, Store};
use tempfile::TempDir;

use super::crowd::Crowd;

/// Entries of a batch.
pub const BATCH: usize = 1_000;
/// How many people are in the expenses.
pub const AMONG: usize = 6;
/// Positions after which late entries branch off, in percent of the ledger. Each has an author of its
/// own.
pub const DEPTHS: [usize; 3] = [1, 50, 99];

/// A closed database and its key file.
#[derive(Clone, Debug)]
pub struct File {
    /// The database.
    pub path: PathBuf,
    /// The key file.
    pub keys: PathBuf,
}

impl File {
    /// Opens the database with its only group.
    #[must_use]
    pub fn open(&self) -> (Store, Group) {
        let store = Store::open(&self.path, Arc::new(FileSecrets::new(self.keys.clone()))).unwrap();
        let id = store.group_ids().unwrap()[0];
        let group = store.group(id).unwrap();
        (store, group)
    }

    /// A copy in the same folder.
    #[must_use]
    pub fn copy(&self, name: &str) -> Self {
        let path = self.path.with_file_name(name);
        std::fs::copy(&self.path, &path).unwrap();
        Self { path, keys: self.keys.clone() }
    }

    /// Size of the database in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).unwrap().len()
    }
}

/// The databases to measure on.
pub struct Bed {
    /// The group with all entries that were ingested so far.
    pub large: File,
    /// The same group at 10,000 entries.
    pub middle: File,
    /// The same group at 1,000 entries.
    pub small: File,
    /// The people who wrote the entries; they may have written more than was ingested.
    pub crowd: Crowd,
    /// Number of the crowd's entries in the large database.
    pub taken: usize,
    /// The entry after which each late author branches off.
    places: BTreeMap<usize, usize>,
    folder: TempDir,
}

impl Bed {
    /// Databases of a group with so many entries.
    #[must_use]
    pub fn new(entries: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.db");
        let large = File { path, keys: folder.path().join("keys") };
        let secrets = Arc::new(FileSecrets::new(large.keys.clone()));
        let store = Store::open_or_create(&large.path, secrets).unwrap();
        let group = store.create_group("Crowd", "0").unwrap();
        let crowd = crowd_of(&group, &large.keys, AMONG + DEPTHS.len());
        drop((group, store));
        let mut bed = Self {
            middle: large.clone(),
            small: large.clone(),
            large,
            crowd,
            taken: 1,
            places: BTreeMap::new(),
            folder,
        };
        bed.fill(1_000);
        bed.small = bed.large.copy("small.db");
        bed.fill(10_000);
        bed.middle = bed.large.copy("middle.db");
        bed.fill(entries);
        bed
    }

    /// The folder of the databases.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ingests entries until the large database has so many.
    fn fill(&mut self, entries: usize) {
        let (_store, group) = self.large.open();
        while self.taken < entries {
            let batch = self.next(BATCH.min(entries - self.taken));
            group.entries().ingest_verified(batch).unwrap();
        }
        assert_eq!(group.ledger().unwrap().frontier().entries(), self.taken as u64);
    }

    /// The next entries of the crowd, which count as ingested into the large database.
    pub fn next(&mut self, entries: usize) -> Vec<VerifiedEntry> {
        let until = self.taken + entries;
        let more = until.saturating_sub(self.crowd.entries.len());
        self.crowd.write(more, AMONG);
        let batch = self.crowd.entries[self.taken..until].to_vec();
        self.taken = until;
        batch
    }

    /// The next entry of an author who knows no entry after one of [`DEPTHS`].
    pub fn late(&mut self, depth: usize) -> VerifiedEntry {
        let first = self.crowd.people.len();
        let place = first + (self.taken - 1 - first) * DEPTHS[depth] / 100;
        let place = *self.places.entry(depth).or_insert(place);
        self.crowd.late(AMONG + depth, place, AMONG)
    }
}

/// The people of a group that was just founded in a store.
#[must_use]
pub fn crowd_of(group: &Group, keys: &Path, people: usize) -> Crowd {
    let genesis = group.lists().activity(None, 1).unwrap().remove(0).entry;
    let device = genesis.decoded().header().device();
    let device = DeviceKey::from_bytes(&secret(keys, &format!("device-{device}")));
    let entropy = RootEntropy::from_bytes(secret(keys, "entropy"));
    let mut crowd = Crowd::of(genesis, device, &entropy);
    crowd.grow(people);
    crowd
}

/// The secret in a key file whose name begins so.
fn secret<const N: usize>(keys: &Path, name: &str) -> [u8; N] {
    let keys = std::fs::read_to_string(keys).unwrap();
    let line = keys.lines().find(|line| line.starts_with(name)).unwrap();
    let hex = line.split_once(' ').unwrap().1;
    std::array::from_fn(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap())
}
