//! Reports of an import and of an export.

use std::collections::BTreeSet;

use ledger_core::seal::{EnvelopeError, Topic};
use ledger_core::{EntryId, Refusal};

/// Result of importing a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Entries that are new here.
    pub added: u64,
    /// Entries that were here already.
    pub duplicates: u64,
    /// Entries that the bundle should hold and that are neither here nor
    /// waiting: import an intact copy.
    pub missing: BTreeSet<EntryId>,
    /// Entries that others depend on and that are not here: ask for a bundle
    /// that has them.
    pub needed: BTreeSet<EntryId>,
    /// Topics whose keys this device lacks. Entries sealed under them wait, and the next bundle
    /// from this device asks for the keys.
    pub unknown_topics: BTreeSet<Topic>,
    /// Number of envelopes that wait for a key.
    pub waiting: u64,
    /// Number of envelopes that found no room to wait: import the bundle again later.
    pub not_kept: u64,
    /// Topics for which a record handed this device another key than the topic says.
    pub false_keys: BTreeSet<Topic>,
    /// Errors of envelopes that do not open although this device has the key.
    pub broken: Vec<EnvelopeError>,
    /// Entries that can never be part of the ledger, each with the rule.
    pub refused: Vec<Refusal>,
    /// Entries left out, as in [`Ingested::left_out`](crate::Ingested::left_out).
    pub left_out: u64,
    /// Number of bytes that belong to no intact record.
    pub damaged_bytes: u64,
    /// Parts of the bundle whose manifest is missing or damaged; none if all entries are here
    /// that the exporting device had.
    pub missing_parts: BTreeSet<u64>,
    /// Number of records of a kind that this version does not know.
    pub unknown_records: u64,
    /// Whether this device's own chain has forked, so that it signs nothing more; see
    /// [`StoreError::Forked`](crate::StoreError::Forked).
    pub forked: bool,
}

impl Imported {
    /// Whether everything in the bundle is here now.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
            && self.needed.is_empty()
            && self.waiting == 0
            && self.not_kept == 0
            && self.missing_parts.is_empty()
    }
}

/// Result of exporting a bundle or a part of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Number of entries, each in its envelope.
    pub entries: u64,
    /// Number of bytes.
    pub bytes: u64,
    /// Number of devices and recovery phrases that can open it with the keys in it.
    pub recipients: u64,
    /// Number of entries that found no room, and go into further parts.
    pub left: u64,
}
