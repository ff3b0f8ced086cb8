//! Our own files, from which everything that counts comes back: a table as CSV, and JSON (SPEC §10.4).
//!
//! The table begins as Splitwise's does, so that programs which read that find dates, costs and nets where
//! they look. Behind it stand the details, the entry of each row, and what everybody paid and owes.

mod columns;
mod csv_file;
mod hints;
mod json_file;
mod table;

use std::collections::BTreeSet;

use ledger_core::{Currency, EntryId, Origin};

use crate::import::{Given, entry_origin};

pub use table::write;

pub(crate) use columns::{Layout, is_ours};
pub(crate) use csv_file::read as read_csv;
pub(crate) use hints::hex;
pub(crate) use json_file::read as read_json;

/// Whether the sums of a file are compared with its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Totals {
    /// As an import does: a file that lacks a row is refused.
    Compare,
    /// As [`read_export`](crate::read_export) does, which is there to find what is missing.
    Ignore,
}

/// The origin that a row of our own file has in a group that does not have its entry, if the entry is of no
/// other file (SPEC §10.4).
#[must_use]
pub fn origin_of(entry: EntryId) -> Origin {
    entry_origin(entry, None)
}

/// The entries of a file, each of which is one row; an opening balance has one for each currency.
#[derive(Default)]
struct Entries {
    entries: BTreeSet<(EntryId, Currency)>,
    origins: BTreeSet<Origin>,
}

impl Entries {
    /// Whether the row is another one than those before.
    fn insert(&mut self, given: Given, currency: Currency) -> bool {
        self.origins.insert(given.origin) && self.entries.insert((given.entry, currency))
    }
}
