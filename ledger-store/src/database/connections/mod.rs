//! The connections of an open database: one writer, a few readers, none while it is suspended.
//! ARCHITECTURE.md says how calls take turns.

mod suspend;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, MAIN_DB};

use super::Location;
use crate::StoreError;
use crate::platform::lock_file::PAUSE;

/// Steps of SQLite's virtual machine between two looks at the stop flags: well under a millisecond.
const STEPS: i32 = 2000;

/// The use of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Reader,
    Writer,
}

/// Flags that stop running statements.
#[derive(Default)]
struct Stop {
    readers: AtomicBool,
    writer: AtomicBool,
}

impl Stop {
    fn is_set(&self, role: Role) -> bool {
        match role {
            Role::Reader => self.readers.load(Ordering::Relaxed),
            Role::Writer => self.writer.load(Ordering::Relaxed),
        }
    }

    fn set(&self, stop: bool) {
        self.readers.store(stop, Ordering::Relaxed);
        self.writer.store(stop, Ordering::Relaxed);
    }
}

/// Pool of connections.
pub(crate) struct Connections {
    location: Location,
    /// Whether the file can only be read, as it was opened.
    is_read_only: bool,
    stop: Arc<Stop>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Whether calls are refused.
    suspended: bool,
    /// Whether a connection that comes back is closed.
    closed: bool,
    /// Idle readers.
    readers: Vec<Connection>,
    /// Number of readers in use, and of connections for long work.
    reading: u8,
    apart: u32,
    /// The idle writer, if it was needed so far.
    writer: Option<Connection>,
    /// Number of writers that were opened.
    writers: u64,
    writing: bool,
    /// Tickets of the calls that wait to write, in the order in which they came.
    queue: VecDeque<u64>,
    tickets: u64,
}

impl Connections {
    /// `first` was opened to check the file, and becomes the first idle reader.
    pub(crate) fn new(location: Location, first: Connection) -> Result<Self, StoreError> {
        let connections = Self {
            location,
            is_read_only: first.is_readonly(MAIN_DB)?,
            stop: Arc::default(),
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        let first = connections.prepare(first, Role::Reader)?;
        connections.lock().readers.push(first);
        Ok(connections)
    }

    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    /// Whether the file can only be read.
    pub(crate) fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic leaves the state whole: every change to it is one statement.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Instant) -> MutexGuard<'a, State> {
        let left = until.saturating_duration_since(Instant::now());
        self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
    }

    fn deadline(&self) -> Instant {
        after(self.location.settings().busy_limit)
    }

    /// Runs `work` in a read transaction: it sees one snapshot from its first query on, whatever
    /// other connections write. Waits while all readers are in use.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let deadline = self.deadline();
        let mut state = self.lock();
        let idle = loop {
            refuse_suspended(&state)?;
            if let Some(idle) = state.readers.pop() {
                break Some(idle);
            }
            if state.reading < self.location.settings().readers {
                break None;
            }
            if Instant::now() >= deadline {
                return Err(StoreError::Busy);
            }
            state = self.wait(state, deadline);
        };
        state.reading = state.reading.saturating_add(1);
        drop(state);
        let permit = ConnectionPermit { connections: self, kind: Kind::Reading };
        let connection = match idle {
            Some(connection) => connection,
            None => self.open(Role::Reader)?,
        };
        let result = in_snapshot(&connection, work);
        if is_usable(&connection, &result) {
            permit.give_back(connection);
        }
        result
    }

    /// Runs long work with a connection of its own, so that no other reader waits.
    pub(crate) fn apart<T>(
        &self,
        work: impl FnOnce(&Apart<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut state = self.lock();
        refuse_suspended(&state)?;
        state.apart = state.apart.saturating_add(1);
        drop(state);
        let _permit = ConnectionPermit { connections: self, kind: Kind::Apart };
        // Declared first, so that the connection is closed before the permit is free.
        let apart = Apart { connections: self, connection: self.open(Role::Reader)? };
        // To check the index of words, FTS5 uses statements of a writer.
        apart.connection.execute_batch("PRAGMA query_only = OFF")?;
        work(&apart)
    }

    /// Runs `work` while holding the single writer permit. Waits for the calls that came before.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.is_read_only {
            return Err(StoreError::ReadOnly);
        }
        let idle = self.wait_for_turn()?;
        let permit = ConnectionPermit { connections: self, kind: Kind::Writing };
        let mut connection = match idle {
            Some(connection) => connection,
            None => {
                let opened = self.open(Role::Writer)?;
                let mut state = self.lock();
                state.writers = state.writers.saturating_add(1);
                opened
            }
        };
        let result = work(&mut connection);
        if is_usable(&connection, &result) {
            permit.give_back(connection);
        }
        result
    }

    /// The number of the writer that was opened last: another one begins to count what others commit
    /// anew.
    pub(crate) fn writer(&self) -> u64 {
        self.lock().writers
    }

    /// Waits for the writer permit. Returns the writer, if it is open.
    fn wait_for_turn(&self) -> Result<Option<Connection>, StoreError> {
        let deadline = self.deadline();
        let mut state = self.lock();
        refuse_suspended(&state)?;
        let ticket = state.tickets;
        state.tickets = ticket.wrapping_add(1);
        state.queue.push_back(ticket);
        let outcome = loop {
            if let Err(error) = refuse_suspended(&state) {
                break Err(error);
            }
            if !state.writing && state.queue.front() == Some(&ticket) {
                break Ok(());
            }
            if Instant::now() >= deadline {
                break Err(StoreError::Busy);
            }
            state = self.wait(state, deadline);
        };
        state.queue.retain(|waiting| *waiting != ticket);
        let idle = outcome.map(|()| {
            state.writing = true;
            state.writer.take()
        });
        drop(state);
        // Another call may be the first in the queue now.
        self.changed.notify_all();
        idle
    }

    /// Releases memory: closes idle readers, and makes the idle writer drop its caches.
    pub(crate) fn shrink(&self) -> Result<(), StoreError> {
        let mut state = self.lock();
        let readers = std::mem::take(&mut state.readers);
        let writer = if state.writing { None } else { state.writer.take() };
        state.writing |= writer.is_some();
        drop(state);
        drop(readers);
        let Some(writer) = writer else { return Ok(()) };
        let permit = ConnectionPermit { connections: self, kind: Kind::Writing };
        writer.flush_prepared_statement_cache();
        let shrunk = writer.execute_batch("PRAGMA shrink_memory");
        permit.give_back(writer);
        Ok(shrunk?)
    }

    fn open(&self, role: Role) -> Result<Connection, StoreError> {
        self.prepare(self.location.connect()?, role)
    }

    fn prepare(&self, mut connection: Connection, role: Role) -> Result<Connection, StoreError> {
        let limit = self.location.settings().busy_limit;
        let stop = Arc::clone(&self.stop);
        let mut since = Instant::now();
        connection.busy_handler(Some(move |count| {
            if count == 0 {
                since = Instant::now();
            }
            if since.elapsed() >= limit || stop.is_set(role) {
                return false;
            }
            std::thread::sleep(PAUSE);
            true
        }))?;
        let stop = Arc::clone(&self.stop);
        connection.progress_handler(STEPS, Some(move || stop.is_set(role)))?;
        if role == Role::Reader {
            connection.execute_batch("PRAGMA query_only = ON")?;
        }
        Ok(connection)
    }
}

