//! Replaying an entry whose author nobody cut: its verdict and what it changes.
//!
//! This is the short way, at the cost of what changes. It must end where
//! [`evaluate`](super::evaluate) ends; what it cannot decide, it leaves to that.

use std::collections::BTreeMap;

use super::{AdmittedEntry, EntryIndex, Ledger, Slot, SlotEntry, SlotRole, Verdict, VoidReason};
use crate::entry::DecodedEntry;
use crate::id::{EntryId, MemberId};
use crate::keys::PlaceholderCard;
use crate::money::{Balance, Currency};
use crate::payload::{Content, Payload, RefIndex};

/// What replaying an entry did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    verdict: Verdict,
    slot: Option<(EntryId, SlotEntry, Slot)>,
}

impl Replayed {
    fn without_slot(verdict: Verdict) -> Self {
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
        self.slot
    }
}

/// What a content adds to balances; sums to zero.
pub(crate) struct Nets {
    pub(crate) currency: Currency,
    pub(crate) parts: BTreeMap<MemberId, Balance>,
}

impl Nets {
    /// Paid minus owed, with members named by refs to their introductions.
    pub(crate) fn of(
        refs: &[EntryId],
        content: &Content,
        introduced: impl Fn(EntryId) -> Option<MemberId>,
    ) -> Result<Self, VoidReason> {
        let member = |index: RefIndex| {
            let introduction = refs.get(index.place()).ok_or(VoidReason::UnknownMember)?;
            introduced(*introduction).ok_or(VoidReason::UnknownMember)
        };
        let mut nets = Self { currency: content.currency(), parts: BTreeMap::new() };
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

    fn add(&mut self, member: MemberId, part: Balance) {
        let net = self.parts.entry(member).or_default();
        *net = net.plus(part);
    }
}

impl Ledger {
    /// Judges an admitted entry and adds it to the state. The entry is to be
    /// put into the index afterwards.
    ///
    /// `None` leaves the ledger as it was: only the whole set tells what the
    /// entry means, so [`evaluate`](super::evaluate) it. So it is with control
    /// entries, and with whatever a device signed that something cuts.
    ///
    /// # Errors
    /// The index's own, if it cannot be read. Nothing has changed then.
    pub fn replay<I: EntryIndex>(
        &mut self,
        entry: &AdmittedEntry,
        index: &I,
    ) -> Result<Option<Replayed>, I::Error> {
        let entry = entry.verified().decoded();
        let author = self.state.directory.authors.get(&entry.header().device());
        let Some((author, true)) = author.copied() else { return Ok(None) };
        let replayed = match entry.payload() {
            Payload::Merge => Some(Replayed::without_slot(Verdict::Applied)),
            Payload::Opaque => {
                let unknown = &mut self.state.directory.unknown;
                *unknown = unknown.saturating_add(1);
                Some(Replayed::without_slot(Verdict::Unknown))
            }
            Payload::Placeholder(placeholder) => {
                self.replay_placeholder(entry, author, placeholder.card())
            }
            Payload::Content(_)
            | Payload::Correction(_)
            | Payload::Cancellation(_)
            | Payload::Copy(_)
            | Payload::Endorsement(_) => self.replay_money(entry, index)?,
            _ => None,
        };
        if replayed.is_some() {
            self.frontier.advance(entry);
        }
        Ok(replayed)
    }

    /// A new placeholder of this group; anything else about placeholders may
    /// concern people whom the set has met.
    fn replay_placeholder(
        &mut self,
        entry: &DecodedEntry,
        author: MemberId,
        card: &PlaceholderCard,
    ) -> Option<Replayed> {
        let ours = card.place() == self.state.group.as_bytes() && card.introducer() == author;
        let met = self.state.directory.order.contains_key(&card.member());
        if !ours || met {
            return None;
        }
        let lamport = entry.header().lamport();
        self.state.introduce(entry.id(), lamport, card.member(), card.name());
        Some(Replayed::without_slot(Verdict::Applied))
    }

