//! Lists for apps, in pages, newest first.

mod account_statement;
mod activity;
mod arrived;
mod as_of;
mod by_id;
mod conflict;
mod cursor;
mod debts;
mod edits;
mod filter;
mod find;
mod history;
mod in_use;
mod overview;
mod people;
#[cfg(test)]
mod plans;
mod query;
mod recorded;
mod recurring;
mod settings;
mod statement_as_of;
mod stored_order;
mod totals;
mod unfinished;
mod words;

pub use account_statement::{StatementCursor, StatementRow};
pub use activity::Activity;
pub use arrived::Unread;
pub(crate) use arrived::mark_read;
pub(crate) use as_of::balances_as_of;
pub use cursor::{Cursor, ParseCursorError};
pub(crate) use debts::{debts_of, pairwise_debts};
pub use filter::{Condition, Filter};
#[cfg(feature = "import")]
pub(crate) use find::recorded_slots;
pub use history::{Review, Version, VersionKind};
pub use in_use::{CategoryInUse, TagInUse};
pub use overview::Overview;
pub(crate) use overview::overview;
pub use people::{DeviceRow, MemberRow, Standing};
pub use recorded::{Edit, Recorded, ReviewCounts};
pub(crate) use recurring::{DueQuery, due, passed, series};
pub(crate) use settings::settings;
pub use totals::{Total, TotalOf, TotalsBy};
pub use unfinished::UnfinishedImport;

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
