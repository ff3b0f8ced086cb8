//! Replaying an entry: its verdict, and what it changes.
//!
//! At the cost of what changes: money costs as many steps as there are cuts on
//! its author, and a control entry has only those judged again whom it
//! concerns. It must end where [`evaluate`](super::evaluate) ends.

use std::collections::BTreeMap;

use super::effects::Effects;
use super::{AdmittedEntry, EntryIndex, Ledger, Slot, SlotEntry, SlotRole, Verdict, VoidReason};
use crate::control::{Arrival, Outcome, Point, content_fault};
use crate::entry::DecodedEntry;
use crate::id::{EntryId, MemberId};
use crate::payload::{Kind, Payload, RefIndex};

/// A verdict on an earlier entry that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The entry.
    pub id: EntryId,
    /// The verdict now.
    pub verdict: Verdict,
    /// The slot that the entry now belongs to or, if it is void now, no longer
    /// belongs to: the slot's name, and the entry's part in it.
    pub slot: Option<(EntryId, SlotEntry)>,
}

/// The slot of an earlier entry, of which another one speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The slot's name: the entry that first recorded the expense or transfer.
    /// (For what speaks of a void copy: what that copy names, whatever it is.)
    pub original: EntryId,
    /// Whether the entry confirms or disputes it; else it corrects, cancels or
    /// copies it.
    pub endorses: bool,
}

/// What replaying an entry did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    verdict: Verdict,
    point: Point,
    named: Option<Named>,
    slot: Option<(EntryId, SlotEntry, Slot)>,
    flips: Vec<Flip>,
    slots: BTreeMap<EntryId, Slot>,
}

impl Replayed {
    /// Whether the entry counts.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Where the entry stands on its device's chain.
    #[must_use]
    pub fn point(&self) -> Point {
        self.point
    }

    /// The slot that the entry belongs to, if it is applied and has one: the
    /// slot's name, the entry's part in it, and what the slot shows now.
    #[must_use]
    pub fn slot(&self) -> Option<(EntryId, SlotEntry, Slot)> {
        self.slot
    }

    /// The expense or transfer that the entry corrects, cancels, copies or
    /// endorses, whether that counts or not; none if its target is something
    /// else, for which it is void for good (SPEC §6.1). Never changes.
    #[must_use]
    pub fn named(&self) -> Option<Named> {
        self.named
    }

    /// The verdicts on earlier entries that changed. Control entries alone do
    /// this.
    #[must_use]
    pub fn flips(&self) -> &[Flip] {
        &self.flips
    }

    /// What the slots show now to which entries of [`Replayed::flips`] belong
    /// or belonged, by their names.
    pub fn slots(&self) -> impl Iterator<Item = (EntryId, Slot)> + '_ {
        self.slots.iter().map(|(original, slot)| (*original, *slot))
    }
}

/// What an entry that decides about nobody else is by itself.
#[derive(Default)]
pub(super) struct Plain {
    pub(super) fault: Option<VoidReason>,
    /// The slot that it belongs to if it is applied.
    pub(super) slot: Option<(EntryId, SlotEntry)>,
    /// The slot of somebody else of which it speaks.
    named: Option<Named>,
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

/// Whether entries of this kind decide about others.
fn is_control(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::GENESIS
            | Kind::ADD_MEMBER
            | Kind::PLACEHOLDER
            | Kind::CLAIM
            | Kind::ADOPT
            | Kind::ACT
    )
}