    fn replay_money<I: EntryIndex>(
        &mut self,
        entry: &DecodedEntry,
        index: &I,
    ) -> Result<Option<Replayed>, I::Error> {
        // The target first, then the content: reasons go by their order in
        // what both ways check.
        let original = match self.original(entry, index)? {
            Ok(original) => original,
            Err(reason) => return Ok(Some(void(reason))),
        };
        let nets = match entry.payload().content() {
            Some(content) => match self.nets(entry, content) {
                Ok(nets) => Some(nets),
                Err(reason) => return Ok(Some(void(reason))),
            },
            None => None,
        };
        // An applied entry brings whom it names into the state; who is not in
        // it yet takes a look at the whole set.
        let members = nets.iter().flat_map(|nets| nets.parts.keys());
        if !members.into_iter().all(|member| self.state.members.contains_key(member)) {
            return Ok(None);
        }
        let role = match entry.payload() {
            Payload::Content(_) => SlotRole::Original,
            Payload::Copy(_) => SlotRole::Copy,
            Payload::Correction(_) => SlotRole::Correction,
            Payload::Cancellation(_) => SlotRole::Cancellation,
            _ => return Ok(Some(Replayed::without_slot(Verdict::Applied))),
        };
        self.enter_slot(entry, original, role, nets, index).map(Some)
    }

    /// The slot that an entry names, or the fault of naming none.
    fn original<I: EntryIndex>(
        &self,
        entry: &DecodedEntry,
        index: &I,
    ) -> Result<Result<EntryId, VoidReason>, I::Error> {
        let (target, copies) = match entry.payload() {
            Payload::Correction(correction) => (correction.target(), true),
            Payload::Cancellation(cancellation) => (cancellation.target(), true),
            Payload::Endorsement(endorsement) => (endorsement.target(), true),
            Payload::Copy(copy) => (copy.original(), false),
            _ => return Ok(Ok(entry.id())),
        };
        let wrong = Ok(Err(VoidReason::WrongTarget));
        let Some(target) = entry.header().refs().get(target.place()) else { return wrong };
        let Some(target) = index.entry(target)? else { return wrong };
        let refs = target.decoded().header().refs();
        match target.decoded().payload() {
            Payload::Content(_) => Ok(Ok(target.id())),
            Payload::Copy(copy) if copies => {
                let original = refs.get(copy.original().place()).copied();
                Ok(original.ok_or(VoidReason::WrongTarget))
            }
            _ => wrong,
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
            let removed = match old {
                Some(id) => self.stored_nets(&id, index)?,
                None => None,
            };
            // What now counts is this entry, or what a first copy brings into
            // force: a correction that came before it.
            let added = match new {
                Some(id) if id == entry.id() => None,
                Some(id) => self.stored_nets(&id, index)?,
                None => None,
            };
            let own = nets.as_ref().filter(|_| new == Some(entry.id()));
            removed.iter().for_each(|nets| self.state.subtract(nets));
            added.iter().chain(own).for_each(|nets| self.state.add(nets));
        }
        let currencies = &mut self.state.directory.currencies;
        currencies.extend(nets.as_ref().map(|nets| nets.currency));
        Ok(Replayed { verdict: Verdict::Applied, slot: Some((original, slot_entry, after)) })
    }

    fn stored_nets<I: EntryIndex>(
        &self,
        id: &EntryId,
        index: &I,
    ) -> Result<Option<Nets>, I::Error> {
        let Some(entry) = index.entry(id)? else { return Ok(None) };
        let content = entry.decoded().payload().content();
        Ok(content.and_then(|content| self.nets(entry.decoded(), content).ok()))
    }

    fn nets(&self, entry: &DecodedEntry, content: &Content) -> Result<Nets, VoidReason> {
        Nets::of(entry.header().refs(), content, |introduction| {
            self.state.introduced_by(introduction)
        })
    }
}

fn void(reason: VoidReason) -> Replayed {
    Replayed::without_slot(Verdict::Void(reason))
}
