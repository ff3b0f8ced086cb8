//! Replaying an entry: its verdict, and what it changes.
//!
//! At the cost of what changes: money costs as many steps as there are cuts on
//! its author, and a control entry has only those judged again whom it
//! concerns. It must end where [`evaluate`](crate::evaluate) ends.

use std::collections::BTreeMap;

use super::admission::AdmittedEntry;
use super::effects::Effects;
use super::ledger::Ledger;
use super::replayed::{Flip, Replayed};
use crate::id::EntryId;
use crate::incremental::{Ancestry, Arrival, Outcome};
use crate::payload::{Kind, Payload};
use crate::state::EntryIndex;
use crate::verdict::{ChainPosition, Named, Slot, SlotEntry, Verdict, VoidReason};

/// What an entry that decides about nobody else changes if it is applied;
/// nothing of one that does.
struct PlainChanges {
    fault: Option<VoidReason>,
    named: Option<Named>,
    effects: Effects,
    slot: Option<(EntryId, SlotEntry, Slot)>,
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
            | Kind::STATEMENT
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
        let changes = self.plain_changes(arrival, index)?;
        let saved = self.control.may_shake(entry).then(|| self.control.clone());
        self.control.arrive(arrival, &facts);
        let replayed = match self.control.take(arrival, &facts) {
            Some(outcome) => match self.consequences(&outcome, index) {
                Ok(consequences) => self.conclude(outcome, point, consequences),
                Err(error) => {
                    if let Some(saved) = saved {
                        self.control = saved;
                    }
                    return Err(error);
                }
            },
            None => self.conclude_plain(arrival, facts, changes),
        };
        self.show_epochs(entry, !replayed.flips.is_empty());
        self.note(arrival, replayed.verdict);
        Ok(replayed)
    }

    /// What an entry that decides about nobody else changes if it is applied.
    fn plain_changes<I: EntryIndex>(
        &self,
        arrival: Arrival<'_>,
        index: &I,
    ) -> Result<PlainChanges, I::Error> {
        let plain = self.plain(arrival.entry, index)?;
        let (mut effects, mut slot) = (Effects::default(), None);
        if plain.fault.is_none() {
            effects.count(arrival.entry, arrival.after.author, &plain, true);
            slot = effects.join(self, &plain, index)?;
        }
        Ok(PlainChanges { fault: plain.fault, named: plain.named, effects, slot })
    }

    /// The verdict on such an entry, and what follows.
    fn conclude_plain(
        &mut self,
        arrival: Arrival<'_>,
        facts: Ancestry,
        changes: PlainChanges,
    ) -> Replayed {
        let Arrival { entry, after, point } = arrival;
        let PlainChanges { fault, named, effects, slot } = changes;
        let void = fault.or_else(|| self.control.judge(after.author, point));
        let verdict = match entry.payload() {
            Payload::Opaque => Verdict::Unknown,
            _ => void.map_or(Verdict::Applied, Verdict::Void),
        };
        self.control.note_keys(arrival, facts, verdict.is_applied());
        if verdict.is_applied() {
            self.commit(effects);
        }
        let slot = slot.filter(|_| verdict.is_applied());
        let (flips, slots) = (Vec::new(), BTreeMap::new());
        Replayed { verdict, point, named, slot, flips, slots }
    }

    /// Carries out what a control entry did.
    fn conclude(
        &mut self,
        outcome: Outcome,
        point: ChainPosition,
        (flips, mut effects): (Vec<Flip>, Effects),
    ) -> Replayed {
        let slots = core::mem::take(&mut effects.slots);
        self.commit(effects);
        self.show(&outcome);
        Replayed { verdict: outcome.verdict, point, named: None, slot: None, flips, slots }
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
            let Some(author) = self.control.author(from.chain) else { continue };
            for entry in index.chain(*from)? {
                if entry.verdict == Verdict::Unknown {
                    continue;
                }
                let fault = matches!(entry.verdict, Verdict::Void(reason) if reason.is_fault());
                if fault || is_control(entry.kind) {
                    continue;
                }
                let point = ChainPosition { chain: from.chain, seq: entry.seq };
                let verdict =
                    self.control.judge(author, point).map_or(Verdict::Applied, Verdict::Void);
                if verdict == entry.verdict {
                    continue;
                }
                let mut slot = None;
                if verdict.is_applied() != entry.verdict.is_applied()
                    && let Some(stored) = index.entry(&entry.id)?
                {
                    let plain = self.plain(stored.decoded(), index)?;
                    slot = plain.slot;
                    effects.flip(stored.decoded(), author, &plain, verdict.is_applied());
                }
                flips.push(Flip { id: entry.id, verdict, slot });
            }
        }
        effects.settle_slots(self, index)?;
        Ok((flips, effects))
    }
}
