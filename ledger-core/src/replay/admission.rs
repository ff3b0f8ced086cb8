//! Which verified entries enter the ledger, and when (SPEC §5).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ledger::Ledger;
use crate::entry::{Header, VerifiedEntry};
use crate::id::EntryId;
use crate::incremental::After;
use crate::payload::Kind;
use crate::rule::{Refusal, Rule};
use crate::state::EntryIndex;
use crate::verdict::ChainPosition;

/// An entry all of whose dependencies are admitted and whose place in the
/// graph is right. Made only by [`Ledger::admit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmittedEntry {
    entry: Arc<VerifiedEntry>,
    after: After,
}

impl AdmittedEntry {
    /// The entry.
    #[must_use]
    pub fn verified(&self) -> &VerifiedEntry {
        &self.entry
    }

    /// The entry, for somebody else to keep, too.
    pub(super) fn share(&self) -> Arc<VerifiedEntry> {
        Arc::clone(&self.entry)
    }

    pub(super) fn after(&self) -> After {
        self.after
    }
}

/// What becomes of a verified entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may be replayed.
    Admitted(AdmittedEntry),
    /// It is in the ledger already.
    Duplicate,
    /// It depends on entries that are not here yet: ask for these ids, then
    /// offer it again.
    Missing(BTreeSet<EntryId>),
    /// It can never be part of this ledger.
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
            match self.control.link(id, index)? {
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
        match self.after(header, previous.map(|link| link.point)) {
            Some(after) => Ok(Admission::Admitted(AdmittedEntry { entry, after })),
            None => refused(Refusal::new(Rule::A2)),
        }
    }

    /// Rule A2: where the entry comes whose backlink stands at `previous`.
    fn after(&self, header: &Header, previous: Option<ChainPosition>) -> Option<After> {
        if header.seq() == 0 {
            let (author, device) = self.control.enrolled_by(&header.backlink()?)?;
            return (device == header.device()).then_some(After { author, before: None });
        }
        let previous = previous?;
        let follows = previous.seq.checked_add(1) == Some(header.seq());
        self.control.after(previous, header.device()).filter(|_| follows)
    }
}
