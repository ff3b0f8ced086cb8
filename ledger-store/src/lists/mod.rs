//! Lists for apps, in pages, newest first.

mod activity;
mod cursor;
mod find;
mod history;
mod overview;
#[cfg(test)]
mod plans;

pub use activity::{Activity, Recorded};
pub use cursor::{Cursor, ParseCursorError};
pub use find::{Condition, Filter};
pub use history::{Review, Version, VersionKind};
pub use overview::Overview;
pub(crate) use overview::overview;

use crate::session::GroupSession;

/// The lists of one group: expenses, activity, history. Borrowed from a `Group`.
#[derive(Clone, Copy)]
pub struct Lists<'a> {
    group: &'a GroupSession,
}

impl<'a> Lists<'a> {
    pub(crate) fn new(group: &'a GroupSession) -> Self {
        Self { group }
    }
}
