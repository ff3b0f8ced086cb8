//! Progress of long work, and stopping it.

use std::ops::ControlFlow;

/// What long work is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Recording imported rows.
    Importing,
    /// Checking stored entries.
    Verifying,
    /// Copying the pages of the database.
    BackingUp,
}

impl Phase {
    /// A word for people to read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Importing => "importing",
            Self::Verifying => "verifying",
            Self::BackingUp => "backing up",
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