impl Ledger {
    /// Judges an admitted entry and adds it to the state. The entry, and the
    /// verdicts that it changed, are to be put into the index afterwards.
    ///
    /// The entry must be one that this ledger admitted, and it is to be replayed
    /// once: a second time it would count twice.
    ///
    /// # Errors
    /// The index's own, if it cannot be read. Nothing has changed then.
    pub fn replay<I: EntryIndex>(
        &mut self,
        entry: &AdmittedEntry,
        index: &I,
    ) -> Result<Replayed, I::Error> {
        let (entry, after) = (entry.verified().decoded(), entry.after());
        let point = self.control.next(after);
        let facts = self.control.look(entry, after, index)?;
        let arrival = Arrival { entry, after, point };
        let plain = self.plain(entry, index)?;
        let mut effects = Effects::default();
        if plain.fault.is_none() {
            effects.flip(entry, &plain, true);
            effects.settle_slots(self, index)?;
        }
        let saved = self.control.may_shake(entry).then(|| self.control.clone());
        let replayed = match self.control.take(arrival, &facts) {
            Some(outcome) => match self.consequences(&outcome, index) {
                Ok((flips, effects)) => {
                    self.commit(&effects);
                    self.show(&outcome);
                    let (verdict, slots) = (outcome.verdict, effects.slots);
                    Replayed { verdict, point, named: None, slot: None, flips, slots }
                }
                Err(error) => {
                    if let Some(saved) = saved {
                        self.control = saved;
                    }
                    return Err(error);
                }
            },
            None => {
                let void = plain.fault.or_else(|| self.control.judge(after.author, point));
                let verdict = match entry.payload() {
                    Payload::Opaque => Verdict::Unknown,
                    _ => void.map_or(Verdict::Applied, Verdict::Void),
                };
                let (author, applied) = (after.author, verdict.is_applied());
                match entry.payload() {
                    Payload::Rotation(rotation) => {
                        self.control.rotate(entry, author, point, rotation, applied);
                        self.control.member(author).into_iter().for_each(|m| self.refresh(m));
                    }
                    Payload::Epoch(epoch) => {
                        self.control.begin_epoch(entry, epoch, facts.unseen, applied);
                    }
                    _ => {}
                }
                let mut slot = None;
                if verdict.is_applied() {
                    self.commit(&effects);
                    slot = plain.slot.and_then(|(original, entry)| {
                        Some((original, entry, *effects.slots.get(&original)?))
                    });
                }
                let (flips, slots) = (Vec::new(), BTreeMap::new());
                Replayed { verdict, point, named: plain.named, slot, flips, slots }
            }
        };
        self.show_epochs(entry, !replayed.flips.is_empty());
        self.note(arrival, replayed.verdict);
        Ok(replayed)
    }

    /// The fault of an entry that decides about nobody else, and its slot.
    pub(super) fn plain<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        index: &I,
    ) -> Result<Plain, I::Error> {
        let role = match entry.payload() {
            Payload::Content(_) => Some(SlotRole::Original),
            Payload::Copy(_) => Some(SlotRole::Copy),
            Payload::Correction(_) => Some(SlotRole::Correction),
            Payload::Cancellation(_) => Some(SlotRole::Cancellation),
            Payload::Endorsement(_) => None,
            _ => return Ok(Plain::default()),
        };
        let original = self.original(entry, index)?;
        let names = self.names(entry);
        let fault = match entry.payload().content() {
            _ if original.is_none() => Some(VoidReason::WrongTarget),
            Some(content) => content_fault(content, |index| names.get(index)),
            None => None,
        };
        let part = |role| SlotEntry { id: entry.id(), lamport: entry.header().lamport(), role };
        let named = original
            .filter(|_| role != Some(SlotRole::Original))
            .map(|original| Named { original, endorses: role.is_none() });
        Ok(Plain { fault, slot: original.zip(role.map(part)), named, names })
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
            Payload::Content(_) => Some(target.id()),
            Payload::Copy(copy) if copies => refs.get(copy.original().place()).copied(),
            _ => None,
        })
    }

    /// What a control entry made of the entries of others.
    fn consequences<I: EntryIndex>(
        &self,
        outcome: &Outcome,
        index: &I,
    ) -> Result<(Vec<Flip>, Effects), I::Error> {
        let flip =
            |(id, verdict): &(EntryId, Verdict)| Flip { id: *id, verdict: *verdict, slot: None };
        let mut flips: Vec<Flip> = outcome.flips.iter().map(flip).collect();
        let mut effects = Effects::default();
        for from in &outcome.shaken {
            for entry in index.chain(*from)? {
                if entry.verdict == Verdict::Unknown {
                    continue;
                }
                let fault = matches!(entry.verdict, Verdict::Void(reason) if reason.is_fault());
                if fault || is_control(entry.kind) {
                    continue;
                }
                let point = Point { chain: from.chain, seq: entry.seq };
                let verdict = self.control.judge_at(point).map_or(Verdict::Applied, Verdict::Void);
                if verdict == entry.verdict {
                    continue;
                }
                let mut slot = None;
                if verdict.is_applied() != entry.verdict.is_applied()
                    && let Some(stored) = index.entry(&entry.id)?
                {
                    let plain = self.plain(stored.decoded(), index)?;
                    slot = plain.slot;
                    effects.flip(stored.decoded(), &plain, verdict.is_applied());
                }
                flips.push(Flip { id: entry.id, verdict, slot });
            }
        }
        effects.settle_slots(self, index)?;
        Ok((flips, effects))
    }
}
