//! The change feed: tells an app what changed.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use ledger_core::{GroupId, GroupState};

use crate::database::GroupKey;
use crate::entries::{Arrival, LoadedLedger, join_arrivals};

/// The changes of one group since its last change was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The group.
    pub group: GroupId,
    /// Number of new entries.
    pub new_entries: u64,
    /// The last of them, at most 256, in the order in which they came, each with whether this device
    /// signed it. There may be fewer than are new, as after
    /// [`Maintenance::release_memory`](crate::Maintenance::release_memory):
    /// [`Lists::arrived`](crate::Lists::arrived) has all.
    pub arrivals: Vec<Arrival>,
    /// Whether members, their names or devices, or the group's name changed.
    pub members: bool,
    /// Whether balances changed.
    pub balances: bool,
    /// Whether verdicts on earlier entries changed, so that any list may show other rows.
    pub verdicts: bool,
    /// Whether the group was deleted from this device.
    pub deleted: bool,
}

impl Change {
    fn join(&mut self, later: &Self) {
        self.new_entries = self.new_entries.saturating_add(later.new_entries);
        join_arrivals(&mut self.arrivals, &later.arrivals);
        self.members |= later.members;
        self.balances |= later.balances;
        self.verdicts |= later.verdicts;
        self.deleted = later.deleted;
    }
}

/// A subscription to the changes of a store, or of one of its groups.
///
/// Changes that were not taken yet are joined to one for each group. So a slow subscriber costs
/// next to nothing, and never keeps a writer waiting. Dropping it ends the subscription.
///
/// What another process writes is reported when this process next reads or writes the group;
/// [`Store::refresh`](crate::Store::refresh) reads all groups.
pub struct Changes {
    mailbox: Arc<Mailbox>,
}

impl Changes {
    /// The oldest change that was not taken yet.
    #[must_use]
    pub fn try_next(&self) -> Option<Change> {
        self.mailbox.lock().changes.pop_front()
    }

    /// Waits for the next change. Returns `None` if none came in time, or the store was closed.
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
    /// group.entries().append(vec![NewEntry::Placeholder { name: "Grandma".into() }])?;
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

    /// Begins to report changes.
    pub(crate) fn open(&self) {
        self.mailbox.lock().open = true;
    }

    /// Ends this subscription: a call that waits for a change returns, and no more changes come.
    pub fn close(&self) {
        self.mailbox.close();
    }

    /// Whether the store or the subscription was closed, so that no more changes come.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.mailbox.lock().closed
    }
}

struct Mailbox {
    /// The only group that is reported; none for all groups.
    only: Option<GroupId>,
    inside: Mutex<Inside>,
    arrived: Condvar,
}

#[derive(Default)]
struct Inside {
    /// Whether changes are reported already.
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
            None => inside.changes.push_back(change.clone()),
        }
        drop(inside);
        self.arrived.notify_all();
    }

    fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }
}

/// The state of a group of which subscribers were last notified.
struct LastNotified {
    entries: u64,
    /// Number of the last entry.
    upto: i64,
    flipped: i64,
    state: GroupState,
}

impl LastNotified {
    fn new(loaded: &LoadedLedger) -> Self {
        let (entries, state) = (loaded.ledger.frontier().entries(), loaded.ledger.state().clone());
        Self { entries, upto: loaded.upto, flipped: loaded.flipped, state }
    }
}

/// The subscribers of a store.
#[derive(Default)]
pub(crate) struct Feed {
    subscribers: Vec<Weak<Mailbox>>,
    notified: BTreeMap<GroupKey, LastNotified>,
}

impl Feed {
    /// Removes subscribers that are gone. Returns whether any is left.
    fn is_watched(&mut self) -> bool {
        self.subscribers.retain(|mailbox| mailbox.strong_count() > 0);
        if self.subscribers.is_empty() {
            self.notified.clear();
        }
        !self.subscribers.is_empty()
    }

    /// Notifies subscribers of what is new in a ledger that was committed or read.
    pub(crate) fn notify(&mut self, group: GroupKey, loaded: &LoadedLedger) {
        if !self.is_watched() {
            return;
        }
        let (ledger, entries) = (&loaded.ledger, loaded.ledger.frontier().entries());
        let notified = self.notified.get(&group);
        // A reader of an earlier snapshot may come later than a newer one.
        let seen = |notified: &LastNotified| {
            notified.entries >= entries && notified.flipped >= loaded.flipped
        };
        if notified.is_some_and(seen) {
            return;
        }
        let state = ledger.state();
        let change = Change {
            group: ledger.group(),
            new_entries: entries.saturating_sub(notified.map_or(0, |notified| notified.entries)),
            arrivals: loaded.recent.after(notified.map_or(0, |notified| notified.upto)).collect(),
            members: notified.is_none_or(|notified| !same_members(&notified.state, state)),
            balances: notified.is_none_or(|notified| !same_balances(&notified.state, state)),
            verdicts: notified.is_some_and(|notified| notified.flipped != loaded.flipped),
            deleted: false,
        };
        self.notified.insert(group, LastNotified::new(loaded));
        self.post(&change);
    }

    /// Begins with the state that subscribers can read now.
    pub(crate) fn begin(&mut self, group: GroupKey, loaded: &LoadedLedger) {
        match self.notified.entry(group) {
            Entry::Occupied(_) => self.notify(group, loaded),
            Entry::Vacant(vacant) => {
                vacant.insert(LastNotified::new(loaded));
            }
        }
    }

    /// The groups of which subscribers were notified.
    pub(crate) fn notified_groups(&self) -> impl Iterator<Item = (GroupKey, GroupId)> {
        self.notified.iter().map(|(key, notified)| (*key, notified.state.group()))
    }

    /// Notifies subscribers that a group was deleted.
    pub(crate) fn deleted(&mut self, key: GroupKey, group: GroupId) {
        self.notified.remove(&key);
        self.post(&Change {
            group,
            new_entries: 0,
            arrivals: Vec::new(),
            members: true,
            balances: true,
            verdicts: false,
            deleted: true,
        });
    }

    /// A subscription that reports nothing yet. From now on, what others write is noted, so that
    /// nothing is missed until it begins.
    pub(crate) fn subscribe(&mut self, only: Option<GroupId>) -> Changes {
        // Without subscribers, the notified states are of the past: they are dropped here.
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
