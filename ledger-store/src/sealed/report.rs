//! Reports of an import and of an export.

use std::collections::BTreeSet;

use ledger_core::seal::{EnvelopeError, Topic};
use ledger_core::{EntryId, GroupId, Refusal};

use crate::entries::Arrival;

/// Most findings of a kind that a report lists; the others are counted.
pub(super) const MAX_LISTED: usize = 1_000;

/// Result of importing a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Number of entries that are new here.
    pub added: u64,
    /// The first 1,000 of them, in the order in which they came to count here;
    /// [`Lists::arrived`](crate::Lists::arrived) has all.
    pub arrivals: Vec<Arrival>,
    /// Entries that were here already.
    pub duplicates: u64,
    /// Entries that the bundle should hold and that did not come intact:
    /// import an intact copy.
    pub missing: BTreeSet<EntryId>,
    /// Entries that others depend on and that are not here: ask for a bundle
    /// that has them.
    pub needed: BTreeSet<EntryId>,
    /// Number of entries of the bundle that wait for others ([`Imported::needed`]).
    pub incomplete: u64,
    /// Topics whose keys this device lacks. Entries of the bundle that are sealed under them wait,
    /// and the next bundle from this device asks for the keys.
    pub unknown_topics: BTreeSet<Topic>,
    /// Number of records of the bundle that wait for a key.
    pub waiting: u64,
    /// Number of records of the bundle that found no room to wait, or gave way to others of it:
    /// import the bundle again later.
    pub not_kept: u64,
    /// Topics for which a record handed this device another key than the topic says.
    pub false_keys: BTreeSet<Topic>,
    /// Errors of the first 1,000 records that do not open although this device has the key.
    pub broken: Vec<EnvelopeError>,
    /// Number of further such records.
    pub more_broken: u64,
    /// The first 1,000 entries that can never be part of the ledger, each with the rule.
    pub refused: Vec<Refusal>,
    /// Number of further such entries.
    pub more_refused: u64,
    /// Entries left out, as in [`Ingested::left_out`](crate::Ingested::left_out). They came
    /// intact; no other copy of the bundle would bring more.
    pub left_out: u64,
    /// Number of bytes that belong to no intact record.
    pub damaged_bytes: u64,
    /// Parts of the bundle whose manifest is missing or damaged; none if all entries are here
    /// that the exporting device had. At most 1,000 of each bundle.
    pub missing_parts: BTreeSet<u64>,
    /// Number of all such parts, of all bundles in the file.
    pub missing_part_count: u64,
    /// Number of records of a kind that this version does not know.
    pub unknown_records: u64,
    /// Whether any record is of this group, as far as this device can tell: if not, the bundle is
    /// of another group, or sealed under keys that this device lacks.
    pub is_ours: bool,
    /// Other groups of this database of which there are records, too. They were not imported.
    pub other_groups: BTreeSet<GroupId>,
    /// Whether manifests were read that tell what the bundle holds.
    pub is_known: bool,
    /// Whether this device's own chain has forked, so that it signs nothing more; see
    /// [`StoreError::Forked`](crate::StoreError::Forked).
    pub forked: bool,
}

impl Imported {
    /// The report of two readings of one file, of which this is the second. It found what the first
    /// one added, and tells for the rest how things stand.
    pub(crate) fn after(mut self, first: Self) -> Self {
        self.added = self.added.saturating_add(first.added);
        self.duplicates = self.duplicates.saturating_sub(first.added);
        let further = core::mem::replace(&mut self.arrivals, first.arrivals);
        self.arrivals.extend(further);
        self.arrivals.truncate(MAX_LISTED);
        self
    }

    /// Whether the bundle is intact, and everything in it is here now, but for what breaks a rule,
    /// was left out, or needs a newer version.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_known
            && self.damaged_bytes == 0
            && self.broken.is_empty()
            && self.missing.is_empty()
            && self.missing_part_count == 0
            && self.incomplete == 0
            && self.waiting == 0
            && self.not_kept == 0
    }
}

/// Result of exporting a bundle or a part of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
