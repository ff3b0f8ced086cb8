//! Telling the app what changed.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use ledger_core::{GroupId, GroupState};

use crate::database::GroupKey;
use crate::entries::LoadedLedger;

/// What changed in one group since its last change was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The group.
    pub group: GroupId,
    /// How many entries are new.
    pub new_entries: u64,
    /// Whether members, their names or devices, or the group's name changed.
    pub members: bool,
    /// Whether balances changed.
    pub balances: bool,
    /// Whether verdicts on earlier entries changed, so that any list may show
    /// other rows.
    pub verdicts: bool,
    /// Whether the group was deleted from this device.
    pub deleted: bool,
}

impl Change {
    fn join(&mut self, later: &Self) {
        self.new_entries = self.new_entries.saturating_add(later.new_entries);
        self.members |= later.members;
        self.balances |= later.balances;
        self.verdicts |= later.verdicts;
        self.deleted = later.deleted;
    }
}

/// Changes of a store, or of one of its groups, as they are committed.
///
/// Changes that were not taken yet are joined to one per group, so a slow
/// subscriber costs next to nothing, and never keeps a writer waiting. Whoever
/// drops this is forgotten.
///
/// What another process writes is told when this process next reads or writes
/// the group; [`Store::refresh`](crate::Store::refresh) reads them all.
pub struct Changes {
    mailbox: Arc<Mailbox>,
}

impl Changes {
    /// The oldest change that was not taken yet.
    #[must_use]
    pub fn try_next(&self) -> Option<Change> {
        self.mailbox.lock().changes.pop_front()
    }

    /// The same, but waits for one; none if none came in time or the store was
    /// closed.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// # use ledger_store::{MemorySecrets, NewEntry, Store};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("flat.db");
    /// # let store = Store::open_or_create(&path, Arc::new(MemorySecrets::new()))?;
    /// let group = store.create_group("Flat", "Anna")?;
    /// let changes = store.subscribe()?;
    /// group.append(vec![NewEntry::Placeholder { name: "Grandma".into() }])?;
    /// let change = changes.next(Duration::from_secs(1)).ok_or("nothing changed")?;
    /// assert_eq!((change.group, change.new_entries, change.members), (group.id(), 1, true));
    /// assert_eq!(changes.try_next(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn next(&self, timeout: Duration) -> Option<Change> {
        let deadline = Instant::now().checked_add(timeout);
        let mut inside = self.mailbox.lock();
        loop {
            if let Some(change) = inside.changes.pop_front() {
                return Some(change);
            }
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => timeout,
            };
            if inside.closed || left.is_zero() {
                return None;
            }
            let waited = self.mailbox.arrived.wait_timeout(inside, left);
            inside = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// From here on, what is new is told.
    pub(crate) fn open(&self) {
        self.mailbox.lock().open = true;
    }

    /// Ends this subscription: whoever waits for a change is woken, and nothing
    /// more will come.
    pub fn close(&self) {
        self.mailbox.close();
    }

    /// Whether the store or the subscription was closed, so that nothing more
    /// will come.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.mailbox.lock().closed
    }
}

struct Mailbox {
    /// The only group of interest.
    only: Option<GroupId>,
    inside: Mutex<Inside>,
    arrived: Condvar,
}

#[derive(Default)]
struct Inside {
    /// Whether the subscription has begun.
    open: bool,
    /// At most one for each group.
    changes: VecDeque<Change>,
    closed: bool,
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, change: &Change) {
        if self.only.is_some_and(|only| only != change.group) {
            return;
        }
        let mut inside = self.lock();
        if !inside.open || inside.closed {
            return;
        }
        match inside.changes.iter_mut().find(|known| known.group == change.group) {
            Some(known) => known.join(change),
            None => inside.changes.push_back(*change),
        }
        drop(inside);
        self.arrived.notify_all();
    }

    fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }
}

/// What subscribers were told of a group so far.
struct LastNotified {
    entries: u64,
    flipped: i64,
    state: GroupState,
}

