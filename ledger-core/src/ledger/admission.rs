//! Which verified entries enter the ledger, and when (SPEC §5).

use std::collections::BTreeSet;

use super::{EntryIndex, Ledger};
use crate::entry::VerifiedEntry;
use crate::id::EntryId;
use crate::payload::Kind;
use crate::rule::{Refusal, Rule};

/// An entry all of whose dependencies are admitted and whose place in the
/// graph is right. Made only by [`Ledger::admit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmittedEntry(Box<VerifiedEntry>);

impl AdmittedEntry {
    pub(super) fn new(entry: VerifiedEntry) -> Self {
        Self(Box::new(entry))
    }

    /// The entry.
    #[must_use]
    pub fn verified(&self) -> &VerifiedEntry {
        &self.0
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
    /// Only the whole set tells: [`evaluate`](super::evaluate) it. So it is
    /// with the first entry of a device.
    Undecided(Box<VerifiedEntry>),
}

impl Ledger {
    /// Decides whether an entry may enter now. Changes nothing.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub fn admit<I: EntryIndex>(
        &self,
        entry: VerifiedEntry,
        index: &I,
    ) -> Result<Admission, I::Error> {
        let decoded = entry.decoded();
        let header = decoded.header();
        let refused = |refusal: Refusal| Ok(Admission::Refused(refusal.of(decoded.id())));
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
            match index.link(id)? {
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
        if header.seq() == 0 {
            return Ok(Admission::Undecided(Box::new(entry)));
        }
        let follows = previous.is_some_and(|previous| {
            previous.device == header.device() && previous.seq.checked_add(1) == Some(header.seq())
        });
        if !follows {
            return refused(Refusal::new(Rule::A2));
        }
        Ok(Admission::Admitted(AdmittedEntry::new(entry)))
    }
}
