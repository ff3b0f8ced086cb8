//! Who follows a topic, and what is waiting for them. Hints only: what is lost costs latency.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger_core::seal::Topic;

/// Most sayings that wait for one connection; the oldest go.
const MAX_SAID: usize = 64;

/// Something that happened in a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// There are new records.
    Head,
    /// Somebody said something.
    Said(Arc<[u8]>),
}

/// Where hints go.
pub trait Bus: Send + Sync {
    /// Sends hints of a topic to a connection.
    fn follow(&self, connection: u64, topic: Topic);
    /// Ends it.
    fn unfollow(&self, connection: u64, topic: Topic);
    /// Tells all other connections that follow the topic, and of new records also the one that
    /// brought them.
    fn publish(&self, from: u64, topic: Topic, hint: &Hint);
}

/// Hints that wait for one connection, within bounds.
pub struct Inbox {
    waiting: Mutex<Waiting>,
    wake: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Waiting {
    heads: BTreeSet<Topic>,
    said: VecDeque<(Topic, Arc<[u8]>)>,
}

impl Inbox {
    /// Takes all hints.
    pub fn take(&self) -> Vec<(Topic, Hint)> {
        let Waiting { heads, said } = std::mem::take(&mut *lock(&self.waiting));
        let heads = heads.into_iter().map(|topic| (topic, Hint::Head));
        heads.chain(said.into_iter().map(|(topic, body)| (topic, Hint::Said(body)))).collect()
    }

    fn add(&self, topic: Topic, hint: &Hint) {
        let mut waiting = lock(&self.waiting);
        match hint {
            Hint::Head => {
                waiting.heads.insert(topic);
            }
            Hint::Said(body) => {
                if waiting.said.len() >= MAX_SAID {
                    waiting.said.pop_front();
                }
                waiting.said.push_back((topic, body.clone()));
            }
        }
        drop(waiting);
        (self.wake)();
    }
}

/// Bus within one process.
#[derive(Default)]
pub struct MemoryBus {
    inner: Mutex<Members>,
}

#[derive(Default)]
struct Members {
    last: u64,
    inboxes: BTreeMap<u64, Arc<Inbox>>,
    topics: BTreeMap<Topic, BTreeSet<u64>>,
}

impl MemoryBus {
    /// Adds a connection. `wake` is called when a hint waits.
    pub fn join(&self, wake: Box<dyn Fn() + Send + Sync>) -> (u64, Arc<Inbox>) {
        let mut members = lock(&self.inner);
        members.last = members.last.saturating_add(1);
        let inbox = Arc::new(Inbox { waiting: Mutex::default(), wake });
        let connection = members.last;
        members.inboxes.insert(connection, inbox.clone());
        (connection, inbox)
    }

    /// Removes a connection that has unfollowed its topics.
    pub fn leave(&self, connection: u64) {
        lock(&self.inner).inboxes.remove(&connection);
    }
}

impl Bus for MemoryBus {
    fn follow(&self, connection: u64, topic: Topic) {
        lock(&self.inner).topics.entry(topic).or_default().insert(connection);
    }

    fn unfollow(&self, connection: u64, topic: Topic) {
        let mut members = lock(&self.inner);
        if let Some(followers) = members.topics.get_mut(&topic) {
            followers.remove(&connection);
            if followers.is_empty() {
                members.topics.remove(&topic);
            }
        }
    }

    fn publish(&self, from: u64, topic: Topic, hint: &Hint) {
        let members = lock(&self.inner);
        let Some(followers) = members.topics.get(&topic) else { return };
        let followers: Vec<Arc<Inbox>> = followers
            .iter()
            .filter(|follower| **follower != from || *hint == Hint::Head)
            .filter_map(|follower| members.inboxes.get(follower).cloned())
            .collect();
        // Not under the lock: a large group holds up nobody.
        drop(members);
        followers.iter().for_each(|inbox| inbox.add(topic, hint));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
