//! Suspending the connections, and resuming them.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{Connections, Role, State, after};
use crate::StoreError;

impl Connections {
    /// Whether work that is more than queries may continue.
    ///
    /// # Errors
    /// [`StoreError::Suspended`] if the store is being suspended.
    pub(crate) fn check_running(&self) -> Result<(), StoreError> {
        if self.stop.is_set(Role::Reader) { Err(StoreError::Suspended) } else { Ok(()) }
    }

    /// Refuses further calls, and lets running calls end: by themselves within `gentle`, stopped
    /// within `hard`. Then closes all idle connections. The writer, if it was needed so far, is
    /// given to `last` before it is closed.
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
            // Another call has resumed the store in the meantime.
            return Ok(());
        }
        state.closed = true;
        let (readers, writer) = (std::mem::take(&mut state.readers), state.writer.take());
        let released = !at_work(&state);
        drop(state);
        drop(readers);
        if let Some(mut writer) = writer {
            // No other call can write now, and `last` takes a moment only.
            self.stop.writer.store(false, Ordering::Relaxed);
            last(&mut writer);
        }
        if released { Ok(()) } else { Err(StoreError::StillInUse) }
    }

    /// Accepts calls again. If the database cannot be opened, fails and stays suspended.
    pub(crate) fn resume(&self) -> Result<(), StoreError> {
        if !self.lock().suspended {
            return Ok(());
        }
        // Without the lock held: opening asks the secret store, which is code of the app.
        let reader = self.open(Role::Reader)?;
        let mut state = self.lock();
        state.readers.push(reader);
        (state.suspended, state.closed) = (false, false);
        self.stop.set(false);
        Ok(())
    }

    /// Number of calls that wait for the writer permit.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.lock().queue.len()
    }

    #[cfg(test)]
    pub(crate) fn is_suspended(&self) -> bool {
        self.lock().suspended
    }
}
