//! What an entry that decides about nobody else is by itself: whether it has a
//! fault, and which slot it belongs to or speaks of.

use super::ledger::Ledger;
use crate::entry::DecodedEntry;
use crate::id::{EntryId, MemberId};
use crate::payload::{Payload, RefIndex};
use crate::state::EntryIndex;
use crate::verdict::{Named, SlotEntry, SlotRole, VoidReason, content_fault};

/// What an entry that decides about nobody else is by itself.
#[derive(Default)]
pub(super) struct DataEntry {
    pub(super) fault: Option<VoidReason>,
    /// The slot that it belongs to if it is applied.
    pub(super) slot: Option<(EntryId, SlotEntry)>,
    /// The slot of somebody else of which it speaks.
    pub(super) named: Option<Named>,
    pub(super) names: Names,
}

/// The members whom an entry's refs introduce, by their place.
#[derive(Default)]
pub(super) struct Names(Vec<Option<MemberId>>);

impl Names {
    pub(super) fn get(&self, index: RefIndex) -> Option<MemberId> {
        self.0.get(index.place()).copied().flatten()
    }
}

impl Ledger {
    /// The fault of an entry that decides about nobody else, and its slot.
    pub(super) fn plain<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        index: &I,
    ) -> Result<DataEntry, I::Error> {
        let role = match entry.payload() {
            Payload::Transaction(_) => Some(SlotRole::Original),
            Payload::Copy(_) => Some(SlotRole::Copy),
            Payload::Correction(_) => Some(SlotRole::Correction),
            Payload::Cancellation(_) => Some(SlotRole::Cancellation),
            Payload::Endorsement(_) => None,
            _ => return Ok(DataEntry::default()),
        };
        let original = self.original(entry, index)?;
        let names = self.names(entry);
        let fault = match entry.payload().transaction() {
            _ if original.is_none() => Some(VoidReason::WrongTarget),
            Some(content) => content_fault(content, |index| names.get(index)),
            None => None,
        };
        let part = |role| SlotEntry { id: entry.id(), lamport: entry.header().lamport(), role };
        let named = original
            .filter(|_| role != Some(SlotRole::Original))
            .map(|original| Named { original, endorses: role.is_none() });
        Ok(DataEntry { fault, slot: original.zip(role.map(part)), named, names })
    }

    pub(super) fn names(&self, entry: &DecodedEntry) -> Names {
        let refs = entry.header().refs().iter();
        Names(refs.map(|id| self.view.state.introduced_by(*id)).collect())
    }

    /// The slot that an entry about money names, if it names one.
    fn original<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        index: &I,
    ) -> Result<Option<EntryId>, I::Error> {
        let (target, copies) = match entry.payload() {
            Payload::Correction(correction) => (correction.target(), true),
            Payload::Cancellation(cancellation) => (cancellation.target(), true),
            Payload::Endorsement(endorsement) => (endorsement.target(), true),
            Payload::Copy(copy) => (copy.original(), false),
            _ => return Ok(Some(entry.id())),
        };
        let Some(target) = entry.header().refs().get(target.place()) else { return Ok(None) };
        let Some(target) = index.entry(target)? else { return Ok(None) };
        let refs = target.decoded().header().refs();
        Ok(match target.decoded().payload() {
            Payload::Transaction(_) => Some(target.id()),
            Payload::Copy(copy) if copies => refs.get(copy.original().place()).copied(),
            _ => None,
        })
    }
}
