//! Data entries about money: fault, slot and members mentioned.

use super::ledger::Ledger;
use crate::base::id::{EntryId, MemberId};
use crate::entry::DecodedEntry;
use crate::payload::{Payload, RefIndex};
use crate::state::EntryIndex;
use crate::verdict::{SlotEntry, SlotReference, SlotRole, VoidReason, content_fault};

/// Properties of a data entry that do not depend on its verdict. Empty for an entry that is not
/// about money.
#[derive(Default)]
pub(super) struct DataEntry {
    pub(super) fault: Option<VoidReason>,
    /// Slot to which the entry belongs if it is applied: the slot's original, and the
    /// entry's part.
    pub(super) slot: Option<(EntryId, SlotEntry)>,
    /// Slot of an earlier entry that the entry names.
    pub(super) slot_reference: Option<SlotReference>,
    pub(super) members: RefMembers,
}

/// Members whom the entries at an entry's refs introduce, in the order of the refs.
#[derive(Default)]
pub(super) struct RefMembers(Vec<Option<MemberId>>);

impl RefMembers {
    pub(super) fn get(&self, index: RefIndex) -> Option<MemberId> {
        self.0.get(index.as_usize()).copied().flatten()
    }
}

impl Ledger {
    /// Examines a data entry. Reads the entry that it names, if it names one.
    ///
    /// # Errors
    /// The index's own, if it cannot be read.
    pub(super) fn examine<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        index: &I,
    ) -> Result<DataEntry, I::Error> {
        let role = match entry.payload() {
            Payload::Transaction(_) => Some(SlotRole::Original),
            Payload::Copy(_) => Some(SlotRole::Copy),
            Payload::Correction(_) => Some(SlotRole::Correction),
            Payload::Cancellation(_) => Some(SlotRole::Cancellation),
            Payload::Restoration(_) => Some(SlotRole::Restoration),
            Payload::Endorsement(_) => None,
            _ => return Ok(DataEntry::default()),
        };
        let original = self.slot_original(entry, index)?;
        let members = self.members_of_refs(entry);
        let fault = match entry.payload().transaction() {
            _ if original.is_none() => Some(VoidReason::WrongTarget),
            Some(content) => content_fault(content, |index| members.get(index)),
            None => None,
        };
        let part = |role| SlotEntry { id: entry.id(), lamport: entry.header().lamport(), role };
        let slot_reference = original
            .filter(|_| role != Some(SlotRole::Original))
            .map(|original| SlotReference { original, endorses: role.is_none() });
        Ok(DataEntry { fault, slot: original.zip(role.map(part)), slot_reference, members })
    }

    pub(super) fn members_of_refs(&self, entry: &DecodedEntry) -> RefMembers {
        let refs = entry.header().refs().iter();
        RefMembers(refs.map(|id| self.view.state.introduced_by(*id)).collect())
    }

    /// Returns the original of the slot to which an entry about money belongs or which
    /// it names: its own id, or what its target leads to. `None` if the target is not
    /// about money.
    ///
    /// What names a copy names the copy's original, so that a copy of a copy or a
    /// correction of a copy ends up in one slot.
    fn slot_original<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        index: &I,
    ) -> Result<Option<EntryId>, I::Error> {
        let (target, may_be_copy) = match entry.payload() {
            Payload::Correction(correction) => (correction.target(), true),
            Payload::Cancellation(cancellation) => (cancellation.target(), true),
            Payload::Restoration(restoration) => (restoration.target(), true),
            Payload::Endorsement(endorsement) => (endorsement.target(), true),
            Payload::Copy(copy) => (copy.original(), false),
            _ => return Ok(Some(entry.id())),
        };
        let Some(target) = entry.header().refs().get(target.as_usize()) else { return Ok(None) };
        let Some(target) = index.entry(target)? else { return Ok(None) };
        let refs = target.decoded().header().refs();
        Ok(match target.decoded().payload() {
            Payload::Transaction(_) => Some(target.id()),
            Payload::Copy(copy) if may_be_copy => refs.get(copy.original().as_usize()).copied(),
            _ => None,
        })
    }
}
