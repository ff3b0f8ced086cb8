//! Graph of the epochs that cover each other (SPEC §11.1): computed from the admitted epoch entries, never stored.
//!
//! An evil member can write any boxes. So nothing counts here before its entry is admitted and
//! applied and its box holds the keys that its refs say, and every search for roots ends with
//! keys from which all keys of applied epochs are reached.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use ledger_core::EntryId;
use ledger_core::engine::{DecodedEntry, Epoch, Payload};
use ledger_core::seal::{EpochKey, Topic};

use super::EpochKeyring;
use crate::StoreError;

/// The admitted epoch entries of a group, and the keys of them that this device holds.
pub(crate) struct EpochGraph {
    /// All admitted epoch entries, the last in (lamport, id) first.
    entries: Vec<EpochEntry>,
    places: BTreeMap<EntryId, usize>,
    keys: BTreeMap<Topic, HeldKey>,
}

struct EpochEntry {
    id: EntryId,
    /// Its number in the table `entries`.
    n: i64,
    epoch: Epoch,
    applied: bool,
    /// The keys in its box, once it was opened.
    boxed: OnceCell<Option<Vec<EpochKey>>>,
}

struct HeldKey {
    /// Its number in the table `epochs`.
    number: i64,
    key: EpochKey,
}

impl EpochGraph {
    pub(super) fn read(keyring: &EpochKeyring<'_>) -> Result<Self, StoreError> {
        let mut statement = keyring
            .connection
            .prepare_cached("SELECT e, topic, secret FROM epochs WHERE grp = ?1")?;
        let rows = statement.query_map([keyring.group.0], |row| {
            let key = EpochKey::from_bytes(keyring.id, row.get(2)?);
            Ok((Topic::from_bytes(row.get(1)?), HeldKey { number: row.get(0)?, key }))
        })?;
        let keys = rows.collect::<Result<_, _>>()?;
        let mut statement = keyring.connection.prepare_cached(
            "SELECT entry, verdict, n FROM entries WHERE grp = ?1 AND kind = 23
             ORDER BY lamport DESC, id DESC",
        )?;
        let mut rows = statement.query([keyring.group.0])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            let entry = DecodedEntry::decode(bytes, &[0; 64])?;
            // A later version's epoch entry says nothing to this one.
            let Payload::Epoch(epoch) = entry.payload() else { continue };
            let applied = row.get::<_, u8>(1)? == 0;
            let n = row.get(2)?;
            let (id, epoch, boxed) = (entry.id(), epoch.clone(), OnceCell::new());
            entries.push(EpochEntry { id, n, epoch, applied, boxed });
        }
        let places = entries.iter().enumerate().map(|(place, entry)| (entry.id, place)).collect();
        Ok(Self { entries, places, keys })
    }

    /// Adds the keys in the boxes that count (rules Y1 and Y2) to the keyring, and those in the boxes
    /// that these open in turn. Each box is opened once. Returns the topics whose keys are new.
    ///
    /// They come out of void epoch entries, too, since a key that belongs to an admitted entry opens
    /// at worst nothing.
    pub(super) fn open_boxes(
        mut self,
        keyring: &EpochKeyring<'_>,
    ) -> Result<Vec<Topic>, StoreError> {
        let mut begun: BTreeMap<Topic, Vec<usize>> = BTreeMap::new();
        for (place, entry) in self.entries.iter().enumerate() {
            begun.entry(entry.epoch.topic()).or_default().push(place);
        }
        let mut new = Vec::new();
        let mut open: Vec<Topic> = self.keys.keys().copied().collect();
        while let Some(topic) = open.pop() {
            for place in begun.get(&topic).into_iter().flatten() {
                let boxed = self.entries.get(*place).and_then(|entry| self.box_of(entry));
                for key in boxed.map(<[_]>::to_vec).unwrap_or_default() {
                    let topic = key.topic();
                    if self.keys.contains_key(&topic) || !keyring.add(&key)? {
                        continue;
                    }
                    let number = keyring.connection.last_insert_rowid();
                    self.keys.insert(topic, HeldKey { number, key });
                    new.push(topic);
                    open.push(topic);
                }
            }
        }
        Ok(new)
    }

    /// The keys in the box of an entry, if its own key is held and the box counts. Opened once; ask
    /// when its key is held, or all keys are known.
    fn box_of<'g>(&self, entry: &'g EpochEntry) -> Option<&'g [EpochKey]> {
        entry.boxed.get_or_init(|| self.open_box(entry)).as_deref()
    }

    fn open_box(&self, entry: &EpochEntry) -> Option<Vec<EpochKey>> {
        let keys = self.key_of(entry)?.key.predecessors(&entry.epoch).ok()?;
        let predecessors = entry.epoch.predecessors();
        let mut each = keys.iter().zip(predecessors);
        let counts = each.all(|(key, id)| {
            let entry = self.places.get(id).and_then(|place| self.entries.get(*place));
            entry.is_some_and(|entry| key.belongs_to(&entry.epoch))
        });
        counts.then_some(keys)
    }

    /// The key of an entry, if it is held and belongs to it (rule Y1).
    fn key_of(&self, entry: &EpochEntry) -> Option<&HeldKey> {
        self.keys.get(&entry.epoch.topic()).filter(|held| held.key.belongs_to(&entry.epoch))
    }

    /// The keys that belong to an admitted epoch entry, each with whether a box of it was opened.
    pub(super) fn begun(&self) -> BTreeMap<Topic, bool> {
        let mut begun = BTreeMap::new();
        for entry in &self.entries {
            if self.key_of(entry).is_some() {
                *begun.entry(entry.epoch.topic()).or_default() |= self.box_of(entry).is_some();
            }
        }
        begun
    }

    /// The applied entries whose own keys are held, by their numbers, each with that of its key.
    pub(super) fn own(&self) -> BTreeMap<i64, i64> {
        let applied = self.entries.iter().filter(|entry| entry.applied);
        applied.filter_map(|entry| Some((entry.n, self.key_of(entry)?.number))).collect()
    }

    /// The held keys by topic, with their numbers.
    pub(super) fn keys(&self) -> impl Iterator<Item = (&Topic, i64, &EpochKey)> {
        self.keys.iter().map(|(topic, held)| (topic, held.number, &held.key))
    }

    /// The epochs from which the keys of all applied epochs are reached, the last one first.
    pub(super) fn roots(&self) -> Roots<'_> {
        let mut covers: BTreeMap<Topic, BTreeSet<Topic>> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.applied) {
            let boxed = self.box_of(entry).unwrap_or_default();
            covers
                .entry(entry.epoch.topic())
                .or_default()
                .extend(boxed.iter().map(EpochKey::topic));
        }
        let mut roots =
            Roots { graph: self, covers, entries: Vec::new(), reached: BTreeSet::new() };
        for entry in self.entries.iter().filter(|entry| entry.applied) {
            roots.add(entry);
        }
        roots
    }
}

