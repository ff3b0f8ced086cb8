//! The connections of an open database: one that writes, a few that read, none
//! while it is suspended. ARCHITECTURE.md says how they take turns.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::open::Location;
use crate::StoreError;
use crate::platform::lock_file::PAUSE;

/// Steps of SQLite's machine between two looks at whether to stop: well under
/// a millisecond.
const STEPS: i32 = 2000;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Reader,
    Writer,
}

/// Tells running statements to stop.
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

/// Hands out connections.
pub(crate) struct Connections {
    location: Location,
    stop: Arc<Stop>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Calls are refused.
    suspended: bool,
    /// What is given back is closed.
    closed: bool,
    /// Readers at rest.
    readers: Vec<Connection>,
    /// Readers at work, and those for long work.
    reading: u8,
    apart: u32,
    /// The writer at rest, if it was needed so far.
    writer: Option<Connection>,
    writing: bool,
    /// Who waits to write, first come first served.
    queue: VecDeque<u64>,
    tickets: u64,
}

impl Connections {
    /// `first` was opened to see that the file is what it should be.
    pub(crate) fn new(location: Location, first: Connection) -> Result<Self, StoreError> {
        let connections = Self {
            location,
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

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whatever panicked: nothing is left half-done between two lines here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Instant) -> MutexGuard<'a, State> {
        let left = until.saturating_duration_since(Instant::now());
        self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
    }

    fn deadline(&self) -> Instant {
        after(self.location.settings().busy_limit)
    }

    /// Runs `work` in a transaction that reads: it sees one snapshot from its
    /// first query on, whatever others write. Waits while as many read as may.
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
        let place = ConnectionPermit { connections: self, kind: Kind::Reading };
        let connection = match idle {
            Some(connection) => connection,
            None => self.open(Role::Reader)?,
        };
        let result = in_snapshot(&connection, work);
        if connection.is_autocommit() {
            place.give_back(connection);
        }
        result
    }

    /// As [`Connections::read`], for long work, which keeps nobody else from
    /// reading.
    pub(crate) fn read_apart<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut state = self.lock();
        refuse_suspended(&state)?;
        state.apart = state.apart.saturating_add(1);
        drop(state);
        let _place = ConnectionPermit { connections: self, kind: Kind::Apart };
        // Closed before its place is free.
        let connection = self.open(Role::Reader)?;
        // To check the index of words, FTS5 takes the way of a writer.
        connection.execute_batch("PRAGMA query_only = OFF")?;
        in_snapshot(&connection, work).map_err(|error| match error {
            // By whom else than the caller, if not by the store.
            StoreError::Cancelled => self.go_on().err().unwrap_or(error),
            error => error,
        })
    }

    /// Runs `work` with the connection that writes. Waits for those who came
    /// before.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.wait_for_turn()?;
        let place = ConnectionPermit { connections: self, kind: Kind::Writing };
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.open(Role::Writer)?,
        };
        let result = work(&mut connection);
        if connection.is_autocommit() {
            place.give_back(connection);
        }
        result
    }

    /// Waits for the turn to write; the writer, if it is open.
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
        // Whoever is first now may not have been before.
        self.changed.notify_all();
        idle
    }

    /// Says whether work has to end that is not all queries.
    ///
    /// # Errors
    /// [`StoreError::Suspended`] if so.
    pub(crate) fn go_on(&self) -> Result<(), StoreError> {
        if self.stop.is_set(Role::Reader) { Err(StoreError::Suspended) } else { Ok(()) }
    }

    /// Refuses further calls, and lets those that run end: by themselves within
    /// `gentle`, stopped within `hard`. Then closes what is at rest; the writer,
    /// if it was needed so far, is given to `last` before.
    pub(crate) fn suspend(
        &self,
        gentle: Duration,
        hard: Duration,
        last: impl FnOnce(&mut Connection),
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        state.suspended = true;
        self.changed.notify_all();
        let at_work = |state: &State| state.writing || state.reading > 0 || state.apart > 0;
        let gentle = after(gentle);
        while at_work(&state) && Instant::now() < gentle {
            state = self.wait(state, gentle);
        }
        self.stop.set(true);
        let hard = after(hard);
        while at_work(&state) && Instant::now() < hard {
            state = self.wait(state, hard);
        }
        if !state.suspended {
            // Resumed by somebody else meanwhile.
            return Ok(());
        }
        state.closed = true;
        let (readers, writer) = (std::mem::take(&mut state.readers), state.writer.take());
        let released = !at_work(&state);
        drop(state);
        drop(readers);
        if let Some(mut writer) = writer {
            // The only one who writes now, and for a moment only.
            self.stop.writer.store(false, Ordering::Relaxed);
            last(&mut writer);
        }
        if released { Ok(()) } else { Err(StoreError::StillInUse) }
    }

    /// Lets calls in again. Fails, and stays suspended, if the database cannot
    /// be opened.
    pub(crate) fn resume(&self) -> Result<(), StoreError> {
        if !self.lock().suspended {
            return Ok(());
        }
        // Not under the lock: it asks the secret store.
        let reader = self.open(Role::Reader)?;
        let mut state = self.lock();
        state.readers.push(reader);
        (state.suspended, state.closed) = (false, false);
        self.stop.set(false);
        Ok(())
    }

    /// How many wait for the turn to write.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.lock().queue.len()
    }

    #[cfg(test)]
    pub(crate) fn is_suspended(&self) -> bool {
        self.lock().suspended
    }

    /// Gives back memory: closes readers at rest, and has the writer at rest
    /// forget what it can.
    pub(crate) fn shrink(&self) -> Result<(), StoreError> {
        let mut state = self.lock();
        let readers = std::mem::take(&mut state.readers);
        let writer = if state.writing { None } else { state.writer.take() };
        state.writing |= writer.is_some();
        drop(state);
        drop(readers);
        let Some(writer) = writer else { return Ok(()) };
        let place = ConnectionPermit { connections: self, kind: Kind::Writing };
        writer.flush_prepared_statement_cache();
        let shrunk = writer.execute_batch("PRAGMA shrink_memory");
        place.give_back(writer);
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
    // If it fails, the connection is not used again.
    let _ = connection.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([]));
    result
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reading,
    Apart,
    Writing,
}

/// A place among those at work; free again when it is dropped.
struct ConnectionPermit<'a> {
    connections: &'a Connections,
    kind: Kind,
}

impl ConnectionPermit<'_> {
    /// Leaves a connection for whoever comes next.
    fn give_back(self, connection: Connection) {
        let mut state = self.connections.lock();
        if state.closed {
            // Closed before its place is free.
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
