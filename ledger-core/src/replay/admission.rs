//! Admission of a verified entry (SPEC §5).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ledger::Ledger;
use crate::base::id::EntryId;
use crate::base::rule::{Refusal, Rule};
use crate::entry::VerifiedEntry;
use crate::header::Header;
use crate::header::Kind;
use crate::incremental::Backlink;
use crate::state::EntryIndex;
use crate::verdict::ChainPosition;

/// Admitted entry: all its dependencies are admitted, and its place in the graph is
/// right.
///
/// Only [`Ledger::admit`] makes one. It belongs to the ledger as it was then: replay it
/// before any other entry is replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmittedEntry {
    entry: Arc<VerifiedEntry>,
    backlink: Backlink,
}

impl AdmittedEntry {
    /// Returns the entry.
    #[must_use]
    pub fn verified(&self) -> &VerifiedEntry {
        &self.entry
    }

    /// Returns the entry for an index that keeps it.
    pub(super) fn share(&self) -> Arc<VerifiedEntry> {
        Arc::clone(&self.entry)
    }

    pub(super) fn backlink(&self) -> Backlink {
        self.backlink
    }
}

/// Result of offering a verified entry to a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The entry may be replayed.
    Admitted(AdmittedEntry),
    /// The ledger has the entry already.
    Duplicate,
    /// The entry depends on entries that are not admitted: ask for these ids, then
    /// offer it again.
    Missing(BTreeSet<EntryId>),
    /// The entry can never be part of this ledger.
    Refused(Refusal),
}

impl Ledger {
    /// Decides whether an entry may enter now. Changes nothing.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub fn admit<I: EntryIndex>(
        &self,
        entry: impl Into<Arc<VerifiedEntry>>,
        index: &I,
    ) -> Result<Admission, I::Error> {
        let entry = entry.into();
        let decoded = entry.decoded();
        let header = decoded.header();
        let refused = |refusal: Refusal| Ok(Admission::Refused(refusal.in_entry(decoded.id())));
        if index.link(&decoded.id())?.is_some() {
            return Ok(Admission::Duplicate);
        }
        if header.kind() == Kind::GENESIS || header.group() != Some(self.group()) {
            return refused(Refusal::new(Rule::A1));
        }
        let mut missing = BTreeSet::new();
        let mut clock = 0;
        let mut previous = None;
        for id in header.dependencies() {
            match self.authority.link(id, index)? {
                Some(link) => {
                    clock = clock.max(link.lamport);
                    // The backlink is the first dependency.
                    previous = previous.or(Some(link));
                }
                None => {
                    missing.insert(*id);
                }
            }
        }
        if !missing.is_empty() {
            return Ok(Admission::Missing(missing));
        }
        if clock.checked_add(1) != Some(header.lamport()) {
            let detail = format!("{} after {clock}", header.lamport());
            return refused(Refusal::with_detail(Rule::A3, detail));
        }
        match self.check_backlink(header, previous.map(|link| link.position)) {
            Some(backlink) => Ok(Admission::Admitted(AdmittedEntry { entry, backlink })),
            None => refused(Refusal::new(Rule::A2)),
        }
    }

    /// Checks rule A2 for a header whose backlink names the entry at `previous`.
    /// Returns `None` if it breaks the rule.
    fn check_backlink(&self, header: &Header, previous: Option<ChainPosition>) -> Option<Backlink> {
        if header.seq() == 0 {
            // The backlink names the entry that enrols, which is on another chain.
            let (author, device) = self.authority.enrolment_by_entry(&header.backlink()?)?;
            return (device == header.device()).then_some(Backlink { author, previous: None });
        }
        let previous = previous?;
        let follows = previous.seq.checked_add(1) == Some(header.seq());
        self.authority.backlink_to(previous, header.device()).filter(|_| follows)
    }
}