/// Epochs whose keys a bundle wraps, and everything that is reached from them.
pub(super) struct Roots<'a> {
    graph: &'a EpochGraph,
    covers: BTreeMap<Topic, BTreeSet<Topic>>,
    entries: Vec<(EntryId, &'a EpochKey)>,
    reached: BTreeSet<Topic>,
}

impl<'a> Roots<'a> {
    fn add(&mut self, entry: &'a EpochEntry) {
        let Some(held) = self.graph.key_of(entry) else { return };
        if self.reached.contains(&entry.epoch.topic()) {
            return;
        }
        self.entries.push((entry.id, &held.key));
        let mut open = vec![entry.epoch.topic()];
        while let Some(topic) = open.pop() {
            if self.reached.insert(topic) {
                open.extend(self.covers.get(&topic).into_iter().flatten());
            }
        }
    }

    /// Adds void epochs under whose keys applied entries came, by the numbers of the keys: who
    /// begins an epoch names them, since nobody builds on their entries otherwise.
    pub(super) fn add_void(&mut self, numbers: &BTreeSet<i64>) {
        let graph = self.graph;
        for entry in graph.entries.iter().filter(|entry| !entry.applied) {
            if graph.key_of(entry).is_some_and(|held| numbers.contains(&held.number)) {
                self.add(entry);
            }
        }
    }

    /// The roots: the entries that begin them, and their keys, the last one first.
    pub(super) fn entries(&self) -> &[(EntryId, &'a EpochKey)] {
        &self.entries
    }

    /// The numbers of the keys that are reached.
    pub(super) fn reached(&self) -> BTreeSet<i64> {
        let held = self.reached.iter().filter_map(|topic| self.graph.keys.get(topic));
        held.map(|held| held.number).collect()
    }
}
