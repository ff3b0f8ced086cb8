//! A phone: a database in memory, and the person who uses it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use ledger_core::engine::VerifiedEntry;
use ledger_core::limits::LedgerLimits;
use ledger_core::{DeviceId, EntryId, StateDigest};
use ledger_store::{
    Environment, Exported, Group, Imported, Progress, Since, Store, StoreError, StoreOptions,
};

/// A clock that all phones share, and seeded randomness for one phone.
struct SeededEnvironment {
    clock: Arc<AtomicU64>,
    rng: Mutex<ChaCha20Rng>,
}

impl Environment for SeededEnvironment {
    fn now_ms(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
        Ok(())
    }
}

/// A phone in the group.
pub(super) struct Phone {
    pub(super) store: Store,
    pub(super) group: Group,
    /// The number of the person who uses it.
    pub(super) person: usize,
    /// The entries that came with the answer or pairing by which the phone entered the group.
    pub(super) entered_with: BTreeSet<EntryId>,
    /// Entries by this phone that were in one of its bundles.
    handed_out: BTreeSet<EntryId>,
}

/// An empty database with its own randomness.
pub(super) fn new_database(
    seed: u64,
    number: usize,
    clock: &Arc<AtomicU64>,
) -> Result<Store, StoreError> {
    let mut bytes = [0; 32];
    let numbers = [seed, number as u64].into_iter().flat_map(u64::to_be_bytes);
    bytes.iter_mut().zip(numbers).for_each(|(to, from)| *to = from);
    let rng = Mutex::new(ChaCha20Rng::from_seed(bytes));
    let environment = Arc::new(SeededEnvironment { clock: Arc::clone(clock), rng });
    StoreOptions::new().environment(environment).limits(small()).in_memory()
}

/// Limits that a history of a hundred entries reaches.
pub(super) fn small() -> LedgerLimits {
    LedgerLimits::default()
        .idle_bytes_per_member(2_000)
        .idle_bytes(6_000)
        .waiting_bytes(40_000)
        .waiting_bytes_per_member(10_000)
        .waiting_entries(60)
        .left_out_ids(60)
}

pub(super) fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

impl Phone {
    /// A phone that has just entered the group.
    pub(super) fn new(store: Store, group: Group, person: usize) -> Result<Phone, StoreError> {
        let (entered_with, handed_out) = (BTreeSet::new(), BTreeSet::new());
        let phone = Phone { store, group, person, entered_with, handed_out };
        Ok(Phone { entered_with: phone.ids()?, ..phone })
    }

    pub(super) fn device(&self) -> DeviceId {
        self.group.device()
    }

    /// Whether the phone may write, as far as it knows.
    pub(super) fn may_write(&self) -> Result<bool, StoreError> {
        Ok(self.group.ledger()?.state().may_write(self.device()))
    }

    /// Whether the phone ever heard of its own enrolment.
    pub(super) fn was_reached(&self) -> Result<bool, StoreError> {
        Ok(self.group.state()?.device_owner(self.device()).is_some())
    }

    pub(super) fn digest(&self) -> Result<StateDigest, StoreError> {
        Ok(self.group.ledger()?.state().digest())
    }

    /// All entries that the phone holds, oldest first.
    pub(super) fn entries(&self) -> Result<Vec<VerifiedEntry>, StoreError> {
        let mut rows = self.group.lists().activity(None, u32::MAX)?;
        rows.reverse();
        Ok(rows.into_iter().map(|row| row.entry).collect())
    }

    pub(super) fn ids(&self) -> Result<BTreeSet<EntryId>, StoreError> {
        Ok(self.entries()?.iter().map(VerifiedEntry::id).collect())
    }

    /// Number of entries that two phones hold, in chains that forked, as the two know together. A
    /// bundle by summary may repeat these (SPEC §12, B2): each phone may hold one branch only, and
    /// know of no fork.
    pub(super) fn shared_forked_entries(&self, other: &Phone) -> Result<usize, StoreError> {
        let (own, others) = (self.entries()?, other.entries()?);
        let mut places: BTreeMap<(DeviceId, u64), EntryId> = BTreeMap::new();
        let mut forked: BTreeSet<DeviceId> = BTreeSet::new();
        for entry in own.iter().chain(&others) {
            let header = entry.decoded().header();
            let place = (header.device(), header.seq());
            if *places.entry(place).or_insert(entry.id()) != entry.id() {
                forked.insert(header.device());
            }
        }
        let held: BTreeSet<EntryId> = others.iter().map(VerifiedEntry::id).collect();
        let may_repeat = |entry: &&VerifiedEntry| {
            held.contains(&entry.id()) && forked.contains(&entry.decoded().header().device())
        };
        Ok(own.iter().filter(may_repeat).count())
    }

    pub(super) fn import(&self, bundle: &[u8]) -> Result<Imported, StoreError> {
        self.group.bundles().import(&mut &bundle[..], &mut go_on)
    }

    /// Exports a bundle. Also returns the phone's own entries that were in no bundle before: the
    /// phone has chosen the key for these.
    pub(super) fn export(
        &mut self,
        since: Since<'_>,
    ) -> Result<(Vec<u8>, Exported, BTreeSet<EntryId>), StoreError> {
        let mut bundle = Vec::new();
        let exported = self.group.bundles().export(since, &mut bundle, &mut go_on)?;
        Ok((bundle, exported, self.hand_out()?))
    }

    /// Notes that all of the phone's own entries left it. Returns those that did not before.
    pub(super) fn hand_out(&mut self) -> Result<BTreeSet<EntryId>, StoreError> {
        let mut fresh = BTreeSet::new();
        for entry in self.entries()? {
            let own = entry.decoded().header().device() == self.device();
            if own && self.handed_out.insert(entry.id()) {
                fresh.insert(entry.id());
            }
        }
        Ok(fresh)
    }
}
