//! Replaying an admitted entry: its verdict and what it changes (SPEC §6).

use std::collections::BTreeMap;

use super::{
    AdmittedEntry, EntryIndex, GroupState, Ledger, Slot, SlotEntry, SlotRole, Verdict, VoidReason,
};
use crate::entry::DecodedEntry;
use crate::id::{EntryId, MemberId};
use crate::money::{Balance, Currency};
use crate::payload::{Content, Payload, RefIndex};

/// What replaying an entry did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    verdict: Verdict,
    slot: Option<SlotChange>,
}

/// The slot that an applied entry belongs to, and what it shows now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SlotChange {
    original: EntryId,
    entry: SlotEntry,
    slot: Slot,
}

impl Replayed {
    pub(super) fn without_slot(verdict: Verdict) -> Self {
        Self { verdict, slot: None }
    }

    /// Whether the entry counts.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The slot that the entry belongs to, if it is applied and has one: the
    /// slot's name, the entry's part in it, and what the slot shows now.
    #[must_use]
    pub fn slot(&self) -> Option<(EntryId, SlotEntry, Slot)> {
        self.slot.map(|change| (change.original, change.entry, change.slot))
    }
}

/// What a content adds to balances; sums to zero.
pub(super) struct Nets {
    pub(super) currency: Currency,
    pub(super) parts: BTreeMap<MemberId, Balance>,
}

impl Nets {
    fn add(&mut self, member: MemberId, part: Balance) {
        let net = self.parts.entry(member).or_default();
        *net = net.plus(part);
    }
}

impl Ledger {
    /// Judges an admitted entry and adds it to the state. The entry is to be
    /// put into the index afterwards.
    ///
    /// # Errors
    /// The index's own, if it cannot be read. Nothing has changed then.
    pub fn replay<I: EntryIndex>(
        &mut self,
        entry: &AdmittedEntry,
        index: &I,
    ) -> Result<Replayed, I::Error> {
        let decoded = entry.verified().decoded();
        let replayed = match decoded.payload() {
            Payload::Genesis(_) | Payload::Merge => Replayed::without_slot(Verdict::Applied),
            Payload::Opaque => {
                self.state.unknown = self.state.unknown.saturating_add(1);
                Replayed::without_slot(Verdict::Unknown)
            }
            Payload::Placeholder(placeholder) => {
                let author = self.state.device_owner(decoded.header().device());
                if author == Some(placeholder.card().introducer()) {
                    let lamport = decoded.header().lamport();
                    self.state.introduce(decoded.id(), lamport, placeholder);
                    Replayed::without_slot(Verdict::Applied)
                } else {
                    void(VoidReason::ForeignIntroducer)
                }
            }
            Payload::Content(content) => match nets(&self.state, decoded, content) {
                Err(reason) => void(reason),
                Ok(nets) => {
                    self.enter_slot(decoded, decoded.id(), SlotRole::Original, Some(nets), index)?
                }
            },
            Payload::Correction(correction) => {
                match nets(&self.state, decoded, correction.content()) {
                    Err(reason) => void(reason),
                    Ok(nets) => {
                        let role = SlotRole::Correction;
                        self.change(decoded, correction.target(), role, Some(nets), index)?
                    }
                }
            }
            Payload::Cancellation(cancellation) => {
                let role = SlotRole::Cancellation;
                self.change(decoded, cancellation.target(), role, None, index)?
            }
        };
        self.frontier.advance(decoded);
        Ok(replayed)
    }

    /// Adds a correction or cancellation to the slot of its target.
    fn change<I: EntryIndex>(
        &mut self,
        entry: &DecodedEntry,
        target: RefIndex,
        role: SlotRole,
        nets: Option<Nets>,
        index: &I,
    ) -> Result<Replayed, I::Error> {
        let recorded = match entry.header().refs().get(target.place()) {
            Some(target) => index
                .entry(target)?
                .filter(|target| matches!(target.decoded().payload(), Payload::Content(_))),
            None => None,
        };
        match recorded {
            Some(target) => self.enter_slot(entry, target.id(), role, nets, index),
            None => Ok(void(VoidReason::NotRecorded)),
        }
    }

    /// Adds an entry to a slot and moves the balances by the difference
    /// between what the slot showed and what it shows now.
    fn enter_slot<I: EntryIndex>(
        &mut self,
        entry: &DecodedEntry,
        original: EntryId,
        role: SlotRole,
        nets: Option<Nets>,
        index: &I,
    ) -> Result<Replayed, I::Error> {
        let slot_entry = SlotEntry { id: entry.id(), lamport: entry.header().lamport(), role };
        let before = match role {
            // Nothing can name an entry before it is admitted.
            SlotRole::Original => Slot::default(),
            _ => Slot::of(index.slot(&original)?),
        };
        let after = before.with(slot_entry);
        let (old, new) = (before.effective(), after.effective());
        if old != new {
            if let Some(id) = old {
                let shown = self.stored_nets(&id, index)?;
                shown.iter().for_each(|nets| self.state.subtract(nets));
            }
            if let Some(nets) = nets.as_ref().filter(|_| new == Some(entry.id())) {
                self.state.add(nets);
            }
        }
        if let Some(nets) = &nets {
            self.state.note_currency(nets.currency);
        }
        let change = SlotChange { original, entry: slot_entry, slot: after };
        Ok(Replayed { verdict: Verdict::Applied, slot: Some(change) })
    }

    fn stored_nets<I: EntryIndex>(
        &self,
        id: &EntryId,
        index: &I,
    ) -> Result<Option<Nets>, I::Error> {
        let Some(entry) = index.entry(id)? else { return Ok(None) };
        let Some(content) = entry.decoded().payload().content() else { return Ok(None) };
        Ok(nets(&self.state, entry.decoded(), content).ok())
    }
}

fn void(reason: VoidReason) -> Replayed {
    Replayed::without_slot(Verdict::Void(reason))
}

/// What a content adds to each member's balance: paid minus owed.
fn nets(state: &GroupState, entry: &DecodedEntry, content: &Content) -> Result<Nets, VoidReason> {
    let refs = entry.header().refs();
    let member = |index: RefIndex| {
        let introduction = refs.get(index.place()).ok_or(VoidReason::NotAMember)?;
        state.introduced_by(*introduction).ok_or(VoidReason::NotAMember)
    };
    let mut nets = Nets { currency: content.currency(), parts: BTreeMap::new() };
    match content {
        Content::Expense(expense) => {
            for part in expense.payers() {
                nets.add(member(part.member)?, part.amount.into());
            }
            for part in expense.shares() {
                nets.add(member(part.member)?, Balance::from(part.amount).negated());
            }
        }
        Content::Transfer(transfer) => {
            let (from, to) = (member(transfer.from())?, member(transfer.to())?);
            if from == to {
                return Err(VoidReason::SameMember);
            }
            nets.add(from, content.amount().into());
            nets.add(to, Balance::from(content.amount()).negated());
        }
    }
    Ok(nets)
}
