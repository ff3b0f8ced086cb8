//! Progress of long work, and a way to stop it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::StoreError;

/// The kind of long work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Replaying all stored entries, because no checkpoint can be used.
    Opening,
    /// Recording imported rows.
    Importing,
    /// Verifying stored entries, and replaying them.
    Verifying,
    /// Comparing the derived tables with the entries.
    Comparing,
    /// Rebuilding the derived tables.
    Rebuilding,
    /// Copying the pages of the database.
    BackingUp,
    /// Reading a damaged file, page by page.
    Salvaging,
    /// Writing a bundle.
    Sealing,
    /// Reading a bundle.
    Unsealing,
    /// Writing salvaged entries into a new database.
    Saving,
    /// Adding up expenses and transfers.
    Summing,
}

impl Phase {
    /// A word for people to read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Importing => "importing",
            Self::Verifying => "verifying",
            Self::Comparing => "comparing",
            Self::Rebuilding => "rebuilding",
            Self::BackingUp => "backing up",
            Self::Salvaging => "salvaging",
            Self::Sealing => "sealing",
            Self::Unsealing => "unsealing",
            Self::Saving => "saving",
            Self::Summing => "summing",
        }
    }
}

/// Progress of long work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The kind of work.
    pub phase: Phase,
    /// Number of units that are done.
    pub done: u64,
    /// Number of all units.
    pub total: u64,
}

/// A progress callback. It stops the work by returning `ControlFlow::Break`.
pub(crate) type OnProgress<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Calls back.
///
/// # Errors
/// [`StoreError::Cancelled`] if the callback stops the work.
pub(crate) fn call(tell: OnProgress<'_>, progress: Progress) -> Result<(), StoreError> {
    match tell(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(StoreError::Cancelled),
    }
}

/// Counts how often the app cancelled what runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancellations(Arc<AtomicU64>);

impl Cancellations {
    /// Cancels what runs now.
    pub(crate) fn cancel(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Begins a call that can be cancelled from now on.
    pub(crate) fn begin(&self) -> Cancellable {
        Cancellable { begun: self.0.load(Ordering::Relaxed), all: self.clone() }
    }
}

/// A long call that another thread may cancel. The call asks by itself, also where it may not call
/// back into the app because it holds the writer permit.
#[derive(Clone, Debug)]
pub(crate) struct Cancellable {
    all: Cancellations,
    begun: u64,
}

impl Cancellable {
    /// # Errors
    /// [`StoreError::Cancelled`] if the app cancelled what ran since this call began.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.all.0.load(Ordering::Relaxed) == self.begun {
            true => Ok(()),
            false => Err(StoreError::Cancelled),
        }
    }
}

/// Units between two calls of the callback.
const STEP: u64 = 256;

/// Work between two calls of the callback inside of units: tens of milliseconds, if a piece of it
/// is a division and a row of a map.
const WORK: u64 = 65_536;

/// Counts the units of one phase, and calls back now and then.
pub(crate) struct Meter<'a> {
    tell: OnProgress<'a>,
    phase: Phase,
    done: u64,
    total: u64,
    /// Work inside of units since it was last a reason to call back.
    work: u64,
}

impl<'a> Meter<'a> {
    /// Begins a phase. The callback is called at once, and may stop the work.
    pub(crate) fn new(tell: OnProgress<'a>, phase: Phase, total: u64) -> Result<Self, StoreError> {
        let mut meter = Self { tell, phase, done: 0, total, work: 0 };
        meter.say()?;
        Ok(meter)
    }

    /// Counts one unit.
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if the callback stops the work.
    pub(crate) fn step(&mut self) -> Result<(), StoreError> {
        self.done = self.done.saturating_add(1);
        if self.done.is_multiple_of(STEP) && self.done < self.total { self.say() } else { Ok(()) }
    }

    /// Counts small pieces of work inside of a unit. A unit may have so many that it must be possible
    /// to stop it: the callback is called with the number of units as it was.
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if the callback stops the work.
    pub(crate) fn work(&mut self, pieces: u64) -> Result<(), StoreError> {
        self.work = self.work.saturating_add(pieces);
        if self.work < WORK {
            return Ok(());
        }
        self.work = 0;
        self.say()
    }

    /// Reports the end. There is nothing left to stop.
    pub(crate) fn end(mut self) {
        self.done = self.total;
        let _ = self.say();
    }

    fn say(&mut self) -> Result<(), StoreError> {
        let Self { phase, done, total, .. } = *self;
        call(self.tell, Progress { phase, done, total })
    }
}

/// Records between two calls of the callback. One takes as long as a few signatures.
const PULSE: u64 = 16;

/// Counts the records of a file whose length is not known, and calls back often: what the records
/// are, and how long each takes, is up to whoever made the file.
pub(crate) struct Pulse<'a> {
    tell: OnProgress<'a>,
    done: u64,
}

impl<'a> Pulse<'a> {
    /// A pulse before the first record.
    pub(crate) fn new(tell: OnProgress<'a>) -> Self {
        Self { tell, done: 0 }
    }

    /// Counts one record.
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if the callback stops the work.
    pub(crate) fn count(&mut self, announced: u64) -> Result<(), StoreError> {
        self.done = self.done.saturating_add(1);
        if self.done.is_multiple_of(PULSE) { self.say(announced) } else { Ok(()) }
    }

    /// Calls back without counting. The total is what the file says of itself so far.
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if the callback stops the work.
    pub(crate) fn say(&mut self, announced: u64) -> Result<(), StoreError> {
        let (phase, done) = (Phase::Unsealing, self.done);
        call(self.tell, Progress { phase, done, total: announced.max(done) })
    }

    /// Reports the end. There is nothing left to stop.
    pub(crate) fn end(&mut self) {
        let done = self.done;
        let _ = (self.tell)(Progress { phase: Phase::Unsealing, done, total: done });
    }
}
