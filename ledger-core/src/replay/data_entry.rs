//! Data entries about money: fault, slot and members mentioned.

use super::ledger::Ledger;
use crate::base::id::{EntryId, MemberId};
use crate::entry::DecodedEntry;
use crate::payload::{Payload, RefIndex, Template};
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
    /// Slot of an earlier entry that the entry names, or that has its origin.
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
            Payload::Template(template) => return self.examine_template(entry, template, index),
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
            .filter(|original| role != Some(SlotRole::Original) || *original != entry.id())
            .map(|original| SlotReference { original, endorses: role.is_none() });
        Ok(DataEntry { fault, slot: original.zip(role.map(part)), slot_reference, members })
    }

    /// Examines a template: whether it changes a first template, and whom it names. It moves no
    /// money, so it has no part in a slot.
    fn examine_template<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        template: &Template,
        index: &I,
    ) -> Result<DataEntry, I::Error> {
        if let Some(change) = template.change() {
            let target = entry.header().refs().get(change.target().as_usize());
            let first = match target {
                Some(target) => index.entry(target)?,
                None => None,
            };
            let begins = first.is_some_and(|first| match first.decoded().payload() {
                Payload::Template(first) => first.change().is_none(),
                _ => false,
            });
            if !begins {
                let fault = Some(VoidReason::WrongTarget);
                return Ok(DataEntry { fault, ..DataEntry::default() });
            }
        }
        let members = self.members_of_refs(entry);
        let fault = content_fault(template.transaction(), |index| members.get(index));
        Ok(DataEntry { fault, ..DataEntry::default() })
    }

    pub(super) fn members_of_refs(&self, entry: &DecodedEntry) -> RefMembers {
        let refs = entry.header().refs().iter();
        RefMembers(refs.map(|id| self.view.state.introduced_by(*id)).collect())
    }

    /// Returns the original that names the slot to which an entry about money belongs or
    /// which it names: its own id, or what its target leads to; with an origin, the first
    /// entry that came with this origin. `None` if the target is not about money.
    ///
    /// What names a copy names the copy's original, so that a copy of a copy or a
    /// correction of a copy ends up in one slot. An endorsement may name a correction. An entry without an origin, as nearly
    /// all are, costs no question about origins.
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
            payload => return named_slot(entry.id(), payload, index).map(Some),
        };
        let endorses = matches!(entry.payload(), Payload::Endorsement(_));
        let Some(target) = entry.header().refs().get(target.as_usize()) else { return Ok(None) };
        let Some(target) = index.entry(target)? else { return Ok(None) };
        let refs = target.decoded().header().refs();
        match target.decoded().payload() {
            payload @ Payload::Transaction(_) => named_slot(target.id(), payload, index).map(Some),
            // One step: what a correction corrects is an original or a copy.
            Payload::Correction(_) if endorses => self.slot_original(target.decoded(), index),
            Payload::Copy(copy) if may_be_copy => {
                let Some(original) = refs.get(copy.original().as_usize()) else { return Ok(None) };
                let Some(entry) = index.entry(original)? else { return Ok(Some(*original)) };
                named_slot(*original, entry.decoded().payload(), index).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// Returns the name of the slot of an entry with a payload: of an original with an origin, the first
/// one that came with it, else the entry itself.
fn named_slot<I: EntryIndex>(
    id: EntryId,
    payload: &Payload,
    index: &I,
) -> Result<EntryId, I::Error> {
    let origin = match payload {
        Payload::Transaction(transaction) => transaction.origin(),
        _ => None,
    };
    let Some(origin) = origin else { return Ok(id) };
    Ok(index.first_with_origin(&origin)?.unwrap_or(id))
}