impl LastNotified {
    fn of(loaded: &LoadedLedger) -> Self {
        let (entries, state) = (loaded.ledger.frontier().entries(), loaded.ledger.state().clone());
        Self { entries, flipped: loaded.flipped, state }
    }
}

/// The subscribers of a store.
#[derive(Default)]
pub(crate) struct Feed {
    subscribers: Vec<Weak<Mailbox>>,
    told: BTreeMap<GroupKey, LastNotified>,
}

impl Feed {
    /// Forgets who is gone; whether anybody is left.
    fn is_watched(&mut self) -> bool {
        self.subscribers.retain(|mailbox| mailbox.strong_count() > 0);
        if self.subscribers.is_empty() {
            self.told.clear();
        }
        !self.subscribers.is_empty()
    }

    /// Tells subscribers what is new in a ledger that was committed or read.
    pub(crate) fn observe(&mut self, group: GroupKey, loaded: &LoadedLedger) {
        if !self.is_watched() {
            return;
        }
        let (ledger, entries) = (&loaded.ledger, loaded.ledger.frontier().entries());
        let told = self.told.get(&group);
        // Who reads a moment that has passed may come late.
        let seen = |told: &LastNotified| told.entries >= entries && told.flipped >= loaded.flipped;
        if told.is_some_and(seen) {
            return;
        }
        let state = ledger.state();
        let change = Change {
            group: ledger.group(),
            new_entries: entries.saturating_sub(told.map_or(0, |told| told.entries)),
            members: told.is_none_or(|told| !same_members(&told.state, state)),
            balances: told.is_none_or(|told| !same_balances(&told.state, state)),
            verdicts: told.is_some_and(|told| told.flipped != loaded.flipped),
            deleted: false,
        };
        self.told.insert(group, LastNotified::of(loaded));
        self.post(&change);
    }

    /// Begins with what subscribers can read now.
    pub(crate) fn begin(&mut self, group: GroupKey, loaded: &LoadedLedger) {
        match self.told.entry(group) {
            Entry::Occupied(_) => self.observe(group, loaded),
            Entry::Vacant(vacant) => {
                vacant.insert(LastNotified::of(loaded));
            }
        }
    }

    /// The groups of which subscribers were told something.
    pub(crate) fn told_of(&self) -> impl Iterator<Item = (GroupKey, GroupId)> {
        self.told.iter().map(|(key, told)| (*key, told.state.group()))
    }

    /// Tells that a group is gone.
    pub(crate) fn deleted(&mut self, key: GroupKey, group: GroupId) {
        self.told.remove(&key);
        let (members, balances, verdicts) = (true, true, false);
        self.post(&Change { group, new_entries: 0, members, balances, verdicts, deleted: true });
    }

    /// A subscription that is told nothing yet. From now on it is noted what
    /// others write, so that none of it is missed until it begins.
    pub(crate) fn subscribe(&mut self, only: Option<GroupId>) -> Changes {
        // Whoever is gone was told of things that this one was not.
        let _ = self.is_watched();
        let inside = Mutex::new(Inside::default());
        let mailbox = Arc::new(Mailbox { only, inside, arrived: Condvar::new() });
        self.subscribers.push(Arc::downgrade(&mailbox));
        Changes { mailbox }
    }

    fn post(&self, change: &Change) {
        self.subscribers.iter().filter_map(Weak::upgrade).for_each(|mailbox| mailbox.post(change));
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.subscribers.iter().filter_map(Weak::upgrade).for_each(|mailbox| mailbox.close());
    }
}

fn same_members(one: &GroupState, other: &GroupState) -> bool {
    one.name() == other.name()
        && one.members() == other.members()
        && one.devices().eq(other.devices())
}

fn same_balances(one: &GroupState, other: &GroupState) -> bool {
    one.currencies().eq(other.currencies())
        && one.currencies().all(|c| one.open_balances(c).eq(other.open_balances(c)))
}