/// A connection for long work of one call.
pub(crate) struct Apart<'a> {
    connections: &'a Connections,
    connection: Connection,
}

impl Apart<'_> {
    /// Runs `work` in a read transaction.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        in_snapshot(&self.connection, work).map_err(|error| match error {
            // The work is cancelled by the caller or by a suspension.
            StoreError::Cancelled => self.connections.check_running().err().unwrap_or(error),
            error => error,
        })
    }
}

fn after(limit: Duration) -> Instant {
    let now = Instant::now();
    // As good as for ever.
    now.checked_add(limit).or_else(|| now.checked_add(Duration::from_secs(1 << 30))).unwrap_or(now)
}

fn refuse_suspended(state: &State) -> Result<(), StoreError> {
    if state.suspended { Err(StoreError::Suspended) } else { Ok(()) }
}

fn in_snapshot<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let result = work(connection);
    // A connection whose rollback fails is not used again.
    let _ = connection.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([]));
    result
}

/// Whether a connection can be used again. One that met a page that does not check out reads nothing
/// more, and one that is still in a transaction would keep others from writing.
fn is_usable<T>(connection: &Connection, result: &Result<T, StoreError>) -> bool {
    connection.is_autocommit() && !matches!(result, Err(StoreError::Damaged(_)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reading,
    Apart,
    Writing,
}

/// Permit to use a connection; free again when it is dropped.
struct ConnectionPermit<'a> {
    connections: &'a Connections,
    kind: Kind,
}

impl ConnectionPermit<'_> {
    /// Puts the connection back into the pool.
    fn give_back(self, connection: Connection) {
        let mut state = self.connections.lock();
        if state.closed {
            // Closed before the permit is free.
            drop(state);
            drop(connection);
        } else if self.kind == Kind::Writing {
            state.writer = Some(connection);
        } else {
            state.readers.push(connection);
        }
    }
}

impl Drop for ConnectionPermit<'_> {
    fn drop(&mut self) {
        let mut state = self.connections.lock();
        match self.kind {
            Kind::Reading => state.reading = state.reading.saturating_sub(1),
            Kind::Apart => state.apart = state.apart.saturating_sub(1),
            Kind::Writing => state.writing = false,
        }
        drop(state);
        self.connections.changed.notify_all();
    }
}
