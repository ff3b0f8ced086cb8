//! Progress of long work, and stopping it.

use std::ops::ControlFlow;

use crate::StoreError;

/// What long work is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Replaying all stored entries, as no checkpoint does.
    Opening,
    /// Recording imported rows.
    Importing,
    /// Checking stored entries, and working out what they mean.
    Verifying,
    /// Comparing what is derived from the entries with them.
    Comparing,
    /// Writing what is derived from the entries anew.
    Rebuilding,
    /// Copying the pages of the database.
    BackingUp,
    /// Reading what is left of a damaged file, page by page.
    Salvaging,
    /// Writing a bundle.
    Sealing,
    /// Reading a bundle.
    Unsealing,
    /// Writing what was saved into a new database.
    Saving,
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
        }
    }
}

/// How far long work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// How many are done.
    pub done: u64,
    /// How many there are.
    pub total: u64,
}

/// Is told about progress, and may stop the work by `ControlFlow::Break`.
pub(crate) type OnProgress<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// How often, in entries, progress is told.
const STEP: u64 = 256;

/// Counts within one phase, and tells now and then.
pub(crate) struct Meter<'a> {
    tell: OnProgress<'a>,
    phase: Phase,
    done: u64,
    total: u64,
}

impl<'a> Meter<'a> {
    /// Begins a phase, which may be stopped at once.
    pub(crate) fn new(tell: OnProgress<'a>, phase: Phase, total: u64) -> Result<Self, StoreError> {
        let mut meter = Self { tell, phase, done: 0, total };
        meter.say()?;
        Ok(meter)
    }

    /// One more is done.
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if the work is to stop.
    pub(crate) fn step(&mut self) -> Result<(), StoreError> {
        self.done = self.done.saturating_add(1);
        if self.done.is_multiple_of(STEP) && self.done < self.total { self.say() } else { Ok(()) }
    }

    /// The end is told, too; there is nothing left to stop.
    pub(crate) fn end(mut self) {
        self.done = self.total;
        let _ = self.say();
    }

    fn say(&mut self) -> Result<(), StoreError> {
        let Self { phase, done, total, .. } = *self;
        match (self.tell)(Progress { phase, done, total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(StoreError::Cancelled),
        }
    }
}
